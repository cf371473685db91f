"""The take of a running session."""

import json
import os
from pathlib import Path

from bridge.session.messages import Parcel
from bridge.session.take import RunningTake
from engine.model.remixset import SCHEMA, RemixSet, Song


def test_a_folder_that_is_not_utf_8_does_not_end_the_take(tmp_path: Path) -> None:
    remixset = RemixSet(SCHEMA, Song("caf?", "0" * 64, "caf?.wav", 8000, 8000, 1))
    parcel = Parcel("caf?", (), 8000, 1, 8000, (0.0, 0.5), 0, 4)
    take = RunningTake(tmp_path / "take.jsonl", 8000, 512, "R2", print)

    take.song(remixset, parcel, tmp_path / os.fsdecode(b"caf\xe9.remix"))
    take.end(8000, 0)

    _, song, _ = map(json.loads, take.path.read_text("utf-8").splitlines())
    assert song["song"]["folder"] == f"{tmp_path}/caf?.remix"
