"""Multi-dimensional LSTM: a recurrent layer over images, in all four directions."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sklstm.nn.masks import present_steps, reversed_places

tanh_backward = torch.ops.aten.tanh_backward
sigmoid_backward = torch.ops.aten.sigmoid_backward

# In the order of the weights' rows. Those of the sigmoid come first, as one block.
_GATES = ("input", "forget_above", "forget_left", "output", "candidate")

# Half of sigmoid(1) each, so that both together forget as the gate of a usual LSTM does at its
# start: the cell is a sum over all paths through the image, of which there are twice as many with
# every step, and (forget_above + forget_left) ** steps of a cell arrives `steps` diagonals later.
_FORGET = 0.5 / (1 + math.exp(-1))
_FORGET_BIAS = math.log(_FORGET / (1 - _FORGET))


class MultidimensionalLayer(nn.Module):
    """One LSTM layer over images that reads them from all four corners.

    The multi-dimensional LSTM of [1]_ and [2]_, without peepholes. The direction that starts in the
    upper left corner reaches a pixel from above and from the left, with a forget gate for each::

        c[i, j] = input * candidate + forget_above * c[i - 1, j] + forget_left * c[i, j - 1]
        h[i, j] = output * tanh(c[i, j])

    Gates (sigmoid) and candidate (tanh) see x[i, j], h[i - 1, j] and h[i, j - 1]; states beyond the
    border are zero. The other three directions have weights of their own and read the image turned
    round, from right to left within each image's own width, so that padding changes nothing.

    Parameters
    ----------
    n_inputs, n_hidden : int
        Width of a pixel of the input, and of the hidden state of one direction.

    Notes
    -----
    The pixels of an anti-diagonal do not depend on one another: one step handles them for all
    images and directions at once, and an image takes height + width - 1 steps. The layer can be
    differentiated once: create_graph=True raises a RuntimeError.

    Input weights start by Xavier's rule and recurrent ones orthogonal, gate by gate. The biases of
    both forget gates start at -0.55, where each gate is half of sigmoid(1). What a cell gives to
    the cells of a later diagonal, summed over all paths, is (forget_above + forget_left) to the
    power of the diagonals in between: at a sum of sigmoid(1) it fades as in a usual LSTM with the
    usual bias of one; above a sum of one, as with that bias in both gates, it would grow without
    bound.

    References
    ----------
    .. [1] Graves, Fernández and Schmidhuber (2007), Multi-dimensional recurrent neural networks,
       ICANN.
    .. [2] Graves and Schmidhuber (2009), Offline handwriting recognition with multidimensional
       recurrent neural networks, NeurIPS 21.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import MultidimensionalLayer
    >>> layer = MultidimensionalLayer(1, 8)
    >>> layer(torch.zeros(2, 12, 30, 1), torch.tensor([30, 17])).shape
    torch.Size([2, 12, 30, 32])
    """

    def __init__(self, n_inputs: int, n_hidden: int) -> None:
        super().__init__()
        n_gates = len(_GATES)
        self.weight_input = nn.Parameter(torch.empty(4, n_gates * n_hidden, n_inputs))
        self.weight_above = nn.Parameter(torch.empty(4, n_gates * n_hidden, n_hidden))
        self.weight_left = nn.Parameter(torch.empty(4, n_gates * n_hidden, n_hidden))
        self.bias = nn.Parameter(torch.zeros(4, n_gates * n_hidden))
        self.n_outputs = 4 * n_hidden
        with torch.no_grad():
            for direction in range(4):
                for number, gate in enumerate(_GATES):
                    rows = slice(number * n_hidden, (number + 1) * n_hidden)
                    nn.init.xavier_uniform_(self.weight_input[direction, rows])
                    nn.init.orthogonal_(self.weight_above[direction, rows])
                    nn.init.orthogonal_(self.weight_left[direction, rows])
                    if gate.startswith("forget"):
                        self.bias[direction, rows] = _FORGET_BIAS

    def forward(self, x: Tensor, widths: Tensor | None) -> Tensor:
        """Return the hidden states of every pixel.

        Parameters
        ----------
        x : Tensor of shape (batch, height, width, features)
            Padded at the right; what stands there must be finite, and is not looked at.
        widths : Tensor of shape (batch,) or None
            None means that all images fill the batch.

        Returns
        -------
        Tensor of shape (batch, height, width, 4 * hidden)
            Side by side the directions from the upper left, lower left, upper right and lower right
            corner. Zero behind the end of shorter images.
        """
        turned = _mirror(x, widths)
        images = torch.stack([x, x.flip(1), turned, turned.flip(1)])
        bias = self.bias[:, :, None]
        weight = torch.cat([self.weight_above, self.weight_left, self.weight_input, bias], dim=2)
        states = _scan(images, weight).unbind()  # (batch, height, width, hidden) each
        from_left = torch.cat([states[0], states[1].flip(1)], dim=3)
        from_right = torch.cat([states[2], states[3].flip(1)], dim=3)
        both = torch.cat([from_left, _mirror(from_right, widths)], dim=3)
        if widths is None:
            return both
        return both.masked_fill(~present_steps(widths, x.shape[2])[:, None, :, None], 0.0)


def _mirror(x: Tensor, widths: Tensor | None) -> Tensor:
    """Reverse every image (batch, height, width, features) from right to left in its own width."""
    if widths is None:
        return x.flip(2)
    return x.gather(2, reversed_places(widths, x.shape[2])[:, None, :, None].expand_as(x))


def _scan(images: Tensor, weight: Tensor) -> Tensor:
    """Run the cell over images that have been turned so that each is read from its upper left.

    Parameters
    ----------
    images : Tensor of shape (4, batch, height, width, features)
    weight : Tensor of shape (4, gates * hidden, hidden + hidden + features + 1)
        Columns for the states above and at the left, for the input and for a one.

    Returns
    -------
    Tensor of shape (4, batch, height, width, hidden)
    """
    if torch.is_grad_enabled() and (images.requires_grad or weight.requires_grad):
        states: Tensor = _Scan.apply(images, weight)  # type: ignore[no-untyped-call]
        return states
    return _run(images, weight, differentiable=False)[0]


class _Scan(torch.autograd.Function):
    """The scan with a gradient of its own: less than two thirds of the time of recorded steps."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor) -> Tensor:
        states, tape = _run(images, weight, differentiable=True)
        ctx.save_for_backward(weight, *tape)
        ctx.n_features = images.shape[4]
        return states

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor]:
        if torch.is_grad_enabled():  # what is returned would pass for a constant
            raise RuntimeError(
                "A multi-dimensional layer can be differentiated once: leave out create_graph=True."
            )
        weight, *tape = ctx.saved_tensors
        return _run_back(grad, ctx.n_features, weight, tape, with_images=ctx.needs_input_grad[0])


# Tensors of a diagonal have the shape (4, units, columns), one column a row and image: all gates of
# a diagonal are then one product a direction, and each gate a block of memory. Images stand side by
# side within a row, hence what belongs to the row below stands as many columns further on as there
# are images. Only the rows that a diagonal meets are computed, so that all else stays zero.
#
# Small images cost what the calls of torch cost, whatever their size: hence few calls, written in
# place, and views that are made of all diagonals at once.


def _run(images: Tensor, weight: Tensor, *, differentiable: bool) -> tuple[Tensor, list[Tensor]]:
    """Return the states, and what the gradient needs: steps, cells, then those of each diagonal."""
    _, batch, height, width, _ = images.shape
    n_hidden = weight.shape[1] // len(_GATES)
    # tanh(a) is 2 sigmoid(2 a) - 1, which torch computes several times as fast
    doubled = weight.clone()
    doubled[:, -n_hidden:] *= 2.0
    minus_one = images.new_tensor(-1.0)
    n_diagonals, n_columns = height + width - 1, (height + 1) * batch
    # What a diagonal's product sees: states above, states at the left, input, one. A diagonal
    # writes its states into the next one's step, for the pixels below and for those at the right.
    steps = images.new_empty(n_diagonals + 1, 4, weight.shape[2], n_columns)
    steps[:, :, : 2 * n_hidden] = 0.0
    steps[:, :, -1] = 1.0
    _as_images(steps[:, :, 2 * n_hidden : -1], images.shape).copy_(images)
    above, left = steps[:, :, :n_hidden].unbind(), steps[:, :, n_hidden : 2 * n_hidden].unbind()
    cells = images.new_zeros(n_diagonals + 1, 4, n_hidden, n_columns)  # from one row above on
    step, cell = steps.unbind(), cells.unbind()
    tape = [steps, cells]
    for number, (start, length) in enumerate(_diagonals(batch, height, width)):
        gates = torch.bmm(doubled, step[number].narrow(2, start, length)).sigmoid_()
        input_gate, forget_above, forget_left, output_gate, candidate = gates.chunk(
            len(_GATES), dim=1
        )
        torch.add(minus_one, candidate, alpha=2.0, out=candidate)
        cell_above = cell[number].narrow(2, start, length)
        cell_left = cell[number].narrow(2, start + batch, length)
        now = cell[number + 1].narrow(2, start + batch, length)
        torch.mul(input_gate, candidate, out=now)
        now.addcmul_(forget_above, cell_above).addcmul_(forget_left, cell_left)
        squashed = torch.mul(now, 2.0).sigmoid_()
        torch.add(minus_one, squashed, alpha=2.0, out=squashed)
        hidden = left[number + 1].narrow(2, start, length)
        torch.mul(output_gate, squashed, out=hidden)
        above[number + 1].narrow(2, start + batch, length).copy_(hidden)
        if differentiable:
            tape += [gates, squashed]
    # a copy, also where the view has the right order: the gradient needs what stands in the steps
    states = images.new_empty(4, batch, height, width, n_hidden)
    return states.copy_(_as_images(steps[1:, :, n_hidden : 2 * n_hidden], states.shape)), tape


def _run_back(
    grad: Tensor, n_features: int, weight: Tensor, tape: Sequence[Tensor], *, with_images: bool
) -> tuple[Tensor | None, Tensor]:
    """Return the gradients of the images, if asked for, and of the weights."""
    _, batch, height, width, n_hidden = grad.shape
    steps, cells, *rest = tape
    n_diagonals, n_columns = height + width - 1, (height + 1) * batch
    upstream = grad.new_empty(n_diagonals, 4, n_hidden, n_columns)
    _as_images(upstream, grad.shape).copy_(grad)
    grad_inputs = grad.new_empty(n_diagonals if with_images else 0, 4, n_features, n_columns)
    grad_weight = torch.zeros_like(weight)
    to_states = weight[:, :, : 2 * n_hidden].transpose(1, 2)
    to_inputs = weight[:, :, 2 * n_hidden : -1].transpose(1, 2)
    # Gradients of the states and of the cells above and at the left. Each diagonal writes over
    # those of the one behind it; where that had no pixel, nothing has been written yet.
    grad_states = grad.new_zeros(4, 2 * n_hidden, n_columns)
    grad_above, grad_left = grad_states.chunk(2, dim=1)
    grad_cell_above = grad.new_zeros(4, n_hidden, n_columns)
    grad_cell_left = torch.zeros_like(grad_cell_above)
    step, cell = steps.unbind(), cells.unbind()
    for number, (start, length) in reversed([*enumerate(_diagonals(batch, height, width))]):
        squashed, gates = rest.pop(), rest.pop()
        input_gate, forget_above, forget_left, output_gate, candidate = gates.chunk(
            len(_GATES), dim=1
        )
        grad_hidden = upstream[number].narrow(2, start, length)
        grad_hidden += grad_left.narrow(2, start, length)
        grad_hidden += grad_above.narrow(2, start + batch, length)
        grad_cell = tanh_backward.default(grad_hidden * output_gate, squashed)
        grad_cell += grad_cell_left.narrow(2, start, length)
        grad_cell += grad_cell_above.narrow(2, start + batch, length)
        cell_above = cell[number].narrow(2, start, length)
        cell_left = cell[number].narrow(2, start + batch, length)
        grad_gates = torch.empty_like(gates)
        to_input, to_above, to_left, to_output, to_candidate = grad_gates.chunk(len(_GATES), dim=1)
        torch.mul(grad_cell, candidate, out=to_input)
        torch.mul(grad_cell, cell_above, out=to_above)
        torch.mul(grad_cell, cell_left, out=to_left)
        torch.mul(grad_hidden, squashed, out=to_output)
        torch.mul(grad_cell, input_gate, out=to_candidate)
        sigmoids, to_sigmoids = gates[:, :-n_hidden], grad_gates[:, :-n_hidden]
        sigmoid_backward.grad_input(to_sigmoids, sigmoids, grad_input=to_sigmoids)
        tanh_backward.grad_input(to_candidate, candidate, grad_input=to_candidate)
        torch.mul(grad_cell, forget_above, out=grad_cell_above.narrow(2, start, length))
        torch.mul(grad_cell, forget_left, out=grad_cell_left.narrow(2, start, length))
        torch.bmm(to_states, grad_gates, out=grad_states.narrow(2, start, length))
        grad_weight.baddbmm_(grad_gates, step[number].narrow(2, start, length).transpose(1, 2))
        if with_images:
            torch.bmm(to_inputs, grad_gates, out=grad_inputs[number].narrow(2, start, length))
    if not with_images:
        return None, grad_weight
    shape = (4, batch, height, width, n_features)
    return _as_images(grad_inputs, shape).contiguous(), grad_weight


def _diagonals(batch: int, height: int, width: int) -> Iterator[tuple[int, int]]:
    """Yield the first column of each diagonal, and their number."""
    for number in range(height + width - 1):
        first, stop = max(0, number - width + 1), min(height, number + 1)  # rows
        yield first * batch, (stop - first) * batch


def _as_images(diagonals: Tensor, shape: Sequence[int]) -> Tensor:
    """Return a view of (diagonals, 4, units, columns) as (4, batch, height, width, units)."""
    diagonal, direction, unit, _ = diagonals.stride()
    strides = (direction, 1, diagonal + shape[1], diagonal, unit)
    return diagonals.as_strided(shape, strides, diagonals.storage_offset())
