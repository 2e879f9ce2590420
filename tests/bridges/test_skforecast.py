import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from skforecast.direct import ForecasterDirect
from skforecast.model_selection import TimeSeriesFold, backtesting_forecaster
from skforecast.recursive import ForecasterRecursive, ForecasterRecursiveMultiSeries
from sklearn.metrics import root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import LSTMRegressor, make_windows
from sklstm.datasets import load_airline_passengers

PASSENGERS = load_airline_passengers().iloc[:60].asfreq("MS")
VALUES = PASSENGERS.to_numpy()
TINY = {
    "hidden_layer_sizes": 3, "max_epochs": 3, "linear_skip": True, "random_state": 0,
    "device": "cpu",
}  # fmt: skip
MODEL = LSTMRegressor(**TINY)
OLDEST_FIRST = make_pipeline(FunctionTransformer(np.fliplr), MODEL)
# which estimator, and in which order the network then reads the lags
ORDERS = {
    "oldest first": (OLDEST_FIRST, slice(None)),
    "as they come": (MODEL, slice(None, None, -1)),
}


def recursive_by_hand(order, **arguments):
    X, y = make_windows(VALUES, 12)
    model = LSTMRegressor(**TINY).fit(X[:, order], y, **arguments)
    known = list(VALUES)
    for _ in range(3):
        known.append(model.predict([known[-12:][order]])[0])
    return known[-3:]


@pytest.mark.parametrize("lags", [12, list(range(12, 0, -1))])
def test_lags_come_newest_first_whatever_is_asked_for(lags):
    X, _ = ForecasterRecursive(MODEL, lags=lags).create_train_X_y(PASSENGERS)
    assert X.columns.tolist() == [f"lag_{lag}" for lag in range(1, 13)]
    assert_array_equal(X, make_windows(VALUES, 12)[0][:, ::-1])


@pytest.mark.parametrize("name", ORDERS)
def test_recursive_forecast(name):
    model, order = ORDERS[name]
    forecaster = ForecasterRecursive(model, lags=12)
    forecaster.fit(PASSENGERS)
    assert_allclose(forecaster.predict(3), recursive_by_hand(order), rtol=1e-5)


@pytest.mark.parametrize("name", ORDERS)
def test_direct_forecast(name):
    model, order = ORDERS[name]
    forecaster = ForecasterDirect(model, steps=3, lags=12)
    forecaster.fit(PASSENGERS)
    X, y = make_windows(VALUES, 12, horizon=3)
    last = [VALUES[-12:][order]]
    expected = [MODEL.fit(X[:, order], y[:, step]).predict(last)[0] for step in range(3)]
    assert_allclose(forecaster.predict(3), expected, rtol=1e-5)


def test_weights_reach_the_regressor():
    weight = np.linspace(0.1, 2, 60)
    forecaster = ForecasterRecursive(
        MODEL, lags=12, weight_func=lambda index: weight[PASSENGERS.index.get_indexer(index)]
    )
    forecaster.fit(PASSENGERS)
    expected = recursive_by_hand(slice(None, None, -1), sample_weight=weight[12:])
    assert_allclose(forecaster.predict(3), expected, rtol=1e-5)


def test_a_pipeline_takes_no_weights_and_it_is_told():
    with pytest.warns(UserWarning, match="does not accept `sample_weight`"):
        ForecasterRecursive(OLDEST_FIRST, lags=12, weight_func=np.ones_like)


def test_several_series():
    series = {"a": PASSENGERS, "b": 2 * PASSENGERS}
    forecaster = ForecasterRecursiveMultiSeries(OLDEST_FIRST, lags=12, encoding=None)
    forecaster.fit(series)
    parts = [make_windows(values, 12) for values in series.values()]
    X, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    last = np.stack([values[-12:] for values in series.values()])
    assert_allclose(
        forecaster.predict(1).set_index("level")["pred"], MODEL.fit(X, y).predict(last), rtol=1e-5
    )


def test_backtesting_one_step_ahead():
    metric, predicted = backtesting_forecaster(
        ForecasterRecursive(OLDEST_FIRST, lags=12), PASSENGERS, show_progress=False,
        metric=root_mean_squared_error, cv=TimeSeriesFold(1, initial_train_size=48, refit=False),
    )  # fmt: skip
    X, y = make_windows(VALUES, 12)
    expected = MODEL.fit(X[:36], y[:36]).predict(X[36:])
    assert_allclose(predicted["pred"], expected, rtol=1e-5)
    assert metric.iloc[0, 0] == pytest.approx(root_mean_squared_error(y[36:], expected))


def test_intervals():
    forecaster = ForecasterRecursive(OLDEST_FIRST, lags=12)
    forecaster.fit(PASSENGERS, store_in_sample_residuals=True)
    found = forecaster.predict_interval(3, n_boot=20)
    assert (found["lower_bound"] < found["upper_bound"]).all()
