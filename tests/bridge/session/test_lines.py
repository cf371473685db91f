from pathlib import Path

import pytest

from bridge.session.lines import Lines
from bridge.session.messages import Layer, Parcel
from engine.mix.addresses import Addresses
from engine.model.command import NEXT_BAR, NEXT_BEAT
from engine.model.errors import RemixtureError
from engine.model.params import DECKS, Param

SOURCES = ("drums", "bass", "residual", "loop-1")


class FakePlayer:
    """Remembers what it is sent; one song in three on deck a, at 100 bpm."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, float, int]] = []
        self._addresses = Addresses({deck: SOURCES if deck == "a" else () for deck in DECKS})
        self.off: list[str] = []

    def send(self, path: str, value: float, at: int) -> None:
        self._addresses.address(path)
        self.sent.append((path, value, at))

    def value(self, path: str) -> float:
        values = [value for sent, value, _ in self.sent if sent == path]
        return values[-1] if values else self.param(path).default

    def param(self, path: str) -> Param:
        return self._addresses.find(path)[1]

    def sources(self, deck: str) -> tuple[str, ...]:
        return self._addresses.names(deck)

    def beat(self) -> tuple[float, float, bool]:
        return 7.25, 100.0, True

    def song(self, deck: str) -> Parcel:
        if deck != "a":
            raise RemixtureError(f"nothing is on deck {deck}")
        layers = (Layer("stems", SOURCES[:3]), Layer("loops", SOURCES[2:]))
        return Parcel("song", layers, 44_100, 2, 44_100, (0.0, 0.6, 1.2), 0, 3)

    def unload(self, deck: str) -> None:
        self.off.append(deck)


@pytest.fixture
def player() -> FakePlayer:
    return FakePlayer()


@pytest.fixture
def lines(player: FakePlayer) -> Lines:
    return Lines(player)


@pytest.mark.parametrize(
    ("line", "path", "value", "at"),
    [
        ("a.drums +6", "deck.a.drums.gain", 6.0, 0),
        ("a.drums -3.5dB @bar", "deck.a.drums.gain", -3.5, NEXT_BAR),
        ("a.drums mute", "deck.a.drums.mute", 1.0, 0),
        ("a.drums mute off", "deck.a.drums.mute", 0.0, 0),
        ("a.loop-1 clip", "deck.a.loop-1.clip", 1.0, 0),
        ("a.loop-1 cell 5", "deck.a.loop-1.cell", 5.0, 0),
        ("a.loop-1 cell -5 @bar", "deck.a.loop-1.cell", -5.0, NEXT_BAR),
        ("a.loop-1 clip off @beat", "deck.a.loop-1.clip", 0.0, NEXT_BEAT),
        ("a -3", "deck.a.gain", -3.0, 0),
        ("a play", "deck.a.play", 1.0, 0),
        ("b stop", "deck.b.play", 0.0, 0),
        ("a seek 1", "deck.a.seek", 0.0, 0),
        ("a seek 32", "deck.a.seek", 93.0, 0),
        ("a loop 4", "deck.a.loop", 4.0, 0),
        ("a loop off", "deck.a.loop", 0.0, 0),
        ("a jump -8", "deck.a.jump", -8.0, 0),
        ("a cue", "deck.a.cue", 1.0, 0),
        ("a parts loops", "deck.a.parts", 1.0, 0),
        ("a eq_low -40", "deck.a.eq_low", -40.0, 0),
        ("a.eq_low -40", "deck.a.eq_low", -40.0, 0),
        ("deck.a.eq_low -40", "deck.a.eq_low", -40.0, 0),
        ("master.gain -2 # quieter", "master.gain", -2.0, 0),
        ("xf -1", "master.crossfader", -1.0, 0),
        ("record", "master.record", 1.0, 0),
        ("record off @bar", "master.record", 0.0, NEXT_BAR),
        ("sync b", "deck.b.sync", 1.0, 0),
        ("tempo 120", "deck.a.tempo", 1.2, 0),
        ("tempo 120 bpm", "deck.a.tempo", 1.2, 0),
        ("a bpm 128", "deck.a.tempo", 1.28, 0),
        ("a parts 1", "deck.a.parts", 1.0, 0),
        ("a parts 0", "deck.a.parts", 0.0, 0),
        ("a.parts loops", "deck.a.parts", 1.0, 0),
        ("a play off", "deck.a.play", 0.0, 0),
        ("a.drums 6 dB", "deck.a.drums.gain", 6.0, 0),
        ("a.drums +12dB", "deck.a.drums.gain", 12.0, 0),
        ("master.ceiling -2 dB", "master.ceiling", -2.0, 0),
        ("a loop 4 bars", "deck.a.loop", 4.0, 0),
        ("a eq_mid kill", "deck.a.eq_mid", -40.0, 0),
        ("A play", "deck.a.play", 1.0, 0),
        ("a.DRUMS Mute ON @BAR", "deck.a.drums.mute", 1.0, NEXT_BAR),
        ("A.Loop-1 clip", "deck.a.loop-1.clip", 1.0, 0),
        ("a Parts LOOPS", "deck.a.parts", 1.0, 0),
        ("mute a.drums", "deck.a.drums.mute", 1.0, 0),
        ("solo deck.a.drums off", "deck.a.drums.solo", 0.0, 0),
        ("play b @beat", "deck.b.play", 1.0, NEXT_BEAT),
        ("sync B", "deck.b.sync", 1.0, 0),
    ],
)
def test_a_line_is_a_command(lines: Lines, player: FakePlayer, line: str, path: str, value: float, at: int) -> None:
    assert lines.do(line) == ""

    assert [(path, at) for path, _, at in player.sent] == [(path, at)]
    assert player.sent[0][1] == pytest.approx(value)


def test_a_switch_without_a_value_turns_over(lines: Lines, player: FakePlayer) -> None:
    for _ in range(3):
        lines.do("a.drums mute")

    assert [value for _, value, _ in player.sent] == [1.0, 0.0, 1.0]


@pytest.mark.parametrize("line", ["a play", "a.play", "deck.a.play", "play a"])
def test_play_plays_what_plays(lines: Lines, player: FakePlayer, line: str) -> None:
    lines.do(line)
    lines.do(line)

    assert player.sent == [("deck.a.play", 1.0, 0)] * 2


def test_the_clock_gets_the_tempo_where_no_deck_leads(lines: Lines, player: FakePlayer) -> None:
    lines.do("master.clock 2")
    lines.do("tempo 124bpm")

    assert player.sent[-1] == ("master.tempo", 124.0, 0)


def test_without_a_value_a_line_asks(lines: Lines, player: FakePlayer) -> None:
    assert lines.do("tempo") == "100.00 bpm"
    assert lines.do("xf") == "master.crossfader 0 left to right"
    assert "gain 0" in lines.do("a.drums")
    assert lines.do("a parts") == "a has stems, loops"
    assert lines.do("a bpm") == "100.00 bpm"
    assert lines.do("") == lines.do("# nothing") == ""
    assert not player.sent


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("play", "nothing is called 'play'; help says"),
        ("a.vocals +3", "deck a has no 'vocals'; it has drums, bass"),
        ("a wobble", "a has no 'wobble'; it has .*seek"),
        ("a.drums wobble", "a.drums has no 'wobble'; it has cell, clip"),
        ("a.drums +40", "must be within -12 to 12 dB, got 40 dB"),
        ("a seek", "a seek takes a number, got ''"),
        ("a.drums nan", "has no 'nan'"),
        ("b seek 3", "nothing is on deck b"),
        ("a parts voices", "deck a has no voices: it has stems, loops"),
        ("sync e", "sync takes a deck: one of a, b, c, d, got 'e'"),
        ("tempo 1000", "must be within 20 to 400 bpm"),
        ("a loop 65", "must be within 0 to 64 bars"),
        ("scene nothing-like-it", "there is no scene"),
        ("a play @xyz", "nothing waits for '@xyz'; a line may end in @bar or @beat"),
        ("@bar", "@bar and @beat stand at the end of a line"),
        ("a play @bar 4", "a.play takes a number, got '@bar 4'"),
        ("a.drums +6 +3", "drums.gain: '\\+3' is too much"),
        ("a.drums 6 bpm", "drums.gain: 'bpm' is too much"),
        ("a.drums 6dB 3", "drums.gain: '3' is too much"),
        ("a.drums mute off now", "drums.mute: 'now' is too much"),
        ("a loop 4 extra", "a.loop: 'extra' is too much"),
        ("a loop off extra", "a.loop: 'extra' is too much"),
        ("a stop it", "a stop: 'it' is too much"),
        ("a parts loops stems", "a parts: 'stems' is too much"),
        ("a parts 2", "deck a has no 2: it has stems, loops"),
        ("a eject @bar", "a eject is done at once"),
        ("a.drums kill", "a.drums has no 'kill'"),
        ("a bpm 1000", "must be within 0.25 to 4"),
        ("b bpm 128", "nothing is on deck b"),
        ("mute drums", "nothing is called 'mute'"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_sends_nothing(lines: Lines, player: FakePlayer, line: str, text: str) -> None:
    with pytest.raises(RemixtureError, match=text) as caught:
        lines.do(line)

    assert "\n" not in str(caught.value)
    assert not player.sent
    assert not player.off


def test_a_scene_comes_on_the_next_bar(lines: Lines, player: FakePlayer) -> None:
    lines.do("scene all-in")

    assert {at for _, _, at in player.sent} == {NEXT_BAR}
    assert ("deck.a.drums.mute", 0.0, NEXT_BAR) in player.sent


def test_a_scene_that_is_kept_comes_back(
    lines: Lines, player: FakePlayer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("engine.store.scene.user_folder", lambda: tmp_path)
    lines.do("a.drums -6")
    lines.do("scene save quiet drums")
    lines.do("a.drums 0")
    player.sent.clear()

    lines.do("scene quiet drums")

    assert ("deck.a.drums.gain", -6.0, NEXT_BAR) in player.sent
    assert not {"deck.a.play", "deck.a.seek"} & {path for path, _, _ in player.sent}
