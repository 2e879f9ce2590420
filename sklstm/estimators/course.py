"""How long a classifier is trained, and how sure it may be: fits judged on unseen samples."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import entr, log_softmax

from sklstm.data import held_out_blocks
from sklstm.estimators.held_out import Block, fit_without
from sklstm.estimators.part import Part

# Of fewer samples those held out tell nothing; of more, passes are few and take long.
_LEAST_SAMPLES, _MOST_SAMPLES = 60, 20_000
# Of fewer samples those held out do not tell a shorter course from a longer one.
_ENOUGH_TO_CHOOSE = 120
# One block of so many is held out; each class in so many runs at most, since copies of windows may
# overlap without our knowing.
_N_BLOCKS, _N_RUNS = 4, 40
_HIGHEST_TEMPERATURE = 100.0
_SHORT, _MIDDLE, _WHOLE = 1 / 8, 1 / 3, 1.0
# More passes are sure to help where the middle course has less than this share of the short one's
# log loss, or of the entropy of the classes.
_STILL_FALLS, _NEARLY_NOTHING = 0.8, 0.1


@dataclass(frozen=True)
class Course:
    """How a classifier is trained.

    Attributes
    ----------
    share : float in (0, 1]
        Of the passes over the samples.
    temperature : float of at least 1
        By which the scores are divided behind them.
    """

    share: float = _WHOLE
    temperature: float = 1.0


def find_course(estimator: Any, train: Part, n_epochs: int, seed: int) -> Course:
    """Return the course that tells samples best that it has not seen.

    Where labels are noisy, or hang on little, a short course is best: a long one learns the noise
    by heart, and is sure of it. A quarter of the samples is held out, of each class alike, or of
    windows in the order of time the last, and fits to the others take an eighth, a third, and all
    of the passes; the last is not tried where the first two leave no doubt, or samples are fewer
    than 120. It is taken unless a shorter one is better by more than a standard error, the rule of
    [1]_ with the sides changed: trials have fewer samples, which makes a long course look worse
    than it is. What a course is too sure of is mended by a temperature [2]_, which changes no
    label: that of the course, or of the middle one where the whole is not tried.

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
        that could be held out is of classes of which nothing is left.

    Raises
    ------
    DivergedError
        If a trial diverges.

    References
    ----------
    .. [1] Breiman, Friedman, Olshen and Stone (1984), Classification and regression trees.
    .. [2] Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks,
       International Conference on Machine Learning.
    """
    if not _LEAST_SAMPLES <= len(train.y) <= _MOST_SAMPLES:
        return Course()
    numbers, weight = _numbers(estimator, train)
    kept, held_out = block = _hold_out(train, numbers, seed)
    counts = np.isin(numbers[held_out], numbers[kept]) * weight[held_out]
    if not (weight[kept].any() and counts.any()):
        return Course()

    def tell(share: float) -> _Verdict:
        return _try(estimator, train, block, counts, seed, max(1, round(share * n_epochs)))

    tried = {share: tell(share) for share in (_SHORT, _MIDDLE)}
    if len(train.y) < _ENOUGH_TO_CHOOSE or _is_clear(tried, _entropy(numbers, weight)):
        return Course(_WHOLE, tried[_MIDDLE].temperature)
    tried[_WHOLE] = tell(_WHOLE)
    share = _best(tried)
    return Course(share, tried[share].temperature)


def _hold_out(train: Part, numbers: NDArray[np.int64], seed: int) -> Block:
    """Return which samples are kept, and which are held out."""
    if train.sequences.overlap:
        return held_out_blocks(train.sequences, _N_BLOCKS, seed)[-1]
    rng, held_out = np.random.default_rng(seed), [np.empty(0, dtype=np.int64)]
    for number in np.unique(numbers):
        members = np.flatnonzero(numbers == number)
        runs = np.array_split(members, min(_N_RUNS, len(members)))
        chosen = rng.permutation(len(runs))[: round(len(runs) / _N_BLOCKS)]
        held_out += [runs[i] for i in chosen]
    block = np.sort(np.concatenate(held_out))
    return np.setdiff1d(np.arange(len(numbers)), block), block


@dataclass(frozen=True)
class _Verdict:
    """What a course says of samples not seen.

    Attributes
    ----------
    losses : ndarray of shape (n_groups,)
        Mean log losses of samples that are independent of those of other groups.
    weight : ndarray of shape (n_groups,)
        Sums to one.
    temperature : float
        Of the scores, that makes the mean loss least.
    """

    losses: NDArray[np.float64]
    weight: NDArray[np.float64]
    temperature: float

    @property
    def loss(self) -> float:
        """The mean."""
        return float(self.weight @ self.losses)

    def is_clearly_better_than(self, other: "_Verdict") -> bool:
        """Tell whether it is better by more than a standard error."""
        gain = other.losses - self.losses
        mean = float(self.weight @ gain)
        spread = float(np.linalg.norm(self.weight * (gain - mean)))
        # n groups of one weight have n - 1 degrees of freedom: of one alone nothing can be told
        freedom = max(1 - float(np.sum(self.weight**2)), 0.0)
        return bool(mean * np.sqrt(freedom) > spread)


def _try(
    estimator: Any,
    train: Part,
    block: Block,
    counts: NDArray[np.float64],
    seed: int,
    n_epochs: int,
) -> _Verdict:
    """Fit to all but one block of samples, and judge that; `counts` is their weight."""
    trial, rest = fit_without(
        estimator, train, block, seed, classes=estimator.classes_, max_epochs=n_epochs
    )
    scores = trial._run_net(rest.sequences).numpy()
    # neighbouring windows share most of their steps
    length = int(rest.sequences.lengths.max()) if rest.sequences.overlap else 1
    losses, temperature = _log_losses(scores, _numbers(trial, rest)[0], counts)
    groups = np.arange(len(losses)) // length
    weight = np.bincount(groups, counts)
    told = weight > 0
    means = np.bincount(groups, counts * losses)[told] / weight[told]
    return _Verdict(means, weight[told] / weight.sum(), temperature)


def _log_losses(
    scores: NDArray[np.float64], numbers: NDArray[np.int64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return the losses of scores (n_samples, n_classes) at the best temperature, and that."""

    def losses(inverse: float) -> NDArray[np.float64]:
        log_p = log_softmax(inverse * scores, axis=1)
        return np.asarray(-log_p[np.arange(len(numbers)), numbers])

    def mean(inverse: float) -> float:
        return float(np.average(losses(inverse), weights=weight))

    bounds = (1 / _HIGHEST_TEMPERATURE, 1.0)
    found = float(minimize_scalar(mean, bounds=bounds, method="bounded").x)
    best = min(found, 1.0, key=mean)
    return losses(best), 1 / best


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
    return shorter if tried[shorter].is_clearly_better_than(tried[_WHOLE]) else _WHOLE
