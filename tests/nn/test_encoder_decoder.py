import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from sklstm.nn import (
    EncoderDecoder,
    NumberFeed,
    Standardize,
    SymbolFeed,
)

N_SYMBOLS, N_STEPS = 4, 6


def build(feed="symbols", **changed):
    torch.manual_seed(0)
    options = {
        "encoder_layer_sizes": (5, 7),
        "decoder_layer_sizes": (6, 8),
        "cell": "lstm",
        "bidirectional": True,
        "attention": True,
        "dropout": 0.0,
    }
    feed = SymbolFeed(N_SYMBOLS, 3) if feed == "symbols" else NumberFeed(2)
    n_outputs = N_SYMBOLS + 1 if isinstance(feed, SymbolFeed) else 2
    inputs = Standardize(np.zeros(3), np.ones(3))
    return EncoderDecoder(inputs, feed, n_outputs, N_STEPS, **{**options, **changed}).double()


def draw_inputs(rng, batch=4, time=9):
    return torch.as_tensor(rng.normal(size=(batch, time, 3)))


variants = pytest.mark.parametrize(
    "changed",
    [
        {},
        {"cell": "gru"},
        {"cell": "rnn", "bidirectional": False},
        {"attention": False},
        {"encoder_layer_sizes": (3,), "decoder_layer_sizes": (4,)},
    ],
)


@variants
@pytest.mark.parametrize("feed", ["symbols", "numbers"])
def test_all_steps_at_once_are_steps_one_by_one(rng, changed, feed):
    model, x = build(feed, **changed).eval(), draw_inputs(rng)
    shape = (4, 5) if feed == "symbols" else (4, 5, 2)
    previous = (
        rng.integers(0, N_SYMBOLS + 1, size=shape) if feed == "symbols" else rng.normal(size=shape)
    )
    previous = torch.as_tensor(previous)
    with torch.no_grad():
        at_once = model(x, None, previous, torch.full((4,), 5)).view(4, 5, -1)
        decoding = model.encode(x)
        for number in range(5):
            outputs, decoding = model.step(previous[:, number], decoding)
            assert_allclose(outputs, at_once[:, number], rtol=1e-9, atol=1e-12)


@variants
def test_a_free_run_is_a_run_fed_with_its_own_choices(rng, changed):
    model, x = build(**changed).eval(), draw_inputs(rng)
    with torch.no_grad():
        free = model(x).view(4, N_STEPS, -1)
        chosen = free.argmax(2)
        previous = torch.cat([torch.full((4, 1), N_SYMBOLS), chosen[:, :-1]], dim=1)
        forced = model(x, None, previous, torch.full((4,), N_STEPS)).view(4, N_STEPS, -1)
    has_ended = (chosen == N_SYMBOLS).cumsum(1).roll(1, 1) > 0
    has_ended[:, 0] = False
    forced[has_ended] = 0.0
    assert_allclose(free, forced, rtol=1e-9, atol=1e-12)


def test_numbers_are_fed_back(rng):
    model, x = build("numbers").eval(), draw_inputs(rng)
    with torch.no_grad():
        free = model(x).view(4, N_STEPS, 2)
        previous = torch.cat([torch.zeros(4, 1, 2), free[:, :-1]], dim=1)
        forced = model(x, None, previous, torch.full((4,), N_STEPS)).view(4, N_STEPS, 2)
    assert_allclose(free, forced, rtol=1e-9, atol=1e-12)


@variants
def test_padding_changes_nothing(rng, changed):
    model, x = build(**changed).eval(), draw_inputs(rng)
    lengths, n_previous = torch.tensor([9, 3, 5, 1]), torch.tensor([2, 5, 1, 3])
    previous = torch.as_tensor(rng.integers(0, N_SYMBOLS, size=(4, 8)))
    with torch.no_grad():
        together = model(x, lengths, previous, n_previous).split(n_previous.tolist())
        free = model(x, lengths).view(4, N_STEPS, -1)
        for row in range(4):
            alone = x[row : row + 1, : lengths[row]]
            of_row = previous[row : row + 1, : n_previous[row]]
            found = model(alone, None, of_row, n_previous[row : row + 1])
            assert_allclose(together[row], found, rtol=1e-9, atol=1e-12)
            assert_allclose(free[row], model(alone).view(N_STEPS, -1), rtol=1e-9, atol=1e-12)


def test_a_run_ends_when_all_have_ended(rng):
    model, x = build().eval(), draw_inputs(rng)
    with torch.no_grad():
        model.head.output.bias[N_SYMBOLS] += 100.0  # ends at once
        free = model(x).view(4, N_STEPS, -1)
    assert (free[:, 0].argmax(1) == N_SYMBOLS).all()
    assert not free[:, 1:].any()


def test_with_all_the_truth_sampling_is_forcing(rng):
    model, x = build().train(), draw_inputs(rng)
    previous = torch.as_tensor(rng.integers(0, N_SYMBOLS, size=(4, 5)))
    with torch.no_grad():
        forced = model._run_forced(previous, model.encode(x))
        sampled = model._run_sampled(previous, model.encode(x))
    assert_allclose(sampled, forced, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("feed", ["symbols", "numbers"])
def test_without_truth_a_trained_step_is_fed_with_the_choice(rng, feed):
    model, x = build(feed).train(), draw_inputs(rng)
    model.truth_share = 0.0
    start = model.feed.start(x)
    garbage = (
        torch.ones(4, 5, dtype=torch.int64) if feed == "symbols" else torch.randn(4, 5, 2).double()
    )
    previous = torch.cat([start[:, None], garbage], dim=1)
    with torch.no_grad():
        trained = model(x, None, previous, torch.full((4,), 6)).view(4, 6, -1)
        model.eval()
        free = model(x).view(4, N_STEPS, -1)
    n_made = N_STEPS if feed == "numbers" else 1
    assert_allclose(trained[:, :n_made], free[:, :n_made], rtol=1e-9, atol=1e-12)


def test_gradients_reach_every_weight(rng):
    model, x = build().train(), draw_inputs(rng)
    previous = torch.as_tensor(rng.integers(0, N_SYMBOLS, size=(4, 5)))
    model(x, None, previous, torch.full((4,), 5)).sum().backward()
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            assert weight.grad is not None, name
            assert weight.grad.abs().sum() > 0, name


def test_attention_is_told_nothing_of_what_is_behind_the_end(rng):
    model, x = build(attention=True).eval(), draw_inputs(rng)
    lengths = torch.tensor([9, 3, 5, 1])
    for row, length in enumerate(lengths):
        x[row, length:] = 1e6
    memory = model.encode(x, lengths).encoded.memory
    for row, length in zip(memory, lengths, strict=True):
        assert not row[length:].any()
        assert row[:length].all()
