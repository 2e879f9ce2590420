"""Outputs of a trained module, in batches as large as memory is cheap."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sklstm.data import Batches, Sequences
from sklstm.training.heap import retained_heap
from sklstm.training.samples import module_arguments

_STEPS = 2**16  # time steps of one batch
_MIN_BATCH, _MAX_BATCH = 16, 4096


def predict_outputs(module: nn.Module, sequences: Sequences, device: str) -> Tensor:
    """Return the raw outputs of every sequence.

    Parameters
    ----------
    module : torch module
        With ``forward(x, lengths=None)``, in evaluation mode.
    sequences : Sequences
    device : str
        Where the module is.

    Returns
    -------
    Tensor of shape (n_sequences, n_outputs), dtype float64, on the CPU
    """
    longest = int(sequences.lengths.max())
    batch_size = min(max(_STEPS // longest, _MIN_BATCH), _MAX_BATCH)
    with torch.no_grad():
        if len(sequences) <= batch_size:
            return _outputs(module, sequences, np.arange(len(sequences)), device)
        with retained_heap():
            return _outputs_by_batches(module, sequences, batch_size, device)


def _outputs_by_batches(
    module: nn.Module, sequences: Sequences, batch_size: int, device: str
) -> Tensor:
    outputs = None
    for indices in Batches(sequences.lengths, batch_size):
        batch = _outputs(module, sequences, indices, device)
        if outputs is None:
            outputs = batch.new_empty(len(sequences), *batch.shape[1:])
        outputs[torch.from_numpy(indices)] = batch
    assert outputs is not None
    return outputs


def _outputs(
    module: nn.Module, sequences: Sequences, indices: NDArray[np.int64], device: str
) -> Tensor:
    arguments = module_arguments(sequences, indices)
    output: Tensor = module(
        **{name: torch.as_tensor(part, device=device) for name, part in arguments.items()}
    )
    return output.cpu().double()
