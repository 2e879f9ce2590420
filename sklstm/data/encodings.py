"""How a feature is told to a network: which are symbols, and which numbers are not well spread."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

ENCODINGS = ("standard", "quantile", "piecewise_linear", "concat")

_N_BINS = 16
# "auto" takes bins where values are few; where half of them are whole numbers that are common (a
# hundredth of all, each); and where tails are heavy: the range of all but one in a hundred values
# is so many times that of the middle half, which is 3.8 of a normal feature.
FEW = 32
_MIN_REPEATS, _COMMON, _MOSTLY, _HEAVY = 10, 0.01, 0.5, 10.0


def find_encoding(values: NDArray[np.float64], encoding: str) -> str:
    """Return the encoding of one feature.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        Its values in training.
    encoding : {"auto", "standard", "quantile", "piecewise_linear", "concat"}
        "auto" takes "piecewise_linear" where values are few (3 to 32 distinct ones, each seen ten
        times on average), where they are whole numbers of which common ones make up half, or where
        their tails are heavy; else "standard". So does "concat", but for "concat" in the place of
        "standard" where there are more than two values.

    Returns
    -------
    str
        A name of `ENCODINGS`; "standard" of what has less than two values.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import find_encoding
    >>> rng = np.random.default_rng(0)
    >>> kinds = rng.normal(size=900), rng.integers(5, size=900), rng.standard_cauchy(900)
    >>> [find_encoding(values, "auto") for values in kinds]
    ['standard', 'piecewise_linear', 'piecewise_linear']
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < 2 or encoding == "standard":
        return "standard"
    if encoding not in ("auto", "concat"):
        return encoding
    if len(distinct) == 2:
        return "standard"
    if _is_discrete(distinct, counts) or _has_heavy_tails(values):
        return "piecewise_linear"
    return "standard" if encoding == "auto" else "concat"


def _is_discrete(distinct: NDArray[np.float64], counts: NDArray[np.int64]) -> bool:
    """Tell few values, and whole numbers that are mostly common ones."""
    n_values = counts.sum()
    if n_values < _MIN_REPEATS * min(len(distinct), FEW):
        return False
    if len(distinct) <= FEW:
        return True
    common = counts[counts >= _COMMON * n_values].sum() >= _MOSTLY * n_values
    return bool(common and (distinct == np.round(distinct)).all())


def _has_heavy_tails(values: NDArray[np.float64]) -> bool:
    low, first, third, high = np.quantile(values, [0.005, 0.25, 0.75, 0.995])
    return bool(high - low > _HEAVY * (third - first))


def find_edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the edges of bins: the distinct values where they are few, else quantiles.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        Of which at least two differ.

    Returns
    -------
    ndarray of shape (n_edges,)
        Increasing. With the quantiles go the most common values, up to 32 that each make up a
        hundredth.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) <= FEW:
        return distinct
    common = np.argsort(-counts, kind="stable")[:FEW]
    common = common[counts[common] >= _COMMON * len(values)]
    quantiles = np.quantile(values, np.linspace(0, 1, _N_BINS + 1), method="nearest")
    return np.union1d(quantiles, distinct[common])


def resolve_categorical(
    categorical: Any, n_features: int, names: Sequence[str] | None, *, all_integers: bool
) -> list[int]:
    """Return which features are symbols.

    Parameters
    ----------
    categorical : None, "from_dtype", or array-like of bool, int or str
        As `categorical_features` of scikit-learn's `HistGradientBoostingClassifier`.
    n_features : int
    names : sequence of str or None
        Names of the features, where known.
    all_integers : bool
        Whether the data came in an integer dtype, which "from_dtype" takes for symbols.

    Returns
    -------
    list of int
        Increasing.

    Raises
    ------
    ValueError
        If a mask has another length, an index is out of range, or a name is not known.

    Examples
    --------
    >>> from sklstm.data import resolve_categorical
    >>> resolve_categorical([False, True, True], 3, None, all_integers=False)
    [1, 2]
    >>> resolve_categorical(["port"], 2, ["size", "port"], all_integers=False)
    [1]
    """
    if categorical is None:
        return []
    if isinstance(categorical, str):
        if categorical != "from_dtype":
            raise ValueError(
                "The 'categorical_features' parameter must be None, 'from_dtype', or an array-like "
                f"of bool, int or str. Got {categorical!r} instead."
            )
        return list(range(n_features)) if all_integers else []
    chosen = np.asarray(categorical)
    if chosen.dtype == object:
        chosen = np.asarray(chosen.tolist())
    if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "biuU"):
        raise ValueError(
            "The 'categorical_features' parameter must be None, 'from_dtype', or a 1-D array-like "
            f"of bool, int or str. Got {categorical!r} instead."
        )
    if chosen.dtype.kind == "b":
        if len(chosen) != n_features:
            raise ValueError(
                f"categorical_features as a mask must have one entry a feature. It has "
                f"{len(chosen)}, and X has {n_features} feature(s) a time step."
            )
        return np.flatnonzero(chosen).tolist()
    if chosen.dtype.kind in "U":
        return sorted({_place(name, names) for name in chosen.tolist()})
    outside = [int(i) for i in chosen if not -n_features <= i < n_features]
    if outside:
        raise ValueError(
            f"categorical_features holds the index {outside[0]}, but X has {n_features} feature(s) "
            "a time step."
        )
    return sorted({int(i) % n_features for i in chosen})


def _place(name: Any, names: Sequence[str] | None) -> int:
    if names is None:
        raise ValueError(
            f"categorical_features holds the name {name!r}, but the features of X have no names: "
            "they have where X is a list of DataFrames. Give indices or a mask."
        )
    if name not in names:
        raise ValueError(
            f"categorical_features holds the name {name!r}, which is none of X's features, "
            f"{list(names)}."
        )
    return list(names).index(name)
