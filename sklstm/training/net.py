"""The skorch net that trains every estimator."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from skorch import NeuralNet
from skorch.callbacks import EpochTimer, GradientNormClipping, PrintLog
from skorch.utils import to_tensor
from torch import Tensor, nn

from sklstm.training.callbacks import (
    BestWeights,
    DivergedError,
    Divergence,
    ScheduledRate,
    StopTraining,
)
from sklstm.training.optimizers import optimizer_class, optimizer_options
from sklstm.training.samples import Loader, Samples, Split
from sklstm.training.schedules import SCHEDULES


class SequenceNet(NeuralNet):  # type: ignore[misc]
    """A skorch net over `Split` data, with batches gathered whole and weighted losses.

    Built by `make_net`. Events, history and parameters are skorch's; what differs is where
    batches come from, that the loss of an epoch is read out once, and how a fit ends.
    """

    def get_split_datasets(
        self, X: Split, y: None = None, **fit_params: Any
    ) -> tuple[Samples, Samples | None]:
        """Return the parts as they were split before."""
        return X.train, X.valid

    def get_iterator(self, dataset: Samples, training: bool = False) -> Loader:
        """Return the batches; shuffled anew on every pass in training."""
        return Loader(dataset, self.batch_size, self.rng_ if training else None)

    def get_loss(
        self, y_pred: Tensor, y_true: Any, X: Any = None, training: bool = False
    ) -> Tensor:
        """Return the mean over the batch of weight times loss."""
        if not isinstance(y_true, tuple):
            loss: Tensor = self.criterion_(y_pred, to_tensor(y_true, self.device))
            return loss.mean()
        target, weight = (to_tensor(part, self.device) for part in y_true)
        weighted: Tensor = weight * self.criterion_(y_pred, target)
        return weighted.mean()

    callbacks_: list[tuple[str, Any]]

    @property
    def _default_callbacks(self) -> list[tuple[str, Any]]:
        return [("epoch_timer", EpochTimer()), ("print_log", PrintLog())]

    def run_single_epoch(
        self, iterator: Loader | None, training: bool, prefix: str, step_fn: Any, **fit_params: Any
    ) -> None:
        """Make one pass; read the mean loss out once, at its end."""
        if iterator is None:
            return
        total, n_samples = torch.zeros((), dtype=torch.float64), 0
        for batch in iterator:
            self.notify("on_batch_begin", batch=batch, training=training)
            step = step_fn(batch, **fit_params)
            size = len(batch[0]["x"])
            total = total + size * step["loss"].detach().double()
            n_samples += size
            if self.keep_batches_:
                self.history.record_batch(f"{prefix}_loss", step["loss"].item())
                self.history.record_batch(f"{prefix}_batch_size", size)
            self.notify("on_batch_end", batch=batch, training=training, **step)
        self.history.record(f"{prefix}_loss", float(total) / n_samples)
        self.history.record(f"{prefix}_batch_count", len(iterator))

    def on_batch_begin(
        self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any
    ) -> None:
        # A record a batch is only of use to callbacks; without them it would fill the memory.
        if self.keep_batches_:
            super().on_batch_begin(net, batch, training, **kwargs)

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Tell the callbacks; one that stops the fit is not taken for Ctrl-C."""
        try:
            super().notify(method_name, **cb_kwargs)
        except KeyboardInterrupt as stop:  # how skorch's own callbacks end a fit
            raise StopTraining from stop

    def train(
        self,
        split: Split,
        n_epochs: int,
        *,
        schedule: str = "constant",
        early_stopping: BestWeights | None = None,
    ) -> None:
        """Train until the epochs are done, a callback stops, or the user interrupts.

        Parameters
        ----------
        split : Split
        n_epochs : int
        schedule : str, default="constant"
            A name of `SCHEDULES`.
        early_stopping : BestWeights or None, default=None

        Raises
        ------
        KeyboardInterrupt
            If the user interrupts before one epoch is done; later, what has been learnt is kept
            and a warning says so.
        ValueError
            If the loss was no number already after one epoch.
        """
        n_before = len(self.history)
        n_steps = n_epochs * len(self.get_iterator(split.train, training=True))
        own: list[tuple[str, Any]] = [("schedule", ScheduledRate(SCHEDULES[schedule], n_steps))]
        if early_stopping is not None:
            own.append(("early_stopping", early_stopping))
        lasting, self.callbacks_ = self.callbacks_, self.callbacks_ + own
        try:
            self.notify("on_train_begin", X=split, y=None)
            self._train_epochs(split, n_epochs, n_before, early_stopping)
            self.notify("on_train_end", X=split, y=None)
        finally:
            self.callbacks_ = lasting

    def _train_epochs(
        self, split: Split, n_epochs: int, n_before: int, early_stopping: BestWeights | None
    ) -> None:
        kept = "the latest weights are kept"
        try:
            self.fit_loop(split, epochs=n_epochs)
        except StopTraining:
            pass
        except DivergedError as error:
            if early_stopping is None or early_stopping.best_epoch_ == 0:
                raise ValueError(str(error)) from None
            kept = f"the weights of epoch {early_stopping.best_epoch_} are kept"
            warnings.warn(f"{error} {kept.capitalize()}.", ConvergenceWarning, stacklevel=2)
        except KeyboardInterrupt:
            if "train_loss" not in self.history[-1]:
                self.history.pop()
            if len(self.history) == n_before:
                raise
            if early_stopping is not None and early_stopping.best_epoch_:
                kept = f"the weights of epoch {early_stopping.best_epoch_} are kept"
            n_done = len(self.history)
            warnings.warn(f"Training was interrupted after epoch {n_done}; {kept}.", stacklevel=2)


def make_net(
    module: nn.Module,
    loss: nn.Module,
    *,
    optimizer: str | type[torch.optim.Optimizer],
    learning_rate: float,
    weight_decay: float,
    gradient_clip: float | None,
    callbacks: Sequence[Any] | None,
    device: str,
    rng: np.random.Generator,
) -> SequenceNet:
    """Build a net that is ready to train.

    Parameters
    ----------
    module : torch module
        With ``forward(x, lengths=None)``.
    loss : torch module
        Maps outputs and targets to the loss of every sample.
    optimizer : str or type
    learning_rate, weight_decay : float
    gradient_clip : float or None
        Largest norm of the gradient.
    callbacks : list of skorch callbacks or None
        The user's.
    device : str
    rng : numpy Generator
        Shuffles the samples.

    Returns
    -------
    SequenceNet
        Initialised.
    """
    optimizer = optimizer_class(optimizer)
    options = optimizer_options(optimizer, weight_decay)
    net = SequenceNet(
        module,
        loss,
        optimizer=optimizer,
        **{f"optimizer__{name}": value for name, value in options.items()},
        lr=learning_rate,
        verbose=0,
        train_split=None,
        callbacks=[
            ("gradient_clip", GradientNormClipping(gradient_clip)),
            ("divergence", Divergence()),
            *(callbacks or ()),
        ],
        device=device,
    )
    net.rng_ = rng
    net.keep_batches_ = bool(callbacks)
    net.initialize()
    # The net holds the initialised module; a second reference would be pickled a second time.
    net.module, net.criterion = type(module), type(loss)
    return net
