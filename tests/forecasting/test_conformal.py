import numpy as np
import pytest

from sklstm.data import read_series
from sklstm.forecasting.conformal import Errors, held_out_origins


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("n_errors", [19, 60])
def test_a_further_error_lies_within_reach_as_often_as_promised(coverage, n_errors):
    # of exchangeable errors exactly: in ceil(coverage (n + 1)) of n + 1 cases
    rng = np.random.default_rng(0)
    n_trials = 4_000
    errors = rng.standard_cauchy(size=(n_errors + 1, n_trials, 1))
    reach = Errors(errors[:-1]).reach(coverage)
    promised = np.ceil(coverage * (n_errors + 1)) / (n_errors + 1)
    assert (np.abs(errors[-1]) <= reach).mean() == pytest.approx(promised, abs=0.02)


def test_too_few_errors_promise_nothing():
    Errors(np.ones((9, 1, 1))).reach(0.9)
    with pytest.raises(ValueError, match="at least 9 held-out forecasts, but only 8"):
        Errors(np.ones((8, 1, 1))).reach(0.9)


def test_errors_are_drawn_as_wholes():
    values = np.random.default_rng(0).normal(size=(7, 3, 2))
    drawn = Errors(values).draw((5, 4), np.random.RandomState(0))
    assert drawn.shape == (5, 4, 3, 2)
    for error in drawn.reshape(-1, 3, 2):
        assert any(np.array_equal(error, known) for known in values)


def test_origins_are_the_held_out_end_of_each_series():
    panel = read_series(np.arange(10.0))
    held_out = np.array([4])  # rows 6 to 9; the first is forecast from row 5
    assert held_out_origins(panel, held_out, 1, 1).tolist() == [5, 6, 7, 8]
    assert held_out_origins(panel, held_out, 3, 1).tolist() == [5, 6]
    assert held_out_origins(panel, held_out, 1, 8).tolist() == [7, 8]
    assert held_out_origins(panel, held_out, 5, 1).tolist() == []
