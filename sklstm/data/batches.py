"""Which samples go together into a batch, and in which order."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Shuffled samples are sorted by length inside pools of this many batches: little padding within
# a batch, while which samples meet still changes from epoch to epoch.
_POOL = 32


class Batches:
    """Index batches over a set of samples, one pass an iteration.

    Parameters
    ----------
    lengths : ndarray of shape (n_samples,)
        Number of time steps of each sample.
    batch_size : int
        Number of samples of a batch. A last batch of one sample is joined to the one before it,
        since statistics over a batch need two.
    rng : numpy Generator or None, default=None
        Shuffles anew on every pass; None sorts by length and does not shuffle.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import Batches
    >>> [batch.tolist() for batch in Batches(np.array([3, 3, 3, 3, 3]), 2)]
    [[0, 1], [2, 3, 4]]
    """

    def __init__(
        self, lengths: NDArray[np.int64], batch_size: int, rng: np.random.Generator | None = None
    ) -> None:
        self.lengths = lengths
        self.batch_size = batch_size
        self.rng = rng
        self._ragged = bool((lengths != lengths[0]).any())

    def __len__(self) -> int:
        return len(self._cuts()) + 1

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        order = self._by_length(self._order())
        batches = np.split(order, self._cuts())
        if self.rng is not None and self._ragged:
            batches = [batches[i] for i in self.rng.permutation(len(batches))]
        yield from batches

    def _order(self) -> NDArray[np.int64]:
        if self.rng is None:
            return np.arange(len(self.lengths))
        return self.rng.permutation(len(self.lengths))

    def _by_length(self, order: NDArray[np.int64]) -> NDArray[np.int64]:
        if not self._ragged:
            return order
        pool = len(order) if self.rng is None else _POOL * self.batch_size
        parts = [order[start : start + pool] for start in range(0, len(order), pool)]
        return np.concatenate(
            [part[np.argsort(self.lengths[part], kind="stable")] for part in parts]
        )

    def _cuts(self) -> list[int]:
        n_samples = len(self.lengths)
        cuts = list(range(self.batch_size, n_samples, self.batch_size))
        if cuts and n_samples - cuts[-1] == 1 and self.batch_size > 1:
            cuts.pop()
        return cuts


def resolve_batch_size(batch_size: Any, n_samples: int) -> int:
    """Return the number of samples of a batch.

    Parameters
    ----------
    batch_size : int or "auto"
        "auto" takes the power of two next below a fortieth of the samples, from 8 to 256.
    n_samples : int
        Number of training samples.

    Returns
    -------
    int

    Examples
    --------
    >>> from sklstm.data import resolve_batch_size
    >>> [resolve_batch_size("auto", n) for n in (20, 1_400, 100_000)]
    [8, 32, 256]
    """
    if batch_size != "auto":
        return min(int(batch_size), n_samples)
    fortieth = max(n_samples // 40, 1)
    return int(np.clip(2 ** int(np.log2(fortieth)), 8, 256))


def resolve_max_epochs(max_epochs: Any, n_batches: int, n_steps: int = 1_000) -> int:
    """Return the number of passes over the data.

    Parameters
    ----------
    max_epochs : int or "auto"
        "auto" takes as many as make `n_steps` steps, at least 20 and at most 500.
    n_batches : int
        Steps of one pass.
    n_steps : int, default=1000
        Steps of a whole fit.

    Returns
    -------
    int

    Examples
    --------
    >>> from sklstm.data import resolve_max_epochs
    >>> [resolve_max_epochs("auto", n) for n in (1, 10, 4_000)]
    [500, 100, 20]
    """
    if max_epochs != "auto":
        return int(max_epochs)
    return int(np.clip(-(-n_steps // n_batches), 20, 500))


def resolve_patch_size(patch_size: Any, n_timesteps: int, n_patches: int) -> int:
    """Return how many consecutive steps enter a network as one.

    Parameters
    ----------
    patch_size : int or "auto"
        "auto" takes as many as leave about `n_patches` of the longest sequence.
    n_timesteps : int
        Steps of the longest sequence.
    n_patches : int

    Returns
    -------
    int

    Examples
    --------
    >>> from sklstm.data import resolve_patch_size
    >>> [resolve_patch_size("auto", n, 64) for n in (24, 100, 1_500)]
    [1, 2, 23]
    """
    return max(1, round(n_timesteps / n_patches)) if patch_size == "auto" else int(patch_size)
