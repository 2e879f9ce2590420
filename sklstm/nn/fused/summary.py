"""From the states of all steps to what feeds the output, as a function of torch's autograd."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sklstm._compiled import Kernel, Summary, kernels
from sklstm.nn.fused.support import refuse_second_derivative
from sklstm.nn.fused.threads import for_each, shards_of

# States, lengths, weight and bias of the normalisation, factors.
_Given = tuple[Tensor, Tensor | None, Tensor | None, Tensor | None, Tensor | None]

# In the order of `struct summary`.
_PARTS = ("last", "mean", "max")
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
    operations over all of the batch. It can be differentiated once.

    Parameters
    ----------
    states : Tensor of shape (batch, time, directions * hidden), float32
        What `can_take` accepts.
    lengths : Tensor of shape (batch,) or None
        Number of steps of each sequence; None means that all fill the batch.
    parts : sequence of {"last", "mean", "max"}
        In the order in which they stand side by side. Steps that are largest share its gradient.
    n_directions : int, default=1
        A second direction has seen the whole sequence at its first step.
    norm : torch module or None, default=None
        Its weight, bias and epsilon are used; None does not normalise.
    factors : Tensor of shape (batch, time, directions * hidden), float32, or None, default=None
    kernel : Kernel or None, default=None
        None takes the fastest that this processor runs.

    Returns
    -------
    Tensor of shape (batch, parts * directions * hidden), float32

    Raises
    ------
    ValueError
        If a length is not between one and the number of steps, or shapes do not belong together.

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
    weight, bias = (None, None) if norm is None else (norm.weight, norm.bias)
    _check(states, lengths, weight, factors)
    plan = _Plan(
        kernel or kernels()[0], tuple(parts), n_directions, 0.0 if norm is None else norm.eps
    )
    given = (states, lengths, weight, bias, factors)
    if torch.is_grad_enabled() and any(part is not None and part.requires_grad for part in given):
        pooled: Tensor = _Summary.apply(plan, *given)  # type: ignore[no-untyped-call]
        return pooled
    return plan.forward(given)[0]


def _check(
    states: Tensor, lengths: Tensor | None, weight: Tensor | None, factors: Tensor | None
) -> None:
    """Raise where a kernel would read what is not there."""
    batch, time, features = states.shape
    if lengths is not None:
        ends = lengths.numpy()
        if ends.shape != (batch,) or ends.min(initial=1) < 1 or ends.max(initial=1) > time:
            raise ValueError(f"lengths must be {batch} integers from 1 to {time}. Got {ends}.")
    if weight is not None and weight.shape != (features,):
        raise ValueError(f"norm must be one of {features} features. Got {tuple(weight.shape)}.")
    if factors is not None and factors.shape != states.shape:
        raise ValueError(
            f"factors must have the shape of the states, {tuple(states.shape)}. Got "
            f"{tuple(factors.shape)}."
        )


@dataclass(frozen=True)
class _Plan:
    """What a kernel is to do with a batch."""

    kernel: Kernel
    parts: tuple[str, ...]
    n_directions: int
    epsilon: float

    def forward(self, given: _Given) -> tuple[Tensor, Tensor | None]:
        """Return what is pooled, and of every step its mean and one over its deviation."""
        states, _, weight, _, _ = given
        batch, time, features = states.shape
        pooled = states.new_empty(batch, len(self.parts) * features)
        moments = None if weight is None else states.new_empty(batch, time, 2)
        job = self.job(given, {"pooled": pooled, "moments": moments})
        self.run(self.kernel.summarize, job, states)
        return pooled, moments

    def backward(
        self, grad: Tensor, given: _Given, pooled: Tensor, moments: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the gradients of states, weight and bias."""
        states, features = given[0], given[0].shape[2]
        grad, grad_states = grad.contiguous(), grad.new_empty(states.shape)
        found = {"pooled": pooled, "moments": moments, "grad": grad, "grad_states": grad_states}
        job = self.job(given, found)
        workspaces = self.run(self.kernel.summarize_backward, job, states)
        span = -(-features // self.kernel.lanes) * self.kernel.lanes
        sums = workspaces[:, : 2 * span].sum(0)
        return grad_states, sums[:features], sums[span : span + features]

    def job(self, given: _Given, found: dict[str, Tensor | None]) -> Summary:
        """Return all that a kernel is called with."""
        states, lengths, weight, bias, factors = given
        time, features = states.shape[1:]
        columns = {part: number * features for number, part in enumerate(self.parts)}
        states = states if states.stride(2) == 1 else states.contiguous()
        tensors = {"states": states, "weight": weight, "bias": bias, **found}
        tensors["lengths"] = None if lengths is None else lengths.to(torch.int64).contiguous()
        tensors["factors"] = None if factors is None else factors.contiguous()
        present = {name: tensor for name, tensor in tensors.items() if tensor is not None}
        job = Summary(
            time=time,
            features=features,
            ahead=features // self.n_directions,
            row=states.stride(0),
            step=states.stride(1),
            columns=len(self.parts) * features,
            epsilon=self.epsilon,
            **{part: columns.get(part, -1) for part in _PARTS},
            **{name: tensor.data_ptr() for name, tensor in present.items()},
        )
        # a thread may still be at work where Ctrl-C has ended the call
        job.tensors = present
        return job

    def run(self, function: Callable[..., None], job: Summary, states: Tensor) -> Tensor:
        """Call a kernel for every shard; return their workspaces, (shards, floats)."""
        shards = shards_of(len(states), _EFFORT * states.numel())
        workspaces = states.new_empty(len(shards), self.kernel.summary_workspace(job))
        for_each(len(shards), lambda i: function(job, *shards[i], workspaces[i].data_ptr()))
        return workspaces


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
