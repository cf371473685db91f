import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.model.colors import FAMILIES, GREY, HOMES, colors_of

EVERY = [*itertools.chain(*FAMILIES.values()), GREY]
PAPERS = ("#17191d", "#101216")
TO_LMS = ((0.4122214708, 0.5363325363, 0.0514459929), (0.2119034982, 0.6806995451, 0.1073969566),
          (0.0883024619, 0.2817188376, 0.6299787005))  # fmt: skip
TO_LAB = ((0.2104542553, 0.7936177850, -0.0040720468), (1.9779984951, -2.4285922050, 0.4505937099),
          (0.0259040371, 0.7827717662, -0.8086757660))  # fmt: skip


def linear(color: str) -> NDArray[np.float64]:
    levels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    dark, light = sorted(float(linear(color) @ (0.2126, 0.7152, 0.0722)) for color in (a, b))
    return (light + 0.05) / (dark + 0.05)


def oklab(color: str) -> NDArray[np.float64]:
    return np.asarray(TO_LAB @ np.cbrt(np.array(TO_LMS) @ linear(color)))


def hue(color: str) -> float:
    _, a, b = oklab(color)
    return math.degrees(math.atan2(b, a)) % 360


@pytest.mark.parametrize("paper", PAPERS)
def test_every_color_can_be_read_on_dark_paper(paper: str) -> None:
    assert min(contrast(color, paper) for color in EVERY) >= 4.5


def test_no_two_colors_look_the_same() -> None:
    places = np.array([oklab(color) for color in EVERY])
    apart = np.linalg.norm(places[:, None] - places, axis=-1) + np.eye(len(EVERY))

    assert apart.min() > 0.03


@pytest.mark.parametrize(
    ("family", "low", "high"), [("drums", 35, 110), ("other", 120, 200), ("bass", 215, 305), ("vocals", 310, 375)]
)
def test_a_family_is_told_by_its_hue(family: str, low: float, high: float) -> None:
    assert all(low <= hue(color) <= high or low <= hue(color) + 360 <= high for color in FAMILIES[family])


def test_sources_are_colored_by_what_they_are() -> None:
    names = ["Kick", "Snare", "Hats", "Drums 1", "Drums 2", "Bass", "Lead", "Chord", "vocals", "Zither", "Loop 1"]
    families = ["drums"] * 5 + ["bass"] + ["other"] * 2 + ["vocals", "other", "unknown"]

    colors = colors_of(names)

    assert [next(f for f, shades in FAMILIES.items() if color in shades) for color in colors] == families
    assert len(set(colors)) == len(names)


def test_the_first_of_each_has_its_color_in_every_song() -> None:
    assert colors_of(["Drums 1", "Drums 2", "Drums 3", "Kick"])[3] == colors_of(["Kick"])[0]


@pytest.mark.parametrize("name", HOMES)
def test_twelve_of_a_kind_differ(name: str) -> None:
    assert len(set(colors_of([name] * 12))) == 12
    assert len(colors_of([name] * 13)) == 13
