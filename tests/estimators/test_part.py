import numpy as np
import pytest

from sklstm.data import as_sequences
from sklstm.estimators.part import Part


@pytest.fixture
def part():
    X = np.arange(12.0).reshape(4, 3)
    return Part(as_sequences(X), np.arange(4), np.array([1.0, 0.0, 2.0, 0.0]))


def test_subset_keeps_samples_targets_and_weights_together(part):
    chosen = part.subset(np.array([2, 1]))
    assert chosen.sequences.take(np.array([0]))[0][0, :, 0].tolist() == [6.0, 7.0, 8.0]
    assert chosen.y.tolist() == [2, 1]
    assert chosen.weight.tolist() == [2.0, 0.0]


def test_samples_of_weight_zero_are_not_there(part):
    assert part.without_zero_weights().y.tolist() == [0, 2]


@pytest.mark.parametrize("weight", [None, np.ones(4)])
def test_where_all_count_nothing_is_copied(part, weight):
    whole = Part(part.sequences, part.y, weight)
    assert whole.without_zero_weights() is whole
    assert whole.subset(np.array([3])).y.tolist() == [3]
