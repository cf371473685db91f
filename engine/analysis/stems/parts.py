"""What stems are called."""

from engine.model.separation import LOOP_COLORS, STEM_COLORS, Part

STEM_IDS = ("drums", "bass", "vocals", "other")


def stem_parts(ids: tuple[str, ...]) -> tuple[Part, ...]:
    """Return a part for each id; those that only some models know, such as a guitar, are of kind `other`."""
    spare = dict(zip((i for i in ids if i not in STEM_IDS), LOOP_COLORS, strict=False))
    return tuple(Part(i, i.capitalize(), i if i in STEM_IDS else "other", spare.get(i) or STEM_COLORS[i]) for i in ids)
