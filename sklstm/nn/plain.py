"""The cells one step at a time, as textbooks write them: for any activation, and to be read."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sklstm.nn.cells import CELLS, Activation, State


def _leave(x: Tensor) -> Tensor:
    return x


ACTIVATIONS: dict[str, Activation] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "identity": _leave,
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
        self.cell = CELLS[cell]
        self.weights = weights
        self.activation = ACTIVATIONS[activation]

    def start(self, batch: int) -> State:
        """Return the state before the first step, zeros of shape (batch, hidden)."""
        recurrent = self.weights[1]
        return (recurrent.new_zeros(batch, recurrent.shape[1]),) * self.cell.n_states

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
        return self.cell.step(x, state, self.weights, self.activation)

    def run(self, x: Tensor) -> Tensor:
        """Return the hidden state of every step, (batch, time, inputs) -> (batch, time, hidden)."""
        state, states = self.start(len(x)), []
        for x_t in x.unbind(1):
            state = self.step(x_t, state)
            states.append(state[0])
        return torch.stack(states, dim=1)
