import numpy as np
import torch
from numpy.testing import assert_allclose
from sklearn.preprocessing import QuantileTransformer

from sklstm.nn import Embedding, Encoded, PiecewiseLinear, Quantile


def test_every_category_has_a_vector_and_unknown_ones_zero():
    layer = Embedding(np.array([-2.0, 5.0, 7.0]))
    vectors = layer(torch.tensor([[7.0, -2.0, 5.0, 7.0, 6.0, -9.0, 99.0, torch.nan]]))[0]
    assert vectors.shape == (8, 2)
    assert torch.equal(vectors[0], vectors[3])
    assert len({tuple(vector.tolist()) for vector in vectors[:3]}) == 3
    assert not vectors[4:].any()


def test_what_is_unknown_is_not_learnt():
    layer = Embedding(np.array([0.0, 1.0]))
    layer(torch.tensor([[0.0, 8.0]])).sum().backward()
    gradient = layer.vectors.weight.grad
    assert not gradient[0].any()
    assert gradient[1].any()


def test_widths():
    widths = [Embedding(np.arange(n)).n_outputs for n in (1, 2, 5, 64, 1000)]
    assert widths == [1, 1, 3, 32, 32]


def test_piecewise_linear_is_interpolation_between_edges():
    edges = np.array([-1.0, 0.0, 4.0, 5.0])
    x = np.linspace(-3, 7, 41)
    bins = PiecewiseLinear(edges)(torch.as_tensor(x)[None])[0].numpy()
    assert_allclose(bins.sum(axis=1), np.interp(x, edges, np.arange(4)))
    assert ((bins[:, :-1] == 1) | (bins[:, 1:] == 0)).all()  # one bin after the other


def test_quantile_is_that_of_scikit_learn():
    values = np.random.default_rng(0).lognormal(size=(500, 1))
    edges = np.quantile(values, np.linspace(0, 1, 17))
    x = np.concatenate([np.linspace(-1, 20, 50), edges])
    shares = Quantile(edges, np.linspace(0, 1, 17))(torch.as_tensor(x)[None])[0, :, 0].numpy()
    expected = QuantileTransformer(n_quantiles=17, subsample=None).fit(values)
    expected = expected.transform(x[:, None])[:, 0]
    assert_allclose(shares / 12**0.5 + 0.5, expected, atol=1e-9)


def test_encodings_stand_side_by_side():
    layers = [PiecewiseLinear(np.array([0.0, 1.0, 2.0])), Embedding(np.array([3.0, 4.0]))]
    encoded = Encoded([2, 0], layers)
    x = torch.tensor([[[3.0, 99.0, 1.5], [torch.nan, 99.0, torch.nan]]])
    result = encoded(x)
    assert result.shape == (1, 2, encoded.n_outputs) == (1, 2, 3)
    assert result[0, 0, :2].tolist() == [1.0, 0.5]
    assert torch.equal(result[0, 0, 2:], layers[1](torch.tensor([[3.0]]))[0, 0])
    assert not result[0, 1].any()
