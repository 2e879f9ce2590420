"""Squared error."""

from torch import Tensor

from sklstm.losses.base import RegressionLoss


class SquaredError(RegressionLoss):
    """Squared difference, the mean over target columns; predicts the mean.

    Examples
    --------
    >>> import torch
    >>> from sklstm.losses import SquaredError
    >>> SquaredError(1)(torch.tensor([[3.0]]), torch.tensor([[1.0]])).tolist()
    [4.0]
    """

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return ((output - target) ** 2).mean(1)
