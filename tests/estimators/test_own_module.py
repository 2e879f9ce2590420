"""Modules of a user's own."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from sklstm import LSTMClassifier, LSTMRegressor

X = np.random.default_rng(0).normal(size=(20, 5, 3)) * [1, 10, 100] + [0, 5, -7]


class Own(nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.sizes = n_features, n_outputs
        self.linear = nn.Linear(n_features, n_outputs)
        self.seen = []

    def forward(self, x, lengths):
        self.seen.append((x.detach().clone(), lengths.clone()))
        return self.linear(x[torch.arange(len(x)), lengths - 1])


def test_own_module_gets_sizes_scaled_input_and_lengths():
    model = LSTMRegressor(module=Own, precision="float64", max_epochs=1).fit(X, X[:, 0, :2])
    own = model.module_.module
    assert own.sizes == (3, 2)
    assert own.linear.weight.dtype == torch.float64
    x, lengths = own.seen[0]  # it was tried on two sequences
    assert x.shape == (2, 5, 3)
    assert lengths.tolist() == [5, 5]
    expected = (X[:2].astype("f4") - X.mean(axis=(0, 1))) / X.std(axis=(0, 1))
    assert_allclose(x, expected, rtol=1e-4, atol=1e-5)


def test_own_module_gets_zeros_behind_the_end():
    ragged = [X[0], X[1][:2], X[2][:4]]
    model = LSTMRegressor(module=Own, max_epochs=1, batch_size=3, random_state=0)
    model.fit(ragged, [1.0, 2.0, 3.0])
    for x, lengths in model.module_.module.seen:
        for sequence, length in zip(x, lengths, strict=True):
            assert (sequence[length:] == 0).all()
            assert (sequence[:length] != 0).all()


@pytest.mark.parametrize(
    ("estimator", "y", "options", "n_outputs"),
    [
        (LSTMRegressor, X[:, 0, 0], {}, 1),
        (LSTMRegressor, X[:, 0, :2], {}, 2),
        (LSTMRegressor, X[:, 0, 0], {"loss": "gaussian"}, 2),
        (LSTMRegressor, X[:, 0, :2], {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]}, 6),
        (LSTMClassifier, np.arange(20) % 2, {}, 2),
        (LSTMClassifier, np.arange(20) % 4, {"loss": "hinge"}, 4),
    ],
)
def test_number_of_outputs_that_an_own_module_is_asked_for(estimator, y, options, n_outputs):
    model = estimator(module=Own, max_epochs=1, random_state=0, **options).fit(X, y)
    assert model.module_.module.sizes == (3, n_outputs)


def test_trying_an_own_module_leaves_it_in_training_mode_for_the_fit():
    class Dropped(Own):
        def forward(self, x, lengths):
            self.modes = [*getattr(self, "modes", []), self.training]
            return super().forward(x, lengths)

    model = LSTMRegressor(module=Dropped, max_epochs=1, batch_size=10, random_state=0).fit(
        X, X[:, 0, 0]
    )
    assert model.module_.module.modes == [False, True, True]
