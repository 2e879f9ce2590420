import pytest
import torch

from sklstm.training.optimizers import (
    OPTIMIZERS,
    clip_gradients,
    forget_gradients,
    needs_closure,
    optimizer_class,
    optimizer_options,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("adamw", torch.optim.AdamW),
        ("adam", torch.optim.Adam),
        ("sgd", torch.optim.SGD),
        ("rmsprop", torch.optim.RMSprop),
    ],
)
def test_names(name, expected):
    assert optimizer_class(name) is OPTIMIZERS[name]
    assert issubclass(OPTIMIZERS[name], expected)


def test_a_class_is_taken_as_it_is():
    assert optimizer_class(torch.optim.NAdam) is torch.optim.NAdam


@pytest.mark.parametrize("kind", [*OPTIMIZERS.values(), torch.optim.NAdam, torch.optim.Adagrad])
def test_weight_decay_reaches_the_optimizer(kind):
    options = optimizer_options(kind, 0.25, "cpu")
    assert options["weight_decay"] == 0.25
    optimizer = kind([torch.zeros(1, requires_grad=True)], lr=0.1, **options)
    assert optimizer.param_groups[0]["weight_decay"] == 0.25


def test_an_optimizer_without_weight_decay():
    options = optimizer_options(torch.optim.LBFGS, 0.25, "cpu")
    assert options == {}
    torch.optim.LBFGS([torch.zeros(1, requires_grad=True)], lr=0.1, **options)


@pytest.mark.parametrize(
    ("name", "fused"), [("adamw", True), ("adam", True), ("sgd", True), ("rmsprop", None)]
)
def test_the_fused_form_is_taken_where_there_is_one(name, fused):
    assert optimizer_options(name, 0.0, "cpu").get("fused") is fused
    assert "fused" not in optimizer_options(name, 0.0, "meta")


def test_a_class_gets_its_own_defaults():
    assert optimizer_options(torch.optim.AdamW, 0.0, "cpu") == {"weight_decay": 0.0}


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd"])
def test_the_fused_form_makes_the_same_steps(name):
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(50, generator=generator, dtype=torch.float64)
    gradients = torch.randn(20, 50, generator=generator, dtype=torch.float64)
    results = []
    for options in (optimizer_options(name, 0.1, "cpu"), optimizer_options(name, 0.1, "meta")):
        weight = start.clone().requires_grad_()
        optimizer = OPTIMIZERS[name]([weight], lr=0.01, **options)
        for gradient in gradients:
            weight.grad = gradient.clone()
            optimizer.step()
        results.append(weight.detach())
    torch.testing.assert_close(*results, rtol=1e-12, atol=1e-12)


def test_only_own_names_do_without_a_closure():
    weights = [torch.zeros(1, requires_grad=True)]
    assert not any(needs_closure(kind(weights, lr=0.1)) for kind in OPTIMIZERS.values())
    assert needs_closure(torch.optim.LBFGS(weights))
    assert needs_closure(torch.optim.NAdam(weights))


@pytest.mark.parametrize("largest", [1e-4, 0.5, 1e4])
def test_gradients_are_clipped_as_torch_clips_them(largest):
    generator = torch.Generator().manual_seed(0)
    shapes = [(3, 2), (5,), (1, 1), (4,)]
    mine, theirs = ([torch.zeros(shape, requires_grad=True) for shape in shapes] for _ in "ab")
    for a, b in zip(mine[:-1], theirs[:-1], strict=True):  # the last has no gradient
        a.grad = torch.randn(a.shape, generator=generator)
        b.grad = a.grad.clone()
    groups = [{"params": mine[:2]}, {"params": mine[2:]}]
    clip_gradients(torch.optim.SGD(groups, lr=0.1), largest)
    torch.nn.utils.clip_grad_norm_(theirs, largest)
    for a, b in zip(mine[:-1], theirs[:-1], strict=True):
        torch.testing.assert_close(a.grad, b.grad)
    assert mine[-1].grad is None


def test_a_gradient_of_zero_stays_zero():
    weight = torch.zeros(3, requires_grad=True)
    weight.grad = torch.zeros(3)
    clip_gradients(torch.optim.SGD([weight]), 1.0)
    assert weight.grad.tolist() == [0, 0, 0]


def test_all_gradients_are_forgotten():
    weights = [torch.zeros(2, requires_grad=True) for _ in range(3)]
    for weight in weights:
        weight.grad = torch.ones(2)
    forget_gradients(torch.optim.SGD([{"params": weights[:1]}, {"params": weights[1:]}]))
    assert all(weight.grad is None for weight in weights)
