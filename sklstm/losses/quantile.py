"""Quantile loss."""

from math import isclose

import torch
from torch import Tensor

from sklstm.losses.base import RegressionLoss


class Quantile(RegressionLoss):
    """Pinball loss of one or several quantiles (Koenker and Bassett, 1978).

    The mean over quantiles and target columns. Quantiles that the network lets cross are put in
    order at prediction, which never makes them worse (Chernozhukov, Fernandez-Val and Galichon,
    2010).

    Examples
    --------
    >>> import torch
    >>> from sklstm.losses import Quantile
    >>> Quantile(1, (0.9,))(torch.tensor([[1.0]]), torch.tensor([[3.0]])).round(decimals=4).tolist()
    [1.7999999523162842]
    """

    has_quantiles = True
    robust = True

    @property
    def width(self) -> int:
        return len(self.quantiles)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        output = output.view(len(output), self.n_targets, self.width)
        levels = output.new_tensor(self.quantiles)  # (width,)
        error = target[:, :, None] - output  # (batch, targets, width)
        return torch.maximum(levels * error, (levels - 1) * error).mean((1, 2))

    def predict(self, output: Tensor) -> Tensor:
        """Return the quantile nearest to the median, or the mean of two, (batch, n_targets)."""
        distance = [abs(level - 0.5) for level in self.quantiles]
        nearest = [i for i, far in enumerate(distance) if isclose(far, min(distance))]
        return self.predict_quantiles(output)[:, :, nearest].mean(2)

    def predict_quantiles(self, output: Tensor) -> Tensor:
        """Return all quantiles, (batch, n_targets, n_quantiles)."""
        return output.view(len(output), self.n_targets, self.width).sort(2).values
