"""The estimators in the tools of scikit-learn, alone and in two processes."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer, TimestepTransformer

TINY = {"hidden_layer_sizes": 4, "max_epochs": 2, "random_state": 0, "device": "cpu"}
# in one worker, so that what one process finds is at hand for comparison with two
pytestmark = pytest.mark.xdist_group("pipelines")

N_JOBS = pytest.mark.parametrize("n_jobs", [1, 2])

RNG = np.random.default_rng(0)
SERIES = np.column_stack([np.sin(np.arange(60) / 3), RNG.normal(size=60)])
FRAME = pd.DataFrame(SERIES, columns=["load", "heat"])
NEXT = np.append(SERIES[1:, 0], SERIES[-1, 0])
X = RNG.normal(size=(48, 5, 2))
Y = X[:, -1, 0]
LABELS = np.where(Y > 0, "up", "down")
LAGS = SlidingWindowTransformer(5, flatten=True).fit_transform(SERIES[:, :1])


def regressor(**parameters):
    return LSTMRegressor(**{**TINY, **parameters})


def classifier(**parameters):
    return LSTMClassifier(**{**TINY, **parameters})


def pipeline(**parameters):
    return make_pipeline(
        StandardScaler(), SlidingWindowTransformer(window_size=6), regressor(**parameters)
    )


@pytest.fixture(scope="module")
def alone():
    """Hold what each tool found in this process, for comparison with two."""
    return {}


def compare(alone, name, found):
    """Results do not depend on the number of processes."""
    if name in alone:
        for first, second in zip(alone[name], found, strict=True):
            assert_array_equal(first, second)
    alone[name] = found


# ---------------------------------------------------------------- search

GRID = {
    "slidingwindowtransformer__window_size": [3, 6],
    "lstmregressor__hidden_layer_sizes": [(4,), (4, 3)],
}


@N_JOBS
def test_grid_search(n_jobs, alone):
    search = GridSearchCV(pipeline(), GRID, cv=TimeSeriesSplit(2), n_jobs=n_jobs)
    search.fit(SERIES, NEXT)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert len(np.unique(scores)) == 4
    best = clone(search.best_estimator_).fit(SERIES, NEXT)
    assert_array_equal(search.predict(SERIES), best.predict(SERIES))
    compare(alone, "grid", [scores, search.predict(SERIES)])


@N_JOBS
def test_grid_search_of_a_classifier(n_jobs, alone):
    grid = {"loss": ["log_loss", "hinge"], "class_weight": [None, "balanced", {"up": 2.0}]}
    search = GridSearchCV(classifier(), grid, cv=2, n_jobs=n_jobs).fit(X, LABELS)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    compare(alone, "grid of a classifier", [search.cv_results_["mean_test_score"]])


@N_JOBS
def test_randomized_search(n_jobs, alone):
    space = {"learning_rate": [1e-3, 1e-2, 1e-1], "cell": ["lstm", "gru"], "dropout": [0.0, 0.5]}
    search = RandomizedSearchCV(
        regressor(), space, n_iter=3, cv=2, n_jobs=n_jobs, random_state=0
    ).fit(X, Y)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    compare(alone, "randomized", [scores, search.predict(X)])


@N_JOBS
def test_halving_search_over_epochs(n_jobs, alone):
    search = HalvingGridSearchCV(
        regressor(), {"learning_rate": [1e-3, 3e-3, 1e-2, 3e-2]}, resource="max_epochs",
        min_resources=1, max_resources=4, factor=2, cv=2, n_jobs=n_jobs, random_state=0,
    ).fit(X, Y)  # fmt: skip
    assert search.n_resources_ == [1, 2, 4]
    assert search.best_params_["max_epochs"] == 4
    assert search.best_estimator_.n_iter_ == 4
    compare(alone, "halving", [search.cv_results_["mean_test_score"]])


# ---------------------------------------------------------------- validation


@N_JOBS
def test_cross_validate(n_jobs, alone):
    found = cross_validate(
        pipeline(), SERIES, NEXT, cv=TimeSeriesSplit(3), n_jobs=n_jobs, return_train_score=True,
        return_estimator=True, scoring=["r2", "neg_mean_absolute_error"],
    )  # fmt: skip
    assert [model[-1].n_iter_ for model in found["estimator"]] == [2, 2, 2]
    scores = [found[name] for name in sorted(found) if name.startswith(("test", "train"))]
    assert np.isfinite(scores).all()
    compare(alone, "cross_validate", scores)


@N_JOBS
@pytest.mark.parametrize("splitter", [KFold(3), TimeSeriesSplit(2), StratifiedKFold(2)])
def test_splitters(splitter, n_jobs, alone):
    scores = cross_val_score(classifier(), X, LABELS, cv=splitter, n_jobs=n_jobs)
    assert np.isfinite(scores).all()
    compare(alone, f"{splitter}", [scores])


@N_JOBS
def test_cross_val_predict(n_jobs, alone):
    found = cross_val_predict(classifier(), X, LABELS, cv=3, n_jobs=n_jobs, method="predict_proba")
    assert found.shape == (48, 2)
    assert_allclose(found.sum(axis=1), 1)
    compare(alone, "cross_val_predict", [found])


@N_JOBS
def test_ragged_cross_validation(n_jobs, alone):
    ragged = np.empty(len(X), dtype=object)
    ragged[:] = [sequence[: 1 + i % 5] for i, sequence in enumerate(X)]
    scores = cross_val_score(classifier(bidirectional=True), ragged, LABELS, cv=2, n_jobs=n_jobs)
    assert np.isfinite(scores).all()
    as_list = cross_val_score(classifier(bidirectional=True), list(ragged), LABELS, cv=2)
    assert_array_equal(scores, as_list)
    compare(alone, "ragged", [scores])


@N_JOBS
def test_learning_curve(n_jobs, alone):
    sizes, train, test = learning_curve(
        regressor(), X, Y, cv=2, train_sizes=[8, 16, 24], n_jobs=n_jobs
    )
    assert sizes.tolist() == [8, 16, 24]
    assert np.isfinite(train).all()
    assert np.isfinite(test).all()
    compare(alone, "learning_curve", [train, test])


@N_JOBS
def test_incremental_learning_curve(n_jobs, alone):
    _, train, test = learning_curve(
        classifier(), X, LABELS, cv=2, train_sizes=[12, 24], n_jobs=n_jobs,
        exploit_incremental_learning=True,
    )  # fmt: skip
    assert np.isfinite(train).all()
    compare(alone, "incremental", [train, test])


@N_JOBS
def test_permutation_importance(n_jobs, alone):
    model = regressor(max_epochs=40, learning_rate=0.02).fit(LAGS, NEXT)
    found = permutation_importance(model, LAGS, NEXT, n_repeats=3, random_state=0, n_jobs=n_jobs)
    assert found.importances_mean.argmax() in (3, 4)  # the last two steps tell the next
    compare(alone, "permutation", [found.importances])


@N_JOBS
def test_permutation_importance_of_a_pipeline(n_jobs, alone):
    model = pipeline(max_epochs=20, learning_rate=0.02).fit(FRAME, NEXT)
    found = permutation_importance(model, FRAME, NEXT, n_repeats=3, random_state=0, n_jobs=n_jobs)
    assert found.importances_mean[0] > found.importances_mean[1]
    compare(alone, "permutation of a pipeline", [found.importances])


# ---------------------------------------------------------------- ensembles


@N_JOBS
def test_voting_with_a_forest(n_jobs, alone):
    forest = RandomForestRegressor(5, random_state=0)
    model = VotingRegressor([("lstm", regressor()), ("forest", forest)], n_jobs=n_jobs)
    found = model.fit(LAGS, NEXT).predict(LAGS)
    parts = regressor().fit(LAGS, NEXT).predict(LAGS), forest.fit(LAGS, NEXT).predict(LAGS)
    assert_allclose(found, np.mean(parts, axis=0), rtol=1e-6)
    compare(alone, "voting", [found])


@N_JOBS
def test_stacking_with_a_forest(n_jobs, alone):
    parts = [("lstm", regressor()), ("forest", RandomForestRegressor(5, random_state=0))]
    found = StackingRegressor(parts, cv=2, n_jobs=n_jobs).fit(LAGS, NEXT).predict(LAGS)
    assert np.isfinite(found).all()
    compare(alone, "stacking", [found])


@N_JOBS
@pytest.mark.parametrize("bootstrap", [True, False])
def test_bagging(bootstrap, n_jobs, alone):
    model = BaggingRegressor(
        regressor(), n_estimators=3, bootstrap=bootstrap, max_samples=0.8, random_state=0,
        n_jobs=n_jobs,
    )  # fmt: skip
    found = model.fit(LAGS, NEXT).predict(LAGS)
    assert_allclose(found, np.mean([m.predict(LAGS) for m in model.estimators_], axis=0))
    compare(alone, f"bagging {bootstrap}", [found])


@N_JOBS
@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
def test_calibration(loss, n_jobs, alone):
    model = CalibratedClassifierCV(classifier(loss=loss), cv=2, n_jobs=n_jobs)
    found = model.fit(LAGS, NEXT > 0).predict_proba(LAGS)
    assert_allclose(found.sum(axis=1), 1)
    compare(alone, f"calibration of {loss}", [found])


@N_JOBS
def test_one_estimator_an_output(n_jobs, alone):
    both = np.column_stack([NEXT, -NEXT])
    found = MultiOutputRegressor(regressor(), n_jobs=n_jobs).fit(LAGS, both).predict(LAGS)
    assert_allclose(found[:, 0], -found[:, 1], atol=0.5)
    compare(alone, "an output each", [found])


@N_JOBS
def test_one_estimator_a_class(n_jobs, alone):
    labels = np.digitize(NEXT, [-0.5, 0.5])
    found = OneVsRestClassifier(classifier(), n_jobs=n_jobs).fit(LAGS, labels).predict(LAGS)
    assert set(found) <= {0, 1, 2}
    compare(alone, "a class each", [found])


def test_transformed_target():
    model = TransformedTargetRegressor(pipeline(), func=np.log, inverse_func=np.exp)
    predicted = model.fit(SERIES, NEXT + 2).predict(SERIES)
    assert (predicted > 0).all()


# ---------------------------------------------------------------- pipelines


def test_stock_pipeline():
    model = pipeline(max_epochs=60, learning_rate=0.02, hidden_layer_sizes=8).fit(SERIES, NEXT)
    assert model.predict(SERIES).shape == (60,)
    assert model.score(SERIES, NEXT) > 0.9
    assert model.n_features_in_ == 2
    by_hand = SlidingWindowTransformer(6).fit_transform(StandardScaler().fit_transform(SERIES))
    assert_array_equal(model.predict(SERIES), model[-1].predict(by_hand))


def test_pipeline_with_a_frame():
    model = pipeline().fit(FRAME, NEXT)
    assert model.feature_names_in_.tolist() == ["load", "heat"]
    assert_array_equal(model.predict(FRAME), pipeline().fit(SERIES, NEXT).predict(SERIES))


def test_pipeline_with_memory(tmp_path):
    steps = [StandardScaler(), SlidingWindowTransformer(window_size=6), regressor()]
    expected = make_pipeline(*steps).fit(SERIES, NEXT).predict(SERIES)
    cached = make_pipeline(*steps, memory=str(tmp_path))
    for _ in range(2):  # computed, then read from the cache
        assert_array_equal(cached.fit(SERIES, NEXT).predict(SERIES), expected)
    assert any(tmp_path.rglob("*.pkl"))


@N_JOBS
def test_memory_in_a_search(n_jobs, tmp_path, alone):
    model = make_pipeline(
        StandardScaler(), SlidingWindowTransformer(), regressor(), memory=str(tmp_path)
    )
    search = GridSearchCV(model, GRID, cv=TimeSeriesSplit(2), n_jobs=n_jobs).fit(SERIES, NEXT)
    plain = GridSearchCV(pipeline(), GRID, cv=TimeSeriesSplit(2)).fit(SERIES, NEXT)
    assert_array_equal(search.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])
    compare(alone, "memory", [search.cv_results_["mean_test_score"]])


@N_JOBS
def test_several_series_in_a_pipeline(n_jobs, alone):
    frame = FRAME.assign(site=np.repeat(["a", "b", "c"], 20))
    model = make_pipeline(SlidingWindowTransformer(4, group_by="site"), regressor())
    scores = cross_val_score(model, frame, NEXT, cv=TimeSeriesSplit(2), n_jobs=n_jobs)
    assert np.isfinite(scores).all()
    compare(alone, "several series", [scores])


@N_JOBS
def test_steps_scaled_in_a_pipeline(n_jobs, alone):
    model = make_pipeline(TimestepTransformer(StandardScaler()), classifier())
    scores = cross_val_score(model, X, LABELS, cv=2, n_jobs=n_jobs)
    compare(alone, "steps scaled", [scores])
    scaled = make_pipeline(TimestepTransformer(StandardScaler()), classifier()).fit(X, LABELS)
    # the estimator standardises too, so that a scaler in front changes next to nothing
    assert_allclose(
        scaled.decision_function(X),
        classifier().fit(X, LABELS).decision_function(X),
        atol=1e-3,
    )


def test_windows_with_absent_steps_in_a_pipeline():
    model = make_pipeline(SlidingWindowTransformer(6, padding="nan"), regressor())
    predicted = model.fit(SERIES, NEXT).predict(SERIES)
    one_row = model.predict(SERIES[:1])  # a window of a single present step
    assert_allclose(one_row, predicted[:1], rtol=1e-5, atol=1e-6)


def test_early_stopping_in_a_pipeline_validates_on_the_last_rows():
    model = pipeline(early_stopping=True, max_epochs=5).fit(SERIES, NEXT)
    assert len(model[-1].validation_loss_curve_) == model[-1].n_iter_


# ---------------------------------------------------------------- configuration


def test_sample_weight_by_step_name():
    weight = np.linspace(0, 1, 60)
    model = pipeline().fit(SERIES, NEXT, lstmregressor__sample_weight=weight)
    windows = model[:-1].transform(SERIES)
    expected = regressor().fit(windows, NEXT, sample_weight=weight)
    assert_array_equal(model.predict(SERIES), expected.predict(windows))


@N_JOBS
def test_metadata_routing(n_jobs, alone):
    weight = np.where(np.arange(60) < 40, 1.0, 0.0)
    with sklearn.config_context(enable_metadata_routing=True):
        last = regressor().set_fit_request(sample_weight=True)
        model = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False),
            SlidingWindowTransformer(6),
            last.set_score_request(sample_weight=True),
        )
        model.fit(SERIES, NEXT, sample_weight=weight)
        windows = model[:-1].transform(SERIES)
        expected = regressor().fit(windows, NEXT, sample_weight=weight)
        assert_array_equal(model.predict(SERIES), expected.predict(windows))
        found = cross_validate(
            model, SERIES, NEXT, cv=TimeSeriesSplit(2), params={"sample_weight": weight + 1},
            n_jobs=n_jobs, error_score="raise",
        )  # fmt: skip
        compare(alone, "routing", [found["test_score"]])


def test_routing_is_refused_unless_asked_for():
    with (
        sklearn.config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match="sample_weight"),
    ):
        pipeline().fit(SERIES, NEXT, sample_weight=np.ones(60))


def test_training_works_with_routing_enabled():
    expected = regressor().fit(X, Y).predict(X)
    with sklearn.config_context(enable_metadata_routing=True):
        assert_array_equal(regressor().fit(X, Y).predict(X), expected)
        assert regressor().partial_fit(X, Y).n_iter_ == 1


@pytest.mark.parametrize("container", ["pandas", "default"])
def test_output_containers(container):
    expected = pipeline().fit(FRAME, NEXT).predict(FRAME)
    with sklearn.config_context(transform_output=container):
        assert_array_equal(pipeline().fit(FRAME, NEXT).predict(FRAME), expected)
    chosen = pipeline().set_output(transform=container)
    assert_array_equal(chosen.fit(FRAME, NEXT).predict(FRAME), expected)


def test_a_lag_table_as_a_frame_feeds_the_estimator():
    table = SlidingWindowTransformer(5, flatten=True).set_output(transform="pandas")
    model = make_pipeline(table, regressor()).fit(FRAME[["load"]], NEXT)
    assert model[-1].feature_names_in_[-1] == "load_lag0"
    assert_allclose(
        model.predict(FRAME[["load"]]), regressor().fit(LAGS, NEXT).predict(LAGS), rtol=1e-6
    )


@pytest.mark.parametrize("option", ["assume_finite", "skip_parameter_validation"])
def test_options_of_scikit_learn(option):
    expected = pipeline().fit(SERIES, NEXT).predict(SERIES)
    with sklearn.config_context(**{option: True}):
        assert_array_equal(pipeline().fit(SERIES, NEXT).predict(SERIES), expected)


def test_representations():
    model = pipeline(cell="gru")
    assert "cell='gru'" in repr(model)
    assert "LSTMRegressor" in model._repr_html_()
    assert "LSTMRegressor" in model.fit(SERIES, NEXT)._repr_html_()


@pytest.mark.parametrize("estimator", [regressor(), classifier()])
def test_set_params_and_get_params_of_a_pipeline(estimator):
    model = make_pipeline(SlidingWindowTransformer(), estimator)
    name = type(estimator).__name__.lower()
    model.set_params(**{f"{name}__cell": "gru", "slidingwindowtransformer__window_size": 3})
    assert model.get_params()[f"{name}__cell"] == "gru"
    assert clone(model).get_params()[f"{name}__cell"] == "gru"
