"""Regression of whole sequences that were made, since public ones are kept for judging."""

from collections.abc import Callable
from functools import partial

import numpy as np

from tasks.task import Data, Task


def _damping(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Two noisy views of a damped oscillation; y is the logarithm of its decay a step."""
    time = np.arange(100)
    decay = rng.uniform(-4.5, -2, n)
    angle = rng.uniform(0.2, 0.6, n)[:, None] * time + rng.uniform(0, 2 * np.pi, n)[:, None]
    envelope = rng.uniform(0.5, 2, n)[:, None] * np.exp(-np.exp(decay)[:, None] * time)
    views = np.stack([envelope * np.sin(angle), envelope * np.cos(angle)], axis=2)
    return views + 0.1 * rng.standard_normal(views.shape), decay


def _pulses(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Pulses of two heights on a level of the sequence's own; y is the sum of their heights."""
    x = rng.normal(0, 1, (n, 1)) + 0.2 * rng.standard_normal((n, 80))
    y = np.zeros(n)
    for row in range(n):
        for start in rng.choice(np.arange(0, 76, 4), rng.integers(0, 7), replace=False):
            height = rng.choice([1.0, 2.0])
            x[row, start : start + 3] += height
            y[row] += height
    return x[:, :, None], y


def draw(
    kind: Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]],
    seed: int = 0,
    n_train: int = 300,
    n_test: int = 300,
) -> Data:
    """Return a training part and a test part of samples that are made."""
    rng = np.random.default_rng(seed)
    return Data(*kind(rng, n_train), *kind(rng, n_test))


TASKS = {
    "damping": Task("regress", partial(draw, _damping)),
    "pulses": Task("regress", partial(draw, _pulses)),
}
