"""The loss against the sum over every alignment there is, written out in NumPy."""

from itertools import groupby, product

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax

from sklstm.losses import CTC

PADDING = -99


def collapse(alignment):
    """Return the symbols of an alignment: repeats merged, then blanks dropped."""
    return [output - 1 for output, _ in groupby(alignment) if output != 0]


def likelihood_and_gradient(scores, symbols):
    """Return the negative log-likelihood of the symbols and its gradient, by all alignments."""
    n_steps, n_outputs = scores.shape
    p = softmax(scores, axis=1)
    total, visits = 0.0, np.zeros_like(scores)
    for alignment in product(range(n_outputs), repeat=n_steps):
        if collapse(alignment) == symbols:
            probability = p[np.arange(n_steps), alignment].prod()
            total += probability
            visits[np.arange(n_steps), alignment] += probability
    # each step's share of the alignments through an output is to equal the output's probability
    return -np.log(total), p - visits / total


def make_target(sequences, n_steps):
    """Return the target as tensors, with numbers that are no symbols as padding."""
    symbols = np.full((len(sequences), max(map(len, sequences))), PADDING)
    for row, sequence in zip(symbols, sequences, strict=True):
        row[: len(sequence)] = sequence
    return {
        "symbols": torch.as_tensor(symbols),
        "n_symbols": torch.tensor([len(sequence) for sequence in sequences]),
        "n_steps": torch.tensor(n_steps),
    }


def evaluate(loss, scores, sequences):
    """Return values and gradients of a batch of (steps, outputs) arrays of scores."""
    output = torch.tensor(np.concatenate(scores), requires_grad=True)
    n_steps = [len(rows) for rows in scores]
    values = loss(output, make_target(sequences, n_steps))
    values.sum().backward()
    return values.detach().numpy(), np.split(output.grad.numpy(), np.cumsum(n_steps)[:-1])


SEQUENCES = [[0, 1], [], [1, 1], [2], [0, 0, 1], [2, 1, 2], [], [0]]
N_STEPS = [4, 3, 5, 1, 6, 3, 1, 6]


@pytest.fixture
def scores(rng):
    return [1.5 * rng.normal(size=(n, 4)) for n in N_STEPS]


def test_sum_over_all_alignments(scores):
    loss = CTC(3)
    assert loss.n_outputs == 4
    values, gradients = evaluate(loss, scores, SEQUENCES)
    assert values.shape == (len(SEQUENCES),)
    assert values.dtype == np.float64
    for i, sequence in enumerate(SEQUENCES):
        expected, slopes = likelihood_and_gradient(scores[i], sequence)
        assert values[i] == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(gradients[i], slopes, atol=1e-12)


def test_likelihoods_of_all_labellings_sum_to_one(rng):
    scores = rng.normal(size=(4, 3))
    labellings = {tuple(collapse(path)) for path in product(range(3), repeat=4)}
    values, _ = evaluate(CTC(2), [scores] * len(labellings), [list(each) for each in labellings])
    assert np.exp(-values).sum() == pytest.approx(1.0)


def test_weights_scale_the_gradient(scores):
    weight = np.linspace(0.0, 2.0, len(scores))
    output = torch.tensor(np.concatenate(scores), requires_grad=True)
    values = CTC(3)(output, make_target(SEQUENCES, N_STEPS))
    (torch.as_tensor(weight) * values).sum().backward()
    _, gradients = evaluate(CTC(3), scores, SEQUENCES)
    expected = np.concatenate([w * g for w, g in zip(weight, gradients, strict=True)])
    np.testing.assert_allclose(output.grad.numpy(), expected, atol=1e-12)


def test_neighbours_order_and_padding_change_nothing(scores):
    values, gradients = evaluate(CTC(3), scores, SEQUENCES)
    for i, sequence in enumerate(SEQUENCES):
        (alone,), (gradient,) = evaluate(CTC(3), [scores[i]], [sequence])
        assert alone == values[i]
        np.testing.assert_array_equal(gradient, gradients[i])
    turned, turned_gradients = evaluate(CTC(3), scores[::-1], SEQUENCES[::-1])
    np.testing.assert_array_equal(turned[::-1], values)
    for found, expected in zip(turned_gradients[::-1], gradients, strict=True):
        np.testing.assert_array_equal(found, expected)
    target = make_target(SEQUENCES, N_STEPS)
    target["symbols"] = torch.nn.functional.pad(target["symbols"], (0, 3), value=10**6)
    padded = CTC(3)(torch.tensor(np.concatenate(scores)), target)
    np.testing.assert_array_equal(padded.numpy(), values)


def test_a_batch_without_any_symbol_is_all_blanks(rng):
    scores = [rng.normal(size=(n, 3)) for n in (2, 5)]
    values, _ = evaluate(CTC(2), scores, [[], []])
    expected = [-log_softmax(rows, axis=1)[:, 0].sum() for rows in scores]
    np.testing.assert_allclose(values, expected)


def test_too_few_steps_cost_infinitely_much(rng):
    values, _ = evaluate(CTC(2), [rng.normal(size=(2, 3))] * 2, [[1, 1], [1, 0]])
    assert values[0] == np.inf
    assert np.isfinite(values[1])


@pytest.mark.parametrize("score", [1e3, 1e6])
@pytest.mark.parametrize("sequence", [[], [0], [1, 1, 0]])
def test_extreme_scores_stay_finite(score, sequence):
    scores = np.full((200, 3), -score, dtype=np.float32)
    scores[:, 2] = score  # symbol 1 for certain, at every step
    (value,), (gradient,) = evaluate(CTC(2), [scores], [sequence])
    assert value.dtype == np.float32
    assert np.isfinite(value)
    assert value > score
    assert np.isfinite(gradient).all()


def test_single_precision_follows_double(rng):
    scores = rng.normal(size=(150, 30))
    sequence = rng.integers(29, size=40).tolist()
    double, (gradient,) = evaluate(CTC(29), [scores], [sequence])
    single, (rough,) = evaluate(CTC(29), [scores.astype(np.float32)], [sequence])
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, rtol=1e-5)
    np.testing.assert_allclose(rough, gradient, atol=1e-4)


def test_log_probabilities(rng):
    scores = rng.normal(size=(5, 3))
    found = CTC(2).log_probabilities(torch.as_tensor(scores)).numpy()
    np.testing.assert_allclose(found, log_softmax(scores, axis=1))
