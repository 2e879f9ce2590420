import pickle
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing

from sklstm import Windows, make_windows
from sklstm.data import view_windows

ROWS = np.arange(24.0).reshape(12, 2)
FIRST = np.array([0, 1, 6, 7, 9])


@pytest.fixture
def windows():
    return Windows(ROWS, FIRST, 3)


@pytest.fixture
def array():
    return np.stack([ROWS[first : first + 3] for first in FIRST])


# ---------------------------------------------------------------- Windows


def test_windows_are_told_like_an_array(windows, array):
    assert windows.shape == array.shape == (5, 3, 2)
    assert (windows.ndim, windows.dtype, len(windows)) == (3, array.dtype, 5)
    assert repr(windows) == "Windows(shape=(5, 3, 2), dtype=float64)"
    assert windows.nbytes == ROWS.nbytes + FIRST.nbytes


@pytest.mark.parametrize("dtype", [None, np.float32, np.int64])
def test_windows_become_an_array(windows, array, dtype):
    found = np.asarray(windows, dtype=dtype)
    assert found.dtype == (dtype or np.float64)
    np.testing.assert_array_equal(found, array)
    assert not np.shares_memory(found, ROWS)


def test_windows_become_no_array_without_a_copy(windows):
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(windows, copy=False)


SAMPLE_KEYS = {
    "slice": slice(1, 4),
    "all": slice(None),
    "step": slice(None, None, 2),
    "reversed": slice(None, None, -1),
    "none": slice(0, 0),
    "list": [3, 0, 3],
    "negative": [-1, -5],
    "array": np.array([4, 1]),
    "unsigned": np.array([4, 1], dtype=np.uint8),
    "no index": np.array([], dtype=int),
    "no index, list": [],
    "mask": np.array([True, False, False, True, True]),
    "mask, list": [True, False, False, True, True],
    "tuple of one": (slice(1, 4),),
}


@pytest.mark.parametrize("name", SAMPLE_KEYS)
def test_choosing_samples_gives_windows_over_the_same_rows(windows, array, name):
    found = windows[SAMPLE_KEYS[name]]
    assert isinstance(found, Windows)
    assert found.rows is ROWS
    np.testing.assert_array_equal(np.asarray(found), array[SAMPLE_KEYS[name]])


OTHER_KEYS = {
    "one": 2,
    "last": -1,
    "numpy integer": np.int64(3),
    "one step": (2, 1),
    "one number": (2, 1, 0),
    "one, step range": (1, slice(1, None)),
    "one, feature": (1, slice(None), 1),
    "one, ellipsis": (1, ...),
    "one, ellipsis, feature": (1, ..., 1),
    "one, reversed": (1, slice(None, None, -1)),
    "last steps": (slice(None), -1),
    "last steps of some": (slice(1, 3), slice(-2, None)),
    "feature of some": (slice(1, 3), slice(None), 0),
    "ellipsis, feature of some": (slice(1, 3), ..., 0),
    "list, feature": ([0, 2], slice(None), 0),
    "list, ellipsis, feature": ([0, 2], ..., 0),
    "list with list": ([0, 2], [1, 2]),
    "list with list of features": ([0, 2], slice(None), [1, 0]),
    "mask with list": (np.array([True, False, True, False, False]), [1, 2]),
    "ellipsis": ...,
    "ellipsis, last feature": (..., -1),
    "new axis": (None,),
    "new axis behind": (slice(0, 2), None),
    "empty tuple": (),
    "table of indices": np.array([[0, 1], [2, 3]]),
}


@pytest.mark.parametrize("name", OTHER_KEYS)
def test_other_indices_read_like_those_of_the_array(windows, array, name):
    found = windows[OTHER_KEYS[name]]
    assert np.shape(found) == array[OTHER_KEYS[name]].shape
    np.testing.assert_array_equal(np.asarray(found), array[OTHER_KEYS[name]])


@pytest.mark.parametrize("key", [5, -6, [0, 7], (0, 3), (0, 0, 2), np.ones(4, dtype=bool), "a"])
def test_what_is_no_index_raises(windows, array, key):
    with pytest.raises(IndexError):
        array[key]
    with pytest.raises(IndexError):
        windows[key]


def test_windows_are_iterated_over(windows, array):
    np.testing.assert_array_equal(list(windows), array)


@pytest.mark.parametrize(
    "samples", [slice(1, None, 2), np.array([4, 0, 0]), [True, False, True, False, True]]
)
def test_chosen_windows_know_their_time(samples):
    span = np.stack([FIRST + 5, FIRST + 8], axis=1)
    chosen = Windows(ROWS, FIRST, 3, span)[samples]
    np.testing.assert_array_equal(chosen.span, span[samples])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(chosen)).span, span[samples])


@pytest.mark.parametrize(
    ("first", "apart"), [([0, 3, 6, 9], True), ([0, 1, 2, 3], False), ([0, 3, 9, 6], False)]
)
def test_windows_one_behind_the_other(first, apart):
    assert Windows(ROWS, np.array(first), 3).stand_apart == apart


def test_one_window_is_a_view(windows):
    assert np.shares_memory(windows[1], ROWS)


def test_scikit_learn_indexes_windows(windows, array):
    assert isinstance(_safe_indexing(windows, [0, 3]), Windows)
    train, test = train_test_split(windows, test_size=2, shuffle=False)
    np.testing.assert_array_equal(np.asarray(train), array[:3])
    np.testing.assert_array_equal(np.asarray(test), array[3:])


def test_windows_can_be_pickled(windows, array):
    np.testing.assert_array_equal(np.asarray(pickle.loads(pickle.dumps(windows))), array)


# ---------------------------------------------------------------- view_windows


@pytest.mark.parametrize("window_size", [1, 2, 5, 12])
def test_view_windows(window_size):
    found = view_windows(ROWS, window_size)
    expected = [ROWS[i : i + window_size] for i in range(12 - window_size + 1)]
    np.testing.assert_array_equal(found, expected)
    assert np.shares_memory(found, ROWS)
    assert not found.flags.writeable


# ---------------------------------------------------------------- make_windows


def test_make_windows_of_the_textbook_series():
    X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], 3, 2)
    assert X.tolist() == [[10, 20, 30], [20, 30, 40], [30, 40, 50], [40, 50, 60], [50, 60, 70]]
    assert y.tolist() == [[40, 50], [50, 60], [60, 70], [70, 80], [80, 90]]
    assert (X.dtype, y.dtype) == (np.float32, np.int64)


@pytest.mark.parametrize("n_times", [5, 6, 11])
@pytest.mark.parametrize("window_size", [1, 3])
@pytest.mark.parametrize("horizon", [1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3, 50])
@pytest.mark.parametrize("n_features", [None, 1, 2])
def test_make_windows_agrees_with_a_loop(n_times, window_size, horizon, stride, n_features):
    size = n_times if n_features is None else (n_times, n_features)
    series = np.random.default_rng(0).normal(size=size)
    X, y = make_windows(series, window_size, horizon, stride=stride)
    windows, targets = [], []
    begin = 0
    while begin + window_size + horizon <= n_times:
        windows.append(series[begin : begin + window_size])
        targets.append(series[begin + window_size : begin + window_size + horizon].ravel())
        begin += stride
    targets = np.array(targets)
    np.testing.assert_array_equal(X, np.array(windows, dtype=np.float32))
    np.testing.assert_array_equal(y, targets[:, 0] if targets.shape[1] == 1 else targets)


SERIES = np.random.default_rng(1).normal(size=(9, 3))
FRAME = pd.DataFrame(SERIES, columns=["a", "b", "c"])
OTHER = np.random.default_rng(2).normal(size=(9, 2))
TARGETS = {
    "none": (SERIES, None, SERIES),
    "column": (SERIES, 1, SERIES[:, [1]]),
    "column from behind": (SERIES, -1, SERIES[:, [2]]),
    "numpy integer": (SERIES, np.int64(2), SERIES[:, [2]]),
    "name": (FRAME, "b", SERIES[:, [1]]),
    "column of a frame": (FRAME, 0, SERIES[:, [0]]),
    "own series": (SERIES, OTHER[:, 0], OTHER[:, [0]]),
    "own series, list": (SERIES, OTHER[:, 0].tolist(), OTHER[:, [0]]),
    "own series, pandas": (FRAME, pd.Series(OTHER[:, 1]), OTHER[:, [1]]),
    "own table": (SERIES, OTHER, OTHER),
    "univariate, column": (SERIES[:, 0], 0, SERIES[:, [0]]),
    "univariate, own table": (SERIES[:, 0], OTHER, OTHER),
}


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("horizon", [1, 2])
def test_targets(name, horizon):
    series, target, values = TARGETS[name]
    X, y = make_windows(series, 4, horizon, target=target)
    assert len(X) == len(y) == 9 - 4 - horizon + 1
    expected = np.array([values[i + 4 : i + 4 + horizon].ravel() for i in range(len(X))])
    np.testing.assert_array_equal(y, expected[:, 0] if expected.shape[1] == 1 else expected)


def test_targets_keep_their_dtype():
    labels = np.arange(9, dtype=np.int16) % 3
    _, y = make_windows(SERIES, 2, target=labels)
    assert y.dtype == np.int16
    _, y = make_windows(SERIES.astype(np.float64) + 1e9, 2, target=0)
    np.testing.assert_array_equal(y, SERIES[2:, 0] + 1e9)  # not rounded to float32


def test_windows_view_one_copy_of_the_series():
    series = SERIES.copy()
    X, y = make_windows(series, 4, target=0)
    assert np.shares_memory(X[0], X[1])
    assert not X.flags.writeable
    before = X.copy(), y.copy()
    series[:] = 0.0
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


@pytest.mark.parametrize("name", ["window_size", "horizon", "stride"])
@pytest.mark.parametrize("value", [0, -1, 1.0, "2", None, True])
def test_sizes_must_be_positive_ints(name, value):
    arguments = {"window_size": 2, "horizon": 1, "stride": 1, name: value}
    message = f"'{name}' parameter must be a positive int. Got {value!r}"
    with pytest.raises(ValueError, match=re.escape(message)):
        make_windows(SERIES, **arguments)


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        (SERIES, {"window_size": 9}, "need a series of at least 10 rows. Got 9"),
        (SERIES, {"window_size": 5, "horizon": 5}, "need a series of at least 10 rows. Got 9"),
        (SERIES, {"target": "b"}, "names no column of series. Its columns are unnamed"),
        (FRAME, {"target": "d"}, "target='d' names no column of series. Its columns are ['a', 'b'"),
        (SERIES, {"target": 3}, "target=3 is no column of series, which has 3 column(s)"),
        (SERIES, {"target": -4}, "target=-4 is no column of series"),
        (SERIES[:, 0], {"target": 1}, "target=1 is no column of series, which has 1 column(s)"),
        (SERIES, {"target": OTHER[:8]}, "Got shape (8, 2) for a series of 9 rows"),
        (SERIES, {"target": np.full(9, np.nan)}, "target holds NaN or infinity in row 2"),
        (np.full((9, 2), np.nan), {}, "Input series contains NaN"),
        (np.full(9, np.inf), {}, "Input series contains infinity"),
        (np.ones((9, 2, 2)), {}, "array with dim 3"),
        (["a"] * 9, {}, "numeric"),
    ],
)
def test_make_windows_errors(series, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make_windows(series, **{"window_size": 2, **options})


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_values_too_large_for_float32_are_refused():
    with pytest.raises(ValueError, match="infinity or a value too large"):
        make_windows(np.full(9, 1e300), 2)


@pytest.mark.parametrize("kind", ["list", "str", "object", "string", "category"])
def test_labels_may_be_strings(kind):
    labels = ["u", "v", "w"] * 5
    target = labels if kind == "list" else pd.Series(labels, dtype=kind)
    X, y = make_windows(np.arange(15.0), 3, target=target)
    assert len(X) == len(y) == 12
    assert y.tolist() == labels[3:]
    with pytest.raises(ValueError, match="one row a row of series"):
        make_windows(np.arange(16.0), 3, target=target)


def test_a_frame_is_asked_for_its_time_and_its_numbers():
    days = pd.date_range("2026-01-01", periods=6)
    with pytest.warns(UserWarning, match="not in the order of time"):
        make_windows(pd.Series(np.arange(6.0), index=days[::-1]), 2)
    with pytest.raises(ValueError, match=r"series: column\(s\) 'holiday' do not hold numbers"):
        make_windows(pd.DataFrame({"load": np.arange(6.0), "holiday": "yes"}), 2)


def test_what_else_is_asked_of_an_array_is_answered_by_a_copy(windows, array):
    np.testing.assert_array_equal(windows.mean(axis=1), array.mean(axis=1))
    np.testing.assert_array_equal(windows.reshape(5, -1), array.reshape(5, -1))
    np.testing.assert_array_equal(2 * windows - array, array)
    np.testing.assert_array_equal(np.add.reduce(windows, axis=0), array.sum(axis=0))
    np.testing.assert_array_equal(windows.T, array.T)
    assert windows.size == array.size
    with pytest.raises(AttributeError, match="no attribute 'iloc'"):
        windows.iloc  # noqa: B018


def test_windows_are_not_changed(windows, array):
    with pytest.raises(TypeError, match="NotImplemented"):
        windows += 1
    with pytest.raises(TypeError, match="NotImplemented"):
        np.add(1, 2, out=windows)
    with pytest.raises(TypeError, match="NotImplemented"):
        np.add.at(windows, 0, 1)
    with pytest.raises(AttributeError, match="Windows are not changed"):
        windows.fill(0)
    assert not hasattr(windows, "sort")
    np.testing.assert_array_equal(windows, array)


def test_a_span_is_of_all_windows():
    with pytest.raises(ValueError, match=r"span must have shape \(5, 2\)"):
        Windows(ROWS, FIRST, 3, np.zeros((4, 2)))


@pytest.mark.parametrize(("horizon", "stride"), [(1, 1), (2, 1), (2, 3)])
def test_targets_of_rows_that_no_pair_reads_may_be_missing(horizon, stride):
    series = pd.Series(np.arange(20.0) ** 2)
    target = series.diff()
    X, y = make_windows(series, 4, horizon, stride=stride, target=target)
    first = y[:, 0] if horizon > 1 else y
    np.testing.assert_array_equal(first, target[4 : 4 + stride * len(X) : stride])
    target[10] = np.nan
    with pytest.raises(ValueError, match="target holds NaN or infinity in row 10"):
        make_windows(series, 4, horizon, stride=stride, target=target)


@pytest.mark.parametrize("missing", [None, np.nan])
def test_labels_of_rows_that_no_pair_reads_may_be_missing(missing):
    target = [missing, missing, "a", "b", "a", "b"]
    for given in (target, np.array(target, dtype=object), pd.Series(target, dtype=object)):
        y = make_windows(np.arange(6.0), 2, target=given)[1]
        assert y.tolist() == ["a", "b", "a", "b"]
        given[3] = missing
        with pytest.raises(ValueError, match="target holds a missing label in row 3"):
            make_windows(np.arange(6.0), 2, target=given)


@pytest.mark.parametrize(
    ("rows", "first", "window_size", "message"),
    [
        (np.ones((5, 1)), np.array([-1, 3]), 2, r"rows from 0 to 3.*They are from -1 to 3"),
        (np.ones((5, 1)), np.array([0, 4]), 2, r"windows of 2 of 5 rows.*from 0 to 4"),
        (np.ones(5), np.array([0]), 2, r"rows, an array of shape \(n_rows, n_features\)"),
        ([[1.0], [2.0]], [0], 2, "and first, an array of integers"),
        (np.ones((5, 1)), np.array([0.0]), 2, "array of integers"),
        (pd.DataFrame({"a": [1.0, 2.0]}), np.array([0]), 2, "rows, an array"),
        (np.ones((5, 1)), np.array([0]), 6, "Windows of 6 rows need as many. Got 5"),
        (np.ones((5, 1)), np.array([0]), 0, "'window_size' parameter must be a positive int"),
    ],
)
def test_windows_beyond_their_rows_are_refused(rows, first, window_size, message):
    with pytest.raises(ValueError, match=message):
        Windows(rows, first, window_size)


def test_the_place_of_a_missing_value_is_told():
    with pytest.raises(ValueError, match=r"Input series contains NaN: the first is series\[1\]"):
        make_windows([1.0, np.nan, 3.0, 4.0], 2)
