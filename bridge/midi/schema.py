"""The words of a controller's file, checked one by one; every complaint names the file, the binding and the word."""

import math
from collections.abc import Iterator
from itertools import chain
from typing import Any, TypeVar

from bridge.midi.binding import MODES, Binding, Feedback
from bridge.midi.control import ENCODINGS, FINE, KINDS, NUMBERED, Control
from bridge.midi.desk import check_path
from bridge.midi.takeover import TAKEOVERS
from engine.model.errors import RemixtureError
from engine.model.params import DECKS, Param

SCHEMA = "remixture/midi/1"

Word = TypeVar("Word", bound=str)


class Entry:
    """A table of a TOML file; every word is asked for once, and what nobody asked for is a mistake."""

    def __init__(self, table: dict[str, Any], place: str) -> None:
        self.place = place
        self._table = dict(table)

    def error(self, text: str) -> RemixtureError:
        """Return an error that names this place."""
        return RemixtureError(f"{self.place}: {text}")

    def text(self, key: str, default: str | None = None) -> str:
        """Take a text; without a default it must be there."""
        return str(self._take(key, default, str, "a text"))

    def texts(self, key: str) -> tuple[str, ...]:
        """Take a list of at least one text."""
        texts = self._take(key, None, list, "a list of texts")
        if not texts or not all(isinstance(text, str) for text in texts):
            raise self.error(f"{key} must be a list of texts, got {texts!r}")
        return tuple(texts)

    def word(self, key: str, words: tuple[Word, ...], default: Word | None = None) -> Word:
        """Take one of a few words."""
        got = self.text(key, default)
        for word in words:
            if word == got:
                return word
        raise self.error(f"{key} must be one of {', '.join(words)}, got {got!r}")

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> list[int]:
        """Take a whole number or a list of them."""
        got = self._take(key, default, (int, list), "a whole number or a list of them")
        numbers = got if isinstance(got, list) else [got]
        for number in numbers:
            if not isinstance(number, int) or isinstance(number, bool) or not low <= number <= high:
                raise self.error(f"{key} must be within {low} to {high}, got {number!r}")
        if not numbers:
            raise self.error(f"{key} is an empty list")
        return numbers

    def numbers(self, key: str) -> list[float] | None:
        """Take a number or a list of them; None if it is not there."""
        got = self._table.pop(key, None)
        numbers = got if isinstance(got, list) else [] if got is None else [got]
        if any(
            isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number) for number in numbers
        ):
            raise self.error(f"{key} must be a number or a list of them, got {got!r}")
        return [float(number) for number in numbers] or None

    def messages(self, key: str) -> Iterator[bytes]:
        """Take a list of MIDI messages in hexadecimal."""
        import mido

        for text in self._take(key, [], list, "a list of messages"):
            try:
                data = bytes.fromhex(text)
                mido.Message.from_bytes(data)
            except (TypeError, ValueError) as error:
                raise self.error(f"{key}: {text!r} is no MIDI message in hexadecimal ({error})") from error
            yield data

    def tables(self, key: str) -> Iterator["Entry"]:
        """Take a list of tables; each is named by its place in the list and its `what`."""
        for i, table in enumerate(self._take(key, [], list, "a list of tables"), start=1):
            if not isinstance(table, dict):
                raise self.error(f"{key} must be a list of tables [[{key}]]")
            what = table.get("what", "")
            yield Entry(table, f"{self.place}: {key} {i}" + (f" ({what})" if what else ""))

    def table(self, key: str) -> "Entry | None":
        """Take a table; None if it is not there."""
        if key not in self._table:
            return None
        return Entry(self._take(key, None, dict, "a table"), f"{self.place}: {key}")

    def has(self, key: str) -> bool:
        """Return whether there is such a word."""
        return key in self._table

    def done(self) -> None:
        """Complain about what nobody asked for."""
        if self._table:
            raise self.error(f"{', '.join(self._table)} means nothing here")

    def _take(self, key: str, default: Any, kind: type | tuple[type, ...], called: str) -> Any:  # noqa: ANN401 (TOML)
        if key not in self._table and default is None:
            raise self.error(f"{key} is missing; it is {called}")
        got = self._table.pop(key, default)
        if not isinstance(got, kind):
            raise self.error(f"{key} must be {called}, got {got!r}")
        return got


def bindings(file: Entry) -> list[Binding]:
    """Take all `[[bind]]` of a file.

    Raises
    ------
    RemixtureError
        If one has no meaning, or if half of a 14-bit pair is a control of its own as well.
    """
    made = list(chain.from_iterable(map(_bank, file.tables("bind"))))
    singles = {b.control for b in made if b.control.kind == "cc"}
    for control in {b.control for b in made if b.control.kind == "cc14"}:
        for number in (control.number, control.number + FINE):
            if Control("cc", control.channel, number) in singles:
                raise file.error(
                    f"cc {number} on channel {control.channel} is bound, and is half of the pair {control} as well"
                )
    return made


def _bank(entry: Entry) -> list[Binding]:
    """Take one `[[bind]]`: a binding for each entry of its lists."""
    what, path = entry.text("what", ""), entry.text("path")
    controls = _controls(entry)
    mode = entry.word("mode", MODES, "absolute")
    takeover = entry.word("takeover", TAKEOVERS, "pickup")
    encoding = entry.word("encoding", ENCODINGS) if mode == "relative" else None
    step, ends = entry.numbers("step"), entry.numbers("ends")
    values = entry.numbers("value") or []
    shown = _feedback(entry, controls)
    touch = _touch(entry)
    entry.done()
    if step is not None and len(step) != 1:
        raise entry.error(f"step is one number, got {len(step)}")
    count = max(len(controls), len(values))
    made = []
    for n in range(count):
        binding = Binding(
            _nth(entry, "number or channel", controls, n, count), _path(entry, path, n), mode, takeover, encoding,
            step[0] if step else None, _nth(entry, "value", values, n, count) if values else None,
            tuple(ends) if ends else None, _nth(entry, "feedback", shown, n, count) if shown else None,
            _nth(entry, "touch", touch, n, count) if touch else None, what,
        )  # fmt: skip
        _check(entry, binding)
        made.append(binding)
    return made


def _controls(entry: Entry, like: list[Control] | None = None) -> list[Control]:
    """Take kind, numbers and channels; of `like` what is not said."""
    kind = entry.word("control", KINDS, like[0].kind if like else None)
    numbers, channels = [0], [control.channel for control in like or []]
    if kind in NUMBERED:
        inherited = like is not None and not entry.has("number")
        top = FINE - 1 if kind == "cc14" else 127
        numbers = [control.number for control in like or []] if inherited else entry.whole("number", 0, top)
    elif entry.has("number"):
        raise entry.error(f"number means nothing for {kind}")
    if like is None or entry.has("channel"):
        channels = entry.whole("channel", 1, 16)
    if len(set(channels)) == 1:
        channels = channels[:1]
    count = max(len(numbers), len(channels))
    pairs = ((_nth(entry, "channel", channels, n, count), _nth(entry, "number", numbers, n, count)) for n in range(count))
    return [Control(kind, channel, number) for channel, number in pairs]


def _feedback(entry: Entry, controls: list[Control]) -> list[Feedback]:
    inner = entry.table("feedback")
    if inner is None:
        return []
    shown = _controls(inner, controls)
    top = shown[0].top if shown[0].kind == "pitchbend" else 127
    low, high = inner.whole("low", 0, top, 0)[0], inner.whole("high", 0, top, top)[0]
    inner.done()
    return [Feedback(control, low, high) for control in shown]


def _touch(entry: Entry) -> list[Control]:
    inner = entry.table("touch")
    if inner is None:
        return []
    channel = inner.whole("channel", 1, 16)[0]
    notes = [Control("note", channel, number) for number in inner.whole("number", 0, 127)]
    inner.done()
    return notes


Item = TypeVar("Item")


def _nth(entry: Entry, key: str, items: list[Item], n: int, count: int) -> Item:
    """Return the n-th of a list that is as long as the others, or its only item."""
    if len(items) not in {1, count}:
        raise entry.error(f"{key} has {len(items)} entries where another list has {count}; one, or as many")
    return items[n] if len(items) > 1 else items[0]


def _path(entry: Entry, pattern: str, n: int) -> str:
    if "{deck}" in pattern and n >= len(DECKS):
        raise entry.error(f"{{deck}} counts the decks {', '.join(DECKS)}; there is no deck number {n + 1}")
    return pattern.replace("{n}", str(n + 1)).replace("{deck}", DECKS[min(n, len(DECKS) - 1)])


def _check(entry: Entry, binding: Binding) -> None:
    """Complain about a binding that cannot work."""
    try:
        _check_values(binding, check_path(binding.path))
    except RemixtureError as error:
        raise entry.error(str(error)) from error


def _check_values(binding: Binding, param: Param | None) -> None:
    mode, control = binding.mode, binding.control
    if mode == "relative" and control.kind != "cc":
        raise RemixtureError(f"an encoder sends cc, not {control.kind}")
    if mode != "relative" and binding.step is not None:
        raise RemixtureError(f"step means nothing for {mode}")
    if (mode == "trigger") != (binding.value is not None):
        raise RemixtureError("value is what a trigger sets: it needs one, nothing else has one")
    if binding.ends is not None and (len(binding.ends) not in {2, 3} or len(set(binding.ends)) == 1):
        raise RemixtureError(f"ends are the values at the start, maybe the middle, and the end of the way, got {binding.ends}")
    if param is None:
        return
    for value in (*(binding.ends or ()), *(() if binding.value is None else (binding.value,))):
        param.check(value, binding.path)
    if mode in {"toggle", "momentary"} and param.curve != "switch" and binding.ends is None:
        raise RemixtureError(f"{binding.path} is no switch: a {mode} needs the two values as ends")
