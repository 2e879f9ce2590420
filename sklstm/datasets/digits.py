"""Handwritten digits, read row by row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits


def load_digit_sequences() -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Return scikit-learn's digits as sequences: each image is read from its top row down.

    Returns
    -------
    X : ndarray of shape (1797, 8, 8), float64
        Samples, rows of the image as time steps, pixels of the row as features, from 0 to 16.
    y : ndarray of shape (1797,), int64
        The digits, 0 to 9.

    Examples
    --------
    >>> from sklstm.datasets import load_digit_sequences
    >>> X, y = load_digit_sequences()
    >>> X.shape
    (1797, 8, 8)
    """
    digits = load_digits()
    return digits.images, digits.target
