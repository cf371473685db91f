"""What stems are called."""

from engine.model.colors import colors_of
from engine.model.separation import Part

STEM_IDS = ("drums", "bass", "vocals", "other")


def stem_parts(ids: tuple[str, ...]) -> tuple[Part, ...]:
    """Return a part for each id; those that only some models know, such as a guitar, are of kind `other`."""
    kinds = [i if i in STEM_IDS else "other" for i in ids]
    return tuple(Part(i, i.capitalize(), kind, color) for i, kind, color in zip(ids, kinds, colors_of(kinds), strict=True))
