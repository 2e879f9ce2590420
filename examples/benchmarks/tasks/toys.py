"""Tasks of long memory: the adding problem, and a symbol to recall.

Hochreiter and Schmidhuber (1997); the sizes are those of Le, Jaitly and Hinton (2015).
"""

from functools import partial

import numpy as np

from tasks.task import Data, Task

_N_TRAIN, _N_TEST, _N_SYMBOLS = 10_000, 1_000, 8


def _adding(rng: np.random.Generator, n: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers in [0, 1], two of them marked, one in each half; y is their sum."""
    values, marks = rng.uniform(size=(n, steps)), np.zeros((n, steps))
    halves = rng.integers(steps // 2, size=(n, 2)) + np.array([0, steps // 2])
    np.put_along_axis(marks, halves, 1.0, axis=1)
    return np.stack([values, marks], axis=2), (values * marks).sum(axis=1)


def _recall(rng: np.random.Generator, n: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """A symbol, then blanks, then the sign to recall it; y is the symbol."""
    symbols = rng.integers(_N_SYMBOLS, size=n)
    x = np.zeros((n, steps, _N_SYMBOLS + 2))
    x[np.arange(n), 0, symbols] = 1.0
    x[:, 1:-1, _N_SYMBOLS] = 1.0
    x[:, -1, _N_SYMBOLS + 1] = 1.0
    return x, symbols


def _draw(kind: object, steps: int) -> Data:
    rng = np.random.default_rng(0)
    return Data(*kind(rng, _N_TRAIN, steps), *kind(rng, _N_TEST, steps))


TASKS = {
    f"adding, {steps} steps": Task("regress", partial(_draw, _adding, steps)) for steps in (50, 200)
} | {
    f"recall, {steps} steps": Task("classify", partial(_draw, _recall, steps))
    for steps in (50, 200)
}
