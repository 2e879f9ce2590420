"""All or nothing for an estimator's attributes."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def transaction(estimator: object) -> Iterator[None]:
    """Put an estimator's attributes back if what happens inside raises.

    Parameters
    ----------
    estimator : object
        Its attributes are guarded; objects that they hold are not copied.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from sklstm._transaction import transaction
    >>> estimator = SimpleNamespace(coef_=1)
    >>> try:
    ...     with transaction(estimator):
    ...         estimator.coef_ = 2
    ...         raise ValueError
    ... except ValueError:
    ...     print(estimator.coef_)
    1
    """
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
