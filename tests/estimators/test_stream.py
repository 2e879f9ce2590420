"""Predictions step by step, against predictions for prefixes."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from sklstm import LSTMClassifier, LSTMRegressor

SMALL = {"hidden_layer_sizes": 8, "max_epochs": 2, "random_state": 0}
CAUSAL = {"subtract_last": False, "linear_skip": False}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def X(rng):
    return rng.normal(3.0, 2.0, size=(40, 7, 2))


@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("n_outputs", [(), (2,)])
def test_regression_is_that_of_the_prefix(X, return_sequences, n_outputs):
    y = X.cumsum(axis=1) if n_outputs else X[:, :, 0].cumsum(axis=1)
    model = LSTMRegressor(**SMALL, **CAUSAL, return_sequences=return_sequences)
    model.fit(X, y if return_sequences else y[:, -1])
    stream = model.stream()
    for number, x_t in enumerate(X[0]):
        prefix = model.predict(X[:1, : number + 1])[0]
        expected = prefix[-1] if return_sequences else prefix
        found = stream.step(x_t)
        assert np.shape(found) == n_outputs
        assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "predict_log_proba", "decision_function"]
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_classification_is_that_of_the_prefix(X, method, n_classes):
    y = np.array(["a", "b", "c"])[np.arange(40) % n_classes]
    model = LSTMClassifier(**SMALL, bidirectional=False).fit(X, y)
    stream = model.stream(3, method)
    for number in range(7):
        found = stream.step(X[:3, number])
        expected = getattr(model, method)(X[:3, : number + 1])
        assert found.shape == expected.shape
        if method == "predict":
            assert_array_equal(found, expected)
        else:
            assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_quantiles(X):
    model = LSTMRegressor(
        **SMALL, **CAUSAL, loss="quantile", quantile=(0.1, 0.9), return_sequences=True
    ).fit(X, X[:, :, 0])
    stream = model.stream(method="predict_quantiles")
    steps = [stream.step(x_t) for x_t in X[0]]
    assert_allclose(steps, model.predict_quantiles(X[:1])[0], rtol=1e-6)


@pytest.mark.parametrize("estimator", [LSTMRegressor, LSTMClassifier])
@pytest.mark.parametrize("value", [3.4e38, -3.4e38])
def test_a_value_at_the_edge_of_float32_makes_no_nan(X, estimator, value):
    y = X[:, -1, 0] > 3
    model = estimator(**SMALL, **CAUSAL if estimator is LSTMRegressor else {"bidirectional": False})
    model.fit(X / 100, y)
    method = "predict" if estimator is LSTMRegressor else "predict_proba"
    far = X[:1] / 100
    far[0, 3, 1] = value
    found = getattr(model, method)(far)
    assert np.isfinite(found).all()
    stream = model.stream(1, method)
    for x_t in far[0]:
        last = stream.step(x_t[None])
    assert_allclose(last, found, rtol=1e-5)


@pytest.mark.parametrize("set_default", [torch.set_default_dtype, torch.set_default_device])
def test_what_torch_makes_else_does_not_matter(X, set_default):
    model = LSTMRegressor(**SMALL, return_sequences=True).fit(X, X[:, :, 0])
    expected = model.predict(X[:1])[0]
    before = torch.get_default_dtype(), torch.get_default_device()
    changed = torch.float64 if set_default is torch.set_default_dtype else "meta"
    set_default(changed)
    try:
        stream = model.stream()
        steps = [stream.step(x_t) for x_t in X[0]]
    finally:
        torch.set_default_dtype(before[0])
        torch.set_default_device(None)
    assert_allclose(steps, expected, rtol=1e-6)


def test_reset(X):
    model = LSTMRegressor(**SMALL, return_sequences=True).fit(X, X[:, :, 0])
    stream = model.stream(2)
    first = stream.step(X[:2, 0])
    stream.step(X[:2, 1])
    stream.reset()
    assert_array_equal(stream.step(X[:2, 0]), first)
    second = stream.step(X[:2, 1])
    stream.reset([0])
    assert_array_equal(stream.step(X[:2, 0])[0], first[0])
    assert second.shape == (2,)
    stream.reset([])
    assert_allclose(stream.step(X[:2, 1])[0], second[0], rtol=1e-6)


@pytest.mark.parametrize("changed", [{}, {"warm_start": True}, {"loss": "gaussian"}])
def test_a_stream_outlives_a_further_fit(X, changed):
    model = LSTMRegressor(**SMALL, return_sequences=True).fit(X, X[:, :, 0])
    before, stream = model.predict(X[:1])[0], model.stream()
    model.set_params(**changed).fit(X, (1 if changed else 100) * X[:, :, 0] + 50)
    assert_allclose([stream.step(x_t) for x_t in X[0]], before, rtol=1e-6)


def test_a_stream_of_labels_outlives_a_fit_to_others(X):
    y = np.array(["a", "b", "c", "d"])[np.arange(40) % 4]
    model = LSTMClassifier(**SMALL, bidirectional=False).fit(X, y)
    stream, before = model.stream(method="predict_proba"), model.predict_proba(X[:1, :1])
    model.fit(X, np.where(y == "a", "x", "y"))
    assert_allclose(stream.step(X[0, 0]), before[0], rtol=1e-6)


def test_a_series_of_numbers_comes_as_numbers(rng):
    series = rng.normal(size=(30, 5))
    model = LSTMRegressor(**SMALL, return_sequences=True).fit(series, series)
    stream = model.stream()
    assert_allclose([stream.step(x) for x in series[0]], model.predict(series[:1])[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "changed", "message"),
    [
        (LSTMClassifier, {"bidirectional": True}, "backwards too.*bidirectional=False"),
        (LSTMRegressor, {"subtract_last": True, "linear_skip": False}, "subtract_last=False"),
        (LSTMRegressor, {"linear_skip": True, "subtract_last": False}, "linear_skip=False"),
        (LSTMRegressor, {"patch_size": 2, **CAUSAL}, "patch_size=1"),
        (
            LSTMRegressor,
            {"subtract_last": True, "linear_skip": True},
            "Fit it with subtract_last=False, linear_skip=False",
        ),
    ],
)
def test_what_needs_the_whole_sequence_is_refused(X, kind, changed, message):
    y = np.arange(40) % 2 if kind is LSTMClassifier else X[:, -1, 0]
    with pytest.raises(ValueError, match=message):
        kind(**SMALL, **changed).fit(X, y).stream()


class Own(nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.layer = nn.Linear(n_features, n_outputs)

    def forward(self, x, lengths):
        return self.layer(x[:, 0])


def test_an_own_module_is_refused(X):
    with pytest.raises(ValueError, match="network of your own"):
        LSTMRegressor(**SMALL, module=Own).fit(X, X[:, 0, 0]).stream()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_streams": 0}, "'n_streams' parameter must be a positive int. Got 0"),
        ({"method": "predict_proba"}, "method must be one of predict. Got 'predict_proba'"),
        ({"n_streams": True}, "'n_streams' parameter must be a positive int. Got True"),
        ({"method": "fit"}, "method must be one of"),
    ],
)
def test_arguments(X, arguments, message):
    model = LSTMRegressor(**SMALL, return_sequences=True).fit(X, X[:, :, 0])
    with pytest.raises(ValueError, match=message):
        model.stream(**arguments)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([1.0], r"of shape \(2,\). Got shape \(1,\)"),
        ([[1.0, 2.0]], r"of shape \(2,\)"),
        ([1.0, np.nan], r"finite numbers. Got nan at \(1,\)"),
        ([np.inf, 1.0], "finite numbers. Got inf"),
        ([1e300, 1.0], "finite numbers. Got inf"),
    ],
)
def test_a_bad_step_changes_nothing(X, x, message):
    model = LSTMRegressor(**SMALL, return_sequences=True).fit(X, X[:, :, 0])
    stream = model.stream()
    stream.step(X[0, 0])
    with pytest.raises(ValueError, match=message):
        stream.step(x)
    assert_allclose(stream.step(X[0, 1]), model.predict(X[:1])[0, 1], rtol=1e-6)


def test_missing_values_are_carried_on(X):
    gaps = X.copy()
    gaps[:, 2:4, 0] = np.nan
    model = LSTMRegressor(**SMALL, return_sequences=True, missing_values="indicator")
    stream = model.fit(gaps, X[:, :, 0]).stream()
    steps = [stream.step(x_t) for x_t in gaps[0]]
    assert_allclose(steps, model.predict(gaps[:1])[0], rtol=1e-6)


def test_steps_are_read_within_the_limits_of_fit(X):
    X[3, 2, 0] = X[0, 4, 0] = -9999.0
    model = LSTMRegressor(**SMALL, return_sequences=True).fit(X, X[:, :, 1])
    assert np.isfinite(model.input_limits_).tolist() == 2 * [[True, False]]
    stream = model.stream()
    steps = [stream.step(x_t) for x_t in X[0]]
    assert_allclose(steps, model.predict(X[:1])[0], rtol=1e-6)


def test_not_fitted():
    with pytest.raises(ValueError, match="not fitted"):
        LSTMRegressor().stream()


def test_columns_must_be_those_of_fit(X):
    frames = [pd.DataFrame(x, columns=["p", "q"]) for x in X]
    model = LSTMRegressor(**SMALL, return_sequences=True).fit(frames, X[:, :, 0])
    expected = model.predict(frames[:1])[0][0]
    assert_allclose(model.stream().step(frames[0].iloc[0]), expected, rtol=1e-6)
    assert_allclose(model.stream(1).step(frames[0].iloc[:1]), [expected], rtol=1e-6)
    assert_allclose(model.stream().step(list(X[0, 0])), expected, rtol=1e-6)
    for x in (frames[0].iloc[0][["q", "p"]], frames[0].iloc[0].rename({"p": "r"})):
        with pytest.raises(ValueError, match=r"columns of fit, in their order: \['p', 'q'\]"):
            model.stream().step(x)


def test_dates_are_no_features(X):
    model = LSTMRegressor(**SMALL, return_sequences=True).fit(X, X[:, :, 0])
    with pytest.raises(ValueError, match="x holds dates"):
        model.stream().step(np.array(["2020-01-01"] * 2, dtype="M8[D]"))


def test_autocast_of_the_caller_changes_no_step(X):
    model = LSTMClassifier(
        **SMALL, cell="rnn", bidirectional=False, patch_size=1, dense_layer_sizes=(4,)
    ).fit(X, X[:, 0, 0] > 3)
    expected = model.stream(method="predict_proba").step(X[0, 0])
    with torch.autocast("cpu", torch.bfloat16):
        found = model.stream(method="predict_proba").step(X[0, 0])
    assert_array_equal(found, expected)


def test_streams_go_in_and_out_of_inference_mode(X):
    y = X[:, 0, 0] > 3
    model = LSTMClassifier(**SMALL, bidirectional=False, patch_size=1).fit(X, y)
    expected = model.stream(method="predict_proba")
    with torch.inference_mode():
        stream = model.stream(method="predict_proba")
    assert_array_equal(stream.step(X[0, 0]), expected.step(X[0, 0]))
    with torch.inference_mode():
        assert_array_equal(stream.step(X[0, 1]), expected.step(X[0, 1]))
    stream.reset()
    expected.reset()
    assert_array_equal(stream.step(X[1, 0]), expected.step(X[1, 0]))


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_stream_is_neither_copied_nor_pickled(X, duplicate, precision):
    model = LSTMRegressor(**SMALL, return_sequences=True, precision=precision)
    stream = model.fit(X, X[:, :, 0]).stream()
    with pytest.raises(TypeError, match="A stream can neither be pickled nor copied"):
        duplicate(stream)


def test_words_are_no_features(X):
    stream = LSTMRegressor(**SMALL, return_sequences=True).fit(X, X[:, :, 0]).stream()
    with pytest.raises(ValueError, match="x must hold numbers"):
        stream.step(["a", 2])


@pytest.mark.parametrize("streams", [[5], [-1], [1.0], "a"])
def test_streams_that_are_none(X, streams):
    stream = LSTMRegressor(**SMALL, return_sequences=True).fit(X, X[:, :, 0]).stream(3)
    stream.reset(0)
    stream.reset([True, False, True])
    with pytest.raises(ValueError, match="streams must be numbers from 0 to 2"):
        stream.reset(streams)


def test_masked_values_are_refused_and_tensors_are_read(rng):
    X = rng.normal(size=(20, 5, 2))
    model = LSTMRegressor(
        4, max_epochs=2, subtract_last=False, linear_skip=False, patch_size=1, random_state=0
    ).fit(X, X[:, 0, 0])
    stream = model.stream()
    with pytest.raises(ValueError, match="x holds masked values"):
        stream.step(np.ma.masked_equal([1.0, -999.0], -999.0))
    told = stream.step(torch.ones(2, dtype=torch.bfloat16, requires_grad=True))
    assert told == model.stream().step(np.ones(2))
