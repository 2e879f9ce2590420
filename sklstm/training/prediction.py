"""Outputs of a trained module, in batches as large as memory is cheap."""

import numpy as np
import torch
from torch import Tensor, nn

from sklstm.data import Batches, Sequences
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
    batch_size = int(np.clip(_STEPS // longest, _MIN_BATCH, _MAX_BATCH))
    parts, order = [], []
    with torch.no_grad():
        for indices in Batches(sequences.lengths, batch_size):
            arguments = module_arguments(sequences, indices)
            output = module(
                **{name: torch.as_tensor(part, device=device) for name, part in arguments.items()}
            )
            parts.append(output.cpu().double())
            order.append(indices)
    outputs = torch.cat(parts)
    restored = torch.empty_like(outputs)
    restored[torch.as_tensor(np.concatenate(order))] = outputs
    return restored
