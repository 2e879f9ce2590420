"""A grid search over LSTMRegressor, against the same search over skorch's NeuralNetRegressor.

    python examples/benchmarks/search.py [--rounds 3] [--rows 2000] [--epochs 10] [--quick]

24 candidates (hidden units, learning rate, batch size) on three folds in order of time, two
worker processes, no refit. Both pipelines scale and window the same series, and train networks of
one size for as many epochs. Prints the medians of the searches' wall times and their ratio, the
two taking turns.

Then searches through 6, 12 and 24 candidates on a longer series, in fresh workers each time, and
prints the largest resident size that a worker reached, sampled every 20 ms.
"""

import argparse
import threading
import time
from functools import partial
from typing import Any

import numpy as np
import psutil
import torch
from joblib.externals.loky import get_reusable_executor
from measure import MB, PLAIN_NETWORK, alternate
from peers.torch_module import LastStepLSTM
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skorch import NeuralNetRegressor

from sklstm import LSTMRegressor, SlidingWindowTransformer

HIDDEN = [8, 16, 32]
LEARNING_RATES = [1e-3, 3e-3, 1e-2, 3e-2]
BATCH_SIZES = [32, 64]
N_FEATURES = 4


class WorkersPeak:
    """Samples the resident size of all child processes while its block runs.

    Attributes
    ----------
    megabytes : float
        The largest size that any one of them had.
    """

    def __enter__(self) -> "WorkersPeak":
        self.megabytes = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            for process in psutil.Process().children(recursive=True):
                try:
                    self.megabytes = max(self.megabytes, process.memory_info().rss / MB)
                except psutil.NoSuchProcess:
                    continue


def make_series(rows: int) -> tuple[Any, Any]:
    """Return a series of noise, and targets that depend on its last two rows."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, N_FEATURES), dtype=np.float32)
    return X, (X[:, :1] + np.roll(X[:, 1:2], 1, axis=0))  # y is a column, as skorch wants it


def over_sklstm(window: int, epochs: int, grid: dict[str, Any]) -> GridSearchCV:
    """Return a search over LSTMRegressor."""
    steps = [
        ("scale", StandardScaler()),
        ("windows", SlidingWindowTransformer(window)),
        ("model", LSTMRegressor(max_epochs=epochs, random_state=0, **PLAIN_NETWORK)),
    ]
    return make_search(steps, grid)


def over_skorch(window: int, epochs: int, grid: dict[str, Any]) -> GridSearchCV:
    """Return a search over NeuralNetRegressor with its own data loading and callbacks."""
    net = NeuralNetRegressor(
        LastStepLSTM,
        module__n_features=N_FEATURES,
        module__n_hidden=HIDDEN[1],  # where no candidate says otherwise
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=0.0,
        iterator_train__shuffle=True,
        max_epochs=epochs,
        train_split=None,
        verbose=0,
    )
    steps = [
        ("scale", StandardScaler()),
        ("windows", SlidingWindowTransformer(window)),
        ("copy", FunctionTransformer(np.ascontiguousarray)),  # torch wants arrays to be writable
        ("model", net),
    ]
    return make_search(steps, grid)


def make_search(steps: list[Any], grid: dict[str, Any]) -> GridSearchCV:
    """Return the search that both have."""
    return GridSearchCV(
        Pipeline(steps), grid, cv=TimeSeriesSplit(3), n_jobs=2, refit=False, error_score="raise"
    )


def run(search: GridSearchCV, X: Any, y: Any) -> list[float]:
    """Return the seconds of a search."""
    begin = time.perf_counter()
    search.fit(X, y)
    return [time.perf_counter() - begin]


def compare_times(options: argparse.Namespace) -> None:
    """Search with both in turn; print wall times, ratio, and what each found."""
    X, y = make_series(options.rows)
    sizes = {"model__batch_size": BATCH_SIZES}
    searches = {
        "sklstm": over_sklstm(
            options.window,
            options.epochs,
            sizes | {"model__hidden_layer_sizes": HIDDEN, "model__learning_rate": LEARNING_RATES},
        ),
        "skorch": over_skorch(
            options.window,
            options.epochs,
            sizes | {"model__module__n_hidden": HIDDEN, "model__lr": LEARNING_RATES},
        ),
    }
    for search in (over_sklstm(2, 1, {}), over_skorch(2, 1, {})):
        search.fit(X[:100], y[:100])  # start the workers, and let them import
    seconds = alternate(
        {name: partial(run, search, X, y) for name, search in searches.items()}, options.rounds
    )
    for name, search in searches.items():
        n_candidates, score = len(search.cv_results_["params"]), search.best_score_
        print(f"{name}: {n_candidates} candidates, {seconds[name]:>7.2f} s   (best R² {score:.2f})")
    print(f"skorch / sklstm                {seconds['skorch'] / seconds['sklstm']:>5.2f}")


def report_memory(options: argparse.Namespace) -> None:
    """Print the peak of the workers for several numbers of candidates."""
    X, y = make_series(options.memory_rows)
    print(f"\nseries {X.nbytes / MB:.0f} MB, windows if copied {X.nbytes * 100 / MB:.0f} MB")
    for n_candidates in (6, 12, 24):
        get_reusable_executor().shutdown(wait=True)
        rates = {"model__learning_rate": np.geomspace(1e-3, 1e-2, n_candidates)}
        search = over_sklstm(100, 1, rates).set_params(estimator__model__hidden_layer_sizes=8)
        with WorkersPeak() as workers:
            search.fit(X, y)
        print(f"{n_candidates:>3} candidates: peak of a worker {workers.megabytes:>6.0f} MB")


def main() -> None:
    """Compare times, then report the workers' memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--window", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--memory-rows", type=int, default=125_000)
    parser.add_argument("--quick", action="store_true", help="1 round on short series")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.rows, options.epochs, options.memory_rows = 1, 400, 2, 4_000
    compare_times(options)
    report_memory(options)


if __name__ == "__main__":
    main()
