"""Are these real drums? Four blocks of two convolutions, a dense layer of 32, one number out."""

import torch
from torch import Tensor, nn

from engine.analysis.stems.small_net import CELLS, widths
from engine.train.drums.refined.generator import leaky

WIDTHS = (8, 16, 24, 32)
DENSE = 32
FLOOR = 1e-5
"""Of the mean power: what lies below is not looked at."""


class Critic(nn.Module):
    """Powers of drums -> one number: near 1 where they seem real, near 0 where they seem separated (least squares)."""

    def __init__(self, frames: int) -> None:
        super().__init__()
        convolutions = []
        for before, width in zip((1, *WIDTHS), WIDTHS, strict=False):
            convolutions += [nn.Conv2d(before, width, 3, padding=1), nn.Conv2d(width, width, 3, 2, 1)]
        self.convolutions = nn.ModuleList(convolutions)
        half = 2 ** len(WIDTHS)
        self.dense = nn.Linear(WIDTHS[-1] * -(-frames // half) * -(-CELLS // half), DENSE)
        self.out = nn.Linear(DENSE, 1)

    def forward(self, power: Tensor) -> Tensor:
        """Return a verdict on each of some drums [shape=(batch, frames, CELLS), summed squared magnitude -> (batch,)]."""
        x = level_free(power)[:, None]
        for convolution in self.convolutions:
            x = leaky(convolution(x))
        verdict: Tensor = self.out(leaky(self.dense(x.flatten(1))))
        return verdict[:, 0]


def level_free(power: Tensor) -> Tensor:
    """Return log powers against their mean, about 1 in size: how loud drums are says nothing about what they are."""
    per_bin = power / torch.as_tensor(widths(), dtype=power.dtype, device=power.device)
    mean = per_bin.mean(dim=(1, 2), keepdim=True) + 1e-9
    return (torch.log(per_bin / mean + FLOOR) + 4.0) / 4.0
