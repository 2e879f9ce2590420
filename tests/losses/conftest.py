import numpy as np
import pytest
import torch


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def value_and_gradient():
    """Return a function from a loss and arrays to its values and the gradient of their sum."""

    def compute(loss, output, target):
        output = torch.tensor(output, requires_grad=True)
        values = loss(output, torch.as_tensor(target))
        values.sum().backward()
        return values.detach().numpy(), output.grad.numpy()

    return compute
