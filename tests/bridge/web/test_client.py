"""The page's end of the wire, and what follows its meters, in a real browser."""

import time

import pytest

from tests.bridge.web.fakewire import FakeWire, deck
from tests.bridge.web.stage import FADER, GAIN, TILES, Open

FELL = """async () => {
    const { meterShare } = await import("/static/scale.js");
    const cover = document.querySelector(".rx-cover").getBoundingClientRect().width;
    const seconds = (times.at(-1) - times[0]) / 1000;
    return [1 - cover / document.querySelector("rx-meter").clientWidth, meterShare(-20 * seconds), seconds];
}"""


def test_meters_fall_twenty_decibels_a_second(fake: FakeWire, show: Open) -> None:
    page = show('<rx-meter of="deck.a.bass"></rx-meter><rx-master></rx-master>', a=deck("drums", "bass"))
    page.evaluate("() => { window.times = []; wire.onMeters(() => times.push(performance.now())); }")
    fake.meters({"deck.a.source.1": 0.0, "master.true_peak_dbtp": -0.4, "session.late": 2.0})
    for _ in range(10):
        time.sleep(0.04)
        fake.meters({"session.late": 3.0})
    page.wait_for_function("times.length === 11")
    shown, expected, seconds = page.evaluate(FELL)
    assert seconds > 0.3
    assert shown == pytest.approx(expected, abs=0.02)
    # A true peak stays until it is clicked away, and a block that came too late is amber.
    assert page.inner_text("[data-cell=peak] b") == "\u22120.4"
    assert page.get_attribute("[data-cell=late]", "data-warns") is not None
    page.click("[data-cell=peak]")
    assert page.inner_text("[data-cell=peak] b") == "\u2013"


GOES_ON = """window.gone = new Promise((done) => wire.onMeters(() => {
    const [beat, at] = [wire.beat("a"), performance.now()];
    setTimeout(() => done([wire.beat("a") - beat, performance.now() - at]), 100);
}))"""


def test_the_beat_goes_on_between_messages(fake: FakeWire, show: Open) -> None:
    page = show('<rx-clock deck="a"></rx-clock>', a=deck("drums"))
    running = {"deck.a.loaded": 1.0, "deck.a.running": 1.0, "deck.a.beat": 9.5, "deck.a.bpm": 150.0}
    page.evaluate(f"() => {{ {GOES_ON}; }}")
    fake.meters(running)
    beats, milliseconds = page.evaluate("gone")
    assert beats == pytest.approx(0.0025 * min(milliseconds, 500.0), rel=0.05)
    page.wait_for_selector("rx-clock b:text('3.2')")
    # Without news it stands after half a second; a deck that stands, at once.
    page.wait_for_function("wire.beat('a') === 9.5 + 0.5 * 2.5")
    fake.meters(running | {"deck.a.running": 0.0})
    page.wait_for_function("wire.beat('a') === 9.5")


def test_many_values_become_few_messages_and_no_action_is_lost(fake: FakeWire, show: Open) -> None:
    page = show("")
    page.evaluate(f"for (let i = 0; i <= 100; i++) wire.set('{GAIN}', i / 10)")
    page.evaluate("for (let i = 1; i <= 5; i++) wire.set('deck.a.jump', i)")
    fake.wait(lambda: fake.sets("deck.a.jump") == [1, 2, 3, 4, 5])
    assert fake.sets(GAIN) == [0.0, 10.0]


def test_it_connects_again_and_knows_what_changed(fake: FakeWire, show: Open) -> None:
    page = show(FADER + "<rx-master></rx-master>", {GAIN: 2.0})
    page.wait_for_selector('rx-fader[aria-valuetext="+2.0 dB"]')
    fake.values = {GAIN: 5.0}
    fake.cut()
    page.wait_for_selector("[data-offline] rx-master :text('not connected')")
    page.wait_for_selector(':root:not([data-offline]) rx-fader[aria-valuetext="+5.0 dB"]')
    fake.show({}, everything=True)
    page.wait_for_selector('rx-fader[aria-valuetext="0.0 dB"]')


def test_what_is_taken_away_and_put_back_still_works(fake: FakeWire, show: Open) -> None:
    page = show(FADER + TILES, a=deck("drums", "bass", "voice"))
    page.evaluate("""() => {
        window.kept = [...document.querySelectorAll('rx-fader, rx-tile')];
        for (const one of kept) one.remove();
    }""")
    fake.show({GAIN: 4.0})
    page.wait_for_function(f"wire.value('{GAIN}') === 4")
    # What is gone does not listen any more.
    assert page.evaluate("kept[0].getAttribute('aria-valuenow')") == "0"
    page.evaluate("document.body.append(...kept); kept[0].setAttribute('label', 'Other')")
    page.wait_for_selector('rx-fader[aria-label="Other"][aria-valuetext="+4.0 dB"]')
    page.locator("rx-fader[aria-label=Other]").press("ArrowUp")
    fake.wait(lambda: fake.sets(GAIN) == [4.5])
