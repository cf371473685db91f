import dataclasses
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from bridge.daw import stems
from bridge.daw.fromset import project_of_set
from bridge.daw.project import Clip, Marker, Media, Project, Track
from bridge.daw.tempomidi import TICKS, write_tempo_map
from bridge.daw.work import Options, Work
from engine.model.grid import Beatgrid
from engine.model.remixset import Section
from engine.model.report import Quiet
from engine.model.separation import Part
from engine.store.encode import BitDepth
from tests.bridge.daw.songs import BAR, LOOPS, RATE, Made, noise_set
from tests.bridge.daw.test_fromtake import MOVES
from tests.conftest import null_dbfs
from tests.engine.bounce.test_take import SECOND, play

LEAD_IN = 3000


def exported(made: Made, target: Path, options: Options = Options()) -> tuple[Path, list[str]]:  # noqa: B008 - a value
    work = Work(made.folder, options, Quiet())
    stems.write(work, target)
    return target, work.said


def read(path: Path) -> np.ndarray:
    return np.asarray(soundfile.read(path, always_2d=True)[0].T)


def total(folder: Path) -> np.ndarray:
    return np.asarray(np.sum([read(path) for path in sorted(folder.glob("*.wav"))], axis=0))


@pytest.mark.parametrize("depth", list(BitDepth))
@pytest.mark.parametrize("lead_in", [0, LEAD_IN])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_files_together_are_the_song(tmp_path: Path, lead_in: int, channels: int, depth: BitDepth) -> None:
    made = noise_set(tmp_path, lead_in=lead_in, channels=channels, bars=8.5)

    folder, _ = exported(made, tmp_path / "out", Options(depth=depth))

    whole = total(folder)
    if lead_in:
        whole = np.concatenate([total(folder / "lead-in")[:, -lead_in:], whole], axis=1)
    assert null_dbfs(whole, made.song) < -120
    assert {soundfile.info(path).subtype for path in folder.rglob("*.wav")} == {{"24": "PCM_24", "32f": "FLOAT"}[depth]}


def test_all_files_are_of_one_length_and_so_are_those_of_the_lead_in(tmp_path: Path) -> None:
    made = noise_set(tmp_path, lead_in=LEAD_IN, bars=8.5)

    folder, said = exported(made, tmp_path / "out")

    assert {path.name: read(path).shape for path in folder.glob("*.wav")} == dict.fromkeys(
        ("Drums.wav", "Bass.wav", "Residual.wav"), (2, round(8.5 * BAR))
    )
    assert {path.name: read(path).shape for path in (folder / "lead-in").iterdir()} == dict.fromkeys(
        ("Drums lead-in.wav", "Bass lead-in.wav", "Residual lead-in.wav"), (2, BAR)
    )
    assert any(f"({LEAD_IN} frames) before its bar 1" in line for line in said)
    assert any(f"{BAR} frames long, 1 bar" in line for line in said)


def test_without_a_lead_in_there_is_no_folder_for_it(tmp_path: Path) -> None:
    folder, said = exported(noise_set(tmp_path), tmp_path / "out")

    assert sorted(path.name for path in folder.iterdir()) == ["Bass.wav", "Drums.wav", "Noise.mid", "Residual.wav"]
    assert said == []


def test_the_files_of_a_take_together_are_what_was_heard(sets: tuple[Path, Path], tmp_path: Path) -> None:
    take, heard = play(tmp_path / "take.jsonl", sets, MOVES, 4 * SECOND)
    work = Work(take, Options(depth=BitDepth.FLOAT), Quiet())

    stems.write(work, tmp_path / "out")

    there = heard[:, -work.baked.frames :]
    assert {soundfile.info(path).frames for path in (tmp_path / "out").glob("*.wav")} == {there.shape[1]}
    assert np.sqrt(np.mean((total(tmp_path / "out") - there) ** 2) / np.mean(there**2)) < 1e-3


def test_loops_that_go_round_are_laid_out(tmp_path: Path) -> None:
    made = noise_set(tmp_path, stems=(), loops=LOOPS)

    folder, _ = exported(made, tmp_path / "out", Options(looped=True))

    chord = read(folder / "Chord.wav")
    once = read(made.folder / "loops" / "once" / "loop-2.wav")
    # It is cut from bars 2 and 3, and so begins in its middle.
    np.testing.assert_allclose(chord, np.roll(np.tile(once, 4), BAR, axis=1), atol=2**-22)


def test_peaks_over_full_scale_are_scaled_together_and_the_factor_is_said(tmp_path: Path) -> None:
    made = noise_set(tmp_path, level=1.5, lead_in=LEAD_IN)

    folder, said = exported(made, tmp_path / "out")

    factor = float(said[-1].split("(x ")[1].split(")")[0])
    whole = np.concatenate([total(folder / "lead-in")[:, -LEAD_IN:], total(folder)], axis=1)
    assert 0.6 < factor < 0.7
    assert null_dbfs(whole, made.song * factor) < -110
    assert max(np.abs(read(path)).max() for path in folder.rglob("*.wav")) == pytest.approx(1.0, abs=1e-6)


def test_hostile_names_come_out_safe_and_distinct(tmp_path: Path) -> None:
    names = ("../../etc/passwd", "😀" * 100, "CON", "same", "Same", "x" * 300)
    parts = tuple(Part(f"s{k}", name, "other", "#000000") for k, name in enumerate(names))
    made = noise_set(
        tmp_path, title="a/b\\c: 😀 " + "y" * 300, stems=parts, loops=(), lead_in=LEAD_IN, sections=(Section(0, "\0ü😀" * 90),)
    )

    folder, _ = exported(made, tmp_path / "out")

    found = [path.name for path in folder.iterdir()]
    assert len({name.casefold() for name in found}) == len(names) + len(["residual", "lead-in", "tempo map"])
    assert len(list((folder / "lead-in").iterdir())) == len(names) + 1
    assert all(len(path.name.encode()) < 130 and not set(path.name) & set('\\:*?"<>|\n') for path in folder.rglob("*"))
    track = mido.MidiFile(next(folder.glob("*.mid")), charset="utf-8").tracks[0]
    assert track.name.startswith("a/b\\c: 😀 yyy")
    assert [m.text for m in track if m.type == "marker"] == [" ".join(["ü😀"] * 200)[:200].strip()]


def test_tracks_in_groups_are_laid_by_their_clips_and_named_after_both() -> None:
    ramp = np.arange(1, 9, dtype=np.float32)[None]
    clips = (Clip("a.wav", "a", 0, 3, offset=2), Clip("a.wav", "a", 4, 5, offset=1, loop=3), Clip("b.wav", "b", 8, 9))
    deck = Track("a", "Deck A: one/two", "group", "#000000", tracks=(Track("a.drums", "Drums", "drums", "#000000", clips),))
    media = (Media("a.wav", 8, 1, lambda: ramp), Media("b.wav", 8, 2, lambda: np.tile(ramp, (2, 1)) * 10))
    project = Project("t", RATE, 12, Beatgrid(np.arange(9) / 2), (deck, Track("b", "Drums", "drums", "#000000")), media)

    first, second = stems.stems_of(project)

    assert (first.name, second.name) == ("Deck A- one-two Drums", "Drums")
    line = [3, 4, 5, 0, 2, 3, 1, 2, 3, 0, 0, 0]
    np.testing.assert_array_equal(first.whole.samples(), [np.add(line, [0] * 8 + [10, 20, 30, 40])] * 2)
    np.testing.assert_array_equal(second.whole.samples(), np.zeros((2, 12)))


def test_files_and_tempo_map_begin_at_the_same_bar(tmp_path: Path) -> None:
    made = noise_set(tmp_path, lead_in=LEAD_IN, key="Eb minor")

    folder, _ = exported(made, tmp_path / "out")

    (track,) = mido.MidiFile(folder / "Noise.mid").tracks
    at = np.cumsum([message.time for message in track])
    markers = [(int(tick), m.text) for tick, m in zip(at, track, strict=True) if m.type == "marker"]
    assert markers == [(0, "A"), (16 * TICKS, "B")]
    assert [m.tempo for m in track if m.type == "set_tempo"] == [500_000]
    assert [m.key for m in track if m.type == "key_signature"] == ["Ebm"]
    assert at[-1] == 32 * TICKS


def test_a_project_without_markers_or_key_has_none_in_its_tempo_map(tmp_path: Path) -> None:
    project = dataclasses.replace(project_of_set(noise_set(tmp_path, key=None).folder), markers=(Marker(0, ""),))

    write_tempo_map(project, tmp_path / "a.mid")

    (track,) = mido.MidiFile(tmp_path / "a.mid").tracks
    assert [m.text for m in track if m.type == "marker"] == ["untitled"]
    assert not [m for m in track if m.type == "key_signature"]
