"""A deck plays one song."""

from typing import Literal

import numpy as np

from engine.dsp.fades import AGE, GLIDE_SECONDS, TARGET, Glides, glide_to, glides
from engine.dsp.stretch import MAX_CHANNELS, Engine, RubberBand
from engine.mix.addresses import DECK_PITCH, DECK_PLAY, DECK_TEMPO, Place
from engine.mix.bank import Bank
from engine.mix.kernels import LONGEST, NO_TAPS, Bus, mix
from engine.mix.levels import Levels
from engine.mix.queue import NEVER
from engine.mix.record import Record
from engine.mix.stream import Stream
from engine.mix.strip import Strip
from engine.mix.voice import Plain, Stretched, Sum, Voice
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.params import DECK, DECKS

StretchMode = Literal["sources", "sum"]


class Deck:
    """One song with its position, its tempo and pitch, and the levels of its sources: as a bounce needs it.

    With any source of the deck on solo only those sound; other decks do not care. Mute wins over solo. At tempo 1 and pitch 0
    there is no stretcher, and with all levels at 0 dB the deck gives the song bit for bit. What a performer needs on top,
    loading and changing between stretched and not while it plays, is in `engine.mix.live`.
    """

    def __init__(
        self,
        name: str,
        bank: Bank,
        *,
        start: int = 0,
        offset: int = 0,
        frames: int | None = None,
        tempo: float = 1.0,
        pitch: float = 0.0,
        stretch: StretchMode = "sources",
        engine: Engine = "R3",
    ) -> None:
        """Put a song on.

        Parameters
        ----------
        name : one of `DECKS`
        start : int, frames of the song
            Where it begins; below 0 there is silence first. It begins at once, without a fade, so that a downbeat keeps its
            attack.
        offset : int >= 0, frames of the mixer
            When it begins.
        frames : int > 0, frames of the mixer
            How long it plays, without pauses; then it fades out as if stopped. By default to the song's end and on in silence.
        tempo, pitch : float
            Factor and semitones: 1.1 is a tenth faster.
        stretch : "sources" or "sum"
            Levels act after the stretcher, on each source; or before it, and then neither they nor the pitch can change while
            playing, which is for a static bounce.
        engine : "R3", "R3-short" or "R2"

        Raises
        ------
        RemixtureError
            If tempo or pitch are out of range, or there are too many sources to stretch side by side.
        """
        self._set_up(name, bank.rate)
        self.bank, self._offset = bank, offset
        self._left = NEVER if frames is None else frames
        self.values[DECK_TEMPO] = DECK[DECK_TEMPO].check(tempo, f"deck.{name}.tempo")
        self.values[DECK_PITCH] = DECK[DECK_PITCH].check(pitch, f"deck.{name}.pitch")
        self.levels = Levels(Record({"song": bank}), self._length)
        self.names = bank.ids
        self.stretched = tempo != 1.0 or pitch != 0.0
        self.summed = self.stretched and stretch == "sum"
        self._rows = glides(np.ones(1)) if self.summed else self.levels.glides[0]
        stream = Stream(bank, start)
        self._voice: Voice = self._stretcher(stream, engine) if self.stretched else Plain(stream)

    def _set_up(self, name: str, rate: int) -> None:
        if name not in DECKS:
            raise RemixtureError(f"there is no deck {name!r}; there are {', '.join(DECKS)}")
        self.name, self.rate = name, rate
        self._length = max(1, round(GLIDE_SECONDS * rate))
        self.values = np.array([param.default for param in DECK])
        self._common = glides(np.ones(2))
        """Acts on all sources: the play switch, and the way in of a voice that takes over."""
        self._play = self._common[0]
        self._scratch = np.zeros((2, LONGEST))
        self.strip = Strip(rate)

    def _stretcher(self, stream: Stream, engine: Engine) -> Voice:
        rows, channels = self._rows.shape[0], self.bank.channels
        if rows * channels > MAX_CHANNELS:
            raise RemixtureError(
                f"deck {self.name}: {rows} sources of {channels} channels cannot be stretched side by side, "
                f"the stretcher takes {MAX_CHANNELS} channels; stretch their sum instead"
            )
        tempo, pitch = float(self.values[DECK_TEMPO]), float(self.values[DECK_PITCH])
        band = RubberBand(self.rate, rows * channels, tempo, pitch, engine, bends=not self.summed)
        voice = Stretched(stream, Sum(stream, self.levels.glides[0]) if self.summed else stream.read, rows, band)
        stream.go(stream.position - band.lead, slip=False, at_once=True)
        return voice

    def check(self, place: Place, path: str, *, at_start: bool) -> None:
        """Raise RemixtureError if this deck cannot follow a command; `at_start` if it comes before anything has sounded."""
        fixed = place.source >= 0 or place.slot == DECK_PITCH
        if self.summed and fixed and not at_start:
            raise RemixtureError(f"{path} cannot change while playing: deck {self.name} stretches the sum of its sources")
        if place.source < 0 and place.slot in (DECK_TEMPO, DECK_PITCH) and not self.stretched:
            raise RemixtureError(f"{path}: deck {self.name} was put on without a stretcher (tempo 1, pitch 0)")

    def set(self, source: int, slot: int, value: float, *, at_once: bool) -> None:
        """Obey a command: `source` -1 is the deck itself. Levels glide, unless `at_once`."""
        if source >= 0:
            self.levels.set(source, slot, value, 0, at_once=at_once)
            return
        self.values[slot] = value
        if slot == DECK_PLAY:
            glide_to(self._play, value, 0 if at_once else self._length)
        else:
            self.strip.set(slot, value, 0 if at_once else self._length)

    def render(self, bus: Bus, n: int, cue: Bus, taps: Samples, tap_at: int) -> None:
        """Add the next `n` frames (at most `LONGEST`) to the bus and, before its fader, to the headphones' bus.

        Each source's share is added to `taps` [shape=(sources or 0, 2, frames)] from `tap_at` on.
        """
        buses = self.strip.buses
        buses[:, :, :n] = 0.0
        at = min(n, self._offset)
        self._offset -= at
        while at < n:
            count = self._moving(n - at)
            if count == 0:
                break
            count = self._sound(buses, at, count, taps, tap_at + at)
            self._left -= count
            at += count
        self.strip.process(n, bus, cue, taps, tap_at)

    def _moving(self, n: int) -> int:
        """Return how many of the next frames the deck runs without a turn; 0 when it stands."""
        if self._left == 0:
            self._left = NEVER
            self.set(-1, DECK_PLAY, 0.0, at_once=False)
        if self._play[TARGET] == 0.0:
            return int(min(n, max(0.0, self._length - self._play[AGE])))
        return min(n, self._left)

    def _sound(self, buses: Bus, at: int, n: int, taps: Samples, tap_at: int) -> int:
        """Mix at most `n` frames of what plays; return how many."""
        n = self._voice.ready(n, self.values[DECK_TEMPO], self.values[DECK_PITCH])
        self._mix(self._voice, 0, self._rows, self._common, (buses, at, n, taps, tap_at))
        return n

    def _mix(self, voice: Voice, bank: int, rows: Glides, common: Glides, where: tuple[Bus, int, int, Samples, int]) -> None:
        buses, at, n, taps, tap_at = where
        names = self.levels.names[bank]
        to = self.strip.to[names]
        mix(voice.window, voice.position, n, rows, common, self._length, self._scratch, buses, to, at, taps, names, tap_at)
        voice.advance(n)

    def compile(self) -> None:
        """Have the kernels compiled for the kinds of array this deck has, outside the audio path."""
        bus = np.zeros((2, 1))
        self.levels.aim(0, at_once=True)
        self._mix(self._voice, 0, self._rows, self._common, (self.strip.buses, 0, 0, NO_TAPS, 0))
        self.strip.process(0, bus, bus, NO_TAPS, 0)
