"""Symbols, and numbers of few values, as columns of which each stands for a value."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklstm.data.encodings import find_edges, find_encoding
from sklstm.data.sequences import Sequences

# From how many values of a feature it is told what they are.
_N_VALUES = 10_000


@dataclass(frozen=True)
class Indicators:
    """Features, of which some become a column a value: 1 where a step has that value, else 0.

    Attributes
    ----------
    n_features : int
    values : mapping of int to ndarray of shape (n_values,)
        The distinct ones of such features. A step whose value is none of them has only zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import Indicators
    >>> indicators = Indicators(2, {1: np.array([3.0, 5.0, 7.0])})
    >>> indicators(np.array([[[0.5, 5.0], [0.6, 4.0]]])).tolist()
    [[[0.5, 0.0, 1.0, 0.0], [0.6, 0.0, 0.0, 0.0]]]
    """

    n_features: int
    values: Mapping[int, NDArray[np.float64]]

    @property
    def n_columns(self) -> int:
        """How many columns a step has behind it."""
        return sum(len(self.values.get(feature, [0])) for feature in range(self.n_features))

    def __call__(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map steps (batch, time, features) to (batch, time, n_columns); NaN stays NaN."""
        if not self.values:
            return steps
        return np.concatenate([self._columns(steps, f) for f in range(self.n_features)], axis=2)

    def _columns(self, steps: NDArray[np.float64], feature: int) -> NDArray[np.float64]:
        step = steps[:, :, feature, None]  # (batch, time, 1)
        if feature not in self.values:
            return step
        return np.where(np.isnan(step), np.nan, step == self.values[feature])


def find_indicators(sequences: Sequences, categorical: Collection[int]) -> Indicators:
    """Return indicators of symbols, and of numbers whose bins would be their values.

    From 10,000 evenly chosen values of each feature; see `find_encoding` and `find_edges`.

    Parameters
    ----------
    sequences : Sequences
        The training part.
    categorical : collection of int
        Features that are symbols.

    Returns
    -------
    Indicators

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences, find_indicators
    >>> rng = np.random.default_rng(0)
    >>> X = np.dstack([rng.normal(size=(20, 9)), rng.integers(3, size=(20, 9))])
    >>> find_indicators(as_sequences(X), []).values
    {1: array([0., 1., 2.])}
    """
    n_features = sequences.n_features
    columns = sequences.present_values(range(n_features), _N_VALUES)
    found = {}
    for feature, values in enumerate(columns):
        distinct = np.unique(values)
        if feature in categorical or _are_bins(values, distinct):
            found[feature] = distinct
    return Indicators(n_features, found)


def _are_bins(values: NDArray[np.float64], distinct: NDArray[np.float64]) -> bool:
    is_encoded = find_encoding(values, "auto") != "standard"
    return is_encoded and np.array_equal(find_edges(values), distinct)
