"""Where the atoms of an MP4 file lie (ISO 14496-12, section 4.2, calls them boxes)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Span:
    """Where an atom lies in a file, its header included."""

    name: bytes
    start: int
    size: int
    header: int


def spans(file: BinaryIO, start: int, stop: int) -> Iterator[Span]:
    """Yield the atoms that lie one after the other in the bytes [start, stop) of a file.

    Raises
    ------
    ValueError
        If a size cannot be right.
    """
    while start < stop:
        file.seek(start)
        (size, name), header = struct.unpack(">I4s", _exactly(file, 8)), 8
        if size == 1:
            (size,), header = struct.unpack(">Q", _exactly(file, 8)), 16
        if size == 0:
            size = stop - start
        if not header <= size <= stop - start:
            raise ValueError(f"an atom {name!r} of {size} bytes, where {stop - start} are left")
        yield Span(name, start, size, header)
        start += size


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise ValueError("the file ends within the head of an atom")
    return data
