"""Squared error."""

from torch import Tensor
from torch.nn import functional

from sklstm.losses.base import RegressionLoss, mean_over_targets


class SquaredError(RegressionLoss):
    """Squared difference, the mean over target columns; predicts the mean.

    Examples
    --------
    >>> import torch
    >>> from sklstm.losses import SquaredError
    >>> SquaredError(1)(torch.tensor([[3.0]]), torch.tensor([[1.0]])).tolist()
    [4.0]
    """

    predicts_mean = True

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return mean_over_targets(functional.mse_loss(output, target, reduction="none"))
