"""Sequences of every accepted form behind one ``take(indices)``.

Whatever came in (a dense array, a strided view of overlapping windows, windows of several
series, a ragged list) is held as a table of rows, one row a time step, and for each sequence the
place of its first row and its number of steps. A window view is thus stored once, not once a
window, and only a batch's worth of steps is ever gathered.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from sklstm.data.rows import cast, is_memory_map, is_missing, latest_known, pieces, spaced

Layout = Literal["table", "dense", "windows", "ragged"]


@dataclass(frozen=True)
class Sequences:
    """Sequences as runs of rows in one table.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Every time step, each held once.
    first : ndarray of shape (n_sequences,), dtype int64
        Row of each sequence's first present step.
    lengths : ndarray of shape (n_sequences,), dtype int64
        Number of present steps of each sequence.
    n_timesteps : int
        Steps of the longest sequence, absent ones too.
    dtype : numpy dtype
        Of what `take` returns.
    layout : {"table", "dense", "windows", "ragged"}
        What the caller gave: 2-D, 3-D, windows of several series, or a list.
    skipped : ndarray of shape (n_sequences,), dtype int64, or None, default=None
        How many absent steps each sequence had before its first present one; None if this
        was not counted, since none had.
    limits : ndarray of shape (2, n_features), dtype float64, or None, default=None
        Least and greatest value that each feature is read as; None where values are read as they
        are.
    span : ndarray of shape (n_sequences, 2), dtype int64, or None, default=None
        Where in time each sequence begins and ends, see `Windows`; None where the rows tell.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences
    >>> sequences = as_sequences([np.array([[1.0], [2.0]]), np.array([[3.0]])], np.float32)
    >>> batch, lengths = sequences.take(np.array([0, 1]))
    >>> batch[:, :, 0].tolist(), lengths.tolist()
    ([[1.0, 2.0], [3.0, 0.0]], [2, 1])
    """

    rows: NDArray[Any]
    first: NDArray[np.int64]
    lengths: NDArray[np.int64]
    n_timesteps: int
    dtype: np.dtype[Any]
    layout: Layout
    skipped: NDArray[np.int64] | None = None
    limits: NDArray[np.float64] | None = None
    span: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.first)

    @property
    def n_features(self) -> int:
        """Width of one time step."""
        return int(self.rows.shape[1])

    @property
    def n_columns(self) -> int:
        """What scikit-learn counts as features: of a table the columns, else `n_features`."""
        return self.n_timesteps if self.layout == "table" else self.n_features

    def fits(self, n_columns: int, n_timesteps: int | None) -> bool:
        """Tell whether a model of such sequences can read these.

        Parameters
        ----------
        n_columns : int
            The `n_columns` that it has seen.
        n_timesteps : int or None
            The columns of the table that it has seen, None if it has seen sequences.

        Returns
        -------
        bool
        """
        if n_timesteps is None:
            return self.n_features == n_columns
        return self.n_features == 1 and bool((self.lengths == n_timesteps).all())

    @property
    def table_timesteps(self) -> int | None:
        """Columns of a table, None of sequences."""
        return self.n_timesteps if self.layout == "table" else None

    @property
    def on_disk(self) -> bool:
        """Whether the rows are a memory map."""
        return is_memory_map(self.rows)

    @property
    def times(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The time step in which each sequence begins, and the one behind its last."""
        if self.span is None:
            return self.first, self.first + self.lengths
        return self.span[:, 0], self.span[:, 1]

    @cached_property
    def overlap(self) -> bool:
        """Whether any two sequences share time steps."""
        begin, end = self.times
        if (begin[1:] < begin[:-1]).any():
            order = np.argsort(begin, kind="stable")
            begin, end = begin[order], end[order]
        return bool((begin[1:] < end[:-1]).any())

    def is_present(self) -> NDArray[np.bool_]:
        """Tell of each row whether it is a present step of a sequence."""
        return self.coverage() > 0

    def subset(self, indices: NDArray[np.int64]) -> "Sequences":
        """Return the chosen sequences, over the same rows."""
        skipped = None if self.skipped is None else self.skipped[indices]
        span = None if self.span is None else self.span[indices]
        first, lengths = self.first[indices], self.lengths[indices]
        return replace(self, first=first, lengths=lengths, skipped=skipped, span=span)

    def limited(self, limits: NDArray[np.float64] | None) -> "Sequences":
        """Return the sequences, whose values are read within limits from now on.

        Parameters
        ----------
        limits : ndarray of shape (2, n_features) or None
            As `find_limits` returns them. None changes nothing.

        Returns
        -------
        Sequences
            Over the same rows.
        """
        if limits is None:
            return self
        if self.limits is not None:
            (low, high), (lower, higher) = limits, self.limits
            limits = np.stack([np.maximum(low, lower), np.minimum(high, higher)])
        return replace(self, limits=limits)

    def clip(self, values: NDArray[Any], features: Any = slice(None)) -> NDArray[Any]:
        """Return values of some features, the last axis, within the limits; NaN stays."""
        if self.limits is None:
            return values
        low, high = self.limits[:, features].astype(values.dtype)
        clipped: NDArray[Any] = np.clip(values, low, high)
        return clipped

    def take(
        self, indices: NDArray[np.int64]
    ) -> tuple[NDArray[np.floating[Any]], NDArray[np.int64] | None]:
        """Gather sequences into one batch.

        Parameters
        ----------
        indices : ndarray of shape (batch,)
            Which sequences.

        Returns
        -------
        batch : ndarray of shape (batch, time, features)
            The steps, zero behind the end of shorter sequences.
        lengths : ndarray of shape (batch,) or None
            Number of steps of each, or None where all fill the batch.
        """
        if len(indices) == 1:  # latency counts
            sequence = int(indices[0])
            first_row = int(self.first[sequence])
            steps = self.rows[first_row : first_row + int(self.lengths[sequence])]
            return self.clip(steps[None].astype(self.dtype)), None
        if self._equal_runs is not None:  # nothing of a batch is to be looked at
            batch = self._equal_runs[self.first[indices]].astype(self.dtype, copy=False)
            return self.clip(batch), None
        first, lengths = self.first[indices], self.lengths[indices]
        longest = int(lengths.max())
        batch = self.clip(self._runs(first, longest).astype(self.dtype, copy=False))
        if lengths.min() == longest:
            return batch, None
        absent = np.flatnonzero(np.arange(longest) >= lengths[:, None])
        batch = np.ascontiguousarray(batch)  # rows in Fortran's order make other batches
        batch.reshape(-1, self.n_features)[absent] = 0
        return batch, lengths

    def __getstate__(self) -> dict[str, Any]:
        # a view would be pickled as the copy that it avoids
        return {name: value for name, value in vars(self).items() if name != "_equal_runs"}

    @cached_property
    def _equal_runs(self) -> NDArray[Any] | None:
        """View of the runs from every row on if all sequences have one length, else None."""
        length = int(self.lengths[0])
        return self._view_runs(length) if (self.lengths == length).all() else None

    def _runs(self, first: NDArray[np.int64], n_steps: int) -> NDArray[Any]:
        """Return a copy of the rows from each of `first` on, (runs, n_steps, features)."""
        if first.max() + n_steps <= len(self.rows):
            return np.asarray(self._view_runs(n_steps)[first])
        steps = first[:, None] + np.arange(n_steps)
        return np.asarray(self.rows[np.minimum(steps, len(self.rows) - 1)])

    def _view_runs(self, n_steps: int) -> NDArray[Any]:
        """Return a view of the runs from every row on that do not go beyond the last.

        Choosing from it copies each whole, ten times faster than row by row.
        """
        return as_strided(
            self.rows,
            shape=(len(self.rows) - n_steps + 1, n_steps, self.n_features),
            strides=(self.rows.strides[0], *self.rows.strides),
            writeable=False,
        )

    def last_values(self, feature: int, back: int = 0) -> NDArray[np.float64]:
        """Return a feature at the last present step of every sequence, or `back` steps before.

        Parameters
        ----------
        feature : int
        back : int, default=0
            Sequences that are too short give their first step.

        Returns
        -------
        ndarray of shape (n_sequences,), float64
            Of a missing value the one before it in the sequence; NaN where there is none.
        """
        steps = self.first + np.maximum(self.lengths - 1 - back, 0)
        values = self.values(steps, feature)
        if np.isnan(values).any():  # where that is missing, the one known before
            latest = latest_known(np.isfinite(self.rows[:, feature]))[steps]
            values = self.values(latest, feature)
            values[latest < self.first] = np.nan
        return values

    def present_values(
        self, features: Collection[int], n_most: int | None = None
    ) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """Yield features, each with its values at the present steps, without those missing.

        Parameters
        ----------
        features : collection of int
        n_most : int or None, default=None
            One of each of so many stretches, if there are more.

        Yields
        ------
        feature : int
        values : ndarray of shape (n_values,), float64
        """
        if not features:
            return
        steps = np.flatnonzero(self.is_present())
        if n_most is not None and len(steps) > n_most:
            steps = steps[spaced(len(steps), n_most)]
        for feature in features:
            values = self.values(steps, feature)
            yield feature, values[np.isfinite(values)]

    def missing_features(self) -> list[int]:
        """Return the features of which a present step has no value."""
        present = self.is_present()
        missing = np.zeros(self.n_features, dtype=bool)
        for piece in pieces(len(self.rows), self.n_features):
            missing |= is_missing(self.rows[piece][present[piece]]).any(axis=0)
        return np.flatnonzero(missing).tolist()

    def values(self, rows: Any, features: Any) -> NDArray[np.float64]:
        """Return values of some rows, in float64 and within the limits.

        Parameters
        ----------
        rows : slice, int, or ndarray of int
        features : slice or int

        Returns
        -------
        ndarray of shape (n_rows, n_features), or (n_rows,) of one feature
        """
        # what stays on disk is read in the precision that a copy in memory would have
        read = cast(np.asarray(self.rows[rows, features]), self.dtype)
        return self.clip(read.astype(np.float64), features)

    def coverage(
        self, weight: NDArray[np.float64] | None = None, from_step: int = 0
    ) -> NDArray[Any]:
        """Return for each row the summed weight of the sequences that it is in.

        Parameters
        ----------
        weight : ndarray of shape (n_sequences,) or None, default=None
            Of each sequence; None counts them.
        from_step : int, default=0
            The step of each sequence with which it begins to count.

        Returns
        -------
        ndarray of shape (n_rows,), float64 or, without weights, int32
        """
        counts = self._summed(np.int32(1), from_step)
        if weight is None:
            return counts
        summed = self._summed(weight, from_step)
        summed[counts == 0] = 0.0  # not what rounding leaves of weights that are gone
        return summed

    def _summed(self, weight: NDArray[Any] | np.int32, from_step: int) -> NDArray[Any]:
        change = np.zeros(len(self.rows) + 1, dtype=weight.dtype)
        np.add.at(change[from_step:], self.first, weight)
        np.subtract.at(change, self.first + self.lengths, weight)
        return np.cumsum(change, out=change)[:-1]
