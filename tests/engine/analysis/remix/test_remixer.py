import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from engine.analysis.remix.remixer import pieces, remix
from engine.analysis.remix.weights import checked, loaded
from engine.model.audio import Audio
from engine.model.errors import RemixtureError
from tests.engine.analysis.remix.tiny import tiny, written

SONG = Audio(np.random.default_rng(0).standard_normal((2, 30_011)).astype(np.float32) * np.float32(0.2), 11_025)


@pytest.mark.parametrize("model", [1, 2])
@pytest.mark.parametrize("channels", [1, 2])
def test_at_0_db_the_remix_is_the_song_bit_for_bit(model: int, channels: int) -> None:
    song = Audio(SONG.samples[:channels], SONG.rate)

    made = np.concatenate(list(remix(tiny(model), song, np.ones(4, dtype=np.float32))), axis=1)

    np.testing.assert_array_equal(made, song.samples)


def test_pieces_do_not_show() -> None:
    net = tiny(2)
    wav = SONG.samples[:, :8011]

    whole = next(pieces(net, wav, lambda x: net.decoded(net.latents(x).sum(dim=1), x.shape[-1])))
    joined = list(pieces(net, wav, lambda x: net.decoded(net.latents(x).sum(dim=1), x.shape[-1]), seconds=0.1))

    assert len(joined) == 11
    np.testing.assert_allclose(np.concatenate(joined, axis=1), whole, atol=2e-6)


def test_a_remix_scales_with_the_song() -> None:
    gains = np.array([2.0, 0.0, 1.0, 1.0], dtype=np.float32)
    quiet = Audio(SONG.samples * np.float32(0.125), SONG.rate)

    loud, soft = (np.concatenate(list(remix(tiny(), song, gains)), axis=1) for song in (SONG, quiet))

    assert np.abs(loud - SONG.samples).max() > 0.01
    np.testing.assert_allclose(soft * 8, loud, atol=1e-5)


def test_silence_stays_silent() -> None:
    silence = Audio(np.zeros((1, 5000), dtype=np.float32), 8000)

    made = np.concatenate(list(remix(tiny(), silence, np.zeros(4, dtype=np.float32))), axis=1)

    assert np.abs(made).max() == 0.0


def test_weights_that_are_not_what_their_card_says_are_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "a.safetensors", tiny())
    assert loaded(checked(file)).shape == tiny().shape
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)

    with pytest.raises(RemixtureError, match=r"is not the file that a\.json describes"):
        checked(file)
    with pytest.raises(RemixtureError, match=r"cannot read the weights .* engine\.train\.remix"):
        checked(tmp_path / "b.safetensors")


def test_weights_of_something_else_are_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "a.safetensors", tiny(2))
    plain = file.read_bytes().replace(b'model\\": 2', b'model\\": 1')
    file.write_bytes(plain)
    file.with_suffix(".json").write_text(json.dumps({"sha256": hashlib.sha256(plain).hexdigest()}))

    with pytest.raises(RemixtureError, match="holds no remixing network"):
        loaded(checked(file))
