"""From the states of a recurrent layer to what the layers above it are given."""

from typing import TypeGuard

import torch
from torch import Tensor, nn

from sklstm.nn import fused
from sklstm.nn.dropout import dropout, dropout_factors
from sklstm.nn.normalization import BatchNormalization, LayerNormalization
from sklstm.nn.pooling import Pooling
from sklstm.nn.watched import has_hooks

Normalization = LayerNormalization | BatchNormalization


def refine(
    states: Tensor,
    lengths: Tensor | None,
    norm: Normalization | None,
    share: float,
    *,
    training: bool,
) -> Tensor:
    """Normalise the states of all steps, and drop units at random.

    Parameters
    ----------
    states : Tensor of shape (batch, time, directions * hidden)
    lengths : Tensor of shape (batch,) or None
        None means that all sequences fill the batch.
    norm : torch module or None
        A value of `NORMALIZATIONS`; None leaves states as they are.
    share : float
        Of the units, dropped in training.
    training : bool

    Returns
    -------
    Tensor of the states' shape
    """
    if norm is not None:
        states = norm(states, lengths)
    return dropout(states, share, training)


def summarize(
    states: Tensor,
    lengths: Tensor | None,
    norm: Normalization | None,
    share: float,
    *,
    training: bool,
    pooling: tuple[Pooling, ...],
    n_directions: int,
) -> Tensor:
    """Return what feeds the output: of the states, refined, each part of a pooling, side by side.

    Layer normalisation, dropout and pooling are one compiled call where `fused.can_take` holds.

    Parameters
    ----------
    states, lengths, norm, share, training
        As of `refine`.
    pooling : tuple of Pooling
        A value of `POOLINGS`, or `EVERY_STEP`.
    n_directions : int

    Returns
    -------
    Tensor of shape (batch, parts * directions * hidden)
        (steps, directions * hidden) of `EVERY_STEP`.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.pooling import POOLINGS
    >>> from sklstm.nn.summary import summarize
    >>> states = torch.tensor([[[1.0], [4.0], [1.0]]])
    >>> how = {"training": False, "pooling": POOLINGS["concat"], "n_directions": 1}
    >>> summarize(states, None, None, 0.0, **how)
    tensor([[1., 2., 4.]])
    """
    parts = [part.compiled for part in pooling if part.compiled is not None]
    if len(parts) == len(pooling) and _is_plain(norm) and fused.can_take(states):
        return fused.summarize(
            states,
            lengths,
            parts=parts,
            n_directions=n_directions,
            norm=None if norm is None else norm.norm,
            factors=dropout_factors(states, share) if training and share > 0 else None,
        )
    states = refine(states, lengths, norm, share, training=training)
    pooled = [part.whole(states, lengths, n_directions) for part in pooling]
    return pooled[0] if len(pooled) == 1 else torch.cat(pooled, dim=1)


def _is_plain(norm: Normalization | None) -> TypeGuard[LayerNormalization | None]:
    """Return whether a module is unmodified layer normalisation without hooks, or none."""
    if norm is None:
        return True
    if type(norm) is not LayerNormalization or type(norm.norm) is not nn.LayerNorm:
        return False
    if not fused.can_normalize(norm.norm):
        return False
    return not has_hooks(norm, norm.norm)
