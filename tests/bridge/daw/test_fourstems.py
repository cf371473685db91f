import numpy as np
import pytest

from bridge.daw.fourstems import FULL_SCALE, FourStems, four_stems, stem_of
from bridge.daw.project import Clip, Media, Project, Track
from engine.model.audio import Samples
from engine.model.curve import Curve
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid
from engine.model.report import Quiet
from engine.store.stemfile import USUAL_ORDER, kind_of_name

RATE = 8_000
FRAMES = 200_000
DRUMS, BASS, OTHER, VOCALS = range(4)


def noise(frames: int, channels: int = 2, seed: int = 0) -> Samples:
    return np.asarray(np.random.default_rng(seed).uniform(-0.2, 0.2, (channels, frames)), dtype=np.float32)


def medium(name: str, samples: Samples) -> Media:
    return Media(name, samples.shape[1], samples.shape[0], lambda: samples)


def project_of(tracks: tuple[Track, ...], media: tuple[Media, ...], master: Curve | None = None) -> Project:
    grid = Beatgrid.steady_at(120.0, 0.0, FRAMES / RATE)
    return Project("A take", RATE, FRAMES, grid, tracks, media, master=master or Curve.level())


def track(id_: str, kind: str, *clips: Clip, name: str = "", level: float | Curve = 1.0) -> Track:
    moves = level if isinstance(level, Curve) else Curve.level(level)
    return Track(id_, name or id_.capitalize(), kind, "#123456", clips, level=moves)


def whole(stems: FourStems) -> np.ndarray:
    """All of it [shape=(5, 2, frames)], 1.0 is full scale."""
    return np.concatenate(list(stems.blocks()), axis=-1) / FULL_SCALE


def test_clips_lie_where_they_are_on_the_timeline() -> None:
    x, y = noise(150_000), noise(50_000, seed=1)
    drums = track("drums", "drums", Clip("x.wav", "x", 1_000, 100_000, 20_000), Clip("x.wav", "x", 150_000, 777))
    voice = track("vocals", "vocals", Clip("y.wav", "y", 0, 50_000))

    got = whole(four_stems(project_of((drums, voice), (medium("x.wav", x), medium("y.wav", y))), 0, Quiet()))

    wanted = np.zeros((5, 2, FRAMES))
    wanted[1 + DRUMS, :, 1_000:101_000] = x[:, 20_000:120_000]
    wanted[1 + DRUMS, :, 150_000:150_777] = x[:, :777]
    wanted[1 + VOCALS, :, :50_000] = y
    wanted[0] = wanted[1:].sum(axis=0)
    np.testing.assert_allclose(got, wanted, atol=2 / FULL_SCALE)


def test_a_looped_clip_goes_round_from_its_offset() -> None:
    x = noise(3_000)
    bass = track("bass", "bass", Clip("x.wav", "x", 500, 150_000, 700, loop=2_500))

    got = whole(four_stems(project_of((bass,), (medium("x.wav", x),)), 0, Quiet()))

    wanted = x[:, (700 + np.arange(150_000)) % 2_500]
    np.testing.assert_allclose(got[1 + BASS, :, 500:150_500], wanted, atol=1 / FULL_SCALE)
    assert not np.any(got[1 + BASS, :, 150_500:])


def test_the_levels_of_tracks_groups_and_the_master_are_in_it() -> None:
    x = noise(FRAMES)
    fade = Curve(np.array([10_000, 190_000]), np.array([1.0, 0.0]))
    clip = Clip("x.wav", "x", 0, FRAMES)
    deck = Track("deck.a", "Deck A", "group", "#000000", level=fade, tracks=(track("a.drums", "drums", clip, level=0.5),))
    master = Curve(np.array([0, 100_000]), np.array([1.5, 0.5]))

    got = whole(four_stems(project_of((deck,), (medium("x.wav", x),), master), 0, Quiet()))

    at = np.arange(FRAMES)
    np.testing.assert_allclose(got[0], x * 0.5 * fade.at(at) * master.at(at), atol=1e-5)


def test_it_begins_where_it_is_told_and_a_clip_ends_with_the_timeline() -> None:
    x = noise(FRAMES)
    other = track("pad", "other", Clip("x.wav", "x", 40_000, FRAMES))

    stems = four_stems(project_of((other,), (medium("x.wav", x),)), 30_000, Quiet())

    got = whole(stems)
    assert got.shape == (5, 2, FRAMES - 30_000)
    assert not np.any(got[:, :, :10_000])
    np.testing.assert_allclose(got[1 + OTHER, :, 10_000:], x[:, : FRAMES - 40_000], atol=1 / FULL_SCALE)
    assert stems.silent == (True, True, False, True)


def test_mono_and_stereo_files_come_together() -> None:
    x, y = noise(FRAMES, channels=1), noise(FRAMES, seed=1)
    tracks = (track("a", "drums", Clip("x.wav", "x", 0, FRAMES)), track("b", "drums", Clip("y.wav", "y", 0, FRAMES)))

    got = whole(four_stems(project_of(tracks, (medium("x.wav", x), medium("y.wav", y))), 0, Quiet()))

    np.testing.assert_allclose(got[1 + DRUMS], x + y, atol=1 / FULL_SCALE)


@pytest.mark.parametrize("gain", [1.0, 3.0, 40.0, 5_000.0])
def test_stems_sum_to_the_mix_in_whole_steps_and_nothing_is_clipped(gain: float) -> None:
    media = tuple(medium(f"{kind}.wav", gain * noise(FRAMES, seed=seed)) for seed, kind in enumerate(USUAL_ORDER))
    tracks = tuple(track(kind, kind, Clip(f"{kind}.wav", kind, 0, FRAMES)) for kind in USUAL_ORDER)

    stems = four_stems(project_of(tracks, media), 0, Quiet())

    blocks = np.concatenate(list(stems.blocks()), axis=-1)
    np.testing.assert_array_equal(blocks[1:].sum(axis=0), blocks[0])
    assert (stems.factor == 1.0) == (gain == 1.0)
    assert -FULL_SCALE <= blocks.min() < blocks.max() < FULL_SCALE
    if gain > 1.0:
        assert np.abs(blocks).max() > FULL_SCALE - 10
    for row, one in zip(blocks[1:], media, strict=True):
        np.testing.assert_allclose(row / FULL_SCALE, one.samples() * stems.factor, atol=1 / FULL_SCALE)


def test_stems_that_cancel_in_the_mix_fit_too() -> None:
    x = 3 * noise(FRAMES)
    media = (medium("x.wav", x), medium("y.wav", -x))
    tracks = (track("a", "bass", Clip("x.wav", "x", 0, FRAMES)), track("b", "vocals", Clip("y.wav", "y", 0, FRAMES)))

    got = whole(four_stems(project_of(tracks, media), 0, Quiet()))

    assert np.abs(got[1 + BASS]).max() < 1.0
    assert not np.any(got[0])


def test_tracks_go_by_kind_and_loops_by_name() -> None:
    kinds = {"drums": "drums", "bass": "bass", "vocals": "vocals", "other": "other", "residual": "other"}
    names = {
        "Kick": "drums", "Snare 2": "drums", "Hats": "drums", "Drums": "drums", "A Bass 3": "bass", "Voice": "vocals",
        "Chord": "other", "Lead": "other", "Effect": "other",
    }  # fmt: skip

    for kind, stem in kinds.items():
        assert stem_of(track("x", kind, name="Bass drum of a voice")) == stem
    for name, stem in names.items():
        assert stem_of(track("x", "loop", name=name)) == stem


@pytest.mark.parametrize("name", ["Bass\0", "\ud800", " ", "\U0001f941" * 300, "Drums\nof /\\", "Voice"])
def test_a_stem_has_its_tracks_name_only_where_readers_take_it_for_the_same_kind(name: str) -> None:
    clips = (Clip("x.wav", "x", 0, FRAMES),)
    project = project_of((track("x", "drums", *clips, name=name),), (medium("x.wav", noise(FRAMES)),))

    named = four_stems(project, 0, Quiet()).named

    assert [kind_of_name(one.name) for one in named] == list(USUAL_ORDER)
    assert named[DRUMS].name == ("Drums of /\\" if name.startswith("Drums") else "Drums")
    assert named[DRUMS].color == "#123456"
    assert len({one.color for one in named}) == 4


def test_a_project_in_which_nothing_plays_is_refused() -> None:
    with pytest.raises(RemixtureError, match="nothing plays in A take"):
        four_stems(project_of((track("x", "drums"),), ()), 0, Quiet())
