import pickle
import subprocess
import sys
from copy import deepcopy

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.profiler import profile

from sklstm.training import uncompiled
from sklstm.training.optimizers import OPTIMIZERS, optimizer_options

PAIRS = [
    (OPTIMIZERS["adamw"], torch.optim.AdamW),
    (OPTIMIZERS["adam"], torch.optim.Adam),
    (OPTIMIZERS["sgd"], torch.optim.SGD),
    (OPTIMIZERS["rmsprop"], torch.optim.RMSprop),
]

FIT = """
import sys
import numpy as np
from sklstm import LSTMRegressor

model = LSTMRegressor(2, max_epochs=2, optimizer={name!r}, early_stopping=True)
model.fit(np.random.default_rng(0).normal(size=(20, 3, 1)), np.arange(20.0))
sys.exit("torch._dynamo" in sys.modules)
"""


def trained(kind, options, n_steps=5):
    generator = torch.Generator().manual_seed(0)
    weights = [torch.randn(3, 2, generator=generator, requires_grad=True) for _ in range(2)]
    optimizer = kind(weights, lr=0.1, **options)
    for _ in range(n_steps):
        for weight in weights:
            weight.grad = torch.randn(3, 2, generator=generator)
        optimizer.step()
    return weights, optimizer


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_fit_does_not_load_the_compiler(name):
    subprocess.run([sys.executable, "-c", FIT.format(name=name)], check=True)


@pytest.mark.parametrize(("kind", "original"), PAIRS)
@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.5}])
def test_steps_are_those_of_torch(kind, original, options):
    for ours, theirs in zip(trained(kind, options)[0], trained(original, options)[0], strict=True):
        assert torch.equal(ours, theirs)
        assert ours.is_leaf
        assert ours.requires_grad


@pytest.mark.parametrize(("kind", "original"), PAIRS)
def test_state_is_saved_and_loaded_as_in_torch(kind, original):
    optimizer, other = trained(kind, {})[1], trained(original, {})[1]
    other.load_state_dict(deepcopy(optimizer.state_dict()))
    copy = pickle.loads(pickle.dumps(optimizer))
    assert str(copy.state_dict()) == str(other.state_dict()) == str(optimizer.state_dict())


@pytest.mark.parametrize(("kind", "original"), PAIRS)
def test_groups_gradients_closures_and_schedulers(kind, original):
    weights, optimizer = trained(kind, {})
    optimizer.zero_grad()
    assert weights[0].grad is None
    optimizer.add_param_group({"params": [torch.zeros(1, requires_grad=True)], "lr": 0.5})
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)

    def closure():
        loss = sum((weight**2).sum() for weight in weights)
        loss.backward()
        return loss

    before = closure()
    assert torch.equal(optimizer.step(closure), before)
    scheduler.step()
    assert [group["lr"] for group in optimizer.param_groups] == [0.05, 0.25]
    with pytest.raises(ValueError, match="some parameters appear in more than one"):
        optimizer.add_param_group({"params": weights})


def test_the_fused_form_is_kept():
    _, optimizer = trained(OPTIMIZERS["adamw"], optimizer_options("adamw", 0.0, "cpu"))
    assert optimizer.param_groups[0]["fused"]


def draw(generator, *shape, dtype):
    return torch.randn(*shape, generator=generator, dtype=dtype)


def fused_steps(kind, dtypes=(torch.float32,) * 3, **options):
    """Make steps in which weights have gradients by turns; return weights and optimiser."""
    generator = torch.Generator().manual_seed(0)
    weights = [draw(generator, 3, 2, dtype=dtype).requires_grad_() for dtype in dtypes]
    groups = [{"params": weights[:2]}, {"params": weights[2:], "lr": 0.5, "weight_decay": 0.0}]
    optimizer = kind(groups, lr=0.1, weight_decay=0.3, fused=True, **options)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    for number in range(8):
        for weight in weights:
            weight.grad = draw(generator, 3, 2, dtype=weight.dtype)
        weights[number % 3].grad = None
        optimizer.step()
        scheduler.step()
        if number == 4:
            optimizer.load_state_dict(deepcopy(optimizer.state_dict()))
    return weights, optimizer


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"betas": (0.5, 0.7), "eps": 0.1},
        {"amsgrad": True},
        {"maximize": True},
        {"dtypes": (torch.float64,) * 3},
        {"dtypes": (torch.float32, torch.float64, torch.float32)},
    ],
)
def test_fused_steps_of_adamw_are_those_of_torch(options):
    weights, optimizer = fused_steps(OPTIMIZERS["adamw"], **options)
    expected, original = fused_steps(torch.optim.AdamW, **options)
    assert all(torch.equal(a, b) for a, b in zip(weights, expected, strict=True))
    assert str(optimizer.state_dict()) == str(original.state_dict())
    assert all(weight.requires_grad and weight.is_leaf for weight in weights)


def test_a_step_without_any_gradient_changes_nothing():
    weight = torch.ones(2, requires_grad=True)
    optimizer = OPTIMIZERS["adamw"]([weight], fused=True)
    optimizer.step()
    assert weight.tolist() == [1, 1]


def test_a_state_that_was_only_looked_up_or_emptied_is_made_anew():
    results = []
    for kind in (OPTIMIZERS["adamw"], torch.optim.AdamW):
        weight = torch.ones(2, requires_grad=True)
        optimizer = kind([weight], lr=0.1, fused=True)
        assert optimizer.state[weight] == {}  # torch keeps what is looked up
        for number in range(4):
            weight.grad = torch.ones(2)
            optimizer.step()
            if number == 1:
                optimizer.state[weight].clear()
        results.append(weight.detach())
    assert torch.equal(*results)


def test_weight_decay_in_the_gradient_is_left_to_torch():
    results = []
    for kind in (OPTIMIZERS["adamw"], torch.optim.AdamW):
        weight = torch.ones(2, requires_grad=True)
        optimizer = kind([weight], lr=0.1, weight_decay=0.5, fused=True)
        for _ in range(2):
            weight.grad = torch.ones(2)
            optimizer.step()
            optimizer.param_groups[0]["decoupled_weight_decay"] = False
        results.append(weight.detach())
    assert torch.equal(*results)


@pytest.mark.parametrize(("scale", "found_inf"), [(4.0, 0.0), (None, 1.0)])
def test_a_gradient_that_was_scaled_is_left_to_torch(scale, found_inf):
    results = []
    for kind in (OPTIMIZERS["adamw"], torch.optim.AdamW):
        weight = torch.ones(2, requires_grad=True)
        optimizer = kind([weight], lr=0.1, fused=True)
        weight.grad = torch.full((2,), 8.0)
        optimizer.step()
        optimizer.found_inf = torch.tensor(found_inf)
        if scale is not None:
            optimizer.grad_scale = torch.tensor(scale)
        optimizer.step()
        results.append(weight.detach())
    assert torch.equal(*results)


@pytest.mark.parametrize("kind", OPTIMIZERS.values())
def test_hooks_are_told_of_steps(kind):
    seen = []
    weight = torch.zeros(2, requires_grad=True)
    weight.grad = torch.ones(2)
    optimizer = kind([weight], lr=0.1)
    optimizer.step()
    optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
    handle = optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    optimizer.step()
    handle.remove()
    optimizer.step()
    assert seen == ["before", "after", "before"]


def test_hooks_of_a_subclass_are_told_once():
    class Own(OPTIMIZERS["adamw"]):
        pass

    seen = []
    optimizer = Own([torch.zeros(2, requires_grad=True)])
    optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    optimizer.step()
    assert seen == ["after"]


def test_hooks_of_all_optimizers_are_told():
    seen = []
    optimizer = OPTIMIZERS["adamw"]([torch.zeros(2, requires_grad=True)])
    handle = register_optimizer_step_post_hook(lambda *_: seen.append("after"))
    optimizer.step()
    handle.remove()
    optimizer.step()
    assert seen == ["after"]


def test_the_profiler_sees_steps():
    optimizer = OPTIMIZERS["adamw"]([torch.zeros(2, requires_grad=True)])
    with profile() as record:
        optimizer.step()
    assert "Optimizer.step#AdamW.step" in {event.name for event in record.events()}


def test_without_the_names_that_torch_does_not_promise_steps_are_the_same(monkeypatch):
    def steps():
        weight = torch.ones(2, requires_grad=True)
        optimizer = OPTIMIZERS["adamw"]([weight], fused=True)
        for _ in range(3):
            optimizer.zero_grad()
            (weight**2).sum().backward()
            optimizer.step()
        return weight.detach()

    expected = steps()
    monkeypatch.setattr(uncompiled, "_FUSED_ADAMW", None)
    torch.testing.assert_close(steps(), expected)
    monkeypatch.setattr(uncompiled, "_GLOBAL_HOOKS", [{"unknown": None}])
    torch.testing.assert_close(steps(), expected)
