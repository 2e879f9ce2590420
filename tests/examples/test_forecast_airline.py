"""What the airline forecasts rely on: nothing later is seen, and windows reach beyond the past."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import root_mean_squared_error

from sklstm import LSTMRegressor
from sklstm.forecasting import WindowForecaster


@pytest.fixture(scope="module")
def passengers(example):
    return example.load_airline_passengers()


def test_every_later_month_is_forecast_once(example, passengers):
    forecast = example.forecast_each(example.NaiveForecaster(), passengers, 100)
    pd.testing.assert_index_equal(forecast.index, passengers.index[100:])
    np.testing.assert_array_equal(forecast, passengers[99:-1])


@pytest.mark.parametrize("name", ["ridge", "forest, scaled windows", "seasonal naive"])
def test_a_forecast_knows_nothing_of_its_month_and_of_later_ones(example, passengers, name):
    changed = passengers.copy()
    changed.iloc[110:] = 0.0
    as_it_was, otherwise = (
        example.forecast_each(example.make_forecasters()[name], series, 100)
        for series in (passengers, changed)
    )
    np.testing.assert_array_equal(as_it_was[:11], otherwise[:11])
    assert not np.allclose(as_it_was[11:], otherwise[11:])


def errors_of(example, passengers, names, n_train):
    truth = passengers[n_train:]
    forecasters = example.make_forecasters()
    return {
        name: root_mean_squared_error(
            truth, example.forecast_each(forecasters[name], passengers, n_train)
        )
        for name in names
    }


def test_scaled_windows_let_a_forest_go_beyond_what_it_was_trained_on(example, passengers):
    names = ("forest", "forest, scaled windows", "seasonal naive")
    forest, scaled, seasonal = errors_of(example, passengers, names, 96).values()
    assert scaled < seasonal < forest
    assert scaled < forest / 2


def test_lstm_is_below_the_bound(example, passengers):
    n_train = 96
    # not the seed that the example shows
    model = WindowForecaster(LSTMRegressor(random_state=1), example.WINDOW)
    forecast = example.forecast_each(model, passengers, n_train)
    assert root_mean_squared_error(passengers[n_train:], forecast) < example.BOUND


def test_picture_is_drawn(example, passengers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    forecasts = dict.fromkeys(example.make_forecasters(), passengers[96:])
    example.draw(dict.fromkeys(example.SPLITS, forecasts))
    assert (tmp_path / "forecast_airline.png").stat().st_size > 10_000
