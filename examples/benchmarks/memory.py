"""Peak memory of windows over a long series, and of one epoch on them.

    python examples/benchmarks/memory.py [--rows 1000000] [--features 8] [--window 100]
    python examples/benchmarks/memory.py --materialised [--rows 100000] [--rounds 5]

Prints the size of the series, of the windows if they were copied, and the peak resident size of
the process, imports included. With --materialised, prints instead how long an epoch takes on the
view of the windows and on a copy of them: medians and their ratio, the two taking turns.
"""

import argparse
import time
from functools import partial
from typing import Any

import numpy as np
from measure import MB, PLAIN_NETWORK, alternate, peak

from sklstm import LSTMRegressor, SlidingWindowTransformer


def make_series(rows: int, features: int) -> tuple[Any, Any]:
    """Return a series of noise, and targets that depend on its last two rows."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, features), dtype=np.float32)
    return X, X[:, 0] + np.roll(X[:, 1], 1)


def report_memory(options: argparse.Namespace) -> None:
    """Make windows, fit and predict once; print the peak after each."""
    print(f"{'imports':<34}{peak():>10.0f} MB")
    X, y = make_series(options.rows, options.features)
    series = (X.nbytes + y.nbytes) / MB
    print(f"{'series (X and y)':<34}{series:>10.0f} MB")
    print(f"{'windows, if they were copied':<34}{X.nbytes * options.window / MB:>10.0f} MB")

    windows = SlidingWindowTransformer(options.window).fit_transform(X)
    print(f"{'peak after making windows':<34}{peak():>10.0f} MB")
    model = LSTMRegressor(options.hidden, max_epochs=1, random_state=0, **PLAIN_NETWORK)
    begin = time.perf_counter()
    model.fit(windows, y)
    seconds = time.perf_counter() - begin
    print(f"{'peak after one epoch':<34}{peak():>10.0f} MB   ({seconds:.0f} s)")
    score = model.score(windows, y)
    print(f"{'peak after predicting all':<34}{peak():>10.0f} MB   (R² {score:.2f})")
    print(f"{'peak above the series':<34}{peak() - series:>10.0f} MB")


def epoch(windows: Any, y: Any, hidden: int) -> list[float]:
    """Return the seconds of one epoch."""
    model = LSTMRegressor(hidden, batch_size=256, max_epochs=1, random_state=0, **PLAIN_NETWORK)
    return list(model.fit(windows, y).history_[:, "dur"])


def report_materialised(options: argparse.Namespace) -> None:
    """Train on the view of the windows and on a copy of them in turn; print the ratio."""
    X, y = make_series(options.rows, options.features)
    windows = SlidingWindowTransformer(options.window).fit_transform(X)
    # A copy in the order of time would be found out, and kept as the view that it was made of.
    order = np.random.default_rng(1).permutation(len(windows))
    copied = windows[order]
    epoch(copied[:1000], y[order[:1000]], options.hidden)  # what torch loads on its first step
    seconds = alternate(
        {
            "view": partial(epoch, windows, y, options.hidden),
            "copy": partial(epoch, copied, y[order], options.hidden),
        },
        options.rounds,
    )
    print(f"{'windows, copied':<34}{copied.nbytes / MB:>10.0f} MB")
    print(f"{'epoch on the view':<34}{seconds['view']:>10.2f} s")
    print(f"{'epoch on the copy':<34}{seconds['copy']:>10.2f} s")
    print(f"{'view / copy':<34}{seconds['view'] / seconds['copy']:>10.2f}")


def main() -> None:
    """Run once and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, help="1,000,000, or 100,000 with --materialised")
    parser.add_argument("--features", type=int, default=8)
    parser.add_argument("--window", type=int, default=100)
    parser.add_argument("--hidden", type=int, default=16)
    parser.add_argument("--materialised", action="store_true")
    parser.add_argument("--rounds", type=int, default=5, help="with --materialised")
    parser.add_argument("--quick", action="store_true", help="10,000 rows, 2 rounds")
    options = parser.parse_args()
    if options.quick:
        options.rows, options.rounds = 10_000, 2
    if options.rows is None:
        options.rows = 100_000 if options.materialised else 1_000_000
    if options.materialised:
        report_materialised(options)
    else:
        report_memory(options)


if __name__ == "__main__":
    main()
