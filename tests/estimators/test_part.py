import numpy as np
import pytest

from sklstm.data import Steps, as_sequences
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


@pytest.fixture
def part_of_steps():
    X = as_sequences([np.ones((2, 1)), np.ones((3, 1))])
    known = np.array([True, False, True, True, True])
    y = Steps(np.arange(5), np.array([2, 3]), known)
    return Part(X, y, np.array([1.0, 2.0]))


def test_targets_of_steps_weigh_as_their_sample_and_unknown_ones_nothing(part_of_steps):
    assert part_of_steps.targets.tolist() == [0, 1, 2, 3, 4]
    assert part_of_steps.target_weight.tolist() == [1.0, 0.0, 2.0, 2.0, 2.0]
    plain = Part(part_of_steps.sequences, Steps(np.arange(5), np.array([2, 3])), None)
    assert plain.target_weight is None


def test_values_of_steps_are_indexed_by_samples(part_of_steps):
    values = part_of_steps.by_sample(np.arange(5) * 10)
    assert values[np.array([1])].values.tolist() == [20, 30, 40]
    assert part_of_steps.subset(np.array([1])).targets.tolist() == [2, 3, 4]


def test_one_target_a_sample_is_as_it_is(part):
    assert part.targets is part.y
    assert part.target_weight is part.weight
    assert part.by_sample(part.y) is part.y
