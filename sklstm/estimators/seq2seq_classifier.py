"""Sequences of symbols from sequences."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted
from torch import Tensor
from torch.optim import Optimizer

from sklstm._validation import (
    check_int,
    check_lengths_agree,
    check_not_negative,
    check_sample_weight,
)
from sklstm.data import Steps, as_transcripts
from sklstm.decoding import beam_search
from sklstm.estimators.part import Part
from sklstm.estimators.seq2seq import BaseSeq2Seq
from sklstm.estimators.transcripts import TranscriptsMixin
from sklstm.losses import LogLoss, Loss
from sklstm.nn import Decoding, EncoderDecoder, SymbolFeed
from sklstm.training import Targets, evaluating


class LSTMSeq2SeqClassifier(TranscriptsMixin, BaseSeq2Seq):
    """Sequences of symbols from sequences, with an encoder and a decoder.

    Each sample is a sequence, and its target a string or a list of symbols, of any length. Both
    networks are trained together [1]_; the decoder says itself where a target ends. X may be
    sequences of numbers, or of tokens (integers, with ``categorical_features="from_dtype"``).

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
    embedding_size : int or "auto", default="auto"
        Width of the vector by which the decoder is told its symbol before, and of those that the
        categories of X become. "auto" is half their number, from 1 to 32.
    beam_width : int, default=1
        How many beginnings are pursued at once in prediction; 1 is greedy, and fastest by far.
    length_penalty : float, default=0.0
        Of complete sequences the beam prefers the one of the greatest log-probability over ``((5 +
        length) / 6) ** length_penalty``, the end counted in the length.
    max_length : int or "auto", default="auto"
        Most symbols of a prediction, fixed by the fit. "auto" is twice those of the longest target
        of training.
    standardize : bool, default=True
        Whether features are brought to mean 0 and standard deviation 1 inside, as
        measured on the training part, values far beyond all others within `input_limits_`.
    categorical_features : array-like of bool, int or str, "from_dtype" or None, default=None
        Features that are symbols, as in `LSTMClassifier`; "from_dtype" for sequences of tokens.
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
        Whether a further `fit` continues the training, with scaling, symbols and optimiser kept.
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
    classes_ : ndarray of shape (n_symbols,)
        The symbols, sorted; of strings the characters.
    max_length_ : int
        Most symbols of a prediction.
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
        Score of greedy predictions on the validation part with the weights that were kept, if
        `early_stopping`.
    net_ : skorch net
        What trained the network, with optimiser and callbacks.
    module_ : torch module
        The trained network.
    history_ : skorch History
        What skorch recorded of every epoch.

    See Also
    --------
    LSTMTranscriber : Where symbols come in the order of the input; needs less data.
    LSTMSeq2SeqRegressor : The same for numbers.

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
    >>> from sklstm import LSTMSeq2SeqClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.integers(0, 5, size=(n, 1)) for n in rng.integers(1, 5, size=400)]
    >>> y = ["".join(str(digit) for digit in x[::-1, 0]) for x in X]
    >>> model = LSTMSeq2SeqClassifier(32, categorical_features="from_dtype", random_state=0)
    >>> bool(model.fit(X[:300], y[:300]).score(X[300:], y[300:]) > 0.9)
    True
    """

    max_length_: int

    _changeable = BaseSeq2Seq._changeable | {"beam_width", "length_penalty"}
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseSeq2Seq._parameter_constraints,
        "beam_width": [Interval(Integral, 1, None, closed="left")],
        "length_penalty": [Interval(Real, 0, None, closed="left")],
        "max_length": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
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
        embedding_size: int | str = "auto",
        beam_width: int = 1,
        length_penalty: float = 0.0,
        max_length: int | str = "auto",
        standardize: bool = True,
        categorical_features: Any = None,
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
        self.embedding_size = embedding_size
        self.beam_width = beam_width
        self.length_penalty = length_penalty
        self.max_length = max_length
        self.standardize = standardize
        self.categorical_features = categorical_features
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

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the symbols of sequences, one after another.

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Of str, or of dtype object, lists of symbols, as y was.
        """
        check_int(self.beam_width, "beam_width")
        check_not_negative(self.length_penalty, "length_penalty")
        if self.beam_width > 1:
            return self._search(X)
        return self._greedy(self._outputs(X)[0])

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the share of the sequences that are predicted without a fault.

        Parameters
        ----------
        X : array-like
            Sequences, as in `fit`.
        y : array-like of shape (n_samples,)
            Strings or lists of symbols.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        float
        """
        predicted, truths = self.predict(X), as_transcripts(y)
        check_lengths_agree(predicted, truths)
        return _share_right(predicted, truths, sample_weight)

    # ---------------------------------------------------------------- hooks

    def _prepare(self, part: Part, classes: ArrayLike | None, *, resume: bool) -> None:
        super()._prepare(part, classes, resume=resume)
        if resume:
            return
        longest = max(len(transcript) for transcript in part.targets)
        self.max_length_ = 2 * longest if self.max_length == "auto" else int(self.max_length)
        self.n_steps_ = self.max_length_ + 1  # the end counted

    def _make_loss(self) -> Loss:
        return LogLoss(len(self.classes_) + 1)

    def _make_feed(self) -> SymbolFeed:
        width = None if self.embedding_size == "auto" else int(self.embedding_size)
        return SymbolFeed(len(self.classes_), width)

    def _encode(self, part: Part) -> tuple[Targets, NDArray[np.float64] | None]:
        coded = self.targets_.encode(part.targets)
        lengths = coded["n_symbols"] + 1
        numbers = np.pad(coded["symbols"], ((0, 0), (0, 1)))
        numbers[np.arange(len(numbers)), coded["n_symbols"]] = len(self.classes_)
        present = np.arange(numbers.shape[1]) < lengths[:, None]
        weight = None if part.weight is None else np.repeat(part.weight, lengths)
        return Steps(numbers[present], lengths), weight

    def _score_outputs(self, outputs: Tensor, part: Part) -> float:
        return _share_right(self._greedy(outputs), part.targets, part.weight)

    def _reduce(self, outputs: Tensor) -> Tensor:
        return outputs.argmax(1)

    def _greedy(self, outputs: Tensor) -> NDArray[Any]:
        """Return what stands before the first end among the most probable symbols, (n_rows,)."""
        numbers = outputs.numpy().reshape(-1, self.n_steps_)
        # the last step may not be an end, but what it says is one too many
        is_end = numbers == len(self.classes_)
        is_end[:, -1] = True
        lengths = is_end.argmax(axis=1)
        decoded = [row[:n].tolist() for row, n in zip(numbers, lengths, strict=True)]
        return self.targets_.decode_all(decoded)

    def _search(self, X: Any) -> NDArray[Any]:
        """Decode sequence by sequence with a beam."""
        check_is_fitted(self)
        sequences = self._read(X)
        model, device = self.module_, torch.device(self.net_.device)
        assert isinstance(model, EncoderDecoder)

        def step(decoding: Decoding, symbols: NDArray[np.int64]) -> tuple[Any, Decoding]:
            outputs, after = model.step(torch.from_numpy(symbols).to(device), decoding)
            return outputs.double().log_softmax(1).cpu().numpy(), after

        decoded = []
        with evaluating(model, device.type):
            for number in range(len(sequences)):
                x, _ = sequences.take(np.array([number]))
                decoded.append(
                    beam_search(
                        model.encode(torch.from_numpy(x).to(device)),
                        step,
                        len(self.classes_),
                        beam_width=self.beam_width,
                        max_length=self.max_length_,
                        length_penalty=self.length_penalty,
                    )
                )
        return self.targets_.decode_all(decoded)


def _share_right(
    predicted: NDArray[Any], truths: NDArray[Any], sample_weight: ArrayLike | None
) -> float:
    weight = check_sample_weight(sample_weight, len(truths))
    right = np.array([list(a) == list(b) for a, b in zip(predicted, truths, strict=True)])
    return float(np.average(right, weights=weight))
