import numpy as np
from sklearn.linear_model import Ridge

from sklstm.forecasting.distribution import predicts_distribution, sides_known, tail_at


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


def test_tails_are_the_outermost_quantiles():
    np.testing.assert_allclose(tail_at(Quantiles(), X, 0), [(0, 10)] * 4)
    np.testing.assert_allclose(tail_at(Quantiles(), X, 1), [(4, 14)] * 4)


def test_gaussian_tails_are_the_quantiles_of_their_levels():
    for side, wanted in enumerate((1.0, 5.0)):
        np.testing.assert_allclose(tail_at(Gaussian(), X, side), np.full((4, 1), wanted))


def test_what_a_regressor_was_trained_for():
    assert sides_known(Quantiles()) == sides_known(Gaussian()) == (True, True)
    assert predicts_distribution(Quantiles())
    assert predicts_distribution(Gaussian())
    assert not predicts_distribution(Ridge())
