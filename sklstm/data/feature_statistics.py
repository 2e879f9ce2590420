"""Means and deviations of features over all present steps of sequences."""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm.data.rows import latest_known, pieces
from sklstm.data.sequences import Sequences


def moments(
    sequences: Sequences,
    weight: NDArray[np.float64] | None = None,
    relative: Collection[int] = (),
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of every feature over all present steps.

    Parameters
    ----------
    sequences : Sequences
    weight : ndarray of shape (n_sequences,) or None, default=None
        Weight of each sequence; a step counts with the weights of all sequences it is in.
    relative : collection of int, default=()
        Features that are measured from the last step of their sequence.

    Returns
    -------
    mean, scale : ndarray of shape (n_features,), float64
        The scale of a constant feature is 0.

    Examples
    --------
    >>> from sklstm.data import as_sequences, moments
    >>> mean, scale = moments(as_sequences([[1.0, 2.0], [3.0, 7.0, 7.0]]))
    >>> mean.round(2).tolist(), scale.round(2).tolist()
    ([4.0], [2.53])
    """
    mean, variance = mean_and_variance(sequences, weight)
    level = np.abs(mean)
    for feature in relative:
        of_each = np.ones(len(sequences)) if weight is None else weight
        mean[feature], variance[feature] = _relative_moments(sequences, feature, of_each)
    return mean, scale_of(variance, np.maximum(level, np.abs(mean)), sequences.dtype)


def scale_of(
    variance: NDArray[np.float64], level: NDArray[np.float64], dtype: np.dtype[Any]
) -> NDArray[np.float64]:
    """Return what numbers are divided by: their standard deviation, 0 where they are constant.

    Parameters
    ----------
    variance, level : ndarray of shape (n_features,)
        Variances, and the sizes of the numbers.
    dtype : floating dtype
        Of the numbers: what varies by less than their rounding, or than the least normal number,
        is constant.

    Returns
    -------
    ndarray of shape (n_features,), float64

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import scale_of
    >>> scale_of(np.array([4.0, 1e-12]), np.array([1.0, 1.0]), np.dtype(np.float32)).tolist()
    [2.0, 0.0]
    """
    limits = np.finfo(dtype)
    rounding = np.maximum(10 * limits.eps * level, limits.tiny)
    return np.where(variance <= rounding**2, 0.0, np.sqrt(variance))


def mean_and_variance(
    sequences: Sequences, weight: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and variance of every feature, in two passes of a few rows at a time.

    Parameters
    ----------
    sequences : Sequences
    weight : ndarray of shape (n_sequences,) or None, default=None
        As for `moments`.

    Returns
    -------
    mean, variance : ndarray of shape (n_features,), float64
    """
    coverage = sequences.coverage(weight)
    total, mean, variance = (np.zeros(sequences.n_features) for _ in range(3))
    for rows, known, part in _weighed(sequences, coverage):
        total += part @ known
        mean += part @ rows
    total[total == 0] = 1.0  # a feature without a value
    mean /= total
    for rows, known, part in _weighed(sequences, coverage):
        variance += part @ ((rows - mean) ** 2 * known) / total
    return mean, variance


def difference_scale(
    sequences: Sequences, weight: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return the root mean square of every feature's first differences.

    Parameters
    ----------
    sequences : Sequences
    weight : ndarray of shape (n_sequences,) or None, default=None
        As for `moments`; a difference counts with the weights of all sequences it is in.

    Returns
    -------
    ndarray of shape (n_features,), float64
        Of pairs of present steps that follow one another. A missing value counts as the one
        before it, even one of an earlier window; where there is none, nothing changes.

    Examples
    --------
    >>> from sklstm.data import as_sequences, difference_scale
    >>> difference_scale(as_sequences([[1.0, 2.0], [3.0, 6.0, 8.0]])).round(2).tolist()
    [2.16]
    """
    coverage = sequences.coverage(weight, from_step=1)
    squares = np.zeros(sequences.n_features)
    last = np.full(sequences.n_features, np.nan)  # known value of each feature, before the piece
    for piece in pieces(len(sequences.rows), sequences.n_features):
        part = coverage[piece].astype(np.float64)
        begins = np.append(0, np.where(part == 0, np.arange(1, len(part) + 1), 0))
        begin = np.maximum.accumulate(begins)  # of the rows that hang together
        for feature, before in enumerate(last):
            values = _carried(np.append(before, sequences.values(piece, feature)), begin)
            differences = np.where(part > 0, np.nan_to_num(np.diff(values)), 0.0)
            squares[feature] += part @ differences**2
            last[feature] = values[-1]
    return np.sqrt(squares / (float(coverage.sum()) or 1.0))


def sequence_means(sequences: Sequences, feature: int) -> NDArray[np.float64]:
    """Return the mean of a feature over each sequence.

    Parameters
    ----------
    sequences : Sequences
    feature : int

    Returns
    -------
    ndarray of shape (n_sequences,), float64
        Of the values that are known; NaN where none is.

    Examples
    --------
    >>> from sklstm.data import as_sequences, sequence_means
    >>> sequence_means(as_sequences([[1.0, 2.0], [3.0, 6.0, 9.0]]), 0).tolist()
    [1.5, 6.0]
    """
    means = np.empty(len(sequences))
    for piece in pieces(len(sequences), int(sequences.lengths.max())):
        first, lengths = sequences.first[piece, None], sequences.lengths[piece, None]
        steps = np.arange(lengths.max())
        present = steps < lengths  # (sequences, time)
        values = sequences.values(np.where(present, first + steps, first), feature)
        known = present & np.isfinite(values)
        with np.errstate(invalid="ignore"):  # 0 / 0
            means[piece] = np.where(known, values, 0.0).sum(axis=1) / known.sum(axis=1)
    return means


def _weighed(
    sequences: Sequences, coverage: NDArray[Any]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]]:
    """Yield rows, which of their values are known, and the rows' weights."""
    for piece in pieces(len(sequences.rows), sequences.n_features):
        rows, part = sequences.values(piece, slice(None)), coverage[piece].astype(np.float64)
        known = np.isfinite(rows) & (part > 0)[:, None]  # what no sequence has may be of any size
        rows[~known] = 0.0  # 0 times NaN is NaN
        yield rows, known, part


def _relative_moments(
    sequences: Sequences, feature: int, weight: NDArray[np.float64]
) -> tuple[float, float]:
    """Return mean and variance of a feature's differences from its last value.

    Sums over a sequence are differences of running sums over the rows, in float64 and about
    the feature's centre.
    """
    present = sequences.is_present()
    first, lengths = sequences.first, sequences.lengths
    end = first + lengths
    column = sequences.values(slice(None), feature)
    known = present & np.isfinite(column)
    if not known.any():
        return 0.0, 0.0
    # a missing value counts as the one before it, be it of the sequence before
    latest = latest_known(known)
    column = np.where(present & (latest >= 0), column[latest] - column[known].mean(), 0.0)
    sums, squares = (_running_sum(part) for part in (column, column**2))
    last = column[end - 1]  # (n_sequences,)
    first_moment = sums[end] - sums[first]
    second_moment = squares[end] - squares[first]
    second_moment += last * (lengths * last - 2 * first_moment)
    first_moment -= lengths * last
    n_steps = weight @ lengths
    mean = weight @ first_moment / n_steps
    variance = weight @ second_moment / n_steps - mean**2
    # differences of running sums resolve no less than this
    resolved = 1e-13 * float(column @ column) / present.sum()
    return float(mean), float(variance) if variance > resolved else 0.0


def _carried(values: NDArray[np.float64], begin: NDArray[np.int64]) -> NDArray[np.float64]:
    """Put the latest known value from `begin` on in the place of NaN, which is left before it."""
    known = np.isfinite(values)
    if known.all():
        return values
    latest = latest_known(known)
    return np.where(latest >= begin, values[latest], np.nan)


def _running_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(values)])
