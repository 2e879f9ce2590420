"""Series that are told up to a point in time, as if the rest had not happened yet."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklstm._validation import check_no_masks, names_of
from sklstm.data import Panel, read_series

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Rows of the user's object, each with its place in time.

    Attributes
    ----------
    table : ndarray, Series or DataFrame
    places : ndarray of shape (n_rows,)
    """

    table: Any
    places: NDArray[np.int64]

    def between(self, begin: int | None, end: int) -> Any:
        """Return a copy of the rows from one place in time to before another.

        Parameters
        ----------
        begin : int or None
            None takes all rows from the first.
        end : int
        """
        chosen = self.places < end
        if begin is not None:
            chosen &= self.places >= begin
        rows = np.flatnonzero(chosen)
        table = getattr(self.table, "iloc", self.table)
        if len(rows) and rows[-1] - rows[0] == len(rows) - 1:  # an index of time keeps its freq
            return deepcopy(table[rows[0] : rows[-1] + 1])
        return deepcopy(table[rows])


@dataclass(frozen=True)
class Replay:
    """One series or many, with features, of which only what lies before an origin is told.

    Attributes
    ----------
    y : Rows
        The series in the user's form.
    X : Rows or None
        The features.
    panel : Panel
        The series, read.
    reading : dict
        How to read series in the user's form.
    horizon : int
        How many steps are forecast.
    """

    y: Rows
    X: Rows | None
    panel: Panel
    reading: dict[str, Any]
    horizon: int

    def told(self, begin: int | None, origin: int) -> tuple[Any, Any]:
        """Return what was to be known at an origin, or what came since another.

        Parameters
        ----------
        begin : int or None
            Place in time of the origin before; None takes all from the first row.
        origin : int
            Place in time of the first forecast.

        Returns
        -------
        y, X : array, Series or DataFrame
            X is None if there are no features.
        """
        X = None if self.X is None else self.X.between(begin, origin)
        return self.y.between(begin, origin), X

    def ahead(self, origin: int, n_steps: int, hidden: list[Any]) -> Any:
        """Return the features of the steps to come, with NaN where they are not known ahead.

        Parameters
        ----------
        origin : int
            Place in time of the first forecast.
        n_steps : int
            Of how many steps.
        hidden : list of str or int
            Columns that are not known ahead, by name or by position.

        Returns
        -------
        ndarray, Series, DataFrame or None
        """
        if self.X is None:
            return None
        X = self.X.between(origin, origin + n_steps)
        if not hidden:
            return X
        if isinstance(X, pd.Series):
            X = X.to_frame()
        if isinstance(X, pd.DataFrame):
            X[[name if name in X.columns else X.columns[name] for name in hidden]] = np.nan
            return X
        names = names_of(X)
        X = np.asarray(X).reshape(len(X), -1).astype(np.float64)
        X[:, [names.index(name) if name in names else name for name in hidden]] = np.nan
        return X

    def true(self, origin: int) -> Array:
        """Return what came, NaN where it is not known.

        Parameters
        ----------
        origin : int
            Place in time of the first forecast.

        Returns
        -------
        ndarray of shape (n_series, horizon, n_columns)
        """
        panel = self.panel
        place = origin - panel.start[:, None] + np.arange(self.horizon)  # (series, horizon)
        there = place < panel.lengths[:, None]
        values = panel.values[panel.first[:, None] + np.where(there, place, 0)]
        values[~there] = np.nan
        return values

    def past(self, origin: int) -> list[tuple[str, Array]]:
        """Return what each series is called, and its rows before an origin.

        Parameters
        ----------
        origin : int
            Place in time of the first forecast.

        Returns
        -------
        list of (str, ndarray of shape (n_times, n_columns))
        """
        keys = ["The series"] if self.panel.keys is None else self.panel.keys
        names = [key if self.panel.keys is None else f"Series {key!r}" for key in keys]
        ends = self.panel.first + origin - self.panel.start
        bounds = zip(names, self.panel.first, ends, strict=True)
        return [(name, self.panel.values[begin:end]) for name, begin, end in bounds]

    def read(self, forecast: Any, origin: int, name: str) -> Array:
        """Return a forecast as numbers.

        Parameters
        ----------
        forecast : array, Series or DataFrame
            In the form of y.
        origin : int
            Place in time of the first forecast.
        name : str
            How to call it in messages.

        Returns
        -------
        ndarray of shape (n_series, horizon, n_columns)

        Raises
        ------
        ValueError
            If it is of another form, of other times, or not finite.
        """
        panel = self.panel
        read = read_series(forecast, **self.reading, like=panel, start=origin, name=name)
        shape = (len(panel), self.horizon, panel.values.shape[1])
        if read.form.kind != panel.form.kind or read.values.shape[1] != shape[2]:
            raise ValueError(
                f"{name} must have the form and the columns of y ({panel.form.kind!r}, {shape[2]} "
                f"column(s)). Got {read.form.kind!r} and {read.values.shape[1]}."
            )
        n_steps = np.full(len(panel), self.horizon)
        rows = read.rows_at(panel.keys, np.full(len(panel), origin), n_steps, name)
        if not np.isfinite(rows).all():
            raise ValueError(f"{name} holds NaN or infinity.")
        return rows.reshape(shape)

    def times(self, places: Any) -> Any:
        """Return the time stamps of places in time; of arrays, the places.

        Parameters
        ----------
        places : array-like of int

        Returns
        -------
        Index
        """
        return pd.Index(places) if self.panel.grid is None else self.panel.grid.stamps(places)


def read_replay(y: Any, X: Any, reading: dict[str, Any], horizon: int) -> Replay:
    """Read series and features.

    Parameters
    ----------
    y : array-like, Series or DataFrame
        One series or many, see `read_series`.
    X : array-like, Series, DataFrame or None
        Features, of the rows of y or found by their time stamps.
    reading : dict
        `group_by`, `time_column` and `freq` of `read_series`.
    horizon : int
        How many steps are forecast.

    Returns
    -------
    Replay

    Raises
    ------
    ValueError
        If time is not regular, or values are no numbers.

    Examples
    --------
    >>> from sklstm.model_selection.replay import read_replay
    >>> replay = read_replay([1.0, 2.0, 4.0, 8.0], None, {}, 2)
    >>> replay.told(None, 2)[0].tolist(), replay.true(2).ravel().tolist()
    ([1.0, 2.0], [4.0, 8.0])
    """
    panel = read_series(y, **reading)
    if panel.grid is not None and len(y) < len(panel.values):
        _refuse_rows_of_given_times(X, len(y), len(panel.values))
        # each row as a series of one step; those that were not there are NaN
        keys = None if panel.keys is None else panel.keys.repeat(panel.lengths)
        y = panel.form.give(panel.values[:, None], keys, panel.grid.stamps(panel.places()))
    check_no_masks(X, "X")  # which are forgotten below
    time_column = reading.get("time_column")
    features = None if X is None else _rows(X, panel, time_column, int(panel.start[0]))
    return Replay(_rows(y, panel, time_column, 0), features, panel, reading, horizon)


def select(replay: Replay, kept: NDArray[np.bool_]) -> Replay:
    """Return some of the series.

    Parameters
    ----------
    replay : Replay
        Many series.
    kept : ndarray of shape (n_series,)
        Which of them.

    Returns
    -------
    Replay

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from sklstm.model_selection.replay import read_replay, select
    >>> index = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["item", "time"])
    >>> replay = read_replay(pd.Series([1.0, 2.0, 3.0, 4.0], index=index), None, {}, 1)
    >>> select(replay, np.array([False, True])).y.table.tolist()
    [3.0, 4.0]
    """
    table, form = replay.y.table, replay.panel.form
    if form.kind == "indexed":
        keys = table.index.droplevel(-1)
    else:
        keys = pd.MultiIndex.from_frame(table[form.ids])
        keys = keys.get_level_values(0) if len(form.ids) == 1 else keys
    chosen = kept[replay.panel.find(keys)]
    y = Rows(table[chosen], replay.y.places[chosen])
    panel = replay.panel.head(np.where(kept, replay.panel.lengths, 0))
    return Replay(y, replay.X, panel, replay.reading, replay.horizon)


def _refuse_rows_of_given_times(X: Any, n_given: int, n_times: int) -> None:
    """Raise if X has no time stamps, and rows for those time steps alone that y has."""
    if X is not None and not isinstance(X, pd.Series | pd.DataFrame) and len(X) == n_given:
        raise ValueError(
            f"X must have a row for each of the {n_times} time steps of y, those that y leaves out "
            f"among them. Got {n_given}. An index of time, as y has, tells which they are."
        )


def _rows(table: Any, panel: Panel, time_column: Any, start: int) -> Rows:
    if panel.grid is None or not isinstance(table, pd.Series | pd.DataFrame):
        has_names = hasattr(table, "iloc") or type(table).__module__.startswith("polars.")
        table = table if has_names else np.asarray(table)
        return Rows(table, start + np.arange(len(table)))
    in_column = time_column is not None and time_column in names_of(table)
    times = pd.Index(table[time_column]) if in_column else table.index.get_level_values(-1)
    kept = panel.grid.holds(times)  # features may be of other times too
    if kept.any():
        table, times = table[kept], times[kept]
    return Rows(table, panel.grid.numbers(times))
