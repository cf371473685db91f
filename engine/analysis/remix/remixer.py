"""A song at other levels by a remixing network, piece by piece.

The network hears one channel at its own rate, brought to the level that it was trained on. Each piece has as much context on
both sides as the network can see, so that the pieces do not show. What lies above half the network's rate stays as it is.

The remix is the song plus what the network says changes, `x + f(x, g) - f(x, 1)`: with all gains at 1 the song itself, bit for
bit, and for model I `x + sum of (g - 1) s`.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from engine.analysis.remix.net import RemixNet
from engine.dsp.levels import gain_to_hear
from engine.dsp.resample import resampled, resampled_blocks
from engine.model.audio import Audio, Progress, Samples, no_progress

PIECE_SECONDS = 10.0


def remix(net: RemixNet, audio: Audio, gains: Samples, progress: Progress = no_progress) -> Iterator[Samples]:
    """Yield a song at other levels [shape=(channels, n), float32], at its own rate and together as long as it.

    Parameters
    ----------
    net : RemixNet
    audio : Audio
        At any rate.
    gains : ndarray [shape=(sources,), linear]
        In the order of the network's sources; 0 is silence.
    progress : Progress
    """
    wav = resampled(audio.samples, audio.rate, net.shape.rate)
    wanted = torch.from_numpy(np.asarray(gains, dtype=np.float32)).expand(audio.channels, -1)
    changes = pieces(net, wav, lambda x: net.change(x, wanted), progress)
    start = 0
    for change in resampled_blocks(changes, net.shape.rate, audio.rate, audio.frames):
        yield audio.samples[:, start : start + change.shape[1]] + change
        start += change.shape[1]


def pieces(
    net: RemixNet, wav: Samples, compute: Callable[[Tensor], Tensor], progress: Progress = no_progress,
    seconds: float = PIECE_SECONDS,
) -> Iterator[Samples]:  # fmt: skip
    """Yield what is computed of a song at the network's rate [shape=(channels, frames) -> (..., n)], `seconds` at a time."""
    hop, frames = net.shape.hop, wav.shape[-1]
    context, step = net.shape.reach * hop, max(1, round(seconds * net.shape.rate / hop)) * hop
    gain = gain_to_hear(wav)
    for start in range(0, frames, step):
        first, stop = max(0, start - context), min(frames, start + step)
        near = np.ascontiguousarray(wav[:, first : stop + context] * gain)
        with torch.inference_mode():
            found = compute(torch.from_numpy(near)).numpy()
        progress(stop / frames)
        yield np.asarray(found[..., start - first : stop - first] / gain, dtype=np.float32)
