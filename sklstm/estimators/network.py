"""From an estimator's parameters to the torch module that it trains."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import is_regressor
from torch import nn

from sklstm._validation import check_layer_sizes
from sklstm.data import Anchor, Sequences, mean_and_variance, scale_of
from sklstm.estimators.crop import resolve_random_crop
from sklstm.estimators.inputs import build_inputs
from sklstm.estimators.options import resolve_patch_size
from sklstm.nn import (
    CELLS,
    POOLINGS,
    CustomModel,
    ImageModel,
    SequenceModel,
    Standardize,
    Start,
)

# What "auto" stands for, where it is not one layer of 64.
_HIDDEN_LAYER_SIZES = {"mdlstm": (8, 32)}
# How many steps "auto" leaves of the longest sequence by grouping them, about; and how many where
# numbers are told from sequences of their own.
_N_PATCHES, _N_PATCHES_TO_NUMBERS = 64, 128
# How layers start whose states all feed the output: from what is near to what builds up over time.
# Classes are more often told by shapes of a few steps, wherever these stand.
_START_TO_CLASSES = Start(input_gain=0.5, keep_biases=(-4.0, 2.0))
_START_TO_NUMBERS = Start(input_gain=0.25, keep_biases=(-2.0, 2.0))
# Units of the dense layer behind an MDLSTM layer, for each of its units in one direction.
_SUBSAMPLE = 3


def dtype_of(precision: str) -> str:
    """Return the dtype of data and weights: products alone are ever in bfloat16."""
    return "float32" if precision == "bfloat16" else precision


def layer_sizes(estimator: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the widths of the recurrent and of the dense layers.

    Parameters
    ----------
    estimator : BaseLSTM

    Returns
    -------
    hidden_layer_sizes, dense_layer_sizes : tuple of int

    Raises
    ------
    ValueError
        If a width is no positive int.
    """
    hidden_layer_sizes = estimator.hidden_layer_sizes
    if isinstance(hidden_layer_sizes, str):  # "auto"
        hidden_layer_sizes = _HIDDEN_LAYER_SIZES.get(estimator.cell, (64,))
    return (
        check_layer_sizes(hidden_layer_sizes, "hidden_layer_sizes"),
        check_layer_sizes(estimator.dense_layer_sizes, "dense_layer_sizes", may_be_empty=True),
    )


def build_module(
    estimator: Any,
    sequences: Sequences,
    weight: NDArray[np.float64] | None,
    n_outputs: int,
    anchor: Anchor,
    pooling: str | None,
    encoding: str,
    class_numbers: NDArray[np.int64] | None = None,
    categorical: Sequence[int] = (),
) -> nn.Module:
    """Build the module that an estimator trains.

    Parameters
    ----------
    estimator : BaseLSTM
        With checked parameters.
    sequences : Sequences
        The training part; mean and spread of its features scale the input.
    weight : ndarray of shape (n_samples,) or None
        Weights in mean and spread, and in the usual length.
    n_outputs : int
        Width of the output.
    anchor : Anchor
        Says which features the network sees relative to their last value.
    pooling : str or None
        What of the top layer feeds the output; None where every step has outputs.
    encoding : {"auto", "standard", "quantile", "piecewise_linear", "concat"}
        How numbers are told to the network.
    class_numbers : ndarray of shape (n_samples,) or None, default=None
        The number of each sequence's class, None where it has none.
    categorical : sequence of int, default=()
        Features that are symbols.

    Returns
    -------
    torch module
        With ``forward(x, lengths=None)``, its weights in `dtype_of` the estimator's precision.

    Raises
    ------
    ValueError
        If the user's own module gives outputs of another shape.
    """
    inputs = build_inputs(estimator, sequences, weight, anchor, encoding, categorical)
    if estimator.module is not None:
        own = _own_module(estimator.module, inputs.n_outputs, n_outputs)
        model: nn.Module = CustomModel(
            inputs,
            own,
            every_step=estimator.return_sequences,
            mixed_precision=estimator.precision == "bfloat16",
        )
    else:
        hidden_layer_sizes, dense_layer_sizes = layer_sizes(estimator)
        model = SequenceModel(
            inputs,
            n_outputs,
            hidden_layer_sizes=hidden_layer_sizes,
            cell=estimator.cell,
            activation=estimator.activation,
            bidirectional=estimator.bidirectional,
            pooling=pooling,
            dense_layer_sizes=dense_layer_sizes,
            normalization=_normalization(estimator, sequences),
            dropout=estimator.dropout,
            patch_size=_patch_size(estimator, sequences),
            random_crop=resolve_random_crop(
                estimator.random_crop, sequences, inputs, class_numbers, weight
            ),
            mixed_precision=estimator.precision == "bfloat16",
            start=_start(estimator, sequences, weight, pooling),
        )
    model = model.to(getattr(torch, dtype_of(estimator.precision)))
    if isinstance(model, CustomModel):
        _check_outputs(model, sequences, n_outputs)
    return model


def _start(
    estimator: Any,
    sequences: Sequences,
    weight: NDArray[np.float64] | None,
    pooling: str | None,
) -> Start:
    if pooling is not None and any(part.sees_all for part in POOLINGS[pooling]):
        if not CELLS[estimator.cell].keeping:  # what comes in is all that an Elman network has
            return Start()
        return _START_TO_NUMBERS if is_regressor(estimator) else _START_TO_CLASSES
    # each output is told from one state alone, which must itself remember what came before
    n_steps = float(np.average(sequences.lengths, weights=weight))
    return Start(n_remembered=n_steps / _patch_size(estimator, sequences))


def _patch_size(estimator: Any, sequences: Sequences) -> int:
    if estimator.return_sequences and estimator.patch_size == "auto":
        return 1  # every step has outputs of its own
    n_patches = _N_PATCHES_TO_NUMBERS if _tells_numbers(estimator, sequences) else _N_PATCHES
    return resolve_patch_size(estimator.patch_size, int(sequences.lengths.max()), n_patches)


def _normalization(estimator: Any, sequences: Sequences) -> str | None:
    wanted: str | None = estimator.normalization
    if wanted != "auto":
        return wanted
    return None if _tells_numbers(estimator, sequences) else "layer"


def _tells_numbers(estimator: Any, sequences: Sequences) -> bool:
    """Tell regressions of whole sequences from forecasts by windows, and of steps.

    The first hang on sizes, places and rates, which normalising and grouping blur; most of what is
    left of forecasts is noise.
    """
    is_whole = not (estimator.return_sequences or sequences.overlap)
    return is_whole and is_regressor(estimator)


def build_image_model(
    estimator: Any, sequences: Sequences, weight: NDArray[np.float64] | None, n_outputs: int
) -> nn.Module:
    """Build the module that reads images by multi-dimensional layers.

    Parameters
    ----------
    estimator : LSTMTranscriber
        With checked parameters, and its `image_shape_`.
    sequences : Sequences
        The columns of the images of the training part.
    weight : ndarray of shape (n_samples,) or None
        Weights in mean and spread.
    n_outputs : int
        Width of the output.

    Returns
    -------
    torch module
        With ``forward(x, lengths=None)``.
    """
    height, n_channels = estimator.image_shape_
    sizes = layer_sizes(estimator)[0]
    model = ImageModel(
        _standardize_pixels(sequences, weight, n_channels, scaled=estimator.standardize),
        height,
        n_channels,
        n_outputs,
        hidden_layer_sizes=sizes,
        block_sizes=estimator.block_sizes,
        subsample_sizes=[_SUBSAMPLE * size for size in sizes[:-1]],
        dropout=estimator.dropout,
    )
    return model.to(getattr(torch, dtype_of(estimator.precision)))


def _standardize_pixels(
    sequences: Sequences, weight: NDArray[np.float64] | None, n_channels: int, *, scaled: bool
) -> Standardize:
    """Standardise each channel, by the same numbers in all rows."""
    if not scaled:
        return Standardize(np.zeros(sequences.n_features), np.ones(sequences.n_features))
    height = sequences.n_features // n_channels
    means, variances = (
        moment.reshape(height, n_channels) for moment in mean_and_variance(sequences, weight)
    )
    mean = means.mean(axis=0)  # (channels,)
    variance = (variances + (means - mean) ** 2).mean(axis=0)
    scale = scale_of(variance, np.abs(mean), sequences.dtype)
    return Standardize(np.tile(mean, height), np.tile(scale, height))


def _own_module(factory: Any, n_features: int, n_outputs: int) -> nn.Module:
    wanted = "a callable that takes n_features and n_outputs and returns a torch.nn.Module"
    if isinstance(factory, nn.Module):
        raise ValueError(
            f"The 'module' parameter must be {wanted}. Got an instance of "
            f"{type(factory).__name__}: give the class, or a function that makes one."
        )
    try:
        module = factory(n_features, n_outputs)
    except TypeError as error:
        raise ValueError(
            f"The 'module' parameter must be {wanted}. Calling it with ({n_features}, {n_outputs}) "
            f"failed: {error}"
        ) from error
    if not isinstance(module, nn.Module):
        raise ValueError(
            f"The 'module' parameter must be {wanted}. It returned {type(module).__name__}."
        )
    return module


def _check_outputs(model: CustomModel, sequences: Sequences, n_outputs: int) -> None:
    """Try the user's module on a sequence or two before an epoch is spent on it."""
    chosen = sequences.subset(np.arange(min(2, len(sequences))))
    lengths = torch.as_tensor(chosen.lengths)
    try:
        with torch.no_grad():
            x = torch.as_tensor(chosen.take(np.arange(len(chosen)))[0])
            output = model.eval().module(model.inputs(x, lengths), lengths)
    except TypeError as error:
        raise ValueError(
            "The module of the 'module' parameter must have forward(x, lengths), with x of shape "
            f"(batch, time, n_features) and lengths of shape (batch,). Calling it failed: {error}"
        ) from error
    shape = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
    wanted = (*x.shape[: 2 if model.every_step else 1], n_outputs)
    if shape != wanted:
        unit = "time step" if model.every_step else "sequence"
        raise ValueError(
            f"The module of the 'module' parameter must return one row of {n_outputs} output(s) a "
            f"{unit}, here of shape {wanted}. Got {shape}."
        )
