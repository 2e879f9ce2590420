import numpy as np
import pandas as pd
import pytest
from mlforecast import MLForecast
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import LSTMRegressor, make_windows
from sklstm.datasets import load_airline_passengers

PASSENGERS = load_airline_passengers().iloc[:60]
SERIES = {"a": PASSENGERS.to_numpy(), "b": 600 - PASSENGERS.to_numpy()}
LONG = pd.concat(
    pd.DataFrame({"unique_id": name, "ds": PASSENGERS.index, "y": values})
    for name, values in SERIES.items()
)
TINY = {
    "hidden_layer_sizes": 3, "max_epochs": 3, "linear_skip": True, "random_state": 0,
    "device": "cpu",
}  # fmt: skip
MODEL = LSTMRegressor(**TINY)
OLDEST_FIRST = range(12, 0, -1)
NEWEST_FIRST = range(1, 13)


def forecast(model=MODEL, lags=OLDEST_FIRST, frame=LONG, **arguments):
    """Return three steps of both series, and the fitted model."""
    ahead = MLForecast({"lstm": model}, freq="MS", lags=lags).fit(frame, **arguments)
    return ahead.predict(3)["lstm"].to_numpy().reshape(2, 3), ahead.models_["lstm"]


def windows(horizon=1):
    pairs = [make_windows(values, 12, horizon) for values in SERIES.values()]
    return (np.concatenate(arrays) for arrays in zip(*pairs, strict=True))


def recursive_by_hand(**arguments):
    X, y = windows()
    model = LSTMRegressor(**TINY).fit(X, y, **arguments)
    known = np.stack(list(SERIES.values()))
    for _ in range(3):
        known = np.column_stack([known, model.predict(known[:, -12:])])
    return known[:, -3:]


def test_lags_come_in_the_order_that_is_asked_for():
    for lags in (OLDEST_FIRST, NEWEST_FIRST):
        _, model = forecast(lags=lags)
        assert model.feature_names_in_.tolist() == [f"lag{lag}" for lag in lags]


@pytest.mark.parametrize("as_numpy", [False, True])
def test_recursive_forecast(as_numpy):
    found, _ = forecast(as_numpy=as_numpy)
    assert_allclose(found, recursive_by_hand(), rtol=1e-5)


def test_lags_in_any_order_can_be_turned_round_in_a_pipeline():
    turned = make_pipeline(FunctionTransformer(np.fliplr), MODEL)
    found, _ = forecast(turned, NEWEST_FIRST)
    assert_allclose(found, recursive_by_hand(), rtol=1e-5)


def test_frames_of_float32():
    found, _ = forecast(frame=LONG.astype({"y": np.float32}))
    assert_allclose(found, recursive_by_hand(), rtol=1e-4)


def test_weights_reach_the_regressor():
    weight = np.linspace(0.1, 2, 120).reshape(2, 60)
    weighted = LONG.assign(weight=weight.ravel())
    found, _ = forecast(frame=weighted, weight_col="weight", static_features=[])
    expected = recursive_by_hand(sample_weight=weight[:, 12:].ravel())
    assert_allclose(found, expected, rtol=1e-5)


def test_one_model_a_step_ahead():
    found, models = forecast(max_horizon=3)
    last = np.stack([values[-12:] for values in SERIES.values()])
    assert len(models) == 3
    X, y = windows()
    assert_allclose(found[:, 0], MODEL.fit(X, y).predict(last), rtol=1e-5)
    X, y = windows(horizon=3)
    assert_allclose(found[:, 2], MODEL.fit(X, y[:, 2]).predict(last), rtol=1e-5)


def test_cross_validation():
    found = MLForecast({"lstm": MODEL}, freq="MS", lags=OLDEST_FIRST).cross_validation(
        LONG, n_windows=2, h=3
    )
    assert found.shape[0] == 12
    assert np.isfinite(found["lstm"]).all()
