"""Recurrent cells in NumPy, written from the published equations.

Nothing here comes from torch. One sequence at a time, one step at a time, in float64; gradients by
backpropagation through time (Werbos, 1990), derived by hand. Weights are dicts of

- ``W`` (gates * hidden, features), ``U`` (gates * hidden, hidden): input and recurrent weights,
- ``b``, ``c`` (gates * hidden,): biases of the input and of the recurrent product,

whose blocks of gates stand in the order that each function names.
"""

import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


class Lstm:
    """Hochreiter and Schmidhuber (1997) with the forget gate of Gers et al. (2000).

    Blocks: input gate i, forget gate f, candidate g, output gate o.
    c_t = f * c_{t-1} + i * g;  h_t = o * tanh(c_t).
    """

    @staticmethod
    def forward(x, weights):
        n_hidden = weights["U"].shape[1]
        h, c = np.zeros(n_hidden), np.zeros(n_hidden)
        states, tape = [], []
        for x_t in x:
            a = weights["W"] @ x_t + weights["b"] + weights["U"] @ h + weights["c"]
            a_i, a_f, a_g, a_o = np.split(a, 4)
            i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
            c_before, h_before = c, h
            c = f * c_before + i * g
            h = o * np.tanh(c)
            states.append(h)
            tape.append((x_t, h_before, c_before, i, f, g, o, c))
        return np.array(states), tape

    @staticmethod
    def backward(gradient, tape, weights):
        grads = {name: np.zeros_like(value) for name, value in weights.items()}
        dx = []
        dh_next = dc_next = np.zeros(weights["U"].shape[1])
        for dh_t, (x_t, h_before, c_before, i, f, g, o, c) in reversed(
            list(zip(gradient, tape, strict=True))
        ):
            dh = dh_t + dh_next
            dc = dc_next + dh * o * (1 - np.tanh(c) ** 2)
            da = np.concatenate(
                [
                    dc * g * i * (1 - i),
                    dc * c_before * f * (1 - f),
                    dc * i * (1 - g**2),
                    dh * np.tanh(c) * o * (1 - o),
                ]
            )
            _add(grads, da, da, x_t, h_before)
            dx.append(weights["W"].T @ da)
            dh_next = weights["U"].T @ da
            dc_next = dc * f
        return np.array(dx[::-1]), grads


class Gru:
    """Cho et al. (2014) in the "reset after" variant of torch and cuDNN.

    The reset gate scales the recurrent product with its bias, not the state that goes into it.
    Blocks: reset gate r, update gate z, candidate n.
    n = tanh(W x + b + r * (U h + c));  h_t = (1 - z) * n + z * h_{t-1}.
    """

    @staticmethod
    def forward(x, weights):
        h = np.zeros(weights["U"].shape[1])
        states, tape = [], []
        for x_t in x:
            from_input = np.split(weights["W"] @ x_t + weights["b"], 3)
            from_state = np.split(weights["U"] @ h + weights["c"], 3)
            r = sigmoid(from_input[0] + from_state[0])
            z = sigmoid(from_input[1] + from_state[1])
            n = np.tanh(from_input[2] + r * from_state[2])
            h_before = h
            h = (1 - z) * n + z * h_before
            states.append(h)
            tape.append((x_t, h_before, r, z, n, from_state[2]))
        return np.array(states), tape

    @staticmethod
    def backward(gradient, tape, weights):
        grads = {name: np.zeros_like(value) for name, value in weights.items()}
        dx = []
        dh_next = np.zeros(weights["U"].shape[1])
        for dh_t, (x_t, h_before, r, z, n, recurrent) in reversed(
            list(zip(gradient, tape, strict=True))
        ):
            dh = dh_t + dh_next
            da_n = dh * (1 - z) * (1 - n**2)
            da_r = da_n * recurrent * r * (1 - r)
            da_z = dh * (h_before - n) * z * (1 - z)
            to_input = np.concatenate([da_r, da_z, da_n])
            to_state = np.concatenate([da_r, da_z, da_n * r])
            _add(grads, to_input, to_state, x_t, h_before)
            dx.append(weights["W"].T @ to_input)
            dh_next = weights["U"].T @ to_state + dh * z
        return np.array(dx[::-1]), grads


class Rnn:
    """Elman (1990) with tanh: h_t = tanh(W x + b + U h_{t-1} + c)."""

    @staticmethod
    def forward(x, weights):
        h = np.zeros(weights["U"].shape[1])
        states, tape = [], []
        for x_t in x:
            h_before = h
            h = np.tanh(weights["W"] @ x_t + weights["b"] + weights["U"] @ h + weights["c"])
            states.append(h)
            tape.append((x_t, h_before, h))
        return np.array(states), tape

    @staticmethod
    def backward(gradient, tape, weights):
        grads = {name: np.zeros_like(value) for name, value in weights.items()}
        dx = []
        dh_next = np.zeros(weights["U"].shape[1])
        for dh_t, (x_t, h_before, h) in reversed(list(zip(gradient, tape, strict=True))):
            da = (dh_t + dh_next) * (1 - h**2)
            _add(grads, da, da, x_t, h_before)
            dx.append(weights["W"].T @ da)
            dh_next = weights["U"].T @ da
        return np.array(dx[::-1]), grads


CELLS = {"lstm": Lstm, "gru": Gru, "rnn": Rnn}
N_GATES = {"lstm": 4, "gru": 3, "rnn": 1}


def _add(grads, to_input, to_state, x_t, h_before):
    grads["W"] += np.outer(to_input, x_t)
    grads["b"] += to_input
    grads["U"] += np.outer(to_state, h_before)
    grads["c"] += to_state


class Layer:
    """One or two directions over one sequence; the backward direction reads it reversed.

    Parameters
    ----------
    cell : str
    directions : list of dict
        Weights of the forward and, if any, of the backward direction.
    """

    def __init__(self, cell, directions):
        self.cell = CELLS[cell]
        self.directions = directions

    def forward(self, x):
        runs = [
            self.cell.forward(x[::turn], weights)
            for weights, turn in zip(self.directions, (1, -1), strict=False)
        ]
        self.tapes = [tape for _, tape in runs]
        return np.concatenate(
            [states[::turn] for (states, _), turn in zip(runs, (1, -1), strict=False)], axis=1
        )

    def backward(self, gradient):
        parts = np.split(gradient, len(self.directions), axis=1)
        dx, grads = 0.0, []
        for part, tape, weights, turn in zip(
            parts, self.tapes, self.directions, (1, -1), strict=False
        ):
            dx_part, grads_part = self.cell.backward(part[::turn], tape, weights)
            dx = dx + dx_part[::turn]
            grads.append(grads_part)
        return dx, grads


def weights_of(torch_layer):
    """Copy one direction of a torch layer into a dict of float64 arrays."""
    names = {"W": "weight_ih_l0", "U": "weight_hh_l0", "b": "bias_ih_l0", "c": "bias_hh_l0"}
    return {
        name: getattr(torch_layer, attribute).detach().numpy().astype(np.float64)
        for name, attribute in names.items()
    }


def gradients_of(torch_layer):
    """Copy the gradients of one direction of a torch layer; None where it is frozen."""
    names = {"W": "weight_ih_l0", "U": "weight_hh_l0", "b": "bias_ih_l0", "c": "bias_hh_l0"}
    gradients = {name: getattr(torch_layer, attribute).grad for name, attribute in names.items()}
    return {
        name: None if value is None else value.numpy().astype(np.float64)
        for name, value in gradients.items()
    }


def layer_of(cell, recurrent_layer):
    """Return the reference of a `RecurrentLayer`."""
    directions = [recurrent_layer.forward_layer]
    if recurrent_layer.backward_layer is not None:
        directions.append(recurrent_layer.backward_layer)
    return Layer(cell, [weights_of(direction) for direction in directions])
