"""Sequences of every accepted form behind one ``take(indices)``.

Whatever came in (a dense array, a strided view of overlapping windows, windows of several
series, a ragged list) is held as a table of rows, one row a time step, and for each sequence the
place of its first row and its number of steps. A window view is thus stored once, not once a
window, and only a batch's worth of steps is ever gathered.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import DTypeLike, NDArray
from sklearn.utils import check_array

from sklstm._validation import check_no_dates
from sklstm.data.windows import Windows, view_windows

Form = Literal["table", "dense", "windows", "ragged"]

_FORMS_WITH_ABSENT_STEPS = ("dense", "windows")

# How many rows the passes over all data look at together: a few MB at usual widths.
_CHUNK = 65_536


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
    form : {"table", "dense", "windows", "ragged"}
        What the caller gave: 2-D, 3-D, windows of several series, or a list.
    skipped : ndarray of shape (n_sequences,), dtype int64, or None, default=None
        How many absent steps each sequence had before its first present one; None where none had.
    limits : ndarray of shape (2, n_features), dtype float64, or None, default=None
        Least and greatest value that each feature is read as; None where values are read as they
        are.

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
    form: Form
    skipped: NDArray[np.int64] | None = None
    limits: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.first)

    @property
    def n_features(self) -> int:
        """Width of one time step."""
        return int(self.rows.shape[1])

    @property
    def n_columns(self) -> int:
        """What scikit-learn counts as features: of a table the columns, else `n_features`."""
        return self.n_timesteps if self.form == "table" else self.n_features

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
        return self.n_timesteps if self.form == "table" else None

    @property
    def on_disk(self) -> bool:
        """Whether the rows are a memory map."""
        return _is_memory_map(self.rows)

    @property
    def overlap(self) -> bool:
        """Whether any two sequences share time steps."""
        first, lengths = self.first, self.lengths
        if (first[1:] < first[:-1]).any():
            order = np.argsort(first, kind="stable")
            first, lengths = first[order], lengths[order]
        return bool((np.diff(first) < lengths[:-1]).any())

    def is_present(self) -> NDArray[np.bool_]:
        """Tell of each row whether it is a present step of a sequence."""
        return self._coverage(np.int32(1)) > 0

    def subset(self, indices: NDArray[np.int64]) -> "Sequences":
        """Return the chosen sequences, over the same rows."""
        skipped = None if self.skipped is None else self.skipped[indices]
        first, lengths = self.first[indices], self.lengths[indices]
        return replace(self, first=first, lengths=lengths, skipped=skipped)

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
        return self if limits is None else replace(self, limits=limits)

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
        values = self._values(steps, feature)
        if np.isnan(values).any():  # where that is missing, the one known before
            latest = _latest(np.isfinite(self.rows[:, feature]))[steps]
            values = self._values(latest, feature)
            values[latest < self.first] = np.nan
        return values

    def present_values(
        self, features: Iterable[int], n_most: int | None = None
    ) -> Iterator[NDArray[np.float64]]:
        """Yield features' values at the present steps, without those that are missing.

        Parameters
        ----------
        features : iterable of int
        n_most : int or None, default=None
            Evenly chosen ones, if there are more.

        Yields
        ------
        ndarray of shape (n_values,), float64
            Of one feature.
        """
        steps = np.flatnonzero(self.is_present())
        if n_most is not None and len(steps) > n_most:
            steps = steps[np.linspace(0, len(steps) - 1, n_most).astype(np.int64)]
        for feature in features:
            values = self.clip(self.rows[steps, feature].astype(self.dtype), feature)
            values = values.astype(np.float64)
            yield values[np.isfinite(values)]

    def extremes(self) -> NDArray[np.float64]:
        """Return the least and the greatest value of every feature at the present steps.

        Returns
        -------
        ndarray of shape (2, n_features), float64
            Infinity and minus infinity of a feature without a value.
        """
        low, high = np.full(self.n_features, np.inf), np.full(self.n_features, -np.inf)
        for rows, known, part in self._chunks(self._row_weights(None)):
            counted = known & (part > 0)[:, None]
            low = np.minimum(low, rows.min(axis=0, where=counted, initial=np.inf))
            high = np.maximum(high, rows.max(axis=0, where=counted, initial=-np.inf))
        return np.stack([low, high])

    def values_outside(
        self, feature: int, low: float, high: float
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return a feature's values outside of a range, and which of them last.

        Parameters
        ----------
        feature : int
        low, high : float
            Ends of the range.

        Returns
        -------
        values : ndarray of shape (n_values,), float64
        lasting : ndarray of shape (n_values,), dtype bool
            Values beside another one outside that differs, in one sequence, or in a run up to the
            last row. A sensor that fails says the same until it works again.
        """
        column = self._values(slice(None), feature)
        outside = self.is_present() & ((column < low) | (column > high))
        has_before = self._coverage(np.int32(1), from_step=1)[1:] > 0
        pairs = outside[1:] & outside[:-1] & has_before & (column[1:] != column[:-1])
        lasting = np.append(pairs, False) | np.append(False, pairs)
        usual = np.flatnonzero(~outside)
        lasting[usual[-1] + 1 if len(usual) else 0 :] = True
        return column[outside], lasting[outside]

    def missing_features(self) -> list[int]:
        """Return the features of which a present step has no value."""
        present = self.is_present()
        missing = np.zeros(self.n_features, dtype=bool)
        for start in range(0, len(self.rows), _CHUNK):
            rows = self.rows[start : start + _CHUNK][present[start : start + _CHUNK]]
            missing |= _is_missing(rows).any(axis=0)
        return np.flatnonzero(missing).tolist()

    def moments(
        self, weight: NDArray[np.float64] | None = None, relative: Collection[int] = ()
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean and standard deviation of every feature over all present steps.

        Parameters
        ----------
        weight : ndarray of shape (n_sequences,) or None
            Weight of each sequence; a step counts with the weights of all sequences it is in.
        relative : collection of int, default=()
            Features that are measured from the last step of their sequence.

        Returns
        -------
        mean, scale : ndarray of shape (n_features,)
            In float64. The scale of a constant feature is 1.

        """
        mean, variance = self.mean_and_variance(weight)
        level = np.abs(mean)
        for feature in relative:
            of_each = np.ones(len(self)) if weight is None else weight
            mean[feature], variance[feature] = self._relative_moments(feature, of_each)
        # A feature that varies by less than its rounding error is constant.
        rounding = 10 * np.finfo(self.dtype).eps * np.maximum(level, np.abs(mean))
        return mean, np.where(variance <= rounding**2, 1.0, np.sqrt(variance))

    def mean_and_variance(
        self, weight: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean and variance of every feature, in two passes of a few rows at a time.

        Parameters
        ----------
        weight : ndarray of shape (n_sequences,) or None
            As for `moments`.

        Returns
        -------
        mean, variance : ndarray of shape (n_features,), float64
        """
        coverage = self._row_weights(weight)
        total, mean, variance = (np.zeros(self.n_features) for _ in range(3))
        for rows, known, part in self._chunks(coverage):
            total += part @ known
            mean += part @ rows
        total[total == 0] = 1.0  # a feature without a value
        mean /= total
        for rows, known, part in self._chunks(coverage):
            variance += part @ ((rows - mean) ** 2 * known) / total
        return mean, variance

    def difference_scale(self, weight: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Return the root mean square of every feature's first differences.

        Parameters
        ----------
        weight : ndarray of shape (n_sequences,) or None
            As for `moments`; a difference counts with the weights of all sequences it is in.

        Returns
        -------
        ndarray of shape (n_features,), float64
            Of pairs of present steps that follow one another. A missing value counts as the one
            before it, be it of a window before; where there is none, nothing changes.
        """
        coverage = self._row_weights(weight, from_step=1)
        squares = np.zeros(self.n_features)
        last = np.full(self.n_features, np.nan)  # known value of each feature, before the chunk
        for start in range(0, len(self.rows), _CHUNK):
            part = coverage[start : start + _CHUNK].astype(np.float64)
            begins = np.append(0, np.where(part == 0, np.arange(1, len(part) + 1), 0))
            begin = np.maximum.accumulate(begins)  # of the rows that hang together
            for feature, before in enumerate(last):
                rows = self._values(slice(start, start + _CHUNK), feature)
                values = np.append(before, rows)
                values = _carried(values, begin)
                differences = np.nan_to_num(np.diff(values))
                squares[feature] += part @ differences**2
                last[feature] = values[-1]
        return np.sqrt(squares / (float(coverage.sum()) or 1.0))

    def _values(self, rows: Any, features: Any) -> NDArray[np.float64]:
        """Return values of some rows, in float64 and within the limits."""
        return self.clip(self.rows[rows, features].astype(np.float64), features)

    def _chunks(
        self, coverage: NDArray[Any]
    ) -> Iterator[tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]]:
        """Yield rows, which of their values are known, and the rows' weights."""
        for start in range(0, len(self.rows), _CHUNK):
            part = coverage[start : start + _CHUNK].astype(np.float64)
            rows = self._values(slice(start, start + _CHUNK), slice(None))
            known = np.isfinite(rows)
            rows[~known] = 0.0  # 0 times NaN is NaN
            yield rows, known, part

    def _relative_moments(self, feature: int, weight: NDArray[np.float64]) -> tuple[float, float]:
        """Return mean and variance of a feature's differences from its last value.

        Sums over a sequence are differences of running sums over the rows, in float64 and about
        the feature's centre.
        """
        present = self.is_present()
        end = self.first + self.lengths
        column = self._values(slice(None), feature)
        known = present & np.isfinite(column)
        if not known.any():
            return 0.0, 0.0
        # a missing value counts as the one before it, be it of the sequence before
        latest = _latest(known)
        column = np.where(present & (latest >= 0), column[latest] - column[known].mean(), 0.0)
        sums, squares = (_running_sum(part) for part in (column, column**2))
        last = column[end - 1]  # (n_sequences,)
        first_moment = sums[end] - sums[self.first]
        second_moment = squares[end] - squares[self.first]
        second_moment += last * (self.lengths * last - 2 * first_moment)
        first_moment -= self.lengths * last
        n_steps = weight @ self.lengths
        mean = weight @ first_moment / n_steps
        variance = weight @ second_moment / n_steps - mean**2
        # differences of running sums resolve no less than this
        resolved = 1e-13 * float(column @ column) / present.sum()
        return float(mean), float(variance) if variance > resolved else 0.0

    def _row_weights(self, weight: NDArray[np.float64] | None, from_step: int = 0) -> NDArray[Any]:
        """Return `_coverage` by weights, zero where none is."""
        if weight is None:
            return self._coverage(np.int32(1), from_step)
        coverage = self._coverage(weight, from_step)
        # not what rounding leaves of weights that are gone
        coverage[self._coverage(np.int32(1), from_step) == 0] = 0.0
        return coverage

    def _coverage(self, weight: NDArray[Any] | np.int32, from_step: int = 0) -> NDArray[Any]:
        """Return for each row the summed weight of the sequences that it is in.

        Of each sequence the steps from `from_step` on.
        """
        change = np.zeros(len(self.rows) + 1, dtype=weight.dtype)
        np.add.at(change, self.first + from_step, weight)
        np.subtract.at(change, self.first + self.lengths, weight)
        return np.cumsum(change, out=change)[:-1]


def _latest(known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each row the latest known one up to it, -1 where there is none."""
    latest: NDArray[np.int64] = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    return latest


def _carried(values: NDArray[np.float64], begin: NDArray[np.int64]) -> NDArray[np.float64]:
    """Put the latest known value from `begin` on in the place of NaN, which is left before it."""
    known = np.isfinite(values)
    if known.all():
        return values
    latest = _latest(known)
    return np.where(latest >= begin, values[latest], np.nan)


def _running_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(values)])


def as_sequences(
    X: Any, dtype: DTypeLike | None = np.float32, *, allow_nan: bool = False
) -> Sequences:
    """Hold any accepted form of X as `Sequences`.

    Parameters
    ----------
    X : array-like
        One of

        - 2-D, (n_samples, n_timesteps): one univariate sequence a row;
        - 3-D, (n_samples, n_timesteps, n_features), steps that are all NaN at the head or the
          tail of a sequence being absent;
        - `Windows`;
        - ragged: a list, tuple or object array of (n_timesteps_i, n_features) arrays, or of 1-D
          arrays, which are univariate;
        - `Sequences`, which come back as they are.
    dtype : dtype or None, default=float32
        Floating type of the batches; None keeps what X has, be it numbers or not.
    allow_nan : bool, default=False
        Whether NaN in a present step may stay.

    Returns
    -------
    Sequences
        Over X's own memory wherever X already has `dtype` or is a memory map, so that windows
        are never copied.

    Raises
    ------
    ValueError
        If X has another shape, is empty, or holds NaN or infinite values that are not absent
        steps; the message says where.
    TypeError
        If X is sparse or holds what is no number.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences
    >>> X = np.full((2, 3, 1), np.nan)
    >>> X[0, 1:] = 1.0
    >>> X[1, :] = 2.0
    >>> as_sequences(X).lengths.tolist()
    [2, 3]
    """
    if isinstance(X, Sequences):
        return X
    wanted = None if dtype is None else np.dtype(dtype)
    if isinstance(X, Windows):
        rows = _cast(X.rows, wanted)
        lengths = _all_of(X.window_size, len(X))
        sequences = Sequences(
            rows, X.first, lengths, X.window_size, wanted or rows.dtype, "windows"
        )
        return _without_absent_steps(sequences, allow_nan=allow_nan)
    members = ragged_members(X)
    if members is not None:
        return _without_absent_steps(_lay_out_ragged(members, wanted), allow_nan=allow_nan)
    array = X if _is_plain(X) else _check_array(X, wanted)
    if array.ndim == 2:
        table = _lay_out_dense(array[:, :, None], wanted, "table")
        return _without_absent_steps(table, allow_nan=allow_nan)
    if array.ndim != 3:
        raise ValueError(
            "X must be 2-D (n_samples, n_timesteps), 3-D (n_samples, n_timesteps, n_features) or "
            f"a list of arrays. Got an array with {array.ndim} dimensions and shape {array.shape}."
        )
    if 0 in array.shape:
        raise ValueError(
            f"Found array with 0 time step(s) or feature(s) (shape={array.shape}) while a minimum "
            "of 1 is required."
        )
    return _without_absent_steps(_lay_out_dense(array, wanted, "dense"), allow_nan=allow_nan)


def _is_plain(X: Any) -> bool:
    """Tell whether X is an array of numbers with which `_check_array` would find no fault."""
    return type(X) is np.ndarray and X.dtype.kind == "f" and X.ndim == 3 and X.size > 0


def _check_array(X: Any, wanted: np.dtype[Any] | None) -> NDArray[Any]:
    if wanted is None:
        return np.asarray(check_array(X, dtype=None, allow_nd=True, ensure_all_finite=False))
    check_no_dates(X, "X")
    array = check_array(X, dtype="numeric", allow_nd=True, ensure_all_finite=False)
    check_no_dates(array, "X")
    return np.asarray(array)


def holds_members(values: Any) -> bool:
    """Tell whether values are a list, tuple or object array, of which each member is an array.

    Parameters
    ----------
    values : object
        Anything.

    Returns
    -------
    bool

    Examples
    --------
    >>> from sklstm.data.sequences import holds_members
    >>> holds_members([[1, 2], [3]])
    True
    """
    if isinstance(values, list | tuple):
        return True
    return np.ndim(values) == 1 and np.asarray(values).dtype == object


def ragged_members(X: Any) -> list[NDArray[Any]] | None:
    """Return X's members as (n_timesteps_i, n_features) arrays if X is ragged, else None.

    Parameters
    ----------
    X : object
        Anything.

    Returns
    -------
    list of ndarray or None
        None where X is to be read as one array.

    Raises
    ------
    ValueError
        If X is ragged and its members do not agree on the number of features.

    Examples
    --------
    >>> from sklstm.data.sequences import ragged_members
    >>> [member.shape for member in ragged_members([[1, 2, 3], [4]])]
    [(3, 1), (1, 1)]
    >>> ragged_members([[1, 2], [3, 4]]) is None
    True
    """
    if hasattr(X, "dtype") and X.dtype == object and getattr(X, "ndim", 0) == 1:
        X = list(X)
    if not isinstance(X, list | tuple) or len(X) == 0 or not _holds_sequences(X):
        return None
    members = [_member(number, member) for number, member in enumerate(X)]
    widths = [member.shape[1] for member in members]
    if len(set(widths)) > 1:
        odd = next(i for i, width in enumerate(widths) if width != widths[0])
        raise ValueError(
            f"All sequences of X must have the same number of features. X[0] has {widths[0]} and "
            f"X[{odd}] has {widths[odd]}."
        )
    return members


def _holds_sequences(X: list[Any] | tuple[Any, ...]) -> bool:
    # Arrays in a list are sequences, whether or not they happen to have one length: the same
    # call must not change its meaning with the data. Plain nested lists of one shape are an array.
    if all(hasattr(member, "shape") and len(member.shape) in (1, 2) for member in X):
        return True
    if not all(hasattr(member, "__len__") and not isinstance(member, str | dict) for member in X):
        return False
    return len({len(member) for member in X}) > 1


def _member(number: int, member: Any) -> NDArray[Any]:
    array = np.asarray(member)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise ValueError(
            f"A sequence of X must be (n_timesteps, n_features) or 1-D. X[{number}] has shape "
            f"{array.shape}."
        )
    if len(array) == 0:
        raise ValueError(
            f"X[{number}] is a sequence without time steps. Drop it, and its entry in y."
        )
    return array


def _lay_out_ragged(members: list[NDArray[Any]], dtype: np.dtype[Any] | None) -> Sequences:
    checked = [_check_member(number, member, dtype) for number, member in enumerate(members)]
    rows = np.concatenate(checked)
    lengths = np.array([len(member) for member in members], dtype=np.int64)
    first = np.cumsum(lengths) - lengths
    return Sequences(rows, first, lengths, int(lengths.max()), rows.dtype, "ragged")


def _check_member(number: int, member: NDArray[Any], dtype: np.dtype[Any] | None) -> NDArray[Any]:
    if dtype is not None:
        check_no_dates(member, f"X[{number}]")
    try:
        with np.errstate(over="ignore"):
            checked: NDArray[Any] = check_array(member, dtype=dtype, ensure_all_finite=False)
    except ValueError as error:
        raise ValueError(f"X[{number}] is no sequence of numbers. {error}") from error
    return checked


def _lay_out_dense(array: NDArray[Any], dtype: np.dtype[Any] | None, form: Form) -> Sequences:
    n_samples, n_timesteps, n_features = array.shape
    if _are_unrolled_windows(array):
        # kept once a row again, so that a copy of windows is treated just as their view
        array = view_windows(np.concatenate([array[0], array[1:, -1]]), n_timesteps)
    hop = _rows_between_samples(array)
    # what lies between the samples of a larger array is not looked at, unless it stays on disk
    if hop is None or (hop > n_timesteps and not _is_memory_map(array)):
        hop, rows = n_timesteps, array.reshape(-1, n_features)
    else:
        rows = as_strided(
            array,
            shape=((n_samples - 1) * hop + n_timesteps, n_features),
            strides=array.strides[1:],
            writeable=False,
        )
    if not _is_memory_map(array):
        rows = _cast(rows, dtype)
    first = np.arange(n_samples, dtype=np.int64) * hop
    lengths = _all_of(n_timesteps, n_samples)
    return Sequences(rows, first, lengths, n_timesteps, dtype or rows.dtype, form)


def _all_of(length: int, n_sequences: int) -> NDArray[np.int64]:
    """Return one length for all sequences, held once."""
    return np.ndarray(n_sequences, np.int64, buffer=np.int64(length).tobytes(), strides=(0,))


def _rows_between_samples(array: NDArray[Any]) -> int | None:
    """Return how many rows lie between the beginnings of two samples, None if it is no number.

    Steps a constant number of rows apart need no copy: this holds for contiguous arrays, for
    overlapping windows and for any choice of features of either. The stride of an axis of length
    one means nothing.
    """
    sample, step, _ = array.strides
    if 1 in array.shape[:2] or step <= 0 or sample < 0 or sample % step:
        return None
    return sample // step


def _are_unrolled_windows(array: NDArray[Any]) -> bool:
    """Tell whether every sample is the one before, moved on by one step.

    So look copies of windows: pickled, mapped into a worker's memory, or laid out as a lag table.
    Samples that never change are no sign of it.
    """
    n_samples, n_timesteps, _ = array.shape
    if n_samples < 2 or n_timesteps < 2 or _rows_between_samples(array) == 1:
        return False
    if _alike(array[-1, 1:], array[-1, :-1]):
        return False
    step = max(1, _CHUNK // n_timesteps)
    # the first two tell most others apart
    bounds = [(0, 1), *((start, start + step) for start in range(1, n_samples - 1, step))]
    return all(
        _alike(array[start + 1 : stop + 1, :-1], array[start : min(stop, n_samples - 1), 1:])
        for start, stop in bounds
    )


def _alike(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return bool(((a == b) | (_is_missing(a) & _is_missing(b))).all())


def _cast(rows: NDArray[Any], dtype: np.dtype[Any] | None) -> NDArray[Any]:
    if dtype is None or rows.dtype == dtype:
        return rows
    with np.errstate(over="ignore"):  # what overflows becomes infinite and is reported as such
        return rows.astype(dtype, copy=False)


def _is_memory_map(array: NDArray[Any]) -> bool:
    base: Any = array
    while base is not None:
        if isinstance(base, np.memmap):
            return True
        base = getattr(base, "base", None)
    return False


def _without_absent_steps(sequences: Sequences, *, allow_nan: bool) -> Sequences:
    """Shorten sequences by their absent head and tail; raise on what else is not finite."""
    absent, broken = _faults(sequences, allow_nan=allow_nan)
    if not absent.any() and not broken.any():
        return sequences
    first, last = sequences.first, sequences.first + sequences.lengths - 1
    row = np.arange(len(absent))
    # nearest present row at or after, and at or before, each row
    after = np.minimum.accumulate(np.where(absent, len(row), row)[::-1])[::-1]
    before = _latest(~absent)
    head, tail = after[first], before[last]
    empty = np.flatnonzero(head > tail)
    if len(empty):
        raise ValueError(
            f"Input X contains NaN in every time step of sequence {empty[0]}: no step is present. "
            "Drop this sequence, and its entry in y."
        )
    faults = np.concatenate([[0], np.cumsum(broken)])
    if (faults[tail + 1] - faults[head]).any():
        _raise_at_fault(sequences, head, tail, faults, allow_nan=allow_nan)
    return replace(sequences, first=head, lengths=tail - head + 1, skipped=head - first)


def _faults(
    sequences: Sequences, *, allow_nan: bool
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell of each row whether it is all NaN, and whether something in it may not stay."""
    rows = sequences.rows
    may_be_absent = sequences.form in _FORMS_WITH_ABSENT_STEPS
    absent = np.zeros(len(rows), dtype=bool)
    broken = np.zeros(len(rows), dtype=bool)
    for start in range(0, len(rows), _CHUNK):
        chunk = _cast(rows[start : start + _CHUNK], sequences.dtype)
        bad = _is_faulty(chunk, allow_nan=False)
        if not bad.any():
            continue
        if may_be_absent:
            absent[start : start + _CHUNK] = _is_missing(chunk).all(axis=1)
        broken[start : start + _CHUNK] = _is_faulty(chunk, allow_nan=allow_nan).any(axis=1)
    return absent, broken


def _is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    missing: NDArray[np.bool_] = values != values  # NaN alone differs from itself, in any dtype
    return missing


def _is_faulty(values: NDArray[Any], *, allow_nan: bool) -> NDArray[np.bool_]:
    missing = _is_missing(values)
    faulty = ~np.isfinite(values) if values.dtype.kind == "f" else missing
    return faulty & ~missing if allow_nan else faulty


def _raise_at_fault(
    sequences: Sequences,
    head: NDArray[np.int64],
    tail: NDArray[np.int64],
    faults: NDArray[np.int64],
    *,
    allow_nan: bool,
) -> None:
    sample = int(np.flatnonzero(faults[tail + 1] - faults[head])[0])
    steps = _cast(sequences.rows[head[sample] : tail[sample] + 1], sequences.dtype)
    step, feature = (int(place[0]) for place in np.nonzero(_is_faulty(steps, allow_nan=allow_nan)))
    place = f"sequence {sample}, time step {step + head[sample] - sequences.first[sample]}, "
    place += f"feature {feature}"
    if _is_missing(steps)[step, feature]:
        hint = (
            "Only steps whose features are all NaN, at the head or the tail of a sequence, are "
            "read as absent"
            if sequences.form in _FORMS_WITH_ABSENT_STEPS
            else "Shorter sequences are given as a list of arrays"
        )
        raise ValueError(
            f"Input X contains NaN: the first is in {place}. {hint}; fill in missing values first, "
            "for example with sklstm.TimestepTransformer(sklearn.impute.SimpleImputer()), or set "
            "missing_values='indicator' of an estimator."
        )
    raise ValueError(
        f"Input X contains infinity or a value too large for {sequences.dtype!r}: the first is in "
        f"{place}."
    )
