"""Samples that lie where the network is."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklstm.data import Sequences, Steps
from sklstm.training.samples import Batch, Samples, Source, as_arguments

# Share of the device's free memory that the rows may take; the rest is the network's.
_SHARE = 0.5


class ResidentSequences:
    """The rows of sequences on a device, where batches are gathered.

    Windows are held as the one series that they are cut from, as in `Sequences`. Lengths stay with
    the caller as well, so that no batch waits for the device to tell its longest sequence.

    Parameters
    ----------
    sequences : Sequences
    device : torch device
    rows : Tensor of shape (n_rows, n_features) or None, default=None
        The rows, where they are on the device already.

    Attributes
    ----------
    table : ndarray of shape (n_rows, n_features)
        The rows as they came.
    rows : Tensor of shape (n_rows, n_features)
        On the device.

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

    def __init__(
        self, sequences: Sequences, device: torch.device, rows: Tensor | None = None
    ) -> None:
        self.lengths = sequences.lengths
        self.dtype = sequences.dtype
        self.device = device
        self.table = sequences.rows
        if rows is None:
            rows = send(sequences.clip(self.table.astype(self.dtype, copy=False)), device)
        self.rows = rows
        self._first = send(sequences.first, device)

    def __len__(self) -> int:
        return len(self.lengths)

    def take(
        self, indices: NDArray[np.int64], places: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Gather sequences into one batch, as `Sequences.take` does.

        Parameters
        ----------
        indices : ndarray of shape (batch,)
        places : Tensor of shape (batch,) or None, default=None
            The same on the device, where it is there already.

        Returns
        -------
        batch : Tensor of shape (batch, time, features)
        lengths : Tensor of shape (batch,) or None
        """
        places = send(indices, self.device) if places is None else places
        lengths = self.lengths[indices]
        longest = int(lengths.max())
        time = torch.arange(longest, device=self.device)
        rows = self._first[places][:, None] + time  # (batch, time)
        batch = self.rows[rows.clamp_(max=len(self.rows) - 1)]  # (batch, time, features)
        if lengths.min() == longest:
            return batch, None
        ends = send(lengths, self.device)
        return batch.masked_fill_((time >= ends[:, None])[:, :, None], 0.0), ends


class ResidentSamples(Samples):
    """Samples whose sequences, and all arrays that come with them, are on a device.

    Targets of every time step, and their weights, are sent batch by batch.

    Parameters
    ----------
    samples : Samples
    sequences : ResidentSequences
        Those of the samples.
    """

    sequences: ResidentSequences

    def __init__(self, samples: Samples, sequences: ResidentSequences) -> None:
        parts = (samples.targets, samples.weight, samples.given)
        super().__init__(sequences, *(_send_all(part, sequences.device) for part in parts))

    def batch(self, indices: NDArray[np.int64]) -> Batch:
        """Return one batch, of tensors on the device."""
        places = send(indices, self.sequences.device)
        steps, lengths = self.sequences.take(indices, places)
        x = as_arguments(steps, lengths)
        x.update({name: value[places] for name, value in self.given.items()})
        chosen = indices if isinstance(self.targets, Steps) else places
        return x, self._targets_of(chosen)


def resident_sequences(
    sequences: Source, device: torch.device, like: Source | None = None
) -> Source:
    """Return sequences on a device, or as they are where they are to be sent batch by batch.

    Those stay that a CPU reads, that are on disk, or whose rows would take more than half of the
    device's free memory.

    Parameters
    ----------
    sequences : Source
    device : torch device
    like : Source or None, default=None
        Others, whose rows these share if they are of one table.

    Returns
    -------
    Source
    """
    if not isinstance(sequences, Sequences) or sequences.on_disk:
        return sequences
    rows = None
    if isinstance(like, ResidentSequences) and like.table is sequences.rows:
        rows = like.rows
    elif not _has_room(sequences.rows.size * sequences.dtype.itemsize, device):
        return sequences
    try:
        return ResidentSequences(sequences, device, rows)
    except torch.OutOfMemoryError:  # another process was faster
        return sequences


def resident_samples(
    samples: Samples, device: torch.device, like: Samples | None = None
) -> Samples:
    """Return samples on a device, or as they are where `resident_sequences` leaves the sequences.

    Parameters
    ----------
    samples : Samples
    device : torch device
    like : Samples or None, default=None
        Others, whose rows these share if they are of one table.

    Returns
    -------
    Samples
    """
    sequences = resident_sequences(
        samples.sequences, device, None if like is None else like.sequences
    )
    if not isinstance(sequences, ResidentSequences):
        return samples
    return ResidentSamples(samples, sequences)


def send(values: NDArray[Any], device: torch.device) -> Tensor:
    """Return an array on a device, without waiting for what is under way there.

    Parameters
    ----------
    values : ndarray
    device : torch device

    Returns
    -------
    Tensor
    """
    # torch warns of arrays that may not be written to
    writable = np.require(values, requirements=["C", "W"])
    return torch.from_numpy(writable).to(device, non_blocking=True)


def _send_all(values: Any, device: torch.device) -> Any:
    if values is None or isinstance(values, Steps):
        return values
    if isinstance(values, np.ndarray):
        return send(values, device)
    return {name: send(value, device) for name, value in values.items()}


def _has_room(n_bytes: int, device: torch.device) -> bool:
    if device.type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    # what torch holds for the next to ask counts as used there
    free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return n_bytes <= _SHARE * free
