"""A take and its sets, found and played again: the live mixer, sent the same commands at the same frames.

Names in a take are not trusted. A set is one of its songs if the recording has the same hash, and it sounds the same if the
sources do; the folders in the header only tell where to look.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from engine.bounce.load import Chosen, bank_of
from engine.bounce.output import Names, usual_ceiling
from engine.mix.addresses import Knobs
from engine.mix.insert import Insert
from engine.mix.livemixer import LiveMixer
from engine.mix.record import Record
from engine.model.command import Command
from engine.model.errors import RemixtureError
from engine.model.params import DECKS
from engine.model.remixset import RemixSet
from engine.model.report import Quiet
from engine.model.take import OFF, Recording, Take, TakeChain, TakeSong, chained_place, loaded_deck, recordings
from engine.store.manifest import NAME, read_manifest
from engine.store.setdir import SUFFIX, open_set

AHEAD = 2048
"""Commands that are sent before they are due at most: half of what the mixer's queue takes."""

LIMITER = "master.limiter"


Effects = Callable[[TakeChain, int], tuple[Insert, Knobs]]
"""Opens a chain at a rate in Hz: what the mixer inserts, and its knobs. Raises RemixtureError where the chain is not here."""


def no_effects(chain: TakeChain, _rate: int) -> tuple[Insert, Knobs]:
    """Open none."""
    raise RemixtureError(f"the take was played through the effects {chain.name!r}, and nothing here opens them")


def recording_of(take: Take, path: Path, number: int | None) -> Recording:
    """Return a recording of the take in the file `path`; with None all of it.

    Raises
    ------
    RemixtureError
        If there is none of that number.
    """
    if number is None:
        return Recording(0, 0)
    there = recordings(take.commands)
    if not 1 <= number <= len(there):
        raise RemixtureError(f"there is no recording {number} in {path}: it has {len(there) or 'none'}")
    return there[number - 1]


Found = dict[int, dict[str, Chosen]]
"""For each song of a take that is played its decompositions, by name, in the set that was found."""


def find_sets(take: Take, path: Path, folders: Sequence[Path] = ()) -> Found:
    """Find the sets that a take in the file `path` is played from.

    Raises
    ------
    RemixtureError
        If a song's set is not found, or is another one now; says what differs.
    """
    given = [folder for place in folders for folder in _sets_in(place)]
    beside = sorted(path.parent.glob(f"*{SUFFIX}"))
    songs, played = take.head.songs, {int(c.value) for c in take.commands if loaded_deck(c.path) is not None} - {OFF}
    return {number: _find(songs[number], [*given, *_hinted(songs[number]), *beside], path) for number in sorted(played)}


def _sets_in(place: Path) -> list[Path]:
    if (place / NAME).is_file():
        return [place]
    if not place.is_dir():
        raise RemixtureError(f"{place} is not a remix set" if place.exists() else f"{place} does not exist")
    sets = sorted(place.glob(f"*{SUFFIX}"))
    if not sets:
        raise RemixtureError(f"{place} is neither a remix set nor a folder of them")
    return sets


def _hinted(song: TakeSong) -> list[Path]:
    return [Path(song.folder)] if song.folder and (Path(song.folder) / NAME).is_file() else []


def _find(song: TakeSong, folders: Sequence[Path], path: Path) -> dict[str, Chosen]:
    looked = f"in {song.folder} or beside the take" if song.folder else "beside the take"
    why = f"no set of its recording (SHA-256 {song.sha256[:12]}...) is {looked}"
    for folder in dict.fromkeys(folders):
        try:
            if read_manifest(folder).song.sha256 != song.sha256:
                continue
            remixset = open_set(folder)
        except RemixtureError as error:
            why = str(error)
            continue
        differs = _difference(song, remixset)
        if differs is None:
            return {name: Chosen(folder, remixset, remixset.decompositions[name]) for name in song.decompositions}
        why = f"{folder} has {differs}"
    raise RemixtureError(f"{path} needs the set of {song.title!r}, but {why}: name the one it was played from as SET")


def _difference(song: TakeSong, remixset: RemixSet) -> str | None:
    """Return what makes a set sound different from a take's song."""
    for name, sources in song.decompositions.items():
        if name not in remixset.decompositions:
            return f"no {name}"
        there = tuple((source.id, source.sha256) for source in remixset.decompositions[name].sources)
        if there != sources:
            known = set(there)
            return f"other {name} now ({', '.join(id_ for id_, sha in sources if (id_, sha) not in known) or 'more of them'})"
    return None


class Replay:
    """A take whose sets were found, and the part of it that is wanted."""

    def __init__(self, take: Take, found: Found, effects: Effects, part: Recording) -> None:
        self.take, self.found, self.effects = take, found, effects
        end = take.frames if part.end is None else part.end
        self.rate, self.skipped, self.frames, self.bpm = take.head.rate, part.start, end - part.start, None

    @property
    def names(self) -> Names:
        """All sources that ever are on each deck."""
        names: dict[str, dict[str, None]] = {}
        for command in self.take.commands:
            deck = loaded_deck(command.path)
            if deck is not None and command.value != OFF:
                names.setdefault(deck, {}).update(dict.fromkeys(_ids(self.found[int(command.value)])))
        return {deck: tuple(names[deck]) for deck in DECKS if deck in names}

    @property
    def ceiling_dbtp(self) -> float:
        """The usual one."""
        return usual_ceiling([one.set.true_peak_dbtp for one in sets_of(self.found)])

    def player(self, *, limited: bool, integer_output: bool) -> "Hands":  # noqa: ARG002 - a file clips what a device clips
        """Return the hands that played, at the start."""
        return Hands(self.take, self.found, self.effects, limited=limited)


def sets_of(found: Found) -> Iterator[Chosen]:
    """Yield one opened set for each song."""
    return (next(iter(song.values())) for song in found.values())


def _ids(song: Mapping[str, Chosen]) -> Iterator[str]:
    return (id_ for chosen in song.values() for id_ in chosen.ids)


def _between_blocks(command: Command) -> bool:
    return loaded_deck(command.path) is not None or chained_place(command.path) is not None


class Hands:
    """Does again what was done. Songs are read when they are put on, and kept while they are on a deck."""

    def __init__(self, take: Take, found: Found, effects: Effects, *, limited: bool) -> None:
        self._found, self._effects, self._chains, self._rate = found, effects, take.head.chains, take.head.rate
        self._commands, self._next = [c for c in take.commands if limited or c.path != LIMITER], 0
        self.mixer = LiveMixer(take.head.rate, "R3" if take.head.engine == "R3" else "R2")
        self._on: dict[str, tuple[int, Record]] = {}
        if not limited:
            self.mixer.send(Command(0, LIMITER, 0.0))

    def feed(self, until: int) -> int:
        """Send what is due before `until`, or before the next song or chain, which are put on between two blocks."""
        first = self._next
        while self._next < len(self._commands) and self._commands[self._next].at < until:
            command = self._commands[self._next]
            if command.at > self.mixer.frame and (_between_blocks(command) or self._next - first >= AHEAD):
                return command.at
            self._send(command)
            self._next += 1
        return until

    def _send(self, command: Command) -> None:
        deck, place, number = loaded_deck(command.path), chained_place(command.path), int(command.value)
        if deck is not None:
            self._load(deck, number)
        elif place is not None:
            self.mixer.insert(place, *((None,) if number == OFF else self._effects(self._chains[number], self._rate)))
        else:
            self.mixer.send(command)

    def _load(self, deck: str, number: int) -> None:
        if number == OFF:
            self._on.pop(deck, None)
        else:
            self._on[deck] = number, self._record(number)
        self.mixer.load(deck, self._on[deck][1] if deck in self._on else None)

    def _record(self, number: int) -> Record:
        for on, record in self._on.values():
            if on == number:
                return record
        song = self._found[number]
        return Record({name: bank_of(one, self._rate, straighten=False, report=Quiet()) for name, one in song.items()})

    @property
    def songs(self) -> Mapping[str, int]:
        """The number of the song on each deck that has one."""
        return {deck: number for deck, (number, _) in self._on.items()}

    def names(self) -> Names:
        """Return the sources of what is on the decks."""
        return {deck: self._on[deck][1].names if deck in self._on else () for deck in DECKS}
