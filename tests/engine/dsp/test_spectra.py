import numpy as np
import pytest

from engine.dsp.levels import peak_dbfs
from engine.dsp.spectra import Spectrum, istft, stft, stream


@pytest.mark.parametrize(("size", "hop"), [(4096, 1024), (2048, 1024), (512, 64)])
@pytest.mark.parametrize("n", [1, 1000, 50_001])
def test_the_inverse_gives_the_signal_back_edges_included(size: int, hop: int, n: int) -> None:
    x = np.random.default_rng(1).standard_normal((2, n)).astype(np.float32)

    back = istft(stft(x, size, hop), size, hop, n)

    assert back.shape == x.shape
    assert peak_dbfs(back - x) < -110


@pytest.mark.parametrize("frames_per_block", [1, 7, 1000])
def test_streaming_equals_the_whole(frames_per_block: int) -> None:
    x = np.random.default_rng(2).standard_normal((1, 30_000)).astype(np.float32)
    low = np.linspace(1, 0, 1025, dtype=np.float32)[:, None]

    def mask(spectrum: Spectrum, _first: int) -> Spectrum:
        return np.stack([spectrum * low, spectrum * (1 - low)])

    whole = istft(stft(x, 2048, 512) * low, 2048, 512, x.shape[1])
    parts = np.concatenate(list(stream(x, 2048, 512, mask, frames_per_block)), axis=-1)

    assert peak_dbfs(parts[0] - whole) < -110
    assert peak_dbfs(parts.sum(0) - x) < -110


def test_a_mask_block_is_told_its_first_frame() -> None:
    x = np.zeros((1, 10_000), dtype=np.float32)
    seen: list[tuple[int, int]] = []

    def mask(spectrum: Spectrum, first: int) -> Spectrum:
        seen.append((first, spectrum.shape[-1]))
        return spectrum[None]

    list(stream(x, 1024, 256, mask, 16))

    assert [first for first, _ in seen] == list(np.cumsum([0, *[n for _, n in seen]])[:-1])
