"""Which samples go together into a batch, and in which order."""

from collections.abc import Iterator

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
