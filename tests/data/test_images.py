import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklstm.data import columns_of_images


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("wrap", [lambda X: X, list, lambda X: [X[0], X[1][:, :4]]])
def test_a_step_is_a_column_with_its_channels(channels, wrap):
    X = wrap(np.random.default_rng(0).normal(size=(2, 5, 7, *channels)))
    columns, shape = columns_of_images(X)
    assert shape == (5, 3 if channels else 1)
    for image, sequence in zip(X, columns, strict=True):
        assert len(sequence) == image.shape[1]
        for number, step in enumerate(sequence):
            assert_array_equal(step, image[:, number].ravel())


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((3, 4)), r"must be images.*Got shape \(3, 4\)"),
        ([np.zeros((3, 4)), np.zeros((2, 4))], r"one height.*X\[1\] of \(2, 4\)"),
        ([np.zeros((3, 4, 1)), np.zeros((3, 4, 2))], "number of channels"),
        ([np.zeros((3, 4)), np.zeros(3)], r"Got X\[1\] of shape \(3,\)"),
        ([np.zeros((3, 0))], r"Got X\[0\] of shape \(3, 0\)"),
        ([], "empty list"),
        ([np.zeros((2, 3)), np.full((2, 3), np.nan)], r"X\[1\] must hold finite.*row 0, column 0"),
    ],
)
def test_what_is_no_image(X, message):
    with pytest.raises(ValueError, match=message):
        columns_of_images(X)
