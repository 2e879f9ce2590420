import numpy as np
import pytest

from sklstm.data import Batches

EQUAL = np.full(23, 5)
RAGGED = np.random.default_rng(0).integers(1, 50, size=23)
lengths_and_shuffle = pytest.mark.parametrize(
    ("lengths", "shuffle"), [(EQUAL, False), (EQUAL, True), (RAGGED, False), (RAGGED, True)]
)


def make(lengths, batch_size, shuffle=True, seed=0):
    return Batches(lengths, batch_size, np.random.default_rng(seed) if shuffle else None)


@lengths_and_shuffle
@pytest.mark.parametrize("batch_size", [1, 2, 5, 11, 22, 23, 100])
def test_each_sample_comes_exactly_once(lengths, shuffle, batch_size):
    batches = make(lengths, batch_size, shuffle)
    for _ in range(3):
        passed = list(batches)
        assert sorted(np.concatenate(passed).tolist()) == list(range(23))
        assert len(passed) == len(batches)


@pytest.mark.parametrize(
    ("n_samples", "batch_size", "sizes"),
    [
        (10, 5, [5, 5]),
        (10, 4, [4, 4, 2]),
        (9, 4, [4, 5]),  # no batch of one sample
        (5, 4, [5]),
        (4, 4, [4]),
        (3, 4, [3]),
        (1, 4, [1]),
        (3, 1, [1, 1, 1]),  # but where each is one
        (3, 2, [3]),
    ],
)
@pytest.mark.parametrize("shuffle", [False, True])
def test_sizes(n_samples, batch_size, sizes, shuffle):
    for lengths in (np.full(n_samples, 3), np.arange(n_samples) + 1):
        found = [len(batch) for batch in make(lengths, batch_size, shuffle)]
        assert sorted(found) == sorted(sizes)


def test_order_is_kept_without_shuffling():
    assert np.concatenate(list(make(EQUAL, 4, shuffle=False))).tolist() == list(range(23))


@pytest.mark.parametrize("lengths", [EQUAL, RAGGED])
def test_shuffling_is_new_on_every_pass_and_repeats_with_the_seed(lengths):
    batches = make(lengths, 4)
    first, second = (np.concatenate(list(batches)).tolist() for _ in range(2))
    assert first != second
    assert first != list(range(23))
    again = make(lengths, 4)
    assert [np.concatenate(list(again)).tolist() for _ in range(2)] == [first, second]
    assert np.concatenate(list(make(lengths, 4, seed=1))).tolist() != first


@pytest.mark.parametrize("shuffle", [False, True])
def test_ragged_samples_are_batched_by_length(shuffle):
    lengths = np.random.default_rng(1).integers(1, 100, size=640)
    padding = sum(
        (lengths[batch].max() - lengths[batch]).sum() for batch in make(lengths, 20, shuffle)
    )
    assert padding < 0.1 * lengths.sum()  # in random order it is nearly all of it


def test_ragged_batches_come_in_random_order():
    lengths = np.arange(60) + 1
    batches = make(lengths, 2)
    passed = [list(batches) for _ in range(2)]
    firsts = [lengths[batch[0]] for batch in passed[0]]
    assert (np.diff(firsts) < 0).any()


def test_which_ragged_samples_meet_changes_from_pass_to_pass():
    batches = make(np.arange(200) + 1, 2)
    pairs = [{tuple(sorted(batch.tolist())) for batch in batches} for _ in range(2)]
    assert len(pairs[0] & pairs[1]) < 50  # of 100; lengths alone would give the same every time


def test_ragged_samples_in_order_of_length_without_shuffling():
    order = np.concatenate(list(make(RAGGED, 4, shuffle=False)))
    assert (np.diff(RAGGED[order]) >= 0).all()
