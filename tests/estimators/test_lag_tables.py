"""Lag tables as sktime, skforecast and mlforecast hand them over, without these libraries.

`make bridges` runs the libraries themselves.
"""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import LSTMRegressor, make_windows
from sklstm.datasets import load_airline_passengers

TINY = {
    "hidden_layer_sizes": 3, "max_epochs": 3, "linear_skip": True, "random_state": 0,
    "device": "cpu",
}  # fmt: skip
PASSENGERS = load_airline_passengers().iloc[:60]
WINDOWS, NEXT = make_windows(PASSENGERS.to_numpy(), 6)
ORDERS = {"newest first": range(1, 7), "oldest first": range(6, 0, -1)}


def lag_table(lags, dtype=np.float64):
    """Return a table by shifts, as the libraries make it, with the index of the targets."""
    columns = {f"lag_{lag}": PASSENGERS.shift(lag) for lag in lags}
    return pd.DataFrame(columns).iloc[6:].astype(dtype)


def regressor(**parameters):
    return LSTMRegressor(**{**TINY, **parameters})


def oldest_first(**parameters):
    return make_pipeline(FunctionTransformer(np.fliplr), regressor(**parameters))


# ---------------------------------------------------------------- frames and arrays


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ORDERS)
def test_a_frame_is_its_array(order, dtype):
    table = lag_table(ORDERS[order], dtype)
    model = regressor().fit(table, PASSENGERS.iloc[6:])
    assert model.feature_names_in_.tolist() == list(table.columns)
    expected = regressor().fit(table.to_numpy(), NEXT).predict(table.to_numpy())
    assert_array_equal(model.predict(table), expected)


def test_a_turned_view_is_its_copy():
    turned = WINDOWS[:, ::-1]
    found = regressor().fit(turned, NEXT).predict(turned)
    assert_array_equal(found, regressor().fit(turned.copy(), NEXT).predict(turned.copy()))


@pytest.mark.parametrize("order", ORDERS)
def test_row_by_row_as_all_at_once(order):
    table = lag_table(ORDERS[order])
    model = regressor().fit(table, NEXT)
    expected = model.predict(table)
    assert_allclose([model.predict(table.iloc[[row]])[0] for row in range(54)], expected)
    on_array = regressor().fit(table.to_numpy(), NEXT)
    rows = [on_array.predict(row.reshape(1, -1)).item() for row in table.to_numpy()]
    assert_allclose(rows, expected)


def test_an_array_for_a_model_of_a_frame_is_warned_of_as_by_scikit_learn():
    model = regressor().fit(lag_table(ORDERS["oldest first"]), NEXT)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(WINDOWS)


def test_weights_as_a_series():
    weight = pd.Series(np.linspace(0.1, 2, 54), PASSENGERS.index[6:])
    table = lag_table(ORDERS["oldest first"])
    found = regressor().fit(table, PASSENGERS.iloc[6:], sample_weight=weight).predict(table)
    expected = regressor().fit(WINDOWS, NEXT, sample_weight=weight.to_numpy()).predict(WINDOWS)
    assert_allclose(found, expected, rtol=1e-6)
    assert not np.allclose(found, regressor().fit(table, NEXT).predict(table))


# ---------------------------------------------------------------- copies


COPIES = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "clone": clone,
}


@pytest.mark.parametrize("make", [regressor, oldest_first])
@pytest.mark.parametrize("name", COPIES)
def test_copies_before_and_after_fit(name, make):
    table = lag_table(ORDERS["newest first"])
    model = COPIES[name](make()).fit(table, NEXT)
    expected = make().fit(table, NEXT).predict(table)
    assert_array_equal(model.predict(table), expected)
    again = COPIES[name](model)
    if name == "clone":
        again.fit(table, NEXT)
    assert_array_equal(again.predict(table), expected)


def test_parameters_are_set_on_a_clone():
    model = clone(oldest_first()).set_params(lstmregressor__max_epochs=1)
    assert model.fit(WINDOWS, NEXT)[-1].n_iter_ == 1


# ---------------------------------------------------------------- order


def test_columns_are_read_as_time():
    table = lag_table(ORDERS["newest first"])
    found = regressor().fit(table, NEXT).predict(table)
    turned = WINDOWS[:, ::-1]
    assert_allclose(found, regressor().fit(turned, NEXT).predict(turned), rtol=1e-6)


@pytest.mark.parametrize("convert", [lambda table: table, pd.DataFrame.to_numpy])
def test_columns_turned_round_in_a_pipeline(convert):
    newest, oldest = (lag_table(ORDERS[order]) for order in ("newest first", "oldest first"))
    model = oldest_first().fit(convert(newest), NEXT)
    expected = regressor().fit(oldest, NEXT).predict(oldest)
    assert_array_equal(model.predict(convert(newest)), expected)
    # skforecast predicts from an array what may have been fitted on a frame
    assert_array_equal(model.predict(newest.to_numpy()), expected)


def test_the_order_matters_where_a_level_drifts_and_no_line_tells_the_next_step():
    rng, steps = np.random.default_rng(0), [0.3, 0.9]
    while len(steps) < 500:  # of the map of Henon, which a line cannot follow
        steps.append(1 - 1.4 * steps[-1] ** 2 + 0.3 * steps[-2])
    X, y = make_windows(np.cumsum(steps) - 0.2 * np.arange(500) + 0.05 * rng.normal(size=500), 6)
    newest, errors = X[:, ::-1], {}
    for name, make in (("as they come", regressor), ("turned round", oldest_first)):
        model = make(hidden_layer_sizes=16, max_epochs=60, learning_rate=0.01)
        model.fit(newest[:350], y[:350])
        errors[name] = root_mean_squared_error(y[350:], model.predict(newest[350:]))
    assert errors["turned round"] < 0.6 * errors["as they come"], errors
