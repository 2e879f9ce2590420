import pickle
import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import SlidingWindowTransformer, Windows
from sklstm.data import as_sequences

SERIES = np.random.default_rng(0).normal(size=(15, 2)).astype(np.float32)
FRAME = pd.DataFrame(SERIES, columns=["load", "heat"], index=pd.RangeIndex(100, 115))
paddings = pytest.mark.parametrize("padding", ["edge", "nan"])
window_sizes = pytest.mark.parametrize("window_size", [1, 2, 5, 15])


def windows_naively(rows, window_size, padding, before=()):
    """Return the window that ends at each row, one row at a time."""
    rows = [np.array(row) for row in rows]
    history = [np.array(row) for row in before]
    windows = []
    for t in range(len(rows)):
        past = [*history, *rows[: t + 1]][-window_size:]
        filling = past[0] if padding == "edge" else np.full_like(past[0], np.nan)
        windows.append([filling] * (window_size - len(past)) + past)
    return np.array(windows)


def table_of(windows):
    return np.asarray(windows).reshape(len(windows), -1)


# ---------------------------------------------------------------- one series


@window_sizes
@paddings
@pytest.mark.parametrize("method", ["fit_transform", "transform"])
def test_windows_agree_with_a_loop(window_size, padding, method):
    transformer = SlidingWindowTransformer(window_size, padding=padding)
    if method == "transform":
        transformer.fit(SERIES)
    found = getattr(transformer, method)(SERIES)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, windows_naively(SERIES, window_size, padding))


@pytest.mark.parametrize("form", ["float64", "lists", "DataFrame", "F order", "strided", "ints"])
def test_forms_of_a_series(form):
    X = {
        "float64": SERIES.astype(np.float64),
        "lists": SERIES.tolist(),
        "DataFrame": FRAME,
        "F order": np.asfortranarray(SERIES),
        "strided": np.repeat(SERIES, 2, axis=0)[::2],
        "ints": (10 * SERIES).astype(int),
    }[form]
    found = SlidingWindowTransformer(4).fit_transform(X)
    expected = windows_naively(np.asarray(X).astype(np.float32), 4, "edge")
    np.testing.assert_array_equal(found, expected)


@paddings
@pytest.mark.parametrize("flatten", [False, True])
@pytest.mark.parametrize("method", ["fit_transform", "transform"])
@pytest.mark.parametrize("group_by", [None, 1])
def test_the_future_does_not_leak(padding, flatten, method, group_by):
    """Row t depends on rows up to t only: whatever comes later may be poisoned."""
    X = SERIES.copy()
    if group_by is not None:
        X[:, group_by] = np.arange(15) % 2
    options = {"padding": padding, "flatten": flatten, "group_by": group_by}
    transformer = SlidingWindowTransformer(4, **options).fit(X)
    clean = np.asarray(getattr(transformer, method)(X))
    for t in range(1, 15):
        poisoned = X.copy()
        poisoned[t:, 0] = 1e30
        found = np.asarray(getattr(transformer, method)(poisoned))
        np.testing.assert_array_equal(found[:t], clean[:t])
        assert (found[t] == 1e30).any()


def test_transform_takes_series_shorter_than_a_window():
    transformer = SlidingWindowTransformer(5).fit(SERIES)
    found = transformer.transform(SERIES[:2])
    np.testing.assert_array_equal(found, windows_naively(SERIES[:2], 5, "edge"))


def test_absent_steps_make_shorter_sequences():
    X = SlidingWindowTransformer(4, padding="nan").fit_transform(SERIES)
    assert as_sequences(X).lengths.tolist() == [1, 2, 3] + 12 * [4]


# ---------------------------------------------------------------- memory


@pytest.mark.parametrize("group_by", [None, 1])
def test_windows_are_a_read_only_view(group_by):
    X = SERIES.copy()
    X[:, 1] = np.arange(15) >= 7
    found = SlidingWindowTransformer(4, group_by=group_by).fit_transform(X)
    assert np.shares_memory(found[4], found[5])
    assert not found[4].flags.writeable
    before = np.array(found)
    X[:] = 7.0
    np.testing.assert_array_equal(np.asarray(found), before)


def test_memory_is_that_of_the_series_and_not_of_its_windows():
    X = np.zeros((10_000, 3))
    found = SlidingWindowTransformer(1000).fit_transform(X)
    assert found.shape == (10_000, 1000, 3)
    rows = as_sequences(found).rows
    assert np.shares_memory(rows, found)
    assert rows.nbytes == (10_000 + 999) * 3 * 4
    grouped = np.column_stack([X, np.arange(10_000) % 2])
    found = SlidingWindowTransformer(1000, group_by=3).fit_transform(grouped)
    assert found.nbytes == (10_000 + 2 * 999) * 3 * 4 + 10_000 * 8
    assert np.shares_memory(as_sequences(found).rows, found.rows)


# ---------------------------------------------------------------- tables


@window_sizes
@paddings
def test_flat_windows_are_the_windows_laid_out(window_size, padding):
    windows = SlidingWindowTransformer(window_size, padding=padding).fit_transform(SERIES)
    flat = SlidingWindowTransformer(window_size, padding=padding, flatten=True)
    np.testing.assert_array_equal(flat.fit_transform(SERIES), table_of(windows))


def test_columns_are_oldest_first_and_named_by_lag():
    flat = SlidingWindowTransformer(3, flatten=True, padding="nan").fit(FRAME)
    names = ["load_lag2", "heat_lag2", "load_lag1", "heat_lag1", "load_lag0", "heat_lag0"]
    assert flat.get_feature_names_out().tolist() == names
    table = pd.DataFrame(flat.transform(FRAME), columns=names, index=FRAME.index)
    for name in names:
        column, lag = name.split("_lag")
        pd.testing.assert_series_equal(
            table[name], FRAME[column].shift(int(lag)), check_names=False
        )


def test_names_of_columns_without_names():
    flat = SlidingWindowTransformer(2, flatten=True).fit(SERIES)
    assert flat.get_feature_names_out().tolist() == ["x0_lag1", "x1_lag1", "x0_lag0", "x1_lag0"]
    found = flat.get_feature_names_out(["a", "b"])
    assert found.tolist() == ["a_lag1", "b_lag1", "a_lag0", "b_lag0"]
    with pytest.raises(ValueError, match="input_features should have length equal"):
        flat.get_feature_names_out(["a"])


def test_windows_have_no_column_names():
    assert not hasattr(SlidingWindowTransformer(3).fit(FRAME), "get_feature_names_out")
    with pytest.raises(NotFittedError):
        SlidingWindowTransformer(3, flatten=True).get_feature_names_out()


@pytest.mark.parametrize("how", ["set_output", "config"])
@pytest.mark.parametrize("method", ["fit_transform", "transform"])
@pytest.mark.parametrize("flatten", [False, True])
def test_pandas_output(how, method, flatten):
    transformer = SlidingWindowTransformer(3, flatten=flatten).fit(FRAME)
    plain = getattr(clone(transformer).fit(FRAME), method)(FRAME)
    if how == "set_output":
        assert transformer.set_output(transform="pandas") is transformer
        found = getattr(transformer, method)(FRAME)
    else:
        with config_context(transform_output="pandas"):
            found = getattr(transformer, method)(FRAME)
    if flatten:
        assert isinstance(found, pd.DataFrame)
        assert found.columns.tolist() == transformer.get_feature_names_out().tolist()
        assert found.index.equals(FRAME.index)
    else:
        assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(np.asarray(found), plain)


def test_pandas_output_in_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), SlidingWindowTransformer(2, flatten=True))
    table = pipeline.set_output(transform="pandas").fit_transform(FRAME)
    assert table.columns.tolist() == ["load_lag1", "heat_lag1", "load_lag0", "heat_lag0"]
    pipeline = make_pipeline(StandardScaler(), SlidingWindowTransformer(2))
    assert pipeline.set_output(transform="pandas").fit_transform(FRAME).shape == (15, 2, 2)


# ---------------------------------------------------------------- groups

KEYS = np.array(["b", "a", "b", "b", "a", "c", "b", "a", "c", "b", "b", "a", "c", "b", "a"])
NUMBERS = np.array([{"a": 7.0, "b": -1.0, "c": 0.5}[key] for key in KEYS])


def with_groups(how, keys=KEYS, rows=SERIES):
    """Return X with its groups, and the parameter that tells them."""
    numbers = np.array([{"a": 7.0, "b": -1.0, "c": 0.5, "d": 3.0}[key] for key in keys])
    frame = pd.DataFrame(rows, columns=["load", "heat"])
    match how:
        case "column by name":
            return frame.assign(unit=keys)[["load", "unit", "heat"]], "unit"
        case "column by position":
            return frame.assign(unit=keys)[["load", "unit", "heat"]], 1
        case "categories":
            return frame.assign(unit=pd.Categorical(keys, ["c", "x", "b", "a", "d"])), "unit"
        case "level of a MultiIndex":
            arrays = [keys, np.arange(len(keys))]
            return frame.set_index(pd.MultiIndex.from_arrays(arrays, names=["unit", "t"])), "unit"
        case "named index":
            return frame.set_index(pd.Index(keys, name="unit")), "unit"
        case "array column":
            return np.column_stack([rows[:, 0], numbers, rows[:, 1]]), 1
        case "object array column":
            return np.column_stack([keys.astype(object), rows]), 0
        case "lists":
            return np.column_stack([rows, numbers]).tolist(), 2


GROUPS = [
    "column by name",
    "column by position",
    "categories",
    "level of a MultiIndex",
    "named index",
    "array column",
    "object array column",
    "lists",
]
groups = pytest.mark.parametrize("how", GROUPS)


def grouped_naively(rows, keys, window_size, padding, before=None):
    expected = np.empty((len(rows), window_size, 2), dtype=np.float32)
    for key in set(keys):
        context = () if before is None else before.get(key, ())
        expected[keys == key] = windows_naively(rows[keys == key], window_size, padding, context)
    return expected


@groups
@paddings
@pytest.mark.parametrize("window_size", [1, 3, 6])
def test_windows_stay_within_their_series(how, padding, window_size):
    X, group_by = with_groups(how)
    transformer = SlidingWindowTransformer(window_size, padding=padding, group_by=group_by)
    expected = grouped_naively(SERIES, KEYS, window_size, padding)
    found = transformer.fit_transform(X)
    assert isinstance(found, Windows)
    np.testing.assert_array_equal(np.asarray(found), expected)
    np.testing.assert_array_equal(np.asarray(transformer.transform(X)), expected)
    flat = clone(transformer).set_params(flatten=True).fit_transform(X)
    np.testing.assert_array_equal(flat, table_of(expected))


@groups
def test_attributes_with_groups(how):
    X, group_by = with_groups(how)
    transformer = SlidingWindowTransformer(3, group_by=group_by).fit(X)
    in_index = how in ("level of a MultiIndex", "named index")
    assert transformer.n_features_in_ == (2 if in_index else 3)
    positions = {"categories": 2, "lists": 2, "object array column": 0}
    assert transformer.group_column_ == (None if in_index else positions.get(how, 1))


@groups
def test_the_group_is_no_feature_of_the_table(how):
    X, group_by = with_groups(how)
    flat = SlidingWindowTransformer(2, group_by=group_by, flatten=True).fit(X)
    names = flat.get_feature_names_out().tolist()
    if hasattr(X, "columns"):
        assert names == ["load_lag1", "heat_lag1", "load_lag0", "heat_lag0"]
        table = flat.set_output(transform="pandas").transform(X)
        assert table.columns.tolist() == names
        assert table.index.equals(X.index)
    else:
        assert len(names) == 4
        assert not any(name.startswith(f"x{group_by}_") for name in names)


@pytest.mark.parametrize("how", ["column by name", "array column", "level of a MultiIndex"])
def test_order_of_rows_across_series_does_not_matter(how):
    order = np.argsort(KEYS, kind="stable")
    X, group_by = with_groups(how)
    moved, _ = with_groups(how, KEYS[order], SERIES[order])
    transformer = SlidingWindowTransformer(3, group_by=group_by)
    found = np.asarray(transformer.fit_transform(X))
    np.testing.assert_array_equal(np.asarray(transformer.fit_transform(moved)), found[order])


def test_series_not_seen_in_fit_are_taken():
    X, group_by = with_groups("column by name")
    other = np.where(KEYS == "b", "d", KEYS)
    Z, _ = with_groups("column by name", other)
    transformer = SlidingWindowTransformer(3, group_by=group_by).fit(X)
    found = np.asarray(transformer.transform(Z))
    np.testing.assert_array_equal(found, grouped_naively(SERIES, other, 3, "edge"))


# ---------------------------------------------------------------- context


@window_sizes
@paddings
@pytest.mark.parametrize("flatten", [False, True])
def test_context_goes_before_the_rows_to_transform(window_size, padding, flatten):
    transformer = SlidingWindowTransformer(
        window_size, padding=padding, context="last", flatten=flatten
    ).fit(SERIES)
    later = SERIES[:6] + 10
    found = np.asarray(transformer.transform(later))
    expected = windows_naively(later, window_size, padding, before=SERIES)
    np.testing.assert_array_equal(found, table_of(expected) if flatten else expected)


@pytest.mark.parametrize("window_size", [2, 5])
def test_context_continues_a_series_seamlessly(window_size):
    whole = SlidingWindowTransformer(window_size).fit_transform(SERIES)
    transformer = SlidingWindowTransformer(window_size, context="last").fit(SERIES[:9])
    np.testing.assert_array_equal(transformer.transform(SERIES[9:]), whole[9:])


@groups
@paddings
def test_context_of_each_series(how, padding):
    keys = np.array(["a", "d", "b", "a", "c", "c", "b", "d"])  # c is short, d is new
    X, group_by = with_groups(how)
    later = SERIES[:8] - 5
    Z, _ = with_groups(how, keys, later)
    options = {"group_by": group_by, "padding": padding, "context": "last"}
    transformer = SlidingWindowTransformer(5, **options).fit(X)
    before = {key: SERIES[key == KEYS] for key in "abc"}
    expected = grouped_naively(later, keys, 5, padding, before)
    np.testing.assert_array_equal(np.asarray(transformer.transform(Z)), expected)
    assert sorted(map(len, transformer.context_.values())) == [3, 4, 4]


@pytest.mark.parametrize("group_by", [None, 1])
def test_fit_transform_takes_no_context(group_by):
    X = SERIES.copy()
    X[:, 1] = np.arange(15) % 2
    transformer = SlidingWindowTransformer(4, context="last", group_by=group_by)
    expected = np.asarray(clone(transformer).set_params(context="none").fit_transform(X))
    for _ in range(2):  # nor that of an earlier fit
        np.testing.assert_array_equal(np.asarray(transformer.fit_transform(X)), expected)
    assert (np.asarray(transformer.transform(X))[0] != expected[0]).any()


def test_context_is_a_copy_of_a_few_rows():
    X = SERIES.copy()
    transformer = SlidingWindowTransformer(3, context="last").fit(X)
    X[:] = 99.0
    (end,) = transformer.context_.values()
    np.testing.assert_array_equal(end, SERIES[-2:])
    assert SlidingWindowTransformer(3).fit(X).context_ == {}


# ---------------------------------------------------------------- as an estimator


def make_target(X):
    return np.asarray(X)[:, 0] * 2.0 + np.roll(np.asarray(X)[:, 1], 1)


def test_stock_pipeline_keeps_rows_aligned():
    X = np.random.default_rng(2).normal(size=(200, 2))
    y = make_target(X)  # depends on this row and the one before
    model = make_pipeline(
        StandardScaler(), SlidingWindowTransformer(2, flatten=True), Ridge(alpha=1e-6)
    )
    assert model.fit(X[1:], y[1:]).score(X[1:], y[1:]) > 0.99
    weight = np.ones(199)
    model.fit(X[1:], y[1:], ridge__sample_weight=weight)
    assert model.predict(X[1:]).shape == (199,)
    assert TransformedTargetRegressor(model).fit(X, y).predict(X).shape == (200,)


def test_window_size_can_be_searched():
    X = np.random.default_rng(2).normal(size=(200, 2))
    y = make_target(X)
    model = Pipeline([("window", SlidingWindowTransformer(flatten=True)), ("ridge", Ridge(1e-6))])
    sizes = {"window__window_size": [1, 2]}
    search = GridSearchCV(model, sizes, cv=TimeSeriesSplit(3)).fit(X[1:], y[1:])
    assert search.best_params_ == {"window__window_size": 2}


@pytest.mark.parametrize("group_by", [None, "unit"])
def test_clone_and_pickle(group_by):
    X = FRAME if group_by is None else with_groups("column by name")[0]
    options = {"padding": "nan", "flatten": True, "group_by": group_by, "context": "last"}
    transformer = SlidingWindowTransformer(3, **options).fit(X)
    copy = clone(transformer)
    assert copy.get_params() == transformer.get_params()
    assert not hasattr(copy, "context_")
    restored = pickle.loads(pickle.dumps(transformer))
    np.testing.assert_array_equal(restored.transform(X), transformer.transform(X))


def test_transform_needs_a_fit():
    with pytest.raises(NotFittedError):
        SlidingWindowTransformer().transform(SERIES)


def test_transform_leaves_the_transformer_alone():
    transformer = SlidingWindowTransformer(3, context="last").fit(SERIES)
    before = pickle.dumps(transformer)
    transformer.transform(SERIES[:5])
    assert pickle.dumps(transformer) == before


BROKEN = {
    "too short": (SERIES[:2], {}),
    "NaN": (np.full((9, 2), np.nan), {}),
    "other parameter": (SERIES, {"padding": "zero"}),
    "no such group": (SERIES, {"group_by": "unit"}),
    "other columns": (np.ones((2, 5)), {}),
}


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
@pytest.mark.parametrize("name", BROKEN)
def test_a_failing_fit_leaves_a_fitted_transformer_as_it_was(method, name):
    X, options = BROKEN[name]
    transformer = SlidingWindowTransformer(4, context="last").fit(FRAME)
    fitted = {key: value for key, value in vars(transformer).items() if key.endswith("_")}
    later = transformer.transform(FRAME)
    original = transformer.get_params()
    with pytest.raises(ValueError, match=r"."):
        getattr(transformer.set_params(**options), method)(X)
    transformer.set_params(**original)
    assert set(vars(transformer)) == {*original, *fitted}
    assert all(getattr(transformer, key) is value for key, value in fitted.items())
    np.testing.assert_array_equal(transformer.transform(FRAME), later)


@pytest.mark.parametrize("name", ["too short", "NaN"])
def test_a_failing_first_fit_leaves_nothing(name):
    transformer = SlidingWindowTransformer(4)
    with pytest.raises(ValueError, match=r"."):
        transformer.fit(BROKEN[name][0])
    assert vars(transformer).keys() == transformer.get_params().keys()


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"window_size": 0}, "window_size"),
        ({"window_size": 2.0}, "window_size"),
        ({"window_size": "3"}, "window_size"),
        ({"padding": "zero"}, "padding"),
        ({"flatten": "yes"}, "flatten"),
        ({"group_by": 1.5}, "group_by"),
        ({"context": "first"}, "context"),
    ],
)
def test_parameters_are_checked(options, name):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of SlidingWindowTransformer"):
        SlidingWindowTransformer(**options).fit(SERIES)


def with_value(value):
    X = SERIES.astype(np.float64)
    X[3, 1] = value
    return X


@pytest.mark.parametrize(
    ("X", "options", "error", "message"),
    [
        (SERIES, {"window_size": 16}, ValueError, "longest series in X, of 15 row(s)"),
        (
            with_groups("array column")[0],
            {"window_size": 8, "group_by": 1},
            ValueError,
            "window_size=8 is longer than the longest series in X, of 7 row(s) (n_samples=15)",
        ),
        (SERIES[:, 0], {}, ValueError, "Expected 2D array, got 1D array"),
        (SERIES[None], {}, ValueError, "Found array with dim 3"),
        (SERIES[:0], {}, ValueError, "0 sample(s)"),
        (SERIES[:, :0], {}, ValueError, "0 feature(s)"),
        (with_value(np.nan), {}, ValueError, "Input X contains NaN"),
        (with_value(np.inf), {}, ValueError, "infinity or a value too large for dtype('float32')"),
        (sparse.csr_array(SERIES), {}, TypeError, "Sparse data was passed"),
        (sparse.csr_array(SERIES), {"group_by": 0}, TypeError, "Sparse data was passed"),
        (SERIES, {"group_by": "unit"}, ValueError, "'unit', which is neither a column []"),
        (FRAME, {"group_by": "unit"}, ValueError, "neither a column ['load', 'heat'] nor an index"),
        (SERIES, {"group_by": 2}, ValueError, "must be a column of X, which has 2. Got 2"),
        (SERIES, {"group_by": -1}, ValueError, "must be a column of X, which has 2. Got -1"),
        (with_value(np.nan), {"group_by": 1}, ValueError, "holds a missing value in row 3"),
        (with_value(np.nan), {"group_by": 0}, ValueError, "contains NaN"),
        (SERIES[:, :1], {"group_by": 0}, ValueError, "0 feature(s)"),
        (FRAME.assign(unit=KEYS), {"group_by": 0}, ValueError, "could not convert string to float"),
    ],
)
def test_errors(X, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        SlidingWindowTransformer(**{"window_size": 2, **options}).fit(X)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")  # scikit-learn's own
def test_values_too_large_for_float32_are_refused():
    with pytest.raises(ValueError, match="infinity or a value too large"):
        SlidingWindowTransformer(2).fit(with_value(1e300))


@pytest.mark.parametrize("group_by", [None, 1])
def test_transform_checks_the_columns(group_by):
    X = SERIES.copy()
    X[:, 1] = 1.0
    transformer = SlidingWindowTransformer(2, group_by=group_by).fit(X)
    with pytest.raises(ValueError, match="X has 3 features, but SlidingWindowTransformer"):
        transformer.transform(np.ones((4, 3)))
    transformer.fit(pd.DataFrame(X, columns=["load", "heat"]))
    with pytest.raises(ValueError, match="feature names should match"):
        transformer.transform(pd.DataFrame(X, columns=["load", "wind"]))


def test_dates_are_refused_but_may_tell_series_apart():
    days = pd.date_range("2020", periods=2).repeat(5)
    frame = pd.DataFrame({"day": days, "x": np.arange(10.0)})
    with pytest.raises(ValueError, match=r"dates or durations in column.* 'day'"):
        SlidingWindowTransformer(3).fit(frame)
    windows = SlidingWindowTransformer(3, group_by="day").fit_transform(frame)
    assert np.asarray(windows)[5, :, 0].tolist() == [5.0, 5.0, 5.0]


@pytest.mark.parametrize(
    ("value", "what"), [(np.nan, "NaN"), (np.inf, "infinity"), (1e300, "float32")]
)
def test_what_is_not_finite_is_found(value, what):
    X = np.zeros((10, 3))
    X[4, 1] = value
    with pytest.raises(ValueError, match=rf"{what}.*row 4, feature 1"):
        SlidingWindowTransformer(3).fit(X)


@pytest.mark.parametrize("changed", [{"padding": "nonsense"}, {"window_size": 0}])
def test_parameters_that_changed_are_checked(changed):
    windows = SlidingWindowTransformer(3).fit(np.arange(20.0)[:, None]).set_params(**changed)
    with pytest.raises(ValueError, match=f"'{next(iter(changed))}' parameter"):
        windows.transform(np.arange(5.0)[:, None])


@pytest.mark.parametrize("context", ["none", "last"])
@pytest.mark.parametrize("size", [2, 5])
def test_windows_belong_to_the_size_that_was_fitted(size, context):
    series = np.arange(20.0)[:, None]
    windows = SlidingWindowTransformer(3, context=context).fit(series).set_params(window_size=size)
    with pytest.raises(ValueError, match=f"fit saw window_size=3.*now {size}"):
        windows.transform(series)


@pytest.mark.parametrize(("before", "after"), [("none", "last"), ("last", "none")])
def test_context_is_decided_in_fit(before, after):
    series = np.arange(20.0)[:, None]
    windows = SlidingWindowTransformer(3, context=before).fit(series).set_params(context=after)
    with pytest.raises(ValueError, match=f"context='{before}'.*'{after}'"):
        windows.transform(series)


def test_grouping_belongs_to_what_was_fitted():
    X = np.column_stack([np.arange(20.0), np.arange(20) // 10])
    windows = SlidingWindowTransformer(3, group_by=1).fit(X).set_params(group_by=None)
    with pytest.raises(ValueError, match=r"fit saw .*group_by=1.*now 3, None"):
        windows.transform(X)


# ---------------------------------------------------------------- what an index says


def test_rows_that_are_not_in_the_order_of_time_are_warned_of():
    days = pd.date_range("2026-01-01", periods=6)
    frame = pd.DataFrame({"site": list("ababab"), "load": np.arange(6.0)}, index=days)
    transformer = SlidingWindowTransformer(2).fit(frame[["load"]])
    for ask in (transformer.fit, transformer.transform):
        with pytest.warns(UserWarning, match="not in the order of time"):
            ask(frame[["load"]][::-1])
    with pytest.warns(UserWarning, match="not in the order of time"):
        SlidingWindowTransformer(2, group_by="site").fit(frame[::-1])
    twice = frame.set_index(days[[0, 0, 1, 1, 2, 2]])
    SlidingWindowTransformer(2, group_by="site").fit(twice)


@pytest.mark.parametrize("group_by", [None, "site"])
def test_rows_that_do_not_follow_those_of_their_context_are_warned_of(group_by):
    days = pd.date_range("2026-01-01", periods=12).repeat(2)
    frame = pd.DataFrame({"site": list("ab") * 12, "load": np.arange(24.0)}, index=days)
    frame = frame if group_by else frame[::2][["load"]]
    train, test = frame[: len(frame) // 2], frame[len(frame) // 2 :]
    transformer = SlidingWindowTransformer(3, group_by=group_by, context="last").fit(train)
    for later in (
        test,
        test.to_period("D"),
        test[2:],
        test.set_index(test.index + pd.Timedelta("1D")),
    ):
        transformer.transform(later)
    in_seconds = train.set_index(train.index.as_unit("s"))
    for known in (train, frame, train[-2:], in_seconds):
        with pytest.warns(UserWarning, match="puts what fit saw up to 2026-01-06") as record:
            transformer.transform(known)
        assert record[0].filename == __file__
    nothing_before = SlidingWindowTransformer(1, group_by=group_by, context="last")
    nothing_before.fit(train).transform(train)
    in_zone = train.tz_localize("UTC")
    transformer.transform(in_zone)
    with pytest.warns(UserWarning, match="puts what fit saw"):
        transformer.fit(in_zone).transform(in_zone.tz_convert("Asia/Tokyo"))
    SlidingWindowTransformer(3, group_by=group_by).fit(train).transform(train)
    transformer.fit(train.reset_index(drop=True)).transform(train)


@pytest.mark.parametrize("group_by", [None, "site"])
def test_columns_that_are_no_numbers_are_named(group_by):
    frame = pd.DataFrame({"load": [1.0, 2.0], "holiday": ["yes", "no"]})
    frame = frame if group_by is None else frame.assign(site=1)
    with pytest.raises(ValueError, match=r"X: column\(s\) 'holiday' do not hold numbers"):
        SlidingWindowTransformer(2, group_by=group_by).fit(frame)


def test_columns_that_can_be_read_are_not_blamed():
    frame = pd.DataFrame({"load": [1.0, np.nan], "site": pd.Categorical([1, 2])})
    with pytest.raises(ValueError, match="NaN") as caught:
        SlidingWindowTransformer(2).fit(frame)
    assert "site" not in str(caught.value)


def test_an_hour_that_a_clock_shows_twice_is_in_order():
    hours = pd.date_range("2026-10-25", periods=6, freq="h", tz="Europe/Berlin").tz_localize(None)
    SlidingWindowTransformer(2).fit(pd.DataFrame({"load": np.arange(6.0)}, index=hours))
