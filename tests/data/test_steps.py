import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from sklstm.data import (
    Steps,
    as_sequences,
    as_steps,
    labels_of_steps,
    numbers_of_steps,
    split_steps,
)


@pytest.fixture
def lengths(rng):
    return rng.integers(1, 6, size=20)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_chosen_steps_keep_values_and_marks(lengths, rng):
    values, known = rng.normal(size=(lengths.sum(), 2)), rng.random(lengths.sum()) > 0.5
    steps = Steps(values, lengths, known)
    chosen = steps[np.array([4, 0])]
    parts, marks = (np.split(a, np.cumsum(lengths)[:-1]) for a in (values, known))
    assert_array_equal(chosen.values, np.concatenate([parts[4], parts[0]]))
    assert_array_equal(chosen.known, np.concatenate([marks[4], marks[0]]))
    assert len(chosen) == 2
    assert_array_equal(chosen.lengths, lengths[[4, 0]])


@pytest.mark.parametrize("n_outputs", [(), (3,)])
@pytest.mark.parametrize("wrap", [list, tuple, lambda y: np.array([*y, None], dtype=object)[:-1]])
def test_ragged_targets_come_back_as_they_were(lengths, rng, n_outputs, wrap):
    X = as_sequences([np.zeros((n, 2)) for n in lengths])
    y = [rng.normal(size=(n, *n_outputs)) for n in lengths]
    steps = as_steps(wrap(y), X)
    assert_array_equal(steps.values, np.concatenate(y))
    for back, member in zip(split_steps(steps.values, X), y, strict=True):
        assert_array_equal(back, member)


@pytest.mark.parametrize("n_outputs", [(), (3,)])
def test_dense_targets_come_back_as_an_array(rng, n_outputs):
    y = rng.normal(size=(4, 5, *n_outputs))
    X = as_sequences(np.zeros((4, 5, 2)))
    assert_array_equal(split_steps(as_steps(y, X).values, X), y)


def test_targets_of_absent_steps_are_dropped(rng):
    X = rng.normal(size=(3, 4, 1))
    X[0, :2], X[1, 3:] = np.nan, np.nan
    y = np.arange(12.0).reshape(3, 4)
    sequences = as_sequences(X)
    steps = as_steps(y, sequences)
    assert steps.values.tolist() == [2, 3, 4, 5, 6, 8, 9, 10, 11]
    of_present_steps = as_steps([y[0, 2:], y[1, :3], y[2]], sequences)
    assert_array_equal(steps.values, of_present_steps.values)
    chosen = np.array([2, 0])
    assert as_steps(y[chosen], sequences.subset(chosen)).values.tolist() == [8, 9, 10, 11, 2, 3]
    assert [len(part) for part in split_steps(steps.values, sequences)] == [2, 3, 4]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(3), r"one target a time step.*Got y of shape \(3,\)"),
        (np.zeros((2, 4)), "differ in length"),
        (np.zeros((3, 5)), r"Sequence 0 of X has 4 steps, but y\[0\] has 5"),
        ([np.zeros(4), np.zeros(4), np.zeros(3)], r"Sequence 2 of X has 4 steps, but y\[2\] has 3"),
        ([np.zeros(4), np.zeros((4, 2)), np.zeros(4)], "as many columns"),
        ([0, 1, 2], r"Got y\[0\] of shape \(\)"),
    ],
)
def test_targets_of_another_form_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        as_steps(y, as_sequences(np.zeros((3, 4, 1))))


def test_a_step_with_one_number_missing_is_not_known():
    steps = numbers_of_steps(Steps(np.array([[1.0, np.nan], [2.0, 3.0]]), np.array([2])))
    assert steps.known.tolist() == [False, True]
    assert np.isfinite(steps.values).all()


@pytest.mark.parametrize(
    ("labels", "ignored", "known"),
    [
        ([0, 1, -1], -1, [True, True, False]),
        ([0.0, np.nan, 1.0], None, [True, False, True]),
        ([None, "a", "b"], None, [False, True, True]),
        (["", "a", "b"], "", [False, True, True]),
        ([None, 3, 4], 4, [False, True, False]),
        (np.array(["2020-01-01", "NaT", "2020-01-02"], dtype="M8[s]"), None, [True, False, True]),
        (np.array([pd.NA, "a", "b"], dtype=object), None, [False, True, True]),
        (np.array([pd.NA, "a", "b"], dtype=object), "b", [False, True, False]),
    ],
)
def test_labels_to_ignore(labels, ignored, known):
    steps = labels_of_steps(Steps(np.array(labels), np.array([3])), ignored)
    assert steps.known.tolist() == known
    assert set(steps.values) <= {label for label, k in zip(labels, known, strict=True) if k}
    assert steps.values.dtype != object


def test_all_known_is_none():
    assert labels_of_steps(Steps(np.array([0, 1]), np.array([2])), None).known is None
    assert numbers_of_steps(Steps(np.array([0, 1]), np.array([2]))).known is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([np.nan, np.nan], "no target at any time step"),
        ([np.inf, 1.0], "infinity"),
        (["a", "b"], "must hold numbers"),
        ([1j, 2j], "real numbers"),
        (np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[s]"), "dates"),
    ],
)
def test_numbers_that_are_none(values, message):
    with pytest.raises(ValueError, match=message):
        numbers_of_steps(Steps(np.array(values), np.array([2])))


def test_two_labels_a_step_are_refused():
    with pytest.raises(ValueError, match="one label a time step"):
        labels_of_steps(Steps(np.zeros((2, 2)), np.array([2])), None)


def test_a_missing_label_in_a_list_is_no_string():
    X = as_sequences([np.zeros((3, 1)), np.zeros((2, 1))])
    steps = labels_of_steps(as_steps([["a", np.nan, "b"], ["b", None]], X), None)
    assert steps.known.tolist() == [True, False, True, True, False]
    assert set(steps.values) == {"a", "b"}


def test_missing_numbers_of_pandas():
    X = as_sequences([np.zeros((2, 1))])
    y = [pd.Series([1.5, None], dtype="Float64")]
    steps = numbers_of_steps(as_steps(y, X))
    assert steps.known.tolist() == [True, False]
