"""Limits of features: what lies far beyond all other values is read as lying less far."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from sklstm.data.rows import pieces
from sklstm.data.sequences import Sequences

# The share of values beyond each end of the usual range; how many times the width of that range a
# value must lie beyond it to be far, and where far values are then read as lying.
_TAIL, _FAR, _LIMIT = 0.01, 3.0, 1.0
# Far values are noise if less than this share of them persists; they drown usual ones if their root
# mean square is so many widths.
_LASTING, _DROWNED = 0.5, 2.0
# From how many values the usual range is found, at least and at most.
_MIN_VALUES, _MAX_VALUES = 50, 200_000


def find_limits(sequences: Sequences, ignored: Collection[int] = ()) -> NDArray[np.float64] | None:
    """Find within which limits features are to be read, so that no value drowns all others.

    A sentinel such as -9999 in a thousandth of a sensor's values, or a spike of its electronics,
    makes a feature's mean and standard deviation its own, and what was measured a constant.
    Clipping to limits far outside the usual range is a mild form of winsorising [1]_. It takes
    nothing from values that are all the same. Where they differ, they are clipped only
    if they drown the others; and levels that last never are.

    Parameters
    ----------
    sequences : Sequences
        The training part.
    ignored : collection of int, default=()
        Features that are no numbers.

    Returns
    -------
    ndarray of shape (2, n_features), float64, or None
        Lower and upper limits, infinite of a feature that has none; None where no feature has any.
        Far are values further beyond the range of 98 % of a feature's values (50 at least) than
        three times the width of that range. Its limits are the ends of the range moved outwards by
        its width, if less than half of the far values last (`values_outside`), and
        half of them, two at least, are one value, or their root mean square about the middle,
        over all steps, is two widths.

    References
    ----------
    .. [1] Tukey (1962), The future of data analysis, Annals of Mathematical Statistics 33(1).

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences, find_limits
    >>> X = np.linspace(-1, 1, 1001).reshape(-1, 7)
    >>> find_limits(as_sequences(X)) is None
    True
    >>> X[40, 3] = -9999.0
    >>> find_limits(as_sequences(X)).ravel().round().tolist()
    [-3.0, 3.0]
    """
    limits = np.stack([np.full(sequences.n_features, end) for end in (-np.inf, np.inf)])
    ends = extremes(sequences)
    features = [f for f in range(sequences.n_features) if f not in ignored]
    for feature, values in sequences.present_values(features, _MAX_VALUES):
        if len(values) < _MIN_VALUES:
            continue
        # of few values one may be far, at either end
        low = np.quantile(values, _TAIL, method="higher")
        high = np.quantile(values, 1 - _TAIL, method="lower")
        width, (lowest, highest) = high - low, ends[:, feature]
        is_far = lowest < low - _FAR * width or highest > high + _FAR * width
        if width > 0 and is_far and _are_noise(sequences, feature, low, high):
            limits[:, feature] = low - _LIMIT * width, high + _LIMIT * width
    if not np.isfinite(limits).any():
        return None
    return limits.astype(sequences.dtype).astype(np.float64)  # batches hold them as they are


def extremes(sequences: Sequences) -> NDArray[np.float64]:
    """Return the least and the greatest value of every feature at the present steps.

    Parameters
    ----------
    sequences : Sequences

    Returns
    -------
    ndarray of shape (2, n_features), float64
        Infinity and minus infinity of a feature without a value.
    """
    present = sequences.is_present()
    low, high = (np.full(sequences.n_features, end) for end in (np.inf, -np.inf))
    for piece in pieces(len(present), sequences.n_features):
        values = sequences.values(piece, slice(None))[present[piece]]
        low = np.fmin(low, np.fmin.reduce(values, axis=0, initial=np.inf))
        high = np.fmax(high, np.fmax.reduce(values, axis=0, initial=-np.inf))
    return np.stack([low, high])


def values_outside(
    sequences: Sequences, feature: int, low: float, high: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return a feature's values outside of a range, and which of them last.

    Parameters
    ----------
    sequences : Sequences
    feature : int
    low, high : float
        Ends of the range.

    Returns
    -------
    values : ndarray of shape (n_values,), float64
    lasting : ndarray of shape (n_values,), dtype bool
        Values beside another one outside that differs, in one sequence, or, of a single sequence
        or windows of a series, in a run up to the last row. A sensor that fails says the same
        until it works again.
    """
    column = sequences.values(slice(None), feature)
    outside = sequences.is_present() & ((column < low) | (column > high))
    has_before = sequences.coverage(from_step=1)[1:] > 0
    pairs = outside[1:] & outside[:-1] & has_before & (column[1:] != column[:-1])
    lasting = np.append(pairs, False) | np.append(False, pairs)
    if sequences.overlap or len(sequences) == 1:
        usual = np.flatnonzero(~outside)
        lasting[usual[-1] + 1 if len(usual) else 0 :] = True
    return column[outside], lasting[outside]


def _are_noise(sequences: Sequences, feature: int, low: float, high: float) -> bool:
    """Tell whether far values are no level, and tell nothing by their size or drown the others."""
    width = high - low
    far, lasting = values_outside(sequences, feature, low - _FAR * width, high + _FAR * width)
    if lasting.mean() >= _LASTING:
        return False
    _, counts = np.unique(far, return_counts=True)
    are_one = counts.max() >= max(2, len(far) / 2)
    squares = ((far - (low + high) / 2) ** 2).sum() / sequences.is_present().sum()
    return bool(are_one or squares > (_DROWNED * width) ** 2)
