"""What PyAV does not write of an MP4 file: an atom of one's own in `moov/udta`, and `moov` before `mdat`.

Atoms are ISO 14496-12's boxes: a size of 32 bits, four letters, a body that may be atoms. Chunk offsets (`stco`, or `co64` with
64 bits) count from the start of the file, so whoever moves `mdat` must move them too.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.store.mp4 import Span, spans

CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta"})
"""Those that are looked into; the bodies of all others are kept as they are."""
OFFSETS = {b"stco": ">u4", b"co64": ">u8"}
COUNTED = 8
"""Bytes before the offsets: version, flags, how many there are."""
LARGEST_32 = 2**32 - 1
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Atom:
    """One atom: `atoms` if it is one of `CONTAINERS`, else a `body`."""

    name: bytes
    body: bytes = b""
    atoms: tuple["Atom", ...] = ()

    @property
    def data(self) -> bytes:
        """As it lies in the file."""
        body = b"".join(atom.data for atom in self.atoms) or self.body
        return struct.pack(">I4s", 8 + len(body), self.name) + body

    def find(self, *names: bytes) -> Iterator["Atom"]:
        """Yield all atoms in it, at any depth, that have one of the names."""
        for atom in self.atoms:
            if atom.name in names:
                yield atom
            yield from atom.find(*names)

    def changed(self, change: Callable[["Atom"], "Atom"]) -> "Atom":
        """Return it with every atom without atoms changed."""
        return replace(self, atoms=tuple(atom.changed(change) for atom in self.atoms)) if self.atoms else change(self)

    def with_last(self, name: bytes, last: "Atom") -> "Atom":
        """Return it with `last` at the end of its first atom of that name, which is made where there is none."""
        at = next((k for k, atom in enumerate(self.atoms) if atom.name == name), len(self.atoms))
        old = self.atoms[at] if at < len(self.atoms) else Atom(name)
        return replace(self, atoms=(*self.atoms[:at], replace(old, atoms=(*old.atoms, last)), *self.atoms[at + 1 :]))


def read_atom(file: BinaryIO, span: Span) -> Atom:
    """Return an atom with all that is in it; not one for `mdat`, which may be large."""
    start, stop = span.start + span.header, span.start + span.size
    if span.name in CONTAINERS:
        return Atom(span.name, atoms=tuple(read_atom(file, inner) for inner in spans(file, start, stop)))
    file.seek(start)
    return Atom(span.name, file.read(stop - start))


def write_fronted(source: BinaryIO, target: BinaryIO, own: Atom) -> None:
    """Copy an MP4 file with `moov` before `mdat`, and an atom of one's own at the end of `moov/udta`.

    Parameters
    ----------
    source : BinaryIO
        A file with one `ftyp`, `moov` and `mdat`, as FFmpeg writes it.
    target : BinaryIO
        Empty, open for writing.
    own : Atom
    """
    found = {span.name: span for span in spans(source, 0, source.seek(0, 2))}
    ftyp, moov, mdat = (found[name] for name in (b"ftyp", b"moov", b"mdat"))
    head = read_atom(source, ftyp).data
    target.write(head)
    target.write(placed(read_atom(source, moov).with_last(b"udta", own), len(head), mdat.start).data)
    source.seek(mdat.start)
    target.writelines(source.read(min(PIECE, left)) for left in range(mdat.size, 0, -PIECE))


def placed(moov: Atom, before: int, mdat: int) -> Atom:
    """Return a `moov` that tells where the chunks are once `mdat` comes right behind it.

    Parameters
    ----------
    moov : Atom
    before : int, bytes
        What will stand before `moov`.
    mdat : int, bytes
        Where `mdat` began when the offsets were right.
    """
    last = max(chain([0], (int(offsets_of(atom).max(initial=0)) for atom in moov.find(*OFFSETS))))
    # They move right by less than this.
    wide = last + before + len(moov.data) + 4 * _count(moov) > LARGEST_32
    by = before + len(_shifted(moov, 0, wide=wide).data) - mdat
    return _shifted(moov, by, wide=wide)


def _count(moov: Atom) -> int:
    return sum(offsets_of(atom).size for atom in moov.find(*OFFSETS))


def offsets_of(atom: Atom) -> NDArray[np.int64]:
    """Return the chunk offsets of a `stco` or `co64` [bytes from the start of the file]."""
    return np.frombuffer(atom.body, np.dtype(OFFSETS[atom.name]), offset=COUNTED).astype(np.int64)


def _shifted(moov: Atom, by: int, *, wide: bool) -> Atom:
    def shift(atom: Atom) -> Atom:
        if atom.name not in OFFSETS:
            return atom
        name = b"co64" if wide else atom.name
        return Atom(name, atom.body[:COUNTED] + (offsets_of(atom) + by).astype(np.dtype(OFFSETS[name])).tobytes())

    return moov.changed(shift)
