"""The one way to import an optional package: inside the function that needs it."""

from importlib import import_module
from types import ModuleType


def import_optional(name: str, *, extra: str, purpose: str) -> ModuleType:
    """Import an optional package, or say how to install it.

    Parameters
    ----------
    name : str
        The module's name, such as "matplotlib.pyplot".
    extra : str
        The extra of sklstm that installs it.
    purpose : str
        What needs it, for the message.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If the package is not installed.

    Examples
    --------
    >>> from sklstm._optional import import_optional
    >>> import_optional("math", extra="plot", purpose="this example").sqrt(9.0)
    3.0
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{purpose} needs the package {name.split('.')[0]!r}, which is not installed. Install "
            f"it with: pip install 'sklstm[{extra}]'"
        ) from error
