"""Which separator serves, with and without a network. Offline is a server that takes the call and never answers."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from engine.analysis.stems import StemChoice, separator_for, small
from engine.model.errors import RemixtureError
from tests.engine.analysis.stems.tiny import write_header_only

KLASS = "demucs.htdemucs.HTDemucs"


@pytest.fixture
def mute_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A hub that accepts and stays silent, and an empty cache."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setenv("no_proxy", "*")
        yield tmp_path / "hub"


def test_auto_goes_on_within_5_s_and_says_so(mute_hub: Path) -> None:
    begun = time.monotonic()
    separator = separator_for(StemChoice.AUTO)

    assert time.monotonic() - begun < 5.0
    assert separator.provenance.algorithm == "small"
    assert separator.provenance.same_as(separator_for(StemChoice.SMALL).provenance)
    assert "weights of htdemucs are not on this machine" in separator.provenance.note
    assert not mute_hub.exists()


def test_demucs_says_what_to_do_within_5_s(mute_hub: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(RemixtureError, match=r"^the weights of htdemucs_ft .*--stem-model.*--stems small$") as caught:
        separator_for(StemChoice.DEMUCS, model="htdemucs_ft")

    assert time.monotonic() - begun < 5.0
    assert "\n" not in str(caught.value)
    assert not mute_hub.exists()


@pytest.mark.usefixtures("mute_hub")
def test_a_hub_that_is_not_there_is_known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
    begun = time.monotonic()

    assert "refused" in separator_for(StemChoice.AUTO).provenance.note
    assert time.monotonic() - begun < 2.0


def test_what_is_cached_needs_no_hub(mute_hub: Path) -> None:
    snapshot = mute_hub / "models--adefossez--HTDemucs" / "snapshots" / "abc"
    (mute_hub / "models--adefossez--HTDemucs" / "refs").mkdir(parents=True)
    (mute_hub / "models--adefossez--HTDemucs" / "refs" / "main").write_text("abc")
    snapshot.mkdir(parents=True)
    (snapshot / "htdemucs.yaml").write_text("models: ['955717e8']")
    write_header_only(snapshot / "955717e8.safetensors", klass=KLASS)

    provenance = separator_for(StemChoice.AUTO).provenance

    assert (provenance.algorithm, provenance.params["model"]) == ("demucs", "htdemucs")
    assert provenance.model is not None
    assert provenance.note == ""


def test_auto_does_not_hide_that_weights_were_refused(tmp_path: Path) -> None:
    file = write_header_only(tmp_path / "a.safetensors", klass="os.system")

    with pytest.raises(RemixtureError, match=r"os\.system"):
        separator_for(StemChoice.AUTO, model=file)


def test_the_small_separator_comes_with_its_weights_and_their_card() -> None:
    card = json.loads(small.SHIPPED.with_suffix(".json").read_text(encoding="utf-8"))

    assert separator_for(StemChoice.SMALL).provenance.model == card["sha256"]
    assert small.SHIPPED.stat().st_size < 2_000_000
    assert {"licence", "data", "steps", "settings", "on_songs_kept_from_training"} <= set(card)
    assert not [name for name in ("Saber", "Skiessi-222", "Crunk") if any(name in used for used in card["data"])]
