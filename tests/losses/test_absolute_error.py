import numpy as np
import torch

from sklstm.losses import AbsoluteError


def test_value_gradient_and_prediction(rng, value_and_gradient):
    output, target = rng.normal(size=(2, 5, 3))
    values, gradient = value_and_gradient(AbsoluteError(3), output, target)
    np.testing.assert_allclose(values, np.abs(output - target).sum(1) / 3)
    np.testing.assert_allclose(gradient, np.sign(output - target) / 3)
    assert torch.equal(AbsoluteError(3).predict(torch.as_tensor(output)), torch.as_tensor(output))
