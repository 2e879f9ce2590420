"""Outputs of a trained module, in batches of a bounded number of time steps."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sklstm.data import Sequences, first_rows, rows_of
from sklstm.training.resident import resident_sequences
from sklstm.training.runtime import own_defaults
from sklstm.training.samples import Source, module_arguments

# Time steps of one batch, of four sequences at least: on a CPU not so many that its states take
# much memory.
_STEPS = {"cpu": 2**16}
_STEPS_ELSEWHERE = 2**18
_MIN_BATCH, _MAX_BATCH = 4, 4096


def predict_outputs(
    module: nn.Module,
    sequences: Sequences,
    device: str,
    n_rows: NDArray[np.int64] | None = None,
    reduce: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Return the raw outputs of every sequence.

    Parameters
    ----------
    module : torch module
        With ``forward(x, lengths=None)``. It is put into evaluation mode meanwhile.
    sequences : Sequences
    device : str
        Where the module is.
    n_rows : ndarray of shape (n_sequences,) or None, default=None
        How many rows of outputs each sequence has; None means one.
    reduce : callable or None, default=None
        What is kept of each batch of outputs, row by row; None keeps all.

    Returns
    -------
    Tensor of shape (n_sequences, n_outputs) or (sum of n_rows, n_outputs), float64, on the CPU
        Or what is kept of it.
    """
    place = torch.device(device)
    with evaluating(module, place.type):
        if len(sequences) <= _batch_size(sequences.lengths.max(), place):
            outputs = _outputs(module, sequences, np.arange(len(sequences)), place)
            return outputs if reduce is None else reduce(outputs)
        gathered = resident_sequences(sequences, place)
        return _outputs_by_batches(module, gathered, place, n_rows, reduce)


@contextmanager
def evaluating(module: nn.Module, kind: str) -> Iterator[None]:
    """Put a module into evaluation mode, which callbacks may ask while it learns.

    Within are no gradients, and nothing of the caller's, see `own_defaults`.

    Parameters
    ----------
    module : torch module
    kind : str
        Type of the device that it is on.
    """
    learns = module.training
    with torch.no_grad(), own_defaults(kind):
        try:
            if learns:
                module.eval()
            yield
        finally:
            if learns:
                module.train()


def _outputs_by_batches(
    module: nn.Module,
    sequences: Source,
    device: torch.device,
    n_rows: NDArray[np.int64] | None,
    reduce: Callable[[Tensor], Tensor] | None,
) -> Tensor:
    if n_rows is None:
        n_rows = np.ones(len(sequences), dtype=np.int64)
    first, outputs = first_rows(n_rows), None
    for indices in _batches(sequences.lengths, device):
        batch = _outputs(module, sequences, indices, device)
        batch = batch if reduce is None else reduce(batch)
        if outputs is None:
            outputs = batch.new_empty(int(n_rows.sum()), *batch.shape[1:])
        rows = rows_of(first[indices], n_rows[indices])
        outputs[torch.from_numpy(rows)] = batch
    assert outputs is not None
    return outputs


def _batches(lengths: NDArray[np.int64], device: torch.device) -> Iterator[NDArray[np.int64]]:
    """Yield which sequences go together, the longest first: a long one makes no other wait."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        end = start + _batch_size(lengths[order[start]], device)
        yield order[start:end]
        start = end


def _batch_size(longest: np.int64, device: torch.device) -> int:
    n_steps = _STEPS.get(device.type, _STEPS_ELSEWHERE)
    return min(max(n_steps // int(longest), _MIN_BATCH), _MAX_BATCH)


def _outputs(
    module: nn.Module, sequences: Source, indices: NDArray[np.int64], device: torch.device
) -> Tensor:
    return run_module(module, module_arguments(sequences, indices), device).cpu().double()


def run_module(module: nn.Module, arguments: dict[str, Any], device: torch.device) -> Tensor:
    """Return a module's output of one batch.

    Parameters
    ----------
    module : torch module
    arguments : dict of ndarray
        As `module_arguments` makes them.
    device : torch device
        Where the module is.

    Returns
    -------
    Tensor
        On the device.
    """
    output: Tensor = module(
        **{name: torch.as_tensor(part, device=device) for name, part in arguments.items()}
    )
    return output
