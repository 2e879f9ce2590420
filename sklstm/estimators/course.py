"""How long a classifier is trained, and what becomes of its scores, judged on unseen samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import entr, logsumexp, softmax

import sklstm.training as training
from sklstm.data import LinearMap, fit_linear_map, held_out_blocks, hold_out_of_classes, no_anchor
from sklstm.estimators.held_out import ENOUGH_TO_CHOOSE, Block, exceeds_its_error, fit_without
from sklstm.estimators.options import resolve_option
from sklstm.estimators.part import Part

# Of fewer samples those held out tell nothing; of more, passes are few and take long.
_LEAST_SAMPLES, _MOST_SAMPLES = 60, 20_000
# One block of so many is held out.
_N_BLOCKS = 4
_HIGHEST_TEMPERATURE, _MOST_LINEAR = 100.0, 100.0
_SHORT, _MIDDLE, _WHOLE = 1 / 8, 1 / 3, 1.0
# More passes are sure to help where the middle course has less than this share of the short one's
# log loss, or of the entropy of the classes.
_STILL_FALLS, _NEARLY_NOTHING = 0.8, 0.1
# A linear map joins the network where it lowers the log loss by this share of the entropy.
_WORTH_A_MAP = 0.02


@dataclass(frozen=True)
class Course:
    """How a classifier is trained.

    Attributes
    ----------
    epochs_share : float in (0, 1]
        Of the passes over the samples.
    temperature : float of at least 1
        By which the network's scores are divided behind them.
    linear_weight : float of at least 0
        Of a linear map, whose values are added to these.
    encodes_steps : bool
        Whether that is told symbols and numbers of few values in several columns.
    """

    epochs_share: float = _WHOLE
    temperature: float = 1.0
    linear_weight: float = 0.0
    encodes_steps: bool = False


def find_course(estimator: Any, train: Part, n_epochs: int, seed: int) -> Course:
    """Return the course that tells samples best that it has not seen.

    Where labels are noisy, or hang on little, a short course is best: a long one learns the noise
    by heart, and is sure of it. A quarter of the samples is held out, of each class alike, or of
    windows in the order of time the last, and fits to the others take an eighth, a third, and all
    of the passes; the last is not tried where the first two leave no doubt and no map is wanted, or
    samples are fewer than 120. It is taken unless a shorter one is better by more than a standard
    error, the rule of [1]_ with the sides changed: trials have fewer samples, which makes a long
    course look worse than it is. What a course is too sure of is mended by a temperature [2]_,
    which changes no label: that of the course, or of the middle one where the whole is not tried.

    A linear map is fitted to what is kept, too. Its values are added to the network's scores where
    that lowers the log loss by a fiftieth of the classes' entropy, and by as much as a weight more
    is to bring [4]_; each has the weight that is best with the other's, which is stacking [3]_.
    Classes that hang on what stands at one step, or on the level of many, take a linear map few
    samples to learn, and a network many.

    Parameters
    ----------
    estimator : LSTMClassifier
        With a loss that has probabilities.
    train : Part
        The training part.
    n_epochs : int
        Of the whole course.
    seed : int
        Seeds the fits.

    Returns
    -------
    Course
        The whole one, without fits, of fewer than 60 or more than 20,000 samples, and where all
        that could be held out is of classes of which nothing is left; or a fit diverges: callbacks
        may prevent that in the fit itself, which else says so.

    References
    ----------
    .. [1] Breiman, Friedman, Olshen and Stone (1984), Classification and regression trees.
    .. [2] Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks,
       International Conference on Machine Learning.
    .. [3] Wolpert (1992), Stacked generalization, Neural Networks 5(2).
    .. [4] Akaike (1974), A new look at the statistical model identification, IEEE Transactions on
       Automatic Control 19(6).
    """
    if not _LEAST_SAMPLES <= len(train.y) <= _MOST_SAMPLES:
        return Course()
    numbers, weight = _numbers(estimator, train)
    kept, held_out = block = _hold_out(train, numbers, seed)
    counts = np.isin(numbers[held_out], numbers[kept]) * weight[held_out]
    if not (weight[kept].any() and counts.any()):
        return Course()
    linear = _fit_trial_map(estimator, train, kept)
    judge = _judge(train, held_out, numbers, counts, linear)

    def tell(share: float) -> _Trial:
        return _try(estimator, train, block, judge, seed, max(1, round(share * n_epochs)))

    entropy = _entropy(numbers, weight)
    try:
        share, chosen = _choose(tell, entropy, may_be_short=len(train.y) >= ENOUGH_TO_CHOOSE)
    except training.DivergedError:
        return Course()
    verdict = chosen.joined if chosen.wants_map(entropy) else chosen.alone
    is_encoded = linear is not None and linear.reading.encoding is not None
    return Course(share, verdict.temperature, verdict.linear_weight, is_encoded)


def _choose(
    tell: Callable[[float], "_Trial"], entropy: float, *, may_be_short: bool
) -> tuple[float, "_Trial"]:
    """Return the share of the passes, and what is told by it, or by one that stands for it."""
    tried = {share: tell(share) for share in (_SHORT, _MIDDLE)}
    middle = tried[_MIDDLE]
    if not may_be_short or (_is_clear(tried, entropy) and not middle.wants_map(entropy)):
        return _WHOLE, middle
    tried[_WHOLE] = tell(_WHOLE)
    share = _best(tried)
    return share, tried[share]


def fit_class_map(
    estimator: Any, part: Part, *, force: bool = False, encodes_steps: bool | None = None
) -> LinearMap | None:
    """Fit a linear map from sequences to indicators of their classes, (n_samples, n_classes).

    Parameters
    ----------
    estimator : LSTMClassifier
        With checked parameters, and its `classes_`.
    part : Part
        What it is fitted to, but for samples of classes of weight zero.
    force : bool, default=False
    encodes_steps : bool or None, default=None
        Both as of `fit_linear_map`.

    Returns
    -------
    LinearMap or None
    """
    numbers, weight = _numbers(estimator, part)
    counts, n_classes = np.flatnonzero(weight), len(estimator.classes_)
    return fit_linear_map(
        part.sequences.subset(counts),
        np.eye(n_classes)[numbers[counts]],
        weight[counts],
        no_anchor(n_classes),
        force=force,
        categorical=estimator.categorical_,
        encodes_steps=encodes_steps,
    )


def _fit_trial_map(estimator: Any, train: Part, kept: NDArray[np.int64]) -> LinearMap | None:
    """Fit a map to what is kept, if there may be one of all samples."""
    lengths = train.sequences.lengths
    if resolve_option(estimator, "linear_skip") is False or lengths.min() < lengths.max():
        return None
    return fit_class_map(estimator, train.subset(kept))


def _hold_out(train: Part, numbers: NDArray[np.int64], seed: int) -> Block:
    """Return which samples are kept, and which are held out."""
    if train.sequences.overlap:
        return held_out_blocks(train.sequences, _N_BLOCKS, seed)[-1]
    return hold_out_of_classes(numbers, _N_BLOCKS, seed)


@dataclass(frozen=True)
class _Verdict:
    """What scores say of samples not seen.

    Attributes
    ----------
    losses : ndarray of shape (n_groups,)
        Mean log losses of samples that are independent of those of other groups.
    weight : ndarray of shape (n_groups,)
        Sums to one.
    temperature, linear_weight : float
        Of the network's scores, and of the map's values, that make the mean loss least.
    """

    losses: NDArray[np.float64]
    weight: NDArray[np.float64]
    temperature: float = 1.0
    linear_weight: float = 0.0

    @property
    def loss(self) -> float:
        """The mean."""
        return float(self.weight @ self.losses)

    @property
    def n_independent(self) -> float:
        """How many samples of one weight would tell as much."""
        return float(1 / np.sum(self.weight**2))

    def is_clearly_better_than(self, other: "_Verdict") -> bool:
        """Tell whether it is better by more than a standard error."""
        return exceeds_its_error(other.losses - self.losses, self.weight)


@dataclass(frozen=True)
class _Trial:
    """What a course says of samples not seen: its network alone, and joined by the linear map."""

    alone: _Verdict
    joined: _Verdict

    def wants_map(self, entropy: float) -> bool:
        """Tell whether the map is worth having."""
        gain = self.alone.loss - self.joined.loss
        return gain > max(_WORTH_A_MAP * entropy, 1 / self.alone.n_independent)


@dataclass(frozen=True)
class _Judge:
    """Samples that are held out.

    Attributes
    ----------
    numbers : ndarray of shape (n_samples,)
        Of their classes.
    weight : ndarray of shape (n_samples,)
    groups : ndarray of shape (n_samples,)
        Samples of one group are not independent.
    linear : ndarray of shape (n_samples, n_classes) or None
        What a linear map says of them.
    """

    numbers: NDArray[np.int64]
    weight: NDArray[np.float64]
    groups: NDArray[np.int64]
    linear: NDArray[np.float64] | None

    def __call__(self, scores: NDArray[np.float64]) -> _Trial:
        """Judge a network's scores (n_samples, n_classes)."""
        alone = self._verdict(scores)
        return _Trial(alone, alone if self.linear is None else self._verdict(scores, self.linear))

    def _verdict(self, *scores: NDArray[np.float64]) -> _Verdict:
        losses, (inverse, *linear) = _log_losses(scores, self.numbers, self.weight)
        weight = np.bincount(self.groups, self.weight)
        told = weight > 0
        means = np.bincount(self.groups, self.weight * losses)[told] / weight[told]
        return _Verdict(means, weight[told] / weight.sum(), 1 / inverse, *linear)


def _judge(
    train: Part,
    held_out: NDArray[np.int64],
    numbers: NDArray[np.int64],
    weight: NDArray[np.float64],
    linear: LinearMap | None,
) -> _Judge:
    """Return what judges fits to all samples but some; `weight` is that of these."""
    rest = train.sequences.subset(held_out)
    # neighbouring windows share most of their steps
    length = int(rest.lengths.max()) if rest.overlap else 1
    return _Judge(
        numbers[held_out],
        weight,
        np.arange(len(held_out)) // length,
        None if linear is None else linear(rest),
    )


def _try(
    estimator: Any, train: Part, block: Block, judge: _Judge, seed: int, n_epochs: int
) -> _Trial:
    """Fit to all but one block of samples, and judge that."""
    trial, rest = fit_without(
        estimator, train, block, seed, classes=estimator.classes_, max_epochs=n_epochs
    )
    return judge(trial._run_net(rest.sequences).numpy())


def _log_losses(
    scores: Sequence[NDArray[np.float64]], numbers: NDArray[np.int64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the losses of a sum of scores (n_samples, n_classes), and the factors that suit it.

    The factor of the first is one at most.
    """
    table = np.stack(scores)  # (n_scores, n_samples, n_classes)
    right = table[:, np.arange(len(numbers)), numbers]  # (n_scores, n_samples)
    share = weight / weight.sum()

    def mean(factors: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total = np.tensordot(factors, table, 1)  # (n_samples, n_classes)
        said = (softmax(total, axis=1) * table).sum(axis=2)  # (n_scores, n_samples)
        return float(share @ (logsumexp(total, axis=1) - factors @ right)), (said - right) @ share

    bounds = [(1 / _HIGHEST_TEMPERATURE, 1.0), *[(0.0, _MOST_LINEAR)] * (len(scores) - 1)]
    start = np.array([1.0, *[0.0] * (len(scores) - 1)])
    factors = minimize(mean, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    total = np.tensordot(factors, table, 1)
    return logsumexp(total, axis=1) - factors @ right, factors


def _numbers(estimator: Any, part: Part) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the numbers of the classes, and the weights in the loss, both of (n_samples,)."""
    numbers, weight = estimator._encode(part)
    return numbers, np.ones(len(numbers)) if weight is None else weight


def _entropy(numbers: NDArray[np.int64], weight: NDArray[np.float64]) -> float:
    """Return the log loss of one who knows no more than how frequent the classes are."""
    return float(entr(np.bincount(numbers, weight) / weight.sum()).sum())


def _is_clear(tried: dict[float, _Trial], entropy: float) -> bool:
    """Tell whether the short and the middle course say that more passes will help."""
    short, middle = tried[_SHORT].alone.loss, tried[_MIDDLE].alone.loss
    return middle < _STILL_FALLS * short or middle < _NEARLY_NOTHING * entropy


def _best(tried: dict[float, _Trial]) -> float:
    """Return the shorter share that is better, if it is clearly so, else the whole."""
    shorter = min((_SHORT, _MIDDLE), key=lambda share: tried[share].alone.loss)
    is_better = tried[shorter].alone.is_clearly_better_than(tried[_WHOLE].alone)
    return shorter if is_better else _WHOLE
