"""Tiles, keys and learn mode in a real browser, against a server that speaks the wire."""

import json
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from engine.model.colors import FAMILIES, GREY
from tests.bridge.session.rig import until
from tests.bridge.web.fakewire import FakeWire, deck
from tests.bridge.web.stage import FADER, GAIN, TILE, TILES, Open, comes, drag

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_tile_waits_for_the_bar_and_says_so(fake: FakeWire, show: Open) -> None:
    page = show(TILES, a=deck("drums", "bass", "voice"))
    tile, body = page.locator("rx-tile[source=drums]"), page.locator("rx-tile[source=drums] .rx-body")
    body.click()
    fake.wait(lambda: fake.sets("deck.a.drums.mute") == [1])
    assert fake.heard[-1]["at"] == "bar"
    assert tile.get_attribute("data-pending") is not None
    assert body.get_attribute("aria-pressed") == "true"
    fake.bar()
    page.wait_for_selector("rx-tile[source=drums][data-silent]:not([data-pending])")
    assert body.get_attribute("aria-pressed") == "false"


def test_a_double_click_solos_now_and_takes_the_first_click_back(fake: FakeWire, show: Open) -> None:
    page = show(TILES, a=deck("drums", "bass", "voice"))
    page.dblclick("rx-tile[source=bass] .rx-body")
    fake.wait(lambda: fake.sets("deck.a.bass.solo") == [1])
    assert fake.sets("deck.a.bass.mute") == [1, 0]
    page.wait_for_selector("rx-tile[source=bass][data-soloed]:not([data-silent])")
    # The others are heard no more, and look so.
    assert page.locator("rx-tile[data-silent]").count() == 2


def test_a_tile_dropped_on_another_deck_goes_there(fake: FakeWire, show: Open) -> None:
    page = show(TILES, a=deck("drums", "bass", "voice", song=7))
    page.drag_and_drop("rx-tile[source=bass] .rx-name", "[data-deck=b]")
    fake.wait(lambda: {"load": {"deck": "b", "song": 7, "only": "bass"}} in fake.heard)


def test_learning_a_touch_names_the_parameter_and_moves_nothing(fake: FakeWire, show: Open) -> None:
    page = show(FADER + TILES + "<rx-learn></rx-learn>", a=deck("drums", "bass", "voice"))
    page.click("rx-learn button")
    drag(page, page.locator("rx-fader").first, 40)
    page.mouse.up()
    page.wait_for_selector("rx-fader[data-waits]")
    page.click("rx-tile[source=bass] .rx-body")
    fake.wait(lambda: [m["learn"] for m in fake.heard if "learn" in m] == [GAIN, "deck.a.bass.mute"])
    assert not [message for message in fake.heard if "set" in message]

    page.keyboard.press("Escape")
    fake.wait(lambda: fake.heard[-1] == {"learn": ""})
    page.click("rx-tile[source=bass] .rx-body")
    fake.wait(lambda: fake.sets("deck.a.bass.mute") == [1])


DOES = {
    "Space": ("deck.b.play", 0), "c": ("deck.b.cue", 1), "x": ("deck.b.sync", 1), "z": ("deck.b.parts", 1),
    "7": ("deck.b.loop", 4), "[": ("deck.b.loop", 1), "]": ("deck.b.loop", 4), "0": ("deck.b.loop", 0),
    "ArrowLeft": ("deck.b.jump", -4), "ArrowRight": ("deck.b.jump", 4), "Shift+ArrowRight": ("deck.b.jump", 16),
    "w": ("deck.b.bass.mute", 1), "Shift+KeyQ": ("deck.b.drums.solo", 1),
    "ArrowUp": ("deck.b.drums.gain", 0.5), "Shift+ArrowDown": ("deck.b.drums.gain", 0.4),
    "b": ("deck.b.bass.mute", 1), "n": ("deck.b.bass.mute", 0), "Shift+Backspace": ("deck.d.play", 0),
    ",": ("master.crossfader", -1), ".": ("master.crossfader", 0),
}  # fmt: skip


def test_keys_do_what_the_list_says(fake: FakeWire, show: Open) -> None:
    tiles = "".join(map(TILE.format, ("drums", "bass"))).replace('deck="a"', 'deck="b"')
    page = show(f'{tiles}<input aria-label="Name"><rx-help></rx-help>', b=deck("drums", "bass"))
    fake.meters({"deck.b.loop_bars": 2.0})
    page.wait_for_function("wire.meter('deck.b.loop_bars') === 2")
    page.keyboard.press("2")
    page.wait_for_selector("rx-tile[source=bass][data-key=W]")
    for key, (path, value) in DOES.items():
        fake.heard.clear()
        page.keyboard.press(key)
        comes(fake, path, value)
    heard = len(fake.heard)
    page.evaluate("document.addEventListener('rx-scene', ({detail}) => window.scene = detail.number)")
    page.keyboard.press("Alt+3")
    assert page.evaluate("window.scene") == 3
    page.locator("input").press("w")
    page.locator("input").evaluate("input => input.blur()")

    page.keyboard.press("?")
    shown = page.locator("dialog dd").all_inner_texts()
    assert shown == page.evaluate("import('/static/keys.js').then(({KEYS}) => KEYS.map(({text}) => text))")
    page.keyboard.press("w")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog:not([open])", state="attached")
    assert len(fake.heard) == heard


FRENCH = "navigator.keyboard.getLayoutMap = async () => new Map([['KeyQ', 'a'], ['KeyZ', 'w']])"


def test_keys_are_called_as_on_this_keyboard(fake: FakeWire, chromium: "Browser") -> None:
    fake.reset(TILES + "<rx-help></rx-help>", a=deck("drums", "bass", "voice"))
    page = chromium.new_page()
    page.add_init_script(FRENCH)
    page.goto(fake.url)
    page.wait_for_selector("rx-tile[source=drums][data-key=A]")
    page.keyboard.press("?")
    page.wait_for_selector("dt:has(kbd:text-is('W')) + dd:text-is('Stems, loops')")
    page.close()


def test_assistive_technology_finds_nothing_serious(show: Open) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = show(
        f'<main><h1>Remixture</h1>{FADER}{TILES}<rx-knob path="deck.a.eq_low" label="Low"></rx-knob><rx-master></rx-master>'
        '<rx-switch path="deck.a.sync" label="Sync"></rx-switch><rx-clock></rx-clock><rx-help></rx-help><rx-learn></rx-learn>'
        '<rx-choice path="deck.a.side" label="Side" labels="left,thru,right"></rx-choice><rx-help-button></rx-help-button>'
        '<rx-number path="master.tempo" label="Tempo"></rx-number></main>',
        {"deck.a.drums.mute": 1.0, "deck.a.bass.solo": 1.0},
        a=deck("drums", "bass", "voice"),
    )
    found = Axe().run(page).response["violations"]
    serious = {one["id"]: [node["html"] for node in one["nodes"]] for one in found if one["impact"] in {"serious", "critical"}}
    assert not serious, json.dumps(serious, indent=1)


@pytest.mark.parametrize("silent", [False, True])
def test_what_stands_on_a_tile_can_be_read_whatever_its_colour(show: Open, silent: bool) -> None:  # noqa: FBT001 - a table
    from axe_playwright_python.sync_playwright import Axe

    colors = [*chain(*FAMILIES.values()), GREY]
    names = [f"s{k}" for k in range(len(colors))]
    tile = '<rx-tile deck="a" source="{0}" name="{0}" color="{1}" confidence="23 dB" crosstalk="-12"></rx-tile>'
    tiles = "".join(map(tile.format, names, colors))
    mutes = {f"deck.a.{name}.mute": float(silent) for name in names}
    page = show(f'<div class="rx-tiles">{tiles}</div>', mutes, a=deck(*names))
    until(lambda: page.locator("rx-tile[data-silent]").count() == silent * len(names))
    until(lambda: page.locator(".rx-text").all_inner_texts() == ["0.0"] * len(names))

    found = Axe().run(page, options={"runOnly": ["color-contrast"]}).response

    assert [node["html"] for rule in found["violations"] for node in rule["nodes"]] == []
    read = [node["html"] for rule in found["passes"] for node in rule["nodes"]]
    for text in ("rx-name", "rx-facts", "rx-text"):
        assert sum(text in html for html in read) == len(colors)
