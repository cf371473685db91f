"""The small separator's network as torch trains it; `engine.analysis.stems.small_net` computes the same without torch."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.stems.small_net import BANDS, CELLS, FAINTEST, LEAST_PRIOR, PER_BAND, QUIETEST, SOURCES, Shape


class Block(nn.Module):
    """Look around in time, then across the bands; at first it changes nothing."""

    def __init__(self, features: int, dilation: int, *, causal: bool) -> None:
        super().__init__()
        self.dilation, self.causal = dilation, causal
        self.time_norm, self.band_norm = nn.LayerNorm(features), nn.LayerNorm(features)
        self.taps = nn.Parameter(torch.randn(3, features) * 0.3)
        self.up, self.down = nn.Linear(features, 2 * features), nn.Linear(2 * features, features)
        self.wide, self.narrow = nn.Linear(BANDS, 2 * BANDS), nn.Linear(2 * BANDS, BANDS)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.narrow.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map cells to cells [shape=(batch, frames, bands, features)]."""
        frames, d = x.shape[1], self.dilation
        padded = functional.pad(self.time_norm(x), (0, 0, 0, 0, 2 * d, 0) if self.causal else (0, 0, 0, 0, d, d))
        around = sum(padded[:, i * d : i * d + frames] * self.taps[i] for i in range(3))
        x = x + self.down(functional.gelu(self.up(around)))
        bands: Tensor = self.narrow(functional.gelu(self.wide(self.band_norm(x).transpose(2, 3))))
        return x + bands.transpose(2, 3)


class SmallNet(nn.Module):
    """Power of middle and side -> how the song is shared out among the sources."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        n, heard, out = shape.features, shape.heard * PER_BAND, SOURCES * 2 * PER_BAND
        self.split = nn.Parameter(torch.randn(BANDS, heard, n) / heard**0.5)
        self.place = nn.Parameter(torch.randn(BANDS, 1, n) * 0.1)
        self.blocks = nn.ModuleList(Block(n, d, causal=shape.causal) for d in shape.dilations)
        self.norm = nn.LayerNorm(n)
        self.masks = nn.Parameter(torch.randn(BANDS, n, out) * 0.1 / n**0.5)
        self.bias = nn.Parameter(torch.zeros(BANDS, 1, out))
        if shape.guided:
            self.trust = nn.Parameter(torch.ones(SOURCES, 1, 1, 1))

    def forward(self, power: Tensor) -> Tensor:
        """Return the shares.

        Parameters
        ----------
        power : Tensor [shape=(batch, shape.heard, frames, CELLS), mean squared magnitude]
            As `engine.analysis.stems.small_net.shares` takes it.

        Returns
        -------
        Tensor [shape=(batch, SOURCES, 2, frames, CELLS), within 0..1, adding up to 1 over the sources]
        """
        batch, _, frames, _ = power.shape
        heard = (torch.log(power[:, :2] + float(QUIETEST)) + 4.0) / 4.0
        prior = self._prior(power[:, 2:].view(batch, -1, 2, frames, CELLS))
        heard = torch.cat([heard, prior.flatten(1, 2) / 2.5 + 1], dim=1).view(batch, -1, frames, BANDS, PER_BAND)
        bands = heard.permute(3, 0, 2, 1, 4).reshape(BANDS, batch * frames, -1)
        x = torch.baddbmm(self.place, bands, self.split).view(BANDS, batch, frames, -1).permute(1, 2, 0, 3)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x).permute(2, 0, 1, 3).reshape(BANDS, batch * frames, -1)
        logits = torch.baddbmm(self.bias, x, self.masks).view(BANDS, batch, frames, SOURCES, 2, PER_BAND)
        logits = logits.permute(1, 3, 4, 2, 0, 5).reshape(batch, SOURCES, 2, frames, CELLS)
        return (logits + self.trust * prior if self.shape.guided else logits).softmax(dim=1)

    @staticmethod
    def _prior(stems: Tensor) -> Tensor:
        """Return the logarithm of each stem's share of all power in a cell."""
        faint = float(FAINTEST)
        whole = torch.log(stems.sum(dim=1, keepdim=True) + SOURCES * faint)
        return (torch.log(stems + faint) - whole).clamp_min(float(LEAST_PRIOR))
