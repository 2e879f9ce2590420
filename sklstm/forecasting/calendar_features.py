"""Features told from time stamps."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Attribute of a pandas index: its first value, and how many there are.
CALENDAR: dict[str, tuple[int, int]] = {
    "minute": (0, 60),
    "hour": (0, 24),
    "day_of_week": (0, 7),
    "day": (1, 31),
    "day_of_year": (1, 366),
    "month": (1, 12),
    "quarter": (1, 4),
}


def calendar_features(times: Any, names: tuple[str, ...]) -> NDArray[np.float64]:
    """Return sine and cosine of where time stamps lie in each cycle.

    Parameters
    ----------
    times : DatetimeIndex or PeriodIndex of length n_times
    names : tuple of str
        Of `CALENDAR`.

    Returns
    -------
    ndarray of shape (n_times, 2 * n_names)

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm.forecasting.calendar_features import calendar_features
    >>> hours = pd.date_range("2026-01-01", periods=3, freq="6h")
    >>> calendar_features(hours, ("hour",)).round(6).tolist()
    [[0.0, 1.0], [1.0, 0.0], [0.0, -1.0]]
    """
    columns = []
    for name in names:
        first, period = CALENDAR[name]
        angle = 2 * np.pi * (np.asarray(getattr(times, name)) - first) / period
        columns += [np.sin(angle), np.cos(angle)]
    return np.stack(columns, axis=1) if columns else np.empty((len(times), 0))
