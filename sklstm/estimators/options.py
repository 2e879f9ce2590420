"""Options that are "auto" where they are not set, and what a precision means."""

from typing import Any

import numpy as np


def dtype_of(precision: str) -> str:
    """Return the dtype of data and weights: products alone are ever in bfloat16.

    Parameters
    ----------
    precision : {"float32", "float64", "bfloat16"}

    Returns
    -------
    {"float32", "float64"}

    Examples
    --------
    >>> from sklstm.estimators.options import dtype_of
    >>> dtype_of("bfloat16")
    'float32'
    """
    return "float32" if precision == "bfloat16" else precision


def resolve_option(estimator: Any, name: str) -> bool | str:
    """Return an option, of which "auto" is off for a user's own module and outputs of steps.

    Parameters
    ----------
    estimator : SequenceNetworkLSTM
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
        return value if estimator._pools else False
    return bool(value)  # numpy's booleans are not the objects True and False


def resolve_batch_size(batch_size: Any, n_samples: int) -> int:
    """Return the number of samples of a batch.

    Parameters
    ----------
    batch_size : int or "auto"
        "auto" takes the power of two next below a fortieth of the samples, from 8 to 256.
    n_samples : int
        Number of training samples.

    Returns
    -------
    int

    Examples
    --------
    >>> from sklstm.estimators.options import resolve_batch_size
    >>> [resolve_batch_size("auto", n) for n in (20, 1_400, 100_000)]
    [8, 32, 256]
    """
    if batch_size != "auto":
        return min(int(batch_size), n_samples)
    fortieth = max(n_samples // 40, 1)
    return int(np.clip(2 ** int(np.log2(fortieth)), 8, 256))


def resolve_max_epochs(max_epochs: Any, n_batches: int, n_steps: int = 1_000) -> int:
    """Return the number of passes over the data.

    Parameters
    ----------
    max_epochs : int or "auto"
        "auto" takes as many as make `n_steps` steps, at least 20 and at most 500.
    n_batches : int
        Steps of one pass.
    n_steps : int, default=1000
        Steps of a whole fit.

    Returns
    -------
    int

    Examples
    --------
    >>> from sklstm.estimators.options import resolve_max_epochs
    >>> [resolve_max_epochs("auto", n) for n in (1, 10, 4_000)]
    [500, 100, 20]
    """
    if max_epochs != "auto":
        return int(max_epochs)
    return int(np.clip(-(-n_steps // n_batches), 20, 500))


def resolve_patch_size(patch_size: Any, n_timesteps: int, n_patches: int) -> int:
    """Return how many consecutive steps enter a network as one.

    Parameters
    ----------
    patch_size : int or "auto"
        "auto" takes as many as leave about `n_patches` of the longest sequence.
    n_timesteps : int
        Steps of the longest sequence.
    n_patches : int

    Returns
    -------
    int

    Examples
    --------
    >>> from sklstm.estimators.options import resolve_patch_size
    >>> [resolve_patch_size("auto", n, 64) for n in (24, 100, 1_500)]
    [1, 2, 23]
    """
    return max(1, round(n_timesteps / n_patches)) if patch_size == "auto" else int(patch_size)
