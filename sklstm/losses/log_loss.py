"""Log loss."""

from torch import Tensor
from torch.nn import functional

from sklstm.losses.base import ClassificationLoss


class LogLoss(ClassificationLoss):
    """Cross-entropy of softmax scores.

    Examples
    --------
    >>> import torch
    >>> from sklstm.losses import LogLoss
    >>> LogLoss(2)(torch.zeros(1, 2), torch.tensor([1])).exp().tolist()
    [2.0]
    """

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return functional.cross_entropy(output, target, reduction="none")
