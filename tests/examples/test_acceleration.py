"""What the acceleration example relies on: its signal, its views, and the feeding back."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from sklstm import LSTMRegressor


@pytest.fixture(scope="module")
def example():
    path = Path(__file__).parents[2] / "examples" / "acceleration.py"
    spec = importlib.util.spec_from_file_location("acceleration", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class LastPiecePlusOne:
    def __init__(self):
        self.shapes = []

    def predict(self, X):
        self.shapes.append(X.shape)
        return X[:, -1] + 1.0


def test_signal_holds_its_sines_and_its_noise(example):
    signal = example.make_signal(20_000)  # hence 20 bins a Hz
    power = np.abs(np.fft.rfft(signal)) ** 2 / len(signal) ** 2
    for frequency, amplitude in zip(example.FREQUENCIES, example.AMPLITUDES, strict=True):
        near = slice(round((frequency - 1) * 20), round((frequency + 1) * 20))
        # a sine has half of its squared amplitude as power, of which rfft shows one half
        assert 4 * power[near].sum() == pytest.approx(amplitude**2, rel=0.05)
    above = power[100 * 20 :].sum() * 2  # the noise is all there is from 100 to 500 Hz
    assert np.sqrt(above / 0.8) == pytest.approx(example.NOISE, rel=0.05)


@pytest.mark.parametrize("every", [1, 5, 100])
def test_pieces_follow_one_another_and_take_no_memory(example, every):
    signal = np.arange(3_000.0)
    X, y = example.cut(signal, every)
    assert X.shape[1:] == (example.N_STEPS, example.PIECE)
    assert len(X) == len(y) == (3_000 - 26 * 100) // every + 1
    assert np.shares_memory(X, signal)
    assert np.shares_memory(y, signal)
    for i in (0, len(X) - 1):
        run = np.concatenate([X[i].ravel(), y[i]])
        np.testing.assert_array_equal(run, np.arange(2_600) + i * every)


def test_predicted_pieces_are_fed_back(example):
    model = LastPiecePlusOne()
    sequences = np.zeros((3, example.N_STEPS, example.PIECE))
    continued = example.continue_signal(model, sequences, 4)
    assert continued.shape == (3, 4, example.PIECE)
    np.testing.assert_array_equal(continued[:, :, 0], np.tile([1.0, 2.0, 3.0, 4.0], (3, 1)))
    assert set(model.shapes) == {sequences.shape}


def test_network_is_the_prescribed_one(example):
    X, y = example.cut(example.make_signal(3_000), 40)
    model = example.make_models()["prescribed"].set_params(max_epochs=1).fit(X, y)
    n_weights = sum(p.numel() for p in model.module_.parameters() if p.requires_grad)
    assert n_weights == 2 * 4 * 100 * (100 + 100 + 1) + 100 * (100 + 1)
    assert model.net_.optimizer_.param_groups[0]["lr"] == 1e-4


def test_continuation_of_a_short_signal_neither_dies_nor_explodes(example):
    signal = example.make_signal(9_000)
    X, y = example.cut(signal[:8_000], 10)
    # a few epochs of the defaults, without their trials
    model = LSTMRegressor(linear_skip=False, max_epochs=15, random_state=1).fit(X, y)
    continued = example.continue_signal(model, X[-1:], 11)[0, 1:]  # behind the training part
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
