"""A torch module of the user's own in the place of the network."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sklstm.nn.features import Inputs
from sklstm.nn.pooling import pool_steps
from sklstm.nn.precision import autocast


class CustomModel(nn.Module):
    """Scaled input in front of any module with ``forward(x, lengths)``.

    Parameters
    ----------
    inputs : Standardize, Differences or Features
        Scales the features.
    module : torch module
        Maps x (batch, time, features), zero behind the end of shorter sequences, and lengths
        (batch,) to (batch, n_outputs), or to (batch, time, n_outputs).
    every_step : bool, default=False
        Whether the module has outputs of every step, of which the present ones are returned.
    mixed_precision : bool, default=False
        Whether the module's products are in bfloat16.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklstm.nn import CustomModel, Standardize
    >>> class Last(torch.nn.Module):
    ...     def forward(self, x, lengths):
    ...         return x[torch.arange(len(x)), lengths - 1]
    >>> model = CustomModel(Standardize(np.zeros(1), np.ones(1)), Last())
    >>> model(torch.ones(2, 3, 1)).tolist()
    [[1.0], [1.0]]
    """

    def __init__(
        self,
        inputs: Inputs,
        module: nn.Module,
        *,
        every_step: bool = False,
        mixed_precision: bool = False,
    ) -> None:
        super().__init__()
        self.every_step = every_step
        self.mixed_precision = mixed_precision
        self.inputs = inputs
        self.module = module

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return what the module makes of the scaled sequences, as `SequenceModel` does."""
        x = self.inputs(x, lengths)
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1], device=x.device)
        with autocast(x, enabled=self.mixed_precision):
            outputs: Tensor = self.module(x, lengths)
        if self.every_step:
            outputs = pool_steps(outputs, lengths, 1)
        return outputs.to(x.dtype) if self.mixed_precision else outputs

    def output_lengths(self, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many outputs sequences of these lengths have, of a module of every step."""
        return lengths
