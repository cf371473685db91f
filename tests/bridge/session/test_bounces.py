"""What is played is rendered while it plays."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.session.bounces import BounceJob, Bounces, BounceState
from bridge.session.messages import Output
from bridge.session.player import Player
from engine.model.errors import RemixtureError
from engine.store.encode import BitDepth
from tests.bridge.session.rig import RATE, alive, make_set, until


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bounces")


def played(player: Player, seconds: float) -> None:
    """Wait until so much more was played."""
    end = player.status().frame + round(seconds * RATE)
    until(lambda: player.status().frame > end)


@pytest.fixture(scope="module")
def player(room: Path) -> Iterator[Player]:
    """A session in which something was recorded, and nothing was done since."""
    with Player(Output("null", RATE, 256), print, room / "take.jsonl") as player:
        player.load("a", make_set(room))
        player.set("deck.a.play", 1.0)
        player.set("deck.a.drums.gain", -6.0)
        for recording in (1.0, 0.0):
            player.set("master.record", recording)
            played(player, 0.5)
        yield player


@pytest.fixture(scope="module")
def bounces(player: Player, room: Path) -> Iterator[Bounces]:
    bounces = Bounces(player, room / "out", print)
    yield bounces
    bounces.close()


def ended(bounces: Bounces, number: int) -> BounceJob:
    """The job when it has come to its end."""

    def job() -> BounceJob:
        return next(one for one in bounces.list() if one.number == number)

    until(lambda: job().state not in {BounceState.WAITING, BounceState.RUNNING}, 60.0)
    return job()


def test_a_recording_is_its_part_of_all_that_was_played_so_far(player: Player, bounces: Bounces, room: Path) -> None:
    # The last command was given so long ago that a take which was broken off would have ended long since.
    played(player, 3.0)
    asked, version = player.status().frame, bounces.version

    part, whole = (ended(bounces, number) for number in (bounces.start(1), bounces.start(None)))

    assert (part.state, part.share, part.recording, part.error) == (BounceState.DONE, 1.0, 1, "")
    assert part.path == room / "out" / "recording-1.wav"
    assert whole.path == room / "out" / "performance.wav"
    heard, all_of_it = (soundfile.read(path, dtype="float32")[0] for path in (part.path, whole.path))
    (recording,) = player.recordings()
    np.testing.assert_array_equal(heard, all_of_it[recording.start : recording.end])
    assert np.abs(heard).max() > 0.01
    assert len(all_of_it) >= asked
    assert player.status().frame > asked
    assert bounces.version > version


def test_a_recording_and_a_set_are_handed_to_a_daw(bounces: Bounces, room: Path) -> None:
    take, of_set = bounces.export_take("dawproject", 1), bounces.export_set(room / "song-0.remix", "stems", "a/b", 12.0)

    take_job, set_job = ended(bounces, take), ended(bounces, of_set)

    assert (take_job.state, take_job.path) == (BounceState.DONE, room / "out" / "recording-1.dawproject"), take_job.error
    assert zipfile.is_zipfile(room / "out" / "recording-1.dawproject")
    assert (set_job.state, set_job.name) == (BounceState.DONE, "a-b (stems)"), set_job.error
    assert {path.suffix for path in (room / "out" / "a-b (stems)").iterdir()} == {".wav", ".mid"}
    with pytest.raises(RemixtureError, match="there is no format"):
        bounces.export_take("als", None)


def test_names_are_never_used_twice(bounces: Bounces, room: Path) -> None:
    numbers = [bounces.start(1), bounces.start(1, ".mp3")]

    names = [ended(bounces, number).name for number in numbers]

    assert names == ["recording-1-2.wav", "recording-1.mp3"]
    assert all((room / "out" / name).is_file() for name in names)


def test_what_cannot_be_rendered_says_why(bounces: Bounces) -> None:
    failed = ended(bounces, bounces.start(7))

    assert failed.state is BounceState.FAILED
    assert failed.error.startswith("there is no recording 7")


def test_what_no_file_can_hold_is_refused_at_once(bounces: Bounces) -> None:
    with pytest.raises(RemixtureError, match="must end in"):
        bounces.start(1, ".aac")
    with pytest.raises(RemixtureError, match="no 32-bit float"):
        bounces.start(1, ".flac", BitDepth.FLOAT)


def test_what_is_cancelled_leaves_no_file_and_closing_no_process(bounces: Bounces, room: Path) -> None:
    before = sorted((room / "out").iterdir())
    pid = bounces._beside.pid  # noqa: SLF001 - nobody else knows the process
    assert pid is not None
    running, waiting = bounces.start(None), bounces.start(None)

    for number in (waiting, running):
        bounces.cancel(number)
    bounces.close()

    assert [job.state for job in bounces.list()[-2:]] == [BounceState.CANCELLED, BounceState.CANCELLED]
    assert sorted((room / "out").iterdir()) == before
    assert not alive(pid)
    with pytest.raises(RemixtureError, match="there is no bounce 99"):
        bounces.cancel(99)
