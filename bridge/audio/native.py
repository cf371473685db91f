"""What compiled callbacks need of the machine: C functions by their address, pointers, order between two threads.

Addresses are looked up at run time and kept in tables, so that what numba compiled can be kept on disk. numba's types cannot
say what these are, so to the type checker they are Any.
"""

import ctypes
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

carray: Any = numba.carray  # type: ignore[attr-defined]
unpack: Any = cgutils.unpack_tuple


def address(function: Any) -> int:  # noqa: ANN401 - a ctypes function
    """Return where a C function is."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _call(_typing: Any, _address: Any, words: Any) -> Any:  # noqa: ANN401
    def generate(_context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ANN401
        word = ir.IntType(64)
        given = unpack(builder, values[1], signature.args[1].count)
        function = builder.inttoptr(values[0], ir.FunctionType(word, [word] * len(given)).as_pointer())
        return builder.call(function, given)

    return types.int64(types.int64, words), generate


def _pointer(_typing: Any, _address: Any) -> Any:  # noqa: ANN401
    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:  # noqa: ANN401
        return builder.inttoptr(values[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


def _fence(_typing: Any) -> Any:  # noqa: ANN401
    def generate(context: Any, builder: Any, _signature: Any, _values: Any) -> Any:  # noqa: ANN401
        builder.fence("acq_rel")
        return context.get_dummy_value()

    return types.void(), generate


call: Any = intrinsic(_call)
"""call(address, words): the C function there, given a tuple of 64-bit words; narrower whole numbers pass as such."""

pointer: Any = intrinsic(_pointer)
"""pointer(address): the address as a pointer, for `carray`."""

fence: Any = intrinsic(_fence)
"""fence(): what stands before it comes before what stands after it, as the other thread sees it; ARM would not care."""
