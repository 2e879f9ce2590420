import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import LSTMRegressor, Windows, panel_from_sequences, sequences_from_panel

RNG = np.random.default_rng(0)
EQUAL = RNG.normal(size=(4, 5, 2))  # (samples, time, features)
RAGGED = [RNG.normal(size=(length, 2)) for length in (3, 1, 4)]
NAMES = ["load", "heat"]


def same(found, expected):
    assert type(found) is type(expected)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert_array_equal(one, other, strict=True)


def as_rows(sequences, instances="abcdef"):
    """Return a frame by concatenation, a way of its own to make a pd-multiindex panel."""
    frames = {
        name: pd.DataFrame(sequence, columns=NAMES)
        for name, sequence in zip(instances, sequences, strict=False)
    }
    return pd.concat(frames, names=["instance", "time"])


def as_nested(sequences, cell):
    cells = {
        name: pd.Series([cell(sequence[:, number]) for sequence in sequences], dtype=object)
        for number, name in enumerate(NAMES)
    }
    return pd.DataFrame(cells).set_axis(list("abcdef")[: len(sequences)])


PANELS = {
    "np-list": lambda sequences: [sequence.T for sequence in sequences],
    "tuple": lambda sequences: tuple(sequence.T for sequence in sequences),
    "pd-multiindex": as_rows,
    "df-list": lambda sequences: [pd.DataFrame(each, columns=NAMES) for each in sequences],
    "nested series": lambda sequences: as_nested(sequences, pd.Series),
    "nested arrays": lambda sequences: as_nested(sequences, np.asarray),
}


# ---------------------------------------------------------------- in


@pytest.mark.parametrize("name", PANELS)
@pytest.mark.parametrize("expected", [EQUAL, RAGGED], ids=["equal", "ragged"])
def test_each_panel_becomes_sequences(name, expected):
    same(sequences_from_panel(PANELS[name](expected)), expected)


def test_numpy3d_becomes_a_view():
    panel = np.ascontiguousarray(EQUAL.swapaxes(1, 2))
    found = sequences_from_panel(panel)
    assert_array_equal(found, EQUAL)
    assert np.shares_memory(found, panel)


def test_arrays_of_unequal_length_become_views():
    panel = [sequence.T.copy() for sequence in RAGGED]
    found = sequences_from_panel(panel)
    assert all(np.shares_memory(one, two) for one, two in zip(found, panel, strict=True))


@pytest.mark.parametrize("sequences", [EQUAL, RAGGED], ids=["equal", "ragged"])
def test_contiguous_rows_become_views(sequences):
    frame = as_rows(sequences)
    found = sequences_from_panel(frame)
    assert all(np.shares_memory(one, frame.to_numpy()) for one in found)


@pytest.mark.parametrize("sequences", [EQUAL, RAGGED], ids=["equal", "ragged"])
def test_a_long_table_in_the_order_of_time(sequences):
    frame = as_rows(sequences).sort_index(level=1, kind="stable", sort_remaining=False)
    same(sequences_from_panel(frame), sequences)


def test_instances_stay_in_the_order_of_appearance():
    same(sequences_from_panel(as_rows(RAGGED, "zay")), RAGGED)


TIMES = {
    "dates": pd.date_range("2024-01-01", periods=4),
    "periods": pd.period_range("2024-01", periods=4, freq="M"),
    "zoned": pd.date_range("2024-01-01", periods=4, tz="UTC"),
    "numbers with gaps": pd.Index([1.5, 2.0, 7.0, 8.0]),
}


@pytest.mark.parametrize("name", TIMES)
def test_times_may_be_of_any_kind_that_is_ordered(name):
    frames = [
        pd.DataFrame(sequence, TIMES[name][: len(sequence)], columns=NAMES) for sequence in RAGGED
    ]
    same(sequences_from_panel(frames), RAGGED)
    same(sequences_from_panel(pd.concat(frames, keys=list("abc"))), RAGGED)
    with pytest.raises(ValueError, match=r"In instance 'c', .* is followed by"):
        sequences_from_panel(pd.concat([*frames[:2], frames[2][::-1]], keys=list("abc")))


def test_columns_of_several_dtypes():
    frame = as_rows(EQUAL).assign(count=np.arange(20))
    found = sequences_from_panel(frame)
    assert_array_equal(found[:, :, :2], EQUAL)
    assert_array_equal(found[:, :, 2].ravel(), np.arange(20))


def test_absent_steps_are_kept():
    panel = EQUAL.swapaxes(1, 2).copy()
    panel[0, :, 3:] = np.nan
    assert np.isnan(sequences_from_panel(panel)[0, 3:]).all()


def test_a_panel_in_a_pipeline():
    model = LSTMRegressor(3, max_epochs=2, random_state=0)
    bridged = make_pipeline(FunctionTransformer(sequences_from_panel), model)
    panel, y = EQUAL.swapaxes(1, 2), EQUAL[:, -1, 0]
    found = bridged.fit(panel, y).predict(panel)
    assert_array_equal(found, model.fit(EQUAL, y).predict(EQUAL))


# ---------------------------------------------------------------- errors


def unsorted():
    return as_rows(RAGGED).iloc[[0, 1, 2, 3, 4, 6, 5, 7]]


def repeated():
    return as_rows(RAGGED).iloc[[0, 1, 1, 2, 3]]


def nested_with(cell):
    frame = as_nested(RAGGED, pd.Series)
    frame.iat[1, 1] = cell
    return frame


NO_PANELS = {
    "two dimensions": (np.ones((3, 4)), r"2 dimension\(s\).*univariate sequences already"),
    "four dimensions": (np.ones((3, 4, 1, 1)), r"4 dimension\(s\)"),
    "an empty list": ([], "no instance"),
    "an empty frame": (as_rows(RAGGED)[:0], "no instance"),
    "1-D members": ([np.ones((2, 3)), np.ones(3)], r"X\[1\] has shape \(3,\)"),
    "other channels": ([np.ones((2, 3)), np.ones((1, 3))], r"X\[0\] has 2 and X\[1\] has 1"),
    "a plain frame": (pd.DataFrame({"a": [1.0]}), r"two levels instance and time.*1 index level"),
    "three levels": (pd.concat({"top": as_rows(RAGGED)}), r"3 index level\(s\)"),
    "unsorted": (unsorted(), "In instance 'c', 2 is followed by 1"),
    "repeated": (repeated(), "In instance 'a', 1 is followed by 1"),
    "unsorted frames": (
        [pd.DataFrame(RAGGED[0]), pd.DataFrame(RAGGED[2])[::-1]],
        r"In X\[1\], 3 is followed by 2",
    ),
    "columns in another order": (
        [as_rows(RAGGED).loc["a"], as_rows(RAGGED).loc["c", ["heat", "load"]]],
        r"\['load', 'heat'\] and X\[1\] has \['heat', 'load'\]",
    ),
    "no instance's row": (
        pd.DataFrame({"a": [1.0, 2.0]}, pd.MultiIndex.from_arrays([["x", None], [0, 1]])),
        "Row 1 of X belongs to no instance",
    ),
    "dates": (as_rows(RAGGED).assign(day=pd.Timestamp("2024-01-01")), r"dates.*'day'"),
    "dates in a list": ([pd.DataFrame({"day": [pd.Timestamp("2024-01-01")]})], r"X\[0\].*'day'"),
    "cells of numbers": (nested_with(1.0), r"instance 'b' has 0 dimension\(s\)"),
    "cells of other length": (nested_with(pd.Series([1.0, 2.0])), r"'b' have \[1, 2\]"),
    "unsorted cells": (nested_with(pd.Series([1.0, 2.0], [1, 0])), "In instance 'b', 1 is"),
}


@pytest.mark.parametrize("name", NO_PANELS)
def test_what_is_no_panel_is_told(name):
    panel, message = NO_PANELS[name]
    with pytest.raises(ValueError, match=message):
        sequences_from_panel(panel)


# ---------------------------------------------------------------- back


@pytest.mark.parametrize("kind", ["numpy3D", "np-list", "pd-multiindex"])
def test_round_trip_of_equal_lengths(kind):
    same(sequences_from_panel(panel_from_sequences(EQUAL, kind)), EQUAL)
    same(sequences_from_panel(panel_from_sequences(list(EQUAL), kind)), EQUAL)


@pytest.mark.parametrize("kind", ["np-list", "pd-multiindex"])
def test_round_trip_of_unequal_lengths(kind):
    same(sequences_from_panel(panel_from_sequences(RAGGED, kind)), RAGGED)


def test_panels_are_views():
    assert np.shares_memory(panel_from_sequences(EQUAL), EQUAL)
    for instance, sequence in zip(panel_from_sequences(RAGGED, "np-list"), RAGGED, strict=True):
        assert instance.shape == sequence.shape[::-1]
        assert np.shares_memory(instance, sequence)


def test_univariate_sequences():
    table = EQUAL[:, :, 0]
    assert_array_equal(panel_from_sequences(table), table[:, None])
    ragged = [sequence[:, 0] for sequence in RAGGED]
    assert [each.shape for each in panel_from_sequences(ragged, "np-list")] == [
        (1, 3), (1, 1), (1, 4),
    ]  # fmt: skip


def test_windows_of_several_series():
    windows = Windows(np.arange(12.0).reshape(6, 2), np.array([0, 3]), 3)
    assert_array_equal(panel_from_sequences(windows), np.asarray(windows).swapaxes(1, 2))


def test_rows_are_numbered():
    frame = panel_from_sequences(RAGGED, "pd-multiindex")
    assert frame.index.names == ["instances", "timepoints"]
    assert frame.columns.tolist() == ["var_0", "var_1"]
    assert frame.loc[2].index.tolist() == [0, 1, 2, 3]
    assert_array_equal(frame.loc[2].to_numpy(), RAGGED[2])


def test_unequal_lengths_are_no_array():
    with pytest.raises(ValueError, match="They have 1 to 4 time steps"):
        panel_from_sequences(RAGGED)


@pytest.mark.parametrize("X", [np.ones(3), np.ones((1, 2, 3, 4))])
def test_what_is_no_sequence_is_told(X):
    with pytest.raises(ValueError, match="X must be 2-D"):
        panel_from_sequences(X)


def test_unknown_kind():
    with pytest.raises(ValueError, match=r"one of \['numpy3D', 'np-list', 'pd-multiindex'\]"):
        panel_from_sequences(EQUAL, "pd-wide")


def test_numbers_of_pandas_own_become_numbers():
    count = pd.array([1, None, 3], dtype="Int64")
    frame = pd.DataFrame({"load": [1.0, 2.0, 3.0], "count": count})
    rows = frame.set_index(pd.MultiIndex.from_tuples([("a", 0), ("a", 1), ("b", 0)]))
    expected = [[[1.0, 1.0], [2.0, np.nan]], [[3.0, 3.0]]]
    for panel in (rows, [frame[:2], frame[2:]]):
        for found, sequence in zip(sequences_from_panel(panel), expected, strict=True):
            assert found.dtype == np.float64
            np.testing.assert_array_equal(found, sequence)


def test_frames_and_arrays_may_stand_side_by_side():
    values = np.arange(12.0).reshape(6, 2)
    found = sequences_from_panel([pd.DataFrame(values), values.T])
    np.testing.assert_array_equal(found, [values, values])
    with pytest.raises(ValueError, match="X holds masked values"):
        sequences_from_panel([np.ma.masked_greater(values.T, 10.0)])
