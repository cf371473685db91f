"""`take.jsonl`: one JSON value per line, written as it happens, so that a killed program leaves a take up to that moment.

The first line is the header, then come, in the order in which they took effect:

- `[48000, "deck.a.drums.gain", -3.5]`   a command at its frame; numbers come back bit for bit
- `[0, "deck.a.load", 0]`                song number 0 of the list goes on deck a; -1 takes it off
- `[0, "deck.a.drums.fx", 0]`            effect chain number 0 comes behind the drums; -1 takes it away
- `{"song": {...}}`, `{"chain": {...}}`  the lists of the header grow
- `{"end": 960000, "late": 0}`           the performance was closed at that frame

A line that is cut off at the end of the file is left out. Everything else that is not right is an error that names the line.
"""

import dataclasses
import itertools
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from engine.model.command import Command
from engine.model.errors import RemixtureError
from engine.model.params import DECKS, Param, find
from engine.model.take import FX, OFF, SCHEMA, TAIL_SECONDS, Take, TakeChain, TakeHead, TakeSong, chained_place, loaded_deck

ENGINES = ("R2", "R3")
RATES = range(8_000, 384_001)
LONGEST = 2**53
"""A frame that JSON readers everywhere still count exactly."""


class TakeWriter:
    """A take that is being played. Its file is there at once, and never one that was there before.

    One thread writes. Nothing is lost where the disk is full for a while: the next `flush` goes on where the last one stopped.
    """

    def __init__(self, path: Path, head: TakeHead) -> None:
        """Begin a take.

        Parameters
        ----------
        path : Path
            `take.jsonl`, or where there is one already `take-2.jsonl` and so on; see `self.path`.
        head : TakeHead

        Raises
        ------
        RemixtureError
            If it cannot be written there.
        """
        self.path, self._file = _new_file(path)
        self._pending = bytearray()
        self._encode = msgspec.json.Encoder().encode
        self._line(head)
        self.flush()

    def append(self, frame: int, path: str, value: float) -> None:
        """Note that the parameter at `path` got `value` at `frame`; what was noted before was not later."""
        self._line((frame, path, value))

    def song(self, song: TakeSong) -> None:
        """Add a song to the list, before the first command that loads it."""
        self._line({"song": song})

    def chain(self, chain: TakeChain) -> None:
        """Add a chain of effects to the list, before the first command that puts it somewhere."""
        self._line({"chain": chain})

    def end(self, frame: int, late: int) -> None:
        """Note that the performance was closed at `frame`, with so many late blocks, and close the file."""
        self._line({"end": frame, "late": late})
        self.close()

    def flush(self) -> None:
        """Hand everything to the system: from here on it outlives the program.

        Raises
        ------
        RemixtureError
            If the disk is full or gone. What was not written is kept for the next time.
        """
        try:
            while self._pending:
                del self._pending[: self._file.write(self._pending) or 0]
        except OSError as error:
            raise RemixtureError(f"cannot write {self.path}: {error.strerror or error}") from error

    def close(self) -> None:
        """Flush, and close the file; without `end` before it the take counts as broken off."""
        try:
            self.flush()
        finally:
            self._file.close()

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file, unless `end` did."""
        if not self._file.closed:
            self.close()

    def _line(self, value: object) -> None:
        self._pending += self._encode(value)
        self._pending += b"\n"


def _new_file(path: Path) -> tuple[Path, BinaryIO]:
    for number in itertools.count(1):
        name = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        try:
            # Without a buffer of Python's: what is flushed is with the system, and a line is never written twice.
            return name, name.open("xb", buffering=0)
        except FileExistsError:
            continue
        except OSError as error:
            raise RemixtureError(f"cannot write {name}: {error.strerror or error}") from error
    raise AssertionError


class _Schema(msgspec.Struct):
    schema: str


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    song: TakeSong | None = None
    chain: TakeChain | None = None
    end: int | None = None
    late: int = 0


_DECODER: msgspec.json.Decoder[tuple[int, str, float] | _Line] = msgspec.json.Decoder(tuple[int, str, float] | _Line)


def read_take(path: Path) -> Take:
    """Return a take after checking all of it.

    Raises
    ------
    RemixtureError
        If it cannot be read, is none, is of a newer Remixture, or damaged; names the line.
    """
    try:
        with path.open("rb") as file:
            return _Reader(path).read(file)
    except OSError as error:
        raise RemixtureError(f"cannot read {path}: {error.strerror or error}") from error


class _Reader:
    """Reads line after line, with what is known so far."""

    def __init__(self, path: Path) -> None:
        self._path, self._number, self._frame = path, 1, 0
        self._songs: list[TakeSong] = []
        self._chains: list[TakeChain] = []
        self._commands: list[Command] = []
        self._params: dict[str, Param | None] = {}
        self._closed: _Line | None = None

    def read(self, file: BinaryIO) -> Take:
        """Return the take in an open file."""
        head, torn = self._head(file.readline()), False
        self._songs, self._chains = list(head.songs), list(head.chains)
        for self._number, line in enumerate(file, 2):
            try:
                self._take_in(_DECODER.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                torn = not line.endswith(b"\n")
                if not torn:
                    raise self._wrong(f"damaged ({error})") from error
        head = dataclasses.replace(head, songs=tuple(self._songs), chains=tuple(self._chains))
        if self._closed is None:
            return Take(head, tuple(self._commands), self._frame + round(TAIL_SECONDS * head.rate), None, torn)
        return Take(head, tuple(self._commands), self._frame, self._closed.late, torn)

    def _head(self, line: bytes) -> TakeHead:
        try:
            schema = msgspec.json.decode(line, type=_Schema).schema
            if schema != SCHEMA:
                raise self._wrong(f"schema {schema!r}, this Remixture reads {SCHEMA!r}: update Remixture")
            head = msgspec.json.decode(line, type=TakeHead)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._wrong("no header of a take: is this a take.jsonl?") from error
        if head.rate not in RATES:
            raise self._wrong(f"the rate must be within {RATES[0]} to {RATES[-1]} Hz, got {head.rate} Hz")
        if head.engine not in ENGINES:
            raise self._wrong(f"the stretch engine is one of {', '.join(ENGINES)}, got {head.engine!r}")
        for song in head.songs:
            self._whole(song)
        return head

    def _whole(self, song: TakeSong) -> TakeSong:
        if not song.decompositions or not all(song.decompositions.values()):
            raise self._wrong(f"the song {song.title!r} has no sources")
        return song

    def _take_in(self, found: tuple[int, str, float] | _Line) -> None:
        if self._closed is not None:
            raise self._wrong("comes after the end")
        if isinstance(found, tuple):
            self._pass(found[0])
            self._check(found[1], found[2])
            self._commands.append(Command(*found))
        elif found.song is not None:
            self._songs.append(self._whole(found.song))
        elif found.chain is not None:
            self._chains.append(found.chain)
        elif found.end is not None:
            self._pass(found.end)
            self._closed = found
        else:
            raise self._wrong("says nothing: neither a command nor a song, a chain or the end")

    def _pass(self, frame: int) -> None:
        if not self._frame <= frame < LONGEST:
            raise self._wrong(f"frame {frame} comes after frame {self._frame}: frames never fall")
        self._frame = frame

    def _check(self, path: str, value: float) -> None:
        try:
            if path not in self._params:
                self._params[path] = self._param(path)
            param = self._params[path]
            if param is not None:
                param.check(value, path)
        except RemixtureError as error:
            raise self._wrong(str(error)) from error
        if loaded_deck(path) is not None:
            self._check_number(path, value, "song", len(self._songs))
        elif chained_place(path) is not None:
            self._check_number(path, value, "chain", len(self._chains))

    def _check_number(self, path: str, value: float, what: str, count: int) -> None:
        if value not in range(OFF, count):
            raise self._wrong(f"{path}: there is no {what} {value:g}; the list before has {count}")

    def _param(self, path: str) -> Param | None:
        """Return what a path is a case of; None for songs and effects, whose knobs who opens them knows."""
        words, (place, fx, _) = path.split("."), f"{path}.".partition(f".{FX}.")
        if words[0] == "deck" and words[1:2] and words[1] not in DECKS:
            raise RemixtureError(f"{path}: there is no deck {words[1]!r}; there are {', '.join(DECKS)}")
        if not fx:
            return None if loaded_deck(path) is not None else find(path)
        if place != "master" and (words[0] != "deck" or place.count(".") not in (1, 2)):
            raise RemixtureError(f"{path}: effects are at master, at a deck or at a source such as deck.a.drums")
        return None

    def _wrong(self, text: str) -> RemixtureError:
        return RemixtureError(f"{self._path}, line {self._number}: {text}")
