"""The last lines that were said."""

import os

from bridge.midi.recent import Recent


def test_every_line_can_be_written_whatever_it_names() -> None:
    lines = Recent()

    lines.add(f"cannot read {os.fsdecode(b'caf' + bytes([0xE9]))}.wav")

    assert lines.since(0) == [(1, "cannot read caf?.wav")]
