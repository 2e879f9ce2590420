import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer, mean_pinball_loss

from sklstm.forecasting import NaiveForecaster, SeasonalNaiveForecaster, WindowForecaster
from sklstm.model_selection import (
    ComparisonDisplay,
    backtest,
    mean_absolute_scaled_error,
    rank_models,
    root_mean_squared_scaled_error,
)

RNG = np.random.default_rng(0)
VALUES = np.cumsum(RNG.normal(size=60)) + 20
DAYS = pd.date_range("2026-01-01", periods=60, freq="D", name="day")
SERIES = pd.Series(VALUES, index=DAYS, name="load")
WIDE = pd.DataFrame({"load": VALUES, "wind": VALUES[::-1] ** 2}, index=DAYS)
PANEL = pd.concat({"b": SERIES, "a": 10 * SERIES[::-1].set_axis(DAYS)}, names=["site"])
LONG = PANEL.reset_index()
X = pd.DataFrame({"known": np.arange(60.0), "past": np.arange(60) + 100}, index=DAYS)
NAIVE = {"naive": NaiveForecaster()}
KEYS = ["model", "fold", "origin", "step", "n_train", "n_test", "fit_seconds", "predict_seconds"]
TIMES = ["fit_seconds", "predict_seconds"]


def without_times(scores):
    return scores.drop(columns=TIMES)


class Spy(BaseEstimator):
    """Forecast the last value of a Series, and keep all that came."""

    calls = []
    past_only = ()

    def _keep(self, what, y, X):
        self.calls.append((what, y, X))

    def fit(self, y, X=None):
        self._keep("fit", y, X)
        self.last_ = y.iloc[-1:]
        return self

    def update(self, y, X=None, refit=False):
        self._keep("update", y, X)
        self.last_ = y.iloc[-1:]
        return self

    def predict(self, steps=None, X=None):
        self._keep("predict", None, X)
        index = self.last_.index.shift(1, freq="D").append(pd.DatetimeIndex([]))
        index = pd.date_range(index[0], periods=steps, freq="D")
        return pd.Series(self.last_.iloc[0], index=index)

    def predict_interval(self, steps=None, coverage=0.9, X=None):
        self._keep("predict_interval", None, X)
        middle = self.predict(steps, X)
        return middle - coverage, middle + 2 * coverage


@pytest.fixture
def calls():
    Spy.calls.clear()
    return Spy.calls


# ---------------------------------------------------------------- the table


def test_table_has_a_row_a_model_fold_and_step():
    models = NAIVE | {"seasonal": SeasonalNaiveForecaster(7)}
    scores = backtest(models, SERIES, horizon=4, n_folds=3)
    assert list(scores) == [*KEYS, "mae", "mse", "mase"]
    rows = list(zip(scores["model"], scores["fold"], scores["step"], strict=True))
    assert rows == [(m, f, s) for m in models for f in range(3) for s in (1, 2, 3, 4)]
    assert scores.groupby("fold")["origin"].first().tolist() == [DAYS[47], DAYS[51], DAYS[55]]
    assert scores.groupby("fold")["n_train"].first().tolist() == [48, 52, 56]
    assert set(scores["n_test"]) == {4}
    assert (scores[TIMES] > 0).all(axis=None)


@pytest.mark.parametrize(("step", "origins"), [(None, [51, 54, 57]), (1, [55, 56, 57])])
def test_metrics_are_those_of_the_forecasts(step, origins):
    metrics = {"mae": "mae", "mse": "mse", "mase": "mase", "rmsse": "rmsse", "bias": bias}
    scores = backtest(NAIVE, VALUES, horizon=3, n_folds=3, step=step, metrics=metrics, period=2)
    expected = []
    for origin in origins:
        past, true = VALUES[:origin], VALUES[origin : origin + 3]
        for y in true:
            error, told = past[-1] - y, {"y_train": past, "period": 2}
            mase = mean_absolute_scaled_error([y], [past[-1]], **told)
            rmsse = root_mean_squared_scaled_error([y], [past[-1]], **told)
            expected.append((abs(error), error**2, mase, rmsse, error))
    np.testing.assert_allclose(scores[list(metrics)], expected)
    assert scores["origin"].tolist() == [origin - 1 for origin in origins for _ in range(3)]


def bias(y_true, y_pred):
    return np.mean(y_pred - y_true)


def test_scores_of_many_series_are_means_over_series():
    names = ["mae", "rmse", "mase", "rmsse"]
    together = backtest(NAIVE, PANEL, horizon=2, metrics=names)
    alone = {key: backtest(NAIVE, PANEL[key], horizon=2, metrics=names) for key in "ab"}
    for name in ("mae", "mase", "rmsse"):
        np.testing.assert_allclose(together[name], (alone["a"][name] + alone["b"][name]) / 2)
    rmse = np.sqrt((alone["a"]["mae"] ** 2 + alone["b"]["mae"] ** 2) / 2)
    np.testing.assert_allclose(together["rmse"], rmse)
    assert together["n_train"].equals(alone["a"]["n_train"] * 2)
    assert set(together["n_test"]) == {4}


def test_columns_are_scored_like_series():
    scores = backtest(NAIVE, WIDE, horizon=2, metrics=["mae", "mase"])
    alone = [backtest(NAIVE, WIDE[name], horizon=2, metrics=["mae", "mase"]) for name in WIDE]
    for name in ("mae", "mase"):
        np.testing.assert_allclose(scores[name], (alone[0][name] + alone[1][name]) / 2)


FORMS = {
    "array": (VALUES, {}),
    "list": (VALUES.tolist(), {}),
    "column": (VALUES[:, None], {}),
    "frame": (SERIES.to_frame(), {}),
    "numbers": (SERIES.reset_index(drop=True), {}),
    "periods": (SERIES.to_period("D"), {}),
    "one of many": (PANEL[["b"]], {}),
    "indexed frame": (PANEL[["b"]].to_frame(), {}),
    "long": (LONG[LONG["site"] == "b"], {"group_by": "site", "time_column": "day"}),
    "long, by index": (SERIES.to_frame().assign(site="b"), {"group_by": "site"}),
    "long, of one": (SERIES.reset_index(), {"time_column": "day"}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("refit", [True, False])
def test_the_form_of_y_changes_no_score(form, refit):
    y, reading = FORMS[form]

    def models(**reading):
        ridge = WindowForecaster(Ridge(), 5, 3, scaling=None, **reading)
        return {"naive": NaiveForecaster(**reading), "ridge": ridge}

    options = {"horizon": 3, "n_folds": 3, "step": 2, "refit": refit}
    found = backtest(models(**reading), y, **options)
    expected = backtest(models(), SERIES, **options)
    left = [*TIMES, "origin"]
    pd.testing.assert_frame_equal(found.drop(columns=left), expected.drop(columns=left))


@pytest.mark.parametrize(
    ("y", "reading"), [(PANEL, {}), (LONG, {"group_by": "site", "time_column": "day"})]
)
def test_the_order_of_rows_of_many_series_does_not_matter(y, reading):
    models = {"ridge": WindowForecaster(Ridge(), 5, 3, **reading)}
    expected = backtest(models, y, horizon=3)
    by_time = y.sort_values("day") if reading else y.sort_index(level="day")
    pd.testing.assert_frame_equal(
        without_times(backtest(models, by_time, horizon=3)), without_times(expected)
    )


def test_number_of_jobs_changes_no_score():
    models = NAIVE | {"ridge": WindowForecaster(Ridge(), 5, 3)}
    expected = backtest(models, PANEL, horizon=3)
    with parallel_config(backend="threading"):
        found = backtest(models, PANEL, horizon=3, n_jobs=2)
    pd.testing.assert_frame_equal(without_times(found), without_times(expected))


def test_table_is_what_ranking_and_display_want():
    scores = backtest(NAIVE | {"seasonal": SeasonalNaiveForecaster(7)}, SERIES, horizon=3)
    assert set(rank_models(scores, "naive").index) == {"naive", "seasonal"}
    assert ComparisonDisplay.from_scores(scores, "mase").values.shape == (2, 5, 3)


# ---------------------------------------------------------------- nothing of the future


@pytest.mark.parametrize("refit", [True, False])
def test_forecasters_are_told_the_past_alone(calls, refit):
    backtest({"spy": Spy()}, SERIES, X, horizon=4, n_folds=3, step=2, refit=refit, coverage=0.5)
    origins = [52, 54, 56]
    learnt = [call for call in calls if call[0] in ("fit", "update")]
    for number, (origin, (what, y, features)) in enumerate(zip(origins, learnt, strict=True)):
        begin = 0 if refit or not number else origins[number - 1]
        assert what == ("update" if begin else "fit")
        pd.testing.assert_series_equal(y, SERIES.iloc[begin:origin])
        pd.testing.assert_frame_equal(features, X.iloc[begin:origin])
        assert y.index.freq == "D"
    asked = [call[2] for call in calls if call[0].startswith("predict")]
    assert len(asked) == 9
    for number, features in enumerate(asked):
        origin = origins[number // 3]
        pd.testing.assert_frame_equal(features, X.iloc[origin : origin + 4])


@pytest.mark.parametrize(
    ("features", "past_only"),
    [(X, ["past"]), (X, [1]), (X.to_numpy(), [1]), (X.to_numpy(), [-1])],
)
def test_what_is_not_known_ahead_is_hidden(calls, features, past_only, monkeypatch):
    monkeypatch.setattr(Spy, "past_only", past_only)
    backtest({"spy": Spy()}, SERIES, features, horizon=4, n_folds=2, metrics="mae")
    for what, y, told in calls:
        told = np.asarray(told)
        if what == "predict":
            assert np.isnan(told[:, 1]).all()
            assert np.isfinite(told[:, 0]).all()
        else:
            np.testing.assert_array_equal(told, X.iloc[: len(y)])
    assert np.isfinite(np.asarray(features)).all()


def test_a_single_feature_is_hidden_too(calls, monkeypatch):
    monkeypatch.setattr(Spy, "past_only", ["past"])
    backtest({"spy": Spy()}, SERIES, X["past"], horizon=4, n_folds=2, metrics="mae")
    assert all(told.isna().all(axis=None) for what, _, told in calls if what == "predict")


class Vandal(Spy):
    """Overwrite all that came."""

    def fit(self, y, X=None):
        super().fit(y.copy(), X)
        y.iloc[:] = np.nan
        X.iloc[:] = 0
        return self


def test_what_a_forecaster_does_to_its_data_harms_nobody():
    found = backtest({"vandal": Vandal(), "spy": Spy()}, SERIES, X, horizon=3)
    assert np.isfinite(found["mae"]).all()
    assert np.isfinite(SERIES).all()


def poisoned(y, origin, value):
    """Return a panel or series whose values from an origin on are another."""
    y = y.copy()
    y[y.index.get_level_values(-1) >= DAYS[origin]] = value
    return y


@pytest.mark.parametrize(("fold", "value"), [(0, 1e6), (1, 1e6), (2, 1e6), (2, np.nan)])
@pytest.mark.parametrize("y", [SERIES, PANEL], ids=["series", "panel"])
@pytest.mark.parametrize("refit", [True, False])
def test_the_future_changes_no_forecast(y, refit, fold, value):
    models = NAIVE | {"ridge": WindowForecaster(Ridge(), 5, 4, past_only=["past"])}
    features = X.assign(past=X["known"] ** 2 % 7)
    origin = [48, 52, 56][fold]
    bad = features.copy()
    bad.loc[DAYS[origin] :, "past"] = value
    forecasts = [
        backtest(
            models,
            series,
            known,
            horizon=4,
            n_folds=3,
            refit=refit,
            metrics="mae",
            return_forecasts=True,
        )[1]
        for series, known in ((y, features), (poisoned(y, origin, value), bad))
    ]
    until = [frame.loc[frame["fold"] <= fold, "y_pred"] for frame in forecasts]
    assert len(until[0]) == 2 * (fold + 1) * 4 * (1 if y is SERIES else 2)
    np.testing.assert_array_equal(*until)


def test_a_future_feature_that_is_known_ahead_does_change_the_forecast():
    load = SERIES + 5 * X["known"] % 3
    models = {"ridge": WindowForecaster(Ridge(), 3, 2)}
    bad = X.copy()
    bad.loc[DAYS[58] :, "known"] = 1e3
    expected = backtest(models, load, X, horizon=2, n_folds=1)
    assert not np.allclose(
        backtest(models, load, bad, horizon=2, n_folds=1)["mae"], expected["mae"]
    )


# ---------------------------------------------------------------- refitting


def test_updated_forecasters_know_the_newest_value():
    options = {"horizon": 2, "n_folds": 4, "metrics": "mae"}
    once, anew = (backtest(NAIVE, PANEL, refit=refit, **options) for refit in (False, True))
    pd.testing.assert_frame_equal(without_times(once), without_times(anew))


def test_without_refit_the_model_is_that_of_the_first_fold():
    models = {"ridge": WindowForecaster(Ridge(), 5, 2)}
    options = {"horizon": 2, "n_folds": 3, "metrics": "mae"}
    once, anew = (backtest(models, SERIES, refit=refit, **options) for refit in (False, True))
    first = once["fold"] == 0
    np.testing.assert_allclose(once.loc[first, "mae"], anew.loc[first, "mae"])
    assert not np.allclose(once.loc[~first, "mae"], anew.loc[~first, "mae"])


# ---------------------------------------------------------------- intervals and forecasts


def test_intervals_are_reported(calls):
    scores, forecasts = backtest(
        {"spy": Spy()}, SERIES, horizon=3, coverage=0.5, return_forecasts=True
    )
    assert list(scores)[-2:] == ["coverage", "width"]
    np.testing.assert_allclose(scores["width"], 1.5)
    inside = forecasts["y_true"].between(forecasts["lower"], forecasts["upper"])
    np.testing.assert_array_equal(scores["coverage"], inside)
    assert 0 < inside.mean() < 1


def test_coverage_of_many_series_is_a_share():
    models = {"ridge": WindowForecaster(Ridge(), 5, 2)}
    scores, forecasts = backtest(
        models, PANEL, horizon=2, n_folds=3, coverage=0.8, return_forecasts=True
    )
    forecasts["inside"] = forecasts["y_true"].between(forecasts["lower"], forecasts["upper"])
    forecasts["width"] = forecasts["upper"] - forecasts["lower"]
    expected = forecasts.groupby(["fold", "step"])[["inside", "width"]].mean()
    np.testing.assert_allclose(scores[["coverage", "width"]], expected)


def test_forecasts_stand_beside_what_came():
    scores, forecasts = backtest(NAIVE, PANEL, horizon=2, n_folds=3, return_forecasts=True)
    assert list(forecasts) == ["model", "fold", "site", "time", "step", "y_true", "y_pred"]
    assert len(forecasts) == 3 * 2 * 2
    index = pd.MultiIndex.from_frame(forecasts[["site", "time"]])
    np.testing.assert_array_equal(forecasts["y_true"], PANEL[index])
    origins = forecasts["time"] - pd.to_timedelta(forecasts["step"], unit="D")
    last = PANEL[pd.MultiIndex.from_arrays([forecasts["site"], origins])]
    np.testing.assert_array_equal(forecasts["y_pred"], last)
    errors = (forecasts["y_true"] - forecasts["y_pred"]).abs()
    np.testing.assert_allclose(
        errors.groupby([forecasts["fold"], forecasts["step"]]).mean(), scores["mae"]
    )


@pytest.mark.parametrize(("y", "names"), [(WIDE, ["load", "wind"]), (WIDE.to_numpy(), [0, 1])])
def test_forecasts_of_several_targets_name_them(y, names):
    _, forecasts = backtest(NAIVE, y, horizon=2, n_folds=2, return_forecasts=True)
    assert list(forecasts)[-3:] == ["target", "y_true", "y_pred"]
    assert forecasts["target"].tolist() == names * 4
    np.testing.assert_array_equal(forecasts["y_true"].to_numpy().reshape(4, 2), np.asarray(y)[-4:])


def test_ids_without_a_name_or_with_a_taken_one_get_one():
    panel = pd.concat({("x", 1): SERIES, ("y", 2): SERIES}, names=["model", None])
    _, forecasts = backtest(NAIVE, panel, horizon=1, n_folds=1, return_forecasts=True)
    assert list(forecasts)[:4] == ["model", "fold", "series_0", "series_1"]
    assert forecasts["model"].tolist() == ["naive"] * 2
    assert forecasts["series_0"].tolist() == ["x", "y"]


def test_zoned_time_stays_zoned():
    y = SERIES.tz_localize("Europe/Berlin")
    scores, forecasts = backtest(NAIVE, y, horizon=2, n_folds=2, return_forecasts=True)
    assert forecasts["time"].tolist() == y.index[-4:].tolist()
    assert scores["origin"].iloc[-1] == y.index[-3]


# ---------------------------------------------------------------- gaps and ragged ends


def test_missing_values_do_not_count():
    panel = PANEL.copy()
    panel[("a", DAYS[59])] = np.nan
    scores = backtest(NAIVE, panel, horizon=2, n_folds=1)
    alone = backtest(NAIVE, PANEL["b"], horizon=2, n_folds=1)
    for name in ("mae", "mase"):
        assert scores[name].iloc[1] == pytest.approx(alone[name].iloc[1])
    series = SERIES.copy()
    series.iloc[59] = np.nan
    scores = backtest(NAIVE, series, horizon=2, n_folds=1)
    assert scores[["mae", "mse", "mase"]].isna().all(axis=1).tolist() == [False, True]


def test_time_stamps_that_are_not_there_are_missing_values():
    gap = SERIES.drop(DAYS[[20, 58]])
    models = {"naive": NaiveForecaster(freq="D")}
    scores, forecasts = backtest(models, gap, horizon=3, n_folds=2, return_forecasts=True)
    assert forecasts["y_true"].isna().tolist() == [False] * 4 + [True, False]
    full = backtest(models, SERIES, horizon=3, n_folds=2)
    known = scores["mae"].notna()
    np.testing.assert_allclose(scores.loc[known, "mae"], full.loc[known, "mae"])


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("long", [True, False])
def test_series_that_are_not_there_throughout_are_left_out(refit, long):
    late, early = SERIES.iloc[56:], SERIES.iloc[:50]
    short = SERIES.iloc[:59]  # the truth of its last step is missing
    y = pd.concat({"late": late, "b": SERIES, "early": early, "c": short}, names=["site"])
    kept = y[["b", "c"]]
    model = NaiveForecaster()
    if long:
        y, kept = (part.reset_index() for part in (y, kept))
        model = NaiveForecaster(group_by="site", time_column="day")
    with pytest.warns(UserWarning, match="2 of 4 series are left out, .* 2026-02-25 .*2026-02-27"):
        found = backtest({"naive": model}, y, horizon=2, n_folds=2, refit=refit)
    expected = backtest({"naive": model}, kept, horizon=2, n_folds=2, refit=refit)
    pd.testing.assert_frame_equal(without_times(found), without_times(expected))


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": 0}, "'horizon' parameter must be a positive int"),
        ({"horizon": 1, "n_folds": 0}, "'n_folds' parameter"),
        ({"horizon": 1, "step": 0}, "'step' parameter"),
        ({"horizon": 1, "period": 1.0}, "'period' parameter"),
        ({"horizon": 1, "coverage": 90}, r"'coverage' parameter must be None or in \(0, 1\)"),
        ({"horizon": 1, "metrics": "wape"}, "'metrics' parameter holds 'wape'"),
        ({"horizon": 1, "metrics": "roc_auc"}, "more than the predictions of a step"),
        ({"horizon": 20}, "need a series of at least 101 rows .* The longest has 60"),
        ({"horizon": 12}, "need a series of at least 61 rows"),
        ({"horizon": 1, "period": 56}, "The series before time 2026-02-25 .* over period=56"),
    ],
)
def test_parameters_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        backtest(NAIVE, SERIES, **options)


def test_the_longest_backtest_that_fits():
    assert len(backtest(NAIVE, VALUES, horizon=59, n_folds=1, metrics="mae")) == 59


def test_a_series_that_does_not_change_is_named():
    panel = pd.concat({"moves": SERIES, "still": 0 * SERIES}, names=["site"])
    with pytest.raises(ValueError, match=r"Series 'still' before time 2026-02-25 .*'mae'"):
        backtest(NAIVE, panel, horizon=1)
    assert len(backtest(NAIVE, panel, horizon=1, metrics=("mae", "mse"))) == 5


def test_forecasters_must_read_y_in_one_way():
    models = {"a": NaiveForecaster(group_by="site"), "b": NaiveForecaster()}
    with pytest.raises(ValueError, match="group_by is 'site' of 'a' and None of 'b'"):
        backtest(models, LONG, horizon=1)


class Mute(BaseEstimator):
    def fit(self, y, X=None):
        return self

    def predict(self, steps=None, X=None):
        return np.zeros(steps)


@pytest.mark.parametrize(
    ("options", "method"), [({"refit": False}, "update"), ({"coverage": 0.9}, "predict_interval")]
)
def test_what_is_asked_of_forecasters_must_be_there(options, method):
    with pytest.raises(ValueError, match=f"'mute' has no {method}"):
        backtest({"mute": Mute()}, VALUES, horizon=1, **options)


@pytest.mark.parametrize(
    ("y", "forecast", "message"),
    [
        (SERIES, np.zeros(2), r"'bad' must have the form .*\('series', 1 column"),
        (VALUES, np.zeros((2, 2)), r"1 column\(s\)\). Got 'array' and 2"),
        (VALUES, np.array([1.0, np.nan]), "forecast of model 'bad' holds NaN"),
        (VALUES, np.zeros(1), "forecast of model 'bad' has no row"),
        (SERIES, SERIES.iloc[-4:-2], "has no row of time 2026-02-28"),
        (PANEL, PANEL.loc[["a"]], "has no rows of series b"),
    ],
)
def test_forecasts_are_checked(y, forecast, message):
    class Bad(Mute):
        def predict(self, steps=None, X=None):
            return forecast

    with pytest.raises(ValueError, match=message):
        backtest({"bad": Bad()}, y, horizon=2, n_folds=1)


def test_a_model_that_fails_raises():
    with pytest.raises(ValueError, match="past_only names 'x'") as raised:
        backtest({"ridge": WindowForecaster(Ridge(), 5, 2, past_only=["x"])}, SERIES, horizon=2)
    assert raised.value.__notes__ == ["Raised by model 'ridge' on fold 0."]


def test_scorers_are_taken():
    scorer = make_scorer(mean_pinball_loss, alpha=0.9)
    scores = backtest(NAIVE, PANEL, horizon=2, metrics=[scorer, "neg_mean_absolute_error", "mae"])
    np.testing.assert_allclose(scores["neg_mean_absolute_error"], -scores["mae"])
    assert (scores["mean_pinball_loss"] <= 0.9 * scores["mae"] + 1e-12).all()


def test_a_forecaster_without_a_name_is_told():
    with pytest.raises(ValueError, match="'forecasters' parameter must be a dict of names"):
        backtest(NaiveForecaster(), SERIES, horizon=3)


def test_a_regressor_is_no_forecaster():
    with pytest.raises(ValueError, match=r"'ridge' is no forecaster.*WindowForecaster"):
        backtest({"ridge": Ridge()}, np.arange(60.0), horizon=2, n_folds=2)


# ---------------------------------------------------------------- what real data are like


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("form", ["indexed", "long", "time in the index", "one"])
def test_gaps_beside_an_origin_are_missing_values(form, refit):
    gap, reading, y = [*DAYS[[20, 54, 57, 58]]], {}, PANEL
    if form == "one":
        y = SERIES
    rows = y.index.get_level_values("day").isin(gap)
    if form != "one":
        rows &= y.index.get_level_values("site") == "a"
    told, unknown = y[~rows], y.where(~rows)
    if form == "long":
        told, unknown = told.reset_index(), unknown.reset_index()
        reading = {"group_by": "site", "time_column": "day"}
    elif form == "time in the index":
        told, unknown = told.reset_index("site"), unknown.reset_index("site")
        reading = {"group_by": "site"}
    models = {"naive": NaiveForecaster(freq="D", **reading)}
    options = {"horizon": 3, "n_folds": 2, "refit": refit, "return_forecasts": True}
    for found, expected in zip(
        backtest(models, told, **options), backtest(models, unknown, **options), strict=True
    ):
        columns = found.columns.difference(TIMES)
        pd.testing.assert_frame_equal(found[columns], expected[columns], check_like=True)


def test_a_gap_before_an_origin_is_read_as_a_missing_value():
    forest = HistGradientBoostingRegressor(max_iter=5)
    model = WindowForecaster(forest, 4, 1, freq="D", flatten=True)
    told = PANEL.drop(("a", DAYS[57]))
    unknown = PANEL.where(PANEL.index != ("a", DAYS[57]))
    found, expected = (backtest({"f": model}, y, horizon=1, n_folds=3) for y in (told, unknown))
    pd.testing.assert_frame_equal(without_times(found), without_times(expected))


def test_a_forecaster_of_a_longer_horizon_is_given_its_features():
    model = {"w": WindowForecaster(Ridge(), 4, 6)}
    y = 2 * X["known"]
    scores = backtest(model, y[:57], X[["known"]], horizon=3, n_folds=2)
    assert (scores["mae"] < 1).all()


def test_metrics_and_ids_have_names_of_their_own():
    with pytest.raises(ValueError, match=r"none of .*coverage, width"):
        backtest(NAIVE, SERIES, horizon=1, metrics={"coverage": abs})
    y = PANEL.rename_axis(["y_true", "day"])
    _, forecasts = backtest(NAIVE, y, horizon=1, return_forecasts=True)
    assert sorted(forecasts["series_0"].unique()) == ["a", "b"]


def test_coverage_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="'coverage' parameter"):
        backtest(NAIVE, SERIES, horizon=1, coverage="a")


def test_features_may_be_of_more_times_than_the_series():
    hours = pd.date_range(DAYS[0], periods=24 * 60, freq="h")
    finer = pd.DataFrame({"known": np.arange(24.0 * 60)}, index=hours)
    model = {"w": WindowForecaster(Ridge(), 4, 2)}
    found = backtest(model, SERIES, finer, horizon=2, n_folds=2)
    expected = backtest(model, SERIES, finer.loc[DAYS], horizon=2, n_folds=2)
    pd.testing.assert_frame_equal(without_times(found), without_times(expected))


@pytest.mark.parametrize("strategy", ["recursive", "direct", "multioutput"])
@pytest.mark.parametrize("given", [X[:57], X[:57].to_numpy()], ids=["frame", "array"])
def test_features_of_arrays_are_told_for_as_many_steps_as_a_forecaster_reads(strategy, given):
    model = WindowForecaster(Ridge(), 3, 5, strategy=strategy)
    options = {"horizon": 3, "n_folds": 2, "metrics": "mae"}
    scores = backtest({"ridge": model}, VALUES[:55], given, **options)
    wanted = backtest({"ridge": model}, SERIES[:55], X[:57], **options)
    np.testing.assert_allclose(scores["mae"], wanted["mae"])


class Foreign(Spy):
    """A forecaster of another package, which reads a horizon of its own at once."""

    past_only = None
    horizon = 5


def test_forecasters_of_others_are_told_features_of_their_own_horizon(calls):
    backtest({"spy": Foreign()}, SERIES[:55], X, horizon=3, n_folds=2, metrics="mae")
    assert [len(told) for what, _, told in calls if what == "predict"] == [5, 5]
    backtest({"spy": Foreign()}, SERIES, horizon=3, n_folds=2, metrics="mae")


def test_features_of_the_past_may_end_at_the_last_origin():
    model = {"ridge": WindowForecaster(Ridge(), 3, 2, past_only=["known", "past"])}
    options = {"horizon": 2, "n_folds": 2, "metrics": "mae"}
    scores = backtest(model, SERIES, X[:58], **options)
    wanted = backtest(model, SERIES, X, **options)
    pd.testing.assert_frame_equal(without_times(scores), without_times(wanted))


def test_targets_are_called_as_pandas_calls_them():
    columns = pd.MultiIndex.from_tuples([("north", 1), ("south", 2)])
    y = WIDE.set_axis(columns, axis=1)
    forecasts = backtest(NAIVE, y, horizon=1, n_folds=1, return_forecasts=True)[1]
    assert forecasts["target"].tolist() == list(columns)


def test_features_without_times_count_the_time_steps_that_y_leaves_out():
    y, features = SERIES.drop(DAYS[20]), X.to_numpy()
    model = {"ridge": WindowForecaster(Ridge(), 3, 1, freq="D")}
    backtest(model, y, features, horizon=1, n_folds=2)
    with pytest.raises(ValueError, match="X must have a row for each of the 60 time steps of y"):
        backtest(model, y, features[1:], horizon=1, n_folds=2)
    with pytest.raises(ValueError, match="X holds masked values"):
        backtest(model, SERIES, np.ma.masked_equal(features, 3.0), horizon=1, n_folds=2)


def test_one_column_of_ids_is_the_same_in_a_list():
    models = {"one": NaiveForecaster(group_by="site", time_column="day")}
    models["list"] = NaiveForecaster(group_by=["site"], time_column="day")
    scores = backtest(models, LONG, horizon=1, n_folds=1, metrics="mae").set_index("model")["mae"]
    assert scores["one"] == scores["list"]
