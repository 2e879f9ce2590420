"""The network of ours that reads sequences, from options and the training part."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklstm.data import Sequences
from sklstm.estimators.crop import resolve_random_crop
from sklstm.estimators.options import resolve_patch_size
from sklstm.estimators.part import Part
from sklstm.nn import CELLS, POOLINGS, Inputs, SequenceModel, Start

# How many steps "auto" leaves of the longest sequence by grouping them, about; and how many where
# numbers are told from sequences of their own.
_N_PATCHES, _N_PATCHES_TO_NUMBERS = 64, 128
# How layers start whose states all feed the output: from what is near to what builds up over time.
# Classes are more often told by shapes of a few steps, wherever these stand.
_START_TO_CLASSES = Start(input_gain=0.5, keep_biases=(-4.0, 2.0))
_START_TO_NUMBERS = Start(input_gain=0.25, keep_biases=(-2.0, 2.0))


@dataclass(frozen=True)
class NetworkOptions:
    """What a network is built of, where "auto" is for the training part to say.

    Attributes
    ----------
    hidden_layer_sizes, dense_layer_sizes : tuple of int
    cell, activation : str
    bidirectional : bool
    pooling : str or None
        What of the top layer feeds the output; None where every step has outputs.
    normalization : str or None
        "auto" is none where numbers are told from sequences of their own.
    dropout : float
    patch_size : int or "auto"
    random_crop : float or "auto"
    tells_numbers : bool
        Whether the outputs are numbers, of a regressor.
    mixed_precision : bool
        Whether products are in bfloat16.
    """

    hidden_layer_sizes: tuple[int, ...]
    dense_layer_sizes: tuple[int, ...]
    cell: str
    activation: str
    bidirectional: bool
    pooling: str | None
    normalization: str | None
    dropout: float
    patch_size: int | str
    random_crop: float | str
    tells_numbers: bool
    mixed_precision: bool


def build_network(
    options: NetworkOptions,
    inputs: Inputs,
    train: Part,
    n_outputs: int,
    class_numbers: NDArray[np.int64] | None = None,
) -> SequenceModel:
    """Build the network that reads sequences.

    Parameters
    ----------
    options : NetworkOptions
    inputs : Inputs
        What stands before its first layer.
    train : Part
        The training part, whose lengths say how steps are grouped and what units remember.
    n_outputs : int
        Width of the output.
    class_numbers : ndarray of shape (n_samples,) or None, default=None
        The number of each sequence's class, None where it has none.

    Returns
    -------
    SequenceModel
    """
    sequences = train.sequences
    patch_size = _patch_size(options, sequences)
    return SequenceModel(
        inputs,
        n_outputs,
        hidden_layer_sizes=options.hidden_layer_sizes,
        cell=options.cell,
        activation=options.activation,
        bidirectional=options.bidirectional,
        pooling=options.pooling,
        dense_layer_sizes=options.dense_layer_sizes,
        normalization=_normalization(options, sequences),
        dropout=options.dropout,
        patch_size=patch_size,
        random_crop=resolve_random_crop(
            options.random_crop, sequences, inputs, class_numbers, train.weight
        ),
        mixed_precision=options.mixed_precision,
        start=_start(options, train, patch_size),
    )


def _start(options: NetworkOptions, train: Part, patch_size: int) -> Start:
    if options.pooling is not None and any(part.sees_all for part in POOLINGS[options.pooling]):
        if not CELLS[options.cell].keeping:  # what comes in is all that an Elman network has
            return Start()
        return _START_TO_NUMBERS if options.tells_numbers else _START_TO_CLASSES
    # each output is told from one state alone, which must itself remember what came before
    n_steps = float(np.average(train.sequences.lengths, weights=train.weight))
    return Start(n_remembered=n_steps / patch_size)


def _patch_size(options: NetworkOptions, sequences: Sequences) -> int:
    if options.pooling is None and options.patch_size == "auto":
        return 1  # every step has outputs of its own
    is_measured = _measures_whole(options, sequences)
    n_patches = _N_PATCHES_TO_NUMBERS if is_measured else _N_PATCHES
    return resolve_patch_size(options.patch_size, int(sequences.lengths.max()), n_patches)


def _normalization(options: NetworkOptions, sequences: Sequences) -> str | None:
    if options.normalization != "auto":
        return options.normalization
    return None if _measures_whole(options, sequences) else "layer"


def _measures_whole(options: NetworkOptions, sequences: Sequences) -> bool:
    """Tell regressions of whole sequences from forecasts by windows, and of steps.

    The first hang on sizes, places and rates, which normalising and grouping blur; most of what is
    left of forecasts is noise.
    """
    is_whole = options.pooling is not None and not sequences.overlap
    return is_whole and options.tells_numbers
