"""The last season, again and again."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval

from sklstm.forecasting.base import BaseForecaster
from sklstm.forecasting.origins import Origins


class SeasonalNaiveForecaster(BaseForecaster):
    """Forecast the value of the season before for each step.

    Parameters
    ----------
    period : int
        Rows of a season.
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
    >>> from sklstm.forecasting import SeasonalNaiveForecaster
    >>> SeasonalNaiveForecaster(2, 3).fit([9.0, 1.0, 5.0]).predict().tolist()
    [1.0, 5.0, 1.0]
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseForecaster._parameter_constraints,
        "period": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        period: int,
        horizon: int = 1,
        *,
        group_by: Any = None,
        time_column: Any = None,
        freq: Any = None,
    ) -> None:
        self.period = period
        self.horizon = horizon
        self.group_by = group_by
        self.time_column = time_column
        self.freq = freq

    @property
    def _n_needed(self) -> int:
        return int(self.period)

    def _forecast(self, at: Origins) -> NDArray[np.float64]:
        last_season = 1 - self.period + np.arange(at.n_steps) % self.period
        forecast: NDArray[np.float64] = at.panel.values[at.rows[:, None] + last_season]
        return forecast
