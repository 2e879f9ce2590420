import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from sklstm.data import as_sequences
from sklstm.training import prediction
from sklstm.training.prediction import predict_outputs


class Number(torch.nn.Module):
    """Returns of each sequence its first value and its length, and keeps the sizes of batches."""

    def __init__(self):
        super().__init__()
        self.shapes = []

    def forward(self, x, lengths=None):
        self.shapes.append(tuple(x.shape))
        assert not torch.is_grad_enabled()
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1])
        return torch.stack([x[:, 0, 0], lengths.to(x.dtype)], dim=1)


def ragged(n_samples):
    lengths = np.random.default_rng(0).integers(1, 9, size=n_samples)
    return [np.full((n, 1), float(i)) for i, n in enumerate(lengths)], lengths


@pytest.mark.parametrize("batch", [(16, 16), (16, 40), (16, 4096)])
def test_outputs_are_in_the_order_of_the_sequences(batch, monkeypatch):
    monkeypatch.setattr(prediction, "_MIN_BATCH", batch[0])
    monkeypatch.setattr(prediction, "_MAX_BATCH", batch[1])
    X, lengths = ragged(100)
    module = Number()
    outputs = predict_outputs(module, as_sequences(X), "cpu")
    assert_array_equal(outputs[:, 0], np.arange(100))
    assert_array_equal(outputs[:, 1], lengths)
    assert max(shape[0] for shape in module.shapes) <= batch[1]
    assert sum(shape[0] for shape in module.shapes) == 100


def test_batches_hold_few_lengths():
    X, lengths = ragged(400)
    module = Number()
    sequences = as_sequences(X)
    predict_outputs(module, sequences, "cpu")
    assert len(module.shapes) == 1  # all is little enough for one batch
    assert module.shapes[0] == (400, lengths.max(), 1)


@pytest.mark.parametrize(("n_timesteps", "largest"), [(1, 40), (5, 20), (50, 4), (60, 4)])
def test_long_sequences_come_in_small_batches(n_timesteps, largest, monkeypatch):
    for name, value in (("_STEPS", {"cpu": 100}), ("_MIN_BATCH", 4), ("_MAX_BATCH", 40)):
        monkeypatch.setattr(prediction, name, value)
    module = Number()
    predict_outputs(module, as_sequences(np.ones((120, n_timesteps, 1))), "cpu")
    assert {shape[0] for shape in module.shapes} == {largest}


def test_one_long_sequence_leaves_the_batches_of_others_large(monkeypatch):
    for name, value in (("_STEPS", {"cpu": 100}), ("_MIN_BATCH", 1)):
        monkeypatch.setattr(prediction, name, value)
    module = Number()
    X = [np.full((n, 1), float(i)) for i, n in enumerate([2] * 100 + [100] + [2] * 100)]
    assert_array_equal(predict_outputs(module, as_sequences(X), "cpu")[:, 0], np.arange(201))
    assert module.shapes == [(1, 100, 1)] + [(50, 2, 1)] * 4


def test_type_of_outputs():
    outputs = predict_outputs(Number(), as_sequences(np.ones((3, 2))), "cpu")
    assert outputs.dtype == torch.float64
    assert outputs.device.type == "cpu"
    assert not outputs.requires_grad
    assert outputs.shape == (3, 2)


class EveryStep(torch.nn.Module):
    """Returns the present steps themselves, one sequence after another."""

    def forward(self, x, lengths=None):
        if lengths is None:
            return x.flatten(0, 1)
        return torch.cat([steps[:n] for steps, n in zip(x, lengths, strict=True)])


@pytest.mark.parametrize("largest", [16, 4096])
def test_outputs_of_steps_are_in_the_order_of_the_sequences(largest, monkeypatch):
    monkeypatch.setattr(prediction, "_MAX_BATCH", largest)
    X, lengths = ragged(100)
    outputs = predict_outputs(EveryStep(), as_sequences(X), "cpu", lengths)
    assert_array_equal(outputs, np.concatenate(X))
