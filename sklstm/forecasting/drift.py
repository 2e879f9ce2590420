"""A straight line through the first and the last value."""

import numpy as np
from numpy.typing import NDArray

from sklstm.forecasting.base import BaseForecaster
from sklstm.forecasting.origins import Origins


class DriftForecaster(BaseForecaster):
    """Go on along the line from the first to the last value of each series.

    Parameters
    ----------
    horizon : int, default=1
        How many steps `predict` forecasts unless told.
    group_by : str, sequence of str or None, default=None
        Columns of a long frame that tell series apart.
    time_column : str or None, default=None
        Column of a long frame with the time; None takes its index.
    freq : str, offset or int, default=None
        What lies between two time steps; None infers it.

    Attributes
    ----------
    series_ : Panel
        All observations so far.
    n_targets_ : int
        Columns of y.

    Examples
    --------
    >>> from sklstm.forecasting import DriftForecaster
    >>> DriftForecaster(2).fit([1.0, 5.0, 3.0]).predict().tolist()
    [4.0, 5.0]
    """

    @property
    def _n_needed(self) -> int:
        return 2

    def _forecast(self, at: Origins) -> NDArray[np.float64]:
        first = at.panel.first[at.series]
        last = at.panel.values[at.rows]  # (origins, targets)
        slope = (last - at.panel.values[first]) / (at.rows - first)[:, None]
        return last[:, None] + slope[:, None] * np.arange(1, at.n_steps + 1)[:, None]
