from pathlib import Path

import pytest

from engine.model.errors import RemixtureError
from engine.model.scene import Scene, expand
from engine.store.scene import find_scene, read_scene, save_scene, scene_files, user_folder

DECKS = {"a": ("drums", "vocals", "residual"), "b": ("loop-1", "loop-2", "residual"), "c": ()}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "config"))


def scene(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a scene.toml"
    path.write_text(f'schema = "remixture/scene/1"\n{text}', encoding="utf-8")
    return path


def test_every_scene_that_comes_with_the_program_is_whole_and_explains_itself() -> None:
    assert {"voice-alone", "no-voice"} <= set(scene_files())
    for name in scene_files():
        found = find_scene(name)
        assert found.name == name
        assert found.text.endswith(".")
        assert expand(found, {"a": ("drums", "bass", "vocals", "other"), "b": ("drums", "bass", "vocals")}).skipped == ()


def test_no_drums_of_b_are_heard_under_it_where_they_are_in_two_stems() -> None:
    found = expand(find_scene("drums-of-a-under-b"), {"a": ("drums", "drums-rest"), "b": ("drums", "vocals", "drums-rest")})

    values = dict(found.values)
    assert values["deck.b.drums.mute"] == values["deck.b.drums-rest.mute"] == values["deck.a.drums-rest.mute"] == 1.0
    assert "deck.b.vocals.mute" not in values
    assert values["deck.a.drums.mute"] == 0.0


def test_a_source_by_name_is_that_of_every_deck_that_has_it() -> None:
    found = expand(Scene("", {"drums.mute": 1.0, "residual.gain": -3.0, "loop-*.solo": 1.0}), DECKS)

    assert dict(found.values) == {
        "deck.a.drums.mute": 1.0, "deck.a.residual.gain": -3.0, "deck.b.residual.gain": -3.0,
        "deck.b.loop-1.solo": 1.0, "deck.b.loop-2.solo": 1.0,
    }  # fmt: skip
    assert found.skipped == ()


def test_what_names_a_place_more_closely_wins_in_whatever_order() -> None:
    values = {"*.mute": 1.0, "deck.b.*.mute": 0.0, "loop-2.mute": 1.0, "deck.b.loop-2.mute": 0.0, "vocals.mute": 0.0}
    wanted = {
        "deck.a.drums.mute": 1.0, "deck.a.vocals.mute": 0.0, "deck.a.residual.mute": 1.0,
        "deck.b.loop-1.mute": 0.0, "deck.b.loop-2.mute": 0.0, "deck.b.residual.mute": 0.0,
    }  # fmt: skip

    for keys in (list(values), list(values)[::-1]):
        assert dict(expand(Scene("", {key: values[key] for key in keys}), DECKS).values) == wanted


def test_what_is_not_loaded_is_skipped_and_named() -> None:
    found = expand(Scene("", {"guitar.mute": 1.0, "deck.d.gain": 0.0, "deck.c.gain": -6.0, "master.gain": 1.0}), DECKS)

    assert dict(found.values) == {"deck.c.gain": -6.0, "master.gain": 1.0}
    assert set(found.skipped) == {"guitar.mute", "deck.d.gain"}


def test_a_clip_starts_after_its_place_is_set() -> None:
    found = expand(Scene("", {"deck.b.loop-1.clip": 1.0, "deck.b.loop-1.clip_bar": 9.0, "loop-1.clip_bars": 2.0}), DECKS)

    assert found.values[-1] == ("deck.b.loop-1.clip", 1.0)


def test_tables_and_dotted_keys_are_the_same(tmp_path: Path) -> None:
    one = read_scene(scene(tmp_path, '[values]\n"deck.a.drums.gain" = -12\nvocals.mute = true\n"*".solo = false\n'))
    two = read_scene(
        scene(tmp_path, "[values.deck.a.drums]\ngain = -12.0\n[values.vocals]\nmute = 1\n[values.'*']\nsolo = 0\n")
    )

    assert one.values == two.values == {"deck.a.drums.gain": -12.0, "vocals.mute": 1.0, "*.solo": 0.0}
    assert one.name == "a scene"


def test_a_saved_scene_comes_back_and_hides_one_of_the_same_name() -> None:
    values = {"deck.a.drums.gain": -12 + 1e-13, "deck.b.loop-1.mute": 1.0, "deck.a.tempo": 1 / 3, "master.limiter": 0.0}

    path = save_scene("no-voice", values, 'Two "words" \\ für alle')

    assert path.parent == user_folder()
    assert find_scene("no-voice") == find_scene(str(path)) == Scene("no-voice", values, 'Two "words" \\ für alle')
    assert save_scene("no-voice", {}) == path
    assert find_scene("no-voice").values == {}
    assert [p.name for p in path.parent.iterdir()] == ["no-voice.toml"]


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "con", "a\nb", "a" * 100])
def test_no_scene_is_saved_elsewhere(name: str) -> None:
    with pytest.raises(RemixtureError, match="is named with"):
        save_scene(name, {})
    assert not user_folder().exists()


@pytest.mark.parametrize(("text", "said"), [
    ("[values]\ndrums.gain = 13", "drums.gain must be within -12 to 12 dB, got 13 dB"),
    ("[values]\ndrums.gain = true", "drums.gain takes a number"),
    ("[values]\ndrums.gain = nan", "got nan"),
    ("[values]\ndrums.mute = 'yes'", "drums.mute takes a number"),
    ("[values]\ndrums.mute = 2", "is a switch"),
    ("[values]\ndrums.volume = 1", "there is no parameter"),
    ("[values]\ngain = 1", "there is no parameter"),
    ("[values]\ndeck = 1", "there is no parameter"),
    ("[values]\ndeck.q.gain = 1", "there is no deck 'q'"),
    ("values = 3", "values takes a number"),
    ("valeus = 3", "unknown valeus"),
    ("[values", "is not TOML"),
])  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = scene(tmp_path, text)

    with pytest.raises(RemixtureError) as caught:
        read_scene(path)

    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_scene(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b'schema = "remixture/midi/1"\n')
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RemixtureError, match="remixture/midi/1"):
        read_scene(tmp_path / "a.toml")
    with pytest.raises(RemixtureError, match="is not TOML"):
        read_scene(tmp_path / "b.toml")
    with pytest.raises(RemixtureError, match=r"cannot read .*No such file"):
        read_scene(tmp_path / "c.toml")
    with pytest.raises(RemixtureError, match=r"no scene 'drop'; there are .*voice-alone"):
        find_scene("drop")
