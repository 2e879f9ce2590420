"""torch's optimisers, without its compiler.

Their methods load `torch._dynamo` when they are first called, only to tell it that they are not to
be compiled: more than a second of the first fit of every process, and 75 MB. Nothing compiles
them here, so that these classes take the methods from under those wrappers. Another wrapper tells
the profiler and hooks of every step, which takes longer than a small network's step itself; it is
left out where nobody listens.
"""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import optim
from torch.autograd import profiler as autograd_profiler
from torch.optim import optimizer as torch_optimizer


class _Uncompiled(optim.Optimizer):
    add_param_group = inspect.unwrap(optim.Optimizer.add_param_group)
    state_dict = inspect.unwrap(optim.Optimizer.state_dict)
    load_state_dict = inspect.unwrap(optim.Optimizer.load_state_dict)
    zero_grad = inspect.unwrap(optim.Optimizer.zero_grad)

    def __init_subclass__(cls) -> None:
        if _Uncompiled in cls.__bases__:  # what is made of these calls their step
            cls.step = _unwrapped(cls.step)  # type: ignore[method-assign]

    def _has_listeners(self) -> bool:
        hooks = (
            self._optimizer_step_pre_hooks,
            self._optimizer_step_post_hooks,
            torch_optimizer._global_optimizer_pre_hooks,  # noqa: SLF001
            torch_optimizer._global_optimizer_post_hooks,  # noqa: SLF001
        )
        return any(hooks) or autograd_profiler._is_profiler_enabled  # noqa: SLF001


def _unwrapped(step: Callable[..., Any]) -> Callable[..., Any]:
    # one of the wrappers switched gradients off as well
    unheard = torch.no_grad()(inspect.unwrap(step))
    heard = optim.Optimizer.profile_hook_step(unheard)

    def quick(self: _Uncompiled, *args: Any, **kwargs: Any) -> Any:
        return (heard if self._has_listeners() else unheard)(self, *args, **kwargs)

    quick.__doc__ = step.__doc__
    quick.hooked = True  # type: ignore[attr-defined] # so that torch does not wrap it itself
    return quick


class AdamW(_Uncompiled, optim.AdamW):
    """`torch.optim.AdamW`, which does not load torch's compiler."""


class Adam(_Uncompiled, optim.Adam):
    """`torch.optim.Adam`, which does not load torch's compiler."""


class SGD(_Uncompiled, optim.SGD):
    """`torch.optim.SGD`, which does not load torch's compiler."""


class RMSprop(_Uncompiled, optim.RMSprop):
    """`torch.optim.RMSprop`, which does not load torch's compiler."""
