import numpy as np
import pytest

from sklstm.losses import Hinge


@pytest.mark.parametrize("n_classes", [2, 3, 6])
def test_sum_over_wrong_classes(rng, value_and_gradient, n_classes):
    output = 2.0 * rng.normal(size=(8, n_classes))
    target = rng.integers(n_classes, size=8)
    values, gradient = value_and_gradient(Hinge(n_classes), output, target)
    expected, slopes = np.zeros(8), np.zeros((8, n_classes))
    for i, right in enumerate(target):
        for wrong in set(range(n_classes)) - {right}:
            margin = 1 + output[i, wrong] - output[i, right]
            if margin > 0:
                expected[i] += margin
                slopes[i, wrong] += 1
                slopes[i, right] -= 1
    np.testing.assert_allclose(values, expected, atol=1e-12)
    np.testing.assert_allclose(gradient, slopes, atol=1e-12)


def test_no_loss_beyond_the_margin(value_and_gradient):
    values, gradient = value_and_gradient(Hinge(3), [[5.0, 3.9, 4.0]], [0])
    assert values.tolist() == [0.0]
    assert gradient[0, 1] == 0.0
    assert not Hinge.has_probabilities
