"""What estimators share that read sequences with one network, ours or the user's."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_regressor
from sklearn.utils._param_validation import Interval, StrOptions
from torch import nn

from sklstm._validation import check_layer_sizes
from sklstm.estimators.base import BaseLSTM
from sklstm.estimators.inputs import build_inputs
from sklstm.estimators.network import NetworkOptions, build_network
from sklstm.estimators.own_module import wrap_module
from sklstm.estimators.part import Part
from sklstm.nn import ACTIVATIONS, NORMALIZATIONS, POOLINGS


class SequenceNetworkLSTM(BaseLSTM):
    """Recurrent layers, what is taken of the last one, and an output: a `SequenceModel`.

    Subclasses that take one row of outputs a sequence say in `_pooling` what feeds it.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseLSTM._parameter_constraints,
        "activation": [StrOptions(set(ACTIVATIONS))],
        "pooling": [StrOptions(set(POOLINGS))],
        "dense_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "normalization": [StrOptions(set(NORMALIZATIONS)), None],
        "patch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "module": [callable, None],
    }
    # what not every one of them offers
    random_crop: float | str = 0.0

    @property
    def _pools(self) -> bool:
        """Whether a network of ours tells each output from a whole sequence."""
        return self.module is None and not self.return_sequences

    def _pooling(self) -> str | None:
        """Return what of the top layer feeds the output; None where every step has outputs."""
        pooling: str | None = None if self.return_sequences else self.pooling
        return pooling

    def _class_numbers(self, train: Part) -> NDArray[np.int64] | None:
        """Return the number of each sequence's class, None where it has none."""
        return None

    def _check_parameters(self, *, resume: bool) -> None:
        super()._check_parameters(resume=resume)
        self._dense_layer_sizes()

    def _dense_layer_sizes(self) -> tuple[int, ...]:
        return check_layer_sizes(self.dense_layer_sizes, "dense_layer_sizes", may_be_empty=True)

    def _n_threads(self, train: Part, device: str) -> int | None:
        return super()._n_threads(train, device) if self.module is None else None

    def _has_kernel(self) -> bool:
        return self.activation == "tanh" and super()._has_kernel()

    def _build_module(self, train: Part, n_outputs: int) -> nn.Module:
        inputs = build_inputs(self._input_options(), train.sequences, train.weight)
        if self.module is not None:
            return wrap_module(
                self.module,
                inputs,
                train.sequences,
                n_outputs,
                every_step=self.return_sequences,
                mixed_precision=self.precision == "bfloat16",
            )
        class_numbers = self._class_numbers(train)
        return build_network(self._network_options(), inputs, train, n_outputs, class_numbers)

    def _network_options(self) -> NetworkOptions:
        return NetworkOptions(
            hidden_layer_sizes=self._layer_sizes(),
            dense_layer_sizes=self._dense_layer_sizes(),
            cell=self.cell,
            activation=self.activation,
            bidirectional=self.bidirectional,
            pooling=self._pooling(),
            normalization=self.normalization,
            dropout=self.dropout,
            patch_size=self.patch_size,
            random_crop=self.random_crop,
            tells_numbers=is_regressor(self),
            mixed_precision=self.precision == "bfloat16",
        )
