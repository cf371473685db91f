"""Listening in the browser: every sample as it came where the clocks agree, no gap and no wandering delay where they do not."""

import asyncio
import base64
import struct
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.bridge.web.fakewire import FakeWire

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RATE = 48_000
SIMULATE = """async ({ seconds, ppm, hertz, stall, missing, jitter, kept }) => {
    const { Playout } = await import("/static/listen-buffer.js");
    const [rate, block, quantum] = [48000, 960, 128];
    const playout = new Playout(rate, 1);
    const out = [new Float32Array(quantum)];
    const quanta = Math.round((seconds * rate) / quantum);
    const heard = new Float32Array(quanta * quantum);
    const sine = (frame) => 0.5 * Math.sin((2 * Math.PI * hertz * frame) / rate);
    const [delays, targets] = [[], []];
    let [sent, random, held] = [0, 1, null];
    for (let q = 0; q < quanta; q += 1) {
        const now = (q * quantum) / rate;
        for (;;) {
            random = held === null ? (random * 16807) % 2147483647 : random;
            held ??= (sent + block) / (rate * (1 + ppm * 1e-6)) + jitter * (random / 2147483647);
            if (held > now || (stall && now >= stall[0] && now < stall[1])) break;
            const wave = Float32Array.from({ length: block }, (_, i) => sine(sent + i));
            if (!missing.includes(sent / block)) playout.put(1000 + sent, wave);
            [sent, held] = [sent + block, null];
        }
        playout.pull(out);
        heard.set(out[0], q * quantum);
        if (playout.frame !== null) delays.push(now * (1 + ppm * 1e-6) - (playout.frame - 1000) / rate);
    }
    const bytes = new Uint8Array(heard.buffer, heard.byteLength - 4 * Math.round(kept * rate));
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    const { gaps, target, correction, frame } = playout;
    return { heard: btoa(text), delays, gaps, target: target / rate, correction, next: frame - 1000 };
}"""
DEFAULTS: dict[str, object] = {"ppm": 0.0, "hertz": 1000.0, "stall": None, "missing": [], "jitter": 0.0}

Floats = NDArray[np.float64]


class Station(FakeWire):
    """A fake that streams a sine to who listens; frames count from `FIRST`."""

    FIRST = 5_000_000
    rate = RATE

    def _app(self) -> Starlette:
        app = super()._app()
        self.listeners: list[WebSocket] = []
        app.router.routes.insert(0, WebSocketRoute("/listen", self._stream))
        return app

    async def _stream(self, socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json({"rate": self.rate, "channels": 2, "sent_ms": 20.0})
        self.listeners.append(socket)
        start = self.started = time.monotonic()
        done = 0
        try:
            while True:
                await asyncio.sleep(0.02)
                made = round((time.monotonic() - start) * RATE)
                wave = (0.1 * np.sin(2 * np.pi * 440 * np.arange(done, made) / RATE)).astype("<f4").repeat(2)
                await socket.send_bytes(struct.pack("<q", self.FIRST + done) + wave.tobytes())
                done = made
        except (WebSocketDisconnect, RuntimeError):
            self.listeners.remove(socket)


@pytest.fixture(scope="module")
def station() -> Iterator[Station]:
    """One server for all."""
    fake = Station()
    fake.scripts = ("listen.js",)
    fake.reset("<rx-listen></rx-listen>")
    yield fake
    fake.close()


@pytest.fixture(scope="module")
def page(chromium: "Browser", station: Station) -> Iterator["Page"]:
    """One page for all."""
    page = chromium.new_page()
    page.goto(station.url)
    page.wait_for_function("window.wire?.connected")
    yield page
    page.close()


def simulate(page: "Page", **wanted: object) -> tuple[Floats, Floats, dict[str, Any]]:
    """Play a sine by two clocks in the page; return the last seconds of it, the delays in seconds, and what else there is."""
    result = page.evaluate(SIMULATE, {**DEFAULTS, **wanted})
    heard = np.frombuffer(base64.b64decode(result["heard"]), dtype=np.float32).astype(np.float64)
    return heard, np.array(result["delays"]), result


def noise_db(x: Floats, hertz: float) -> float:
    """Return everything that is not the sine, in dB below it; its frequency is looked for."""
    t = (np.arange(x.size) - x.size / 2) / RATE
    for _ in range(6):
        sine, cosine = np.sin(2 * np.pi * hertz * t), np.cos(2 * np.pi * hertz * t)
        (a, b), *_ = np.linalg.lstsq(np.stack([sine, cosine], axis=1), x, rcond=None)
        slope = 2 * np.pi * t * (a * cosine - b * sine)
        found, *_ = np.linalg.lstsq(np.stack([sine, cosine, slope], axis=1), x, rcond=None)
        hertz += found[2]
    rest = x - found[0] * sine - found[1] * cosine - found[2] * slope
    return float(10 * np.log10(np.mean(x**2) / np.mean(rest**2)))


def test_where_the_clocks_agree_every_sample_comes_as_it_came(page: "Page") -> None:
    heard, _, result = simulate(page, seconds=3.0, jitter=0.01, kept=2.0)
    sent = (0.5 * np.sin(2 * np.pi * 1000 * np.arange(3 * RATE) / RATE)).astype(np.float32)

    assert result["gaps"] == 0
    np.testing.assert_array_equal(heard, sent[: result["next"]][-heard.size :])


@pytest.mark.parametrize(("ppm", "hertz", "clean_db"), [(300.0, 1000.0, 90.0), (-300.0, 10_000.0, 80.0)])
def test_another_clock_makes_no_gap_and_the_delay_stays(page: "Page", ppm: float, hertz: float, clean_db: float) -> None:
    heard, delays, result = simulate(page, seconds=60.0, ppm=ppm, hertz=hertz, kept=0.5)
    settled = delays[-round(10 * RATE / 128) :]
    quality = [noise_db(part, hertz * (1 + ppm * 1e-6)) for part in np.split(heard, 5)]

    assert result["gaps"] == 0
    assert result["correction"] == pytest.approx(ppm * 1e-6, abs=3e-5)
    assert settled.mean() == pytest.approx(0.16, abs=0.02)
    assert np.ptp(settled) < 0.002
    assert min(quality) > clean_db


def test_a_gap_is_counted_and_more_waits_from_then_on(page: "Page") -> None:
    heard, delays, result = simulate(page, seconds=3.0, stall=[1.0, 1.4], kept=2.5, hertz=100.0)

    assert result["gaps"] == 1
    assert result["target"] == pytest.approx(0.2)
    assert delays[-1] > 0.19
    # Neither its begin nor its end clicks: nothing is steeper than the sine by much.
    assert np.abs(np.diff(heard)).max() < 4 * 0.5 * 2 * np.pi * 100 / RATE
    assert np.abs(heard[-RATE:]).max() == pytest.approx(0.5, abs=0.01)


def test_a_gap_in_the_stream_itself_is_counted(page: "Page") -> None:
    heard, _, result = simulate(page, seconds=2.0, missing=[41, 42], kept=1.8, hertz=130.0)

    assert result["gaps"] == 1
    assert np.abs(np.diff(heard)).max() < 2 * 0.5 * 2 * np.pi * 130 / RATE


def test_a_click_plays_the_stream_and_says_how_late_it_is(page: "Page", station: Station) -> None:
    def late() -> int:
        return int(element.inner_text().partition("You hear it ")[2].partition(" ms")[0])

    element = page.locator("rx-listen")
    element.get_by_role("button", name="Listen here").click()
    page.wait_for_function("document.querySelector('rx-listen').innerText.endsWith('late, no gaps.')")
    waiting = late()
    ahead = 0.5
    station.meters({"master.frame": station.FIRST + (time.monotonic() - station.started + ahead) * RATE})
    page.wait_for_function("before => !document.querySelector('rx-listen').innerText.includes(`${before} ms`)", arg=waiting)

    assert 140 <= waiting <= 400
    assert late() == pytest.approx(waiting + 1e3 * ahead, abs=150)
    assert element.get_by_role("slider", name="Volume in this browser, not of the mix").is_visible()
    element.get_by_role("button", name="Stop listening").click()
    station.wait(lambda: not station.listeners)
    assert element.inner_text() == "Listen here"


def test_a_stream_at_another_rate_is_said(page: "Page", station: Station) -> None:
    station.rate = 44_100
    page.get_by_role("button", name="Listen here").click()
    page.get_by_text("The stream is at 44100 Hz, this browser at 48000 Hz: reload the page.").wait_for()
    station.rate = RATE

    assert page.get_by_role("button", name="Listen here").get_attribute("aria-pressed") == "false"


def test_a_browser_that_wants_a_click_is_explained(page: "Page") -> None:
    page.evaluate("Object.defineProperty(AudioContext.prototype, 'state', { configurable: true, get: () => 'suspended' })")
    page.get_by_role("button", name="Listen here").click()
    page.get_by_text("The browser wants a click before it plays: press the button again.").wait_for()
    page.evaluate("delete AudioContext.prototype.state")

    assert page.get_by_role("button", name="Listen here").is_visible()
