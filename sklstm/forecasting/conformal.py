"""Errors of held-out forecasts, and the intervals that they make."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from sklstm.data import Panel, rows_of


def held_out_origins(
    panel: Panel, n_held_out: NDArray[np.int64], n_steps: int, n_needed: int
) -> NDArray[np.int64]:
    """Return the rows from which forecasts of held-out rows begin.

    Parameters
    ----------
    panel : Panel
    n_held_out : ndarray of shape (n_series,)
        Rows at the end of each series that are held out; of one of which nothing is left to learn
        from, nothing is forecast.
    n_steps : int
        All steps of a forecast lie in the series.
    n_needed : int
        Rows up to an origin that are needed.

    Returns
    -------
    ndarray of shape (n_origins,)
    """
    begin = np.maximum(panel.lengths - n_held_out, n_needed) - 1
    counts = np.where(n_held_out < panel.lengths, np.maximum(panel.lengths - n_steps - begin, 0), 0)
    return rows_of(panel.first + begin, counts)


@dataclass(frozen=True)
class Errors:
    """Errors of forecasts, in units that let those of all series and times be compared.

    Attributes
    ----------
    values : ndarray of shape (n_origins, n_steps, n_targets)

    References
    ----------
    .. [1] Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random World.
    .. [2] Lei et al. (2018), Distribution-free predictive inference for regression, JASA 113.
    .. [3] Romano, Patterson and Candès (2019), Conformalized quantile regression, NeurIPS.
    """

    values: NDArray[np.float64]

    def reach(self, coverage: float) -> NDArray[np.float64]:
        """Return how far intervals reach to either side, (n_steps, n_targets).

        Of n absolute errors, that of rank ceil(coverage * (n + 1)).
        """
        n_errors = len(self.values)
        rank = _ceil(coverage * (n_errors + 1))
        if rank > n_errors:
            raise ValueError(
                f"coverage={coverage} needs the errors of at least "
                f"{_ceil(coverage / (1 - coverage))} held-out forecasts, but only {n_errors} are "
                "known. Bring longer series, call calibrate with a larger fraction or fewer steps, "
                "or ask for less coverage."
            )
        reach: NDArray[np.float64] = np.sort(np.abs(self.values), axis=0)[rank - 1]
        return reach

    def draw(self, shape: tuple[int, ...], rng: np.random.RandomState) -> NDArray[np.float64]:
        """Return errors of whole forecasts, drawn with replacement, (*shape, *values.shape[1:])."""
        drawn: NDArray[np.float64] = self.values[rng.randint(len(self.values), size=shape)]
        return drawn


def _ceil(value: float) -> int:
    """Return the next whole number, but for rounding: 0.9 / (1 - 0.9) is 9."""
    return ceil(value - 1e-9)
