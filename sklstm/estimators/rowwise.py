"""Estimators that predict one row of outputs a sequence, or one a time step."""

from abc import abstractmethod
from copy import copy
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from sklstm._validation import check_int, check_sample_weight
from sklstm.data import LinearMap, Sequences, spaced, split_steps
from sklstm.estimators.part import Part
from sklstm.estimators.sequence_network import SequenceNetworkLSTM
from sklstm.estimators.stream import Stream

# How many training samples tell which share of what is predicted is the linear map's.
_N_DESCRIBED = 4_096


class RowwiseLSTM(SequenceNetworkLSTM):
    """What `LSTMRegressor` and `LSTMClassifier` share beyond fit and prediction.

    Subclasses say in `_respond` what their methods make of outputs, row by row.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **SequenceNetworkLSTM._parameter_constraints,
        "return_sequences": ["boolean"],
    }
    epochs_share_: float

    _row_methods: ClassVar[tuple[str, ...]] = ("predict",)

    @property
    def _has_free_course(self) -> bool:
        """Whether held-out samples may say how long a fit is."""
        return isinstance(self.max_epochs, str) and not self.early_stopping

    def _epochs_share(self) -> float:
        return self.epochs_share_ if self._has_free_course else 1.0

    @abstractmethod
    def _respond(self, method: str, outputs: Tensor, sequences: Sequences | None) -> NDArray[Any]:
        """Return what a method says of outputs, (n_rows, n_outputs), row by row."""

    @abstractmethod
    def _parts(
        self, linear: LinearMap, sequences: Sequences
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what the linear map and what the network adds, both (n_samples, n_outputs)."""

    def stream(self, n_streams: int | None = None, method: str = "predict") -> Stream:
        """Predict step by step, while a sequence is still coming in.

        Parameters
        ----------
        n_streams : int, default=None
            How many sequences go on side by side; None means one, without an axis for it.
        method : str, default="predict"
            Which method's result each step returns: of a regressor "predict" or
            "predict_quantiles", of a classifier "predict", "predict_proba", "predict_log_proba"
            or "decision_function".

        Returns
        -------
        Stream
            With ``step(x_t)`` and ``reset()``. It keeps the model as it is now.

        Raises
        ------
        ValueError
            If the model needs more than the steps so far: it is bidirectional, has patches, a
            linear map or targets relative to the last value; or has no such method.
        """
        check_is_fitted(self)
        if method not in self._row_methods or not hasattr(self, method):
            able = [name for name in self._row_methods if hasattr(self, name)]
            raise ValueError(f"method must be one of {', '.join(able)}. Got {method!r}.")
        if n_streams is not None:
            n_streams = check_int(n_streams, "n_streams")
        # of a copy, whose attributes stay when a further fit replaces the estimator's
        return Stream(self, n_streams, partial(copy(self)._respond, method, sequences=None))

    def _check_parameters(self, *, resume: bool) -> None:
        super()._check_parameters(resume=resume)
        if not self.return_sequences:
            return
        if self.patch_size not in ("auto", 1):
            raise ValueError(
                f"return_sequences=True gives an output at every time step, but patch_size="
                f"{self.patch_size} makes one of several. Set patch_size to 'auto' or 1."
            )
        self._refuse_stratified()

    def _n_rows(self, sequences: Sequences) -> NDArray[np.int64] | None:
        return sequences.lengths if self._built_with("return_sequences") else None

    def _predict_rows(self, method: str, X: Any) -> NDArray[Any]:
        """Return what a method predicts, one row a sequence or a time step."""
        outputs, sequences = self._outputs(X)
        return self._by_sequence(self._respond(method, outputs, sequences), sequences)

    def _by_sequence(self, rows: NDArray[Any], sequences: Sequences) -> NDArray[Any]:
        """Return rows sequence by sequence where there is one a time step."""
        return split_steps(rows, sequences) if self._built_with("return_sequences") else rows

    def _describe(self, train: Part, valid: Part | None) -> None:
        linear = self.targets_.linear
        self.linear_share_ = 0.0 if linear is None else np.nan
        super()._describe(train, valid)
        if linear is None:
            return
        chosen = spaced(len(train.y), _N_DESCRIBED)
        parts = self._parts(linear, train.sequences.subset(chosen))
        of_map, of_network = (part.var(axis=0) for part in parts)
        total = np.maximum(of_map + of_network, np.finfo(float).tiny)
        self.linear_share_ = float((of_map / total).mean())

    def _score_steps(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> float:
        """Return the score over all time steps that have a target."""
        outputs, sequences = self._outputs(X)
        weight = check_sample_weight(sample_weight, len(sequences))
        return self._score_outputs(outputs, Part(sequences, self._check_y(y, sequences), weight))
