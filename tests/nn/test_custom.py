import numpy as np
import torch
from torch import nn

from sklstm.nn import CustomModel, Standardize


class Spy(nn.Module):
    """Keeps what it is given; returns the weighted sum of all steps."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))

    def forward(self, x, lengths):
        self.x, self.lengths = x, lengths
        return (x * self.weight).sum((1, 2))[:, None]


def make_model():
    return CustomModel(Standardize(np.array([1.0, 2.0]), np.array([2.0, 4.0]), [1]), Spy()).float()


def test_module_sees_scaled_sequences_with_zero_padding():
    model = make_model()
    x = torch.tensor([[[3.0, 6.0], [5.0, 2.0], [99.0, 99.0]], [[1.0, 1.0]] * 3])
    output = model(x, torch.tensor([2, 3]))
    expected = [[[1.0, 0.5], [2.0, -0.5], [0.0, 0.0]], [[0.0, -0.5]] * 3]
    assert model.module.x.tolist() == expected
    assert model.module.lengths.tolist() == [2, 3]
    assert output.tolist() == [[3.0], [-1.5]]


def test_module_is_told_full_lengths():
    model = make_model()
    model(torch.zeros(3, 4, 2))
    assert model.module.lengths.tolist() == [4, 4, 4]
    assert model.module.lengths.dtype == torch.int64


def test_only_the_module_is_trained():
    model = make_model()
    model(torch.ones(2, 3, 2)).sum().backward()
    assert [name for name, _ in model.named_parameters()] == ["module.weight"]
    assert model.module.weight.grad is not None
