"""The one fit and predict template of all estimators."""

import warnings
from abc import ABC, abstractmethod
from contextlib import nullcontext
from copy import deepcopy
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

import sklstm.training as training
from sklstm._transaction import transaction
from sklstm._validation import (
    check_layer_sizes,
    check_lengths_agree,
    check_no_masks,
    check_sample_weight,
)
from sklstm.data import (
    ENCODINGS,
    Batches,
    Sequences,
    Steps,
    as_sequences,
    check_split,
    find_limits,
    holds_integers,
    no_anchor,
    resolve_categorical,
    split_validation,
    step_names,
)
from sklstm.estimators.inputs import InputOptions
from sklstm.estimators.options import dtype_of, resolve_batch_size, resolve_max_epochs
from sklstm.estimators.part import FitArguments, Part, Plan
from sklstm.losses import Loss
from sklstm.nn import CELLS
from sklstm.nn.fused import has_kernel, keep_threads
from sklstm.training import (
    OPTIMIZERS,
    SCHEDULES,
    Samples,
    Split,
    Targets,
    check_optimizer,
    check_precision,
    fresh_seed,
    predict_outputs,
    private_runtime,
    resolve_device,
    resolve_weight_decay,
    threads_for,
)


def _form_of(is_table: bool, n_columns: int) -> str:
    if is_table:
        return f"2-D, a table of {n_columns} time steps of one feature"
    return f"sequences of {n_columns} feature(s), the last axis"


def _n_columns(shape: tuple[int, ...]) -> int:
    return shape[0] if shape else 1


def _alike(now: Any, before: Any) -> bool:
    if callable(now):
        return bool(now == before)
    return np.array_equal(np.atleast_1d(now), np.atleast_1d(before))  # 32 is (32,)


class BaseLSTM(BaseEstimator, ABC):  # type: ignore[misc]
    """Parameters, fit and prediction that all estimators share.

    Subclasses say what a target is by the abstract hooks, and may add to `_check_parameters` and
    the hooks that do nothing here. They do not override the template, `_run`.
    """

    _stratify: ClassVar[bool] = False
    # what may change while training continues; all other parameters are what a net is built with
    _changeable: ClassVar[frozenset[str]] = frozenset(
        {
            "batch_size",
            "callbacks",
            "early_stopping",
            "learning_rate",
            "learning_rate_schedule",
            "max_epochs",
            "n_iter_no_change",
            "random_state",
            "tol",
            "validation_fraction",
            "validation_split",
            "verbose",
            "warm_start",
        }
    )
    # what not every estimator offers
    return_sequences: bool = False

    net_: "training.SequenceNet"
    n_features_in_: int
    n_timesteps_in_: int | None
    categorical_: list[int]
    step_names_: list[str] | None
    best_validation_score_: float | None

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "cell": [StrOptions(set(CELLS))],
        "bidirectional": ["boolean"],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "standardize": ["boolean"],
        "categorical_features": "no_validation",
        "embedding_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "feature_encoding": [StrOptions({"auto", *ENCODINGS})],
        "missing_values": [StrOptions({"error", "indicator"})],
        "optimizer": [StrOptions(set(OPTIMIZERS)), type],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate_schedule": [StrOptions(set(SCHEDULES))],
        "weight_decay": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "gradient_clip": [Interval(Real, 0, None, closed="neither"), None],
        "max_epochs": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "validation_split": "no_validation",
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "callbacks": [list, None],
        "device": [str],
        "precision": [StrOptions({"float32", "float64", "bfloat16"})],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    # ---------------------------------------------------------------- hooks

    @abstractmethod
    def _check_y(self, y: Any, sequences: Sequences) -> NDArray[Any] | Steps:
        """Return y checked, of shape (n_samples, ...), or one target a time step."""

    @abstractmethod
    def _prepare(self, part: Part, classes: ArrayLike | None, *, resume: bool) -> None:
        """Learn from all samples what predictions look like; on resuming, check that y agrees."""

    def _check_known(self, valid: Part) -> None:
        """Raise if targets to validate on are not of the kind that is trained on."""

    def _learn_targets(self, train: Part, plan: Plan | None, seed: int | None) -> None:
        """Learn from the training part what predictions are made of.

        A trial is given its plan. Other fits find one, by trials with this seed; it is None where
        the part is not all there will be.
        """

    @abstractmethod
    def _make_loss(self) -> Loss:
        """Return the loss."""

    @abstractmethod
    def _build_module(self, train: Part, n_outputs: int) -> nn.Module:
        """Return the network, untrained."""

    @abstractmethod
    def _encode(self, part: Part) -> tuple[Targets, NDArray[np.float64] | None]:
        """Return what the network is trained on, and the weights of all targets, (n_targets,)."""

    @abstractmethod
    def _score_outputs(self, outputs: Tensor, part: Part) -> float:
        """Return the estimator's score from the network's outputs."""

    def _learn_weights(self, train: Part) -> None:
        """Learn from the training part how classes are weighted in this fit."""

    def _find_limits(self, train: Part) -> NDArray[np.float64] | None:
        """Return within which limits features are read."""
        return find_limits(train.sequences, self.categorical_) if self.standardize else None

    def _input_options(self) -> InputOptions:
        """Return how features are told to the network."""
        return InputOptions(
            anchor=no_anchor(1),
            categorical=self.categorical_,
            embedding_size=self.embedding_size,
            encoding=self.feature_encoding,
            standardize=self.standardize,
            differences=False,
            indicates_missing=self.missing_values == "indicator",
        )

    def _layer_sizes(self) -> tuple[int, ...]:
        """Return the widths of the recurrent layers that read."""
        return check_layer_sizes(self.hidden_layer_sizes, "hidden_layer_sizes")

    def _has_kernel(self) -> bool:
        """Tell whether there is compiled code for the layers."""
        return has_kernel(self.cell)

    def _given_outputs(self, targets: Targets) -> dict[str, NDArray[Any]]:
        """Return what the network is told of its own outputs in training."""
        return {}

    def _reduce(self, outputs: Tensor) -> Tensor:
        """Return what is to be kept of a batch of outputs at prediction, row by row."""
        return outputs

    def _n_rows(self, sequences: Sequences) -> NDArray[np.int64] | None:
        """Return how many rows of outputs each sequence has; None means one."""
        return None

    def _guards(self, n_epochs: int) -> list[Any]:
        """Return what else accompanies a fit of so many epochs."""
        return []

    def _n_steps(self, n_samples: int) -> int:
        """Return how many steps suit so many samples."""
        return 1_000

    def _n_epochs(self, train: Part) -> int:
        """Return how many passes a whole course makes."""
        lengths = train.sequences.lengths
        batches = Batches(lengths, resolve_batch_size(self.batch_size, len(lengths)), None)
        return resolve_max_epochs(self.max_epochs, len(batches), self._n_steps(len(lengths)))

    def _epochs_share(self) -> float:
        """Return how much of a whole course a fit is."""
        return 1.0

    def _calibrate(self, *, undo: bool = False) -> None:
        """Make what was trained as sure as it may be; undo that before training goes on."""

    def _describe(self, train: Part, valid: Part | None) -> None:
        """Record what is worth knowing about the fit."""
        if valid is not None and self.early_stopping:
            self.best_validation_score_ = self._score_outputs(self._run_net(valid.sequences), valid)

    # ---------------------------------------------------------------- fit

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: ArrayLike | None = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like
            Sequences in any of the accepted forms:

            - (n_samples, n_timesteps, n_features), where steps that are all NaN at the head or
              the tail of a sequence are absent;
            - (n_samples, n_timesteps), one univariate sequence a row;
            - a list or object array of (n_timesteps_i, n_features) or (n_timesteps_i,) arrays.
        y : array-like of shape (n_samples,) or, of regressors, (n_samples, n_outputs)
            Targets. With `return_sequences` one a time step: (n_samples, n_timesteps[, n_outputs]),
            or a list of (n_timesteps_i[, n_outputs]) arrays; steps of which one is NaN (or None, of
            labels) are not learnt from. What stands at absent steps of X is without meaning.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights in the loss, the scaling and the validation. A sample of weight zero is as
            good as absent.
        X_val : array-like, default=None
            Sequences to validate on, in the place of a split of X.
        y_val : array-like, default=None
            Their targets.

        Returns
        -------
        self : object
            The fitted estimator. After Ctrl-C it holds what has been learnt so far; if something is
            only fitted on trial, the interrupt is raised.

        Raises
        ------
        ValueError
            If a parameter or the data is not as described, or training diverges. The estimator
            is then as it was before.
        """
        given = FitArguments(X, y, sample_weight, X_val, y_val)
        return self._fit(given, resume=self.warm_start and hasattr(self, "net_"))

    def _fit(self, given: FitArguments, *, resume: bool) -> Self:
        with transaction(self):
            if not resume:
                for name in [name for name in vars(self) if name.endswith("_")]:
                    delattr(self, name)
            self._run(given, resume=resume)
        return self

    def _run(self, given: FitArguments, *, resume: bool) -> None:
        self._check_parameters(resume=resume)
        if self.callbacks is not None:
            schedule = "constant" if given.one_epoch else self.learning_rate_schedule
            training.check_callbacks(self.callbacks, schedule)
        device = resolve_device(self.device)
        check_precision(self.precision, device)
        part = self._check_part(given, reset=not resume)
        train = part.without_zero_weights()
        if not len(train.known_targets):
            raise ValueError(
                "y has no target at any time step of the samples of positive weight: all are NaN, "
                "None or ignored."
            )
        self._prepare(train, given.classes, resume=resume)
        valid = self._check_validation_part(given, part.targets.shape[1:])
        rng = self._rng(resume=resume)
        split_seed, torch_seed = (int(seed) for seed in rng.integers(2**31, size=2))
        if resume:  # the same samples validate again
            split_seed = self.net_.split_seed_
        if valid is None and self.early_stopping and not given.one_epoch:
            train, valid = self._split(part, split_seed)
        if not resume:
            self.input_limits_ = self._find_limits(train)
        train = train.limited(self.input_limits_)
        valid = None if valid is None else valid.limited(self.input_limits_)
        self._learn_weights(train)
        n_threads = self._n_threads(train, device)
        if not resume:
            self._learn_targets(train, given.plan, None if given.one_epoch else torch_seed)
            loss = self._make_loss()
        with (
            self.net_.all_or_nothing() if resume else nullcontext(),
            private_runtime(torch_seed, device, n_threads) as n_outside,
            keep_threads(n_outside),
        ):
            if not resume:
                self.net_ = self._make_net(train, loss, device)
                self.net_.parameters_ = self._lasting_parameters()
                self.net_.split_seed_ = split_seed
            else:
                self._calibrate(undo=True)
            self._set_up(self.net_, train)
            if given.one_epoch:
                self._train_one_epoch(self.net_, train, rng)
            else:
                self._train(self.net_, train, valid, rng)
            self._calibrate()
            self._record(train, valid)

    def _rng(self, *, resume: bool) -> np.random.Generator:
        if resume:
            return deepcopy(self.net_.rng_)  # the net's own changes with its weights or not at all
        return np.random.default_rng(fresh_seed(self.random_state))

    def _check_parameters(self, *, resume: bool) -> None:
        self._validate_params()
        self._layer_sizes()
        check_split(self.validation_split)
        check_optimizer(self.optimizer, resolve_weight_decay(self.weight_decay, self.optimizer))
        if resume:
            before, now = self.net_.parameters_, self._lasting_parameters()
            changed = [name for name in now if not _alike(now[name], before[name])]
            if changed:
                raise ValueError(
                    f"Training can only be continued with the network and optimiser that it began "
                    f"with, but {', '.join(changed)} changed since. Set warm_start=False and fit, "
                    "or clone the estimator."
                )

    def _refuse_stratified(self) -> None:
        if isinstance(self.validation_split, str) and self.validation_split == "stratified":
            raise ValueError(
                "validation_split='stratified' needs classes, one label a sample, but y holds a "
                "sequence of targets a sample. Set it to 'auto', 'random' or 'last'."
            )

    def _lasting_parameters(self) -> dict[str, Any]:
        # copies of what can be changed in place; a callable is known by its identity
        values = self.get_params(deep=False).items()
        lasting = [(name, value) for name, value in values if name not in self._changeable]
        return {name: value if callable(value) else deepcopy(value) for name, value in lasting}

    def _n_threads(self, train: Part, device: str) -> int | None:
        if self._has_kernel() and self.precision == "float32" and device.startswith("cpu"):
            return 1
        batch_size = resolve_batch_size(self.batch_size, len(train.sequences))
        return threads_for(batch_size, max(self._layer_sizes()))

    def _check_part(self, given: FitArguments, *, reset: bool) -> Part:
        if given.y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y "
                "is None."
            )
        sequences = self._check_X(given.X, reset=reset)
        check_no_masks(given.y, "y")
        check_no_masks(given.sample_weight, "sample_weight")
        checked = self._check_y(given.y, sequences)
        check_lengths_agree(sequences, checked)
        weight = check_sample_weight(given.sample_weight, len(sequences))
        if weight is not None:
            weight = weight / weight.max()  # only ratios count, and extreme values would overflow
        return Part(sequences, checked, weight)

    def _check_validation_part(self, given: FitArguments, y_shape: tuple[int, ...]) -> Part | None:
        if given.X_val is None and given.y_val is None:
            return None
        if given.X_val is None or given.y_val is None:
            raise ValueError("X_val and y_val belong together: give both, or neither.")
        try:
            sequences = self._check_X(given.X_val, reset=False)
            check_no_masks(given.y_val, "y_val")
            checked = self._check_y(given.y_val, sequences)
            check_lengths_agree(sequences, checked, "X_val and y_val")
            valid = Part(sequences, checked, None)
            self._check_known(valid)
        except ValueError as error:
            raise ValueError(
                f"X_val and y_val cannot be used to validate: {error} Steps of a pipeline do not "
                "transform them, unless it has transform_input=['X_val']."
            ) from error
        shape = valid.targets.shape[1:]
        if shape != y_shape:
            raise ValueError(
                f"y_val has {_n_columns(shape)} column(s), in {len(shape) + 1} dimension(s), but y "
                f"has {_n_columns(y_shape)}, in {len(y_shape) + 1}."
            )
        return valid

    def _check_X(self, X: Any, *, reset: bool) -> Sequences:
        if reset or type(X) is not np.ndarray or hasattr(self, "feature_names_in_"):
            # nothing that scikit-learn looks at, names above all, is in a bare array
            validate_data(self, X, reset=reset, skip_check_array=True, ensure_2d=False)
        if X is None:
            raise ValueError(
                "X is None, but sequences are expected: an array, or a list of arrays."
            )
        if isinstance(X, list | tuple) and len(X) == 0:
            raise ValueError("X is an empty list, but at least one sequence is expected.")
        sequences = as_sequences(
            X,
            dtype_of(self._built_with("precision")),
            allow_nan=self._built_with("missing_values") == "indicator",
        )
        names = step_names(X, None if reset else self.step_names_)
        if reset:
            self.step_names_ = names
            self.categorical_ = resolve_categorical(
                self.categorical_features,
                sequences.n_features,
                names,
                all_integers=isinstance(self.categorical_features, str) and holds_integers(X),
            )
            # of a table the columns are features to scikit-learn, and steps to the network
            self.n_timesteps_in_ = sequences.table_timesteps
            self.n_features_in_ = sequences.n_columns
        elif not sequences.fits(self.n_features_in_, self.n_timesteps_in_):
            self._refuse_form(is_table=sequences.layout == "table", n_columns=sequences.n_columns)
        return sequences

    def _refuse_form(self, *, is_table: bool, n_columns: int) -> None:
        """Raise, and tell the form of X from that which X had in fit."""
        name, expected = type(self).__name__, self.n_features_in_
        what = f"X has {n_columns} features, but {name} is expecting {expected} features as input"
        if n_columns == expected:
            what = f"X is not of the form that {name} is expecting"
        was_table = self.n_timesteps_in_ is not None
        hint = " A single sequence is given as X[None]." if is_table and not was_table else ""
        raise ValueError(
            f"{what}: it was fitted on {_form_of(was_table, expected)}, and X is "
            f"{_form_of(is_table, n_columns)}.{hint}"
        )

    def _split(self, part: Part, seed: int) -> tuple[Part, Part]:
        # a splitter is told of the samples that the user knows, absent ones among them
        named = isinstance(self.validation_split, str)
        whole = part.without_zero_weights() if named else part
        train, valid = split_validation(
            self.validation_split,
            whole.sequences,
            np.zeros(len(whole.y)) if self.return_sequences else whole.targets,
            fraction=self.validation_fraction,
            stratify=self._stratify and not self.return_sequences,
            seed=seed,
        )
        parts = (
            whole.subset(train).without_zero_weights(),
            whole.subset(valid).without_zero_weights(),
        )
        if not all(len(part.known_targets) for part in parts):
            raise ValueError(
                "Splitting for validation leaves a part in which all weights are zero, or no time "
                "step has a known target. Split otherwise (validation_split), or give X_val and "
                "y_val."
            )
        return parts

    def _make_net(self, train: Part, loss: Loss, device: str) -> "training.SequenceNet":
        module = self._build_module(train, loss.n_outputs)
        return training.make_net(
            module.to(getattr(torch, dtype_of(self.precision))),
            loss,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            weight_decay=resolve_weight_decay(self.weight_decay, self.optimizer),
            gradient_clip=self._largest_norm(),
            callbacks=self.callbacks,
            device=device,
        )

    def _set_up(self, net: "training.SequenceNet", train: Part) -> None:
        """Hand over what may have changed since the net was made."""
        net.use_callbacks(self.callbacks)
        net.lr = self.learning_rate
        net.batch_size = resolve_batch_size(self.batch_size, len(train.sequences))
        net.verbose = int(self.verbose)

    def _train_one_epoch(
        self, net: "training.SequenceNet", train: Part, rng: np.random.Generator
    ) -> None:
        net.lr = net.rate_to_go_on(self.learning_rate)
        net.train(Split(self._samples(train, self._unit_of_weights(train)), None), 1, rng)

    def _train(
        self,
        net: "training.SequenceNet",
        train: Part,
        valid: Part | None,
        rng: np.random.Generator,
    ) -> None:
        split = Split(self._samples(train), None if valid is None else self._samples(valid))
        n_epochs = max(1, round(self._epochs_share() * self._n_epochs(train)))
        stop = self.early_stopping and valid is not None
        net.train(
            split,
            n_epochs,
            rng,
            schedule=self.learning_rate_schedule,
            early_stopping=training.BestWeights(self.n_iter_no_change, self.tol) if stop else None,
            guards=self._guards(n_epochs),
        )
        net.remember_fall()

    def _largest_norm(self) -> float | None:
        """Return to what the gradient's norm is clipped."""
        norm: float | None = self.gradient_clip
        return norm

    def _samples(self, part: Part, unit: float | None = None) -> Samples:
        """Return what the net reads, with weights in units of their mean or of another."""
        targets, weight = self._encode(part)
        of_samples: NDArray[Any] | Steps | None = None
        if weight is not None:
            if not weight.any():
                raise ValueError(
                    "The weights of all targets of a part are zero once class_weight is applied. "
                    "Give a positive weight to classes that occur, or split otherwise."
                )
            unit = float(weight.mean()) if unit is None else unit
            scaled = (weight / unit).astype(dtype_of(self.precision))
            of_samples = Steps(scaled, targets.lengths) if isinstance(targets, Steps) else scaled
        return Samples(part.sequences, targets, of_samples, self._given_outputs(targets))

    def _unit_of_weights(self, part: Part) -> float:
        """Return what weights are divided by where the targets at hand are a few of many."""
        return 1.0 if part.target_weight is None else float(part.target_weight.mean())

    def _record(self, train: Part, valid: Part | None) -> None:
        history = self.net_.history
        self.n_iter_ = len(history)
        self.loss_curve_ = [epoch["train_loss"] for epoch in history]
        self.validation_loss_curve_ = None
        self.best_validation_score_ = None
        if valid is not None:
            self.validation_loss_curve_ = [
                epoch["valid_loss"] for epoch in history if "valid_loss" in epoch
            ]
        try:
            self._describe(train, valid)
        except KeyboardInterrupt:
            self.net_.interrupts_.seen = True  # as if it had come in training
            warnings.warn(
                "Scoring was interrupted; the model is kept, and what was still to be told of it "
                "is None or NaN.",
                stacklevel=2,
            )

    # ---------------------------------------------------------------- after fit

    @property
    def module_(self) -> nn.Module:
        """The trained torch module."""
        module: nn.Module = self._fitted_net().module_
        return module

    @property
    def history_(self) -> Any:
        """The history of the fit, as skorch keeps it."""
        return self._fitted_net().history

    def _built_with(self, name: str) -> Any:
        """Return a parameter as it was when the net was built; before, as it is."""
        now = getattr(self, name)
        return self.net_.parameters_.get(name, now) if "net_" in vars(self) else now

    def _fitted_net(self) -> "training.SequenceNet":
        if "net_" not in vars(self):
            raise AttributeError(f"This {type(self).__name__} is not fitted yet.")
        return self.net_

    def _run_net(self, sequences: Sequences) -> Tensor:
        """Return the network's outputs, (n_rows, n_outputs), float64, or what `_reduce` keeps."""
        n_rows = self._n_rows(sequences)
        device = self.net_.device
        return predict_outputs(self.module_, sequences, device, n_rows, self._reduce)

    def _outputs(self, X: Any) -> tuple[Tensor, Sequences]:
        """Return the network's outputs, (n_rows, n_outputs), float64, and what it read."""
        if "net_" not in vars(self):
            check_is_fitted(self)
        sequences = self._read(X)
        return self._run_net(sequences), sequences

    def _read(self, X: Any) -> Sequences:
        """Return X checked, to be read as in fit."""
        return self._check_X(X, reset=False).limited(self.input_limits_)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing_values == "indicator"
        tags.target_tags.required = True
        return tags
