"""Samples that lie where the network is."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklstm.data import Sequences, Steps
from sklstm.training.samples import Samples, Source

# Share of the device's free memory that samples may take; the rest is the network's.
_SHARE = 0.5


class ResidentSequences:
    """The rows of sequences on a device, where batches are gathered.

    Windows are held as the one series that they are cut from, as in `Sequences`. Lengths stay with
    the caller as well, so that no batch waits for the device to tell its longest sequence.

    Parameters
    ----------
    sequences : Sequences
    device : torch device

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklstm.data import as_sequences
    >>> from sklstm.training.resident import ResidentSequences
    >>> sequences = as_sequences([np.array([[1.0], [2.0]]), np.array([[3.0]])])
    >>> batch, lengths = ResidentSequences(sequences, torch.device("cpu")).take(np.array([0, 1]))
    >>> batch[:, :, 0].tolist(), lengths.tolist()
    ([[1.0, 2.0], [3.0, 0.0]], [2, 1])
    """

    def __init__(self, sequences: Sequences, device: torch.device) -> None:
        self.lengths = sequences.lengths
        self.dtype = sequences.dtype
        self.device = device
        self._rows = _send(sequences.rows.astype(sequences.dtype, copy=False), device)
        self._first = _send(sequences.first, device)

    def __len__(self) -> int:
        return len(self.lengths)

    def take(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor | None]:
        """Gather sequences into one batch, as `Sequences.take` does.

        Parameters
        ----------
        indices : ndarray of shape (batch,)

        Returns
        -------
        batch : Tensor of shape (batch, time, features)
        lengths : Tensor of shape (batch,) or None
        """
        lengths = self.lengths[indices]
        longest = int(lengths.max())
        time = torch.arange(longest, device=self.device)
        rows = self._first[_send(indices, self.device)][:, None] + time  # (batch, time)
        batch = self._rows[rows.clamp_(max=len(self._rows) - 1)]  # (batch, time, features)
        if lengths.min() == longest:
            return batch, None
        ends = _send(lengths, self.device)
        return batch.masked_fill_((time >= ends[:, None])[:, :, None], 0.0), ends


def resident_sequences(sequences: Source, device: torch.device) -> Source:
    """Return sequences on a device, or as they are where they are to be sent batch by batch.

    Those stay that a CPU reads, that are on disk, or that take more than half of the device's free
    memory.

    Parameters
    ----------
    sequences : Source
    device : torch device

    Returns
    -------
    Source
    """
    if not isinstance(sequences, Sequences) or sequences.on_disk:
        return sequences
    if not _has_room(sequences.rows.size * sequences.dtype.itemsize, device):
        return sequences
    return ResidentSequences(sequences, device)


def resident_samples(samples: Samples, device: torch.device) -> Samples:
    """Return samples whose sequences, and all that comes with each, are on a device.

    Targets of every time step are sent batch by batch.

    Parameters
    ----------
    samples : Samples
    device : torch device

    Returns
    -------
    Samples
        The same where `resident_sequences` leaves the sequences.
    """
    sequences = resident_sequences(samples.sequences, device)
    if sequences is samples.sequences:
        return samples
    return Samples(
        sequences,
        _send_all(samples.targets, device),
        _send_all(samples.weight, device),
        _send_all(samples.given, device),
    )


def _has_room(n_bytes: int, device: torch.device) -> bool:
    if device.type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return n_bytes <= _SHARE * free


def _send_all(values: Any, device: torch.device) -> Any:
    if values is None or isinstance(values, Steps):
        return values
    if isinstance(values, np.ndarray):
        return _send(values, device)
    return {name: _send(value, device) for name, value in values.items()}


def _send(values: NDArray[Any], device: torch.device) -> Tensor:
    # torch warns of arrays that may not be written to
    return torch.as_tensor(np.require(values, requirements=["C", "W"]), device=device)
