import numpy as np
import torch
from scipy import stats
from scipy.special import gammaln

from sklstm.losses import Poisson


def test_negative_log_likelihood_up_to_a_constant(rng, value_and_gradient):
    output, target = rng.normal(size=(6, 2)), rng.poisson(2.0, size=(6, 2)).astype(float)
    values, gradient = value_and_gradient(Poisson(2), output, target)
    likelihood = -stats.poisson(np.exp(output)).logpmf(target) - gammaln(target + 1)
    np.testing.assert_allclose(values, likelihood.mean(1))
    np.testing.assert_allclose(gradient, (np.exp(output) - target) / 2)


def test_prediction_is_the_rate(rng):
    output = rng.normal(size=(6, 2))
    found = Poisson(2).predict(torch.as_tensor(output))
    np.testing.assert_allclose(found, np.exp(output))
    assert not Poisson(2).centered
