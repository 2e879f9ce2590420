import numpy as np
import pytest
import torch

from sklstm.nn.heads import DenseHead


def randomize(head, rng):
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.copy_(torch.as_tensor(rng.normal(size=parameter.shape)))
    return head


@pytest.mark.parametrize("dense_layer_sizes", [(), (5,), (5, 4)])
def test_head_is_affine_maps_with_relu_between(rng, dense_layer_sizes):
    head = randomize(DenseHead(3, dense_layer_sizes, 2, dropout=0.5), rng).eval()
    x = rng.normal(size=(7, 3))
    expected = x
    for layer in head.dense:
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        expected = np.maximum(expected @ weight.T.astype(np.float64) + bias, 0.0)
    weight, bias = head.output.weight.detach().numpy(), head.output.bias.detach().numpy()
    expected = expected @ weight.T.astype(np.float64) + bias
    with torch.no_grad():
        np.testing.assert_allclose(head(torch.as_tensor(x)), expected, rtol=1e-12)
    assert len(head.dense) == len(dense_layer_sizes)


def test_prediction_is_in_float64_and_training_in_the_weights_precision():
    head = DenseHead(3, (4,), 2)
    x = torch.ones(1, 3)
    assert head.train()(x).dtype == torch.float32
    assert head.eval()(x).dtype == torch.float64


@pytest.mark.parametrize("n_rows", [1, 2, 3, 16, 100])
def test_rows_do_not_depend_on_the_batch(rng, n_rows):
    head = randomize(DenseHead(64, (33,), 3), rng).eval()
    x = torch.as_tensor(rng.normal(size=(100, 64)), dtype=torch.float32)
    with torch.no_grad():
        torch.testing.assert_close(head(x)[:n_rows], head(x[:n_rows]), rtol=1e-12, atol=1e-12)


def test_dropout_drops_its_share_of_dense_units_in_training_only():
    head = DenseHead(1, (10_000,), 1, dropout=0.3)
    with torch.no_grad():
        head.dense[0].weight.zero_()
        head.dense[0].bias.fill_(1.0)
        head.output.weight.fill_(1 / 10_000)
        head.output.bias.zero_()
        x = torch.zeros(1, 1)
        # scaled by 1 / 0.7, so that the mean stays; in units of 1 / 7,000 it counts kept units
        kept = head.train()(x).item() * 7_000
        assert 6_700 < kept < 7_300
        assert head(x).item() * 7_000 != pytest.approx(kept, abs=0.4)
        assert head.eval()(x).item() == pytest.approx(1.0)


def test_no_dropout_without_dense_layers(rng):
    head = randomize(DenseHead(4, (), 2, dropout=0.9), rng).double()
    x = torch.as_tensor(rng.normal(size=(3, 4)))
    with torch.no_grad():
        assert torch.equal(head.train()(x), head.eval()(x))


def test_initial_weights_are_xavier_and_biases_zero():
    head = DenseHead(30, (20,), 10)
    for layer in [*head.dense, head.output]:
        limit = np.sqrt(6 / sum(layer.weight.shape))
        assert 0.9 * limit < layer.weight.abs().max() <= limit
        assert (layer.bias == 0).all()
