"""Decoding against all alignments, and against a beam search in plain Python."""

from collections import defaultdict
from itertools import groupby, product

import numpy as np
import pytest
from scipy.special import log_softmax

from sklstm.decoding import decode_beam, decode_greedy, needed_steps

WIDE = 10_000  # nothing is left out


def collapse(alignment):
    """Return the symbols of an alignment: repeats merged, then blanks dropped."""
    return tuple(output - 1 for output, _ in groupby(alignment) if output != 0)


def all_labellings(log_p):
    """Return the probability of every sequence of symbols that has an alignment."""
    n_steps, n_outputs = log_p.shape
    paths = np.array(list(product(range(n_outputs), repeat=n_steps)))
    probabilities = np.exp(log_p[np.arange(n_steps), paths].sum(1))
    found = defaultdict(float)
    for path, probability in zip(paths.tolist(), probabilities.tolist(), strict=True):
        found[collapse(path)] += probability
    return found


def naive_beam(log_p, beam_width):
    """Return the symbols by a beam search in dictionaries of whole prefixes, in probabilities."""
    beam = {(): (1.0, 0.0)}
    for step in np.exp(log_p):
        grown = defaultdict(lambda: [0.0, 0.0])
        for prefix, (in_blank, in_symbol) in beam.items():
            for output, p in enumerate(step):
                if output == 0:
                    grown[prefix][0] += (in_blank + in_symbol) * p
                elif prefix and prefix[-1] == output - 1:
                    grown[prefix][1] += in_symbol * p
                    grown[*prefix, output - 1][1] += in_blank * p
                else:
                    grown[*prefix, output - 1][1] += (in_blank + in_symbol) * p
        ranked = sorted(grown.items(), key=lambda item: -sum(item[1]))
        beam = dict(ranked[:beam_width])
    return list(next(iter(beam)))


def random_log_p(rng, n_steps, n_outputs, spread=1.5):
    return log_softmax(spread * rng.normal(size=(n_steps, n_outputs)), axis=1)


def tiny_cases(rng, n_cases):
    for _ in range(n_cases):
        n_outputs = int(rng.integers(2, 5))
        n_steps = int(rng.integers(1, 7 if n_outputs < 4 else 6))
        yield random_log_p(rng, n_steps, n_outputs, spread=rng.choice([0.2, 1.0, 3.0]))


def test_a_wide_beam_finds_the_most_probable_labelling(rng):
    differing = 0
    for log_p in tiny_cases(rng, 300):
        labellings = all_labellings(log_p)
        found, greedy = decode_beam(log_p, WIDE), decode_greedy(log_p)
        assert tuple(found) == max(labellings, key=labellings.get)
        assert labellings[tuple(found)] >= labellings[tuple(greedy)]
        differing += found != greedy
    assert differing > 30  # the test would be none if the two were always the same


@pytest.mark.parametrize("beam_width", [1, 2, 5, 20])
def test_a_narrow_beam_is_that_of_plain_python(rng, beam_width):
    for n_outputs, spread in [(3, 0.3), (3, 1.0), (6, 1.0), (6, 3.0)]:
        for _ in range(15):  # long enough for prefixes to leave the beam and come back
            log_p = random_log_p(rng, 40, n_outputs, spread)
            assert decode_beam(log_p, beam_width) == naive_beam(log_p, beam_width)


def test_a_wider_beam_is_better_on_the_whole(rng):
    """Not in every case, though: a narrow beam may find by luck what a wider one misses."""
    cases = list(tiny_cases(rng, 200))
    means = [
        np.mean([all_labellings(log_p)[tuple(decode_beam(log_p, width))] for log_p in cases])
        for width in (1, 2, 4, 16)
    ]
    assert means == sorted(means)


def test_greedy_is_the_best_path_merged(rng):
    for _ in range(200):
        log_p = random_log_p(rng, int(rng.integers(0, 30)), int(rng.integers(1, 5)))
        assert decode_greedy(log_p) == list(collapse([int(np.argmax(step)) for step in log_p]))


def test_what_is_certain_is_found():
    outputs = [1, 1, 0, 1, 2, 2, 0, 0, 3, 2, 2]
    with np.errstate(divide="ignore"):
        log_p = np.log(np.eye(4)[outputs])  # all others are impossible
    assert decode_greedy(log_p) == decode_beam(log_p, 1) == decode_beam(log_p, 9) == [0, 0, 1, 2, 1]


def test_impossible_outputs_are_never_taken(rng):
    for log_p in tiny_cases(rng, 100):
        log_p[rng.random(log_p.shape) < 0.4] = -np.inf
        log_p[log_p.max(1) == -np.inf] = 0.0
        labellings = all_labellings(log_p)
        assert tuple(decode_beam(log_p, WIDE)) == max(labellings, key=labellings.get)


def test_long_sequences_do_not_underflow(rng):
    log_p = random_log_p(rng, 5000, 4) - 50.0
    assert len(decode_beam(log_p, 3)) > 500


def test_equals_are_decided_alike():
    """The blank before symbols, and lower symbols before higher ones."""
    log_p = np.full((6, 4), -np.log(4))
    first = decode_beam(log_p, 5)
    assert all(decode_beam(log_p, 5) == first for _ in range(3))
    assert decode_beam(np.full((1, 4), -1.0), 2) == []
    assert decode_beam([[-2.0, -1.0, -1.0]], 2) == [0]


@pytest.mark.parametrize("decode", [decode_greedy, lambda log_p: decode_beam(log_p, 3)])
def test_no_steps_and_no_symbols(decode):
    assert decode(np.zeros((0, 4))) == []
    assert decode(np.zeros((5, 1))) == []
    assert all(type(symbol) is int for symbol in decode([[-9.0, 0.0, -9.0], [-9.0, -9.0, 0.0]]))


@pytest.mark.parametrize("decode", [decode_greedy, lambda log_p: decode_beam(log_p, 3)])
@pytest.mark.parametrize(
    ("log_p", "message"),
    [
        (np.zeros(3), r"shape \(n_steps, n_symbols \+ 1\).*Got shape \(3,\)"),
        (np.zeros((2, 0)), r"Got shape \(2, 0\)"),
        ([[0.0, 1.0], [0.0, np.nan]], "highest of step 1 is nan"),
        ([[-np.inf, -np.inf]], "highest of step 0 is -inf"),
    ],
)
def test_what_is_no_table_of_log_probabilities_is_refused(decode, log_p, message):
    with pytest.raises(ValueError, match=message):
        decode(log_p)


def test_beam_needs_a_width():
    with pytest.raises(ValueError, match=r"'beam_width' parameter must be at least 1\. Got 0"):
        decode_beam(np.zeros((1, 2)), 0)


def test_needed_steps_is_the_shortest_alignment():
    for n_symbols in range(4):
        for symbols in product(range(2), repeat=n_symbols):
            shortest = next(
                n_steps
                for n_steps in range(8)
                if any(collapse(path) == symbols for path in product(range(3), repeat=n_steps))
            )
            assert needed_steps(symbols) == shortest
    assert needed_steps(np.array([4, 4, 4])) == 5
    assert type(needed_steps([])) is int
