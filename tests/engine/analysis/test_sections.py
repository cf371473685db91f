from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.sections import find_sections

Floats = NDArray[np.float64]
BLOCKS = (("A", 8), ("B", 4), ("A", 8), ("C", 12), ("B", 4))
PARTS = {"A": (1, 1, 0, 0), "B": (1, 1, 1, 0), "C": (0, 1, 0, 1)}


def song(noise: float = 0.0) -> Floats:
    bars = np.array([PARTS[label] for label, count in BLOCKS for _ in range(count)], dtype=np.float64)
    return np.abs(bars + noise * np.random.default_rng(1).standard_normal(bars.shape))


def told(levels: Floats) -> list[tuple[int, str]]:
    return [(section.bar, section.label) for section in find_sections(levels)]


@pytest.mark.parametrize("noise", [0.0, 0.15])
def test_sections_begin_where_parts_enter_or_leave(noise: float) -> None:
    starts = np.cumsum([0, *(count for _, count in BLOCKS)])[:-1].tolist()

    assert told(song(noise)) == list(zip(starts, (label for label, _ in BLOCKS), strict=True))


def test_a_fill_of_one_bar_is_no_section() -> None:
    levels = np.ones((16, 4))
    levels[7] = (0.0, 0.0, 1.0, 1.0)

    assert told(levels) == [(0, "A")]


def test_a_part_that_plays_every_other_bar_is_no_section() -> None:
    levels = np.ones((32, 4))
    levels[::2, 0] = 0.0
    levels[3::4, 1] = 0.0

    assert told(levels) == [(0, "A")]


@pytest.mark.parametrize("seed", range(5))
def test_no_section_is_shorter_than_four_bars_and_no_neighbours_are_alike(seed: int) -> None:
    found = told((np.random.default_rng(seed).random((61, 6)) < 0.5).astype(np.float64))

    bars, labels = zip(*found, strict=True)
    assert np.diff([*bars, 61]).min() >= 4
    assert all(a != b for a, b in pairwise(labels))
    assert labels[0] == "A"


@pytest.mark.parametrize("bars", [1, 2, 3, 7])
def test_a_short_song_is_one_section(bars: int) -> None:
    assert told(np.eye(bars, 4)) == [(0, "A")]


def test_nothing_has_no_sections() -> None:
    assert find_sections(np.zeros((0, 3))) == ()
    assert told(np.zeros((8, 0))) == [(0, "A")]


def test_letters_go_on_after_z() -> None:
    labels = [section.label for section in find_sections(np.repeat(2.0 * np.eye(28), 4, axis=0))]

    assert labels[24:] == ["Y", "Z", "AA", "AB"]
