"""Classes that overlap: customers who leave, patients who get worse, and responses in noise."""

from functools import partial

import numpy as np

from tasks.regression import draw
from tasks.task import Task


def _logistic(score: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-score))


def _churn(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Half a year of a customer, by weeks; y is whether he leaves, of which habits tell a part."""
    habit = rng.normal(1.5, 0.6, (n, 1))
    fades = rng.uniform(size=(n, 1)) < 0.3
    since = np.maximum(np.arange(26) - rng.integers(5, 22, (n, 1)), 0)
    logins = rng.poisson(np.exp(habit - 0.15 * fades * since))
    spent = np.where(rng.uniform(size=(n, 26)) < 0.4, rng.lognormal(2 + 0.3 * habit, 0.6), 0)
    tickets = rng.poisson(0.15 + 0.3 * (rng.uniform(size=(n, 1)) < 0.2), (n, 26))
    rebate = np.repeat(rng.uniform(size=(n, 1)) < 0.5, 26, axis=1)
    recent, before = logins[:, -6:].mean(axis=1), logins[:, :12].mean(axis=1)
    score = 1.8 * np.log((before + 1) / (recent + 1)) - 2.2 - 0.6 * rebate[:, 0]
    score += 1.5 * ((tickets[:, -8:].sum(axis=1) > 2) & ~rebate[:, 0])
    leaves = rng.uniform(size=n) < _logistic(2 * score)
    return np.stack([logins, spent, tickets, rebate], axis=2).astype(float), leaves.astype(int)


def _deterioration(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Two days of four vital signs, by hours; y is a doctor's word, which is wrong at times."""
    noise = rng.standard_normal((n, 48, 4))
    for hour in range(1, 48):
        noise[:, hour] += 0.7 * noise[:, hour - 1]
    grows = rng.standard_normal((n, 1)) * np.linspace(-1, 1, 48) * 1.5
    signs = noise + rng.standard_normal((n, 1, 4))
    signs[:, :, 0] += grows
    signs[:, :, 1] -= 0.7 * grows + 0.4 * rng.standard_normal((n, 1)) * np.linspace(-1, 1, 48)
    worse = np.where(grows[:, -1] > 0.8, 2, np.where(grows[:, -1] > -0.8, 1, 0))
    heard = rng.uniform(size=n) < 0.12
    worse[heard] = rng.integers(3, size=int(heard.sum()))
    return signs * [12, 6, 0.4, 2] + [80, 97, 37, 16], worse


def _evoked(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Eight channels of an electroencephalogram behind a stimulus; y is which of two it was."""
    y = rng.integers(2, size=n)
    time = np.arange(96)
    sources = rng.standard_normal((n, 96, 4))
    for step in range(1, 96):
        sources[:, step] += 0.9 * sources[:, step - 1]
    sources += 1.5 * np.sin(0.5 * time[:, None] + rng.uniform(0, 2 * np.pi, (n, 1, 4)))
    early = np.exp(-(((time - 7) / 3) ** 2))
    sources[:, :, 0] += np.where(y, 4.0, 1.5)[:, None] * early * rng.lognormal(0, 0.3, (n, 1))
    mixing = np.random.default_rng(1).standard_normal((4, 8))
    return sources @ mixing + 0.5 * rng.standard_normal((n, 96, 8)), y


_draw = partial(draw, seed=5, n_test=1_000)

TASKS = {
    "churn": Task("classify", partial(_draw, _churn, n_train=800)),
    "deterioration": Task("classify", partial(_draw, _deterioration, n_train=300)),
    "evoked potential": Task("classify", partial(_draw, _evoked, n_train=240)),
}
