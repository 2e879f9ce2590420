"""How long a classifier is trained, and how sure it may be: fits judged on unseen samples."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import entr, log_softmax

from sklstm.data import held_out_blocks
from sklstm.estimators.held_out import Block, fit_without
from sklstm.estimators.network import may_crop
from sklstm.estimators.part import Part

# Of fewer samples those held out tell nothing; of more, passes are few and take long.
_LEAST_SAMPLES, _MOST_SAMPLES = 60, 20_000
_N_BLOCKS = 4
_SHORT, _MIDDLE, _WHOLE = 1 / 8, 1 / 3, 1.0
# More passes are sure to help where the middle course has less than this share of the short one's
# log loss, or of the entropy of the classes.
_STILL_FALLS, _NEARLY_NOTHING = 0.8, 0.1
# By how many standard errors a shorter course must be better than the whole, and whole sequences
# than cropped ones: a short course hardly shows what crops are for.
_CLEARLY, _HANGS_ON_HEADS = 1, 4


@dataclass(frozen=True)
class Course:
    """How a classifier is trained.

    Attributes
    ----------
    random_crop : float or "auto"
        Share of a sequence that is left out at most.
    share : float in (0, 1]
        Of the passes over the samples.
    trust : float in [0, 1]
        Factor of the scores behind them.
    """

    random_crop: float | str
    share: float = _WHOLE
    trust: float = 1.0


def find_course(estimator: Any, train: Part, n_epochs: int, seed: int) -> Course:
    """Return the course that tells samples best that it has not seen.

    Where labels are noisy, or hang on little, a short course is best: a long one learns the noise
    by heart, and is sure of it. A quarter of the samples is held out, of windows in the order of
    time the last, and fits to the others take an eighth, a third, and all of the passes; the last
    is not tried where the first two leave no doubt. It is taken unless a shorter one is better by
    more than a standard error, the rule of [1]_ with the sides changed: trials have fewer samples,
    which makes a long course look worse than it is. A short fit to whole sequences tells whether
    classes hang on their heads, which must not be left out then. What a course is too sure of is
    mended by a factor of its scores, the reciprocal of the temperature of [2]_, which changes no
    label.

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
        The whole one, fully trusted, without fits, of fewer than 60 or more than 20,000 samples.

    References
    ----------
    .. [1] Breiman, Friedman, Olshen and Stone (1984), Classification and regression trees.
    .. [2] Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks,
       International Conference on Machine Learning.
    """
    crop = estimator.random_crop
    if not _LEAST_SAMPLES <= len(train.y) <= _MOST_SAMPLES:
        return Course(crop)
    block = held_out_blocks(train.sequences, _N_BLOCKS, seed)[-1]
    numbers, weight = _numbers(estimator, train)
    if not all(weight[side].any() for side in block):
        return Course(crop)

    def tell(crop: float | str, share: float) -> _Verdict:
        passes = max(1, round(share * n_epochs))
        return _try(estimator, train, block, seed, max_epochs=passes, random_crop=crop)

    tried = {_SHORT: tell(crop, _SHORT)}
    if crop == "auto" and may_crop(train.sequences):
        whole = tell(0.0, _SHORT)
        if whole.is_better_than(tried[_SHORT], _HANGS_ON_HEADS):
            crop, tried[_SHORT] = 0.0, whole
    tried[_MIDDLE] = tell(crop, _MIDDLE)
    if _is_clear(tried, _entropy(numbers, weight)):
        return Course(crop, _WHOLE, tried[_MIDDLE].trust)
    tried[_WHOLE] = tell(crop, _WHOLE)
    share = _best(tried)
    return Course(crop, share, tried[share].trust)


@dataclass(frozen=True)
class _Verdict:
    """What a course says of samples not seen.

    Their log losses, (n_samples,), with the factor of the scores that makes the mean least, and
    weights that sum to one.
    """

    losses: NDArray[np.float64]
    weight: NDArray[np.float64]
    trust: float

    @property
    def loss(self) -> float:
        """The mean."""
        return float(self.weight @ self.losses)

    def is_better_than(self, other: "_Verdict", n_errors: float) -> bool:
        """Tell whether it is better by more than so many standard errors."""
        gain = other.losses - self.losses
        mean = float(self.weight @ gain)
        return mean > n_errors * float(np.linalg.norm(self.weight * (gain - mean)))


def _try(estimator: Any, train: Part, block: Block, seed: int, **changed: Any) -> _Verdict:
    """Fit to all but one block of samples, and judge that."""
    trial, rest = fit_without(estimator, train, block, seed, classes=estimator.classes_, **changed)
    return _judge(trial._run_net(rest.sequences).numpy(), *_numbers(trial, rest))


def _judge(
    scores: NDArray[np.float64], numbers: NDArray[np.int64], weight: NDArray[np.float64]
) -> _Verdict:
    """Find the factor of scores (n_samples, n_classes) by which they tell best."""

    def judged(trust: float) -> _Verdict:
        log_p = log_softmax(trust * scores, axis=1)
        return _Verdict(-log_p[np.arange(len(numbers)), numbers], weight / weight.sum(), trust)

    found = minimize_scalar(lambda trust: judged(trust).loss, bounds=(0, 1), method="bounded")
    return min(judged(float(found.x)), judged(1.0), key=lambda verdict: verdict.loss)


def _numbers(estimator: Any, part: Part) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the numbers of the classes, and the weights in the loss, both of (n_samples,)."""
    numbers, weight = estimator._encode(part)
    return numbers, np.ones(len(numbers)) if weight is None else weight


def _entropy(numbers: NDArray[np.int64], weight: NDArray[np.float64]) -> float:
    """Return the log loss of one who knows no more than how frequent the classes are."""
    return float(entr(np.bincount(numbers, weight) / weight.sum()).sum())


def _is_clear(tried: dict[float, _Verdict], entropy: float) -> bool:
    """Tell whether the short and the middle course say that more passes will help."""
    short, middle = tried[_SHORT].loss, tried[_MIDDLE].loss
    return middle < _STILL_FALLS * short or middle < _NEARLY_NOTHING * entropy


def _best(tried: dict[float, _Verdict]) -> float:
    """Return the shorter share that is better, if it is clearly so, else the whole."""
    shorter = min((_SHORT, _MIDDLE), key=lambda share: tried[share].loss)
    return shorter if tried[shorter].is_better_than(tried[_WHOLE], _CLEARLY) else _WHOLE
