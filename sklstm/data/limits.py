"""Limits of features: what lies far beyond all other values is read as lying less far."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from sklstm.data.sequences import Sequences

# The share of values beyond each end of the usual range; how many times its width beyond it a value
# must lie to be far, and where far values are read as lying.
_TAIL, _FAR, _LIMIT = 0.01, 3.0, 1.0
# From how many values the usual range is found.
_N_VALUES = 200_000


def find_limits(sequences: Sequences, ignored: Collection[int] = ()) -> NDArray[np.float64] | None:
    """Find within which limits features are to be read, so that no value drowns all others.

    A sentinel such as -9999 in a thousandth of a sensor's values, or a spike of its electronics,
    makes a feature's mean and standard deviation its own, and what was measured a constant.
    Clipping to limits far outside the usual range is a mild form of winsorising [1]_.

    Parameters
    ----------
    sequences : Sequences
        The training part.
    ignored : collection of int, default=()
        Features that are no numbers.

    Returns
    -------
    ndarray of shape (2, n_features), float64, or None
        Lower and upper limits: of a feature with a value further beyond the range of 98 % of its
        values than three times the width of that range, the ends of the range moved outwards by its
        width; infinite of others. None where no feature has such a value.

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
    extremes = sequences.extremes()
    features = [f for f in range(sequences.n_features) if f not in ignored]
    columns = sequences.present_values(features, _N_VALUES)
    for feature, values in zip(features, columns, strict=True):
        if len(values) == 0:
            continue
        # of few values one may be far, at either end
        low = np.quantile(values, _TAIL, method="higher")
        high = np.quantile(values, 1 - _TAIL, method="lower")
        width = high - low
        lowest, highest = extremes[:, feature]
        if width > 0 and max(low - lowest, highest - high) > _FAR * width:
            limits[:, feature] = low - _LIMIT * width, high + _LIMIT * width
    if not np.isfinite(limits).any():
        return None
    return limits.astype(sequences.dtype).astype(np.float64)  # batches hold them as they are
