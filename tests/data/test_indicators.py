import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.preprocessing import OneHotEncoder

from sklstm.data import Indicators, as_sequences, find_indicators


def test_they_are_a_one_hot_encoding():
    steps = np.random.default_rng(0).integers(5, size=(4, 6, 2)).astype(float)
    values = np.arange(4.0)  # a fifth is not known
    columns = Indicators(2, {0: values, 1: values})(steps)
    encoder = OneHotEncoder(
        categories=[values, values], handle_unknown="ignore", sparse_output=False
    )
    expected = encoder.fit(values[:, None].repeat(2, axis=1)).transform(steps.reshape(-1, 2))
    assert_array_equal(columns.reshape(-1, 8), expected)


def test_features_stand_in_their_order_and_what_is_missing_stays_so():
    indicators = Indicators(3, {1: np.array([2.0, 4.0])})
    columns = indicators(np.array([[[0.5, 4.0, 7.0], [0.6, np.nan, 8.0]]]))
    assert indicators.n_columns == columns.shape[2] == 4
    assert_array_equal(columns[0], [[0.5, 0, 1, 7], [0.6, np.nan, np.nan, 8]])


def test_without_any_the_steps_are_as_they_were():
    steps = np.zeros((1, 2, 3))
    indicators = Indicators(3, {})
    assert indicators(steps) is steps
    assert indicators.n_columns == 3


@pytest.mark.parametrize(
    ("values", "categorical", "found"),
    [
        (np.arange(3), [], True),
        (np.arange(32), [], True),
        (np.arange(33) + 0.5, [], False),
        (np.arange(33), [0], True),
        (np.arange(2), [], False),  # one column already
        (np.arange(2), [0], True),
    ],
)
def test_which_features_become_columns(values, categorical, found):
    X = np.random.default_rng(0).permutation(np.resize(values, 1_200)).reshape(30, 40, 1)
    indicators = find_indicators(as_sequences(X, np.float64), categorical)
    assert list(indicators.values) == [0] * found
    if found:
        assert_array_equal(indicators.values[0], values)


def test_of_many_values_some_tell(monkeypatch):
    monkeypatch.setattr("sklstm.data.indicators._N_VALUES", 50)
    X = np.zeros((10, 20, 1))
    X[:, 10:] = 1
    X[:, ::2] += 2
    X[3, 3] = 9  # is seldom
    indicators = find_indicators(as_sequences(X, np.float64), [])
    assert_array_equal(indicators.values[0], [0, 1, 2, 3])


def test_what_is_missing_is_no_value():
    X = np.resize([0.0, 1.0, np.nan, 2.0], (30, 8, 1))
    sequences = as_sequences(X, np.float64, allow_nan=True)
    assert_array_equal(find_indicators(sequences, []).values[0], [0, 1, 2])
