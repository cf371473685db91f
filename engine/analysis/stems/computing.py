"""Where and how finely a model computes, and what people read when it cannot.

- device: cuda, mps or cpu.
- precision: float32, or bfloat16 products on a CPU that has instructions for them (`torch.autocast`). Quicker, and not the same
  result: with random weights of Demucs' size 48.7 dB of it are. Elsewhere bfloat16 is emulated, which only costs time, so it is
  refused.
- segment: how many seconds a model hears at once. Shorter ones need less memory and know less of the song.
"""

import contextlib
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.model.errors import RemixtureError

SHORTEST_SEGMENT = 1.0
"""Seconds."""
BF16_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")
"""By PyTorch's names: x86, then ARM."""
OUT_OF_MEMORY = ("out of memory", "not enough memory", "allocate memory", "ALLOC_FAILED")
"""What CUDA, MPS, PyTorch's allocator on the CPU, cuDNN and cuBLAS say."""


class Precision(StrEnum):
    """What a model's products are computed in."""

    FLOAT32 = "float32"
    BF16 = "bf16"


@dataclass(frozen=True, slots=True)
class Computing:
    """What a person asked for. `device` None: the fastest there is; `segment` (seconds) None: the model's own."""

    device: str | None = None
    precision: Precision = Precision.FLOAT32
    segment: float | None = None

    def check(self) -> None:
        """Raise what can be known before a song is read; PyTorch is loaded only if something was asked for that needs it.

        Raises
        ------
        RemixtureError
            If the segment is too short, the device is not there, or bfloat16 was asked of what has no instructions for it.
        """
        if self.segment is not None and not (math.isfinite(self.segment) and self.segment >= SHORTEST_SEGMENT):
            raise RemixtureError(
                f"segments must last {SHORTEST_SEGMENT:g} s or more, got {self.segment:g} (frames instead of seconds?)"
            )
        if self.device not in (None, "cpu"):
            self._check_device()
        if self.precision is Precision.BF16:
            self._check_bf16()

    def place(self) -> str:
        """Return the device to compute on."""
        return self.device or best_device()

    def context(self) -> contextlib.AbstractContextManager[object]:
        """Return what a model has to run in."""
        if self.precision is Precision.FLOAT32:
            return contextlib.nullcontext()
        import torch

        return torch.autocast("cpu", dtype=torch.bfloat16)

    def _check_device(self) -> None:
        import torch

        there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        if not there.get(self.device or "", True):
            raise RemixtureError(
                f"PyTorch {torch.__version__} finds no {self.device} here: leave --device out, or --device cpu"
            )

    def _check_bf16(self) -> None:
        if self.place() != "cpu":
            raise RemixtureError(f"bf16 is for CPUs, and {self.place()} would compute: add --device cpu, or leave bf16 out")
        if not cpu_has_bf16():
            raise RemixtureError(
                "this CPU has no bfloat16 instructions that PyTorch knows of (avx512_bf16, amx_bf16; bf16 on ARM), "
                "so bf16 would only be slower: leave it out"
            )


FASTEST = Computing()
"""In float32, with the model's own segments."""


def best_device() -> str:
    """Return cuda, mps or cpu: the first that is there."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def cpu_has_bf16() -> bool:
    """Tell whether the CPU multiplies bfloat16 by itself; a PyTorch too old to tell says no."""
    import torch

    has: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(has.get(name, False) for name in BF16_INSTRUCTIONS)


def no_memory(error: Exception) -> bool:
    """Tell whether a computation ended because the device had no more memory."""
    return any(words in str(error) for words in OUT_OF_MEMORY)


def less_memory(error: Exception, device: str, seconds: float) -> RemixtureError:
    """Return what to tell people whose device had too little memory for segments of so many seconds."""
    ways = [f"--stem-segment {seconds / 2:.2g}"] if seconds >= 2 * SHORTEST_SEGMENT else []
    ways.append("close what else uses memory" if device == "cpu" else "--device cpu")
    told = str(error).strip().splitlines()[0][:100]
    return RemixtureError(f"{device} ran out of memory on a segment of {seconds:.3g} s ({told}): {' or '.join(ways)}")
