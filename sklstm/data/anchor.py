"""Targets that continue a feature, told relative to its last value."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sklstm.data.feature_statistics import sequence_means
from sklstm.data.rows import spaced
from sklstm.data.sequences import Sequences

NONE = -1
# The least R² of a feature's last value on the one before it (else the feature is no level that
# goes on), and of the target on the last value.
_MIN_PERSISTENCE = 0.5
_MIN_EXPLAINED = 0.25
# The share from which a target is taken to go on from the last value, whatever else explains it.
_CONTINUED = 0.75
# Bounds for a target that is a later sample's last value: samples ahead, length of the run that is
# compared and its R², and the share of all others that lie within so many standard deviations.
_MAX_AHEAD, _RUN, _MIN_EQUAL = 512, 16, 0.999999
_MOST, _MAX_DISTANCE = 0.75, 0.001
# A line goes through any two points.
_ENOUGH_FOR_A_LINE = 3
# So many sequences suffice to measure correlations, in a tenth of a second and of 100 MB.
_ENOUGH = 100_000


@dataclass(frozen=True)
class Anchor:
    """A straight line from the last value of a feature to each target.

    Attributes
    ----------
    features : ndarray of shape (n_outputs,), dtype int64
        Feature whose last value a target continues, -1 where none.
    slope, intercept : ndarray of shape (n_outputs,)
        ``target = intercept + slope * last value``; zero where none. They tell the scales apart
        where the target is the last value of later samples; elsewhere the line is one of least
        squares.
    drifting : bool
        Whether the network is to see no level at all. Else the last value itself goes to it too.
    substitute : ndarray of shape (n_outputs,) or None
        What stands for the last value of a sequence that has none; None where all have.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import Anchor, as_sequences
    >>> sequences = as_sequences([[1.0, 3.0]])
    >>> Anchor(np.array([0]), np.array([2.0]), np.array([1.0]))(sequences).tolist()
    [[7.0]]
    """

    features: NDArray[np.int64]
    slope: NDArray[np.float64]
    intercept: NDArray[np.float64]
    drifting: bool = True
    substitute: NDArray[np.float64] | None = None

    def __call__(self, sequences: Sequences) -> NDArray[np.float64]:
        """Return the lines at the sequences' last values, of shape (n_samples, n_outputs)."""
        values = np.zeros((len(sequences), len(self.features)))
        for output, feature in enumerate(self.features):
            if feature != NONE:
                last = sequences.last_values(feature)
                if self.substitute is not None:
                    last = np.where(np.isnan(last), self.substitute[output], last)
                values[:, output] = self.intercept[output] + self.slope[output] * last
        return values

    @property
    def relative(self) -> list[int]:
        """Features that the network is to see relative to their last value."""
        return sorted(set(self.features.tolist()) - {NONE})

    @property
    def levels(self) -> list[int]:
        """Features whose last value the network is to see beside."""
        return [] if self.drifting else self.relative


def no_anchor(n_outputs: int) -> Anchor:
    """Return an anchor that leaves all targets as they are."""
    zero = np.zeros(n_outputs)
    return Anchor(np.full(n_outputs, NONE), zero, zero)


def find_anchor(
    sequences: Sequences,
    y: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    *,
    force: bool,
    ignored: Collection[int] = (),
) -> Anchor:
    """Find the feature whose last value each target continues.

    Parameters
    ----------
    sequences : Sequences
        The training part.
    y : ndarray of shape (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,) or None
    force : bool
        Whether every target gets the feature that explains it best, and the network sees no
        level. Else only targets do of which a feature's last value explains a quarter of the
        variance, where half of that feature's variance is in turn explained by its value one step
        before; and of a single target of sequences that do not overlap only where it explains three
        quarters, or their mean no more than it; and of three samples or more. A target of
        overlapping windows that is a later value of one feature is told relative to no other. The
        network sees no level only where windows overlap and a quarter of the level's variance is
        explained by time; all targets that are later values of a feature of which it sees none are
        then told relative to it.
    ignored : collection of int, default=()
        Features that are no numbers.

    Returns
    -------
    Anchor

    Notes
    -----
    Correlations do not change under an affine map, so that a scaler in front of y or of the
    features makes no difference. Expressing windows relative to their last value is the
    "subtract last" of NLinear (Zeng et al., 2023). Of more than 100,000 sequences, one
    of each stretch tells shares of variance and least squares.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences, find_anchor, make_windows
    >>> X, y = make_windows(np.arange(20.0), 3)
    >>> find_anchor(as_sequences(X), y[:, None], None, force=False).features.tolist()
    [0]
    """
    candidates = [f for f in range(sequences.n_features) if f not in ignored]
    chosen = spaced(len(y), _ENOUGH)
    some, y_some = sequences.subset(chosen), y[chosen]
    nothing_is_told = len(y) < _ENOUGH_FOR_A_LINE and not force
    # nothing to be relative to
    if some.lengths.max() == 1 or not candidates or nothing_is_told:
        return no_anchor(y.shape[1])
    weight = np.ones(len(chosen)) if weight is None else weight[chosen]
    # a target of a window, and each of several, may be a later value
    alone = not force and y.shape[1] == 1 and not sequences.overlap
    explained = np.zeros((sequences.n_features, y.shape[1]))
    for feature in candidates:
        last = _last_values(some, feature)
        if force or _persists(some, feature, last, weight):
            explained[feature] = _explained_by_end(some, feature, last, y_some, weight, alone=alone)
    features = np.asarray(candidates)[explained[candidates].argmax(axis=0)]
    if not force:
        features[explained.max(axis=0) < _MIN_EXPLAINED] = NONE
        if sequences.overlap and len(candidates) > 1:
            _anchor_what_is_continued(features, explained, candidates, sequences, y)
    anchors = set(features.tolist()) - {NONE}
    # only overlapping windows are known to be in the order of time
    drifting = force or (
        sequences.overlap and any(_drifts(some, feature, weight) for feature in anchors)
    )
    slope, intercept, substitute = (np.zeros(y.shape[1]) for _ in range(3))
    for feature in anchors:
        last = _last_values(sequences, feature)
        last_of_some = _last_values(some, feature)
        if drifting:
            _anchor_later_values(features, feature, last, y)
        for output in np.flatnonzero(features == feature):
            line = _continuation(last, y[:, output])
            line = line or _line(last_of_some, y_some[:, output], weight)
            slope[output], intercept[output] = line
            substitute[output] = last_of_some.mean()
    return Anchor(features, slope, intercept, drifting, substitute)


def _explained_by_end(
    sequences: Sequences,
    feature: int,
    last: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    *,
    alone: bool,
) -> NDArray[np.float64]:
    """Return which share of each target's variance a feature's last value explains.

    None of one alone that is told by all of its sequence, unless the end says more.
    """
    shares = np.array([_squared_correlation(last, column, weight) for column in y.T])
    if alone and _MIN_EXPLAINED <= shares[0] < _CONTINUED:
        mean = _of_each(sequence_means(sequences, feature))
        if shares[0] < _squared_correlation(mean, y[:, 0], weight):
            return np.zeros(1)
    return shares


def _anchor_what_is_continued(
    features: NDArray[np.int64],
    explained: NDArray[np.float64],
    candidates: list[int],
    sequences: Sequences,
    y: NDArray[np.float64],
) -> None:
    """Anchor targets that are later values of a feature to that one, or to none.

    Weather may explain tomorrow's load better than the last load does; but load does not go on from
    weather, whose level the network is to see.
    """
    last_values = cache(partial(_last_values, sequences))  # mostly of the chosen ones alone
    for output in np.flatnonzero(features != NONE):
        chosen = int(features[output])  # which it mostly is
        for feature in (chosen, *(other for other in candidates if other != chosen)):
            if _continuation(last_values(feature), y[:, output]) is not None:
                is_told = explained[feature, output] >= _MIN_EXPLAINED
                features[output] = feature if is_told else NONE
                break


def _anchor_later_values(
    features: NDArray[np.int64], feature: int, last: NDArray[np.float64], y: NDArray[np.float64]
) -> None:
    """Anchor further targets that are later values of a feature whose level is not seen.

    Half a season ahead its last value explains little of them, and is their level all the same.
    """
    for output in np.flatnonzero(features == NONE):
        if _continuation(last, y[:, output]) is not None:
            features[output] = feature


def _drifts(sequences: Sequences, feature: int, weight: NDArray[np.float64]) -> bool:
    """Tell whether a feature's level moves with time, so that new levels are to be expected."""
    time = sequences.times[0].astype(np.float64)
    return _squared_correlation(time, _last_values(sequences, feature), weight) >= _MIN_EXPLAINED


def _last_values(sequences: Sequences, feature: int, back: int = 0) -> NDArray[np.float64]:
    """Return last values, their mean where a sequence has none."""
    return _of_each(sequences.last_values(feature, back))


def _of_each(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put the mean in the place of NaN."""
    missing = np.isnan(values)
    return np.where(missing, 0.0 if missing.all() else values[~missing].mean(), values)


def _persists(
    sequences: Sequences, feature: int, last: NDArray[np.float64], weight: NDArray[np.float64]
) -> bool:
    longer = sequences.lengths > 1
    before = _last_values(sequences, feature, back=1)[longer]
    return _squared_correlation(before, last[longer], weight[longer]) >= _MIN_PERSISTENCE


def _squared_correlation(
    a: NDArray[np.float64], b: NDArray[np.float64], weight: NDArray[np.float64]
) -> float:
    if _is_constant(a, weight) or _is_constant(b, weight):
        return 0.0
    a = a - np.average(a, weights=weight)
    b = b - np.average(b, weights=weight)
    return float((weight @ (a * b)) ** 2 / ((weight @ a**2) * (weight @ b**2)))


def _continuation(
    last: NDArray[np.float64], target: NDArray[np.float64]
) -> tuple[float, float] | None:
    """Return slope and intercept if a target is the last value of a later sample but for its scale.

    That tells the scale apart from how far the target has returned to its mean by then. Where
    several series meet it need not hold.
    """
    n_ahead = min(_MAX_AHEAD, len(last) - _RUN)
    if n_ahead < 1:
        return None
    for start in np.linspace(0, len(last) - _RUN - n_ahead, 3).astype(np.int64):
        # last values of the samples from each lag on, (n_ahead, _RUN)
        later = sliding_window_view(last[start + 1 : start + n_ahead + _RUN], _RUN)
        for ahead in np.flatnonzero(_correlate(later, target[start : start + _RUN])) + 1:
            line = _line_of_most(last[ahead:], target[:-ahead], start)
            if line is not None:
                return line
    return None


def _correlate(rows: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which rows are the values but for a line."""
    rows, values = rows - rows.mean(axis=1, keepdims=True), values - values.mean()
    product, norms = rows @ values, (rows**2).sum(axis=1) * (values @ values)
    return np.asarray((norms > 0) & (product**2 >= _MIN_EQUAL * norms))


def _line_of_most(
    x: NDArray[np.float64], y: NDArray[np.float64], start: int
) -> tuple[float, float] | None:
    """Return the line through a run of points if most others are on it too."""
    run = slice(start, start + _RUN)
    slope, intercept = _line(x[run], y[run], np.ones(_RUN))
    near = np.abs(intercept + slope * x - y) <= _MAX_DISTANCE * y.std()
    if near.mean() < _MOST:
        return None
    return _line(x[near], y[near], np.ones(int(near.sum())))


def _line(
    x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[float, float]:
    """Return slope and intercept of y on x by weighted least squares."""
    if _is_constant(x, weight):
        return 0.0, float(np.average(y, weights=weight))
    mean_x, mean_y = np.average(x, weights=weight), np.average(y, weights=weight)
    slope = weight @ ((x - mean_x) * (y - mean_y)) / (weight @ (x - mean_x) ** 2)
    return float(slope), float(mean_y - slope * mean_x)


def _is_constant(values: NDArray[np.float64], weight: NDArray[np.float64]) -> bool:
    """Tell whether values vary by no more than their rounding."""
    rest = values - np.average(values, weights=weight)
    rounding = 10 * np.finfo(np.float64).eps * np.abs(values).max()
    return bool(weight @ rest**2 <= rounding**2 * weight.sum())
