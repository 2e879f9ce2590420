"""What the example relies on: its tasks, and derivatives of states against torch's own layers."""

import numpy as np
import pytest
import torch

from sklstm import LSTMRegressor

cells = pytest.mark.parametrize("cell", ["rnn", "lstm"])


def small_model(cell, X, y):
    return LSTMRegressor(
        5, cell=cell, pooling="last", normalization=None, max_epochs=2, random_state=0
    ).fit(X, y)


def test_adding_problem(example):
    X, y = example.adding_problem(200, 21, seed=0)
    values, marks = X[:, :, 0], X[:, :, 1]
    assert set(np.unique(marks)) == {0.0, 1.0}
    assert (marks[:, :10].sum(1) == 1).all()
    assert (marks[:, 10:].sum(1) == 1).all()
    np.testing.assert_allclose(y, (values * marks).sum(1))


def test_sentences_end_with_the_language_of_the_country(example):
    X, y = example.make_sentences(300, 3, 9, seed=0)
    sentences = [[example.VOCABULARY[token] for token in tokens] for tokens in X]
    assert {tokens.dtype.kind for tokens in X} == {"i"}
    assert {len(sentence) - 6 for sentence in sentences} == set(range(3, 10))
    assert set(y) == set(example.LANGUAGES.values())
    for sentence, language in zip(sentences, y, strict=True):
        assert sentence[:4] == ["who", "grew", "up", "in"]
        assert example.LANGUAGES[sentence[4]] == language
        assert set(sentence[5:-1]) <= set(example.FILLERS)
        assert sentence[-1] == "speaks"


def test_words_of_the_vocabulary_differ(example):
    assert len(set(example.VOCABULARY)) == len(example.VOCABULARY)


@cells
def test_norms_agree_with_derivatives_of_torchs_layer(example, cell):
    X, y = example.adding_problem(16, 6, seed=0)
    model = small_model(cell, X, y)
    layer = model.module_.recurrent[0].forward_layer.double()
    x = model.module_.inputs(torch.as_tensor(X[:3], dtype=torch.float32), None).double()

    def end(state, steps):
        parts = state.reshape(-1, 1, layer.hidden_size)  # h, or h and c
        states = layer(steps, tuple(parts) if cell == "lstm" else parts[0])[1]
        return torch.cat(list(states), dim=-1) if cell == "lstm" else states

    expected = np.empty((6, 3))
    for i, sequence in enumerate(x):
        state = torch.zeros(5 * (2 if cell == "lstm" else 1), dtype=torch.float64)
        for t in range(6):
            derivative = torch.autograd.functional.jacobian(
                lambda s, rest=sequence[t:]: end(s, rest).ravel(), state
            )
            expected[5 - t, i] = np.linalg.norm(derivative.numpy(), ord=2)
            state = end(state, sequence[t : t + 1]).detach().ravel()
    found = example.gradient_norms(model, X[:3])
    np.testing.assert_allclose(found, np.exp(np.log(expected).mean(1)), rtol=1e-6)


@cells
def test_an_untrained_network_is_as_it_was_drawn(example, cell):
    X, y = example.adding_problem(16, 6, seed=0)
    model = example.untrained(small_model(cell, X, y), X, y)
    layer = model.module_.recurrent[0].forward_layer
    block = layer.weight_hh_l0[: layer.hidden_size].detach()
    torch.testing.assert_close(block @ block.T, torch.eye(layer.hidden_size))
    assert layer.bias_ih_l0[: layer.hidden_size].abs().max() < 1e-20


@cells
def test_gradient_vanishes_at_start(example, cell):
    X, y = example.adding_problem(16, example.ADDING_STEPS, seed=0)
    model = example.untrained(example.adding_model(cell), X, y)
    if cell == "lstm":
        norms = example.gradient_norms(model, X)
        assert norms[-1] > 0.1 * norms[9] > 0.1  # units that remember hand it on
        model = example.with_biases_of_one(model)
    norms = example.gradient_norms(model, X)
    assert norms.shape == (example.ADDING_STEPS,)
    assert norms[-1] < 1e-2 * norms[9] < 1.0


def test_clipping_lets_an_rnn_learn_at_a_high_rate(example):
    X, y = example.adding_problem(2_000, example.CLIP_STEPS, seed=0)
    losses = example.loss_curve(example.clip_model("rnn", 1.0, seed=3), X, y)
    assert len(losses) == example.CLIP_EPOCHS
    assert losses[-1] < 0.7 < losses[0]


def test_loss_curve_ends_where_training_diverges(example):
    X, y = example.adding_problem(200, 10, seed=0)
    model = example.clip_model("rnn", None, seed=0).set_params(learning_rate=1e6)
    assert len(example.loss_curve(model, X, y)) < example.CLIP_EPOCHS


def test_loss_curve_hides_no_other_error(example):
    X, y = example.adding_problem(20, 10, seed=0)
    with pytest.raises(ValueError, match="samples"):
        example.loss_curve(example.clip_model("rnn", None, seed=0), X, y[:-1])


def test_picture_is_drawn(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    norms = {(c, when): np.logspace(0, -8, 50) for c in example.CELLS for when in example.STYLES}
    predicted = dict.fromkeys(("truth", *example.CELLS), np.linspace(0, 2, 50))
    accuracies = {cell: [0.5] * len(example.TESTED_LAGS) for cell in example.CELLS}
    diverged = [1.0, 1e3, np.inf]
    curves = {(c, clip): [diverged] for c in example.CELLS for clip in (None, 1.0)}
    example.draw(norms, predicted, accuracies, curves)
    assert (tmp_path / "vanishing_gradient.png").stat().st_size > 10_000
