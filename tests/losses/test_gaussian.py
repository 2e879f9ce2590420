import numpy as np
import pytest
import torch
from scipy import stats

from sklstm.losses import Gaussian


@pytest.fixture
def output(rng):
    return 2.0 * rng.normal(size=(6, 4))  # two means, two raw scales


def std_of(output):
    return np.log1p(np.exp(output[:, 2:])) + 1e-4


def test_negative_log_likelihood(rng, value_and_gradient, output):
    target = rng.normal(size=(6, 2))
    values, gradient = value_and_gradient(Gaussian(2), output, target)
    mean, std = output[:, :2], std_of(output)
    np.testing.assert_allclose(values, -stats.norm(mean, std).logpdf(target).mean(1))
    np.testing.assert_allclose(gradient[:, :2], (mean - target) / std**2 / 2)
    by_std = (1 / std - (target - mean) ** 2 / std**3) / 2
    np.testing.assert_allclose(gradient[:, 2:], by_std / (1 + np.exp(-output[:, 2:])))


def test_prediction_and_spread(output):
    loss = Gaussian(2)
    given = torch.as_tensor(output)
    np.testing.assert_array_equal(loss.predict(given), output[:, :2])
    np.testing.assert_allclose(loss.predict_std(given), std_of(output))
    assert (loss.width, loss.n_outputs) == (2, 4)
    assert loss.has_std
    assert loss.has_quantiles


def test_quantiles_are_those_of_the_normal_distribution(output):
    levels = (0.01, 0.25, 0.5, 0.975)
    found = Gaussian(2, levels).predict_quantiles(torch.as_tensor(output)).numpy()
    assert found.shape == (6, 2, 4)
    expected = stats.norm(output[:, :2, None], std_of(output)[:, :, None]).ppf(levels)
    np.testing.assert_allclose(found, expected)
    assert (np.diff(found, axis=2) > 0).all()


def test_likelihood_stays_finite_when_the_spread_collapses(value_and_gradient):
    values, gradient = value_and_gradient(
        Gaussian(1), np.float32([[0.0, -1e4], [0.0, 1e4]]), np.float32([[0.0], [3.0]])
    )
    assert np.isfinite(values).all()
    assert np.isfinite(gradient).all()
