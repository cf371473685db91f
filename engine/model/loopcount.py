"""How many loops a person asks for. Loads nothing, so that `--help` can tell."""

from engine.model.errors import RemixtureError

MOST_LOOPS = 12
"""Loops that one may ask for."""
AUTO = "auto"


def loop_count(text: str) -> int | None:
    """Return the number of loops that a person asks for, None for auto.

    Raises
    ------
    RemixtureError
        If it is neither auto nor a number from 1 to `MOST_LOOPS`.
    """
    if text == AUTO:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= MOST_LOOPS):
        raise RemixtureError(f"loops are auto, or a number from 1 to {MOST_LOOPS}, got {text[:20]!r}")
    return int(text)
