"""Taking a song apart by its score."""

from pathlib import Path

import mido
import numpy as np
import pytest

from engine.analysis.stems import StemChoice, separator_for
from engine.analysis.stems.classical import Informed
from engine.dsp.levels import si_sdr_db
from engine.model.audio import Audio, Samples
from engine.model.errors import RemixtureError
from engine.model.score import Note, Score
from engine.store.score import read_score
from tests.conftest import null_dbfs

RATE = 8_000
SECONDS = 6.0


def played(notes: tuple[Note, ...]) -> Samples:
    """One instrument, whoever plays it: eight partials that die away."""
    song = np.zeros(round(SECONDS * RATE))
    for note in notes:
        start, stop = round(note.start * RATE), min(song.size, round(note.end * RATE))
        t = np.arange(stop - start) / RATE
        hz = 440 * 2 ** ((note.pitch - 69) / 12)
        fade = np.minimum(1, np.arange(stop - start)[::-1] / 80) * np.exp(-2 * t)
        song[start:stop] += 0.2 * fade * sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 9))
    return song[None].astype(np.float32)


LOW = tuple(Note("bass", 45 + 5 * (i % 2), 0.25 + i, 1.1 + i) for i in range(5))
HIGH = tuple(Note("other", 64 + 3 * (i % 3), 0.25 + 0.7 * i, 0.9 + 0.7 * i) for i in range(7))
LEAD = tuple(Note("vocals", 71 + 2 * (i % 2), 0.5 + 1.1 * i, 1.4 + 1.1 * i) for i in range(4))
SCORE = Score(LOW + HIGH + LEAD, "abc")


def stems_of(score: Score, song: Samples) -> Samples:
    return np.concatenate(list(Informed(score=score).separate(Audio(song, RATE)).blocks), axis=-1)


def test_notes_of_one_instrument_come_apart() -> None:
    truth = {1: played(LOW), 2: played(LEAD), 3: played(HIGH)}
    song = np.asarray(sum(truth.values()))

    stems = stems_of(SCORE, song)

    assert null_dbfs(stems.sum(axis=0), song) < -120
    assert not stems[0].any()
    for stem, wanted in truth.items():
        assert si_sdr_db(stems[stem], wanted) > si_sdr_db(song, wanted) + 9


def test_drums_sound_where_they_are_struck() -> None:
    rng = np.random.default_rng(0)
    hits = tuple(Note("drums", 38, 0.5 * i, 0.5 * i + 0.1) for i in range(1, 11))
    struck = np.zeros((1, round(SECONDS * RATE)), dtype=np.float32)
    for note in hits:
        start = round(note.start * RATE)
        struck[0, start : start + 800] += 0.4 * rng.standard_normal(800) * np.exp(-np.arange(800) / 150)
    song = struck + played(HIGH)

    stems = stems_of(Score(hits + HIGH, "abc"), song)

    assert si_sdr_db(stems[0], struck) > 10
    assert si_sdr_db(stems[3], played(HIGH)) > 10


def test_what_the_score_does_not_hold_is_other() -> None:
    song = played(HIGH)

    stems = stems_of(Score(LOW[:1], "abc"), song)

    assert not stems[:3, :, 2 * RATE :].any()
    np.testing.assert_array_equal(stems[3, :, 2 * RATE :], song[:, 2 * RATE :])


def test_pieces_do_not_show() -> None:
    audio = Audio(played(LOW + HIGH), RATE)

    whole, pieces = (
        np.concatenate(list(Informed(score=SCORE).blocks(audio, lambda _: None, seconds)), axis=-1) for seconds in (6.0, 1.5)
    )

    np.testing.assert_allclose(pieces, whole, atol=1e-5)


def test_another_score_is_another_result() -> None:
    one = separator_for(StemChoice.NMF, score=SCORE).provenance

    assert one.params["score"] == "abc"
    assert not one.same_as(separator_for(StemChoice.NMF, score=Score(SCORE.notes, "abd")).provenance)
    assert not one.same_as(separator_for(StemChoice.NMF).provenance)


def written(path: Path, *tracks: list[mido.Message | mido.MetaMessage]) -> Path:
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    file.tracks.extend(mido.MidiTrack(track) for track in tracks)
    file.save(path)
    return path


def test_notes_are_read_in_seconds_and_by_who_plays_them(tmp_path: Path) -> None:
    tempo = [mido.MetaMessage("set_tempo", tempo=1_000_000), mido.MetaMessage("set_tempo", tempo=500_000, time=480)]
    band = [
        mido.Message("program_change", channel=1, program=33),
        mido.Message("note_on", channel=1, note=40, time=240),
        mido.Message("note_on", channel=9, note=36, time=0),
        mido.Message("note_on", channel=9, note=36, velocity=0, time=240),
        mido.Message("note_off", channel=1, note=40, time=480),
    ]
    sung = [
        mido.MetaMessage("track_name", name="Lead Vox"),
        mido.Message("note_on", channel=3, note=60, time=480),
        mido.Message("note_off", channel=3, note=60, time=960),
    ]
    keys = [mido.Message("note_on", channel=4, note=67, time=0), mido.Message("note_off", channel=4, note=67, time=480)]

    score = read_score(written(tmp_path / "a.mid", tempo, band, sung, keys))

    assert score.notes == (
        Note("other", 67, 0.0, 1.0), Note("bass", 40, 0.5, 1.5), Note("drums", 36, 0.5, 1.0), Note("vocals", 60, 1.0, 2.0),
    )  # fmt: skip
    assert len(score.sha256) == 64


def test_a_file_that_is_no_score_says_so(tmp_path: Path) -> None:
    text = tmp_path / "a.mid"
    text.write_text("MThd?")
    empty = written(tmp_path / "b.mid", [mido.MetaMessage("track_name", name="x")])
    cut = tmp_path / "c.mid"
    cut.write_bytes(empty.read_bytes()[:-6])

    for path, why in ((text, "MIDI file"), (empty, "no notes"), (cut, "MIDI file"), (tmp_path / "d.mid", "No such file")):
        with pytest.raises(RemixtureError, match=why) as caught:
            read_score(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
