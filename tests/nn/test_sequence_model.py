import numpy as np
import pytest
import torch

from sklstm.nn import SequenceModel, Standardize, Start

MEAN, SCALE = np.array([0.5, -1.0]), np.array([2.0, 0.5])
LENGTHS = [6, 1, 4, 3, 6]


def make_model(rng, **changes):
    options = {
        "hidden_layer_sizes": (4, 3),
        "cell": "lstm",
        "bidirectional": False,
        "pooling": "last",
        "dense_layer_sizes": (),
        "normalization": None,
        "dropout": 0.0,
        **changes,
    }
    model = SequenceModel(Standardize(MEAN, SCALE, [1]), 3, **options).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.as_tensor(0.3 * rng.normal(size=parameter.shape)))
    return model


def make_batch(rng, padding=0.0):
    x = rng.normal(size=(len(LENGTHS), max(LENGTHS), 2))
    for i, length in enumerate(LENGTHS):
        x[i, length:] = padding
    return torch.as_tensor(x)


def predict(model, x, lengths=None):
    model.eval()
    with torch.no_grad():
        return model(x, None if lengths is None else torch.tensor(lengths)).numpy()


def predict_naively(reference, model, x, *, cell, bidirectional, pooling, normalization):
    """Compute the output of one sequence without padding, (time, features)."""

    def normalize(number, values):
        if normalization is None or (normalization == "layer" and number == 0):
            return values
        norm = (model.norms[number - 1] if number else model.input_norm).norm
        weight, bias = norm.weight.detach().numpy(), norm.bias.detach().numpy()
        if normalization == "layer":
            mean, var = values.mean(1, keepdims=True), values.var(1, keepdims=True)
        else:
            mean, var = norm.running_mean.numpy(), norm.running_var.numpy()
        return (values - mean) / np.sqrt(var + 1e-5) * weight + bias

    x = (x - np.array([0.0, x[-1, 1]]) - MEAN) / SCALE  # feature 1 is relative
    states = normalize(0, x)
    for number, layer in enumerate(model.recurrent, start=1):
        states = normalize(number, reference.layer_of(cell, layer).forward(states))
    half = states.shape[1] // 2
    last = np.concatenate([states[-1, :half], states[0, half:]]) if bidirectional else states[-1]
    pooled = {"last": [last], "mean": [states.mean(0)], "max": [states.max(0)]}
    pooled["concat"] = [part for parts in pooled.values() for part in parts]
    value = np.concatenate(pooled[pooling])
    for layer in model.head.dense:
        value = layer.weight.detach().numpy() @ value + layer.bias.detach().numpy()
        value = np.maximum(value, 0.0)
    return (
        model.head.output.weight.detach().numpy() @ value + model.head.output.bias.detach().numpy()
    )


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", ["last", "mean", "max", "concat"])
@pytest.mark.parametrize("normalization", [None, "layer", "batch"])
def test_whole_model_agrees_with_reference(
    reference, rng, cell, bidirectional, pooling, normalization
):
    options = {
        "cell": cell,
        "bidirectional": bidirectional,
        "pooling": pooling,
        "normalization": normalization,
    }
    model = make_model(rng, dense_layer_sizes=(5,), dropout=0.5, **options)
    x = make_batch(rng, padding=1e3)
    model(x, torch.tensor(LENGTHS))  # running statistics of batch normalisation move
    found = predict(model, x, LENGTHS)
    for i, length in enumerate(LENGTHS):
        expected = predict_naively(reference, model, x[i, :length].numpy(), **options)
        np.testing.assert_allclose(found[i], expected, rtol=1e-9, atol=1e-12)


DESIGNS = [
    {},
    {"bidirectional": True, "pooling": "concat", "normalization": "batch"},
    {"cell": "gru", "normalization": "layer", "dense_layer_sizes": (4,), "dropout": 0.4},
    {"cell": "rnn", "bidirectional": True, "pooling": "mean"},
]
designs = pytest.mark.parametrize("design", DESIGNS)
# in float32 rounding may depend on the batch, by no more than float32 rounds
precisions = pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-11), ("float32", 1e-4)])


@designs
@precisions
def test_prediction_depends_on_its_sequence_only(rng, design, dtype, rtol):
    model = make_model(rng, **design).to(getattr(torch, dtype))
    x = make_batch(rng).to(getattr(torch, dtype))
    together = predict(model, x, LENGTHS)
    order = [3, 0, 4, 2, 1]
    shuffled = predict(model, x[order], [LENGTHS[i] for i in order])
    np.testing.assert_allclose(shuffled, together[order], rtol=rtol, atol=rtol)
    for i, length in enumerate(LENGTHS):
        alone = predict(model, x[i : i + 1, :length])
        np.testing.assert_allclose(alone[0], together[i], rtol=rtol, atol=rtol)
    longer = torch.cat([x, torch.full((len(x), 3, 2), 1e4, dtype=x.dtype)], dim=1)
    np.testing.assert_allclose(predict(model, longer, LENGTHS), together, rtol=rtol, atol=rtol)


@designs
@pytest.mark.parametrize("padding", [1e6, np.inf, np.nan])
def test_padding_reaches_neither_outputs_nor_gradients(design, padding):
    found = []
    for content in (0.0, padding):
        torch.manual_seed(0)  # initial weights and dropout
        model = make_model(np.random.default_rng(1), **design)
        x = make_batch(np.random.default_rng(2), content).requires_grad_()
        output = model.train()(x, torch.tensor(LENGTHS))
        (output**2).sum().backward()
        grads = [p.grad.numpy() for p in model.parameters() if p.requires_grad]
        found.append([output.detach().numpy(), *grads])
        for i, length in enumerate(LENGTHS):
            assert (x.grad[i, length:] == 0).all()
    for mine, theirs in zip(*found, strict=True):
        assert np.isfinite(theirs).all()
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("part", ["recurrent", "dense"])
def test_dropout_acts_in_training_only(rng, part):
    dense_layer_sizes = (50,) if part == "dense" else ()
    model = make_model(rng, dense_layer_sizes=dense_layer_sizes, dropout=0.5)
    x = make_batch(rng)
    with torch.no_grad():
        first, second = (model.train()(x, torch.tensor(LENGTHS)) for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(predict(model, x, LENGTHS), predict(model, x, LENGTHS))
    model.dropout = model.head.dropout = 0.0
    with torch.no_grad():
        third, fourth = (model.train()(x, torch.tensor(LENGTHS)) for _ in range(2))
    assert torch.equal(third, fourth)


def test_layer_normalization_leaves_something_of_a_single_feature(rng):
    inputs = Standardize(np.zeros(1), np.ones(1))
    options = {"cell": "lstm", "bidirectional": False, "pooling": "last", "dropout": 0.0}
    options |= {"hidden_layer_sizes": (4,), "dense_layer_sizes": (), "normalization": "layer"}
    output = predict(SequenceModel(inputs, 1, **options).double(), make_batch(rng)[..., :1])
    assert len(np.unique(output.round(6))) == len(LENGTHS)


def test_all_layers_start_as_they_are_told():
    options = {
        "hidden_layer_sizes": (64, 32),
        "cell": "lstm",
        "bidirectional": True,
        "pooling": "concat",
        "dense_layer_sizes": (),
        "normalization": None,
        "dropout": 0.0,
    }
    scaled = Standardize(MEAN, SCALE)
    usual = SequenceModel(scaled, 3, **options)
    told = SequenceModel(scaled, 3, **options, start=Start(keep_biases=(-1.0, 0.0)))
    for model, expected in ((usual, (1, 1)), (told, (-1, 0))):
        for layer, n_hidden in zip(model.recurrent, (64, 32), strict=True):
            for part in (layer.forward_layer, layer.backward_layer):
                biases = part.bias_ih_l0[n_hidden : 2 * n_hidden].tolist()
                assert (biases[0], biases[-1]) == expected


def test_all_trainable_parameters_get_a_gradient(rng):
    model = make_model(
        rng, bidirectional=True, pooling="concat", normalization="batch", dense_layer_sizes=(4,)
    )
    model(make_batch(rng), torch.tensor(LENGTHS)).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name
        if parameter.requires_grad:
            assert parameter.grad.abs().sum() > 0, name


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # so is what we test
def test_the_default_classifier_s_network_can_be_traced_and_exported(rng):
    options = {"bidirectional": True, "pooling": "concat", "normalization": "layer"}
    model = make_model(rng, dropout=0.3, **options).float().eval()
    x = make_batch(rng).float()
    exact = {"rtol": 1e-5, "atol": 1e-5}  # torch's own layer is another float32
    torch.testing.assert_close(torch.jit.trace(model, x)(x[1:]), model(x[1:]), **exact)
    torch.testing.assert_close(torch.export.export(model, (x,)).module()(x), model(x), **exact)
    # lengths are an input, and not of one batch size
    lengths = torch.tensor(LENGTHS)
    traced = torch.jit.trace(model, (x[:2], lengths[:2]), check_trace=False)
    torch.testing.assert_close(traced(x, lengths), model(x, lengths), **exact)
    # what drops units cannot be compared with anything, but has to get through
    torch.export.export(model.train(), (x,))


def test_hooks_of_a_layer_are_called_where_its_last_state_alone_is_wanted(rng):
    model, x, seen = make_model(rng, pooling="last"), make_batch(rng), []
    before = predict(model, x, LENGTHS)
    for layer in model.recurrent:
        layer.register_forward_hook(lambda layer, *_: seen.append(layer))
    np.testing.assert_allclose(predict(model, x, LENGTHS), before, rtol=1e-12)
    assert seen == list(model.recurrent)
