"""Between y as the user gives it and the numbers that a network is trained on."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sklstm.data.anchor import Anchor
from sklstm.data.linear import LinearMap
from sklstm.data.sequences import Sequences

# The range of nine tenths of all targets, in standard deviations of normal ones.
_TAIL, _DEVIATIONS = 0.05, 3.29
# Where a network is trusted less, further training hardly changes predictions.
LITTLE_TRUST = 0.1


class RegressionTargets:
    """Regression targets, told relative to an anchor and a linear map, and standardised.

    Parameters
    ----------
    anchor : Anchor
        What is subtracted from the targets.
    sequences : Sequences
        The training sequences.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Training targets. Their number of dimensions is that of the predictions. Without anchor
        and map they may be of time steps.
    weight : ndarray of shape (n_samples,) or None
        Weights of the targets in mean and scale.
    center, scale : bool
        Whether the mean is subtracted, and whether targets are divided by their spread: the
        standard deviation, or without centring (counts) the mean.
    robust : bool, default=False
        Whether median and range of the middle nine tenths stand for mean and standard deviation of
        centred targets, so that one in twenty may lie anywhere. Not of targets whose range that
        way is zero.
    whole : bool, default=True
        Whether these are all targets that there will be: a constant one is then decoded as that
        constant, whatever a network says.
    linear : LinearMap or None, default=None
        What is subtracted from what the anchor leaves of the targets.
    trust : float in [0, 1], default=1.0
        Factor of what is decoded.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_outputs,)
        ``y = anchor(sequences) + linear(sequences) + mean + scale * target``, the median in the
        place of the mean if `robust`. Of what is decoded
        the target counts `trust` times: with less than one, that is no inverse of encoding.
    constant : ndarray of shape (n_outputs,), dtype bool
        Which centred targets do not vary, so that their unit is 1.
    trust : float
        As given.
    one_dimensional : bool
        Whether y had one dimension.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import RegressionTargets, as_sequences, no_anchor
    >>> X, y = as_sequences(np.zeros((2, 4))), np.array([1.0, 3.0])
    >>> targets = RegressionTargets(no_anchor(1), X, y, None, center=True, scale=True)
    >>> targets.encode(y, X, np.float32).tolist()
    [[-1.0], [1.0]]
    """

    def __init__(
        self,
        anchor: Anchor,
        sequences: Sequences,
        y: NDArray[np.float64],
        weight: NDArray[np.float64] | None,
        *,
        center: bool,
        scale: bool,
        robust: bool = False,
        whole: bool = True,
        linear: LinearMap | None = None,
        trust: float = 1.0,
    ) -> None:
        self.anchor = anchor
        self.linear = linear
        self.trust = trust
        self.one_dimensional = y.ndim == 1
        rest = columns(y) - self.base(sequences)
        mean = np.average(rest, axis=0, weights=weight)
        if center:
            spread = np.sqrt(np.average((rest - mean) ** 2, axis=0, weights=weight))
            if robust:
                mean, spread = _robust(rest, weight, mean, spread)
            level = np.abs(columns(y)).max(axis=0)
            constant = spread <= 10 * np.finfo(np.float64).eps * level
        else:
            spread, constant = mean, mean <= 0
        self.mean = mean if center else np.zeros_like(mean)
        self.scale = np.where(constant, 1.0, spread) if scale else np.ones_like(mean)
        self.constant = constant & center
        is_known = self.constant & whole
        self._factor = np.where(is_known, 0.0, trust * self.scale)

    def base(self, sequences: Sequences | None) -> NDArray[np.float64]:
        """Return what needs no network, of shape (n_samples, n_outputs); (1, n_outputs) if zero."""
        if self.linear is None and not self.anchor.relative:
            return np.zeros((1, len(self.anchor.features)))  # targets may be of time steps
        assert sequences is not None
        anchored = self.anchor(sequences)
        return anchored if self.linear is None else anchored + self.linear(sequences)

    def encode(
        self, y: NDArray[np.float64], sequences: Sequences, dtype: DTypeLike
    ) -> NDArray[Any]:
        """Return what the network is trained on, of shape (n_samples, n_outputs)."""
        return ((columns(y) - self.base(sequences) - self.mean) / self.scale).astype(dtype)

    def decode(
        self, target: NDArray[np.float64], sequences: Sequences | None
    ) -> NDArray[np.float64]:
        """Return locations in units of y, from (n_samples, n_outputs, ...).

        Axis 1 is dropped where y had one dimension. Without anchor and map there need be no
        sequences.
        """
        base = self.base(sequences) + self.mean  # (samples, outputs)
        factor = self._factor[None]
        return self._squeeze(_align(base, target) + _align(factor, target) * target)

    def decode_scale(self, spread: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return spreads in units of y, from (n_samples, n_outputs)."""
        return self._squeeze(self._factor * spread)

    def _squeeze(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values[:, 0] if self.one_dimensional else values


def _robust(
    rest: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    mean: NDArray[np.float64],
    spread: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the columns' medians and ranges, or mean and spread of those without a range."""
    shares = [_TAIL, 0.5, 1 - _TAIL]
    if weight is None:
        weight = np.ones(len(rest))
    # by whole samples, so that weights are repetitions
    low, middle, high = np.quantile(rest, shares, axis=0, weights=weight, method="inverted_cdf")
    has_range = high > low
    return np.where(has_range, middle, mean), np.where(
        has_range, (high - low) / _DEVIATIONS, spread
    )


def columns(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return targets as a table of shape (n_samples, n_outputs)."""
    return y.reshape(len(y), -1)


def _align(values: NDArray[np.float64], like: NDArray[Any]) -> NDArray[np.float64]:
    return values.reshape(*values.shape, *[1] * (like.ndim - 2))


class ClassTargets:
    """Labels as class numbers.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The labels, sorted.
    linear : LinearMap or None, default=None
        What is added to the scores of a network.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import ClassTargets
    >>> targets = ClassTargets(np.array(["ham", "spam"]))
    >>> targets.encode(np.array(["spam", "ham"])).tolist()
    [1, 0]
    """

    def __init__(self, classes: NDArray[Any], linear: LinearMap | None = None) -> None:
        self.classes = classes
        self.linear = linear

    def encode(self, y: NDArray[Any]) -> NDArray[np.int64]:
        """Return the number of each label's class.

        Raises
        ------
        ValueError
            If a label is none of the classes.
        """
        unknown = ~np.isin(y, self.classes)
        if unknown.any():
            raise ValueError(
                f"y holds the label {y[unknown][0]!r}, which is none of the classes "
                f"{self.classes.tolist()}. fit learns its classes from y, and partial_fit from "
                "'classes' of its first call, which must name all."
            )
        return np.searchsorted(self.classes, y)

    def decode(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        """Return the labels of class numbers."""
        labels: NDArray[Any] = self.classes[numbers]
        return labels
