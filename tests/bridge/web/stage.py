"""A page of elements for tests: what stands on it, and the hand that moves it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.bridge.web.fakewire import FakeWire

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

GAIN = "deck.a.drums.gain"
FADER = f'<rx-fader path="{GAIN}" label="Drums level"></rx-fader>'
TILE = '<rx-tile deck="a" source="{0}" name="{0}"></rx-tile>'
TILES = (
    f'<section data-deck="a" style="width:600px">{"".join(map(TILE.format, ("drums", "bass", "voice")))}</section>'
    '<section data-deck="b" style="width:600px"><p>Deck B</p></section>'
)
SCRIPTS = (
    "fader.js", "knob.js", "switch.js", "choice.js", "number.js", "pick.js", "meter.js", "master.js", "clock.js", "tile.js",
    "learn.js", "openers.js", "keys.js", "help.js", "say.js",
)  # fmt: skip
Open = Callable[..., "Page"]
"""Opens a page: the elements on it, values that hold, and what is on the decks."""


def centre(element: "Locator") -> tuple[float, float]:
    """Return the middle of an element, in pixels."""
    box = element.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: "Page", element: "Locator", up: float, right: float = 0.0, *, off: float = 0.0) -> None:
    """Grab an element `off` pixels below its middle and move it; it stays grabbed."""
    x, y = centre(element)
    page.mouse.move(x, y + off)
    page.mouse.down()
    for part in (0.25, 0.5, 1.0):
        page.mouse.move(x + part * right, y + off - part * up)


def comes(fake: FakeWire, path: str, value: float) -> None:
    """Wait until the page set a path to a value."""
    fake.wait(lambda: fake.sets(path)[-1:] == [value])
