import json
import subprocess
from pathlib import Path
from typing import Any

import av
import mutagen.mp4
import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.daw.project import Clip, Media, Project, Track
from bridge.daw.stemfile import write
from bridge.daw.work import Codec, Options, Work
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid
from engine.model.report import Quiet
from engine.prepare import Settings, prepare
from engine.store.decode import decode, decode_track
from engine.store.sources import read_source
from engine.store.stemfile import USUAL_ORDER, holds_stems, stem_names
from tests.bridge.daw.stemsets import BPM, FRAMES, FULL_SCALE, LEAD_IN, RATE, make_set, sounds
from tests.conftest import null_dbfs
from tests.servers import need

MP4: Any = mutagen.mp4
"""Not all of it is typed."""
TITLE = "Über / \U0001f941 \\ \"x\" 'y' " + "long " * 50


def exported(source: Path, codec: Codec = "alac") -> tuple[Path, list[str]]:
    """A set's stem file, and what people are told."""
    work = Work(source, Options(codec=codec), Quiet())
    target = source.with_name(f"song.{codec}.stem.mp4")
    write(work, target)
    return target, work.said


def steps_of(path: Path, track: int) -> NDArray[np.int32]:
    """The 24-bit numbers of an ALAC track."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[track]
        pieces = [frame.to_ndarray() for frame in container.decode(stream)]
    whole: NDArray[np.int32] = np.concatenate(pieces, axis=1)
    assert not np.any(whole & 0xFF)
    return whole >> 8


def atoms(path: Path) -> tuple[Any, bytes]:
    with path.open("rb") as file:
        return MP4.Atoms(file), path.read_bytes()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray, np.ndarray]:
    """A set, its four sources in the order of its files, and its recording."""
    sources = sounds(4)
    folder, song = make_set(tmp_path_factory.mktemp("sets"), sources, title=TITLE)
    return folder, sources, song


@pytest.fixture(scope="module")
def alac(made: tuple[Path, np.ndarray, np.ndarray]) -> Path:
    return exported(made[0])[0]


@pytest.fixture(scope="module")
def aac(made: tuple[Path, np.ndarray, np.ndarray]) -> Path:
    return exported(made[0], "aac")[0]


def test_the_stems_sum_to_the_mix_bit_for_bit_and_the_mix_is_the_recording(
    alac: Path, made: tuple[Path, np.ndarray, np.ndarray]
) -> None:
    mix, *stems = (steps_of(alac, track) for track in range(5))

    assert mix.shape == (2, FRAMES)
    np.testing.assert_array_equal(np.sum(stems, axis=0), mix)
    np.testing.assert_array_equal(mix, np.rint(made[2] * FULL_SCALE))


def test_each_stem_is_its_source_and_other_has_what_is_left(alac: Path, made: tuple[Path, np.ndarray, np.ndarray]) -> None:
    _, (drums, bass, vocals, other), song = made
    residual = song - np.sum([drums, bass, vocals, other], axis=0)

    for track, source in enumerate((drums, bass, other + residual, vocals), 1):
        np.testing.assert_array_equal(steps_of(alac, track), np.rint(source * FULL_SCALE))


@pytest.mark.parametrize("codec", ["alac", "aac"])
def test_ffprobe_finds_five_tracks_of_which_players_take_the_first(codec: str, request: pytest.FixtureRequest) -> None:
    need("ffprobe")
    path = request.getfixturevalue(codec)
    command = ["ffprobe", "-v", "error", "-print_format", "json", "-show_streams", "-show_format", str(path)]
    run = subprocess.run(command, capture_output=True, check=True)
    found: dict[str, Any] = json.loads(run.stdout)

    assert run.stderr == b""
    assert found["format"]["tags"]["major_brand"] == "M4A "
    assert [stream["disposition"]["default"] for stream in found["streams"]] == [1, 0, 0, 0, 0]
    assert {stream["codec_name"] for stream in found["streams"]} == {codec}
    assert {(stream["duration_ts"], stream["sample_rate"]) for stream in found["streams"]} == {(FRAMES, str(RATE))}
    names = [stream["tags"]["handler_name"] for stream in found["streams"]]
    assert names == ["Mix", "Drums", "Bass", "Other", "Vocals"]
    if codec == "alac":
        assert {stream["bits_per_raw_sample"] for stream in found["streams"]} == {"24"}
    else:
        assert {stream["profile"] for stream in found["streams"]} == {"LC"}


def test_mutagen_finds_the_title_the_tempo_and_24_bits(alac: Path) -> None:
    found = MP4.MP4(alac)

    assert found.tags is not None
    assert found.tags["\xa9nam"] == [TITLE[:200].strip()]
    assert found.tags["tmpo"] == [BPM]
    assert (found.info.codec, found.info.bits_per_sample, found.info.channels) == ("alac", 24, 2)
    assert found.info.length == pytest.approx(FRAMES / RATE, abs=1e-6)


def test_the_atom_names_and_colours_the_stems_and_does_nothing_to_their_sum(
    alac: Path, made: tuple[Path, np.ndarray, np.ndarray]
) -> None:
    tree, data = atoms(alac)
    atom = tree[b"moov.udta.stem"]
    found = json.loads(data[atom.offset + 8 : atom.offset + atom.length])
    colors = {source["kind"]: source["color"] for source in sources_of(made[0])}

    assert found["version"] == 1
    assert [stem["name"] for stem in found["stems"]] == ["Drums", "Bass", "Other", "Vocals"]
    assert [stem["color"].lower() for stem in found["stems"]] == [colors[kind] for kind in USUAL_ORDER]
    assert not any(part["enabled"] for part in found["mastering_dsp"].values())
    assert set(found["mastering_dsp"]) == {"compressor", "limiter"}


def sources_of(folder: Path) -> list[dict[str, Any]]:
    sources: list[dict[str, Any]] = json.loads((folder / "set.json").read_bytes())["decompositions"]["stems"]["sources"]
    return sources


@pytest.mark.parametrize("codec", ["alac", "aac"])
def test_only_the_first_track_is_enabled_and_the_index_comes_first(codec: str, request: pytest.FixtureRequest) -> None:
    tree, data = atoms(request.getfixturevalue(codec))
    heads = [track[[b"tkhd"]].offset for track in tree[b"moov"].children if track.name == b"trak"]
    flags = [data[head + 11] for head in heads]

    assert [flag & 1 for flag in flags] == [1, 0, 0, 0, 0]
    assert [atom.name for atom in tree.atoms] == [b"ftyp", b"moov", b"mdat"]


def test_stempeg_reads_what_was_written(alac: Path) -> None:
    need("ffmpeg")
    need("ffprobe")
    import stempeg

    stems, rate = stempeg.read_stems(str(alac))

    assert stems.shape == (5, FRAMES, 2)
    assert rate == RATE
    assert stempeg.Info(str(alac)).title_streams == ["Mix", "Drums", "Bass", "Other", "Vocals"]
    np.testing.assert_array_equal(stems[1:].sum(axis=0), stems[0])
    np.testing.assert_array_equal(stems[0].T * FULL_SCALE, steps_of(alac, 0))


def test_aac_stems_lie_where_they_were_and_sum_to_the_mix(aac: Path, alac: Path) -> None:
    stems = np.stack([decode_track(aac, track) for track in range(5)])
    true = np.stack([decode_track(alac, track) for track in range(5)])

    assert stems.shape == (5, 2, FRAMES)
    for got, wanted in zip(stems, true, strict=True):
        errors = [level(got[:, 9 : FRAMES - 9] - wanted[:, 9 + by : FRAMES - 9 + by]) for by in range(-8, 9)]
        assert int(np.argmin(errors)) == 8
        assert min(errors) < level(wanted) - 35
    assert level(stems[1:].sum(axis=0) - stems[0]) < level(stems[0]) - 35


def level(samples: np.ndarray) -> float:
    """Root mean square in dB."""
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64))))


def test_a_set_that_is_made_of_it_has_the_same_sources(
    alac: Path, made: tuple[Path, np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    _, (drums, bass, vocals, _), song = made
    assert holds_stems(alac)
    folder, again = prepare(alac, tmp_path, Settings(loops=1, bpm=BPM, downbeat=LEAD_IN / RATE))
    found = {source.id: read_source(source, folder, again.song) for source in again.decompositions["stems"].sources}

    assert again.decompositions["stems"].algorithm == "stem.mp4"
    assert list(found) == ["drums", "bass", "other", "vocals", "residual"]
    for id_, true in {"drums": drums, "bass": bass, "vocals": vocals, "other": song - drums - bass - vocals}.items():
        np.testing.assert_array_equal(found[id_], true)
    assert not np.any(found["residual"])
    assert null_dbfs(np.sum(list(found.values()), axis=0), song) < -120


def test_where_bar_1_is_is_told(made: tuple[Path, np.ndarray, np.ndarray], tmp_path: Path) -> None:
    work = Work(made[0], Options(), Quiet())
    write(work, tmp_path / "a.stem.mp4")

    assert work.said == [f"bar 1 is 0.700 s ({LEAD_IN} frames) into the file: it begins where the recording begins"]


def test_a_take_begins_with_its_first_clip_and_tells_what_could_not_come_along(tmp_path: Path) -> None:
    (x,) = sounds(1)
    clip = Clip("A Kick.wav", "A Kick", 20_000, 50_000, 20_000)
    track = Track("a.1.loop-1", "A Kick", "loop", "#ff8800", (clip,))
    media = Media("A Kick.wav", FRAMES, 2, lambda: x)
    grid = Beatgrid.steady_at(BPM, 0.0, FRAMES / RATE)
    project = Project("One + Two", RATE, FRAMES, grid, (track,), (media,), notes=("not carried over: reverb",))
    work = Work(tmp_path / "take.jsonl", Options(), Quiet())
    vars(work).update(take=object(), baked=project)

    write(work, tmp_path / "a.stem.mp4")

    drums = steps_of(tmp_path / "a.stem.mp4", 1)
    assert drums.shape == (2, FRAMES - 20_000)
    np.testing.assert_array_equal(drums[:, :50_000], x[:, 20_000:70_000] * FULL_SCALE)
    assert not np.any(drums[:, 50_000:])
    assert stem_names(tmp_path / "a.stem.mp4") == ["A Kick", "Bass", "Other", "Vocals"]
    assert work.said[0].startswith("silent in this song: Bass, Other, Vocals")
    assert work.said[1:] == ["not carried over: reverb"]


def test_loops_go_to_the_stem_that_their_name_tells(tmp_path: Path) -> None:
    names = ("Kick", "Snare 2", "Hats", "Bass 1", "Chord", "Voice")
    sources = sounds(len(names))
    folder, song = make_set(tmp_path, sources, names, loops=True)

    path, _ = exported(folder)

    _, drums, bass, other, vocals = (steps_of(path, track) for track in range(5))
    kick, snare, hats, low, chord, voice = np.rint(sources.astype(np.float64) * FULL_SCALE)
    left = np.rint(song * FULL_SCALE) - np.sum([kick, snare, hats, low, chord, voice], axis=0)
    for got, wanted in ((drums, kick + snare + hats), (bass, low), (other, chord + left), (vocals, voice)):
        np.testing.assert_array_equal(got, wanted)
    assert stem_names(path) == ["Drums", "Bass 1", "Chord", "Voice"]


def test_a_song_without_voice_has_four_stems_all_the_same(tmp_path: Path) -> None:
    folder, _ = make_set(tmp_path, sounds(2), ("Drums", "Other"))

    path, said = exported(folder)

    assert [bool(np.any(steps_of(path, track))) for track in range(5)] == [True, True, False, True, False]
    assert stem_names(path) == ["Drums", "Bass", "Other", "Vocals"]
    assert any("silent in this song: Bass, Vocals" in line for line in said)


def test_a_mono_song_is_the_same_on_both_sides(tmp_path: Path) -> None:
    folder, song = make_set(tmp_path, sounds(4, channels=1))

    path, _ = exported(folder)

    mix = steps_of(path, 0)
    np.testing.assert_array_equal(mix[0], mix[1])
    np.testing.assert_array_equal(mix[:1], np.rint(song * FULL_SCALE))


def test_what_is_over_full_scale_is_made_quieter_all_at_once(tmp_path: Path) -> None:
    folder, song = make_set(tmp_path, sounds(4, level=1.5))

    path, said = exported(folder)

    mix, *stems = (steps_of(path, track) for track in range(5))
    peak = np.abs(song).max()
    assert peak > 1.0
    assert FULL_SCALE - 10 < np.abs(mix).max() < FULL_SCALE
    np.testing.assert_array_equal(np.sum(stems, axis=0), mix)
    assert null_dbfs((mix / FULL_SCALE).astype(np.float32), song / peak) < -115
    assert any("none is clipped" in line for line in said)


def test_a_song_at_full_scale_is_left_as_it_is(tmp_path: Path) -> None:
    sources = sounds(1)
    sources[0, 0, 50_000:50_100], sources[0, 1, 60_000] = -1.0, 1.0 - 1 / FULL_SCALE
    folder, song = make_set(tmp_path, sources, ("Other",), left=0.0)

    path, said = exported(folder)

    np.testing.assert_array_equal(steps_of(path, 0), song * FULL_SCALE)
    assert not any("quieter" in line for line in said)


@pytest.mark.parametrize(("rate", "codec"), [(22_050, "alac"), (48_000, "aac"), (96_000, "alac"), (96_000, "aac")])
def test_the_rate_is_the_songs(tmp_path: Path, rate: int, codec: Codec) -> None:
    folder, _ = make_set(tmp_path, sounds(4), rate=rate)

    path, said = exported(folder, codec)

    audio = decode(path)
    assert (audio.rate, audio.frames) == (rate, FRAMES)
    assert any(str(rate) in line for line in said) == (rate != 48_000)


def test_a_rate_that_aac_does_not_have_is_refused(tmp_path: Path) -> None:
    folder, _ = make_set(tmp_path, sounds(4), rate=50_000)

    with pytest.raises(RemixtureError, match="no rate of 50000 Hz"):
        exported(folder, "aac")

    assert not list(tmp_path.glob("*.mp4"))


def test_a_full_disk_leaves_nothing_behind(made: tuple[Path, np.ndarray, np.ndarray], tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        with pytest.raises(OSError, match="large"):
            write(Work(made[0], Options(), Quiet()), tmp_path / "a.stem.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert list(tmp_path.iterdir()) == []


def test_any_place_can_be_written_to(made: tuple[Path, np.ndarray, np.ndarray], tmp_path: Path) -> None:
    folder = tmp_path / "http:x \U0001f941 %d"
    folder.mkdir()

    write(Work(made[0], Options(), Quiet()), folder / ".part-1-file:y.stem.mp4")

    assert [path.name for path in folder.iterdir()] == [".part-1-file:y.stem.mp4"]
