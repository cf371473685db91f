"""Parameter paths <-> numbers, so that the audio path never sees a string.

An address is one whole number: deck, source and slot in bit fields. It is the same in every process that knows the names of
what is on the decks, so that commands can cross between them as numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.model.errors import RemixtureError
from engine.model.params import DECK, DECKS, MASTER, SOURCE, Param, find

(
    MASTER_GAIN, MASTER_CEILING, MASTER_LIMITER, MASTER_TEMPO, MASTER_CLOCK, MASTER_BEAT, MASTER_QUANTIZE,
    MASTER_CROSSFADER, MASTER_CURVE, MASTER_CUE_MIX, MASTER_CUE_GAIN, MASTER_RECORD,
) = range(len(MASTER))  # fmt: skip
(
    DECK_GAIN, DECK_TEMPO, DECK_PITCH, DECK_PLAY, DECK_SYNC, DECK_KEYLOCK, DECK_PARTS, DECK_EQ_LOW, DECK_EQ_MID, DECK_EQ_HIGH,
    DECK_FILTER, DECK_SIDE, DECK_PFL, DECK_SONG, DECK_SEEK, DECK_JUMP, DECK_LOOP, DECK_SLIP, DECK_CUE,
) = range(len(DECK))  # fmt: skip
SOURCE_GAIN, SOURCE_MUTE, SOURCE_SOLO, SOURCE_CLIP, SOURCE_CLIP_BAR, SOURCE_CLIP_BARS, SOURCE_CELL = range(len(SOURCE))

FX_FIRST, FX_KNOBS = 256, 64
"""Slots from `FX_FIRST` on are knobs of effects, `FX_KNOBS` for each effect of a chain."""

FX_MOST = 8
"""Effects in a chain at most."""

SOURCES_MOST = 256

_SLOTS, _ROWS = FX_FIRST + FX_KNOBS * FX_MOST, SOURCES_MOST + 1

Knobs = Sequence[Sequence[Param]]
"""The parameters of an effect chain, effect by effect; their patterns end in the knob's name."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a parameter lives: its deck (-1 is the master), its source (-1 is the deck itself), which of theirs it is."""

    deck: int
    source: int
    slot: int

    @property
    def address(self) -> int:
        """As one number."""
        return ((self.deck + 1) * _ROWS + self.source + 1) * _SLOTS + self.slot


def place_of(address: int) -> Place:
    """Return the place of an address."""
    rest, slot = divmod(address, _SLOTS)
    deck, source = divmod(rest, _ROWS)
    return Place(deck - 1, source - 1, slot)


class Addresses:
    """The parameters that there are: of the master, of the decks, of what is on them, of the effects."""

    def __init__(self, decks: Mapping[str, Sequence[str]]) -> None:
        """`decks` names each deck's sources, in order."""
        self._names = {deck: tuple(names) for deck, names in decks.items()}
        self._chains: dict[str, Knobs] = {}

    def names(self, deck: str) -> tuple[str, ...]:
        """Return the sources of a deck."""
        return self._names.get(deck, ())

    def set_names(self, deck: str, names: Iterable[str]) -> None:
        """Tell what is on a deck now; the effects of its old sources are forgotten."""
        self._names[deck] = tuple(names)
        gone = [place for place in self._chains if place.startswith(f"deck.{deck}.")]
        for place in gone:
            if place.split(".")[2] not in self._names[deck]:
                del self._chains[place]

    def set_chain(self, place: str, knobs: Knobs) -> None:
        """Tell the effects at `master`, `deck.a` or `deck.a.drums`; none takes them off."""
        if len(knobs) > FX_MOST or any(len(effect) > FX_KNOBS for effect in knobs):
            raise RemixtureError(f"{place}: a chain has at most {FX_MOST} effects of at most {FX_KNOBS} parameters")
        self._chains[place] = knobs

    def address(self, path: str) -> int:
        """Return the address of a path.

        Raises
        ------
        RemixtureError
            If there is none; names the parameters, the decks or the sources that there are.
        """
        return self.find(path)[0].address

    def find(self, path: str) -> tuple[Place, Param]:
        """Return where a path leads and what may stand there; raises as `address`."""
        words = path.split(".")
        if "fx" in words:
            return self._find_knob(path, words.index("fx"))
        param = find(path)
        deck, source = self._where(path, words[:-1])
        table = MASTER if deck < 0 else DECK if source < 0 else SOURCE
        return Place(deck, source, table.index(param)), param

    def _where(self, path: str, words: Sequence[str]) -> tuple[int, int]:
        if words[0] == "master":
            return -1, -1
        deck = words[1]
        if deck not in self._names:
            raise RemixtureError(f"{path}: there is no deck {deck!r}; there are {', '.join(self._names)}")
        if len(words) == 2:
            return DECKS.index(deck), -1
        names = self._names[deck]
        if words[2] not in names:
            there = f"it has {', '.join(names)}" if names else "nothing is on it"
            raise RemixtureError(f"{path}: deck {deck} has no such source; {there}")
        return DECKS.index(deck), names.index(words[2])

    def _find_knob(self, path: str, fx: int) -> tuple[Place, Param]:
        chain = self._chains.get(".".join(path.split(".")[:fx]), ())
        effect, _, knob = ".".join(path.split(".")[fx + 1 :]).partition(".")
        index = int(effect) - 1 if effect.isdecimal() else -1
        if not 0 <= index < len(chain):
            raise RemixtureError(f"{path}: there are {len(chain)} effects there")
        names = [param.pattern.rpartition(".")[2] for param in chain[index]]
        if knob not in names:
            raise RemixtureError(f"{path}: the effect has {', '.join(names)}")
        deck, source = self._where(path, path.split(".")[:fx])
        return Place(deck, source, FX_FIRST + index * FX_KNOBS + names.index(knob)), chain[index][names.index(knob)]

    def path(self, address: int) -> str:
        """Return the path of an address that `address` gave."""
        place = place_of(address)
        words = self._words(place)
        if place.slot >= FX_FIRST:
            effect, knob = divmod(place.slot - FX_FIRST, FX_KNOBS)
            name = self._chains[words][effect][knob].pattern.rpartition(".")[2]
            return f"{words}.fx.{effect + 1}.{name}"
        table = MASTER if place.deck < 0 else DECK if place.source < 0 else SOURCE
        return f"{words}.{table[place.slot].pattern.rpartition('.')[2]}"

    def _words(self, place: Place) -> str:
        if place.deck < 0:
            return "master"
        deck = DECKS[place.deck]
        return f"deck.{deck}" if place.source < 0 else f"deck.{deck}.{self._names[deck][place.source]}"
