from collections.abc import Iterator

import numpy as np
import pytest

from engine.analysis.drums import cleaned, with_clean_drums
from engine.analysis.stems.parts import stem_parts
from engine.model.audio import Audio, Samples
from engine.model.separation import Provenance, Separation
from tests.engine.analysis.drums import beats

SONG = Audio(beats.drums() + beats.others(), beats.RATE)
STEMS = np.stack([beats.drums(), beats.others()])


def together(blocks: Iterator[Samples]) -> Samples:
    return np.concatenate(list(blocks), axis=-1)


def taken_apart(ids: tuple[str, ...]) -> Separation:
    blocks = (STEMS[: len(ids), :, at : at + 10_000] for at in range(0, SONG.frames, 10_000))
    return Separation(stem_parts(ids), Provenance("builtin", 1), blocks)


def test_clean_drums_and_their_rest_are_what_the_separator_gave() -> None:
    clean = with_clean_drums(taken_apart(("drums", "bass")), SONG, together)

    sources = together(clean.blocks)

    assert [part.id for part in clean.parts] == ["drums", "bass", "drums-rest"]
    assert np.abs(sources.sum(axis=0) - SONG.samples).max() < 1e-6
    assert np.abs(sources[0]).max() > 0.1
    np.testing.assert_array_equal(sources[1], STEMS[1])


def test_no_two_stems_have_one_colour() -> None:
    parts = with_clean_drums(taken_apart(("drums", "bass")), SONG, together).parts

    assert len({part.color for part in parts}) == len(parts)
    assert [part.kind for part in parts] == ["drums", "bass", "drums"]


def test_stems_without_drums_stay_as_they_are() -> None:
    clean = with_clean_drums(taken_apart(("vocals",)), SONG, together)

    assert [part.id for part in clean.parts] == ["vocals"]
    np.testing.assert_array_equal(together(clean.blocks)[0], STEMS[0])


@pytest.mark.parametrize("ids", [("drums",), ("vocals",)])
def test_clean_drums_have_another_key(ids: tuple[str, ...]) -> None:
    made = with_clean_drums(taken_apart(ids), SONG, together).provenance

    assert made.same_as(cleaned(Provenance("builtin", 1)))
    assert not made.same_as(Provenance("builtin", 1))
