import numpy as np
import pytest
import torch

from sklstm.nn.masks import last_steps, present_steps, reverse_sequences, reversed_places

LENGTHS = [5, 1, 3, 4]


@pytest.fixture
def x(rng):
    return torch.as_tensor(rng.normal(size=(4, 5, 2)))


def test_present_steps():
    mask = present_steps(torch.tensor(LENGTHS), 6)
    assert mask.dtype == torch.bool
    assert mask.shape == (4, 6)
    for row, length in zip(mask.tolist(), LENGTHS, strict=True):
        assert row == [True] * length + [False] * (6 - length)


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_last_steps(x, lengths):
    found = last_steps(x, None if lengths is None else torch.tensor(lengths))
    expected = [x[i, length - 1].tolist() for i, length in enumerate(lengths or [5] * 4)]
    assert found.tolist() == expected


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_reverse_sequences(x, lengths):
    given = None if lengths is None else torch.tensor(lengths)
    found = reverse_sequences(x, given).numpy()
    for i, length in enumerate(lengths or [5] * 4):
        np.testing.assert_array_equal(found[i, :length], x[i, :length].numpy()[::-1])
        np.testing.assert_array_equal(found[i, length:], x[i, length:].numpy())
    assert torch.equal(reverse_sequences(torch.as_tensor(found), given), x)


def test_reversed_places_twice_are_the_places():
    places = reversed_places(torch.tensor(LENGTHS), 6)
    for row, length in zip(places, LENGTHS, strict=True):
        assert row[:length].tolist() == list(range(length))[::-1]
        assert row[row].tolist() == list(range(6))
