"""map.png: the layout as a picture, bars from left to right, a lane in its own colour for every loop.

Left of the lane stands the loop's name, right of it how exactly it repeats. Thin lines are where sections begin, their letters
above.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.model.errors import RemixtureError
from engine.model.remixset import RESIDUAL, Decomposition, RemixSet, Section
from engine.store.files import written_beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "map.png"
Numbers = NDArray[np.float64]
INK, PAPER, FAINT = "#e8e6e3", "#17191d", "#2a2e35"


def draw_map(remixset: RemixSet, target: Path) -> None:
    """Write the picture of a set's loops: level by height, the bar each loop was cut from framed.

    Raises
    ------
    RemixtureError
        If the set has no loops, or the picture cannot be written.
    """
    loops = remixset.decompositions.get("loops")
    if loops is None or loops.layout is None or remixset.grid is None:
        raise RemixtureError(f"{remixset.song.title} has no loops to draw: run remixture prepare first")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lanes = len(loops.sources) - 1
    bars = len(loops.layout)
    figure = Figure(figsize=(min(24.0, max(8.0, 2.0 + 0.22 * bars)), 1.4 + 0.42 * max(lanes, 1)), dpi=120, facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _draw_lanes(axes, loops)
    _label(axes, remixset, loops, bars)
    _draw_sections(axes, remixset.sections)
    figure.tight_layout()
    with written_beside(target) as part:
        figure.savefig(part, facecolor=PAPER)


def _draw_lanes(axes: Axes, loops: Decomposition) -> None:
    from matplotlib.collections import PolyCollection

    sources = [source for source in loops.sources if source.kind != RESIDUAL]
    levels = np.clip(np.array(loops.layout).reshape(len(loops.layout or ()), len(sources)), 0.0, 1.0)
    bars, lanes = np.indices(levels.shape).reshape(2, -1).astype(float)
    heights = 0.84 * levels.ravel()
    colors = [source.color for source in sources] * len(levels)
    shown = [(lane, s.best_bar, s.period or 1) for lane, s in enumerate(sources) if s.best_bar is not None]
    rows, best, periods = np.array(shown, dtype=float).reshape(-1, 3).T
    # Few artists of many boxes: an artist for every box takes seconds on a whole song.
    for boxes in (
        PolyCollection(_boxes(bars + 0.04, lanes + 0.08, 0.92, 0.84), facecolors=FAINT, linewidths=0),
        PolyCollection(_boxes(bars + 0.04, lanes + 0.92 - heights, 0.92, heights), facecolors=colors, linewidths=0),
        PolyCollection(_boxes(best, rows + 0.04, periods, 0.92), facecolors="none", edgecolors=INK, linewidths=1.2),
    ):
        axes.add_collection(boxes, autolim=False)


def _boxes(left: Numbers, top: Numbers, width: Numbers | float, height: Numbers | float) -> list[Numbers]:
    """Return each box's four corners [shape=(4, 2)], bars and lanes."""
    right, bottom = left + width, top + height
    corners = [left, top, right, top, right, bottom, left, bottom]
    return list(np.stack(corners, axis=-1).reshape(-1, 4, 2))


def _draw_sections(axes: Axes, sections: tuple[Section, ...]) -> None:
    above = axes.get_xaxis_transform()
    for section in sections:
        axes.axvline(section.bar, color=INK, linewidth=0.8, alpha=0.7, clip_on=False)
        axes.text(section.bar + 0.1, 1.01, section.label, transform=above, color=INK, fontsize=9, va="bottom")


def _label(axes: Axes, remixset: RemixSet, loops: Decomposition, bars: int) -> None:
    shown = [source for source in loops.sources if source.kind != RESIDUAL]
    names = [source.name for source in shown]
    step = next(s for s in (1, 2, 4, 8, 16, 32, 64, 128, 256) if bars / s <= 40)
    axes.set_xlim(0, max(bars, 1))
    axes.set_ylim(max(len(names), 1), 0)
    axes.set_xticks([b + 0.5 for b in range(0, bars, step)], [str(b + 1) for b in range(0, bars, step)], color=INK, fontsize=8)
    axes.set_yticks([i + 0.5 for i in range(len(names))], names, color=INK, fontsize=9)
    for lane, source in enumerate(shown):
        place = axes.get_yaxis_transform()
        axes.text(1.01, lane + 0.5, source.confidence_text, transform=place, color=INK, fontsize=8, va="center")
    axes.set_xlabel("bar", color=INK, fontsize=9)
    axes.set_facecolor(PAPER)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    facts = [f"{remixset.grid.bpm:.2f} bpm" if remixset.grid else "", remixset.key or "", remixset.camelot or ""]
    title = "   ".join([remixset.song.title, *filter(None, facts)])
    axes.set_title(title, color=INK, fontsize=11, loc="left", pad=18 if remixset.sections else None, parse_math=False)
