"""The next piece of an acceleration signal, and a thousand samples of pieces fed back.

A vibration measured on a machine is cut into pieces of 100 samples, and a piece is a time step:
25 of them go in, the 26th comes out, and `WindowForecaster` feeds it back for the next. The network
is the usual one of such walk-throughs, two LSTM layers of 100 units and a dense output of 100,
trained by Adam with a rate of 1e-4 on the squared error. Beside it stand the same network trained
as this package does it, and the defaults. Writes ``acceleration.png``.

Reference: A. Graves, Generating sequences with recurrent neural networks (2013), for feeding
predictions back.
"""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from sklearn.metrics import root_mean_squared_error

from sklstm import LSTMRegressor
from sklstm.forecasting import NaiveForecaster, WindowForecaster

mpl.use("Agg")
from matplotlib import pyplot as plt

RATE = 1_000  # samples a second
N_TRAIN, N_TEST = 20_000, 4_000
PIECE, N_STEPS = 100, 25
EVERY = 5  # training sequences begin at every fifth sample
N_CONTINUED = 10  # pieces, hence 1,000 samples
FREQUENCIES = (7.3, 18.1, 31.7, 47.9, 71.3)  # Hz; no two have a common period of use
AMPLITUDES = (1.0, 0.8, 0.6, 0.4, 0.3)
MODULATION, NOISE = 0.1, 0.2
PICTURE = Path("acceleration.png")

PLAIN = {
    "hidden_layer_sizes": (100, 100),
    "pooling": "last",
    "normalization": None,
    "linear_skip": False,
    "subtract_last": False,
    "feature_encoding": "standard",
    "random_state": 0,
}
PRESCRIBED = {
    "optimizer": "adam",
    "learning_rate": 1e-4,
    "learning_rate_schedule": "constant",
    "gradient_clip": None,
    "batch_size": 32,
    "max_epochs": 30,
}


def make_models() -> dict[str, WindowForecaster]:
    regressors = {
        "prescribed": LSTMRegressor(**PLAIN, **PRESCRIBED),
        "its network, our training": LSTMRegressor(**PLAIN),
        "defaults": LSTMRegressor(random_state=0),
    }
    return {
        name: WindowForecaster(regressor, N_STEPS, strategy="recursive", scaling=None)
        for name, regressor in regressors.items()
    }


def make_signal(n_samples: int) -> Any:
    """Five sines whose amplitudes swell and fade by a tenth, and noise."""
    rng = np.random.default_rng(0)
    seconds = np.arange(n_samples) / RATE
    signal = NOISE * rng.normal(size=n_samples)
    for frequency, amplitude in zip(FREQUENCIES, AMPLITUDES, strict=True):
        slow, *phases = rng.uniform((0.1, 0.0, 0.0), (0.5, 2 * np.pi, 2 * np.pi))
        swell = 1 + MODULATION * np.sin(2 * np.pi * slow * seconds + phases[0])
        signal += amplitude * swell * np.sin(2 * np.pi * frequency * seconds + phases[1])
    return signal


def cut(signal: Any, starts: Iterable[int], n_pieces: int | None = None) -> pd.DataFrame:
    """Return a series of pieces from each start on: a row a piece, a column a sample of it.

    None cuts as many pieces as there are.
    """
    series = {}
    for start in starts:
        n_rows = (len(signal) - start) // PIECE if n_pieces is None else n_pieces
        samples = signal[start : start + n_rows * PIECE]
        series[start] = pd.DataFrame(samples.reshape(n_rows, PIECE))
    return pd.concat(series, names=["start", "piece"])


def forecast(model: Any, signal: Any, places: range, n_pieces: int) -> Any:
    """Return the pieces that are to follow each place, (n_places, n_pieces, piece)."""
    history = cut(signal, [place - N_STEPS * PIECE for place in places], N_STEPS)
    return model.predict(n_pieces, history=history).to_numpy().reshape(-1, n_pieces, PIECE)


def root_mean_square(pieces: Any) -> Any:
    """Root of the mean square of each piece."""
    return np.sqrt(np.mean(np.square(pieces), axis=-1))


def compare(signal: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, float]]:
    """Fit and print; return truth and continuations, ratios of RMS, and one-piece errors."""
    pieces = cut(signal[:N_TRAIN], range(0, PIECE, EVERY))  # twenty series, one a phase
    everywhere = range(N_TRAIN, len(signal) - PIECE + 1, EVERY)
    following = cut(signal, everywhere, 1)
    naive = NaiveForecaster().fit(pieces)
    runs = range(N_TRAIN, len(signal), N_CONTINUED * PIECE)  # of 1,000 samples, side by side
    truth = signal[N_TRAIN:].reshape(-1, N_CONTINUED, PIECE)
    continued, ratios = {"truth": truth}, {}
    again = forecast(naive, signal, everywhere, 1)[:, 0]
    one_piece = {"last piece again": root_mean_squared_error(following, again)}
    for name, model in make_models().items():
        begin = time.perf_counter()
        model.fit(pieces)
        seconds = time.perf_counter() - begin
        one_ahead = forecast(model, signal, everywhere, 1)[:, 0]
        one_piece[name] = root_mean_squared_error(following, one_ahead)
        continued[name] = forecast(model, signal, runs, N_CONTINUED)
        ratios[name] = root_mean_square(continued[name]) / root_mean_square(truth)
        last = root_mean_squared_error(truth[:, -1], continued[name][:, -1])
        span = f"{ratios[name].min():.2f} to {ratios[name].max():.2f}"
        print(f"{name:<28}{one_piece[name]:>11.3f}{last:>13.3f}{span:>16}{seconds:>8.1f} s")
    print(f"{'last piece again':<28}{one_piece['last piece again']:>11.3f}")
    return continued, ratios, one_piece


def draw(continued: dict[str, Any], ratios: dict[str, Any]) -> None:
    """Draw the first continuation, its first and last quarter, and the RMS of all pieces."""
    colors = {
        "prescribed": "#30638e",
        "its network, our training": "#3a9d5d",
        "defaults": "#d1495b",
    }
    quarter = N_CONTINUED * PIECE // 4
    figure, axes = plt.subplots(3, 1, figsize=(9.5, 8.5))
    parts = (("First", slice(0, quarter)), ("Last", slice(3 * quarter, None)))
    for axis, (which, part) in zip(axes, parts, strict=False):
        samples = np.arange(N_CONTINUED * PIECE)[part]
        axis.plot(samples, continued["truth"][0].ravel()[part], color="black", label="truth")
        for name, color in colors.items():
            values = continued[name][0].ravel()[part]
            axis.plot(samples, values, color=color, linewidth=1.3, alpha=0.9, label=name)
        axis.set_title(f"{which} {quarter} of 1,000 samples, predictions fed back", loc="left")
        axis.set_ylabel("acceleration (m/s²)")
    for name, color in colors.items():
        pieces = np.arange(1, N_CONTINUED + 1)
        axes[2].plot(pieces, ratios[name].T, color=color, marker="o", markersize=3, alpha=0.7)
    axes[2].axhline(1.0, color="0.7", linewidth=1)
    axes[2].set(ylim=(0.5, 1.5), xticks=pieces, xlabel="piece of the continuation")
    axes[2].set_title("RMS of each piece, relative to the truth's, from four places", loc="left")
    axes[2].set_ylabel("ratio of RMS")
    axes[1].set_xlabel("sample")
    for axis in axes:
        axis.margins(x=0.01)
        axis.spines[["top", "right"]].set_visible(False)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="upper right", frameon=False, ncols=4)
    figure.tight_layout(rect=(0, 0, 1, 0.96))
    figure.savefig(PICTURE, dpi=70)


def check(ratios: dict[str, Any], one_piece: dict[str, float]) -> None:
    """Stop with a message where a result is not as stated."""
    for name, ratio in ratios.items():
        assert ratio.min() > 0.5, f"the amplitude dies: {name}, {ratio.min():.2f} of the truth's"
        assert ratio.max() < 1.5, f"the amplitude explodes: {name}, {ratio.max():.2f} times"
        assert one_piece[name] < 0.5 * one_piece["last piece again"], f"{name} learnt too little"
    assert one_piece["defaults"] < one_piece["prescribed"], "the defaults are not more accurate"


def main() -> None:
    """Print the table, draw the picture and check what is stated."""
    print(f"{'RMSE':<28}{'next piece':>11}{'tenth piece':>13}{'RMS/truth':>16}{'fit':>8}")
    continued, ratios, one_piece = compare(make_signal(N_TRAIN + N_TEST))
    draw(continued, ratios)
    print(f"\nContinuations against truth: {PICTURE}")
    check(ratios, one_piece)


if __name__ == "__main__":
    main()
