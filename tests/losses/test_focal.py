import numpy as np
import pytest
from scipy.special import softmax

from sklstm.losses import Focal


def test_value_and_gradient(rng, value_and_gradient):
    output, target = 3.0 * rng.normal(size=(6, 4)), rng.integers(4, size=6)
    values, gradient = value_and_gradient(Focal(4), output, target)
    p = softmax(output, axis=1)
    right = p[np.arange(6), target]
    np.testing.assert_allclose(values, (1 - right) ** 2 * -np.log(right))
    # d loss / d p of the right class, times d p / d scores
    slope = 2 * (1 - right) * np.log(right) - (1 - right) ** 2 / right
    expected = (slope * right)[:, None] * (np.eye(4)[target] - p)
    np.testing.assert_allclose(gradient, expected, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("score", [1e3, 1e6])
def test_extreme_scores_stay_finite(value_and_gradient, score):
    output = np.float32([[score, -score], [score, -score]])
    values, gradient = value_and_gradient(Focal(2), output, np.array([0, 1]))
    assert values.tolist() == [0.0, 2 * score]
    assert np.isfinite(gradient).all()
