"""What is handed to a fit, as it came and as it was checked."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklstm.data import Sequences, Steps


@dataclass(frozen=True)
class Plan:
    """What makes up a prediction beside the anchor.

    Attributes
    ----------
    linear_skip : bool
        Whether the linear map is part of it.
    pooling : str
        What of the top layer feeds the network's output.
    feature_encoding : str
        How numbers are told to the network.
    shows_level : bool
        Whether the map is told a level that the network is not.
    encodes_steps : bool
        Whether the map is told symbols and numbers of few values in several columns.
    epochs_share : float in (0, 1]
        Of the passes over the samples.
    trust : float in [0, 1]
        Factor of the network's part.
    """

    linear_skip: bool
    pooling: str
    feature_encoding: str = "auto"
    shows_level: bool = False
    encodes_steps: bool = False
    epochs_share: float = 1.0
    trust: float = 1.0


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
    plan
        What a prediction is to be made of, as a trial is told; None lets the fit find out.
    one_epoch
        Whether the samples are some of many, of which one epoch is learnt.
    """

    X: Any
    y: Any
    sample_weight: ArrayLike | None
    X_val: Any = None
    y_val: Any = None
    classes: ArrayLike | None = None
    plan: Plan | None = None
    one_epoch: bool = False


@dataclass(frozen=True)
class Part:
    """Checked samples.

    Attributes
    ----------
    sequences : Sequences
    y : ndarray of shape (n_samples, ...), or Steps
        The latter where every time step has a target.
    weight : ndarray of shape (n_samples,) or None
    """

    sequences: Sequences
    y: NDArray[Any] | Steps
    weight: NDArray[np.float64] | None

    @property
    def targets(self) -> NDArray[Any]:
        """All targets, of shape (n_targets, ...): one a sample, or one a time step."""
        return self.y.values if isinstance(self.y, Steps) else self.y

    @property
    def known_targets(self) -> NDArray[Any]:
        """The targets without those of steps of which none is known."""
        known = self.y.known if isinstance(self.y, Steps) else None
        return self.targets if known is None else self.targets[known]

    @property
    def target_weight(self) -> NDArray[np.float64] | None:
        """Weight of every target, None where all count alike; what is not known has none."""
        if not isinstance(self.y, Steps):
            return self.weight
        if self.weight is None and self.y.known is None:
            return None
        weight = np.ones(len(self.y)) if self.weight is None else self.weight
        of_steps: NDArray[np.float64] = np.repeat(weight, self.y.lengths)
        return of_steps if self.y.known is None else of_steps * self.y.known

    def by_sample(self, values: NDArray[Any]) -> NDArray[Any] | Steps:
        """Return values of all targets so that they can be indexed by samples."""
        return Steps(values, self.y.lengths) if isinstance(self.y, Steps) else values

    def subset(self, indices: NDArray[np.int64]) -> "Part":
        """Return the chosen samples."""
        weight = None if self.weight is None else self.weight[indices]
        return Part(self.sequences.subset(indices), self.y[indices], weight)

    def limited(self, limits: NDArray[np.float64] | None) -> "Part":
        """Return the samples, whose sequences are read within limits."""
        return replace(self, sequences=self.sequences.limited(limits))

    def without_zero_weights(self) -> "Part":
        """Return the samples that are there: a weight of zero is absence."""
        if self.weight is None or self.weight.all():
            return self
        return self.subset(np.flatnonzero(self.weight))
