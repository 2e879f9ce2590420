"""Samples on a device, for which the CPU stands in, against those that are gathered by numpy."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer
from sklstm.data import Steps, as_sequences
from sklstm.training import Samples, predict_outputs, resident

CPU = torch.device("cpu")


def series(n_rows=60):
    return np.random.default_rng(0).normal(size=(n_rows, 2))


def windows():
    return SlidingWindowTransformer(7).fit_transform(series())


def ragged():
    rng = np.random.default_rng(1)
    return [rng.normal(size=(length, 2)) for length in (4, 1, 6, 6, 6, 2)]


def with_absent_steps():
    X = np.random.default_rng(2).normal(size=(5, 6, 2))
    X[0, :2] = X[1, 4:] = X[4, 5:] = np.nan
    return X


def in_columns():
    return np.asfortranarray(np.random.default_rng(3).normal(size=(6, 5, 2)))


forms = pytest.mark.parametrize("make", [windows, ragged, with_absent_steps, in_columns])


@pytest.fixture
def always(monkeypatch):
    """Let everything that is in memory be resident."""
    monkeypatch.setattr(resident, "_has_room", lambda *_: True)


@forms
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("indices", [[0], [2, 3], [3, 0, 0, 4], [4, 2, 1, 0]])
def test_batches_are_those_of_numpy(make, dtype, indices):
    sequences = as_sequences(make(), dtype)
    expected, expected_lengths = sequences.take(np.array(indices))
    batch, lengths = resident.ResidentSequences(sequences, CPU).take(np.array(indices))
    assert_array_equal(batch.numpy(), expected, strict=True)
    assert (lengths is None) == (expected_lengths is None)
    if lengths is not None:
        assert_array_equal(lengths.numpy(), expected_lengths)


@forms
def test_rows_are_held_within_limits(make):
    sequences = as_sequences(make()).limited(np.array([[-0.5, -np.inf], [0.5, 0.3]]))
    indices = np.arange(len(sequences))
    expected, _ = sequences.take(indices)
    batch, _ = resident.ResidentSequences(sequences, CPU).take(indices)
    assert_array_equal(batch.numpy(), expected, strict=True)


def test_windows_are_held_once():
    sequences = as_sequences(windows())
    held = resident.ResidentSequences(sequences, CPU)
    assert held.rows.shape == (66, 2)
    assert len(held) == len(sequences) == 60


def test_what_comes_with_samples_is_sent_too(always):
    sequences, y = as_sequences(ragged()), np.arange(6.0)[:, None]
    samples = Samples(sequences, y, np.ones(6), {"more": np.arange(6)})
    sent = resident.resident_samples(samples, CPU)
    x, (target, weight) = sent.batch(np.array([5, 0]))
    assert all(isinstance(part, torch.Tensor) for part in (*x.values(), target, weight))
    assert x["more"].tolist() == [5, 0]
    assert target.tolist() == [[5.0], [0.0]]


def test_targets_of_steps_stay(always):
    sequences = as_sequences(ragged())
    targets = Steps(np.arange(sequences.lengths.sum()), sequences.lengths)
    samples = Samples(sequences, targets, None)
    x, (target, weight) = resident.resident_samples(samples, CPU).batch(np.array([1, 5]))
    expected_x, (expected, expected_weight) = samples.batch(np.array([1, 5]))
    assert_array_equal(x["x"].numpy(), expected_x["x"])
    assert_array_equal(target, expected)
    assert_array_equal(weight, expected_weight)


@pytest.mark.parametrize("free", [0, 1, 2])
def test_half_of_the_free_memory_is_the_most(monkeypatch, free):
    sequences = as_sequences(windows())  # 66 rows of 2 features in float32
    n_bytes = 66 * 8
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free * n_bytes // 2, 10**12))
    # torch holds blocks, half of them free
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: free * n_bytes)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: free * n_bytes // 2)
    monkeypatch.setattr(resident, "send", lambda values, device: torch.zeros(66, 2))
    found = resident.resident_sequences(sequences, torch.device("cuda:0"))
    assert (found is sequences) == (free < 2)


def test_without_room_after_all_the_sequences_stay(monkeypatch, always):
    def fail(values, device):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(resident, "send", fail)
    sequences = as_sequences(windows())
    assert resident.resident_sequences(sequences, CPU) is sequences


def test_parts_of_one_table_share_its_rows(always):
    whole = as_sequences(windows())
    samples = [
        Samples(whole.subset(part), np.zeros(30), None) for part in np.arange(60).reshape(2, 30)
    ]
    train = resident.resident_samples(samples[0], CPU)
    valid = resident.resident_samples(samples[1], CPU, like=train)
    assert valid.sequences.rows is train.sequences.rows
    other = resident.resident_samples(Samples(as_sequences(ragged()), None, None), CPU, like=train)
    assert len(other.sequences.rows) == 25


def test_another_table_needs_room_of_its_own(monkeypatch):
    train = resident.ResidentSequences(as_sequences(windows()), CPU)
    monkeypatch.setattr(resident, "_has_room", lambda *_: False)
    other = as_sequences(ragged())
    assert resident.resident_sequences(other, CPU, like=train) is other


def test_a_cpu_reads_what_is_there():
    sequences = as_sequences(windows())
    assert resident.resident_sequences(sequences, CPU) is sequences


def test_a_memory_map_stays_on_disk(tmp_path, always):
    X = np.memmap(tmp_path / "X", dtype=np.float32, mode="w+", shape=(5, 4, 2))
    sequences = as_sequences(X)
    assert resident.resident_sequences(sequences, CPU) is sequences
    assert resident.resident_samples(Samples(sequences, np.ones(5), None), CPU).sequences is (
        sequences
    )


@forms
@pytest.mark.parametrize("estimator", [LSTMRegressor, LSTMClassifier])
def test_fits_and_predictions_are_the_same(monkeypatch, estimator, make):
    X = make()
    y = np.arange(len(X)) % 2
    weight = 1.0 + np.arange(len(X))
    model = estimator(4, max_epochs=3, batch_size=2, dropout=0.2, random_state=0)
    expected = model.fit(X, y, sample_weight=weight, X_val=X, y_val=y).predict(X)
    losses = model.validation_loss_curve_
    monkeypatch.setattr(resident, "_has_room", lambda *_: True)
    model.fit(X, y, sample_weight=weight, X_val=X, y_val=y)
    assert_array_equal(model.predict(X), expected)
    assert model.validation_loss_curve_ == losses


def test_predictions_in_batches_are_the_same(always):
    sequences = as_sequences(np.zeros((20, 5000, 1)) + np.arange(20.0)[:, None, None])
    module = MeanOfSteps()
    found = predict_outputs(module, sequences, "cpu")  # 13 at once
    assert_array_equal(found.numpy()[:, 0], np.arange(20.0))


class MeanOfSteps(torch.nn.Module):
    def forward(self, x, lengths=None):
        return x.mean(1)
