"""Options that are "auto" where they are not set."""

from typing import Any


def resolve_option(estimator: Any, name: str) -> bool | str:
    """Return an option, of which "auto" is off for a user's own module and outputs of steps.

    Parameters
    ----------
    estimator : BaseLSTM
    name : str
        Of a parameter that is "auto", True or False.

    Returns
    -------
    bool or "auto"

    Examples
    --------
    >>> from sklstm import LSTMRegressor
    >>> from sklstm.estimators.options import resolve_option
    >>> resolve_option(LSTMRegressor(), "linear_skip")
    'auto'
    >>> resolve_option(LSTMRegressor(return_sequences=True), "linear_skip")
    False
    """
    value = getattr(estimator, name)
    if isinstance(value, str):
        return value if estimator.module is None and not estimator.return_sequences else False
    return bool(value)  # numpy's booleans are not the objects True and False
