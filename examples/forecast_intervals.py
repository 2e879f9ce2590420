"""How wide a forecast's interval must be: three forecasters of a day of hours, at later origins.

An hourly series with a daily season is forecast for the next 24 hours, with an interval that is to
hold 90 % of them: by an LSTM that predicts a mean and a standard deviation, by an LSTM whose errors
are measured on held-out times, and by the value of a day before with errors of its own. Then time
goes on, without learning, and each interval is judged on what came; so is that of the day's highest
hour, for which paths are drawn. The noise is known, and with it the narrowest interval. Writes
``forecast_intervals.png``.

References: D. A. Nix and A. S. Weigend, Estimating the mean and variance of the target probability
distribution (1994); V. Vovk, A. Gammerman and G. Shafer, Algorithmic Learning in a Random World
(2005).
"""

import time
from pathlib import Path
from statistics import NormalDist
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd

from sklstm import LSTMRegressor
from sklstm.datasets import make_seasonal_series
from sklstm.forecasting import ForecastDisplay, SeasonalNaiveForecaster, WindowForecaster

mpl.use("Agg")
from matplotlib import pyplot as plt

N_TRAIN = 1_000
N_ORIGINS, EVERY = 40, 25  # hours, so that every hour of the day comes to be an origin
WINDOW, DAY = 48, 24
TREND, NOISE = 0.001, 0.2
COVERAGE = 0.9
NARROWEST = 2 * NOISE * NormalDist().inv_cdf((1 + COVERAGE) / 2)
N_PATHS = 200
PICTURE = Path("forecast_intervals.png")


def make_hours() -> pd.Series:
    n_hours = N_TRAIN + N_ORIGINS * EVERY
    values = make_seasonal_series(n_hours, trend=TREND, noise=NOISE, random_state=0)
    return pd.Series(values, pd.date_range("2026-01-01", periods=n_hours, freq="h"), name="load")


def make_forecasters() -> dict[str, Any]:
    gaussian = LSTMRegressor(loss="gaussian", random_state=0)
    return {
        "LSTM, width it predicts": WindowForecaster(gaussian, WINDOW, DAY),
        "LSTM, held-out errors": WindowForecaster(LSTMRegressor(random_state=0), WINDOW, DAY),
        "seasonal naive": SeasonalNaiveForecaster(DAY, DAY),
    }


def highest_hour(forecaster: Any) -> tuple[float, float]:
    """Return the bounds of the day's highest value, from simulated days."""
    highest = forecaster.simulate(N_PATHS, random_state=0).groupby(level="path").max()
    lower, upper = highest.quantile([(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return lower, upper


def go_on(forecaster: Any, hours: pd.Series) -> dict[str, Any]:
    """Return lower bounds, upper bounds and truth from each later origin, of hours and of peaks."""
    each_hour, peaks = [], []
    for origin in range(len(hours) - N_ORIGINS * EVERY, len(hours), EVERY):
        truth = hours[origin : origin + DAY]
        each_hour.append((*forecaster.predict_interval(coverage=COVERAGE), truth))
        peaks.append((*highest_hour(forecaster), truth.max()))
        forecaster.update(hours[origin : origin + EVERY])
    return {"hours": np.array(each_hour), "peaks": np.array(peaks)}


def judge(intervals: Any) -> tuple[float, float]:
    """Return coverage and mean width of intervals, (n_origins, 3) or (n_origins, 3, n_steps)."""
    lower, upper, truth = np.moveaxis(intervals, 1, 0)
    return np.mean((lower <= truth) & (truth <= upper)), np.mean(upper - lower)


def compare(hours: pd.Series) -> dict[str, dict[str, tuple[float, float]]]:
    """Fit, draw, go on and print; return coverages and widths."""
    figure, axes = plt.subplots(3, 1, figsize=(9, 8), sharex=True, sharey=True)
    found = {}
    for axis, (name, forecaster) in zip(axes, make_forecasters().items(), strict=True):
        begin = time.perf_counter()
        forecaster.fit(hours[:N_TRAIN])
        draw(axis, name, forecaster, hours)
        found[name] = {part: judge(bounds) for part, bounds in go_on(forecaster, hours).items()}
        seconds = time.perf_counter() - begin
        figures = "".join(f"{share:>10.1%}{width:>7.2f}" for share, width in found[name].values())
        print(f"{name:<28}{figures}{seconds:>8.1f} s")
    save(figure)
    return found


def draw(axis: Any, name: str, forecaster: Any, hours: pd.Series) -> None:
    """Draw the next day with its interval, what came, and three paths."""
    begin = len(forecaster.series_.values)
    truth = hours[begin : begin + DAY]
    ForecastDisplay.from_forecaster(
        forecaster, coverage=COVERAGE, truth=truth, n_history=DAY, ax=axis
    )
    paths = forecaster.simulate(3, random_state=0)
    for number, path in paths.groupby(level="path"):
        label = "simulated paths" if number == 0 else None
        axis.plot(path.droplevel("path"), color="C1", linewidth=0.8, alpha=0.8, label=label)
    axis.set_title(name, loc="left")
    axis.get_legend().remove()  # one for all


def save(figure: Any) -> None:
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper right", frameon=False, ncols=len(labels))
    figure.tight_layout(rect=(0, 0, 1, 0.96))
    figure.savefig(PICTURE, dpi=80)


def check(found: dict[str, dict[str, tuple[float, float]]]) -> None:
    """Stop with a message where a result is not as stated."""
    for name, parts in found.items():
        share, _ = parts["hours"]
        assert 0.8 <= share <= 0.97, f"{name}: {share:.1%} of the hours lie in 90 % intervals"
    widths = {name: parts["hours"][1] for name, parts in found.items()}
    naive = widths.pop("seasonal naive")
    assert max(widths.values()) < naive, f"the LSTM's intervals are not narrower: {widths}"


def main() -> None:
    """Print the table, draw the picture and check what is stated."""
    parts = "".join(f"{part + ' in':>10}{'width':>7}" for part in ("hours", "peaks"))
    print(f"{'90 % intervals':<28}{parts}{'seconds':>10}")
    found = compare(make_hours())
    print(f"{'narrowest possible':<28}{COVERAGE:>10.1%}{NARROWEST:>7.2f}")
    print(f"\nForecasts with their intervals: {PICTURE}")
    check(found)


if __name__ == "__main__":
    main()
