"""The two walk-throughs that most people meet first: airline passengers and a sine wave.

Each is run as prescribed, without any of this package's means of accuracy, and beside it the
defaults and the naive forecast. Writes ``airline_and_sine.png``.

References: J. Brownlee, Time series prediction with LSTM recurrent neural networks in Python with
Keras (2016); J. Aungiers, LSTM neural network for time series prediction (2016).
"""

import time
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from sklearn.metrics import root_mean_squared_error
from sklearn.preprocessing import MinMaxScaler

from sklstm import LSTMRegressor, make_windows
from sklstm.datasets import load_airline_passengers

mpl.use("Agg")
from matplotlib import pyplot as plt

SPLITS = {"67/33": 96, "60/40": 86}  # months of the training part
YEAR = 12
N_POINTS, PERIOD, NOISE, WINDOW = 5_001, 100, 0.1, 50
N_TRAIN = 3_100  # points of the sine wave; what follows is predicted
N_AHEAD = 500
STRIDE = 2  # the defaults see every second window: the others tell little new
PICTURE = Path("airline_and_sine.png")

# A plain recurrent network, trained plainly: neither levels nor linear maps are taken out first.
TEXTBOOK = {
    "pooling": "last",
    "normalization": None,
    "linear_skip": False,
    "subtract_last": False,
    "patch_size": 1,
    "feature_encoding": "standard",
    "learning_rate": 1e-3,
    "learning_rate_schedule": "constant",
    "gradient_clip": None,
    "random_state": 0,
}


def airline_textbook() -> LSTMRegressor:
    """The first walk-through's network; its data is scaled outside."""
    return LSTMRegressor(
        4, optimizer="adam", max_epochs=100, batch_size=1, standardize=False, **TEXTBOOK
    )


def sine_textbook() -> LSTMRegressor:
    """The second walk-through's network: two layers, half of the units dropped behind each."""
    return LSTMRegressor(
        (50, 256), dropout=0.5, optimizer="rmsprop", max_epochs=3, batch_size=512, **TEXTBOOK
    )


def split_in_time(series: Any, n_train: int, window: int, stride: int = 1) -> tuple[Any, ...]:
    """Return windows and targets, first of the training part, then of all that follows it."""
    train = make_windows(series[:n_train], window, stride=stride)
    return *train, *make_windows(series[n_train - window :], window)


def fit(model: LSTMRegressor, X: Any, y: Any) -> tuple[LSTMRegressor, float]:
    begin = time.perf_counter()
    return model.fit(X, y), time.perf_counter() - begin


def continue_series(model: LSTMRegressor, window: Any, n_ahead: int) -> Any:
    """Predict step by step, each prediction becoming the newest value of the next window."""
    values = list(window)
    for _ in range(n_ahead):
        values.append(model.predict(np.array(values[-len(window) :])[None])[0])
    return np.array(values[len(window) :])


def airline_as_published(series: Any, n_train: int, seen: Any) -> tuple[Any, float]:
    """Window of one month, brought to [0, 1] by the range of `seen`; return forecasts, seconds."""
    scaler = MinMaxScaler().fit(seen[:, None])
    scaled = scaler.transform(series[:, None])[:, 0]
    X, y, X_test, _ = split_in_time(scaled, n_train, window=1)
    model, seconds = fit(airline_textbook(), X, y)
    return scaler.inverse_transform(model.predict(X_test)[:, None])[:, 0], seconds


def compare_on_airline(split: str) -> dict[str, Any]:
    """Print the errors one month ahead; return the truth and the forecasts."""
    series, n_train = load_airline_passengers().to_numpy(), SPLITS[split]
    X, y, X_test, y_test = split_in_time(series, n_train, YEAR)
    # the walk-through takes the range from the whole series, the test part included
    published, published_seconds = airline_as_published(series, n_train, seen=series)
    default, default_seconds = fit(LSTMRegressor(random_state=0), X, y)
    forecasts = {"textbook": published, "defaults": default.predict(X_test), "naive": X_test[:, -1]}
    seconds = {"textbook": published_seconds, "defaults": default_seconds, "naive": 0.0}
    for name, forecast in forecasts.items():
        error = root_mean_squared_error(y_test, forecast)
        print(f"{f'airline, {split}':<22}{name:<12}{error:>14.1f}{'':>16}{seconds[name]:>8.1f} s")
    return {"truth": y_test, **forecasts}


def noisy_sine() -> tuple[Any, Any]:
    """Return the wave without and with noise."""
    wave = np.sin(2 * np.pi * np.arange(N_POINTS) / PERIOD)
    return wave, wave + NOISE * np.random.default_rng(0).normal(size=N_POINTS)


def compare_on_sine() -> tuple[dict[str, Any], dict[str, Any]]:
    """Print the errors; return truth and predictions, point by point and of the whole sequence.

    Single points are compared with the noisy series, the sequence with the wave beneath it.
    """
    wave, series = noisy_sine()
    steps, whole = {"truth": series[N_TRAIN:]}, {"truth": wave[N_TRAIN:][:N_AHEAD]}
    for name, model, stride in [
        ("textbook", sine_textbook(), 1),
        ("defaults", LSTMRegressor(random_state=0), STRIDE),
    ]:
        X, y, X_test, _ = split_in_time(series, N_TRAIN, WINDOW, stride)
        fitted, seconds = fit(model, X, y)
        steps[name] = fitted.predict(X_test)
        whole[name] = continue_series(fitted, X_test[0], N_AHEAD)
        report_sine(name, steps, whole, seconds)
    steps["naive"], whole["naive"] = X_test[:, -1], np.full(N_AHEAD, X_test[0, -1])
    report_sine("naive", steps, whole, 0.0)
    return steps, whole


def report_sine(name: str, steps: dict[str, Any], whole: dict[str, Any], seconds: float) -> None:
    one, many = errors(steps)[name], errors(whole)[name]
    print(f"{'noisy sine':<22}{name:<12}{one:>14.3f}{many:>16.3f}{seconds:>8.1f} s")


def errors(series: dict[str, Any]) -> dict[str, float]:
    """RMSE of each prediction against the truth beside it."""
    return {
        name: root_mean_squared_error(series["truth"], values)
        for name, values in series.items()
        if name != "truth"
    }


def draw(airline: dict[str, Any], steps: dict[str, Any], whole: dict[str, Any]) -> None:
    """Draw the airline's test part, and the sine wave's by points and as a whole."""
    colors = {"textbook": "#30638e", "defaults": "#d1495b", "naive": "#9a9a9a"}
    shown = 150  # single points: a longer piece hides the differences
    panels = [
        ("Airline passengers, one month ahead, last third", "passengers (thousands)", airline),
        (
            f"Noisy sine, point by point, {shown} points",
            "",
            {k: v[:shown] for k, v in steps.items()},
        ),
        (f"Noisy sine, {N_AHEAD} points from predictions fed back", "", whole),
    ]
    figure, axes = plt.subplots(3, 1, figsize=(9, 8.5))
    for axis, (title, label, lines) in zip(axes, panels, strict=True):
        # dashed and on top: a good forecast would hide it
        style = {"color": "black", "linewidth": 1.6, "linestyle": (0, (4, 2)), "zorder": 3}
        axis.plot(lines["truth"], label="truth", **style)
        for name, color in colors.items():
            if name == "naive" and lines is not airline:
                continue
            axis.plot(lines[name], color=color, linewidth=1.4, alpha=0.9, label=name)
        axis.set_title(title, loc="left")
        axis.set_ylabel(label)
        axis.margins(x=0.01)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_xlabel("month of the test part")
    for axis in axes[1:]:
        axis.set_xlabel("point of the test part")
    axes[0].legend(loc="upper left", frameon=False, ncols=4)
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=68)


def check(airlines: dict[str, Any], steps: dict[str, Any], whole: dict[str, Any]) -> None:
    """Stop with a message where a result is not as stated."""
    for split, series in airlines.items():
        score = errors(series)
        assert 40 < score["textbook"] < 65, f"{split}: not near the published RMSE of 47.5 to 58.9"
        assert score["textbook"] > 0.95 * score["naive"], f"{split}: textbook beats naive clearly"
        assert score["defaults"] < 25, f"{split}: the defaults are not below 25"
    score = errors(steps)
    assert score["textbook"] < score["naive"], "the textbook's points are worse than the last value"
    assert score["defaults"] < 1.1 * NOISE, "the defaults' points are not near the noise"
    assert errors(whole)["defaults"] < NOISE, "the defaults lose the wave"
    for name in ("textbook", "defaults"):
        ratio = whole[name].std() / whole["truth"].std()
        assert 0.5 < ratio < 1.5, f"the amplitude dies or explodes: {name}, {ratio:.2f}"


def main() -> None:
    """Print the table, draw the picture and check what is stated."""
    print(f"{'RMSE':<22}{'model':<12}{'one step':>14}{'whole sequence':>16}{'fit':>8}")
    airlines = {split: compare_on_airline(split) for split in SPLITS}
    steps, whole = compare_on_sine()
    draw(airlines["67/33"], steps, whole)
    print(f"\nPredictions against truth: {PICTURE}")
    check(airlines, steps, whole)


if __name__ == "__main__":
    main()
