import numpy as np
import pytest
import torch

from sklstm.nn import POOLINGS
from sklstm.nn.pooling import pool_steps

LENGTHS = [5, 1, 3]
N_HIDDEN = 2


def pool_naively(name, states, n_directions):
    """Pool the states of one sequence, (time, directions * hidden), without padding."""
    match name:
        case "last" if n_directions == 1:
            return states[-1]
        case "last":
            return np.concatenate([states[-1, :N_HIDDEN], states[0, N_HIDDEN:]])
        case "mean":
            return sum(states) / len(states)
        case "max":
            return np.array([max(column) for column in states.T])
        case "concat":
            parts = [pool_naively(part, states, n_directions) for part in ("last", "mean", "max")]
            return np.concatenate(parts)


def pool(name, states, lengths, n_directions):
    return torch.cat([part.whole(states, lengths, n_directions) for part in POOLINGS[name]], dim=1)


@pytest.mark.parametrize("name", ["last", "mean", "max", "concat"])
@pytest.mark.parametrize("n_directions", [1, 2])
@pytest.mark.parametrize("padding", [0.0, 1e9, -1e9, np.inf, np.nan])
def test_pooling_of_padded_states(rng, name, n_directions, padding):
    states = rng.normal(size=(3, 5, n_directions * N_HIDDEN)) - 3.0  # all negative: 0 would win
    for i, length in enumerate(LENGTHS):
        states[i, length:] = padding
    found = pool(name, torch.as_tensor(states), torch.tensor(LENGTHS), n_directions)
    for i, length in enumerate(LENGTHS):
        expected = pool_naively(name, states[i, :length], n_directions)
        np.testing.assert_allclose(found[i], expected, rtol=1e-12)


@pytest.mark.parametrize("name", POOLINGS)
@pytest.mark.parametrize("n_directions", [1, 2])
def test_full_lengths_are_as_good_as_none(rng, name, n_directions):
    states = torch.as_tensor(rng.normal(size=(3, 5, n_directions * N_HIDDEN)))
    torch.testing.assert_close(
        pool(name, states, None, n_directions),
        pool(name, states, torch.tensor([5, 5, 5]), n_directions),
    )


@pytest.mark.parametrize("name", POOLINGS)
def test_no_gradient_on_padding(rng, name):
    states = torch.as_tensor(rng.normal(size=(3, 5, 2 * N_HIDDEN))).requires_grad_()
    pool(name, states, torch.tensor(LENGTHS), 2).sum().backward()
    for i, length in enumerate(LENGTHS):
        assert (states.grad[i, length:] == 0).all()
        assert (states.grad[i, :length] != 0).any()


def test_every_present_step(rng):
    states = torch.as_tensor(rng.normal(size=(3, 5, 2)))
    expected = torch.cat([states[i, :length] for i, length in enumerate(LENGTHS)])
    assert torch.equal(pool_steps(states, torch.tensor(LENGTHS), 1), expected)
    assert torch.equal(pool_steps(states, None, 1), states.flatten(0, 1))
