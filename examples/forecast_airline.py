"""Airline passengers one month ahead: the LSTM tutorial's case, with its baselines.

A model is fitted to the first 60 % (or two thirds) of the months, and forecasts every later month
from the twelve before it, without learning from them. The figures of the tutorials, a Keras LSTM of
four units that reads one month, are 48.3 on the first split and 47.5 to 58.9 on the second. Writes
``forecast_airline.png``.
"""

import time
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error

from sklstm import LSTMRegressor
from sklstm.datasets import load_airline_passengers
from sklstm.forecasting import NaiveForecaster, SeasonalNaiveForecaster, WindowForecaster

mpl.use("Agg")
from matplotlib import pyplot as plt

SPLITS = {"60/40": 0.6, "67/33": 2 / 3}
WINDOW = 12
BOUND = 25.0  # thousand passengers
PICTURE = Path("forecast_airline.png")


def make_forecasters() -> dict[str, Any]:
    forest = RandomForestRegressor(random_state=0)
    return {
        "LSTM": WindowForecaster(LSTMRegressor(random_state=0), WINDOW),
        "ridge": WindowForecaster(Ridge(), WINDOW),
        "forest": WindowForecaster(forest, WINDOW),
        "forest, scaled windows": WindowForecaster(forest, WINDOW, scaling="window"),
        "naive": NaiveForecaster(),
        "seasonal naive": SeasonalNaiveForecaster(12),
    }


def forecast_each(forecaster: Any, passengers: pd.Series, n_train: int) -> pd.Series:
    """Return a forecast of every month after the first ones, each from all months before it."""
    forecaster.fit(passengers[:n_train])
    forecasts = []
    for month in range(n_train, len(passengers)):
        forecasts.append(forecaster.predict(1))
        forecaster.update(passengers[month : month + 1])
    return pd.concat(forecasts)


def compare(share: float, split: str) -> tuple[dict[str, pd.Series], dict[str, float]]:
    """Fit and print; return forecasts and errors of the test part."""
    passengers = load_airline_passengers()
    n_train = int(share * len(passengers))
    truth = passengers[n_train:]
    forecasts, errors = {}, {}
    for name, forecaster in make_forecasters().items():
        begin = time.perf_counter()
        forecasts[name] = forecast_each(forecaster, passengers, n_train)
        seconds = time.perf_counter() - begin
        errors[name] = root_mean_squared_error(truth, forecasts[name])
        share_of_truth = np.mean(np.abs(forecasts[name] - truth) / truth)
        print(f"{split:<8}{name:<24}{errors[name]:>8.1f}{share_of_truth:>8.1%}{seconds:>8.1f} s")
    return forecasts, errors


def draw(by_split: dict[str, dict[str, pd.Series]]) -> None:
    """Draw the forecasts of each split beside the truth."""
    colors = {"LSTM": "#d1495b", "forest": "#30638e", "forest, scaled windows": "#7fb3d5"}
    passengers = load_airline_passengers()["1954":]
    figure, axes = plt.subplots(2, 1, figsize=(9, 6.5), sharex=True, sharey=True)
    for axis, (split, forecasts) in zip(axes, by_split.items(), strict=True):
        axis.plot(passengers, color="black", linewidth=1.2, label="truth")
        for name, color in colors.items():
            axis.plot(forecasts[name], color=color, linewidth=1.6, alpha=0.9, label=name)
        begin = forecasts["LSTM"].index[0]
        axis.axvline(begin, color="0.7", linewidth=1)
        axis.annotate("test part", (begin, 640), (6, 0), textcoords="offset points", color="0.4")
        axis.set_title(f"{split}: each month forecast from the twelve before", loc="left")
        axis.set(ylabel="thousand passengers", ylim=(150, 680))
        axis.margins(x=0.01)
        axis.spines[["top", "right"]].set_visible(False)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="upper right", frameon=False, ncols=4)
    figure.tight_layout(rect=(0, 0, 1, 0.96))
    figure.savefig(PICTURE, dpi=80)


def main() -> None:
    """Print the table, draw the picture and check what is stated."""
    print(f"{'split':<8}{'model':<24}{'RMSE':>8}{'MAPE':>8}{'seconds':>10}")
    forecasts, errors = {}, {}
    for split, share in SPLITS.items():
        forecasts[split], errors[split] = compare(share, split)
    draw(forecasts)
    print(f"\nForecasts against truth: {PICTURE}")
    for split, by_model in errors.items():
        assert by_model["LSTM"] < BOUND, (
            f"{split}: RMSE {by_model['LSTM']:.1f} is not below {BOUND}"
        )
        others = min(error for name, error in by_model.items() if name != "LSTM")
        assert by_model["LSTM"] < others, f"{split}: a baseline is better, {others:.1f}"


if __name__ == "__main__":
    main()
