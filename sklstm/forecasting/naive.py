"""The last value, again and again."""

import numpy as np
from numpy.typing import NDArray

from sklstm.forecasting.base import BaseForecaster
from sklstm.forecasting.origins import Origins


class NaiveForecaster(BaseForecaster):
    """Forecast the last value for all steps.

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
    >>> from sklstm.forecasting import NaiveForecaster
    >>> NaiveForecaster(2).fit([1.0, 5.0, 3.0]).predict().tolist()
    [3.0, 3.0]
    """

    def _forecast(self, at: Origins) -> NDArray[np.float64]:
        return np.repeat(at.panel.values[at.rows][:, None], at.n_steps, axis=1)
