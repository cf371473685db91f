"""What a remixing network is like: known without torch, and written into the header of its weights."""

from dataclasses import asdict, dataclass
from typing import Any

NAMES = {
    2: ("vocals", "music"),
    3: ("drums", "vocals", "music"),
    4: ("drums", "bass", "vocals", "other"),
    5: ("drums", "bass", "vocals", "chords", "melody"),
}
"""What the sources of a network of so many are called, in their order; `music` is what is not named."""
TAPS = 3
"""Frames that a block looks at, its dilation apart."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A network's sizes.

    `model` 1 mixes decoded sources, 2 mixes masked latents and decodes once. `rate` in Hz, `kernel` in frames of sound, half of
    which frames lie apart. Each of `repeats` rounds has `blocks` blocks, of dilations 1, 2, 4 ...; they are `hidden` wide
    inside and `bottleneck` between.
    """

    sources: int = 4
    model: int = 1
    rate: int = 22_050
    kernel: int = 512
    bottleneck: int = 96
    hidden: int = 192
    blocks: int = 6
    repeats: int = 2

    def __post_init__(self) -> None:
        """Check at the door, once."""
        if self.sources not in NAMES or self.model not in {1, 2} or self.kernel % 2 or min(self.described().values()) < 1:
            raise ValueError(f"no remixing network is like this: {self.described()}")

    @property
    def names(self) -> tuple[str, ...]:
        """What its sources are called."""
        return NAMES[self.sources]

    @property
    def hop(self) -> int:
        """Frames of sound from one latent frame to the next."""
        return self.kernel // 2

    @property
    def reach(self) -> int:
        """Latent frames on either side that a frame depends on."""
        return self.repeats * ((1 << self.blocks) - 1) * (TAPS // 2) + TAPS

    def described(self) -> dict[str, int]:
        """Return it as plain values."""
        return asdict(self)

    @classmethod
    def told(cls, described: dict[str, Any]) -> "Shape":
        """Return what `described` gave; ValueError, TypeError or LookupError if it is nothing of the kind."""
        return cls(**{name: int(described[name]) for name in cls.__dataclass_fields__})
