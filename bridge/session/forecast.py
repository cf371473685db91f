"""How much of a job is done, and how long the rest takes: what its steps cost as a rule, corrected by what they really took.

Times are told, in seconds of any clock that never goes back, so that nothing here waits.
"""

from collections.abc import Mapping

COSTS = {
    "decode": (0.4, 0.001), "grid": (1.0, 0.025), "loops": (0.2, 0.4), "map": (0.5, 0.003), "loudness": (0.3, 0.006),
    "stem model": (0.1, 0.0),
}  # fmt: skip
"""Seconds that each step of preparing a song takes on two cores at leisure: at once, and for each second of the song."""
STEMS = {
    "demucs": (3.0, 0.55), "builtin": (0.1, 0.09), "hpss": (0.1, 0.05), "hpr": (0.1, 0.065), "twostage": (0.1, 0.07),
    "nmf": (3.0, 0.055), "nmf-harmonic": (3.5, 0.055), "rpca": (0.1, 0.32), "repet-sim": (0.1, 0.1), "centre": (0.1, 0.055),
    "small": (0.5, 0.2),
}  # fmt: skip
"""The same for the stems, by who makes them."""
CLEAN_DRUMS = (0.2, 0.06)
"""The same for clean drums, where they are asked for."""

TRUST_SECONDS = 2.0
"""What was expected counts like so many seconds that went as expected."""
PROVEN = 1 / 3
"""From this share of a step on only its own pace counts."""
EARLY_SECONDS = 1.0
"""Before this there is nothing to tell from."""
MOST = 0.99
"""Nothing is done before it says so, late as it may be."""


def expected(seconds: float, separator: str | None, *, clean_drums: bool = False) -> dict[str, float]:
    """Return the seconds that each step takes for a song of so many seconds; `separator` None: no stems are made."""
    costs = COSTS if separator is None else {**COSTS, "stems": STEMS[separator]}
    costs = {**costs, "clean drums": CLEAN_DRUMS} if clean_drums else costs
    steps = {name: once + each * seconds for name, (once, each) in costs.items()}
    if separator is None:
        del steps["stem model"]
    return steps


class Forecast:
    """Of one job. A step that does not come costs nothing; one that was not expected takes as long as it takes."""

    def __init__(self, steps: Mapping[str, float]) -> None:
        """Begin with the seconds that each step is expected to take, in their order."""
        self._rest = dict(steps)
        self._foreseen, self._took = TRUST_SECONDS, TRUST_SECONDS
        self._began: float | None = None
        self._since = self._cost = self._done = 0.0
        self._share = 0.0

    def expect(self, step: str, seconds: float) -> None:
        """Change how long a step that is still to come is expected to take."""
        if step in self._rest:
            self._rest[step] = seconds

    def begin(self, step: str, now: float) -> None:
        """Begin a step, which ends the one before. What should have come before it was done already."""
        if self._began is None:
            self._began = now
        else:
            self._foreseen += self._cost
            self._took += now - self._since
        names = list(self._rest)
        for name in names[: names.index(step)] if step in names else ():
            del self._rest[name]
        self._since, self._cost, self._done = now, self._rest.pop(step, 0.0), 0.0

    def go_on(self, done: float) -> None:
        """Take in which share of its step is done, in [0, 1]."""
        self._done = max(self._done, min(done, 1.0))

    def look(self, now: float) -> tuple[float, float | None]:
        """Return the done share of the whole, which never falls, and the seconds left; None while nobody can know."""
        if self._began is None:
            return 0.0, None
        spent = now - self._began
        left = self._pace * sum(self._rest.values()) + self._step_left(now)
        if left > 0.0:
            self._share = max(self._share, min(spent / (spent + left), MOST))
        return self._share, left if spent >= EARLY_SECONDS else None

    @property
    def _pace(self) -> float:
        """How many times longer than expected it takes."""
        return self._took / self._foreseen

    def _step_left(self, now: float) -> float:
        took, cost = now - self._since, self._cost * self._pace
        if self._done == 0.0:
            return max(0.0, cost - took)
        proven = min(1.0, self._done / PROVEN)
        return (1.0 - self._done) * (proven * took / self._done + (1.0 - proven) * cost)
