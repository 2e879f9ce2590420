import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax

from sklstm.losses import LogLoss


def test_value_gradient_and_probabilities(rng, value_and_gradient):
    output, target = 3.0 * rng.normal(size=(6, 4)), rng.integers(4, size=6)
    values, gradient = value_and_gradient(LogLoss(4), output, target)
    np.testing.assert_allclose(values, -log_softmax(output, axis=1)[np.arange(6), target])
    np.testing.assert_allclose(gradient, softmax(output, axis=1) - np.eye(4)[target], atol=1e-12)
    found = LogLoss(4).probabilities(torch.as_tensor(output)).numpy()
    np.testing.assert_allclose(found, softmax(output, axis=1))
    np.testing.assert_allclose(found.sum(1), 1.0)


@pytest.mark.parametrize("score", [1e3, 1e6])
def test_extreme_scores_stay_finite(value_and_gradient, score):
    output = np.float32([[score, -score], [score, -score]])
    values, gradient = value_and_gradient(LogLoss(2), output, np.array([0, 1]))
    assert values.tolist() == [0.0, 2 * score]
    assert np.isfinite(gradient).all()
