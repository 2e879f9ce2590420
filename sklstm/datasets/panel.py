"""Many series at once."""

from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state, check_scalar

if TYPE_CHECKING:
    import pandas as pd

_N_WAVES = 4


def make_series_panel(
    n_series: int = 100,
    n_times: int = 200,
    *,
    period: int = 24,
    n_shapes: int = 5,
    noise: float = 0.1,
    random_state: int | np.random.RandomState | None = None,
) -> "pd.Series":
    """Generate hourly series of one kind: levels, trends and seasons of a few shapes.

    Parameters
    ----------
    n_series : int, default=100
    n_times : int, default=200
    period : int, default=24
        Steps of a season, at least 2.
    n_shapes : int, default=5
        How many shapes of a season there are, each a sum of four waves with the season's first four
        frequencies. A series has one of them, from a random phase.
    noise : float, default=0.1
        Relative size of the noise, of which seven tenths are carried over to the next step.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    Series of length n_series * n_times, float64
        Positive, named "y", with the index levels "series" and "time". A value is level x (1 +
        amplitude x shape) x exp(trend x time + noise); levels differ by factors, amplitudes lie
        between 0.1 and 0.5.

    Examples
    --------
    >>> from sklstm.datasets import make_series_panel
    >>> make_series_panel(2, 48, random_state=0).groupby("series").size().tolist()
    [48, 48]
    """
    import pandas as pd

    for name, value, least in (("period", period, 2), ("n_shapes", n_shapes, 1)):
        check_scalar(value, name, Integral, min_val=least)
    rng = check_random_state(random_state)
    time = np.arange(n_times)
    shape = rng.randint(n_shapes, size=n_series)
    shapes = _make_shapes(n_shapes, period, rng)
    phase = rng.randint(period, size=(n_series, 1))
    level = np.exp(rng.normal(3.0, 1.0, size=(n_series, 1)))
    amplitude = rng.uniform(0.1, 0.5, size=(n_series, 1))
    trend = rng.normal(0.0, 0.001, size=(n_series, 1))
    season = 1 + amplitude * shapes[shape[:, None], (time + phase) % period]
    disturbance = _make_noise(n_series, n_times, noise, rng)
    values = level * season * np.exp(trend * time + disturbance)
    hours = pd.date_range("2026-01-01", periods=n_times, freq="h")
    index = pd.MultiIndex.from_product([np.arange(n_series), hours], names=["series", "time"])
    return pd.Series(values.ravel(), index=index, name="y")


def _make_shapes(n_shapes: int, period: int, rng: np.random.RandomState) -> NDArray[np.float64]:
    """Return shapes of mean 0 and standard deviation 1, (n_shapes, period)."""
    waves = np.arange(1, _N_WAVES + 1)
    angle = 2 * np.pi * np.outer(waves, np.arange(period)) / period
    sines, cosines = rng.normal(size=(2, n_shapes, _N_WAVES)) / waves
    shapes: NDArray[np.float64] = sines @ np.sin(angle) + cosines @ np.cos(angle)
    shapes /= shapes.std(axis=1, keepdims=True)
    return shapes


def _make_noise(
    n_series: int, n_times: int, size: float, rng: np.random.RandomState
) -> NDArray[np.float64]:
    """Return an autoregressive process of order one."""
    steps = 0.7 * size * rng.normal(size=(n_times, n_series))
    for time in range(1, n_times):
        steps[time] += 0.7 * steps[time - 1]
    return steps.T
