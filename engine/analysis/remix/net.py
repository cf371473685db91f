"""The remixing network: encoder, masks by dilated convolutions, decoder.

Conv-TasNet (Luo & Mesgarani, "Conv-TasNet: surpassing ideal time-frequency magnitude masking for speech separation", TASLP
27(8), 2019) made to remix (Yang, Firodiya, Bryan & Kim, "Don't separate, learn to remix", ICASSP 2022): model I decodes each
source and mixes them, model II mixes the masked latents and decodes once. With a linear decoder these two would be the same;
the decoder of model II therefore has a block of its own before it, which is not linear.

Three things differ from the papers, so that it can be trained in minutes on a small machine. Filters come in pairs that share a
mask, and the masks are found from the logarithm of a pair's energy (after Pariente et al., "Filterbank design for end-to-end
speech separation", ICASSP 2020); encoder and decoder start as a windowed Fourier transform and its inverse, and are learnt from
there; and norms are taken frame by frame, so that a song in pieces gives what the whole song gives.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.remix.shape import TAPS, Shape

QUIETEST = 1e-6
"""Energy of a pair that counts as silence."""


class Block(nn.Module):
    """A dilated depthwise convolution between two dense layers, added to what came in."""

    def __init__(self, bottleneck: int, hidden: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.wide, self.narrow = nn.Linear(bottleneck, hidden), nn.Linear(hidden, bottleneck)
        self.taps = nn.Parameter(torch.randn(TAPS, hidden) / TAPS**0.5)
        self.slopes = nn.Parameter(torch.full((2, 1), 0.25))
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """Map features to features [shape=(batch, frames, bottleneck)]."""
        frames, d = x.shape[1], self.dilation
        y = self.norms[0](functional.prelu(self.wide(x), self.slopes[0]))
        padded = functional.pad(y, (0, 0, d, d))
        near = torch.stack([padded[:, i * d : i * d + frames] * self.taps[i] for i in range(TAPS)]).sum(dim=0)
        found: Tensor = self.narrow(self.norms[1](functional.prelu(near, self.slopes[1])))
        return x + found


class RemixNet(nn.Module):
    """A mixture and gains -> the remix."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        pairs, b = shape.kernel // 2, shape.bottleneck
        basis = fourier(shape.kernel)
        self.encoder, self.decoder = nn.Parameter(basis.T.contiguous()), nn.Parameter(basis)
        self.first = nn.Sequential(nn.LayerNorm(pairs), nn.Linear(pairs, b))
        dilations = [2**i for _ in range(shape.repeats) for i in range(shape.blocks)]
        self.blocks = nn.ModuleList(Block(b, shape.hidden, d) for d in dilations)
        self.last = nn.Sequential(nn.LayerNorm(b), nn.Linear(b, shape.sources * pairs))
        if shape.model == 2:
            out = nn.Linear(b // 2, shape.kernel)
            nn.init.zeros_(out.weight)
            nn.init.zeros_(out.bias)
            self.bend = nn.Sequential(nn.Linear(shape.kernel, b // 2), nn.PReLU(), out)

    def latents(self, x: Tensor) -> Tensor:
        """Return the masked latents of a mixture [shape=(batch, n) -> (batch, sources, frames, kernel)]."""
        hop = self.shape.hop
        padded = functional.pad(x, (hop, hop + -x.shape[-1] % hop))
        heard = padded.unfold(-1, 2 * hop, hop) @ self.encoder
        real, imaginary = heard.chunk(2, dim=-1)
        y = self.first(torch.log(real.square() + imaginary.square() + QUIETEST))
        for block in self.blocks:
            y = block(y)
        masks = self.last(y).sigmoid().unflatten(-1, (self.shape.sources, -1)).transpose(1, 2)
        return torch.cat([masks, masks], dim=-1) * heard[:, None]

    def decoded(self, latents: Tensor, n: int) -> Tensor:
        """Return the sound of latents [shape=(..., frames, kernel) -> (..., n)]."""
        if self.shape.model == 2:
            latents = latents + self.bend(latents)
        begins, ends = (latents @ self.decoder).chunk(2, dim=-1)
        return (begins[..., 1:, :] + ends[..., :-1, :]).flatten(-2)[..., :n]

    def both(self, x: Tensor, gains: Tensor, *, sources: bool = True) -> tuple[Tensor, Tensor | None]:
        """Return the remix [shape=(batch, n)] and, if asked for, the sources [shape=(batch, sources, n)].

        Parameters
        ----------
        x : Tensor [shape=(batch, n)]
        gains : Tensor [shape=(batch, sources), linear]
        """
        n, latents = x.shape[-1], self.latents(x)
        found = self.decoded(latents, n) if sources else None
        if self.shape.model == 1 and found is not None:
            return (gains[..., None] * found).sum(dim=1), found
        # Without sources model I may mix before its decoder too, which is linear.
        return self.decoded((gains[..., None, None] * latents).sum(dim=1), n), found

    def forward(self, x: Tensor, gains: Tensor) -> Tensor:
        """Return the remix alone [shape=(batch, n)]."""
        return self.both(x, gains, sources=False)[0]

    def change(self, x: Tensor, gains: Tensor) -> Tensor:
        """Return what to add to a mixture, `f(x, gains) - f(x, 1)` [shape=(batch, n)]; exactly 0 where all gains are 1."""
        latents, n = self.latents(x), x.shape[-1]
        moved = (gains[..., None, None] * latents).sum(dim=1)
        still = latents.sum(dim=1)
        return self.decoded(moved, n) - self.decoded(still, n)


def fourier(size: int) -> Tensor:
    """Return the windowed cosines and sines that halves of frames sum back from [shape=(size, size), orthogonal over frames].

    Row `i` and row `i + size / 2` are of one frequency, but for the first two: 0 and half the rate.
    """
    t = torch.arange(size, dtype=torch.float64)
    k = torch.arange(size // 2, dtype=torch.float64)[:, None]
    cosines = torch.cos(2 * math.pi * k * t / size) * (2 / size) ** 0.5
    sines = torch.sin(2 * math.pi * k * t / size) * (2 / size) ** 0.5
    cosines[0] = 1 / size**0.5
    sines[0] = torch.where(t % 2 == 0, 1.0, -1.0) / size**0.5
    return (torch.cat([cosines, sines]) * torch.sin(math.pi * (t + 0.5) / size)).float()
