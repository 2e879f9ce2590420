"""How long sklstm takes to import, and to predict.

    python examples/benchmarks/latency.py [--rounds 9] [--calls 2000] [--quick]

Import: fresh interpreters that import sklstm, or torch and sklearn, in turn; medians, their ratio,
and which heavy packages are loaded afterwards.

Prediction, on one thread, of windows of 24 steps and 8 features with 64 hidden units: a single
window, the median of the calls; then 1,000 and 100,000 windows at once, in windows a second. The
rival is a bare torch module of the same network in inference mode, given a tensor that is ready.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from measure import PLAIN_NETWORK, alternate
from peers.torch_module import LastStepLSTM

from sklstm import LSTMRegressor

WINDOW, N_FEATURES, HIDDEN = 24, 8, 64
HEAVY = ["skorch", "pandas", "matplotlib"]
CALLS_OF_A_TURN = 100

IMPORT = """
import sys, time
begin = time.perf_counter()
import {packages}
print(time.perf_counter() - begin)
print(*[name for name in {heavy} if name in sys.modules])
"""


def import_afresh(packages: str) -> tuple[float, str]:
    """Return the seconds of an import in a new interpreter, and the heavy packages it loaded."""
    code = IMPORT.format(packages=packages, heavy=HEAVY)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, loaded = run.stdout.splitlines()
    return float(seconds), loaded


def time_import(packages: str) -> list[float]:
    """Return the seconds of an import, as `alternate` wants them."""
    return [import_afresh(packages)[0]]


def compare_imports(rounds: int) -> None:
    """Print how long both imports take, and what they load."""
    rivals = ("sklstm", "torch, sklearn")
    loaded = {packages: import_afresh(packages)[1] for packages in rivals}  # and warms the files
    seconds = alternate({packages: partial(time_import, packages) for packages in rivals}, rounds)
    for packages in rivals:
        what = f"import {packages}"
        print(f"{what:<24}{seconds[packages]:>8.2f} s   loads {loaded[packages] or 'none'}")
    print(f"{'ratio':<24}{seconds['sklstm'] / seconds['torch, sklearn']:>8.2f}\n")


def fit_regressor() -> LSTMRegressor:
    """Return a fitted regressor; what it has learnt does not matter to its speed."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((500, WINDOW, N_FEATURES), dtype=np.float32)
    return LSTMRegressor(HIDDEN, max_epochs=1, random_state=0, **PLAIN_NETWORK).fit(X, X[:, -1, 0])


def time_calls(function: Callable[[Any], Any], argument: Any, n_calls: int) -> list[float]:
    """Return the seconds of each call."""
    seconds = []
    for _ in range(n_calls):
        begin = time.perf_counter()
        function(argument)
        seconds.append(time.perf_counter() - begin)
    return seconds


def compare_predictions(
    model: LSTMRegressor, bare: LastStepLSTM, n_windows: int, *, n_calls: int, rounds: int
) -> dict[str, float]:
    """Return the median seconds of a call of both."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((n_windows, WINDOW, N_FEATURES), dtype=np.float32)
    rivals = {
        "sklstm": partial(time_calls, model.predict, X, n_calls),
        "torch": partial(time_calls, torch.inference_mode()(bare), torch.as_tensor(X), n_calls),
    }
    alternate(rivals, 1)  # what torch loads on its first call
    return alternate(rivals, rounds)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=2_000, help="predictions of a single window")
    parser.add_argument("--quick", action="store_true", help="2 rounds, 200 calls, 10,000 windows")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.calls = 2, 200
    compare_imports(options.rounds)

    torch.set_num_threads(1)
    model, bare = fit_regressor(), LastStepLSTM(HIDDEN, N_FEATURES).eval()
    print(f"{'predict':<24}{'sklstm':>16}{'torch':>16}{'sklstm / torch':>18}")
    turns = options.calls // CALLS_OF_A_TURN
    single = compare_predictions(model, bare, 1, n_calls=CALLS_OF_A_TURN, rounds=turns)
    times = "".join(f"{seconds * 1e6:>13.0f} µs" for seconds in single.values())
    print(f"{'1 window':<24}{times}{single['sklstm'] / single['torch']:>18.2f}")
    for n_windows in (1_000, 10_000 if options.quick else 100_000):
        batch = compare_predictions(model, bare, n_windows, n_calls=1, rounds=options.rounds)
        rates = "".join(f"{n_windows / seconds:>14,.0f}/s" for seconds in batch.values())
        print(f"{f'{n_windows:,} windows':<24}{rates}{batch['sklstm'] / batch['torch']:>18.2f}")


if __name__ == "__main__":
    main()
