"""What accompanies every fit beside the user's callbacks: divergence, best weights."""

import math
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Protocol

from skorch.callbacks import Callback, LRScheduler
from skorch.net import NeuralNet


class Observer(Protocol):
    """What is told of every epoch, whatever the order of callbacks."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None: ...


class Guard(Observer, Protocol):
    """What accompanies a fit from its beginning."""

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None: ...


class StopTraining(Exception):  # noqa: N818 - no error
    """Ends a fit in good order."""


class DivergedError(ValueError):
    """Ends a fit whose loss is no longer a number."""


def check_losses(net: NeuralNet) -> None:
    """Raise if a loss of the last epoch is no longer a number."""
    for name in ("train_loss", "valid_loss"):
        loss = net.history[-1].get(name, 0.0)
        if not math.isfinite(loss):
            raise DivergedError(
                f"Training diverged: the {name.replace('_', ' ')} is {loss} in epoch "
                f"{len(net.history)}. {advice(net)}"
            )


def advice(net: NeuralNet) -> str:
    """Return what to do about a fit that diverged."""
    return f"Lower learning_rate (now {net.lr}) or gradient_clip, or look for extreme values in y."


class BestWeights:
    """Keep the weights of the epoch with the least validation loss; stop when it no longer falls.

    Parameters
    ----------
    patience : int
        How many epochs without an improvement end the fit.
    tol : float
        What counts as one. The weights of the very best epoch are kept all the same.
    """

    def __init__(self, patience: int, tol: float) -> None:
        self.patience = patience
        self.tol = tol
        self.best_loss_ = math.inf
        self.best_epoch_ = 0
        self.state_: tuple[dict[str, Any], dict[str, Any]] | None = None
        self.threshold_ = math.inf
        self.misses_ = 0

    def begin_with(self, net: NeuralNet, loss: float) -> None:
        """Take the weights that a fit goes on from for the best so far, if they are any good."""
        if not math.isfinite(loss):
            return
        self._keep_if_best(net, loss)
        self.threshold_ = loss - self.tol

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        loss = net.history[-1]["valid_loss"]
        self._keep_if_best(net, loss)
        if loss < self.threshold_:
            self.threshold_ = loss - self.tol
            self.misses_ = 0
            return
        self.misses_ += 1
        if self.misses_ >= self.patience:
            raise StopTraining

    def _keep_if_best(self, net: NeuralNet, loss: float) -> None:
        if loss < self.best_loss_:
            self.best_loss_ = loss
            self.best_epoch_ = len(net.history)
            # with the optimiser's, so that training can go on from there
            self.state_ = deepcopy((net.module_.state_dict(), net.optimizer_.state_dict()))

    def restore(self, net: NeuralNet) -> None:
        """Give the net the best weights, if there are any."""
        if self.state_ is not None:
            net.module_.load_state_dict(self.state_[0])
            net.optimizer_.load_state_dict(self.state_[1])


def check_callbacks(callbacks: Sequence[Any] | None, schedule: str = "constant") -> None:
    """Raise unless all are callbacks of skorch, or pairs of a name and one, and can do their work.

    Parameters
    ----------
    callbacks : sequence or None
    schedule : str, default="constant"
        Name of the schedule that the learning rate follows.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> from skorch.callbacks import EpochTimer
    >>> from sklstm.training import check_callbacks
    >>> check_callbacks([EpochTimer(), ("named", EpochTimer())])
    """
    for item in callbacks or ():
        is_pair = isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str)
        callback = item[1] if is_pair else item
        kind = callback if isinstance(callback, type) else type(callback)
        if not issubclass(kind, Callback):
            raise ValueError(
                "The 'callbacks' parameter must be a list of skorch callbacks, or of (name, "
                f"callback) pairs. Got {item!r} in it."
            )
        if issubclass(kind, LRScheduler) and schedule != "constant":
            raise ValueError(
                f"learning_rate_schedule={schedule!r} sets the rate before every step, so that the "
                "callback LRScheduler would be without effect. Set it to 'constant'."
            )
