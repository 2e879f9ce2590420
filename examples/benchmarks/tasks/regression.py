"""Regression of whole sequences that were made, since public ones are kept for judging."""

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.signal import lfilter

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


def _drift(rng: np.random.Generator, n: int, n_steps: int, memory: float) -> np.ndarray:
    """Return noise of deviation one that keeps a share of its value from step to step."""
    noise = rng.standard_normal((n, n_steps + 200))
    return lfilter([np.sqrt(1 - memory**2)], [1, -memory], noise)[:, 200:]


def _gas(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Six sensors of a gas that feel temperature too; y is the gas's mean over the last hour."""
    n_steps = 240
    daily = 0.3 * np.sin(np.pi * np.arange(n_steps) / 30 + rng.uniform(0, 2 * np.pi, (n, 1)))
    gas = 3 * np.exp(
        0.6 * _drift(rng, n, n_steps, 0.97) + 0.4 * rng.standard_normal((n, 1)) + daily
    )
    temperature = 8 * rng.standard_normal((n, 1)) + 3 * _drift(rng, n, n_steps, 0.98)
    sensors = [temperature + 0.2 * rng.standard_normal(gas.shape)]
    for gain, slope in zip(np.linspace(100, 300, 6), [5, 1, 7, 3, 8, 2], strict=True):
        noise = 20 * rng.standard_normal(gas.shape) + 20 * rng.standard_normal((n, 1))
        sensors.append(800 + gain * np.log1p(gas) - slope * temperature + noise)
    return np.stack(sensors, axis=2), gas[:, -60:].mean(axis=1)


def _power(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Voltage, current and reactive power of a house; y is the mean of its active power."""
    n_steps = 300
    voltage = 240 + 3 * _drift(rng, n, n_steps, 0.98) + 2 * rng.standard_normal((n, 1))
    is_on = _drift(rng, n, n_steps, 0.97) > 0.7 + 0.5 * rng.standard_normal((n, 1))
    device = is_on * rng.gamma(3, 2, (n, 1))
    current = rng.gamma(2, 1, (n, 1)) + device + 0.3 * np.abs(_drift(rng, n, n_steps, 0.8))
    factor = 0.95 - 0.1 * is_on * rng.uniform(0, 1, (n, 1))
    reactive = 0.24 * current * np.sqrt(1 - factor**2) + 0.05 * rng.standard_normal(is_on.shape)
    measured = current + 0.1 * rng.standard_normal(is_on.shape)
    x = np.stack([voltage, measured, reactive], axis=2)
    return x, (voltage * current * factor).mean(axis=1) / 1000


def _pulse_rate(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """A pulse under the motion that an accelerometer sees; y is its beats a minute."""
    n_steps = 256
    seconds = np.arange(n_steps) / 25
    rate = rng.uniform(50, 170, n)
    beats = rate[:, None] / 60 * (1 + 0.02 * _drift(rng, n, n_steps, 0.99))
    angle = 2 * np.pi * beats.cumsum(axis=1) / 25 + rng.uniform(0, 2 * np.pi, (n, 1))
    step = 2 * np.pi * rng.uniform(0.8, 3, (n, 1)) * seconds + rng.uniform(0, 2 * np.pi, (n, 1))
    amplitude = rng.gamma(1.5, 0.5, (n, 1))
    light = np.sin(angle) + 0.4 * np.sin(2 * angle + 1) + amplitude * np.sin(step + 1)
    light += 0.5 * rng.standard_normal(light.shape)
    axes = [
        share * amplitude * np.sin(step + phase) + 0.2 * rng.standard_normal(light.shape)
        for phase, share in enumerate((1, 0.6, 0.3))
    ]
    return np.stack([light, *axes], axis=2), rate


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
    "gas": Task("regress", partial(draw, _gas)),
    "power": Task("regress", partial(draw, _power)),
    "pulse rate": Task("regress", partial(draw, _pulse_rate)),
}
