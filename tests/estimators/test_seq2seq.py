"""Sequences to sequences: both estimators."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_predict
from skorch.callbacks import Callback

from sklstm import LSTMSeq2SeqClassifier, LSTMSeq2SeqRegressor

SMALL = {"hidden_layer_sizes": 8, "max_epochs": 2, "random_state": 0}
TOKENS = {"categorical_features": "from_dtype"}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def digits(rng, n_samples, longest=7):
    return [rng.integers(0, 10, size=(n, 1)) for n in rng.integers(1, longest, size=n_samples)]


def reverse(x):
    return "".join(map(str, x[::-1, 0]))


def curves(rng, n_samples):
    X = rng.normal(3.0, 2.0, size=(n_samples, 6, 1))
    return X, 100.0 + 10.0 * X[:, ::-1, 0].cumsum(axis=1)[:, :4]


@pytest.mark.parametrize(
    ("task", "attention"),
    [(reverse, True), (lambda x: "".join(map(str, np.sort(x[:, 0]))), False)],
    ids=["reverse", "sort"],
)
def test_digits_are_put_in_order(rng, task, attention):
    X = digits(rng, 1200)
    y = [task(x) for x in X]
    model = LSTMSeq2SeqClassifier(64, attention=attention, random_state=0, **TOKENS)
    model.fit(X[:1000], y[:1000])
    assert model.score(X[1000:], y[1000:]) >= 0.95
    assert model.set_params(beam_width=3).score(X[1000:1100], y[1000:1100]) >= 0.95


def test_numbers_of_another_length_than_the_input(rng):
    X, y = curves(rng, 400)
    model = LSTMSeq2SeqRegressor(32, random_state=0).fit(X[:300], y[:300])
    assert model.predict(X[300:]).shape == (100, 4)
    assert model.score(X[300:], y[300:]) > 0.9
    assert (model.n_steps_, model.n_outputs_) == (4, 1)


def test_several_numbers_a_step(rng):
    X = rng.normal(size=(20, 6, 1))
    y = rng.normal(size=(20, 3, 2))
    model = LSTMSeq2SeqRegressor(**SMALL).fit(X, y)
    assert model.predict(X).shape == (20, 3, 2)
    truths, predicted = y.reshape(-1, 2), model.predict(X).reshape(-1, 2)
    assert model.score(X, y) == pytest.approx(r2_score(truths, predicted))
    weight = rng.random(20)
    expected = r2_score(truths, predicted, sample_weight=np.repeat(weight, 3))
    assert model.score(X, y, weight) == pytest.approx(expected)


def test_an_output_depends_on_neither_padding_nor_neighbours(rng):
    X = digits(rng, 40)
    y = [x[:, 0].astype(float)[:1].repeat(3) for x in X]
    model = LSTMSeq2SeqRegressor(**SMALL, **TOKENS).fit(X, y)
    together = model.predict(X)
    for x, row in zip(X, together, strict=True):
        assert_allclose(model.predict([x])[0], row, rtol=1e-6, atol=1e-8)


def test_lists_of_symbols_of_any_length(rng):
    X = digits(rng, 60)
    y = [[f"w{digit}" for digit in x[:, 0] if digit > 4] for x in X]
    model = LSTMSeq2SeqClassifier(**SMALL, **TOKENS).fit(X, y)
    predicted = model.predict(X)
    assert predicted.dtype == object
    assert all(isinstance(member, list) for member in predicted)
    assert model.max_length_ == 2 * max(map(len, y))
    assert max(map(len, predicted)) <= model.max_length_


def test_score_is_the_share_of_faultless_sequences(rng):
    X = digits(rng, 50, longest=3)
    y = [reverse(x) for x in X]
    model = LSTMSeq2SeqClassifier(16, max_epochs=30, random_state=0, **TOKENS).fit(X, y)
    right = model.predict(X) == np.array(y)
    assert 0 < right.mean() < 1 or right.all()
    assert model.score(X, y) == pytest.approx(right.mean())
    weight = rng.random(50)
    assert model.score(X, y, weight) == pytest.approx(np.average(right, weights=weight))


def test_a_beam_of_one_is_greedy(rng):
    X = digits(rng, 30)
    y = [reverse(x) for x in X]
    model = LSTMSeq2SeqClassifier(**SMALL, **TOKENS).fit(X, y)
    assert_array_equal(model._search(X), model.predict(X))


@pytest.mark.parametrize("beam_width", [1, 3])
def test_a_callback_may_ask_for_predictions(rng, beam_width):
    X = digits(rng, 30)
    said = []

    class Watch(Callback):
        def on_batch_end(self, net, training=False, **_):
            if training:
                said.append((model.predict(X), model.predict(X)))

    model = LSTMSeq2SeqClassifier(
        **SMALL, **TOKENS, dropout=0.5, beam_width=beam_width, callbacks=[Watch()]
    )
    model.fit(X, [reverse(x) for x in X])
    assert said
    for first, second in said:
        assert_array_equal(first, second)


@pytest.mark.parametrize("kind", [LSTMSeq2SeqClassifier, LSTMSeq2SeqRegressor])
@pytest.mark.parametrize("teacher_forcing", [0.5, (1.0, 0.0), 0])
def test_scheduled_sampling(rng, kind, teacher_forcing):
    X, numbers = curves(rng, 60)
    y = numbers if kind is LSTMSeq2SeqRegressor else [str(int(row[0])) for row in numbers]
    model = kind(8, max_epochs=5, random_state=0, teacher_forcing=teacher_forcing).fit(X, y)
    assert model.module_.truth_share == np.broadcast_to(teacher_forcing, 2)[1]
    assert np.isfinite(model.loss_curve_).all()


@pytest.mark.parametrize("kind", [LSTMSeq2SeqClassifier, LSTMSeq2SeqRegressor])
def test_what_is_constant_in_training_is_not_read_later(rng, kind):
    X, numbers = curves(rng, 30)
    X = np.concatenate([X, np.ones_like(X)], axis=2)
    y = numbers if kind is LSTMSeq2SeqRegressor else [str(int(row[0])) for row in numbers]
    model = kind(**SMALL).fit(X, y)
    varied = X + np.array([0.0, 100.0]) * rng.normal(size=X.shape)
    assert_array_equal(model.predict(varied), model.predict(X))


@pytest.mark.parametrize("beam_width", [1, 3])
def test_autocast_of_the_caller_changes_nothing(rng, beam_width):
    X = digits(rng, 30)
    model = LSTMSeq2SeqClassifier(**SMALL, **TOKENS, cell="rnn", beam_width=beam_width)
    model.fit(X, [reverse(x) for x in X])
    expected = model.predict(X)
    with torch.autocast("cpu", torch.bfloat16):
        assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize("kind", [LSTMSeq2SeqClassifier, LSTMSeq2SeqRegressor])
def test_weights_early_stopping_and_training_that_goes_on(rng, kind):
    X, numbers = curves(rng, 30)
    y = list(numbers) if kind is LSTMSeq2SeqRegressor else [str(int(row[0])) for row in numbers]
    exact = {"precision": "float64", "batch_size": 100}
    a = kind(**SMALL, **exact).fit(X, y, sample_weight=[2] * 5 + [1] * 25)
    b = kind(**SMALL, **exact).fit(np.concatenate([X, X[:5]]), y + y[:5])
    assert_allclose(a.module_(*arguments(a, X)).detach(), b.module_(*arguments(b, X)).detach())
    stopped = kind(**SMALL, early_stopping=True).fit(X, y)
    assert len(stopped.validation_loss_curve_) == 2
    assert stopped.best_validation_score_ <= 1
    again = kind(**SMALL, warm_start=True).fit(X, y).fit(X, y)
    assert again.n_iter_ == 4


def arguments(model, X):
    import torch

    return (torch.as_tensor(X, dtype=torch.float64),)


@pytest.mark.parametrize("kind", [LSTMSeq2SeqClassifier, LSTMSeq2SeqRegressor])
def test_scikit_learn_s_tools(rng, kind):
    X, numbers = curves(rng, 30)
    y = numbers if kind is LSTMSeq2SeqRegressor else [str(int(row[0])) for row in numbers]
    search = GridSearchCV(kind(**SMALL), {"attention": [True, False]}, cv=2).fit(X, y)
    assert np.isfinite(search.best_score_)
    assert len(cross_val_predict(kind(**SMALL), X, y, cv=2)) == 30
    fitted = clone(kind(**SMALL)).fit(X, y)
    assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(X), fitted.predict(X))
    assert_array_equal(kind(**SMALL).fit(X, y).predict(X), fitted.predict(X))


@pytest.mark.parametrize(
    ("kind", "changed", "message"),
    [
        (LSTMSeq2SeqRegressor, {"teacher_forcing": 1.5}, "teacher_forcing"),
        (LSTMSeq2SeqRegressor, {"teacher_forcing": (1, 0, 0)}, "teacher_forcing"),
        (LSTMSeq2SeqRegressor, {"teacher_forcing": ((1, 0), 1)}, "teacher_forcing"),
        (LSTMSeq2SeqRegressor, {"decoder_layer_sizes": 0}, "decoder_layer_sizes"),
        (LSTMSeq2SeqRegressor, {"loss": "poisson"}, "loss"),
        (LSTMSeq2SeqRegressor, {"validation_split": "stratified"}, "needs classes"),
        (LSTMSeq2SeqClassifier, {"beam_width": 0}, "beam_width"),
        (LSTMSeq2SeqClassifier, {"max_length": 0}, "max_length"),
    ],
)
def test_parameters(rng, kind, changed, message):
    X, numbers = curves(rng, 10)
    y = numbers if kind is LSTMSeq2SeqRegressor else ["a"] * 10
    with pytest.raises(ValueError, match=message):
        kind(**SMALL, **changed).fit(X, y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(10), "of shape .n_samples, n_steps."),
        (np.full((10, 3), np.nan), "finite numbers"),
        (np.zeros((9, 3)), "differ in length"),
    ],
)
def test_targets_that_are_refused_change_nothing(rng, y, message):
    X, numbers = curves(rng, 10)
    model = LSTMSeq2SeqRegressor(**SMALL).fit(X, numbers)
    before = model.predict(X)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert_array_equal(model.predict(X), before)


def test_other_targets_are_not_scored(rng):
    X, y = rng.normal(size=(10, 6, 1)), rng.normal(size=(10, 2, 3))
    model = LSTMSeq2SeqRegressor(**SMALL).fit(X, y)
    for other in (y.reshape(10, 3, 2), y[:, :1], y[:, :, 0]):
        with pytest.raises(ValueError, match=r"trained on \(2, 3\)"):
            model.score(X, other)


def test_other_targets_are_no_continuation(rng):
    X, numbers = curves(rng, 10)
    model = LSTMSeq2SeqRegressor(**SMALL, warm_start=True).fit(X, numbers)
    with pytest.raises(ValueError, match="same targets"):
        model.fit(X, numbers[:, :2])
    words = LSTMSeq2SeqClassifier(**SMALL, warm_start=True).fit(X, ["ab"] * 10)
    with pytest.raises(ValueError, match="symbol 'z'"):
        words.fit(X, ["az"] * 10)


@pytest.mark.parametrize("penalty", [np.nan, np.inf])
def test_a_penalty_that_was_changed_is_checked_again(penalty):
    X = np.random.default_rng(0).normal(size=(8, 4, 1))
    model = LSTMSeq2SeqClassifier(4, max_epochs=1, beam_width=2).fit(X, ["ab"] * 8)
    with pytest.raises(ValueError, match="length_penalty must be finite"):
        model.set_params(length_penalty=penalty).predict(X)
