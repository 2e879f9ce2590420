import pytest
import torch

from sklstm.training.optimizers import OPTIMIZERS, optimizer_class, optimizer_options


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
    assert optimizer_class(name) is expected
    assert OPTIMIZERS[name] is expected


def test_a_class_is_taken_as_it_is():
    assert optimizer_class(torch.optim.NAdam) is torch.optim.NAdam


@pytest.mark.parametrize("kind", [*OPTIMIZERS.values(), torch.optim.NAdam, torch.optim.Adagrad])
def test_weight_decay_reaches_the_optimizer(kind):
    options = optimizer_options(kind, 0.25)
    assert options["weight_decay"] == 0.25
    optimizer = kind([torch.zeros(1, requires_grad=True)], lr=0.1, **options)
    assert optimizer.param_groups[0]["weight_decay"] == 0.25


def test_an_optimizer_without_weight_decay():
    options = optimizer_options(torch.optim.LBFGS, 0.25)
    assert options == {}
    torch.optim.LBFGS([torch.zeros(1, requires_grad=True)], lr=0.1, **options)
