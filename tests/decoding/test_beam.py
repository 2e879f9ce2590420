"""Beam search on Markov models, against all sequences there are."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from scipy.special import log_softmax

from sklstm.decoding import beam_search

WIDE = 10_000  # nothing is left out


@dataclass
class Markov:
    """A model in which a symbol depends on the two before it, the first of which is the state."""

    table: np.ndarray  # (before, last, next); the last place of each axis is the beginning or end
    calls: int = 0

    @classmethod
    def random(cls, rng, n_symbols, spread=1.5):
        return cls(log_softmax(spread * rng.normal(size=(n_symbols + 1,) * 3), axis=2))

    @property
    def n_symbols(self):
        return len(self.table) - 1

    def step(self, states, symbols):
        assert states.shape == symbols.shape
        self.calls += 1
        return self.table[states, symbols], symbols

    def search(self, beam_width, max_length, **parameters):
        start = np.array([self.n_symbols])
        limits = {"beam_width": beam_width, "max_length": max_length}
        return beam_search(start, self.step, self.n_symbols, **limits, **parameters)

    def log_probability(self, symbols):
        """Return the log-probability of a complete sequence."""
        end = self.n_symbols
        full = [end, end, *symbols, end]
        return sum(self.table[tuple(full[i : i + 3])] for i in range(len(full) - 2))

    def greedy(self, max_length):
        """Return what taking the most probable symbol at each step leads to."""
        before = last = self.n_symbols
        symbols = []
        while len(symbols) < max_length:
            before, last = last, int(self.table[before, last].argmax())
            if last == self.n_symbols:
                break
            symbols.append(last)
        return symbols

    def best(self, max_length, length_penalty):
        """Return the best of all sequences by the formula of Wu et al."""
        everything = (
            list(symbols)
            for length in range(max_length + 1)
            for symbols in product(range(self.n_symbols), repeat=length)
        )
        return max(
            everything,
            key=lambda symbols: (
                self.log_probability(symbols)
                / ((5 + len(symbols) + 1) ** length_penalty / (5 + 1) ** length_penalty)
            ),
        )


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 1.0, 3.0])
def test_a_wide_beam_finds_the_best_sequence(rng, length_penalty):
    lengths = []
    for _ in range(40):
        model = Markov.random(rng, int(rng.integers(1, 4)))
        max_length = int(rng.integers(6))
        found = model.search(WIDE, max_length, length_penalty=length_penalty)
        assert found == model.best(max_length, length_penalty)
        lengths.append(len(found))
    assert len(set(lengths)) > 2


def test_a_greater_penalty_gives_longer_sequences(rng):
    models = [Markov.random(rng, 3) for _ in range(40)]
    means = [
        np.mean([len(model.search(WIDE, 5, length_penalty=penalty)) for model in models])
        for penalty in (0.0, 1.0, 2.0, 4.0)
    ]
    assert means == sorted(means)
    assert means[-1] > means[0] + 1


@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
def test_a_beam_of_one_is_greedy(rng, length_penalty):
    for _ in range(100):
        model = Markov.random(rng, 4)
        assert model.search(1, 12, length_penalty=length_penalty) == model.greedy(12)


def test_a_wider_beam_is_better_on_the_whole(rng):
    models = [Markov.random(rng, 5, spread=1.0) for _ in range(100)]
    means = [
        np.mean([model.log_probability(model.search(width, 8)) for model in models])
        for width in (1, 2, 5, 50)
    ]
    assert means == sorted(means)


def test_search_stops_where_nothing_can_become_better(rng):
    """The end is nearly certain after one symbol: there is no need for a thousand steps."""
    table = np.log(np.full((3, 3, 3), [0.005, 0.005, 0.99]))
    table[2, 2] = np.log([0.9, 0.09, 0.01])
    model = Markov(table)
    assert model.search(5, 1000) == [0]
    assert model.calls == 2


def test_sequences_are_cut_at_the_greatest_length():
    """A model that hardly ever ends."""
    model = Markov(np.log(np.full((3, 3, 3), [0.6, 0.4 - 1e-9, 1e-9])))
    assert model.search(1, 4) == [0, 0, 0, 0]
    assert model.search(3, 0) == []


def test_equals_are_decided_by_symbol():
    follows = np.log(np.full((3, 3, 3), 1 / 3))
    follows[2, 2, 2] = -np.inf  # no empty sequence
    assert Markov(follows).search(3, 5) == Markov(follows).search(WIDE, 5) == [0]


def test_impossible_symbols_are_never_taken(rng):
    for _ in range(40):
        model = Markov.random(rng, 2)
        model.table[..., :2][rng.random((3, 3, 2)) < 0.4] = -np.inf
        found = model.search(WIDE, 4)
        assert found == model.best(4, 0.0)
        assert model.log_probability(found) > -np.inf


@pytest.mark.parametrize("max_length", [0, 3])
def test_a_model_that_cannot_end_is_refused(max_length):
    model = Markov(np.log(np.full((2, 2, 2), [1.0, 1e-9])))
    model.table[..., 1] = -np.inf
    with pytest.raises(ValueError, match=f"at most {max_length} symbols, is possible"):
        model.search(2, max_length)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"beam_width": 0}, "'beam_width'.*at least 1"),
        ({"max_length": -1}, "finite and not negative. Got -1 and 0"),
        ({"length_penalty": -0.5}, "finite and not negative. Got 3 and -0.5"),
        ({"length_penalty": np.nan}, "finite and not negative. Got 3 and nan"),
        ({"length_penalty": np.inf}, "finite and not negative. Got 3 and inf"),
    ],
)
def test_parameters_are_checked(rng, parameters, message):
    with pytest.raises(ValueError, match=message):
        Markov.random(rng, 2).search(**{"beam_width": 2, "max_length": 3, **parameters})


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.zeros((1, 2)), r"of shape \(1, 3\).*Got shape \(1, 2\)"),
        (np.array([[0.0, np.nan, 0.0]]), "with 1 NaN"),
        (np.array([[0.5, 0.25, 0.25]]), r"none of them above zero\. Got 0\.5"),
    ],
)
def test_what_a_step_gives_is_checked(answer, message):
    def step(states, symbols):
        return answer, states

    with pytest.raises(ValueError, match=message):
        beam_search(np.zeros(1), step, 2, beam_width=2, max_length=3)


def test_probabilities_that_rounding_made_more_than_one_are_one():
    def step(states, symbols):
        return np.full((len(symbols), 3), [-np.inf, -np.inf, 2.3e-16]), states

    assert beam_search(np.zeros(1), step, 2, beam_width=2, max_length=3) == []


def test_given_numbers_are_not_changed(rng):
    model = Markov.random(rng, 3)
    table = model.table.copy()
    model.search(4, 6)
    np.testing.assert_array_equal(model.table, table)


def test_great_penalties_do_not_overflow(rng):
    model = Markov.random(rng, 3)
    longest = model.search(WIDE, 5, length_penalty=1e300)
    assert len(longest) == 5
    assert longest == model.search(WIDE, 5, length_penalty=1e4)
