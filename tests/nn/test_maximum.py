import pytest
import torch

from sklstm.nn.maximum import maximum


def gradient(function, states, weight):
    states = states.clone().requires_grad_()
    (function(states) * weight).sum().backward()
    return states.grad


def amax(states):
    return states.amax(1)


def with_ties(rng):
    return torch.as_tensor(rng.integers(-2, 3, size=(4, 7, 5)), dtype=torch.float64)


def with_infinities(rng):
    states = with_ties(rng)
    states[0, 2, 1] = states[0, 5, 1] = torch.inf
    states[1, 3:, 2] = -torch.inf
    return states


def continuous(rng):
    return torch.as_tensor(rng.normal(size=(4, 7, 5)))


@pytest.mark.parametrize("make", [continuous, with_ties, with_infinities])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_value_and_gradient_are_those_of_amax(rng, make, dtype):
    states = make(rng).to(dtype)
    weight = torch.as_tensor(rng.normal(size=(4, 5)), dtype=dtype)
    assert torch.equal(maximum(states.clone().requires_grad_()), states.amax(1))
    torch.testing.assert_close(
        gradient(maximum, states, weight), gradient(amax, states, weight), rtol=1e-6, atol=0
    )


def test_of_strided_states(rng):
    states = continuous(rng).transpose(1, 2)
    weight = torch.as_tensor(rng.normal(size=(4, 7)))
    torch.testing.assert_close(gradient(maximum, states, weight), gradient(amax, states, weight))


def test_without_gradient():
    states = torch.tensor([[[1.0], [4.0], [2.0]]])
    assert maximum(states).tolist() == [[4.0]]
    assert not maximum(states).requires_grad


def test_can_be_differentiated_twice(rng):
    assert torch.autograd.gradgradcheck(maximum, continuous(rng).requires_grad_())


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch calls its own
@pytest.mark.parametrize("transform", [torch.func.jacrev, torch.func.jacfwd, torch.func.hessian])
def test_can_be_transformed(rng, transform):
    states = continuous(rng).requires_grad_()
    torch.testing.assert_close(transform(maximum)(states), transform(amax)(states))


def test_gradients_of_many_at_once(rng):
    states = continuous(rng)[:, None].requires_grad_()  # (4, 1, time, features)
    found = torch.vmap(torch.func.grad(lambda s: maximum(s).square().sum()))(states)
    expected = torch.autograd.grad(maximum(states[:, 0]).square().sum(), states)[0]
    torch.testing.assert_close(found, expected)


def test_a_number_that_is_none_shows():
    states = torch.zeros(1, 3, 1, requires_grad=True)
    assert maximum(states + torch.tensor([0.0, torch.nan, 0.0])[:, None]).isnan().all()
