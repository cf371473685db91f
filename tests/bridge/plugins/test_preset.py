"""Files of chains: what they may hold, and what they may not reach."""

from pathlib import Path

import pytest

from bridge.plugins.builtin import BUILTINS
from bridge.plugins.preset import find_preset, preset_files, read_preset
from engine.model.errors import RemixtureError

HEAD = 'schema = "remixture/fx/1"\nname = "mine"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema = 1", "schema is 1"),
        (HEAD, r"1 to 8 \[\[effect\]\]"),
        (HEAD + "[[effect]]\n" * 9, r"1 to 8 \[\[effect\]\]"),
        (HEAD + "[[effect]]\n", "needs either `use`"),
        (HEAD + '[[effect]]\nuse = "Gain"\nplugin = "x"', "needs either `use`"),
        (HEAD + '[[effect]]\nuse = "PitchShift"', "there is no effect 'PitchShift'; there are Reverb"),
        (HEAD + '[[effect]]\nuse = "Gain"\nvalues = { gain = 1 }', "'gain' has no meaning here"),
        (HEAD + '[[effect]]\nuse = "Gain"\nvalues = { gain_db = 100 }', "gain_db must be within -24 to 24 dB, got 100 dB"),
        (HEAD + '[[effect]]\nuse = "Gain"\nvalues = { gain_db = nan }', "gain_db must be a number"),
        (HEAD + '[[effect]]\nuse = "Gain"\nvalues = { gain_db = "loud" }', "must be a number"),
        (HEAD + '[[effect]]\nplugin = "x"\nvalues = { gain = nan }', "gain must be a number"),
        (HEAD + '[[effect]]\nplugin = "x"\nvalues = { gain = 1' + "0" * 400 + " }", "gain must be a number"),
        (HEAD + '[[effect]]\nplugin = "x"\nvalues = { gain = 1' + "0" * 5000 + " }", "this is no TOML"),
        (HEAD + "a = " + "[" * 5000, "this is no TOML"),
        (HEAD + '[[effect]]\nplugin = "a\\nb"', "must be one line of text"),
        (HEAD + '[[effect]]\nuse = "Gain"\nmix = 2', "mix must be within 0 to 1"),
        (HEAD + '[[effect]]\nuse = "Gain"\nstate = "a.state"', "there is no file 'a.state'"),
        (HEAD + '[[effect]]\nuse = "Convolution"', "needs one"),
        (HEAD + '[[effect]]\nplugin = "x"\nstate = "../secret"', "the name of a file beside the preset"),
        (HEAD + '[[effect]]\nplugin = "x"\nstate = "/etc/passwd"', "the name of a file beside the preset"),
        (HEAD + '[[effect]]\nuse = "Convolution"\nfile = ".."', "the name of a file beside the preset"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)

    with pytest.raises(RemixtureError, match=said):
        read_preset(file)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "fx"
    folder.mkdir()
    (folder / "a.state").symlink_to(tmp_path / "secret")
    (folder / "mine.toml").write_text(HEAD + '[[effect]]\nplugin = "x"\nstate = "a.state"')

    with pytest.raises(RemixtureError, match=r"there is no file 'a\.state'"):
        read_preset(folder / "mine.toml")


@pytest.mark.parametrize("name", ["../echo-out", "/etc/passwd", "echo-out.toml", ""])
def test_a_name_never_becomes_a_path(name: str) -> None:
    with pytest.raises(RemixtureError, match="there is no effect chain"):
        find_preset(name)


def test_a_persons_own_chain_hides_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.plugins.preset.user_folder", lambda: tmp_path)
    (tmp_path / "echo-out.toml").write_text(HEAD + '[[effect]]\nuse = "Gain"')

    assert find_preset("echo-out").name == "mine"
    assert preset_files()["reverb-wash"].parent != tmp_path


@pytest.mark.parametrize("use", BUILTINS)
def test_the_table_names_what_pedalboard_has(use: str) -> None:
    import pedalboard

    kind = getattr(pedalboard, use)
    for param in BUILTINS[use].params:
        assert hasattr(kind, param.pattern)
        assert param.low <= param.default <= param.high
