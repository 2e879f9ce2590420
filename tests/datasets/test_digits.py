import numpy as np
from sklearn.datasets import load_digits

from sklstm.datasets import load_digit_sequences


def test_images_are_read_row_by_row():
    X, y = load_digit_sequences()
    assert (X.shape, X.dtype, y.shape) == ((1797, 8, 8), np.float64, (1797,))
    assert (X.min(), X.max()) == (0, 16)
    assert sorted(set(y.tolist())) == list(range(10))
    pixels, labels = load_digits(return_X_y=True)
    np.testing.assert_array_equal(X[:, 2, 5], pixels[:, 2 * 8 + 5])  # row 2 is time step 2
    np.testing.assert_array_equal(y, labels)
