"""What happens to features before the first layer."""

from collections.abc import Collection

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sklstm.nn.masks import last_steps, present_steps

_FARTHEST = 1e18  # in units of the scale; float32 holds the product of two such numbers


class Standardize(nn.Module):
    """Subtract a mean from every feature and divide by a scale; padding becomes zero.

    The numbers belong to the model, so that raw data can be given at prediction and no scaled
    copy of the data is ever made. At prediction what lies more than 1e18 scales off the mean
    counts as that far: of a number that training never saw float32 might make an infinite one.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_features,)
        A scale of 0 is one of a feature that is constant in training, which keeps its unit.
    relative : collection of int, default=()
        Features of which the sequence's last value is subtracted first.
    levels : collection of int, default=()
        Features whose last value is put beside the others at every step.
    level_mean, level_scale : ndarray of shape (n_levels,) or None, default=None
        Standardise the levels, as `mean` and `scale` the features.

    Attributes
    ----------
    n_outputs : int
        Features of a step behind it.
    is_constant : Tensor of shape (n_outputs,), dtype bool
        Which of these are constant in training.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklstm.nn import Standardize
    >>> x = torch.tensor([[[3.0], [5.0]]])
    >>> Standardize(np.array([1.0]), np.array([2.0]))(x, None).ravel().tolist()
    [1.0, 2.0]
    >>> Standardize(np.array([0.0]), np.array([2.0]), [0])(x, None).ravel().tolist()
    [-1.0, 0.0]
    """

    mean: Tensor
    scale: Tensor
    is_relative: Tensor
    level_mean: Tensor
    level_scale: Tensor

    def __init__(
        self,
        mean: NDArray[np.float64],
        scale: NDArray[np.float64],
        relative: Collection[int] = (),
        levels: Collection[int] = (),
        level_mean: NDArray[np.float64] | None = None,
        level_scale: NDArray[np.float64] | None = None,
    ) -> None:
        super().__init__()
        empty = np.zeros(0)
        level_mean = empty if level_mean is None else level_mean
        level_scale = empty if level_scale is None else level_scale
        self.register_buffer("mean", torch.as_tensor(mean))
        self.register_buffer("scale", torch.as_tensor(unit_where_constant(scale)))
        self.register_buffer("level_mean", torch.as_tensor(level_mean))
        self.register_buffer("level_scale", torch.as_tensor(unit_where_constant(level_scale)))
        is_relative = torch.zeros(len(mean))
        is_relative[list(relative)] = 1.0
        self.register_buffer("is_relative", is_relative)
        self.any_relative = len(relative) > 0
        self.levels = list(levels)
        self.n_outputs = len(mean) + len(self.levels)
        self.is_constant = torch.as_tensor(np.append(scale, level_scale) == 0)

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Return x standardised, of shape (batch, time, n_outputs)."""
        last = last_steps(x, lengths) if self.any_relative or self.levels else None
        if last is not None and self.any_relative:
            x = x - self.is_relative * last[:, None]
        x = (x - self.mean).div_(self.scale)
        if last is not None and self.levels:
            level = (last[:, self.levels] - self.level_mean) / self.level_scale
            x = torch.cat([x, level[:, None].expand(-1, x.shape[1], -1)], dim=2)
        if not self.training:
            x = limit(x)
        if lengths is None:
            return x
        return x.masked_fill(~present_steps(lengths, x.shape[1])[:, :, None], 0.0)


def unit_where_constant(scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what to divide by: scales, and 1 where there is none."""
    return np.where(scale == 0, 1.0, scale)


def limit(x: Tensor) -> Tensor:
    """Limit standardised numbers, in place, to those that float32 can reckon with."""
    return x.clamp_(-_FARTHEST, _FARTHEST)
