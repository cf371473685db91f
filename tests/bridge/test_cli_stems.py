import pytest

from bridge.cli import main


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--stem-segment", "0.2"], "segments must last 1 s or more, got 0.2"),
        (["--stem-segment", "nan"], "segments must last 1 s or more, got nan"),
    ],
)
def test_how_demucs_computes_is_checked_before_the_song_is_read(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prepare", "no-such-song.wav", *options]) == 2

    assert said in capsys.readouterr().err


def test_an_unknown_precision_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["prepare", "no-such-song.wav", "--stem-precision", "int8"])

    assert ended.value.code == 2
    assert "float32" in capsys.readouterr().err
