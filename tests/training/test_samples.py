import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklstm.data import Steps, as_sequences
from sklstm.training.samples import Loader, Samples, Split, module_arguments

DENSE = np.arange(24.0).reshape(6, 2, 2)
RAGGED = [np.full((n, 1), float(i)) for i, n in enumerate([3, 1, 2, 3, 1, 2, 2])]


def dense(weight=None):
    return Samples(as_sequences(DENSE), np.arange(6.0)[:, None], weight)


def ragged(weight=None):
    return Samples(as_sequences(RAGGED), np.arange(7)[:, None], weight)


def test_batch_without_weights():
    x, target = dense().batch(np.array([4, 1]))
    assert set(x) == {"x"}
    assert_array_equal(x["x"], DENSE[[4, 1]])
    assert x["x"].dtype == np.float32
    assert_array_equal(target, [[4], [1]])


def test_batch_with_weights():
    _, (target, weight) = dense(np.linspace(0, 1, 6)).batch(np.array([5, 0]))
    assert_array_equal(target, [[5], [0]])
    assert_array_equal(weight, [1, 0])


def test_batch_of_unequal_lengths():
    x, _ = ragged().batch(np.array([0, 1]))
    assert_array_equal(x["lengths"], [3, 1])
    assert_array_equal(x["x"][:, :, 0], [[0, 0, 0], [1, 0, 0]])


def test_lengths_are_left_out_where_all_are_equal():
    assert set(module_arguments(as_sequences(RAGGED), np.array([0, 3]))) == {"x"}
    assert set(module_arguments(as_sequences(RAGGED), np.array([0, 2]))) == {"x", "lengths"}


def test_one_sample():
    x, target = dense()[3]
    assert_array_equal(x["x"], DENSE[3:4])
    assert target.tolist() == [[3]]
    assert len(dense()) == 6


@pytest.mark.parametrize("samples", [dense(), ragged()], ids=["dense", "ragged"])
@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
@pytest.mark.parametrize("seed", [None, 0])
def test_loader_gives_every_sample_once(samples, batch_size, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    loader = Loader(samples, batch_size, rng)
    for _ in range(2):
        batches = list(loader)
        assert len(batches) == len(loader)
        seen = np.concatenate([target[:, 0] for _, target in batches])
        assert sorted(seen) == list(range(len(samples)))
        for x, target in batches:
            assert len(x["x"]) == len(target)


def order(loader):
    return [int(i) for _, target in loader for i in target[:, 0]]


def test_loader_shuffles_anew_on_every_pass():
    samples = Samples(as_sequences(np.zeros((50, 2))), np.arange(50)[:, None], None)
    loader = Loader(samples, 8, np.random.default_rng(0))
    first, second = order(loader), order(loader)
    assert first != second
    assert first != list(range(50))
    assert order(Loader(samples, 8, np.random.default_rng(0))) == first


def test_loader_keeps_the_order_without_a_generator():
    assert order(Loader(dense(), 4, None)) == list(range(6))


def test_split():
    split = Split(dense(), None)
    assert split.valid is None
    assert len(split.train) == 6


def test_targets_of_steps_come_one_sequence_after_another():
    steps = Steps(np.arange(14), np.array([3, 1, 2, 3, 1, 2, 2]))
    samples = Samples(as_sequences(RAGGED), steps, Steps(np.arange(14) / 14, steps.lengths))
    x, (target, weight) = samples.batch(np.array([3, 4]))
    assert_array_equal(target, [6, 7, 8, 9])
    assert_array_equal(weight, target / 14)  # as long as the mean of all
    assert_array_equal(x["lengths"], [3, 1])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("batch_size", [1, 2, 3])
def test_each_step_counts_alike_in_whatever_batch(weighted, batch_size):
    steps = Steps(np.arange(14.0), np.array([3, 1, 2, 3, 1, 2, 2]))
    weights = np.linspace(0, 2, 14) if weighted else np.ones(14)
    given = Steps(weights, steps.lengths) if weighted else None
    samples, total = Samples(as_sequences(RAGGED), steps, given), 0.0
    for x, y in Loader(samples, batch_size, None):
        target, weight = y if isinstance(y, tuple) else (y, np.ones(len(y)))
        total += len(x["x"]) * np.mean(weight * target)
    assert total / 7 == pytest.approx(np.mean(weights * steps.values))


def test_targets_of_several_arrays():
    samples = Samples(
        as_sequences(DENSE), {"a": np.arange(6), "b": np.arange(12).reshape(6, 2)}, None
    )
    batch = samples.batch(np.array([4, 1, 0]))
    assert batch[1]["a"].tolist() == [4, 1, 0]
    assert batch[1]["b"].tolist() == [[8, 9], [2, 3], [0, 1]]


def test_further_arguments_of_the_module():
    samples = Samples(as_sequences(DENSE), np.arange(6), None, {"previous": np.arange(6) * 2})
    x, _ = samples.batch(np.array([5, 2]))
    assert set(x) == {"x", "previous"}
    assert x["previous"].tolist() == [10, 4]
