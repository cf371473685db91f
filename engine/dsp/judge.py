"""Everything that is asked of estimated sources whose truth is known, at once.

The ratios of `engine.dsp.sdr`, those of `engine.dsp.bsseval`, and how far each estimate carries in a remix: its source alone is
turned up in the mixture, `x + (g - 1) e`, and the result compared with `x + (g - 1) s` by minSDR and loudness difference.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from engine.dsp.bsseval import FLOOR_DB, MOST_CHANNELS, BssEval
from engine.dsp.levels import gain_of_db, si_sdr_db
from engine.dsp.sdr import loudness_difference_db, min_sdr_db, sd_sdr_db, sdr_db
from engine.model.audio import Samples

REMIX_DB = 6.0


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one source, all in dB; NaN where there is no answer, since something is silent or there are too many sources.

    A silent estimate has an SDR, 0 dB, and carries into a remix as nothing; no scale makes anything of it.
    `isr`, `sir` and `sar` are BSS Eval's medians over windows of 1 s; `remix_min_sdr` and `remix_ld` tell of the remix.
    """

    sdr: float
    si_sdr: float
    sd_sdr: float
    isr: float
    sir: float
    sar: float
    remix_min_sdr: float
    remix_ld: float


class Judge:
    """Scores estimates of the same true sources, again and again.

    Parameters
    ----------
    truth : mapping of name to ndarray [shape=(channels, frames), float32, all the same]
        All the sources of the song.
    rate : int, Hz
    mixture : ndarray [shape=(channels, frames), float32], optional
        What was taken apart, where it is not the sum of the truth.
    remix_db : float, dB
        How far each source is turned up.
    floor_db : float, optional
        BSS Eval's floor; None scores as museval does.

    `projects` tells whether there are few enough sources for ISR, SIR and SAR.
    """

    def __init__(
        self, truth: Mapping[str, Samples], rate: int, mixture: Samples | None = None, remix_db: float = REMIX_DB,
        floor_db: float | None = FLOOR_DB,
    ) -> None:  # fmt: skip
        self.names = tuple(truth)
        self._truth = np.stack(list(truth.values()))
        self.mixture = np.sum(self._truth, axis=0) if mixture is None else mixture
        self._gain = np.float32(gain_of_db(remix_db) - 1.0)
        self.projects = len(self.names) * self._truth.shape[1] <= MOST_CHANNELS
        self._bsseval = BssEval(self._truth, rate, floor_db=floor_db) if self.projects else None

    def scores(self, estimates: Mapping[str, Samples]) -> dict[str, Scores]:
        """Return the scores of the true sources that have an estimate, in their order; other estimates do not count."""
        given = [i for i, name in enumerate(self.names) if name in estimates]
        projected = self._projected(estimates, given)
        return {self.names[i]: self._scores(i, estimates[self.names[i]], projected[:, i]) for i in given}

    def baseline(self) -> dict[str, Scores]:
        """Return the scores of nothing taken apart: every source is the mixture divided by their number."""
        return self.scores(dict.fromkeys(self.names, self.mixture / np.float32(len(self.names))))

    def _projected(self, estimates: Mapping[str, Samples], given: list[int]) -> NDArray[np.float64]:
        """Return ISR, SIR and SAR [shape=(3, sources)]."""
        if self._bsseval is None:
            return np.full((3, len(self.names)), np.nan)
        stacked = np.zeros_like(self._truth)
        for i in given:
            stacked[i] = estimates[self.names[i]]
        return self._bsseval.scores(stacked).medians()[1:]

    def _scores(self, i: int, estimate: Samples, projected: NDArray[np.float64]) -> Scores:
        truth = self._truth[i]
        if not truth.any():
            return Scores(*(float("nan") for _ in fields(Scores)))
        obtained, wanted = (self.mixture + self._gain * part for part in (estimate, truth))
        isr, sir, sar = projected.tolist()
        scaled = (np.nan, np.nan) if not estimate.any() else (si_sdr_db(estimate, truth), sd_sdr_db(estimate, truth))
        return Scores(
            sdr_db(estimate, truth), *scaled, isr, sir, sar,
            min_sdr_db(obtained, wanted), loudness_difference_db(obtained, wanted, self._truth),
        )  # fmt: skip


def mean_scores(scores: Mapping[str, Scores]) -> Scores:
    """Return the mean of each score over the sources that have it; infinite ones do not count."""
    table = np.array([astuple(one) for one in scores.values()]).reshape(-1, len(fields(Scores)))
    columns = [column[np.isfinite(column)] for column in table.T]
    return Scores(*(float(column.mean()) if column.size else float("nan") for column in columns))
