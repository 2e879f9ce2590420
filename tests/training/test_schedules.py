import math

import pytest
import torch

from sklstm.training.schedules import SCHEDULES, RateSchedule, cosine


def test_names():
    assert {"constant": None, "cosine": cosine} == SCHEDULES


@pytest.mark.parametrize(
    ("progress", "factor"),
    [(0.01, 0.2), (0.025, 0.5), (0.05, 1.0), (0.525, 0.5), (1.0, 0.0)],
)
def test_cosine(progress, factor):
    assert math.isclose(cosine(progress), factor, abs_tol=1e-12)


def test_cosine_rises_then_falls():
    factors = [cosine(step / 1000) for step in range(1, 1001)]
    top = factors.index(max(factors))
    assert top == 49
    assert factors[: top + 1] == sorted(factors[: top + 1])
    assert factors[top:] == sorted(factors[top:], reverse=True)
    assert all(0 <= factor <= 1 for factor in factors)


def test_every_group_gets_the_rate_before_every_step():
    weights = [torch.zeros(1, requires_grad=True) for _ in range(2)]
    optimizer = torch.optim.SGD(
        [{"params": [weights[0]]}, {"params": [weights[1]], "lr": 7.0}], 9.0
    )
    schedule = RateSchedule(lambda progress: progress, 0.1, n_steps=4)
    rates = []
    for _ in range(5):
        schedule.step(optimizer)
        rates.append([group["lr"] for group in optimizer.param_groups])
    assert rates == [
        pytest.approx([0.1 * share] * 2) for share in (0.125, 0.375, 0.625, 0.875, 1.0)
    ]


def test_no_step_is_made_at_a_rate_of_zero():
    for n_steps in (1, 2, 3, 100):
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        schedule = RateSchedule(cosine, 1.0, n_steps)
        for _ in range(n_steps):
            schedule.step(optimizer)
            assert optimizer.param_groups[0]["lr"] > 0
