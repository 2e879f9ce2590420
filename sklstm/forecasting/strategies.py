"""How a regressor is turned into a forecast of many steps."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """What one regressor reads and predicts, counted from an origin, the last row it may know.

    Attributes
    ----------
    lags : tuple of int
        Rows it reads, oldest first; lag 1 is the origin, lag 2 the row before.
    ahead : tuple of int
        Steps after the origin that it predicts.
    n_fed : int
        How many of the youngest rows are predictions of the stages before.
    """

    lags: tuple[int, ...]
    ahead: tuple[int, ...]
    n_fed: int = 0

    @property
    def n_own(self) -> int:
        """How many of the rows, the oldest ones, are no predictions."""
        return len(self.lags) - self.n_fed

    @property
    def shifts(self) -> list[int]:
        """By how many rows features known in the future are moved into the past.

        A window has no rows after its origin. Moved by these, its rows show every step that is
        predicted, the farthest one in the youngest row.
        """
        shifts: list[int] = []
        shown: set[int] = set()
        for step in reversed(self.ahead):
            if step not in shown:
                shift = step + min(self.lags) - 1
                shifts.append(shift)
                shown |= {shift + 1 - lag for lag in self.lags}
        return shifts

    @property
    def shows_own(self) -> bool:
        """Whether some rows so moved are among those that are read.

        If none is, rows are told their own features too: what was said of a day, and what came of
        it, belong together.
        """
        shown = {lag - shift for shift in self.shifts for lag in self.lags}
        return not shown.isdisjoint(self.lags)


@dataclass(frozen=True)
class Strategy:
    """A way to many steps.

    Attributes
    ----------
    stages : callable
        (lags, horizon) -> one `Stage` a regressor.
    fed : bool
        Whether a step is predicted with the predictions of those before, one step at a time.
    endless : bool
        Whether there may be more steps than the horizon.
    """

    stages: Callable[[tuple[int, ...], int], list[Stage]]
    fed: bool = False
    endless: bool = False


def _multioutput(lags: tuple[int, ...], horizon: int) -> list[Stage]:
    return [Stage(lags, tuple(range(1, horizon + 1)))]


def _direct(lags: tuple[int, ...], horizon: int) -> list[Stage]:
    return [Stage(lags, (step,)) for step in range(1, horizon + 1)]


def _recursive(lags: tuple[int, ...], horizon: int) -> list[Stage]:
    return [Stage(lags, (1,))]


def _dirrec(lags: tuple[int, ...], horizon: int) -> list[Stage]:
    return [
        Stage((*(lag + fed for lag in lags), *range(fed, 0, -1)), (1,), n_fed=fed)
        for fed in range(horizon)
    ]


@dataclass(frozen=True)
class Plan:
    """A strategy, worked out for lags and a horizon.

    Attributes
    ----------
    strategy : Strategy
    lags : tuple of int
        Rows that are read before a forecast, oldest first.
    stages : list of Stage
    """

    strategy: Strategy
    lags: tuple[int, ...]
    stages: list[Stage]

    @classmethod
    def of(cls, strategy: str, lags: tuple[int, ...], horizon: int) -> "Plan":
        """Work out the stages of a strategy of `STRATEGIES`."""
        return cls(STRATEGIES[strategy], lags, STRATEGIES[strategy].stages(lags, horizon))

    @property
    def n_back(self) -> int:
        """Rows from the oldest lag to the origin."""
        return max(self.lags)

    def n_ahead(self, n_steps: int) -> int:
        """Return for how many steps after the origin features known ahead are read."""
        if self.strategy.fed:
            return n_steps
        return max(max(stage.ahead) for stage in self.stages if min(stage.ahead) <= n_steps)


STRATEGIES: dict[str, Strategy] = {
    "multioutput": Strategy(_multioutput),
    "direct": Strategy(_direct),
    "recursive": Strategy(_recursive, fed=True, endless=True),
    "dirrec": Strategy(_dirrec, fed=True),
}
