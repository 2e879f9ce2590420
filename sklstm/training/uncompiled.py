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
from torch import Tensor, optim
from torch.autograd import profiler as autograd_profiler
from torch.optim import optimizer as torch_optimizer

# torch does not promise to keep these; where one is missing, every step goes the long way.
_GLOBAL_HOOKS = [
    getattr(torch_optimizer, name, {"unknown": None})
    for name in ("_global_optimizer_pre_hooks", "_global_optimizer_post_hooks")
]
_FUSED_ADAMW = getattr(torch, "_fused_adamw_", None)


class _Uncompiled(optim.Optimizer):
    add_param_group = inspect.unwrap(optim.Optimizer.add_param_group)
    state_dict = inspect.unwrap(optim.Optimizer.state_dict)
    load_state_dict = inspect.unwrap(optim.Optimizer.load_state_dict)
    zero_grad = inspect.unwrap(optim.Optimizer.zero_grad)

    def __init_subclass__(cls) -> None:
        if _Uncompiled in cls.__bases__:  # what is made of these calls their step
            cls.step = _unwrapped(cls.step)  # type: ignore[method-assign]

    def _has_listeners(self) -> bool:
        own = self._optimizer_step_pre_hooks or self._optimizer_step_post_hooks
        profiled = getattr(autograd_profiler, "_is_profiler_enabled", True)
        return bool(own or any(_GLOBAL_HOOKS) or profiled)

    def _step_at_once(self) -> bool:
        """Make a step by a shorter way, and return whether there is one."""
        return False


def _unwrapped(step: Callable[..., Any]) -> Callable[..., Any]:
    # one of the wrappers switched gradients off as well
    unheard = torch.no_grad()(inspect.unwrap(step))
    heard = optim.Optimizer.profile_hook_step(unheard)

    def quick(self: _Uncompiled, *args: Any, **kwargs: Any) -> Any:
        if self._has_listeners():
            return heard(self, *args, **kwargs)
        if not args and not kwargs and self._step_at_once():
            return None
        return unheard(self, *args, **kwargs)

    quick.__doc__ = step.__doc__
    quick.hooked = True  # type: ignore[attr-defined] # so that torch does not wrap it itself
    return quick


class AdamW(_Uncompiled, optim.AdamW):
    """`torch.optim.AdamW`, which does not load torch's compiler.

    In its fused form it hands the weights straight to torch's kernel, once its first step has made
    their state: what torch sorts and checks at every step takes as long as a small network's step.
    """

    @torch.no_grad()
    def _step_at_once(self) -> bool:
        if _FUSED_ADAMW is None:
            return False
        calls = [_fused_arguments(group, self.state) for group in self.param_groups]
        if not all(calls) or hasattr(self, "grad_scale") or hasattr(self, "found_inf"):
            return False
        for arguments in calls:
            torch._foreach_add_(arguments["state_steps"], 1)
            _FUSED_ADAMW(**arguments)
        return True


# What makes of AdamW something else.
_VARIANTS = ("amsgrad", "maximize", "capturable", "differentiable")


def _fused_arguments(group: dict[str, Any], state: dict[Tensor, Any]) -> dict[str, Any]:
    """Return what torch's kernel is to be called with, nothing where it is not to be."""
    weights = [weight for weight in group["params"] if weight.grad is not None]
    kept = [state[weight] for weight in weights if state.get(weight)]
    is_decoupled = group.get("decoupled_weight_decay", True)
    is_plain = group["fused"] and is_decoupled and not any(group[name] for name in _VARIANTS)
    are_alike = len({(weight.device, weight.dtype) for weight in weights}) == 1
    if not is_plain or not are_alike or len(kept) < len(weights):
        return {}
    return {
        "self": weights,
        "grads": [weight.grad for weight in weights],
        "exp_avgs": [each["exp_avg"] for each in kept],
        "exp_avg_sqs": [each["exp_avg_sq"] for each in kept],
        "max_exp_avg_sqs": [],
        "state_steps": [each["step"] for each in kept],
        "lr": group["lr"],
        "beta1": group["betas"][0],
        "beta2": group["betas"][1],
        "weight_decay": group["weight_decay"],
        "eps": group["eps"],
        "amsgrad": False,
        "maximize": False,
    }


class Adam(_Uncompiled, optim.Adam):
    """`torch.optim.Adam`, which does not load torch's compiler."""


class SGD(_Uncompiled, optim.SGD):
    """`torch.optim.SGD`, which does not load torch's compiler."""


class RMSprop(_Uncompiled, optim.RMSprop):
    """`torch.optim.RMSprop`, which does not load torch's compiler."""
