"""A deck under the hands: songs come and go, tempo, pitch and decomposition change while it plays, and it keeps in sync."""

import math

import numpy as np

from engine.dsp.fades import AGE, TARGET, glide_to, glides
from engine.dsp.stretch import Engine
from engine.mix import sync
from engine.mix.addresses import (
    DECK_CUE,
    DECK_JUMP,
    DECK_KEYLOCK,
    DECK_LOOP,
    DECK_PARTS,
    DECK_PITCH,
    DECK_PLAY,
    DECK_SEEK,
    DECK_SLIP,
    DECK_SONG,
    DECK_SYNC,
    DECK_TEMPO,
    SOURCE_CELL,
    SOURCE_CLIP,
    SOURCE_CLIP_BAR,
    SOURCE_CLIP_BARS,
)  # fmt: skip
from engine.mix.channel import Channel
from engine.mix.clock import Clock
from engine.mix.kernels import Bus
from engine.mix.levels import Levels
from engine.mix.record import Record
from engine.mix.transport import Transport
from engine.mix.voices import Key, Voices
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.params import DECK


class LiveDeck(Channel):
    """A deck that may be empty, and that stands still until it is told to play."""

    def __init__(self, name: str, rate: int, engine: Engine = "R2") -> None:
        super().__init__(name, rate)
        self._engine = engine
        self.names = ()
        self.record: Record | None = None
        self._voices: Voices
        self._transport: Transport
        self._tempo = 1.0
        self._out = glides(np.zeros(2))
        """The play switch once more, and the way out of a voice that leaves."""
        self._stands, self._align, self._back_to_cue = True, False, False
        self.quantize = 0
        self.values[DECK_PLAY] = 0.0
        glide_to(self._play, 0.0, 0)

    def load(self, record: Record | None) -> None:
        """Put a record on, standing at its first downbeat, or take it off. Not for the audio path: it builds stretchers.

        Raises
        ------
        RemixtureError
            If the record is at another rate.
        """
        if record is not None and record.rate != self.rate:
            raise RemixtureError(f"deck {self.name} runs at {self.rate} Hz, the song at {record.rate} Hz")
        self.record, self.names = record, record.names if record else ()
        fresh = (DECK_PLAY, DECK_PARTS, DECK_SEEK, DECK_JUMP, DECK_LOOP, DECK_SLIP, DECK_CUE, DECK_SONG)
        for slot in fresh:
            self.values[slot] = DECK[slot].default
        self.values[DECK_PLAY] = 0.0
        glide_to(self._play, 0.0, 0)
        self._stands = True
        if record is not None:
            self.levels = Levels(record, self._length)
            self._out_rows = [rows.copy() for rows in self.levels.glides]
            self._voices = Voices(record, record.bar_frame(0), self._engine)
            self._transport = Transport(record, self._voices)
            self._tempo = float(self.values[DECK_TEMPO])

    @property
    def playing(self) -> int:  # type: ignore[override]
        """Which bank of the record is heard."""
        return self._voices.key[0]

    @property
    def running(self) -> bool:
        """Whether the deck plays or is about to stand."""
        return not self._stands

    @property
    def position(self) -> float:
        """The frame of the song that sounds next; 0 for an empty deck."""
        return self._transport.heard if self.record else 0.0

    @property
    def beat(self) -> float:
        """The beat of the song; 0 is the first downbeat."""
        return self._transport.beat_at(self._transport.heard) if self.record else 0.0

    @property
    def bpm(self) -> float:
        """The tempo that is heard."""
        if self.record is None:
            return 0.0
        grid = self.record.grid
        return sync.local_bpm(grid, self.beat + grid.first_downbeat) * self._tempo

    @property
    def tempo(self) -> float:
        """The tempo it plays at, which sync moves; 1 is the song's own."""
        return self._tempo

    @property
    def stretching(self) -> bool:
        """Whether the sound goes through a stretcher."""
        return self.record is not None and self._voices.key[1] != "plain"

    @property
    def loop_bars(self) -> float:
        """Length of the loop that is on, or 0."""
        return self._transport.loop_bars if self.record else 0.0

    @property
    def loop_beat(self) -> float:
        """The beat at which that loop begins."""
        return self._transport.loop_beat if self.record else 0.0

    def set(self, source: int, slot: int, value: float, *, at_once: bool) -> None:
        """Obey a command."""
        if self.record is None:
            if source < 0 and slot != DECK_PLAY:
                super().set(source, slot, value, at_once=at_once)
            return
        if source >= 0 and slot == SOURCE_CELL:
            self._transport.switch(source, value, running=self.running)
        elif source >= 0 and slot >= SOURCE_CLIP:
            self._set_clip(source, slot, value)
        elif source >= 0:
            super().set(source, slot, value, at_once=at_once)
        elif slot == DECK_PLAY:
            self._set_play(on=value != 0.0, at_once=at_once)
        else:
            super().set(source, slot, value, at_once=at_once)
            self._act(slot, value)

    def _act(self, slot: int, value: float) -> None:
        transport, running = self._transport, self.running
        if slot == DECK_SEEK:
            transport.seek(value, running=running, in_phase=self.values[DECK_SYNC] != 0.0)
        elif slot == DECK_JUMP:
            transport.jump(value, running=running)
        elif slot == DECK_LOOP:
            transport.loop(value, running=running)
        elif slot == DECK_SLIP:
            transport.set_slip(on=value != 0.0, running=running)
        elif slot == DECK_SONG:
            transport.hear_song(on=value != 0.0)
        elif slot == DECK_CUE and value:
            self._cue()
        elif slot == DECK_SYNC and value:
            self._align = True

    def _cue(self) -> None:
        if self.running:
            self._set_play(on=False, at_once=False)
            self._back_to_cue = True
        else:
            self._transport.cue_point = round(self._transport.heard)

    def _set_play(self, *, on: bool, at_once: bool) -> None:
        if on == (self.values[DECK_PLAY] != 0.0):
            return
        self.values[DECK_PLAY] = float(on)
        if on:
            if self._stands:
                self._voices.start()
                self._align = self.values[DECK_SYNC] != 0.0
            self._stands = self._back_to_cue = False
        glide_to(self._play, float(on), 0 if at_once else self._length)

    def _set_clip(self, source: int, slot: int, value: float) -> None:
        values = self.levels.values[source]
        values[slot] = value
        if slot != SOURCE_CLIP:
            return
        bar, bars = float(values[SOURCE_CLIP_BAR]), float(values[SOURCE_CLIP_BARS])
        if value:
            self._transport.launch(source, bar, bars, self.quantize, running=self.running)
        else:
            self._transport.stop_clip(source, bars, self.quantize, running=self.running)

    def control(self, clock: Clock, *, leads: bool) -> bool:
        """Do a control step: come to rest, follow the clock, get the voice ready that is wanted now.

        True when the song is over and the deck has stopped by itself; while clips run it goes on.
        """
        if self.record is None:
            return False
        over = self.values[DECK_PLAY] != 0.0 and self._transport.over
        if over:
            self._set_play(on=False, at_once=True)
        if not self._stands and self._play[TARGET] == 0.0 and self._play[AGE] >= self._length:
            self._stands = True
            self._voices.settle(self._transport.cue_point if self._back_to_cue else None)
            self._back_to_cue = False
        now = self._tempo, self._pitch(self._tempo)
        self._tempo = self._wanted_tempo(clock, leads=leads)
        then = self._tempo, self._pitch(self._tempo)
        self._voices.step(self._wanted_voice(*then), now, then, running=self.running)
        return over

    def _pitch(self, tempo: float) -> float:
        pitch = float(self.values[DECK_PITCH])
        return pitch if self.values[DECK_KEYLOCK] else pitch + 12.0 * math.log2(tempo)

    def _wanted_tempo(self, clock: Clock, *, leads: bool) -> float:
        if leads or not self.values[DECK_SYNC]:
            self._align = False
            return float(self.values[DECK_TEMPO])
        assert self.record is not None  # noqa: S101 - control has looked
        grid, beat = self.record.grid, self.beat
        factor = sync.octave(clock.bpm, self.record.bpm)
        bpm = sync.local_bpm(grid, beat + grid.first_downbeat)
        if not self.running:
            return DECK[DECK_TEMPO].clamp(clock.bpm * factor / bpm)
        unit = float(clock.beats_per_bar) if self._align else 1.0
        behind = sync.error_beats(clock, factor, beat, unit)
        seconds = behind * 60.0 / (clock.bpm * factor)
        stream = self._voices.current.stream
        if abs(seconds) > sync.JUMP_SECONDS and stream.since > self.rate // 4:
            self._transport.jump(behind, running=True, stay=True)
            stream.since = 0
            seconds = 0.0
        self._align = False
        plain = self._voices.key[1] == "plain"
        return DECK[DECK_TEMPO].clamp(sync.tempo_for(clock, factor, bpm, seconds, plain=plain))

    def _wanted_voice(self, tempo: float, pitch: float) -> Key:
        assert self.record is not None  # noqa: S101 - control has looked
        bank = min(int(self.values[DECK_PARTS]), len(self.record.banks) - 1)
        if tempo == 1.0 and pitch == 0.0:
            return bank, "plain"
        bends = pitch != 0.0 or self._voices.key[1] == "bends"
        key: Key = (bank, "bends" if bends else "fixed")
        return key if self._voices.can(key) else (bank, "plain")

    def _sound(self, buses: Bus, at: int, n: int, taps: Samples, tap_at: int) -> int:
        """Mix what plays and what leaves."""
        voices = self._voices
        pitch = self._pitch(self._tempo)
        n = voices.current.ready(n, self._tempo, pitch)
        if voices.leaving is not None:
            n = voices.leaving.ready(n, self._tempo, pitch)
            self._out[0], self._out[1] = self._play, voices.leave
            bank = voices.leaving_bank
            rows = self._out_rows[bank]
            rows[:] = self.levels.glides[bank]
            self._mix(voices.leaving, bank, rows, self._out, (buses, at, n, taps, tap_at))
            voices.leave[:] = self._out[1]
        bank = voices.key[0]
        self._common[1] = voices.enter
        self._mix(voices.current, bank, self.levels.glides[bank], self._common, (buses, at, n, taps, tap_at))
        voices.enter[:] = self._common[1]
        return n

    def render(self, bus: Bus, n: int, cue: Bus, taps: Samples, tap_at: int) -> None:
        """As a deck does; an empty one is silent."""
        if self.record is not None:
            super().render(bus, n, cue, taps, tap_at)

    def compile(self) -> None:
        """Have the kernels compiled; an empty deck has none yet."""
        if self.record is None:
            return
        self._voices.compile()
        for bank in range(len(self.levels.glides)):
            self.levels.aim(bank, at_once=True)
