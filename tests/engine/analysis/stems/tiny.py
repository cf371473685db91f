"""A Demucs small enough for tests, written the way the real ones are."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

SEGMENT = Fraction(39, 20)
STEMS = ["drums", "bass", "other", "vocals"]
KWARGS: dict[str, Any] = {
    "channels": 8, "growth": 2, "depth": 4, "nfft": 2048, "t_layers": 1, "t_heads": 2, "bottom_channels": 16, "dconv_mode": 1,
}  # fmt: skip


def write_tiny(file: Path, seed: int = 0, stems: list[str] = STEMS, **changes: str) -> Path:
    """Write a random HTDemucs; `changes` go into the header."""
    import torch
    from demucs.htdemucs import HTDemucs

    torch.manual_seed(seed)
    segment = {"_type": "fraction", "numerator": SEGMENT.numerator, "denominator": SEGMENT.denominator}
    kwargs = json.dumps({**KWARGS, "segment": segment})
    header = {"klass": "demucs.htdemucs.HTDemucs", "args": json.dumps([stems]), "kwargs": kwargs}
    return _write(file, HTDemucs(stems, segment=SEGMENT, **KWARGS), {**header, **changes})


def write_tiny_hdemucs(file: Path) -> Path:
    """Write a random HDemucs, the older of the two classes."""
    import torch
    from demucs.hdemucs import HDemucs

    torch.manual_seed(0)
    kwargs = {"channels": 8, "segment": 2}
    header = {"klass": "demucs.hdemucs.HDemucs", "args": json.dumps([STEMS]), "kwargs": json.dumps(kwargs)}
    return _write(file, HDemucs(STEMS, **kwargs), header)


def _write(file: Path, model: Any, header: dict[str, str]) -> Path:  # noqa: ANN401 - torch stays out of this module's top
    from safetensors.torch import save_file

    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, str(file), metadata=header)
    return file


def write_header_only(file: Path, **header: str) -> Path:
    """Write safetensors that hold nothing but a header (needs no torch)."""
    import numpy as np
    from safetensors.numpy import save_file

    save_file({"nothing": np.zeros(1, np.float32)}, str(file), metadata=header)
    return file
