"""What is handed to a fit, as it came and as it was checked."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklstm.data import Sequences


@dataclass(frozen=True)
class FitArguments:
    """The arguments of `fit` or `partial_fit`.

    Attributes
    ----------
    X, y, sample_weight
        The samples.
    X_val, y_val
        Samples to validate on, or None.
    classes
        All labels, or None.
    """

    X: Any
    y: Any
    sample_weight: ArrayLike | None
    X_val: Any = None
    y_val: Any = None
    classes: ArrayLike | None = None


@dataclass(frozen=True)
class Part:
    """Checked samples.

    Attributes
    ----------
    sequences : Sequences
    y : ndarray of shape (n_samples, ...)
    weight : ndarray of shape (n_samples,) or None
    """

    sequences: Sequences
    y: NDArray[Any]
    weight: NDArray[np.float64] | None

    def subset(self, indices: NDArray[np.int64]) -> "Part":
        """Return the chosen samples."""
        weight = None if self.weight is None else self.weight[indices]
        return Part(self.sequences.subset(indices), self.y[indices], weight)

    def without_zero_weights(self) -> "Part":
        """Return the samples that are there: a weight of zero is absence."""
        if self.weight is None or self.weight.all():
            return self
        return self.subset(np.flatnonzero(self.weight))
