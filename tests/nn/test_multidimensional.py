"""Multi-dimensional layers against a NumPy reference that goes from pixel to pixel."""

import math

import numpy as np
import pytest
import torch

from sklstm.nn import MultidimensionalLayer

# Corners where the four directions start: (from the bottom, from the right).
CORNERS = [(False, False), (True, False), (False, True), (True, True)]
SHAPES = [(1, 1), (1, 6), (5, 1), (2, 2), (3, 7), (6, 4)]


def make_layer(rng, n_inputs=2, n_hidden=3, dtype=torch.float64):
    """Return a layer with random weights everywhere, the biases too."""
    layer = MultidimensionalLayer(n_inputs, n_hidden).to(dtype)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.as_tensor(0.5 * rng.normal(size=parameter.shape)))
    return layer


def make_batch(rng, widths, height=4, garbage=0.0):
    x = rng.normal(size=(len(widths), height, max(widths), 2))
    for image, width in zip(x, widths, strict=True):
        image[:, width:] = garbage
    return x


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def scan_reference(x, weight_input, weight_above, weight_left, bias):
    """Return the states of one image (height, width, features) read from its upper left corner."""
    height, width, _ = x.shape
    n_hidden = weight_above.shape[1]
    hidden = np.zeros((height + 1, width + 1, n_hidden))  # one row above, one column at the left
    cell = np.zeros_like(hidden)
    for i in range(1, height + 1):
        for j in range(1, width + 1):
            gates = (
                weight_input @ x[i - 1, j - 1]
                + weight_above @ hidden[i - 1, j]
                + weight_left @ hidden[i, j - 1]
                + bias
            )
            entry, above, left, leave = sigmoid(gates[: 4 * n_hidden]).reshape(4, n_hidden)
            candidate = np.tanh(gates[4 * n_hidden :])
            cell[i, j] = entry * candidate + above * cell[i - 1, j] + left * cell[i, j - 1]
            hidden[i, j] = leave * np.tanh(cell[i, j])
    return hidden[1:, 1:]


def predict_reference(layer, x):
    """Return the states of one image without padding, all directions side by side."""
    weights = {name: value.detach().numpy() for name, value in layer.named_parameters()}
    states = []
    for direction, (from_bottom, from_right) in enumerate(CORNERS):
        turn = np.s_[:: -1 if from_bottom else 1, :: -1 if from_right else 1]
        own = {name: value[direction] for name, value in weights.items()}
        states.append(scan_reference(x[turn], **own)[turn])
    return np.concatenate(states, axis=2)


@pytest.mark.parametrize(("height", "width"), SHAPES)
def test_states_agree_with_reference(rng, height, width):
    layer = make_layer(rng)
    x = rng.normal(size=(3, height, width, 2))
    expected = np.stack([predict_reference(layer, image) for image in x])
    states = layer(torch.as_tensor(x), None)
    assert states.shape == (3, height, width, layer.n_outputs)
    np.testing.assert_allclose(states.detach().numpy(), expected, atol=1e-12)
    with torch.no_grad():
        assert torch.equal(layer(torch.as_tensor(x), None), states)


@pytest.mark.parametrize("height", [1, 4])
@pytest.mark.parametrize("garbage", [0.0, 1e3])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_ragged_images_agree_with_reference(rng, height, garbage, dtype, tolerance):
    layer = make_layer(rng)
    widths = [6, 1, 9, 4, 9]
    x = make_batch(rng, widths, height, garbage)
    states = layer.to(dtype)(torch.as_tensor(x, dtype=dtype), torch.tensor(widths))
    layer.double()
    for image, width, found in zip(x, widths, states.detach().numpy(), strict=True):
        expected = predict_reference(layer, image[:, :width])
        np.testing.assert_allclose(found[:, :width], expected, atol=tolerance)
        assert (found[:, width:] == 0).all()


@pytest.mark.parametrize(
    ("height", "width", "with_input"),
    [(1, 1, True), (1, 3, True), (3, 1, True), (2, 3, True), (3, 2, True), (3, 2, False)],
)
def test_gradients(rng, height, width, with_input):
    layer = make_layer(rng, n_hidden=2)
    widths = torch.tensor([width, max(1, width - 1)])
    x = torch.as_tensor(rng.normal(size=(2, height, width, 2))).requires_grad_(with_input)
    names = [name for name, _ in layer.named_parameters()]

    def states(x, *weights):
        given = dict(zip(names, weights, strict=True))
        return torch.func.functional_call(layer, given, (x, widths))

    assert torch.autograd.gradcheck(states, (x, *layer.parameters()))


def test_padding_and_neighbours_change_no_gradient(rng):
    layer = make_layer(rng)
    widths = [5, 2, 8]
    upstream = rng.normal(size=(3, 4, 8, layer.n_outputs))

    def gradients(x, widths, upstream):
        layer.zero_grad()
        given = torch.tensor(x, requires_grad=True)
        lengths = None if widths is None else torch.tensor(widths)
        (layer(given, lengths) * torch.as_tensor(upstream)).sum().backward()
        return given.grad.numpy(), [p.grad.numpy().copy() for p in layer.parameters()]

    x = make_batch(rng, widths)
    alone = [
        gradients(x[[k], :, :width], None, upstream[[k], :, :width])
        for k, width in enumerate(widths)
    ]
    for garbage in (0.0, 1e3):
        for image, width in zip(x, widths, strict=True):
            image[:, width:] = garbage
        of_x, of_weights = gradients(x, widths, upstream)
        for k, width in enumerate(widths):
            np.testing.assert_allclose(of_x[k, :, :width], alone[k][0][0], atol=1e-12)
            assert (of_x[k, :, width:] == 0).all()
        for found, *parts in zip(of_weights, *(grads for _, grads in alone), strict=True):
            np.testing.assert_allclose(found, sum(parts), atol=1e-12)


def test_full_widths_are_as_good_as_none(rng):
    layer = make_layer(rng)
    x = torch.as_tensor(make_batch(rng, [5, 5, 5]))
    with torch.no_grad():
        torch.testing.assert_close(layer(x, None), layer(x, torch.tensor([5, 5, 5])))


def test_strided_input_and_gradient(rng):
    layer = make_layer(rng)
    x = torch.as_tensor(make_batch(rng, [5, 5, 5]))
    given = x.clone().requires_grad_()
    strided = x.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0).requires_grad_()
    for image in (given, strided):
        layer(image, None)[:, 1].sum().backward()  # an expanded gradient, cut out
    assert torch.equal(given.grad, strided.grad)


def test_each_direction_sees_its_own_quarter(rng):
    layer = make_layer(rng)
    x = torch.as_tensor(rng.normal(size=(1, 5, 6, 2)))
    changed = x.clone()
    changed[0, 2, 3] += 1.0
    with torch.no_grad():
        differs = (layer(x, None) != layer(changed, None))[0]
    rows, columns = torch.arange(5)[:, None], torch.arange(6)
    for direction, (from_bottom, from_right) in enumerate(CORNERS):
        behind = rows <= 2 if from_bottom else rows >= 2
        beside = columns <= 3 if from_right else columns >= 3
        found = differs[:, :, 3 * direction : 3 * direction + 3].any(2)
        assert torch.equal(found, behind & beside)


def test_cannot_be_differentiated_twice(rng):
    layer = make_layer(rng)
    x = torch.as_tensor(rng.normal(size=(1, 2, 2, 2))).requires_grad_()
    with pytest.raises(RuntimeError, match="differentiated once"):
        torch.autograd.grad(layer(x, None).sum(), x, create_graph=True)


def test_initial_weights():
    n_hidden = 5
    layer = MultidimensionalLayer(3, n_hidden)
    assert layer.n_outputs == 20
    limit = math.sqrt(6 / (3 + n_hidden))  # Glorot and Bengio (2010), for one gate
    for direction in range(4):
        for gate in range(5):
            rows = slice(gate * n_hidden, (gate + 1) * n_hidden)
            for weight in (layer.weight_above, layer.weight_left):
                recurrent = weight[direction, rows].detach()
                torch.testing.assert_close(recurrent @ recurrent.T, torch.eye(n_hidden))
            largest = layer.weight_input[direction, rows].abs().max()
            assert 0.5 * limit < largest <= limit
    biases = layer.bias.detach().view(4, 5, n_hidden)
    assert (biases[:, [0, 3, 4]] == 0).all()
    forget = biases[:, 1:3].sigmoid()
    torch.testing.assert_close(forget, torch.full_like(forget, 0.5 / (1 + math.exp(-1))))


def test_cells_stay_bounded_on_large_images():
    # with forget gates of more than a half, the sum over all paths grows without bound
    layer = MultidimensionalLayer(1, 4)
    x = torch.ones(1, 40, 200, 1, requires_grad=True)
    states = layer(x, None)
    states.square().mean().backward()
    assert torch.isfinite(x.grad).all()
    assert states.detach().abs().max() < 0.99  # no cell saturated
