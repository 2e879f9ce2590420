"""Losses, units and anchors of the regressor."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import MinMaxScaler

from sklstm import LSTMRegressor, LSTMSeq2SeqRegressor, SlidingWindowTransformer, make_windows
from sklstm.training import runtime

TINY = {"hidden_layer_sizes": 4, "max_epochs": 2, "random_state": 0, "device": "cpu"}
# few steps of a small network that learn what the tests ask for
QUICK = {
    "hidden_layer_sizes": 8,
    "max_epochs": 20,
    "batch_size": 32,
    "learning_rate": 0.03,
    "random_state": 0,
    "subtract_last": False,
}


def samples(n_samples=200, n_features=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 4, n_features))
    return X, X[:, -2:, 0].sum(axis=1)


def tiny(**parameters):
    return LSTMRegressor(**{**TINY, **parameters})


def quick(**parameters):
    return LSTMRegressor(**{**QUICK, **parameters})


# ---------------------------------------------------------------- losses


@pytest.mark.parametrize(
    "loss", ["squared_error", "absolute_error", "huber", "quantile", "gaussian"]
)
def test_every_loss_learns(loss):
    X, y = samples(200)
    model = quick(loss=loss).fit(X[:150], y[:150])
    assert model.score(X[150:], y[150:]) > 0.9
    assert model.loss_curve_[-1] < model.loss_curve_[0]


def test_poisson_learns_a_positive_rate():
    X, signal = samples(500)
    rate = np.exp(1 + 0.8 * signal)
    y = np.random.default_rng(1).poisson(rate)
    model = quick(loss="poisson", learning_rate=0.05).fit(X, y)
    predicted = model.predict(X)
    assert (predicted > 0).all()
    assert np.corrcoef(np.log(predicted), np.log(rate))[0, 1] > 0.95
    assert predicted.mean() == pytest.approx(y.mean(), rel=0.15)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_poisson_rates_are_in_units_of_y(scale):
    X, signal = samples(300)
    y = scale * np.exp(signal)
    predicted = quick(loss="poisson", learning_rate=0.05).fit(X, y).predict(X)
    assert np.corrcoef(np.log(predicted), signal)[0, 1] > 0.95
    assert predicted.mean() == pytest.approx(y.mean(), rel=0.2)


def skewed(n_samples=400, seed=0):
    """Targets whose mean, median and quantiles differ, and that X tells nothing about."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_samples, 2, 1)), rng.exponential(size=n_samples)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("squared_error", 1.0),
        ("gaussian", 1.0),
        ("absolute_error", np.log(2)),
        ("quantile", np.log(2)),
    ],
)
def test_what_a_loss_predicts(loss, expected):
    X, y = skewed()
    model = quick(loss=loss, hidden_layer_sizes=1, max_epochs=15).fit(X, y)
    assert model.predict(X).mean() == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_quantile_coverage(level):
    X, y = skewed()
    model = quick(loss="quantile", quantile=level, hidden_layer_sizes=1, max_epochs=15).fit(X, y)
    assert (y <= model.predict(X)).mean() == pytest.approx(level, abs=0.06)


@pytest.mark.parametrize("loss", ["quantile", "gaussian"])
def test_several_quantiles(loss):
    X, signal = samples(400)
    noise = np.random.default_rng(1).normal(size=400)
    y = 50 + 10 * (signal + 0.5 * noise)
    levels = (0.1, 0.4, 0.9)
    model = quick(loss=loss, quantile=levels).fit(X, y)
    quantiles = model.predict_quantiles(X)
    assert quantiles.shape == (400, 3)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert_allclose((y[:, None] <= quantiles).mean(axis=0), levels, atol=0.08)
    if loss == "quantile":  # 0.4 is the level nearest to the median
        assert_array_equal(model.predict(X), quantiles[:, 1])


def test_quantiles_of_gaussian_follow_mean_and_std():
    X, y = samples()
    model = tiny(loss="gaussian", quantile=[0.158655254, 0.5, 0.841344746]).fit(X, y)
    mean, std = model.predict(X, return_std=True)
    assert_allclose(
        model.predict_quantiles(X), np.column_stack([mean - std, mean, mean + std]), rtol=1e-6
    )


@pytest.mark.parametrize("loss", ["quantile", "gaussian"])
@pytest.mark.parametrize("quantile", [0.5, [0.5], (0.2, 0.8), np.array([0.1, 0.5, 0.9])])
@pytest.mark.parametrize("n_outputs", [None, 1, 2])
def test_shapes_of_quantiles(loss, quantile, n_outputs):
    X, y = samples(20)
    y = y if n_outputs is None else np.column_stack([y] * n_outputs)
    model = tiny(loss=loss, quantile=quantile).fit(X, y)
    n_quantiles = np.size(quantile)
    shape = (20,) if n_outputs is None else (20, n_outputs)
    assert model.predict(X).shape == shape
    assert model.predict_quantiles(X).shape == (*shape, n_quantiles)
    assert model.predict_quantiles(X[:1]).shape == (1, *shape[1:], n_quantiles)


def test_gaussian_learns_the_noise():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(800, 3, 2))
    spread = np.where(X[:, -1, 1] > 0, 4.0, 1.0)
    y = 100 + 5 * X[:, -1, 0] + spread * rng.normal(size=800)
    mean, std = quick(loss="gaussian").fit(X, y).predict(X, return_std=True)
    assert mean.shape == std.shape == (800,)
    assert std[spread == 4].mean() == pytest.approx(4, rel=0.25)
    assert std[spread == 1].mean() == pytest.approx(1, rel=0.4)
    assert np.abs((y - mean) / std).mean() == pytest.approx(np.sqrt(2 / np.pi), rel=0.15)


def test_shapes_of_std():
    X, y = samples(20)
    for target in (y, y[:, None], np.column_stack([y, -y])):
        mean, std = tiny(loss="gaussian").fit(X, target).predict(X, return_std=True)
        assert mean.shape == std.shape == target.shape
        assert (std > 0).all()


@pytest.mark.parametrize(
    ("loss", "has"),
    [
        ("squared_error", False),
        ("huber", False),
        ("poisson", False),
        ("quantile", True),
        ("gaussian", True),
    ],
)
def test_only_some_losses_have_quantiles(loss, has):
    assert hasattr(tiny(loss=loss), "predict_quantiles") is has


# ---------------------------------------------------------------- outputs and units


def test_several_outputs():
    X, y = samples(200)
    Y = np.column_stack([y, 1000 - 50 * y, np.full(200, 7.0)])
    model = quick().fit(X, Y)
    assert model.n_outputs_ == 3
    predicted = model.predict(X)
    assert predicted.shape == (200, 3)
    assert np.corrcoef(predicted[:, 0], Y[:, 0])[0, 1] > 0.95
    assert np.corrcoef(predicted[:, 1], Y[:, 1])[0, 1] > 0.95
    assert_allclose(predicted[:, 2], 7, atol=0.5)


@pytest.mark.parametrize(
    "loss", ["squared_error", "absolute_error", "huber", "quantile", "gaussian", "poisson"]
)
def test_several_outputs_with_every_loss(loss):
    X, y = samples(30)
    Y = np.abs(np.column_stack([y, 3 * y]))
    model = tiny(loss=loss).fit(X, Y)
    assert model.predict(X).shape == (30, 2)
    assert np.isfinite(model.score(X, Y))


def test_the_shape_of_y_is_that_of_the_prediction():
    X, y = samples(20)
    flat, column = tiny().fit(X, y), tiny().fit(X, y[:, None])
    assert flat.predict(X).shape == (20,)
    assert column.predict(X).shape == (20, 1)
    assert_array_equal(flat.predict(X), column.predict(X)[:, 0])
    assert (flat.n_outputs_, column.n_outputs_) == (1, 1)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "i8", "u1", "bool", "object"])
def test_dtypes_of_y(dtype):
    X, y = samples(20)
    y = (y > 0).astype(dtype)
    predicted = tiny().fit(X, y).predict(X)
    assert predicted.dtype == np.float64
    assert_array_equal(predicted, tiny().fit(X, y.astype(float)).predict(X))


def test_y_as_a_dataframe():
    X, y = samples(20)
    frame = pd.DataFrame({"a": y, "b": -y})
    assert_array_equal(tiny().fit(X, frame).predict(X), tiny().fit(X, frame.to_numpy()).predict(X))


@pytest.mark.parametrize(("shift", "scale"), [(0, 1), (1e6, 1), (-1e6, 1e3), (0, 1e-6), (1e9, 1e9)])
def test_raw_targets_train(shift, scale):
    X, y = samples(200)
    model = quick().fit(X, shift + scale * y)
    assert model.score(X, shift + scale * y) > 0.9
    # the loss is of standardised targets, whatever the units
    assert_allclose(model.loss_curve_, quick().fit(X, y).loss_curve_, rtol=1e-2)


@pytest.mark.parametrize(("shift", "scale"), [(0, 1e6), (1e3, 1), (0, 1e-6), (1e6, 1e4)])
def test_raw_features_train(shift, scale):
    X, y = samples(200)
    model = quick(precision="float64", max_epochs=10).fit(X, y)
    moved = quick(precision="float64", max_epochs=10).fit(shift + scale * X, y)
    assert_allclose(moved.predict(shift + scale * X), model.predict(X), rtol=1e-3, atol=1e-3)


def test_raw_features_train_in_single_precision():
    X, y = samples(200)
    assert quick().fit(1e4 * X + 1e6, y).score(1e4 * X + 1e6, y) > 0.9


def test_features_of_different_scale_train():
    X, y = samples(300, n_features=3)
    X = X * [1e-5, 1e5, 0] + [0, 1e6, 42]
    y = y + X[:, -1, 1] / 1e5
    assert quick().fit(X, y).score(X, y) > 0.9


def test_standardize_can_be_switched_off():
    X, y = samples(30)
    model = tiny(standardize=False, subtract_last=False, linear_skip=False).fit(5 + X, 100 + y)
    assert_array_equal(model.module_.inputs.mean, 0)
    assert_array_equal(model.module_.inputs.scale, 1)
    assert np.abs(model.predict(5 + X)).max() < 50  # far from 100 after two epochs
    assert model.loss_curve_[0] > 5_000  # in squared units of y
    assert np.abs(tiny(subtract_last=False).fit(5 + X, 100 + y).predict(5 + X) - 100).max() < 5


def test_constant_targets():
    X, _ = samples(30)
    assert_allclose(tiny(max_epochs=20).fit(X, np.full(30, 1e6)).predict(X), 1e6, rtol=1e-5)


def test_constant_features():
    X, y = samples(30)
    model = tiny().fit(np.full_like(X, 3e7), y)
    assert np.isfinite(model.predict(np.full_like(X, 3e7))).all()


@pytest.mark.parametrize("value", [0.0, 0.1, 7.0, 1e6])
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"patch_size": 3, "normalization": "batch"},
        {"bidirectional": True, "linear_skip": False},
        {"cell": "gru", "missing_values": "indicator"},
        {"subtract_last": True, "feature_encoding": "quantile"},
    ],
    ids=str,
)
def test_what_is_constant_in_training_is_not_read_later(parameters, value):
    """As by a forest, which never splits it, and by ridge regression."""
    rng = np.random.default_rng(0)
    X, y = samples(30)
    X = np.concatenate([X, np.full_like(X[..., :1], value)], axis=2)
    model = tiny(**parameters).fit(X, y)
    varied = X.copy()
    varied[..., -1] += 100 * rng.normal(size=X.shape[:2])
    assert_allclose(model.predict(varied), model.predict(X), rtol=1e-5)


def test_what_is_constant_in_the_first_batch_alone_is_learnt():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5, 2))
    y = X[..., 1].sum(axis=1)
    model = tiny(hidden_layer_sizes=16, max_epochs=1)
    model.partial_fit(X * [1.0, 0.0], y)
    for _ in range(20):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.8


def test_one_sample():
    model = tiny().fit(np.ones((1, 3, 2)), [5.0])
    assert_allclose(model.predict(np.ones((1, 3, 2))), 5, atol=1)


# ---------------------------------------------------------------- subtract_last


def trend(n_times=200, slope=0.5, seed=0):
    rng = np.random.default_rng(seed)
    return slope * np.arange(n_times) + np.sin(np.arange(n_times)) + 0.1 * rng.normal(size=n_times)


@pytest.mark.parametrize("subtract_last", ["auto", True])
def test_a_trend_is_extrapolated(subtract_last):
    X, y = make_windows(trend(), 6)
    options = {"subtract_last": subtract_last, "max_epochs": 20}
    model = quick(**options).fit(X[:120], y[:120])
    assert model.anchor_features_.tolist() == [0]
    assert np.abs(model.predict(X[120:]) - y[120:]).mean() < 0.5
    plain = quick(**{**options, "subtract_last": False}, linear_skip=False).fit(X[:120], y[:120])
    assert plain.anchor_features_.tolist() == [-1]
    assert np.abs(plain.predict(X[120:]) - y[120:]).mean() > 3


@pytest.mark.parametrize(
    ("shift", "scale"),
    [(0, 1), (1e5, 1), (0, 1e4), (-300, -2)],
    ids=["as is", "up", "up scale", "turned"],
)
def test_an_affine_scaler_in_front_changes_nothing_essential(shift, scale):
    X, y = make_windows(trend(), 6)
    X = X.astype(float)
    options = {"precision": "float64", "max_epochs": 10, "subtract_last": "auto"}
    plain = quick(**options).fit(X[:120], y[:120])
    scaled = quick(**options).fit(shift + scale * X[:120], y[:120])
    assert scaled.anchor_features_.tolist() == [0]
    if scale > 0:
        assert_allclose(scaled.predict(shift + scale * X), plain.predict(X), rtol=1e-4, atol=1e-4)
    error = np.abs(scaled.predict(shift + scale * X[120:]) - y[120:]).mean()
    assert error < 0.5
    targets = quick(**options).fit(X[:120], shift + scale * y[:120])
    error = np.abs(targets.predict(X[120:]) - (shift + scale * y[120:])).mean()
    assert error < 0.5 * abs(scale)


def test_min_max_scaler_in_front():
    series = trend()[:, None]
    scaled = MinMaxScaler().fit(series[:120]).transform(series)
    windows = SlidingWindowTransformer(6).fit_transform(scaled)
    y = np.append(series[1:, 0], series[-1, 0])
    model = quick(subtract_last="auto", max_epochs=20).fit(windows[:120], y[:120])
    assert model.anchor_features_.tolist() == [0]
    assert np.abs(model.predict(windows[120:-1]) - y[120:-1]).mean() < 0.6


def test_auto_leaves_targets_alone_that_continue_nothing():
    X, _ = samples()
    noise = np.random.default_rng(1).normal(size=len(X))
    assert tiny().fit(X, noise).anchor_features_.tolist() == [-1]
    # explained by the last value of a feature that is no level that goes on
    assert tiny().fit(X, X[:, -1, 0]).anchor_features_.tolist() == [-1]
    assert tiny(subtract_last=True).fit(X, X[:, -1, 1]).anchor_features_.tolist() == [1]


def test_every_target_has_an_anchor_of_its_own():
    rng = np.random.default_rng(0)
    table = np.column_stack([trend(seed=1), trend(slope=-2, seed=2), rng.normal(size=200)])
    X = SlidingWindowTransformer(5).fit_transform(table)[:-1]
    y = table[1:, [1, 2, 0]]
    model = tiny().fit(X, y)
    assert model.anchor_features_[1] == -1
    assert model.anchor_features_[0] in (0, 1)  # both are straight lines but for noise
    walks = rng.normal(size=(200, 2)).cumsum(axis=0)
    X = SlidingWindowTransformer(5).fit_transform(walks)[:-1]
    assert tiny().fit(X, walks[1:, ::-1]).anchor_features_.tolist() == [1, 0]


@pytest.mark.parametrize(
    "loss", ["squared_error", "absolute_error", "huber", "quantile", "gaussian"]
)
def test_every_loss_but_poisson_goes_with_subtract_last(loss):
    X, y = make_windows(trend(), 6)
    model = quick(loss=loss, subtract_last="auto", max_epochs=20).fit(X[:120], y[:120])
    assert model.anchor_features_.tolist() == [0]
    assert np.abs(model.predict(X[120:]) - y[120:]).mean() < 0.7
    if loss in ("quantile", "gaussian"):
        assert np.abs(model.predict_quantiles(X[120:])[:, 0] - y[120:]).mean() < 0.7


def test_counts_are_never_shifted():
    X, y = make_windows(np.abs(trend()), 6)
    model = tiny(loss="poisson").fit(X, y)
    assert model.anchor_features_.tolist() == [-1]


def test_subtract_last_with_sequences_of_unequal_length():
    rng = np.random.default_rng(0)
    X = [
        rng.normal(size=(n, 1)).cumsum(axis=0) + 50 * i
        for i, n in enumerate(rng.integers(2, 9, 60))
    ]
    y = np.array([sequence[-1, 0] + 1 for sequence in X])
    model = quick(subtract_last="auto").fit(X[:40], y[:40])
    assert model.anchor_features_.tolist() == [0]
    assert np.abs(model.predict(X[40:]) - y[40:]).mean() < 2


def test_subtract_last_without_standardize():
    X, y = make_windows(trend(), 6)
    model = quick(subtract_last=True, standardize=False, max_epochs=20).fit(X[:120], y[:120])
    assert np.abs(model.predict(X[120:]) - y[120:]).mean() < 1


def test_refit_forgets_the_anchor():
    X, y = make_windows(trend(), 6)
    model = tiny().fit(X, y)
    model.set_params(subtract_last=False).fit(X, y)
    assert model.anchor_features_.tolist() == [-1]
    assert_array_equal(model.predict(X), tiny(subtract_last=False).fit(X, y).predict(X))


# ---------------------------------------------------------------- score and training at all


def test_score_is_r2_in_units_of_y():
    X, y = samples(200)
    model = quick().fit(X, y)
    error = model.predict(X) - y
    assert model.score(X, y) == pytest.approx(1 - (error**2).mean() / y.var())


def test_one_validation_sample_has_no_score():
    X, y = samples(20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = tiny(early_stopping=True, validation_fraction=0.01).fit(X, y)
    assert np.isnan(model.best_validation_score_)


@pytest.mark.parametrize(
    "parameters",
    [
        {"cell": "gru"},
        {"cell": "rnn"},
        {"bidirectional": True},
        {"pooling": "mean"},
        {"pooling": "max"},
        {"pooling": "concat"},
        {"hidden_layer_sizes": (8, 4)},
        {"dense_layer_sizes": (8, 8)},
        {"normalization": "layer"},
        {"normalization": "batch"},
        {"dropout": 0.1},
        {"precision": "float64"},
        {"optimizer": "adam"},
        {"optimizer": "sgd", "learning_rate": 0.3},
        {"optimizer": "rmsprop"},
        {"learning_rate_schedule": "constant"},
        {"gradient_clip": None},
        {"weight_decay": 1e-3},
        {"early_stopping": True},
    ],
    ids=str,
)
def test_every_option_learns(parameters):
    X, y = samples(200)
    model = quick(**parameters).fit(X[:150], y[:150])
    assert model.score(X[150:], y[150:]) > 0.75


def test_warm_start_keeps_the_scaling():
    X, y = samples(100)
    model = quick(warm_start=True, max_epochs=10).fit(X, 1000 + y)
    before = model.predict(X).mean()
    model.set_params(learning_rate=1e-9).fit(10 * X, y)
    assert model.predict(X).mean() == pytest.approx(before, abs=1e-3)


def test_clone_and_defaults():
    model = LSTMRegressor()
    assert clone(model).get_params() == model.get_params()
    assert LSTMRegressor(32).hidden_layer_sizes == 32
    with pytest.raises(TypeError):
        LSTMRegressor(32, "gru")


def test_poisson_takes_a_part_without_counts():
    X = np.random.default_rng(0).normal(size=(60, 5, 2))
    y = np.r_[np.zeros(59), 1.0]
    model = LSTMRegressor(4, loss="poisson", max_epochs=2, random_state=0).fit(
        X, y, X_val=X[:5], y_val=np.zeros(5)
    )
    model.partial_fit(X[:5], np.zeros(5))
    assert (model.predict(X) > 0).all()


@pytest.mark.parametrize("subtract_last", ["auto", True])
def test_a_single_time_step_is_not_hidden(subtract_last):
    X = np.random.default_rng(0).normal(size=(300, 1, 1))
    model = LSTMRegressor(16, subtract_last=subtract_last, max_epochs=60, random_state=0)
    assert model.fit(X, X[:, 0, 0] ** 3).score(X, X[:, 0, 0] ** 3) > 0.9


def test_dates_are_no_numbers():
    frame = pd.DataFrame({"t": pd.date_range("2020", periods=30), "x": np.arange(30.0)})
    y = np.arange(30.0)
    with pytest.raises(ValueError, match=r"dates or durations in column.* 't'"):
        LSTMRegressor().fit(frame, y)
    with pytest.raises(ValueError, match="dates or durations"):
        LSTMRegressor().fit(frame[["t"]].to_numpy()[:, :, None], y)
    with pytest.raises(ValueError, match="y holds dates"):
        LSTMRegressor().fit(frame[["x"]], frame["t"])


LEVELS = {
    "exponential": lambda level: np.exp(level / 2),
    "hinge": lambda level: np.maximum(level, 0) ** 2,
    "step": lambda level: (level > 0).astype(float),
}


@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("of_last", [True, False])
def test_the_level_of_independent_sequences_is_not_lost(name, of_last):
    rng = np.random.default_rng(0)
    level = 2 * rng.normal(size=(800, 1, 1))
    X = 0.3 * rng.normal(size=(800, 8, 1)) + level
    y = LEVELS[name](X[:, -1, 0] if of_last else X.mean((1, 2)))
    model = LSTMRegressor(16, random_state=0).fit(X[:600], y[:600])
    assert model.targets_.anchor.levels == ([0] if of_last else [])
    assert model.score(X[600:], y[600:]) > 0.95


def test_the_level_of_a_drifting_series_is_not_shown():
    rng = np.random.default_rng(0)
    X, y = make_windows(0.1 * np.arange(300) + rng.normal(size=300), 6)
    model = LSTMRegressor(4, max_epochs=2, random_state=0).fit(X, y)
    assert model.anchor_features_.tolist() == [0]
    assert model.targets_.anchor.levels == []
    assert model.module_.inputs.n_outputs == 1


def test_windows_and_their_copies_are_the_same():
    rng = np.random.default_rng(0)
    series = np.column_stack([0.1 * np.arange(200), np.zeros(200)]) + rng.normal(size=(200, 2))
    view, y = make_windows(series, 5, target=0)
    options = {"max_epochs": 3, "early_stopping": True, "random_state": 0}
    models = [LSTMRegressor(4, **options).fit(X, y) for X in (view, view.copy(), list(view.copy()))]
    assert_array_equal(models[0].predict(view), models[1].predict(view))
    assert_array_equal(models[1].predict(view), models[1].predict(view.copy()))
    table, y = make_windows(series[:, 0], 5)
    first, second = (
        LSTMRegressor(4, **options).fit(X, y).predict(table) for X in (table, table.copy())
    )
    assert_array_equal(first, second)


@pytest.mark.parametrize("columns", [1, 2])
def test_targets_of_other_dimensions_do_not_continue(columns):
    X = np.random.default_rng(0).normal(size=(20, 4, 1))
    y = X[:, -1] if columns == 1 else X[:, -2:, 0]
    model = LSTMRegressor(4, max_epochs=1, warm_start=True).fit(X, X[:, -1, 0])
    with pytest.raises(ValueError, match=r"y has .* column.*was trained on 1, in 1"):
        model.fit(X, y)


def test_a_decay_without_effect_is_refused():
    X = np.zeros((20, 4, 1))
    with pytest.raises(ValueError, match="'weight_decay' parameter must be 0 with optimizer=LBFGS"):
        LSTMRegressor(optimizer=torch.optim.LBFGS, weight_decay=0.1).fit(X, X[:, 0, 0])


def test_a_batch_of_one_step_cannot_be_normalised():
    X = np.random.default_rng(0).normal(size=(20, 1, 2))
    model = LSTMRegressor(normalization="batch", linear_skip=False)
    with pytest.raises(ValueError, match="normalization='batch' needs more than one"):
        model.set_params(batch_size=1).fit(X, X[:, 0, 0])
    with pytest.raises(ValueError, match="normalization='batch' needs more than one"):
        model.set_params(batch_size="auto").fit(X[:1], X[:1, 0, 0])
    X = X.reshape(5, 4, 2)
    with pytest.raises(ValueError, match="normalization='batch' needs more than one"):
        model.set_params(batch_size=1, patch_size=4).fit(X, X[:, 0, 0])


def test_scores_go_by_the_loss_of_the_fit():
    X = np.random.default_rng(0).normal(size=(20, 4, 2))
    model = LSTMRegressor(4, max_epochs=1, linear_skip=False, return_sequences=True)
    score = model.fit(X, X[:, :, 0]).score(X, X[:, :, 0])
    assert model.set_params(loss="poisson").score(X, X[:, :, 0]) == score


def test_rates_of_rare_events_are_not_clipped_away():
    y = np.random.default_rng(0).poisson(0.03, 400)
    X, y = make_windows(y, 8)
    mean = {}
    for clip in ("auto", 1.0):
        model = LSTMRegressor(8, loss="poisson", gradient_clip=clip, random_state=0)
        mean[clip] = model.fit(X, y).predict(X).mean()
    assert mean["auto"] == pytest.approx(y.mean(), rel=0.25)
    assert mean[1.0] < 0.5 * y.mean()


def test_of_other_losses_auto_clips_at_one():
    X, y = make_windows(np.random.default_rng(0).normal(size=100), 8)
    first, second = (
        LSTMRegressor(4, max_epochs=3, gradient_clip=clip, random_state=0).fit(X, y)
        for clip in ("auto", 1.0)
    )
    np.testing.assert_array_equal(first.predict(X), second.predict(X))


@pytest.mark.parametrize("first", [np.zeros(20), np.array([3.0])])
def test_a_first_batch_that_does_not_vary_is_warned_of(first):
    X = np.random.default_rng(0).normal(size=(20, 5, 1))[: len(first)]
    with pytest.warns(UserWarning, match="first partial_fit do not vary"):
        LSTMRegressor(4, random_state=0).partial_fit(X, first)


def test_going_on_where_the_network_counts_for_nothing_is_warned_of():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 8, 2))
    y = X[:, -1, 0] + X[:, -2, 1] + 0.5 * rng.normal(size=100)
    model = LSTMRegressor(4, max_epochs=5, warm_start=True, random_state=0).fit(X, y)
    assert model.network_trust_ < 0.1
    for learn in (model.fit, model.partial_fit):
        with pytest.warns(UserWarning, match="little or no effect.*linear_skip=False"):
            learn(X, -y)


@pytest.mark.parametrize("estimator", [LSTMRegressor, LSTMSeq2SeqRegressor])
def test_targets_that_cannot_be_squared_are_refused(estimator):
    X = np.random.default_rng(0).normal(size=(20, 5, 1))
    y = X[:, :2, 0].copy()
    y[3, 1] = np.finfo(float).max
    with pytest.raises(ValueError, match=r"y holds numbers up to 1.8e\+308"):
        estimator(4, random_state=0).fit(X, y)


needs_bfloat16 = pytest.mark.skipif(
    not runtime._has_bfloat16("cpu"), reason="no instructions for bfloat16"
)


@pytest.mark.parametrize(
    "precision", ["float32", "float64", pytest.param("bfloat16", marks=needs_bfloat16)]
)
def test_autocast_around_a_fit_changes_nothing(precision):
    X = np.random.default_rng(0).normal(size=(40, 6, 2))
    options = {"max_epochs": 3, "linear_skip": False, "random_state": 0, "precision": precision}
    expected = LSTMRegressor(4, **options).fit(X, X[:, -1, 0]).predict(X)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        model = LSTMRegressor(4, **options).fit(X, X[:, -1, 0])
        assert torch.is_autocast_enabled("cpu")
        assert torch.is_autocast_cache_enabled()
    assert not torch.is_autocast_enabled("cpu")
    np.testing.assert_array_equal(model.predict(X), expected)


def test_a_deviation_is_asked_of_fitted_models():
    with pytest.raises(NotFittedError):
        LSTMRegressor().predict(np.zeros((2, 3, 1)), return_std=True)


def test_numbers_of_time_steps_are_told_what_they_need():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 1)) for n in (3, 4, 5)]
    with pytest.raises(ValueError, match=r"one number a time step, set return_sequences=True"):
        LSTMRegressor().fit(X, [x[:, 0] for x in X])


def test_two_samples_have_no_line():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2, 6, 1)), rng.normal(size=2)
    model = LSTMRegressor(8, random_state=0).fit(X, y)
    assert model.anchor_features_.tolist() == [-1]
    assert abs(model.predict(rng.normal(size=(50, 6, 1)))).max() < 3 * abs(y).max()


def test_a_hint_at_one_sequence_is_given_where_it_is_one():
    rng = np.random.default_rng(0)
    model = LSTMRegressor(4, max_epochs=1, linear_skip=False)
    X = rng.normal(size=(10, 6, 2))
    model.fit(X, X[:, 0, 0])
    with pytest.raises(ValueError, match=r"^X is not of the form .*given as X\[None\]"):
        model.predict(X[0])
    with pytest.raises(ValueError, match=r"X has 1 features.*the last axis\.$"):
        model.predict(X[:, :, :1])


@pytest.mark.parametrize("columns", [(), (2,)])
def test_targets_and_weights_may_be_tensors(columns):
    y, weight = torch.randn(20, *columns), torch.rand(20)
    X = np.random.default_rng(0).normal(size=(20, 4, 1))
    model = LSTMRegressor(4, max_epochs=2, linear_skip=False, random_state=0)
    expected = model.fit(X, y.numpy(), sample_weight=weight.numpy()).predict(X)
    for given in (y.clone().requires_grad_(), y.double()):
        found = model.fit(X, given, sample_weight=weight.clone().requires_grad_()).predict(X)
        assert_array_equal(found, expected)


def test_why_there_are_no_quantiles_is_told():
    model = LSTMRegressor()
    assert not hasattr(model, "predict_quantiles")
    with pytest.raises(AttributeError) as raised:
        model.predict_quantiles  # noqa: B018
    assert "fit with loss='gaussian' or loss='quantile'" in str(raised.value.__cause__)
