import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.cli import main
from bridge.session.effects import opened as effects
from engine.bounce import Target, bounce_take
from engine.bounce.load import Chosen, bank_of
from engine.dsp.levels import peak_dbfs
from engine.mix.livemixer import LiveMixer
from engine.mix.record import Record
from engine.model.audio import Samples
from engine.model.command import Command
from engine.model.errors import RemixtureError
from engine.model.remixset import RemixSet
from engine.model.report import Quiet
from engine.model.take import TakeChain, TakeHead, TakeSong
from engine.store.encode import BitDepth
from engine.store.setdir import open_set
from engine.store.take import TakeWriter
from tests.conftest import ROOT, null_dbfs

RATE = 24_000
"""Of the performance: not the songs', so that they are resampled as they were for the device."""

SECOND = RATE


def song(folder: Path) -> TakeSong:
    remixset = open_set(folder)
    return TakeSong.of(remixset, str(folder), sorted(remixset.decompositions, reverse=True))


def record(folder: Path) -> Record:
    remixset = open_set(folder)
    chosen = {name: Chosen(folder, remixset, remixset.decompositions[name]) for name in song(folder).decompositions}
    return Record({name: bank_of(one, RATE, straighten=False, report=Quiet()) for name, one in chosen.items()})


def play(
    path: Path, folders: Sequence[Path], commands: Sequence[tuple[int, str, float]], frames: int, blocks: Sequence[int] = (128,)
) -> tuple[Path, Samples]:
    """Play live in blocks of these sizes in turn and write down what took effect; return the take and what was heard.

    Songs are put on between the two blocks that are nearest.
    """
    mixer, waiting, turn, late = LiveMixer(RATE), list(commands), 0, 0
    heard = [np.zeros((2, 0), dtype=np.float32)]
    head = TakeHead(RATE, blocks[0], "R2", "2026-11-21", "0.1.0", tuple(song(folder) for folder in folders), (chain(),))
    with TakeWriter(path, head) as writer:
        while mixer.frame < frames + late:
            n = blocks[turn % len(blocks)]
            while waiting and (waiting[0][0] < mixer.frame + n):
                at, name, value = waiting.pop(0)
                if name.endswith((".load", ".fx")):
                    put_on(mixer, name, folders[int(value)] if value >= 0 else None)
                    writer.append(mixer.frame, name, value)
                else:
                    mixer.send(Command(at, name, value))
            late = late or mixer.latency
            heard.append(np.zeros((2, n), dtype=np.float32))
            mixer.render(heard[-1])
            write_down(mixer, writer)
            turn += 1
        writer.end(frames, 0)
    return writer.path, np.concatenate(heard, axis=1)[:, late : late + frames]


def put_on(mixer: LiveMixer, name: str, folder: Path | None) -> None:
    place, _, what = name.rpartition(".")
    if what == "load":
        mixer.load(place.removeprefix("deck."), record(folder) if folder else None)
    else:
        mixer.insert(place, *(effects(chain(), RATE) if folder else (None,)))


def chain() -> TakeChain:
    return TakeChain("echo-out", (ROOT / "presets" / "fx" / "echo-out.toml").read_text(encoding="utf-8"))


def write_down(mixer: LiveMixer, writer: TakeWriter) -> None:
    frames, values = np.zeros((64, 2), dtype=np.int64), np.zeros(64)
    for (frame, address), value in zip(frames[: mixer.applied(frames, values)], values, strict=False):
        writer.append(int(frame), mixer.addresses.path(int(address)), float(value))


def rendered(take: Path, *options: str | Path) -> Samples:
    out = take.with_suffix(".wav")
    assert main(["render", "--take", str(take), "-o", str(out), "--bits", "32f", *map(str, options)]) == 0
    return read(out)


def read(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE
    return np.ascontiguousarray(samples.T)


def refused(take: Path, folders: Sequence[Path] = ()) -> str:
    out = take.with_name("never.wav")
    with pytest.raises(RemixtureError) as caught:
        bounce_take(take, Target(out), folders)
    assert not out.exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


START = ((0, "deck.a.load", 0.0), (0, "deck.a.play", 1.0))

PERFORMANCE = (
    (0, "deck.a.load", 0), (0, "master.gain", 3.0), (4_800, "deck.a.play", 1),
    (SECOND, "deck.a.drums.gain", -12.0), (SECOND + 7, "deck.a.bass.mute", 1), (SECOND + 7, "deck.a.drums.gain", 5.3),
    (SECOND + 5_000, "deck.b.load", 1), (SECOND + 5_001, "deck.b.sync", 1), (SECOND + 6_000, "deck.b.play", 1),
    (SECOND + 9_000, "deck.a.eq_low", -40), (SECOND + 9_100, "deck.a.filter", 0.3), (SECOND + 9_200, "deck.b.pitch", 1.5),
    (SECOND + 9_300, "deck.b.residual.cell", -1), (SECOND + 9_400, "deck.a.loop-1.cell", 1),
    (SECOND + 9_500, "deck.a.loop-1.cell", -2),
    (2 * SECOND, "deck.a.parts", 1), (2 * SECOND + 100, "deck.a.loop-1.gain", -6.0), (2 * SECOND + 3_000, "deck.a.tempo", 1.07),
    (2 * SECOND + 4_000, "deck.a.loop-1.clip_bars", 1), (2 * SECOND + 5_000, "deck.a.loop-1.clip", 1),
    (3 * SECOND, "deck.a.load", -1), (3 * SECOND + 1, "deck.b.loop-2.mute", 1), (3 * SECOND + 900, "deck.b.sync", 0),
    (3 * SECOND + 1_000, "deck.b.tempo", 0.93), (3 * SECOND + 2_000, "deck.b.seek", 2), (3 * SECOND + 4_000, "deck.b.slip", 1),
    (3 * SECOND + 5_000, "deck.b.loop", 0.25), (4 * SECOND, "deck.a.load", 1), (4 * SECOND, "deck.a.play", 1),
    (4 * SECOND + 1_000, "deck.b.slip", 0),
    (4 * SECOND + 9_000, "deck.a.side", 1), (4 * SECOND + 9_000, "master.crossfader", 0.5),
)  # fmt: skip


@pytest.mark.parametrize("blocks", [(256,), (64, 1000, 1)])
def test_a_take_rendered_again_is_what_was_heard_bit_for_bit(
    sets: tuple[Path, Path], tmp_path: Path, blocks: tuple[int, ...]
) -> None:
    take, heard = play(tmp_path / "take.jsonl", sets, PERFORMANCE, 5 * SECOND + 123, blocks)

    again = rendered(take)

    assert peak_dbfs(heard[:, :SECOND]) > -30
    np.testing.assert_array_equal(again, heard)


def test_levels_move_as_they_did(sets: tuple[Path, Path], tmp_path: Path) -> None:
    take, _ = play(tmp_path / "take.jsonl", sets, [*START, (2 * SECOND, "deck.a.drums.mute", 1.0)], 3 * SECOND)
    bank = record(sets[0]).banks[0]
    everything = bank.samples.sum(axis=0)
    at = np.arange(2 * SECOND + 2_400, 3 * SECOND)

    again = rendered(take)

    assert null_dbfs(again[:, 4_800 : 2 * SECOND], everything[:, 4_800 : 2 * SECOND]) < -120
    assert null_dbfs(again[:, at], (everything - bank.samples[bank.index("drums")])[:, at]) < -120


def test_a_take_cut_off_goes_on_for_two_seconds(sets: tuple[Path, Path], tmp_path: Path) -> None:
    take, _ = play(tmp_path / "take.jsonl", sets, [*START, (SECOND, "master.gain", 0.0)], 2 * SECOND)
    take.write_bytes(take.read_bytes()[: take.read_bytes().index(b'{"end"') + 3])

    assert rendered(take).shape[1] == 3 * SECOND


def test_one_file_per_source_and_deck_and_they_sum_to_the_mix(sets: tuple[Path, Path], tmp_path: Path) -> None:
    commands = [
        *START, (0, "master.limiter", 0), (SECOND, "deck.b.load", 1), (SECOND, "deck.b.play", 1),
        (2 * SECOND, "deck.a.load", 1), (2 * SECOND, "deck.a.play", 1), (2 * SECOND, "deck.a.loop-1.gain", -6),
    ]  # fmt: skip
    take, heard = play(tmp_path / "take.jsonl", sets, commands, 3 * SECOND)

    again = rendered(take, "--each")

    each = {path.stem: read(path) for path in tmp_path.glob("take-*.wav")}
    assert {"take-a-drums", "take-a-vocals", "take-a-loop-1", "take-a-residual", "take-b-loop-1"} <= set(each)
    np.testing.assert_array_equal(again, heard)
    assert null_dbfs(np.sum(list(each.values()), axis=0), heard) < -120
    assert peak_dbfs(each["take-b-loop-1"][:, :SECOND]) < -180
    assert peak_dbfs(each["take-a-drums"][:, 2 * SECOND + 1_000 :]) < -180


def test_a_loudness_is_reached_whatever_the_limiter_did(sets: tuple[Path, Path], tmp_path: Path) -> None:
    commands = [*START, (0, "master.gain", -20.0), (SECOND, "master.limiter", 0.0), (SECOND, "master.limiter", 1.0)]
    take, _ = play(tmp_path / "take.jsonl", sets, commands, 4 * SECOND)

    done = bounce_take(take, Target(tmp_path / "a.wav", BitDepth.FLOAT, loudness_lufs=-23.0))

    assert done.loudness_lufs == pytest.approx(-23.0, abs=0.2)


# --- finding the sets


def test_sets_are_known_by_what_they_are_not_where(sets: tuple[Path, Path], tmp_path: Path) -> None:
    take, heard = play(tmp_path / "take.jsonl", sets[:1], START, SECOND)
    moved = tmp_path / "elsewhere" / "other name.remix"
    shutil.copytree(sets[0], moved)
    elsewhere = take.read_text().replace(json.dumps(str(sets[0])), '"/no/such/folder"')
    take.write_text(elsewhere)

    assert "SHA-256" in refused(take)
    assert "or beside the take: name the one it was played from as SET" in refused(take, [sets[1]])
    for where in (moved, moved.parent):
        np.testing.assert_array_equal(rendered(take, where), heard)
    shutil.copytree(sets[0], tmp_path / "beside.remix")
    np.testing.assert_array_equal(rendered(take), heard)


def test_a_set_that_was_made_anew_is_refused_with_what_differs(sets: tuple[Path, Path], tmp_path: Path) -> None:
    take, _ = play(tmp_path / "take.jsonl", sets[:1], START, SECOND)
    text = take.read_text()
    sources = open_set(sets[0]).decompositions["stems"].sources

    take.write_text(text.replace(sources[1].sha256, "0" * 64))
    assert f"{sets[0]} has other stems now ({sources[1].id})" in refused(take)
    take.write_text(text.replace('"stems":', '"voices":'))
    assert f"{sets[0]} has no voices" in refused(take)


def test_songs_that_were_never_put_on_are_not_needed(sets: tuple[Path, Path], tmp_path: Path) -> None:
    take, heard = play(tmp_path / "take.jsonl", sets, START, SECOND)
    take.write_text(take.read_text().replace(song(sets[1]).sha256, "0" * 64))

    np.testing.assert_array_equal(rendered(take), heard)


def test_a_damaged_source_is_refused_and_nothing_is_left(sets: tuple[Path, Path], tmp_path: Path) -> None:
    take, _ = play(tmp_path / "take.jsonl", sets[:1], [(0, "deck.b.load", 0.0)], SECOND)
    shutil.copytree(sets[0], tmp_path / "copy.remix")
    drums = tmp_path / "copy.remix" / "stems" / "drums.flac"
    drums.write_bytes(drums.read_bytes()[:-1] + b"\0")

    assert "drums.flac is not the file" in refused(take, [tmp_path / "copy.remix"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.remix", "take.jsonl"]


@pytest.mark.parametrize("options", [
    ("--gain", "drums=+6"), ("--mute", "drums"), ("--tempo", "0"), ("--pitch", "2"), ("--start", "1"), ("--bars", "0"),
    ("--straighten",), ("--ceiling", "-1"), ("--parts", "stems"), ("--scene", "no-voice"),
])  # fmt: skip
def test_options_that_would_change_a_take_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    assert main(["render", "--take", str(tmp_path / "a.jsonl"), "-o", str(tmp_path / "a.wav"), *options]) == 2
    assert f"remixture: {options[0]} cannot change a take" in capsys.readouterr().err


def test_lateness_is_said(sets: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take, _ = play(tmp_path / "take.jsonl", sets[:1], START, SECOND)
    take.write_text(take.read_text().replace('"late":0', '"late":3'))

    rendered(take)

    assert "3 blocks came too late" in capsys.readouterr().err


# --- effects


def test_effects_sound_again_as_they_did(sets: tuple[Path, Path], tmp_path: Path) -> None:
    commands = [
        *START, (0, "deck.a.drums.fx", 0), (SECOND, "deck.a.drums.fx.1.mix", 1.0), (SECOND + 3_000, "master.fx", 0),
        (2 * SECOND, "deck.a.drums.fx", -1), (2 * SECOND + 100, "master.fx.1.feedback", 0.2),
    ]  # fmt: skip
    take, heard = play(tmp_path / "take.jsonl", sets, commands, 3 * SECOND, (96, 700))
    _, plain = play(tmp_path / "dry.jsonl", sets, START, 3 * SECOND)

    np.testing.assert_array_equal(rendered(take), heard)
    assert null_dbfs(heard, plain) > -30


def test_no_effects_are_opened_but_a_persons_own(sets: tuple[Path, Path], tmp_path: Path) -> None:
    take, _ = play(tmp_path / "take.jsonl", sets, [*START, (0, "deck.a.fx", 0)], SECOND)
    text = take.read_text()

    take.write_text(text.replace("feedback = 0.7", "feedback = 0.6"))
    with pytest.raises(RemixtureError, match="'echo-out', which are others now"):
        bounce_take(take, Target(tmp_path / "a.wav"), effects=effects)
    take.write_text(text.replace('"echo-out"', '"../../echo-out"'))
    with pytest.raises(RemixtureError, match="which are not here"):
        bounce_take(take, Target(tmp_path / "a.wav"), effects=effects)
    assert "nothing here opens them" in refused(take)
    assert not (tmp_path / "a.wav").exists()


# --- scenes


def test_a_scene_is_where_a_static_mix_begins(
    sets: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = tmp_path / "a.toml"
    scene.write_text('schema = "remixture/scene/1"\n[values]\n"*".mute = true\ndrums.mute = false\ndrums.gain = 3\n'
                     "guitar.gain = 1\ndeck.a.sync = true\nvocals.mute = true\n")  # fmt: skip
    drums = 10 ** (3 / 20) * stem(sets[0], "drums")

    assert main(["render", str(sets[0]), "--scene", str(scene), "-o", str(tmp_path / "a.wav"), "--bits", "32f"]) == 0
    said = capsys.readouterr().err

    heard = soundfile.read(tmp_path / "a.wav", dtype="float32")[0].T
    assert null_dbfs(heard, drums.astype(np.float32)) < -120
    assert "left out guitar.gain, deck.a.sync" in said


def test_what_is_typed_wins_over_the_scene(sets: tuple[Path, Path], tmp_path: Path) -> None:
    options = ["--scene", "voice-alone", "--gain", "vocals=-6", "--bits", "32f"]

    assert main(["render", str(sets[0]), "-o", str(tmp_path / "a.wav"), *options]) == 0

    heard = soundfile.read(tmp_path / "a.wav", dtype="float32")[0].T
    assert null_dbfs(heard, (10 ** (-6 / 20) * stem(sets[0], "vocals")).astype(np.float32)) < -120


def stem(folder: Path, name: str) -> np.ndarray:
    remixset: RemixSet = open_set(folder)
    (scale,) = (source.scale for source in remixset.decompositions["stems"].sources if source.id == name)
    return np.asarray(soundfile.read(folder / "stems" / f"{name}.flac", dtype="float64", always_2d=True)[0].T * scale)


def test_a_set_or_a_take_is_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "-o", str(tmp_path / "a.wav")]) == 2
    assert "name a set to render" in capsys.readouterr().err
