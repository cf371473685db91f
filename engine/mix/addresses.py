"""Parameter paths <-> places in memory, so that the audio path never sees a string."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.model.errors import RemixtureError
from engine.model.params import DECK, MASTER, SOURCE, Param, find

(
    MASTER_GAIN, MASTER_CEILING, MASTER_LIMITER, MASTER_TEMPO, MASTER_CLOCK, MASTER_BEAT, MASTER_QUANTIZE,
    MASTER_CROSSFADER, MASTER_CURVE, MASTER_CUE_MIX, MASTER_CUE_GAIN,
) = range(len(MASTER))  # fmt: skip
(
    DECK_GAIN, DECK_TEMPO, DECK_PITCH, DECK_PLAY, DECK_SYNC, DECK_KEYLOCK, DECK_PARTS, DECK_EQ_LOW, DECK_EQ_MID, DECK_EQ_HIGH,
    DECK_FILTER, DECK_SIDE, DECK_PFL, DECK_SONG, DECK_SEEK, DECK_JUMP, DECK_LOOP, DECK_SLIP, DECK_CUE,
) = range(len(DECK))  # fmt: skip
SOURCE_GAIN, SOURCE_MUTE, SOURCE_SOLO, SOURCE_CLIP, SOURCE_CLIP_BAR, SOURCE_CLIP_BARS = range(len(SOURCE))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a parameter lives: its deck (-1 is the master), its source (-1 is the deck itself), which of theirs it is."""

    deck: int
    source: int
    slot: int
    param: Param


class Addresses:
    """The places of all parameters of a mixer; an address is an index into `places`."""

    def __init__(self, decks: Mapping[str, Sequence[str]]) -> None:
        """`decks` names each deck's sources, in order."""
        self._sources = dict(decks)
        self.places: list[Place] = []
        self._by_path: dict[str, int] = {}
        for slot, param in enumerate(MASTER):
            self._add(param.pattern, Place(-1, -1, slot, param))
        for i, (deck, sources) in enumerate(decks.items()):
            for slot, param in enumerate(DECK):
                self._add(param.pattern.format(deck=deck), Place(i, -1, slot, param))
            for k, source in enumerate(sources):
                for slot, param in enumerate(SOURCE):
                    self._add(param.pattern.format(deck=deck, source=source), Place(i, k, slot, param))

    def _add(self, path: str, place: Place) -> None:
        self._by_path[path] = len(self.places)
        self.places.append(place)

    def resolve(self, path: str) -> int:
        """Return the address of a path.

        Raises
        ------
        RemixtureError
            If there is none; names the parameters, the decks or the sources that there are.
        """
        if path in self._by_path:
            return self._by_path[path]
        find(path)
        deck = path.split(".")[1]
        if deck not in self._sources:
            raise RemixtureError(f"{path}: there is no deck {deck!r}; there are {', '.join(self._sources)}")
        raise RemixtureError(f"{path}: deck {deck} has no such source; it has {', '.join(self._sources[deck])}")
