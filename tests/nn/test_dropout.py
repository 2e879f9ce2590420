import pytest
import torch

from sklstm.nn.dropout import dropout


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9])
def test_drops_its_share_and_keeps_the_mean(share):
    torch.manual_seed(0)
    found = dropout(torch.ones(400, 500), share, training=True)
    kept = found[found != 0]
    assert 1 - len(kept) / found.numel() == pytest.approx(share, abs=0.005)
    torch.testing.assert_close(kept, torch.full_like(kept, 1 / (1 - share)), rtol=1e-4, atol=0)


def test_units_are_dropped_independently():
    # of each other, of their place, and from call to call
    torch.manual_seed(0)
    found = torch.stack([dropout(torch.ones(40), 0.3, training=True) != 0 for _ in range(20_000)])
    correlations = torch.corrcoef(found.float().T)
    assert (correlations - torch.eye(40)).abs().max() < 0.04  # 5 standard errors
    shares = found.float().mean(0)
    assert (shares - 0.7).abs().max() < 0.015
    assert torch.corrcoef(torch.stack([found[1:, 3], found[:-1, 3]]).float())[0, 1].abs() < 0.04


@pytest.mark.parametrize("shape", [(), (1,), (3,), (5, 7), (2, 3, 5), (0, 4)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_any_shape_and_dtype(shape, dtype):
    found = dropout(torch.ones(shape, dtype=dtype), 0.5, training=True)
    assert found.shape == shape
    assert found.dtype == dtype
    assert set(found.flatten().tolist()) <= {0.0, 2.0}


def test_strides_do_not_matter(rng):
    x = torch.as_tensor(rng.normal(size=(6, 5)))
    torch.manual_seed(1)
    expected = dropout(x.T.contiguous(), 0.4, training=True)
    torch.manual_seed(1)
    torch.testing.assert_close(dropout(x.T, 0.4, training=True), expected, rtol=0, atol=0)


def test_shares_at_the_edges():
    torch.manual_seed(0)
    x = torch.ones(2**21)  # of each of the 65,536 numbers some 32
    assert torch.equal(dropout(x, 1e-9, training=True), x)
    one_number = dropout(x, 1 / 65_536, training=True) == 0
    assert 10 < one_number.sum() < 70
    almost_all = dropout(x, 1 - 1e-9, training=True)
    assert almost_all.unique().tolist() == [0.0, 65_536.0]
    assert 10 < (almost_all != 0).sum() < 70


def test_gradient_is_what_each_unit_was_multiplied_by():
    x = torch.full((1000,), 3.0, requires_grad=True)
    found = dropout(x, 0.3, training=True)
    found.sum().backward()
    torch.testing.assert_close(x.grad * 3.0, found.detach(), rtol=1e-6, atol=0)


def test_a_seed_repeats_it():
    def draw():
        torch.manual_seed(3)
        return dropout(torch.ones(100), 0.5, training=True)

    assert torch.equal(draw(), draw())


def test_draws_of_many_at_once_are_of_each_its_own():
    torch.manual_seed(0)
    found = torch.vmap(lambda x: dropout(x, 0.5, training=True), randomness="different")(
        torch.ones(4, 200)
    )
    assert len(found.unique(dim=0)) == 4


def test_a_compiled_graph_draws_anew():
    drop = torch.compile(lambda x: dropout(x, 0.5, training=True), backend="eager", fullgraph=True)
    assert not torch.equal(drop(torch.ones(200)), drop(torch.ones(200)))


@pytest.mark.parametrize(("share", "training"), [(0.5, False), (0.0, True)])
def test_nothing_is_dropped(share, training):
    x = torch.ones(10)
    before = torch.get_rng_state()
    assert dropout(x, share, training=training) is x
    assert torch.equal(before, torch.get_rng_state())
