"""The module of a user's own, put to use."""

from typing import Any

import numpy as np
import torch
from torch import nn

from sklstm.data import Sequences
from sklstm.nn import CustomModel, Inputs


def wrap_module(
    factory: Any,
    inputs: Inputs,
    sequences: Sequences,
    n_outputs: int,
    *,
    every_step: bool,
    mixed_precision: bool,
) -> CustomModel:
    """Make the user's module and try it, before an epoch is spent on it.

    Parameters
    ----------
    factory : callable
        Takes the numbers of features and of outputs, and returns a torch module.
    inputs : Inputs
        What stands before it.
    sequences : Sequences
        The training part; two of them are tried.
    n_outputs : int
        Width of the output.
    every_step : bool
        Whether every step has outputs, or a sequence.
    mixed_precision : bool
        Whether products are in bfloat16.

    Returns
    -------
    CustomModel
        In the dtype of the sequences.

    Raises
    ------
    ValueError
        If the factory makes no module, or one of outputs of another shape.
    """
    module = _make(factory, inputs.n_outputs, n_outputs)
    model = CustomModel(inputs, module, every_step=every_step, mixed_precision=mixed_precision)
    model = model.to(getattr(torch, sequences.dtype.name))  # as it will be in the fit
    _check_outputs(model, sequences, n_outputs)
    return model


def _make(factory: Any, n_features: int, n_outputs: int) -> nn.Module:
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
