import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import Ridge

from sklstm.forecasting.distribution import predicts_distribution, quantiles_at, tails_of


class Quantiles:
    """Three quantiles of two targets, the same for all samples."""

    loss = "quantile"
    quantile = (0.1, 0.5, 0.9)
    known = np.array([[0.0, 1.0, 4.0], [10.0, 12.0, 14.0]])

    def predict_quantiles(self, X):
        return np.repeat(self.known[None], len(X), axis=0)


class Gaussian:
    loss = "gaussian"
    quantile = 0.5

    def predict(self, X, return_std):
        return np.full(len(X), 3.0), np.full(len(X), 2.0)

    predict_quantiles = predict


X = np.zeros((4, 1))


@pytest.mark.parametrize(
    ("level", "wanted"), [(0.1, (0, 10)), (0.3, (0.5, 11)), (0.9, (4, 14)), (0.99, (4, 14))]
)
def test_quantiles_lie_between_those_known(level, wanted):
    np.testing.assert_allclose(quantiles_at(Quantiles(), X, np.array(level)), [wanted] * 4)


def test_every_sample_and_target_may_have_a_level_of_its_own():
    level = np.random.default_rng(0).uniform(size=(4, 2))
    got = quantiles_at(Quantiles(), X, level)
    for i, j in np.ndindex(4, 2):
        wanted = np.interp(level[i, j], Quantiles.quantile, Quantiles.known[j])
        assert got[i, j] == pytest.approx(wanted)


def test_gaussian_quantiles_are_those_of_scipy():
    got = quantiles_at(Gaussian(), X, np.array(0.95))
    np.testing.assert_allclose(got, np.full((4, 1), norm.ppf(0.95, 3.0, 2.0)))


def test_what_a_regressor_was_trained_for():
    assert tails_of(Quantiles()) == (0.1, 0.9)
    np.testing.assert_allclose(norm.ppf(tails_of(Gaussian())), (-1, 1), atol=1e-5)
    assert predicts_distribution(Quantiles())
    assert predicts_distribution(Gaussian())
    assert not predicts_distribution(Ridge())
