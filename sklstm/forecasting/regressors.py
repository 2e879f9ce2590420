"""What a forecaster asks of a regressor."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from numpy.typing import NDArray
from sklearn.utils import get_tags

from sklstm.data import LITTLE_TRUST

# Losses of targets that are not below zero, and the parameters that name them.
_POSITIVE_LOSSES = ("poisson", "gamma", "tweedie")
_NAME_A_LOSS = ("loss", "criterion", "objective")
# scikit-learn's wrappers that check X themselves, and take no more than a table. Others hand it on.
_OF_TABLES = {
    "BaseBagging",
    "RANSACRegressor",
    "RFE",
    "SequentialFeatureSelector",
    "_BaseChain",
}


def takes_sequences(regressor: Any) -> bool:
    """Tell whether the estimators that data comes to first say that they take three dimensions."""
    chain = _chain(regressor)
    if not chain:
        return False
    members = _members(chain[0])
    if members:
        return all(map(takes_sequences, members))
    return bool(get_tags(chain[0]).input_tags.three_d_array)


def tables_hide_sequences(regressor: Any) -> bool:
    """Tell whether an estimator that takes sequences stands behind or beside one of tables."""
    if takes_sequences(regressor):
        return False
    chain = _chain(regressor)
    hidden = chain[1:] + [member for first in chain[:1] for member in _members(first)]
    return any(takes_sequences(part) or tables_hide_sequences(part) for part in hidden)


def allows_nan(regressor: Any) -> bool:
    """Tell whether all that data comes to take NaN, up to one that replaces it."""
    for estimator in _chain(regressor):
        if not get_tags(estimator).input_tags.allow_nan:
            return False
        if type(estimator).__module__.startswith("sklearn.impute"):
            return True
    return True


def tells_every_step(regressor: Any) -> bool:
    """Tell whether what predicts is set to do so at each step of its windows."""
    own = getattr(regressor, "return_sequences", False) is True
    return own or any(map(tells_every_step, _inner(regressor)))


def needs_counts(regressor: Any) -> bool:
    """Tell whether an estimator that targets come to refuses those below zero."""
    return any(map(_refuses_negative, _learners(regressor)))


def transforms_targets(regressor: Any) -> bool:
    """Tell whether targets go through a function or transformer, such as a logarithm."""
    return any(map(_transforms, _learners(regressor)))


def _transforms(regressor: Any) -> bool:
    by = (getattr(regressor, name, None) for name in ("func", "transformer"))
    return hasattr(regressor, "regressor") and any(part is not None for part in by)


def _refuses_negative(regressor: Any) -> bool:
    named = " ".join(str(getattr(regressor, name, "")) for name in _NAME_A_LOSS)
    return bool(get_tags(regressor).target_tags.positive_only) or any(
        loss in named for loss in _POSITIVE_LOSSES
    )


def _learners(regressor: Any) -> Iterator[Any]:
    """Yield all estimators that targets come to as they are, the outer ones first."""
    yield regressor
    for part in () if _transforms(regressor) else _inner(regressor):
        yield from _learners(part)


def _inner(regressor: Any) -> list[Any]:
    """Return the estimators that an estimator hands targets on to."""
    names = ("estimator", "regressor", "final_estimator")
    named = [getattr(regressor, name, None) for name in names]
    return (
        _steps(regressor)[-1:] + _members(regressor) + [part for part in named if part is not None]
    )


def _chain(regressor: Any) -> list[Any]:
    """Return the estimators that data goes through, one after another."""
    if hasattr(regressor, "steps"):
        return [estimator for step in _steps(regressor) for estimator in _chain(step)]
    for name in ("estimator", "regressor"):
        if getattr(regressor, name, None) is not None:
            inner = _chain(getattr(regressor, name))
            is_of_tables = _OF_TABLES & {kind.__name__ for kind in type(regressor).__mro__}
            return [regressor, *inner] if is_of_tables else inner
    return [regressor]


def _steps(regressor: Any) -> list[Any]:
    """Return the steps of a pipeline, none of anything else."""
    steps = getattr(regressor, "steps", [])
    return [step for _, step in steps if step not in (None, "passthrough")]


def _members(regressor: Any) -> list[Any]:
    """Return the estimators side by side of which one is made, as by voting."""
    estimators = getattr(regressor, "estimators", None) or []
    return [estimator for _, estimator in estimators if not isinstance(estimator, str)]


def goes_on(regressor: Any) -> bool:
    """Tell whether a fitted regressor can go on learning from all data, and to some effect."""
    is_able = hasattr(regressor, "partial_fit") and hasattr(regressor, "warm_start")
    # where its linear map, which stays as it is, makes up nearly all of a prediction, training
    # changes nothing
    return is_able and getattr(regressor, "network_trust_", 1.0) >= LITTLE_TRUST


def fit_regressor(regressor: Any, X: Any, y: NDArray[Any], *, resume: bool) -> Any:
    """Fit a regressor, or let a copy of it go on learning.

    Parameters
    ----------
    regressor : estimator
    X : array-like of windows
    y : ndarray of shape (n_windows,) or (n_windows, n_outputs)
    resume : bool
        Whether it is fitted and to go on. What was fitted stays as it is.

    Returns
    -------
    estimator
    """
    before = regressor.warm_start if resume else None
    if resume:
        regressor = deepcopy(regressor).set_params(warm_start=True)
    try:
        regressor.fit(X, y)
    except ValueError as error:
        error.add_note(
            f"It was fitted to windows of shape {X.shape} and targets of shape {y.shape}. A "
            "regressor of a single target needs y of one column, and the strategy 'direct', "
            "'recursive' or 'dirrec'; one that wants a table, flatten=True."
        )
        raise
    return regressor.set_params(warm_start=before) if resume else regressor
