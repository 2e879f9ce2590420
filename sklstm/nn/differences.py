"""First differences beside numbers."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.inputs import Standardize, unit_where_constant
from sklstm.nn.masks import present_steps


class Differences(nn.Module):
    """Put beside standardised numbers how much each changed since the step before.

    The "delta features" of speech recognition [1]_. Where sequences are smooth, a change is small
    beside the spread of the levels, and says more of their shape.

    Parameters
    ----------
    standardize : Standardize
    scale : ndarray of shape (n_features,)
        Of the differences of standardised numbers, which are divided by it; 0 where there are none
        in training.

    Attributes
    ----------
    n_outputs : int
        Features of a step behind it.
    is_constant : Tensor of shape (n_outputs,), dtype bool
        Which of these are constant in training.

    References
    ----------
    .. [1] Furui (1986), Speaker-independent isolated word recognition using dynamic features of
       speech spectrum, IEEE Trans. Acoustics, Speech and Signal Processing 34(1).

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklstm.nn import Differences, Standardize
    >>> layer = Differences(Standardize(np.ones(1), np.ones(1)), np.array([2.0]))
    >>> layer(torch.tensor([[[3.0], [7.0], [6.0]]]), None).tolist()
    [[[2.0, 0.0], [6.0, 2.0], [5.0, -0.5]]]
    """

    scale: Tensor

    def __init__(self, standardize: Standardize, scale: NDArray[np.float64]) -> None:
        super().__init__()
        self.standardize = standardize
        self.register_buffer("scale", torch.as_tensor(unit_where_constant(scale)))
        self.n_outputs = standardize.n_outputs + len(scale)
        self.is_constant = torch.cat([standardize.is_constant, torch.as_tensor(scale == 0)])

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Return numbers, what levels stand beside them, and differences; zero on padding.

        Parameters
        ----------
        x : Tensor of shape (batch, time, features)
        lengths : Tensor of shape (batch,) or None

        Returns
        -------
        Tensor of shape (batch, time, n_outputs)
            The difference of the first step is zero.
        """
        x = self.standardize(x, lengths)
        numbers = x[:, :, : len(self.scale)]
        steps = (numbers[:, 1:] - numbers[:, :-1]) / self.scale
        differences = functional.pad(steps, (0, 0, 1, 0))  # (batch, time, features)
        if lengths is not None:  # the step behind the end is not zero
            present = present_steps(lengths, x.shape[1])[:, :, None]
            differences = differences.masked_fill(~present, 0.0)
        return torch.cat([x, differences], dim=2)
