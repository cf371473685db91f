"""The small separator's network as torch trains it; `engine.analysis.stems.small_net` computes the same without torch."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.stems.small_net import BANDS, CELLS, PER_BAND, QUIETEST, SOURCES, Shape

KEPT = 5.0
"""Logit with which a guided network leaves a stem what it is, at first: 49 of 50 parts."""


class Block(nn.Module):
    """Look around in time, then across the bands."""

    def __init__(self, features: int, dilation: int, *, causal: bool) -> None:
        super().__init__()
        self.dilation, self.causal = dilation, causal
        self.time_norm, self.band_norm = nn.LayerNorm(features), nn.LayerNorm(features)
        self.time, self.inner = nn.Linear(3 * features, features), nn.Linear(features, features)
        self.wide, self.narrow = nn.Linear(BANDS, 2 * BANDS), nn.Linear(2 * BANDS, BANDS)

    def forward(self, x: Tensor) -> Tensor:
        """Map cells to cells [shape=(batch, frames, bands, features)]."""
        frames, d = x.shape[1], self.dilation
        padded = functional.pad(self.time_norm(x), (0, 0, 0, 0, 2 * d, 0) if self.causal else (0, 0, 0, 0, d, d))
        taps = torch.cat([padded[:, i * d : i * d + frames] for i in range(3)], dim=-1)
        x = x + self.inner(functional.gelu(self.time(taps)))
        bands: Tensor = self.narrow(functional.gelu(self.wide(self.band_norm(x).transpose(2, 3))))
        return x + bands.transpose(2, 3)


class SmallNet(nn.Module):
    """Power of middle and side -> how each part is shared out among the sources."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        n, heard, out = shape.features, shape.heard * PER_BAND, SOURCES * shape.parts * 2 * PER_BAND
        self.split = nn.Parameter(torch.randn(BANDS, heard, n) / heard**0.5)
        self.blocks = nn.ModuleList(Block(n, d, causal=shape.causal) for d in shape.dilations)
        self.norm = nn.LayerNorm(n)
        self.masks = nn.Parameter(torch.randn(BANDS, n, out) * (0.1 if shape.guided else 1) / n**0.5)
        kept = KEPT * torch.eye(SOURCES) if shape.guided else torch.zeros(SOURCES, 1)
        self.bias = nn.Parameter(kept.view(1, 1, -1, 1).repeat(BANDS, 1, 1, 2 * PER_BAND).view(BANDS, 1, out))

    def forward(self, power: Tensor) -> Tensor:
        """Return the shares.

        Parameters
        ----------
        power : Tensor [shape=(batch, shape.heard, frames, CELLS), mean squared magnitude]
            As `engine.analysis.stems.small_net.shares` takes it.

        Returns
        -------
        Tensor [shape=(batch, SOURCES, parts, 2, frames, CELLS), within 0..1, adding up to 1 over the sources]
        """
        batch, _, frames, _ = power.shape
        heard = ((torch.log(power + float(QUIETEST)) + 4.0) / 4.0).view(batch, -1, frames, BANDS, PER_BAND)
        bands = heard.permute(3, 0, 2, 1, 4).reshape(BANDS, batch * frames, -1)
        x = torch.bmm(bands, self.split).view(BANDS, batch, frames, -1).permute(1, 2, 0, 3)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x).permute(2, 0, 1, 3).reshape(BANDS, batch * frames, -1)
        logits = torch.baddbmm(self.bias, x, self.masks).view(BANDS, batch, frames, SOURCES, self.shape.parts, 2, PER_BAND)
        return logits.permute(1, 3, 4, 5, 2, 0, 6).reshape(batch, SOURCES, self.shape.parts, 2, frames, CELLS).softmax(dim=1)
