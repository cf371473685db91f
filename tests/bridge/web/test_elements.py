"""Faders, knobs, switches, choices and numbers in a real browser, against a server that speaks the wire."""

from typing import TYPE_CHECKING

from tests.bridge.web.fakewire import FakeWire, deck
from tests.bridge.web.stage import FADER, GAIN, Open, comes, drag

if TYPE_CHECKING:
    from playwright.sync_api import Locator


def _number(fader: "Locator") -> float:
    return float(fader.get_attribute("aria-valuenow") or "nan")


def test_drag_begins_where_it_is_and_ends_where_the_pointer_says(fake: FakeWire, show: Open) -> None:
    page = show(FADER, {GAIN: -3.0})
    rail = page.locator(".rx-rail").bounding_box()
    assert rail is not None

    # Grabbed far from its thumb, then moved by a quarter of the rail: a quarter of 24 dB.
    drag(page, page.locator("rx-fader"), rail["height"] / 4, off=40.0)
    fake.wait(lambda: fake.sets(GAIN)[-1:] == [3.0])
    page.mouse.move(500, -400)
    page.mouse.up()
    fake.wait(lambda: fake.sets(GAIN)[-1] == 12.0)

    assert fake.sets(GAIN)[0] < 0.0
    assert all(-12.0 <= value <= 12.0 for value in fake.sets(GAIN))
    assert all(message["at"] == "now" for message in fake.heard if "set" in message)


def test_shift_is_ten_times_finer_and_zero_catches_only_without(fake: FakeWire, show: Open) -> None:
    page = show(FADER, {GAIN: -3.0})
    rail = page.locator(".rx-rail").bounding_box()
    assert rail is not None
    fader = page.locator("rx-fader")

    page.keyboard.down("Shift")
    drag(page, fader, rail["height"] / 4)
    page.mouse.up()
    page.keyboard.up("Shift")
    fake.wait(lambda: fake.sets(GAIN)[-1:] == [-2.4])

    # 2.2 dB up are -0.2 dB, near enough to fall onto 0.
    drag(page, fader, rail["height"] * 2.2 / 24)
    page.mouse.up()
    fake.wait(lambda: fake.sets(GAIN)[-1] == 0.0)


def test_a_lying_fader_goes_to_the_right(fake: FakeWire, show: Open) -> None:
    page = show(
        '<rx-fader path="master.crossfader" label="Crossfader" orientation="horizontal" style="width:400px"></rx-fader>'
    )
    rail = page.locator(".rx-rail").bounding_box()
    assert rail is not None
    drag(page, page.locator("rx-fader"), 0.0, rail["width"] / 4)
    page.mouse.up()
    comes(fake, "master.crossfader", 0.5)
    page.wait_for_selector('[aria-valuetext="right 50 %"][aria-orientation=horizontal]')


def test_double_click_wheel_and_keys(fake: FakeWire, show: Open) -> None:
    page = show(FADER, {GAIN: -3.0})
    fader = page.locator("rx-fader")
    fader.hover()
    page.mouse.wheel(0, -120)
    fake.wait(lambda: fake.sets(GAIN) == [-2.5])
    fader.focus()
    for key, expected in (
        ("ArrowUp", -2.0), ("Shift+ArrowDown", -2.1), ("PageUp", 0.9), ("Home", -12.0), ("End", 12.0), ("Delete", 0.0),
    ):  # fmt: skip
        page.keyboard.press(key)
        comes(fake, GAIN, expected)
    page.keyboard.press("End")
    fader.dblclick()
    fake.wait(lambda: fake.sets(GAIN)[-2:] == [12.0, 0.0])


def test_what_is_shown_is_what_took_effect(fake: FakeWire, show: Open) -> None:
    page = show(FADER)
    fader = page.locator("rx-fader")
    assert fader.get_attribute("role") == "slider"
    assert [fader.get_attribute(f"aria-{name}") for name in ("label", "valuemin", "valuemax")] == ["Drums level", "-12", "12"]

    fake.show({GAIN: 3.5})
    page.wait_for_selector('rx-fader[aria-valuetext="+3.5 dB"]')
    # While a finger is on it, it shows its own value ...
    fake.echo = False
    drag(page, fader, 40)
    fake.show({GAIN: -9.0})
    fake.wait(lambda: fake.sets(GAIN))
    page.wait_for_function(f"wire.wanted('{GAIN}') === -9")
    assert _number(fader) > 3.5
    # ... and what never took effect is not shown for long.
    page.mouse.up()
    page.wait_for_selector('rx-fader[aria-valuetext="\u22129.0 dB"]', timeout=2000)


def test_a_knob_says_its_unit_and_kills(fake: FakeWire, show: Open) -> None:
    knobs = ("filter", "eq_low", "tempo", "pitch")
    body = "".join(f'<rx-knob path="deck.a.{name}" label="{name}" bpm-of="a"></rx-knob>' for name in knobs)
    page = show(body, {"deck.a.filter": -0.4, "deck.a.tempo": 1.05, "deck.a.pitch": -2.0}, a=deck("drums", bpm=120.0))
    texts = page.locator("rx-knob .rx-text")
    assert texts.all_inner_texts() == ["LP 40 %", "0.0 dB", "126.00 bpm", "\u22122 st"]

    low = page.locator("rx-knob").nth(1)
    # 0 dB is in the middle though the range is not: half the way up is half of what is left.
    drag(page, low, 45)
    page.mouse.up()
    fake.wait(lambda: fake.sets("deck.a.eq_low")[-1:] == [6.0])
    low.press("k")
    fake.wait(lambda: fake.sets("deck.a.eq_low")[-1] == -40.0)
    page.wait_for_selector('rx-knob[aria-valuetext="kill"]')
    low.click(button="right")
    fake.wait(lambda: fake.sets("deck.a.eq_low")[-1] == 0.0)


def test_switches_choices_and_numbers(fake: FakeWire, show: Open) -> None:
    page = show(
        '<rx-switch path="deck.a.sync" label="Sync" at="bar"></rx-switch>'
        '<rx-choice path="deck.a.side" label="Side" labels="left,thru,right"></rx-choice>'
        '<rx-choice path="deck.a.loop" label="Loop" values="1,4" off="0"></rx-choice>'
        '<rx-number path="deck.a.tempo" label="Tempo" bpm-of="a"></rx-number>',
        a=deck("drums", bpm=100.0),
    )
    page.click("text=Sync")
    fake.wait(lambda: fake.sets("deck.a.sync") == [1])
    assert page.get_attribute("rx-switch", "data-pending") is not None
    assert page.get_attribute("rx-switch button", "aria-pressed") == "false"
    fake.bar()
    page.wait_for_selector('rx-switch:not([data-pending]) [aria-pressed="true"]')

    assert page.locator("[aria-checked=true]").all_inner_texts() == ["thru"]
    page.get_by_role("radio", name="left").click()
    page.get_by_role("radio", name="4").click()
    page.wait_for_function("wire.value('deck.a.loop') === 4")
    page.get_by_role("radio", name="4").click()
    fake.wait(lambda: fake.sets("deck.a.side") == [-1] and fake.sets("deck.a.loop") == [4, 0])

    page.fill("input", "1000")
    page.press("input", "Enter")
    assert page.get_attribute("input", "aria-invalid") == "true"
    page.fill("input", "124")
    page.press("input", "Enter")
    fake.wait(lambda: fake.sets("deck.a.tempo") == [1.24])
    page.wait_for_function("document.querySelector('input').value === '124.00 bpm'")


def test_what_is_picked_is_told_and_stays(show: Open) -> None:
    page = show('<rx-pick label="Files" choices=\'[["a", "First"], ["b", "Second"]]\' value="b"></rx-pick>')
    page.evaluate("document.querySelector('rx-pick').addEventListener('pick', (event) => (window.told = event.detail))")
    picks = page.get_by_label("Files")
    assert picks.input_value() == "b"

    picks.select_option("First")

    assert page.evaluate("window.told") == "a"
    assert page.evaluate("document.querySelector('rx-pick').picked") == "a"


def test_a_level_has_a_scale_and_a_small_one_its_marks(show: Open) -> None:
    page = show(FADER + FADER.replace("label", 'compact orientation="horizontal" label'))
    page.wait_for_selector("rx-fader[aria-valuetext]")
    scales = [[tick.inner_text() for tick in fader.locator(".rx-tick").all()] for fader in page.locator("rx-fader").all()]

    assert sorted(scales[0]) == sorted(["\N{MINUS SIGN}12", "\N{MINUS SIGN}6", "0", "+6", "+12"])
    assert scales[1] == [""] * 5
