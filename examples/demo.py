"""LSTM, random forest and naive forecasts, side by side on real data.

Airline passengers one month and twelve months ahead, and handwritten digits read row by row.
All models have their defaults and see the same windows; a second forest, which cannot follow a
level by itself, is told changes since the last month. Writes ``demo.png``.
"""

import time
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import StratifiedKFold, cross_validate

from sklstm import LSTMClassifier, LSTMRegressor, make_windows
from sklstm.datasets import load_airline_passengers, load_digit_sequences

mpl.use("Agg")
from matplotlib import pyplot as plt

WINDOW = 12
N_TRAIN = 96  # months: the first two thirds
PICTURE = Path("demo.png")
# Of the forecasts that are drawn.
COLORS = {
    "LSTM": "#d1495b",
    "random forest": "#30638e",
    "forest, changes": "#5fa8d3",
    "seasonal naive": "#9a9a9a",
}


class LastValue(RegressorMixin, BaseEstimator):
    """The naive forecast: every month ahead is as the last one seen."""

    def fit(self, X: Any, y: Any) -> "LastValue":
        self.shape_ = np.shape(y)[1:]
        return self

    def predict(self, X: Any) -> Any:
        return np.repeat(X[:, -1:], *self.shape_, axis=1) if self.shape_ else X[:, -1]


class LastYear(RegressorMixin, BaseEstimator):
    """The seasonal naive forecast: every month ahead is as the same one a year before."""

    def fit(self, X: Any, y: Any) -> "LastYear":
        self.shape_ = np.shape(y)[1:]
        return self

    def predict(self, X: Any) -> Any:
        return np.take(X, range(*self.shape_), axis=1, mode="wrap") if self.shape_ else X[:, 0]


class OnChanges(RegressorMixin, BaseEstimator):
    """A model that is told windows and targets relative to the window's last value."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: Any, y: Any) -> "OnChanges":
        self.model_ = clone(self.model).fit(X - X[:, -1:], y - self._last(X, np.ndim(y)))
        return self

    def predict(self, X: Any) -> Any:
        changes = self.model_.predict(X - X[:, -1:])
        return changes + self._last(X, changes.ndim)

    def _last(self, X: Any, n_axes: int) -> Any:
        return X[:, -1:] if n_axes == 2 else X[:, -1]


def airline(horizon: int) -> tuple[Any, Any, Any, Any]:
    """Windows of a year; the test windows' targets all lie behind the training part."""
    passengers = load_airline_passengers().to_numpy()
    X_train, y_train = make_windows(passengers[:N_TRAIN], WINDOW, horizon)
    X_test, y_test = make_windows(passengers[N_TRAIN - WINDOW :], WINDOW, horizon)
    return X_train, y_train, X_test, y_test


def compare_on_airline(horizon: int) -> dict[str, Any]:
    """Fit on the first two thirds, score on the last; return the forecasts of the test part."""
    X_train, y_train, X_test, y_test = airline(horizon)
    models = {
        "LSTM": LSTMRegressor(random_state=0),
        "random forest": RandomForestRegressor(random_state=0),
        "forest, changes": OnChanges(RandomForestRegressor(random_state=0)),
        "naive": LastValue(),
        "seasonal naive": LastYear(),
    }
    forecasts = {}
    for name, model in models.items():
        begin = time.perf_counter()
        model.fit(X_train, y_train)
        seconds = time.perf_counter() - begin
        forecasts[name] = model.predict(X_test)
        score = root_mean_squared_error(y_test, forecasts[name])
        task = f"airline, {horizon} month{'s' if horizon > 1 else ''} ahead"
        print(f"{task:<26}{name:<17}{'RMSE':<18}{score:>6.1f}{seconds:>8.1f} s")
    return forecasts


def compare_on_digits() -> None:
    """Cross-validate on images read row by row; the forest gets all pixels as one row."""
    X, y = load_digit_sequences()
    models = {
        "LSTM": (LSTMClassifier(random_state=0), X),
        "random forest": (RandomForestClassifier(random_state=0), X.reshape(len(X), -1)),
        "naive": (DummyClassifier(), X.reshape(len(X), -1)),
    }
    for name, (model, data) in models.items():
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        scores = cross_validate(model, data, y, cv=folds)
        accuracy, seconds = scores["test_score"].mean(), scores["fit_time"].mean()
        score = "accuracy, 5 folds"
        print(f"{'digits, row by row':<26}{name:<17}{score:<18}{accuracy:>6.3f}{seconds:>8.1f} s")


def draw(one: dict[str, Any], twelve: dict[str, Any]) -> None:
    """Draw the test part: one month ahead above, the forecasts of whole years below."""
    series = load_airline_passengers()
    months, test = series.index, series.index[N_TRAIN:]
    figure, axes = plt.subplots(2, 1, figsize=(10, 7.5), sharex=True, sharey=True)
    titles = ("One month ahead, every month", "Twelve months ahead, once a year")
    for axis, title in zip(axes, titles, strict=True):
        axis.plot(months[60:], series[60:], color="black", linewidth=1.6, label="truth")
        axis.axvline(test[0], color="0.8", linewidth=1)
        axis.set_title(title, loc="left")
        axis.set_ylabel("passengers (thousands)")
        axis.spines[["top", "right"]].set_visible(False)
    for name in filter(one.__contains__, COLORS):
        style = {"color": COLORS[name], "linewidth": 1.8 if name == "LSTM" else 1.2, "alpha": 0.9}
        axes[0].plot(test, one[name], label=name, **style)
        for year in range(0, len(twelve[name]), 12):
            label = name if year == 0 else None
            axes[1].plot(test[year : year + 12], twelve[name][year], label=label, **style)
    axes[0].annotate("test part", (test[0], 640), (6, 0), textcoords="offset points", color="0.4")
    axes[0].legend(loc="upper left", frameon=False, ncols=2)
    figure.suptitle("Airline passengers: default models on windows of 12 months", x=0.02, ha="left")
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=130)


def main() -> None:
    """Print the table and draw the picture."""
    print(f"{'task':<26}{'model':<17}{'score':<18}{'':>6}{'fit':>8}")
    one, twelve = compare_on_airline(1), compare_on_airline(12)
    compare_on_digits()
    draw(one, twelve)
    print(f"\nForecast against truth: {PICTURE}")


if __name__ == "__main__":
    main()
