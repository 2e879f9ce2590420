"""The compiled layers against torch's own in double precision, and what nothing may change."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

from sklstm.nn import RecurrentLayer, fused
from sklstm.nn.fused import support

LAYERS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}

cells = pytest.mark.parametrize("cell", sorted(LAYERS))
# Around the edges of vectors (4, 8, 16 units), tiles (3, 6 rows), chunks and shards (48, 16 rows).
SHAPES = [
    (1, 1, 1, 1),
    (2, 5, 3, 4),
    (7, 3, 1, 16),
    (6, 9, 17, 17),
    (33, 24, 3, 20),
    (100, 10, 17, 70),
    (49, 2, 40, 130),
    (70, 201, 2, 8),
]


def make_weights(cell, n_inputs, n_hidden):
    generator = torch.Generator().manual_seed(n_hidden)
    layer = LAYERS[cell](n_inputs, n_hidden, batch_first=True)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) / n_hidden**0.5)
    return layer


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def assert_near(found, expected):
    """Assert a relative error of a few times float32's."""
    scale = expected.abs().max()
    assert (found - expected).abs().max() <= 5e-6 * max(scale, 1e-3)


@cells
def test_numbers_too_small_to_be_normal_are_zero_within_a_call_alone(cell, kernel):
    smallest_normal = torch.finfo(torch.float32).tiny
    weights = make_weights(cell, 2, 8).all_weights[0]
    states = fused.run(cell, draw(5, 30, 2), weights, kernel)
    for factor, vanish in ((1e-30, False), (smallest_normal / 4, True)):
        grad = torch.full_like(states, factor)
        assert grad.count_nonzero() == grad.numel()  # the caller's own arithmetic is as it was
        found = torch.autograd.grad(states, weights, grad, retain_graph=True)
        assert all(bool((part == 0).all()) is vanish for part in found)


@cells
@pytest.mark.parametrize("shape", SHAPES)
def test_states_and_gradients_agree_with_double_precision(cell, kernel, shape):
    batch, time, n_inputs, n_hidden = shape
    layer = make_weights(cell, n_inputs, n_hidden)
    x, upstream = draw(batch, time, n_inputs), draw(batch, time, n_hidden, seed=1)
    mine = [x.clone().requires_grad_(), *layer.all_weights[0]]
    states = fused.run(cell, mine[0], mine[1:], kernel)
    found = torch.autograd.grad((states * upstream).sum(), mine)

    double = LAYERS[cell](n_inputs, n_hidden, batch_first=True).double()
    double.load_state_dict(layer.state_dict())
    theirs = [x.double().requires_grad_(), *double.all_weights[0]]
    expected_states = double(theirs[0])[0]
    expected = torch.autograd.grad((expected_states * upstream.double()).sum(), theirs)

    assert_near(states, expected_states)
    for mine_, theirs_ in zip(found, expected, strict=True):
        assert_near(mine_, theirs_)


@cells
def test_states_are_the_same_with_and_without_gradients(cell, kernel):
    layer, x = make_weights(cell, 3, 21), draw(50, 7, 3)
    with torch.no_grad():
        plain = fused.run(cell, x, layer.all_weights[0], kernel)
    taped = fused.run(cell, x, layer.all_weights[0], kernel)
    assert not plain.requires_grad
    assert taped.requires_grad
    assert torch.equal(plain, taped)


@cells
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ragged", [False, True])
def test_last_states_and_gradients_agree_with_those_of_all(cell, kernel, shape, ragged):
    batch, time, n_inputs, n_hidden = shape
    layer = make_weights(cell, n_inputs, n_hidden)
    inputs = [draw(batch, time, n_inputs).requires_grad_(), *layer.all_weights[0]]
    generator = torch.Generator().manual_seed(2)
    lengths = torch.randint(1, time + 1, (batch,), generator=generator) if ragged else None
    ends = torch.full((batch,), time) if lengths is None else lengths
    upstream = draw(n_hidden, batch, seed=1).T  # whose rows lie apart
    states = fused.run(cell, inputs[0], inputs[1:], kernel)
    expected = states[torch.arange(batch), ends - 1]
    found = fused.run(cell, inputs[0], inputs[1:], kernel, last=True, lengths=lengths)
    assert torch.equal(found, expected)
    of_found = torch.autograd.grad((found * upstream).sum(), inputs)
    of_expected = torch.autograd.grad((expected * upstream).sum(), inputs)
    assert all(torch.equal(a, b) for a, b in zip(of_found, of_expected, strict=True))
    with torch.no_grad():
        plain = fused.run(cell, inputs[0], inputs[1:], kernel, last=True, lengths=lengths)
    assert torch.equal(plain, expected)


@pytest.mark.usefixtures("_any_kernel")
@pytest.mark.parametrize("lengths", [[0, 3], [1, 4], [3]])
def test_lengths_outside_the_batch_are_refused(lengths):
    weights = make_weights("lstm", 3, 5).all_weights[0]
    with pytest.raises(ValueError, match="lengths must be 2 integers from 1 to 3"):
        fused.run("lstm", draw(2, 3, 3), weights, last=True, lengths=torch.tensor(lengths))


@pytest.mark.usefixtures("_any_kernel")
def test_lengths_changed_before_the_gradient_are_refused():
    weights, lengths = make_weights("lstm", 3, 5).all_weights[0], torch.tensor([1, 3])
    states = fused.run("lstm", draw(2, 3, 3), weights, last=True, lengths=lengths)
    lengths.fill_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        states.sum().backward()


@pytest.mark.usefixtures("_any_kernel")
def test_sequences_without_steps_have_no_last_state():
    with pytest.raises(ValueError, match="x must have one step at least"):
        fused.run("lstm", draw(2, 0, 3), make_weights("lstm", 3, 5).all_weights[0], last=True)


@cells
def test_a_row_does_not_depend_on_its_neighbours(cell, kernel):
    layer, x = make_weights(cell, 3, 21), draw(101, 7, 3)
    with torch.no_grad():
        together = fused.run(cell, x, layer.all_weights[0], kernel)
        for rows in (slice(0, 1), slice(3, 8), slice(47, 97), slice(100, 101)):
            alone = fused.run(cell, x[rows], layer.all_weights[0], kernel)
            assert torch.equal(alone, together[rows])


@cells
def test_number_of_threads_changes_no_bit(cell, kernel, monkeypatch):
    layer, x = make_weights(cell, 3, 21), draw(200, 50, 3).requires_grad_()  # 4 shards
    found = []
    for count in (1, 2, 3):
        monkeypatch.setattr(torch, "get_num_threads", lambda count=count: count)
        inputs = [x, *layer.all_weights[0]]
        states = fused.run(cell, x, layer.all_weights[0], kernel)
        found.append([states, *torch.autograd.grad(states.sin().sum(), inputs)])
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


@cells
def test_any_strides_are_taken(cell, kernel):
    layer = make_weights(cell, 3, 5)
    for x in (
        draw(7, 4, 3).transpose(0, 1),  # (4, 7, 3)
        draw(4, 3, 7).transpose(1, 2),
        torch.as_strided(draw(40), (4, 7, 3), (3, 3, 1)),  # overlapping windows
        draw(4, 1, 3).expand(4, 7, 3),
    ):
        expected = fused.run(cell, x.contiguous(), layer.all_weights[0], kernel)
        states = fused.run(cell, x, layer.all_weights[0], kernel)
        assert torch.equal(states, expected)
        weights = layer.all_weights[0]
        found = torch.autograd.grad(states.sum(), weights)  # an expanded gradient
        plain = torch.autograd.grad((expected * torch.ones(4, 7, 5)).sum(), weights)
        assert all(torch.equal(a, b) for a, b in zip(found, plain, strict=True))


@cells
def test_large_sums_saturate_and_a_nan_stays_in_its_row(cell, kernel):
    layer = make_weights(cell, 2, 16)
    x = draw(5, 6, 2).requires_grad_()
    with torch.no_grad():
        x[1] *= 1e6
        x[3, 2] = torch.nan
    states = fused.run(cell, x, layer.all_weights[0], kernel)
    expected = layer(x)[0]
    clean = [0, 1, 2, 4]
    assert_near(states[clean], expected[clean])
    assert_near(states[3, :2], expected[3, :2])
    assert states[3, 2:].isnan().all()
    grad = torch.autograd.grad(states[clean].sum(), x)[0]
    assert grad[clean].isfinite().all()


@pytest.mark.usefixtures("_any_kernel")
@cells
def test_only_what_needs_a_gradient_gets_one(cell):
    layer, x = make_weights(cell, 2, 3), draw(4, 5, 2)
    layer.bias_hh_l0.requires_grad_(False)
    fused.run(cell, x, layer.all_weights[0]).sum().backward()
    assert x.grad is None
    assert layer.bias_hh_l0.grad is None
    assert layer.bias_ih_l0.grad is not None


@pytest.mark.usefixtures("_any_kernel")
def test_what_is_needed_of_the_states_may_not_be_overwritten():
    layer, x = make_weights("lstm", 2, 3), draw(4, 5, 2)
    states = fused.run("lstm", x, layer.all_weights[0])
    with torch.no_grad():
        states.mul_(2)
    with pytest.raises(RuntimeError, match="modified inplace"):
        states.sum().backward()


@pytest.mark.usefixtures("_any_kernel")
def test_a_second_derivative_is_refused():
    layer, x = make_weights("lstm", 2, 3), draw(4, 5, 2).requires_grad_()
    states = fused.run("lstm", x, layer.all_weights[0])
    with pytest.raises(RuntimeError, match=r"differentiated once.*double precision"):
        torch.autograd.grad(states.sum(), x, create_graph=True)


@pytest.mark.usefixtures("_any_kernel")
def test_an_empty_batch_has_no_states():
    layer = make_weights("gru", 2, 3)
    assert fused.run("gru", draw(0, 5, 2), layer.all_weights[0]).shape == (0, 5, 3)


@pytest.mark.usefixtures("_any_kernel")
def test_a_kernel_runs_single_precision_on_the_cpu_alone():
    x, weights = draw(2, 3, 4), make_weights("lstm", 4, 5).all_weights[0]
    assert fused.can_run("lstm", x, weights)
    assert not fused.can_run("rnn", x, weights)
    assert not fused.can_run("lstm", x.double(), weights)
    assert not fused.can_run("lstm", x, [weight.double() for weight in weights])
    assert not fused.can_run("lstm", x.to("meta"), weights)


@cells
def test_layer_is_the_same_without_a_kernel(cell, monkeypatch):
    layer, x = RecurrentLayer(cell, 3, 10, bidirectional=True), draw(9, 6, 3)
    lengths = torch.tensor([6, 1, 3, 6, 2, 5, 4, 6, 1])
    present = torch.arange(6) < lengths[:, None]
    states = layer(x, lengths)[present]
    monkeypatch.setattr(support, "kernels", tuple)
    assert not fused.can_run(cell, x, layer.forward_layer.all_weights[0])
    torch.testing.assert_close(states, layer(x, lengths)[present])


@cells
@pytest.mark.parametrize("strict", [False, True])
def test_an_exported_layer_holds_torch_s_own_operations(cell, strict):
    layer, x = RecurrentLayer(cell, 3, 10).eval(), draw(9, 6, 3)
    exported = torch.export.export(layer, (x, None), strict=strict)
    names = {str(node.target) for node in exported.graph.nodes}
    assert any(cell in name for name in names)
    torch.testing.assert_close(exported.module()(x, None), layer(x, None))


def test_a_traced_graph_works_for_other_data():
    layer = RecurrentLayer("lstm", 3, 10).eval()
    graph = make_fx(lambda x: layer(x, None))(draw(4, 6, 3))
    other = draw(4, 6, 3, seed=1)
    torch.testing.assert_close(graph(other), layer(other, None))


def test_fake_tensors_get_a_shape():
    with FakeTensorMode():
        layer = RecurrentLayer("lstm", 3, 10)
        assert layer(torch.zeros(4, 6, 3), None).shape == (4, 6, 10)


def test_a_function_of_the_layer_can_be_transformed():
    layer, x = RecurrentLayer("lstm", 3, 10), draw(4, 6, 3).requires_grad_()
    slope = torch.func.grad(lambda x: layer(x, None).sum())(x.detach())
    torch.testing.assert_close(slope, torch.autograd.grad(layer(x, None).sum(), x)[0])


@pytest.mark.usefixtures("_any_kernel")
@pytest.mark.parametrize(("cell", "wrong"), [("lstm", 0), ("gru", 1), ("lstm", 2), ("gru", 3)])
def test_weights_that_do_not_fit_are_refused(cell, wrong):
    weights = list(make_weights(cell, 3, 5).all_weights[0])
    weights[wrong] = torch.zeros(*weights[wrong].shape[:-1], weights[wrong].shape[-1] + 1)
    with pytest.raises(ValueError, match=f"'{cell}' layer must have the shapes"):
        fused.run(cell, draw(2, 4, 3), weights)
    with pytest.raises(ValueError, match="must have the shapes"):
        fused.run(cell, draw(2, 4, 7), make_weights(cell, 3, 5).all_weights[0])


@cells
def test_nothing_is_read_that_was_not_written(cell, kernel):
    layer, x = make_weights(cell, 3, 21), draw(70, 7, 3).requires_grad_()
    inputs = [x, *layer.all_weights[0]]

    def results():
        states = fused.run(cell, x, layer.all_weights[0], kernel)
        return [states, *torch.autograd.grad(states.sin().sum(), inputs)]

    expected = results()
    torch.use_deterministic_algorithms(True)  # fills what is new with NaN
    try:
        found = results()
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.usefixtures("_any_kernel")
@cells
@pytest.mark.parametrize("batch", [1, 5, 50])
def test_step_by_step_not_a_bit_differs(cell, batch):
    layer = make_weights(cell, 3, 20)
    x = draw(batch, 7, 3)
    steps = fused.Continuation(cell, layer.all_weights[0], batch)
    states = torch.stack([steps.step(x_t).clone() for x_t in x.unbind(1)], dim=1)
    with torch.no_grad():
        assert torch.equal(states, fused.run(cell, x, layer.all_weights[0]))


@pytest.mark.usefixtures("_any_kernel")
@cells
def test_a_reset_touches_the_chosen_sequences_alone(cell):
    layer = make_weights(cell, 3, 20)
    x = draw(2, 4, 3)
    steps = fused.Continuation(cell, layer.all_weights[0], 2)
    steps.step(x[:, 0])
    steps.step(x[:, 1])
    steps.reset(torch.tensor([False, True]))
    steps.step(x[:, 2])
    last = steps.step(x[:, 3])
    with torch.no_grad():
        whole = fused.run(cell, x, layer.all_weights[0])[0, -1]
        rest = fused.run(cell, x[:, 2:], layer.all_weights[0])[1, -1]
    assert torch.equal(last, torch.stack([whole, rest]))
