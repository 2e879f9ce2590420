"""Optimisers by name."""

import inspect
from typing import Any

import torch

from sklstm.training.uncompiled import SGD, Adam, AdamW, RMSprop

# Keeps the factor of a gradient that is zero finite.
_TINY = 1e-6

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adamw": AdamW,
    "adam": Adam,
    "sgd": SGD,
    "rmsprop": RMSprop,
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


def resolve_weight_decay(
    weight_decay: float | str, optimizer: str | type[torch.optim.Optimizer]
) -> float:
    """Return the strength of the weight decay.

    Parameters
    ----------
    weight_decay : float or "auto"
        "auto" is 0.1 of "adamw", which decouples it from the gradient, else 0.
    optimizer : str or type

    Returns
    -------
    float

    Examples
    --------
    >>> from sklstm.training import resolve_weight_decay
    >>> [resolve_weight_decay("auto", name) for name in ("adamw", "sgd")]
    [0.1, 0.0]
    """
    if isinstance(weight_decay, str):
        return 0.1 if optimizer == "adamw" else 0.0
    return weight_decay


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
    # torch's own classes count too: those of the table are subclasses of them
    return not any(type(optimizer) in kind.__mro__ for kind in OPTIMIZERS.values())


def forget_gradients(optimizer: torch.optim.Optimizer) -> None:
    """Set the gradients of an optimiser's parameters to None.

    Its own method does the same, and takes ten times as long.

    Parameters
    ----------
    optimizer : torch optimiser

    Examples
    --------
    >>> import torch
    >>> from sklstm.training.optimizers import forget_gradients
    >>> weight = torch.zeros(2, requires_grad=True)
    >>> weight.grad = torch.ones(2)
    >>> forget_gradients(torch.optim.SGD([weight]))
    >>> weight.grad is None
    True
    """
    for parameter in _parameters(optimizer):
        parameter.grad = None


def clip_gradients(optimizer: torch.optim.Optimizer, largest_norm: float) -> None:
    """Shorten the gradient of all parameters together to a norm, where it is longer.

    `torch.nn.utils.clip_grad_norm_` does the same, and takes three times as long on a small
    network.

    Parameters
    ----------
    optimizer : torch optimiser
    largest_norm : float

    Examples
    --------
    >>> import torch
    >>> from sklstm.training.optimizers import clip_gradients
    >>> weight = torch.zeros(2, requires_grad=True)
    >>> weight.grad = torch.tensor([3.0, 4.0])
    >>> clip_gradients(torch.optim.SGD([weight]), 1.0)
    >>> [round(value, 3) for value in weight.grad.tolist()]
    [0.6, 0.8]
    """
    gradients = [p.grad for p in _parameters(optimizer) if p.grad is not None]
    norm = torch.linalg.vector_norm(torch.cat([gradient.ravel() for gradient in gradients]))
    # on the device, never read out
    factor = (norm + _TINY).reciprocal_().mul_(largest_norm).clamp_(max=1.0)
    torch._foreach_mul_(gradients, factor)


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _decays(optimizer: type[torch.optim.Optimizer]) -> bool:
    return _takes(optimizer, "weight_decay")


def _takes(optimizer: type[torch.optim.Optimizer], option: str) -> bool:
    return option in inspect.signature(optimizer).parameters
