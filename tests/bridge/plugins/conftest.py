"""Fixtures of the tests of effect chains."""

from pathlib import Path

import pytest

from tests.bridge.plugins.rig import need_plugin


@pytest.fixture
def zam() -> Path:
    """Return a stereo plug-in with a latency of 480 frames."""
    return need_plugin("ZaMaximX2")
