"""Sequences of every form against loops over single ones."""

import pickle

import numpy as np
import pytest

from sklstm.data import Windows, as_sequences, difference_scale, moments, view_windows
from sklstm.data.limits import extremes
from tests.data.forms import FORMS, SERIES, dense, forms, members_of, padded_windows, ragged


def assert_takes_agree(sequences, members, dtype):
    n = len(members)
    rng = np.random.default_rng(0)
    chosen = [np.arange(n), np.array([n - 1]), np.array([0, 0]), rng.integers(n, size=7)]
    for indices in chosen:
        batch, lengths = sequences.take(indices)
        wanted = [members[i] for i in indices]
        longest = max(len(member) for member in wanted)
        expected = np.zeros((len(indices), longest, wanted[0].shape[1]), dtype=dtype)
        for row, member in zip(expected, wanted, strict=True):
            row[: len(member)] = member
        assert batch.dtype == dtype
        np.testing.assert_array_equal(batch, expected)
        if all(len(member) == longest for member in wanted):
            assert lengths is None
        else:
            assert lengths.tolist() == [len(member) for member in wanted]


@forms
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_take_agrees_with_a_loop(tmp_path, name, dtype):
    X = FORMS[name](tmp_path)
    members = members_of(X)
    sequences = as_sequences(X, dtype)
    assert len(sequences) == len(members)
    assert sequences.lengths.tolist() == [len(member) for member in members]
    assert sequences.n_features == members[0].shape[1]
    assert_takes_agree(sequences, members, dtype)


@forms
def test_last_values(tmp_path, name):
    X = FORMS[name](tmp_path)
    members = members_of(X)
    sequences = as_sequences(X, np.float64)
    for feature in range(members[0].shape[1]):
        for back in (0, 1, 3):
            expected = [member[max(len(member) - 1 - back, 0), feature] for member in members]
            found = sequences.last_values(feature, back)
            assert found.dtype == np.float64
            np.testing.assert_array_equal(found, expected)


@forms
def test_a_taken_batch_is_a_copy(tmp_path, name):
    X = FORMS[name](tmp_path)
    sequences = as_sequences(X, np.float64)
    batch, _ = sequences.take(np.arange(len(sequences)))
    assert batch.flags.writeable
    assert not np.shares_memory(batch, sequences.rows)


def clipped_members(members, limits):
    return [np.clip(member, *limits) for member in members]


@forms
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_within_limits_all_is_read_as_if_clipped_before(tmp_path, name, dtype):
    X = FORMS[name](tmp_path)
    members = members_of(X)
    n_features = members[0].shape[1]
    limits = np.array([np.linspace(-0.5, -0.3, n_features), np.linspace(0.2, 0.6, n_features)])
    limits[:, 0] = -np.inf, 0.4
    limits = limits.astype(dtype).astype(float)
    raw = as_sequences(X, dtype)
    limited = raw.limited(limits)
    before = as_sequences(clipped_members(members, limits), dtype)
    assert limited.rows is raw.rows
    assert_takes_agree(limited, clipped_members(members, limits), dtype)
    assert_takes_agree(limited.subset(np.array([0])), clipped_members(members[:1], limits), dtype)
    features = range(n_features)
    for feature in features:
        expected = np.clip(raw.last_values(feature), *limits[:, feature])
        np.testing.assert_array_equal(limited.last_values(feature), expected)
    for one, other in (
        (moments(limited), moments(before)),
        (moments(limited, None, [0]), moments(before, None, [0])),
        (difference_scale(limited), difference_scale(before)),
        (extremes(limited), extremes(before)),
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)
    if not limited.overlap:
        found, expected = (dict(each.present_values(features)) for each in (limited, before))
        for feature in features:
            np.testing.assert_array_equal(np.sort(found[feature]), np.sort(expected[feature]))
    assert raw.limited(None) is raw


def test_limits_within_limits_narrow_them():
    sequences = as_sequences(np.array([[[-9.0, 5.0]], [[9.0, -5.0]]]))
    limited = sequences.limited(np.array([[-1.0, -np.inf], [2.0, np.inf]]))
    limited = limited.limited(np.array([[-np.inf, -np.inf], [1.0, 3.0]]))
    batch, _ = limited.take(np.arange(2))
    np.testing.assert_array_equal(batch[:, 0], [[-1.0, 3.0], [1.0, -5.0]])


def test_missing_values_stay_missing_within_limits():
    X = [np.array([[1.0], [np.nan], [9.0]]), np.array([[np.nan]])]
    sequences = as_sequences(X, allow_nan=True).limited(np.array([[0.0], [5.0]]))
    batch, _ = sequences.take(np.array([0, 1]))
    np.testing.assert_array_equal(batch[:, :, 0], [[1, np.nan, 5], [np.nan, 0, 0]])
    np.testing.assert_array_equal(extremes(sequences), [[1.0], [5.0]])
    assert sequences.last_values(0).tolist()[0] == 5
    late = as_sequences([np.array([[9.0], [np.nan]])], allow_nan=True)
    assert late.limited(np.array([[0.0], [5.0]])).last_values(0).tolist() == [5]


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (dense(), False),
        (dense()[::2], False),
        (SERIES, False),
        (ragged(3), False),
        (view_windows(SERIES, 4), True),
        (view_windows(SERIES, 4)[::3], True),
        (view_windows(SERIES, 4)[::4], False),
        (view_windows(SERIES, 4)[::5], False),
        (padded_windows(), True),
        (view_windows(SERIES, 1), False),
        (Windows(SERIES, np.array([0, 1, 10, 11]), 4), True),
        (Windows(SERIES, np.array([0, 10, 1, 11]), 4), True),
        (Windows(SERIES, np.array([0, 4, 8]), 4), False),
        (Windows(SERIES, np.array([8, 4, 0]), 4), False),
        (np.broadcast_to(dense()[0], (3, 6, 3)), True),
    ],
)
def test_overlap_is_whether_sequences_share_steps(X, expected):
    assert as_sequences(X).overlap is expected


@pytest.mark.parametrize(("start", "expected"), [([0, 4, 8], False), ([0, 3, 8], True)])
def test_sequences_that_are_told_when_they_are_share_time(start, expected):
    begin = np.array(start)
    X = Windows(SERIES, np.array([0, 4, 8]), 4, np.stack([begin, begin + 4], axis=1))
    sequences = as_sequences(X)
    assert sequences.overlap is expected
    assert sequences.subset(np.array([2, 0])).times[1].tolist() == [12, 4]


@forms
def test_rows_that_are_present(tmp_path, name):
    sequences = as_sequences(FORMS[name](tmp_path))
    expected = np.zeros(len(sequences.rows), dtype=bool)
    for first, length in zip(sequences.first, sequences.lengths, strict=True):
        expected[first : first + length] = True
    np.testing.assert_array_equal(sequences.is_present(), expected)


@pytest.mark.parametrize("name", ["dense, C order", "windows", "Windows", "ragged", "absent steps"])
def test_subset(tmp_path, name):
    X = FORMS[name](tmp_path)
    indices = np.array([3, 0, 3, 1])
    sequences = as_sequences(X, np.float64)
    subset = sequences.subset(indices)
    assert subset.rows is sequences.rows
    assert_takes_agree(subset, [members_of(X)[i] for i in indices], np.float64)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_runs_that_reach_the_end_of_the_table_are_gathered_like_others(dtype):
    members = [np.arange(length, dtype=dtype)[:, None] + 10 * length for length in (5, 2, 1)]
    sequences = as_sequences(members, dtype)
    batch, lengths = sequences.take(np.array([2, 0, 1]))
    assert batch.dtype == dtype
    assert lengths.tolist() == [1, 5, 2]
    expected = [[10, 0, 0, 0, 0], [50, 51, 52, 53, 54], [20, 21, 0, 0, 0]]
    assert batch[:, :, 0].tolist() == expected


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_batch_is_a_copy(n):
    X = np.arange(20.0, dtype=np.float32).reshape(5, 2, 2)
    batch, _ = as_sequences(X).take(np.arange(n))
    batch[:] = -1
    assert (X >= 0).all()


def test_a_pickle_holds_the_rows_once():
    sequences = as_sequences(view_windows(np.random.default_rng(0).normal(size=(300, 2)), 100))
    batch, _ = sequences.take(np.array([3, 0]))
    pickled = pickle.dumps(sequences)
    assert len(pickled) < 3 * sequences.rows.nbytes  # 200 windows would be 70 times the rows
    np.testing.assert_array_equal(pickle.loads(pickled).take(np.array([3, 0]))[0], batch)


def test_one_sequence_is_taken_as_among_others():
    members = [np.random.default_rng(0).normal(size=(length, 2)) for length in (3, 5)]
    sequences = as_sequences(members, np.float64)
    for number, member in enumerate(members):
        batch, lengths = sequences.take(np.array([number]))
        assert lengths is None
        np.testing.assert_array_equal(batch[0], member)


def test_rows_in_fortran_order_end_in_zeros_too():
    series = np.asfortranarray(np.arange(1.0, 25.0).reshape(12, 2))
    series[:3] = np.nan
    X = view_windows(series, 6)  # the first windows lack steps
    batch, lengths = as_sequences(X).take(np.arange(4))
    assert lengths.tolist() == [3, 4, 5, 6]
    for steps, window, length in zip(batch, X, lengths, strict=False):
        np.testing.assert_array_equal(steps[:length], window[6 - length :])
        assert (steps[length:] == 0).all()
