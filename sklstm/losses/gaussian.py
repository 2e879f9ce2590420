"""Gaussian likelihood."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from sklstm.losses.base import RegressionLoss, mean_over_targets

# The least standard deviation, in units of the standardised target: keeps the likelihood bounded.
_FLOOR = 1e-4


class Gaussian(RegressionLoss):
    """Negative log-likelihood of a normal distribution (Nix and Weigend, 1994).

    The network gives mean and standard deviation of every target column, the latter through
    softplus. Predicts the mean.

    Examples
    --------
    >>> import torch
    >>> from sklstm.losses import Gaussian
    >>> mean_and_raw_scale = torch.tensor([[2.0, 0.5413248]])
    >>> Gaussian(1).predict_std(mean_and_raw_scale).round(decimals=3).tolist()
    [[1.0]]
    """

    has_std = True
    has_quantiles = True

    @property
    def width(self) -> int:
        return 2

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        std = self.predict_std(output)
        error = (target - self.predict(output)) / std
        likelihood: Tensor = 0.5 * error**2 + std.log() + 0.5 * math.log(2 * math.pi)
        return mean_over_targets(likelihood)

    def predict(self, output: Tensor) -> Tensor:
        return output[:, : self.n_targets]

    def predict_std(self, output: Tensor) -> Tensor:
        """Return the standard deviation, (batch, n_targets)."""
        return functional.softplus(output[:, self.n_targets :]) + _FLOOR

    def predict_quantiles(self, output: Tensor) -> Tensor:
        """Return quantiles of the normal distribution, (batch, n_targets, n_quantiles)."""
        scores: Tensor = torch.special.ndtri(output.new_tensor(self.quantiles))  # (n_quantiles,)
        return self.predict(output)[:, :, None] + self.predict_std(output)[:, :, None] * scores
