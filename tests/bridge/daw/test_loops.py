"""Every file is read back by three programs that know nothing of us: libsndfile, wavinfo and ffprobe."""

import json
import re
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from wavinfo import WavInfoReader

from bridge.daw import loops
from bridge.daw.work import Options, Work
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid
from engine.model.remixset import Section
from engine.model.report import Quiet
from engine.model.separation import Part
from engine.store.encode import BitDepth
from engine.store.sources import read_source
from tests.bridge.daw.songs import BAR, BPM, LOOPS, RATE, STEMS, Made, noise_set
from tests.bridge.daw.test_fromtake import MOVES
from tests.conftest import null_dbfs
from tests.engine.bounce.test_take import SECOND, play
from tests.servers import need

LEAD_IN = 3000


def exported(made: Made, target: Path, options: Options = Options()) -> tuple[Path, list[str]]:  # noqa: B008 - a value
    work = Work(made.folder, options, Quiet())
    loops.write(work, target)
    return target, work.said


def read(path: Path) -> np.ndarray:
    return np.asarray(soundfile.read(path, dtype="float32", always_2d=True)[0].T)


def log(path: Path) -> str:
    with soundfile.SoundFile(path) as file:
        return str(file.extra_info)


def source(made: Made, parts: str, number: int) -> np.ndarray:
    return read_source(made.set.decompositions[parts].sources[number], made.folder, made.set.song)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return noise_set(tmp_path_factory.mktemp("set"), lead_in=LEAD_IN, bars=8.5)


@pytest.fixture(scope="module")
def folder(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(made, tmp_path_factory.mktemp("export") / "out")[0] / "Noise"


def test_loops_and_slices_are_named_by_what_they_are_with_tempo_and_key(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "Bass B bars 5-8 120bpm Am.wav",
        "Bass tail 120bpm Am.wav",
        "Chord 120bpm Am.wav",
        "Drums A bars 1-4 120bpm Am.wav",
        "Drums B bars 5-8 120bpm Am.wav",
        "Drums lead-in 120bpm Am.wav",
        "Drums tail 120bpm Am.wav",
        "Kick 120bpm Am.wav",
    ]


def test_a_loop_is_one_period_where_the_set_says(made: Made, folder: Path) -> None:
    chord = made.set.decompositions["loops"].sources[1]

    cut = read(folder / "Chord 120bpm Am.wav")

    assert cut.shape == (2, 2 * BAR)
    assert null_dbfs(cut, source(made, "loops", 1)[:, LEAD_IN + BAR : LEAD_IN + 3 * BAR]) < -138
    assert null_dbfs(cut, read(made.folder / str(chord.once))) < -138


def test_a_loop_needs_no_sampler_file_in_the_set(folder: Path, tmp_path: Path) -> None:
    again = noise_set(tmp_path, lead_in=LEAD_IN, bars=8.5)
    for once in (again.folder / "loops" / "once").iterdir():
        once.unlink()

    other, _ = exported(again, tmp_path / "out")

    assert {p.name for p in folder.iterdir()} == {p.name for p in (other / "Noise").iterdir()}


def test_the_slices_of_a_source_together_are_the_source(made: Made, folder: Path) -> None:
    order = ("lead-in", "A bars 1-4", "B bars 5-8", "tail")

    whole = np.concatenate([read(folder / f"Drums {label} 120bpm Am.wav") for label in order], axis=1)

    assert null_dbfs(whole, source(made, "stems", 0)) < -138


def test_libsndfile_reads_tempo_meter_loop_and_bars(folder: Path) -> None:
    told = log(folder / "Bass B bars 5-8 120bpm Am.wav")

    assert re.search(r"Beats +: 16\b", told)
    assert re.search(r"Meter +: 4/4", told)
    assert float(re.search(r"Tempo +: ([\d.]+)", told)[1]) == BPM  # type: ignore[index]
    assert re.search(r"Loop Count +: 1\b", told)
    assert re.search(rf"End +: {4 * BAR - 1}\b", told)
    assert re.findall(r"Bar \d+", told) == [f"Bar {n}" for n in (5, 6, 7, 8)]
    assert "*** " not in told


def test_flags_tell_a_loop_from_a_one_shot_and_only_what_has_a_pitch_has_a_root(folder: Path) -> None:
    loop, struck, tail = (log(folder / f"{name} 120bpm Am.wav") for name in ("Bass B bars 5-8", "Kick", "Bass tail"))

    assert re.search(r"\(Loop,RootNoteValid,StretchOn,RAMBased", loop)
    assert re.search(r"Root note +: 0x39\b", loop)
    assert re.search(r"\(Loop,RootNoteInvalid,StretchOn,RAMBased", struck)
    assert re.search(r"\(OneShot,RootNoteValid,StretchOff", tail)
    assert re.search(r"Loop Count +: 0\b", tail)


def test_wavinfo_reads_where_it_was_counted_from_bar_1(folder: Path) -> None:
    info = WavInfoReader(str(folder / "Drums B bars 5-8 120bpm Am.wav"))

    assert info.bext.time_reference == 4 * BAR
    assert info.bext.version == 1
    assert info.bext.originator == "Remixture"
    assert info.bext.description == "Drums B bars 5-8 of Noise, 120bpm"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", info.bext.originator_date)
    assert [cue.position for cue in info.cues.cues] == [0, BAR, 2 * BAR, 3 * BAR]
    assert [label.text for label in info.cues.labels] == ["Bar 5", "Bar 6", "Bar 7", "Bar 8"]
    (loop,) = info.smpl.sample_loops
    assert (loop.loop_type, loop.start, loop.end) == (0, 0, 4 * BAR - 1)


def test_a_lead_in_has_no_time_stamp_and_is_told(made: Made, folder: Path, tmp_path: Path) -> None:
    _, said = exported(made, tmp_path / "out")

    assert WavInfoReader(str(folder / "Drums lead-in 120bpm Am.wav")).bext is None
    assert any(f"({LEAD_IN} frames) before its bar 1" in line for line in said)
    assert any("silent" in line for line in said)


@pytest.mark.parametrize("depth", list(BitDepth))
def test_ffprobe_reads_format_place_and_bars(made: Made, tmp_path: Path, depth: BitDepth) -> None:
    need("ffprobe")
    folder = exported(made, tmp_path / "out", Options(depth=depth))[0] / "Noise"

    found = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters",
         folder / "Drums B bars 5-8 120bpm Am.wav"], capture_output=True, text=True, check=True,
    )  # fmt: skip

    told = json.loads(found.stdout)
    assert found.stderr == ""
    assert told["format"]["tags"]["time_reference"] == str(4 * BAR)
    assert told["format"]["tags"]["encoded_by"] == "Remixture"
    assert told["streams"][0]["codec_name"] == {"24": "pcm_s24le", "32f": "pcm_f32le"}[depth]
    assert [chapter["start"] for chapter in told["chapters"]] == [0, BAR, 2 * BAR, 3 * BAR]


def test_a_zip_holds_the_same_tree_and_leaves_nothing_beside_it(made: Made, folder: Path, tmp_path: Path) -> None:
    target, _ = exported(made, tmp_path / "out.zip")

    with zipfile.ZipFile(target) as archive:
        assert sorted(archive.namelist()) == sorted(f"Noise/{path.name}" for path in folder.iterdir())
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        assert archive.testzip() is None
        with archive.open("Noise/Kick 120bpm Am.wav") as file:
            np.testing.assert_array_equal(soundfile.read(file)[0].T, soundfile.read(folder / "Kick 120bpm Am.wav")[0].T)
    assert list(tmp_path.iterdir()) == [target]


def test_peaks_over_full_scale_are_scaled_together_and_the_factor_is_said(tmp_path: Path) -> None:
    loud = noise_set(tmp_path, level=1.5)

    quieter, said = exported(loud, tmp_path / "24")
    exact, unsaid = exported(loud, tmp_path / "32f", Options(depth=BitDepth.FLOAT))

    pairs = [(read(path), read(exact / "Noise" / path.name)) for path in (quieter / "Noise").iterdir()]
    factor = float(said[-1].split("(x ")[1].split(")")[0])
    assert max(float(np.abs(a).max()) for a, _ in pairs) == pytest.approx(1.0, abs=1e-6)
    assert max(null_dbfs(a, b * np.float32(factor)) for a, b in pairs) < -110
    assert not any("quieter" in line for line in unsaid)


def test_a_song_without_sections_is_cut_every_four_bars(tmp_path: Path) -> None:
    target, _ = exported(noise_set(tmp_path, sections=(), loops=(), bars=10, key=None), tmp_path / "out")

    assert sorted(path.name for path in (target / "Noise").glob("Drums*")) == [
        "Drums bars 1-4 120bpm.wav", "Drums bars 5-8 120bpm.wav", "Drums bars 9-10 120bpm.wav",
    ]  # fmt: skip


def test_a_drifting_song_has_a_tempo_for_each_slice_with_one_decimal(tmp_path: Path) -> None:
    times = np.concatenate([np.arange(16) * 0.5, 8.0 + np.arange(17) * 0.498])
    made = noise_set(tmp_path, grid=Beatgrid(times), loops=(), key="F# minor")

    target, _ = exported(made, tmp_path / "out")

    path = target / "Noise" / "Drums B bars 5-8 120.5bpm F#m.wav"
    told = re.search(r"Tempo +: ([\d.]+)", log(path))
    assert told is not None
    assert float(told[1]) == pytest.approx(60 * 16 * RATE / soundfile.info(path).frames, rel=1e-4)
    assert (target / "Noise" / "Drums A bars 1-4 120bpm F#m.wav").is_file()


def test_a_loop_that_the_end_cuts_short_is_as_long_as_its_bars(tmp_path: Path) -> None:
    made = noise_set(tmp_path, bars=2.5, stems=(), sections=())

    target, _ = exported(made, tmp_path / "out")

    cut = read(target / "Noise" / "Chord 120bpm Am.wav")
    assert cut.shape[1] == 2 * BAR
    assert np.any(cut[:, : BAR + BAR // 2])
    assert not np.any(cut[:, BAR + BAR // 2 :])


def test_a_mono_song_gives_mono_files(tmp_path: Path) -> None:
    target, _ = exported(noise_set(tmp_path, channels=1), tmp_path / "out")

    assert {soundfile.info(path).channels for path in (target / "Noise").iterdir()} == {1}


def test_hostile_names_come_out_safe_and_distinct(tmp_path: Path) -> None:
    names = ("../../etc/passwd", "😀" * 100, "CON", "same", "Same", "same bars 1-4", "x" * 300, "\n")
    stems = tuple(Part(f"s{k}", name, "other", "#000000") for k, name in enumerate(names))
    made = noise_set(tmp_path, title="a/b\\c: 😀 " + "y" * 300, stems=stems, loops=LOOPS, sections=(), bars=4)

    target, _ = exported(made, tmp_path / "out")

    (folder,) = target.iterdir()
    found = [path.name for path in folder.iterdir()]
    # The last stem is silent in these bars, and the residual is.
    assert len({name.casefold() for name in found}) == len(names) - 1 + len(LOOPS)
    assert all(len(name.encode()) < 130 and not set(name) & set('/\\:*?"<>|\n') for name in [folder.name, *found])
    assert all(WavInfoReader(str(path)).bext is not None for path in folder.iterdir())


def test_one_decomposition_may_be_asked_for(made: Made, tmp_path: Path) -> None:
    target, _ = exported(made, tmp_path / "out", Options(parts="loops"))

    assert sorted(path.name for path in (target / "Noise").iterdir()) == ["Chord 120bpm Am.wav", "Kick 120bpm Am.wav"]


def test_what_cannot_be_cut_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with pytest.raises(RemixtureError, match="has no loops: there are stems"):
        exported(noise_set(tmp_path / "a", loops=()), tmp_path / "out", Options(parts="loops"))
    with pytest.raises(RemixtureError, match=r"every loop and slice of .* is silent"):
        exported(noise_set(tmp_path / "b", level=0.0), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_sections_may_begin_late_and_lie_outside_the_song(tmp_path: Path) -> None:
    made = noise_set(tmp_path, sections=(Section(2, "A"), Section(3, "B"), Section(99, "C")), loops=(), stems=STEMS[:1])

    target, _ = exported(made, tmp_path / "out")

    names = sorted(path.name.split(" 120bpm", maxsplit=1)[0] for path in (target / "Noise").iterdir())
    assert names == ["Drums A bar 3", "Drums B bars 4-8", "Drums bars 1-2"]


def test_a_take_gives_a_folder_for_each_of_its_songs(sets: tuple[Path, Path], tmp_path: Path) -> None:
    take, _ = play(tmp_path / "take.jsonl", sets, MOVES, 4 * SECOND)
    work = Work(take, Options(), Quiet())

    loops.write(work, tmp_path / "out")

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["song 0", "song 1"]
    assert any("without what the take did" in line for line in work.said)
