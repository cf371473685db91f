import itertools
import re
import uuid
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rpp
import soundfile
from numpy.typing import NDArray

from bridge.daw import reaper
from bridge.daw.media import distinct, text
from bridge.daw.project import Clip, Marker, Media, Project, Track
from bridge.daw.rpp import Block, number, quoted, written
from bridge.daw.work import Options, Work
from engine.model.audio import Samples
from engine.model.curve import Curve, Switch
from engine.model.grid import Beatgrid, GridReport
from engine.model.remixset import GridFacts, Section
from engine.model.report import Quiet
from engine.store.encode import BitDepth
from engine.store.manifest import read_manifest, write_manifest
from tests.bridge.daw.rppread import Read, as_samples, one
from tests.bridge.session.rig import make_set
from tests.conftest import null_dbfs

RATE = 8_000
FRAMES = 32_000
HOSTILE = (
    "a/b\\c:d", "🎛️ drüms 日本", 'the "loud" one', "it's", "`tick`", "all \"three' of` them", "line\nbreak\tand\x00bell\x07",
    "x" * 200, "", "  ", "> closes", "<opens", "#comment", ";comment", "|bar", "a\u2028b\x85c", "-0", "1e-9", "same", "same",
)  # fmt: skip
PLAIN = re.compile(r"-?\d+(\.\d+)?")


def noise(seed: int, frames: int = FRAMES) -> Samples:
    return (0.1 * np.random.default_rng(seed).standard_normal((2, frames))).astype(np.float32).clip(-0.9, 0.9)


def medium(name: str, samples: Samples) -> Media:
    return Media(name, samples.shape[1], samples.shape[0], lambda: samples)


def drum(id_: str, seed: int, **more: object) -> tuple[Track, Media]:
    """A track of one clip, with its file."""
    clips = (Clip(f"{id_}.wav", id_, 0, FRAMES),)
    return Track(id_, id_, "drums", "#ff8000", **{"clips": clips, **more}), medium(f"{id_}.wav", noise(seed))  # type: ignore[arg-type]


def project(tracks: tuple[Track, ...], media: tuple[Media, ...], **more: object) -> Project:
    grid = Beatgrid.steady_at(120.0, 0.0, FRAMES / RATE)
    return replace(Project("song", RATE, FRAMES, grid, tracks, media), **more)  # type: ignore[arg-type]


def exported(made: Project, room: Path, depth: BitDepth = BitDepth.FLOAT) -> tuple[Read, list[str]]:
    """Write a project as the exporter does, under a name that is not its own; read it where it comes to lie."""
    work = Work(room, Options(depth=depth), Quiet())
    work.__dict__["project"] = made
    reaper.write(work, room / ".part-1-anything")
    (room / ".part-1-anything").rename(room / "elsewhere")
    return Read(room / "elsewhere"), work.said


def moved(folder: Path, downbeat: float, bpm: float = 120.0) -> None:
    """Lay a set's grid elsewhere, and sections on it."""
    remixset = read_manifest(folder)
    grid = GridFacts.of(GridReport(Beatgrid.steady_at(bpm, downbeat, remixset.song.seconds), "test", 1.0, ""), {})
    write_manifest(folder, replace(remixset, grid=grid, sections=(Section(0, "A"), Section(2, "B"))))


# Sound


@pytest.mark.parametrize("parts", ["stems", "loops"])
@pytest.mark.parametrize("downbeat", [0.0, 0.7])
def test_an_untouched_set_plays_as_the_song(tmp_path: Path, parts: str, downbeat: float) -> None:
    folder = make_set(tmp_path, 6.0)
    moved(folder, downbeat)
    work = Work(folder, Options(parts=parts), Quiet())

    reaper.write(work, tmp_path / "out")

    read, made = Read(tmp_path / "out"), work.project
    song = soundfile.read(tmp_path / "song-0.wav", always_2d=True)[0].T
    sound = read.sound(made.frames)
    first = made.frames - song.shape[1]
    assert null_dbfs(sound[:, first:], song) < -120
    assert not np.any(sound[:, :first])
    assert len(read.tracks) == len(made.tracks)


def test_moves_sound_as_they_were_made_in_folders_and_at_the_master(tmp_path: Path) -> None:
    fade = Curve(np.array([0, 10_000, 10_080, 30_000]), np.array([0.25, 1.0, 3.9, 0.0]))
    dip = Curve(np.array([4_000, 5_000, 6_000]), np.array([1.0, 0.0, 1.0]))
    gate = Switch(turns=((9_000, True), (9_500, False)))
    blink = Switch(first=True, turns=((3_000, False), (20_001, True), (25_000, False)))
    one_, two, three, four = (
        drum("a.drums", 1, gain=fade, mute=blink), drum("a.bass", 2, gain=Curve.level(0.5)),
        drum("b.drums", 3, mute=Switch(first=True)), drum("b.voice", 4, gain=dip),
    )  # fmt: skip
    inner = Track("b.in", "inner", "group", "#0000ff", gain=dip, tracks=(three[0], four[0]))
    decks = (
        Track("a", "deck a", "group", "#00ff00", gain=dip, mute=gate, tracks=(one_[0], two[0])),
        Track("b", "deck b", "group", "#0000ff", gain=Curve.level(1.5), tracks=(inner,)),
    )  # fmt: skip
    made = project(decks, (one_[1], two[1], three[1], four[1]), master=fade)

    read, said = exported(made, tmp_path)

    at, expected = np.arange(FRAMES), np.zeros((2, FRAMES))
    for track, groups in made.leaves():
        level = np.ones(FRAMES)
        for stage in (track, *groups):
            level *= stage.gain.at(at) * ~muted(stage.mute)
        expected += made.medium(track.clips[0].media).samples() * level
    assert null_dbfs(read.sound(FRAMES), as_samples(expected * fade.at(at))) < -95
    assert [one(track, "ISBUS") for track in read.tracks] == [
        ["1", "1"], ["0", "0"], ["2", "-1"], ["1", "1"], ["1", "1"], ["0", "0"], ["2", "-2"],
    ]  # fmt: skip
    assert any("mutes" in line for line in said)


def muted(mute: Switch) -> NDArray[np.bool_]:
    on = np.full(FRAMES, mute.first, dtype=np.bool_)
    for frame, state in mute.turns:
        on[frame:] = state
    return on


@pytest.mark.parametrize("file_frames", [3_000, 5_000])
def test_a_loop_goes_round_from_its_offset(tmp_path: Path, file_frames: int) -> None:
    samples = noise(5, file_frames)
    track = Track("loop-1", "loop", "loop", "#123456", (Clip("loop.wav", "loop", 1_000, 10_001, 700, 3_000),))

    read, _ = exported(project((track,), (medium("loop.wav", samples),)), tmp_path)

    expected = np.zeros((2, FRAMES))
    expected[:, 1_000:11_001] = samples[:, (700 + np.arange(10_001)) % 3_000]
    assert null_dbfs(read.sound(FRAMES), as_samples(expected)) < -120


def test_peaks_over_full_scale_are_brought_down_together_and_said(tmp_path: Path) -> None:
    loud, quiet = noise(1) * 4, noise(2)
    tracks = tuple(Track(name, name, "other", "#ffffff", (Clip(f"{name}.wav", name, 0, FRAMES),)) for name in ("loud", "quiet"))
    made = project(tracks, (medium("loud.wav", loud), medium("quiet.wav", quiet)))

    read, said = exported(made, tmp_path, BitDepth.PCM_24)

    factor = (1 - 2.0**-23) / np.abs(loud).max()
    assert null_dbfs(read.sound(FRAMES), (loud + quiet) * factor) < -120
    assert sum(f"{factor:.6f}" in line for line in said) == 1


def test_what_is_louder_than_an_envelope_reaches_is_left_to_the_fader() -> None:
    fader, envelope = reaper.split(Curve(np.array([0, 10]), np.array([1.0, 4.0])))
    low, lower = reaper.split(Curve(np.array([0, 10]), np.array([1.0, 2.0])))

    assert envelope is not None
    assert lower is not None
    assert (fader, envelope.values.max(), low, lower.values.max()) == (4.0, 1.0, 1.0, 2.0)


# Time


def test_a_drifting_grid_adds_up_to_its_beats(tmp_path: Path) -> None:
    steps = 0.5 + 0.02 * np.sin(np.arange(400) / 7) + 0.003 * np.random.default_rng(0).standard_normal(400)
    grid = Beatgrid(np.concatenate([[0.0], np.cumsum(steps)]), 0, 3)

    read, _ = exported(project((), (), grid=grid), tmp_path)

    np.testing.assert_allclose(read.beats(401), grid.times, atol=1e-6)
    first = read.root.find("TEMPOENVEX").find("PT")
    assert int(first[4]) == 65_536 * 4 + 3
    assert float(one(read.root, "TEMPO")[0]) == pytest.approx(60 / steps[0])


def test_a_steady_grid_is_one_exact_tempo(tmp_path: Path) -> None:
    grid = Beatgrid.steady_at(123.456789, 0.0, 100.0, 3)

    read, _ = exported(project((), (), grid=grid), tmp_path)

    assert read.root.find("TEMPOENVEX") is None
    assert one(read.root, "TEMPO")[1:] == ["3", "4"]
    np.testing.assert_allclose(read.beats(200), np.arange(200) * 60 / 123.456789, atol=1e-9)


def test_the_ruler_calls_the_songs_bar_1_by_its_number(tmp_path: Path) -> None:
    folder = make_set(tmp_path, 9.0)
    moved(folder, 1.3)
    work = Work(folder, Options(), Quiet())

    reaper.write(work, tmp_path / "out")

    read = Read(tmp_path / "out")
    seconds, first_bar, _ = map(float, one(read.root, "PROJOFFS"))
    bars = [seconds_ / 2 + 1 + first_bar for seconds_, _ in read.markers]
    assert seconds == 0
    assert bars == pytest.approx([1, 3], abs=1e-3)
    assert [name for _, name in read.markers] == ["A", "B"]
    assert min(float(one(item, "POSITION")[0]) for track in read.tracks for item in track.findall("ITEM")) >= 0
    assert any("before its bar 1" in line for line in work.said)
    assert "before its bar 1" in read.text


# Names and text


def test_hostile_names_come_back_and_no_line_breaks(tmp_path: Path) -> None:
    files = [f"{name}.wav" for name in distinct(HOSTILE)]
    tracks = tuple(
        Track(f"t-{index}", name, "other", "#0080ff", (Clip(file, name, 0, 100),))
        for index, (name, file) in enumerate(zip(HOSTILE, files, strict=True))
    )
    marks = tuple(Marker(index, name) for index, name in enumerate(HOSTILE))
    media = tuple(medium(file, noise(index, 100)) for index, file in enumerate(files))

    for title in HOSTILE[::4]:
        room = tmp_path / str(uuid.uuid4())
        room.mkdir()
        read, _ = exported(project(tracks, media, markers=marks, title=title, notes=(title,)), room)

        names = [one(track, "NAME")[0] for track in read.tracks]
        assert names == [name for _, name in read.markers] == [seen(name) for name in HOSTILE]
        assert [one(track.find("ITEM"), "NAME")[0] for track in read.tracks] == names
        assert len({tuple(track.attrib) for track in read.tracks}) == len(HOSTILE)
        assert read.text.count("\n") == len(read.text.splitlines())
        assert len(list((room / "elsewhere" / "audio").iterdir())) == len(HOSTILE)


def seen(name: str) -> str:
    """How a name looks in REAPER."""
    name = re.sub("[\x85\u2028]", " ", text(name))
    return name.replace("`", "'") if all(quote in name for quote in "\"'`") else name


def test_a_title_is_a_safe_file_name_whatever_the_folder_is_called(tmp_path: Path) -> None:
    read, _ = exported(project((), (), title="AC/DC: live?"), tmp_path)

    assert [path.name for path in read.folder.glob("*.rpp")] == ["AC-DC- live.rpp"]


def test_strings_are_quoted_as_reaper_does() -> None:
    given = ["", "plain", "two words", 'say "hi" you', 'it\'s "so" now', "a ' b \" c ` d", "`x", "#x", "a\nb"]

    assert [quoted(one_) for one_ in given] == [
        '""', "plain", '"two words"', "'say \"hi\" you'", "`it's \"so\" now`", "`a ' b \" c ' d`", '"`x"', '"#x"', '"a b"',
    ]  # fmt: skip


@pytest.mark.parametrize("value", [0, -0.0, 1e-9, 1e-15, 123_456.789, 1e22, -3.5, 0.1, 2, np.float64(1e-7)])
def test_numbers_are_plain_decimals(value: float) -> None:
    assert PLAIN.fullmatch(number(value))
    assert float(number(value)) == pytest.approx(value, abs=1e-12)
    assert number(value) != "-0"


def test_colors_are_blue_green_red() -> None:
    assert reaper.color_number("#ff8001") == 0x10180FF


def test_free_text_stands_behind_a_bar_and_blocks_close() -> None:
    parsed = rpp.loads(written(Block("A", (1, "b c"), ["free > text", ("LINE", 0.5), Block("IN", (), [("X",)])])))

    assert (parsed.tag, list(parsed.attrib)) == ("A", ["1", "b c"])
    assert parsed[0] == "|free > text"
    assert parsed[1] == ["LINE", "0.5"]
    assert parsed.find("IN") is not None
    assert list(itertools.chain(parsed.find("IN"))) == ["X"]
