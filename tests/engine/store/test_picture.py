from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.model.errors import RemixtureError
from engine.model.remixset import SCHEMA, Decomposition, GridFacts, RemixSet, Section, Song, Source
from engine.store.picture import draw_map

BARS = 8
BLUE = (0x4E, 0x79, 0xA7)
LEVELS = (1.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0)


def drawn(
    target: Path,
    confidence_db: float | None = None,
    name: str = "Kick",
    title: str = "a",
    sections: tuple[Section, ...] = (),
) -> NDArray[np.float64]:
    """Return the picture [shape=(rows, columns, 3)] of a song with one loop."""
    from matplotlib.image import imread

    loop = Source("loop-1", name, "loop", "-", "-", 0, 1.0, "#4e79a7", None, 3, 1, confidence_db)
    residual = Source("residual", "Residual", "residual", "-", "-", 0, 1.0, "#000000")
    found = Decomposition("-", 1, {}, None, "", (loop, residual), tuple((level,) for level in LEVELS))
    beats = tuple(np.arange(4.0 * BARS + 1).tolist())
    grid = GridFacts(beats, (0,), 4, 60.0, steady=True, method="-", confidence=1.0, why="-")
    song = Song(title, "-", "-", 1, 1, 1)
    draw_map(RemixSet(SCHEMA, song, grid, decompositions={"loops": found}, sections=sections), target)
    return np.asarray(imread(target)[..., :3], dtype=np.float64)


def beside(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what is right of the last bar, above its number."""
    rows, columns, _ = picture.shape
    return picture[: rows // 2, -columns // 12 :]


def test_levels_stand_in_their_bars(tmp_path: Path) -> None:
    blue = np.abs(drawn(tmp_path / "map.png") - np.array(BLUE) / 255).max(axis=-1) < 0.01
    heights = blue.sum(axis=0)
    left, right = np.nonzero(heights)[0][[0, -1]]

    bars = [int(np.median(part)) for part in np.array_split(heights[left : right + 1], 3)]

    assert bars[0] == bars[1] > 0
    assert bars[2] == pytest.approx(bars[0] / 2, abs=1)


def test_confidence_stands_beside_the_loop(tmp_path: Path) -> None:
    plain, exact, rough = (beside(drawn(tmp_path / "map.png", db)) for db in (None, 50.0, 12.0))

    assert plain.max() < 0.3
    assert min(exact.max(), rough.max()) > 0.7
    assert (exact != rough).any()


def test_sections_stand_at_their_bars(tmp_path: Path) -> None:
    one, other = (drawn(tmp_path / "map.png", sections=(Section(0, "A"), Section(bar, "B"))) for bar in (2, 6))
    blue = np.abs(one - np.array(BLUE) / 255).max(axis=-1) < 0.01
    rows, columns = np.flatnonzero(blue.any(axis=1)), np.flatnonzero(blue.any(axis=0))
    a_bar = (columns[-1] - columns[0]) / 2.92

    moved = np.abs(one - other)[rows[0] : rows[-1]].max(axis=(0, 2)) > 0.2

    places = np.flatnonzero(moved) - columns[0]
    assert set(np.round(places / a_bar).astype(int).tolist()) == {2, 6}


def test_names_and_titles_are_taken_as_they_are(tmp_path: Path) -> None:
    drawn(tmp_path / "map.png", name="Voice and chords 2", title="a $ong for $5^")


def test_a_set_without_loops_has_no_map(tmp_path: Path) -> None:
    with pytest.raises(RemixtureError, match="no loops to draw"):
        draw_map(RemixSet(SCHEMA, Song("a", "-", "-", 1, 1, 1)), tmp_path / "map.png")

    assert not list(tmp_path.iterdir())
