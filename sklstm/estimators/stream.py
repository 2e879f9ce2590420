"""Predictions for a sequence that is still coming in."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from sklstm._validation import check_no_dates, check_no_masks, without_tensor
from sklstm.estimators.options import dtype_of
from sklstm.nn import ModelStream, SequenceModel
from sklstm.training import own_defaults


class Stream:
    """Predictions step by step, from everything that came so far.

    Made by the `stream` method of a fitted estimator, and independent of what becomes of that
    afterwards. Each step takes the same time and no memory, however long the sequence is. It can
    neither be pickled nor copied: pickle the estimator, and give another stream the same steps.

    Parameters
    ----------
    estimator : LSTMRegressor or LSTMClassifier
        Fitted.
    n_streams : int or None
        How many sequences go on side by side; None means one, without an axis for it.
    respond : callable
        From the network's outputs, (n_streams, n_outputs), to what `step` returns.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> X = np.random.default_rng(0).normal(size=(50, 6, 2))
    >>> model = LSTMRegressor(8, return_sequences=True, max_epochs=2, random_state=0)
    >>> stream = model.fit(X, X[:, :, 0].cumsum(axis=1)).stream()
    >>> steps = [stream.step(x_t) for x_t in X[0]]
    >>> bool(np.allclose(steps, model.predict(X[:1])[0]))
    True
    """

    def __init__(
        self,
        estimator: Any,
        n_streams: int | None,
        respond: Callable[[Tensor], NDArray[Any]],
    ) -> None:
        _check_causal(estimator)
        self._n_streams = 1 if n_streams is None else n_streams
        self._squeeze = n_streams is None
        self._n_features = 1 if estimator.n_timesteps_in_ is not None else estimator.n_features_in_
        self._names = estimator.step_names_
        self._limits = estimator.input_limits_
        self._may_miss = estimator._built_with("missing_values") == "indicator"
        self._dtype = np.dtype(dtype_of(estimator._built_with("precision")))
        self._device = torch.device(estimator.net_.device)
        with own_defaults(self._device.type):
            self._model = ModelStream(estimator.module_, self._n_streams)
        self._respond = respond

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            "A stream can neither be pickled nor copied. Pickle the estimator, and give a stream "
            "of it the steps that came so far."
        )

    def step(self, x: ArrayLike) -> Any:
        """Take the next time step and return the prediction for the steps so far.

        Parameters
        ----------
        x : array-like of shape (n_features,) or (n_streams, n_features)
            Features of the step; a number will do where there is one feature and one stream.

        Returns
        -------
        ndarray or number
            What the estimator predicts for the sequences as they are now, to the rounding of its
            precision (a stream itself never computes in bfloat16): of a model with
            `return_sequences` for the last step. Of shape
            (n_streams, ...), without the first axis where `n_streams` is None.

        Raises
        ------
        ValueError
            If x has another shape, or holds what is not finite. The stream is then as before.
        """
        values = self._check(x)
        with own_defaults(self._device.type):
            x_t = torch.from_numpy(values).to(self._device)
            rows = self._respond(self._model.step(x_t).cpu().double())
        return rows[0] if self._squeeze else rows

    def reset(self, streams: ArrayLike | None = None) -> None:
        """Begin anew, as if no step had come.

        Parameters
        ----------
        streams : array-like of int or bool, default=None
            Which of them; None means all.
        """
        chosen = np.zeros(self._n_streams, dtype=bool)
        given = np.arange(self._n_streams) if streams is None else np.asarray(streams)
        try:
            if given.dtype.kind == "i" and (given < 0).any():
                raise IndexError("From the end nothing is counted.")
            chosen[given if given.size else []] = True
        except IndexError as error:
            raise ValueError(
                f"streams must be numbers from 0 to {self._n_streams - 1}, or a mask of "
                f"{self._n_streams}. Got {streams!r}."
            ) from error
        with own_defaults(self._device.type):
            self._model.reset(torch.from_numpy(chosen).to(self._device))

    def _check(self, x: Any) -> NDArray[Any]:
        check_no_dates(x, "x")
        check_no_masks(x, "x")
        x = without_tensor(x)
        if self._names is not None and hasattr(x, "iloc"):
            self._check_names(list(x.columns if hasattr(x, "columns") else x.index))
        try:
            with np.errstate(over="ignore"):
                values = np.array(x, dtype=self._dtype, ndmin=1)
        except (TypeError, ValueError) as error:
            raise ValueError(f"x must hold numbers, a feature each. {error}") from error
        wanted = (self._n_features,) if self._squeeze else (self._n_streams, self._n_features)
        if values.shape != wanted:
            raise ValueError(
                f"x must hold the features of one time step, of shape {wanted}. Got shape "
                f"{values.shape}."
            )
        known = ~np.isinf(values) if self._may_miss else np.isfinite(values)
        if not known.all():
            place = tuple(int(i) for i in np.argwhere(~known)[0])
            raise ValueError(
                f"x must hold finite numbers{' or NaN' if self._may_miss else ''}. Got "
                f"{values[place]} at {place}."
            )
        if self._limits is not None:
            values = np.clip(values, *self._limits.astype(self._dtype))
        return values.reshape(self._n_streams, self._n_features)

    def _check_names(self, names: list[str]) -> None:
        if names != self._names:
            raise ValueError(
                f"x must have the columns of fit, in their order: {self._names}. It has {names}."
            )


def _check_causal(estimator: Any) -> None:
    """Raise unless predictions for a prefix can be made without going through it again."""
    model = estimator.module_
    if not isinstance(model, SequenceModel):
        raise ValueError("A network of your own (module) cannot be streamed: its state is unknown.")
    obstacles = (
        (model.n_directions == 2, "bidirectional=False", "reads sequences backwards too"),
        (model.patches.size > 1, "patch_size=1", "reads several steps at once"),
        (
            bool(estimator._input_options().anchor.relative),
            "subtract_last=False",
            "tells all steps relative to the last one, which changes with every step",
        ),
        (
            getattr(estimator.targets_, "linear", None) is not None,
            "linear_skip=False",
            "has a linear map of whole sequences",
        ),
    )
    found = [(name, why) for is_so, name, why in obstacles if is_so]
    if found:
        names, reasons = zip(*found, strict=True)
        raise ValueError(
            f"This model {', '.join(reasons)}, and cannot be streamed. Fit it with "
            f"{', '.join(names)}."
        )
