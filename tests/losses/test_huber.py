import numpy as np
import torch

from sklstm.losses import Huber


def test_value_gradient_and_prediction(value_and_gradient):
    error = np.array([[-5.0, -1.0, -0.4], [0.0, 0.4, 1.0], [1.5, 5.0, 100.0]])
    target = np.array([[3.0, -2.0, 0.5]])
    values, gradient = value_and_gradient(Huber(3), target + error, np.repeat(target, 3, axis=0))
    size = np.abs(error)
    np.testing.assert_allclose(values, np.where(size <= 1, error**2 / 2, size - 0.5).mean(1))
    np.testing.assert_allclose(gradient, np.clip(error, -1, 1) / 3)
    assert torch.equal(Huber(3).predict(torch.as_tensor(error)), torch.as_tensor(error))
