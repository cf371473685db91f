"""A deck plays one song."""

from typing import Literal

import numpy as np

from engine.dsp.fades import glides
from engine.dsp.stretch import MAX_CHANNELS, Engine, RubberBand
from engine.mix.addresses import DECK_PITCH, DECK_PLAY, DECK_TEMPO, Place
from engine.mix.bank import Bank
from engine.mix.channel import Channel
from engine.mix.kernels import NO_TAPS, Bus
from engine.mix.levels import Levels
from engine.mix.queue import NEVER
from engine.mix.record import Record
from engine.mix.stream import Stream
from engine.mix.voice import Plain, Stretched, Sum, Voice
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.params import DECK

StretchMode = Literal["sources", "sum"]


class Deck(Channel):
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
        super().__init__(name, bank.rate)
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

    def _wait(self, n: int) -> int:
        at = min(n, self._offset)
        self._offset -= at
        return at

    def _moving(self, n: int) -> int:
        if self._left == 0:
            self._left = NEVER
            self.set(-1, DECK_PLAY, 0.0, at_once=False)
        return min(super()._moving(n), self._left)

    def _sound(self, buses: Bus, at: int, n: int, taps: Samples, tap_at: int) -> int:
        n = self._voice.ready(n, self.values[DECK_TEMPO], self.values[DECK_PITCH])
        self._mix(self._voice, 0, self._rows, self._common, (buses, at, n, taps, tap_at))
        self._left -= n
        return n

    def compile(self) -> None:
        """Have the kernels compiled for the kinds of array this deck has, outside the audio path."""
        bus = np.zeros((2, 1))
        self.levels.aim(0, at_once=True)
        self._mix(self._voice, 0, self._rows, self._common, (self.strip.buses, 0, 0, NO_TAPS, 0))
        self.strip.process(0, bus, bus, NO_TAPS, 0)
