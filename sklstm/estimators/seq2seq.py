"""What the estimators with an encoder and a decoder share."""

from abc import abstractmethod
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import nn

import sklstm.training as training
from sklstm._validation import check_layer_sizes
from sklstm.data import Sequences, Steps
from sklstm.estimators.base import BaseLSTM
from sklstm.estimators.inputs import build_inputs
from sklstm.estimators.part import Part
from sklstm.nn import EncoderDecoder, NumberFeed, SymbolFeed
from sklstm.training import Targets


class BaseSeq2Seq(BaseLSTM):
    """An encoder and a decoder, trained together.

    Subclasses say how an output is fed back in `_make_feed`, and set `n_steps_`, how many outputs
    a prediction has, in `_prepare`.
    """

    n_steps_: int

    _changeable = BaseLSTM._changeable | {"teacher_forcing"}
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseLSTM._parameter_constraints,
        "decoder_layer_sizes": [*BaseLSTM._parameter_constraints["hidden_layer_sizes"], None],
        "attention": ["boolean"],
        "teacher_forcing": "no_validation",
    }

    @abstractmethod
    def _make_feed(self) -> NumberFeed | SymbolFeed:
        """Return how an output is told to the next step."""

    def _check_parameters(self, *, resume: bool) -> None:
        super()._check_parameters(resume=resume)
        self._decoder_layer_sizes()
        self._truth_shares()
        self._refuse_stratified()

    def _decoder_layer_sizes(self) -> tuple[int, ...]:
        if self.decoder_layer_sizes is None:
            return self._layer_sizes()
        return check_layer_sizes(self.decoder_layer_sizes, "decoder_layer_sizes")

    def _truth_shares(self) -> tuple[float, float]:
        """Return the share of the first and of the last epoch."""
        given = self.teacher_forcing
        try:
            shares = np.asarray([given, given] if isinstance(given, Real) else given)
        except ValueError:  # of unequal lengths
            shares = np.zeros(0)
        is_pair = shares.shape == (2,) and shares.dtype.kind in "if"
        if not is_pair or not ((shares >= 0) & (shares <= 1)).all():
            raise ValueError(
                "The 'teacher_forcing' parameter must be a float in [0, 1], or a pair of them for "
                f"the first and the last epoch. Got {given!r}."
            )
        return float(shares[0]), float(shares[1])

    def _build_module(self, train: Part, n_outputs: int) -> nn.Module:
        return EncoderDecoder(
            build_inputs(self._input_options(), train.sequences, train.weight),
            self._make_feed(),
            n_outputs,
            self.n_steps_,
            encoder_layer_sizes=self._layer_sizes(),
            decoder_layer_sizes=self._decoder_layer_sizes(),
            cell=self.cell,
            bidirectional=self.bidirectional,
            attention=self.attention,
            dropout=self.dropout,
            mixed_precision=self.precision == "bfloat16",
        )

    def _given_outputs(self, targets: Targets) -> dict[str, NDArray[Any]]:
        assert isinstance(targets, Steps)
        model: Any = self.module_
        values, lengths = targets.values, targets.lengths
        shape = (len(lengths), int(lengths.max()), *values.shape[1:])
        previous = np.full(shape, model.feed.before_first, dtype=values.dtype)
        has_next = np.arange(1, shape[1]) < lengths[:, None]  # (samples, steps - 1)
        is_last = np.zeros(len(values), dtype=bool)
        is_last[targets.first + lengths - 1] = True
        previous[:, 1:][has_next] = values[~is_last]
        return {"previous": previous, "n_previous": lengths}

    def _guards(self, n_epochs: int) -> list[Any]:
        return [training.TeacherForcing(*self._truth_shares(), n_epochs)]

    def _n_steps(self, n_samples: int) -> int:
        return 2_000

    def _n_rows(self, sequences: Sequences) -> NDArray[np.int64]:
        return np.full(len(sequences), self.n_steps_)
