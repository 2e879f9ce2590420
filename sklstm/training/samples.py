"""Sequences with their targets, in batches as skorch wants them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from sklstm.data import Batches, Steps

Targets = NDArray[Any] | Steps | dict[str, NDArray[Any]]
Batch = tuple[dict[str, Any], Any]


class Source(Protocol):
    """Sequences that batches are gathered from: `Sequences`, or those on a device."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of time steps of each."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the batches."""

    def __len__(self) -> int: ...

    def take(self, indices: NDArray[np.int64]) -> tuple[Any, Any]:
        """Return a batch, and the sequences' lengths or None where all fill it."""


class Samples(Dataset[Batch]):
    """Sequences, targets and weights.

    Parameters
    ----------
    sequences : Source
    targets : ndarray of shape (n_samples,) or (n_samples, n_targets), Steps, or dict of ndarray
        Encoded. `Steps` where every time step has a target; a dict where the loss wants several
        arrays of length n_samples.
    weight : ndarray of shape (n_samples,), Steps or None
        Of the targets, with mean one; None where all count alike.
    given : dict of ndarray, default={}
        Further arguments of the module, arrays of length n_samples.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences
    >>> from sklstm.training import Samples
    >>> samples = Samples(as_sequences(np.zeros((3, 2))), np.zeros((3, 1)), None)
    >>> x, target = samples.batch(np.array([0, 2]))
    >>> x["x"].shape, target.shape
    ((2, 2, 1), (2, 1))
    """

    def __init__(
        self,
        sequences: Source,
        targets: Targets,
        weight: NDArray[Any] | Steps | None,
        given: Mapping[str, NDArray[Any]] = MappingProxyType({}),
    ) -> None:
        self.sequences = sequences
        self.targets = targets
        self.weight = weight
        self.given = given
        self._mean_length = targets.lengths.mean() if isinstance(targets, Steps) else None

    def __len__(self) -> int:
        return len(self.sequences)

    def __getitem__(self, index: int) -> Batch:
        return self.batch(np.array([index]))

    def batch(self, indices: NDArray[np.int64]) -> Batch:
        """Return one batch: the module's arguments, and the targets (with weights, if any)."""
        x = module_arguments(self.sequences, indices)
        x.update({name: value[indices] for name, value in self.given.items()})
        return x, self._targets_of(indices)

    def _targets_of(self, indices: Any) -> Any:
        target, weight = _take(self.targets, indices), self._weight_of(indices)
        return target if weight is None else (target, weight)

    def _weight_of(self, indices: Any) -> Any:
        weight = None if self.weight is None else _take(self.weight, indices)
        if not isinstance(self.targets, Steps):
            return weight
        # A batch's loss is the mean over its steps. Batches of longer sequences have more of them,
        # each of which is to count as much.
        lengths = self.targets.lengths[indices]
        share = lengths.mean() / self._mean_length
        if share == 1:
            return weight
        dtype = self.sequences.dtype
        whole = np.ones(lengths.sum(), dtype) if weight is None else weight
        return (share * whole).astype(dtype)


def _take(values: Targets, indices: Any) -> Any:
    if isinstance(values, dict):
        return {name: value[indices] for name, value in values.items()}
    chosen = values[indices]
    return chosen.values if isinstance(chosen, Steps) else chosen


def module_arguments(sequences: Source, indices: NDArray[np.int64]) -> dict[str, Any]:
    """Return a batch of sequences as a module's keyword arguments."""
    return as_arguments(*sequences.take(indices))


def as_arguments(x: Any, lengths: Any) -> dict[str, Any]:
    """Name a batch and its lengths, if there are any, as a module's arguments."""
    return {"x": x} if lengths is None else {"x": x, "lengths": lengths}


@dataclass(frozen=True)
class Split:
    """The training part and the validation part of a fit.

    Attributes
    ----------
    train : Samples
    valid : Samples or None
    """

    train: Samples
    valid: Samples | None


class Loader:
    """All batches of some samples, in the place of torch's DataLoader.

    Whole batches are gathered at once; there is no work per sample.

    Parameters
    ----------
    samples : Samples
    batch_size : int
    rng : numpy Generator or None
        Shuffles on every pass; None keeps the order.
    """

    def __init__(self, samples: Samples, batch_size: int, rng: np.random.Generator | None) -> None:
        self.samples = samples
        self.batches = Batches(samples.sequences.lengths, batch_size, rng)

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        for indices in self.batches:
            yield self.samples.batch(indices)
