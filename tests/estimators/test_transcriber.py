import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict
from torch import nn

from sklstm import LSTMTranscriber
from sklstm.decoding import decode_beam, error_rate

SMALL = {"hidden_layer_sizes": 8, "max_epochs": 3, "random_state": 0}
CODE = {"a": [1.0], "b": [2.0], "c": [1.0, 2.0]}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def send(word, rng):
    """Each signal is held for one to three steps, with a pause behind each letter."""
    signals = [level for letter in word for level in [*CODE[letter], 0.0]]
    return np.repeat(signals, rng.integers(1, 4, size=len(signals)))[:, None]


def messages(rng, n_samples):
    words = ["".join(rng.choice(list("abc"), size=n)) for n in rng.integers(1, 5, size=n_samples)]
    return [send(word, rng) for word in words], words


def images(rng, n_samples, n_channels=()):
    """One dark stroke a letter, high, low or both, in a noisy image of six rows."""
    strokes = {"a": [1], "b": [4], "c": [1, 4]}
    X, words = [], ["".join(rng.choice(list("abc"), size=3)) for _ in range(n_samples)]
    for word in words:
        image = rng.normal(0.0, 0.1, size=(6, 18 + rng.integers(0, 4), *n_channels))
        for number, letter in enumerate(word):
            left = 6 * number + rng.integers(0, 2)
            for row in strokes[letter]:
                image[row, left : left + 3] += 2.0
        X.append(image)
    return X, words


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_code_is_learnt_without_alignment(rng, cell):
    X, words = messages(rng, 260)
    model = LSTMTranscriber(24, cell=cell, random_state=0).fit(X[:200], words[:200])
    assert model.score(X[200:], words[200:]) > 0.95
    assert model.classes_.tolist() == ["a", "b", "c"]
    assert model.set_params(beam_width=5).score(X[200:], words[200:]) > 0.95


def test_images_are_read_by_multidimensional_layers(rng):
    X, words = images(rng, 150)
    model = LSTMTranscriber((4, 12), cell="mdlstm", max_epochs=40, random_state=0)
    model.fit(X[:120], words[:120])
    assert model.image_shape_ == (6, 1)
    assert model.score(X[120:], words[120:]) > 0.9


def test_images_of_several_channels_and_one_array(rng):
    X, words = images(rng, 12, n_channels=(3,))
    dense = np.stack([image[:, :18] for image in X])
    model = LSTMTranscriber((2, 4), cell="mdlstm", max_epochs=2, random_state=0)
    model.fit(dense, words)
    assert model.image_shape_ == (6, 3)
    assert_array_equal(model.predict(dense), model.predict(list(dense)))


@pytest.mark.parametrize("cell", ["lstm", "mdlstm"])
def test_outputs_depend_on_neither_padding_nor_neighbours(rng, cell):
    X, words = images(rng, 20) if cell == "mdlstm" else messages(rng, 20)
    sizes = (2, 4) if cell == "mdlstm" else 8
    model = LSTMTranscriber(sizes, cell=cell, max_epochs=2, random_state=0).fit(X, words)
    together = model.predict_log_proba(X)
    for x, found in zip(X, together, strict=True):
        alone = model.predict_log_proba([x])[0]
        assert_allclose(found, alone, rtol=1e-6, atol=1e-6)
        width = -(-x.shape[1] // 2) if cell == "mdlstm" else len(x)
        assert found.shape == (width, 4)
        assert_allclose(np.exp(found).sum(axis=1), 1.0)


def test_pixels_are_standardised_by_channel(rng):
    X = rng.normal([5.0, -3.0], [2.0, 0.5], size=(6, 5, 12, 2))
    X[:, 0] = 5.0, -3.0  # a margin does not vary, and is scaled as the rest
    model = LSTMTranscriber((2, 2), cell="mdlstm", max_epochs=1, random_state=0)
    inputs = model.fit(X, ["ab"] * 6).module_.inputs
    for channel in (0, 1):
        mean, scale = inputs.mean[channel::2].numpy(), inputs.scale[channel::2].numpy()
        assert_allclose(mean, X[..., channel].mean(), rtol=1e-5)
        assert_allclose(scale, X[..., channel].std(), rtol=1e-5)


def test_a_channel_that_does_not_vary_is_not_scaled(rng):
    X = np.full((6, 5, 12, 2), 0.3)
    X[..., 0] = rng.normal(size=X.shape[:3])
    model = LSTMTranscriber(
        (2, 2), cell="mdlstm", max_epochs=1, precision="float64", random_state=0
    )
    assert (model.fit(X, ["ab"] * 6).module_.inputs.scale[1::2] == 1).all()


def test_a_model_on_raw_data_is_the_same_on_scaled_data(rng):
    X, words = messages(rng, 20)
    first = LSTMTranscriber(**SMALL).fit(X, words)
    second = LSTMTranscriber(**SMALL).fit([100 * x + 7 for x in X], words)
    assert_allclose(first.loss_curve_, second.loss_curve_, rtol=1e-3)


def test_score_is_one_minus_the_error_rate(rng):
    X, words = messages(rng, 30)
    model = LSTMTranscriber(**SMALL).fit(X, words)
    predicted = model.predict(X)
    assert model.score(X, words) == pytest.approx(1 - error_rate(words, predicted))
    weight = rng.random(30)
    weighted = 1 - error_rate(words, predicted, weight)
    assert model.score(X, words, sample_weight=weight) == pytest.approx(weighted)
    unseen = ["xyz"] * 30
    assert model.score(X, unseen) == pytest.approx(1 - error_rate(unseen, predicted))


def test_the_beam_decodes_the_probabilities(rng):
    X, words = messages(rng, 10)
    model = LSTMTranscriber(**SMALL, beam_width=4).fit(X, words)
    for found, log_p in zip(model.predict(X), model.predict_log_proba(X), strict=True):
        assert found == "".join(model.classes_[decode_beam(log_p, 4)])


def test_lists_of_symbols_come_back_as_lists(rng):
    X, words = messages(rng, 20)
    y = [[ord(letter) for letter in word] for word in words]
    model = LSTMTranscriber(**SMALL).fit(X, y)
    assert model.classes_.tolist() == [97, 98, 99]
    predicted = model.predict(X)
    assert predicted.dtype == object
    assert all(isinstance(member, list) for member in predicted)


def test_empty_transcripts_are_learnt(rng):
    X = [np.full((5, 1), float(i % 2)) for i in range(40)]
    y = ["a" if i % 2 else "" for i in range(40)]
    model = LSTMTranscriber(8, random_state=0, max_epochs=60).fit(X, y)
    assert model.predict(X[:2]).tolist() == ["", "a"]


def test_early_stopping_training_that_goes_on_and_weights(rng):
    X, words = messages(rng, 40)
    model = LSTMTranscriber(**SMALL, early_stopping=True).fit(X, words)
    assert len(model.validation_loss_curve_) == 3
    assert model.best_validation_score_ <= 1
    model = LSTMTranscriber(**SMALL, warm_start=True).fit(X, words).fit(X, words)
    assert model.n_iter_ == 6
    with pytest.raises(ValueError, match="symbol 'x'"):
        model.fit(X, ["x"] * 40)
    weighted = {"precision": "float64", "batch_size": 100, "dropout": 0.0}
    a = LSTMTranscriber(**SMALL, **weighted).fit(X, words, sample_weight=[2] * 5 + [1] * 35)
    b = LSTMTranscriber(**SMALL, **weighted).fit(X + X[:5], words + words[:5])
    for p, q in zip(a.predict_log_proba(X), b.predict_log_proba(X), strict=True):
        assert_allclose(p, q, rtol=1e-6)


def test_scikit_learn_s_tools(rng):
    X, words = messages(rng, 30)
    model = LSTMTranscriber(**SMALL)
    search = GridSearchCV(model, {"hidden_layer_sizes": [4, 8]}, cv=2).fit(X, words)
    assert np.isfinite(search.best_score_)
    assert cross_val_predict(model, X, words, cv=3).shape == (30,)
    fitted = clone(model).fit(X, words)
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.predict(X), fitted.predict(X))


def test_the_same_seed_gives_the_same_model(rng):
    X, words = messages(rng, 20)
    first, second = (LSTMTranscriber(**SMALL).fit(X, words) for _ in range(2))
    assert first.loss_curve_ == second.loss_curve_


def test_patches_share_an_output(rng):
    X, words = messages(rng, 20)
    X = [np.repeat(x, 2, axis=0) for x in X]
    model = LSTMTranscriber(**SMALL, patch_size=2).fit(X, words)
    assert [len(p) for p in model.predict_log_proba(X)] == [len(x) // 2 for x in X]


class Own(nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.layer = nn.Linear(n_features, n_outputs)

    def forward(self, x, lengths):
        return self.layer(x)


def test_own_module(rng):
    X, words = messages(rng, 20)
    model = LSTMTranscriber(**SMALL, module=Own).fit(X, words)
    assert [len(p) for p in model.predict_log_proba(X)] == [len(x) for x in X]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cell": "mdlstm", "missing_values": "indicator"}, "missing_values must be 'error'"),
        ({"cell": "mdlstm", "categorical_features": np.array([True, False])}, "must be None"),
        ({"cell": "mdlstm", "patch_size": 2}, "patch_size must be 1"),
        ({"cell": "mdlstm", "block_sizes": ((2, 1), (1,))}, "positive ints"),
        ({"cell": "mdlstm", "precision": "bfloat16"}, "precision"),
        ({"cell": "mdlstm", "block_sizes": ((2, 2),)}, "for each of the 2 layers"),
        ({"cell": "mdlstm", "block_sizes": ((2, 0), (1, 1))}, "positive ints"),
        ({"validation_split": "stratified"}, "needs classes"),
        ({"beam_width": 0}, "beam_width"),
    ],
)
def test_parameters(rng, changed, message):
    X, words = images(rng, 6)
    with pytest.raises(ValueError, match=message):
        LSTMTranscriber(random_state=0, max_epochs=1, **changed).fit(X, words)


def test_a_beam_that_is_no_number_is_refused_after_fit_too(rng):
    X, words = messages(rng, 10)
    model = LSTMTranscriber(**SMALL).fit(X, words).set_params(beam_width=2.5)
    with pytest.raises(ValueError, match="'beam_width' parameter must be a positive int"):
        model.predict(X)


def test_too_short_a_sequence_is_named_and_changes_nothing(rng):
    X, words = messages(rng, 20)
    model = LSTMTranscriber(**SMALL).fit(X, words)
    before = model.predict_log_proba(X[:1])[0]
    with pytest.raises(ValueError, match=r"'aa' needs 3 outputs.*2 steps has 2"):
        model.fit([*X, np.ones((2, 1))], [*words, "aa"])
    assert_array_equal(model.predict_log_proba(X[:1])[0], before)


def test_images_of_another_height_are_refused(rng):
    X, words = images(rng, 6)
    model = LSTMTranscriber((2, 2), cell="mdlstm", max_epochs=1, random_state=0).fit(X, words)
    with pytest.raises(ValueError, match="of height 6 with 1 channel"):
        model.predict([x[:4] for x in X])


@pytest.mark.parametrize("sizes", [(3,), (2, 3), (2, 2, 3, 3)])
def test_any_number_of_multidimensional_layers(rng, sizes):
    X, words = images(rng, 6)
    blocks = ((2, 1),) * len(sizes)
    model = LSTMTranscriber(
        sizes, cell="mdlstm", block_sizes=blocks, max_epochs=1, random_state=0
    ).fit(X, words)
    assert [len(p) for p in model.predict_log_proba(X)] == [x.shape[1] for x in X]


def test_training_goes_on_with_the_blocks_that_it_began_with(rng):
    X, words = images(rng, 6)
    model = LSTMTranscriber((2, 3), cell="mdlstm", max_epochs=1, random_state=0, warm_start=True)
    model.fit(X, words)
    with pytest.raises(ValueError, match="block_sizes changed since"):
        model.set_params(block_sizes=((1, 1), (3, 2))).fit(X, words)
    with pytest.raises(ValueError, match="'block_sizes' parameter must hold"):
        model.set_params(block_sizes=((2, 1), (3,))).fit(X, words)


def test_weight_two_is_the_image_twice(rng):
    X, words = images(rng, 8)
    model = LSTMTranscriber(
        (2, 3),
        cell="mdlstm",
        precision="float64",
        batch_size=100,
        dropout=0.0,
        max_epochs=3,
        random_state=0,
    )
    a = clone(model).fit(X, words, sample_weight=[2] * 3 + [1] * 5)
    b = clone(model).fit(X + X[:3], words + words[:3])
    for p, q in zip(a.predict_log_proba(X), b.predict_log_proba(X), strict=True):
        assert_allclose(p, q, rtol=1e-6)
