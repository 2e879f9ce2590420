"""What is asked of a table of rows, a few of them at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# How many numbers the passes over all data look at together: 4 MB in float64.
_TOGETHER = 2**19


def pieces(n_rows: int, width: int) -> Iterator[slice]:
    """Yield the rows in pieces of a few MB.

    Parameters
    ----------
    n_rows : int
    width : int
        How many numbers are looked at for each row.

    Yields
    ------
    slice

    Examples
    --------
    >>> from sklstm.data.rows import pieces
    >>> list(pieces(100_000, 8))
    [slice(0, 65536, None), slice(65536, 131072, None)]
    """
    n_together = max(1, _TOGETHER // width)
    for start in range(0, n_rows, n_together):
        yield slice(start, start + n_together)


def cast(rows: NDArray[Any], dtype: np.dtype[Any] | None) -> NDArray[Any]:
    """Return rows in another dtype; what overflows becomes infinite. None keeps what they have."""
    if dtype is None or rows.dtype == dtype:
        return rows
    with np.errstate(over="ignore"):  # to be reported as infinite
        return rows.astype(dtype, copy=False)


def is_memory_map(array: NDArray[Any]) -> bool:
    """Tell whether an array is a view of a file."""
    base: Any = array
    while base is not None:
        if isinstance(base, np.memmap):
            return True
        base = getattr(base, "base", None)
    return False


def is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which values are NaN, in any dtype."""
    missing: NDArray[np.bool_] = values != values  # NaN alone differs from itself
    return missing


def latest_known(known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each row the latest known one up to it, -1 where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data.rows import latest_known
    >>> latest_known(np.array([False, True, False])).tolist()
    [-1, 1, 1]
    """
    latest: NDArray[np.int64] = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    return latest


def spaced(n_rows: int, most: int) -> NDArray[np.int64]:
    """Return the numbers of all rows, or of so many, one of each stretch of equal length.

    Which one is drawn, always alike: the same place of each would be the same step, hour or class
    throughout, where rows come in turn.

    Examples
    --------
    >>> from sklstm.data.rows import spaced
    >>> spaced(3, 10).tolist(), spaced(12, 3).tolist()
    ([0, 1, 2], [2, 5, 8])
    """
    if n_rows <= most:
        return np.arange(n_rows)
    edges = np.linspace(0, n_rows, most + 1).astype(np.int64)
    within = np.random.default_rng(0).random(most) * np.diff(edges)
    places: NDArray[np.int64] = edges[:-1] + within.astype(np.int64)
    return places


def first_rows(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each sequence begins in a table of all sequences' steps.

    Parameters
    ----------
    lengths : ndarray of shape (n_sequences,)
        Steps of each sequence.

    Returns
    -------
    ndarray of shape (n_sequences,), dtype int64

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import first_rows
    >>> first_rows(np.array([2, 1, 3])).tolist()
    [0, 2, 3]
    """
    return np.cumsum(lengths) - lengths


def rows_of(first: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of sequences' steps in a table of all sequences' steps.

    Parameters
    ----------
    first, lengths : ndarray of shape (n_chosen,)
        Where each of the chosen sequences begins, and its steps.

    Returns
    -------
    ndarray of shape (n_rows,), dtype int64

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import rows_of
    >>> rows_of(np.array([3, 0]), np.array([3, 2])).tolist()
    [3, 4, 5, 0, 1]
    """
    return np.repeat(first - first_rows(lengths), lengths) + np.arange(lengths.sum())
