"""What makes up a prediction: fits to parts of the samples, judged on the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import sklstm.training as training
from sklstm.data import Anchor, columns, held_out_blocks
from sklstm.estimators.held_out import (
    ENOUGH_TO_CHOOSE,
    Block,
    exceeds_its_error,
    fit_without,
)
from sklstm.estimators.inputs import puts_bins_beside
from sklstm.estimators.part import Part, Plan

_MIN_SAMPLES = 30
# Blocks up to so many samples; beyond the last, a network is trusted as it is.
_N_BLOCKS = ((1_000, 4), (20_000, 2))


@dataclass(frozen=True)
class _Rules:
    """What decides between candidates.

    Attributes
    ----------
    map_handicap : float
        Factor of the squared error of candidates that have a map.
    encoding_handicap : float
        The same of those whose map is told symbols and numbers of few values in several columns.
    drops_out : float
        A candidate of so many times the squared error of the best one is not tried on further
        blocks.
    least_trust : float
        Where there is a candidate with a map, one without whose network is trusted less is the
        last choice.
    """

    map_handicap: float
    encoding_handicap: float
    drops_out: float
    least_trust: float

    def error(self, plan: Plan, trials: Sequence["_Trial"], *, has_map: bool) -> float:
        """Return the squared error of a block by which candidates are told apart."""
        error = _squared_error(trials) / len(trials)
        if plan.linear_skip:
            handicap = self.encoding_handicap if plan.encodes_steps else 1.0
            return self.map_handicap * handicap * error
        return np.inf if has_map and _trust(trials) < self.least_trust else error


# More data helps a network more than a map, and trials have less.
_OF_SEPARATE_SEQUENCES = _Rules(
    map_handicap=1.15, encoding_handicap=1.0, drops_out=1.5, least_trust=0.0
)
# What is to come lies beyond what was, and there a map goes on: it has no handicap. One that tells
# so much that the network is left with little goes on straight where that would have bent.
_OF_WINDOWS = _Rules(map_handicap=1.0, encoding_handicap=1.15, drops_out=1.15, least_trust=0.5)
# A shorter course, and of what share of the targets' variance in error it has nothing to mend.
_SHORT, _NEARLY_NOTHING = 1 / 3, 0.1
# What goes on from a candidate of so many times the squared error of the best one is not tried.
_HOPELESS = 1.5


def find_plan(estimator: Any, train: Part, seed: int, plan: Plan, anchor: Anchor) -> Plan:
    """Return what suits samples not seen: the map or none, the pooling, the network's factor.

    Blocks of samples are held out in turn, the estimator is fitted to the others, and the factor
    is the slope, within [0, 1], of a regression through the origin of what was to be predicted
    on what the network predicted. It is one step of stacking [1]_. The blocks tell candidates
    apart, too: those far behind after a block drop out, as in a race [2]_.

    Candidates, each with one change more than the one before it:

    - of sequences that do not overlap the given plan, without the map, from the last state alone;
    - of overlapping windows of several features with a map that reads features as numbers, the
      given plan, without the map, with bins beside the numbers;
    - of overlapping windows of one feature the given plan.

    Sequences that do not overlap need half of the blocks. One without the map is taken if it is
    nearly as good, since all samples will help it more than they help a map. Of 120 samples or more
    the best is then tried with a third of the passes, where something is left to be told, and that
    is taken if it is better by more than a standard error: on a long course noise in targets is
    learnt by heart. Windows of several features need the two blocks at the ends alone, and take a
    network without the map where it is better and trusted by half.

    Parameters
    ----------
    estimator : LSTMRegressor
    train : Part
        The training part.
    seed : int
        Seeds the fits.
    plan : Plan
        The first candidate.
    anchor : Anchor
        Says which features the network sees relative to their last value.

    Returns
    -------
    Plan
        The given one, without fits, of fewer than 30 or more than 20,000 samples, and where all
        fits diverge: callbacks may prevent that in the fit itself, which else says so.

    References
    ----------
    .. [1] Breiman (1996), Stacked regressions, Machine Learning 24.
    .. [2] Maron and Moore (1994), Hoeffding races: accelerating model selection search for
       classification and function approximation, Advances in Neural Information Processing
       Systems 6.
    """
    n_blocks = next((n for most, n in _N_BLOCKS if len(train.y) <= most), 0)
    if len(train.y) < _MIN_SAMPLES or n_blocks == 0:
        return plan
    blocks = held_out_blocks(train.sequences, n_blocks, seed)
    candidates, alone = [plan], replace(plan, linear_skip=False, encodes_steps=False)
    if train.sequences.overlap:
        rules = _OF_WINDOWS
        if train.sequences.n_features > 1:
            candidates = [replace(plan, encodes_steps=False), plan, alone]
            if _may_take_bins(estimator, train, anchor):
                candidates.append(replace(alone, feature_encoding="concat"))
            # the ends are enough: they lie beyond the rest, as what is to come does
            blocks = [blocks[0], *blocks[1:][-1:]]
    else:
        rules = _OF_SEPARATE_SEQUENCES
        # they are drawn, and few of them tell what a network is worth
        blocks = blocks[: -(-len(blocks) // 2)]
        candidates.append(alone)
        if estimator.pooling == "auto":
            candidates.append(replace(alone, pooling="last"))
    found = _race(rules, list(dict.fromkeys(candidates)), estimator, train, blocks, seed)
    if found is None:
        return plan
    best, told = found
    is_asked = len(train.y) >= ENOUGH_TO_CHOOSE and estimator._has_free_course
    if is_asked and not train.sequences.overlap and _mean_error(told) > _NEARLY_NOTHING:
        best, told = _shortened(best, told, estimator, train, blocks, seed)
    return replace(best, trust=_trust(told))


def _may_take_bins(estimator: Any, train: Part, anchor: Anchor) -> bool:
    """Tell whether bins beside the numbers are allowed, and another way to tell these."""
    is_free = estimator.feature_encoding == "auto" and estimator.standardize
    return is_free and puts_bins_beside(train.sequences, anchor, estimator.categorical_)


def _race(
    rules: _Rules,
    candidates: Sequence[Plan],
    estimator: Any,
    train: Part,
    blocks: Sequence[Block],
    seed: int,
) -> tuple[Plan, list["_Trial"]] | None:
    """Return the candidate that tells held-out blocks best, and what it tells of them.

    Each candidate changes one thing more than the one before it: those behind one that is far
    behind are not tried. One that diverges drops out; None is left if all do.
    """
    has_map = any(plan.linear_skip for plan in candidates)
    trials: dict[Plan, list[_Trial]] = {plan: [] for plan in candidates}
    errors: dict[Plan, float] = {}  # of all that have not diverged
    left = list(candidates)
    for number, block in enumerate(blocks):
        for plan in left:
            try:
                trials[plan].append(_try(estimator, train, block, seed + number, plan))
            except training.DivergedError:
                errors.pop(plan, None)
                continue
            errors[plan] = rules.error(plan, trials[plan], has_map=has_map)
            if number == 0 and errors[plan] > _HOPELESS * min(errors.values()):
                break
        if not errors:
            return None
        left = [plan for plan in left if plan in errors]
        best = min(left or errors, key=errors.__getitem__)
        left = [plan for plan in left if errors[plan] <= rules.drops_out * errors[best]]
    return best, trials[best]


def _shortened(
    plan: Plan,
    told: list["_Trial"],
    estimator: Any,
    train: Part,
    blocks: Sequence[Block],
    seed: int,
) -> tuple[Plan, list["_Trial"]]:
    """Return the plan with a third of the passes, if that is clearly better, and its trials."""
    short = replace(plan, epochs_share=_SHORT)
    try:
        others = [
            _try(estimator, train, block, seed + number, short)
            for number, block in enumerate(blocks[: len(told)])
        ]
    except training.DivergedError:
        return plan, told
    is_better = exceeds_its_error(_errors(told) - _errors(others), _weight(told))
    return (short, others) if is_better else (plan, told)


@dataclass(frozen=True)
class _Trial:
    """What one fit says of samples that it has not seen, (n_samples, n_outputs).

    Standardised; `scale` brings them to units of the target's spread.
    """

    predicted: NDArray[np.float64]
    wanted: NDArray[np.float64]
    weight: NDArray[np.float64]
    scale: NDArray[np.float64]


def _try(estimator: Any, train: Part, block: Block, seed: int, plan: Plan) -> _Trial:
    """Fit to all but one block of samples, and tell that."""
    spread = columns(train.targets).std(axis=0)
    trial, rest = fit_without(estimator, train, block, seed, plan=plan)
    targets = trial.targets_
    return _Trial(
        trial._network_part(rest.sequences),
        targets.encode(rest.y, rest.sequences, np.float64),
        np.ones(len(rest.y)) if rest.weight is None else rest.weight,
        targets.scale / np.where(spread > 0, spread, 1.0),
    )


def _trust(trials: Sequence[_Trial]) -> float:
    """Return the slope of what was wanted on what was predicted."""
    explained = sum(float(t.weight @ (t.predicted * t.wanted).sum(axis=1)) for t in trials)
    total = sum(float(t.weight @ (t.predicted**2).sum(axis=1)) for t in trials)
    return float(np.clip(explained / total, 0.0, 1.0)) if total > 0 else 1.0


def _errors(trials: Sequence[_Trial]) -> NDArray[np.float64]:
    """Return the squared error of each sample, of all targets in units of their spread."""
    trust = _trust(trials)
    errors = [(((t.wanted - trust * t.predicted) * t.scale) ** 2).sum(axis=1) for t in trials]
    return np.concatenate(errors)


def _squared_error(trials: Sequence[_Trial]) -> float:
    """Return the sum of squared errors."""
    error = float(_weight(trials) @ _errors(trials))
    return np.inf if np.isnan(error) else error


def _mean_error(trials: Sequence[_Trial]) -> float:
    """Return the mean squared error, as a share of the targets' variance."""
    total: float = _weight(trials).sum() * trials[0].wanted.shape[1]
    return _squared_error(trials) / total


def _weight(trials: Sequence[_Trial]) -> NDArray[np.float64]:
    return np.concatenate([trial.weight for trial in trials])
