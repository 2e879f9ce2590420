"""From pooled states to the network's outputs."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.dropout import dropout


class DenseHead(nn.Module):
    """Dense layers with ReLU, and a linear output layer.

    Parameters
    ----------
    n_inputs : int
    dense_layer_sizes : sequence of int
        Widths of the layers before the output; none is allowed.
    n_outputs : int
    dropout : float, default=0.0
        Share of a dense layer's units that are dropped in training.

    Notes
    -----
    Out of training the head computes in float64 on a CPU. Matrix products of few columns are
    rounded differently by the number of rows; in float64 what is left of that is below what any
    user sees, so that a prediction does not depend on what else is in its batch.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.heads import DenseHead
    >>> DenseHead(4, (8,), 2)(torch.zeros(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self, n_inputs: int, dense_layer_sizes: Sequence[int], n_outputs: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        widths = [n_inputs, *dense_layer_sizes]
        pairs = pairwise(widths)
        self.dense = nn.ModuleList([make_linear(n_in, n_out) for n_in, n_out in pairs])
        self.dropout = dropout
        self.output = make_linear(widths[-1], n_outputs)

    def multiply(self, factor: float) -> None:
        """Multiply all outputs by a factor from now on."""
        with torch.no_grad():
            for parameter in self.output.parameters():
                parameter.mul_(factor)

    def forward(self, pooled: Tensor) -> Tensor:
        """Map (batch, n_inputs) to (batch, n_outputs)."""
        if not self.training and pooled.device.type == "cpu":
            pooled = pooled.double()
        for layer in self.dense:
            pooled = functional.relu(_apply(layer, pooled))
            pooled = dropout(pooled, self.dropout, self.training)
        return _apply(self.output, pooled)


def make_linear(n_inputs: int, n_outputs: int) -> nn.Linear:
    """Return a linear layer that starts as Glorot and Bengio (2010) propose, its bias at zero."""
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _apply(layer: nn.Module, x: Tensor) -> Tensor:
    assert isinstance(layer, nn.Linear)
    return functional.linear(x, layer.weight.to(x.dtype), layer.bias.to(x.dtype))
