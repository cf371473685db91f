from itertools import product

import pytest

from engine.model.key import Key, hours_apart, parse_key, semitones_to_match

EVERY = [parse_key(Key(tonic, mode, 0.5).name) for mode in ("major", "minor") for tonic in range(12)]


def scale(key: Key) -> set[int]:
    degrees = (0, 2, 4, 5, 7, 9, 11) if key.mode == "major" else (0, 2, 3, 5, 7, 8, 10)
    return {(key.tonic + degree) % 12 for degree in degrees}


def test_a_name_read_back_is_the_same_key() -> None:
    assert [(key.tonic, key.mode) for key in EVERY] == [(t, m) for m in ("major", "minor") for t in range(12)]
    assert parse_key("A# minor") == parse_key("Bb minor")
    assert parse_key("Cb major").name == "B major"


@pytest.mark.parametrize("name", ["", "H minor", "A", "a minor", "8A", "A minor "])
def test_what_is_no_key_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="written like"):
        parse_key(name)


@pytest.mark.parametrize(("name", "camelot"), [("A minor", "8A"), ("C major", "8B"), ("F# minor", "11A"), ("Ab minor", "1A")])
def test_keys_have_the_numbers_djs_know(name: str, camelot: str) -> None:
    assert parse_key(name).camelot == camelot


def test_hours_count_the_notes_that_differ() -> None:
    # Beyond five hours the scales of seven notes in twelve have no more to differ in.
    for a, b in product(EVERY, EVERY):
        assert min(hours_apart(a, b), 5) == len(scale(a) - scale(b))


def test_a_matching_shift_is_the_smallest_that_leaves_one_note_different_at_most() -> None:
    for a, b in product(EVERY, EVERY):
        shift = semitones_to_match(a, b)
        matching = [n for n in range(-6, 7) if len(scale(a) - scale(b.shifted(n))) <= 1]
        assert shift in matching
        assert abs(shift) == min(map(abs, matching)) <= 2


@pytest.mark.parametrize(
    ("mine", "theirs", "shift"),
    [("A minor", "A minor", 0), ("A minor", "C major", 0), ("A minor", "E minor", 0), ("A minor", "B minor", -2),
     ("C major", "B major", 1), ("C major", "F# major", 1)],
)  # fmt: skip
def test_known_matches(mine: str, theirs: str, shift: int) -> None:
    assert semitones_to_match(parse_key(mine), parse_key(theirs)) == shift
