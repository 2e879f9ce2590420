"""From an estimator's parameters to the torch module that it trains."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sklstm._validation import check_layer_sizes
from sklstm.data import Anchor, Sequences, resolve_patch_size
from sklstm.estimators.inputs import build_inputs
from sklstm.nn import CustomModel, SequenceModel


def dtype_of(precision: str) -> str:
    """Return the dtype of data and weights: products alone are ever in bfloat16."""
    return "float32" if precision == "bfloat16" else precision


def check_network(estimator: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
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
    return (
        check_layer_sizes(estimator.hidden_layer_sizes, "hidden_layer_sizes"),
        check_layer_sizes(estimator.dense_layer_sizes, "dense_layer_sizes", may_be_empty=True),
    )


def build_module(
    estimator: Any,
    sequences: Sequences,
    weight: NDArray[np.float64] | None,
    n_outputs: int,
    anchor: Anchor,
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
        Weights in mean and spread.
    n_outputs : int
        Width of the output.
    anchor : Anchor
        Says which features the network sees relative to their last value.
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
    inputs = build_inputs(estimator, sequences, weight, anchor, categorical)
    n_features = inputs.n_outputs
    if estimator.module is not None:
        own = _own_module(estimator.module, n_features, n_outputs)
        model: nn.Module = CustomModel(
            inputs, own, mixed_precision=estimator.precision == "bfloat16"
        )
    else:
        hidden_layer_sizes, dense_layer_sizes = check_network(estimator)
        model = SequenceModel(
            inputs,
            n_features,
            n_outputs,
            hidden_layer_sizes=hidden_layer_sizes,
            cell=estimator.cell,
            bidirectional=estimator.bidirectional,
            pooling=estimator.pooling,
            dense_layer_sizes=dense_layer_sizes,
            normalization=estimator.normalization,
            dropout=estimator.dropout,
            patch_size=resolve_patch_size(estimator.patch_size, int(sequences.lengths.max())),
            mixed_precision=estimator.precision == "bfloat16",
        )
    model = model.to(getattr(torch, dtype_of(estimator.precision)))
    if estimator.module is not None:
        _check_outputs(model, sequences, n_outputs)
    return model


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


def _check_outputs(model: nn.Module, sequences: Sequences, n_outputs: int) -> None:
    """Try the user's module on a sequence or two before an epoch is spent on it."""
    x, lengths = sequences.take(np.arange(min(2, len(sequences))))
    try:
        with torch.no_grad():
            output = model.eval()(
                torch.as_tensor(x), None if lengths is None else torch.as_tensor(lengths)
            )
    except TypeError as error:
        raise ValueError(
            "The module of the 'module' parameter must have forward(x, lengths), with x of shape "
            f"(batch, time, n_features) and lengths of shape (batch,). Calling it failed: {error}"
        ) from error
    shape = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
    if shape != (len(x), n_outputs):
        raise ValueError(
            f"The module of the 'module' parameter must return one row of {n_outputs} output(s) a "
            f"sequence, here of shape {(len(x), n_outputs)}. Got {shape}."
        )
