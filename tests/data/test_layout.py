"""What becomes of every accepted form of X."""

import re
from collections import deque
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from sklstm import SlidingWindowTransformer
from sklstm.data import (
    Windows,
    as_sequences,
    holds_integers,
    moments,
    step_names,
    view_windows,
)
from sklstm.data.layout import ragged_members
from tests.data.forms import (
    FORMS,
    SERIES,
    dense,
    forms,
    memory_map,
    object_array,
    padded_windows,
    ragged,
)

VIEWS = {
    "dense": lambda rows: rows.reshape(2, 10, 3),
    "windows": lambda rows: view_windows(rows, 4),
    "windows, every third": lambda rows: view_windows(rows, 4)[::3],
    "windows, some features": lambda rows: view_windows(rows, 4)[:, :, 1:],
    "windows, as a table": lambda rows: view_windows(rows[:, :1], 4)[:, :, 0],
    "Windows": lambda rows: Windows(rows, np.arange(17), 4),
    "stepped": lambda rows: rows.reshape(2, 10, 3)[:, ::2],
    "broadcast": lambda rows: np.broadcast_to(rows, (1000, 20, 3)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_are_not_copied(name):
    rows = SERIES.astype(np.float32)
    assert np.shares_memory(as_sequences(VIEWS[name](rows), np.float32).rows, rows)


@pytest.mark.parametrize("name", VIEWS)
def test_views_of_another_dtype_are_cast_once_a_row(name):
    found = as_sequences(VIEWS[name](SERIES), np.float32)
    assert found.rows.dtype == np.float32
    assert found.rows.size <= SERIES.size


@pytest.mark.parametrize("name", VIEWS)
def test_views_from_last_to_first_are_kept_as_views(name):
    rows = SERIES.astype(np.float32)
    X = VIEWS[name](rows)
    found, forward = as_sequences(X[::-1]), as_sequences(X)
    assert np.shares_memory(found.rows, rows)
    assert found.overlap == forward.overlap
    everything = np.arange(len(X))
    taken = found.take(everything)[0]
    np.testing.assert_array_equal(taken, np.asarray(X[::-1]).reshape(taken.shape))
    assert found.first.tolist() == forward.first[::-1].tolist()


@pytest.mark.parametrize("shape", ["dense", "windows"])
def test_memory_maps_stay_on_disk(tmp_path, shape):
    mapped = memory_map(tmp_path, dense() if shape == "dense" else SERIES)
    X = mapped if shape == "dense" else view_windows(mapped, 4)
    sequences = as_sequences(X, np.float32)
    assert np.shares_memory(sequences.rows, mapped)
    assert sequences.take(np.array([1]))[0].dtype == np.float32


@forms
def test_X_is_left_as_it_was(tmp_path, name):
    X = FORMS[name](tmp_path)
    before = deepcopy(X)
    sequences = as_sequences(X)
    sequences.take(np.arange(len(sequences)))
    moments(sequences)
    pairs = [(X, before)] if hasattr(X, "shape") and X.ndim > 1 else zip(X, before, strict=True)
    for part, kept in pairs:
        found, expected = (np.asarray(one).astype(np.float64) for one in (part, kept))
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("X", "form", "n_timesteps", "n_features", "n_columns"),
    [
        (SERIES, "table", 3, 1, 3),
        (dense(), "dense", 6, 3, 3),
        (padded_windows(), "dense", 4, 3, 3),
        (Windows(SERIES, np.arange(4), 5), "windows", 5, 3, 3),
        (ragged(3), "ragged", 6, 3, 3),
        (ragged(), "ragged", 6, 1, 1),
    ],
)
def test_attributes(X, form, n_timesteps, n_features, n_columns):
    found = as_sequences(X)
    assert found.layout == form
    assert found.n_timesteps == n_timesteps
    assert found.n_features == n_features
    assert found.n_columns == n_columns


def test_any_dtype_is_kept_where_none_is_asked_for():
    X = np.array([[["a", "b"], ["c", "d"]], [["e", "f"], ["g", "h"]]])
    found = as_sequences(X, None)
    assert found.rows.tolist() == [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]]
    assert as_sequences([["a", "b"], ["c"]], None).rows.tolist() == [["a"], ["b"], ["c"]]
    assert as_sequences(np.ones((2, 3), dtype=np.int16), None).rows.dtype == np.int16


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (3, ValueError, "Expected 2D array, got scalar array instead"),
        ([], ValueError, "Expected 2D array, got 1D array instead"),
        ([1.0, 2.0], ValueError, "Expected 2D array, got 1D array instead"),
        (np.ones(3), ValueError, "Expected 2D array, got 1D array instead"),
        (np.ones((1, 2, 3, 4)), ValueError, "4 dimensions and shape (1, 2, 3, 4)"),
        (np.ones((0, 3)), ValueError, "0 sample(s)"),
        (np.ones((3, 0)), ValueError, "0 feature(s)"),
        (np.ones((0, 2, 1)), ValueError, "0 sample(s)"),
        (np.ones((3, 0, 2)), ValueError, "0 time step(s) or feature(s) (shape=(3, 0, 2))"),
        (np.ones((3, 2, 0)), ValueError, "0 time step(s) or feature(s) (shape=(3, 2, 0))"),
        ([np.ones((2, 1)), np.ones((0, 1))], ValueError, "X[1] is a sequence without time steps"),
        ([np.ones((2, 1)), np.ones((3, 2))], ValueError, "X[0] has 1 and X[1] has 2"),
        ([[1, 2, 3], [[4, 5]]], ValueError, "X[0] has 1 and X[1] has 2"),
        ([np.ones((2, 0)), np.ones((3, 0))], ValueError, "0 feature(s)"),
        ([[[[1.0]]], [[[1.0]], [[2.0]]]], ValueError, "X[0] has shape (1, 1, 1)"),
        (np.ones((2, 3), dtype=complex), ValueError, "Complex data not supported"),
        (sparse.eye_array(3).tocsr(), TypeError, "Sparse data was passed"),
        (
            [pd.DataFrame({"day": pd.to_datetime(["2026-01-01"]), "load": [1.0]})] * 2,
            ValueError,
            "X[0] holds dates or durations in column(s) 'day'",
        ),
        ([["a", "b"], ["c", "d"]], ValueError, "X holds strings"),
        ([["a", "b"], ["c"]], ValueError, "X holds strings"),
        (np.array([[1.0, "a"]], dtype=object), ValueError, "could not convert string to float"),
    ],
)
def test_what_is_no_sequences_is_refused(X, error, message):
    with pytest.raises(error, match=re.escape(message)):
        as_sequences(X)


@pytest.mark.parametrize(
    ("X", "shapes"),
    [
        ([[1, 2, 3], [4]], [(3, 1), (1, 1)]),
        ([[[1, 2]], [[3, 4], [5, 6]]], [(1, 2), (2, 2)]),
        ([np.ones((2, 3))], [(2, 3)]),
        ([np.ones(2), np.ones(2)], [(2, 1), (2, 1)]),
        (object_array(ragged(3)), [(4, 3), (1, 3), (6, 3), (2, 3)]),
        ([[1, 2], [3, 4]], None),
        (np.ones((2, 3)), None),
        (np.ones((2, 3), dtype=object), None),
        ([], None),
        (["ab", "c"], None),
        (3, None),
        (None, None),
    ],
)
def test_ragged_members(X, shapes):
    found = ragged_members(X)
    assert (found and [member.shape for member in found]) == shapes


def test_what_lies_between_samples_is_not_looked_at():
    big = np.full((20, 100, 2), np.nan)
    big[:, -5:] = 1.0
    sequences = as_sequences(big[:, -5:])
    assert sequences.rows.shape == (100, 2)
    assert np.isfinite(sequences.rows).all()


@pytest.mark.parametrize("padding", ["edge", "nan"])
def test_copies_of_windows_are_kept_once_a_row(padding):
    series = np.random.default_rng(0).normal(size=(50, 2))
    view = SlidingWindowTransformer(7, padding=padding).fit_transform(series)
    copied, viewed = as_sequences(view.copy()), as_sequences(view)
    assert copied.rows.shape == viewed.rows.shape == (56, 2)
    np.testing.assert_array_equal(copied.rows, viewed.rows)
    np.testing.assert_array_equal(copied.first, viewed.first)
    assert copied.overlap


@pytest.mark.parametrize("change", [(0, 1), (0, -1), (25, 3), (-1, 0)])
def test_what_is_almost_windows_is_not(change):
    X = view_windows(np.random.default_rng(0).normal(size=(50, 1)), 7).copy()
    X[change] += 1
    sequences = as_sequences(X, np.float64)
    assert not sequences.overlap
    np.testing.assert_array_equal(sequences.take(np.arange(len(X)))[0], X)


def test_samples_that_never_change_are_independent():
    assert not as_sequences(np.zeros((10, 4, 1))).overlap


def test_no_windows_are_no_samples():
    windows = Windows(SERIES, np.arange(4), 5)
    with pytest.raises(ValueError, match=r"Windows with 0 sample\(s\)"):
        as_sequences(windows[:0])


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_a_copy_of_windows_in_strides_is_laid_out_like_their_view(stride):
    view = view_windows(SERIES.astype(np.float32), 8)[::stride]
    for X in (view, view.copy()):
        sequences = as_sequences(X)
        assert sequences.overlap
        assert np.diff(sequences.first).tolist() == [stride] * (len(view) - 1)
        np.testing.assert_array_equal(sequences.take(np.arange(len(view)))[0], view)


def test_samples_that_end_as_the_next_begins_are_no_windows():
    X = np.random.default_rng(0).normal(size=(20, 8, 1))
    X[:, 0] = X[:, -1] = 0.0
    assert not as_sequences(X).overlap


def test_frames_of_pandas_own_numbers():
    frame = pd.DataFrame({"a": [1, None], "b": [0.5, 1.5]}).convert_dtypes()
    sequences = as_sequences([frame, frame], allow_nan=True)
    np.testing.assert_array_equal(sequences.rows, [[1.0, 0.5], [np.nan, 1.5]] * 2)
    with pytest.raises(ValueError, match="NaN"):
        as_sequences([frame, frame])


@pytest.mark.parametrize(
    "odd", [[[1, 2], [3]], pd.DataFrame({"a": [1.0], "b": pd.to_datetime(["2026-01-01"])})]
)
def test_what_is_no_sequence_is_named(odd):
    with pytest.raises((TypeError, ValueError), match=r"X\[1\]"):
        as_sequences([np.ones((3, 2)), odd])


@pytest.mark.parametrize(
    "X", [{"a": np.ones((3, 1))}, (np.ones((3, 1)) for _ in range(2)), {1, 2}], ids=type
)
def test_other_containers_are_named(X):
    with pytest.raises(TypeError, match=r"an array or a list of sequences. Got .*: make a list"):
        as_sequences(X)


def test_a_groupby_is_no_list():
    groups = pd.DataFrame({"unit": [1, 1, 2], "load": [1.0, 2.0, 3.0]}).groupby("unit")
    with pytest.raises(TypeError, match=r"Got DataFrameGroupBy.*\[group for _, group in X\]"):
        as_sequences(groups)


def test_columns_that_are_no_numbers_are_named():
    frames = [pd.DataFrame({"load": [1.0, 2.0], "holiday": ["yes", "no"]})] * 2
    with pytest.raises(ValueError, match=r"X\[0\]: column\(s\) 'holiday' .*OrdinalEncoder"):
        as_sequences(frames)
    assert as_sequences(frames, None).rows.dtype == object


def test_other_sequences_are_read_as_lists():
    members = [[[1.0], [2.0]], [[3.0], [4.0]]]
    found = as_sequences(deque(members))
    np.testing.assert_array_equal(found.take(np.arange(2))[0], members)


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f8", "i4", "u1", bool, object])
def test_members_of_any_numbers_are_read_alike(dtype):
    members = [np.arange(length * 2).reshape(length, 2) % 2 for length in (3, 1, 2)]
    found = as_sequences([member.astype(dtype) for member in members])
    assert found.rows.dtype == np.float32
    np.testing.assert_array_equal(found.rows, np.concatenate(members))


@pytest.mark.parametrize("odd", [None, 5.0, np.array(5.0), "text"], ids=repr)
def test_a_member_that_is_no_sequence_is_named(odd):
    with pytest.raises(ValueError, match=r"X\[1\] is no sequence, as other members of X are"):
        as_sequences([np.ones((3, 1)), odd])


def test_masked_values_are_refused():
    X = np.ma.masked_array(np.ones((4, 3, 2)))
    assert len(as_sequences(X)) == len(as_sequences(list(X))) == 4
    X[1, 2, 0] = np.ma.masked
    with pytest.raises(ValueError, match="X holds masked values"):
        as_sequences(X)
    with pytest.raises(ValueError, match="X holds masked values"):
        as_sequences(list(X))


def test_other_sequences_may_be_of_unequal_lengths():
    members = [np.ones((3, 2)), np.zeros((1, 2))]
    assert as_sequences(deque(members)).lengths.tolist() == [3, 1]
    frames = [pd.DataFrame(member, columns=["a", "b"]) for member in members]
    with pytest.raises(ValueError, match="must have the same columns"):
        step_names(deque([frames[0], frames[1][["b", "a"]]]))


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (np.ones((2, 3, 1), dtype=np.int8), True),
        ([np.ones((2, 1), dtype=int), np.ones((3, 1))], False),
        ([[1, 2], [3]], True),
        (view_windows(np.arange(5)[:, None], 2), True),
        (pd.DataFrame({"a": [1], "b": [0.5]}), False),
    ],
    ids=str,
)
def test_whether_all_is_in_integers(X, expected):
    assert holds_integers(X) is expected


@pytest.mark.parametrize(
    "X",
    [
        "abc",
        ["abc", "de"],
        np.array(["abc", "de"]),
        [["a", "b"], ["c"]],
        [("a",), ("b",)],
        [np.array(["a", "b"]), np.array(["c"])],
    ],
    ids=str,
)
def test_texts_are_told_how_to_become_numbers(X):
    with pytest.raises(ValueError, match=r"X holds strings.*OrdinalEncoder"):
        as_sequences(X)


def test_symbols_are_read_where_no_numbers_are_wanted():
    assert as_sequences([["a", "b"], ["c"]], dtype=None).rows.ravel().tolist() == ["a", "b", "c"]
    with pytest.raises(ValueError, match="X holds strings"):
        as_sequences(["ab", "c"], dtype=None)


def test_tensors_are_read_without_their_gradients():
    x = torch.ones(3, 4, 1, requires_grad=True)
    for given in (x, list(x), x.bfloat16()):
        sequences = as_sequences(given)
        np.testing.assert_array_equal(sequences.rows, np.ones((12, 1)))


def test_sparse_members_are_named():
    with pytest.raises(TypeError, match=r"X\[1\] is sparse"):
        as_sequences([np.ones((3, 2)), sparse.csr_matrix(np.ones((3, 2)))])


@pytest.mark.parametrize("values", [["a", "b"], pd.period_range("2020", periods=2, freq="D")])
def test_columns_of_tables_that_are_no_numbers_are_named(values):
    with pytest.raises((TypeError, ValueError), match=r"X: column\(s\) 'day' do not hold numbers"):
        as_sequences(pd.DataFrame({"day": values, "load": [1.0, 2.0]}))
