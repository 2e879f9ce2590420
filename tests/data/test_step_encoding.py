import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.preprocessing import OneHotEncoder

from sklstm.data import StepEncoding, as_sequences, find_step_encoding
from sklstm.nn import PiecewiseLinear


def test_symbols_are_encoded_one_hot():
    steps = np.random.default_rng(0).integers(5, size=(4, 6, 2)).astype(float)
    values = np.arange(4.0)  # a fifth is not known
    columns = StepEncoding(2, {0: values, 1: values}, {})(steps)
    encoder = OneHotEncoder(
        categories=[values, values], handle_unknown="ignore", sparse_output=False
    )
    expected = encoder.fit(values[:, None].repeat(2, axis=1)).transform(steps.reshape(-1, 2))
    assert_array_equal(columns.reshape(-1, 8), expected)


def test_numbers_are_told_as_to_a_network():
    steps = np.random.default_rng(0).normal(size=(4, 6, 1))
    edges = np.array([-1.0, 0.0, 0.1, 0.9])
    network = PiecewiseLinear(edges)(torch.as_tensor(steps[:, :, 0]))
    assert_allclose(StepEncoding(1, {}, {0: edges})(steps), network)


def test_features_stand_in_their_order_and_what_is_missing_stays_so():
    encoding = StepEncoding(4, {1: np.array([2.0, 4.0])}, {3: np.array([0.0, 1.0, 2.0])})
    columns = encoding(np.array([[[0.5, 4.0, 7.0, 1.0], [0.6, np.nan, 8.0, np.nan]]]))
    assert encoding.n_columns == columns.shape[2] == 6
    nan = np.nan
    assert_array_equal(columns[0], [[0.5, 0, 1, 7, 1, 0], [0.6, nan, nan, 8, nan, nan]])


@pytest.mark.parametrize(
    ("values", "n_columns"),
    [
        (np.arange(3), 2),
        (np.arange(32), 31),
        (np.arange(33), 1),
        (np.arange(32) / 7, 31),
        (np.arange(2), 1),  # one column already
    ],
)
@pytest.mark.parametrize("is_symbol", [False, True])
def test_which_features_become_columns(values, n_columns, is_symbol):
    X = np.random.default_rng(0).permutation(np.resize(values, 1_200)).reshape(30, 40, 1)
    encoding = find_step_encoding(as_sequences(X, np.float64), [0] if is_symbol else [])
    if is_symbol:
        assert_array_equal(encoding.categories[0], values)
        assert encoding.n_columns == len(values)
    elif n_columns == 1:
        assert encoding is None
    else:
        assert_array_equal(encoding.edges[0], values)
        assert encoding.n_columns == n_columns


def test_what_is_told_relative_to_another_value_stays_a_number():
    X = np.random.default_rng(0).integers(3, size=(30, 40, 2)).astype(float)
    encoding = find_step_encoding(as_sequences(X, np.float64), [], [0])
    assert list(encoding.edges) == [1]
    assert encoding.categories == {}


def test_of_many_sequences_some_tell_of_numbers_and_all_of_symbols(monkeypatch):
    monkeypatch.setattr("sklstm.data.step_encoding._N_STEPS", 60)
    rng = np.random.default_rng(0)
    X = rng.integers(3, size=(100, 20, 2))
    X[40] = 3  # is seldom
    encoding = find_step_encoding(as_sequences(X, np.float64), [1])
    assert_array_equal(encoding.edges[0], [0, 1, 2])
    assert_array_equal(encoding.categories[1], [0, 1, 2, 3])


def test_values_of_all_steps_are_found(monkeypatch):
    monkeypatch.setattr("sklstm.data.step_encoding._N_STEPS", 1_000)
    X = np.random.default_rng(0).integers(3, size=(1_000, 5)) + np.arange(5)
    encoding = find_step_encoding(as_sequences(X[:, :, None], np.float64), [])
    assert_array_equal(encoding.edges[0], np.arange(7))


def test_what_is_missing_is_no_value():
    X = np.resize([0.0, 1.0, np.nan, 2.0], (30, 8, 1))
    sequences = as_sequences(X, np.float64, allow_nan=True)
    assert_array_equal(find_step_encoding(sequences, []).edges[0], [0, 1, 2])
