from pathlib import Path

import pytest

from engine.analysis.stems import computing
from engine.analysis.stems.computing import Computing, Precision, less_memory, no_memory
from engine.model.errors import RemixtureError
from engine.prepare import Settings, prepare


@pytest.mark.parametrize("seconds", [0.0, -1.0, 0.5, float("nan"), float("inf")])
def test_a_segment_needs_a_length(seconds: float) -> None:
    with pytest.raises(RemixtureError, match=r"segments must last 1 s or more, got .*seconds"):
        Computing(segment=seconds).check()


@pytest.mark.parametrize(
    ("told", "yes"),
    [
        ("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has", True),
        ("MPS backend out of memory (MPS allocated: 5.3 GB", True),
        ("[enforce fail at alloc_cpu.cpp:118] . DefaultCPUAllocator: can't allocate memory: you tried", True),
        ("cuDNN error: CUDNN_STATUS_ALLOC_FAILED", True),
        ("expected scalar type Float but found Half", False),
    ],
)
def test_too_little_memory_is_told_from_other_troubles(told: str, *, yes: bool) -> None:
    assert no_memory(RuntimeError(told)) is yes


@pytest.mark.parametrize(
    ("device", "seconds", "ways"),
    [
        ("cuda", 7.8, "--stem-segment 3.9 or --device cpu"),
        ("mps", 1.5, "--device cpu"),
        ("cpu", 44.0, "--stem-segment 22 or close what else uses memory"),
    ],
)
def test_who_has_too_little_memory_learns_what_to_do(device: str, seconds: float, ways: str) -> None:
    told = str(less_memory(RuntimeError("out of memory: a lot\nand more"), device, seconds))

    assert told == f"{device} ran out of memory on a segment of {seconds:g} s (out of memory: a lot): {ways}"


@pytest.mark.slow
def test_bf16_is_refused_where_it_would_only_be_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Computing("cpu", Precision.BF16)
    monkeypatch.setattr(computing, "cpu_has_bf16", lambda: False)

    with pytest.raises(RemixtureError, match=r"avx512_bf16.*leave it out"):
        wanted.check()
    with pytest.raises(RemixtureError, match="avx512_bf16"):
        prepare(Path("no such song"), settings=Settings(computing=wanted))

    monkeypatch.setattr(computing, "cpu_has_bf16", lambda: True)
    wanted.check()


@pytest.mark.slow
def test_bf16_is_for_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "best_device", lambda: "cuda")

    with pytest.raises(RemixtureError, match="cuda would compute: add --device cpu"):
        Computing(precision=Precision.BF16).check()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "yes"), [({"avx512_bf16": True}, True), ({"bf16": True}, True), ({"avx512_bf16": False, "avx2": True}, False)]
)
def test_what_the_cpu_has_is_asked_of_pytorch(flags: dict[str, bool], *, yes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags, raising=False)
    assert computing.cpu_has_bf16() is yes

    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert not computing.cpu_has_bf16()


@pytest.mark.slow
@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_named_before_the_song_is_read(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    with pytest.raises(RemixtureError, match=f"finds no {device} here.*--device cpu"):
        prepare(Path("no such song"), settings=Settings(computing=Computing(device)))
