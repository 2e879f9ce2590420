"""Forecasts of public and made series, one and several steps ahead, from windows."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm import make_windows
from sklstm.datasets import load_airline_passengers
from tasks.task import Data, Task

_TRAIN_SHARE = 2 / 3

Series = NDArray[np.float64]


def airline() -> Series:
    """Monthly passengers, 1949 to 1960."""
    return load_airline_passengers().to_numpy().astype(float)


def sunspots() -> Series:
    """Yearly mean of sunspots, 1700 to 2008."""
    from statsmodels.datasets import sunspots as source

    return source.load_pandas().data["SUNACTIVITY"].to_numpy()


def co2() -> Series:
    """Weekly CO2 at Mauna Loa, 1958 to 2001; gaps are bridged by straight lines."""
    from statsmodels.datasets import co2 as source

    return source.load_pandas().data["co2"].interpolate().to_numpy()


def nile() -> Series:
    """Yearly flow of the Nile, 1871 to 1970."""
    from statsmodels.datasets import nile as source

    return source.load_pandas().data["volume"].to_numpy()


def lynx() -> Series:
    """Yearly lynx trapped in Canada, 1821 to 1934."""
    from aeon.datasets import load_lynx

    return np.asarray(load_lynx(), dtype=float)


def regimes() -> Series:
    """Season of 24 steps, trend, and shifts of level and amplitude every 250 steps."""
    rng = np.random.default_rng(0)
    time = np.arange(1500)
    regime = time // 250
    level, amplitude = rng.normal(0, 3, 6)[regime], rng.uniform(0.5, 2, 6)[regime]
    season = np.sin(2 * np.pi * time / 24) + 0.4 * np.sin(4 * np.pi * time / 24 + 1)
    return level + 0.01 * time + amplitude * season + 0.3 * rng.standard_normal(len(time))


def split_in_time(series: Any, window: int, horizon: int) -> Data:
    """Cut in time: all targets of the test part lie behind the training part."""
    values = series()
    n_train = round(_TRAIN_SHARE * len(values))
    return Data(
        *make_windows(values[:n_train], window, horizon),
        *make_windows(values[n_train - window :], window, horizon),
    )


def tasks_of(cases: dict[Callable[[], Series], tuple[int, int]]) -> dict[str, Task]:
    """Return two tasks a series, one step ahead and as far as its case says, from its windows."""
    return {
        f"{series.__name__}, {horizon} ahead": Task(
            "forecast", partial(split_in_time, series, window, horizon)
        )
        for series, (window, far) in cases.items()
        for horizon in (1, far)
    }


TASKS = tasks_of(
    {
        airline: (12, 12),
        sunspots: (22, 5),
        co2: (52, 13),
        nile: (10, 3),
        lynx: (10, 5),
        regimes: (48, 24),
    }
)
