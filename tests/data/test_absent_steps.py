"""Absent steps, and where errors say that a fault is."""

import numpy as np
import pytest

from sklstm.data import Windows, as_sequences, view_windows
from tests.data.forms import SERIES, dense, ragged, with_absent_steps


def test_long_data_are_checked_in_chunks(monkeypatch):
    X = with_absent_steps()
    whole = as_sequences(X)
    monkeypatch.setattr("sklstm.data.rows._TOGETHER", 4 * 2)
    pieces = as_sequences(X)
    assert pieces.lengths.tolist() == whole.lengths.tolist()
    assert pieces.first.tolist() == whole.first.tolist()
    X[3, 2, 1] = np.inf
    with pytest.raises(ValueError, match="sequence 3, time step 2, feature 1"):
        as_sequences(X)


def test_missing_values_may_be_allowed():
    X = with_absent_steps()
    X[3, 2, 1] = np.nan
    found = as_sequences(X, allow_nan=True)
    assert found.lengths.tolist() == [4, 4, 4, 6, 1]
    assert np.isnan(found.take(np.array([3]))[0][0, 2, 1])
    table = SERIES.copy()
    table[1, 1] = np.nan
    assert np.isnan(as_sequences(table, allow_nan=True).rows).sum() == 1
    assert np.isnan(as_sequences([table, table], allow_nan=True).rows).sum() == 2


def test_infinity_is_never_allowed_and_found_behind_missing_values():
    X = dense()
    X[1, 0, 0] = np.nan
    X[1, 2, 1] = np.inf
    with pytest.raises(ValueError, match=r"infinity.* sequence 1, time step 2, feature 1"):
        as_sequences(X, allow_nan=True)


def set_in(X, *places):
    X = [np.array(member) for member in X] if isinstance(X, list) else np.array(X)
    for place, value in places:
        X[place[0]][place[1:]] = value
    return X


def broken_series(value):
    series = SERIES.copy()
    series[7, 2] = value
    return series


NAN_PLACES = {
    "dense": (set_in(dense(), ((1, 2, 0), np.nan)), 1, 2, 0),
    "first of several": (set_in(dense(), ((3, 0, 0), np.nan), ((2, 5, 1), np.nan)), 2, 5, 1),
    "behind absent steps": (set_in(with_absent_steps(), ((0, 4, 2), np.nan)), 0, 4, 2),
    "absent step inside": (set_in(dense(), ((2, 3), np.nan)), 2, 3, 0),
    "windows": (view_windows(broken_series(np.nan), 4), 4, 3, 2),
    "Windows": (Windows(broken_series(np.nan), np.array([0, 9, 6]), 4), 2, 1, 2),
    "table": (set_in(SERIES, ((4, 1), np.nan)), 4, 1, 0),
    "ragged": (set_in(ragged(3), ((2, 5, 1), np.nan)), 2, 5, 1),
}
INF_PLACES = {
    "dense": (set_in(dense(), ((1, 2, 0), np.inf)), 1, 2, 0),
    "minus infinity": (set_in(dense(), ((1, 5, 2), -np.inf)), 1, 5, 2),
    "too large": (set_in(dense(), ((0, 2, 0), 1e300)), 0, 2, 0),
    "windows": (view_windows(broken_series(np.inf), 4), 4, 3, 2),
    "windows, too large": (view_windows(broken_series(1e39), 4), 4, 3, 2),
    "table": (set_in(SERIES, ((4, 1), np.inf)), 4, 1, 0),
    "ragged": (set_in(ragged(3), ((2, 5, 1), np.inf)), 2, 5, 1),
}


@pytest.mark.parametrize("name", NAN_PLACES)
def test_error_says_where_the_first_missing_value_is(name):
    X, sample, step, feature = NAN_PLACES[name]
    place = f"sequence {sample}, time step {step}, feature {feature}"
    with pytest.raises(ValueError, match=f"contains NaN.*{place}"):
        as_sequences(X)


@pytest.mark.parametrize("name", INF_PLACES)
def test_error_says_where_the_first_infinite_value_is(name):
    X, sample, step, feature = INF_PLACES[name]
    place = f"sequence {sample}, time step {step}, feature {feature}"
    with pytest.raises(ValueError, match=rf"contains infinity .*float32.*{place}"):
        as_sequences(X)


@pytest.mark.parametrize("allow_nan", [False, True])
def test_a_sequence_without_present_steps_is_named(allow_nan):
    X = set_in(dense(), ((3,), np.nan))
    with pytest.raises(ValueError, match="NaN in every time step of sequence 3"):
        as_sequences(X, allow_nan=allow_nan)
