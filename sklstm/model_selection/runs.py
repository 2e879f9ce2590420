"""Models that run: what they are, and what is measured and told of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
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


def check_models(models: Any, name: str, *, needed: tuple[str, ...]) -> dict[str, Any]:
    """Return models by name.

    Parameters
    ----------
    models : dict or list of (name, model)
        What the user gave.
    name : str
        The parameter's name, for the message.
    needed : tuple of str
        Methods that each must have.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If there are none, a name is no str or used twice, or something is no such model.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklstm.model_selection.runs import check_models
    >>> check_models([("ridge", Ridge())], "estimators", needed=("fit",))
    {'ridge': Ridge()}
    """
    wanted = f"The {name!r} parameter must be a dict of names and models, or a list of such pairs"
    if not isinstance(models, Iterable):
        raise ValueError(f"{wanted}. Got {models!r}.")
    pairs = list(models.items() if isinstance(models, Mapping) else models)
    if not pairs or not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
        raise ValueError(f"{wanted}. Got {models!r}.")
    names = [pair[0] for pair in pairs]
    if not all(isinstance(each, str) for each in names) or len(set(names)) < len(names):
        raise ValueError(f"{wanted}, with a str of its own for each. Got the names {names}.")
    for each, model in pairs:
        lacking = [method for method in needed if not hasattr(model, method)]
        if lacking or isinstance(model, type):
            what = (
                "is a class, not an object" if isinstance(model, type) else f"has no {lacking[0]}"
            )
            raise ValueError(f"{wanted}. The model {each!r} {what}.")
    return dict(pairs)
