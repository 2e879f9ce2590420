"""How often 90 % intervals hold what comes: three real series, three synthetic ones.

    python examples/benchmarks/intervals.py [--coverage 0.9]

A forecaster is fitted to the first 60 % of each series and measures its errors on their end; then
intervals are given from every later origin, without learning from what has come. Printed are the
share of values inside, over all steps, and the least and the most share of a single step.
"""

import argparse
from typing import Any

import numpy as np
from sklearn.linear_model import RidgeCV
from statsmodels.datasets import co2, elnino, sunspots

from sklstm import LSTMRegressor
from sklstm.datasets import make_seasonal_series
from sklstm.forecasting import SeasonalNaiveForecaster, WindowForecaster

SHARE = 0.6


def autoregressive(n_times: int, rng: np.random.Generator) -> Any:
    y = rng.normal(size=n_times)
    for time in range(1, n_times):
        y[time] += 0.8 * y[time - 1]
    return y


def make_series() -> dict[str, tuple[Any, int, int]]:
    """Return of each series its values, the window and the horizon."""
    rng = np.random.default_rng(0)
    return {
        "sunspots, yearly": (sunspots.load_pandas().data["SUNACTIVITY"].to_numpy(), 22, 3),
        "CO2, weekly": (co2.load_pandas().data["co2"].interpolate().to_numpy(), 52, 13),
        "El Niño, monthly": (elnino.load_pandas().data.iloc[:, 1:].to_numpy().ravel(), 24, 6),
        "season and trend": (make_seasonal_series(1_200, random_state=0), 24, 12),
        "autoregressive": (autoregressive(1_200, rng), 10, 6),
        "heavy-tailed walk": (rng.standard_t(4, size=1_200).cumsum(), 10, 6),
    }


def make_forecasters(window: int, horizon: int) -> dict[str, Any]:
    lstm = LSTMRegressor(random_state=0)
    gaussian = LSTMRegressor(loss="gaussian", random_state=0)
    return {
        "LSTM": WindowForecaster(lstm, window, horizon),
        "LSTM, gaussian": WindowForecaster(gaussian, window, horizon),
        "ridge": WindowForecaster(RidgeCV(np.logspace(-3, 3, 7)), window, horizon),
        "seasonal naive": SeasonalNaiveForecaster(window, horizon),
    }


def inside(forecaster: Any, y: Any, horizon: int, coverage: float) -> Any:
    """Return whether each step of each forecast lies between its bounds, (n_origins, horizon)."""
    n_train = int(SHARE * len(y))
    forecaster.fit(y[:n_train])
    hits = []
    for origin in range(n_train, len(y) - horizon + 1):
        lower, upper = forecaster.predict_interval(coverage=coverage)
        truth = y[origin : origin + horizon]
        hits.append((lower <= truth) & (truth <= upper))
        forecaster.update(y[origin : origin + 1])
    return np.array(hits)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--coverage", type=float, default=0.9)
    coverage = parser.parse_args().coverage
    print(f"{'series':<20}{'model':<16}{'origins':>8}{'inside':>9}{'by step':>16}")
    for name, (y, window, horizon) in make_series().items():
        for model, forecaster in make_forecasters(window, horizon).items():
            hits = inside(forecaster, y, horizon, coverage)
            steps = hits.mean(axis=0)
            span = f"{steps.min():.2f} to {steps.max():.2f}"
            line = f"{name:<20}{model:<16}{len(hits):>8}{hits.mean():>9.3f}{span:>16}"
            print(line, flush=True)


if __name__ == "__main__":
    main()
