"""Seams, memory and trouble, on models whose answers are known."""

import tracemalloc
from typing import Any

import numpy as np
import pytest

from engine.analysis.stems.segments import segments
from engine.model.audio import Audio, Samples
from engine.model.errors import RemixtureError

pytestmark = pytest.mark.slow
RATE, SEGMENT = 44_100, 0.5
GAINS = (1.0, -0.25)


def bag(answer: Any) -> Any:  # noqa: ANN401 - torch stays out of this module's top
    """Return a bag of one model that gives `answer(mix)` [shape=(1, 2, channels, frames)]."""
    import torch
    from demucs.apply import BagOfModels

    class Known(torch.nn.Module):
        sources, samplerate, audio_channels, segment = ("a", "b"), RATE, 2, SEGMENT

        def __init__(self) -> None:
            super().__init__()
            self.nothing = torch.nn.Parameter(torch.zeros(1))

        def forward(self, mix: Any) -> Any:  # noqa: ANN401
            return answer(mix)

    return BagOfModels([Known()])  # type: ignore[list-item]


def linear() -> Any:  # noqa: ANN401
    import torch

    return bag(lambda mix: torch.stack([gain * mix for gain in GAINS], dim=1))


def whole(model: Any, audio: Audio) -> Samples:  # noqa: ANN401
    return np.concatenate(list(segments(model, audio)), axis=-1)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("hz", [0.0, 100.0, 5_000.0])
def test_a_linear_model_leaves_no_seam(hz: float, channels: int) -> None:
    x = 0.3 * np.cos(2 * np.pi * hz * np.arange(3 * RATE + 17) / RATE)
    audio = Audio(np.stack([x, 0.5 * x])[:channels].astype(np.float32), RATE)
    mean, both = np.float32(audio.samples.mean()), np.zeros((2, 1), np.float32)

    stems = whole(linear(), audio)

    assert stems.shape == (2, 2, audio.frames)
    for stem, gain in zip(stems, GAINS, strict=True):
        np.testing.assert_allclose(stem, gain * (audio.samples - mean) + mean + both, atol=5e-7)


def test_where_segments_disagree_the_sound_glides() -> None:
    import torch

    sign = [1.0]

    def contrary(mix: Any) -> Any:  # noqa: ANN401
        sign[0] = -sign[0]
        return torch.full((1, 2, *mix.shape[1:]), sign[0])

    noise = Audio(np.random.default_rng(0).standard_normal((2, 5 * RATE)).astype(np.float32), RATE)
    scale = float(noise.samples.mean(axis=0).std())

    stem = whole(bag(contrary), noise)[0, 0]

    assert float(np.ptp(stem)) == pytest.approx(2 * scale, rel=1e-4)
    assert np.abs(np.diff(stem)).max() < 1.01 * 2 * scale / (0.1 * SEGMENT * RATE)


def test_memory_does_not_grow_with_the_song() -> None:
    model = linear()

    def peak(seconds: float) -> int:
        song = Audio(np.zeros((2, round(seconds * 48_000)), np.float32), 48_000)
        tracemalloc.start()
        for _block in segments(model, song):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(30.0) < 1.1 * peak(15.0)


def test_too_little_memory_is_one_line_with_a_way_out() -> None:
    import torch

    def greedy(_mix: Any) -> Any:  # noqa: ANN401
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.\nGPU 0 has a total capacity of")

    audio = Audio(np.ones((2, RATE), np.float32), RATE)
    with pytest.raises(RemixtureError, match=r"ran out of memory on a segment of 0.5 s \(CUDA out of memory\. ") as caught:
        whole(bag(greedy), audio)
    assert "\n" not in str(caught.value)


def test_other_troubles_stay_what_they_are() -> None:
    def wrong(_mix: Any) -> Any:  # noqa: ANN401
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes do not fit"):
        whole(bag(wrong), Audio(np.ones((2, RATE), np.float32), RATE))
