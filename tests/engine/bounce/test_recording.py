"""What was recorded of a take is that part of it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.cli import main
from engine.bounce import Target, bounce_take
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.store.encode import BitDepth
from tests.bridge.session.rig import make_set
from tests.engine.bounce.test_take import SECOND, START, play, read, rendered

PERFORMANCE = (
    *START, (0, "master.gain", 24.0), (3_000, "master.record", 1.0), (8_000, "deck.a.drums.gain", -12.0),
    (9_111, "deck.a.tempo", 1.07), (14_321, "master.record", 0.0), (14_400, "deck.a.bass.mute", 1.0),
    (14_500, "master.gain", 0.0), (SECOND + 6_000, "deck.a.filter", 0.4), (SECOND + 7_777, "master.record", 1.0),
)  # fmt: skip
RANGES = (slice(3_000, 14_321), slice(SECOND + 7_777, 2 * SECOND))


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Samples]:
    """A take with two recordings, the second still going on when it was closed, and all of it rendered."""
    room = tmp_path_factory.mktemp("recordings")
    path, heard = play(room / "take.jsonl", [make_set(room, 4.0)], PERFORMANCE, 2 * SECOND, (100, 1000))
    whole = rendered(path)
    np.testing.assert_array_equal(whole, heard)
    return path, whole


@pytest.mark.parametrize("number", [1, 2])
def test_a_recording_is_that_part_of_the_take_bit_for_bit(take: tuple[Path, Samples], number: int) -> None:
    path, whole = take

    np.testing.assert_array_equal(rendered(path, "--recording", str(number)), whole[:, RANGES[number - 1]])


def test_its_sources_are_those_of_the_take(take: tuple[Path, Samples], tmp_path: Path) -> None:
    for name, number in (("part", 1), ("whole", None)):
        bounce_take(take[0], Target(tmp_path / f"{name}.wav", BitDepth.FLOAT, each=True), recording=number)

    for name in ("drums", "bass", "residual"):
        np.testing.assert_array_equal(read(tmp_path / f"part-{name}.wav"), read(tmp_path / f"whole-{name}.wav")[:, RANGES[0]])


def test_loudness_and_what_the_limiter_did_are_those_of_the_recording(take: tuple[Path, Samples], tmp_path: Path) -> None:
    loud, quiet = (bounce_take(take[0], Target(tmp_path / "a.wav"), recording=number) for number in (1, 2))
    done = bounce_take(take[0], Target(tmp_path / "b.wav", BitDepth.FLOAT, loudness_lufs=-30.0), recording=2)

    assert loud.reduction_db > 6.0
    assert quiet.reduction_db < 0.1
    assert loud.seconds == pytest.approx((14_321 - 3_000) / SECOND)
    assert done.loudness_lufs == pytest.approx(-30.0, abs=0.2)
    assert soundfile.info(tmp_path / "b.wav").frames == SECOND - 7_777


def test_a_take_that_goes_on_can_be_rendered(take: tuple[Path, Samples], tmp_path: Path) -> None:
    path, whole = take
    running = tmp_path / "running.jsonl"
    text = path.read_text()
    running.write_text(text[: text.index('{"end"')] + '[40000,"master.gai')

    again = rendered(running, "--recording", "1")

    np.testing.assert_array_equal(again, whole[:, RANGES[0]])
    assert rendered(running, "--recording", "2").shape[1] == 2 * SECOND


@pytest.mark.parametrize("number", [0, 3])
def test_a_recording_that_is_not_there_is_refused_with_how_many_there_are(
    take: tuple[Path, Samples], tmp_path: Path, number: int
) -> None:
    with pytest.raises(RemixtureError, match=f"there is no recording {number} in .*: it has 2"):
        bounce_take(take[0], Target(tmp_path / "a.wav"), recording=number)
    assert not (tmp_path / "a.wav").exists()


def test_a_recording_is_of_a_take(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "a.remix", "-o", str(tmp_path / "a.wav"), "--recording", "1"]) == 2
    assert "name the take with --take" in capsys.readouterr().err
