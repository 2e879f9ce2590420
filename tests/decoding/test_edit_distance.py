import math
from functools import cache

import numpy as np
import pytest

from sklstm.decoding import edit_distance, error_rate


@cache
def naive_distance(a, b):
    """Return the distance by its definition."""
    if not a or not b:
        return len(a) + len(b)
    return min(
        naive_distance(a[:-1], b) + 1,
        naive_distance(a, b[:-1]) + 1,
        naive_distance(a[:-1], b[:-1]) + (a[-1] != b[-1]),
    )


def random_string(rng, longest=9, letters="abc"):
    return "".join(rng.choice(list(letters), size=rng.integers(longest + 1)))


def test_definition(rng):
    for _ in range(400):
        a, b = random_string(rng), random_string(rng)
        assert edit_distance(a, b) == naive_distance(a, b)


def test_it_is_a_metric(rng):
    for _ in range(300):
        a, b, c = (random_string(rng, 12) for _ in range(3))
        distance = edit_distance(a, b)
        assert (distance == 0) == (a == b)
        assert distance == edit_distance(b, a)
        assert distance <= edit_distance(a, c) + edit_distance(c, b)
        assert abs(len(a) - len(b)) <= distance <= max(len(a), len(b))


def test_elements_are_anything_hashable(rng):
    a, b = rng.integers(4, size=(2, 20))
    expected = edit_distance(a.tolist(), b.tolist())
    assert edit_distance(a, b) == edit_distance(a, b.tolist()) == expected
    assert edit_distance(["to", "be"], ("to", "bee")) == 1
    assert edit_distance([1, "1", (1,)], [1, 1, (1,)]) == 1
    assert type(edit_distance(a, b)) is int


@pytest.mark.parametrize(("a", "b", "expected"), [("", "", 0), ("", "abc", 3), ("ab", "", 2)])
def test_empty_sequences(a, b, expected):
    assert edit_distance(a, b) == expected


def test_error_rate_weights_by_length(rng):
    truths = [random_string(rng) for _ in range(20)]
    predictions = [random_string(rng) for _ in range(20)]
    changes = sum(naive_distance(a, b) for a, b in zip(truths, predictions, strict=True))
    assert error_rate(truths, predictions) == changes / sum(map(len, truths))
    assert error_rate(truths, truths) == 0.0
    assert error_rate(truths, [""] * 20) == 1.0
    assert error_rate(["a"], ["bcd"]) == 3.0


def test_error_rate_without_any_truth():
    assert error_rate(["", ""], ["", ""]) == error_rate([], []) == 0.0
    assert error_rate(["", ""], ["", "a"]) == math.inf


def test_error_rate_wants_as_many_predictions():
    with pytest.raises(ValueError, match="truths and predictions must hold one entry a sample"):
        error_rate(["a", "b"], ["a"])


def test_long_sequences_are_vectorised(rng):
    """A thousand elements each: a loop over a million cells in Python would be felt."""
    a = rng.integers(30, size=1000)
    b = np.delete(a, [3, 500, 998])
    assert edit_distance(a, b) == 3
