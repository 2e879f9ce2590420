"""Fits to a part of the samples, to see what they make of the rest."""

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklstm.estimators.part import FitArguments, Part

Block = tuple[NDArray[np.int64], NDArray[np.int64]]


def fit_without(
    estimator: Any,
    train: Part,
    block: Block,
    seed: int,
    *,
    classes: ArrayLike | None = None,
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
    trial._fit(FitArguments(part.sequences, part.y, part.weight, classes=classes), resume=False)
    if trial.net_.interrupts_.seen:
        raise KeyboardInterrupt
    return trial, train.subset(held_out).limited(trial.input_limits_)


def _like(estimator: Any, **changed: Any) -> Any:
    """Return an estimator to fit, of the same parameters but for those of the fit's course."""
    trial = copy(estimator)  # not a clone: that would make new callbacks, which nobody wants here
    course = {"early_stopping": False, "warm_start": False, "callbacks": None, "verbose": 0}
    # names and dtypes of X are gone from what a trial is given
    changed["categorical_features"] = estimator.categorical_
    for name, value in {**course, **changed}.items():
        setattr(trial, name, value)
    return trial
