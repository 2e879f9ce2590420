"""Focal loss."""

from torch import Tensor

from sklstm.losses.base import ClassificationLoss

_GAMMA = 2.0


class Focal(ClassificationLoss):
    """Cross-entropy scaled by (1 - p)^2, where p is the right class's probability.

    Gives the weight to samples that are not yet classified well (Lin et al., 2017, with their
    exponent).

    Examples
    --------
    >>> import torch
    >>> from sklstm.losses import Focal
    >>> Focal(2)(torch.zeros(1, 2), torch.tensor([1])).mul(4).exp().tolist()
    [2.0]
    """

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        log_p = output.log_softmax(1).gather(1, target[:, None])[:, 0]  # (batch,)
        return -((1 - log_p.exp()) ** _GAMMA) * log_p
