"""The recurrent cells: torch's layers of them, and each step as textbooks write it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

# What a cell carries from step to step; the hidden state is the first.
State = tuple[Tensor, ...]
Activation = Callable[[Tensor], Tensor]


def step_lstm(x: Tensor, state: State, weights: Sequence[Tensor], activation: Activation) -> State:
    """Make one step of an LSTM; state is hidden state and memory."""
    hidden, memory = state
    w_input, w_recurrent, b_input, b_recurrent = weights
    sums = linear(x, w_input, b_input) + linear(hidden, w_recurrent, b_recurrent)
    input_gate, forget_gate, candidate, output_gate = sums.chunk(4, dim=1)
    kept = torch.sigmoid(forget_gate) * memory
    memory = kept + torch.sigmoid(input_gate) * activation(candidate)
    return torch.sigmoid(output_gate) * activation(memory), memory


def step_gru(x: Tensor, state: State, weights: Sequence[Tensor], activation: Activation) -> State:
    """Make one step of a gated recurrent unit; the reset gate acts behind the recurrent product."""
    (hidden,) = state
    w_input, w_recurrent, b_input, b_recurrent = weights
    from_input = linear(x, w_input, b_input).chunk(3, dim=1)
    from_state = linear(hidden, w_recurrent, b_recurrent).chunk(3, dim=1)
    reset = torch.sigmoid(from_input[0] + from_state[0])
    update = torch.sigmoid(from_input[1] + from_state[1])
    candidate = activation(from_input[2] + reset * from_state[2])
    return (candidate + update * (hidden - candidate),)


def step_rnn(x: Tensor, state: State, weights: Sequence[Tensor], activation: Activation) -> State:
    """Make one step of Elman's network."""
    (hidden,) = state
    w_input, w_recurrent, b_input, b_recurrent = weights
    return (activation(linear(x, w_input, b_input) + linear(hidden, w_recurrent, b_recurrent)),)


@dataclass(frozen=True)
class Cell:
    """What tells one recurrent cell from another.

    Attributes
    ----------
    layer : type
        torch's layer, which holds the weights.
    run : callable
        torch's function that runs the cell over time.
    step : callable
        One step in single operations.
    n_states : int
        How many states the cell carries from step to step.
    gates : tuple of str
        The blocks of its weight matrices, in torch's order.
    redundant_bias : bool
        Whether torch's second bias adds to the first in every gate, so that one suffices.
    keeping : dict of str to int
        Gates that tell how long a unit keeps what it holds, with the sign of their biases: at
        log(tau - 1) times the sign a unit loses a part in tau at every step, and takes in as much.
    """

    layer: type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]
    run: Callable[..., Any]
    step: Callable[[Tensor, State, Sequence[Tensor], Activation], State]
    n_states: int
    gates: tuple[str, ...]
    redundant_bias: bool
    keeping: dict[str, int]

    def over_time(
        self, x: Tensor, start: State, weights: Sequence[Tensor], *, training: bool
    ) -> Tensor:
        """Return the hidden state of every step, (batch, time, inputs) -> (batch, time, hidden)."""
        states = tuple(part[None].contiguous() for part in start)
        outputs: Tensor = self.run(
            x,
            states if self.n_states > 1 else states[0],
            weights,
            has_biases=True,
            num_layers=1,
            dropout=0.0,
            train=training,
            bidirectional=False,
            batch_first=True,
        )[0]
        return outputs


CELLS: dict[str, Cell] = {
    "lstm": Cell(
        nn.LSTM,
        torch.lstm,
        step_lstm,
        2,
        ("input", "forget", "candidate", "output"),
        redundant_bias=True,
        keeping={"forget": 1, "input": -1},
    ),
    # The reset gate scales the candidate's recurrent bias, which the input's bias cannot stand for.
    "gru": Cell(
        nn.GRU,
        torch.gru,
        step_gru,
        1,
        ("reset", "update", "candidate"),
        redundant_bias=False,
        keeping={"update": 1},
    ),
    "rnn": Cell(nn.RNN, torch.rnn_tanh, step_rnn, 1, ("state",), redundant_bias=True, keeping={}),
}
