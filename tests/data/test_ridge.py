import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge

from sklstm.data.ridge import (
    STRENGTHS,
    find_strength,
    fit_ridge,
    fit_to_more,
    standardized,
    within,
)
from sklstm.data.splits import leave_blocks_out

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(40, 6))
Y = TABLE[:, :2] @ RNG.normal(size=(2, 2)) + RNG.normal(size=(40, 2))
WEIGHT = RNG.uniform(0.5, 2.0, size=40)
IN_TIME = RNG.permutation(40)


def test_what_is_missing_is_the_mean_of_the_rest():
    table = TABLE.copy()
    table[::3, 1] = np.nan
    found, center, scale = standardized(table, WEIGHT)
    known = ~np.isnan(table[:, 1])
    assert_allclose(center[1], np.average(table[known, 1], weights=WEIGHT[known]))
    assert_allclose(found[~known, 1], 0.0)
    assert_allclose(np.average(found**2, axis=0, weights=WEIGHT), 1.0)
    assert_allclose(within(table, center, scale), found)


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_a_fit_by_pieces_is_ridge_regression(weight, monkeypatch):
    monkeypatch.setattr("sklstm.data.rows._TOGETHER", 7 * TABLE.shape[1])
    slopes, intercepts = fit_to_more(lambda piece: TABLE[piece], Y, weight, 3.0)
    expected = Ridge(3.0).fit(TABLE, Y, weight)
    assert_allclose(slopes, expected.coef_)
    assert_allclose(intercepts, expected.intercept_)


def test_the_best_strength_is_that_of_left_out_blocks():
    errors = np.zeros(len(STRENGTHS))
    for kept, block in leave_blocks_out(IN_TIME, 4):
        for number, strength in enumerate(STRENGTHS):
            ridge = Ridge(strength * len(kept)).fit(TABLE[kept], Y[kept], WEIGHT[kept])
            rest = (Y[block] - ridge.predict(TABLE[block])) ** 2
            errors[number] += WEIGHT[block] @ rest.mean(axis=1)
    strength, squared_error = find_strength(TABLE, Y, WEIGHT, IN_TIME)
    assert strength == STRENGTHS[errors.argmin()]
    assert_allclose(squared_error, errors.min() / WEIGHT.sum())


def test_without_an_order_of_time_single_rows_are_left_out():
    ridge, squared_error = fit_ridge(TABLE, Y, np.ones(40), None)
    rest = []
    for row in range(40):
        others = np.arange(40) != row
        fitted = Ridge(ridge.alpha_).fit(TABLE[others], Y[others])
        rest.append(Y[row] - fitted.predict(TABLE[row : row + 1])[0])
    assert_allclose(squared_error, np.square(rest).mean())
