import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from sklstm.nn import (
    Differences,
    Embedding,
    Encoded,
    Features,
    ModelStream,
    SequenceModel,
    Standardize,
)
from sklstm.nn.pooling import EVERY_STEP


def build(inputs, n_features=3, **changed):
    torch.manual_seed(0)
    options = {
        "hidden_layer_sizes": (8, 5),
        "cell": "lstm",
        "bidirectional": False,
        "pooling": None,
        "dense_layer_sizes": (),
        "normalization": None,
        "dropout": 0.3,
    }
    return SequenceModel(inputs, 2, **{**options, **changed}).float().eval()


def numbers():
    return Standardize(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 0.5]))


def outputs_of_prefixes(model, x):
    """What the model makes of every prefix, (time, batch, outputs)."""
    with torch.no_grad():
        if model.pooling is EVERY_STEP:
            return model(x).view(len(x), x.shape[1], -1).transpose(0, 1).numpy()
        return np.stack([model(x[:, : n + 1]).numpy() for n in range(x.shape[1])])


def streamed(model, x):
    stream = ModelStream(model, len(x))
    return np.stack([stream.step(x_t).numpy() for x_t in x.unbind(1)])


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_every_cell(cell, activation, rng):
    model = build(numbers(), cell=cell, activation=activation)
    x = torch.as_tensor(rng.normal(size=(4, 9, 3)), dtype=torch.float32)
    assert_allclose(streamed(model, x), outputs_of_prefixes(model, x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_where_a_kernel_runs_both_not_a_bit_differs_in_the_states(cell, rng):
    """The head's double product alone may round differently, far below single precision."""
    model = build(numbers(), cell=cell)
    x = torch.as_tensor(rng.normal(size=(4, 9, 3)), dtype=torch.float32)
    assert_allclose(streamed(model, x), outputs_of_prefixes(model, x), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("pooling", [None, "last", "mean", "max", "concat"])
@pytest.mark.parametrize("normalization", [None, "layer", "batch"])
@pytest.mark.parametrize("dense_layer_sizes", [(), (4, 3)])
def test_every_pooling_and_normalization(pooling, normalization, dense_layer_sizes, rng):
    model = build(
        numbers(),
        pooling=pooling,
        normalization=normalization,
        dense_layer_sizes=dense_layer_sizes,
    )
    x = torch.as_tensor(rng.normal(size=(4, 9, 3)), dtype=torch.float32)
    assert_allclose(streamed(model, x), outputs_of_prefixes(model, x), rtol=1e-5, atol=1e-6)


def test_differences_are_those_of_the_sequence(rng):
    model = build(Differences(numbers(), np.array([0.5, 2.0, 1.0])), n_features=6)
    x = torch.as_tensor(rng.normal(size=(4, 9, 3)), dtype=torch.float32)
    assert_allclose(streamed(model, x), outputs_of_prefixes(model, x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("with_differences", [False, True])
def test_missing_values_and_categories(with_differences, rng):
    standardize = Standardize(np.zeros(2), np.ones(2))
    inputs = Features(
        [0, 1],
        Differences(standardize, np.ones(2)) if with_differences else standardize,
        Encoded([2], [Embedding(np.arange(4.0))]),
        missing=[0, 1],
    )
    model = build(inputs, n_features=inputs.n_outputs)
    x = rng.normal(size=(4, 9, 3))
    x[rng.random(x.shape) < 0.4] = np.nan
    x[:, :, 2] = rng.integers(0, 5, size=(4, 9))
    x = torch.as_tensor(x, dtype=torch.float32)
    assert_allclose(streamed(model, x), outputs_of_prefixes(model, x), rtol=1e-5, atol=1e-6)


def gaps():
    return Features([0, 1, 2], numbers(), None, missing=[0])


def changes():
    return Differences(numbers(), np.ones(3))


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("inputs", [gaps, changes])
def test_reset_begins_anew_where_asked_and_nowhere_else(cell, inputs, rng):
    layer = inputs()
    model = build(layer, n_features=layer.n_outputs, cell=cell, pooling="concat")
    x = torch.as_tensor(rng.normal(size=(2, 6, 3)), dtype=torch.float32)
    if inputs is gaps:
        x[0, 3, 0] = torch.nan  # what was known before the reset must not come back
    stream = ModelStream(model, 2)
    for x_t in x[:, :3].unbind(1):
        stream.step(x_t)
    stream.reset(torch.tensor([True, False]))
    for x_t in x[:, 3:].unbind(1):
        last = stream.step(x_t)
    with torch.no_grad():
        assert_allclose(last[0], model(x[:1, 3:])[0], rtol=1e-5, atol=1e-6)
        assert_allclose(last[1], model(x[1:])[0], rtol=1e-5, atol=1e-6)


def test_the_model_is_copied(rng):
    model = build(numbers(), normalization="layer")
    x = torch.as_tensor(rng.normal(size=(1, 3, 3)), dtype=torch.float32)
    expected, stream = streamed(model, x), ModelStream(model, 1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(1.0)
    assert_allclose([stream.step(x_t) for x_t in x.unbind(1)], expected)


def test_double_precision(rng):
    model = build(numbers(), pooling="concat").double()
    x = torch.as_tensor(rng.normal(size=(2, 5, 3)))
    assert_allclose(streamed(model, x), outputs_of_prefixes(model, x), rtol=1e-12)
