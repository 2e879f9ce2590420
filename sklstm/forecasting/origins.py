"""Where forecasts begin, and what is known there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklstm.data import Panel


@dataclass(frozen=True)
class Origins:
    """The last rows known to each of several forecasts.

    Attributes
    ----------
    panel : Panel
        Series, of which nothing behind an origin may be looked at but known features.
    features : ndarray of shape (n_rows, n_features)
        Of the same rows.
    rows : ndarray of shape (n_origins,)
        The origins.
    n_steps : int
        Steps to forecast.
    future : ndarray of shape (n_origins, n_future, n_features) or None
        Features after the origins; None where the rows after them hold these.
    foreign : bool
        Whether a series without an id is another than the one that was learnt from.
    """

    panel: Panel
    features: NDArray[np.float64]
    rows: NDArray[np.int64]
    n_steps: int
    future: NDArray[np.float64] | None = None
    foreign: bool = False

    @property
    def series(self) -> NDArray[np.int64]:
        """Number of the series of each origin."""
        return self.panel.series_of(self.rows)
