import sys

import pytest

from bridge.cli.screen import Screen


def stopped_after(segments: int, of: int, seconds: float, now: list[float]) -> None:
    """Work through segments of so many seconds each, and be interrupted."""
    with Screen("song") as screen:
        show = screen.step("stems")
        for done in range(segments):
            show(done / of)
            now[0] += seconds
            show((done + 1) / of)
        raise KeyboardInterrupt


def test_slow_steps_are_told_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    monkeypatch.setattr("rich.console.monotonic", lambda: now[0])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")

    with pytest.raises(KeyboardInterrupt):
        stopped_after(8, 20, 40.0, now)

    shown = capsys.readouterr().err
    assert "0:05:20" in shown
    assert "0:08:00" in shown
