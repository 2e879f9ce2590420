"""Mean and spread of each series."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm.data import first_rows

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """What each series is scaled by.

    Attributes
    ----------
    keys : Index of length n_series or None
    mean, std : ndarray of shape (n_series, n_targets)
    """

    keys: Any
    mean: Array
    std: Array

    @classmethod
    def of(cls, keys: Any, values: Array, lengths: NDArray[np.int64]) -> "Scaling":
        """Measure series that lie one behind the other, NaN left out.

        Parameters
        ----------
        keys : Index of length n_series or None
        values : ndarray of shape (n_rows, n_targets)
        lengths : ndarray of shape (n_series,)

        Returns
        -------
        Scaling
            Of series without two different values the spread is 1.
        """
        first, known = first_rows(lengths), np.isfinite(values)
        counts = np.maximum(np.add.reduceat(known.astype(np.int64), first), 1)
        mean = np.add.reduceat(np.where(known, values, 0.0), first) / counts
        rest = np.where(known, values - np.repeat(mean, lengths, axis=0), 0.0)
        std = np.sqrt(np.add.reduceat(rest**2, first) / counts)
        rounding = 10 * np.finfo(np.float64).eps * np.abs(mean)
        return cls(keys, mean, np.where(std > rounding, std, 1.0))

    @classmethod
    def none(cls, n_targets: int) -> "Scaling":
        """Return the scaling that leaves all series as they are."""
        return cls(None, np.zeros((1, n_targets)), np.ones((1, n_targets)))
