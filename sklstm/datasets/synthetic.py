"""Generators of series and sequences."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state, check_scalar


def make_seasonal_series(
    n_times: int = 500,
    *,
    period: int = 24,
    trend: float = 0.01,
    noise: float = 0.1,
    random_state: int | np.random.RandomState | None = None,
) -> NDArray[np.float64]:
    """Generate a series of trend, season and noise.

    Parameters
    ----------
    n_times : int, default=500
    period : int, default=24
        Steps of one season, a sine of amplitude 1.
    trend : float, default=0.01
        Rise a step.
    noise : float, default=0.1
        Standard deviation of the normal noise.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    ndarray of shape (n_times,), float64

    Examples
    --------
    >>> from sklstm.datasets import make_seasonal_series
    >>> make_seasonal_series(4, period=4, trend=0, noise=0).round(2).tolist()
    [0.0, 1.0, 0.0, -1.0]
    """
    rng = check_random_state(random_state)
    check_scalar(period, "period", Integral, min_val=1)
    time = np.arange(n_times)
    season = np.sin(2 * np.pi * time / period)
    series: NDArray[np.float64] = season + trend * time + noise * rng.normal(size=n_times)
    return series


def make_wave_sequences(
    n_samples: int = 200,
    *,
    n_classes: int = 2,
    n_features: int = 1,
    min_timesteps: int = 20,
    max_timesteps: int = 40,
    noise: float = 0.3,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[list[NDArray[np.float64]], NDArray[Any]]:
    """Generate noisy waves of unequal length; the class is the number of turns in them.

    Parameters
    ----------
    n_samples : int, default=200
    n_classes : int, default=2
        A sequence of class c makes c + 1 full turns over its length, from a random phase.
    n_features : int, default=1
        Each feature is the wave with noise of its own.
    min_timesteps, max_timesteps : int, default=20, 40
        Range of the lengths, both ends included, from 1 on.
    noise : float, default=0.3
        Standard deviation of the normal noise.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    X : list of ndarray of shape (n_timesteps_i, n_features), float64
    y : ndarray of shape (n_samples,), int64

    Examples
    --------
    >>> from sklstm.datasets import make_wave_sequences
    >>> X, y = make_wave_sequences(3, random_state=0)
    >>> [len(sequence) for sequence in X], y.tolist()
    ([20, 31, 36], [0, 1, 1])
    """
    rng = check_random_state(random_state)
    check_scalar(n_classes, "n_classes", Integral, min_val=1)
    check_scalar(min_timesteps, "min_timesteps", Integral, min_val=1)
    check_scalar(max_timesteps, "max_timesteps", Integral, min_val=min_timesteps)
    y = rng.randint(n_classes, size=n_samples)
    X = []
    for turns in y + 1:
        n_timesteps = rng.randint(min_timesteps, max_timesteps + 1)
        angle = 2 * np.pi * (turns * np.arange(n_timesteps) / n_timesteps + rng.uniform())
        X.append(np.sin(angle)[:, None] + noise * rng.normal(size=(n_timesteps, n_features)))
    return X, y
