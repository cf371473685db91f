import io
import struct

import numpy as np
import pytest

from bridge.daw.mp4atoms import OFFSETS, Atom, offsets_of, placed, read_atom, write_fronted
from engine.store.mp4 import spans

OWN = Atom(b"stem", b"{}")
CHUNKS = tuple(bytes([k]) * (k + 1) for k in range(1, 40))
BODY = b"".join(CHUNKS)


def offsets(name: bytes, values: list[int]) -> Atom:
    data = np.array(values, dtype=np.dtype(OFFSETS[name])).tobytes()
    return Atom(name, struct.pack(">II", 0, len(values)) + data)


def moov_of(name: bytes, values: list[int]) -> Atom:
    """An index of two tracks, the chunks of which take turns."""
    tracks = [
        Atom(b"trak", atoms=(
            Atom(b"tkhd", b"head"),
            Atom(b"mdia", atoms=(Atom(b"minf", atoms=(Atom(b"stbl", atoms=(offsets(name, values[k::2]),)),)),)),
        ))
        for k in range(2)
    ]  # fmt: skip
    return Atom(b"moov", atoms=(Atom(b"mvhd", b"movie"), *tracks))


def starts(at: int) -> list[int]:
    """Where the chunks are if the first is at `at`."""
    return [at + sum(map(len, CHUNKS[:k])) for k in range(len(CHUNKS))]


def read(data: bytes) -> dict[bytes, Atom]:
    file = io.BytesIO(data)
    return {span.name: read_atom(file, span) for span in spans(file, 0, len(data))}


def chunks(data: bytes) -> list[bytes]:
    """What the index of a file says its chunks are."""
    tables = [offsets_of(atom) for atom in read(data)[b"moov"].find(*OFFSETS)]
    found: list[bytes] = [b""] * len(CHUNKS)
    for track, table in enumerate(tables):
        for k, at in enumerate(table.tolist()):
            found[2 * k + track] = data[at : at + len(CHUNKS[2 * k + track])]
    return found


@pytest.mark.parametrize("name", [b"stco", b"co64"])
@pytest.mark.parametrize(("head", "order"), [
    (struct.pack(">I4s", 8 + len(BODY), b"mdat"), "media, index"),
    (struct.pack(">I4s", 8 + len(BODY), b"mdat"), "index, media"),
    (struct.pack(">I4sQ", 1, b"mdat", 16 + len(BODY)), "media, index"),
    (struct.pack(">I4s", 0, b"mdat"), "index, media"),
])  # fmt: skip
def test_every_chunk_is_found_again_when_the_index_is_in_front(name: bytes, head: bytes, order: str) -> None:
    front = Atom(b"ftyp", b"M4A ").data + Atom(b"free", b"....").data
    before = len(front) + (len(moov_of(name, starts(0)).data) if order == "index, media" else 0)
    moov = moov_of(name, starts(before + len(head))).data
    source = front + (moov + head + BODY if order == "index, media" else head + BODY + moov)
    assert chunks(source) == list(CHUNKS)

    target = io.BytesIO()
    write_fronted(io.BytesIO(source), target, OWN)

    made = target.getvalue()
    assert [*read(made)] == [b"ftyp", b"moov", b"mdat"]
    assert chunks(made) == list(CHUNKS)
    assert list(read(made)[b"moov"].find(b"stem")) == [OWN]


def test_an_atom_of_ones_own_leaves_what_was_in_udta() -> None:
    old = Atom(b"moov", atoms=(Atom(b"mvhd", b"x"), Atom(b"udta", atoms=(Atom(b"meta", b"title"),)), Atom(b"trak")))

    new = old.with_last(b"udta", OWN)

    assert [atom.name for atom in new.atoms] == [b"mvhd", b"udta", b"trak"]
    assert new.atoms[1].atoms == (Atom(b"meta", b"title"), OWN)
    assert Atom(b"moov").with_last(b"udta", OWN).atoms == (Atom(b"udta", atoms=(OWN,)),)


@pytest.mark.parametrize("name", [b"stco", b"co64"])
def test_offsets_that_no_longer_fit_into_32_bits_get_64(name: bytes) -> None:
    last = 2**32 - 100 if name == b"stco" else 2**33
    old = [48, 1000, 2**31, last]
    before, mdat = 28, 36

    moov = placed(moov_of(name, old), before, mdat)

    tables = list(moov.find(*OFFSETS))
    shift = before + len(moov.data) - mdat
    assert {atom.name for atom in tables} == {b"co64"}
    assert [offsets_of(atom).tolist() for atom in tables] == [[48 + shift, 2**31 + shift], [1000 + shift, last + shift]]
    assert all(len(atom.body) == 8 + 8 * 2 for atom in tables)


def test_offsets_that_fit_stay_as_short_as_they_were() -> None:
    moov = placed(moov_of(b"stco", [48, 1000, 2000, 2**31]), 28, 36)

    assert {atom.name for atom in moov.find(*OFFSETS)} == {b"stco"}


@pytest.mark.parametrize("data", [
    struct.pack(">I4s", 4, b"moov"), struct.pack(">I4s", 99, b"moov"), struct.pack(">I4sQ", 1, b"mdat", 2**40),
])  # fmt: skip
def test_a_size_that_cannot_be_is_no_atom(data: bytes) -> None:
    with pytest.raises(ValueError, match="an atom"):
        list(spans(io.BytesIO(data), 0, len(data)))
