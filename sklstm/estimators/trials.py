"""How far a network is to be trusted: fits to parts of the samples, judged on the rest."""

from copy import copy
from typing import Any

import numpy as np

from sklstm.data import held_out_blocks
from sklstm.estimators.part import Part

_MIN_SAMPLES = 30
# Blocks up to so many samples; beyond the last, a network is trusted as it is.
_N_BLOCKS = ((1_000, 4), (20_000, 2))


def find_trust(estimator: Any, train: Part, seed: int, *, linear_skip: bool) -> float:
    """Return the factor of the network's part of a prediction that suits samples not seen.

    Blocks of samples are held out in turn, the estimator is fitted to the others, and the factor
    is the slope, within [0, 1], of a regression through the origin of what was to be predicted
    on what the network predicted. It is one step of stacking [1]_.

    Parameters
    ----------
    estimator : LSTMRegressor
    train : Part
        The training part.
    seed : int
        Seeds the fits.
    linear_skip : bool
        Whether the fits have a linear map.

    Returns
    -------
    float
        1 of fewer than 30 or more than 20,000 samples, without fits.

    References
    ----------
    .. [1] Breiman (1996), Stacked regressions, Machine Learning 24.
    """
    n_blocks = next((n for most, n in _N_BLOCKS if len(train.y) <= most), 0)
    if len(train.y) < _MIN_SAMPLES or n_blocks == 0:
        return 1.0
    explained = total = 0.0
    for number, (kept, held_out) in enumerate(held_out_blocks(train.sequences, n_blocks, seed)):
        trial = _like(estimator, linear_skip=linear_skip, random_state=seed + number)
        part, rest = train.subset(kept), train.subset(held_out)
        trial.fit(part.sequences, part.y, part.weight)
        if trial.net_.interrupts_.seen:  # a fit that the user ends keeps what it has; not so here
            raise KeyboardInterrupt
        predicted = trial._network_part(rest.sequences)
        wanted = trial.targets_.encode(rest.y, rest.sequences, np.float64)
        weight = np.ones(len(rest.y)) if rest.weight is None else rest.weight
        explained += float(weight @ (predicted * wanted).sum(axis=1))
        total += float(weight @ (predicted**2).sum(axis=1))
    return float(np.clip(explained / total, 0.0, 1.0)) if total > 0 else 1.0


def _like(estimator: Any, **changed: Any) -> Any:
    """Return an estimator to fit, of the same parameters but for those of the fit's course."""
    trial = copy(estimator)  # not a clone: that would make new callbacks, which nobody wants here
    course = {"early_stopping": False, "warm_start": False, "callbacks": None, "verbose": 0}
    # names and dtypes of X are gone from what a trial is given
    changed["categorical_features"] = estimator.categorical_
    for name, value in {**course, **changed}.items():
        setattr(trial, name, value)
    return trial
