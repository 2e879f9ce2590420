import numpy as np
import pytest
import torch

from sklstm.nn import Patches, SequenceModel, Standardize


@pytest.mark.parametrize("time", [1, 2, 3, 4, 7, 9])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_every_step_is_in_its_place(time, size):
    x = torch.arange(1.0, 2 * time * 3 + 1).reshape(2, time, 3)
    grouped, lengths = Patches(size)(x, None)
    assert lengths is None
    assert grouped.shape == (2, -(-time // size), 3 * size)
    for step in range(grouped.shape[1] * size):
        place = grouped[:, step // size, step % size * 3 : (step % size + 1) * 3]
        assert torch.equal(place, x[:, step] if step < time else torch.zeros(2, 3))


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_lengths_are_rounded_up(size):
    lengths = torch.arange(1, 8)
    expected = [-(-length // size) for length in range(1, 8)]
    assert Patches(size)(torch.zeros(7, 7, 1), lengths)[1].tolist() == expected


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("pooling", ["last", "mean", "max", "concat"])
def test_padding_changes_nothing(size, pooling):
    torch.manual_seed(0)
    model = SequenceModel(
        Standardize(np.array([1.0]), np.array([2.0])), 2, hidden_layer_sizes=(5,), cell="lstm",
        bidirectional=True, pooling=pooling, dense_layer_sizes=(), normalization="layer",
        dropout=0.0, patch_size=size,
    ).double().eval()  # fmt: skip
    sequences = [torch.randn(length, 1, dtype=torch.float64) for length in (3, 8, 11)]
    padded = torch.full((3, 16, 1), 9.0, dtype=torch.float64)
    for row, sequence in enumerate(sequences):
        padded[row, : len(sequence)] = sequence
    together = model(padded, torch.tensor([3, 8, 11]))
    alone = torch.cat([model(sequence[None]) for sequence in sequences])
    torch.testing.assert_close(together, alone, rtol=1e-12, atol=1e-12)
