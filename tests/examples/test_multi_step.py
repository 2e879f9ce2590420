"""What the walk-through relies on: its samples, its counts, and a forecast near the answer."""

import numpy as np
from numpy.testing import assert_array_equal


def test_samples_are_those_of_the_walk_through(example):
    X, y = example.samples()
    assert X.shape == (5, 3, 1)
    assert_array_equal(X[:, :, 0], [[10 * (i + j) for j in (1, 2, 3)] for i in range(5)])
    assert_array_equal(y, [[10 * (i + j) for j in (4, 5)] for i in range(5)])


def test_parameters_are_those_of_the_layers_by_hand(example):
    units, features, outputs = 50, 1, 2
    gate = units * features + units * units + units  # input, recurrent, bias
    head = units * outputs + outputs
    norms = 4 * features + 4 * units  # scale, shift, running mean and variance
    by_hand = {
        "RNN": (gate + head, gate + head),
        "RNN, batch norm": (gate + head + norms, gate + head + norms // 2),
        "LSTM": (4 * gate + head, 4 * gate + head),
    }
    assert by_hand == example.N_PARAMETERS
    for name, counts in by_hand.items():
        model = example.build(name, random_state=0, max_epochs=1).fit(*example.samples())
        assert example.count_parameters(model) == counts


def test_lstm_comes_near_the_continuation(example):
    model = example.build("LSTM", random_state=100, max_epochs=500).fit(*example.samples())
    assert model.loss_curve_[-1] < 1
    assert np.abs(example.forecasts([model]) - example.ANSWER).max() < 10


def test_saturated_units_do_not(example):
    model = example.build("RNN", random_state=100, max_epochs=300).fit(*example.samples())
    assert example.forecasts([model]).max() < 60


def test_picture_is_drawn(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = example.samples()
    trained = {
        name: [example.build(name, random_state=seed, max_epochs=3).fit(X, y) for seed in (0, 1)]
        for name in example.MODELS
    }
    example.draw(trained)
    assert (tmp_path / "multi_step.png").stat().st_size > 10_000
