"""Classification of sequences."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import (
    assert_all_finite,
    column_or_1d,
    compute_class_weight,
)
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from torch import Tensor, nn
from torch.optim import Optimizer

from sklstm._validation import kind_of, n_axes, without_tensor
from sklstm.data import (
    LITTLE_TRUST,
    ClassTargets,
    LinearMap,
    Sequences,
    Steps,
    as_steps,
    holds_members,
    labels_of_steps,
)
from sklstm.estimators.course import Course, find_course, fit_class_map
from sklstm.estimators.inputs import InputOptions
from sklstm.estimators.options import resolve_option
from sklstm.estimators.part import FitArguments, Part, Plan
from sklstm.estimators.rowwise import RowwiseLSTM
from sklstm.estimators.sampling import sample_tokens, tells_next_tokens
from sklstm.losses import CLASSIFICATION_LOSSES, Loss
from sklstm.training import Targets

# Few samples take more steps: as many as times the samples make two million, within bounds.
_STEPS_TIMES_SAMPLES, _N_STEPS = 2_000_000, (1_000, 2_000)

_SCORE_LOSSES = [name for name, loss in CLASSIFICATION_LOSSES.items() if not loss.has_probabilities]


def _loss_has_probabilities(estimator: Any) -> bool:
    loss = estimator._built_with("loss")
    if loss in _SCORE_LOSSES:
        raise AttributeError(
            f"loss={loss!r} has no probabilities: fit with another, or use decision_function."
        )
    return True


def _refuse_missing(labels: NDArray[Any]) -> None:
    if labels.dtype != object:
        return
    import pandas as pd

    missing = np.flatnonzero(pd.isna(labels))
    if len(missing):
        raise ValueError(
            f"y[{missing[0]}] is missing (Input y contains NaN): it is {labels[missing[0]]!r}. "
            "Drop the sample, or give it a label."
        )


def _refuse_objects(labels: NDArray[Any]) -> None:
    """Raise if numbers or booleans are kept as objects: scikit-learn's scores know no such y."""
    kinds = (Integral, bool, np.bool_)
    if labels.dtype == object and all(isinstance(label, kinds) for label in labels):
        raise ValueError(
            "Unknown label type: y holds whole numbers or booleans in an array of objects. Give "
            "them their own dtype, for example by y.astype(int)."
        )


class LSTMClassifier(ClassifierMixin, RowwiseLSTM):  # type: ignore[misc]
    """Classification of sequences with a recurrent network.

    Each sample is a sequence: one label is predicted for it. Raw data will do: features are
    standardised inside.

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
    bidirectional : bool, default=True
        Whether sequences are also read backwards. Each direction has the given widths.
    return_sequences : bool, default=False
        Whether a label is predicted at every time step, from what came up to it (with
        `bidirectional`, from the whole sequence); y then has one target a step. `pooling` and
        `random_crop` are without effect, and `patch_size` must be "auto" or 1.
    pooling : {"last", "mean", "max", "concat"}, default="concat"
        What of the top layer feeds the output: the state after the whole sequence, the mean or
        the maximum over the time steps, or all three side by side.
    dense_layer_sizes : int or sequence of int, default=()
        Widths of dense layers with ReLU between pooling and output.
    normalization : {"layer", "batch"} or None, default="layer"
        Normalise what leaves every recurrent layer, over the features of a step ("layer") or
        over all present steps of a batch ("batch", which also normalises what enters the first).
    dropout : float in [0, 1), default=0.3
        Share of units dropped in training behind every recurrent and every dense layer.
    patch_size : int or "auto", default="auto"
        Consecutive time steps that enter the network as one, side by side: faster, and on long
        sequences often more accurate. "auto" takes as many as leave about 64 steps of the longest
        training sequence, hence one below 96.
    random_crop : float in [0, 0.5] or "auto", default="auto"
        Share of a sequence, of a batch's shortest one, that is left out at the head at most, anew
        for every batch in training, so that few samples are not learnt by heart. The end is kept,
        and at prediction the whole sequence counts. "auto" is 0.2 where the longest training
        sequence has 40 time steps or more and all features are numbers that are not encoded (see
        `feature_encoding`) and of more than two values, else 0. It is 0, too, where the steps that
        could be left out say most of what a linear map tells of the classes. Set 0 where a label
        may hang on the first time steps alone in another way, or in sequences of unequal length or
        of more than 1,024 numbers, of which that is not asked.
    module : callable or None, default=None
        A network of your own: called as ``module(n_features, n_outputs)``, it returns a torch
        module whose ``forward(x, lengths)`` maps x of shape (batch, time, n_features), zero
        behind the end of shorter sequences, and lengths of shape (batch,) to outputs of shape
        (batch, n_outputs). The network's parameters above are then without effect.
    loss : {"log_loss", "hinge", "focal"}, default="log_loss"
        "log_loss" is the cross-entropy; "hinge" the sum over wrong classes of
        max(0, 1 + score - score of the right class), which gives no probabilities; "focal" the
        cross-entropy scaled by (1 - p)² of the right class's probability p.
    standardize : bool, default=True
        Whether features are brought to mean 0 and standard deviation 1
        inside, as measured on the training part. Values of a feature that lie far beyond all
        others, such as sentinels, are then read as lying at `input_limits_`.
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
        beside all other numbers of more than two values.
    differences : {"auto", True, False}, default="auto"
        Whether the network is told, beside each number, how much it changed since the step
        before; with `standardize` in units of such changes in training, of a fiftieth of the
        number's spread at least. The shape of smooth sequences shows in them. Symbols and encoded
        numbers have none. "auto" tells them where `standardize` is on and training sequences have
        more than one step, except to a `module` of your own, which would get twice as many
        features, and with `return_sequences`.
    linear_skip : {"auto", False}, default="auto"
        Whether a linear map of the whole sequence may join the network: its values, times a
        weight, are added to the scores. Symbols are told to it as a column a value, and numbers of
        few values (3 to 32) as a column a step between these, where left-out samples say that
        this is better and there are 1,024 columns at most. "auto" adds it where that lowers the
        log loss of samples held out by a fiftieth of the entropy of the classes, wherever such
        samples decide about `max_epochs`, and training sequences have one length and 1,024 numbers
        at most. Set False to stream, or to export the network; the fits on trial remain, which a
        number as `max_epochs` leaves out.
    missing_values : {"error", "indicator"}, default="error"
        What to do with NaN inside a sequence. "indicator" takes the value before it in the
        sequence, or the mean where there is none, and adds an indicator for each feature
        that had missing values in training.
    optimizer : {"adamw", "adam", "sgd", "rmsprop"} or type, default="adamw"
        A name, or a class of ``torch.optim``'s kind.
    learning_rate : float, default=0.01
        Highest learning rate of the fit.
    learning_rate_schedule : {"cosine", "constant"}, default="cosine"
        "cosine" rises over the first twentieth of the steps and then falls to zero. Other
        schedules: "constant", and a ``skorch.callbacks.LRScheduler`` in `callbacks`.
    weight_decay : float or "auto", default="auto"
        Strength of the weight decay; of "adamw" decoupled, of the others as an L2 penalty. "auto"
        is 0.1 with "adamw" and 0 with others.
    gradient_clip : float or None, default=1.0
        Largest norm of the gradient; None does not clip.
    max_epochs : int or "auto", default="auto"
        Passes over the training part. "auto" takes as many as make 2,000 steps up to 1,000
        samples, 1,000 steps from 2,000 samples on, and between them in inverse proportion; at
        least 20 and at most 500. From 60 to 20,000 samples of one label each, fits to three
        quarters of them decide whether an eighth or a third of these passes is better (from 120
        on), `temperature_`, and whether a linear map joins; not so with `early_stopping`, the loss
        "hinge" or a `module` of your own.
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
        steps with it; "stratified" keeps the shares of the classes. "auto" takes "last" where X
        is a view of overlapping windows, else "stratified" ("random" with `return_sequences`,
        where "stratified" is an error). Of a splitter of scikit-learn the last split is taken.
    n_iter_no_change : int, default=10
        How many epochs without an improvement by `tol` end the fit. Used with `early_stopping`.
    tol : float, default=1e-4
        By how much the validation loss must fall to count.
    warm_start : bool, default=False
        Whether a further `fit` continues the training, with scaling, classes and optimiser kept.
    ignore_label : object, default=None
        With `return_sequences`, a label that marks steps to leave out of loss and score, besides
        NaN and None.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class in the loss; "balanced" gives all classes the same sum.
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
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    class_weight_ : ndarray of shape (n_classes,)
        Weight of each class in the loss.
    random_crop_ : float
        Share of a sequence that was left out in training at most.
    epochs_share_ : float
        Share of the passes that were taken with ``max_epochs="auto"``: 1/8, 1/3 or 1.
    temperature_ : float
        Of the softmax, 1 or more: by it the network's scores are divided once it is trained, so
        that probabilities are not surer than held-out samples allow.
    linear_share_ : float
        Share of the linear map in the variance of the scores, 0 without one. Where there is one,
        `module_` gives the network's scores alone, and `loss_curve_` is of these.
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
        Mean training loss of every epoch.
    validation_loss_curve_ : list of float or None
        The same of the validation part.
    best_validation_score_ : float or None
        Accuracy on the validation part with the weights that were kept, if `early_stopping`.
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
    LSTMRegressor : The same for numbers.

    Notes
    -----
    With the same `random_state` the same data gives the same result, in a worker process too.

    References
    ----------
    .. [1] Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9(8).

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(n, 1)).cumsum(axis=0) for n in rng.integers(5, 12, size=120)]
    >>> y = np.array(["up" if sequence[-1, 0] > 0 else "down" for sequence in X])
    >>> model = LSTMClassifier(16, random_state=0).fit(X[:90], y[:90])
    >>> bool(model.score(X[90:], y[90:]) > 0.8)
    True
    """

    _stratify = True

    classes_: NDArray[Any]

    _changeable = RowwiseLSTM._changeable | {"class_weight", "ignore_label"}
    _row_methods = ("predict", "predict_proba", "predict_log_proba", "decision_function")
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **RowwiseLSTM._parameter_constraints,
        "loss": [StrOptions(set(CLASSIFICATION_LOSSES))],
        "ignore_label": "no_validation",
        "differences": [StrOptions({"auto"}), "boolean"],
        "linear_skip": [StrOptions({"auto"}), "boolean"],
        "random_crop": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="both")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (64,),
        *,
        cell: str = "lstm",
        activation: str = "tanh",
        bidirectional: bool = True,
        return_sequences: bool = False,
        pooling: str = "concat",
        dense_layer_sizes: int | Sequence[int] = (),
        normalization: str | None = "layer",
        dropout: float = 0.3,
        patch_size: int | str = "auto",
        random_crop: float | str = "auto",
        module: Callable[[int, int], nn.Module] | None = None,
        loss: str = "log_loss",
        standardize: bool = True,
        categorical_features: Any = None,
        embedding_size: int | str = "auto",
        feature_encoding: str = "auto",
        differences: bool | str = "auto",
        linear_skip: bool | str = "auto",
        missing_values: str = "error",
        optimizer: str | type[Optimizer] = "adamw",
        learning_rate: float = 1e-2,
        learning_rate_schedule: str = "cosine",
        weight_decay: float | str = "auto",
        gradient_clip: float | None = 1.0,
        max_epochs: int | str = "auto",
        batch_size: int | str = "auto",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        validation_split: Any = "auto",
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        warm_start: bool = False,
        ignore_label: Any = None,
        class_weight: dict[Any, float] | str | None = None,
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
        self.random_crop = random_crop
        self.module = module
        self.loss = loss
        self.standardize = standardize
        self.categorical_features = categorical_features
        self.embedding_size = embedding_size
        self.feature_encoding = feature_encoding
        self.differences = differences
        self.linear_skip = linear_skip
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
        self.ignore_label = ignore_label
        self.class_weight = class_weight
        self.callbacks = callbacks
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    def partial_fit(
        self,
        X: Any,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train one more epoch on the given samples.

        Weights, optimiser and scaling are kept from call to call; the scaling is that of the
        first. `learning_rate_schedule` and `early_stopping` are without effect.
        After a `fit` at whose end less than a tenth was left of the rate, a tenth of it serves,
        unless it was set to another since: the whole would undo much of what was learnt.

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.
        y : array-like of shape (n_samples,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come. Needed on the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights in the loss, relative to each other within the call.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If `classes` is missing on the first call, changes later, or lacks a label of y.
        """
        resume = hasattr(self, "net_")
        if not resume and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs all samples at once, which partial_fit does not "
                "have. Give the weights as a dict, {label: weight}."
            )
        given = FitArguments(X, y, sample_weight, classes=classes, one_epoch=True)
        return self._fit(given, resume=resume)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the labels of sequences.

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            In the dtype of the labels; strings of steps that came as objects, as beside None, are
            of dtype str. With `return_sequences` (n_samples, n_timesteps); of a list of sequences,
            or where steps are absent, an object array of (n_timesteps_i,) arrays. The other
            methods lay their results out in the same way, with their last axis behind.
        """
        return self._predict_rows("predict", X)

    @available_if(_loss_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the probability of every class. Not with ``loss="hinge"``.

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return self._predict_rows("predict_proba", X)

    @available_if(_loss_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the logarithm of the probability of every class. Not with ``loss="hinge"``.

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return self._predict_rows("predict_log_proba", X)

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the scores of the classes.

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) of two classes
            The class with the highest score is predicted; of two classes, the second where the
            value is positive.
        """
        return self._predict_rows("decision_function", X)

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy; with `return_sequences` over all time steps that have a label.

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.
        y : array-like
            Labels, as in `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        float
        """
        if self._built_with("return_sequences"):
            return self._score_steps(X, y, sample_weight)
        return float(super().score(X, y, sample_weight))

    @available_if(tells_next_tokens)  # type: ignore[untyped-decorator]
    def sample(
        self,
        n: int,
        *,
        temperature: float = 1.0,
        prefix: ArrayLike = (),
        random_state: int | np.random.RandomState | None = None,
    ) -> NDArray[Any]:
        """Draw a sequence of tokens, each from what the model says of those before.

        Only of next-token models: with `return_sequences`, of one categorical feature, whose labels
        are the tokens that come next (``fit(tokens[:-1], tokens[1:])``).

        Parameters
        ----------
        n : int
            How many tokens to draw.
        temperature : float, default=1.0
            Logarithms of probabilities are divided by it before drawing: below 1, likely tokens
            become likelier; 0 always takes the likeliest.
        prefix : array-like of shape (n_prefix,), default=()
            Tokens to go on from. Without any, the first is drawn from all tokens alike.
        random_state : int, RandomState instance or None, default=None
            Seeds the draws; None takes numpy's global state, as in scikit-learn.

        Returns
        -------
        ndarray of shape (n,)
            In the dtype of the labels, without the prefix.

        Raises
        ------
        ValueError
            If `n` or `temperature` is negative, a token was not seen in training, or the model
            reads sequences backwards too.
        AttributeError
            If this is no next-token model.

        Examples
        --------
        >>> import numpy as np
        >>> from sklstm import LSTMClassifier
        >>> tokens = np.tile([0, 1, 2], 200).reshape(60, 10, 1)
        >>> model = LSTMClassifier(
        ...     8, return_sequences=True, bidirectional=False, categorical_features="from_dtype",
        ...     max_epochs=30, random_state=0,
        ... ).fit(tokens[:, :-1], tokens[:, 1:, 0])
        >>> model.sample(4, temperature=0, prefix=[0, 1]).tolist()
        [2, 0, 1, 2]
        """
        return sample_tokens(self, n, temperature, prefix, random_state)

    # ---------------------------------------------------------------- hooks

    def _check_parameters(self, *, resume: bool) -> None:
        super()._check_parameters(resume=resume)
        if resolve_option(self, "linear_skip") is True:
            raise ValueError(
                "The 'linear_skip' parameter of an LSTMClassifier must be 'auto' or False: samples "
                "held out tell whether a linear map joins, and with which weight. Got True."
            )
        if self.ignore_label is not None and not self.return_sequences:
            raise ValueError(
                "The 'ignore_label' parameter is for labels of time steps, with "
                f"return_sequences=True. Got {self.ignore_label!r}: leave out samples without a "
                "label, or give them a sample_weight of zero."
            )
        given: dict[Any, Any] = self.class_weight if isinstance(self.class_weight, dict) else {}
        for label, weight in given.items():
            if not isinstance(weight, Real) or not 0 <= float(weight) < np.inf:
                raise ValueError(
                    "The 'class_weight' parameter must map labels to numbers that are zero or "
                    f"positive, and finite. Got {weight!r} for the label {label!r}."
                )

    def _check_y(self, y: Any, sequences: Sequences) -> NDArray[Any] | Steps:
        if not self._built_with("return_sequences"):
            labels = self._check_labels(y)
            check_classification_targets(labels)
            return labels
        steps = labels_of_steps(as_steps(y, sequences), self.ignore_label)
        check_classification_targets(self._check_labels(steps.values))
        return steps

    def _split(self, part: Part, seed: int) -> tuple[Part, Part]:
        train, valid = super()._split(part, seed)
        learnt, told = np.unique(train.known_targets), np.unique(valid.known_targets)
        other = "random" if self.return_sequences else "stratified"
        remedy = f"Split otherwise (validation_split={other!r}, say), or give X_val and y_val."
        if len(learnt) < 2 <= len(np.unique(part.known_targets)):
            raise ValueError(
                f"Splitting for validation leaves samples of one class to learn from, "
                f"{learnt.tolist()}. {remedy}"
            )
        unseen = np.setdiff1d(told, learnt)
        if len(unseen):
            warnings.warn(
                f"The classes {unseen.tolist()} are in the validation part alone, and are not "
                f"learnt. {remedy}",
                stacklevel=2,
            )
        return train, valid

    def _check_labels(self, y: Any) -> NDArray[Any]:
        members: Any = y if holds_members(y) else ()
        if any(np.ndim(label) > 0 for label in members):
            raise ValueError(
                "y must hold one label a sample, but its members are arrays. For one label a time "
                "step, set return_sequences=True."
            )
        y = without_tensor(y)
        if n_axes(y) == 1 and kind_of(y.dtype) in "biu" and not isinstance(y.dtype, np.dtype):
            y = np.array(np.asarray(y).tolist())  # scikit-learn makes floats of pandas' integers
        labels: NDArray[Any] = column_or_1d(y, warn=True)
        _refuse_missing(labels)
        _refuse_objects(labels)
        try:
            assert_all_finite(labels, input_name="y")
            np.unique(labels)
        except TypeError as error:
            raise ValueError(
                f"y must hold labels that can be sorted, all of one kind. {error}"
            ) from error
        return labels

    def _prepare(self, part: Part, classes: ArrayLike | None, *, resume: bool) -> None:
        if classes is not None:
            found = np.unique(self._check_labels(classes))
            # twice: labels that are all different would be taken for numbers
            check_classification_targets(np.repeat(found, 2))
        elif resume:
            found = self.classes_
        else:
            found = np.unique(part.known_targets)
        if resume and not np.array_equal(found, self.classes_):
            raise ValueError(
                f"classes={found.tolist()} are not those of the first call, "
                f"{self.classes_.tolist()}. They cannot change while training continues."
            )
        if len(found) < 2 and classes is not None:
            raise ValueError(
                f"LSTMClassifier needs at least 2 classes, but classes={found.tolist()}. It must "
                "name all that there will be."
            )
        if len(found) < 2:
            raise ValueError(
                f"LSTMClassifier needs samples of at least 2 classes, but y contains only one "
                f"class: {found[0]!r} (n_samples = {len(part.y)}, samples of weight zero left out)."
            )
        self.classes_ = found
        if not resume:
            self.targets_ = ClassTargets(found)
        elif 1 - self.linear_share_ < LITTLE_TRUST:
            warnings.warn(
                f"The linear map makes up {self.linear_share_:.2g} of the scores of this model "
                "(linear_share_), and stays as it is, so that further training has little or no "
                "effect. Fit anew, with linear_skip=False if training is to continue.",
                stacklevel=2,
            )
        self.targets_.encode(part.known_targets)

    def _check_known(self, valid: Part) -> None:
        self.targets_.encode(valid.known_targets)

    def _n_steps(self, n_samples: int) -> int:
        return int(np.clip(_STEPS_TIMES_SAMPLES / n_samples, *_N_STEPS))

    def _learn_targets(self, train: Part, plan: Plan | None, seed: int | None) -> None:
        course = self._find_course(train, seed)
        self.epochs_share_, self.temperature_ = course.epochs_share, course.temperature
        if course.linear_weight > 0:
            linear = fit_class_map(self, train, force=True, encodes_steps=course.encodes_steps)
            if linear is not None:
                linear = linear.multiplied(course.linear_weight)
            self.targets_ = ClassTargets(self.classes_, linear)

    def _make_loss(self) -> Loss:
        return CLASSIFICATION_LOSSES[self.loss](len(self.classes_))

    def _find_course(self, train: Part, seed: int | None) -> Course:
        may_choose = self._pools and self._has_free_course and self.loss not in _SCORE_LOSSES
        if seed is None or not may_choose:  # one batch does not tell
            return Course()
        return find_course(self, train, self._n_epochs(train), seed)

    def _input_options(self) -> InputOptions:
        return replace(super()._input_options(), differences=resolve_option(self, "differences"))

    def _class_numbers(self, train: Part) -> NDArray[np.int64] | None:
        return None if self.return_sequences else self.targets_.encode(train.targets)

    def _calibrate(self, *, undo: bool = False) -> None:
        if self.temperature_ > 1:
            model: Any = self.module_
            model.head.multiply(self.temperature_ if undo else 1 / self.temperature_)

    def _parts(
        self, linear: LinearMap, sequences: Sequences
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        parts = linear(sequences), self._run_net(sequences).numpy()
        # what is added to the scores of all classes alike tells none from another
        of_map, of_network = (part - part.mean(axis=1, keepdims=True) for part in parts)
        return of_map, of_network

    def _describe(self, train: Part, valid: Part | None) -> None:
        model: Any = self.module_
        self.random_crop_ = 0.0 if self.module is not None else model.crop.share
        super()._describe(train, valid)

    def _encode(self, part: Part) -> tuple[Targets, NDArray[np.float64] | None]:
        labels, given = part.targets, part.target_weight
        if isinstance(part.y, Steps) and part.y.known is not None:  # what is not known is any class
            labels = np.where(part.y.known, labels, self.classes_[0])
        numbers = self.targets_.encode(labels)
        if (self.class_weight_ == 1).all():
            return part.by_sample(numbers), given
        weight = self.class_weight_[numbers]
        return part.by_sample(numbers), weight if given is None else weight * given

    def _unit_of_weights(self, part: Part) -> float:
        # of classes, not of the labels at hand, whose weights could not differ if they were one
        return super()._unit_of_weights(part) * float(self.class_weight_.mean())

    def _learn_weights(self, train: Part) -> None:
        weights = np.ones(len(self.classes_))
        if self.class_weight == "balanced":
            labels, weight = train.known_targets, train.target_weight
            present = np.unique(labels)
            weights[self.targets_.encode(present)] = compute_class_weight(
                "balanced",
                classes=present,
                y=labels,
                sample_weight=None if weight is None else weight[weight > 0],
            )
        elif self.class_weight is not None:
            weights = compute_class_weight(
                self.class_weight, classes=self.classes_, y=self.classes_
            )
        self.class_weight_ = weights

    def _score_outputs(self, outputs: Tensor, part: Part) -> float:
        from sklearn.metrics import accuracy_score  # slow to import, and few need it

        labels = self._labels(self._scores(outputs, part.sequences))
        return float(accuracy_score(part.targets, labels, sample_weight=part.target_weight))

    def _respond(self, method: str, outputs: Tensor, sequences: Sequences | None) -> NDArray[Any]:
        rows: NDArray[Any]
        outputs = self._scores(outputs, sequences)
        match method:
            case "predict":
                rows = self._labels(outputs)
            case "predict_proba":
                rows = self.net_.criterion_.probabilities(outputs).numpy()
            case "predict_log_proba":
                rows = outputs.log_softmax(1).numpy()
            case _:
                rows = outputs.numpy()
                rows = rows[:, 1] - rows[:, 0] if len(self.classes_) == 2 else rows
        return rows

    def _scores(self, outputs: Tensor, sequences: Sequences | None) -> Tensor:
        """Return the scores of the classes, of which the network's outputs are a part."""
        linear = self.targets_.linear
        if linear is None:
            return outputs
        assert sequences is not None  # streams are of models without a map
        return outputs + torch.as_tensor(linear(sequences))

    def _labels(self, outputs: Tensor) -> NDArray[Any]:
        return self.targets_.decode(outputs.argmax(1).numpy())
