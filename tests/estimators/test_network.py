"""From options to the torch module."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.data import Anchor, as_sequences, no_anchor, view_windows
from sklstm.estimators.inputs import InputOptions, build_inputs
from sklstm.estimators.network import NetworkOptions, build_network
from sklstm.estimators.part import Part

X = np.random.default_rng(0).normal(size=(20, 5, 3)) * [1, 10, 100] + [0, 5, -7]


INPUTS = InputOptions(
    anchor=no_anchor(1),
    categorical=(),
    embedding_size="auto",
    encoding="auto",
    standardize=True,
    differences=False,
    indicates_missing=False,
)
NETWORK = NetworkOptions(
    hidden_layer_sizes=(4,),
    dense_layer_sizes=(),
    cell="lstm",
    activation="tanh",
    bidirectional=False,
    pooling="concat",
    normalization="auto",
    dropout=0.0,
    patch_size="auto",
    random_crop=0.0,
    tells_numbers=True,
    mixed_precision=False,
)


def build(X=X, weight=None, relative=(), standardize=True, **changed):
    train = Part(as_sequences(X, "float64"), np.zeros(len(X)), weight)
    anchor = Anchor(np.array(list(relative) or [-1]), np.zeros(1), np.zeros(1))
    options = replace(INPUTS, anchor=anchor, standardize=standardize)
    inputs = build_inputs(options, train.sequences, weight)
    return build_network(replace(NETWORK, **changed), inputs, train, 2).double()


def n_trainable(module):
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def n_recurrent(X=X, **parameters):
    return n_trainable(build(X=X, **parameters).recurrent)


@pytest.mark.parametrize(
    ("parameters", "n_features", "expected"),
    [
        ({"hidden_layer_sizes": (50,)}, 1, 10_400),
        ({"hidden_layer_sizes": (50,), "cell": "rnn"}, 1, 2_600),
        # the reset gate scales the recurrent bias of the candidate: two bias vectors
        ({"hidden_layer_sizes": (50,), "cell": "gru"}, 1, 3 * ((50 + 1) * 50 + 50 + 50)),
        ({"hidden_layer_sizes": (50, 256)}, 1, 10_400 + 4 * ((50 + 256) * 256 + 256)),
        ({"hidden_layer_sizes": (8,), "bidirectional": True}, 3, 2 * 4 * ((3 + 8) * 8 + 8)),
        (
            {"hidden_layer_sizes": (8, 4), "bidirectional": True, "cell": "rnn"},
            3,
            2 * ((3 + 8) * 8 + 8) + 2 * ((16 + 4) * 4 + 4),
        ),
    ],
    ids=str,
)
def test_number_of_recurrent_parameters(parameters, n_features, expected):
    assert n_recurrent(X=np.ones((2, 3, n_features)), **parameters) == expected


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"pooling": "last"}, 4 * 2 + 2),
        ({"pooling": "concat"}, 3 * 4 * 2 + 2),
        ({"pooling": "concat", "bidirectional": True}, 6 * 4 * 2 + 2),
        ({"pooling": "mean"}, 4 * 2 + 2),
        ({"pooling": "last", "dense_layer_sizes": (7, 5)}, (4 * 7 + 7) + (7 * 5 + 5) + (5 * 2 + 2)),
    ],
    ids=str,
)
def test_number_of_parameters_of_the_head(parameters, expected):
    assert n_trainable(build(**parameters).head) == expected


@pytest.mark.parametrize("sizes", [4, np.int64(4), [4], (4,), np.array([4])], ids=repr)
def test_spellings_of_one_width(sizes):
    model = LSTMRegressor(sizes, dense_layer_sizes=sizes, max_epochs=1).fit(X, X[:, 0, 0])
    assert [layer.n_outputs for layer in model.module_.recurrent] == [4]
    assert model.module_.head.dense[0].out_features == 4


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden_layer_sizes": ()}, "'hidden_layer_sizes'.*not empty"),
        ({"hidden_layer_sizes": (3, 0)}, "'hidden_layer_sizes'.*0 is no positive int"),
        ({"dense_layer_sizes": (0,)}, "'dense_layer_sizes'.*0 is no positive int"),
        ({"dense_layer_sizes": (3, "3")}, "'dense_layer_sizes'.* '3' is no"),
    ],
)
def test_no_widths(parameters, message):
    with pytest.raises(ValueError, match=message):
        LSTMRegressor(**parameters).fit(X, X[:, 0, 0])


@pytest.mark.parametrize("estimator", [LSTMRegressor, LSTMClassifier])
@pytest.mark.parametrize(
    ("parameters", "kind", "number"),
    [
        ({"cell": "lstm"}, nn.LSTM, 1),
        ({"cell": "gru"}, nn.GRU, 1),
        ({"cell": "rnn"}, nn.RNN, 1),
        ({"hidden_layer_sizes": (4, 3, 2)}, nn.LSTM, 3),
        ({"bidirectional": True}, nn.LSTM, 2),
        ({"normalization": "layer"}, nn.LayerNorm, 1),
        ({"normalization": None}, nn.LayerNorm, 0),
        ({"normalization": "batch", "hidden_layer_sizes": (4, 3)}, nn.BatchNorm1d, 3),
        ({"dense_layer_sizes": (5, 4)}, nn.Linear, 3),
    ],
    ids=str,
)
def test_parameters_reach_the_fitted_module(estimator, parameters, kind, number):
    small = {"hidden_layer_sizes": 4, "bidirectional": False, "max_epochs": 1, "random_state": 0}
    options = {**small, **parameters}
    model = estimator(**options).fit(X, np.arange(20) % 2)
    assert sum(isinstance(part, kind) for part in model.module_.modules()) == number


def test_dropout_reaches_the_module_and_acts_in_training_alone():
    model = build(dropout=0.5, dense_layer_sizes=(6,))
    assert model.dropout == model.head.dropout == 0.5
    x = torch.as_tensor(X)
    model.train()
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_precision(precision):
    options = {"bidirectional": True, "normalization": "batch", "subtract_last": True}
    model = LSTMRegressor(4, precision=precision, max_epochs=1, **options).fit(X, X[:, 0, 0])
    floating = [t for t in model.module_.state_dict().values() if t.is_floating_point()]
    assert {t.dtype for t in floating} == {getattr(torch, precision)}


def test_input_is_scaled_by_the_moments_of_the_sequences():
    inputs = build().inputs
    assert_allclose(inputs.mean, X.mean(axis=(0, 1)), rtol=1e-5, atol=1e-6)
    assert_allclose(inputs.scale, X.std(axis=(0, 1)), rtol=1e-5)


def test_input_is_scaled_by_weighted_moments():
    weight = np.zeros(20)
    weight[:5] = 1
    inputs = build(weight=weight).inputs
    assert_allclose(inputs.mean, X[:5].mean(axis=(0, 1)), rtol=1e-4, atol=1e-5)


def test_input_relative_to_the_last_step():
    model = build(relative=[1])
    x = torch.as_tensor(X)
    shifted = x + torch.tensor([0.0, 1234.5, 0.0])
    assert_allclose(model(shifted).detach(), model(x).detach(), rtol=1e-9)
    other = x + torch.tensor([1234.5, 0.0, 0.0])
    assert not torch.allclose(model(other), model(x))


def test_standardize_off():
    inputs = build(standardize=False).inputs
    assert_array_equal(inputs.mean, 0)
    assert_array_equal(inputs.scale, 1)


LONG = np.random.default_rng(0).normal(size=(460, 1))
WINDOWS, WHOLE = view_windows(LONG, 440), LONG[:440].reshape(2, 220, 1)


@pytest.mark.parametrize(
    ("estimator", "X", "changed", "patch_size", "normalization"),
    [
        (LSTMRegressor, WINDOWS, {}, 7, "layer"),
        (LSTMRegressor, WINDOWS.copy(), {}, 7, "layer"),
        (LSTMRegressor, WHOLE, {}, 2, None),
        (LSTMRegressor, list(WHOLE), {}, 2, None),
        (LSTMRegressor, WHOLE, {"return_sequences": True}, 1, "layer"),
        (LSTMRegressor, WHOLE[:, :191], {}, 1, None),
        (LSTMRegressor, WHOLE[:, :95], {}, 1, None),
        (LSTMRegressor, view_windows(LONG[:110], 95), {}, 1, "layer"),
        (LSTMRegressor, WHOLE, {"normalization": "layer", "patch_size": 3}, 3, "layer"),
        (LSTMRegressor, WINDOWS, {"normalization": None, "patch_size": 3}, 3, None),
        (LSTMClassifier, WINDOWS, {}, 7, "layer"),
        (LSTMClassifier, WHOLE, {}, 3, "layer"),
    ],
)
def test_what_auto_makes_of_sequences(estimator, X, changed, patch_size, normalization):
    options = {"hidden_layer_sizes": 4, "max_epochs": 1, "random_state": 0, **changed}
    y = np.arange(len(X)) % 2
    if "return_sequences" in changed:
        y = np.repeat(y[:, None], X.shape[1], axis=1)
    model = estimator(**options).fit(X, y)
    assert model.module_.patches.size == patch_size
    norms = [part for part in model.module_.modules() if isinstance(part, nn.LayerNorm)]
    assert len(norms) == (normalization == "layer")


# ---------------------------------------------------------------- random crops

ENCODED = np.random.default_rng(0).integers(5, size=(60, 40, 1)).astype(float)
SMOOTH = np.random.default_rng(0).normal(size=(60, 40, 1))


@pytest.mark.parametrize(
    ("X", "changed", "share"),
    [
        (SMOOTH, {}, 0.2),
        (SMOOTH[:, 1:], {}, 0.0),
        ([*SMOOTH[:30], *SMOOTH[30:, 5:]], {}, 0.2),
        (SMOOTH, {"random_crop": 0.3}, 0.3),
        (SMOOTH, {"random_crop": 0}, 0.0),
        (SMOOTH, {"missing_values": "indicator"}, 0.2),
        (SMOOTH, {"standardize": False}, 0.2),
        (SMOOTH, {"return_sequences": True}, 0.0),
        (SMOOTH, {"return_sequences": True, "random_crop": 0.3}, 0.0),
        (ENCODED, {}, 0.0),
        ((ENCODED > 2).astype(float), {}, 0.0),
        (np.concatenate([SMOOTH, ENCODED > 2], axis=2), {}, 0.0),
        (np.concatenate([SMOOTH, np.ones_like(SMOOTH)], axis=2), {}, 0.2),
        ((ENCODED > 2).astype(float), {"random_crop": 0.2}, 0.2),
        (ENCODED, {"random_crop": 0.3}, 0.3),
        (ENCODED, {"categorical_features": [0]}, 0.0),
        (ENCODED, {"feature_encoding": "standard"}, 0.2),
        (np.concatenate([SMOOTH, ENCODED], axis=2), {"categorical_features": [1]}, 0.0),
    ],
)
def test_what_is_left_out_at_the_head_in_training(X, changed, share):
    y = np.arange(60 * 40).reshape(60, 40) % 2
    options = {"hidden_layer_sizes": 4, "max_epochs": 1, "random_state": 0, **changed}
    model = LSTMClassifier(**options).fit(
        X, y if "return_sequences" in changed else np.arange(60) % 2
    )
    assert model.module_.crop.share == share


def forget_biases(module, n_hidden=32):
    return module.recurrent[0].forward_layer.bias_ih_l0[n_hidden : 2 * n_hidden].detach()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("pooling", ["last", None])
def test_units_remember_where_each_output_is_told_from_one_state(weighted, pooling):
    lengths = np.repeat([10, 70], [4, 2])
    X, weight = [np.zeros((length, 3)) for length in lengths], None
    if weighted:  # a sample of weight two is two samples
        X, weight = [X[0], X[-1]], np.array([4.0, 2.0])
    patch_size = 3 if pooling else 1
    options = {"hidden_layer_sizes": (32,), "patch_size": patch_size, "pooling": pooling}
    module = build(X=X, weight=weight, **options)
    n_groups = 30 / patch_size  # up to the mean length
    longest = n_groups - (n_groups - 2) / 8 / 2
    assert_allclose(forget_biases(module).exp().max(), longest - 1, rtol=1e-5)


NOISE = np.random.default_rng(0).normal(size=(5, 3, 3))


@pytest.mark.parametrize("pooling", ["mean", "max", "concat"])
def test_units_start_otherwise_where_all_states_feed_the_output(pooling):
    numbers = build(hidden_layer_sizes=(32,), pooling=pooling)
    assert_allclose(forget_biases(numbers), np.linspace(-2, 2, 32), atol=1e-6)
    classes = LSTMClassifier(32, max_epochs=1, learning_rate=1e-9, pooling=pooling, device="cpu")
    classes.fit(X, np.arange(20) % 2)
    assert_allclose(forget_biases(classes.module_), np.linspace(-4, 2, 32), atol=1e-6)
    last = build(hidden_layer_sizes=(32,), pooling="last", X=NOISE)
    wide, narrow, less = (
        model.recurrent[0].forward_layer.weight_ih_l0.abs().max().item()
        for model in (last, numbers, classes.module_)
    )
    assert 0.9 < narrow / (0.25 * wide) < 1.1
    assert 0.4 < less / wide < 0.6


def test_networks_without_gates_start_as_ever():
    gains = [
        build(cell="rnn", hidden_layer_sizes=(32,), pooling=pooling, X=NOISE)
        .recurrent[0]
        .forward_layer.weight_ih_l0.abs()
        .max()
        .item()
        for pooling in ("last", "concat")
    ]
    assert 0.9 < gains[1] / gains[0] < 1.1


def test_predictions_see_whole_sequences():
    y = (SMOOTH[:, 0, 0] > 0).astype(int)  # the step that most batches do not see
    options = {"hidden_layer_sizes": 8, "max_epochs": 100, "random_state": 0}
    model = LSTMClassifier(**options, random_crop=0.5).fit(SMOOTH, y)
    changed = SMOOTH.copy()
    changed[:, 0] *= -1
    assert not np.array_equal(model.predict_proba(changed), model.predict_proba(SMOOTH))
    assert_array_equal(model.predict_proba(SMOOTH), model.predict_proba(SMOOTH))
