"""Tasks that no default was tuned on, to see whether the defaults hold beyond the others."""

from functools import partial

import numpy as np

from tasks.classification import archive, read_archive
from tasks.forecasting import Series, tasks_of
from tasks.regression import draw
from tasks.task import Data, Task


def sea_surface() -> Series:
    """Monthly temperature of the eastern Pacific, 1950 to 2010."""
    from statsmodels.datasets import elnino as source

    return source.load_pandas().data.drop(columns="YEAR").to_numpy(float).ravel()


def equipment() -> Series:
    """Monthly orders of electrical equipment in Europe, 1996 to 2012."""
    from statsmodels.datasets import elec_equip as source

    return source.load_pandas().data.iloc[:, 0].to_numpy(float)


def _quarterly(column: str) -> Series:
    from statsmodels.datasets import macrodata as source

    return source.load_pandas().data[column].to_numpy(float)


def unemployment() -> Series:
    """Quarterly rate in the United States, 1959 to 2009."""
    return _quarterly("unemp")


def inflation() -> Series:
    """Quarterly rate in the United States, 1959 to 2009."""
    return _quarterly("infl")


def interest() -> Series:
    """Quarterly rate of treasury bills in the United States, 1959 to 2009."""
    return _quarterly("tbilrate")


def _regression(name: str) -> Data:
    from aeon.datasets import load_regression

    return read_archive(load_regression, name)


def _bells(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Cylinder, bell or funnel (Saito, 1994): a plateau, a rise or a fall somewhere in noise."""
    y = rng.integers(3, size=n)
    x = rng.standard_normal((n, 128))
    for row, kind in enumerate(y):
        begin, length = rng.integers(16, 33), rng.integers(32, 97)
        rise = np.linspace(0, 1, length)
        x[row, begin : begin + length] += rng.normal(6, 1) * [rise**0, rise, 1 - rise][kind]
    return x[:, :, None], y


def _intervals(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Two dents in noise; y is the time between them."""
    x = 0.3 * rng.standard_normal((n, 120))
    first, second = rng.integers(5, 50, n), rng.integers(60, 110, n)
    for row in range(n):
        for place in (first[row], second[row]):
            x[row, place : place + 4] -= 2
    return x[:, :, None], (second - first).astype(float)


def _frequencies(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Waves of any phase and amplitude in noise; y is their frequency."""
    frequency = rng.uniform(0.05, 0.4, n)
    angle = np.arange(140) * frequency[:, None] + rng.uniform(0, 2 * np.pi, (n, 1))
    x = rng.uniform(0.5, 2, (n, 1)) * np.sin(angle) + 0.4 * rng.standard_normal((n, 140))
    return x[:, :, None], frequency


_draw = partial(draw, seed=3, n_test=600)

TASKS = (
    tasks_of(
        {
            sea_surface: (12, 6),
            equipment: (12, 12),
            unemployment: (8, 4),
            inflation: (8, 4),
            interest: (8, 4),
        }
    )
    | {
        name: Task("regress", partial(_regression, name))
        for name in ("Covid3Month", "CardanoSentiment")
    }
    | {
        "intervals": Task("regress", partial(_draw, _intervals)),
        "frequencies": Task("regress", partial(_draw, _frequencies)),
        "PickupGesture": Task("classify", partial(archive, "PickupGestureWiimoteZ")),
        "bells": Task("classify", partial(_draw, _bells, n_train=60)),
    }
)
