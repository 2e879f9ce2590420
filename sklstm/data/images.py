"""Images of lines as sequences of their columns."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm._validation import check_no_masks
from sklstm.data.layout import holds_members


def columns_of_images(X: Any) -> tuple[Any, tuple[int, int]]:
    """Lay images out as sequences, a time step being a column from top to bottom.

    Parameters
    ----------
    X : array-like
        Images of one height: (n_images, height, width) or (n_images, height, width, n_channels),
        or a list of (height, width_i) or (height, width_i, n_channels) arrays.

    Returns
    -------
    sequences : ndarray of shape (n_images, width, height * n_channels), or list of such
        The channels of a pixel stand side by side.
    shape : (int, int)
        Height and number of channels.

    Raises
    ------
    ValueError
        If X is no images, or their heights or channels differ.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import columns_of_images
    >>> columns, shape = columns_of_images(np.arange(6.0).reshape(1, 2, 3))
    >>> columns.tolist(), shape
    ([[[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]], (2, 1))
    """
    wanted = (
        "images: an array (n_images, height, width) or (n_images, height, width, n_channels), or a "
        "list of (height, width) or (height, width, n_channels) arrays"
    )
    check_no_masks(X, "X")
    if not holds_members(X):
        array = np.asarray(X)
        if array.ndim not in (3, 4) or 0 in array.shape:
            raise ValueError(f"With cell='mdlstm' X must be {wanted}. Got shape {array.shape}.")
        images = list(array)
        _check_finite(images)
        return _columns(array), _shape(array[0])
    images = [np.asarray(image) for image in X]
    for number, image in enumerate(images):
        if image.ndim not in (2, 3) or 0 in image.shape:
            raise ValueError(
                f"With cell='mdlstm' X must be {wanted}. Got X[{number}] of shape {image.shape}."
            )
        if _shape(image) != _shape(images[0]):
            raise ValueError(
                f"All images must be of one height and number of channels: bring them to one "
                f"scale. X[0] is of shape {images[0].shape}, X[{number}] of {image.shape}."
            )
    if not images:
        raise ValueError(f"With cell='mdlstm' X must be {wanted}. Got an empty list.")
    _check_finite(images)
    return [_columns(image[None])[0] for image in images], _shape(images[0])


def _check_finite(images: list[NDArray[Any]]) -> None:
    for number, image in enumerate(images):
        if image.dtype.kind != "f" or np.isfinite(image).all():
            continue
        row, column, *channel = (int(place) for place in np.argwhere(~np.isfinite(image))[0])
        of_channel = f", channel {channel[0]}" if channel else ""
        raise ValueError(
            f"X[{number}] must hold finite numbers. Got {image[row, column, *channel]} in row "
            f"{row}, column {column}{of_channel}."
        )


def _shape(image: NDArray[Any]) -> tuple[int, int]:
    return len(image), image.shape[2] if image.ndim == 3 else 1


def _columns(images: NDArray[Any]) -> NDArray[Any]:
    return images.swapaxes(1, 2).reshape(len(images), images.shape[2], -1)
