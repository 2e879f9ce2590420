"""Peak memory of windows over a long series, and of one epoch on them.

    python examples/benchmarks/memory.py [--rows 1000000] [--features 8] [--window 100]

Prints the size of the series, of the windows if they were copied, and the peak resident size of
the process, imports included.
"""

import argparse
import resource
import sys
import time

import numpy as np

from sklstm import LSTMRegressor, SlidingWindowTransformer

MB = 1e6


def peak() -> float:
    """Return the peak resident size so far, in MB; ru_maxrss is in kB, on macOS in bytes."""
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage / MB if sys.platform == "darwin" else usage * 1024 / MB


def main() -> None:
    """Run once and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=8)
    parser.add_argument("--window", type=int, default=100)
    parser.add_argument("--hidden", type=int, default=16)
    options = parser.parse_args()

    print(f"{'imports':<34}{peak():>10.0f} MB")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((options.rows, options.features), dtype=np.float32)
    y = X[:, 0] + np.roll(X[:, 1], 1)
    series = (X.nbytes + y.nbytes) / MB
    print(f"{'series (X and y)':<34}{series:>10.0f} MB")
    print(f"{'windows, if they were copied':<34}{X.nbytes * options.window / MB:>10.0f} MB")

    windows = SlidingWindowTransformer(options.window).fit_transform(X)
    print(f"{'peak after making windows':<34}{peak():>10.0f} MB")
    model = LSTMRegressor(options.hidden, max_epochs=1, random_state=0)
    begin = time.perf_counter()
    model.fit(windows, y)
    seconds = time.perf_counter() - begin
    print(f"{'peak after one epoch':<34}{peak():>10.0f} MB   ({seconds:.0f} s)")
    score = model.score(windows, y)
    print(f"{'peak after predicting all':<34}{peak():>10.0f} MB   (R² {score:.2f})")
    print(f"{'peak above the series':<34}{peak() - series:>10.0f} MB")


if __name__ == "__main__":
    main()
