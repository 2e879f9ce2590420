import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import (
    make_scorer,
    mean_absolute_error,
    mean_pinball_loss,
    root_mean_squared_error,
)
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer, Windows, make_windows
from sklstm.datasets import make_wave_sequences
from sklstm.model_selection import (
    PurgedTimeSeriesSplit,
    compare,
    mean_absolute_scaled_error,
)

SERIES = np.sin(np.arange(120) / 3) + 0.01 * np.arange(120)
X, Y = make_windows(SERIES, 6)
X_STEPS, Y_STEPS = make_windows(SERIES, 6, 3)
RIDGE = {"ridge": Ridge()}
KEYS = ["model", "fold", "step", "n_train", "n_test", "fit_seconds", "predict_seconds"]


class Recorder(RegressorMixin, BaseEstimator):
    """Predict the mean, and tell of what came."""

    seen = []

    def fit(self, X, y):
        self.seen.append(("fit", X, y))
        self.mean_ = np.mean(y, axis=0)
        return self

    def predict(self, X):
        self.seen.append(("predict", X, None))
        return np.repeat(self.mean_[None], len(X), axis=0)


@pytest.fixture
def seen():
    Recorder.seen.clear()
    return Recorder.seen


# ---------------------------------------------------------------- the table


def test_table_has_a_row_a_model_fold_and_step():
    scores = compare(RIDGE | {"mean": DummyRegressor()}, X_STEPS, Y_STEPS, cv=4)
    assert list(scores) == [*KEYS, "mae", "rmse"]
    rows = list(zip(scores["model"], scores["fold"], scores["step"], strict=True))
    assert rows == [(m, f, s) for m in ("ridge", "mean") for f in range(4) for s in (1, 2, 3)]
    assert (scores[["fit_seconds", "predict_seconds"]] > 0).all(axis=None)
    assert (scores.groupby(["model", "fold"])["fit_seconds"].nunique() == 1).all()


def test_scores_are_those_of_cross_validation():
    cv = TimeSeriesSplit(4, gap=6)
    expected = cross_validate(Ridge(), X, Y, cv=cv, scoring="r2", return_indices=True)
    scores = compare(RIDGE, X, Y, cv=cv, scoring="r2")
    np.testing.assert_allclose(scores["r2"], expected["test_score"])
    assert scores["n_train"].tolist() == [len(i) for i in expected["indices"]["train"]]
    assert scores["n_test"].tolist() == [len(i) for i in expected["indices"]["test"]]
    assert (scores["step"] == 1).all()


def test_each_step_is_scored_by_itself():
    cv = PurgedTimeSeriesSplit(3, window_size=6, horizon=3)
    scores = compare(RIDGE, X_STEPS, Y_STEPS, cv=cv, scoring=["rmse", "mase"], period=2)
    rows = []
    for train, test in cv.split(X_STEPS):
        pred = Ridge().fit(X_STEPS[train], Y_STEPS[train]).predict(X_STEPS[test])
        for s in range(3):
            true, past = Y_STEPS[test, s], Y_STEPS[train, s]
            mase = mean_absolute_scaled_error(true, pred[:, s], y_train=past, period=2)
            rows.append((root_mean_squared_error(true, pred[:, s]), mase))
    np.testing.assert_allclose(scores[["rmse", "mase"]], rows, rtol=1e-6)


def test_models_by_pairs_are_models_by_dict():
    by_dict = compare(RIDGE, X, Y)
    by_pairs = compare([("ridge", Ridge())], X, Y)
    pd.testing.assert_frame_equal(by_pairs[["model", "mae"]], by_dict[["model", "mae"]])


def test_estimators_are_cloned_and_see_the_same_folds(seen):
    models = {"a": Recorder(), "b": Recorder()}
    compare(models, X, Y, cv=3)
    assert not any(hasattr(model, "mean_") for model in models.values())
    fits = [samples for what, samples, _ in seen if what == "fit"]
    for a, b in zip(fits[:3], fits[3:], strict=True):
        np.testing.assert_array_equal(a, b)


def test_number_of_jobs_changes_no_score():
    models = {"forest": RandomForestRegressor(5, random_state=0), **RIDGE}
    scoring = {"mae": "mae", "worst": lambda true, pred: abs(true - pred).max(), "r2": "r2"}
    expected = compare(models, X, Y, scoring=scoring)
    found = compare(models, X, Y, scoring=scoring, n_jobs=2)
    left = ["fit_seconds", "predict_seconds"]
    pd.testing.assert_frame_equal(found.drop(columns=left), expected.drop(columns=left))


def test_progress_is_shown(capsys):
    compare(RIDGE, X, Y, verbose=1)
    assert "5 out of   5" in "".join(capsys.readouterr())


# ---------------------------------------------------------------- folds


@pytest.mark.parametrize("cv", [None, 4])
def test_default_folds_share_no_time_step(seen, cv):
    series = np.arange(120.0)  # each value tells its time
    X, y = make_windows(series, 6, 3)
    compare({"spy": Recorder()}, X, y, cv=cv)
    fits = [{*x.ravel(), *y.ravel()} for what, x, y in seen if what == "fit"]
    tests = [set(x.ravel()) for what, x, _ in seen if what == "predict"]
    assert len(fits) == len(tests) == (cv or 5)
    assert all(max(known) < min(asked) for known, asked in zip(fits, tests, strict=True))
    assert all(min(asked) - max(known) == 1 for known, asked in zip(fits, tests, strict=True))


def test_default_gap_of_a_list_is_that_of_the_longest_sequence(seen):
    ragged = [np.full(3 + i % 4, float(i)) for i in range(60)]
    compare({"spy": Recorder()}, ragged, np.arange(60.0), cv=2)
    last = [int(x[-1][0]) for what, x, _ in seen if what == "fit"]
    first = [int(x[0][0]) for what, x, _ in seen if what == "predict"]
    assert [b - a - 1 for a, b in zip(last, first, strict=True)] == [6, 6]


@pytest.mark.parametrize(
    "cv", [KFold(3), list(KFold(3).split(X)), PurgedTimeSeriesSplit(3, window_size=6)]
)
def test_splitters_are_taken_as_they_are(cv):
    scores = compare(RIDGE, X, Y, cv=cv, scoring="r2")
    np.testing.assert_allclose(scores["r2"], cross_validate(Ridge(), X, Y, cv=cv)["test_score"])


def test_groups_reach_the_splitter():
    groups = np.arange(len(X)) % 7
    scores = compare(RIDGE, X, Y, cv=GroupKFold(3), groups=groups, scoring="r2")
    expected = cross_validate(Ridge(), X, Y, cv=GroupKFold(3), groups=groups)
    np.testing.assert_allclose(scores["r2"], expected["test_score"])


# ---------------------------------------------------------------- forms of X and y

WINDOWS = Windows(SERIES[:, None], np.arange(len(Y)), 6)
FORMS = {
    "view": X,
    "copy": X.copy(),
    "frame": pd.DataFrame(X),
    "3-D": X[:, :, None],
    "windows": WINDOWS,
    "list": list(X),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_samples(form):
    flat = FunctionTransformer(lambda x: np.asarray(x, np.float32).reshape(len(x), -1))
    model = {"ridge": make_pipeline(flat, Ridge())}
    cv = PurgedTimeSeriesSplit(3, window_size=6)
    scores = compare(model, FORMS[form], Y, cv=cv, scoring="mae")
    expected = compare(RIDGE, X, Y, cv=cv, scoring="mae")
    np.testing.assert_allclose(scores["mae"], expected["mae"], rtol=1e-5)
    assert compare(model, FORMS[form], Y, scoring="mae")["mae"].equals(
        compare(model, FORMS[form], Y, cv=PurgedTimeSeriesSplit(window_size=6), scoring="mae")[
            "mae"
        ]
    )


@pytest.mark.parametrize(
    "form", [pd.DataFrame, lambda y: pd.DataFrame(y, index=range(3, 3 + len(y)))]
)
def test_frames_of_targets(form):
    found = compare(RIDGE, X_STEPS, form(Y_STEPS), scoring=["mae", "rmsse", "r2"])
    expected = compare(RIDGE, X_STEPS, Y_STEPS, scoring=["mae", "rmsse", "r2"])
    pd.testing.assert_frame_equal(found.iloc[:, 7:], expected.iloc[:, 7:])


@pytest.mark.parametrize("form", [list, pd.Series, lambda y: y[:, None]])
def test_one_column_of_targets_in_any_form(form):
    found = compare(RIDGE, X, form(Y), scoring=["mae", "mase"])
    np.testing.assert_allclose(found["mase"], compare(RIDGE, X, Y, scoring="mase")["mase"])


def test_views_stay_views(seen):
    compare({"spy": Recorder()}, X, Y)
    assert all(np.shares_memory(x, X) for _, x, _ in seen)
    seen.clear()
    compare({"spy": Recorder()}, X.copy(), Y)
    assert not any(np.shares_memory(x, X) for _, x, _ in seen)


def test_lstm_and_forest_side_by_side():
    lstm = LSTMRegressor(4, max_epochs=2, linear_skip=False, random_state=0)
    rows = make_pipeline(SlidingWindowTransformer(6), clone(lstm))
    scores = compare({"LSTM": lstm, "forest": RandomForestRegressor(5)}, X, Y, cv=2)
    assert scores["mae"].between(0, 2).all()
    assert len(compare({"LSTM": rows}, SERIES[:-1, None], SERIES[1:], cv=2)) == 2


# ---------------------------------------------------------------- scoring


def test_classifiers_are_scored_as_such():
    sequences, labels = make_wave_sequences(60, random_state=0)
    flat = FunctionTransformer(lambda x: np.stack([s.ravel()[:10] for s in x]))
    models = {
        "logistic": make_pipeline(flat, StandardScaler(), LogisticRegression()),
        "LSTM": LSTMClassifier(4, max_epochs=1, random_state=0),
        "most frequent": DummyClassifier(),
    }
    cv = StratifiedKFold(3)
    assert list(compare(models, sequences, labels, cv=cv))[7:] == ["accuracy"]
    scores = compare(models, sequences, labels, cv=cv, scoring=["neg_log_loss", "f1_macro"])
    expected = cross_validate(
        models["logistic"], sequences, labels, cv=cv, scoring=["neg_log_loss", "f1_macro"]
    )
    for name in ("neg_log_loss", "f1_macro"):
        found = scores.loc[scores["model"] == "logistic", name]
        np.testing.assert_allclose(found, expected[f"test_{name}"])


def pinball(y_true, y_pred):
    return mean_pinball_loss(y_true, y_pred, alpha=0.9)


@pytest.mark.parametrize(
    ("scoring", "name", "function"),
    [
        ("mae", "mae", mean_absolute_error),
        ("neg_mean_absolute_error", "neg_mean_absolute_error", lambda t, p: -np.abs(t - p).mean()),
        (pinball, "pinball", pinball),
        ({"p90": pinball}, "p90", pinball),
        (make_scorer(mean_pinball_loss, alpha=0.9), "mean_pinball_loss", pinball),
        (("mae", pinball), "pinball", pinball),
    ],
)
def test_ways_to_name_a_metric(scoring, name, function):
    cv = PurgedTimeSeriesSplit(2, window_size=6, horizon=3)
    scores = compare(RIDGE, X_STEPS, Y_STEPS, cv=cv, scoring=scoring)
    expected = [
        function(Y_STEPS[test, s], pred[:, s])
        for train, test in cv.split(X_STEPS)
        for pred in [Ridge().fit(X_STEPS[train], Y_STEPS[train]).predict(X_STEPS[test])]
        for s in range(3)
    ]
    np.testing.assert_allclose(scores[name], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("scoring", "message"),
    [
        ("wape", "holds 'wape', which is neither one of mae"),
        (["mae", "mae"], r"name of its own.*Got \['mae', 'mae'\]"),
        ([], "name of its own"),
        ({"fold": "mae"}, "none of model, fold"),
        (3, "holds 3, which is neither a name nor a function"),
        ("neg_log_loss", "needs more than the predictions of a step"),
    ],
)
def test_scoring_is_checked(scoring, message):
    with pytest.raises(ValueError, match=message):
        compare(RIDGE, X_STEPS, Y_STEPS, scoring=scoring)


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ({}, "must be a dict of names and models"),
        ([Ridge()], "a list of such pairs. Got"),
        (
            [("a", Ridge()), ("a", Ridge())],
            r"a str of its own for each. Got the names \['a', 'a'\]",
        ),
        ({1: Ridge()}, "a str of its own"),
        ({"a": Ridge}, "model 'a' is a class"),
        ({"a": StandardScaler()}, "model 'a' has no predict"),
    ],
)
def test_models_are_checked(models, message):
    with pytest.raises(ValueError, match=message):
        compare(models, X, Y)


class Failing(Recorder):
    def fit(self, X, y):
        raise RuntimeError("does not converge")


class Misshapen(Recorder):
    def predict(self, X):
        return np.zeros((len(X), 2))


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_model_that_fails_raises(n_jobs):
    with pytest.raises(RuntimeError, match="does not converge") as raised:
        compare({"bad": Failing()}, X, Y, n_jobs=n_jobs)
    assert "Raised by model 'bad' on fold" in "".join(raised.value.__notes__)


def test_predictions_must_have_the_shape_of_targets():
    with pytest.raises(ValueError, match=r"'bad' returned predictions of shape \(18, 2\) for"):
        compare({"bad": Misshapen()}, X, Y)


@pytest.mark.parametrize("cv", [0, True, "five"])
def test_cv_is_checked(cv):
    with pytest.raises(ValueError, match="cv"):
        compare(RIDGE, X, Y, cv=cv)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        compare(RIDGE, X, Y[1:])


def test_too_few_samples_say_what_to_do():
    with pytest.raises(ValueError, match="lower n_splits"):
        compare(RIDGE, X[:11], Y[:11])


@pytest.mark.parametrize("nested", [False, True])
def test_models_that_go_on_from_the_training_rows_have_no_gap_before_them(nested):
    x = np.random.default_rng(0).normal(size=(200, 1))
    y = np.append(np.zeros(5), x[:-5])  # told by a window of six rows
    cut = SlidingWindowTransformer(6, flatten=True, context="last")
    model = make_pipeline(cut, LinearRegression())
    model = TransformedTargetRegressor(model) if nested else model
    scores = compare({"ols": model}, x[5:], y[5:], scoring="mae", cv=5)
    folds = TimeSeriesSplit(5, test_size=195 // 6)
    expected = -cross_val_score(model, x[5:], y[5:], cv=folds, scoring="neg_mean_absolute_error")
    np.testing.assert_allclose(scores["mae"], expected)
    assert scores["mae"].iloc[-1] < 0.05
