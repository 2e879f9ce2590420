import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklstm.data import StepEncoding, StepReading, as_sequences

NAN = np.nan


@pytest.mark.parametrize("n_timesteps", [2, 3, 4])
def test_the_last_steps_are_read(n_timesteps):
    lists = [np.arange(3.0), np.arange(10.0, 14.0)]
    steps, absent = StepReading(n_timesteps, [], [])(as_sequences(lists), np.array([1, 0]))
    for number, one in enumerate([lists[1], lists[0]]):
        n_known = min(n_timesteps, len(one))
        assert_array_equal(steps[number, n_timesteps - n_known :, 0], one[-n_known:])
        assert_array_equal(absent[number], np.arange(n_timesteps) < n_timesteps - n_known)


def test_levels_stand_where_differences_would_be_zero():
    sequences = as_sequences(np.array([[[1.0, 5.0], [4.0, 7.0]]]))
    steps, absent = StepReading(2, [0, 1], [1])(sequences, np.array([0]))
    assert steps.tolist() == [[[-3.0, -2.0], [0.0, 7.0]]]
    assert absent is None


def test_what_is_missing_was_known_before_or_is_not_known():
    X = np.array([[[NAN, 1.0], [2.0, NAN], [NAN, 3.0]]])
    sequences = as_sequences(X, np.float64, allow_nan=True)
    steps, _ = StepReading(3, [], [])(sequences, np.array([0]))
    assert_array_equal(steps[0], [[NAN, 1.0], [2.0, 1.0], [2.0, 3.0]])


def test_columns_are_counted_as_they_are_read():
    reading = StepReading(3, [], [], StepEncoding(2, {1: np.array([0.0, 1.0, 2.0])}, {}))
    steps, _ = reading(as_sequences(np.zeros((2, 3, 2))), np.arange(2))
    assert reading.n_columns(2) == steps[0].size == 12
    assert StepReading(3, [], []).n_columns(2) == 6
