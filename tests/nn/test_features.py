import numpy as np
import torch

from sklstm.nn import Encoded, Features, PiecewiseLinear, Standardize


def features(missing=None, relative=()):
    numbers = Standardize(np.array([1.0, 0.0]), np.array([2.0, 1.0]), relative)
    encoded = Encoded([1], [PiecewiseLinear(np.array([0.0, 1.0]))])
    return Features([0, 2], numbers, encoded, missing)


def test_each_feature_goes_its_way():
    x = torch.tensor([[[3.0, 0.25, 7.0]]])
    assert features()(x, None).tolist() == [[[1.0, 7.0, 0.25]]]
    assert features([2, 0])(x, None).tolist() == [[[1.0, 7.0, 0.25, 0.0, 0.0]]]
    assert features([2, 0]).n_outputs == 5


def test_missing_values_are_the_ones_before_or_the_mean():
    nan = torch.nan
    x = torch.tensor([[[nan, nan, nan], [3.0, 0.5, 1.0], [nan, nan, nan]]])
    result = features([0, 1, 2])(x, None)[0].tolist()
    assert result[0] == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    assert result[1] == [1.0, 1.0, 0.5, 0.0, 0.0, 0.0]
    assert result[2] == [1.0, 1.0, 0.5, 1.0, 1.0, 1.0]


def test_the_last_known_value_is_what_others_are_told_relative_to():
    x = torch.tensor([[[5.0, 0.0, 0.0], [9.0, 0.0, 0.0], [torch.nan, 0.0, 0.0]]])
    result = features([], relative=[0])(x, None)[0, :, 0]
    assert result.tolist() == [-2.5, -0.5, -0.5]  # (5 - 9 - 1) / 2, then (0 - 1) / 2


def test_padding_is_zero():
    x = torch.ones(2, 4, 3)
    result = features([0])(x, torch.tensor([4, 2]))
    assert not result[1, 2:].any()
    assert torch.equal(result[1, :2], result[0, :2])
