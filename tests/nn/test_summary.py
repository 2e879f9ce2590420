import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

from sklstm.nn import NORMALIZATIONS, POOLINGS
from sklstm.nn.fused import support
from sklstm.nn.normalization import LayerNormalization
from sklstm.nn.pooling import EVERY_STEP
from sklstm.nn.summary import refine, summarize

LENGTHS = torch.tensor([6, 1, 3, 6])
ENDS = [None, LENGTHS]


def draw(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def make_norm(name, features):
    if name is None:
        return None
    norm = NORMALIZATIONS[name](features)
    torch.nn.init.uniform_(norm.norm.weight, 0.5, 2.0)
    torch.nn.init.uniform_(norm.norm.bias)
    return norm


def summary_and_gradients(pooling, n_directions, norm, share, lengths):
    states = draw(4, 6, 10).requires_grad_()
    weights = [] if norm is None else list(norm.parameters())
    torch.manual_seed(1)
    summary = summarize(
        states,
        lengths,
        norm,
        share,
        training=True,
        pooling=pooling,
        n_directions=n_directions,
    )
    return [summary, *torch.autograd.grad(summary.square().sum(), [states, *weights])]


@pytest.mark.parametrize("pooling", [*POOLINGS.values(), EVERY_STEP], ids=[*POOLINGS, "every step"])
@pytest.mark.parametrize("n_directions", [1, 2])
@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize("lengths", ENDS, ids=["full", "ragged"])
def test_same_by_torch_s_operations(
    monkeypatch, pooling, n_directions, normalization, share, lengths
):
    norm = make_norm(normalization, 10)
    found = summary_and_gradients(pooling, n_directions, norm, share, lengths)
    monkeypatch.setattr(support, "kernels", tuple)
    expected = summary_and_gradients(pooling, n_directions, norm, share, lengths)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_dropped_units_are_drawn_in_training_alone():
    states = draw(4, 6, 10)
    how = {"pooling": POOLINGS["concat"], "n_directions": 1}
    still = summarize(states, None, None, 0.5, training=False, **how)
    assert torch.equal(still, summarize(states, None, None, 0.0, training=True, **how))
    torch.manual_seed(0)
    first, second = (summarize(states, None, None, 0.5, training=True, **how) for _ in range(2))
    assert not torch.equal(first, second)


class Doubled(LayerNormalization):
    def forward(self, x, lengths):
        return 2 * super().forward(x, lengths)


class RootMeanSquare(torch.nn.Module):
    on_input = False

    def __init__(self, n_features):
        super().__init__()
        self.norm = torch.nn.RMSNorm(n_features)

    def forward(self, x, lengths):
        return self.norm(x)


def make_norm_without_bias(n_features):
    norm = LayerNormalization(n_features)
    norm.norm = torch.nn.LayerNorm(n_features, bias=False)
    return norm


@pytest.mark.parametrize("kind", [Doubled, RootMeanSquare, make_norm_without_bias])
def test_another_normalization_is_called(kind):
    states, norm = draw(4, 6, 10), kind(10)
    found = summarize(
        states, None, norm, 0.0, training=False, pooling=POOLINGS["mean"], n_directions=1
    )
    torch.testing.assert_close(found, norm(states, None).mean(1))


@pytest.mark.parametrize("inner", [False, True])
@pytest.mark.parametrize("before", [False, True])
def test_hooks_of_the_normalization_are_called(inner, before):
    norm, seen = LayerNormalization(10), []
    module = norm.norm if inner else norm
    hook = module.register_forward_pre_hook if before else module.register_forward_hook
    handle = hook(lambda *_: seen.append(1))
    how = {"training": False, "pooling": POOLINGS["mean"], "n_directions": 1}
    with_hook = summarize(draw(4, 6, 10), None, norm, 0.0, **how)
    assert seen == [1]
    handle.remove()
    torch.testing.assert_close(summarize(draw(4, 6, 10), None, norm, 0.0, **how), with_hook)
    assert seen == [1]


def test_refined_states_keep_their_shape():
    states = draw(4, 6, 10)
    assert refine(states, None, None, 0.5, training=False) is states
    norm = make_norm("layer", 10)
    assert refine(states, LENGTHS, norm, 0.5, training=True).shape == states.shape


def test_double_precision_can_be_differentiated_twice():
    states = draw(2, 3, 4).double().requires_grad_()
    norm = make_norm("layer", 4).double()
    how = {"training": False, "pooling": POOLINGS["concat"], "n_directions": 2}
    assert torch.autograd.gradgradcheck(lambda x: summarize(x, None, norm, 0.0, **how), states)


@pytest.mark.parametrize("normalization", [None, "layer"])
def test_can_be_traced_and_transformed(normalization):
    norm = make_norm(normalization, 4)
    how = {"training": False, "pooling": POOLINGS["concat"], "n_directions": 1}

    def summary(x):
        return summarize(x, None, norm, 0.0, **how)

    states, others = draw(2, 3, 4), draw(2, 3, 4) + 1
    torch.testing.assert_close(make_fx(summary)(states)(others), summary(others))
    one_by_one = torch.vmap(lambda x: summary(x[None])[0])(states)
    torch.testing.assert_close(one_by_one, summary(states))
