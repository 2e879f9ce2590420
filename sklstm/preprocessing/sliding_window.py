"""Windows over a series, one window a row."""

import warnings
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags, check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_feature_names_in,
    check_is_fitted,
    validate_data,
)

from sklstm._transaction import transaction
from sklstm._validation import check_int, check_no_dates, check_no_masks, named_columns, names_of
from sklstm.data import Windows, dates_of, view_windows, warn_unless_in_time


@dataclass(frozen=True)
class GroupedRows:
    """Rows of one or several series, in any order.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_features)
    codes : ndarray of shape (n_rows,)
        Number of the series that each row belongs to, from 0 in order of appearance.
    keys : list
        What the user calls each series.
    times : Index or None
        Dates of the rows, if these are known.
    """

    values: NDArray[np.float32]
    codes: NDArray[np.int64]
    keys: list[Any]
    times: Any

    def in_order(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows series by series, and where each series begins among them."""
        order = np.argsort(self.codes, kind="stable")
        return order, np.flatnonzero(np.diff(self.codes[order], prepend=-1))

    def dates_at(self, *, last: bool) -> Any:
        """Return the first or the last date of each series, a Series by key, None without dates."""
        if self.times is None:
            return None
        import pandas as pd

        order, begin = self.in_order()
        rows = np.append(begin[1:], len(order)) - 1 if last else begin
        return pd.Series(self.times[order[rows]], index=pd.Index(self.keys, dtype=object))


class SlidingWindowTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Replace every row of a series by the window of rows that ends there.

    Row t of the result holds rows ``t - window_size + 1`` to t of the series, oldest first, and
    nothing later. There are as many rows as before, so that y, sample weights and splits stay
    aligned in a `Pipeline`.

    Parameters
    ----------
    window_size : int, default=10
        Number of rows of a window.
    padding : {"edge", "nan"}, default="edge"
        What stands in for the rows before the first: "edge" repeats the first row; "nan" leaves
        absent steps, which the LSTM estimators read as shorter sequences.
    flatten : bool, default=False
        Whether to lay every window out flat, as the lag table that other estimators need: a
        read-only view of one series, and a copy of several (`group_by`), of n_times * window_size *
        n_features numbers.
    group_by : str, int or None, default=None
        What tells several series apart: a column of a DataFrame by name, a level of its
        MultiIndex by name, or a column of an array by position. Windows never cross from one
        series to another, and the column is no feature. The rows of a series may lie anywhere,
        and are read in their order.
    context : {"none", "last"}, default="none"
        What `transform` puts before the first row given to it: "last" takes the last
        ``window_size - 1`` rows seen in `fit` (of each series), for rows that follow those of
        the training, without a gap. `fit_transform` never does. Do not use it where `transform`
        may be given the training rows again, as in ``cross_validate(return_train_score=True)``.

    Attributes
    ----------
    n_features_in_ : int
        Columns of X, `group_by` among them.
    feature_names_in_ : ndarray of str
        Names of the columns, where X was a DataFrame with string names.
    fitted_with_ : tuple
        `window_size`, `group_by` and `context` as they were in `fit`.
    group_column_ : int or None
        Position of the column that `group_by` names.
    context_ : dict
        Of each series, the last rows seen in `fit`; empty with ``context="none"``, and with
        windows of one row.
    context_end_ : Series or None
        Of each series, the last date seen in `fit`; None without dates or context.

    See Also
    --------
    make_windows : Pairs of windows and targets.

    Notes
    -----
    The series is copied once, as float32; the result is a read-only strided view of that copy,
    of n_times + window_size - 1 rows. Of several series it is a `Windows` object, which is
    indexed like an array and becomes one with ``numpy.asarray``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import SlidingWindowTransformer
    >>> X = np.arange(4.0).reshape(-1, 1)
    >>> SlidingWindowTransformer(3).fit_transform(X)[:, :, 0].tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "window_size": [Interval(Integral, 1, None, closed="left")],
        "padding": [StrOptions({"edge", "nan"})],
        "flatten": ["boolean"],
        "group_by": [str, Integral, None],
        "context": [StrOptions({"none", "last"})],
    }

    def __init__(
        self,
        window_size: int = 10,
        *,
        padding: str = "edge",
        flatten: bool = False,
        group_by: str | int | None = None,
        context: str = "none",
    ) -> None:
        self.window_size = window_size
        self.padding = padding
        self.flatten = flatten
        self.group_by = group_by
        self.context = context

    def fit(self, X: Any, y: object = None) -> "SlidingWindowTransformer":
        """Check the series and, with ``context="last"``, remember its end.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_times, n_columns)
            The series, oldest row first.
        y : None
            Ignored.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If X is not 2-D and finite, `group_by` names nothing in it, or the longest series is
            shorter than `window_size`.

        Warns
        -----
        UserWarning
            If the index of X says that rows are not in the order of time, here or in `transform`;
            or that those of `transform` do not follow those whose end is put before them.
        """
        with transaction(self):
            self._fit(X)
        return self

    def fit_transform(self, X: Any, y: object = None) -> Any:
        """Fit, and return the windows of the same rows, without any context.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_times, n_columns)
            The series, oldest row first.
        y : None
            Ignored.

        Returns
        -------
        ndarray or Windows of shape (n_times, window_size, n_features), or table
            As of `transform`.
        """
        with transaction(self):
            series = self._fit(X)
        return self._lay_out(series, {})

    def transform(self, X: Any) -> Any:
        """Return the window that ends at each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_times, n_columns)
            The series, oldest row first. It may be shorter than a window.

        Returns
        -------
        ndarray or Windows of shape (n_times, window_size, n_features), float32
            Read-only view. With ``flatten=True`` a table of shape (n_times, window_size *
            n_features), oldest step first, in the container that `set_output` chose.
        """
        check_is_fitted(self)
        self._check_as_fitted()
        series = self._check_X(X, reset=False)
        self._warn_unless_it_follows(series)
        return self._lay_out(series, self.context_)

    @available_if(lambda self: self.flatten)  # type: ignore[untyped-decorator]
    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Return the names of the lag table's columns. Only with ``flatten=True``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the input's columns, `group_by` among them, where `fit` saw none.

        Returns
        -------
        ndarray of str
            ``<column>_lag<k>`` for the value k rows before, oldest first.
        """
        check_is_fitted(self)
        names = list(_check_feature_names_in(self, input_features))
        if self.group_column_ is not None:
            del names[self.group_column_]
        lags = range(self.window_size - 1, -1, -1)
        return np.array([f"{name}_lag{lag}" for lag in lags for name in names], dtype=object)

    def set_output(self, *, transform: str | None = None) -> "SlidingWindowTransformer":
        """Choose the container of the lag table; windows are no table and stay an array.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            Has no effect with ``flatten=False``.

        Returns
        -------
        self : object
        """
        return super().set_output(transform=transform) if self.flatten else self

    def _fit(self, X: Any) -> GroupedRows:
        self._validate_params()
        check_int(self.window_size, "window_size")
        series = self._check_X(X, reset=True)
        longest = int(np.bincount(series.codes).max())
        if longest < self.window_size:
            raise ValueError(
                f"window_size={self.window_size} is longer than the longest series in X, of "
                f"{longest} row(s) (n_samples={len(series.codes)}). Shorten the window, or fit on "
                "more rows."
            )
        self.fitted_with_ = (self.window_size, self.group_by, self.context)
        puts_before = self.context == "last" and self.window_size > 1
        self.context_ = self._ends(series) if puts_before else {}
        self.context_end_ = series.dates_at(last=True) if puts_before else None
        return series

    def _warn_unless_it_follows(self, series: GroupedRows) -> None:
        if self.context_end_ is None:
            return
        begin, end = series.dates_at(last=False), self.context_end_
        if begin is None or not _can_be_compared(begin, end):
            return
        end = end.reindex(begin.index)
        known = np.flatnonzero(end.notna())
        early = known[(begin.iloc[known] <= end.iloc[known]).to_numpy()]
        if len(early):
            warnings.warn(
                f"context='last' puts what fit saw up to {end.iloc[early[0]]} before rows that "
                f"begin at {begin.iloc[early[0]]}, so that windows hold what came later, or the "
                "same row twice. Transform rows that follow those of fit, or set context='none'.",
                stacklevel=4,  # set_output's wrapper lies between
            )

    def _check_as_fitted(self) -> None:
        self._validate_params()
        window_size, group_by, context = self.fitted_with_
        if self.fitted_with_ != (self.window_size, self.group_by, self.context):
            raise ValueError(
                f"fit saw window_size={window_size}, group_by={group_by!r} and "
                f"context={context!r}, but they are now {self.window_size}, {self.group_by!r} and "
                f"{self.context!r}. Fit again."
            )

    def _check_X(self, X: Any, *, reset: bool) -> GroupedRows:
        column, codes, keys = self._groups(X)
        features = _without(X, column)
        if column is not None and features.shape[1] == 0:
            raise ValueError(
                f"Found array with 0 feature(s) beside the column of group_by={self.group_by!r}, "
                "while a minimum of 1 is required."
            )
        check_no_masks(features, "X")
        check_no_dates(features, "X")
        # too large a value is reported as such
        with np.errstate(over="ignore"), named_columns(features, "X"):
            values = check_array(
                features, dtype=np.float32, estimator=self, ensure_all_finite=False, input_name="X"
            )
        validate_data(self, X, reset=reset, skip_check_array=True)
        _check_finite(values)
        if reset:
            self.group_column_ = column
        codes = np.zeros(len(values), dtype=np.int64) if codes is None else codes
        warn_unless_in_time(X, codes)
        return GroupedRows(values, codes, keys, dates_of(X))

    def _groups(self, X: Any) -> tuple[int | None, NDArray[np.int64] | None, list[Any]]:
        """Return the column that tells series apart, the number of each row's, and their keys."""
        if self.group_by is None:
            return None, None, [None]
        import pandas as pd

        column, keys = _find_groups(X, self.group_by)
        codes, unique = pd.factorize(keys)
        if (codes < 0).any():
            raise ValueError(
                f"group_by={self.group_by!r} holds a missing value in row "
                f"{int(np.argmin(codes))}: every row must name its series."
            )
        return column, codes.astype(np.int64), list(unique)

    def _ends(self, series: GroupedRows) -> dict[Any, NDArray[np.float32]]:
        n_kept = self.window_size - 1
        order, begin = series.in_order()
        places = np.split(order, begin[1:])  # the rows of each series
        return {
            key: series.values[rows[max(0, len(rows) - n_kept) :]]
            for key, rows in zip(series.keys, places, strict=True)
        }

    def _lay_out(self, series: GroupedRows, context: dict[Any, NDArray[np.float32]]) -> Any:
        windows = self._windows(series, context)
        if self.flatten:
            return np.asarray(windows).reshape(len(windows), -1)
        return windows

    def _windows(
        self, series: GroupedRows, context: dict[Any, NDArray[np.float32]]
    ) -> NDArray[np.float32] | Windows:
        n_rows, n_features = series.values.shape
        n_head = self.window_size - 1
        # every series lies behind a head of rows that stand in for those before its first
        rows = np.empty((n_rows + len(series.keys) * n_head, n_features), dtype=np.float32)
        order, place, begin = self._places(series)
        rows[place] = series.values[order]
        for number, start in enumerate(begin):
            head = rows[start - n_head : start]
            head[:] = rows[start] if self.padding == "edge" else np.nan
            end = context.get(series.keys[number])
            if end is not None and len(end) and n_head:
                head[: n_head - len(end)] = end[0] if self.padding == "edge" else np.nan
                head[n_head - len(end) :] = end
        rows.flags.writeable = False
        if self.group_by is None:
            return view_windows(rows, self.window_size)
        first = np.empty(n_rows, dtype=np.int64)
        first[order] = place - n_head
        return Windows(rows, first, self.window_size)

    def _places(self, series: GroupedRows) -> tuple[Any, Any, NDArray[np.int64]]:
        """Return which rows to take, where they go, and where each series begins."""
        n_head = self.window_size - 1
        if self.group_by is None:
            return slice(None), slice(n_head, None), np.array([n_head])
        order, begin = series.in_order()
        place = np.arange(len(order)) + (series.codes[order] + 1) * n_head
        return order, place, place[begin]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # float32, whatever comes
        return tags


def _can_be_compared(one: Any, other: Any) -> bool:
    """Tell whether dates are of one kind: with a time zone or without, or alike periods."""
    a, b = one.dtype, other.dtype
    if hasattr(a, "freq") or hasattr(b, "freq"):
        return bool(a == b)
    return hasattr(a, "tz") == hasattr(b, "tz")


def _check_finite(values: NDArray[np.float32]) -> None:
    fine = np.isfinite(values)
    if fine.all():
        return
    row, column = (int(place[0]) for place in np.nonzero(~fine))
    what = "infinity or a value too large for dtype('float32')"
    hint = ""
    if np.isnan(values[row, column]):
        what = "NaN"
        hint = (
            " Fill in missing values before windows are made, for example with "
            "sklearn.impute.SimpleImputer."
        )
    raise ValueError(f"Input X contains {what}: the first is in row {row}, feature {column}.{hint}")


def _find_groups(X: Any, group_by: str | int) -> tuple[int | None, Any]:
    """Return the position of the grouping column, None for an index level, and the keys."""
    if isinstance(group_by, str):
        columns = names_of(X)
        levels = list(getattr(getattr(X, "index", None), "names", []))
        if group_by in columns:
            return columns.index(group_by), X[group_by].to_numpy()
        if group_by in levels:
            return None, X.index.get_level_values(group_by)
        raise ValueError(
            f"The 'group_by' parameter names {group_by!r}, which is neither a column "
            f"{columns} nor an index level {levels} of X. Give X as a DataFrame that has it, or "
            "the position of a column of an array."
        )
    n_columns = X.shape[1] if hasattr(X, "shape") else len(X[0])
    if isinstance(group_by, bool | np.bool_) or not 0 <= group_by < n_columns:
        raise ValueError(
            f"The 'group_by' parameter must be a column of X, which has {n_columns}. Got "
            f"{group_by}."
        )
    if hasattr(X, "iloc"):
        return group_by, X.iloc[:, group_by].to_numpy()
    rows = check_array(X, dtype=None, ensure_all_finite=False, input_name="X")
    return group_by, rows[:, group_by]


def _without(X: Any, column: int | None) -> Any:
    if column is None:
        return X
    if hasattr(X, "iloc"):
        return X.drop(columns=X.columns[column])
    return np.delete(np.asarray(X), column, axis=1)
