"""Which steps of a padded batch are present, and how to turn sequences round."""

import torch
from torch import Tensor


def present_steps(lengths: Tensor, n_timesteps: int) -> Tensor:
    """Return a mask of the steps that belong to their sequence.

    Parameters
    ----------
    lengths : Tensor of shape (batch,)
        Number of steps of each sequence.
    n_timesteps : int
        Steps of the padded batch.

    Returns
    -------
    Tensor of shape (batch, time), dtype bool

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.masks import present_steps
    >>> present_steps(torch.tensor([1, 2]), 2).tolist()
    [[True, False], [True, True]]
    """
    return torch.arange(n_timesteps, device=lengths.device) < lengths[:, None]


def last_steps(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Return the last present step of every sequence.

    Parameters
    ----------
    x : Tensor of shape (batch, time, features)
    lengths : Tensor of shape (batch,) or None
        None means that all sequences fill the batch.

    Returns
    -------
    Tensor of shape (batch, features)

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.masks import last_steps
    >>> last_steps(torch.tensor([[[1.0], [2.0], [0.0]]]), torch.tensor([2])).tolist()
    [[2.0]]
    """
    if lengths is None:
        return x[:, -1]
    # gathered, since places numbered by an arange would hold for one batch size alone in a trace
    last = (lengths - 1)[:, None, None].expand(-1, 1, x.shape[2])
    return x.gather(1, last)[:, 0]


def reverse_sequences(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Reverse every sequence within its own length; padding stays where it is.

    Parameters
    ----------
    x : Tensor of shape (batch, time, features)
    lengths : Tensor of shape (batch,) or None
        None means that all sequences fill the batch.

    Returns
    -------
    Tensor of shape (batch, time, features)

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.masks import reverse_sequences
    >>> x = torch.tensor([[[1.0], [2.0], [0.0]]])
    >>> reverse_sequences(x, torch.tensor([2])).ravel().tolist()
    [2.0, 1.0, 0.0]
    """
    if lengths is None:
        return x.flip(1)
    return x.gather(1, reversed_places(lengths, x.shape[1])[:, :, None].expand_as(x))


def reversed_places(lengths: Tensor, n_timesteps: int) -> Tensor:
    """Return where each step stands once its sequence is reversed; padding stays where it is.

    Parameters
    ----------
    lengths : Tensor of shape (batch,)
        Number of steps of each sequence.
    n_timesteps : int
        Steps of the padded batch.

    Returns
    -------
    Tensor of shape (batch, time), dtype int64

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.masks import reversed_places
    >>> reversed_places(torch.tensor([2, 3]), 3).tolist()
    [[1, 0, 2], [2, 1, 0]]
    """
    time = torch.arange(n_timesteps, device=lengths.device)
    mirrored = lengths[:, None] - 1 - time  # (batch, time), negative on padding
    return torch.where(mirrored >= 0, mirrored, time)
