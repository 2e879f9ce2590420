"""How long a decoder is told the truth."""

from typing import Any

from skorch.net import NeuralNet


class TeacherForcing:
    """Change, epoch by epoch, how often a decoder is fed with the true output before.

    Parameters
    ----------
    begin, end : float
        The share of the steps in the first and in the last epoch; between them it goes in a
        straight line.
    n_epochs : int
        Of the fit.
    """

    def __init__(self, begin: float, end: float, n_epochs: int) -> None:
        self.begin, self.end, self.n_epochs = begin, end, n_epochs

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Set the share of the first epoch."""
        self.epoch_ = 0
        net.module_.truth_share = self.begin

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Set the share of the next epoch."""
        self.epoch_ += 1
        done = min(self.epoch_ / max(self.n_epochs - 1, 1), 1.0)
        net.module_.truth_share = self.begin + done * (self.end - self.begin)
