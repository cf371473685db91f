from engine.model.cells import cell_bars
from engine.model.remixset import Decomposition, Source


def source(id_: str, best_bar: int | None = None, period: int | None = None) -> Source:
    return Source(id_, id_, "loop", f"{id_}.flac", "", 0, 1.0, "#808080", best_bar=best_bar, period=period)


def loops(layout: tuple[tuple[float, ...], ...] | None, *sources: Source) -> Decomposition:
    return Decomposition("test", 1, {}, None, "", (*sources, source("residual")), layout)


def test_a_loop_plays_its_own_bar_where_it_sounds_and_else_the_one_in_phase() -> None:
    layout = ((0.0,), (1.0,), (0.9,), (0.0,), (0.0,), (0.0,), (1.0,))

    assert cell_bars(loops(layout, source("loop-1", 1, 2))) == ((2, 1, 2, 1, 2, 1, 6), ())


def test_what_has_no_layout_plays_the_song() -> None:
    assert cell_bars(loops(None, source("drums"), source("bass"))) == ((), (), ())


def test_a_layout_that_does_not_fit_is_left_alone() -> None:
    layout = ((0.0, 1.0), (0.0, 0.0))

    assert cell_bars(loops(layout, source("loop-1", 1, 2), source("loop-2", 9, 1))) == ((0, 1), (0, 1), ())
