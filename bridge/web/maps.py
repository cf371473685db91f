"""What a song looks like: for each source its layout and its waveform, bar by bar.

Uniform in beats, however the tempo drifts. The waveforms come from the samples that play, so there is no file to read again.
"""

import asyncio
import base64
import contextlib
import http
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bridge.session.library import Shelf
from bridge.session.messages import Parcel
from bridge.web.room import Room
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.params import DECKS
from engine.model.remixset import Decomposition

COLUMNS = 32
"""Parts of a bar, each with its peak."""

Peaks = NDArray[np.float32]
Edges = NDArray[np.int64]


class Maps:
    """Draws the maps of what is on the decks of a room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._peaks: dict[Shelf, dict[int, Peaks]] = {}
        """Of what is on a deck, by layer."""
        # One at a time: who asks for the same next gets it at once.
        self._thread = ThreadPoolExecutor(1, "map")
        self.routes = [Route("/api/decks/{deck}/map", self.get)]

    def close(self) -> None:
        """Let go of the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def get(self, request: Request) -> JSONResponse:
        """Send the map of what is on a deck."""
        deck = request.path_params["deck"]
        try:
            shelf = self._room.player.shelf(deck)
        except RemixtureError as error:
            return JSONResponse({"error": str(error)}, http.HTTPStatus.NOT_FOUND)
        number = self._room.collection.on(deck)
        found = await asyncio.get_running_loop().run_in_executor(self._thread, self._draw, shelf)
        return JSONResponse({"song": number, **found})

    def _draw(self, shelf: Shelf) -> dict[str, object]:
        self._peaks = {one: self._peaks.get(one, {}) for one in (*self._on_decks(), shelf)}
        parcel, remixset = shelf.parcel, shelf.remixset
        first, bars = bars_of(parcel)
        whole = shelf.whole.is_set()
        layers = [self._layer(shelf, k, first, bars) for k in range(len(parcel.layers))]
        loudest = max((float(peaks.max(initial=0.0)) for peaks in layers), default=0.0)
        parts = [(layer.name, remixset.decompositions[layer.name]) for layer in parcel.layers]
        return {
            "title": remixset.song.title,
            "whole": whole,
            "first": first,
            "bars": bars,
            "columns": COLUMNS,
            "beats_per_bar": parcel.beats_per_bar,
            "sections": [{"bar": section.bar, "label": section.label} for section in remixset.sections],
            "parts": [
                {"name": name, "sources": _sources(found, peaks, loudest)}
                for (name, found), peaks in zip(parts, layers, strict=True)
            ],
        }

    def _on_decks(self) -> Iterator[Shelf]:
        for deck in DECKS:
            with contextlib.suppress(RemixtureError):
                yield self._room.player.shelf(deck)

    def _layer(self, shelf: Shelf, layer: int, first: int, bars: int) -> Peaks:
        """Return the peaks of a layer's sources [shape=(sources, bars * COLUMNS)]; kept once it is decoded."""
        kept = self._peaks[shelf]
        if layer not in kept:
            whole = shelf.behind[layer] == 0
            edges = column_edges(shelf.parcel, first, bars)
            peaks = np.stack([peaks_between(source, edges) for source in shelf.rows(layer)])
            if not whole:
                return peaks
            kept[layer] = peaks
        return kept[layer]


def bars_of(parcel: Parcel) -> tuple[int, int]:
    """Return the first bar that a song has a part of, below 0 for a lead-in, and how many there are from there on."""
    grid, per_bar = parcel.grid, parcel.beats_per_bar
    start, end = ((grid.beat(frame / parcel.rate) - grid.first_downbeat) / per_bar for frame in (0, parcel.frames))
    # A bar of which there is less than a hundredth is a rounding of the grid.
    first = int(np.floor(start + 0.01))
    return first, max(1, int(np.ceil(end - 0.01)) - first)


def column_edges(parcel: Parcel, first: int, bars: int) -> Edges:
    """Return the frames between which each column lies [shape=(bars * COLUMNS + 1,)], within the song."""
    grid = parcel.grid
    beats = (first + np.arange(bars * COLUMNS + 1) / COLUMNS) * parcel.beats_per_bar + grid.first_downbeat
    index = np.clip(np.floor(beats).astype(np.int64), 0, grid.times.size - 2)
    start, end = grid.times[index], grid.times[index + 1]
    seconds = start + (beats - index) * (end - start)
    return np.clip(np.rint(seconds * parcel.rate), 0, parcel.frames).astype(np.int64)


def peaks_between(source: Samples, edges: Edges) -> Peaks:
    """Return the peak of a source [shape=(channels, frames)] between each two edges; 0 where there is nothing between them."""
    filled = edges[1:] > edges[:-1]
    peaks = np.zeros(filled.size, dtype=np.float32)
    if not filled.any():
        return peaks
    starts, end = edges[:-1][filled], int(edges[-1])
    high = [np.maximum(np.maximum.reduceat(row[:end], starts), -np.minimum.reduceat(row[:end], starts)) for row in source]
    peaks[filled] = np.max(high, axis=0)
    return peaks


def _sources(found: Decomposition, peaks: Peaks, loudest: float) -> list[dict[str, object]]:
    scaled = np.rint(peaks * (255.0 / loudest if loudest > 0.0 else 0.0)).astype(np.uint8)
    return [
        {
            "id": source.id,
            "name": source.name,
            "color": source.color,
            "kind": source.kind,
            "layout": _layout(found.layout, k),
            "wave": base64.b64encode(row.tobytes()).decode("ascii"),
        }
        for k, (source, row) in enumerate(zip(found.sources, scaled, strict=True))
    ]


def _layout(layout: Sequence[Sequence[float]] | None, column: int) -> list[float] | None:
    """Return how loud a source is in each bar; None where that is not known, as of a residual."""
    if not layout or column >= len(layout[0]):
        return None
    return [round(min(max(bar[column], 0.0), 1.0), 3) for bar in layout]
