"""What bfloat16 costs in accuracy and brings in time, with everything else at its default.

    python examples/benchmarks/precision.py [--seeds 5]

Airline passengers, one and twelve months ahead (RMSE on the last third), and digits read row by
row (accuracy on a fifth): mean and standard deviation over seeds. Times are of large layers.
"""

import argparse
from functools import partial
from typing import Any

import numpy as np
from measure import PLAIN_NETWORK, alternate
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split

from sklstm import LSTMClassifier, LSTMRegressor, make_windows
from sklstm.datasets import load_airline_passengers, load_digit_sequences

PRECISIONS = ("float32", "bfloat16")
N_TRAIN, WINDOW = 96, 12


def airline(horizon: int, precision: str, seed: int) -> float:
    """Return the RMSE on the last third of the series."""
    passengers = load_airline_passengers().to_numpy()
    X, y = make_windows(passengers[:N_TRAIN], WINDOW, horizon)
    X_test, y_test = make_windows(passengers[N_TRAIN - WINDOW :], WINDOW, horizon)
    model = LSTMRegressor(precision=precision, random_state=seed).fit(X, y)
    return float(root_mean_squared_error(y_test, model.predict(X_test)))


def digits(precision: str, seed: int) -> float:
    """Return the accuracy on a fifth of the images."""
    X, y = load_digit_sequences()
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=seed)
    model = LSTMClassifier(precision=precision, random_state=seed).fit(X, y)
    return float(model.score(X_test, y_test))


def epoch(precision: str, X: Any, y: Any, hidden: int) -> list[float]:
    """Return the seconds of epochs after the first."""
    options = {"batch_size": 128, "max_epochs": 3, "precision": precision, **PLAIN_NETWORK}
    model = LSTMRegressor(hidden, **options).fit(X, y)
    return [entry["dur"] for entry in model.history_[1:]]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    tasks = {
        "airline, 1 month ahead, RMSE": partial(airline, 1),
        "airline, 12 months ahead, RMSE": partial(airline, 12),
        "digits by rows, accuracy": digits,
    }
    for task, score in tasks.items():
        for precision in PRECISIONS:
            scores = [score(precision, seed) for seed in range(options.seeds)]
            print(f"{task:<34}{precision:<10}{np.mean(scores):>8.3f} ± {np.std(scores):.3f}")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1280, 50, 8), dtype=np.float32)
    y = rng.standard_normal(len(X))
    for hidden in (32, 64, 128, 256):
        rivals = {name: partial(epoch, name, X, y, hidden) for name in PRECISIONS}
        seconds = alternate(rivals, 5)
        ratio = seconds["float32"] / seconds["bfloat16"]
        print(f"an epoch at 128x50x{hidden:<4} float32 / bfloat16 {ratio:>6.2f}")


if __name__ == "__main__":
    main()
