"""Huber's loss."""

from torch import Tensor
from torch.nn import functional

from sklstm.losses.base import RegressionLoss, mean_over_targets


class Huber(RegressionLoss):
    """Half the squared difference up to one unit, linear beyond (Huber, 1964).

    The unit is one standard deviation of the training targets, as their middle nine tenths have it,
    or one unit of y where targets are not standardised.

    Examples
    --------
    >>> import torch
    >>> from sklstm.losses import Huber
    >>> Huber(1)(torch.tensor([[3.0]]), torch.tensor([[1.0]])).tolist()
    [1.5]
    """

    robust = True

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return mean_over_targets(functional.huber_loss(output, target, reduction="none"))
