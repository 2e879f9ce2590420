import numpy as np
import pytest
from torch import nn

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.estimators.options import resolve_batch_size, resolve_max_epochs, resolve_option


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (LSTMRegressor, "subtract_last"),
        (LSTMRegressor, "linear_skip"),
        (LSTMClassifier, "differences"),
    ],
)
def test_auto_alone_is_off_for_own_modules_and_outputs_of_steps(kind, name):
    assert resolve_option(kind(), name) == "auto"
    for special in ({"module": nn.Identity}, {"return_sequences": True}):
        assert resolve_option(kind(**special), name) is False
        assert resolve_option(kind(**special, **{name: np.True_}), name) is True
    assert resolve_option(kind(**{name: np.False_}), name) is False


@pytest.mark.parametrize(
    ("n_samples", "batch_size"),
    [
        (1, 8),
        (100, 8),
        (8 * 40, 8),
        (16 * 40 - 1, 8),
        (16 * 40, 16),
        (1_400, 32),
        (64 * 40 + 39, 64),
        (256 * 40, 256),
        (10**7, 256),
    ],
)
def test_automatic_batch_size(n_samples, batch_size):
    assert resolve_batch_size("auto", n_samples) == batch_size


@pytest.mark.parametrize(
    ("batch_size", "n_samples", "expected"), [(32, 100, 32), (32, 10, 10), (np.int64(1), 10, 1)]
)
def test_given_batch_size_is_at_most_the_number_of_samples(batch_size, n_samples, expected):
    found = resolve_batch_size(batch_size, n_samples)
    assert (found, type(found)) == (expected, int)


@pytest.mark.parametrize(
    ("max_epochs", "n_batches", "expected"),
    [
        ("auto", 1, 500),
        ("auto", 5, 200),
        ("auto", 2, 500),
        ("auto", 7, 143),  # 1,000 steps at least
        ("auto", 10, 100),
        ("auto", 49, 21),
        ("auto", 50, 20),
        ("auto", 10**6, 20),
        (3, 10, 3),
        (np.int64(500), 1, 500),
    ],
)
def test_number_of_epochs(max_epochs, n_batches, expected):
    found = resolve_max_epochs(max_epochs, n_batches)
    assert (found, type(found)) == (expected, int)
