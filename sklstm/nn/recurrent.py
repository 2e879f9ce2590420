"""Recurrent layers: how they start, and both directions over padded batches."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from sklstm.nn import fused
from sklstm.nn.cells import CELLS, Cell
from sklstm.nn.masks import last_steps, reverse_sequences
from sklstm.nn.plain import PlainCell
from sklstm.nn.precision import autocast

# Narrower layers start as usual: they need all of their units for what is near.
_FEWEST_UNITS = 32


@dataclass(frozen=True)
class Start:
    """How the weights of a recurrent layer start.

    Input weights are Glorot's and Bengio's [1]_, recurrent ones orthogonal [2]_; biases are zero
    but for those of the gates that tell how much of its state a unit keeps. Layers of fewer than 32
    units start as by default, whatever is told here.

    Attributes
    ----------
    input_gain : float
        Factor of the input weights.
    keep_biases : tuple of float or None
        Biases of the LSTM's forget gate or the GRU's update gate, in the first and the last unit,
        with even steps between. None is one in all of an LSTM [3]_ and zero in a GRU.
    n_remembered : float or None
        Number of steps over which states are to remember. A quarter of the units of a gated cell
        then starts by keeping what it holds for 2 up to so many steps, evenly spread [4]_; None
        leaves all as the others are.

    References
    ----------
    .. [1] Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward
       neural networks, AISTATS.
    .. [2] Saxe, McClelland and Ganguli (2014), Exact solutions to the nonlinear dynamics of
       learning in deep linear neural networks, ICLR.
    .. [3] Gers, Schmidhuber and Cummins (2000), Learning to forget, Neural Computation 12(10).
    .. [4] Tallec and Ollivier (2018), Can recurrent neural networks warp time?, ICLR.
    """

    input_gain: float = 1.0
    keep_biases: tuple[float, float] | None = None
    n_remembered: float | None = None


class RecurrentLayer(nn.Module):
    """One recurrent layer over a padded batch, in one direction or both.

    The batch is dense and padded at the tail, never packed: a step only looks back, so padding
    behind the end cannot reach a sequence's own steps. The backward direction is a second layer
    that reads each sequence reversed within its own length.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}
        Long short-term memory [1]_ with forget gate [2]_, gated recurrent unit [3]_ (in torch's
        and cuDNN's form, which applies the reset gate after the recurrent product), or Elman's
        network.
    n_inputs, n_hidden : int
        Width of a step of the input, and of the hidden state of one direction.
    bidirectional : bool, default=False
        Whether to read both ways [4]_; the output is then 2 * n_hidden wide.
    activation : {"tanh", "relu", "sigmoid", "identity"}, default="tanh"
        All but tanh run step by step, as `PlainCell`.
    mixed_precision : bool, default=False
        Whether the layer computes in bfloat16; weights and what comes in and goes out do not.
    start : Start or None, default=None
        How its weights start; None is as `Start` does.

    References
    ----------
    .. [1] Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9(8).
    .. [2] Gers, Schmidhuber and Cummins (2000), Learning to forget, Neural Computation 12(10).
    .. [3] Cho et al. (2014), Learning phrase representations using RNN encoder-decoder.
    .. [4] Schuster and Paliwal (1997), Bidirectional recurrent neural networks, IEEE Trans. Signal
       Processing 45(11).

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import RecurrentLayer
    >>> layer = RecurrentLayer("lstm", 1, 50)
    >>> sum(p.numel() for p in layer.parameters() if p.requires_grad)
    10400
    >>> layer(torch.zeros(2, 7, 1), None).shape
    torch.Size([2, 7, 50])
    """

    def __init__(
        self,
        cell: str,
        n_inputs: int,
        n_hidden: int,
        *,
        bidirectional: bool = False,
        activation: str = "tanh",
        mixed_precision: bool = False,
        start: Start | None = None,
    ) -> None:
        super().__init__()
        self.cell = cell
        self.activation = activation
        self.mixed_precision = mixed_precision
        make = partial(make_layer, CELLS[cell], n_inputs, n_hidden, start or Start())
        self.forward_layer = make()
        self.backward_layer = make() if bidirectional else None
        self.n_outputs = n_hidden * (2 if bidirectional else 1)

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the hidden state of every step.

        Parameters
        ----------
        x : Tensor of shape (batch, time, features)
        lengths : Tensor of shape (batch,) or None
            None means that all sequences fill the batch.

        Returns
        -------
        Tensor of shape (batch, time, directions * hidden)
            What stands behind the end of a sequence has no meaning. Of one direction it may be a
            view of what a gradient needs: clone what is to be changed in place.
        """
        ahead = self._run(self.forward_layer, x)  # (batch, time, hidden)
        if self.backward_layer is None:
            return ahead
        back = self._run(self.backward_layer, reverse_sequences(x, lengths))
        return torch.cat([ahead, reverse_sequences(back, lengths)], dim=2)

    def ignore(self, is_constant: Tensor) -> None:
        """Start without weights of inputs that are constant in training.

        Standardised, they are zero there, so that no gradient would ever change the random weights
        that they meet where they do vary, at prediction.

        Parameters
        ----------
        is_constant : Tensor of shape (n_inputs,), dtype bool
        """
        layers = [self.forward_layer, *([self.backward_layer] if self.backward_layer else [])]
        with torch.no_grad():
            for layer in layers:
                of_inputs = layer.all_weights[0][0]
                of_inputs[:, is_constant] = 0.0

    def last(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the state of each direction that has seen the whole sequence.

        As `pool_last` of all states, without a gradient of them all.

        Parameters
        ----------
        x : Tensor of shape (batch, time, features)
        lengths : Tensor of shape (batch,) or None
            None means that all sequences fill the batch.

        Returns
        -------
        Tensor of shape (batch, directions * hidden)
        """
        ahead = self._run_to_end(self.forward_layer, x, lengths)
        if self.backward_layer is None:
            return ahead
        back = self._run_to_end(self.backward_layer, reverse_sequences(x, lengths), lengths)
        return torch.cat([ahead, back], dim=1)

    def _run_to_end(self, layer: nn.RNNBase, x: Tensor, lengths: Tensor | None) -> Tensor:
        weights = layer.all_weights[0]
        if self._is_fused(x, weights):
            return fused.run(self.cell, x, weights, last=True, lengths=lengths)
        return last_steps(self._run(layer, x), lengths)

    def _is_fused(self, x: Tensor, weights: Sequence[Tensor]) -> bool:
        is_usual = self.activation == "tanh" and not self.mixed_precision
        return is_usual and fused.can_run(self.cell, x, weights)

    def _run(self, layer: nn.RNNBase, x: Tensor) -> Tensor:
        # What torch's layers do around this function costs a third of the time of one sequence.
        weights = layer.all_weights[0]
        if self._is_fused(x, weights):
            return fused.run(self.cell, x, weights)
        if self.activation != "tanh":
            with autocast(x, enabled=self.mixed_precision):
                return PlainCell(self.cell, weights, self.activation).run(x).to(x.dtype)
        cell = CELLS[self.cell]
        start = (x.new_zeros(x.shape[0], layer.hidden_size),) * cell.n_states
        with autocast(x, enabled=self.mixed_precision):
            states = cell.over_time(x, start, weights, training=self.training)
        return states.to(x.dtype)


def make_layer(cell: Cell, n_inputs: int, n_hidden: int, start: Start) -> nn.RNNBase:
    """Return torch's layer of one direction; one of fewer than 32 units starts as usual."""
    if n_hidden < _FEWEST_UNITS:
        start = Start()
    layer = cell.layer(n_inputs, n_hidden, batch_first=True)
    weights = dict(layer.named_parameters())
    with torch.no_grad():
        for number, gate in enumerate(cell.gates):
            block = slice(number * n_hidden, (number + 1) * n_hidden)
            nn.init.xavier_uniform_(weights["weight_ih_l0"][block], start.input_gain)
            nn.init.orthogonal_(weights["weight_hh_l0"][block])
            weights["bias_ih_l0"][block] = torch.linspace(*_biases(cell, gate, start), n_hidden)
            weights["bias_hh_l0"][block] = 0.0
        if start.n_remembered is not None:
            _spread_time_scales(cell, weights["bias_ih_l0"], n_hidden, start.n_remembered)
    weights["bias_hh_l0"].requires_grad_(not cell.redundant_bias)
    return layer


def _biases(cell: Cell, gate: str, start: Start) -> tuple[float, float]:
    if start.keep_biases is not None and cell.keeping.get(gate) == 1:
        return start.keep_biases
    return (1.0, 1.0) if gate == "forget" else (0.0, 0.0)


def _spread_time_scales(cell: Cell, bias: Tensor, n_hidden: int, n_steps: float) -> None:
    """Let a quarter of the units keep what they hold for 2 to n_steps steps, evenly spread."""
    if n_steps <= 1 + math.e:  # what a forget gate with a bias of one keeps anyway
        return
    n_keeping = n_hidden // 4
    time_scales = 2 + (torch.arange(n_keeping) + 0.5) / n_keeping * (n_steps - 2)
    for gate, sign in cell.keeping.items():
        end = (cell.gates.index(gate) + 1) * n_hidden
        bias[end - n_keeping : end] = sign * (time_scales - 1).log()
