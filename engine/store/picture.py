"""map.png: the layout as a picture, bars from left to right, a lane in its own colour for every loop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.model.errors import RemixtureError
from engine.model.remixset import RESIDUAL, Decomposition, RemixSet
from engine.store.files import written_beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "map.png"
INK, PAPER, FAINT = "#e8e6e3", "#17191d", "#2a2e35"


def draw_map(remixset: RemixSet, target: Path) -> None:
    """Write the picture of a set's loops: level by height and opacity, the bar each loop was cut from framed.

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
    figure.tight_layout()
    with written_beside(target) as part:
        figure.savefig(part, facecolor=PAPER)


def _draw_lanes(axes: Axes, loops: Decomposition) -> None:
    from matplotlib.patches import Rectangle

    activation = np.array(loops.layout).reshape(len(loops.layout or ()), -1)
    for lane, source in enumerate(s for s in loops.sources if s.kind != RESIDUAL):
        for bar, level in enumerate(activation[:, lane]):
            axes.add_patch(Rectangle((bar + 0.04, lane + 0.08), 0.92, 0.84, color=FAINT, linewidth=0))
            height = 0.84 * float(np.clip(level, 0.0, 1.0))
            axes.add_patch(Rectangle((bar + 0.04, lane + 0.92 - height), 0.92, height, color=source.color, linewidth=0))
        if source.best_bar is not None:
            frame = Rectangle(
                (source.best_bar, lane + 0.04), source.period or 1, 0.92, fill=False, edgecolor=INK, linewidth=1.2
            )
            axes.add_patch(frame)


def _label(axes: Axes, remixset: RemixSet, loops: Decomposition, bars: int) -> None:
    names = [source.name for source in loops.sources if source.kind != RESIDUAL]
    step = next(s for s in (1, 2, 4, 8, 16, 32, 64, 128, 256) if bars / s <= 40)
    axes.set_xlim(0, max(bars, 1))
    axes.set_ylim(max(len(names), 1), 0)
    axes.set_xticks([b + 0.5 for b in range(0, bars, step)], [str(b + 1) for b in range(0, bars, step)], color=INK, fontsize=8)
    axes.set_yticks([i + 0.5 for i in range(len(names))], names, color=INK, fontsize=9)
    axes.set_xlabel("bar", color=INK, fontsize=9)
    axes.set_facecolor(PAPER)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    facts = [f"{remixset.grid.bpm:.2f} bpm" if remixset.grid else "", remixset.key or "", remixset.camelot or ""]
    axes.set_title("   ".join([remixset.song.title, *filter(None, facts)]), color=INK, fontsize=11, loc="left")
