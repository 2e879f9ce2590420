"""Windows of several features: a sensor, traffic, energy and sales, made, and macroeconomics."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tasks.task import Data, Task

_TRAIN_SHARE = 2 / 3
_HOURS = np.arange(24 * 146)
_HOUR, _DAY = _HOURS % 24, _HOURS // 24 % 7

Numbers = NDArray[np.float64]
# Features a step, (n_steps, n_features), and the target that stands beside each step.
Table = tuple[Numbers, Numbers]


def _autoregression(
    rng: np.random.Generator, n: int, persistence: float, deviation: float
) -> Numbers:
    """Return numbers of which each goes on from the one before."""
    values = deviation * rng.standard_normal(n)
    for i in range(1, n):
        values[i] += persistence * values[i - 1]
    return values


def _peak(hour: float, width: float) -> Numbers:
    return np.asarray(np.exp(-(((_HOUR - hour) / width) ** 2)))


def soft_sensor(rng: np.random.Generator) -> Table:
    """A plant's slow quality, told from seven of its readings, some of them only at a product."""
    n = 2400
    u = np.stack([_autoregression(rng, n, 0.95, 0.3) for _ in range(7)], axis=1)
    quality = np.zeros(n)
    for i in range(8, n):
        drive = np.tanh(u[i - 6, 0] + u[i - 3, 1]) - 0.3 * max(u[i - 5, 4], 0.0) ** 1.5
        drive += 0.5 * u[i - 2, 2] * u[i - 4, 3] / (1 + u[i - 4, 3] ** 2)
        quality[i] = 0.8 * quality[i - 1] + 0.2 * drive
    return u, quality + 0.03 * rng.standard_normal(n)


def traffic(rng: np.random.Generator) -> Table:
    """Cars of the next hour: rush hours on working days, which rain thins out."""
    n = len(_HOURS)
    rain = np.maximum(_autoregression(rng, n, 0.85, 0.5) - 0.9, 0)
    holiday = np.repeat(rng.uniform(size=n // 24 + 1) < 0.04, 24)[:n]
    rush = _peak(8, 1.5) + _peak(17, 2)
    working = 3000 * _peak(8, 1.5) + 3500 * _peak(17, 2) + 1500 * _peak(14, 4)
    cars = 200 + np.where((_DAY < 5) & ~holiday, working, 2600 * _peak(14, 4))
    cars *= (1 - 0.25 * np.minimum(rain, 1) * (rush > 0.3)) * np.exp(
        _autoregression(rng, n, 0.7, 0.06)
    )
    warmth = 8 * np.sin(2 * np.pi * (_HOUR - 9) / 24) + _autoregression(rng, n, 0.98, 0.5)
    return np.stack([cars, warmth, rain, holiday, _HOUR, _DAY], axis=1)[:-1], cars[1:]


def energy(rng: np.random.Generator) -> Table:
    """Load a day ahead: hours, weekends, heating and cooling."""
    n = len(_HOURS)
    warmth = 12 - 9 * np.cos(2 * np.pi * _HOURS / 8760) + 4 * np.sin(2 * np.pi * (_HOUR - 9) / 24)
    warmth += _autoregression(rng, n, 0.99, 0.4)
    profile = 0.35 * np.sin(2 * np.pi * (_HOUR - 8) / 24)
    profile += 0.15 * np.sin(4 * np.pi * (_HOUR - 7) / 24)
    share = np.where(_DAY < 5, 1, 0.75)
    load = 100 * (1 + profile * share) * share**0.3
    load *= 1 + 0.015 * np.maximum(15 - warmth, 0) + 0.02 * np.maximum(warmth - 20, 0)
    load *= 1 + _autoregression(rng, n, 0.9, 0.01)
    angle = 2 * np.pi * _HOUR / 24
    features = np.stack([load, warmth, np.sin(angle), np.cos(angle), _DAY >= 5], axis=1)
    return features[:-24], load[24:]


def sales(rng: np.random.Generator) -> Table:
    """Pieces sold a day: weekdays, promotions and prices that are known in the morning."""
    n = 800
    day, promoted = np.arange(n) % 7, np.zeros(n, dtype=bool)
    for start in rng.choice(n, n // 30, replace=False):
        promoted[start : start + rng.integers(3, 9)] = True
    usual = np.repeat(rng.choice([10.0, 10.5, 11.0], n // 90 + 1), 90)[:n]
    price = usual * np.where(promoted, rng.choice([0.7, 0.8, 0.9], n), 1.0)
    level = _autoregression(rng, n, 0.95, 0.04) + 0.25 * np.sin(2 * np.pi * np.arange(n) / 365)
    weekday = np.array([0.8, 0.8, 0.85, 0.95, 1.2, 1.5, 0.9])[day]
    sold = rng.poisson(200 * weekday * (price / 10) ** -2.5 * (1 + 0.4 * promoted) * np.exp(level))
    return np.stack([sold[:-1], price[1:], promoted[1:], day[1:]], axis=1), sold[1:].astype(float)


def unemployment(_rng: np.random.Generator) -> Table:
    """Rate of the next quarter in the United States, 1959 to 2009, from twelve series."""
    from statsmodels.datasets import macrodata as source

    table = source.load_pandas().data.drop(columns=["year", "quarter"])
    return table.to_numpy(float)[:-1], table["unemp"].to_numpy(float)[1:]


def split_in_time(
    series: Callable[[np.random.Generator], Table], window: int, horizon: int
) -> Data:
    """Cut in time: all that the training part holds was known when the first forecast is made."""
    features, target = series(np.random.default_rng(5))
    n_train = round(_TRAIN_SHARE * len(target)) - window + 1
    X = sliding_window_view(features, window, axis=0).transpose(0, 2, 1)  # (n, window, features)
    y = target[window - 1 :]
    known = n_train - horizon + 1
    return Data(X[:known], y[:known], X[n_train:], y[n_train:])


TASKS = {
    name: Task("regress", partial(split_in_time, series, window, horizon))
    for name, series, window, horizon in (
        ("soft sensor", soft_sensor, 16, 1),
        ("traffic", traffic, 24, 1),
        ("energy, 24 ahead", energy, 24, 24),
        ("sales", sales, 14, 1),
        ("unemployment of twelve", unemployment, 8, 1),
    )
}
