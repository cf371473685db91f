"""Live decks: nothing clicks, nothing jumps, and everything is the same in blocks of any size."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.mix.bank import Bank
from engine.mix.live import LiveDeck
from engine.mix.livemixer import LiveMixer
from engine.mix.meters import FIELDS
from engine.mix.record import Record
from engine.model.audio import Samples
from engine.model.command import NEXT_BAR, NEXT_BEAT, Command
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid
from engine.model.params import Param
from tests.engine.mix.rig import RATE, noise, play, sine

BEAT = RATE // 2
"""Frames of a beat at 120 bpm."""


def tones(seconds: float, bpm: float = 120.0, *, click: bool = False) -> Bank:
    """Four sines, or one source with a click on each beat."""
    t = np.arange(round(seconds * RATE)) / RATE
    x = np.stack([0.1 * np.sin(2 * np.pi * 110 * (k + 1) * t) for k in range(4)])[:, None, :].repeat(2, axis=1)
    grid = Beatgrid.steady_at(bpm, 0.0, seconds)
    if click:
        x = np.zeros_like(x[:1])
        for at in grid.times[grid.times < seconds - 0.01]:
            x[0, :, round(at * RATE) : round(at * RATE) + 24] = 0.5 * np.hanning(24)
        return Bank(("drums",), x.astype(np.float32), RATE, grid)
    return Bank(("drums", "bass", "vocals", "residual"), x.astype(np.float32), RATE, grid)


def two_ways(stems: Bank) -> Record:
    """The same song as stems and as loops."""
    loops = np.stack([stems.samples[:2].sum(axis=0), stems.samples[2], stems.samples[3]])
    return Record({"stems": stems, "loops": Bank(("loop-1", "loop-2", "residual"), loops, RATE, stems.grid)})


def live(**banks: Record) -> LiveMixer:
    """A mixer with these records on its decks."""
    mixer = LiveMixer(RATE)
    for deck, record in banks.items():
        mixer.load(deck, record)
    return mixer


def send(mixer: LiveMixer, *commands: tuple[float, str, float]) -> LiveMixer:
    """Send commands at seconds."""
    for seconds, path, value in commands:
        mixer.send(Command(round(seconds * RATE), path, value))
    return mixer


def high_dbfs(x: Samples) -> float:
    """The loudest moment over 4 kHz, where the tones have nothing and clicks have much."""
    from scipy.signal import butter, sosfilt

    high = sosfilt(butter(8, 4000, "high", fs=RATE, output="sos"), x[0].astype(np.float64))
    return float(20 * np.log10(np.abs(high[4000:]).max() + 1e-12))


def clicks_at(x: NDArray[np.float32]) -> NDArray[np.float64]:
    """Seconds of all clicks."""
    loud = np.abs(x).astype(np.float64)
    loud[loud < 0.1] = 0.0
    at, seconds = 0, []
    while (ahead := np.flatnonzero(loud[at:])).size:
        first = at + int(ahead[0])
        span = loud[first : first + 400]
        seconds.append((first + np.arange(span.size) @ span / span.sum()) / RATE)
        at = first + 4000
    return np.array(seconds)


def test_a_deck_that_plays_gives_the_song_bit_for_bit() -> None:
    record = two_ways(tones(2.0))
    mixer = send(live(a=record), (0, "deck.a.play", 1))
    out = play(mixer, RATE)
    np.testing.assert_array_equal(out, record.banks[0].samples.astype(np.float64).sum(axis=0)[:, :RATE].astype(np.float32))


def test_changing_between_stems_and_loops_keeps_the_song() -> None:
    record = two_ways(tones(3.0))
    mixer = send(live(a=record), (0, "deck.a.play", 1), (0.7, "deck.a.parts", 1), (1.4, "deck.a.parts", 0))
    out = play(mixer, 2 * RATE)
    song = record.banks[0].samples.astype(np.float64).sum(axis=0)[:, : 2 * RATE]
    assert np.abs(out - song).max() < 1e-6  # the cross-fade of equals, in float32


@pytest.mark.parametrize(
    "moves",
    [
        [(1.0, "deck.a.tempo", 1.05), (2.0, "deck.a.tempo", 1.0)],
        [(1.0, "deck.a.pitch", 2.0), (2.0, "deck.a.pitch", 0.0)],
        [(1.0, "deck.a.tempo", 0.9), (1.5, "deck.a.parts", 1), (2.5, "deck.a.parts", 0)],
        [(1.0, "deck.a.tempo", 1.1), (2.0, "deck.a.keylock", 0), (2.5, "deck.a.seek", 2.5)],
        [(1.003, "deck.a.play", 0), (1.5, "deck.a.play", 1)],
        [(1.003, "deck.a.jump", 0.377), (1.5, "deck.a.loop", 0.3), (2.5, "deck.a.loop", 0)],
        [(1.003, "deck.a.vocals.clip", 1), (2.5, "deck.a.vocals.clip", 0), (2.6, "deck.a.song", 0)],
    ],
)  # fmt: skip
def test_nothing_clicks(moves: list[tuple[float, str, float]]) -> None:
    mixer = send(live(a=two_ways(tones(8.0))), (0, "deck.a.play", 1), *moves)
    assert high_dbfs(play(mixer, 4 * RATE)) < -75.0


@pytest.mark.slow
def test_blocks_of_any_size_change_no_bit() -> None:
    record, other = two_ways(tones(8.0)), Record({"stems": tones(8.0, 126.3, click=True)})

    def bounce(blocks: tuple[int, ...]) -> Samples:
        mixer = send(
            live(a=record, b=other), (0, "deck.a.play", 1), (0.5, "deck.b.sync", 1), (0.5, "deck.b.play", 1),
            (1.0, "deck.a.parts", 1), (1.3, "deck.a.tempo", 1.03), (1.7, "deck.a.loop", 0.5), (2.3, "deck.a.loop", 0),
            (2.4, "deck.b.drums.clip", 1), (2.6, "deck.a.tempo", 1.0), (2.7, "deck.a.gain", -6), (2.8, "deck.b.pitch", 1),
        )  # fmt: skip
        mixer.send(Command(NEXT_BAR, "deck.a.bass.mute", 1))
        return play(mixer, 4 * RATE, blocks)

    once = bounce((256,))
    for blocks in ((64,), (1000,), (1, 7, 900)):
        np.testing.assert_array_equal(bounce(blocks), once)


@pytest.mark.slow
@pytest.mark.parametrize("bpm", [100.0, 126.3, 61.0, 235.0])
def test_a_synced_deck_beats_with_its_leader(bpm: float) -> None:
    leader, follower = Record({"stems": tones(20.0, click=True)}), Record({"stems": tones(40.0, bpm, click=True)})
    mixer = send(live(a=leader, b=follower), (0, "deck.a.play", 1), (0.8, "deck.b.sync", 1), (0.8, "deck.b.play", 1))
    mixer.send(Command(0, "deck.a.gain", -12.0))
    taps = mixer.make_taps(512)
    heard = []
    for _ in range(16 * RATE // 512):
        mixer.render(np.zeros((2, 512), dtype=np.float32), taps)
        heard.append([taps[0][0, 0].copy() * 4, taps[1][0, 0].copy()])
    a, b = (clicks_at(np.concatenate([pair[k] for pair in heard])) for k in range(2))
    late = b[b > 4.0]
    misses = np.abs((late + 0.25) % 0.5 - 0.25 - (a[-1] + 0.25) % 0.5 + 0.25)
    if bpm == 235.0:  # two beats of it for one of the leader
        misses = np.minimum(misses, np.abs(misses - 0.25))
    assert np.median(misses) < 0.003
    assert misses.max() < 0.008


@pytest.mark.slow
def test_a_drifting_song_is_followed() -> None:
    rng = np.random.default_rng(3)
    beats = np.cumsum(0.5 + 0.02 * np.sin(np.arange(60) / 5.0) + 0.002 * rng.standard_normal(60))
    x = np.zeros((1, 2, round(beats[-1] * RATE) + RATE), dtype=np.float32)
    for at in beats:
        x[0, :, round(at * RATE) : round(at * RATE) + 24] = 0.5 * np.hanning(24)
    drifting = Record({"stems": Bank(("drums",), x, RATE, Beatgrid(beats))})
    mixer = send(
        live(b=drifting), (0, "master.clock", 0), (0, "master.tempo", 126), (0, "deck.b.sync", 1), (0, "deck.b.play", 1)
    )
    at = clicks_at(play(mixer, 20 * RATE)[0])
    misses = (at[at > 4.0] * 2.1 + 0.5) % 1.0 - 0.5
    assert np.abs(misses).max() / 2.1 < 0.012
    assert np.abs(np.median(misses)) / 2.1 < 0.004


def test_a_loop_comes_round_exactly() -> None:
    song = noise(1, 2, 4 * RATE)
    mixer = live(a=Record({"stems": Bank(("s0",), song, RATE, Beatgrid.steady_at(120.0, 0.0, 4.0))}))
    send(mixer, (0, "deck.a.play", 1), (0.6, "deck.a.loop", 0.25))
    out = play(mixer, 4 * RATE)
    fade = 400
    for turn in range(1, 5):
        here = out[:, (turn + 1) * BEAT + fade : (turn + 2) * BEAT]
        np.testing.assert_array_equal(here, song[0, :, BEAT + fade : 2 * BEAT])


def test_loops_of_parts_of_frames_do_not_drift() -> None:
    grid = Beatgrid.steady_at(123.457, 0.0, 10.0)
    mixer = live(a=Record({"stems": Bank(("s0",), noise(1, 1, 10 * RATE), RATE, grid)}))
    send(mixer, (0, "deck.a.play", 1), (0.01, "deck.a.loop", 0.0625))
    play(mixer, 60 * RATE, (4096,))
    turns, left = divmod(60 * RATE + mixer.latency, 60 / 123.457 / 4 * RATE)
    deck = mixer.decks[0]
    assert turns > 400
    assert abs(deck.position - left) < 2.0  # type: ignore[attr-defined]


def test_slip_returns_to_where_the_song_would_be() -> None:
    record = Record({"stems": Bank(("s0",), noise(1, 2, 6 * RATE), RATE, Beatgrid.steady_at(120.0, 0.0, 6.0))})
    mixer = send(
        live(a=record), (0, "deck.a.play", 1), (1.0, "deck.a.slip", 1), (1.1, "deck.a.loop", 0.25), (2.7, "deck.a.slip", 0)
    )
    out = play(mixer, 4 * RATE)
    np.testing.assert_array_equal(out[:, 3 * RATE :], record.banks[0].samples[0, :, 3 * RATE : 4 * RATE])
    assert np.abs(out[:, 2 * RATE : 2 * RATE + 1000] - record.banks[0].samples[0, :, 2 * RATE : 2 * RATE + 1000]).max() > 0.01


def test_cue_stops_at_the_cue_point_and_plays_from_there() -> None:
    record = Record({"stems": Bank(("s0",), noise(1, 2, 6 * RATE), RATE, Beatgrid.steady_at(120.0, 0.0, 6.0))})
    mixer = send(
        live(a=record), (0, "deck.a.seek", 2), (0.1, "deck.a.cue", 1), (0.2, "deck.a.play", 1), (0.9, "deck.a.cue", 1),
        (1.5, "deck.a.play", 1),
    )  # fmt: skip
    out = play(mixer, 3 * RATE)
    assert not out[:, round(1.0 * RATE) : round(1.4 * RATE)].any()
    fade = 500
    first = round(1.5 * RATE)
    np.testing.assert_array_equal(out[:, first + fade : first + 9000], record.banks[0].samples[0, :, RATE + fade : RATE + 9000])


@pytest.mark.parametrize(("quantize", "at"), [(1.0, 1.0), (2.0, 2.0), (0.0, 0.8)])
def test_a_clip_starts_on_the_beat_that_was_asked_for(quantize: float, at: float) -> None:
    song = noise(2, 2, 8 * RATE, seed=4)
    mixer = live(a=Record({"stems": Bank(("drums", "bass"), song, RATE, Beatgrid.steady_at(120.0, 0.0, 8.0))}))
    send(
        mixer, (0, "deck.a.play", 1), (0, "master.quantize", quantize), (0, "deck.a.bass.mute", 1),
        (0, "deck.a.drums.clip_bar", 3), (0, "deck.a.drums.clip_bars", 0.5), (0.8, "deck.a.drums.clip", 1),
    )  # fmt: skip
    out = play(mixer, 4 * RATE)
    first, fade = round(at * RATE), 400
    np.testing.assert_array_equal(out[:, : first - 1], song[0, :, : first - 1])
    clip = song[0, :, 4 * RATE : 5 * RATE]
    np.testing.assert_array_equal(out[:, first + fade : first + RATE], clip[:, fade:])
    np.testing.assert_array_equal(out[:, first + RATE + fade : first + 2 * RATE - 10], clip[:, fade:-10])


def test_a_clip_stops_into_the_song_or_into_silence() -> None:
    song = noise(1, 2, 8 * RATE, seed=4)
    for heard in (1.0, 0.0):
        mixer = live(a=Record({"stems": Bank(("drums",), song, RATE, Beatgrid.steady_at(120.0, 0.0, 8.0))}))
        send(
            mixer, (0, "deck.a.play", 1), (0, "master.quantize", 1), (0, "deck.a.song", heard), (0.1, "deck.a.drums.clip", 1),
            (1.2, "deck.a.drums.clip", 0),
        )  # fmt: skip
        after = play(mixer, 3 * RATE)[:, 2 * RATE :]
        np.testing.assert_array_equal(after, song[0, :, 2 * RATE : 3 * RATE] * np.float32(heard))


def test_commands_wait_for_the_next_bar() -> None:
    mixer = send(live(a=two_ways(tones(6.0))), (0, "deck.a.play", 1))
    mixer.send(Command(NEXT_BAR, "deck.a.gain", -6.0))  # before the first frame: bar 1 itself
    play(mixer, RATE)
    mixer.put(-2, mixer.addresses.address("deck.a.bass.gain"), 3.0)
    play(mixer, 3 * RATE)
    frames, values = np.zeros((64, 2), dtype=np.int64), np.zeros(64)
    log = {mixer.addresses.path(int(frames[i, 1])): int(frames[i, 0]) for i in range(mixer.applied(frames, values))}
    assert log["deck.a.bass.gain"] == 4 * BEAT


def test_what_was_done_is_logged_with_its_frame_and_plays_again() -> None:
    record = two_ways(tones(6.0))
    first = send(live(a=record), (0, "deck.a.play", 1))
    heard = [play(first, 10_000)]
    first.latency, late = 0, first.latency
    for path, value in (("deck.a.tempo", 1.07), ("deck.a.parts", 1.0), ("deck.a.loop", 0.5)):
        first.put(-5, first.addresses.address(path), value)
        heard.append(play(first, 20_000))
    frames, values = np.zeros((64, 2), dtype=np.int64), np.zeros(64)
    n = first.applied(frames, values)
    again = live(a=record)
    for i in range(n):
        again.send(Command(int(frames[i, 0]), again.addresses.path(int(frames[i, 1])), float(values[i])))
    again.latency = late
    np.testing.assert_array_equal(
        play(again, 70_000 - 0, (333,))[:, : 70_000 - late], np.concatenate(heard, axis=1)[:, : 70_000 - late]
    )


def test_a_deck_can_be_loaded_and_emptied_while_others_play() -> None:
    record, other = two_ways(tones(6.0)), Record({"stems": tones(4.0, 100.0)})
    mixer = send(live(a=record), (0, "deck.a.play", 1))
    out = np.zeros((2, 60_000), dtype=np.float32)
    for at, load in ((0, None), (20_000, other), (40_000, None)):
        mixer.load("b", load)
        mixer.render(out[:, at : at + 20_000])
    song = record.banks[0].samples.astype(np.float64).sum(axis=0)[:, : 60_000 - mixer.latency]
    np.testing.assert_array_equal(out[:, mixer.latency :], song.astype(np.float32))
    with pytest.raises(RemixtureError, match="nothing is on it"):
        mixer.send(Command(0, "deck.b.drums.gain", 1.0))


def test_a_record_of_another_rate_is_refused() -> None:
    slow = Bank(("s0",), noise(1, 1, 1000), 48_000, Beatgrid.steady_at(120.0, 0.0, 2.0))
    with pytest.raises(RemixtureError, match="48000 Hz"):
        live(a=Record({"stems": slow}))


def test_the_clock_runs_on_when_its_leader_stops() -> None:
    mixer = send(live(a=two_ways(tones(6.0, 120.0))), (0, "deck.a.play", 1), (1.0, "deck.a.play", 0))
    play(mixer, 3 * RATE)
    assert mixer.clock.bpm == pytest.approx(120.0)
    assert mixer.clock.beat == pytest.approx(6.0, abs=0.05)


class Late:
    """Effects that are late by some frames and halve the level."""

    def __init__(self, latency: int) -> None:
        self.latency = latency
        self._kept = np.zeros((2, latency), dtype=np.float32)
        self.gain = 0.5

    def process(self, block: Samples) -> None:
        both = np.concatenate([self._kept, block], axis=1)
        self._kept = both[:, block.shape[1] :]
        block[:] = both[:, : block.shape[1]] * np.float32(self.gain)

    def set(self, _slot: int, _knob: int, value: float) -> None:
        self.gain = value


KNOBS = ((Param("fx.1.gain", 0.0, 2.0, 0.5, "x", "linear", "How loud."),),)


@pytest.mark.parametrize(("place", "latency"), [("deck.a.drums", 480), ("deck.a", 100), ("master", 0)])
@pytest.mark.parametrize("blocks", [(256,), (100, 33)])
def test_effects_are_waited_for(place: str, latency: int, blocks: tuple[int, ...]) -> None:
    one, other = noise(2, 2, 2 * RATE, seed=1), noise(1, 2, 2 * RATE, seed=2)
    grid = Beatgrid.steady_at(120.0, 0.0, 2.0)
    mixer = live(
        a=Record({"stems": Bank(("drums", "bass"), one, RATE, grid)}), b=Record({"stems": Bank(("s0",), other, RATE, grid)})
    )
    mixer.insert(place, Late(latency), KNOBS)
    send(mixer, (0, "deck.a.play", 1), (0, "deck.b.play", 1))
    out = play(mixer, RATE, blocks)[:, 2000:]
    levels = {"deck.a.drums": (0.5, 1.0, 1.0), "deck.a": (0.5, 0.5, 1.0), "master": (0.5, 0.5, 0.5)}[place]
    wanted = sum(level * x for level, x in zip(levels, [*one, other[0]], strict=True))
    np.testing.assert_allclose(out, np.asarray(wanted)[:, 2000:RATE], atol=1e-6)


def test_knobs_of_effects_are_parameters() -> None:
    mixer = live(a=two_ways(tones(2.0)))
    mixer.insert("deck.a.bass", Late(0), KNOBS)
    send(mixer, (0, "deck.a.play", 1), (0, "deck.a.bass.fx.1.gain", 2.0))
    play(mixer, 1000)
    through = mixer.decks[0].strip.inserted(1)
    assert through is not None
    assert through.insert.gain == 2.0  # type: ignore[attr-defined]
    with pytest.raises(RemixtureError, match="the effect has gain"):
        mixer.send(Command(0, "deck.a.bass.fx.1.drive", 1.0))


def test_the_crossfader_fades_sides_and_leaves_the_middle_alone() -> None:
    record = Record({"stems": tones(3.0)})
    mixer = send(
        live(a=record, b=record), (0, "deck.a.play", 1), (0, "deck.b.play", 1), (0, "deck.a.side", -1), (0, "deck.b.side", 1),
        (0, "master.crossfader", -1), (1.0, "master.crossfader", 1),
    )  # fmt: skip
    song = record.banks[0].samples.sum(axis=0)
    np.testing.assert_allclose(play(mixer, 2 * RATE)[:, :RATE], song[:, :RATE], atol=1e-6)


def test_the_isolator_kills_and_is_not_there_at_rest() -> None:
    record = Record({"stems": tones(6.0)})
    mixer = send(live(a=record), (0, "deck.a.play", 1), (0.5, "deck.a.eq_low", -40), (2.0, "deck.a.eq_low", 0))
    out = play(mixer, 3 * RATE)
    song = record.banks[0].samples.astype(np.float64).sum(axis=0)[:, : 3 * RATE]
    killed = np.abs(np.fft.rfft(out[0, RATE : 2 * RATE - 1000]))
    before = np.abs(np.fft.rfft(song[0, RATE : 2 * RATE - 1000]))
    low = round(110 * (RATE - 1000) / RATE)
    assert 20 * np.log10(killed[low] / before[low]) < -40
    np.testing.assert_array_equal(out[:, round(2.1 * RATE) :], song[:, round(2.1 * RATE) :].astype(np.float32))


def test_the_headphones_hear_a_deck_before_its_fader() -> None:
    record = Record({"stems": tones(3.0)})
    mixer = send(live(a=record), (0, "deck.a.play", 1), (0, "deck.a.pfl", 1), (0, "deck.a.gain", -12))
    out, cue = np.zeros((2, RATE), dtype=np.float32), np.zeros((2, RATE), dtype=np.float32)
    mixer.render(out, (), cue)
    song = record.banks[0].samples.sum(axis=0)[:, : RATE - mixer.latency]
    np.testing.assert_allclose(cue[:, mixer.latency :], song, atol=1e-6)


def test_meters_show_levels_and_loudness() -> None:
    mixer = send(live(a=Record({"stems": Bank(("s0",), sine(997.0, 3 * RATE), RATE, tones(3.0).grid)})), (0, "deck.a.play", 1))
    play(mixer, 2 * RATE)
    mixer.read_meters()
    shown = dict(zip(FIELDS, mixer.meters.values, strict=True))
    assert shown["master.peak_dbfs"] == pytest.approx(-6.02, abs=0.05)
    assert shown["master.rms_dbfs"] == pytest.approx(-9.03, abs=0.05)
    assert shown["master.momentary_lufs"] == pytest.approx(-6.0, abs=0.1)
    assert shown["deck.a.position_s"] == pytest.approx(2.0, abs=0.01)
    assert shown["deck.a.beat"] == pytest.approx(4.0, abs=0.02)


def test_what_waits_for_a_source_is_forgotten_with_the_song() -> None:
    record = two_ways(tones(4.0))
    small = Record({"stems": Bank(("s0",), noise(1, 2, RATE), RATE, Beatgrid.steady_at(120.0, 0.0, 2.0))})
    mixer = send(live(a=record, b=record), (0, "deck.a.play", 1), (0.5, "deck.a.bass.gain", -6), (0.5, "deck.b.bass.gain", -6))
    play(mixer, 1000)
    mixer.put(NEXT_BAR, mixer.addresses.address("deck.a.vocals.mute"), 1.0)
    mixer.load("a", small)
    play(mixer, 3 * RATE)
    frames, values = np.zeros((64, 2), dtype=np.int64), np.zeros(64)
    n = mixer.applied(frames, values)
    assert [mixer.addresses.path(int(address)) for _, address in frames[:n]] == ["deck.a.play", "deck.b.bass.gain"]


PAIRS = [
    ("deck.a.seek", 17.0),
    ("deck.a.jump", 9.0),
    ("deck.a.jump", -9.0),
    ("deck.a.cue", 1.0),
    ("deck.a.slip", 1.0),
    ("deck.b.sync", 1.0),
    ("deck.a.parts", 1.0),
    ("deck.a.tempo", 1.2),
    ("deck.a.drums.clip", 1.0),
    ("deck.a.seek", -40.0),
    ("deck.a.seek", 1e6),
]


@pytest.mark.parametrize(("path", "value"), PAIRS)
@pytest.mark.parametrize("tempo", [1.0, 1.1])
def test_out_of_a_loop_leads_every_way(path: str, value: float, tempo: float) -> None:
    record = two_ways(tones(12.0))
    mixer = send(
        live(a=record, b=record), (0, "deck.a.tempo", tempo), (0, "deck.a.play", 1), (0.2, "deck.a.loop", 0.5),
        (0.3, "deck.b.play", 1), (0.9, path, value), (1.3, "deck.a.slip", 0), (1.6, "deck.a.loop", 0.1),
        (1.8, "deck.a.play", 1),
    )  # fmt: skip
    out = play(mixer, 3 * RATE)
    assert np.isfinite(out).all()
    assert np.abs(out).max() < 1.0


def test_a_jump_out_of_a_loop_ends_it() -> None:
    bank = Bank(("s0",), noise(1, 2, 10 * RATE), RATE, Beatgrid.steady_at(120.0, 0.0, 10.0))
    mixer = send(live(a=Record({"stems": bank})), (0, "deck.a.play", 1), (0.1, "deck.a.loop", 0.5), (1.3, "deck.a.seek", 8))
    out = play(mixer, 4 * RATE)
    first = round(1.3 * RATE)
    np.testing.assert_array_equal(out[:, first + 500 :], bank.samples[0, :, 4 * RATE + 500 : 8 * RATE - first])


def test_a_song_that_is_over_stops_its_deck_and_says_so() -> None:
    mixer = send(live(a=two_ways(tones(2.0))), (0, "deck.a.play", 1))
    play(mixer, 3 * RATE)
    frames, values = np.zeros((8, 2), dtype=np.int64), np.zeros(8)
    assert mixer.applied(frames, values) == 2
    assert mixer.addresses.path(int(frames[1, 1])) == "deck.a.play"
    assert values[1] == 0.0
    assert 2 * RATE <= frames[1, 0] <= 2 * RATE + 256
    assert not mixer.decks[0].running  # type: ignore[attr-defined]


def test_two_jumps_at_once_do_not_click() -> None:
    mixer = send(
        live(a=two_ways(tones(8.0))), (0, "deck.a.play", 1), (1.0, "deck.a.jump", 0.377), (1.002, "deck.a.jump", 1.291)
    )
    assert high_dbfs(play(mixer, 2 * RATE)) < -60.0


@pytest.mark.parametrize("late", [0.01, 0.03])
def test_a_stretched_deck_that_just_came_round_stays_in_its_loop(late: float) -> None:
    record = Record({"stems": tones(12.0, click=True)})
    mixer = send(
        live(a=record), (0, "deck.a.tempo", 1.05), (0, "deck.a.play", 1), (0.1, "deck.a.loop", 0.5),
        (2 / 1.05 + late, "deck.a.tempo", 1.0),
    )  # fmt: skip
    at = clicks_at(play(mixer, 6 * RATE)[0])
    np.testing.assert_allclose(np.diff(at)[at[1:] > 2.5], 0.5, atol=0.001)
    assert np.diff(at).min() > 0.45


@pytest.mark.parametrize("tempo", [1.0, 1.05])
def test_a_loop_set_with_a_jump_is_where_the_jump_leads(tempo: float) -> None:
    mixer = live(a=Record({"stems": tones(24.0)}))
    send(mixer, (0, "deck.a.tempo", tempo), (0, "deck.a.play", 1))
    out = np.zeros((2, 256), dtype=np.float32)
    deck = mixer.decks[0]
    assert isinstance(deck, LiveDeck)
    for _ in range(round(1.3 * RATE / 256)):
        mixer.render(out)

    mixer.send(Command(NEXT_BEAT, "deck.a.seek", 16.0))
    mixer.send(Command(NEXT_BEAT, "deck.a.loop", 1.0))
    beats = []
    for _ in range(round(6.0 * RATE / 256)):
        mixer.render(out)
        beats.append(deck.beat)
    there = np.array(beats)[np.argmax(np.array(beats) > 15.0) :]

    assert there.min() >= 15.9
    assert 19.5 < there.max() <= 20.1
