"""The network that reads images by multi-dimensional layers."""

from collections.abc import Sequence

import numpy as np

from sklstm.data import mean_and_variance, scale_of
from sklstm.estimators.part import Part
from sklstm.nn import ImageModel, Standardize

# Units of the dense layer behind an MDLSTM layer, for each of its units in one direction.
_SUBSAMPLE = 3


def build_image_network(
    train: Part,
    image_shape: tuple[int, int],
    n_outputs: int,
    *,
    hidden_layer_sizes: tuple[int, ...],
    block_sizes: Sequence[tuple[int, int]],
    dropout: float,
    standardize: bool,
) -> ImageModel:
    """Build the network that reads images.

    Parameters
    ----------
    train : Part
        The columns of the images of the training part.
    image_shape : (height, n_channels)
    n_outputs : int
        Width of the output.
    hidden_layer_sizes : tuple of int
    block_sizes : sequence of (height, width)
        Of each layer.
    dropout : float
    standardize : bool
        Whether channels are standardised.

    Returns
    -------
    ImageModel
    """
    height, n_channels = image_shape
    return ImageModel(
        _standardize_pixels(train, n_channels, scaled=standardize),
        height,
        n_channels,
        n_outputs,
        hidden_layer_sizes=hidden_layer_sizes,
        block_sizes=block_sizes,
        subsample_sizes=[_SUBSAMPLE * size for size in hidden_layer_sizes[:-1]],
        dropout=dropout,
    )


def _standardize_pixels(train: Part, n_channels: int, *, scaled: bool) -> Standardize:
    """Standardise each channel, by the same numbers in all rows."""
    sequences = train.sequences
    if not scaled:
        return Standardize(np.zeros(sequences.n_features), np.ones(sequences.n_features))
    height = sequences.n_features // n_channels
    means, variances = (
        moment.reshape(height, n_channels) for moment in mean_and_variance(sequences, train.weight)
    )
    mean = means.mean(axis=0)  # (channels,)
    variance = (variances + (means - mean) ** 2).mean(axis=0)
    scale = scale_of(variance, np.abs(mean), sequences.dtype)
    return Standardize(np.tile(mean, height), np.tile(scale, height))
