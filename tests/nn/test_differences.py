import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.nn import Differences, Features, Standardize

MEAN, SCALE = np.array([1.0, -2.0]), np.array([2.0, 0.5])
OF_DIFFERENCES = np.array([0.1, 3.0])
LENGTHS = [5, 1, 3]


def differences(relative=(), levels=()):
    level = np.zeros(len(levels)), np.ones(len(levels))
    return Differences(Standardize(MEAN, SCALE, relative, levels, *level), OF_DIFFERENCES)


@pytest.mark.parametrize("padding", [0.0, 1e9, np.nan])
def test_against_a_loop(rng, padding):
    x = rng.normal(size=(3, 5, 2))
    for i, length in enumerate(LENGTHS):
        x[i, length:] = padding
    found = differences()(torch.as_tensor(x), torch.tensor(LENGTHS)).numpy()
    assert found.shape == (3, 5, differences().n_outputs) == (3, 5, 4)
    for i, length in enumerate(LENGTHS):
        scaled = (x[i, :length] - MEAN) / SCALE
        assert_allclose(found[i, :length, :2], scaled)
        assert (found[i, 0, 2:] == 0).all()
        for t in range(1, length):
            assert_allclose(found[i, t, 2:], (scaled[t] - scaled[t - 1]) / OF_DIFFERENCES)
        assert (found[i, length:] == 0).all()


def test_without_lengths_all_steps_are_present(rng):
    x = torch.as_tensor(rng.normal(size=(3, 4, 2)))
    assert torch.equal(differences()(x, None), differences()(x, torch.tensor([4, 4, 4])))


def test_levels_stand_before_the_differences_and_change_none(rng):
    x = torch.as_tensor(rng.normal(size=(3, 4, 2)))
    found = differences(relative=[0], levels=[0])(x, None)
    assert found.shape[2] == 5
    assert_allclose(found[:, :, 3:], differences()(x, None)[:, :, 2:], atol=1e-12)
    assert_allclose(found[:, :, 2], x[:, -1:, 0].expand(-1, 4))


def test_what_is_constant_in_training_is_known():
    standardize = Standardize(
        np.zeros(3), np.array([1.0, 0.0, 2.0]), [], [0], np.zeros(1), np.ones(1)
    )
    layer = Differences(standardize, np.array([0.0, 0.0, 1.0]))
    assert layer.is_constant.tolist() == [False, True, False, False, True, True, False]
    assert_array_equal(layer.scale, [1.0, 1.0, 1.0])


def test_unknown_values_change_nothing():
    layer = Features([0, 1], differences(), None, missing=[0])
    nan = torch.nan
    x = torch.tensor([[[nan, 1.0], [3.0, 1.0], [nan, 2.0], [4.0, 2.0]]])
    changes = layer(x, None)[0, :, 2:4]
    assert_allclose(changes[:, 0], [0.0, 0.0, 0.0, 0.5 / 0.1], rtol=1e-6)
    assert_allclose(changes[:, 1], [0.0, 0.0, 2.0 / 3.0, 0.0], rtol=1e-6)


def test_numbers_travel_with_the_model_and_are_not_trained():
    layer = differences()
    assert list(layer.parameters()) == []
    other = Differences(Standardize(np.zeros(2), np.ones(2)), np.ones(2))
    other.load_state_dict(layer.state_dict())
    x = torch.ones(1, 2, 2, dtype=torch.float64).cumsum(1)
    assert torch.equal(layer(x, None), other(x, None))
    assert layer.float()(x.float(), None).dtype == torch.float32
