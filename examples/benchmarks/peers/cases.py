"""What is trained: sizes, and the data that all peers share."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

N_FEATURES = 8
LEARNING_RATE = 1e-3
PREDICTION_BATCH = 1024  # windows, where a library lets one choose

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Case:
    """Sizes of one comparison.

    Attributes
    ----------
    batch : int
        Windows of a step.
    timesteps : int
        Rows of a window.
    hidden : int
        Units of the LSTM layer.
    n_batches : int
        Steps of an epoch.
    """

    batch: int
    timesteps: int
    hidden: int
    n_batches: int

    @property
    def name(self) -> str:
        return f"{self.batch}x{self.timesteps}x{self.hidden}"

    @property
    def n_windows(self) -> int:
        return self.batch * self.n_batches

    @property
    def flops(self) -> int:
        """Multiplications and additions of the LSTM's matrix products in one epoch.

        Four gates of `hidden` units read features and state; each weight is used once forward and
        twice backward, and each use is two operations.
        """
        steps = self.n_windows * self.timesteps
        return 24 * steps * self.hidden * (N_FEATURES + self.hidden)


def make_series(case: Case) -> Floats:
    """Return waves with noise, (n_windows + timesteps, N_FEATURES), each feature of variance 1."""
    rng = np.random.default_rng(0)
    time = np.arange(case.n_windows + case.timesteps)[:, None]
    periods, phases = rng.uniform(10, 60, N_FEATURES), rng.uniform(0, 2 * np.pi, N_FEATURES)
    waves = np.sin(2 * np.pi * time / periods + phases)
    series = waves + 0.1 * rng.standard_normal(waves.shape)
    return (series / series.std(axis=0)).astype(np.float32)


def make_windows(case: Case) -> tuple[Floats, Floats]:
    """Return the windows, (n_windows, timesteps, N_FEATURES), and the first feature's next value.

    They are copied and out of order, so that nobody can gain from their overlap.
    """
    series = make_series(case)
    order = np.random.default_rng(1).permutation(case.n_windows)
    windows = sliding_window_view(series[:-1], case.timesteps, axis=0).swapaxes(1, 2)
    return np.ascontiguousarray(windows[order]), series[case.timesteps :, 0][order]
