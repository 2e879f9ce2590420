import numpy as np
import pandas as pd
import pytest

from sklstm.data import TimeGrid, warn_unless_in_time

INDEXES = {
    "days": pd.date_range("2026-01-28", periods=40, freq="D"),
    "month ends": pd.date_range("2024-01-31", periods=30, freq="ME"),
    "business days": pd.date_range("2026-01-01", periods=30, freq="B"),
    "quarter hours": pd.date_range("2026-03-28", periods=300, freq="15min"),
    "summer time": pd.date_range("2026-03-28", periods=72, freq="h", tz="Europe/Berlin"),
    "days of summer time": pd.date_range("2026-03-20", periods=30, freq="D", tz="Europe/Berlin"),
    "periods": pd.period_range("2026-01", periods=20, freq="M"),
    "two-hour periods": pd.period_range("2026-01-01", periods=20, freq="2h"),
    "numbers": pd.RangeIndex(5, 100, 3),
}


@pytest.fixture(params=list(INDEXES))
def index(request):
    return INDEXES[request.param]


def without_freq(index):
    return pd.Index(list(index)) if isinstance(index, pd.DatetimeIndex) else index


def test_numbers_count_from_the_first(index):
    grid = TimeGrid.of(without_freq(index))
    np.testing.assert_array_equal(grid.numbers(index), np.arange(len(index)))


def test_numbers_and_stamps_undo_each_other_before_and_behind(index):
    grid = TimeGrid.of(index[10:15])
    numbers = grid.numbers(index)
    np.testing.assert_array_equal(numbers, np.arange(-10, len(index) - 10))
    assert list(grid.stamps(numbers)) == list(index)
    shuffled = np.random.default_rng(0).permutation(numbers)
    np.testing.assert_array_equal(grid.numbers(grid.stamps(shuffled)), shuffled)


def test_an_index_of_one_stamp_may_know_its_frequency():
    assert TimeGrid.of(INDEXES["days"][:1]).stamps([3])[0] == INDEXES["days"][3]


def test_the_same_time_may_be_told_in_another_zone():
    days = INDEXES["days of summer time"]
    grid = TimeGrid.of(days)
    np.testing.assert_array_equal(grid.numbers(days.tz_convert("UTC")), np.arange(len(days)))


@pytest.mark.parametrize("begin", ["2026-04-01", "2026-10-20"])  # a day begins at one; or twice
def test_days_go_on_where_the_clocks_are_changed(begin):
    hours = pd.date_range(begin, periods=24 * 40, freq="h", tz="Africa/Cairo")
    days = pd.Series(0.0, index=hours).resample("D").mean().index  # moved as pandas moves them
    grid = TimeGrid.of(days[:5], "D")
    np.testing.assert_array_equal(grid.numbers(days), np.arange(len(days)))
    assert list(grid.stamps(np.arange(len(days)))) == list(days)
    late = TimeGrid.of(days[-5:], "D")
    np.testing.assert_array_equal(late.numbers(days), np.arange(len(days)) + 5 - len(days))
    for first in (22, 23, 24, 9, 10, 11):  # some of which were moved
        np.testing.assert_array_equal(late.numbers(days[first:]), late.numbers(days)[first:])
        assert list(late.stamps(late.numbers(days[first:]))) == list(days[first:])


@pytest.mark.parametrize(("begin", "moved"), [("2026-03-20", "03:00"), ("2026-10-16", "02:30")])
def test_a_time_of_day_that_a_change_of_the_clocks_leaves_out_or_doubles(begin, moved):
    days = pd.date_range(f"{begin} 02:30", periods=7, tz="Europe/Berlin")
    ahead = TimeGrid.of(days).stamps(np.arange(7, 12))
    assert [stamp.strftime("%H:%M") for stamp in ahead] == ["02:30", "02:30", moved, *["02:30"] * 2]
    assert ahead.to_series().diff()[1:].max() <= pd.Timedelta("25h")
    np.testing.assert_array_equal(TimeGrid.of(days).numbers(ahead), np.arange(7, 12))


def test_what_follows_has_the_frequency(index):
    ahead = TimeGrid.of(index[:5]).stamps(np.arange(5, 8))
    assert list(ahead) == list(index[5:8])
    if hasattr(index, "freq"):
        assert ahead.freq == index.freq


def test_gaps_need_a_frequency():
    days = INDEXES["days"].delete(3)
    with pytest.raises(ValueError, match=r"frequency of time cannot be told.*freq='D'"):
        TimeGrid.of(days)
    assert TimeGrid.of(days, "D").numbers(days)[3] == 4


@pytest.mark.parametrize(
    ("first", "later", "message"),
    [
        ("days", pd.to_datetime(["2026-02-01 12:00"]), "does not lie on the grid"),
        ("month ends", pd.to_datetime(["2024-03-30"]), "does not lie on the grid"),
        ("numbers", pd.Index([6]), "does not lie on the grid"),
        ("days", pd.Index([1, 2]), "must go on as it began"),
        ("numbers", INDEXES["days"], "must go on as it began"),
        ("periods", INDEXES["days"], "must go on as it began"),
        ("days", INDEXES["summer time"], "must go on as it began"),
        ("days", pd.to_datetime(["2026-02-01", None]), "Time stamp 1 is missing"),
    ],
)
def test_other_stamps_are_refused(first, later, message):
    with pytest.raises(ValueError, match=message):
        TimeGrid.of(INDEXES[first]).numbers(later)


@pytest.mark.parametrize(
    ("times", "freq", "message"),
    [
        (pd.Index(["a", "b"]), None, "Time must be dates, periods or whole numbers"),
        (pd.Index([0.5, 1.5]), None, "Time must be dates"),
        (INDEXES["days"], "nonsense", "'freq' parameter must be one of pandas"),
        (INDEXES["days"], "0D", "'freq' parameter must be one of pandas, and go forwards"),
        (INDEXES["days"], "-1h", "'freq' parameter must be one of pandas, and go forwards"),
        (pd.period_range("2026-01", periods=3, freq="M"), "D", "None, or what periods have, 'M'"),
        (INDEXES["numbers"], 0, "'freq' parameter must be a positive int"),
        (INDEXES["numbers"], "D", "'freq' parameter must be a positive int"),
        (pd.to_datetime(["2026-01-01", None]), "D", "Time stamp 1 is missing"),
    ],
)
def test_bad_time_is_refused(times, freq, message):
    with pytest.raises(ValueError, match=message):
        TimeGrid.of(times, freq)


@pytest.mark.parametrize("n_stamps", [1, 2])
def test_few_stamps_tell_no_frequency(n_stamps):
    with pytest.raises(ValueError, match="frequency of time cannot be told"):
        TimeGrid.of(pd.Index(list(INDEXES["days"][:n_stamps])))


DAYS = pd.date_range("2026-01-01", periods=4)


@pytest.mark.parametrize(
    ("index", "codes"),
    [
        (DAYS, None),
        (DAYS.to_period("D"), None),
        (DAYS[[0, 0, 1, 1]], [0, 1, 0, 1]),
        (DAYS[[2, 3, 0, 1]], [0, 0, 1, 1]),
        (pd.MultiIndex.from_arrays([list("aabb"), DAYS[[0, 1, 0, 1]]]), [0, 0, 1, 1]),
        (pd.RangeIndex(4)[::-1], None),  # numbers of rows, of which nothing is known
    ],
)
def test_rows_in_the_order_of_time_are_no_matter(index, codes):
    codes = None if codes is None else np.array(codes)
    warn_unless_in_time(pd.Series(0.0, index=index), codes)
    warn_unless_in_time(np.zeros(4), codes)


@pytest.mark.parametrize(
    ("index", "codes"),
    [
        (DAYS[::-1], None),
        (DAYS[[0, 1, 2, 0]], None),
        (DAYS.to_period("D")[[0, 2, 1, 3]], None),
        (DAYS[[1, 0, 0, 1]], [0, 1, 0, 1]),
    ],
)
def test_rows_in_another_order_are_warned_of(index, codes):
    with pytest.warns(UserWarning, match="not in the order of time: that of 2026-01-0"):
        warn_unless_in_time(
            pd.DataFrame({"a": 0.0}, index=index), None if codes is None else np.array(codes)
        )


@pytest.mark.parametrize("freq", ["2D", "3D", "2W", "2MS", "3B", "2h"])
@pytest.mark.parametrize("shift", [-3, -2, -1, 0, 1, 2])
def test_a_grid_holds_its_stamps_wherever_others_begin(freq, shift):
    offset = pd.tseries.frequencies.to_offset(freq)
    origin = pd.date_range("2026-01-01", periods=1, freq=freq)[0]
    grid = TimeGrid(origin, offset)
    own = grid.stamps(np.arange(-3, 9))
    finer = pd.date_range(own[0], own[-1], freq=freq.lstrip("23"))
    finer = finer[max(shift, 0) :]
    if shift < 0:
        finer = pd.date_range(end=own[0], periods=-shift, freq=freq.lstrip("23")).union(finer)
    expected = finer.isin(grid.stamps(np.arange(-9, 15)))
    np.testing.assert_array_equal(grid.holds(finer), expected)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "uint64"])
def test_small_numbers_do_not_overflow(dtype):
    times = pd.Index(np.arange(0, 200, 5)).astype(dtype) if dtype[0] == "u" else None
    times = pd.Index(np.arange(-100, 100, 5, dtype=dtype)) if times is None else times
    grid = TimeGrid.of(times[10:])
    assert grid.freq == 5
    assert grid.numbers(times).tolist() == list(range(-10, len(times) - 10))


@pytest.mark.parametrize("freq", ["Q", "Q-DEC", pd.offsets.QuarterEnd(startingMonth=12)])
def test_periods_have_a_frequency_under_all_of_its_names(freq):
    times = pd.period_range("2020", periods=8, freq="Q")
    assert TimeGrid.of(times, freq).stamps([8])[0] == pd.Period("2022Q1", freq="Q")


@pytest.mark.parametrize("freq", ["M", "ME", pd.offsets.MonthEnd()])
def test_months_have_two_names(freq):
    times = pd.period_range("2020-01", periods=8, freq="M")
    assert TimeGrid.of(times, freq).stamps([8])[0] == pd.Period("2020-09", freq="M")
