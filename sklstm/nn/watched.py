"""Whether torch's own operations are wanted."""

import torch
from torch import Tensor, nn


def is_watched(x: Tensor) -> bool:
    """Return whether somebody wants to see torch's operations, or x is of a class of its own.

    So it is while torch traces, compiles, exports, or transforms functions: what computes faster by
    other means then takes torch's.

    Parameters
    ----------
    x : Tensor

    Returns
    -------
    bool

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.watched import is_watched
    >>> is_watched(torch.ones(2))
    False
    >>> torch.vmap(lambda x: x + is_watched(x))(torch.zeros(2))
    tensor([1., 1.])
    """
    # torch tells of these under names that it does not promise to keep
    modes = getattr(torch._C, "_len_torch_dispatch_stack", int)  # noqa: SLF001
    transforms = getattr(torch._C, "_are_functorch_transforms_active", bool)  # noqa: SLF001
    return (
        torch.compiler.is_compiling()  # first, since nothing else here can be compiled
        or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        or type(x) is not Tensor
        or modes() > 0
        or transforms()
        or getattr(torch.autograd.forward_ad, "_current_level", -1) >= 0
    )


def has_hooks(*modules: nn.Module) -> bool:
    """Return whether the call of a module is awaited, which a faster way past it would not make.

    Hooks of the modules themselves count, not those of modules within.

    Parameters
    ----------
    *modules : torch modules

    Returns
    -------
    bool

    Examples
    --------
    >>> from torch import nn
    >>> from sklstm.nn.watched import has_hooks
    >>> layer = nn.Linear(1, 1)
    >>> has_hooks(layer)
    False
    >>> handle = layer.register_forward_hook(print)
    >>> has_hooks(layer)
    True
    """
    return any(
        module._forward_hooks  # noqa: SLF001
        or module._forward_pre_hooks  # noqa: SLF001
        or module._backward_hooks  # noqa: SLF001
        or module._backward_pre_hooks  # noqa: SLF001
        for module in modules
    )
