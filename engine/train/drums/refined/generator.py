"""The U-Net: from the powers of the song and of the built-in separator's four stems to what of each stem is drums.

After Ronneberger, Fischer & Brox ("U-Net: convolutional networks for biomedical image segmentation", MICCAI 2015), as used on
spectrograms by Jansson et al. ("Singing voice separation with deep U-Net convolutional networks", ISMIR 2017); small, with
strides instead of pooling, and with norms over the features of a cell alone, so that what a cell depends on is bounded
(without any, a network saturated within the first steps and learnt no more). The stems it is given are
harmonic/percussive separation by medians (`engine.analysis.stems.builtin`); it starts from leaving them as they are.
"""

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.stems.small_net import CELLS, QUIETEST, SOURCES
from engine.model.audio import Samples

WIDTHS = (16, 32, 48, 64)
TAKEN = (0, 2, 3)
"""Which of the built-in stems drums are made of: not of its bass. The kick's tail lies there, but so does the bass."""
HEARD = 2 * (1 + SOURCES)
"""Middle and side of the song and of each stem."""
KEPT = 4.0
"""Logit with which drums are left drums, and the rest the rest, at first: 49 of 50 parts."""
LEAST = 1e-3
"""Mean square of features below which they stay small."""
STRIDE = 8
"""Frames must be a multiple of this."""
REACH = 40
"""How many frames away something may lie and still count."""


class Generator(nn.Module):
    """Powers -> shares of the stems that are drums."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.widths = widths
        self.place = nn.Parameter(torch.zeros(1, widths[0], 1, CELLS))
        self.first = nn.Conv2d(HEARD, widths[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in pairwise(widths))
        self.deep = nn.ModuleList(nn.Conv2d(b, b, 3, padding=1) for b in widths[1:])
        self.up = nn.ModuleList(nn.Conv2d(a + b, a, 3, padding=1) for a, b in pairwise(widths))
        self.last = nn.Conv2d(widths[0], 2 * len(TAKEN), 1)
        self.last.weight = nn.Parameter(0.1 * self.last.weight.detach())
        self.last.bias = nn.Parameter(torch.tensor([KEPT] * 2 + [-KEPT] * (2 * len(TAKEN) - 2)))

    def forward(self, power: Tensor) -> Tensor:
        """Return the shares.

        Parameters
        ----------
        power : Tensor [shape=(batch, HEARD, frames, CELLS), mean squared magnitude]
            As `engine.train.training.heard` gives it, of songs at about -20 dBFS; `frames` a multiple of `STRIDE`.

        Returns
        -------
        Tensor [shape=(batch, 1, SOURCES, 2, frames, CELLS), within 0..1, 0 for the bass]
        """
        batch, _, frames, cells = power.shape
        heard = (torch.log(power + float(QUIETEST)) + 4.0) / 4.0
        x = level(leaky(self.first(heard.contiguous(memory_format=torch.channels_last)) + self.place))
        levels = [x]
        for down, deep in zip(self.down, self.deep, strict=True):
            x = level(leaky(deep(leaky(down(x)))))
            levels.append(x)
        for up, same in zip(reversed(self.up), reversed(levels[:-1]), strict=True):
            x = level(leaky(up(torch.cat([same, functional.interpolate(x, scale_factor=2.0)], dim=1))))
        drums, *others = self.last(x).sigmoid().contiguous().view(batch, len(TAKEN), 2, frames, cells).unbind(1)
        return torch.stack([drums, torch.zeros_like(drums), *others], dim=1)[:, None]

    @torch.no_grad()
    def of(self, power: Samples) -> Samples:
        """Return the shares of a stretch of any length [shape=(HEARD, frames, CELLS) -> (SOURCES, 2, frames, CELLS)]."""
        frames = power.shape[1]
        whole = np.pad(power, ((0, 0), (0, -frames % STRIDE), (0, 0)))
        return np.asarray(self(torch.from_numpy(whole)[None])[0, 0, ..., :frames, :].numpy())


def leaky(x: Tensor) -> Tensor:
    """Return a rectifier that lets a fifth through."""
    return functional.leaky_relu(x, 0.2)


def level(x: Tensor) -> Tensor:
    """Return features [shape=(batch, features, ...)] whose mean square is 1 in every cell."""
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + LEAST)
