"""Regression of sequences."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import Tags
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn
from torch.optim import Optimizer

from sklstm._validation import (
    check_finite_array,
    check_no_dates,
    check_quantiles,
    check_squares,
)
from sklstm.data import (
    LITTLE_TRUST,
    Anchor,
    LinearMap,
    RegressionTargets,
    Sequences,
    Steps,
    as_steps,
    columns,
    find_anchor,
    fit_linear_map,
    holds_members,
    no_anchor,
    numbers_of_steps,
)
from sklstm.estimators.inputs import InputOptions
from sklstm.estimators.options import dtype_of, resolve_option
from sklstm.estimators.part import FitArguments, Part, Plan
from sklstm.estimators.rowwise import RowwiseLSTM
from sklstm.estimators.trials import find_plan
from sklstm.losses import REGRESSION_LOSSES, Loss, RegressionLoss
from sklstm.nn import NORMALIZATIONS, POOLINGS
from sklstm.training import Targets

_QUANTILE_LOSSES = [name for name, loss in REGRESSION_LOSSES.items() if loss.has_quantiles]


def _loss_has_quantiles(estimator: Any) -> bool:
    loss = estimator._built_with("loss")
    if loss not in _QUANTILE_LOSSES:
        having = " or ".join(f"loss={name!r}" for name in sorted(_QUANTILE_LOSSES))
        raise AttributeError(f"loss={loss!r} has no quantiles: fit with {having}.")
    return True


class LSTMRegressor(RegressorMixin, RowwiseLSTM):  # type: ignore[misc]
    """Regression of sequences with a recurrent network.

    Each sample is a sequence: one number, or a vector of them, is predicted from it. Raw data
    will do: features and targets are standardised inside.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(64,)
        Width of the recurrent layers: one int, or one a stacked layer; widths may differ.
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Long short-term memory, gated recurrent unit, or Elman's network.
    activation : {"tanh", "relu", "sigmoid", "identity"}, default="tanh"
        Of the cell: on an LSTM's candidate and memory, a GRU's candidate, the state of Elman's
        network; gates are sigmoids. All but "tanh" go through the steps one by one, which takes
        several times as long.
    bidirectional : bool, default=False
        Whether sequences are also read backwards. Each direction has the given widths.
    return_sequences : bool, default=False
        Whether targets are predicted at every time step, from what came up to it (with
        `bidirectional`, from the whole sequence); y then has one target a step. `pooling` is
        without effect, and `patch_size` must be "auto" or 1.
    pooling : {"auto", "last", "mean", "max", "concat"}, default="auto"
        What of the top layer feeds the output: the state after the whole sequence, the mean or
        the maximum over the time steps, or all three side by side. "auto" is "concat"; where
        ``linear_skip="auto"`` makes fits to parts of sequences that do not overlap, it is "last" if
        that, without the map, tells the others best.
    dense_layer_sizes : int or sequence of int, default=()
        Widths of dense layers with ReLU between pooling and output.
    normalization : {"auto", "layer", "batch"} or None, default="auto"
        Normalise what leaves every recurrent layer, over the features of a step ("layer") or
        over all present steps of a batch ("batch", which also normalises what enters the first).
        "auto" is "layer" where sequences of the training part overlap, as windows do, and with
        `return_sequences`, else None: numbers told from whole sequences hang on sizes, which
        normalising blurs.
    dropout : float in [0, 1), default=0.0
        Share of units dropped in training behind every recurrent and every dense layer.
    patch_size : int or "auto", default="auto"
        Consecutive time steps that enter the network as one, side by side: faster, and on long
        sequences often as accurate. "auto" takes as many as leave about 64 steps of the longest
        training sequence where sequences overlap (one below 96), else 128 (one below 192).
    module : callable or None, default=None
        A network of your own: called as ``module(n_features, n_outputs)``, it returns a torch
        module whose ``forward(x, lengths)`` maps x of shape (batch, time, n_features), zero
        behind the end of shorter sequences, and lengths of shape (batch,) to outputs of shape
        (batch, n_outputs). The network's parameters above are then without effect.
    loss : {"squared_error", "absolute_error", "huber", "quantile", "gaussian", "poisson"}, \
            default="squared_error"
        "squared_error" predicts the mean and "absolute_error" the median; "huber" is quadratic
        within one standard deviation of the targets (see `standardize`) and linear beyond;
        "quantile" predicts `quantile`; "gaussian" predicts mean and standard deviation; "poisson"
        predicts the rate of counts. Where y is told relative to the last value, or a linear map
        goes first, all of this applies to what these leave of y.
    quantile : float or sequence of float, default=0.5
        Levels that `predict_quantiles` returns, in (0, 1) and increasing. With "quantile" they
        are what is trained for.
    subtract_last : {"auto", True, False}, default="auto"
        Whether a target that continues a feature is told relative to a line through that
        feature's last value, and the feature relative to the last value, so that a level never
        seen in training is no obstacle. True does so with the feature that explains a target
        best. "auto" does so where the last value explains a quarter of the target's variance and
        is itself half explained by the value before (of a single target of sequences that do not
        overlap, where it explains three quarters, or their mean no more than it); and unless the
        level drifts with time over overlapping windows, the last value goes to the network as a
        further input, so that it still knows the level. "poisson" knows no shift, and a `module`
        gets the features as they are: "auto" is without effect on both, and True with "poisson" an
        error. So it is with `return_sequences`, since the last value is not known at the steps
        before.
    linear_skip : {"auto", True, False}, default="auto"
        Whether ridge regression on the whole window is fitted first, so that the network learns
        only what that linear map leaves of the targets. It needs sequences of one length.

        "auto" keeps the map where it explains a twentieth of the variance of left-out samples, of
        ten samples or more and up to 1,024 numbers a sequence. With "squared_error" and 30 to
        20,000 samples, with a map or without, it then fits up to eight networks to parts of the
        samples, to choose between variants (without the map, with another pooling,
        `feature_encoding` or number of epochs) and to find `network_trust_`. It is without effect
        with "poisson", a `module`, `return_sequences` and `partial_fit`.

        **False trains one network, and is the fastest.** True fits the map, with `partial_fit` to
        the first batch, and trusts the network fully; with "poisson" or `return_sequences` it is an
        error.

        Symbols are told to the map as a column a value, and numbers of few values (3 to 32) as a
        column a step between these, where left-out samples say that this is better and there are
        1,024 columns at most.
    standardize : bool, default=True
        Whether features and targets are brought to mean 0 and standard deviation 1
        inside, as measured on the training part. Predictions are in the units of y all the same.
        With the losses "absolute_error", "huber" and "quantile" the median and the middle nine
        tenths of the targets stand for these, so that far targets do not set the unit.
        Values of a feature that lie far beyond all others, such as sentinels, are then read as
        lying at `input_limits_`.
    categorical_features : array-like of bool, int or str, "from_dtype" or None, default=None
        Features that are symbols: as a mask, indices, or names (where X is a list of DataFrames).
        Each category, a number of its own in X, becomes a learnt vector; those not seen in training
        become zero. "from_dtype" takes all features where X holds integers, such as sequences of
        tokens, and else none (a `SlidingWindowTransformer` gives none: its windows are float32).
    embedding_size : int or "auto", default="auto"
        Width of the vector that a category becomes; "auto" is half the number of a feature's
        categories, from 1 to 32.
    feature_encoding : {"auto", "standard", "quantile", "piecewise_linear", "concat"}, \
            default="auto"
        How numbers are told to the network: standardised; as the share of training values below;
        or by how far they have come through each of 16 bins between quantiles (between all values
        where there are 32 at most, and at common values). "auto" takes bins for features of 3 to 32
        distinct values, of whole numbers that are mostly common ones, such as sizes of packets, and
        of heavy tails; else it standardises, as is always done with features that are told
        relative to their last value. "concat" takes bins for the same features, and puts them
        beside all other numbers of more than two values. Of windows that overlap and have several
        features "auto" is "concat" where the fits to parts that ``linear_skip="auto"`` makes tell
        so.
    missing_values : {"error", "indicator"}, default="error"
        What to do with NaN inside a sequence. "indicator" takes the value before it in the
        sequence, or the mean where there is none, and adds an indicator for each feature
        that had missing values in training.
    optimizer : {"adamw", "adam", "sgd", "rmsprop"} or type, default="adamw"
        A name, or a class of ``torch.optim``'s kind.
    learning_rate : float, default=0.005
        Highest learning rate of the fit.
    learning_rate_schedule : {"cosine", "constant"}, default="cosine"
        "cosine" rises over the first twentieth of the steps and then falls to zero. Other
        schedules: "constant", and a ``skorch.callbacks.LRScheduler`` in `callbacks`.
    weight_decay : float or "auto", default=0.0
        Strength of the weight decay; of "adamw" decoupled, of the others as an L2 penalty. "auto"
        is 0.1 with "adamw" and 0 with others.
    gradient_clip : float, "auto" or None, default="auto"
        Largest norm of the gradient; None does not clip. "auto" is 1.0, but None with the loss
        "poisson": of rare events, whose gradients are large, clipping makes even rarer ones.
    max_epochs : int or "auto", default="auto"
        Passes over the training part. "auto" takes as many as make 1,000 steps, at least 20 and
        at most 500; of 120 sequences or more that do not overlap a third of these, where the fits
        to parts that ``linear_skip="auto"`` makes tell that this is better.
    batch_size : int or "auto", default="auto"
        Samples of a step. "auto" takes the power of two next below a fortieth of the training part,
        from 8 to 256.
    early_stopping : bool, default=False
        Whether to end the fit when the loss on a validation part no longer falls, and to go back
        to the weights that did best on it.
    validation_fraction : float in (0, 1), default=0.1
        Share of the samples kept for validation. Used with `early_stopping`.
    validation_split : {"auto", "last", "random", "stratified"} or splitter, default="auto"
        Which samples: "last" takes the last block, and leaves out of training what shares time
        steps with it; "stratified" keeps the shares of values, of which there must be few. "auto"
        takes "last" where X is a view of overlapping windows, else "random". Of a splitter of
        scikit-learn the last split is taken.
    n_iter_no_change : int, default=10
        How many epochs without an improvement by `tol` end the fit. Used with `early_stopping`.
    tol : float, default=1e-4
        By how much the validation loss (of standardised targets) must fall to count.
    warm_start : bool, default=False
        Whether a further `fit` continues the training, with scaling and optimiser kept.
    callbacks : list of skorch callbacks or None, default=None
        Passed through to skorch: callbacks, or (name, callback) pairs.
    device : str, default="auto"
        "auto" takes a CUDA device if there is one, else the CPU; or torch's name of a device.
    precision : {"float32", "float64", "bfloat16"}, default="float32"
        Of training and prediction. "float64" is slower, for numerical work. "bfloat16" computes
        the recurrent layers (or your `module`) with eight bits of precision, on devices that have
        instructions for it; LSTM layers of 64 to 256 units then train 1.3 to 1.7 times as fast.
    random_state : int, RandomState instance or None, default=None
        Seeds weights, shuffling, dropout and random validation parts. None takes fresh entropy.
    verbose : int, default=0
        Above 0, skorch prints a line an epoch.

    Attributes
    ----------
    n_outputs_ : int
        Targets of a sample.
    anchor_features_ : ndarray of shape (n_outputs,)
        Feature whose last value each target is told relative to, -1 where none. Whether the
        network sees the level is in ``targets_.anchor.levels``.
    linear_share_ : float
        Share of the linear map in the variance of the predictions (beyond the last values), on the
        training part: 0 without a map, 1 where the network adds nothing to it.
    network_trust_ : float
        Factor, from 0 to 1, by which the network's output is multiplied. Near 0 the model is in
        effect a ridge regression, or without a linear map the last value or the mean.
    epochs_share_ : float
        Share of the passes that were taken with ``max_epochs="auto"``: 1/3 or 1.
    feature_encoding_ : str
        `feature_encoding`, or "concat" where trials took that for "auto".
    pooling_ : str or None
        What of the top layer feeds the output: `pooling`, or what "auto" found. None with
        `return_sequences` and a `module`.
    input_limits_ : ndarray of shape (2, n_features) or None
        Least and greatest value that each feature is read as, infinite where there is no such
        limit; None where no feature has one.
    n_features_in_ : int
        Features of a time step; of 2-D X the number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, where X was a DataFrame with string names.
    step_names_ : list of str or None
        Names of a time step's features, where X was a list of DataFrames.
    n_timesteps_in_ : int or None
        Columns of 2-D X; None where X was sequences.
    n_iter_ : int
        Epochs trained.
    loss_curve_ : list of float
        Mean training loss of every epoch, of standardised targets.
    validation_loss_curve_ : list of float or None
        The same of the validation part.
    best_validation_score_ : float or None
        R² on the validation part with the weights that were kept, if `early_stopping`.
    categorical_ : list of int
        The features that are symbols.
    net_ : skorch net
        What trained the network, with optimiser and callbacks.
    module_ : torch module
        The trained network.
    history_ : skorch History
        What skorch recorded of every epoch.

    See Also
    --------
    LSTMClassifier : The same for labels.
    SlidingWindowTransformer : Makes windows of a series, one a row.

    Notes
    -----
    With the same `random_state` the same data gives the same result, in a worker process too.

    References
    ----------
    .. [1] Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9(8).

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 8, 2))
    >>> y = 100 + 10 * X[:, -3:, 0].sum(axis=1)
    >>> model = LSTMRegressor(16, random_state=0).fit(X[:150], y[:150])
    >>> bool(model.score(X[150:], y[150:]) > 0.8)
    True
    """

    n_outputs_: int
    pooling_: str | None
    feature_encoding_: str

    _row_methods = ("predict", "predict_quantiles")
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **RowwiseLSTM._parameter_constraints,
        "loss": [StrOptions(set(REGRESSION_LOSSES))],
        "quantile": "no_validation",
        "subtract_last": [StrOptions({"auto"}), "boolean"],
        "gradient_clip": [
            *RowwiseLSTM._parameter_constraints["gradient_clip"],
            StrOptions({"auto"}),
        ],
        "linear_skip": [StrOptions({"auto"}), "boolean"],
        "pooling": [StrOptions({"auto", *POOLINGS})],
        "normalization": [StrOptions({"auto", *NORMALIZATIONS}), None],
    }

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (64,),
        *,
        cell: str = "lstm",
        activation: str = "tanh",
        bidirectional: bool = False,
        return_sequences: bool = False,
        pooling: str = "auto",
        dense_layer_sizes: int | Sequence[int] = (),
        normalization: str | None = "auto",
        dropout: float = 0.0,
        patch_size: int | str = "auto",
        module: Callable[[int, int], nn.Module] | None = None,
        loss: str = "squared_error",
        quantile: float | Sequence[float] = 0.5,
        subtract_last: bool | str = "auto",
        linear_skip: bool | str = "auto",
        standardize: bool = True,
        categorical_features: Any = None,
        embedding_size: int | str = "auto",
        feature_encoding: str = "auto",
        missing_values: str = "error",
        optimizer: str | type[Optimizer] = "adamw",
        learning_rate: float = 5e-3,
        learning_rate_schedule: str = "cosine",
        weight_decay: float | str = 0.0,
        gradient_clip: float | str | None = "auto",
        max_epochs: int | str = "auto",
        batch_size: int | str = "auto",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        validation_split: Any = "auto",
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        warm_start: bool = False,
        callbacks: list[Any] | None = None,
        device: str = "auto",
        precision: str = "float32",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.cell = cell
        self.activation = activation
        self.bidirectional = bidirectional
        self.return_sequences = return_sequences
        self.pooling = pooling
        self.dense_layer_sizes = dense_layer_sizes
        self.normalization = normalization
        self.dropout = dropout
        self.patch_size = patch_size
        self.module = module
        self.loss = loss
        self.quantile = quantile
        self.subtract_last = subtract_last
        self.linear_skip = linear_skip
        self.standardize = standardize
        self.categorical_features = categorical_features
        self.embedding_size = embedding_size
        self.feature_encoding = feature_encoding
        self.missing_values = missing_values
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.weight_decay = weight_decay
        self.gradient_clip = gradient_clip
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.validation_split = validation_split
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    def partial_fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train one more epoch on the given samples.

        Weights, optimiser and scaling are kept from call to call; the scaling is that of the
        first, whose samples must be like all others: where its targets do not vary, a warning
        says so. `learning_rate_schedule` and `early_stopping` are without effect.
        After a `fit` at whose end less than a tenth was left of the rate, a tenth of it serves,
        unless it was set to another since: the whole would undo much of what was learnt.

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights in the loss, relative to each other within the call.

        Returns
        -------
        self : object
        """
        given = FitArguments(X, y, sample_weight, one_epoch=True)
        return self._fit(given, resume=hasattr(self, "net_"))

    def predict(
        self, X: Any, return_std: bool = False
    ) -> NDArray[np.float64] | tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Predict the targets of sequences.

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.
        return_std : bool, default=False
            Whether to return the standard deviation too. Needs ``loss="gaussian"``.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the units of y, float64. Of several quantiles, the one nearest to the median,
            or the mean of two that are as near, such as 0.1 and 0.9. With
            `return_sequences` (n_samples, n_timesteps[, n_outputs]); of a list of sequences, or
            where steps are absent, an object array of (n_timesteps_i[, n_outputs]) arrays.
        std : ndarray of the same shape
            Only if `return_std`.

        Raises
        ------
        ValueError
            If X is not as in `fit`, or `return_std` is asked of another loss.
        """
        if return_std:
            self._check_has_std()
        outputs, sequences = self._outputs(X)
        mean = self._by_sequence(self._respond("predict", outputs, sequences), sequences)
        if not return_std:
            return mean
        std = self.targets_.decode_scale(self.net_.criterion_.predict_std(outputs).numpy())
        return mean, self._by_sequence(std, sequences)

    def _check_has_std(self) -> None:
        check_is_fitted(self)
        loss = self._built_with("loss")
        if not REGRESSION_LOSSES[loss].has_std:
            raise ValueError(
                "return_std=True needs a model fitted with loss='gaussian'. This one was fitted "
                f"with {loss!r}."
            )

    @available_if(_loss_has_quantiles)  # type: ignore[untyped-decorator]
    def predict_quantiles(self, X: Any) -> NDArray[np.float64]:
        """Predict the levels of `quantile`. Only with the losses "quantile" and "gaussian".

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.

        Returns
        -------
        y : ndarray of shape (n_samples, n_quantiles) or (n_samples, n_outputs, n_quantiles)
            In the units of y, increasing along the last axis; with `return_sequences` laid out as
            by `predict`, with that axis behind.
        """
        return self._predict_rows("predict_quantiles", X)

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return R²; with `return_sequences` over all time steps that have targets.

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.
        y : array-like
            Targets, as in `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        float
        """
        if self._built_with("return_sequences"):
            return self._score_steps(X, y, sample_weight)
        return float(super().score(X, y, sample_weight))

    # ---------------------------------------------------------------- hooks

    def _check_parameters(self, *, resume: bool) -> None:
        super()._check_parameters(resume=resume)
        check_quantiles(self.quantile)
        for name in ("subtract_last", "linear_skip"):
            if resolve_option(self, name) is True and not REGRESSION_LOSSES[self.loss].centered:
                raise ValueError(
                    f"{name}=True cannot go with loss={self.loss!r}, whose targets cannot be "
                    f"shifted. Set {name} to 'auto' or False."
                )
            if self.return_sequences and resolve_option(self, name) is True:
                raise ValueError(
                    f"{name}=True cannot go with return_sequences=True: the whole sequence is not "
                    f"known at its steps. Set {name} to 'auto' or False."
                )

    def _check_y(self, y: Any, sequences: Sequences) -> NDArray[Any] | Steps:
        if not self._built_with("return_sequences"):
            return self._check_counts(self._check_numbers(y))
        steps = numbers_of_steps(as_steps(y, sequences))
        self._check_counts(steps.values)
        return steps

    def _check_numbers(self, y: Any) -> NDArray[np.float64]:
        check_no_dates(y, "y")
        try:
            checked: NDArray[Any] = check_finite_array(y, "y", estimator=self)
        except ValueError as error:
            is_ragged = holds_members(y) and len({np.shape(member) for member in y}) > 1
            hint = " For one number a time step, set return_sequences=True." if is_ragged else ""
            raise ValueError(
                "y must hold finite numbers, of shape (n_samples,) or (n_samples, n_outputs). "
                f"{error}{hint}"
            ) from error
        return checked

    def _check_counts(self, checked: NDArray[np.float64]) -> NDArray[np.float64]:
        loss = self._built_with("loss")
        if not REGRESSION_LOSSES[loss].centered and (checked < 0).any():
            raise ValueError(
                f"loss={loss!r} needs counts: y must be zero or positive. Its least value is "
                f"{checked.min()}."
            )
        return checked

    def _prepare(self, part: Part, classes: ArrayLike | None, *, resume: bool) -> None:
        targets = part.targets
        check_squares(targets, "y")
        n_outputs = 1 if targets.ndim == 1 else targets.shape[1]
        before = self.targets_.one_dimensional if resume else None
        if resume and (n_outputs != self.n_outputs_ or (targets.ndim == 1) != before):
            raise ValueError(
                f"y has {n_outputs} column(s), in {targets.ndim} dimension(s), but this "
                f"LSTMRegressor was trained on {self.n_outputs_}, in {1 if before else 2}. "
                "Training can only be continued with the same targets."
            )
        if resume and self.targets_.trust < LITTLE_TRUST:
            warnings.warn(
                f"The network is weighted by only {self.targets_.trust:.2g} in this model "
                "(network_trust_), and its linear map stays as it is, so that further training has "
                "little or no effect. Fit anew, with linear_skip=False if training is to continue.",
                stacklevel=2,
            )
        self.n_outputs_ = n_outputs

    def _learn_targets(self, train: Part, plan: Plan | None, seed: int | None) -> None:
        kind = REGRESSION_LOSSES[self.loss]
        if not kind.centered and not train.targets.any():
            raise ValueError(
                f"loss={self.loss!r} needs counts, but y is zero throughout the training part: "
                "there is no rate to learn."
            )
        anchor = self._find_anchor(train, kind)
        if plan is None:
            linear, plan = self._find_parts(train, anchor, kind, seed)
        else:
            linear = self._fit_planned_map(train, anchor, plan)
        self.anchor_features_ = anchor.features
        self.pooling_ = plan.pooling if self._pools else None
        self.feature_encoding_ = plan.feature_encoding
        self.epochs_share_ = plan.epochs_share
        self.targets_ = RegressionTargets(
            anchor,
            train.sequences,
            train.targets,
            train.target_weight,
            center=kind.centered and self.standardize,
            scale=self.standardize,
            robust=kind.robust,
            whole=seed is not None,
            linear=linear,
            trust=plan.trust,
        )
        if seed is None and self.standardize and self.targets_.constant.any():
            warnings.warn(
                "The targets of the first partial_fit do not vary, or are one alone, and their "
                "unit is 1 from now on, however large those to come are. Begin with samples that "
                "are like all others, or with fit.",
                stacklevel=2,
            )

    def _make_loss(self) -> Loss:
        return REGRESSION_LOSSES[self.loss](self.n_outputs_, check_quantiles(self.quantile))

    def _find_anchor(self, train: Part, kind: type[RegressionLoss]) -> Anchor:
        wanted = resolve_option(self, "subtract_last")
        if not (kind.centered and wanted):
            return no_anchor(self.n_outputs_)
        return find_anchor(
            train.sequences,
            columns(train.targets),
            train.weight,
            force=wanted is True,
            ignored=self.categorical_,
        )

    def _find_parts(
        self, train: Part, anchor: Anchor, kind: type[RegressionLoss], seed: int | None
    ) -> tuple[LinearMap | None, Plan]:
        """Return the linear map, if there is to be one, and what else makes up a prediction."""
        wanted, linear = resolve_option(self, "linear_skip"), None
        if seed is None and wanted == "auto":  # one batch does not tell
            wanted = False
        if kind.centered and wanted:
            linear = self._fit_map(train, anchor, force=wanted is True)
        plan = Plan(
            linear_skip=linear is not None,
            pooling="concat" if self.pooling == "auto" else self.pooling,
            feature_encoding=self.feature_encoding,
            shows_level=linear is not None and anchor.drifting and bool(linear.reading.levels),
            encodes_steps=linear is not None and linear.reading.encoding is not None,
        )
        if not (wanted == "auto" and kind.predicts_mean and seed is not None):
            return linear, plan
        found = find_plan(self, train, seed, plan, anchor)
        if (found.linear_skip, found.encodes_steps) != (plan.linear_skip, plan.encodes_steps):
            linear = self._fit_planned_map(train, anchor, found)
        return linear, found

    def _fit_planned_map(self, train: Part, anchor: Anchor, plan: Plan) -> LinearMap | None:
        """Return the linear map of a plan, if it has one."""
        if not plan.linear_skip:
            return None
        return self._fit_map(
            train,
            anchor,
            force=True,
            shows_level=plan.shows_level,
            encodes_steps=plan.encodes_steps,
        )

    def _fit_map(
        self,
        train: Part,
        anchor: Anchor,
        *,
        force: bool,
        shows_level: bool | None = None,
        encodes_steps: bool | None = None,
    ) -> LinearMap | None:
        return fit_linear_map(
            train.sequences,
            columns(train.targets) - anchor(train.sequences),
            train.weight,
            anchor,
            force=force,
            categorical=self.categorical_,
            shows_level=shows_level,
            encodes_steps=encodes_steps,
        )

    def _network_part(self, sequences: Sequences) -> NDArray[np.float64]:
        """Return what the network predicts, standardised, of shape (n_samples, n_outputs)."""
        predicted: NDArray[np.float64] = self.net_.criterion_.predict(
            self._run_net(sequences)
        ).numpy()
        return predicted

    def _parts(
        self, linear: LinearMap, sequences: Sequences
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        unit = self.targets_.trust * self.targets_.scale
        return linear(sequences), unit * self._network_part(sequences)

    def _describe(self, train: Part, valid: Part | None) -> None:
        self.network_trust_ = self.targets_.trust
        super()._describe(train, valid)

    def _respond(self, method: str, outputs: Tensor, sequences: Sequences | None) -> NDArray[Any]:
        loss = self.net_.criterion_
        link = loss.predict if method == "predict" else loss.predict_quantiles
        return self.targets_.decode(link(outputs).numpy(), sequences)

    def _encode(self, part: Part) -> tuple[Targets, NDArray[np.float64] | None]:
        encoded = self.targets_.encode(part.targets, part.sequences, dtype_of(self.precision))
        return part.by_sample(encoded), part.target_weight

    def _largest_norm(self) -> float | None:
        if self.gradient_clip == "auto":
            return 1.0 if REGRESSION_LOSSES[self.loss].clipped else None
        return super()._largest_norm()

    def _input_options(self) -> InputOptions:
        options = super()._input_options()
        return replace(options, anchor=self.targets_.anchor, encoding=self.feature_encoding_)

    def _pooling(self) -> str | None:
        return self.pooling_

    def _score_outputs(self, outputs: Tensor, part: Part) -> float:
        from sklearn.metrics import r2_score  # slow to import, and few need it

        if len(part.known_targets) < 2:
            return float("nan")
        y_pred = self._respond("predict", outputs, part.sequences)
        return float(r2_score(part.targets, y_pred, sample_weight=part.target_weight))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
