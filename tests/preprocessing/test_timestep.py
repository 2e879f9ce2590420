import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.utils import get_tags

from sklstm import SlidingWindowTransformer, TimestepTransformer, Windows
from sklstm.data import as_sequences, view_windows

SERIES = np.random.default_rng(0).normal(3.0, 2.0, size=(24, 3))
DENSE = SERIES.reshape(4, 6, 3)
RAGGED = [SERIES[:5], SERIES[5:6], SERIES[6:17], SERIES[17:]]


def absent_steps():
    X = DENSE.copy()
    X[0, :2] = np.nan
    X[1, 5:] = np.nan
    X[3, 1:] = np.nan
    return X


# name: X, and the present steps that a fit must see
FORMS = {
    "dense": (DENSE, SERIES),
    "dense, F order": (np.asfortranarray(DENSE), SERIES),
    "dense, float32": (DENSE.astype(np.float32), SERIES.astype(np.float32)),
    "dense, gaps between samples": (
        np.concatenate([DENSE, 1e6 * DENSE], axis=1)[:, :6],
        SERIES,
    ),
    "dense, every second sample": (np.repeat(DENSE, 2, axis=0)[::2], SERIES),
    "one sample": (DENSE[:1], SERIES[:6]),
    "one step": (SERIES[:, None, :].copy(), SERIES),
    "nested lists": (DENSE.tolist(), SERIES),
    "absent steps": (
        absent_steps(),
        absent_steps().reshape(-1, 3)[~np.isnan(absent_steps()[:, :, 0]).ravel()],
    ),
    "window view": (view_windows(SERIES, 5), SERIES),
    "window view, stepped": (view_windows(SERIES, 5)[::3], SERIES[:23]),
    "window view, apart": (
        view_windows(SERIES, 3)[::7],
        SERIES[[0, 1, 2, 7, 8, 9, 14, 15, 16, 21, 22, 23]],
    ),
    "window view, absent steps": (
        view_windows(np.concatenate([np.full((4, 3), np.nan), SERIES]), 5),
        SERIES,
    ),
    "Windows": (Windows(SERIES, np.array([0, 1, 12, 13]), 4), SERIES[[*range(5), *range(12, 17)]]),
    "ragged": (RAGGED, SERIES),
    "ragged, tuple": (tuple(RAGGED), SERIES),
    "ragged, lists": ([member.tolist() for member in RAGGED], SERIES),
}
forms = pytest.mark.parametrize("name", FORMS)


def steps_naively(X, function):
    """Return X with the function applied to each present step, one at a time."""
    found = []
    for sample in X:
        rows = [
            None if np.isnan(step).all() else function(np.asarray(step)[None])[0]
            for step in np.asarray(sample)
        ]
        width = next(len(row) for row in rows if row is not None)
        found.append(np.array([np.full(width, np.nan) if row is None else row for row in rows]))
    return found


def assert_like(found, X, expected):
    ragged = isinstance(X, list | tuple) and len({len(sample) for sample in X}) > 1
    if ragged:
        assert isinstance(found, list)
    else:
        assert isinstance(found, Windows if isinstance(X, Windows) else np.ndarray)
        assert found.ndim == 3
        assert found.shape[:2] == np.shape(X)[:2]
    assert len(found) == len(expected)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.asarray(mine), theirs, rtol=1e-6, atol=1e-6)


TRANSFORMERS = [
    StandardScaler(),
    MinMaxScaler(),
    PCA(2),
    KBinsDiscretizer(3, encode="ordinal", quantile_method="averaged_inverted_cdf"),
    KBinsDiscretizer(3, encode="onehot", quantile_method="averaged_inverted_cdf"),
    ColumnTransformer([("a", StandardScaler(), [0]), ("b", MinMaxScaler(), [2])]),
    make_pipeline(StandardScaler(), PCA(1)),
]


@forms
@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=lambda one: type(one).__name__)
def test_each_present_step_is_transformed_alike(name, transformer):
    X, present = FORMS[name]
    alone = clone(transformer).fit(present)

    def transform(rows):
        transformed = alone.transform(rows.astype(present.dtype))
        return transformed.toarray() if hasattr(transformed, "toarray") else transformed

    expected = steps_naively(X, transform)
    stepwise = TimestepTransformer(transformer)
    assert_like(stepwise.fit_transform(X), X, expected)
    assert_like(stepwise.transform(X), X, expected)


@forms
def test_fit_sees_each_present_step_once(name):
    X, present = FORMS[name]
    scaler = TimestepTransformer(StandardScaler()).fit(X).transformer_
    np.testing.assert_allclose(scaler.mean_, present.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(scaler.scale_, present.std(axis=0), rtol=1e-6)
    assert scaler.n_samples_seen_ == len(present)


@forms
def test_X_and_the_given_transformer_are_left_alone(name):
    X, _ = FORMS[name]
    before = [np.array(sample) for sample in X]
    transformer = StandardScaler()
    TimestepTransformer(transformer).fit_transform(X)
    assert not hasattr(transformer, "mean_")
    for sample, kept in zip(X, before, strict=True):
        np.testing.assert_array_equal(np.asarray(sample), kept)


def test_absent_steps_stay_absent():
    found = TimestepTransformer(StandardScaler()).fit_transform(absent_steps())
    np.testing.assert_array_equal(np.isnan(found), np.isnan(absent_steps()))
    lengths = as_sequences(absent_steps()).lengths.tolist()
    assert as_sequences(found).lengths.tolist() == lengths


def test_a_table_is_univariate_sequences():
    X = SERIES[:10]
    stepwise = TimestepTransformer(StandardScaler())
    found = stepwise.fit_transform(X)
    assert found.shape == (10, 3, 1)
    assert stepwise.n_features_in_ == 3
    np.testing.assert_allclose(found[:, :, 0], (X - X.mean()) / X.std())


@pytest.mark.parametrize("column", [SERIES[:, [1]], pd.DataFrame({"a": SERIES[:, 1]})])
def test_a_table_of_one_column(column):
    found = TimestepTransformer(FunctionTransformer()).fit_transform(column)
    np.testing.assert_array_equal(found[:, 0, 0], SERIES[:, 1])


# ---------------------------------------------------------------- views


@pytest.mark.parametrize("padding", ["edge", "nan"])
@pytest.mark.parametrize(
    "transformer",
    [StandardScaler(), PCA(2), KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf")],
    ids=lambda one: type(one).__name__,
)
def test_window_views_stay_views(padding, transformer):
    X = SlidingWindowTransformer(6, padding=padding).fit_transform(SERIES)
    found = TimestepTransformer(transformer).fit_transform(X)
    assert np.shares_memory(found[6], found[7])
    assert not found.flags.writeable
    assert as_sequences(found, found.dtype).rows.nbytes == 29 * found.shape[2] * found.itemsize


def test_each_row_of_a_series_is_transformed_once():
    seen = []

    def spy(rows):
        seen.append(len(rows))
        return rows

    TimestepTransformer(FunctionTransformer(spy)).fit(view_windows(SERIES, 5)).transform(
        view_windows(SERIES, 5)
    )
    assert seen == [24]


def test_windows_of_several_series_keep_their_rows_together():
    span = np.array([[0, 4], [1, 5]] * 2)
    X = Windows(SERIES, np.array([0, 1, 12, 13]), 4, span)
    found = TimestepTransformer(StandardScaler()).fit_transform(X)
    assert found.span is span
    assert len(found.rows) == 24
    assert found.first is X.first
    assert found.window_size == 4


@pytest.mark.parametrize(
    "X",
    [
        view_windows(SERIES, 4)[::-1],
        view_windows(SERIES, 4)[3::-2],
        view_windows(SERIES, 4)[7:3:-1],
        view_windows(SERIES, 4)[:, ::-1],
        SERIES[:12].reshape(4, 3, -1)[::-1],
        SERIES[:12].reshape(4, 3, -1)[::-1, ::-1, ::-1],
    ],
    ids=["windows back", "every other", "some back", "steps back", "samples back", "all back"],
)
def test_views_of_any_direction_keep_their_order(X):
    same = TimestepTransformer(FunctionTransformer())
    np.testing.assert_allclose(same.fit_transform(X), X)


@pytest.mark.parametrize("flip", [False, True])
def test_scaling_before_or_after_cutting_windows_is_the_same(flip):
    scale, cut = TimestepTransformer(StandardScaler()), SlidingWindowTransformer(4, padding="nan")
    steps = (StandardScaler(), cut) if flip else (cut, scale)
    found = make_pipeline(*steps).fit_transform(SERIES)
    expected = SlidingWindowTransformer(4, padding="nan").fit_transform(
        (SERIES - SERIES.mean(axis=0)) / SERIES.std(axis=0)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


# ---------------------------------------------------------------- symbols and missing values

WORDS = np.array([[["a", "x"], ["b", "x"], ["a", "y"]], [["c", "y"], ["a", "x"], ["b", "y"]]])


@pytest.mark.parametrize(
    "X",
    [
        WORDS,
        WORDS.astype(object),
        WORDS.tolist(),
        [WORDS[0], WORDS[1, :2]],
        [WORDS[0].tolist(), WORDS[1, :2].tolist()],
        view_windows(WORDS.reshape(6, 2), 3),
    ],
    ids=["strings", "objects", "nested lists", "ragged", "ragged lists", "windows"],
)
@pytest.mark.parametrize("sparse_output", [False, True])
def test_one_hot_encoding_of_strings(X, sparse_output):
    found = TimestepTransformer(OneHotEncoder(sparse_output=sparse_output)).fit_transform(X)
    for sample, encoded in zip(X, found, strict=True):
        for (first, second), code in zip(sample, encoded, strict=True):
            expected = [first == "a", first == "b", first == "c", second == "x", second == "y"]
            assert code.tolist() == expected


def test_symbols_of_univariate_sequences():
    encoder = TimestepTransformer(OrdinalEncoder())
    found = encoder.fit_transform([["b", "a", "c"], ["a"]])
    assert [member.ravel().tolist() for member in found] == [[1.0, 0.0, 2.0], [0.0]]
    found = encoder.fit_transform(np.array([["b", "a"], ["a", "a"]], dtype=object))
    assert found[:, :, 0].tolist() == [[1.0, 0.0], [0.0, 0.0]]


def test_imputation_of_missing_values_leaves_absent_steps():
    X = absent_steps()
    X[0, 3, 1] = X[2, 0, 2] = np.nan
    X[2, 3] = np.nan  # all of a step inside a sequence is missing, not absent
    found = TimestepTransformer(SimpleImputer()).fit_transform(X)
    means = np.nanmean(X.reshape(-1, 3), axis=0)
    absent = np.isnan(absent_steps())
    np.testing.assert_array_equal(np.isnan(found), absent)
    np.testing.assert_allclose(found, np.where(np.isnan(X) & ~absent, means, X))


def test_imputation_of_ragged_and_tabular_sequences():
    members = [member.copy() for member in RAGGED]
    members[2][4, 0] = np.nan
    found = TimestepTransformer(SimpleImputer()).fit_transform(members)
    assert found[2][4, 0] == pytest.approx(np.nanmean(np.concatenate(members)[:, 0]))
    table = SERIES.copy()
    table[1, 1] = np.nan
    found = TimestepTransformer(SimpleImputer()).fit_transform(table)
    assert found[1, 1, 0] == pytest.approx(np.nanmean(table))


def test_missing_values_are_refused_where_the_transformer_takes_none():
    X = DENSE.copy()
    X[2, 3, 1] = np.nan
    with pytest.raises(ValueError, match=r"NaN.* sequence 2, time step 3, feature 1"):
        TimestepTransformer(PCA(2)).fit(X)
    assert get_tags(TimestepTransformer(SimpleImputer())).input_tags.allow_nan
    assert not get_tags(TimestepTransformer(PCA())).input_tags.allow_nan


# ---------------------------------------------------------------- as an estimator


def test_pandas_output_of_the_inner_transformer_is_taken():
    inner = StandardScaler().set_output(transform="pandas")
    found = TimestepTransformer(inner).fit_transform(DENSE)
    np.testing.assert_allclose(found, (DENSE - SERIES.mean(0)) / SERIES.std(0))
    stepwise = TimestepTransformer(StandardScaler())
    assert stepwise.set_output(transform="pandas") is stepwise
    assert isinstance(stepwise.fit_transform(DENSE), np.ndarray)


def test_names_are_those_of_the_transformer():
    stepwise = TimestepTransformer(PCA(2)).fit(DENSE)
    assert stepwise.get_feature_names_out().tolist() == ["pca0", "pca1"]
    stepwise = TimestepTransformer(StandardScaler()).fit(DENSE)
    assert stepwise.get_feature_names_out(["a", "b", "c"]).tolist() == ["a", "b", "c"]
    assert not hasattr(
        TimestepTransformer(FunctionTransformer()).fit(DENSE), "get_feature_names_out"
    )


def test_clone_pickle_and_nested_parameters():
    stepwise = TimestepTransformer(PCA(2)).fit(DENSE)
    restored = pickle.loads(pickle.dumps(stepwise))
    np.testing.assert_array_equal(restored.transform(DENSE), stepwise.transform(DENSE))
    copy = clone(stepwise).set_params(transformer__n_components=1)
    assert not hasattr(copy, "transformer_")
    assert copy.fit_transform(DENSE).shape == (4, 6, 1)


def test_transform_needs_a_fit():
    with pytest.raises(NotFittedError):
        TimestepTransformer(StandardScaler()).transform(DENSE)


@pytest.mark.parametrize("X", [np.ones((3, 4, 2)), [np.ones((3, 2)), np.ones((1, 2))]])
def test_transform_checks_the_number_of_features(X):
    stepwise = TimestepTransformer(StandardScaler()).fit(DENSE)
    with pytest.raises(
        ValueError, match="X has 2 features, but TimestepTransformer is expecting 3"
    ):
        stepwise.transform(X)


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_a_failing_fit_leaves_a_fitted_transformer_as_it_was(method):
    stepwise = TimestepTransformer(PCA(2)).fit(DENSE)
    inner = stepwise.transformer_
    with pytest.raises(ValueError, match="n_components=2"):
        getattr(stepwise, method)(np.ones((3, 4, 1)))
    assert stepwise.transformer_ is inner
    assert stepwise.n_features_in_ == 3
    assert stepwise.transform(DENSE).shape == (4, 6, 2)


@pytest.mark.parametrize("drop", [slice(None, -1), slice(1, None)])
def test_a_transformer_that_changes_the_count_of_rows_is_refused(drop):
    X = np.arange(60.0).reshape(10, 3, 2)
    for form in (X, list(X)):
        with pytest.raises(ValueError, match="map every time step to one row"):
            TimestepTransformer(FunctionTransformer(lambda rows: rows[drop])).fit_transform(form)


def test_what_is_no_transformer_is_refused():
    with pytest.raises(TypeError, match=r"'transformer' parameter.*'a'"):
        TimestepTransformer("a").fit(np.zeros((4, 3)))


def test_tables_and_sequences_are_told_apart():
    rng = np.random.default_rng(0)
    on_table = TimestepTransformer(StandardScaler()).fit(rng.normal(size=(10, 6)))
    with pytest.raises(ValueError, match="expecting 6 features"):
        on_table.transform(rng.normal(size=(10, 4, 6)))
    on_sequences = TimestepTransformer(StandardScaler()).fit(rng.normal(size=(10, 6, 1)))
    assert on_sequences.transform(rng.normal(size=(10, 4))).shape == (10, 4, 1)


def test_columns_of_frames_are_those_of_fit():
    frames = [
        pd.DataFrame({"a": [1.0, 2.0], "b": [10.0, 20.0]}),
        pd.DataFrame({"a": [1.0], "b": [2.0]}),
    ]
    turned = frames[1][["b", "a"]]
    stepwise = TimestepTransformer(StandardScaler()).fit(frames)
    assert stepwise.step_names_ == ["a", "b"]
    with pytest.raises(ValueError, match="must be those of fit, in their order"):
        stepwise.transform([turned])
    with pytest.raises(ValueError, match="must have the same columns, in one order"):
        stepwise.fit([frames[0], turned])
    assert len(stepwise.transform([frame.to_numpy() for frame in frames])) == 2


def test_a_column_transformer_finds_features_of_frames_by_name_and_dtype():
    sky = [["sun", "rain", "sun"], ["fog"]]
    frames = [
        pd.DataFrame({"sky": sky[0], "heat": [1.0, 2.0, 6.0]}),
        pd.DataFrame({"sky": sky[1], "heat": [3.0]}),
    ]
    columns = [
        ("scaled", StandardScaler(), make_column_selector(dtype_include="number")),
        ("coded", OrdinalEncoder(), ["sky"]),
    ]
    stepwise = TimestepTransformer(ColumnTransformer(columns)).fit(frames)
    heat = (np.array([1.0, 2.0, 6.0, 3.0]) - 3.0) / np.sqrt(3.5)
    expected = np.column_stack([heat, [2.0, 1.0, 2.0, 0.0]])
    np.testing.assert_allclose(np.concatenate(stepwise.transform(frames)), expected)
    assert list(stepwise.get_feature_names_out()) == ["scaled__heat", "coded__sky"]
    values = [frame.to_numpy() for frame in frames]
    np.testing.assert_allclose(np.concatenate(stepwise.transform(values)), expected)


@pytest.mark.parametrize("gap", [np.nan, pd.NA])
def test_transformers_made_of_others_are_given_gaps(gap):
    frames = [
        pd.DataFrame({"heat": [1.0, gap, 3.0], "mode": ["a", "b", "a"]}).convert_dtypes(),
        pd.DataFrame({"heat": [5.0], "mode": ["b"]}).convert_dtypes(),
    ]
    columns = [("heat", SimpleImputer(), ["heat"]), ("mode", OneHotEncoder(), ["mode"])]
    found = TimestepTransformer(ColumnTransformer(columns)).fit_transform(frames)
    np.testing.assert_allclose(np.concatenate(found), [[1, 1, 0], [3, 0, 1], [3, 1, 0], [5, 0, 1]])


def test_a_pipeline_fills_gaps_step_by_step():
    gap = [np.array([[1.0, 2.0], [np.nan, 3.0], [4.0, 5.0]]), np.array([[1.0, 2.0], [2.0, 2.0]])]
    found = TimestepTransformer(make_pipeline(SimpleImputer(), StandardScaler())).fit_transform(gap)
    expected = make_pipeline(SimpleImputer(), StandardScaler()).fit_transform(np.concatenate(gap))
    np.testing.assert_allclose(np.concatenate(found), expected)
    with pytest.raises(ValueError, match="PCA does not accept missing values"):
        TimestepTransformer(make_pipeline(StandardScaler(), PCA(1))).fit(gap)


@pytest.mark.parametrize("held", ["Series", "object array"])
def test_frames_in_other_holders_keep_their_names(held):
    frames = [pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})] * 2 + [
        pd.DataFrame({"a": [5.0], "b": [6.0]})
    ]

    def hold(members):
        objects = np.empty(len(members), dtype=object)
        objects[:] = members
        return pd.Series(members) if held == "Series" else objects

    stepwise = TimestepTransformer(StandardScaler()).fit(hold(frames))
    assert stepwise.step_names_ == ["a", "b"]
    with pytest.raises(ValueError, match="must be those of fit, in their order"):
        stepwise.transform(hold([frame[["b", "a"]] for frame in frames]))
