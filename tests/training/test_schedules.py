import math

import pytest

from sklstm.training.schedules import SCHEDULES, cosine


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
