"""What happens to features before the first layer."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sklstm.nn.masks import present_steps


class Standardize(nn.Module):
    """Subtract a mean from every feature and divide by a scale; padding becomes zero.

    The numbers belong to the model, so that raw data can be given at prediction and no scaled
    copy of the data is ever made.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_features,)

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklstm.nn import Standardize
    >>> inputs = Standardize(np.array([1.0]), np.array([2.0]))
    >>> inputs(torch.tensor([[[3.0], [5.0]]]), None).ravel().tolist()
    [1.0, 2.0]
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: NDArray[np.float64], scale: NDArray[np.float64]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean))
        self.register_buffer("scale", torch.as_tensor(scale))

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Return x standardised, of shape (batch, time, features)."""
        x = (x - self.mean) / self.scale
        if lengths is None:
            return x
        return x.masked_fill(~present_steps(lengths, x.shape[1])[:, :, None], 0.0)
