"""How a network and a linear map are to share: fits to parts of the samples, judged on the rest."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm.data import columns, held_out_blocks
from sklstm.estimators.part import Part

_MIN_SAMPLES = 30
# Blocks up to so many samples; beyond the last, a network is trusted as it is.
_N_BLOCKS = ((1_000, 4), (20_000, 2))


@dataclass(frozen=True)
class Plan:
    """What makes up a prediction beside the anchor.

    Attributes
    ----------
    linear_skip : bool
        Whether the linear map is part of it.
    trust : float in [0, 1]
        Factor of the network's part.
    """

    linear_skip: bool
    trust: float = 1.0


def find_plan(estimator: Any, train: Part, seed: int, *, linear_skip: bool) -> Plan:
    """Return what suits samples not seen: the map or none, and the factor of the network's part.

    Blocks of samples are held out in turn, the estimator is fitted to the others, and the factor
    is the slope, within [0, 1], of a regression through the origin of what was to be predicted
    on what the network predicted. It is one step of stacking [1]_. Where sequences do not overlap,
    half of the blocks are enough; where there is a map, they are then told twice, by networks
    beside it and by networks alone, and the map goes where these tell them better.

    Parameters
    ----------
    estimator : LSTMRegressor
    train : Part
        The training part.
    seed : int
        Seeds the fits.
    linear_skip : bool
        Whether there is a linear map.

    Returns
    -------
    Plan
        The map as it is and a factor of 1, without fits, of fewer than 30 or more than 20,000
        samples.

    References
    ----------
    .. [1] Breiman (1996), Stacked regressions, Machine Learning 24.
    """
    n_blocks = next((n for most, n in _N_BLOCKS if len(train.y) <= most), 0)
    if len(train.y) < _MIN_SAMPLES or n_blocks == 0:
        return Plan(linear_skip)
    blocks = held_out_blocks(train.sequences, n_blocks, seed)
    choices = [linear_skip]
    if not train.sequences.overlap:  # blocks are drawn, and few of them tell
        blocks = blocks[: -(-len(blocks) // 2)]
        choices = [True, False] if linear_skip else [False]
    plans = []
    for skip in choices:
        trials = _try(estimator, train, blocks, seed, linear_skip=skip)
        trust = _trust(trials)
        plans.append((_squared_error(trials, trust), Plan(skip, trust)))
    return min(plans, key=lambda plan: plan[0])[1]


@dataclass(frozen=True)
class _Trial:
    """What one fit says of samples that it has not seen, (n_samples, n_outputs).

    Standardised, in units of which there are `scale` to the spread of a target.
    """

    predicted: NDArray[np.float64]
    wanted: NDArray[np.float64]
    weight: NDArray[np.float64]
    scale: NDArray[np.float64]


def _try(
    estimator: Any,
    train: Part,
    blocks: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    seed: int,
    *,
    linear_skip: bool,
) -> list[_Trial]:
    """Fit to all but one block of samples, and tell that, block by block."""
    spread = columns(train.targets).std(axis=0)
    trials = []
    for number, (kept, held_out) in enumerate(blocks):
        trial = _like(estimator, linear_skip=linear_skip, random_state=seed + number)
        part, rest = train.subset(kept), train.subset(held_out)
        trial.fit(part.sequences, part.y, part.weight)
        if trial.net_.interrupts_.seen:  # a fit that the user ends keeps what it has; not so here
            raise KeyboardInterrupt
        rest = rest.limited(trial.input_limits_)
        targets = trial.targets_
        trials.append(
            _Trial(
                trial._network_part(rest.sequences),
                targets.encode(rest.y, rest.sequences, np.float64),
                np.ones(len(rest.y)) if rest.weight is None else rest.weight,
                targets.scale / np.where(spread > 0, spread, 1.0),
            )
        )
    return trials


def _trust(trials: Sequence[_Trial]) -> float:
    """Return the slope of what was wanted on what was predicted."""
    explained = sum(float(t.weight @ (t.predicted * t.wanted).sum(axis=1)) for t in trials)
    total = sum(float(t.weight @ (t.predicted**2).sum(axis=1)) for t in trials)
    return float(np.clip(explained / total, 0.0, 1.0)) if total > 0 else 1.0


def _squared_error(trials: Sequence[_Trial], trust: float) -> float:
    """Return the sum of squared errors, of all targets in units of their spread."""
    return sum(
        float(t.weight @ (((t.wanted - trust * t.predicted) * t.scale) ** 2).sum(axis=1))
        for t in trials
    )


def _like(estimator: Any, **changed: Any) -> Any:
    """Return an estimator to fit, of the same parameters but for those of the fit's course."""
    trial = copy(estimator)  # not a clone: that would make new callbacks, which nobody wants here
    course = {"early_stopping": False, "warm_start": False, "callbacks": None, "verbose": 0}
    # names and dtypes of X are gone from what a trial is given
    changed["categorical_features"] = estimator.categorical_
    for name, value in {**course, **changed}.items():
        setattr(trial, name, value)
    return trial
