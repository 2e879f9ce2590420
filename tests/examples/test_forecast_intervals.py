"""What the example of intervals relies on: its series, later origins, and how they are judged."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from sklstm import LSTMRegressor
from sklstm.forecasting import WindowForecaster


@pytest.fixture(scope="module")
def hours(example):
    return example.make_hours()


@pytest.fixture(scope="module")
def gone_on(example, hours):
    forecaster = WindowForecaster(Ridge(), example.WINDOW, example.DAY)
    forecaster.fit(hours[: example.N_TRAIN])
    return forecaster, example.go_on(forecaster, hours)


def test_series_is_a_day_a_trend_and_the_stated_noise(example, hours):
    time = np.arange(len(hours))
    wave = np.sin(2 * np.pi * time / example.DAY)
    noise = hours - wave - example.TREND * time
    assert noise.std() == pytest.approx(example.NOISE, rel=0.05)
    within = np.abs(noise) < example.NARROWEST / 2
    assert within.mean() == pytest.approx(example.COVERAGE, abs=0.02)


def test_every_hour_of_the_day_is_an_origin_and_no_hour_is_judged_twice(example, hours):
    origins = hours.index[example.N_TRAIN :: example.EVERY]
    assert len(origins) == example.N_ORIGINS
    assert set(origins.hour) == set(range(24))
    assert example.EVERY >= example.DAY


def test_intervals_are_judged_on_the_hours_that_follow(example, hours, gone_on):
    forecaster, found = gone_on
    truth = np.stack([hours[i : i + 24] for i in range(example.N_TRAIN, len(hours), example.EVERY)])
    np.testing.assert_array_equal(found["hours"][:, 2], truth)
    np.testing.assert_array_equal(found["peaks"][:, 2], truth.max(axis=1))
    assert len(forecaster.series_.values) == len(hours)


def test_an_interval_knows_nothing_of_what_follows(example, hours, gone_on):
    _, found = gone_on
    changed = hours.copy()
    changed.iloc[example.N_TRAIN + 10 * example.EVERY :] = 0.0
    forecaster = WindowForecaster(Ridge(), example.WINDOW, example.DAY)
    forecaster.fit(changed[: example.N_TRAIN])
    otherwise = example.go_on(forecaster, changed)
    for part in ("hours", "peaks"):
        np.testing.assert_array_equal(found[part][:11, :2], otherwise[part][:11, :2])
        assert not np.allclose(found[part][11:, :2], otherwise[part][11:, :2])


def test_coverage_and_width_are_those_of_the_definition(example):
    intervals = np.array([[[0.0, 0.0], [1.0, 3.0], [0.5, 4.0]], [[2.0, 2.0], [4.0, 4.0], [2, 4]]])
    assert example.judge(intervals) == (0.75, 2.0)
    assert example.judge(intervals[..., 1]) == (0.5, 2.5)


def test_held_out_errors_cover_what_they_are_to(example, gone_on):
    share, width = example.judge(gone_on[1]["hours"])
    assert 0.85 < share < 0.95
    assert width == pytest.approx(example.NARROWEST, rel=0.15)


def test_the_lstm_knows_its_own_error(example, hours):
    regressor = LSTMRegressor(loss="gaussian", random_state=1)  # not the seed of the example
    forecaster = WindowForecaster(regressor, example.WINDOW, example.DAY)
    forecaster.fit(hours[: example.N_TRAIN])
    share, width = example.judge(example.go_on(forecaster, hours)["hours"])
    assert 0.8 < share < 0.97
    assert width == pytest.approx(example.NARROWEST, rel=0.15)


def test_picture_is_drawn(example, hours, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    figure, axes = example.plt.subplots(3, 1)
    forecaster = example.make_forecasters()["seasonal naive"].fit(hours[: example.N_TRAIN])
    for axis in axes:
        example.draw(axis, "seasonal naive", forecaster, hours)
    example.save(figure)
    example.plt.close(figure)
    assert (tmp_path / "forecast_intervals.png").stat().st_size > 10_000
