"""A deck plays one song."""

from typing import Literal

import numpy as np

from engine.dsp.fades import AGE, GLIDE_SECONDS, TARGET, glide_to, glides
from engine.dsp.levels import gain_of_db
from engine.dsp.stretch import MAX_CHANNELS, Engine, RubberBand
from engine.mix.addresses import DECK_GAIN, DECK_PITCH, DECK_PLAY, DECK_TEMPO, Place
from engine.mix.bank import Bank
from engine.mix.kernels import LONGEST, NO_TAPS, Bus, aim, mix
from engine.mix.queue import NEVER
from engine.mix.voice import CHUNK, Plain, Sources, Stretched, Sum, Voice
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.params import DECK, DECKS, SOURCE

StretchMode = Literal["sources", "sum"]


class Deck:
    """One song with its position, its tempo and pitch, and the levels of its sources.

    With any source of the deck on solo only those sound; other decks do not care. Mute wins over solo. At tempo 1 and pitch 0
    there is no stretcher, and with all levels at 0 dB the deck gives the song bit for bit.
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
        if name not in DECKS:
            raise RemixtureError(f"there is no deck {name!r}; there are {', '.join(DECKS)}")
        self.name, self.bank, self._offset = name, bank, offset
        self._left = NEVER if frames is None else frames
        self._length = max(1, round(GLIDE_SECONDS * bank.rate))
        self._values = np.array([param.default for param in DECK])
        self._values[DECK_TEMPO] = DECK[DECK_TEMPO].check(tempo, f"deck.{name}.tempo")
        self._values[DECK_PITCH] = DECK[DECK_PITCH].check(pitch, f"deck.{name}.pitch")
        self._source_values = np.tile([param.default for param in SOURCE], (len(bank.ids), 1))
        self._levels = glides(np.ones(len(bank.ids)))
        self._common = glides(np.ones(2))
        self._gain, self._play = self._common
        self._scratch = np.zeros((2, LONGEST))
        self.stretched = tempo != 1.0 or pitch != 0.0
        self.summed = self.stretched and stretch == "sum"
        self._rows = glides(np.ones(1)) if self.summed else self._levels
        self._voice = self._stretcher(start, engine) if self.stretched else Plain(bank, start)

    def _stretcher(self, start: int, engine: Engine) -> Voice:
        rows, channels = self._rows.shape[0], self.bank.channels
        if rows * channels > MAX_CHANNELS:
            raise RemixtureError(
                f"deck {self.name}: {rows} sources of {channels} channels cannot be stretched side by side, "
                f"the stretcher takes {MAX_CHANNELS} channels; stretch their sum instead"
            )
        tempo, pitch = float(self._values[DECK_TEMPO]), float(self._values[DECK_PITCH])
        band = RubberBand(self.bank.rate, rows * channels, tempo, pitch, engine, bends=not self.summed)
        reader = Sum(self.bank, self._levels) if self.summed else Sources(self.bank)
        return Stretched(reader, np.zeros((rows, channels, CHUNK), dtype=np.float32), start, band)

    def check(self, place: Place, path: str, *, at_start: bool) -> None:
        """Raise RemixtureError if this deck cannot follow a command; `at_start` if it comes before anything has sounded."""
        fixed = place.source >= 0 or place.slot == DECK_PITCH
        if self.summed and fixed and not at_start:
            raise RemixtureError(f"{path} cannot change while playing: deck {self.name} stretches the sum of its sources")
        if place.source < 0 and place.slot in (DECK_TEMPO, DECK_PITCH) and not self.stretched:
            raise RemixtureError(f"{path}: deck {self.name} was put on without a stretcher (tempo 1, pitch 0)")

    def set(self, source: int, slot: int, value: float, *, at_once: bool) -> None:
        """Obey a command: `source` -1 is the deck itself. Levels glide, unless `at_once`."""
        length = 0 if at_once else self._length
        if source >= 0:
            self._source_values[source, slot] = value
            aim(self._source_values, self._levels, length)
            return
        self._values[slot] = value
        if slot == DECK_GAIN:
            glide_to(self._gain, gain_of_db(value), length)
        elif slot == DECK_PLAY:
            glide_to(self._play, value, length)

    def render(self, bus: Bus, n: int, taps: Samples, tap_at: int) -> None:
        """Add the next `n` frames (at most `LONGEST`) to the bus; write each source's share to `taps` from `tap_at` on."""
        at = min(n, self._offset)
        self._offset -= at
        while at < n:
            count = self._moving(n - at)
            if count == 0:
                return
            count = self._voice.ready(count, self._values[DECK_TEMPO], self._values[DECK_PITCH])
            voice, rows, common = self._voice, self._rows, self._common
            mix(voice.window, voice.position, count, rows, common, self._length, self._scratch, bus, at, taps, tap_at + at)
            voice.position += count
            self._left -= count
            at += count

    def _moving(self, n: int) -> int:
        """Return how many of the next frames the deck runs without a turn; 0 when it stands."""
        if self._left == 0:
            self._left = NEVER
            self.set(-1, DECK_PLAY, 0.0, at_once=False)
        if self._play[TARGET] == 0.0:
            return int(min(n, max(0.0, self._length - self._play[AGE])))
        return min(n, self._left)

    def compile(self) -> None:
        """Have the kernels compiled for the kinds of array this deck has, outside the audio path."""
        voice, bus = self._voice, np.zeros((2, 1))
        aim(self._source_values, self._levels, 0)
        mix(voice.window, 0, 0, self._rows, self._common, 1, self._scratch, bus, 0, NO_TAPS, 0)
