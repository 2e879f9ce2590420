"""Sequences of numbers from sequences."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import Tags
from sklearn.utils._param_validation import StrOptions
from torch import Tensor
from torch.optim import Optimizer

from sklstm._validation import (
    check_finite_array,
    check_lengths_agree,
    check_no_dates,
    check_sample_weight,
    check_squares,
)
from sklstm.data import RegressionTargets, Sequences, Steps, no_anchor
from sklstm.estimators.options import dtype_of
from sklstm.estimators.part import Part, Plan
from sklstm.estimators.seq2seq import BaseSeq2Seq
from sklstm.losses import REGRESSION_LOSSES, Loss
from sklstm.nn import NumberFeed
from sklstm.training import Targets

_SHAPES = "of shape (n_samples, n_steps) or (n_samples, n_steps, n_outputs)"
# Those whose output is the prediction, which the decoder is fed with.
_LOSSES = ("squared_error", "absolute_error", "huber")


class LSTMSeq2SeqRegressor(RegressorMixin, BaseSeq2Seq):  # type: ignore[misc]
    """Sequences of numbers from sequences, with an encoder and a decoder.

    Each sample is a sequence, and its target a sequence of numbers, or of vectors, of a length that
    all targets share and that need not be the input's. Both networks are trained together [1]_. Raw
    data will do: features and targets are standardised inside.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(64,)
        Width of the encoder's recurrent layers: one int, or one a stacked layer.
    decoder_layer_sizes : int, sequence of int or None, default=None
        The same of the decoder; None takes those of the encoder.
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Long short-term memory, gated recurrent unit, or Elman's network, of both.
    bidirectional : bool, default=True
        Whether the encoder also reads backwards. Each direction has the given widths.
    attention : bool, default=True
        Whether the decoder looks at the encoder's states of all steps [2]_. Without, all that it
        knows of the input is the encoder's last state.
    dropout : float in [0, 1), default=0.0
        Share of units dropped in training behind every recurrent layer.
    teacher_forcing : float in [0, 1] or pair of floats, default=1.0
        In training, the share of the steps at which the decoder is fed with the true output before,
        and not with its own [3]_. Of a pair, the first is that of the first epoch and the second
        that of the last of `max_epochs`, with a straight line between them, in each fit anew.
        Below 1, steps are made one by one, which is much slower.
    loss : {"squared_error", "absolute_error", "huber"}, default="squared_error"
        As in `LSTMRegressor`, the mean over the steps of the output.
    standardize : bool, default=True
        Whether features and targets are brought to mean 0 and standard deviation 1 inside, as
        measured on the training part, features' values far beyond all others within
        `input_limits_`, targets as in `LSTMRegressor`.
    categorical_features : array-like of bool, int or str, "from_dtype" or None, default=None
        Features that are symbols, as in `LSTMClassifier`; "from_dtype" for sequences of tokens.
    embedding_size : int or "auto", default="auto"
        Width of the vector that a category becomes, as in `LSTMClassifier`.
    feature_encoding : {"auto", "standard", "quantile", "piecewise_linear", "concat"}, \
            default="auto"
        How numbers are told to the network, as in `LSTMClassifier`.
    missing_values : {"error", "indicator"}, default="error"
        What to do with NaN inside a sequence, as in `LSTMClassifier`.
    optimizer : {"adamw", "adam", "sgd", "rmsprop"} or type, default="adamw"
        A name, or a class of ``torch.optim``'s kind.
    learning_rate : float, default=0.005
        Highest learning rate of the fit.
    learning_rate_schedule : {"cosine", "constant"}, default="cosine"
        "cosine" rises over the first twentieth of the steps and then falls to zero.
    weight_decay : float or "auto", default=0.0
        Strength of the weight decay; of "adamw" decoupled, of the others as an L2 penalty. "auto"
        is 0.1 with "adamw" and 0 with others.
    gradient_clip : float or None, default=1.0
        Largest norm of the gradient; None does not clip.
    max_epochs : int or "auto", default="auto"
        Passes over the training part. "auto" takes as many as make 2,000 steps, at least 20 and at
        most 500.
    batch_size : int or "auto", default="auto"
        Samples of a step. "auto" takes the power of two next below a fortieth of the training part,
        from 8 to 256.
    early_stopping : bool, default=False
        Whether to end the fit when the loss on a validation part, of a decoder that is fed with the
        truth, no longer falls, and to go back to the weights that did best on it.
    validation_fraction : float in (0, 1), default=0.1
        Share of the samples kept for validation. Used with `early_stopping`.
    validation_split : {"auto", "last", "random"} or splitter, default="auto"
        Which samples, as in `LSTMRegressor`.
    n_iter_no_change : int, default=10
        How many epochs without an improvement by `tol` end the fit. Used with `early_stopping`.
    tol : float, default=1e-4
        By how much the validation loss must fall to count.
    warm_start : bool, default=False
        Whether a further `fit` continues the training, with scaling and optimiser kept.
    callbacks : list of skorch callbacks or None, default=None
        Passed through to skorch: callbacks, or (name, callback) pairs.
    device : str, default="auto"
        "auto" takes a CUDA device if there is one, else the CPU; or torch's name of a device.
    precision : {"float32", "float64", "bfloat16"}, default="float32"
        Of training and prediction. "bfloat16" is the encoder's alone.
    random_state : int, RandomState instance or None, default=None
        Seeds weights, shuffling, dropout and random validation parts. None takes fresh entropy.
    verbose : int, default=0
        Above 0, skorch prints a line an epoch.

    Attributes
    ----------
    n_outputs_ : int
        Numbers of one step of a target.
    n_steps_ : int
        Steps of a target.
    input_limits_ : ndarray of shape (2, n_features) or None
        Least and greatest value that each feature is read as, infinite where there is no such
        limit; None where no feature has one.
    n_features_in_ : int
        Features of a time step; of 2-D X the number of columns.
    n_iter_ : int
        Epochs trained.
    loss_curve_ : list of float
        Mean training loss of every epoch, over the steps of the outputs.
    validation_loss_curve_ : list of float or None
        The same of the validation part.
    best_validation_score_ : float or None
        Score on the validation part with the weights that were kept, if `early_stopping`.
    net_ : skorch net
        What trained the network, with optimiser and callbacks.
    module_ : torch module
        The trained network.
    history_ : skorch History
        What skorch recorded of every epoch.

    See Also
    --------
    LSTMRegressor : All steps at once, from the state behind the sequence; often as accurate.
    LSTMSeq2SeqClassifier : The same for symbols.

    References
    ----------
    .. [1] Sutskever, Vinyals and Le (2014), Sequence to sequence learning with neural networks,
       NeurIPS 27.
    .. [2] Luong, Pham and Manning (2015), Effective approaches to attention-based neural machine
       translation, EMNLP.
    .. [3] Bengio, Vinyals, Jaitly and Shazeer (2015), Scheduled sampling for sequence prediction
       with recurrent neural networks, NeurIPS 28.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMSeq2SeqRegressor
    >>> X = np.random.default_rng(0).normal(size=(300, 5))
    >>> y = X[:, ::-1].cumsum(axis=1)
    >>> model = LSTMSeq2SeqRegressor(32, random_state=0).fit(X[:250], y[:250])
    >>> model.predict(X[250:]).shape, bool(model.score(X[250:], y[250:]) > 0.8)
    ((50, 5), True)
    """

    n_outputs_: int
    n_steps_: int
    targets_: RegressionTargets

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseSeq2Seq._parameter_constraints,
        "loss": [StrOptions(set(_LOSSES))],
    }

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (64,),
        *,
        decoder_layer_sizes: int | Sequence[int] | None = None,
        cell: str = "lstm",
        bidirectional: bool = True,
        attention: bool = True,
        dropout: float = 0.0,
        teacher_forcing: float | Sequence[float] = 1.0,
        loss: str = "squared_error",
        standardize: bool = True,
        categorical_features: Any = None,
        embedding_size: int | str = "auto",
        feature_encoding: str = "auto",
        missing_values: str = "error",
        optimizer: str | type[Optimizer] = "adamw",
        learning_rate: float = 5e-3,
        learning_rate_schedule: str = "cosine",
        weight_decay: float | str = 0.0,
        gradient_clip: float | None = 1.0,
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
        self.decoder_layer_sizes = decoder_layer_sizes
        self.cell = cell
        self.bidirectional = bidirectional
        self.attention = attention
        self.dropout = dropout
        self.teacher_forcing = teacher_forcing
        self.loss = loss
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

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like
            Sequences: (n_samples, n_timesteps, n_features), (n_samples, n_timesteps), or a list of
            (n_timesteps_i, n_features) or (n_timesteps_i,) arrays, as `LSTMClassifier` takes them.
        y : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_outputs)
            Targets, finite numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights in the loss, the scaling and the validation. A sample of weight zero is as
            good as absent.
        X_val, y_val : array-like, default=None
            Samples to validate on, in the place of a split of X.

        Returns
        -------
        self : object
            The fitted estimator. After Ctrl-C it holds what has been learnt so far.

        Raises
        ------
        ValueError
            If a parameter or the data is not as described, or training diverges. The estimator
            is then as it was before.
        """
        super().fit(X, y, sample_weight, X_val=X_val, y_val=y_val)
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Predict the targets of sequences, each step from those before.

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.

        Returns
        -------
        y : ndarray of shape (n_samples, n_steps) or (n_samples, n_steps, n_outputs)
            In the units of y, float64.
        """
        return self._predicted(self._outputs(X)[0])

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return R² over all steps.

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.
        y : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        float
        """
        outputs, sequences = self._outputs(X)
        truths = self._check_y(y, sequences)
        check_lengths_agree(sequences, truths)
        if truths.shape[1:] != self._shape:
            raise ValueError(
                f"y has the shape {truths.shape[1:]} a sample, but this {type(self).__name__} was "
                f"trained on {self._shape}."
            )
        weight = check_sample_weight(sample_weight, len(sequences))
        return self._score_outputs(outputs, Part(sequences, truths, weight))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    # ---------------------------------------------------------------- hooks

    def _check_y(self, y: Any, sequences: Sequences) -> NDArray[Any]:
        check_no_dates(y, "y")
        if getattr(getattr(y, "dtype", None), "kind", "") == "O":
            y = list(y)  # of arrays
        try:
            checked: NDArray[Any] = check_finite_array(y, "y", allow_nd=True, estimator=self)
        except ValueError as error:
            raise ValueError(f"y must hold finite numbers, {_SHAPES}. {error}") from error
        if checked.ndim not in (2, 3) or 0 in checked.shape:
            raise ValueError(f"y must be {_SHAPES}. Got shape {checked.shape}.")
        return checked

    def _prepare(self, part: Part, classes: ArrayLike | None, *, resume: bool) -> None:
        check_squares(part.targets, "y")
        shape = part.targets.shape[1:]
        if resume and shape != self._shape:
            raise ValueError(
                f"y has the shape {shape} a sample, but this {type(self).__name__} was trained on "
                f"{self._shape}. Training can only be continued with the same targets."
            )
        self.n_steps_ = shape[0]
        self.n_outputs_ = shape[1] if len(shape) == 2 else 1

    @property
    def _shape(self) -> tuple[int, ...]:
        """Shape of a sample's target."""
        one = self.targets_.one_dimensional
        return (self.n_steps_,) if one else (self.n_steps_, self.n_outputs_)

    def _learn_targets(self, train: Part, plan: Plan | None, seed: int | None) -> None:
        steps, weight = self._by_step(train)
        self.targets_ = RegressionTargets(
            no_anchor(self.n_outputs_),
            train.sequences,
            steps,
            weight,
            center=self.standardize,
            scale=self.standardize,
            robust=REGRESSION_LOSSES[self.loss].robust,
        )

    def _make_loss(self) -> Loss:
        return REGRESSION_LOSSES[self.loss](self.n_outputs_)

    def _make_feed(self) -> NumberFeed:
        return NumberFeed(self.n_outputs_)

    def _encode(self, part: Part) -> tuple[Targets, NDArray[np.float64] | None]:
        lengths = np.full(len(part.y), self.n_steps_)
        steps, weight = self._by_step(part)
        targets = self.targets_.encode(steps, part.sequences, dtype_of(self.precision))
        return Steps(targets, lengths), weight

    def _predicted(self, outputs: Tensor) -> NDArray[np.float64]:
        rows = self.targets_.decode(self.net_.criterion_.predict(outputs).numpy(), None)
        return rows.reshape(-1, *self._shape)

    def _score_outputs(self, outputs: Tensor, part: Part) -> float:
        from sklearn.metrics import r2_score  # slow to import, and few need it

        truths, weight = self._by_step(part)
        predicted = self._predicted(outputs).reshape(truths.shape)
        return float(r2_score(truths, predicted, sample_weight=weight))

    def _by_step(self, part: Part) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Return targets and weights, a row a step."""
        weight = None if part.weight is None else np.repeat(part.weight, self.n_steps_)
        return part.targets.reshape(-1, *part.targets.shape[2:]), weight
