"""Poisson deviance."""

from torch import Tensor
from torch.nn import functional

from sklstm.losses.base import RegressionLoss, mean_over_targets


class Poisson(RegressionLoss):
    """Negative log-likelihood of counts with a log link, up to a constant.

    Targets are scaled by their mean and never shifted, so that the network starts at a rate near
    the mean. Predicts the rate, which is positive.

    Examples
    --------
    >>> import torch
    >>> from sklstm.losses import Poisson
    >>> Poisson(1)(torch.tensor([[0.0]]), torch.tensor([[2.0]])).tolist()
    [1.0]
    """

    centered = False
    clipped = False  # batches with a rare event would lose most, and rates be too low

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return mean_over_targets(
            functional.poisson_nll_loss(output, target, log_input=True, reduction="none")
        )

    def predict(self, output: Tensor) -> Tensor:
        return output.exp()
