"""REAPER's project text: nested blocks of lines, each a keyword and its values.

Strings follow the rules of WDL's project context, which REAPER reads and writes with: there are no escapes, a string with
spaces stands in whichever of three quotes it does not hold, and one that holds all three loses its backticks. Numbers are
plain decimals: an exponent would be read as far as the `e`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

Value = str | int | float
Line = tuple[Value, ...]

DECIMALS = 12
"""A million seconds, and still a thousandth of a frame; the steps in which REAPER writes positions itself."""
QUOTES = "\"'`"
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Block:
    """A named block. `lines` are lines (a keyword, then values), blocks, or strings: free text that stands behind a bar."""

    name: str
    values: Line = ()
    lines: "list[Line | Block | str]" = field(default_factory=list)


def written(block: Block) -> str:
    """Return a block as the text of a file."""
    return "\n".join(_lines(block, "")) + "\n"


def _lines(block: Block, indent: str) -> Iterator[str]:
    yield f"{indent}<{_line((block.name, *block.values))}"
    inner = f"{indent}  "
    for line in block.lines:
        if isinstance(line, Block):
            yield from _lines(line, inner)
        else:
            yield inner + (f"|{_BREAKS.sub(' ', line)}" if isinstance(line, str) else _line(line))
    yield f"{indent}>"


def _line(values: Line) -> str:
    return " ".join(quoted(value) if isinstance(value, str) else number(value) for value in values)


def number(value: float) -> str:
    """Return a number as a plain decimal, without an exponent, a needless zero or a minus before nothing."""
    if isinstance(value, int):
        return str(value)
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def quoted(text: str) -> str:
    """Return a string as a value, on one line."""
    text = _BREAKS.sub(" ", text)
    if text and not any(character.isspace() for character in text) and text[0] not in f"{QUOTES}#;|<>":
        return text
    free = [quote for quote in QUOTES if quote not in text]
    if not free:
        text, free = text.replace("`", "'"), ["`"]
    return f"{free[0]}{text}{free[0]}"
