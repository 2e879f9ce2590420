"""The character model's parts; the comparison itself is the script's."""

import numpy as np
import pytest


def test_the_text_is_long_enough_and_plain(example):
    text = example.load_text()
    assert len(text) > example.N_TRAIN + example.N_TEST
    assert text.isascii()


def test_targets_are_the_characters_that_follow(example):
    tokens = np.arange(1_000)
    X, y = example.next_characters(tokens)
    assert X.shape == (9, example.WINDOW, 1)
    np.testing.assert_array_equal(X[:, :, 0] + 1, y)
    np.testing.assert_array_equal(X[:, 0, 0], np.arange(9) * example.WINDOW)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_counts_give_probabilities(example, order, monkeypatch):
    """All texts of one length are as likely together as one is certain."""
    train = "abacabadabacaba"
    total = 0.0
    for character in "abcd":
        test = "ab" + "a" * (order - 1) + character
        bits = example.count_bits(train, test[-order - 1 :], order)
        total += 2.0**-bits
    assert total == pytest.approx(1.0)


def test_a_text_that_repeats_itself_is_foreseen_by_longer_counts(example):
    train, test = "abcabd" * 100, "abcabd" * 10
    bits = [example.count_bits(train, test, order) for order in (1, 2, 3)]
    assert bits[0] > bits[1] > bits[2]


def test_picture_is_drawn(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example.draw({"counts of 1": 4.0, "LSTM": 2.0}, list(np.linspace(3, 1, 20)))
    assert (tmp_path / "character_model.png").stat().st_size > 5_000
