"""The skorch net that trains every estimator."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from skorch import NeuralNet
from skorch.callbacks import EpochTimer, PrintLog
from skorch.utils import TeeGenerator
from torch import Tensor, nn

from sklstm._transaction import transaction
from sklstm.training.callbacks import (
    BestWeights,
    DivergedError,
    Guard,
    Observer,
    StopTraining,
    advice,
    check_losses,
)
from sklstm.training.optimizers import (
    clip_gradients,
    forget_gradients,
    needs_closure,
    optimizer_class,
    optimizer_options,
)
from sklstm.training.prediction import run_module
from sklstm.training.resident import resident_samples
from sklstm.training.runtime import Interrupts, subnormals_flushed
from sklstm.training.samples import Batch, Loader, Samples, Split
from sklstm.training.schedules import SCHEDULES, RateSchedule

# Of the learning rate, in single epochs behind a fit that let it fall.
_SHARE_TO_GO_ON = 0.1


class _PrintLog(PrintLog):  # type: ignore[misc]
    """skorch's table of epochs, which is not even made where nobody reads it."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if net.verbose:
            super().on_epoch_end(net, **kwargs)


class SequenceNet(NeuralNet):  # type: ignore[misc]
    """A skorch net over `Split` data, with batches gathered whole and weighted losses.

    Built by `make_net`. Events, history and parameters are skorch's; what differs is where
    batches come from, that the loss of an epoch is read out once, and how a fit ends.
    """

    callbacks: list[Any]
    callbacks_: list[tuple[str, Any]]
    rng_: np.random.Generator
    interrupts_: Interrupts
    observers_: list[Observer]
    users_callbacks_: list[Any]
    rate_: tuple[str, float] | None
    fell_from_: float | None
    schedule_: RateSchedule | None
    gradient_clip_: float | None

    def get_split_datasets(
        self, X: Split, y: None = None, **fit_params: Any
    ) -> tuple[Samples, Samples | None]:
        """Return the parts as they were split before, where the module is."""
        device = torch.device(self.device)
        train = resident_samples(X.train, device)
        return train, None if X.valid is None else resident_samples(X.valid, device, like=train)

    def get_iterator(self, dataset: Samples, training: bool = False) -> Loader:
        """Return the batches; shuffled anew on every pass in training."""
        return Loader(dataset, self.batch_size, self.rng_ if training else None)

    def get_loss(
        self, y_pred: Tensor, y_true: Any, X: Any = None, training: bool = False
    ) -> Tensor:
        """Return the mean over the batch of weight times loss."""
        device = torch.device(self.device)  # as_tensor would read the name anew for every array
        target, weight = y_true if isinstance(y_true, tuple) else (y_true, None)
        if isinstance(target, dict):
            target = {name: torch.as_tensor(v, device=device) for name, v in target.items()}
        else:
            target = torch.as_tensor(target, device=device)
        loss: Tensor = self.criterion_(y_pred, target)
        if weight is not None:
            loss = torch.as_tensor(weight, device=device) * loss
        return loss.mean()

    def infer(self, x: dict[str, Any], **fit_params: Any) -> Tensor:
        """Return the module's output of a batch."""
        return run_module(self.module_, x, torch.device(self.device))

    def train_step(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Make one step; only optimisers that evaluate the loss again get a closure for it."""
        with subnormals_flushed():
            return self._make_step(batch, **fit_params)

    def _make_step(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        if needs_closure(self.optimizer_):
            step: dict[str, Any] = super().train_step(batch, **fit_params)
            return step
        forget_gradients(self.optimizer_)
        step = self.train_step_single(batch, **fit_params)
        if self.users_callbacks_:
            parameters = TeeGenerator(self.get_all_learnable_params())
            self.notify("on_grad_computed", named_parameters=parameters, batch=batch, training=True)
        self.optimizer_.step()
        return step

    def train_step_single(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Compute the loss of a batch and its gradient, clipped."""
        step: dict[str, Any] = super().train_step_single(batch, **fit_params)
        if self.gradient_clip_ is not None:
            clip_gradients(self.optimizer_, self.gradient_clip_)
        return step

    def _set_training(self, training: bool = True) -> None:
        # walking through all modules at every step would cost more than a small step's work
        if self.module_.training != training:
            super()._set_training(training)

    @property
    def _default_callbacks(self) -> list[tuple[str, Any]]:
        return [("epoch_timer", EpochTimer()), ("print_log", _PrintLog())]

    def run_single_epoch(
        self, iterator: Loader | None, training: bool, prefix: str, step_fn: Any, **fit_params: Any
    ) -> None:
        """Make one pass; read the mean loss out once, at its end."""
        if iterator is None:
            return
        losses, sizes = torch.empty(0), []
        # Records of batches and their events are only of use to callbacks.
        watched = bool(self.users_callbacks_)
        for number, batch in enumerate(iterator):
            if watched:
                self.notify("on_batch_begin", batch=batch, training=training)
            if training and self.schedule_ is not None:
                self.schedule_.step(self.optimizer_)
            step = step_fn(batch, **fit_params)
            if number == 0:
                # one block for all: a tensor kept for each batch would fragment the freed memory
                losses = step["loss"].new_empty(len(iterator))
            losses[number] = step["loss"].detach()
            sizes.append(len(batch[0]["x"]))
            if watched:
                self.history.record_batch(f"{prefix}_loss", step["loss"].item())
                self.history.record_batch(f"{prefix}_batch_size", sizes[-1])
                self.notify("on_batch_end", batch=batch, training=training, **step)
        mean = np.average(losses.cpu().numpy().astype(np.float64), weights=sizes)
        self.history.record(f"{prefix}_loss", float(mean))
        self.history.record(f"{prefix}_batch_count", len(sizes))

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Tell the callbacks, of batches without weights; one that stops is no Ctrl-C."""
        stop = None
        if "batch" in cb_kwargs:
            cb_kwargs["batch"] = _unweighted(cb_kwargs["batch"])
        try:
            super().notify(method_name, **cb_kwargs)
        except KeyboardInterrupt as error:  # how skorch's own callbacks end a fit
            if self.interrupts_.seen or method_name in ("on_train_begin", "on_train_end"):
                raise
            stop = error
        if method_name == "on_epoch_end":
            # after all callbacks have seen the epoch, and even if one of them ends the fit
            check_losses(self)
            for observer in self.observers_:
                observer.on_epoch_end(self)
        if stop is not None:
            raise StopTraining from stop

    def use_callbacks(self, callbacks: Sequence[Any] | None) -> None:
        """Take over the user's callbacks, unless they are those of the fit before."""
        if list(callbacks or ()) != self.users_callbacks_:
            self.users_callbacks_ = list(callbacks or ())
            self.callbacks = list(self.users_callbacks_)
            self._initialize_callbacks()

    def train(
        self,
        split: Split,
        n_epochs: int,
        rng: np.random.Generator,
        *,
        schedule: str = "constant",
        early_stopping: BestWeights | None = None,
        guards: Sequence[Guard] = (),
    ) -> None:
        """Train until the epochs are done, a callback stops, or the user interrupts.

        Parameters
        ----------
        split : Split
        n_epochs : int
        rng : numpy Generator
            Shuffles the samples.
        schedule : str, default="constant"
            A name of `SCHEDULES`.
        early_stopping : BestWeights or None, default=None
        guards : sequence of Guard, default=()
            What else is told of the fit's beginning and of the end of each epoch.

        Raises
        ------
        KeyboardInterrupt
            If the user interrupts before one epoch is done; later, what has been learnt is kept
            and a warning says so.
        ValueError
            If the loss or a weight is no longer a finite number, unless early stopping has weights
            to go back to.
        """
        rate = SCHEDULES[schedule]
        n_steps = n_epochs * len(self.get_iterator(split.train))
        observers: list[Observer] = [*guards]
        if early_stopping is not None:
            observers.append(early_stopping)
        with self._accompanied(), Interrupts() as self.interrupts_:
            self.rng_, self.observers_ = rng, observers
            self.schedule_ = None if rate is None else RateSchedule(rate, self.lr, n_steps)
            self._set_rate(schedule)
            for guard in guards:
                guard.on_train_begin(self)
            self.notify("on_train_begin", X=split, y=None)
            if early_stopping is not None and self.history and split.valid is not None:
                early_stopping.begin_with(self, self._loss(split.valid))
            self._train_epochs(split, n_epochs, early_stopping)
            if early_stopping is not None:
                early_stopping.restore(self)
            self._check_weights()
            self.notify("on_train_end", X=split, y=None)

    def _loss(self, samples: Samples) -> float:
        """Return the loss that a validation on samples has."""
        losses, sizes = [], []
        for batch in self.get_iterator(samples, training=False):
            losses.append(self.validation_step(batch)["loss"].item())
            sizes.append(len(batch[0]["x"]))
        return float(np.average(losses, weights=sizes))

    def remember_fall(self) -> None:
        """Remember the learning rate if little is left of it at a fit's end."""
        fell = self.optimizer_.param_groups[0]["lr"] <= _SHARE_TO_GO_ON * self.lr
        self.fell_from_ = self.lr if fell else None

    def rate_to_go_on(self, rate: float) -> float:
        """Return at what rate to make single epochs, where one is asked for.

        Behind a fit in which the same rate fell, the whole of it would undo much of what was
        learnt.
        """
        if rate != self.fell_from_:
            self.fell_from_ = None
            return rate
        return _SHARE_TO_GO_ON * rate

    def _set_rate(self, schedule: str) -> None:
        """Begin with the learning rate that was asked for, or go on with the callbacks' own."""
        now = (schedule, self.lr)
        if now != self.rate_ or SCHEDULES[schedule] is not None:
            for group in self.optimizer_.param_groups:
                group["lr"] = group["initial_lr"] = self.lr
        self.rate_ = now

    @contextmanager
    def _accompanied(self) -> Iterator[None]:
        """Let go of what accompanies a fit at its end."""
        try:
            yield
        finally:
            self.observers_, self.schedule_ = [], None
            self.module_.eval()

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Undo what was learnt, and the settings it was learnt with, if something is raised."""
        n_before = len(self.history)
        learns = [weight.requires_grad for weight in self.module_.parameters()]
        with torch.inference_mode(False):  # whose tensors no later fit could change
            before = deepcopy((self.module_.state_dict(), self.optimizer_.state_dict()))
            try:
                with transaction(self):
                    yield
            except BaseException:
                self.module_.load_state_dict(before[0])
                self.optimizer_.load_state_dict(before[1])
                for weight, does in zip(self.module_.parameters(), learns, strict=True):
                    weight.requires_grad_(does)
                del self.history[n_before:]
                raise

    def _train_epochs(self, split: Split, n_epochs: int, best: BestWeights | None) -> None:
        n_before = len(self.history)
        try:
            self.fit_loop(split, epochs=n_epochs)
        except StopTraining as stop:
            self._forget_unfinished_epoch()
            if len(self.history) == n_before and stop.__cause__ is not None:
                raise stop.__cause__ from None
        except DivergedError as error:
            if best is None or best.best_epoch_ == 0:
                raise
            message = f"{error} The weights of epoch {best.best_epoch_} are kept."
            warnings.warn(message, ConvergenceWarning, stacklevel=2)
        except KeyboardInterrupt:
            self._forget_unfinished_epoch()
            if len(self.history) == n_before:
                raise
            restored = best is not None and best.best_epoch_ > 0
            kept = f"weights of epoch {best.best_epoch_}" if best and restored else "latest weights"
            message = f"Training was interrupted after epoch {len(self.history)}; the {kept} are"
            warnings.warn(f"{message} kept.", stacklevel=2)

    def _check_weights(self) -> None:
        # an epoch's loss is that before its last step
        if not all(bool(weight.isfinite().all()) for weight in self.module_.parameters()):
            raise DivergedError(
                f"Training diverged: weights are no longer finite after epoch {len(self.history)}. "
                f"{advice(self)}"
            )

    def _forget_unfinished_epoch(self) -> None:
        # the timer records an epoch's duration at its end
        if self.history and "dur" not in self.history[-1]:
            self.history.pop()


def _unweighted(batch: Batch) -> Batch:
    """Return a batch as callbacks know it: arguments of the module, and targets alone."""
    x, y = batch
    return x, y[0] if isinstance(y, tuple) else y


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

    Returns
    -------
    SequenceNet
        Initialised.
    """
    options = optimizer_options(optimizer, weight_decay, device)
    net = SequenceNet(
        module,
        loss,
        optimizer=optimizer_class(optimizer),
        **{f"optimizer__{name}": value for name, value in options.items()},
        lr=learning_rate,
        verbose=0,
        train_split=None,
        callbacks=list(callbacks or ()),
        device=device,
    )
    net.observers_, net.rate_, net.schedule_, net.fell_from_ = [], None, None, None
    net.gradient_clip_ = gradient_clip
    net.users_callbacks_ = list(callbacks or ())
    net.initialize()
    # The net holds the initialised module; a second reference would be pickled a second time.
    net.module, net.criterion = type(module), type(loss)
    return net
