"""Sequences of tokens, drawn from what a classifier says of the next one."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from sklstm._validation import check_int, check_not_negative


def tells_next_tokens(estimator: Any) -> bool:
    """Return True, or raise if a classifier is no next-token model.

    Parameters
    ----------
    estimator : LSTMClassifier

    Returns
    -------
    bool

    Raises
    ------
    AttributeError
        Which says what is missing.
    """
    needs = "sample is of fitted next-token models alone"
    if not hasattr(estimator, "classes_"):
        raise AttributeError(f"{needs}, and this one is not fitted.")
    one_feature = estimator.n_timesteps_in_ is not None or estimator.n_features_in_ == 1
    for is_so, what in (
        (estimator._built_with("return_sequences"), "return_sequences=True"),
        (one_feature and estimator.categorical_ == [0], "one feature, of categorical_features"),
        (estimator.classes_.dtype.kind in "iuf", "labels that are tokens, hence numbers"),
        (hasattr(estimator, "predict_log_proba"), "a loss that gives probabilities"),
    ):
        if not is_so:
            raise AttributeError(f"{needs}: fit it with {what}.")
    return True


def sample_tokens(
    estimator: Any,
    n: int,
    temperature: float,
    prefix: ArrayLike,
    random_state: int | np.random.RandomState | None,
) -> NDArray[Any]:
    """Draw tokens, each from what a classifier says of those before.

    Parameters
    ----------
    estimator : LSTMClassifier
        Of which `tells_next_tokens` holds.
    n, temperature, prefix, random_state
        As of its `sample`.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    ValueError
        As its `sample`.
    """
    check_int(n, "n", 0)
    check_not_negative(temperature, "temperature")
    if np.ndim(prefix) > 1:
        raise ValueError(
            "prefix must hold the tokens of one sequence, of shape (n_prefix,). Got shape "
            f"{np.shape(prefix)}."
        )
    classes, known = estimator.classes_, estimator.module_.inputs.categories_of(0)
    for name, tokens in (("prefix", np.ravel(prefix)), ("classes_", classes)):
        if not np.isin(tokens, known).all():
            raise ValueError(
                f"{name} must hold tokens that X held in training, {known.tolist()}. Got "
                f"{tokens.tolist()}."
            )
    rng = check_random_state(random_state)
    stream = estimator.stream(method="predict_log_proba")
    log_p = np.zeros(len(classes))
    for token in np.ravel(prefix):
        log_p = stream.step([token])
    drawn = np.empty(n, dtype=np.int64)
    for place in range(n):
        if place > 0:
            log_p = stream.step([classes[drawn[place - 1]]])
        drawn[place] = _draw(log_p, temperature, rng)
    tokens_drawn: NDArray[Any] = classes[drawn]
    return tokens_drawn


def _draw(log_p: NDArray[np.float64], temperature: float, rng: np.random.RandomState) -> int:
    if temperature == 0:
        return int(log_p.argmax())
    with np.errstate(over="ignore"):  # of almost no temperature all but the likeliest are -inf
        p = np.exp((log_p - log_p.max()) / temperature)
    return int(rng.choice(len(p), p=p / p.sum()))
