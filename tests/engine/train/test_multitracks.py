from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.model.errors import RemixtureError
from engine.train import excerpts, multitracks, songs
from engine.train.material import Material

RATE = 44_100
PROJECT = b"""<?xml version="1.0"?>
<!DOCTYPE lmms-project>
<lmms-project><song><trackcontainer>
<track name="Lead"><pattern pos="0" len="192"/><pattern pos="768" len="192"/><instrumenttrack/></track>
<track name="Beat"><bbtco pos="384" len="1920"/></track>
</trackcontainer></song></lmms-project>"""


def tone(hz: float) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    t = np.arange(RATE) / RATE
    return np.broadcast_to(np.sin(2 * np.pi * hz * t), (2, RATE)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "hz", "stem"),
    [("12_kick02.ogg", 60, "drums"), ("3_bassdrum01.ogg", 60, "drums"), ("2_bassline 1", 900, "bass"),
     ("1_Default", 80, "bass"), ("4_Pad", 500, "other")],
)  # fmt: skip
def test_a_track_goes_to_the_stem_it_sounds_like(name: str, hz: float, stem: str) -> None:
    assert multitracks.stem_of(name, tone(hz)) == stem


def test_what_begins_after_the_last_bar_is_not_rendered() -> None:
    found = multitracks.shortened(PROJECT, 4).decode()

    assert found.count("<pattern") == 1
    assert 'pos="384" len="384"' in found


def test_no_song_that_we_are_judged_by_is_trained_on() -> None:
    assert not {"Saber-FinalStep", "Skiessi-222", "Crunk(Demo)"} & set(multitracks.PROJECTS)
    assert {known for known, _ in multitracks.PROJECTS.values()} == {"Artistic-2.0", "GPL-2.0-or-later", "CC BY-SA 4.0"}


@pytest.fixture
def track(tmp_path: Path) -> multitracks.Multitrack:
    place = tmp_path / "songs" / "Greshz-CoolSnip"
    place.mkdir(parents=True)
    for stem, hz in zip(multitracks.STEMS, (3000, 80, 500), strict=True):
        soundfile.write(place / f"{stem}.flac", np.tile(0.2 * tone(hz), 3).T, RATE)
    return multitracks.multitracks(tmp_path / "songs")[0]


def test_an_excerpt_depends_on_its_numbers_alone(track: multitracks.Multitrack, bank: songs.Bank) -> None:
    first = excerpts.excerpt([track], bank, 1, 5, 1.0)
    excerpts.excerpt([track], bank, 1, 6, 1.0)

    np.testing.assert_array_equal(excerpts.excerpt([track], bank, 1, 5, 1.0), first)
    assert first.shape == (4, 2, RATE)
    assert np.all(np.mean(np.square(first[[0, 1, 3]]), axis=(1, 2)) > 1e-4)


def test_a_song_shorter_than_an_excerpt_ends_in_silence(track: multitracks.Multitrack) -> None:
    found = excerpts.window(track.stems, 1.0, 5.0, np.random.default_rng(0))

    assert found.shape == (3, 2, 5 * RATE)
    assert found[..., : 2 * RATE].any()
    assert not found[..., 3 * RATE :].any()


def test_a_folder_without_songs_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(RemixtureError, match=r"engine\.train\.multitracks --out"):
        multitracks.multitracks(tmp_path / "none")


def test_what_is_trained_on_is_not_kept_from_training(track: multitracks.Multitrack, bank: songs.Bank, tmp_path: Path) -> None:
    one = Material(bank, (track,), 0.5, 0)

    with pytest.raises(RemixtureError, match="Greshz-CoolSnip would be trained on"):
        one.kept(tmp_path / "songs")
    kept = Material(bank, (), 0.5, 0).kept(tmp_path / "songs")
    assert ([x.name for x in kept.tracks], kept.real) == ([track.name], 1.0)


def test_a_song_that_was_broken_off_is_none(track: multitracks.Multitrack, tmp_path: Path) -> None:
    (tmp_path / "songs" / track.name).rename(tmp_path / "songs" / f"{track.name}{multitracks.PART}")

    with pytest.raises(RemixtureError, match="has no multitracks"):
        multitracks.multitracks(tmp_path / "songs")
