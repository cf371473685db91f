"""The master in the browser is the master."""

import json
import struct

import numpy as np
import pytest
from websockets.sync.client import ClientConnection

from engine.model.audio import Samples
from tests.bridge.session.rig import until
from tests.bridge.web.rig import SECONDS, Counted, Served


def block(socket: ClientConnection) -> tuple[int, Samples]:
    """The next block: its first frame, and its samples [shape=(2, n)]."""
    data = socket.recv(timeout=SECONDS)
    assert isinstance(data, bytes)
    return struct.unpack_from("<q", data)[0], np.frombuffer(data, "<f4", offset=8).reshape(-1, 2).T


def test_what_is_heard_here_is_what_was_played(served: Served) -> None:
    player = served.room.player
    with served.socket("/listen") as one, served.socket("/listen") as other:
        assert json.loads(one.recv(timeout=SECONDS)) == {"rate": player.rate, "channels": 2, "sent_ms": 20.0}
        other.recv(timeout=SECONDS)
        blocks = [block(one) for _ in range(20)]
        first, end = blocks[0][0], blocks[-1][0] + blocks[-1][1].shape[1]
        upto, played = player.heard(first)
        others = [block(other) for _ in range(3)]

    assert [at for at, _ in blocks[1:]] == [at + samples.shape[1] for at, samples in blocks[:-1]]
    heard = np.concatenate([samples for _, samples in blocks], axis=1)
    start = first - (upto - played.shape[1])
    np.testing.assert_array_equal(heard, played[:, start : start + heard.shape[1]])
    assert heard.shape[1] == end - first
    assert np.abs(heard).max() > 0.01
    for at, samples in others:
        if at >= first and at + samples.shape[1] <= end:
            np.testing.assert_array_equal(samples, heard[:, at - first :][:, : samples.shape[1]])


def test_who_comes_hears_what_is_played_now(served: Served) -> None:
    with served.socket("/listen") as socket:
        socket.recv(timeout=SECONDS)
        first, samples = block(socket)
        # Half a second at the most, also on a machine that is busy.
        assert served.room.player.status().frame - first < served.room.player.rate
    assert samples.shape[1] < served.room.player.rate // 2


def test_who_is_late_misses_some_and_is_told_where(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    player = served.room.player
    heard = player.heard
    late: list[int] = []
    gaps: list[int] = []

    def skipping(since: int) -> tuple[int, Samples]:
        upto, samples = heard(since)
        if late and samples.shape[1] > 100:
            late.clear()
            samples = samples[:, -100:]
        return upto, samples

    with served.socket("/listen") as socket:
        socket.recv(timeout=SECONDS)
        before, samples = block(socket)
        monkeypatch.setattr(player, "heard", skipping)
        late.append(1)
        while not gaps:
            at, now = block(socket)
            if at != before + samples.shape[1]:
                gaps.append(now.shape[1])
            before, samples = at, now
    assert gaps == [100]


def test_nothing_is_done_while_nobody_listens(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Counted(served.room.player.heard)
    monkeypatch.setattr(served.room.player, "heard", asked)

    with served.socket("/listen") as socket:
        socket.recv(timeout=SECONDS)
        block(socket)

    until(asked.rests)
