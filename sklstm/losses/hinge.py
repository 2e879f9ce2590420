"""Multi-class hinge loss."""

from torch import Tensor

from sklstm.losses.base import ClassificationLoss


class Hinge(ClassificationLoss):
    """Sum over wrong classes of max(0, 1 + score - score of the right class).

    The multi-class form of Weston and Watkins (1999). Scores are no probabilities.

    Examples
    --------
    >>> import torch
    >>> from sklstm.losses import Hinge
    >>> Hinge(3)(torch.tensor([[0.0, 2.0, 0.5]]), torch.tensor([0])).tolist()
    [4.5]
    """

    has_probabilities = False

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        right = output.gather(1, target[:, None])  # (batch, 1)
        # the right class itself adds max(0, 1 + 0) = 1 to the sum
        return (1 + output - right).clamp(min=0).sum(1) - 1
