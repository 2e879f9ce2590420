"""Transcription of sequences and images without alignment."""

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval, StrOptions
from torch import Tensor, nn
from torch.optim import Optimizer

from sklstm._validation import check_int, check_lengths_agree
from sklstm.data import (
    Sequences,
    as_objects,
    as_transcripts,
    columns_of_images,
)
from sklstm.decoding import decode_beam, decode_greedy, error_rate, needed_steps
from sklstm.estimators.image_network import build_image_network
from sklstm.estimators.part import Part
from sklstm.estimators.sequence_network import SequenceNetworkLSTM
from sklstm.estimators.transcripts import TranscriptsMixin
from sklstm.losses import CTC, Loss
from sklstm.nn import CELLS
from sklstm.training import Targets

# What "auto" stands for, of images and of sequences.
_IMAGE_LAYER_SIZES, _LAYER_SIZES = (8, 32), (64,)
# What multi-dimensional layers do not offer, and what it may be.
_OF_IMAGES: dict[str, tuple[Any, ...]] = {
    "activation": ("tanh",),
    "dense_layer_sizes": ((),),
    "normalization": ("layer", None),
    "patch_size": (1,),
    "module": (None,),
    "categorical_features": (None,),
    "feature_encoding": ("auto", "standard"),
    "missing_values": ("error",),
    "precision": ("float32", "float64"),
}


class LSTMTranscriber(TranscriptsMixin, SequenceNetworkLSTM):
    """Transcription of sequences: symbols in their order, without telling when each comes.

    Each sample is a sequence, and its target a string or a list of symbols, no longer than it: what
    was said, written or sent. Which steps belong to which symbol need not be known, in training
    neither [1]_. Images of lines of text are read by multi-dimensional layers with
    ``cell="mdlstm"`` [2]_. Raw data will do: features are standardised inside.

    Parameters
    ----------
    hidden_layer_sizes : int, sequence of int or "auto", default="auto"
        Width of the recurrent layers: one int, or one a stacked layer; widths may differ. "auto"
        is one layer of 64, and (8, 32) with "mdlstm".
    cell : {"lstm", "gru", "rnn", "mdlstm"}, default="lstm"
        Long short-term memory, gated recurrent unit, Elman's network; or multi-dimensional LSTM
        layers, which read images of shape (height, width) or (height, width, n_channels), all of
        one height, in four directions.
    activation : {"tanh", "relu", "sigmoid", "identity"}, default="tanh"
        Of the cell. All but "tanh" go through the steps one by one, which is much slower. Not of
        "mdlstm".
    bidirectional : bool, default=True
        Whether sequences are also read backwards. Each direction has the given widths. "mdlstm"
        always reads in all directions.
    block_sizes : sequence of (int, int), default=((2, 1), (3, 2))
        With "mdlstm", height and width of the blocks of neighbouring pixels that enter each layer
        as one. The product of the widths is how many columns of an image share an output: there
        must be as many outputs as symbols, and one more between two that are equal.
    dense_layer_sizes : int or sequence of int, default=()
        Widths of dense layers with ReLU in front of the output. Not of "mdlstm".
    normalization : {"layer", "batch"} or None, default="layer"
        Normalise what leaves every recurrent layer, over the features of a step ("layer") or
        over all present steps of a batch ("batch", which also normalises what enters the first).
        Not of "mdlstm".
    dropout : float in [0, 1), default=0.3
        Share of units dropped in training behind every recurrent and every dense layer.
    patch_size : int, default=1
        Consecutive time steps that enter the network as one, and share an output. Not of "mdlstm".
    module : callable or None, default=None
        A network of your own: called as ``module(n_features, n_outputs)``, it returns a torch
        module whose ``forward(x, lengths)`` maps x of shape (batch, time, n_features), zero
        behind the end of shorter sequences, and lengths of shape (batch,) to outputs of shape
        (batch, time, n_outputs), the first for the blank. The network's parameters above are then
        without effect.
    beam_width : int or None, default=None
        How many beginnings of a transcript are pursued at once in prediction, by the sum of the
        probabilities of all their alignments. None takes the most probable output of every step,
        which is faster and seldom worse.
    standardize : bool, default=True
        Whether features are brought to mean 0 and standard deviation 1 inside, as measured on the
        training part; of images all rows together. Values of a feature that lie far beyond all
        others are then read as lying at `input_limits_`, but for pixels.
    categorical_features : array-like of bool, int or str, "from_dtype" or None, default=None
        Features that are symbols, as in `LSTMClassifier`. Not of "mdlstm".
    embedding_size : int or "auto", default="auto"
        Width of the vector that a category becomes, as in `LSTMClassifier`.
    feature_encoding : {"auto", "standard", "quantile", "piecewise_linear", "concat"}, \
            default="auto"
        How numbers are told to the network, as in `LSTMClassifier`. Not of "mdlstm".
    missing_values : {"error", "indicator"}, default="error"
        What to do with NaN inside a sequence, as in `LSTMClassifier`. "mdlstm" needs "error".
    optimizer : {"adamw", "adam", "sgd", "rmsprop"} or type, default="adamw"
        A name, or a class of ``torch.optim``'s kind.
    learning_rate : float, default=0.01
        Highest learning rate of the fit.
    learning_rate_schedule : {"cosine", "constant"}, default="cosine"
        "cosine" rises over the first twentieth of the steps and then falls to zero.
    weight_decay : float or "auto", default="auto"
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
        Whether to end the fit when the loss on a validation part no longer falls, and to go back
        to the weights that did best on it.
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
        Of training and prediction. "mdlstm" knows no "bfloat16".
    random_state : int, RandomState instance or None, default=None
        Seeds weights, shuffling, dropout and random validation parts. None takes fresh entropy.
    verbose : int, default=0
        Above 0, skorch prints a line an epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_symbols,)
        The symbols, sorted; of strings the characters.
    image_shape_ : tuple of int
        Height and number of channels of the images; only with "mdlstm".
    input_limits_ : ndarray of shape (2, n_features) or None
        Least and greatest value that each feature is read as, infinite where there is no such
        limit; None where no feature has one.
    n_features_in_ : int
        Features of a time step; of images height times channels.
    n_iter_ : int
        Epochs trained.
    loss_curve_ : list of float
        Mean training loss of every epoch: the negative log-likelihood of a transcript.
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
    LSTMClassifier : With ``return_sequences=True`` one label for every time step.

    Notes
    -----
    As transcripts are no targets that scikit-learn's splitters can stratify by, cross-validation
    needs no more than ``cv=KFold(5)``, or an int.

    References
    ----------
    .. [1] Graves, Fernández, Gomez and Schmidhuber (2006), Connectionist temporal classification:
       labelling unsegmented sequence data with recurrent neural networks, ICML.
    .. [2] Graves and Schmidhuber (2009), Offline handwriting recognition with multidimensional
       recurrent neural networks, NeurIPS 21.

    Examples
    --------
    Words in a code of long and short signals, each held for some steps:

    >>> import numpy as np
    >>> from sklstm import LSTMTranscriber
    >>> rng = np.random.default_rng(0)
    >>> code = {"a": [1.0], "b": [2.0], "c": [1.0, 2.0]}
    >>> words = ["".join(rng.choice(list("abc"), size=3)) for _ in range(200)]
    >>> def send(word):
    ...     signals = [level for symbol in word for level in [*code[symbol], 0.0]]
    ...     return np.repeat(signals, rng.integers(1, 4, size=len(signals)))[:, None]
    >>> X = [send(word) for word in words]
    >>> model = LSTMTranscriber(32, random_state=0).fit(X[:150], words[:150])
    >>> bool(model.score(X[150:], words[150:]) > 0.9)
    True
    """

    return_sequences = True

    _changeable = TranscriptsMixin._changeable | {"beam_width"}
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **SequenceNetworkLSTM._parameter_constraints,
        "hidden_layer_sizes": [
            StrOptions({"auto"}),
            *SequenceNetworkLSTM._parameter_constraints["hidden_layer_sizes"],
        ],
        "cell": [StrOptions({*CELLS, "mdlstm"})],
        "block_sizes": ["array-like"],
        "patch_size": [Interval(Integral, 1, None, closed="left")],
        "beam_width": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] | str = "auto",
        *,
        cell: str = "lstm",
        activation: str = "tanh",
        bidirectional: bool = True,
        block_sizes: Sequence[tuple[int, int]] = ((2, 1), (3, 2)),
        dense_layer_sizes: int | Sequence[int] = (),
        normalization: str | None = "layer",
        dropout: float = 0.3,
        patch_size: int = 1,
        module: Callable[[int, int], nn.Module] | None = None,
        beam_width: int | None = None,
        standardize: bool = True,
        categorical_features: Any = None,
        embedding_size: int | str = "auto",
        feature_encoding: str = "auto",
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
        self.block_sizes = block_sizes
        self.dense_layer_sizes = dense_layer_sizes
        self.normalization = normalization
        self.dropout = dropout
        self.patch_size = patch_size
        self.module = module
        self.beam_width = beam_width
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

    def predict(self, X: Any) -> NDArray[Any]:
        """Transcribe sequences.

        Parameters
        ----------
        X : array-like
            Sequences or images, as in `fit`.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Of str, or of dtype object, lists of symbols, as y was.
        """
        return self.targets_.decode_all(self._decode(self._log_probabilities(X)))

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Predict the logarithm of the probability of blank and symbols at every output.

        Parameters
        ----------
        X : array-like
            Sequences or images, as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,), dtype object
            Of arrays of shape (n_steps_i, n_symbols + 1): the blank, and the symbols in the order
            of `classes_`. Steps are those of the sequence, divided by the size of its patches or
            blocks.
        """
        return as_objects(self._log_probabilities(X))

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return one minus the character error rate.

        Parameters
        ----------
        X : array-like
            Sequences or images, as in `fit`.
        y : array-like of shape (n_samples,)
            Transcripts. They may hold symbols not seen in training.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        float
            1 minus the changes that the predictions need over the symbols there are; 1 is best, and
            it is below 0 where predictions are much too long, and minus infinity where all
            transcripts are empty and a prediction is not.
        """
        predicted, truths = self.predict(X), as_transcripts(y)
        check_lengths_agree(predicted, truths)
        return 1.0 - error_rate(truths, predicted, sample_weight)

    # ---------------------------------------------------------------- hooks

    def _check_parameters(self, *, resume: bool) -> None:
        if self.cell == "mdlstm":
            self._check_block_sizes()
        super()._check_parameters(resume=resume)
        self._refuse_stratified()
        if self.cell != "mdlstm":
            return
        given = {name: getattr(self, name) for name in _OF_IMAGES}
        given["dense_layer_sizes"] = self._dense_layer_sizes()
        for name, wanted in _OF_IMAGES.items():
            # an array compares to more than one answer
            if isinstance(given[name], np.ndarray) or given[name] not in wanted:
                raise ValueError(
                    f"With cell='mdlstm' {name} must be {' or '.join(map(repr, wanted))}, since "
                    f"images are read by other layers. Got {given[name]!r}."
                )

    def _layer_sizes(self) -> tuple[int, ...]:
        if not isinstance(self.hidden_layer_sizes, str):
            return super()._layer_sizes()
        return _IMAGE_LAYER_SIZES if self.cell == "mdlstm" else _LAYER_SIZES

    def _check_block_sizes(self) -> None:
        n_layers = len(self._layer_sizes())
        try:
            blocks = np.asarray(self.block_sizes)
        except ValueError:  # of unequal lengths
            blocks = np.zeros(0)
        if blocks.shape != (n_layers, 2) or blocks.dtype.kind != "i" or (blocks < 1).any():
            raise ValueError(
                f"The 'block_sizes' parameter must hold a (height, width) of positive ints for "
                f"each of the {n_layers} layers. Got {self.block_sizes!r}."
            )

    def _check_X(self, X: Any, *, reset: bool) -> Sequences:
        if self._built_with("cell") != "mdlstm":
            return super()._check_X(X, reset=reset)
        columns, shape = columns_of_images(X)
        if reset:
            self.image_shape_ = shape
        elif shape != self.image_shape_:
            raise ValueError(
                f"Images must be as in fit, of height {self.image_shape_[0]} with "
                f"{self.image_shape_[1]} channel(s). Got height {shape[0]} with {shape[1]}."
            )
        return super()._check_X(columns, reset=reset)

    def _find_limits(self, train: Part) -> NDArray[np.float64] | None:
        # pixels of one row may be faint in most images, and are standardised with all others
        return None if self.cell == "mdlstm" else super()._find_limits(train)

    def _n_steps(self, n_samples: int) -> int:
        return 2_000

    def _build_module(self, train: Part, n_outputs: int) -> nn.Module:
        if self.cell == "mdlstm":
            return build_image_network(
                train,
                self.image_shape_,
                n_outputs,
                hidden_layer_sizes=self._layer_sizes(),
                block_sizes=self.block_sizes,
                dropout=self.dropout,
                standardize=self.standardize,
            )
        return super()._build_module(train, n_outputs)

    def _n_rows(self, sequences: Sequences) -> NDArray[np.int64]:
        model: Any = self.module_
        n_rows: NDArray[np.int64] = model.output_lengths(sequences.lengths)
        return n_rows

    def _make_loss(self) -> Loss:
        return CTC(len(self.classes_))

    def _encode(self, part: Part) -> tuple[Targets, NDArray[np.float64] | None]:
        coded, n_steps = self.targets_.encode(part.targets), self._n_rows(part.sequences)
        for number, n_symbols in enumerate(coded["n_symbols"]):
            needed = needed_steps(coded["symbols"][number, :n_symbols])
            if n_steps[number] < needed:
                raise ValueError(
                    f"The transcript {part.targets[number]!r} needs {needed} outputs, one a symbol "
                    "and one between two that are equal, but its sequence of "
                    f"{part.sequences.lengths[number]} steps has {n_steps[number]}. Lengthen the "
                    "sequence, shorten the transcript, or make patches or blocks smaller."
                )
        return {**coded, "n_steps": n_steps}, part.weight

    def _score_outputs(self, outputs: Tensor, part: Part) -> float:
        predicted = self.targets_.decode_all(self._decode(self._by_steps(outputs, part.sequences)))
        return 1.0 - error_rate(part.targets, predicted, part.weight)

    def _log_probabilities(self, X: Any) -> list[NDArray[np.float64]]:
        """Return those of every sequence, each (n_steps_i, n_symbols + 1)."""
        return self._by_steps(*self._outputs(X))

    def _by_steps(self, outputs: Tensor, sequences: Sequences) -> list[NDArray[np.float64]]:
        log_probabilities = self.net_.criterion_.log_probabilities(outputs).numpy()
        ends = np.cumsum(self._n_rows(sequences))[:-1]
        return np.split(log_probabilities, ends)

    def _decode(self, log_probabilities: list[NDArray[np.float64]]) -> list[list[int]]:
        if self.beam_width is None:
            return [decode_greedy(of_one) for of_one in log_probabilities]
        check_int(self.beam_width, "beam_width")
        return [decode_beam(of_one, self.beam_width) for of_one in log_probabilities]
