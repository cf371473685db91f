"""What a chain does to sound: the same as the effect alone, late by as much as it says, never with a click."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.plugins.builtin import BUILTINS
from bridge.plugins.chain import WARM_UP, Chain, load_chain
from bridge.plugins.effect import BuiltinEffect
from bridge.plugins.facts import recall
from bridge.plugins.opener import open_there
from bridge.plugins.preset import Planned, find_preset, preset_files
from bridge.plugins.slot import Slot
from engine.mix.insert import QUANTUM
from engine.model.audio import Samples
from tests.bridge.plugins.rig import RATE, clicks_dbfs, need_plugin, noise, open_one, play, sine

STEREO = ("ZaMaximX2", "ZaMultiCompX2", "ZamCompX2", "ZamGateX2", "ZamHeadX2")
MIX, ON = 0, 1


@pytest.mark.parametrize("use", [name for name, spec in BUILTINS.items() if not spec.needs_file])
def test_quanta_give_what_the_whole_gives(use: str) -> None:
    import pedalboard

    effect: Any = BuiltinEffect(Planned(use))._effect  # noqa: SLF001 (pedalboard's own, as the chain sets it up)
    assert isinstance(effect, getattr(pedalboard, use))
    sound = noise(200 * QUANTUM)
    silence = np.zeros((2, WARM_UP * QUANTUM), dtype=np.float32)

    whole = effect.process(np.concatenate([silence, sound], axis=1), RATE, reset=False)[:, silence.shape[1] :]

    np.testing.assert_array_equal(play(open_one(Planned(use)), sound), whole)


@pytest.mark.parametrize("name", STEREO)
def test_a_plugin_in_quanta_gives_what_the_whole_gives(name: str) -> None:
    import pedalboard

    path = need_plugin(name)
    sound = noise(100 * QUANTUM)
    silence = np.zeros((2, (WARM_UP + 1) * QUANTUM), dtype=np.float32)
    plugin: Any = open_there(lambda: pedalboard.load_plugin(str(path)))  # type: ignore[attr-defined]

    whole = plugin.process(np.concatenate([silence, sound], axis=1), RATE, reset=False)[:, silence.shape[1] :]

    np.testing.assert_array_equal(play(open_one(Planned(plugin=name)), sound), whole)


def test_an_impulse_comes_as_late_as_the_chain_says(zam: Path) -> None:
    chain = open_one(Planned(plugin=str(zam)))
    sound = np.zeros((2, 20 * QUANTUM), dtype=np.float32)
    sound[:, 0] = 0.5

    out = play(chain, sound)

    assert chain.latency == 480
    assert np.abs(out[0]).argmax() == chain.latency


def test_a_bypassed_plugin_is_the_sound_itself_as_late_as_before(zam: Path) -> None:
    chain = open_one(Planned(plugin=str(zam), values={"threshold_db": -20.0}))
    sound = noise(300 * QUANTUM)
    chain.set(0, ON, 0.0)

    out = play(chain, sound)

    settled = 1024
    np.testing.assert_array_equal(out[:, settled:], sound[:, settled - 480 : -480])


@pytest.mark.parametrize("knob", [MIX, ON])
def test_mix_and_bypass_move_without_a_click(knob: int) -> None:
    chain = open_one(Planned("Gain", values={"gain_db": 12.0}))
    sound = sine(400 * QUANTUM)
    before = play(chain, sound[:, : 100 * QUANTUM])
    chain.set(0, knob, 0.0)

    after = play(chain, sound[:, 100 * QUANTUM :])

    out = np.concatenate([before, after], axis=1)
    np.testing.assert_array_equal(after[:, -QUANTUM:], sound[:, -QUANTUM:])
    assert clicks_dbfs(out) < -60.0


@pytest.mark.parametrize(
    ("effect", "knob", "value", "dbfs"),
    [
        (Planned("Gain"), "gain_db", -12.0, -55.0),
        (Planned("PeakFilter", values={"cutoff_frequency_hz": 300.0}), "gain_db", 12.0, -70.0),
        (Planned("LadderFilter", values={"mode": 3, "cutoff_hz": 20_000.0}), "cutoff_hz", 400.0, -70.0),
        (Planned("LadderFilter", values={"mode": 0, "cutoff_hz": 400.0}), "mode", 1.0, -70.0),
        (Planned("Chorus"), "centre_delay_ms", 20.0, -65.0),
        (Planned("Delay", values={"delay_seconds": 0.01}), "delay_seconds", 0.0137, -70.0),
        (Planned(plugin="ZaMaximX2"), "threshold_db", -20.0, -40.0),
    ],
    ids=lambda v: getattr(v, "title", str(v)),
)
def test_a_parameter_changes_the_sound_without_a_click(effect: Planned, knob: str, value: float, dbfs: float) -> None:
    if effect.plugin:
        need_plugin(effect.plugin)
    sound = sine(900 * QUANTUM)
    half = sound.shape[1] // 2
    moved, still = open_one(effect), open_one(effect)
    before = play(moved, sound[:, :half])
    moved.set(0, knob_of(moved, knob), value)

    after = play(moved, sound[:, half:])

    unmoved = play(still, sound)
    np.testing.assert_array_equal(before, unmoved[:, :half])
    assert np.abs(after[:, -4800:] - unmoved[:, -4800:]).max() > 0.02
    assert clicks_dbfs(np.concatenate([before[:, -4800:], after], axis=1)) < dbfs


def test_a_delay_changes_its_time_and_the_old_echoes_ring_on() -> None:
    chain = open_one(Planned("Delay", values={"delay_seconds": 0.1, "feedback": 0.0}))
    impulse = np.zeros((2, 75 * QUANTUM), dtype=np.float32)
    impulse[:, 0] = 0.5
    first = play(chain, impulse)
    chain.set(0, knob_of(chain, "delay_seconds"), 0.05)

    swap, second = play(chain, np.zeros_like(impulse)), play(chain, impulse)

    assert not first.any()
    assert np.flatnonzero(swap[0]).tolist() == [0]
    assert np.flatnonzero(second[0]).tolist() == [2400]


def test_a_parameter_starts_where_the_preset_puts_it() -> None:
    chain = open_one(Planned("Gain", values={"gain_db": 6.0, "mix": 0.5}))

    out = play(chain, sine(QUANTUM))

    assert [p.default for p in chain.params[0]] == [0.5, 1.0, 6.0]
    np.testing.assert_allclose(out, sine(QUANTUM) * (0.5 + 0.5 * 10 ** (6 / 20)), rtol=1e-5)


@pytest.mark.parametrize("raises", [True, False], ids=["raises", "gives no numbers"])
def test_what_fails_lets_the_sound_through_and_says_so(raises: bool) -> None:  # noqa: FBT001
    class Broken(BuiltinEffect):
        latency = 96
        fine = 100

        def process(self, block: Samples, rate: int) -> Samples:
            self.fine -= 1
            if self.fine < 0 and raises:
                raise RuntimeError("out of\nsorts")
            return super().process(block, rate) * np.float32(1.0 if self.fine >= 0 else np.nan)

    slots = (
        Slot(Broken(Planned("Gain", values={"gain_db": -6.0})), "Broken", 1, 1.0, 1.0, RATE),
        Slot(BuiltinEffect(Planned("Gain", values={"gain_db": 6.0})), "Gain", 2, 1.0, 1.0, RATE),
    )
    chain, sound = Chain(slots), sine(300 * QUANTUM)

    out = play(chain, sound)

    assert chain.failed is not None
    assert "Broken" in chain.failed
    assert "\n" not in chain.failed
    assert chain.latency == 96
    np.testing.assert_allclose(out[:, 9600:], sound[:, 9600 - 96 : -96] * np.float32(10 ** (6 / 20)), rtol=1e-5)
    assert np.isfinite(out).all()
    assert clicks_dbfs(out[:, 4800:9600]) < -40.0


def test_a_mono_plugin_plays_both_sides_apart() -> None:
    need_plugin("ZamDelay")
    chain = open_one(Planned(plugin="ZamDelay"))
    sound = noise(100 * QUANTUM)

    both, left = play(chain, sound), play(open_one(Planned(plugin="ZamDelay")), sound * np.array([[1], [0]], np.float32))

    assert chain.mono == (True,)
    np.testing.assert_array_equal(both[0], left[0])
    assert np.abs(both[1]).max() > 0.01
    assert np.abs(left[1]).max() < 1e-9


def test_a_state_comes_back_from_its_file(zam: Path, tmp_path: Path) -> None:
    saved = open_one(Planned(plugin=str(zam), values={"threshold_db": -18.0, "release_ms": 60.0}))
    (tmp_path / "loud.state").write_bytes(saved.states()[0] or b"")

    again = open_one(Planned(plugin=str(zam), state=tmp_path / "loud.state"))

    sound = noise(50 * QUANTUM)
    assert [p.default for p in again.params[0]] == pytest.approx([p.default for p in saved.params[0]], abs=0.001)
    np.testing.assert_array_equal(play(again, sound), play(saved, sound))


def test_any_thread_opens_and_any_other_plays(zam: Path) -> None:
    need_plugin("ZamCompX2")
    effect = Planned(plugin=str(zam), values={"threshold_db": -18.0})
    sound = noise(100 * QUANTUM)
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        chains = [thread.submit(open_one, effect).result() for thread in (one, other)]
        played = [thread.submit(play, chain, sound).result() for thread, chain in zip((other, one), chains, strict=True)]
        one.submit(chains[1].reset).result()
        open_one(Planned(plugin="ZamCompX2"))

    expected = play(open_one(effect), sound)
    np.testing.assert_array_equal(played[0], expected)
    np.testing.assert_array_equal(played[1], expected)
    np.testing.assert_array_equal(play(chains[1], np.zeros_like(sound)), np.zeros_like(sound))


@pytest.mark.parametrize("name", sorted(preset_files()))
def test_every_chain_that_comes_with_the_program_plays(name: str) -> None:
    preset = find_preset(name)
    facts = recall(preset, RATE)
    assert facts is not None
    chain, sound = load_chain(preset, facts, RATE), sine(400 * QUANTUM)

    out = play(chain, sound)

    assert chain.failed is None
    assert 0.01 < np.abs(out[:, -4800:]).max() < 1.0
    assert np.abs(out - sound).max() > 0.001


def knob_of(chain: Chain, name: str) -> int:
    return [p.pattern for p in chain.params[0]].index(f"fx.1.{name}")


def test_a_plugins_parameters_come_with_its_ranges() -> None:
    need_plugin("ZamDelay")

    params = {p.pattern.removeprefix("fx.1."): p for p in open_one(Planned(plugin="ZamDelay")).params[0]}

    assert (params["time_ms"].low, params["time_ms"].high, params["time_ms"].default) == (1.0, 8000.0, 160.0)
    assert (params["time_ms"].unit, params["time_ms"].curve) == ("ms", "log")
    assert (params["invert"].unit, params["invert"].curve) == ("on/off", "switch")
    assert (params["divisor"].low, params["divisor"].high, params["divisor"].curve) == (1.0, 5.0, "steps")
    assert "current_program" not in params
    assert "sample_rate_frames" not in params
