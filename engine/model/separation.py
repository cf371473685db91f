"""A song taken apart, as analysis hands it on: who did it, into what, and the samples piece by piece."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.model.audio import Samples

SettingValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a result comes from. Equal provenance, equal result: this is the cache key."""

    algorithm: str
    version: int
    params: dict[str, SettingValue] = field(default_factory=dict)
    model: str | None = None
    """SHA-256 of the weights, where there are any."""
    note: str = ""
    """One sentence for people, such as why this algorithm served; not part of the key."""

    def same_as(self, other: "Provenance") -> bool:
        """Tell whether both would give the same result."""
        mine = (self.algorithm, self.version, self.params, self.model)
        return mine == (other.algorithm, other.version, other.params, other.model)


@dataclass(frozen=True, slots=True)
class Part:
    """One source to come. `kind` is drums, bass, vocals, other or loop."""

    id: str
    name: str
    kind: str
    color: str
    confidence_db: float | None = None
    """How far what does not repeat lies below the source, where it plays; infinite where nothing is left. None: not asked."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """In which bar each loop sounds, how loud, and which bar shows it best.

    `activation` [shape=(bars, loops), >= 0, 1 is the loop's own level], `best_bar` [shape=(loops,)] the bar each loop is cut
    from, `periods` [shape=(loops,), bars] after how many bars each repeats.
    """

    activation: NDArray[np.float64]
    best_bar: tuple[int, ...]
    periods: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Separation:
    """The parts and their samples.

    `blocks` yields consecutive pieces [shape=(parts, channels, n), float32] that together cover the song's frames exactly,
    in order; `n` may vary. It can be walked once. What is missing to the song is the residual, and the store's to take.
    """

    parts: tuple[Part, ...]
    provenance: Provenance
    blocks: Iterator[Samples]
    layout: Layout | None = None
