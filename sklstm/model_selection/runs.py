"""What is measured and told while a model runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any


def timed(function: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[float, Any]:
    """Return the seconds that a call took, and what it returned.

    Examples
    --------
    >>> from sklstm.model_selection.runs import timed
    >>> seconds, total = timed(sum, [1, 2])
    >>> seconds >= 0, total
    (True, 3)
    """
    begin = perf_counter()
    result = function(*args, **kwargs)
    return perf_counter() - begin, result


@contextmanager
def told_of(model: str, fold: int) -> Iterator[None]:
    """Note which model raised, and on which fold.

    Examples
    --------
    >>> from sklstm.model_selection.runs import told_of
    >>> try:
    ...     with told_of("ridge", 2):
    ...         raise ValueError
    ... except ValueError as error:
    ...     print(*error.__notes__)
    Raised by model 'ridge' on fold 2.
    """
    try:
        yield
    except Exception as error:
        error.add_note(f"Raised by model {model!r} on fold {fold}.")
        raise
