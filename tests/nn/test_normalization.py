import numpy as np
import pytest
import torch

from sklstm.nn.normalization import NORMALIZATIONS, BatchNormalization, LayerNormalization

LENGTHS = [4, 1, 3]
EPS = 1e-5


def make_x(rng, padding):
    x = 5.0 + 3.0 * rng.normal(size=(3, 4, 2))
    for i, length in enumerate(LENGTHS):
        x[i, length:] = padding
    return x, np.arange(4) < np.array(LENGTHS)[:, None]


@pytest.mark.parametrize("padding", [0.0, 1e9, np.nan])
def test_batch_statistics_are_those_of_present_steps(rng, padding):
    x, present = make_x(rng, padding)
    layer = BatchNormalization(2).double()
    found = layer(torch.as_tensor(x), torch.tensor(LENGTHS)).detach().numpy()
    steps = x[present]
    expected = (steps - steps.mean(0)) / np.sqrt(steps.var(0) + EPS)
    np.testing.assert_allclose(found[present], expected, rtol=1e-10)
    assert (found[~present] == 0).all()
    # torch's running statistics: momentum 0.1, from mean 0 and variance 1, unbiased variance
    np.testing.assert_allclose(layer.norm.running_mean, 0.1 * steps.mean(0))
    np.testing.assert_allclose(layer.norm.running_var, 0.9 + 0.1 * steps.var(0, ddof=1))


def test_batch_normalization_without_lengths(rng):
    x = rng.normal(size=(3, 4, 2))
    found = BatchNormalization(2).double()(torch.as_tensor(x), None).detach().numpy()
    expected = (x - x.mean((0, 1))) / np.sqrt(x.var((0, 1)) + EPS)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_batch_normalization_at_prediction_treats_rows_alone(rng):
    layer = BatchNormalization(2).double()
    layer(torch.as_tensor(rng.normal(3.0, 2.0, size=(8, 4, 2))), None)
    layer.eval()
    x = torch.as_tensor(rng.normal(size=(5, 4, 2)))
    with torch.no_grad():
        together = layer(x, torch.tensor([4, 2, 3, 1, 4]))
        alone = layer(x[1:2, :2], None)
    torch.testing.assert_close(together[1:2, :2], alone, rtol=1e-12, atol=1e-12)


def test_no_gradient_flows_to_padding_of_batch_normalization(rng):
    x, present = make_x(rng, 7.0)
    given = torch.as_tensor(x).requires_grad_()
    (BatchNormalization(2).double()(given, torch.tensor(LENGTHS)) ** 3).sum().backward()
    assert (given.grad.numpy()[~present] == 0).all()
    assert (given.grad.numpy()[present] != 0).any()


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_layer_normalization_is_over_the_features_of_a_step(rng, lengths):
    x, present = make_x(rng, 7.0)
    given = None if lengths is None else torch.tensor(lengths)
    found = LayerNormalization(2).double()(torch.as_tensor(x), given).detach().numpy()
    mean, var = x.mean(2, keepdims=True), x.var(2, keepdims=True)
    np.testing.assert_allclose(found[present], ((x - mean) / np.sqrt(var + EPS))[present])


@pytest.mark.parametrize("name", NORMALIZATIONS)
def test_padding_content_does_not_matter(name):
    lengths = torch.tensor(LENGTHS)
    found = []
    for padding in (0.0, 1e6):
        x, present = make_x(np.random.default_rng(3), padding)
        layer = NORMALIZATIONS[name](2).double()
        with torch.no_grad():
            found.append(layer(torch.as_tensor(x), lengths).numpy()[present])
            layer.eval()
            found.append(layer(torch.as_tensor(x), lengths).numpy()[present])
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_array_equal(found[1], found[3])
