"""What is compiled against torch's operations in double precision, and what nothing may change."""

import pytest
import torch
from torch import nn

from sklstm.nn import fused

PARTS = ("last", "mean", "max")
# Batch, time, features: around the edges of vectors (4, 8, 16), of sums (64 steps) and of shards.
SHAPES = [(1, 1, 3), (3, 5, 4), (4, 7, 16), (5, 63, 17), (3, 64, 33), (2, 65, 50), (70, 130, 20)]


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def draw_lengths(batch, time):
    lengths = torch.randint(1, time + 1, (batch,), generator=torch.Generator().manual_seed(3))
    lengths[0] = time
    return lengths


def make_norm(features):
    norm = nn.LayerNorm(features)
    with torch.no_grad():
        norm.weight.copy_(1.0 + 0.3 * draw(features, seed=5))
        norm.bias.copy_(draw(features, seed=6))
    return norm


def make_norm_apart(features):
    """Return a norm whose weights do not lie side by side."""
    norm = make_norm(features)
    norm.weight = nn.Parameter(draw(2 * features)[::2])
    return norm


def summarize_one(states, n_directions, parts, norm, factors):
    """Summarise the states of one sequence, (time, directions * hidden), by torch's operations."""
    if norm is not None:
        states = nn.functional.layer_norm(
            states, states.shape[1:], norm.weight.double(), norm.bias.double(), norm.eps
        )
    if factors is not None:
        states = states * factors
    ahead = states.shape[1] // n_directions
    pooled = {
        "last": torch.cat([states[-1, :ahead], states[0, ahead:]]),
        "mean": states.mean(0),
        "max": states.amax(0),
    }
    return torch.cat([pooled[part] for part in parts])


def expected_summary(states, lengths, n_directions=1, parts=PARTS, norm=None, factors=None):
    ends = [states.shape[1]] * len(states) if lengths is None else lengths.tolist()
    return torch.stack(
        [
            summarize_one(
                states[i, :end],
                n_directions,
                parts,
                norm,
                None if factors is None else factors[i, :end].double(),
            )
            for i, end in enumerate(ends)
        ]
    )


def assert_near(found, expected, tolerance=2e-6):
    """Assert a relative error of a few times float32's."""
    scale = expected.abs().max()
    assert (found - expected).abs().max() <= tolerance * max(scale, 1e-3)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("multiplied", [False, True])
def test_values_and_gradients_agree_with_double_precision(
    kernel, shape, ragged, normalized, multiplied
):
    batch, time, features = shape
    states = draw(*shape).requires_grad_()
    lengths = draw_lengths(batch, time) if ragged else None
    norm = make_norm(features) if normalized else None
    factors = (draw(*shape, seed=2) > 0).float() * 1.7 if multiplied else None
    upstream = draw(batch, 3 * features, seed=1)
    weights = [] if norm is None else [norm.weight, norm.bias]

    found = fused.summarize(states, lengths, parts=PARTS, norm=norm, factors=factors, kernel=kernel)
    found_grads = torch.autograd.grad((found * upstream).sum(), [states, *weights])

    double = states.detach().double().requires_grad_()
    expected = expected_summary(double, lengths, norm=norm, factors=factors)
    grads = torch.autograd.grad((expected * upstream.double()).sum(), [double, *weights])
    assert_near(found, expected)
    assert_near(found_grads[0], grads[0])
    for mine, theirs in zip(found_grads[1:], grads[1:], strict=True):
        assert_near(mine, theirs, 3e-5)  # sums over all steps, whose terms cancel


@pytest.mark.usefixtures("_any_kernel")
@pytest.mark.parametrize("n_directions", [1, 2])
@pytest.mark.parametrize("parts", [("last",), ("max",), ("mean", "last"), PARTS[::-1]])
def test_any_parts_in_any_order(n_directions, parts):
    states, lengths = draw(4, 6, 10).requires_grad_(), draw_lengths(4, 6)
    found = fused.summarize(states, lengths, parts=parts, n_directions=n_directions)
    double = states.detach().double().requires_grad_()
    expected = expected_summary(double, lengths, n_directions, parts)
    assert_near(found, expected)
    upstream = draw(*found.shape, seed=1)
    assert_near(
        *(
            torch.autograd.grad((y * upstream).sum(), x)[0]
            for y, x in ((found, states), (expected, double))
        )
    )


def everything(states, lengths, kernel=None):
    """Return a summary and all of its gradients."""
    norm = make_norm(states.shape[2])
    factors = (draw(*states.shape, seed=2) > 0).float()
    summary = fused.summarize(
        states, lengths, parts=PARTS, norm=norm, factors=factors, kernel=kernel
    )
    return [summary, *torch.autograd.grad(summary.sin().sum(), [states, *norm.parameters()])]


def test_same_with_and_without_gradients(kernel):
    states, norm = draw(5, 9, 20).requires_grad_(), make_norm(20)
    taped = fused.summarize(states, None, parts=PARTS, norm=norm, kernel=kernel)
    with torch.no_grad():
        plain = fused.summarize(states, None, parts=PARTS, norm=norm, kernel=kernel)
    assert taped.requires_grad
    assert not plain.requires_grad
    assert torch.equal(plain, taped)


def test_a_sequence_depends_on_neither_neighbours_nor_padding(kernel):
    states, lengths, norm = draw(9, 12, 19), draw_lengths(9, 12), make_norm(19)
    for i, length in enumerate(lengths):
        states[i, length:] = torch.nan
    how = {"parts": PARTS, "norm": norm, "kernel": kernel}
    with torch.no_grad():
        together = fused.summarize(states, lengths, **how)
        for i, length in enumerate(lengths):
            alone = fused.summarize(states[i : i + 1, :length], None, **how)
            assert torch.equal(alone, together[i : i + 1])


def test_no_gradient_on_padding(kernel):
    states, lengths = draw(9, 12, 19).requires_grad_(), draw_lengths(9, 12)
    grad = everything(states, lengths, kernel)[1]
    padding = torch.arange(12) >= lengths[:, None]
    assert (grad[padding] == 0).all()
    assert (grad[~padding].abs().sum(1) > 0).all()


def test_number_of_threads_changes_no_bit(kernel, monkeypatch):
    states = draw(200, 50, 33).requires_grad_()  # 2 shards
    found = []
    for count in (1, 2, 3):
        monkeypatch.setattr(torch, "get_num_threads", lambda count=count: count)
        found.append(everything(states, None, kernel))
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_numbers_too_small_to_be_normal_are_zero_in_all_threads(kernel, monkeypatch):
    states = draw(200, 50, 33).requires_grad_()  # 2 shards
    for count in (1, 2):
        monkeypatch.setattr(torch, "get_num_threads", lambda count=count: count)
        summary = fused.summarize(states, None, parts=("mean",), kernel=kernel)
        (grad,) = torch.autograd.grad(summary, states, torch.full_like(summary, 1e-37))
        assert (grad == 0).all()


@pytest.mark.usefixtures("_any_kernel")
def test_any_strides_are_taken():
    lengths = torch.stack([draw_lengths(4, 7), torch.ones(4, dtype=torch.int64)], dim=1)[:, 0]
    for states in (
        draw(7, 4, 3).transpose(0, 1),  # (4, 7, 3)
        draw(4, 3, 7).transpose(1, 2),
        torch.as_strided(draw(200), (4, 7, 3), (5, 20, 1)),  # as a recurrent layer's
        draw(4, 1, 3).expand(4, 7, 3),
    ):
        for ends in (None, lengths, lengths.to(torch.int32)):
            expected = everything(states.contiguous().requires_grad_(), ends)
            found = everything(states.detach().requires_grad_(), ends)
            assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.usefixtures("_any_kernel")
def test_factors_of_any_strides():
    states, factors = draw(4, 7, 3), draw(4, 3, 7, seed=1).transpose(1, 2)
    found = fused.summarize(states, None, parts=PARTS, factors=factors)
    assert torch.equal(
        found, fused.summarize(states, None, parts=PARTS, factors=factors.contiguous())
    )
    assert_near(found, expected_summary(states.double(), None, factors=factors))


def test_steps_that_are_largest_share_the_gradient(kernel):
    states = torch.tensor([[[1.0, 0.0], [3.0, 0.0], [3.0, 0.0], [-torch.inf, 0.0]]])
    states.requires_grad_()
    found = fused.summarize(states, torch.tensor([4]), parts=["max"], kernel=kernel)
    assert found.tolist() == [[3.0, 0.0]]
    grad = torch.autograd.grad(found.sum(), states)[0]
    assert grad[0].T.tolist() == [[0.0, 0.5, 0.5, 0.0], [0.25] * 4]


@pytest.mark.parametrize("place", [0, 2, 5])
def test_what_is_no_number_shows_and_stays_in_its_sequence(kernel, place):
    states = draw(3, 6, 20)
    states[1, place, 4] = torch.nan
    for norm in (None, make_norm(20)):
        with torch.no_grad():
            found = fused.summarize(states, None, parts=["mean", "max"], norm=norm, kernel=kernel)
        assert found[[0, 2]].isfinite().all()
        seen = found[1].view(2, 20).isnan()
        assert seen.all() if norm else (seen.sum(1) == 1).all() and seen[:, 4].all()


@pytest.mark.usefixtures("_any_kernel")
def test_only_what_needs_a_gradient_gets_one():
    norm = make_norm(3)
    norm.bias.requires_grad_(False)
    states = draw(2, 4, 3)
    fused.summarize(states, None, parts=PARTS, norm=norm).sum().backward()
    assert states.grad is None
    assert norm.bias.grad is None
    assert norm.weight.grad is not None


@pytest.mark.usefixtures("_any_kernel")
def test_states_may_not_be_overwritten_before_their_gradient():
    states = draw(2, 4, 3).requires_grad_()
    twice = states * 2
    summary = fused.summarize(twice, None, parts=PARTS)
    with torch.no_grad():
        twice.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        summary.sum().backward()


@pytest.mark.usefixtures("_any_kernel")
def test_a_second_derivative_is_refused():
    states = draw(2, 4, 3).requires_grad_()
    summary = fused.summarize(states, None, parts=PARTS)
    with pytest.raises(RuntimeError, match=r"differentiated once.*double precision"):
        torch.autograd.grad(summary.sum(), states, create_graph=True)


@pytest.mark.usefixtures("_any_kernel")
def test_an_empty_batch_has_an_empty_summary():
    assert fused.summarize(draw(0, 5, 2), None, parts=PARTS).shape == (0, 6)


@pytest.mark.usefixtures("_any_kernel")
@pytest.mark.parametrize("lengths", [[0, 4], [1, 5], [4], [-1, 2]])
def test_lengths_outside_the_batch_are_refused(lengths):
    with pytest.raises(ValueError, match="lengths must be 2 integers from 1 to 4"):
        fused.summarize(draw(2, 4, 3), torch.tensor(lengths), parts=PARTS)


@pytest.mark.usefixtures("_any_kernel")
@pytest.mark.parametrize(
    "norm",
    [
        make_norm(2),
        make_norm(3).double(),
        nn.LayerNorm(3, bias=False),
        nn.LayerNorm(3, elementwise_affine=False),
        make_norm_apart(3),
    ],
)
def test_a_normalization_that_does_not_fit_is_refused(norm):
    with pytest.raises(ValueError, match="norm must have weight and bias, 3 numbers in float32"):
        fused.summarize(draw(2, 4, 3), None, parts=PARTS, norm=norm)


@pytest.mark.usefixtures("_any_kernel")
@pytest.mark.parametrize(
    "factors", [draw(2, 4, 2), draw(2, 4, 3).double(), draw(2, 4, 3).requires_grad_()]
)
def test_factors_that_do_not_fit_are_refused(factors):
    with pytest.raises(ValueError, match=r"factors must have the shape of the states, \(2, 4, 3\)"):
        fused.summarize(draw(2, 4, 3), None, parts=PARTS, factors=factors)


@pytest.mark.usefixtures("_any_kernel")
@pytest.mark.parametrize("parts", [[], ["sum"], ["last", "last"], ["mean", "sum"]])
def test_unknown_parts_are_refused(parts):
    with pytest.raises(ValueError, match=r"parts must be some of \['last', 'max', 'mean'\]"):
        fused.summarize(draw(2, 4, 3), None, parts=parts)


@pytest.mark.usefixtures("_any_kernel")
def test_sequences_without_steps_are_refused():
    with pytest.raises(ValueError, match="states must be of one step at least"):
        fused.summarize(draw(2, 0, 3), None, parts=PARTS)


def test_nothing_is_read_that_was_not_written(kernel):
    states, lengths = draw(7, 12, 19).requires_grad_(), draw_lengths(7, 12)
    expected = everything(states, lengths, kernel)
    torch.use_deterministic_algorithms(True)  # fills what is new with NaN
    try:
        found = everything(states, lengths, kernel)
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
