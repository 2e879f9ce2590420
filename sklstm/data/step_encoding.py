"""Symbols, and numbers of few values, as columns of which a linear map can weigh each by itself."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklstm.data.encodings import FEW, find_encoding
from sklstm.data.rows import spaced
from sklstm.data.sequences import Sequences

# From how many steps it is told which numbers are few.
_N_STEPS = 10_000


@dataclass(frozen=True)
class StepEncoding:
    """What the features of a step become.

    Attributes
    ----------
    n_features : int
    categories : mapping of int to ndarray of shape (n_categories,)
        Of features that are symbols: a column for each, 1 where a step has it, else 0. A step of
        another category has only zeros.
    edges : mapping of int to ndarray of shape (n_edges,)
        Of numbers that become several: how far the value has come from each edge to the next, from
        0 to 1. The others stay as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import StepEncoding
    >>> encoding = StepEncoding(2, {0: np.array([3.0, 5.0])}, {1: np.array([0.0, 1.0, 3.0])})
    >>> encoding(np.array([[[5.0, 2.0], [4.0, 0.0]]])).tolist()
    [[[0.0, 1.0, 1.0, 0.5], [0.0, 0.0, 0.0, 0.0]]]
    """

    n_features: int
    categories: Mapping[int, NDArray[np.float64]]
    edges: Mapping[int, NDArray[np.float64]]

    @property
    def n_columns(self) -> int:
        """How many columns a step has."""
        widths = {feature: len(values) for feature, values in self.categories.items()}
        widths |= {feature: len(edges) - 1 for feature, edges in self.edges.items()}
        return sum(widths.get(feature, 1) for feature in range(self.n_features))

    def __call__(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map steps (batch, time, features) to (batch, time, n_columns); NaN stays NaN."""
        return np.concatenate([self._columns(steps, f) for f in range(self.n_features)], axis=2)

    def _columns(self, steps: NDArray[np.float64], feature: int) -> NDArray[np.float64]:
        values = steps[:, :, feature, None]  # (batch, time, 1)
        if feature in self.categories:
            return np.where(np.isnan(values), np.nan, values == self.categories[feature])
        if feature in self.edges:
            edges = self.edges[feature]
            return np.clip((values - edges[:-1]) / np.diff(edges), 0.0, 1.0)
        return values


def find_step_encoding(
    sequences: Sequences, categorical: Collection[int], relative: Collection[int] = ()
) -> StepEncoding | None:
    """Return an encoding of symbols, and of numbers that `find_encoding` tells in bins.

    These must have 32 distinct values at most, between which the bins lie; 10,000 steps are asked,
    of sequences, one of each stretch.

    Parameters
    ----------
    sequences : Sequences
        The training part.
    categorical : collection of int
        Features that are symbols.
    relative : collection of int, default=()
        Numbers that are told relative to another value, and thus as they are.

    Returns
    -------
    StepEncoding or None
        None where all features are numbers that stay as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences, find_step_encoding
    >>> rng = np.random.default_rng(0)
    >>> X = np.dstack([rng.normal(size=(20, 9)), rng.integers(3, size=(20, 9))])
    >>> find_step_encoding(as_sequences(X), []).edges
    {1: array([0., 1., 2.])}
    """
    n_features = sequences.n_features
    symbols = sequences.present_values(categorical)
    categories = {feature: np.unique(values) for feature, values in symbols}
    chosen = spaced(len(sequences), max(_N_STEPS // sequences.n_timesteps, 1))
    numbers = sorted({*range(n_features)} - {*categorical, *relative})
    columns = sequences.subset(chosen).present_values(numbers)
    edges = {feature: np.unique(values) for feature, values in columns if _are_few(values)}
    return StepEncoding(n_features, categories, edges) if categories or edges else None


def _are_few(values: NDArray[np.float64]) -> bool:
    return len(np.unique(values)) <= FEW and find_encoding(values, "auto") != "standard"
