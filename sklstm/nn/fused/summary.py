"""From the states of all steps to what feeds the output, as a function of torch's autograd."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from sklstm._compiled import Kernel, Summary, kernels
from sklstm.nn.fused.support import as_lengths, refuse_second_derivative
from sklstm.nn.fused.threads import for_each, shards_of

# States, lengths, weight and bias of the normalisation, factors.
_Given = tuple[Tensor, Tensor | None, Tensor | None, Tensor | None, Tensor | None]

_PARTS = {"last", "mean", "max"}
# What a feature of a step costs, in multiplications of a recurrent layer.
_EFFORT = 64


def summarize(
    states: Tensor,
    lengths: Tensor | None,
    *,
    parts: Sequence[str],
    n_directions: int = 1,
    norm: nn.LayerNorm | None = None,
    factors: Tensor | None = None,
    kernel: Kernel | None = None,
) -> Tensor:
    """Return the last state, the mean and the largest over time, side by side.

    Before, each step is normalised over its features [1]_ and multiplied by factors, such as those
    of dropout. All is done a sequence at a time, in the cache, where torch needs some thirty
    operations over all of the batch. It can be differentiated once: create_graph=True raises a
    RuntimeError, as does is_grads_batched=True.

    Parameters
    ----------
    states : Tensor of shape (batch, time, directions * hidden), float32
        What `can_take` accepts.
    lengths : Tensor of shape (batch,) or None
        Number of steps of each sequence; None means that all fill the batch.
    parts : sequence of {"last", "mean", "max"}
        Each once at most, in the order in which they stand side by side. Steps that are largest
        share its gradient.
    n_directions : int, default=1
        A second direction has seen the whole sequence at its first step.
    norm : torch module or None, default=None
        Its weight, bias and epsilon are used; None does not normalise.
    factors : Tensor of shape (batch, time, directions * hidden), float32, or None, default=None
        They get no gradient.
    kernel : Kernel or None, default=None
        None takes the fastest that this processor runs.

    Returns
    -------
    Tensor of shape (batch, parts * directions * hidden), float32

    Raises
    ------
    ValueError
        If a length is not one of the steps, parts are unknown, or shapes or types do not belong
        together.

    References
    ----------
    .. [1] Ba, Kiros and Hinton (2016), Layer normalization.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import fused
    >>> states = torch.tensor([[[1.0], [4.0], [1.0]]])
    >>> if fused.can_take(states):
    ...     pooled = fused.summarize(states, None, parts=["last", "mean", "max"])
    ...     assert pooled.tolist() == [[1.0, 2.0, 4.0]]
    """
    weight, bias, epsilon = (
        (None, None, 0.0) if norm is None else (norm.weight, norm.bias, norm.eps)
    )
    if lengths is not None:
        lengths = as_lengths(lengths, *states.shape[:2])
    _check(states, parts, norm, factors)
    plan = _plan(kernel or kernels()[0], tuple(parts), n_directions, epsilon, *states.shape)
    given = (states, lengths, weight, bias, factors)
    if torch.is_grad_enabled() and any(part is not None and part.requires_grad for part in given):
        pooled: Tensor = _Summary.apply(plan, *given)  # type: ignore[no-untyped-call]
        return pooled
    return plan.forward(given)[0]


def can_normalize(norm: nn.LayerNorm) -> bool:
    """Return whether the compiled functions can read a normalisation's weight and bias.

    Parameters
    ----------
    norm : torch module

    Returns
    -------
    bool

    Examples
    --------
    >>> from torch import nn
    >>> from sklstm.nn.fused import can_normalize
    >>> can_normalize(nn.LayerNorm(3)), can_normalize(nn.LayerNorm(3, bias=False))
    (True, False)
    """
    return all(
        part is not None and part.dtype == torch.float32 and part.is_contiguous()
        for part in (norm.weight, norm.bias)
    )


def _check(
    states: Tensor, parts: Sequence[str], norm: nn.LayerNorm | None, factors: Tensor | None
) -> None:
    """Raise where a kernel would read what is not there, or leave out what is asked for."""
    features = states.shape[2]
    if states.shape[1] < 1:
        raise ValueError(f"states must be of one step at least. Got {tuple(states.shape)}.")
    if len(set(parts) & _PARTS) < max(len(parts), 1):
        raise ValueError(f"parts must be some of {sorted(_PARTS)}, each once. Got {parts}.")
    if norm is not None and not (can_normalize(norm) and norm.weight.shape == (features,)):
        raise ValueError(
            f"norm must have weight and bias, {features} numbers in float32 each, side by side. "
            f"Got {norm}."
        )
    if factors is not None and (
        factors.shape != states.shape or factors.dtype != torch.float32 or factors.requires_grad
    ):
        raise ValueError(
            f"factors must have the shape of the states, {tuple(states.shape)}, in float32, and "
            f"need no gradient. Got {tuple(factors.shape)} in {factors.dtype}."
        )


@dataclass(frozen=True)
class _Plan:
    """What is done with a batch, as a kernel is called with it."""

    kernel: Kernel
    parts: tuple[str, ...]
    n_directions: int
    epsilon: float
    batch: int
    time: int
    features: int

    @cached_property
    def span(self) -> int:
        """Features in whole vectors."""
        return -(-self.features // self.kernel.lanes) * self.kernel.lanes

    @cached_property
    def shards(self) -> list[tuple[int, int]]:
        """First and last row of the parts that threads take."""
        return shards_of(self.batch, _EFFORT * self.batch * self.time * self.features)

    @cached_property
    def sizes(self) -> dict[str, Any]:
        """All that is told in numbers."""
        places = {part: number * self.features for number, part in enumerate(self.parts)}
        return {
            "time": self.time,
            "features": self.features,
            "ahead": self.features // self.n_directions,
            "columns": len(self.parts) * self.features,
            "epsilon": self.epsilon,
            **{part: places.get(part, -1) for part in _PARTS},
        }

    def forward(self, given: _Given) -> tuple[Tensor, Tensor | None]:
        """Return what is pooled, and of every step its mean and one over its deviation."""
        states, weight = given[0], given[2]
        pooled = states.new_empty(self.batch, self.sizes["columns"])
        moments = None if weight is None else states.new_empty(self.batch, self.time, 2)
        self.run(self.kernel.summarize, given, pooled=pooled, moments=moments)
        return pooled, moments

    def backward(
        self, grad: Tensor, given: _Given, pooled: Tensor, moments: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the gradients of states, weight and bias."""
        grad, grad_states = grad.contiguous(), grad.new_empty(given[0].shape)
        workspaces = self.run(
            self.kernel.summarize_backward,
            given,
            pooled=pooled,
            moments=moments,
            grad=grad,
            grad_states=grad_states,
        )
        sums = workspaces[:, : 2 * self.span].sum(0).view(2, self.span)[:, : self.features]
        return grad_states, sums[0], sums[1]

    def run(self, function: Callable[..., None], given: _Given, **others: Tensor | None) -> Tensor:
        """Call a kernel for every shard; return their workspaces, (shards, floats)."""
        states, lengths, weight, bias, factors = given
        states = states if states.stride(2) == 1 else states.contiguous()
        if factors is not None:
            factors = factors.contiguous()
        tensors = {"states": states, "lengths": lengths, "weight": weight, "bias": bias}
        tensors.update(others, factors=factors)
        places = {name: None if t is None else t.data_ptr() for name, t in tensors.items()}
        job = Summary(row=states.stride(0), step=states.stride(1), **self.sizes, **places)
        # a thread may still be at work where Ctrl-C has ended the call
        job.tensors = tensors
        workspaces = states.new_empty(len(self.shards), self.kernel.summary_workspace(job))
        for_each(
            len(self.shards),
            lambda i: function(job, *self.shards[i], workspaces[i].data_ptr()),
        )
        return workspaces


# Every batch of a fit has the same.
_plan = lru_cache(maxsize=64)(_Plan)


class _Summary(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, plan: _Plan, *given: *_Given) -> Tensor:
        pooled, moments = plan.forward(given)
        ctx.plan = plan
        ctx.save_for_backward(*given, pooled, moments)
        return pooled

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        refuse_second_derivative()
        *given, pooled, moments = ctx.saved_tensors
        of_states, of_weight, of_bias = ctx.plan.backward(grad, tuple(given), pooled, moments)
        grads = (None, of_states, None, of_weight, of_bias, None)
        return tuple(
            g if want else None for g, want in zip(grads, ctx.needs_input_grad, strict=True)
        )
