"""Absolute error."""

from torch import Tensor

from sklstm.losses.base import RegressionLoss, mean_over_targets


class AbsoluteError(RegressionLoss):
    """Absolute difference, the mean over target columns; predicts the median.

    Examples
    --------
    >>> import torch
    >>> from sklstm.losses import AbsoluteError
    >>> AbsoluteError(1)(torch.tensor([[3.0]]), torch.tensor([[1.0]])).tolist()
    [2.0]
    """

    robust = True

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return mean_over_targets((output - target).abs())
