"""What the acceleration example relies on: its signal, its pieces, and the feeding back."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from sklstm import LSTMRegressor
from sklstm.forecasting import WindowForecaster


class Recorder(RegressorMixin, BaseEstimator):
    """Keeps what it is fitted to; predicts the youngest piece of a window plus one."""

    def fit(self, X, y):
        self.X_, self.y_ = np.asarray(X), y
        self.shapes_ = []
        return self

    def predict(self, X):
        self.shapes_.append(X.shape)
        return X[:, -1] + 1.0


def recording(example, pieces):
    model = example.make_models()["defaults"]
    return model.set_params(regressor=Recorder(), flatten=False).fit(pieces)


def test_signal_holds_its_sines_and_its_noise(example):
    signal = example.make_signal(20_000)  # hence 20 bins a Hz
    power = np.abs(np.fft.rfft(signal)) ** 2 / len(signal) ** 2
    for frequency, amplitude in zip(example.FREQUENCIES, example.AMPLITUDES, strict=True):
        near = slice(round((frequency - 1) * 20), round((frequency + 1) * 20))
        # a sine has half of its squared amplitude as power, of which rfft shows one half
        assert 4 * power[near].sum() == pytest.approx(amplitude**2, rel=0.05)
    above = power[100 * 20 :].sum() * 2  # the noise is all there is from 100 to 500 Hz
    assert np.sqrt(above / 0.8) == pytest.approx(example.NOISE, rel=0.05)


@pytest.mark.parametrize("every", [5, 20, 100])
def test_windows_are_runs_of_the_signal_from_every_so_many_samples(example, every):
    pieces = example.cut(np.arange(3_000.0), range(0, 100, every))
    regressor = recording(example, pieces).regressors_[0]
    runs = np.concatenate([regressor.X_.reshape(-1, 2_500), regressor.y_], axis=1)
    starts = np.sort(runs[:, 0])
    np.testing.assert_array_equal(starts, np.arange(0, 3_000 - 2_600 + 1, every))
    np.testing.assert_array_equal(runs - runs[:, :1], np.tile(np.arange(2_600.0), (len(runs), 1)))


def test_pieces_of_a_number_are_cut_from_their_starts(example):
    pieces = example.cut(np.arange(3_000.0), [7, 2_800], 2)
    assert pieces.index.tolist() == [(7, 0), (7, 1), (2_800, 0), (2_800, 1)]
    np.testing.assert_array_equal(pieces.loc[7].to_numpy().ravel(), np.arange(7, 207))


def test_predicted_pieces_are_fed_back(example):
    signal = np.zeros(9_000)
    model = recording(example, example.cut(signal[:5_000], range(0, 100, 50)))
    continued = example.forecast(model, signal, range(5_000, 8_000, 1_000), 4)
    assert continued.shape == (3, 4, example.PIECE)
    np.testing.assert_array_equal(continued[:, :, 0], np.tile([1.0, 2.0, 3.0, 4.0], (3, 1)))
    assert set(model.regressors_[0].shapes_) == {(3, example.N_STEPS, example.PIECE)}


def test_forecasts_are_those_of_a_loop_by_hand(example):
    signal = example.make_signal(6_000)
    model = WindowForecaster(
        LSTMRegressor(linear_skip=False, max_epochs=1, random_state=0),
        example.N_STEPS,
        strategy="recursive",
        scaling=None,
    ).fit(example.cut(signal[:5_000], [0]))
    pieces = signal[3_400:5_900].reshape(1, example.N_STEPS, example.PIECE)
    for _ in range(3):
        following = model.regressors_[0].predict(pieces[:, -example.N_STEPS :])
        pieces = np.concatenate([pieces, following[:, None]], axis=1)
    continued = example.forecast(model, signal, range(5_900, 5_901), 3)
    np.testing.assert_array_equal(continued, pieces[:, example.N_STEPS :])


def test_network_is_the_prescribed_one(example):
    model = example.make_models()["prescribed"].set_params(regressor__max_epochs=1)
    model.fit(example.cut(example.make_signal(3_000), [0, 40, 80]))
    regressor = model.regressors_[0]
    n_weights = sum(p.numel() for p in regressor.module_.parameters() if p.requires_grad)
    assert n_weights == 2 * 4 * 100 * (100 + 100 + 1) + 100 * (100 + 1)
    assert regressor.net_.optimizer_.param_groups[0]["lr"] == 1e-4


def test_continuation_of_a_short_signal_neither_dies_nor_explodes(example):
    signal = example.make_signal(9_000)
    # a few epochs of the defaults, without their trials
    regressor = LSTMRegressor(linear_skip=False, max_epochs=15, random_state=1)
    model = example.make_models()["defaults"].set_params(regressor=regressor)
    model.fit(example.cut(signal[:8_000], range(0, 100, 10)))
    continued = example.forecast(model, signal, range(8_000, 8_001), 10)[0]
    truth = signal[8_000:].reshape(-1, example.PIECE)
    ratio = example.root_mean_square(continued) / example.root_mean_square(truth)
    assert ratio.min() > 0.5
    assert ratio.max() < 1.5


def test_picture_is_drawn(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = list(example.make_models())
    pieces = np.random.default_rng(0).normal(size=(4, example.N_CONTINUED, example.PIECE))
    ratios = dict.fromkeys(names, np.ones((4, example.N_CONTINUED)))
    example.draw(dict.fromkeys(["truth", *names], pieces), ratios)
    assert (tmp_path / "acceleration.png").stat().st_size > 10_000
