"""Multi-dimensional LSTM: a recurrent layer over images, in all four directions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sklstm.nn.masks import present_steps

aten = torch.ops.aten

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
        states = _scan(images, weight)  # (4, batch, height, width, hidden)
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
    columns = torch.arange(x.shape[2], device=x.device)
    mirrored = widths[:, None] - 1 - columns  # (batch, width), negative on padding
    index = torch.where(mirrored >= 0, mirrored, columns)
    return x.gather(2, index[:, None, :, None].expand_as(x))


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


@dataclass(frozen=True)
class _Diagonal:
    """The pixels (row, column) of which row + column is the same."""

    number: int
    first: int  # row
    stop: int
    batch: int

    @property
    def here(self) -> slice:
        """Return the columns of its own rows."""
        return slice(self.first * self.batch, self.stop * self.batch)

    @property
    def below(self) -> slice:
        """Return the columns of the rows below them."""
        return slice((self.first + 1) * self.batch, (self.stop + 1) * self.batch)

    def of(self, images: Tensor) -> Tensor:
        """Return a view of (4, batch, height, width, units) as (4, units, rows, batch)."""
        direction, image, row, pixel, unit = images.stride()
        return images.as_strided(
            (4, images.shape[4], self.stop - self.first, self.batch),
            (direction, unit, row - pixel, image),
            images.storage_offset() + self.first * row + (self.number - self.first) * pixel,
        )

    def by_row(self, columns: Tensor) -> Tensor:
        """Return a view of (4, units, columns) as (4, units, rows, batch)."""
        return columns.view(*columns.shape[:2], self.stop - self.first, self.batch)


def _diagonals(batch: int, height: int, width: int) -> list[_Diagonal]:
    return [
        _Diagonal(number, max(0, number - width + 1), min(height, number + 1), batch)
        for number in range(height + width - 1)
    ]


def _run(images: Tensor, weight: Tensor, *, differentiable: bool) -> tuple[Tensor, list[Tensor]]:
    """Return the states, and what the gradient needs: steps, cells, then those of each diagonal."""
    _, batch, height, width, _ = images.shape
    n_hidden = weight.shape[1] // len(_GATES)
    # tanh(a) is 2 sigmoid(2 a) - 1, which torch computes several times as fast
    doubled = weight.clone()
    doubled[:, -n_hidden:] *= 2.0
    diagonals = _diagonals(batch, height, width)
    n_columns = (height + 1) * batch
    # What a diagonal's product sees: states above, states at the left, input, one. A diagonal
    # writes its states into the next one's step, for the pixels below and for those at the right.
    steps = images.new_zeros(len(diagonals) + 1, 4, weight.shape[2], n_columns)
    steps[:, :, -1] = 1.0
    cells = images.new_zeros(len(diagonals) + 1, 4, n_hidden, n_columns)  # from one row above on
    states = images.new_empty(4, batch, height, width, n_hidden)
    tape = [steps, cells]
    for diagonal in diagonals:
        here, below = diagonal.here, diagonal.below
        step, next_step = steps[diagonal.number], steps[diagonal.number + 1]
        cell, next_cell = cells[diagonal.number], cells[diagonal.number + 1][:, :, below]
        diagonal.by_row(step[:, 2 * n_hidden : -1, here]).copy_(diagonal.of(images))
        gates = torch.bmm(doubled, step[:, :, here]).sigmoid_()
        input_gate, above, left, output_gate, candidate = _split(gates)
        candidate.mul_(2.0).sub_(1.0)
        torch.mul(input_gate, candidate, out=next_cell)
        next_cell.addcmul_(above, cell[:, :, here]).addcmul_(left, cell[:, :, below])
        squashed = torch.mul(next_cell, 2.0).sigmoid_().mul_(2.0).sub_(1.0)
        hidden = next_step[:, n_hidden : 2 * n_hidden, here]
        torch.mul(output_gate, squashed, out=hidden)
        next_step[:, :n_hidden, below] = hidden
        diagonal.of(states).copy_(diagonal.by_row(hidden))
        if differentiable:
            tape += [gates, squashed]
    return states, tape


def _run_back(
    grad: Tensor, n_features: int, weight: Tensor, tape: Sequence[Tensor], *, with_images: bool
) -> tuple[Tensor | None, Tensor]:
    """Return the gradients of the images, if asked for, and of the weights."""
    _, batch, height, width, n_hidden = grad.shape
    steps, cells, *rest = tape
    n_seen = 2 * n_hidden + (n_features if with_images else 0)
    back = weight[:, :, :n_seen].transpose(1, 2)
    grad_images = grad.new_empty(4, batch, height, width, n_features) if with_images else None
    grad_weight = torch.zeros_like(weight)
    n_columns = (height + 1) * batch
    # Gradients of the states above and at the left, and of the cells there. Each diagonal writes
    # over those of the one behind it; where that had no pixel, nothing has been written yet.
    grad_step = grad.new_zeros(4, n_seen, n_columns)
    grad_cells = grad.new_zeros(4, 2, n_hidden, n_columns)
    for diagonal in reversed(_diagonals(batch, height, width)):
        here, below = diagonal.here, diagonal.below
        squashed, gates = rest.pop(), rest.pop()
        input_gate, _, _, output_gate, candidate = _split(gates)
        step, cell = steps[diagonal.number], cells[diagonal.number]
        grad_hidden = grad_step[:, :n_hidden, below] + grad_step[:, n_hidden : 2 * n_hidden, here]
        diagonal.by_row(grad_hidden).add_(diagonal.of(grad))
        grad_cell = aten.tanh_backward(grad_hidden * output_gate, squashed)
        grad_cell.add_(grad_cells[:, 0, :, below]).add_(grad_cells[:, 1, :, here])
        grad_gates = torch.empty_like(gates)
        to_input, to_above, to_left, to_output, to_candidate = _split(grad_gates)
        torch.mul(grad_cell, candidate, out=to_input)
        torch.mul(grad_cell, cell[:, :, here], out=to_above)
        torch.mul(grad_cell, cell[:, :, below], out=to_left)
        torch.mul(grad_hidden, squashed, out=to_output)
        torch.mul(grad_cell, input_gate, out=to_candidate)
        sigmoids, to_sigmoids = gates[:, :-n_hidden], grad_gates[:, :-n_hidden]
        aten.sigmoid_backward(to_sigmoids, sigmoids, grad_input=to_sigmoids)
        aten.tanh_backward(to_candidate, candidate, grad_input=to_candidate)
        forgets = gates[:, n_hidden : 3 * n_hidden].view(4, 2, n_hidden, -1)
        torch.mul(grad_cell[:, None], forgets, out=grad_cells[:, :, :, here])
        torch.bmm(back, grad_gates, out=grad_step[:, :, here])
        grad_weight.baddbmm_(grad_gates, step[:, :, here].transpose(1, 2))
        if grad_images is not None:
            diagonal.of(grad_images).copy_(diagonal.by_row(grad_step[:, 2 * n_hidden :, here]))
    return grad_images, grad_weight


def _split(gates: Tensor) -> tuple[Tensor, ...]:
    """Return the gates one by one, each (4, hidden, columns)."""
    return gates.view(4, len(_GATES), -1, gates.shape[2]).unbind(1)
