"""One series or many, as users keep them: arrays, pandas objects, long frames."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_array

from sklstm._validation import (
    check_no_dates,
    check_no_masks,
    check_squares,
    columns_of_no_numbers,
    names_of,
)
from sklstm.data.rows import first_rows, rows_of
from sklstm.data.time_grid import TimeGrid, check_times, find_fall

Ids = str | Sequence[str] | None

# More rows of the grid for each time stamp mean a freq far too fine, and would not fit in memory.
_MOST_ROWS_A_STAMP = 1_000


@dataclass(frozen=True)
class Form:
    """How series were given, so that what follows them is given back in the same way.

    Attributes
    ----------
    kind : {"array", "series", "frame", "indexed", "long"}
        An array; one series with an index of time; series in one object with an index of ids and
        time; a long frame with columns of ids and maybe time.
    names : Index or list
        Of the values, where they have any; of a DataFrame all that pandas knows of its columns.
    one_dimensional : bool
    ids : list
        Names of what tells series apart.
    time_column : hashable or None
        Column of time in a long frame; None where the index is.
    """

    kind: str
    names: Any
    one_dimensional: bool
    ids: list[Any]
    time_column: Any = None

    @property
    def columns(self) -> list[Any]:
        """Names of the values, none where they have none."""
        return list(self.names)

    @property
    def in_columns(self) -> bool:
        """Whether time is a column, so that the index means nothing."""
        return self.kind == "long" and self.time_column is not None

    def give(self, values: NDArray[Any], keys: Any, times: Any) -> Any:
        """Return rows in this form.

        Parameters
        ----------
        values : ndarray of shape (n_series, n_steps, n_columns)
        keys : Index of length n_series or None
        times : Index of length n_series * n_steps, or None for an array

        Returns
        -------
        ndarray, Series or DataFrame
        """
        n_series, n_steps, n_columns = values.shape
        rows = values.reshape(n_series * n_steps, n_columns)
        if self.kind == "array":
            return rows[:, 0] if self.one_dimensional else rows
        index = times
        ids: list[Any] = []
        if keys is not None:
            repeated = keys.repeat(n_steps)
            ids = [repeated.get_level_values(level) for level in range(repeated.nlevels)]
            if self.kind == "indexed":
                index = pd.MultiIndex.from_arrays([*ids, times], names=[*self.ids, times.name])
        if self.kind == "long":
            leading = dict(zip(self.ids, ids, strict=True))
            if self.time_column is not None:
                leading[self.time_column] = times
                index = pd.RangeIndex(len(rows))
            table = dict(zip(self.columns, rows.T, strict=True))
            return pd.DataFrame({k: v.array for k, v in leading.items()} | table).set_axis(index)
        if self.one_dimensional:
            return pd.Series(rows[:, 0], index=index, name=self.columns[0])
        return pd.DataFrame(rows, index=index, columns=self.names)


@dataclass(frozen=True)
class Panel:
    """Series without gaps in time, one behind the other.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_columns), float64
        One row a time step, NaN where nothing is known.
    lengths : ndarray of shape (n_series,), int64
        Rows of each series.
    start : ndarray of shape (n_series,), int64
        Place in time of each first row.
    keys : Index of length n_series or None
        What the user calls each series; None of one that has no name.
    grid : TimeGrid or None
        The time stamps of places; None of arrays.
    form : Form
        How they were given.
    """

    values: NDArray[np.float64]
    lengths: NDArray[np.int64]
    start: NDArray[np.int64]
    keys: Any
    grid: TimeGrid | None
    form: Form

    @property
    def first(self) -> NDArray[np.int64]:
        """Row in which each series begins."""
        return first_rows(self.lengths)

    @property
    def stop(self) -> NDArray[np.int64]:
        """Place in time behind each last row."""
        stop: NDArray[np.int64] = self.start + self.lengths
        return stop

    def __len__(self) -> int:
        return len(self.lengths)

    def n_before(self) -> NDArray[np.int64]:
        """Return how many rows of its series lie before every row."""
        return np.arange(len(self.values)) - np.repeat(self.first, self.lengths)

    def places(self) -> NDArray[np.int64]:
        """Return the place in time of every row."""
        return self.place_of(np.arange(len(self.values)))

    def place_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the place in time of some rows."""
        series = self.series_of(rows)
        return self.start[series] + rows - self.first[series]

    @property
    def columns(self) -> list[Any]:
        """Names of the columns, or their positions where they have none."""
        return list(self.form.columns) or list(range(self.values.shape[1]))

    def series_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of the series of each row."""
        return np.searchsorted(self.first, rows, side="right") - 1

    def where(self, row: int) -> str:
        """Return the place of a row in the user's words."""
        number = np.array([row])
        stamp = self.stamp(int(self.place_of(number)[0]))
        if self.keys is None:
            return stamp
        return f"{stamp} of series {self.keys[self.series_of(number)[0]]}"

    def give(self, values: NDArray[Any], start: NDArray[np.int64]) -> Any:
        """Return steps of each series in the user's form.

        Parameters
        ----------
        values : ndarray of shape (n_series, n_steps, n_columns)
        start : ndarray of shape (n_series,)
            Place in time of the first step.
        """
        times = None
        if self.grid is not None:
            times = self.grid.stamps((start[:, None] + np.arange(values.shape[1])).ravel())
        return self.form.give(values, self.keys, times)

    def find(self, keys: Any) -> NDArray[np.int64]:
        """Return the number of the series of each key, -1 where there is none."""
        if self.keys is None or keys is None:
            return np.zeros(1 if keys is None else len(keys), dtype=np.int64)
        found: NDArray[np.int64] = self.keys.get_indexer(keys)
        return found

    def rows_at(
        self, keys: Any, start: NDArray[np.int64], lengths: NDArray[np.int64], name: str
    ) -> NDArray[np.float64]:
        """Return the rows of given series and times; a single unnamed series stands for all.

        Parameters
        ----------
        keys : Index of length n_series or None
        start, lengths : ndarray of shape (n_series,)
            Place in time of the first row, and how many rows.
        name : str
            How to call it in messages.

        Returns
        -------
        ndarray of shape (sum of lengths, n_columns)

        Raises
        ------
        ValueError
            If a row is not there.
        """
        own = np.zeros(len(start), dtype=np.int64) if self.keys is None else self.find(keys)
        if (own < 0).any():
            raise ValueError(f"{name} has no rows of series {keys[int(np.argmax(own < 0))]}.")
        skipped = start - self.start[own]
        lacking = (skipped < 0) | (skipped + lengths > self.lengths[own])
        if lacking.any():
            series = int(np.argmax(lacking))
            place = int(start[series] if skipped[series] < 0 else self.stop[own[series]])
            begin, end = (
                self.stamp(int(start[series])),
                self.stamp(int(start[series] + lengths[series] - 1)),
            )
            of = "" if keys is None else f" of series {keys[series]}"
            raise ValueError(
                f"{name} has no row of {self.stamp(place)}{of}: it must hold all from {begin} to "
                f"{end}."
            )
        return self.values[rows_of(self.first[own] + skipped, lengths)]

    def stamp(self, place: int) -> str:
        """Return a place in time in the user's words."""
        return f"row {place}" if self.grid is None else f"time {self.grid.stamps([place])[0]}"

    def head(self, lengths: NDArray[np.int64]) -> "Panel":
        """Return the first rows of each series, and no series of none."""
        kept = np.flatnonzero(lengths > 0)
        return replace(
            self,
            values=self.values[rows_of(self.first[kept], lengths[kept])],
            lengths=lengths[kept],
            start=self.start[kept],
            keys=None if self.keys is None else self.keys[kept],
        )

    def append(self, more: "Panel") -> "Panel":
        """Return the series with those that follow, and new series behind.

        Raises
        ------
        ValueError
            If a series does not go on where it ended.
        """
        own = self.find(more.keys)
        goes_on = own >= 0
        late = np.flatnonzero(more.start[goes_on] != self.stop[own[goes_on]])
        if len(late):
            series = int(np.flatnonzero(goes_on)[late[0]])
            raise ValueError(
                "Observations must follow those before without a gap or an overlap: "
                f"{self.stamp(int(self.stop[own[series]]))} is expected next, but they begin at "
                f"{more.where(int(more.first[series]))}."
            )
        if self.keys is None:
            values = np.concatenate([self.values, more.values])
            return replace(self, values=values, lengths=self.lengths + more.lengths)
        new = np.flatnonzero(~goes_on)
        own[new] = len(self) + np.arange(len(new))
        owner = np.concatenate(
            [np.repeat(np.arange(len(self)), self.lengths), np.repeat(own, more.lengths)]
        )
        order = np.argsort(owner, kind="stable")  # stable: what was there stays in front
        values = np.concatenate([self.values, more.values])[order]
        return replace(
            self,
            values=values,
            lengths=np.bincount(owner, minlength=len(self) + len(new)),
            start=np.concatenate([self.start, more.start[new]]),
            keys=self.keys.append(more.keys[new]),
        )


def read_series(
    y: Any,
    *,
    group_by: Ids = None,
    time_column: Any = None,
    freq: Any = None,
    like: Panel | None = None,
    refuses_between: bool = True,
    start: int = 0,
    name: str = "y",
) -> Panel:
    """Read one series or many.

    Parameters
    ----------
    y : array-like, Series or DataFrame
        An array of shape (n_times,) or (n_times, n_columns); a Series or DataFrame with an index of
        time; the same with a MultiIndex of ids and, last, time; or a long frame with columns of
        ids and time. The rows of several series may be mixed; those of each must be in the
        order of time.
    group_by : str, sequence of str or None, default=None
        Column or columns of a long frame that tell its series apart.
    time_column : str or None, default=None
        Column of a long frame with the time; None takes its index.
    freq : str, offset or int, default=None
        What lies between two time steps; None infers it.
    like : Panel or None, default=None
        Series whose grid of time is to be used.
    refuses_between : bool, default=True
        Whether time stamps between two of that grid are an error; else their rows are left out.
    start : int, default=0
        Place in time of the first row of an array.
    name : str, default="y"
        How to call it in messages.

    Returns
    -------
    Panel
        Time stamps that are not there have become rows of NaN.

    Raises
    ------
    ValueError
        If values are no numbers or infinite, time stamps are unsorted, repeated or not on a
        regular grid, or a column is not there.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm.data import read_series
    >>> days = pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-04"])
    >>> read_series(pd.Series([1.0, 2.0, 4.0], index=days), freq="D").values.ravel().tolist()
    [1.0, 2.0, nan, 4.0]
    """
    table, keys, times, form = _take_apart(y, group_by, time_column, name)
    values = _numbers(table, name)
    if not refuses_between and times is not None and like is not None and like.grid is not None:
        with _named(name):
            kept = like.grid.holds(times)
        if kept.any():  # else there is a message below
            values, times, keys = values[kept], times[kept], None if keys is None else keys[kept]
    codes = np.zeros(len(values), dtype=np.int64)
    if keys is not None:
        codes, keys = keys.factorize()
    if (codes < 0).any():
        raise ValueError(f"{name} has no id in row {int(np.argmax(codes < 0))}. Name its series.")
    if times is None:
        return Panel(values, np.array([len(values)]), np.array([start]), None, None, form)
    grid = None if like is None else like.grid
    if like is not None and grid is None:
        raise ValueError(f"{name} has time stamps, but the series before were arrays.")
    with _named(name):
        check_times(times)
    if (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        codes, times, values = codes[order], times[order], values[order]
    _check_order(times, codes, keys, name)
    begins = np.flatnonzero(np.diff(codes, prepend=-1))
    with _named(name):
        grid = grid or _find_grid(times, begins, freq)
        numbers = grid.numbers(times)
    begin, end = numbers[begins], numbers[np.append(begins[1:], len(numbers)) - 1]
    lengths = end - begin + 1
    if lengths.sum() > _MOST_ROWS_A_STAMP * len(values):
        raise ValueError(
            f"{name}: time in steps of {grid.freq!r} has {lengths.sum()} rows, where "
            f"{len(values)} are given. Is freq finer than the time stamps?"
        )
    full = np.full((lengths.sum(), values.shape[1]), np.nan)
    full[first_rows(lengths)[codes] + numbers - begin[codes]] = values
    return Panel(full, lengths, begin, keys, grid, form)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Put the name of what was read in front of messages."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _take_apart(y: Any, group_by: Ids, time_column: Any, name: str) -> tuple[Any, Any, Any, Form]:
    """Return the table of values, the ids and times of its rows (or None), and the form."""
    wanted = [] if group_by is None else [group_by] if isinstance(group_by, str) else list(group_by)
    if not isinstance(y, pd.Series | pd.DataFrame):
        if wanted or time_column is not None:
            raise ValueError(
                f"group_by and time_column need {name} to be a DataFrame of pandas. Got {type(y)}."
            )
        check_no_masks(y, name)
        check_no_dates(y, name)
        table = np.asarray(y)
        return table, None, None, Form("array", names_of(y), table.ndim == 1, [])
    if isinstance(y.index, pd.MultiIndex):
        return _take_indexed(y, wanted, time_column, name)
    if not wanted and time_column is None:
        return y, None, y.index, _form_of(y, "series" if isinstance(y, pd.Series) else "frame", [])
    return _take_long(y, wanted, time_column, name)


def _take_indexed(
    y: pd.Series | pd.DataFrame, wanted: list[Any], time_column: Any, name: str
) -> tuple[Any, Any, Any, Form]:
    *ids, time = y.index.names
    levels = [y.index.get_level_values(level) for level in range(y.index.nlevels)]
    if not ids or (
        any(isinstance(level, pd.DatetimeIndex | pd.PeriodIndex) for level in levels[:-1])
        and not isinstance(levels[-1], pd.DatetimeIndex | pd.PeriodIndex)
    ):
        raise ValueError(
            f"The last level of {name}'s MultiIndex must be time, and those before tell series "
            f"apart. Got the levels {y.index.names}: reorder them, for example with swaplevel()."
        )
    if (wanted and wanted != ids) or time_column not in (None, time):
        raise ValueError(
            f"{name} has a MultiIndex, whose last level {time!r} is time and whose others {ids} "
            "tell series apart. Set group_by and time_column to None, or reorder its levels."
        )
    keys = levels[0] if len(ids) == 1 else pd.MultiIndex.from_arrays(levels[:-1], names=ids)
    return y, keys, levels[-1], _form_of(y, "indexed", ids)


def _form_of(y: pd.Series | pd.DataFrame, kind: str, ids: list[Any]) -> Form:
    if isinstance(y, pd.Series):
        return Form(kind, [y.name], True, ids)
    return Form(kind, y.columns, False, ids)


def _take_long(
    y: Any, wanted: list[Any], time_column: Any, name: str
) -> tuple[Any, Any, Any, Form]:
    special = [*wanted, *([] if time_column is None else [time_column])]
    known = names_of(y)
    for column in special:
        if column not in known:
            raise ValueError(f"{name} has no column {column!r}. Its columns are {known}.")
    table = y.drop(columns=special)
    if table.shape[1] == 0:
        raise ValueError(f"{name} has no column of values beside {special}.")
    keys = None
    if len(wanted) == 1:
        keys = pd.Index(y[wanted[0]])
    elif wanted:
        keys = pd.MultiIndex.from_frame(y[wanted])
    times = y.index if time_column is None else pd.Index(y[time_column])
    return table, keys, times, Form("long", table.columns, False, wanted, time_column)


def _numbers(table: Any, name: str) -> NDArray[np.float64]:
    check_no_dates(table, name)
    if table.ndim not in (1, 2) or 0 in table.shape:
        raise ValueError(
            f"{name} must have shape (n_times,) or (n_times, n_columns), with a row at least. Got "
            f"{table.shape}."
        )
    try:
        values = check_array(
            table,
            ensure_2d=False,
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            input_name=name,
        )
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must hold numbers (NaN where one is missing){_others(table)}. {error}"
        ) from error
    check_squares(values, name)
    return np.array(values.reshape(len(values), -1))


def _others(table: Any) -> str:
    """Return which columns of a DataFrame are not of numbers, for a message."""
    others = columns_of_no_numbers(table) if hasattr(table, "columns") else []
    if not others:
        return ""
    return f", but column(s) {', '.join(map(repr, others))} do not hold numbers"


def _check_order(times: Any, codes: NDArray[np.int64], keys: Any, name: str) -> None:
    fall = find_fall(times, codes)
    if fall is None:
        return
    before, after = times[fall], times[fall + 1]
    of = "" if keys is None else f" in series {keys[codes[fall]]}"
    if before == after:
        raise ValueError(
            f"{name} has the time stamp {after} twice{of}. Keep one row of each, or name the "
            "column that tells series apart (group_by)."
        )
    raise ValueError(
        f"{name} is not in the order of time{of}: {after} comes after {before}. Sort it first, "
        "for example with sort_index() or, by columns, sort_values()."
    )


def _find_grid(times: Any, begins: NDArray[np.int64], freq: Any) -> TimeGrid:
    """Return the grid of several series, whose frequency the longest one tells."""
    ends = np.append(begins[1:], len(times))
    longest = int(np.argmax(ends - begins))
    return TimeGrid.of(times, freq, run=slice(begins[longest], ends[longest]))
