import numpy as np
import pytest

from sklstm.decoding.prefixes import Prefixes, find_best


def test_a_sequence_has_one_number(rng):
    prefixes = Prefixes()
    numbers = {(): Prefixes.EMPTY}
    for sequence in rng.integers(3, size=(200, 4)).tolist():
        for length in range(1, 5):
            found = prefixes.extend(numbers[tuple(sequence[: length - 1])], sequence[length - 1])
            assert numbers.setdefault(tuple(sequence[:length]), found) == found
    assert len(set(numbers.values())) == len(numbers)
    for sequence, number in numbers.items():
        assert prefixes.spell(number) == list(sequence)


@pytest.mark.parametrize("beam_width", [1, 3, 10, 100])
def test_best_first_and_earlier_first_and_no_impossible(rng, beam_width):
    for _ in range(50):
        scores = -rng.integers(6, size=30).astype(float)  # many are equal
        scores[rng.random(30) < 0.3] = -np.inf
        possible = [i for i in range(30) if scores[i] > -np.inf]
        expected = sorted(possible, key=lambda i: (-scores[i], i))[:beam_width]
        assert find_best(scores, beam_width).tolist() == expected


def test_nothing_to_keep():
    assert find_best(np.full(3, -np.inf), 2).tolist() == []
