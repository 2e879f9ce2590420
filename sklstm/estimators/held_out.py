"""Fits to a part of the samples, to see what they make of the rest."""

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklstm.estimators.part import FitArguments, Part, Plan

Block = tuple[NDArray[np.int64], NDArray[np.int64]]
# Of fewer samples those held out do not tell a shorter course from a longer one.
ENOUGH_TO_CHOOSE = 120


def fit_without(
    estimator: Any,
    train: Part,
    block: Block,
    seed: int,
    *,
    classes: ArrayLike | None = None,
    plan: Plan | None = None,
    **changed: Any,
) -> tuple[Any, Part]:
    """Fit an estimator's like to all samples but those of a block.

    Parameters
    ----------
    estimator : BaseLSTM
        With checked parameters.
    train : Part
        The training part.
    block : (kept, held_out)
        Indices of its samples.
    seed : int
        Seeds the fit.
    classes : array-like or None, default=None
        All labels, some of which may be missing among those kept.
    plan : Plan or None, default=None
        What the fit would else find by trials of its own.
    **changed
        Parameters that are other than the estimator's.

    Returns
    -------
    trial : BaseLSTM
        The one that was fitted.
    rest : Part
        What it has not seen, as it is to be read.

    Raises
    ------
    KeyboardInterrupt
        If the user interrupts: a fit keeps what it has then, and is of no use here.
    """
    kept, held_out = block
    part = train.subset(kept)
    trial = _like(estimator, random_state=seed, **changed)
    given = FitArguments(part.sequences, part.y, part.weight, classes=classes, plan=plan)
    trial._fit(given, resume=False)
    if trial.net_.interrupts_.seen:
        raise KeyboardInterrupt
    return trial, train.subset(held_out).limited(trial.input_limits_)


def exceeds_its_error(gain: NDArray[np.float64], weight: NDArray[np.float64]) -> bool:
    """Tell whether a mean gain is above zero by more than a standard error.

    Parameters
    ----------
    gain : ndarray of shape (n_samples,)
        Of samples that are independent.
    weight : ndarray of shape (n_samples,)

    Returns
    -------
    bool
        False of one sample, of which nothing can be told, and where a gain is no finite number.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.estimators.held_out import exceeds_its_error
    >>> exceeds_its_error(np.array([0.1, 0.2, 0.3]), np.ones(3))
    True
    >>> exceeds_its_error(np.array([0.1, 0.9, -0.4]), np.ones(3))
    False
    """
    if not np.isfinite(gain).all():
        return False
    share = weight / weight.sum()
    mean = float(share @ gain)
    spread = float(np.linalg.norm(share * (gain - mean)))
    # n samples of one weight have n - 1 degrees of freedom
    freedom = max(1 - float(np.sum(share**2)), 0.0)
    return bool(mean * np.sqrt(freedom) > spread)


def _like(estimator: Any, **changed: Any) -> Any:
    """Return an estimator to fit, of the same parameters but for those of the fit's course."""
    trial = copy(estimator)  # not a clone: that would make new callbacks, which nobody wants here
    course = {"early_stopping": False, "warm_start": False, "callbacks": None, "verbose": 0}
    # names and dtypes of X are gone from what a trial is given
    changed["categorical_features"] = estimator.categorical_
    for name, value in {**course, **changed}.items():
        setattr(trial, name, value)
    return trial
