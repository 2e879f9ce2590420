"""What a loss is: its width, its value a sample, and how outputs become predictions."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn


def mean_over_targets(values: Tensor) -> Tensor:
    """Return the mean of each sample, (batch, n_targets) -> (batch,)."""
    # a mean over one column takes as long as a small network's output layer
    return values.squeeze(1) if values.shape[1] == 1 else values.mean(1)


class RegressionLoss(nn.Module, ABC):
    """A loss between outputs and numbers.

    Parameters
    ----------
    n_targets : int
        Number of target columns.
    quantiles : sequence of float, default=(0.5,)
        Levels, for the losses that have them.

    Attributes
    ----------
    width : int
        Outputs that the loss needs for each target column.
    n_outputs : int
        Width of the network's output, ``n_targets * width``.
    centered : bool
        Whether targets may be shifted, and not only scaled.
    predicts_mean : bool
        Whether the prediction is the mean and nothing else, and squared errors judge it.
    clipped : bool
        Whether the gradient's norm is limited unless something else is asked for.
    robust : bool
        Whether it does not hang on how far the farthest targets lie, so that their unit must not
        either.
    """

    n_targets: int
    centered = True
    predicts_mean = False
    clipped = True
    robust = False
    has_std = False
    has_quantiles = False

    def __init__(self, n_targets: int, quantiles: Sequence[float] = (0.5,)) -> None:
        super().__init__()
        self.n_targets = n_targets
        self.quantiles = tuple(quantiles)

    @property
    def width(self) -> int:
        return 1

    @property
    def n_outputs(self) -> int:
        return self.n_targets * self.width

    @abstractmethod
    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of every sample: (batch, n_outputs), (batch, n_targets) -> (batch,)."""

    def predict(self, output: Tensor) -> Tensor:
        """Return the prediction, (batch, n_outputs) -> (batch, n_targets)."""
        return output


class ClassificationLoss(nn.Module, ABC):
    """A loss between scores and class numbers.

    Parameters
    ----------
    n_classes : int

    Attributes
    ----------
    n_outputs : int
        One score a class.
    has_probabilities : bool
        Whether scores are the logarithms of unnormalised probabilities.
    """

    n_outputs: int
    has_probabilities = True

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.n_outputs = n_classes

    @abstractmethod
    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of every sample: (batch, n_classes), (batch,) -> (batch,)."""

    def probabilities(self, output: Tensor) -> Tensor:
        """Return the probability of every class, (batch, n_classes)."""
        return output.softmax(1)
