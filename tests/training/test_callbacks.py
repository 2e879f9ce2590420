import math
from types import SimpleNamespace

import pytest
import torch

from sklstm.training.callbacks import (
    BestWeights,
    DivergedError,
    StopTraining,
    check_losses,
)


def stand_in(**history):
    """Return what the callbacks see of a net."""
    module = torch.nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD(module.parameters(), lr=9.0)
    return SimpleNamespace(history=[history], lr=0.1, module_=module, optimizer_=optimizer)


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["train_loss", "valid_loss"])
def test_divergence(name, loss):
    losses = {"train_loss": 1.0, "valid_loss": 1.0, name: loss}
    match = rf"the {name.replace('_', ' ')} is {loss} in epoch 1. Lower learning_rate \(now 0.1\)"
    with pytest.raises(DivergedError, match=match):
        check_losses(stand_in(**losses))


@pytest.mark.parametrize("losses", [{"train_loss": 1e30}, {"train_loss": 0.0, "valid_loss": 2.0}])
def test_no_divergence(losses):
    check_losses(stand_in(**losses))


def run(losses, patience=2, tol=0.0):
    """Return after how many epochs the callback stops, and the weights that it leaves."""
    net = stand_in()
    net.history = []
    callback = BestWeights(patience, tol)
    try:
        for epoch, loss in enumerate(losses, start=1):
            net.history.append({"valid_loss": loss})
            with torch.no_grad():
                net.module_.weight.fill_(epoch)
            callback.on_epoch_end(net)
    except StopTraining:
        pass
    callback.restore(net)
    return len(net.history), net.module_.weight.item(), callback


@pytest.mark.parametrize(
    ("losses", "options", "n_epochs", "best"),
    [
        ([3, 2, 1], {}, 3, 3),
        ([1, 2, 3, 4], {}, 3, 1),
        ([1, 2, 0.5, 2, 2, 2], {}, 5, 3),
        ([1, 1, 1, 1], {}, 3, 1),
        ([1, 2, 2, 2], {"patience": 1}, 2, 1),
        # a gain below tol does not count against patience, but is kept
        ([1, 0.95, 0.91, 0.5], {"tol": 0.2}, 3, 3),
        ([1, 0.95, 0.7, 0.6, 0.55], {"tol": 0.2}, 5, 5),
        ([2, math.nan, 1, 3, 3], {}, 5, 3),
    ],
    ids=str,
)
def test_best_weights(losses, options, n_epochs, best):
    assert run(losses, **options)[:2] == (n_epochs, best)


def test_best_weights_are_a_copy():
    *_, callback = run([1, 2, 3, 4])
    assert callback.best_epoch_ == 1
    assert callback.best_loss_ == 1


def test_no_epoch_no_weights():
    n_epochs, weight, callback = run([])
    assert n_epochs == 0
    assert callback.best_epoch_ == 0
    assert math.isfinite(weight)
