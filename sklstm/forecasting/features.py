"""Features of the times of series, and of the steps to come."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklstm._validation import check_no_dates, check_no_masks, names_of
from sklstm.data import Panel, read_series

Array = NDArray[np.float64]


def read_features(
    X: Any, panel: Panel, reading: dict[str, Any], like: Panel | None = None
) -> Panel:
    """Return the features of a panel's rows.

    Parameters
    ----------
    X : array-like, DataFrame or None
    panel : Panel
        The series.
    reading : dict
        How they were read: the arguments `group_by`, `time_column` and `freq` of `read_series`.
    like : Panel, default=None
        Features of fit, whose columns X must have.

    Returns
    -------
    Panel
        Of the same rows; without columns where X is None.

    Raises
    ------
    ValueError
        If X lacks rows or columns, or holds no numbers.
    """
    if X is None:
        if like is not None and like.values.shape[1]:
            raise ValueError(
                "There were features in fit. Give X (of a history, history_X) of the same times as "
                "y."
            )
        nothing = np.empty((len(panel.values), 0))
        return replace(panel, values=nothing, form=replace(panel.form, names=[]))
    columns = [] if like is None else like.form.columns
    table = _read_table(X, panel, reading, columns, panel.start, panel.lengths)
    if like is not None:
        check_columns(table, like, "X")
    rows = table.rows_at(panel.keys, panel.start, panel.lengths, "X")
    return replace(panel, values=rows, form=table.form)


def read_future(
    X: Any,
    panel: Panel,
    features: Panel,
    reading: dict[str, Any],
    known: NDArray[np.bool_],
    n_steps: int,
) -> Array:
    """Return features of the steps after the end of each series.

    Parameters
    ----------
    X : array-like, DataFrame or None
    panel, features : Panel
        The series and their features.
    reading : dict
        As in `read_features`.
    known : ndarray of shape (n_features,)
        Which features are known ahead. Others need not be in a DataFrame.
    n_steps : int

    Returns
    -------
    ndarray of shape (n_series, n_steps, n_features)
        NaN where not known ahead.

    Raises
    ------
    ValueError
        If features are missing, or were not there in fit.
    """
    future = np.full((len(panel), n_steps, len(known)), np.nan)
    if not len(known) and X is not None:
        raise ValueError("X was None in fit, so that no features can be given now.")
    if not known.any():
        return future
    ahead = [name for name, is_known in zip(features.columns, known, strict=True) if is_known]
    if X is None:
        raise ValueError(
            f"The features {ahead} of the next {n_steps} step(s) are missing. Give them as X, or "
            "name those that are not known ahead in past_only."
        )
    is_named = isinstance(X, pd.DataFrame) and bool(features.form.columns)
    lengths = np.full(len(panel), n_steps)
    table = _read_table(X, panel, reading, ahead if is_named else [], panel.stop, lengths)
    if not is_named:
        check_columns(table, features, "X")
    rows = table.rows_at(panel.keys, panel.stop, lengths, "X")
    rows = rows.reshape(*future.shape[:2], -1)
    future[..., known] = rows if is_named else rows[..., known]
    return future


def choose_columns(
    frame: pd.DataFrame, columns: list[Any], panel: Panel, reading: dict[str, Any]
) -> pd.DataFrame:
    """Return the given columns in their order, behind those of a long frame's ids and time."""
    special = [*panel.form.ids, reading["time_column"]]
    leading = [name for name in frame.columns if name in special and name not in columns]
    return frame[leading + columns]


def check_columns(panel: Panel, like: Panel, name: str) -> None:
    """Raise if series or features have not the columns of those in fit."""
    wanted, got = like.form.columns, panel.form.columns
    if len(wanted) == 1 and len(got) == 1:
        return  # there is no other that could be meant
    if panel.values.shape[1] != like.values.shape[1] or (wanted and got and wanted != got):
        raise ValueError(
            f"{name} must have the columns of fit, {wanted or like.values.shape[1]}. Got "
            f"{got or panel.values.shape[1]}."
        )


def _read_table(
    X: Any,
    panel: Panel,
    reading: dict[str, Any],
    columns: list[Any],
    start: NDArray[np.int64],
    lengths: NDArray[np.int64],
) -> Panel:
    """Read X on the grid of a panel: the given columns of a DataFrame, or all if there are none.

    `start` and `lengths` say which rows are wanted; those of an array are just these.
    """
    if columns and isinstance(X, pd.DataFrame):
        lacking = [name for name in columns if name not in X.columns]
        if lacking:
            raise ValueError(
                f"X must have the columns of fit. It lacks {lacking}, and has {list(X.columns)}."
            )
        X = choose_columns(X, columns, panel, reading)
    if panel.grid is None or not isinstance(X, pd.Series | pd.DataFrame):
        return _read_by_position(X, panel, int(start[0]), int(lengths[0]))
    if not isinstance(X.index, pd.MultiIndex):
        own = names_of(X)
        ids = panel.form.ids if panel.form.kind == "long" else []
        time = reading["time_column"]
        reading = {
            # without their ids the rows hold for all series
            "group_by": ids if ids and set(ids) <= set(own) else None,
            "time_column": time if time in own else None,
        }
    return read_series(X, **reading, like=panel, refuses_between=False, name="X")


def _read_by_position(X: Any, panel: Panel, start: int, n_rows: int) -> Panel:
    if panel.keys is not None:
        raise ValueError("X of many series must be a DataFrame, with ids and time or time alone.")
    check_no_masks(X, "X")
    check_no_dates(X, "X")
    table = read_series(np.asarray(X), start=start, name="X")
    if len(table.values) != n_rows:
        raise ValueError(
            f"X must have {n_rows} row(s), one for each time from {panel.stamp(start)} on. Got "
            f"{len(table.values)}. Rows are found by their time only if both y and X have an index."
        )
    form = replace(table.form, names=names_of(X))
    return replace(table, grid=panel.grid, form=form)
