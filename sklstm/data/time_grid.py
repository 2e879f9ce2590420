"""Time stamps as places on a regular grid."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_HINT = (
    "Give freq, such as freq='D' or 'h' (or a step, where time is whole numbers); missing time "
    "stamps then become missing values"
)


@dataclass(frozen=True)
class TimeGrid:
    """Regular points in time, numbered from the first one seen.

    Attributes
    ----------
    origin : Timestamp, Period or int
        Time stamp number 0.
    freq : pandas offset or int
        From one to the next.
    name : hashable
        What the index of time is called.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm.data import TimeGrid
    >>> grid = TimeGrid.of(pd.date_range("2026-01-31", periods=3, freq="ME"))
    >>> grid.numbers(pd.to_datetime(["2026-04-30"])).tolist()
    [3]
    >>> grid.stamps([4])[0].isoformat()
    '2026-05-31T00:00:00'
    """

    origin: Any
    freq: Any
    name: Any = None

    @classmethod
    def of(cls, times: Any, freq: Any = None, *, run: slice = slice(None)) -> "TimeGrid":
        """Find the grid of time stamps.

        Parameters
        ----------
        times : DatetimeIndex, PeriodIndex or Index of integers
            Of one series or several.
        freq : str, offset or int, default=None
            None takes that of the index, or infers it.
        run : slice, default=slice(None)
            Where the stamps of one series stand, from which the frequency is inferred.

        Returns
        -------
        TimeGrid

        Raises
        ------
        ValueError
            If the stamps are no time, or no frequency can be inferred.
        """
        check_times(times)
        if isinstance(times, pd.PeriodIndex):
            return cls(times.min(), _own_freq(times, freq), times.name)
        if isinstance(times, pd.DatetimeIndex):
            return cls(times.min(), _offset(times, freq, run), times.name)
        return cls(int(times.min()), _step(times, freq, run), times.name)

    def numbers(self, times: Any) -> NDArray[np.int64]:
        """Return the place of each time stamp, which may lie before 0.

        Raises
        ------
        ValueError
            If a stamp is of another kind, or lies between two points of the grid.
        """
        numbers, apart = self._find(times)
        if apart.any():
            raise ValueError(
                f"Time stamp {times[int(np.argmax(apart))]} does not lie on the grid that begins "
                f"at {self.origin} and goes on by {_text(self.freq)}. Move it there, or give "
                "another freq."
            )
        return numbers

    def holds(self, times: Any) -> NDArray[np.bool_]:
        """Tell which time stamps lie on the grid.

        Raises
        ------
        ValueError
            If a stamp is of another kind.
        """
        return ~self._find(times)[1]

    def _find(self, times: Any) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the place of each time stamp, and which of them lie between two."""
        if len(times) == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=bool)
        check_times(times)
        self._check_kind(times)
        if getattr(times, "tz", None) is not None:
            times = times.tz_convert(self.origin.tz)
        if self._is_tick:
            numbers, apart = divmod(times - self.origin, pd.Timedelta(self.freq))
            apart = apart != pd.Timedelta(0)
        elif isinstance(self.origin, pd.Timestamp):
            numbers, apart = self._of_dates(times)
        else:
            if isinstance(self.origin, pd.Period):
                since, step = times.asi8 - self.origin.ordinal, self.freq.n
            else:  # small dtypes would overflow
                since, step = times.to_numpy().astype(np.int64) - self.origin, self.freq
            numbers, apart = since // step, since % step != 0
        return np.asarray(numbers, dtype=np.int64), np.asarray(apart, dtype=bool)

    @property
    def _is_tick(self) -> bool:
        """Whether stamps are equally long apart, so that no calendar is needed."""
        is_day = isinstance(self.freq, pd.offsets.Day)  # which may have 23 or 25 hours
        ticks = isinstance(self.freq, pd.offsets.Tick) and not is_day
        return ticks and isinstance(self.origin, pd.Timestamp)

    def stamps(self, numbers: Any) -> Any:
        """Return the time stamps of places, as a pandas index."""
        numbers = np.asarray(numbers, dtype=np.int64)
        if isinstance(self.origin, int):
            return pd.Index(self.origin + self.freq * numbers, name=self.name)
        if isinstance(self.origin, pd.Period):
            ordinals = self.origin.ordinal + self.freq.n * numbers
            return pd.PeriodIndex.from_ordinals(  # type: ignore[attr-defined]
                ordinals, freq=self.freq, name=self.name
            )
        if self._is_tick:
            since = numbers * pd.Timedelta(self.freq).to_timedelta64()
            stamps = pd.DatetimeIndex(self.origin + pd.TimedeltaIndex(since), name=self.name)
            return self._with_freq(stamps, numbers)
        low, high = min(0, numbers.min(initial=0)), max(0, numbers.max(initial=0))
        clock = self._clock(-low, high).take(numbers - low).rename(self.name)
        stamps = self._localized(clock)
        # pandas knows no frequency where a change of the clocks moves or doubles a stamp
        regular = clock.tz_localize(self.origin.tz, nonexistent="NaT", ambiguous="NaT")
        return self._with_freq(stamps, numbers) if stamps.equals(regular) else stamps

    def _clock(self, n_before: int, n_ahead: int) -> Any:
        """Return what a clock on the wall shows at the origin, so many stamps before it and ahead.

        A grid of several days, weeks or months is only found by counting from the origin.
        """
        origin: Any = self.origin.tz_localize(None)
        clock = pd.date_range(origin, periods=n_ahead + 1, freq=self.freq)
        if n_before:
            before = pd.date_range(end=origin, periods=n_before + 1, freq=self.freq)
            clock = before.union(clock)
        return clock

    def _with_freq(self, stamps: Any, numbers: NDArray[np.int64]) -> Any:
        """Let what is given back go on knowing its frequency, if nothing is left out."""
        goes_on = len(numbers) and (np.diff(numbers) == 1).all()
        return pd.DatetimeIndex(stamps, freq=self.freq) if goes_on else stamps

    def _localized(self, clock: Any) -> Any:
        """Return the stamps of a clock on the wall of the origin's time zone.

        What a change of the clocks leaves out is the first time after it, and of what comes twice
        it is the first, as when pandas resamples by days.
        """
        zone, first = self.origin.tz, np.ones(len(clock), dtype=bool)
        return clock.tz_localize(zone, nonexistent="shift_forward", ambiguous=first)

    def _on_the_wall(self, stamp: Any) -> Any:
        """Return what a clock on the wall shows, or would have shown had it not been changed."""
        shown, origin = stamp.tz_localize(None), self.origin.tz_localize(None)
        unchanged = shown.normalize() + (origin - origin.normalize())
        return unchanged if self._localized(pd.DatetimeIndex([unchanged]))[0] == stamp else shown

    def _check_kind(self, times: Any) -> None:
        kinds: dict[type, Any] = {pd.Timestamp: pd.DatetimeIndex, pd.Period: pd.PeriodIndex}
        wanted = kinds.get(type(self.origin))
        if wanted is None:
            alike = pd.api.types.is_integer_dtype(times)
        elif wanted is pd.DatetimeIndex:
            alike = isinstance(times, wanted) and (times.tz is None) == (self.origin.tz is None)
        else:
            alike = isinstance(times, wanted) and times.freq == self.freq
        if not alike:
            raise ValueError(
                f"Time must go on as it began, like {self.origin!r}. Got {times[0]!r}: give an "
                "index (or column) of time of that kind."
            )

    def _of_dates(self, times: Any) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        ends = min(times.min(), self.origin), max(times.max(), self.origin)
        (begin, end), origin = map(self._on_the_wall, ends), self.origin.tz_localize(None)
        reaches = (begin, origin), (origin, end)
        counts = (len(pd.date_range(*reach, freq=self.freq)) for reach in reaches)
        grid = self._localized(self._clock(*counts))
        zero = grid.get_indexer(pd.Index([self.origin]))[0]
        places = grid.get_indexer(times)
        apart = places < 0 if zero >= 0 else times != self.origin
        return places - zero, apart


def check_times(times: Any) -> None:
    """Raise if time stamps are missing, or no dates, periods or whole numbers."""
    if times.hasnans:
        raise ValueError(
            f"Time stamp {int(np.argmax(times.isna()))} is missing. Drop its row, or give it a "
            "time."
        )
    dated = isinstance(times, pd.DatetimeIndex | pd.PeriodIndex)
    if not (dated or pd.api.types.is_integer_dtype(times)):
        raise ValueError(
            f"Time must be dates, periods or whole numbers. Got {times.dtype}: convert it with "
            "pandas.to_datetime, or drop it with reset_index(drop=True)."
        )


def find_fall(times: Any, codes: NDArray[np.int64] | None = None) -> int | None:
    """Return the first place whose next time stamp is not later, or None.

    Parameters
    ----------
    times : Index
    codes : ndarray of the same length, default=None
        Numbers of the series that rows belong to; from one to the next there is no order.

    Returns
    -------
    int or None
    """
    falls = ~np.asarray(times[1:] > times[:-1], dtype=bool)
    if codes is not None:
        falls &= np.diff(codes) == 0
    return int(np.argmax(falls)) if falls.any() else None


def dates_of(X: Any) -> Any:
    """Return the dates in the index of a Series or DataFrame, None of anything else.

    Parameters
    ----------
    X : object

    Returns
    -------
    DatetimeIndex, PeriodIndex or None

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm.data import dates_of
    >>> dates_of(pd.Series(1.0, pd.period_range("2026-01", periods=2, freq="M"))).size
    2
    """
    times = getattr(X, "index", None)
    if isinstance(times, pd.MultiIndex):
        times = times.get_level_values(-1)
    return times if isinstance(times, pd.DatetimeIndex | pd.PeriodIndex) else None


def warn_unless_in_time(X: Any, codes: NDArray[np.int64] | None = None) -> None:
    """Warn where an index of dates says that rows are not in the order of time.

    Parameters
    ----------
    X : object
        Of anything but a Series or DataFrame with such an index nothing is known.
    codes : ndarray of shape (n_rows,), default=None
        Numbers of the series that rows belong to; from one to the next there is no order.

    Warns
    -----
    UserWarning
    """
    times = dates_of(X)
    if times is None:
        return
    codes = np.zeros(len(times), dtype=np.int64) if codes is None else codes
    order = np.argsort(codes, kind="stable")
    times, codes = times[order], codes[order]
    # local time repeats an hour when clocks go back
    falls = np.flatnonzero(np.asarray(times[1:] < times[:-1]) & (np.diff(codes) == 0))
    if len(falls):
        fall = int(falls[0])
        warnings.warn(
            f"Rows are not in the order of time: that of {times[fall + 1]} comes behind that of "
            f"{times[fall]}. Windows are made of rows as they come, the oldest first. Sort them, "
            "do not shuffle them when you split, and tell series apart by group_by.",
            stacklevel=3,
        )


def _own_freq(times: Any, freq: Any) -> Any:
    is_own = freq is None or freq in (times.freq, times.freqstr)
    if not (is_own or _is_freq_of(times, freq)):
        raise ValueError(
            f"The 'freq' parameter must be None, or what periods have, {times.freqstr!r}. Got "
            f"{freq!r}."
        )
    return times.freq


def _is_freq_of(periods: Any, freq: Any) -> bool:
    """Tell whether a frequency is that of periods, which may have other spellings: Q is Q-DEC."""
    try:
        return bool(pd.Period("2000-01-01", freq=freq).freq == periods.freq)
    except (TypeError, ValueError):
        return False


def _offset(times: Any, freq: Any, run: slice) -> Any:
    freq = times.freq if freq is None else freq
    if freq is None:
        freq = pd.DatetimeIndex(times[run], freq="infer").freq
    if freq is None:
        raise ValueError(f"The frequency of time cannot be told from its stamps. {_HINT}.")
    wanted = f"The 'freq' parameter must be one of pandas, and go forwards. Got {freq!r}."
    try:
        offset: Any = pd.tseries.frequencies.to_offset(freq)
    except (TypeError, ValueError) as error:
        raise ValueError(wanted) from error
    if offset.n < 1:
        raise ValueError(wanted)
    return offset


def _step(times: Any, freq: Any, run: slice) -> int:
    if freq is None:
        apart = np.diff(times[run].to_numpy().astype(np.int64))
        return int(apart.min()) if len(apart) else 1
    if isinstance(freq, bool) or not isinstance(freq, int | np.integer) or freq < 1:
        raise ValueError(
            "The 'freq' parameter must be a positive int where time is whole numbers. Got "
            f"{freq!r}."
        )
    return int(freq)


def _text(freq: Any) -> str:
    return str(getattr(freq, "freqstr", freq))
