from collections.abc import Callable
from pathlib import Path

import pytest

from engine.model.audio import Samples
from engine.train import songs
from tests.engine.train.material import write_material


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> songs.Bank:
    return songs.bank(write_material(tmp_path_factory.mktemp("data") / "data"))


@pytest.fixture(scope="session")
def make(bank: songs.Bank) -> Callable[[int], Samples]:
    """Songs of a second and a half."""
    return lambda index: songs.song(bank, 0, index, 1.5)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_material(tmp_path_factory.mktemp("material") / "data")
