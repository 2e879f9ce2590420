"""The cells one step at a time, as textbooks write them: for any activation, and to be read."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import linear

# What a cell carries from step to step; the hidden state is the first.
State = tuple[Tensor, ...]
Activation = Callable[[Tensor], Tensor]

ACTIVATIONS: dict[str, Activation] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "identity": lambda x: x,
}


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


_STEPS: dict[str, tuple[Callable[..., State], int]] = {
    "lstm": (step_lstm, 2),
    "gru": (step_gru, 1),
    "rnn": (step_rnn, 1),
}


class PlainCell:
    """A recurrent cell in torch's single operations, over weights laid out as torch's layers do.

    Much slower than a whole layer in one call, and the only way to activations other than tanh:
    of an LSTM [1]_ on candidate and memory, of a GRU on the candidate, of Elman's network on the
    state. Gates are sigmoids.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}
    weights : sequence of four Tensors
        Input weights (gates * hidden, inputs), recurrent weights (gates * hidden, hidden) and the
        two biases (gates * hidden,).
    activation : {"tanh", "relu", "sigmoid", "identity"}, default="tanh"

    References
    ----------
    .. [1] Gers, Schmidhuber and Cummins (2000), Learning to forget, Neural Computation 12(10).

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import PlainCell
    >>> layer = torch.nn.LSTM(3, 4)
    >>> cell = PlainCell("lstm", layer.all_weights[0])
    >>> state = cell.start(2)
    >>> for x in torch.ones(5, 2, 3):
    ...     state = cell.step(x, state)
    >>> bool(torch.allclose(state[0], layer(torch.ones(5, 2, 3))[0][-1]))
    True
    """

    def __init__(self, cell: str, weights: Sequence[Tensor], activation: str = "tanh") -> None:
        self._step, self.n_states = _STEPS[cell]
        self.weights = weights
        self.activation = ACTIVATIONS[activation]

    def start(self, batch: int) -> State:
        """Return the state before the first step, zeros of shape (batch, hidden)."""
        recurrent = self.weights[1]
        return (recurrent.new_zeros(batch, recurrent.shape[1]),) * self.n_states

    def step(self, x: Tensor, state: State) -> State:
        """Return the state behind a step.

        Parameters
        ----------
        x : Tensor of shape (batch, inputs)
        state : tuple of Tensors of shape (batch, hidden)
            Of an LSTM hidden state and memory, else the hidden state alone.

        Returns
        -------
        tuple of Tensors of shape (batch, hidden)
        """
        return self._step(x, state, self.weights, self.activation)

    def run(self, x: Tensor) -> Tensor:
        """Return the hidden state of every step, (batch, time, inputs) -> (batch, time, hidden)."""
        state, states = self.start(len(x)), []
        for x_t in x.unbind(1):
            state = self.step(x_t, state)
            states.append(state[0])
        return torch.stack(states, dim=1)
