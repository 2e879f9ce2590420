"""Checks that several files of this room need."""

from numbers import Integral
from typing import Any


def check_int(value: Any, name: str, minimum: int = 1) -> int:
    """Return a parameter as an int that is large enough.

    Parameters
    ----------
    value : object
        What the user gave.
    name : str
        The parameter's name, for the message.
    minimum : int, default=1
        The least value that is allowed.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If `value` is no int, or below `minimum`.

    Examples
    --------
    >>> from sklstm.model_selection.checks import check_int
    >>> check_int(3, "horizon")
    3
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < minimum:
        raise ValueError(
            f"The {name!r} parameter must be an int of at least {minimum}. Got {value!r}."
        )
    return int(value)
