import numpy as np
import pytest
import torch

from sklstm.losses import Quantile

LEVELS = (0.1, 0.4, 0.9)


def test_pinball_value_and_gradient(rng, value_and_gradient):
    output, target = rng.normal(size=(5, 2 * 3)), rng.normal(size=(5, 2))
    loss = Quantile(2, LEVELS)
    values, gradient = value_and_gradient(loss, output, target)
    for i in range(5):
        total = 0.0
        for j in range(2):
            for k, level in enumerate(LEVELS):
                error = target[i, j] - output[i, 3 * j + k]
                total += level * error if error > 0 else (level - 1) * error
                slope = -level if error > 0 else 1 - level
                assert gradient[i, 3 * j + k] == pytest.approx(slope / 6)
        assert values[i] == pytest.approx(total / 6)


@pytest.mark.parametrize("level", [0.05, 0.5, 0.8])
def test_the_sample_quantile_minimises_the_loss(rng, level):
    target = torch.as_tensor(rng.exponential(size=(1001, 1)))
    candidates = torch.as_tensor(np.quantile(target, np.linspace(0.01, 0.99, 99)))
    loss = Quantile(1, (level,))
    totals = [loss(candidate.expand(1001, 1), target).sum().item() for candidate in candidates]
    assert np.linspace(0.01, 0.99, 99)[np.argmin(totals)] == pytest.approx(level, abs=0.011)


def test_quantiles_come_in_order_target_by_target():
    output = torch.tensor([[3.0, 1.0, 2.0, -1.0, -3.0, -2.0]])
    found = Quantile(2, LEVELS).predict_quantiles(output)
    assert found.tolist() == [[[1.0, 2.0, 3.0], [-3.0, -2.0, -1.0]]]


def test_sorting_crossed_quantiles_never_costs(rng):
    loss = Quantile(1, LEVELS)
    output, target = (
        torch.as_tensor(rng.normal(size=(200, 3))),
        torch.as_tensor(rng.normal(size=200)),
    )
    ordered = loss.predict_quantiles(output)[:, 0]
    assert (loss(ordered, target[:, None]) <= loss(output, target[:, None]) + 1e-12).all()


@pytest.mark.parametrize(
    ("levels", "position"),
    [((0.1, 0.5, 0.9), 1), ((0.1, 0.6, 0.9), 1), ((0.7, 0.9), 0), ((0.1, 0.2), 1), ((0.9,), 0)],
)
def test_prediction_is_the_quantile_nearest_to_the_median(levels, position):
    n_levels = len(levels)
    output = torch.arange(2.0 * n_levels)[None]
    found = Quantile(2, levels).predict(output)
    assert found.tolist() == [[position, n_levels + position]]


@pytest.mark.parametrize("levels", [(0.1, 0.9), (0.05, 0.95), (0.01, 0.3, 0.7, 0.8)])
def test_of_two_as_near_to_the_median_the_prediction_is_the_mean(levels):
    output = torch.arange(2.0 * len(levels))[None] ** 2
    loss = Quantile(2, levels)
    right = next(i for i, level in enumerate(levels) if level > 0.5)
    expected = loss.predict_quantiles(output)[:, :, right - 1 : right + 1].mean(2)
    assert torch.equal(loss.predict(output), expected)


@pytest.mark.parametrize(("n_targets", "levels"), [(1, (0.5,)), (2, LEVELS)])
def test_width(n_targets, levels):
    loss = Quantile(n_targets, levels)
    assert (loss.width, loss.n_outputs) == (len(levels), n_targets * len(levels))
    assert loss.has_quantiles
