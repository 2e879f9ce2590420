"""Recurrent layers against the NumPy reference: states and all gradients.

The GRU is torch's and cuDNN's "reset after" variant, and so is the reference's.
"""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from sklstm.nn import CELLS, RecurrentLayer, Start
from sklstm.nn.pooling import pool_last

cells = pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
directions = pytest.mark.parametrize("bidirectional", [False, True])
# float32 takes the compiled layer where there is one, float64 torch's plain path
precisions = pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 2e-4)]
)
LENGTHS = {"equal": [6, 6, 6, 6], "ragged": [6, 1, 4, 3]}


def make_layer(cell, n_inputs, n_hidden, rng, *, bidirectional=False, dtype=torch.float64):
    """Return a layer with random weights everywhere, the biases too."""
    layer = RecurrentLayer(cell, n_inputs, n_hidden, bidirectional=bidirectional).to(dtype)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.as_tensor(0.5 * rng.normal(size=parameter.shape)))
    return layer


def make_batch(rng, lengths, n_features, garbage):
    """Return a padded batch whose padding holds garbage, and a gradient that is zero there."""
    absent = np.arange(max(lengths)) >= np.array(lengths)[:, None]
    x = rng.normal(size=(len(lengths), max(lengths), n_features))
    x[absent] = garbage
    return x, absent


def run_layers(layers, x, absent, lengths, upstream, dtype):
    """Return states, input gradient, with the gradients of the weights left in the layers."""
    given = torch.tensor(x, dtype=dtype, requires_grad=True)
    states = given
    for layer in layers:
        states = layer(states, lengths)
    masked = torch.where(torch.as_tensor(absent)[:, :, None], 0.0, states)
    (masked * torch.as_tensor(upstream, dtype=dtype)).sum().backward()
    return states.detach().numpy(), given.grad.numpy()


def assert_gradients_agree(reference, layers, reference_grads, tolerance):
    for layer, grads_of_layer in zip(layers, reference_grads, strict=True):
        parts = [part for part in (layer.forward_layer, layer.backward_layer) if part is not None]
        assert len(parts) == len(grads_of_layer)
        for part, expected in zip(parts, grads_of_layer, strict=True):
            found = reference.gradients_of(part)
            for name, value in found.items():
                if value is None:
                    assert name == "c"
                else:
                    scale = np.abs(expected[name]).max()
                    np.testing.assert_allclose(value, expected[name], atol=tolerance * scale)


def run_reference(reference, cell, layers, x, lengths, upstream):
    """Return a list of states and input gradients, and the summed gradients of each layer."""
    states, input_grads, sums = [], [], None
    for sequence, length, gradient in zip(x, lengths, upstream, strict=True):
        stack = [reference.layer_of(cell, layer) for layer in layers]
        value = sequence[:length].astype(np.float64)
        for part in stack:
            value = part.forward(value)
        states.append(value)
        back, grads = gradient[:length], []
        for part in reversed(stack):
            back, grads_of_layer = part.backward(back)
            grads.insert(0, grads_of_layer)
        input_grads.append(back)
        if sums is None:
            sums = grads
        else:
            sums = [
                [{name: a[name] + b[name] for name in a} for a, b in zip(old, new, strict=True)]
                for old, new in zip(sums, grads, strict=True)
            ]
    return states, input_grads, sums


@cells
def test_reference_gradients_agree_with_finite_differences(reference, rng, cell):
    n_gates = reference.N_GATES[cell]
    weights = {
        "W": rng.normal(size=(2 * n_gates, 2)),
        "U": rng.normal(size=(2 * n_gates, 2)),
        "b": rng.normal(size=2 * n_gates),
        "c": rng.normal(size=2 * n_gates),
    }
    x, upstream = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))

    def loss():
        return (reference.CELLS[cell].forward(x, weights)[0] * upstream).sum()

    _, tape = reference.CELLS[cell].forward(x, weights)
    dx, grads = reference.CELLS[cell].backward(upstream, tape, weights)
    for value, gradient in [(x, dx), *((weights[name], grads[name]) for name in weights)]:
        for place in np.ndindex(value.shape):
            kept = value[place]
            value[place] = kept + 1e-6
            above = loss()
            value[place] = kept - 1e-6
            below = loss()
            value[place] = kept
            assert gradient[place] == pytest.approx((above - below) / 2e-6, abs=1e-7)


@cells
@directions
@precisions
@pytest.mark.parametrize("form", LENGTHS)
@pytest.mark.parametrize("hidden_layer_sizes", [(3,), (4, 3)])
def test_states_and_gradients_agree_with_reference(
    reference, rng, cell, bidirectional, dtype, tolerance, form, hidden_layer_sizes
):
    lengths = LENGTHS[form]
    widths = [2, *((1 + bidirectional) * size for size in hidden_layer_sizes)]
    layers = [
        make_layer(cell, n_inputs, size, rng, bidirectional=bidirectional, dtype=dtype)
        for n_inputs, size in zip(widths, hidden_layer_sizes, strict=False)
    ]
    x, absent = make_batch(rng, lengths, 2, garbage=50.0)
    upstream = rng.normal(size=(*x.shape[:2], widths[-1]))
    states, dx = run_layers(
        layers,
        x,
        absent,
        None if form == "equal" else torch.tensor(lengths),
        upstream,
        dtype,
    )
    expected_states, expected_dx, expected_grads = run_reference(
        reference, cell, layers, x, lengths, upstream
    )
    for i, length in enumerate(lengths):
        np.testing.assert_allclose(states[i, :length], expected_states[i], atol=tolerance)
        scale = np.abs(expected_dx[i]).max()
        np.testing.assert_allclose(dx[i, :length], expected_dx[i], atol=tolerance * scale)
    assert (dx[absent] == 0).all()
    assert_gradients_agree(reference, layers, expected_grads, tolerance)


@cells
@directions
def test_garbage_in_padding_changes_nothing(rng, cell, bidirectional):
    layer = make_layer(cell, 2, 3, rng, bidirectional=bidirectional)
    lengths = torch.tensor([5, 2, 3])
    upstream = rng.normal(size=(3, 5, layer.n_outputs))
    found = []
    for garbage in (0.0, 1e6, -7.0):
        layer.zero_grad()
        x, absent = make_batch(np.random.default_rng(1), lengths.tolist(), 2, garbage)
        states, dx = run_layers([layer], x, absent, lengths, upstream, torch.float64)
        grads = [p.grad.clone().numpy() for p in layer.parameters() if p.requires_grad]
        found.append([states[~absent], dx, *grads])
    for other in found[1:]:
        for mine, theirs in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(mine, theirs)


@cells
@directions
@precisions
@pytest.mark.parametrize("lengths", [None, *LENGTHS.values()], ids=["none", *LENGTHS])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_last_states_and_their_gradients_are_those_of_all_states(
    rng, cell, bidirectional, dtype, tolerance, lengths, activation
):
    layer = make_layer(cell, 3, 5, rng, bidirectional=bidirectional, dtype=dtype)
    layer.activation = activation
    x = torch.as_tensor(rng.normal(size=(4, 6, 3)), dtype=dtype).requires_grad_()
    ends = None if lengths is None else torch.tensor(lengths)
    upstream = torch.as_tensor(rng.normal(size=(4, layer.n_outputs)), dtype=dtype)
    inputs = [x, *(weight for weight in layer.parameters() if weight.requires_grad)]
    found, expected = layer.last(x, ends), pool_last(layer(x, ends), ends, 1 + bidirectional)
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)
    for mine, theirs in zip(
        torch.autograd.grad((found * upstream).sum(), inputs),
        torch.autograd.grad((expected * upstream).sum(), inputs),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=tolerance, atol=tolerance)


@cells
@directions
def test_full_lengths_are_as_good_as_none(rng, cell, bidirectional):
    layer = make_layer(cell, 2, 3, rng, bidirectional=bidirectional)
    x = torch.as_tensor(rng.normal(size=(3, 5, 2)))
    with torch.no_grad():
        torch.testing.assert_close(layer(x, None), layer(x, torch.tensor([5, 5, 5])))


@cells
def test_forward_direction_looks_back_only_and_backward_ahead_only(rng, cell):
    layer = make_layer(cell, 1, 3, rng, bidirectional=True)
    x = torch.as_tensor(rng.normal(size=(1, 6, 1)))
    changed = x.clone()
    changed[0, 3] += 1.0
    with torch.no_grad():
        differs = (layer(x, None) != layer(changed, None))[0]  # (time, 2 * hidden)
    assert differs[:, :3].any(1).tolist() == [False, False, False, True, True, True]
    assert differs[:, 3:].any(1).tolist() == [True, True, True, True, False, False]


@pytest.mark.parametrize(
    ("cell", "n_inputs", "n_hidden", "bidirectional", "n_trainable"),
    [
        ("lstm", 1, 50, False, 10_400),  # 4 * 50 * (1 + 50 + 1)
        ("rnn", 1, 50, False, 2_600),  # 50 * (1 + 50 + 1)
        ("gru", 1, 50, False, 7_950),  # 3 * 50 * (1 + 50 + 2): its second bias is needed
        ("lstm", 3, 7, False, 4 * 7 * (3 + 7 + 1)),
        ("lstm", 3, 7, True, 2 * 4 * 7 * (3 + 7 + 1)),
    ],
)
def test_number_of_trainable_parameters(cell, n_inputs, n_hidden, bidirectional, n_trainable):
    layer = RecurrentLayer(cell, n_inputs, n_hidden, bidirectional=bidirectional)
    assert sum(p.numel() for p in layer.parameters() if p.requires_grad) == n_trainable
    assert layer.n_outputs == n_hidden * (1 + bidirectional)


@cells
@directions
def test_initial_weights(cell, bidirectional):
    n_hidden = 5
    layer = RecurrentLayer(cell, 3, n_hidden, bidirectional=bidirectional)
    parts = [part for part in (layer.forward_layer, layer.backward_layer) if part is not None]
    assert len(parts) == 1 + bidirectional
    for part in parts:
        for number, gate in enumerate(CELLS[cell].gates):
            block = slice(number * n_hidden, (number + 1) * n_hidden)
            recurrent = part.weight_hh_l0[block].detach()
            torch.testing.assert_close(recurrent @ recurrent.T, torch.eye(n_hidden))
            bias = 1.0 if gate == "forget" else 0.0
            assert (part.bias_ih_l0[block] == bias).all()
            limit = np.sqrt(6 / (3 + n_hidden))  # Glorot and Bengio (2010), for this block alone
            assert part.weight_ih_l0[block].abs().max() <= limit
            assert part.weight_ih_l0[block].abs().max() > 0.5 * limit
        assert (part.bias_hh_l0 == 0).all()


def test_bias_of_the_forget_gate_is_one():
    layer = RecurrentLayer("lstm", 2, 3)  # torch's order: input, forget, candidate, output
    assert layer.forward_layer.bias_ih_l0.tolist() == 3 * [0.0] + 3 * [1.0] + 6 * [0.0]
    for cell in ("gru", "rnn"):
        assert (RecurrentLayer(cell, 2, 3).forward_layer.bias_ih_l0 == 0).all()


def held_at_start(part, cell):
    """Return how many steps each unit keeps what it holds, and the share it takes in."""
    n_hidden, gates = part.hidden_size, CELLS[cell].gates

    def opened(gate):
        begin = gates.index(gate) * n_hidden
        return torch.sigmoid(part.bias_ih_l0[begin : begin + n_hidden]).detach()

    if cell == "gru":
        kept = opened("update")
        return 1 / (1 - kept), 1 - kept
    return 1 / (1 - opened("forget")), opened("input")


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("n_hidden", [32, 37, 64])
@pytest.mark.parametrize("n_remembered", [5, 12.5, 100])
@directions
def test_a_quarter_of_the_units_starts_as_ones_that_remember(
    cell, n_hidden, n_remembered, bidirectional
):
    usual = RecurrentLayer(cell, 3, n_hidden, bidirectional=bidirectional)
    start = Start(n_remembered=n_remembered)
    layer = RecurrentLayer(cell, 3, n_hidden, bidirectional=bidirectional, start=start)
    n_keeping = n_hidden // 4
    expected = held_at_start(usual.forward_layer, cell)
    for part in (layer.forward_layer, layer.backward_layer)[: 1 + bidirectional]:
        kept, taken = held_at_start(part, cell)
        for found, value in zip((kept, taken), expected, strict=True):
            torch.testing.assert_close(found[:-n_keeping], value[:-n_keeping])
        kept, taken = kept[-n_keeping:], taken[-n_keeping:]
        # in the middle of equal parts
        edge = (n_remembered - 2) / n_keeping / 2
        assert_allclose(kept[0], 2 + edge, rtol=1e-3)
        assert_allclose(kept[-1], n_remembered - edge, rtol=1e-3)
        assert_allclose(np.diff(kept.numpy()), 2 * edge, rtol=0.01)
        assert_allclose(taken * kept, 1, rtol=1e-3)  # as much comes in as is lost
        for gate in set(CELLS[cell].gates) - set(CELLS[cell].keeping):
            begin = CELLS[cell].gates.index(gate) * n_hidden
            assert (part.bias_ih_l0[begin : begin + n_hidden] == 0).all()
        assert (part.bias_hh_l0 == 0).all()


@pytest.mark.parametrize(
    ("cell", "n_hidden", "n_remembered"),
    [("rnn", 64, 100), ("lstm", 64, 1), ("lstm", 64, 3.7), ("gru", 64, 3), ("lstm", 31, 100)],
)
def test_no_unit_is_made_to_remember(cell, n_hidden, n_remembered):
    """Cells without gates, sequences shorter than usual units hold, and narrow layers."""
    biases = [
        RecurrentLayer(cell, 2, n_hidden, start=Start(n_remembered=n)).forward_layer.bias_ih_l0
        for n in (None, n_remembered)
    ]
    assert torch.equal(*biases)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_first_step_reaches_the_last_state_of_a_layer_that_remembers(cell):
    torch.manual_seed(0)
    n_steps = 200
    norms = []
    for n_remembered in (None, n_steps):
        layer = RecurrentLayer(cell, 2, 32, start=Start(n_remembered=n_remembered)).double()
        x = torch.randn(8, n_steps, 2, dtype=torch.float64, requires_grad=True)
        layer.last(x, None).sum().backward()
        norms.append(x.grad[:, 0].norm() / x.grad[:, -1].norm())
    assert norms[0] < 1e-5
    assert norms[1] > 1e-3


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@directions
def test_input_weights_start_in_proportion_to_their_gain(cell, bidirectional):
    layers = []
    for gain in (1.0, 0.25):
        torch.manual_seed(0)
        start = Start(input_gain=gain)
        layers.append(RecurrentLayer(cell, 3, 32, bidirectional=bidirectional, start=start))
    for (name, whole), quarter in zip(
        layers[0].named_parameters(), layers[1].parameters(), strict=True
    ):
        assert_allclose(quarter.detach(), whole.detach() * (0.25 if "weight_ih" in name else 1))


@pytest.mark.parametrize(("cell", "keeping"), [("lstm", 1), ("gru", 1), ("rnn", None)])
@directions
def test_units_start_by_keeping_from_the_first_bias_to_the_last(cell, keeping, bidirectional):
    start = Start(keep_biases=(-2.0, 2.0))
    layer = RecurrentLayer(cell, 3, 33, bidirectional=bidirectional, start=start)
    for part in (layer.forward_layer, layer.backward_layer)[: 1 + bidirectional]:
        for gate, biases in enumerate(part.bias_ih_l0.detach().reshape(-1, 33)):
            expected = np.arange(33) / 8 - 2 if gate == keeping else np.zeros(33)
            assert_allclose(biases, expected, atol=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_narrow_layers_start_as_usual(cell):
    layers = []
    for start in (None, Start(input_gain=0.25, keep_biases=(-2.0, 2.0), n_remembered=50)):
        torch.manual_seed(0)
        layers.append(RecurrentLayer(cell, 3, 31, start=start))
    for usual, narrow in zip(*(layer.parameters() for layer in layers), strict=True):
        assert torch.equal(usual, narrow)


@pytest.mark.parametrize(("cell", "frozen"), [("lstm", True), ("rnn", True), ("gru", False)])
def test_redundant_second_bias_stays_zero_in_training(rng, cell, frozen):
    layer = RecurrentLayer(cell, 2, 3, bidirectional=True)
    optimizer = torch.optim.SGD([p for p in layer.parameters() if p.requires_grad], lr=0.1)
    x = torch.as_tensor(rng.normal(size=(4, 5, 2)), dtype=torch.float32)
    layer(x, None).sum().backward()
    optimizer.step()
    for part in (layer.forward_layer, layer.backward_layer):
        assert part.bias_hh_l0.requires_grad is not frozen
        assert bool((part.bias_hh_l0 == 0).all()) is frozen
        assert (part.bias_ih_l0[-3:] != 0).any()


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_mixed_precision_is_near_to_single(cell, bidirectional):
    layer = RecurrentLayer(cell, 3, 8, bidirectional=bidirectional)
    mixed = RecurrentLayer(cell, 3, 8, bidirectional=bidirectional, mixed_precision=True)
    mixed.load_state_dict(layer.state_dict())
    x = torch.randn(5, 12, 3, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([12, 1, 7, 12, 3])
    present = torch.arange(12) < lengths[:, None]
    expected, states = layer(x, lengths)[present], mixed(x, lengths)[present]
    assert states.dtype == torch.float32
    difference = (states - expected).abs().max()
    assert 0 < difference < 0.05  # eight bits of precision, over twelve steps
    states.sum().backward()
    gradients = [weight.grad for weight in mixed.parameters() if weight.requires_grad]
    assert {gradient.dtype for gradient in gradients} == {torch.float32}
