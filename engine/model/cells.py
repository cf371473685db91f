"""The cells of the map: a source in a bar, switched on or off there.

What "on" plays is said here, once for what is live and for what is bounced.
"""

from engine.model.remixset import Decomposition, Source

Bars = tuple[int, ...]


def cell_bars(decomposition: Decomposition) -> tuple[Bars, ...]:
    """Return which bar each source plays in each bar when it is switched on there.

    Returns
    -------
    tuple of tuple of int [sources x bars of the layout]
        Bars count from 0. Where the layout has a loop sounding it plays that very bar; where it is silent the bar of the loop's
        best period that is in phase. () for a source without a layout, a stem or the residual: it plays what the song has.
    """
    layout = decomposition.layout or ()
    columns = [tuple(row[k] for row in layout if k < len(row)) for k in range(len(decomposition.sources))]
    return tuple(_bars(source, levels) for source, levels in zip(decomposition.sources, columns, strict=True))


def _bars(source: Source, levels: tuple[float, ...]) -> Bars:
    if source.best_bar is None or not source.period:
        return ()
    best, period, bars = source.best_bar, source.period, len(levels)
    in_phase = [best + (bar - best) % period for bar in range(bars)]
    return tuple(bar if levels[bar] > 0.0 or not 0 <= other < bars else other for bar, other in enumerate(in_phase))


def switched(value: float) -> tuple[int, bool]:
    """Return the bar that a value of a source's `cell` means, counted from 1, and whether it is on; bar 0 is all bars."""
    return abs(round(value)), value > 0.0
