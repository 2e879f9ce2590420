"""What the walk-throughs rely on: nothing of the test part is trained on, networks as published."""

import numpy as np
import pytest
from sklearn.metrics import root_mean_squared_error

from sklstm import LSTMRegressor


class Rise:
    """Predicts that a series rises by one."""

    def predict(self, X):
        return X[:, -1] + 1.0


def n_weights(model):
    return sum(p.numel() for p in model.module_.parameters() if p.requires_grad)


@pytest.mark.parametrize("stride", [1, 2])
def test_the_test_part_lies_behind_the_training_part(example, stride):
    series = np.arange(40.0)
    X, y, X_test, y_test = example.split_in_time(series, 30, 5, stride)
    assert max(X.max(), y.max()) < 30
    np.testing.assert_array_equal(X[:, 0], np.arange(0, 25, stride))
    np.testing.assert_array_equal(y, X[:, -1] + 1)
    np.testing.assert_array_equal(y_test, np.arange(30, 40))
    np.testing.assert_array_equal(X_test[:, -1], y_test - 1)


def test_predictions_are_fed_back(example):
    continued = example.continue_series(Rise(), np.array([4.0, 5.0, 6.0]), 4)
    assert continued.tolist() == [7.0, 8.0, 9.0, 10.0]


def test_networks_are_those_of_the_walk_throughs(example):
    X = np.random.default_rng(0).normal(size=(8, 3))
    airline = example.airline_textbook().set_params(max_epochs=1).fit(X[:, -1:], X[:, 0])
    assert n_weights(airline) == 4 * 4 * (1 + 4 + 1) + (4 + 1)
    sine = example.sine_textbook().set_params(max_epochs=1).fit(X, X[:, 0])
    layers = 4 * 50 * (1 + 50 + 1) + 4 * 256 * (50 + 256 + 1)
    assert n_weights(sine) == layers + (256 + 1)


def test_airline_textbook_is_near_the_published_errors(example, monkeypatch):
    textbook = example.airline_textbook
    # not the seed that the example shows
    monkeypatch.setattr(example, "airline_textbook", lambda: textbook().set_params(random_state=1))
    series = example.load_airline_passengers().to_numpy()
    forecast, _ = example.airline_as_published(series, 96, seen=series)
    assert 40 < root_mean_squared_error(series[96:], forecast) < 65


def test_sine_repeats_and_its_noise_is_as_stated(example):
    wave, series = example.noisy_sine()
    np.testing.assert_allclose(wave[example.PERIOD :], wave[: -example.PERIOD], atol=1e-9)
    assert (series - wave).std() == pytest.approx(example.NOISE, rel=0.05)


def test_a_short_sine_is_continued(example):
    wave, series = example.noisy_sine()
    X, y, X_test, _ = example.split_in_time(series[:1_600], 1_500, example.WINDOW, 4)
    # a few epochs of the defaults, without their trials
    model = LSTMRegressor(linear_skip=True, max_epochs=5, random_state=1).fit(X, y)
    continued = example.continue_series(model, X_test[0], 100)
    assert root_mean_squared_error(wave[1_500:1_600], continued) < 0.3  # the wave's own is 0.7


def test_errors_are_told_for_all_but_the_truth(example):
    series = {"truth": np.zeros(4), "textbook": np.ones(4), "naive": np.full(4, -2.0)}
    assert example.errors(series) == {"textbook": 1.0, "naive": 2.0}


def test_picture_is_drawn(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = dict.fromkeys(("truth", "textbook", "defaults", "naive"), np.sin(np.arange(200.0)))
    example.draw(lines, lines, lines)
    assert (tmp_path / "airline_and_sine.png").stat().st_size > 10_000
