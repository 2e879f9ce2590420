"""Windows over series: strided views, never copies."""

from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from sklstm._validation import (
    check_finite_array,
    check_int,
    check_no_dates,
    check_no_masks,
    named_columns,
    names_of,
)
from sklstm.data.time_grid import warn_unless_in_time

# Methods of arrays that change them, which would change a copy.
_IN_PLACE = {"byteswap", "fill", "partition", "put", "resize", "setfield", "setflags", "sort"}


class Windows(NDArrayOperatorsMixin):
    """Windows of several series, read like an array but held as one table of rows.

    A strided view cannot leave out the windows that would cross from one series into the next;
    this can, and takes as little memory. Indexing the first axis with a slice, integers or a
    mask gives `Windows` again; any other index, `numpy.asarray`, and whatever else is asked of an
    array, such as ``mean`` or ``reshape``, make a copy first.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        All time steps, each series behind the other.
    first : ndarray of shape (n_windows,)
        Row in which each window begins.
    window_size : int
        Number of rows of a window.
    span : ndarray of shape (n_windows, 2), dtype int64, or None, default=None
        The time step in which each window begins, and the one behind its last, where the rows do
        not tell: of several series that share their time, or of windows that were copied.

    Attributes
    ----------
    shape : tuple of int
        (n_windows, window_size, n_features).
    dtype : numpy dtype
    ndim : int
        Always 3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import Windows
    >>> windows = Windows(np.arange(6.0)[:, None], np.array([0, 3]), 2)
    >>> windows.shape
    (2, 2, 1)
    >>> windows[1].tolist()
    [[3.0], [4.0]]
    """

    ndim = 3

    def __init__(
        self,
        rows: NDArray[Any],
        first: NDArray[np.int64],
        window_size: int,
        span: NDArray[np.int64] | None = None,
    ) -> None:
        are_arrays = isinstance(rows, np.ndarray) and isinstance(first, np.ndarray)
        if not are_arrays or rows.ndim != 2 or first.ndim != 1 or first.dtype.kind not in "iu":
            raise ValueError(
                "Windows need rows, an array of shape (n_rows, n_features), and first, an array of "
                f"integers of shape (n_windows,). Got {rows!r} and {first!r}."
            )
        check_int(window_size, "window_size")
        if len(first) and window_size > len(rows):
            raise ValueError(f"Windows of {window_size} rows need as many. Got {len(rows)}.")
        if len(first) and not 0 <= first.min() <= first.max() <= len(rows) - window_size:
            raise ValueError(
                f"first must hold rows from 0 to {len(rows) - window_size}, in which windows of "
                f"{window_size} of {len(rows)} rows can begin. They are from {first.min()} to "
                f"{first.max()}."
            )
        if span is not None and np.shape(span) != (len(first), 2):
            raise ValueError(
                f"span must have shape ({len(first)}, 2), the begin and the end of each window. "
                f"Got {np.shape(span)}."
            )
        self.rows = rows
        self.first = first
        self.window_size = window_size
        self.span = span

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of windows, rows of a window, features."""
        return len(self.first), self.window_size, self.rows.shape[1]

    @property
    def size(self) -> int:
        """Number of numbers."""
        return prod(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the numbers."""
        return self.rows.dtype

    @property
    def nbytes(self) -> int:
        """Bytes that are really held."""
        return self.rows.nbytes + self.first.nbytes + (0 if self.span is None else self.span.nbytes)

    @property
    def stand_apart(self) -> bool:
        """Whether the rows are the windows, one behind the other."""
        n_windows, size, _ = self.shape
        own = np.arange(n_windows) * size
        return len(self.rows) == n_windows * size and np.array_equal(self.first, own)

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, key: Any) -> Any:
        samples, *rest = key if isinstance(key, tuple) and key else (key,)
        if isinstance(samples, list) and not samples:
            samples = np.empty(0, dtype=np.int64)
        plain = all(isinstance(part, int | np.integer | slice | type(...)) for part in rest)
        if samples is Ellipsis or samples is None or np.ndim(samples) > 1 or not plain:
            return np.asarray(self)[key]
        chosen = self.first[samples]
        if np.ndim(chosen) == 0:
            return self.rows[chosen : chosen + self.window_size][tuple(rest)]
        span = None if self.span is None else self.span[samples]
        windows = Windows(self.rows, chosen, self.window_size, span)
        # scikit-learn chooses rows by X[indices, ...]
        return windows if rest in ([], [...]) else np.asarray(windows)[(slice(None), *rest)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("Windows of several series cannot become one array without a copy.")
        array: NDArray[Any] = self.rows[self.first[:, None] + np.arange(self.window_size)]
        return array if dtype is None else array.astype(dtype, copy=False)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        changed = inputs[:1] if method == "at" else options.get("out", ())
        if any(isinstance(part, Windows) for part in changed):
            return NotImplemented
        arrays = [np.asarray(part) if isinstance(part, Windows) else part for part in inputs]
        return getattr(ufunc, method)(*arrays, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(np.ndarray, name):
            raise AttributeError(f"Windows have no attribute {name!r}.")
        if name in _IN_PLACE:
            raise AttributeError(f"Windows are not changed: np.asarray(windows) has a {name!r}.")
        if not callable(getattr(np.ndarray, name)):
            return getattr(np.asarray(self), name)
        # who only asks whether there is such a method needs no copy
        return lambda *given, **named: getattr(np.asarray(self), name)(*given, **named)

    def __repr__(self) -> str:
        return f"Windows(shape={self.shape}, dtype={self.dtype})"


def view_windows(rows: NDArray[Any], window_size: int) -> NDArray[Any]:
    """Return all windows of a table as a read-only view.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Consecutive time steps.
    window_size : int
        Number of rows of a window, at most n_rows.

    Returns
    -------
    ndarray of shape (n_rows - window_size + 1, window_size, n_features)

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import view_windows
    >>> view_windows(np.arange(4)[:, None], 3)[:, :, 0].tolist()
    [[0, 1, 2], [1, 2, 3]]
    """
    return np.swapaxes(sliding_window_view(rows, window_size, axis=0), 1, 2)


def make_windows(
    series: ArrayLike,
    window_size: int,
    horizon: int = 1,
    *,
    stride: int = 1,
    target: ArrayLike | int | str | None = None,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Cut a series into pairs of a window and what follows it.

    Window i covers rows ``i * stride`` to ``i * stride + window_size - 1``; its target is the
    `horizon` rows after that. Pairs that would reach over the end are dropped.

    Parameters
    ----------
    series : array-like of shape (n_times,) or (n_times, n_features)
        The series, oldest row first.
    window_size : int
        Number of rows of a window.
    horizon : int, default=1
        How many steps ahead the targets lie: rows 1 to `horizon` after the window.
    stride : int, default=1
        How many rows lie between the beginnings of two windows.
    target : int, str or array-like of shape (n_times,) or (n_times, n_targets), default=None
        What to predict: a column of `series` by position or (of a DataFrame) by name, or a
        series of its own aligned with `series`, of numbers or of labels that are strings, NaN only
        in rows that are no target. None takes `series` itself.

    Returns
    -------
    X : ndarray of shape (n_pairs, window_size) or (n_pairs, window_size, n_features)
        Read-only view of one float32 copy of the series; 2-D if `series` is 1-D.
    y : ndarray of shape (n_pairs,) or (n_pairs, n_outputs)
        Targets in the dtype of the target, ``n_outputs = horizon * n_targets`` with step varying
        slowest; 1-D if there is a single output.

    Raises
    ------
    ValueError
        If a parameter is no positive int, the series is too short for one pair, `target` names
        no column or has another length, or a value that is read is not finite or masked.

    Examples
    --------
    >>> from sklstm import make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], 3, 2)
    >>> X[0].tolist(), y[0].tolist()
    ([10.0, 20.0, 30.0], [40, 50])
    >>> X[-1].tolist(), y[-1].tolist()
    ([50.0, 60.0, 70.0], [80, 90])
    """
    for name, value in (("window_size", window_size), ("horizon", horizon), ("stride", stride)):
        check_int(value, name)
    check_no_masks(series, "series")
    check_no_dates(series, "series")
    warn_unless_in_time(series)
    with named_columns(series, "series"):
        values = check_finite_array(series, "series", "numeric")
    check_no_dates(values, "series")
    if values.ndim not in (1, 2):
        raise ValueError(
            f"series must be 1-D (n_times,) or 2-D (n_times, n_features). Got shape {values.shape}."
        )
    targets = _targets(series, values, target)
    n_pairs = (len(values) - window_size - horizon) // stride + 1
    if len(values) < window_size + horizon:
        raise ValueError(
            f"window_size={window_size} and horizon={horizon} need a series of at least "
            f"{window_size + horizon} rows. Got {len(values)}: shorten them, or bring more rows."
        )
    with np.errstate(over="ignore"):
        rows = values.reshape(len(values), -1).astype(np.float32)
    if not np.isfinite(rows).all():
        raise ValueError(
            "series contains infinity or a value too large for float32, in which windows are kept. "
            "Bring it to another unit."
        )
    X = view_windows(rows, window_size)[: n_pairs * stride : stride]
    ahead = view_windows(targets.reshape(len(targets), -1)[window_size:], horizon)
    y = np.array(ahead[: n_pairs * stride : stride])  # (pairs, horizon, targets), a copy like X
    _check_finite(y, window_size, stride)
    y = y.reshape(n_pairs, -1)
    return X[:, :, 0] if values.ndim == 1 else X, y[:, 0] if y.shape[1] == 1 else y


def _targets(
    series: Any, values: NDArray[Any], target: ArrayLike | int | str | None
) -> NDArray[Any]:
    if target is None:
        return values
    if isinstance(target, str):
        columns = names_of(series)
        if target not in columns:
            raise ValueError(
                f"target={target!r} names no column of series. Its columns are "
                f"{columns or 'unnamed; give a position or an array'}."
            )
        return values[:, columns.index(target)]
    if isinstance(target, int | np.integer) and not isinstance(target, bool):
        n_columns = values.reshape(len(values), -1).shape[1]
        if not -n_columns <= target < n_columns:
            raise ValueError(
                f"target={target} is no column of series, which has {n_columns} column(s)."
            )
        return values.reshape(len(values), -1)[:, target]
    check_no_masks(target, "target")
    if isinstance(target, list | tuple):
        target = np.asarray(target, dtype=object)  # else a missing label would become a string
    kind = None if _holds_strings(target) else "numeric"
    separate = check_array(
        target, dtype=kind, ensure_2d=False, ensure_all_finite=False, input_name="target"
    )
    if separate.ndim not in (1, 2) or len(separate) != len(values):
        raise ValueError(
            "target must be 1-D or 2-D with one row a row of series. Got shape "
            f"{separate.shape} for a series of {len(values)} rows."
        )
    return np.asarray(separate)


def _check_finite(y: NDArray[Any], window_size: int, stride: int) -> None:
    odd = ~np.isfinite(y) if y.dtype.kind == "f" else np.asarray(pd.isna(y))
    if odd.any():
        pair, step = np.argwhere(odd)[0, :2]
        what = "NaN or infinity" if y.dtype.kind == "f" else "a missing label"
        raise ValueError(
            f"target holds {what} in row {pair * stride + window_size + step}. Fill it, "
            "or leave rows out at the beginning or the end."
        )


def _holds_strings(target: ArrayLike) -> bool:
    """Tell whether labels are strings, some of which may be missing."""
    values = np.asarray(target)
    if values.dtype.kind not in "UOT":
        return False
    is_string = np.array([isinstance(value, str) for value in values.ravel()], dtype=bool)
    return bool(is_string.any() and (is_string | pd.isna(values.ravel())).all())
