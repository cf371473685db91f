"""Where a deck is in its song, and what moves it: seek, jump, loop, slip, cue, clips, cells; all on the song's own grid."""

import math

from engine.mix.record import Record
from engine.mix.voices import Voices
from engine.model.cells import switched

BEAT, BAR, PERIOD = 1, 2, 3
"""`master.quantize` says when clips start."""

GRACE_BEATS = 0.02
"""Who is later than the beat by no more than this meant the beat."""


class Transport:
    """Moves the streams of one record."""

    def __init__(self, record: Record, voices: Voices) -> None:
        self._record, self._voices = record, voices
        self._grid, self._rate = record.grid, record.rate
        self.cue_point = voices.current.stream.position
        self.loop_bars = self.loop_beat = 0.0
        self.slip = False
        self._song_heard = True
        self._landed = -1

    @property
    def heard(self) -> float:
        """The frame of the song that sounds next."""
        return self._voices.current.heard

    @property
    def over(self) -> bool:
        """Whether the song has come to its end, and no row plays anything else."""
        stream = self._voices.current.stream
        return stream.position >= self._record.frames and stream.simple and self.heard >= self._record.frames

    def beat_at(self, frame: float) -> float:
        """Return the beat at a frame; 0 is the first downbeat."""
        return self._grid.beat(frame / self._rate) - self._grid.first_downbeat

    def frame_at(self, beat: float) -> int:
        """Return the frame of a beat; 0 is the first downbeat."""
        return round(self._grid.seconds(beat + self._grid.first_downbeat) * self._rate)

    def _frames_between(self, first: float, last: float) -> float:
        """Exactly, in parts of a frame."""
        zero = self._grid.first_downbeat
        return (self._grid.seconds(last + zero) - self._grid.seconds(first + zero)) * self._rate

    def seek(self, beat: float, *, running: bool, in_phase: bool) -> None:
        """Go to a beat; `in_phase` keeps the part of a beat that has gone by."""
        last = self.beat_at(self._record.frames)
        beat = min(max(beat, math.floor(self.beat_at(0))), last)
        if running and in_phase:
            now = self.beat_at(self.heard)
            beat = math.floor(beat) + now - math.floor(now)
        self.go(self.frame_at(beat), running=running)

    def jump(self, beats: float, *, running: bool, stay: bool = False) -> None:
        """Go on by some beats; with `stay` within the loop that is on."""
        place = self._voices.current.stream.position
        far = self.frame_at(self.beat_at(place) + beats) - self.frame_at(self.beat_at(place))
        self.go(place + far, running=running, stay=stay)

    def go(self, place: int, *, running: bool, stay: bool = False) -> None:
        """Go to a frame; out of a loop that ends before it, or with `stay` round in the loop."""
        if running:
            self._voices.current.stream.go(place, slip=self.slip, stay=stay)
            self._landed = self._voices.current.stream.position
            self._voices.disturb()
        else:
            self._voices.settle(place)
        if not self._voices.current.stream.looping:
            self.loop_bars = 0.0

    def loop(self, bars: float, *, running: bool) -> None:
        """Repeat some bars from the beat that sounds; 0 goes on, with slip where the song would be."""
        stream = self._voices.current.stream
        self._voices.disturb()
        if bars <= 0.0:
            stream.loop(0, 0.0)
            if self.slip and self.loop_bars > 0.0:
                self.go(stream.shadow, running=running)
        else:
            first = math.floor(self.beat_at(self._under_way) + GRACE_BEATS)
            last = first + bars * self._grid.beats_per_bar
            self.loop_beat = float(first)
            stream.loop(self.frame_at(first), self._frames_between(first, last))
        self.loop_bars = bars

    @property
    def _under_way(self) -> float:
        """The frame that sounds next; a jump that was made and is not heard yet, under way in a stretcher, counts."""
        stream = self._voices.current.stream
        landed = stream.position - stream.since
        return landed if stream.since < self._voices.current.behind and landed == self._landed else self.heard

    def set_slip(self, *, on: bool, running: bool) -> None:
        """Let the song run on underneath, or return to it."""
        stream = self._voices.current.stream
        if on and not self.slip:
            stream.shadow = stream.position
        elif self.slip and not on and stream.shadow != stream.position:
            stream.loop(0, 0.0)
            self.loop_bars = 0.0
            self.slip = False
            self.go(stream.shadow, running=running)
        self.slip = on

    def launch(self, name: int, bar: float, bars: float, quantize: int, *, running: bool) -> None:
        """Start or restart the clip of a source."""
        beats, start = bars * self._grid.beats_per_bar, (bar - 1) * self._grid.beats_per_bar
        at, frames = self._boundary(beats, quantize, running=running), self._frames_between(start, start + beats)
        for row in self._rows_of(name, self._voices.key[0]):
            self._voices.current.stream.clip(row, at, self.frame_at(start), frames)
        self._voices.disturb()

    def stop_clip(self, name: int, bars: float, quantize: int, *, running: bool) -> None:
        """End the clip of a source; it follows the song again."""
        at = self._boundary(bars * self._grid.beats_per_bar, quantize, running=running)
        for row in self._rows_of(name, self._voices.key[0]):
            self._voices.current.stream.follow(row, at, heard=self._song_heard)
        self._voices.disturb()

    def hear_song(self, *, on: bool) -> None:
        """Let sources without a clip play the song, or be silent."""
        self._song_heard = on
        stream = self._voices.current.stream
        for row in range(len(stream.bank.ids)):
            if not stream.clipped(row):
                stream.follow(row, stream.position, heard=on)
        self._voices.disturb()

    def switch(self, name: int, value: float, *, running: bool) -> None:
        """Switch a source on or off in a bar, as `deck.{deck}.{source}.cell` says, whatever it is a part of."""
        bar, on = switched(value)
        for bank, cells in enumerate(self._voices.cells):
            for row in self._rows_of(name, bank):
                if bar:
                    cells.set(row, bar - 1, on=on)
                else:
                    cells.clear(row)
        if running:
            self._voices.disturb()
        else:
            self._voices.settle()
        self._voices.current.stream.look(at_once=not running)

    def _rows_of(self, name: int, bank: int) -> list[int]:
        return [row for row, other in enumerate(self._record.rows[bank]) if other == name]

    def _boundary(self, beats: float, quantize: int, *, running: bool) -> int:
        """Return the next frame of the song at which a clip may start; within the loop that is on."""
        stream = self._voices.current.stream
        unit = {BEAT: 1.0, BAR: float(self._grid.beats_per_bar), PERIOD: beats}.get(quantize, 0.0)
        if unit == 0.0 or not running:
            return stream.position
        beat = math.ceil((self.beat_at(self.heard) - GRACE_BEATS) / unit) * unit
        return stream.inside(self.frame_at(beat))
