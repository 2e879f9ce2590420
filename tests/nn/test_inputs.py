import numpy as np
import pytest
import torch

from sklstm.nn import Standardize

MEAN, SCALE = np.array([1.0, -2.0, 0.5]), np.array([2.0, 0.1, 1.0])
LENGTHS = [4, 1, 2]


@pytest.mark.parametrize("relative", [(), (0,), (2, 1), (0, 1, 2)])
@pytest.mark.parametrize("padding", [0.0, 1e9, np.nan])
def test_standardize(rng, relative, padding):
    x = rng.normal(size=(3, 4, 3))
    for i, length in enumerate(LENGTHS):
        x[i, length:] = padding
    layer = Standardize(MEAN, SCALE, relative)
    found = layer(torch.as_tensor(x), torch.tensor(LENGTHS)).numpy()
    for i, length in enumerate(LENGTHS):
        base = np.zeros(3)
        base[list(relative)] = x[i, length - 1, list(relative)]
        np.testing.assert_allclose(found[i, :length], (x[i, :length] - base - MEAN) / SCALE)
        assert (found[i, length:] == 0).all()


def test_without_lengths_all_steps_are_present(rng):
    x = torch.as_tensor(rng.normal(size=(3, 4, 3)))
    layer = Standardize(MEAN, SCALE, [1])
    assert torch.equal(layer(x, None), layer(x, torch.tensor([4, 4, 4])))


def test_relative_features_do_not_see_their_level(rng):
    layer = Standardize(MEAN, SCALE, [0])
    x = torch.as_tensor(rng.normal(size=(2, 4, 3)))
    raised = x + torch.tensor([64.0, 0.0, 0.0])
    torch.testing.assert_close(layer(x, None), layer(raised, None))
    raised = x + torch.tensor([0.0, 64.0, 0.0])
    assert (layer(x, None) != layer(raised, None))[..., 1].all()


def test_numbers_travel_with_the_model_and_are_not_trained():
    layer = Standardize(MEAN, SCALE, [1])
    assert list(layer.parameters()) == []
    other = Standardize(np.zeros(3), np.ones(3), [1])
    other.load_state_dict(layer.state_dict())
    x = torch.ones(1, 2, 3, dtype=torch.float64)
    assert torch.equal(layer(x, None), other(x, None))
    assert layer.float()(x.float(), None).dtype == torch.float32


@pytest.mark.parametrize("relative", [(), (0, 1, 2)])
def test_far_numbers_are_limited_at_prediction_alone(relative):
    layer = Standardize(MEAN, SCALE, relative).float()
    far = np.finfo(np.float32).max
    x = torch.tensor([[[far, -far, 1.0], [-far, far, 2.0]]])
    assert layer(x, None).isinf().any()
    limited = layer.eval()(x, None)
    assert limited.abs().max() == np.float32(1e18)
    near = torch.tensor([[[1e17, -1e16, 1.0], [1.0, 2.0, 3.0]]])
    assert torch.equal(layer(near, None), layer.train()(near, None))
