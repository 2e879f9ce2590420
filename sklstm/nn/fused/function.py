"""The compiled layer as a function of torch's autograd."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import torch
from torch import Tensor

from sklstm._compiled import Kernel, Scan, kernels
from sklstm.nn.fused.support import as_lengths, can_take, refuse_second_derivative
from sklstm.nn.fused.threads import for_each, shards_of
from sklstm.nn.masks import last_steps

# In the order of kernels.c.
_CELLS = ("lstm", "gru")


def has_kernel(cell: str) -> bool:
    """Return whether there is a kernel for a cell on this machine.

    There is for LSTM and GRU, where the package was built with a compiler and the processor has
    AVX2, AVX-512 or NEON.

    Parameters
    ----------
    cell : str

    Returns
    -------
    bool

    Examples
    --------
    >>> from sklstm.nn.fused import has_kernel
    >>> has_kernel("rnn")
    False
    """
    return cell in _CELLS and bool(kernels())


def can_run(cell: str, x: Tensor, weights: Sequence[Tensor]) -> bool:
    """Return whether a kernel computes this layer on this machine.

    It does where there is one and `can_take` holds of x.

    Parameters
    ----------
    cell : str
    x : Tensor of shape (batch, time, inputs)
    weights : sequence of Tensor
        As torch's recurrent layers hold them.

    Returns
    -------
    bool

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.fused import can_run
    >>> layer = torch.nn.LSTM(3, 4).double()
    >>> can_run("lstm", torch.zeros(2, 5, 3, dtype=torch.float64), layer.all_weights[0])
    False
    """
    return (
        can_take(x)
        and cell in _CELLS
        and weights[0].device.type == "cpu"
        and all(w.dtype == torch.float32 and w.is_contiguous() for w in weights)
    )


def run(
    cell: str,
    x: Tensor,
    weights: Sequence[Tensor],
    kernel: Kernel | None = None,
    *,
    last: bool = False,
    lengths: Tensor | None = None,
) -> Tensor:
    """Return the states of a recurrent layer that starts at zero.

    All steps are one call of a compiled kernel [1]_, in as many threads as torch may use. A row's
    result depends on neither its neighbours nor the number of threads, nor do the gradients on
    the latter. It can be differentiated once: create_graph=True raises a RuntimeError, as does
    is_grads_batched=True.

    Parameters
    ----------
    cell : {"lstm", "gru"}
    x : Tensor of shape (batch, time, inputs), float32
    weights : sequence of four Tensors, float32
        Input weights (gates * hidden, inputs), recurrent weights (gates * hidden, hidden) and the
        two biases (gates * hidden,), in torch's order of the gates.
    kernel : Kernel or None, default=None
        None takes the fastest that this processor runs.
    last : bool, default=False
        Whether the last state of each sequence alone is wanted: there is then no gradient of all
        states, most of it zeros.
    lengths : Tensor of shape (batch,) or None, default=None
        Number of steps of each sequence, for `last`; None means that all fill the batch.

    Returns
    -------
    Tensor of shape (batch, time, hidden), float32
        With `last` of shape (batch, hidden). A view of all that a gradient needs: clone what is to
        be kept or pickled alone, or changed in place.

    Raises
    ------
    ValueError
        If the shapes of x and the weights do not belong together, or a length is none of the steps.

    References
    ----------
    .. [1] Goto and van de Geijn (2008), Anatomy of high-performance matrix multiplication, ACM
       Trans. Mathematical Software 34(3), for products whose sums stay in registers.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.fused import can_run, run
    >>> layer = torch.nn.LSTM(3, 4, batch_first=True)
    >>> x, weights = torch.ones(2, 5, 3), layer.all_weights[0]
    >>> states = run("lstm", x, weights) if can_run("lstm", x, weights) else layer(x)[0]
    >>> states.shape
    torch.Size([2, 5, 4])
    """
    batch, time, n_inputs = x.shape
    hidden = weights[1].shape[-1]
    rows = (4 if cell == "lstm" else 3) * hidden
    expected = [(rows, n_inputs), (rows, hidden), (rows,), (rows,)]
    shapes = [tuple(weight.shape) for weight in weights]
    if shapes != expected:
        raise ValueError(
            f"The weights of this {cell!r} layer must have the shapes {expected} for x of shape "
            f"{tuple(x.shape)}. Got {shapes}."
        )
    if lengths is not None:
        lengths = as_lengths(lengths, batch, time)
    if last and time < 1:
        raise ValueError("x must have one step at least, whose state is the last. Got none.")
    plan = _plan(kernel or kernels()[0], _CELLS.index(cell), batch, time, n_inputs, hidden, last)
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (x, *weights)):
        states: Tensor = _Recurrence.apply(plan, lengths, x, *weights)  # type: ignore[no-untyped-call]
        return states
    steps = plan.forward(x, weights, differentiable=False)[0]
    return plan.states(steps, lengths)


@dataclass(frozen=True)
class _Plan:
    """A layer and a batch, as a kernel is called with them."""

    kernel: Kernel
    cell: int
    batch: int
    time: int
    inputs: int
    hidden: int
    last: bool = False  # whether the last states alone are wanted

    @cached_property
    def units(self) -> int:
        """Hidden units in whole vectors; those in excess stay zero."""
        return -(-self.hidden // self.kernel.lanes) * self.kernel.lanes

    @cached_property
    def width(self) -> int:
        """Width of a row of steps: the state before the step, the input, one."""
        return self.units + self.inputs + 1

    @cached_property
    def effort(self) -> int:
        """Multiplications of the forward pass."""
        return self.batch * self.time * self.width * 4 * self.units

    @cached_property
    def shards(self) -> list[tuple[int, int]]:
        """First and last row of the parts that threads take."""
        return shards_of(self.batch, self.effort)

    def scan(self, weights: Sequence[Tensor], tensors: dict[str, Tensor | None]) -> Scan:
        present = {name: tensor for name, tensor in tensors.items() if tensor is not None}
        places = {name: tensor.data_ptr() for name, tensor in present.items()}
        weight_places = [weight.data_ptr() for weight in weights]
        sizes = (self.cell, self.batch, self.time, self.inputs, self.hidden)
        scan = Scan(*sizes, *weight_places, **places)
        # a thread may still be at work where Ctrl-C has ended the call
        scan.tensors = (present, weights)
        return scan

    def states(self, steps: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the states behind the first row of steps, (batch, time, hidden), or the last."""
        after = self.batch * self.width
        states = steps.as_strided(
            (self.batch, self.time, self.hidden), (self.width, after, 1), storage_offset=after
        )
        return last_steps(states, lengths) if self.last else states

    def forward(
        self, x: Tensor, weights: Sequence[Tensor], *, differentiable: bool
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Return steps, memory and gates of all steps; memory is the LSTM's, gates the tape's."""
        batch, time, units = self.batch, self.time, self.units
        steps = x.new_empty(time + 1, batch, self.width)
        memory = gates = None
        if _CELLS[self.cell] == "lstm":
            memory = x.new_empty(time + 1 if differentiable else 1, batch, units)
        if differentiable:
            gates = x.new_empty(time, batch, 4 * units)
        x = x if x.stride(2) == 1 else x.contiguous()
        packed = x.new_empty(self.width * 4 * units)
        tensors = {"packed": packed, "x": x, "steps": steps, "memory": memory, "gates": gates}
        scan = self.scan(weights, tensors)
        scan.x_row, scan.x_step = x.stride()[:2]
        self.kernel.pack_forward(scan)
        for_each(len(self.shards), lambda i: self.kernel.forward(scan, *self.shards[i]))
        return steps, memory, gates

    def backward(
        self,
        grad: Tensor,
        lengths: Tensor | None,
        weights: Sequence[Tensor],
        tape: tuple[Tensor, Tensor | None, Tensor],
        *,
        with_x: bool,
    ) -> tuple[Tensor | None, ...]:
        """Return the gradients of x, if asked for, and of the four weights."""
        units, shards = self.units, self.shards
        grad = grad if grad.stride(-1) == 1 else grad.contiguous()
        grad_x = grad.new_empty(self.batch, self.time, self.inputs) if with_x else None
        packed = grad.new_empty((units + self.inputs + self.kernel.lanes) * 4 * units)
        steps, memory, gates = tape
        tensors = {"packed": packed, "steps": steps, "memory": memory, "gates": gates}
        scan = self.scan(weights, {**tensors, "grad": grad, "lengths": lengths, "grad_x": grad_x})
        scan.last_only = self.last
        scan.grad_row, scan.grad_step = grad.stride(0), 0 if self.last else grad.stride(1)
        self.kernel.pack_backward(scan)
        workspaces = grad.new_empty(len(shards), self.kernel.workspace(scan))
        for_each(
            len(shards),
            lambda i: self.kernel.backward(scan, *shards[i], workspaces[i].data_ptr()),
        )
        grads = [torch.empty_like(weight) for weight in weights]
        places = [gradient.data_ptr() for gradient in grads]
        self.kernel.unpack(scan, workspaces.data_ptr(), len(shards), *places)
        return grad_x, *grads


# Every batch of a fit has the same.
_plan = lru_cache(maxsize=64)(_Plan)


class Continuation:
    """A recurrent layer that is given its steps one by one, with the same result as by `run`.

    Parameters
    ----------
    cell : {"lstm", "gru"}
    weights : sequence of four Tensors, float32
        As for `run`; copied.
    batch : int
        How many sequences go on side by side.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.fused import Continuation, can_run
    >>> layer, x = torch.nn.LSTM(3, 4, batch_first=True), torch.ones(2, 5, 3)
    >>> if can_run("lstm", x, layer.all_weights[0]):
    ...     steps = Continuation("lstm", layer.all_weights[0], batch=2)
    ...     states = torch.stack([steps.step(x_t).clone() for x_t in x.unbind(1)], dim=1)
    ...     assert torch.allclose(states, layer(x)[0], atol=1e-6)
    """

    def __init__(self, cell: str, weights: Sequence[Tensor], batch: int) -> None:
        n_inputs, hidden = weights[0].shape[1], weights[1].shape[1]
        kernel = kernels()[0]
        plan = _plan(kernel, _CELLS.index(cell), batch, 1, n_inputs, hidden)
        self._batch, self._forward = batch, kernel.forward
        like = weights[0]  # the kernel knows float32 in main memory, whatever torch makes else
        self._x = like.new_zeros(batch, 1, n_inputs)
        self._steps = like.new_zeros(2, batch, plan.width)
        self._memory = like.new_zeros(batch, plan.units) if cell == "lstm" else None
        packed = like.new_empty(plan.width * 4 * plan.units)
        tensors = {"x": self._x, "steps": self._steps, "memory": self._memory, "packed": packed}
        self._scan = plan.scan([weight.detach() for weight in weights], tensors)
        self._scan.x_row, self._scan.x_step, self._scan.resumes = n_inputs, n_inputs, 1
        kernel.pack_forward(self._scan)
        self._input, self._state = self._x[:, 0], self._steps[1, :, :hidden]

    def step(self, x: Tensor) -> Tensor:
        """Return the state behind a step, (batch, inputs) -> (batch, hidden).

        The next step writes over it.
        """
        self._input.copy_(x)
        self._forward(self._scan, 0, self._batch)
        return self._state

    def reset(self, chosen: Tensor) -> None:
        """Begin anew with the chosen sequences, a mask of shape (batch,)."""
        self._steps[1, chosen] = 0.0
        if self._memory is not None:
            self._memory[chosen] = 0.0


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, plan: _Plan, lengths: Tensor | None, x: Tensor, *weights: Tensor
    ) -> Tensor:
        ctx.plan = plan
        tape = plan.forward(x, weights, differentiable=True)
        ctx.save_for_backward(lengths, *tape, *weights)
        return plan.states(tape[0], lengths)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        refuse_second_derivative()
        lengths, *saved = ctx.saved_tensors
        wanted = ctx.needs_input_grad[2:]
        grads = ctx.plan.backward(grad, lengths, saved[3:], saved[:3], with_x=wanted[0])
        return None, None, *(g if want else None for g, want in zip(grads, wanted, strict=True))
