"""scikit-learn's estimator checks once more, for 3-D and ragged input."""

import pickle
import re

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer

ESTIMATORS = [LSTMRegressor, LSTMClassifier]
TINY = {"hidden_layer_sizes": 4, "max_epochs": 2, "random_state": 0, "device": "cpu"}

NETWORKS = {
    "default": {},
    "gru": {"cell": "gru"},
    "rnn": {"cell": "rnn"},
    "bidirectional": {"bidirectional": True},
    "stacked": {"hidden_layer_sizes": (4, 3)},
    "mean": {"pooling": "mean"},
    "max": {"pooling": "max"},
    "concat": {"pooling": "concat", "bidirectional": True},
    "dense": {"dense_layer_sizes": (5,)},
    "layer": {"normalization": "layer"},
    "batch": {"normalization": "batch"},
    "dropout": {"dropout": 0.3},
    "double": {"precision": "float64"},
}

both = pytest.mark.parametrize("estimator", ESTIMATORS)
networks = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())


def cube(n_samples=24, n_timesteps=6, n_features=2, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_samples, n_timesteps, n_features))


def ragged(n_samples=24, n_features=2, seed=1):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, n_features)) for n in rng.integers(1, 9, size=n_samples)]


def targets(estimator, X):
    signal = np.array([np.asarray(sequence)[-1, 0] for sequence in X])
    return signal if estimator is LSTMRegressor else np.where(signal > 0, "up", "down")


def padded(X, *, where, width=10):
    out = np.full((len(X), width, X[0].shape[1]), np.nan)
    for row, sequence in zip(out, X, strict=True):
        row[slice(None, len(sequence)) if where == "tail" else slice(-len(sequence), None)] = (
            sequence
        )
    return out


def outputs(model, X):
    """Return all that a model says, as numbers."""
    if isinstance(model, LSTMRegressor):
        return model.predict(X)
    if model.loss == "hinge":
        return model.decision_function(X)
    return np.column_stack([model.decision_function(X), model.predict_proba(X)])


def fitted(estimator, X=None, y=None, **parameters):
    X = cube() if X is None else X
    y = targets(estimator, X) if y is None else y
    return estimator(**{**TINY, **parameters}).fit(X, y)


# ---------------------------------------------------------------- dtype, layout, container


@both
@pytest.mark.parametrize("dtype", ["f4", "f2", ">f8", ">f4", "i1", "u1", "i8", "bool", "object"])
def test_dtype_of_X_is_irrelevant(estimator, dtype):
    X = (cube() > 0).astype(float)
    y = targets(estimator, cube())
    expected = outputs(fitted(estimator, X, y), X)
    assert_array_equal(outputs(fitted(estimator, X.astype(dtype), y), X.astype(dtype)), expected)


@both
@pytest.mark.parametrize("dtype", ["f4", "i8", "bool"])
def test_dtype_of_ragged_X_is_irrelevant(estimator, dtype):
    X = [(sequence > 0).astype(float) for sequence in ragged()]
    y = targets(estimator, ragged())
    cast = [sequence.astype(dtype) for sequence in X]
    expected = outputs(fitted(estimator, X, y), X)
    assert_array_equal(outputs(fitted(estimator, cast, y), cast), expected)


def test_members_of_different_dtypes():
    X = [np.ones((2, 1), dtype=bool), np.ones((3, 1), dtype="f4"), [[1], [2]]]
    same = [np.asarray(member, dtype=float) for member in X]
    y = [1.0, 2.0, 3.0]
    assert_array_equal(
        fitted(LSTMRegressor, X, y).predict(X), fitted(LSTMRegressor, same, y).predict(same)
    )


LAYOUTS = {
    "fortran": np.asfortranarray,
    "reversed": lambda X: np.ascontiguousarray(X[::-1, ::-1, ::-1])[::-1, ::-1, ::-1],
    "every second feature": lambda X: np.repeat(X, 2, axis=2)[:, :, ::2],
    "every second step": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "every second sample": lambda X: np.repeat(X, 2, axis=0)[::2],
    "time first": lambda X: np.ascontiguousarray(X.transpose(1, 0, 2)).transpose(1, 0, 2),
    "features first": lambda X: np.ascontiguousarray(X.transpose(2, 0, 1)).transpose(1, 2, 0),
}


@both
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layout_of_X_is_irrelevant(estimator, layout, dtype):
    X = cube().astype(dtype)
    y = targets(estimator, X)
    expected = outputs(fitted(estimator, X, y), X)
    assert_array_equal(layout(X), X)
    assert_array_equal(outputs(fitted(estimator, layout(X), y), layout(X)), expected)


@both
@pytest.mark.parametrize("dtype", ["f4", "f8", "i8"])
@pytest.mark.parametrize("mode", ["r", "c"])
def test_memory_map(estimator, dtype, mode, tmp_path):
    X = (10 * cube()).astype(dtype)
    y = targets(estimator, cube())
    joblib.dump((X, y), tmp_path / "data")
    mapped, mapped_y = joblib.load(tmp_path / "data", mmap_mode=mode)
    expected = outputs(fitted(estimator, X, y), X)
    assert isinstance(mapped, np.memmap)
    assert_array_equal(outputs(fitted(estimator, mapped, mapped_y), mapped), expected)


def test_a_memory_map_is_read_as_a_copy_where_rounding_tells(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 20, 3)).cumsum(axis=1) + 1e5  # whose steps float32 can hardly tell
    y = X[:, -1, 0] + rng.normal(size=60)
    joblib.dump(X, tmp_path / "X")
    mapped = joblib.load(tmp_path / "X", mmap_mode="r")
    in_memory, on_disk = (fitted(LSTMRegressor, form, y) for form in (X, mapped))
    expected = in_memory.predict(X)
    for model, form in ((in_memory, mapped), (on_disk, X), (on_disk, mapped)):
        assert_array_equal(model.predict(form), expected)


@both
def test_read_only_arrays(estimator):
    X, y = cube(), targets(estimator, cube())
    weight = np.linspace(0, 1, len(y))
    expected = outputs(fitted(estimator, X, y), X)
    for array in (X, y, weight):
        array.flags.writeable = False
    assert_array_equal(outputs(fitted(estimator, X, y), X), expected)
    estimator(**TINY).fit(X, y, sample_weight=weight)


def object_array(X):
    out = np.empty(len(X), dtype=object)
    out[:] = list(X)
    return out


CONTAINERS = {
    "nested lists": lambda X: [np.asarray(sequence).tolist() for sequence in X],
    "list of arrays": list,
    "tuple of arrays": tuple,
    "list of read-only arrays": lambda X: [np.broadcast_to(s, s.shape) for s in X],
    "list of Fortran arrays": lambda X: [np.asfortranarray(sequence) for sequence in X],
    "list of DataFrames": lambda X: [pd.DataFrame(s, columns=["a", "b"]) for s in X],
    "list of buffers": lambda X: [memoryview(np.ascontiguousarray(s)) for s in X],
}


@both
@pytest.mark.parametrize("make", [cube, ragged])
@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS.keys())
def test_container_of_X_is_irrelevant(estimator, make, container):
    X = make()
    y = targets(estimator, X)
    expected = outputs(fitted(estimator, X, y), X)
    held = container(X)
    assert_allclose(outputs(fitted(estimator, held, y), held), expected, rtol=1e-6, atol=1e-9)


@both
def test_object_array_of_ragged_sequences(estimator):
    X = ragged()
    y = targets(estimator, X)
    held = object_array(X)
    model = fitted(estimator, held, y)
    assert_array_equal(outputs(model, held), outputs(fitted(estimator, X, y), X))
    assert_array_equal(outputs(model, held[5:9]), outputs(model, X[5:9]))


@both
@pytest.mark.parametrize("container", [list, pd.Series, np.array], ids=["list", "Series", "array"])
def test_container_of_y_is_irrelevant(estimator, container):
    X = cube()
    y = targets(estimator, X)
    expected = outputs(fitted(estimator, X, y), X)
    assert_array_equal(outputs(fitted(estimator, X, container(y)), X), expected)


@both
def test_index_of_pandas_objects_is_ignored(estimator):
    X = cube(n_features=1)[:, :, 0]
    y = targets(estimator, X[:, :, None])
    columns = [f"t{step}" for step in range(X.shape[1])]
    index = np.random.default_rng(0).permutation(len(X)) + 100
    frame = pd.DataFrame(X, columns=columns, index=index)
    series = pd.Series(y, index=index[::-1])
    weight = pd.Series(np.arange(1.0, len(X) + 1), index=index)
    model = estimator(**TINY).fit(frame, series, sample_weight=weight)
    expected = estimator(**TINY).fit(X, y, sample_weight=weight.to_numpy())
    assert_array_equal(outputs(model, frame), outputs(expected, X))


@both
def test_table_is_a_set_of_univariate_sequences(estimator):
    X = cube(n_features=1)
    y = targets(estimator, X)
    flat = X[:, :, 0]
    model, expected = fitted(estimator, flat, y), fitted(estimator, X, y)
    assert (model.n_features_in_, model.n_timesteps_in_) == (6, 6)
    assert (expected.n_features_in_, expected.n_timesteps_in_) == (1, None)
    assert_array_equal(outputs(model, flat), outputs(expected, X))
    assert_array_equal(outputs(model, list(flat)), outputs(expected, X))
    assert_array_equal(outputs(expected, flat), outputs(expected, X))
    assert_array_equal(outputs(expected, list(flat)), outputs(expected, X))


@both
@pytest.mark.parametrize("shape", [(6, 1, 1), (6, 1, 3), (6, 7, 1)])
def test_thin_shapes(estimator, shape):
    X = np.random.default_rng(0).normal(size=shape)
    y = targets(estimator, X)
    y[:2] = [0.0, 1.0] if estimator is LSTMRegressor else ["down", "up"]
    model = fitted(estimator, X, y)
    assert model.predict(X[:1]).shape == (1,)
    assert model.n_features_in_ == shape[2]


@both
def test_windows_of_several_series_equal_their_copy(estimator):
    rng = np.random.default_rng(0)
    table = np.column_stack([np.repeat([3, 5], 20), rng.normal(size=(40, 2))])
    windows = SlidingWindowTransformer(4, group_by=0, padding="nan").fit_transform(table)
    copy = np.asarray(windows)
    y = targets(estimator, copy)
    # a copy does not tell which windows overlap, nor thus which may not be left out alone, nor
    # whether to normalise
    options = {"bidirectional": True, "pooling": "concat", "normalization": "layer"}
    options |= EXACT[estimator]
    model = fitted(estimator, windows, y, **options)
    expected = fitted(estimator, copy, y, **options)
    assert_allclose(outputs(model, windows), outputs(expected, copy), rtol=1e-6, atol=1e-7)
    assert_array_equal(outputs(model, windows), outputs(model, copy))


# ---------------------------------------------------------------- copies of an estimator


@both
@networks
def test_pickle(estimator, network):
    X = ragged()
    model = fitted(estimator, X, **network)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(outputs(again, X), outputs(model, X))
    assert again.loss_curve_ == model.loss_curve_


@both
def test_joblib_dump_and_load(estimator, tmp_path):
    model = fitted(estimator, ragged())
    joblib.dump(model, tmp_path / "model.joblib", compress=3)
    again = joblib.load(tmp_path / "model.joblib")
    assert_array_equal(outputs(again, ragged()), outputs(model, ragged()))


@both
def test_loading_from_a_memory_map(estimator, tmp_path):
    model = fitted(estimator)
    joblib.dump(model, tmp_path / "model.joblib")
    again = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert_array_equal(outputs(again, cube()), outputs(model, cube()))


@both
def test_pickle_of_an_unfitted_estimator(estimator):
    model = estimator(**TINY)
    again = pickle.loads(pickle.dumps(model))
    assert again.get_params() == model.get_params()
    assert_array_equal(
        outputs(again.fit(cube(), targets(estimator, cube())), cube()),
        outputs(fitted(estimator), cube()),
    )


@both
def test_training_goes_on_alike_after_pickling(estimator):
    X, y = cube(), targets(estimator, cube())
    model = fitted(estimator, warm_start=True, dropout=0.2, batch_size=8)
    again = pickle.loads(pickle.dumps(model))
    model.fit(X, y)
    again.fit(X, y)
    assert_array_equal(outputs(again, X), outputs(model, X))
    assert len(again.loss_curve_) == 4


@both
def test_clone_of_a_fitted_estimator_is_unfitted(estimator):
    model = fitted(estimator, hidden_layer_sizes=[4, 3])
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not [name for name in vars(copy) if name.endswith("_")]
    assert_array_equal(
        outputs(copy.fit(cube(), targets(estimator, cube())), cube()), outputs(model, cube())
    )


@both
@pytest.mark.parametrize("make", [cube, ragged])
def test_fit_is_idempotent(estimator, make):
    X = make()
    y = targets(estimator, X)
    model = estimator(**TINY, batch_size=8, dropout=0.2)
    first = outputs(model.fit(X, y), X)
    assert_array_equal(outputs(model.fit(X, y), X), first)
    assert len(model.loss_curve_) == 2


@both
def test_fit_forgets_what_was_fitted_before(estimator):
    frame = pd.DataFrame(cube()[:, :, 0], columns=list("abcdef"))
    y = targets(estimator, cube())
    model = estimator(**TINY, early_stopping=True, validation_split="random").fit(frame, y)
    assert model.feature_names_in_.tolist() == list("abcdef")
    assert len(model.validation_loss_curve_) == 2
    model.set_params(early_stopping=False).fit(ragged(), targets(estimator, ragged()))
    assert not hasattr(model, "feature_names_in_")
    assert (model.n_features_in_, model.n_timesteps_in_) == (2, None)
    assert model.validation_loss_curve_ is None
    assert model.best_validation_score_ is None


@both
def test_fit_sets_only_attributes_with_trailing_underscore(estimator):
    model = estimator(**TINY)
    before = set(vars(model))
    assert before == set(model.get_params())
    model.fit(cube(), targets(estimator, cube()))
    added = set(vars(model)) - before
    assert all(name.endswith("_") and not name.startswith("_") for name in added)


@both
@pytest.mark.parametrize("make", [cube, ragged])
def test_fit_and_predict_change_nothing_they_were_given(estimator, make):
    X = make()
    y = targets(estimator, X)
    weight = np.linspace(0, 2, len(y))
    sizes, callbacks = [4, 3], []
    given = {**TINY, "hidden_layer_sizes": sizes, "callbacks": callbacks}
    model = estimator(**given)
    copies = [np.array(sequence) for sequence in X], y.copy(), weight.copy()
    model.fit(X, y, weight, X_val=X, y_val=y)
    model.predict(X)
    for sequence, copy in zip(X, copies[0], strict=True):
        assert_array_equal(sequence, copy)
    assert_array_equal(y, copies[1])
    assert_array_equal(weight, copies[2])
    after = model.get_params()
    assert all(after[name] is value for name, value in given.items())
    assert (sizes, callbacks) == ([4, 3], [])


@both
def test_fitted_state_does_not_hang_on_the_training_data(estimator):
    X, y = cube().astype("f4"), targets(estimator, cube())
    model = fitted(estimator, X, y)
    probe = X.copy()
    expected = outputs(model, probe)
    X[:] = 0
    y[:] = y[0]
    assert_array_equal(outputs(model, probe), expected)


@both
def test_predictions_do_not_hang_on_later_calls(estimator):
    model = fitted(estimator)
    first = outputs(model, cube())
    kept = first.copy()
    outputs(model, cube(seed=9))
    assert_array_equal(first, kept)


# ---------------------------------------------------------------- rows do not meet


@both
@networks
@pytest.mark.parametrize("make", [cube, ragged])
def test_predictions_one_sequence_at_a_time(estimator, network, make):
    X = make()
    model = fitted(estimator, X, **network)
    alone = np.concatenate([outputs(model, X[i : i + 1]) for i in range(len(X))])
    assert_allclose(alone, outputs(model, X), rtol=1e-6, atol=1e-6)


@both
@pytest.mark.parametrize("make", [cube, ragged])
def test_predictions_of_subsets_and_other_orders(estimator, make):
    X = make()
    model = fitted(estimator, X, precision="float64", bidirectional=True)
    order = np.random.default_rng(0).permutation(len(X))
    whole = outputs(model, X)
    shuffled = outputs(model, [X[i] for i in order])
    assert_allclose(shuffled, whole[order], rtol=1e-9, atol=1e-9)
    halves = np.concatenate([outputs(model, X[:7]), outputs(model, X[7:])])
    assert_allclose(halves, whole, rtol=1e-9, atol=1e-9)


@both
@networks
def test_one_wild_row_leaves_the_others_alone(estimator, network):
    X = ragged()
    model = fitted(estimator, X, **network)
    wild = [*X[:5], np.full((40, 2), 1e6), *X[6:]]
    rest = np.arange(len(X)) != 5
    assert_allclose(outputs(model, wild)[rest], outputs(model, X)[rest], rtol=1e-6, atol=1e-6)


@both
@networks
@pytest.mark.parametrize("where", ["head", "tail"])
def test_absent_steps_are_irrelevant(estimator, network, where):
    X = ragged()
    y = targets(estimator, X)
    model = fitted(estimator, X, y, **network)
    assert_array_equal(outputs(model, padded(X, where=where)), outputs(model, X))
    assert_array_equal(
        outputs(model, padded(X, where=where, width=30)), outputs(model, X), "more padding"
    )
    trained = fitted(estimator, padded(X, where=where), y, **network)
    assert_allclose(outputs(trained, X), outputs(model, X), rtol=1e-4, atol=1e-5)


@both
def test_absent_steps_at_both_ends(estimator):
    X = ragged()
    model = fitted(estimator, X)
    both_ends = np.pad(padded(X, where="head"), [(0, 0), (0, 3), (0, 0)], constant_values=np.nan)
    assert_array_equal(outputs(model, both_ends), outputs(model, X))


# ---------------------------------------------------------------- what does not fit


@both
@pytest.mark.parametrize(
    ("trained_on", "asked", "message"),
    [
        (cube(), cube(n_features=3), "X has 3 features, but {} is expecting 2 features"),
        (cube(), ragged(n_features=1), "X has 1 features, but {} is expecting 2 features"),
        (ragged(), cube(n_features=3), "X has 3 features, but {} is expecting 2 features"),
        (ragged(), cube()[:, :, 0], "X has 6 features, but {} is expecting 2 features"),
        (cube()[:, :, 0], cube()[:, :5, 0], "X has 5 features, but {} is expecting 6 features"),
        (cube()[:, :, 0], cube(), "X has 2 features, but {} is expecting 6 features"),
    ],
    ids=["3d-3d", "3d-ragged", "ragged-3d", "ragged-2d", "2d-2d", "2d-3d"],
)
def test_feature_count_at_predict(estimator, trained_on, asked, message):
    y = targets(estimator, cube())
    model = fitted(estimator, trained_on, y)
    with pytest.raises(ValueError, match=re.escape(message.format(estimator.__name__))):
        model.predict(asked)


@both
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_faults_are_named_by_their_place(estimator, value):
    name = "NaN" if np.isnan(value) else "infinity"
    y = targets(estimator, cube())
    model = fitted(estimator)
    broken = cube()
    broken[7, 3, 1] = value
    place = f"{name}.* sequence 7, time step 3, feature 1"
    for call in (lambda: model.predict(broken), lambda: estimator(**TINY).fit(broken, y)):
        with pytest.raises(ValueError, match=place):
            call()
    members = list(broken)
    for call in (lambda: model.predict(members), lambda: estimator(**TINY).fit(members, y)):
        with pytest.raises(ValueError, match=place):
            call()


@both
def test_place_of_a_fault_counts_absent_steps(estimator):
    X = padded(ragged(), where="head")
    sample = int(np.argmax([len(sequence) for sequence in ragged()]))
    X[sample, 8, 0] = np.nan
    with pytest.raises(ValueError, match=f"sequence {sample}, time step 8, feature 0"):
        fitted(estimator).predict(X)


@both
def test_a_sequence_without_present_steps(estimator):
    X = cube()
    X[4] = np.nan
    with pytest.raises(ValueError, match=r"every time step of sequence 4.*Drop this sequence"):
        fitted(estimator).predict(X)


@both
def test_feature_names(estimator):
    columns = [f"t{step}" for step in range(6)]
    frame = pd.DataFrame(cube()[:, :, 0], columns=columns)
    y = targets(estimator, cube())
    model = fitted(estimator, frame, y)
    assert model.feature_names_in_.tolist() == columns
    assert_array_equal(
        outputs(model, frame), outputs(fitted(estimator, frame.to_numpy(), y), frame.to_numpy())
    )
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[columns[::-1]])
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.rename(columns={"t0": "other"}))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(frame.to_numpy())
    with pytest.warns(UserWarning, match="was fitted without feature names"):
        fitted(estimator, frame.to_numpy(), y).predict(frame)


@both
def test_names_that_are_no_strings_are_no_names(estimator):
    frame = pd.DataFrame(cube()[:, :, 0])
    assert not hasattr(fitted(estimator, frame, targets(estimator, cube())), "feature_names_in_")


@both
def test_dataframe_dtypes(estimator):
    table = (cube()[:, :, 0] > 0).astype(int)
    y = targets(estimator, cube())
    expected = outputs(fitted(estimator, table, y), table)
    plain = pd.DataFrame(table, columns=list("abcdef"))
    mixed = plain.astype({"a": "float32", "b": "bool", "c": "Int64", "d": "boolean", "e": "int8"})
    assert_array_equal(outputs(fitted(estimator, mixed, y), mixed), expected)


# ---------------------------------------------------------------- sample weights

FULL_BATCH = {**TINY, "precision": "float64", "batch_size": 1000, "max_epochs": 5}
# What is left out to try a fit, and what dropout draws, depends on how many samples there are.
EXACT = {LSTMRegressor: {"linear_skip": False}, LSTMClassifier: {"dropout": 0.0}}

WEIGHTED = {
    "default": {},
    "bidirectional": {"bidirectional": True, "pooling": "concat"},
    "stacked": {"hidden_layer_sizes": (4, 3), "cell": "gru"},
    "layer": {"normalization": "layer"},
    # units that remember over the mean length
    "last": {"pooling": "last", "hidden_layer_sizes": 32},
    # not normalization="batch": a batch's statistics know no weights, as the user guide says
    "raw": {"standardize": False},
    "sgd": {"optimizer": "sgd", "gradient_clip": None},
}
WEIGHTED_REGRESSION = {
    "relative": {"subtract_last": True},
    "absolute": {"subtract_last": False},
    **{loss: {"loss": loss} for loss in ("absolute_error", "huber", "quantile", "gaussian")},
}
WEIGHTED_CLASSIFICATION = {
    "class_weight": {"class_weight": {"up": 3.0, "down": 0.5}},
    "balanced": {"class_weight": "balanced"},
    "hinge": {"loss": "hinge"},
    "focal": {"loss": "focal"},
}
WEIGHT_CASES = [
    *((LSTMRegressor, p, n) for n, p in {**WEIGHTED, **WEIGHTED_REGRESSION}.items()),
    *((LSTMClassifier, p, n) for n, p in {**WEIGHTED, **WEIGHTED_CLASSIFICATION}.items()),
]
weight_cases = pytest.mark.parametrize(
    ("estimator", "parameters"),
    [pytest.param(e, p, id=f"{e.__name__}-{n}") for e, p, n in WEIGHT_CASES],
)
forms = pytest.mark.parametrize("make", [cube, ragged])


@weight_cases
@forms
def test_whole_weights_equal_repeated_rows(estimator, parameters, make):
    X = make()
    y = targets(estimator, X)
    if estimator is LSTMRegressor:  # that the last value does not tell exactly
        y = y + np.array([np.sin(np.asarray(sequence)[0, 1]) for sequence in X])
    weight = np.random.default_rng(2).integers(0, 4, size=len(y))
    repeats = np.repeat(np.arange(len(y)), weight)
    options = {**FULL_BATCH, **EXACT[estimator], **parameters}
    weighted = estimator(**options).fit(X, y, sample_weight=weight)
    repeated = estimator(**options).fit([X[i] for i in repeats], y[repeats])
    assert_allclose(outputs(weighted, X), outputs(repeated, X), rtol=1e-6, atol=1e-7)
    assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-8)
    plain = estimator(**options).fit(X, y)
    assert np.abs(outputs(weighted, X) - outputs(plain, X)).max() > 1e-5


@weight_cases
@forms
def test_weight_zero_equals_absence(estimator, parameters, make):
    X = make()
    y = targets(estimator, X)
    kept = np.arange(len(y)) % 3 > 0
    parameters = {**TINY, **parameters, "batch_size": 8}
    weighted = estimator(**parameters).fit(X, y, sample_weight=kept.astype(float))
    absent = estimator(**parameters).fit([X[i] for i in np.flatnonzero(kept)], y[kept])
    assert_allclose(outputs(weighted, X), outputs(absent, X), rtol=1e-4, atol=1e-5)


@both
def test_only_the_proportion_of_weights_counts(estimator):
    X, y = cube(), targets(estimator, cube())
    weight = np.linspace(0.5, 2, len(y))
    first, second = (
        estimator(**FULL_BATCH).fit(X, y, sample_weight=factor * weight) for factor in (1, 1000)
    )
    assert_allclose(outputs(first, X), outputs(second, X), rtol=1e-8, atol=1e-9)


@both
@pytest.mark.parametrize("weight", [1, 2.5, "ones"])
def test_equal_weights_are_no_weights(estimator, weight):
    X, y = cube(), targets(estimator, cube())
    weight = np.ones(len(y)) if weight == "ones" else weight
    model = estimator(**FULL_BATCH).fit(X, y, sample_weight=weight)
    assert_allclose(outputs(model, X), outputs(estimator(**FULL_BATCH).fit(X, y), X), rtol=1e-9)


def test_a_class_of_weight_zero_is_no_class():
    X = cube()
    y = np.arange(len(X)) % 3
    model = LSTMClassifier(**TINY).fit(X, y, sample_weight=(y != 1).astype(float))
    assert model.classes_.tolist() == [0, 2]


@both
def test_a_row_of_weight_zero_need_not_be_sane(estimator):
    X, y = cube(), targets(estimator, cube())
    weight = np.ones(len(y))
    weight[3] = 0
    wild = X.copy()
    wild[3] = 1e9
    expected = outputs(estimator(**TINY).fit(X, y, sample_weight=weight), X)
    assert_allclose(
        outputs(estimator(**TINY).fit(wild, y, sample_weight=weight), X),
        expected,
        rtol=1e-5,
        atol=1e-6,
    )
