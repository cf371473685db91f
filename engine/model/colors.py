"""Colour by content, the same on the map, the page and in a DAW: the family of hue says what plays, the shade which of them.

Every colour stands out from the dark papers of page and map by 4.5 : 1 or more (WCAG 2.2, success criterion 1.4.3), and any two
lie 0.03 or more apart in OKLab (Ottosson 2020), where 0.02 is the least one sees.
"""

from collections.abc import Sequence

FAMILIES = {
    "drums": (
        "#ea5202", "#c07a0f", "#a28c01", "#bea405", "#e28f05", "#ff7643",
        "#fea484", "#fea938", "#dabd0a", "#f3d419", "#fec98e", "#ffc5b1",
    ),
    "bass": (
        "#0e98cc", "#4785ff", "#926df9", "#a890fd", "#72a3fe", "#13b3ef",
        "#63cbfe", "#9bbeff", "#bfb1fe", "#d4cdfe", "#bfd5fd", "#a1defe",
    ),
    "vocals": (
        "#bd5bd9", "#d84ead", "#e94779", "#fe6c93", "#f468c7", "#d775f4",
        "#e79cfe", "#fe95d8", "#fd9eb2", "#ffc1cd", "#febee5", "#efc1fe",
    ),
    "other": (
        "#689f01", "#04a66d", "#11a19b", "#03bdb6", "#12c281", "#7bbb08",
        "#92d62e", "#09e095", "#15d9d1", "#18f3ea", "#08faa7", "#a8ed4d",
    ),
    "unknown": (
        "#ae8a6d", "#789d7f", "#7198b4", "#a885a4", "#c3aa88", "#8eb9a5",
        "#97b0d1", "#c8a0b6", "#e4c4aa", "#b4d4ba", "#aed0e8", "#debfda",
    ),
}  # fmt: skip
"""Orange and yellow, blue, pink, green; and pale for what nobody has named. Dark first, neighbours alike."""

HOMES = {
    "drums": ("drums", 5), "kick": ("drums", 0), "snare": ("drums", 4), "hats": ("drums", 9),
    "bass": ("bass", 1),
    "vocals": ("vocals", 4),
    "other": ("other", 4), "chord": ("other", 1), "lead": ("other", 3), "effect": ("other", 6),
    "loop": ("unknown", 0),
}  # fmt: skip
"""The family and the shade of the first of each; what is not named here is other."""

GREY = "#8a8f98"
"""The residual's."""
STEP = 5
"""Shades from one sibling to the next: far apart, and prime to their number, so that all are used."""


def colors_of(contents: Sequence[str]) -> tuple[str, ...]:
    """Return a colour for each source of a song, no two the same up to twelve in a family.

    Parameters
    ----------
    contents : sequence of str
        What each is, a key of `HOMES` such as `Kick`; case and a number behind it do not matter. The first of each gets its
        home, the others of the family what is left.
    """
    homes = [HOMES.get(content.lower().rstrip(" 0123456789"), HOMES["other"]) for content in contents]
    first = {home: index for index, home in reversed(list(enumerate(homes)))}
    taken = set(first)
    shades = [home if first[home] == index else _free(home, taken) for index, home in enumerate(homes)]
    return tuple(FAMILIES[family][shade] for family, shade in shades)


def _free(home: tuple[str, int], taken: set[tuple[str, int]]) -> tuple[str, int]:
    """Take the next shade that nobody has; the home itself where all are taken."""
    family, start = home
    count = len(FAMILIES[family])
    ways = ((family, (start + STEP * step) % count) for step in range(count))
    found = next((shade for shade in ways if shade not in taken), home)
    taken.add(found)
    return found
