"""What the comparison relies on: the system, the windows, free running, and its result, small."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklstm import SlidingWindowTransformer


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_output_is_a_squashed_convolution_of_the_input(example, rng):
    u, clean, _ = example.record(8, 2, 60, rng)
    assert_array_equal(u[:, 0], 0.0)
    for sequence, output in zip(u, clean, strict=True):
        for step in (0, 1, 30, 59):
            lags = np.arange(step + 1)[:, None]
            decay = np.exp(-1 / np.array([8.0, 2.0]))
            response = np.sqrt(1 - decay**2) * decay**lags @ [1.0, -0.5]
            assert output[step] == pytest.approx(np.tanh(response @ sequence[step::-1]))


def test_states_of_any_memory_have_variance_one(example, rng):
    for memory in (2, 32):
        clean = example.record(memory, 1, 40_000, rng).clean
        slow, fast = example.decays(memory)
        # variance of the difference: 1 + 1/4 - twice half the correlation of the states
        shared = np.sqrt((1 - slow**2) * (1 - fast**2)) / (1 - slow * fast)
        assert np.arctanh(clean).var() == pytest.approx(1.25 - shared, rel=0.15)


def test_noise_is_on_the_measured_output_alone(example, rng):
    recording = example.record(4, 5, 2_000, rng)
    assert np.abs(recording.clean).max() < 1
    assert (recording.y - recording.clean).std() == pytest.approx(example.NOISE, rel=0.05)


def test_windows_reach_back_to_rest_and_not_to_another_sequence(example):
    u = np.array([[0.0, 1.0, 2.0], [0.0, 3.0, 4.0]])
    windows = SlidingWindowTransformer(3, flatten=True, group_by=0).fit_transform(example.rows(u))
    expected = [[0, 0, 0], [0, 0, 1], [0, 1, 2], [0, 0, 0], [0, 0, 3], [0, 3, 4]]
    assert_array_equal(windows, expected)
    assert_array_equal(example.delayed(u), [[0, 0, 1], [0, 0, 3]])


class Feedback:
    """An output of 0.5 times the last one plus the input, read from a window's last row."""

    def predict(self, window):
        value, output = window[0, -2:]
        return np.array([0.5 * output + value])


def test_free_running_feeds_outputs_back(example, rng):
    u = rng.normal(size=30)
    expected = [sum(0.5**lag * u[step - lag] for lag in range(step + 1)) for step in range(30)]
    assert_allclose(example.run_free(Feedback(), u), expected)


def test_free_running_sees_the_windows_of_training(example, rng):
    """With the true outputs fed back, each step is the prediction one step ahead."""
    train = example.record(4, 4, 100, rng)
    narx = example.feedforward().fit(example.rows(train.u, example.delayed(train.y)), train.y.flat)
    free = example.run_free(narx[-1], train.u[0])
    assert_allclose(
        narx.predict(example.rows(train.u[:1], example.delayed(free[None]))), free, rtol=1e-4
    )


def test_the_optimum_is_what_the_forgotten_past_leaves_open(example, rng):
    """Brute force: the spread of outputs over many pasts behind the same windows."""
    memory, n_windows, n_pasts = 16, 40, 500
    recent = np.repeat(rng.normal(size=(n_windows, example.WINDOW)), n_pasts, axis=0)
    u = np.hstack([rng.normal(size=(len(recent), 8 * memory)), recent])
    state = np.zeros((len(u), 2))
    decay = np.exp(-1 / np.array([memory, memory / 4]))
    for column in u.T:
        state = decay * state + np.sqrt(1 - decay**2) * column[:, None]
    outputs = np.tanh(state @ [1.0, -0.5]).reshape(n_windows, n_pasts)
    brute = np.sqrt(outputs.var(axis=1).mean() / outputs.var())
    u, clean, _ = example.record(memory, 1, 20_000, rng)
    assert example.window_optimum(memory, u, clean) == pytest.approx(brute, rel=0.1)


def test_a_state_outlasts_a_window(example):
    """The claim at a memory of twice the window, on a quarter of the data."""
    rng = np.random.default_rng(3)  # not the data that the example shows
    train, test = example.record(32, 20, 200, rng), example.record(32, 1, 1_000, rng)
    score = {k: example.nrmse(test.clean[0], v) for k, v in example.predict(train, test).items()}
    assert score["window"] > 0.7
    assert score["NARX, free"] > score["NARX, one step"]
    assert score["LSTM, free"] < 0.2


def test_picture_is_drawn(example, tmp_path, monkeypatch, rng):
    monkeypatch.chdir(tmp_path)
    names = [*example.COLORS, "best of any window"]
    scores = {memory: dict.fromkeys(names, 0.01 * memory) for memory in example.MEMORIES}
    wave = np.sin(np.arange(2_000) / 30)
    example.draw(scores, dict.fromkeys(["truth", *example.COLORS], wave))
    assert (tmp_path / "finite_and_infinite_response.png").stat().st_size > 10_000
