"""The strings of digits, and their picture; the two networks' claim is the script's."""

import numpy as np

from sklstm import LSTMTranscriber


def test_hands_to_learn_from_and_to_be_read_share_no_image(example):
    (train, train_labels), (test, test_labels) = example.pools()
    assert len(train) + len(test) == 1797
    assert len(train_labels) == len(train)
    assert len(test_labels) == len(test)
    together = np.concatenate([train, test]).reshape(1797, -1)
    assert len(np.unique(together, axis=0)) == 1797


def test_a_string_is_its_digits_side_by_side(example):
    rng = np.random.default_rng(0)
    X, y = example.write(example.pools()[0], 20, rng)
    assert {len(text) for text in y} == {example.N_DIGITS}
    assert {len(image) for image in X} == {example.HEIGHT}
    assert len({image.shape[1] for image in X}) > 5
    assert example.columns(X)[3].shape == X[3].shape[::-1]


def test_a_digit_keeps_its_ink(example):
    rng = np.random.default_rng(0)
    image = example.pools()[0][0][7]
    written = [example.write_digit(image, rng) for _ in range(30)]
    ink = np.array([digit.sum() for digit in written])
    np.testing.assert_allclose(ink, image.sum(), rtol=0.1)
    assert len({digit.shape for digit in written}) > 3


def test_two_digits_are_learnt_by_columns(example):
    (images, labels), _ = example.pools()
    few = labels < 2
    rng = np.random.default_rng(0)
    X, y = example.write((images[few], labels[few]), 300, rng)
    model = LSTMTranscriber(32, max_epochs=15, random_state=0)
    columns = example.columns(X)
    assert model.fit(columns[:250], y[:250]).score(columns[250:], y[250:]) > 0.95


def test_picture_is_drawn(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = example.write(example.pools()[1], 12, np.random.default_rng(0))
    wrong = ["0" * 5, *y[1:]]
    example.draw(X, y, {"MDLSTM, pixels": np.array(y), "BLSTM, columns": np.array(wrong)})
    assert (tmp_path / "handwriting.png").stat().st_size > 10_000
