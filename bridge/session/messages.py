"""What passes through the pipe between a player and its engine process. Rare things; commands go through a ring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.mix.bank import Bank
from engine.mix.record import Record
from engine.model.audio import Samples
from engine.model.cells import Bars
from engine.model.grid import Beatgrid

if TYPE_CHECKING:
    from bridge.plugins.facts import Facts
    from bridge.plugins.preset import Preset


@dataclass(frozen=True, slots=True)
class Output:
    """Where the sound is to go, and how: what `bridge.audio.open_sink` takes, and the stretch engine, R2 or R3.

    `rate` in Hz and `frames` of a block are what is asked for; the sink says what it got.
    """

    sink: str = "pedalboard"
    rate: int = 48_000
    frames: int = 512
    pairs: tuple[str, ...] = ("master",)
    connect: Mapping[str, tuple[str, ...]] | None = None
    paced: bool = True
    stretch: Literal["R2", "R3"] = "R2"


@dataclass(frozen=True, slots=True)
class Layer:
    """One decomposition of a song in shared memory: its name, and the sources of its block, in order.

    `cell_bars` are what `engine.model.cells` says of it.
    """

    name: str
    ids: tuple[str, ...]
    cell_bars: tuple[Bars, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A song as it is handed over: one block follows for each layer, [shape=(sources, channels, frames), float32]."""

    title: str
    layers: tuple[Layer, ...]
    rate: int
    channels: int
    frames: int
    beats: tuple[float, ...] = field(repr=False)
    """Seconds."""
    first_downbeat: int
    beats_per_bar: int

    @property
    def grid(self) -> Beatgrid:
        """The song's beats."""
        return Beatgrid(np.array(self.beats), self.first_downbeat, self.beats_per_bar)

    @property
    def bpm(self) -> float:
        """Its mean tempo."""
        return self.grid.bpm

    def record(self, samples: Sequence[Samples]) -> Record:
        """Return the record that plays these samples, one array for each layer."""
        grid = self.grid
        pairs = zip(self.layers, samples, strict=True)
        return Record({layer.name: Bank(layer.ids, array, self.rate, grid, layer.cell_bars) for layer, array in pairs})

    def shape(self, layer: Layer) -> tuple[int, int, int]:
        """Return the shape of a layer's samples."""
        return len(layer.ids), self.channels, self.frames

    @property
    def names(self) -> tuple[str, ...]:
        """All sources; one that two layers have, such as the residual, is one."""
        return tuple(dict.fromkeys(name for layer in self.layers for name in layer.ids))


@dataclass(frozen=True, slots=True)
class Load:
    """To the engine: put this on a deck; None takes off what is there. `number` tells songs apart, also in the take."""

    deck: str
    parcel: Parcel | None
    number: int


@dataclass(frozen=True, slots=True)
class Chain:
    """To the engine: put these effects at a place; None takes off what is there. `number` tells them apart."""

    place: str
    preset: "Preset | None"
    facts: "Facts | None"
    number: int


@dataclass(frozen=True, slots=True)
class Go:
    """To the engine, once: open the sink and play."""


@dataclass(frozen=True, slots=True)
class Quit:
    """To the engine: fade out and end."""


@dataclass(frozen=True, slots=True)
class Opened:
    """From the engine: the sink is open, at this rate in Hz, with blocks of so many frames, carrying these pairs."""

    rate: int
    frames: int
    pairs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """From the engine: it plays, and its table says these things, in this order; see `engine.mix.meters`."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """From the engine: one line for people. `fatal`: it ends because of it."""

    text: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """From the engine: why a song, or else effects, of that number could not be put on."""

    number: int
    text: str
    song: bool = True
