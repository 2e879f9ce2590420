"""Optimisers by name."""

import inspect
from typing import Any

import torch

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
}


def optimizer_class(optimizer: str | type[torch.optim.Optimizer]) -> type[torch.optim.Optimizer]:
    """Return the class of an optimiser given by name or as a class.

    Parameters
    ----------
    optimizer : str or type
        A name of `OPTIMIZERS`, or a class of torch's kind.

    Returns
    -------
    type

    Examples
    --------
    >>> from sklstm.training.optimizers import optimizer_class
    >>> optimizer_class("sgd").__name__
    'SGD'
    """
    return OPTIMIZERS[optimizer] if isinstance(optimizer, str) else optimizer


def check_optimizer(optimizer: str | type[torch.optim.Optimizer], weight_decay: float) -> None:
    """Raise if a class is no optimiser, or one without weight decay is to decay weights.

    Parameters
    ----------
    optimizer : str or type
        A name of `OPTIMIZERS`, or a class.
    weight_decay : float

    Raises
    ------
    ValueError

    Examples
    --------
    >>> from sklstm.training import check_optimizer
    >>> check_optimizer("adamw", 0.1)
    """
    kind = optimizer_class(optimizer)
    if not issubclass(kind, torch.optim.Optimizer):
        raise ValueError(
            f"The 'optimizer' parameter must be one of {sorted(OPTIMIZERS)} or a subclass of "
            f"torch.optim.Optimizer. Got {optimizer!r} instead."
        )
    if weight_decay > 0 and not _decays(kind):
        raise ValueError(
            f"The 'weight_decay' parameter must be 0 with optimizer={kind.__name__}, which has "
            f"none. Got {weight_decay}."
        )


def optimizer_options(
    optimizer: str | type[torch.optim.Optimizer], weight_decay: float, device: str
) -> dict[str, Any]:
    """Return what to hand to an optimiser beside parameters and learning rate.

    Parameters
    ----------
    optimizer : str or type
        A name of `OPTIMIZERS`, which gets torch's fused form where there is one, or a class.
    weight_decay : float
        Left out where the optimiser knows none, such as LBFGS.
    device : str
        Where the parameters are.

    Returns
    -------
    dict

    Examples
    --------
    >>> import torch
    >>> from sklstm.training.optimizers import optimizer_options
    >>> optimizer_options(torch.optim.LBFGS, 0.1, "cpu")
    {}
    >>> optimizer_options("adam", 0.1, "cpu")
    {'weight_decay': 0.1, 'fused': True}
    """
    kind = optimizer_class(optimizer)
    options: dict[str, Any] = {"weight_decay": weight_decay} if _decays(kind) else {}
    on_fused_device = torch.device(device).type in ("cpu", "cuda")
    if isinstance(optimizer, str) and on_fused_device and _takes(kind, "fused"):
        options["fused"] = True
    return options


def needs_closure(optimizer: torch.optim.Optimizer) -> bool:
    """Tell whether an optimiser may want to compute the loss itself, more than once a step.

    Parameters
    ----------
    optimizer : torch optimiser

    Returns
    -------
    bool
        False for those of `OPTIMIZERS`.

    Examples
    --------
    >>> import torch
    >>> from sklstm.training.optimizers import needs_closure
    >>> needs_closure(torch.optim.LBFGS([torch.zeros(1)]))
    True
    """
    return type(optimizer) not in OPTIMIZERS.values()


def _decays(optimizer: type[torch.optim.Optimizer]) -> bool:
    return _takes(optimizer, "weight_decay")


def _takes(optimizer: type[torch.optim.Optimizer], option: str) -> bool:
    return option in inspect.signature(optimizer).parameters
