import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from sklstm.nn import ACTIVATIONS, PlainCell, RecurrentLayer

cells = pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


IN_NUMPY = {
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
    "sigmoid": sigmoid,
    "identity": lambda a: a,
}


def random_layer(cell, activation="tanh"):
    torch.manual_seed(0)
    layer = RecurrentLayer(cell, 3, 4, activation=activation).double()
    with torch.no_grad():
        for weight in layer.parameters():
            weight.copy_(torch.randn_like(weight))
    return layer


def naive_states(cell, activation, x, w):
    """The equations for one sequence (time, inputs), with any activation."""
    f, s = IN_NUMPY[activation], sigmoid
    n_hidden = w["U"].shape[1]
    h, c, states = np.zeros(n_hidden), np.zeros(n_hidden), []
    for x_t in x:
        a, b = w["W"] @ x_t + w["b"], w["U"] @ h + w["c"]
        if cell == "rnn":
            h = f(a + b)
        elif cell == "gru":
            (ar, az, an), (br, bz, bn) = np.split(a, 3), np.split(b, 3)
            z = s(az + bz)
            h = (1 - z) * f(an + s(ar + br) * bn) + z * h
        else:
            i, forget, g, o = np.split(a + b, 4)
            c = s(forget) * c + s(i) * f(g)
            h = s(o) * f(c)
        states.append(h)
    return np.array(states)


@cells
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_states_agree_with_the_equations(cell, activation, rng, reference):
    layer = random_layer(cell, activation)
    x = rng.normal(size=(2, 6, 3))
    states = layer(torch.as_tensor(x), None).detach().numpy()
    weights = reference.weights_of(layer.forward_layer)
    for row, sequence in zip(states, x, strict=True):
        assert_allclose(row, naive_states(cell, activation, sequence, weights), rtol=1e-10)


@cells
def test_with_tanh_the_plain_cell_is_the_layer(cell, rng):
    layer = random_layer(cell)
    x = torch.as_tensor(rng.normal(size=(2, 6, 3)))
    plain = PlainCell(cell, layer.forward_layer.all_weights[0])
    assert_allclose(plain.run(x).detach(), layer(x, None).detach(), rtol=1e-10)


@cells
def test_a_step_goes_on_from_its_state(cell, rng):
    plain = PlainCell(cell, random_layer(cell).forward_layer.all_weights[0], "sigmoid")
    x = torch.as_tensor(rng.normal(size=(2, 6, 3)))
    state = plain.start(2)
    for number in range(6):
        state = plain.step(x[:, number], state)
    assert_allclose(state[0].detach(), plain.run(x)[:, -1].detach(), rtol=1e-12)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_padding_changes_nothing(bidirectional, rng):
    torch.manual_seed(0)
    layer = RecurrentLayer("lstm", 3, 4, bidirectional=bidirectional, activation="relu").double()
    x = torch.as_tensor(rng.normal(size=(2, 6, 3)))
    lengths = torch.tensor([4, 6])
    together = layer(x, lengths)[0, :4]
    assert_allclose(together.detach(), layer(x[:1, :4], None)[0].detach(), rtol=1e-12)
