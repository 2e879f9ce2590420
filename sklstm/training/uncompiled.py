"""torch's optimisers, without its compiler.

Their methods load `torch._dynamo` when they are first called, only to tell it that they are not to
be compiled: more than a second of the first fit of every process, and 75 MB. Nothing compiles
them here, so that these classes take the methods from under those wrappers.
"""

import inspect

import torch
from torch import optim


class _Uncompiled(optim.Optimizer):
    add_param_group = inspect.unwrap(optim.Optimizer.add_param_group)
    state_dict = inspect.unwrap(optim.Optimizer.state_dict)
    load_state_dict = inspect.unwrap(optim.Optimizer.load_state_dict)
    zero_grad = inspect.unwrap(optim.Optimizer.zero_grad)

    def __init_subclass__(cls) -> None:
        # the wrapper of step switched gradients off as well
        cls.step = torch.no_grad()(inspect.unwrap(cls.step))  # type: ignore[method-assign]


class AdamW(_Uncompiled, optim.AdamW):
    """`torch.optim.AdamW`, which does not load torch's compiler."""


class Adam(_Uncompiled, optim.Adam):
    """`torch.optim.Adam`, which does not load torch's compiler."""


class SGD(_Uncompiled, optim.SGD):
    """`torch.optim.SGD`, which does not load torch's compiler."""


class RMSprop(_Uncompiled, optim.RMSprop):
    """`torch.optim.RMSprop`, which does not load torch's compiler."""
