"""A thousand series, one model: errors, fit and forecast seconds against the usual rivals.

    python examples/benchmarks/panel.py [--series 1000] [--seed 1] [--shapes 5] [--models lstm]

Series of 200 points (`make_series_panel`), of which the last 24 are forecast. All models read the
same windows of 96 points, told relative to their own mean. MASE is scaled by the seasonal naive
forecast's error on the training part, as usual, and is the mean over all series.
"""

import argparse
import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge

from sklstm import LSTMRegressor
from sklstm.datasets import make_series_panel
from sklstm.forecasting import SeasonalNaiveForecaster, WindowForecaster

N_TIMES, HORIZON, PERIOD, WINDOW = 200, 24, 24, 96


def make_forecasters() -> dict[str, Any]:
    # eight steps enter as one, and the linear map that all series would share is left out
    lstm = LSTMRegressor(patch_size=8, linear_skip=False, random_state=0)
    forest = RandomForestRegressor(
        100, max_features=1 / 3, min_samples_leaf=5, n_jobs=2, random_state=0
    )
    return {
        "seasonal": SeasonalNaiveForecaster(PERIOD, HORIZON),
        "ridge": WindowForecaster(Ridge(), WINDOW, HORIZON),
        "lstm": WindowForecaster(lstm, WINDOW, HORIZON),
        "lstm, with map": WindowForecaster(
            LSTMRegressor(patch_size=8, random_state=0), WINDOW, HORIZON
        ),
        "forest": WindowForecaster(forest, WINDOW, HORIZON),
    }


def split(y: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return all but the last steps of every series, and these."""
    hours = y.index.get_level_values("time")
    is_late = hours >= hours.unique()[N_TIMES - HORIZON]
    return y[~is_late], y[is_late]


def mase(past: pd.Series, truth: pd.Series, forecast: pd.Series) -> float:
    rows = past.to_numpy().reshape(-1, N_TIMES - HORIZON)
    scale = np.abs(rows[:, PERIOD:] - rows[:, :-PERIOD]).mean(axis=1)
    errors = np.abs(truth.to_numpy() - forecast.to_numpy()).reshape(-1, HORIZON).mean(axis=1)
    return float((errors / scale).mean())


def main() -> None:
    """Print the table."""
    forecasters = make_forecasters()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=1_000)
    parser.add_argument("--shapes", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--models", nargs="+", choices=list(forecasters), default=list(forecasters))
    chosen = parser.parse_args()
    y = make_series_panel(chosen.series, N_TIMES, n_shapes=chosen.shapes, random_state=chosen.seed)
    past, truth = split(y)
    print(f"{'model':<16}{'MASE':>8}{'fit':>10}{'forecast':>12}")
    for name in chosen.models:
        forecaster = forecasters[name]
        begin = time.perf_counter()
        forecaster.fit(past)
        fitted = time.perf_counter()
        forecast = forecaster.predict()
        done = time.perf_counter()
        score = mase(past, truth, forecast)
        print(
            f"{name:<16}{score:>8.3f}{fitted - begin:>8.1f} s{done - fitted:>10.2f} s", flush=True
        )


if __name__ == "__main__":
    main()
