"""What happens to features before the first layer."""

from collections.abc import Collection

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sklstm.nn.masks import last_steps, present_steps


class Standardize(nn.Module):
    """Subtract a mean from every feature and divide by a scale; padding becomes zero.

    The numbers belong to the model, so that raw data can be given at prediction and no scaled
    copy of the data is ever made.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_features,)
    relative : collection of int, default=()
        Features of which the sequence's last value is subtracted first.

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

    def __init__(
        self,
        mean: NDArray[np.float64],
        scale: NDArray[np.float64],
        relative: Collection[int] = (),
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean))
        self.register_buffer("scale", torch.as_tensor(scale))
        is_relative = torch.zeros(len(mean))
        is_relative[list(relative)] = 1.0
        self.register_buffer("is_relative", is_relative)
        self.any_relative = len(relative) > 0

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Return x standardised, of shape (batch, time, features)."""
        if self.any_relative:
            x = x - self.is_relative * last_steps(x, lengths)[:, None]
        x = (x - self.mean) / self.scale
        if lengths is None:
            return x
        return x.masked_fill(~present_steps(lengths, x.shape[1])[:, :, None], 0.0)
