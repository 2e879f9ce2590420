import copy
import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.linear_model import LinearRegression, PoissonRegressor, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMRegressor
from sklstm.data import read_series
from sklstm.datasets import load_airline_passengers
from sklstm.forecasting import NaiveForecaster, WindowForecaster

sys.path.insert(0, str(Path(__file__).parent))
import reference

STRATEGIES = ["multioutput", "direct", "recursive", "dirrec"]
AHEAD = ["multioutput", "direct"]
LAGS = [4, [1, 2, 5], [3, 4]]


def walks(n_series=3, n_times=40, n_targets=1, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n_times + 3 * i, n_targets)).cumsum(axis=0) for i in range(n_series)]


def as_frame(series, names=None, n_features=0):
    """Return series as a frame with a MultiIndex, all beginning on the same day."""
    parts = {}
    for i, values in enumerate(series):
        days = pd.date_range("2026-01-01", periods=len(values), freq="D", name="day")
        parts[f"s{i}"] = pd.DataFrame(values, index=days)
    return pd.concat(parts, names=["id"])


def lags_of(window_size):
    return list(range(1, window_size + 1)) if isinstance(window_size, int) else window_size


# ------------------------------------------------------------ against slow loops


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("window_size", LAGS)
@pytest.mark.parametrize("n_targets", [1, 2])
@pytest.mark.parametrize("regressor", [LinearRegression(), KNeighborsRegressor(3)])
def test_forecasts_are_those_of_slow_loops(strategy, window_size, n_targets, regressor):
    series = walks(n_targets=n_targets)
    model = WindowForecaster(regressor, window_size, 5, strategy=strategy, scaling=None)
    got = model.fit(as_frame(series)).predict()
    wanted = getattr(reference, strategy)(
        regressor, [(y, None) for y in series], lags_of(window_size), 5
    )
    np.testing.assert_allclose(got.to_numpy(), np.concatenate(wanted), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("strategy", "window_size"),
    [
        ("direct", 4),
        ("direct", [2, 4]),
        ("recursive", 4),
        ("recursive", [2, 5]),
        ("dirrec", 3),
        ("multioutput", 1),
        ("multioutput", [3]),
    ],
)
def test_features_known_ahead_are_those_of_slow_loops(strategy, window_size):
    series, steps = walks(), 4
    rng = np.random.default_rng(1)
    features = [rng.normal(size=(len(y) + steps, 2)) for y in series]
    model = WindowForecaster(Ridge(1e-3), window_size, steps, strategy=strategy, scaling=None)
    X = as_frame(features)
    got = model.fit(as_frame(series), X).predict(X=X)
    wanted = getattr(reference, strategy)(
        Ridge(1e-3), list(zip(series, features, strict=True)), lags_of(window_size), steps
    )
    np.testing.assert_allclose(got.to_numpy(), np.concatenate(wanted), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("window_size", [1, 2, 5, 12, [1, 3], [4, 9]])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_step_ahead_is_shown_to_the_regressor(window_size, strategy):
    # y is a feature of the same time: only a regressor that sees it gets this right
    rng = np.random.default_rng(0)
    X = rng.normal(size=206)
    y = 3 * X[:200] + 5
    model = WindowForecaster(
        LinearRegression(), window_size, 6, strategy=strategy, past_only=()
    ).fit(y, X[:200])
    np.testing.assert_allclose(model.predict(X=X[200:]), 3 * X[200:] + 5, atol=1e-6)


def test_past_only_features_are_read_in_the_past_and_never_ahead():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"lead": rng.normal(size=200), "known": rng.normal(size=200)})
    y = 2 * X["lead"].shift(1, fill_value=0.0) + X["known"]
    model = WindowForecaster(LinearRegression(), 2, past_only=["lead"]).fit(y[:190], X[:190])
    future = X[["known"]]
    np.testing.assert_allclose(model.predict(X=future).to_numpy(), y[190:191], atol=1e-9)
    poisoned = X.assign(lead=X["lead"].where(X.index < 190, 1e9))
    np.testing.assert_array_equal(model.predict(X=poisoned), model.predict(X=future))


# ------------------------------------------------------------ differences, scaling, calendar


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_differences_forecast_what_a_forecast_of_the_differences_adds_up_to(strategy):
    y = load_airline_passengers().to_numpy()
    model = WindowForecaster(Ridge(), 6, 4, strategy=strategy, differences=(1, 12), scaling=None)
    got = model.fit(y).predict()
    changes = np.diff(y)
    changes = changes[12:] - changes[:-12]
    plain = WindowForecaster(Ridge(), 6, 4, strategy=strategy, scaling=None).fit(changes).predict()
    level = list(y)
    for change in plain:
        level.append(change + level[-1] + level[-12] - level[-13])
    np.testing.assert_allclose(got, level[-4:], rtol=1e-10)


def test_a_line_and_a_season_are_gone_on_with():
    time = np.arange(60.0)
    y = 3 * time + np.tile([1.0, 5.0, -2.0, 0.0], 15)
    model = WindowForecaster(Ridge(), 1, 8, differences=(4,)).fit(y[:52])
    np.testing.assert_allclose(model.predict(), y[52:], atol=1e-6)


def test_scaling_makes_series_alike():
    base = walks(1, 80)[0]
    series = [base, 1000 * base - 300, 1e-3 * base]
    model = WindowForecaster(RandomForestRegressor(10, random_state=0), 4, 3)
    forecast = model.fit(as_frame(series)).predict().to_numpy().reshape(3, 3)
    np.testing.assert_allclose(forecast[1], 1000 * forecast[0] - 300)
    np.testing.assert_allclose(forecast[2], 1e-3 * forecast[0])


class ScalesItself(RegressorMixin, BaseEstimator):
    """Ridge regression of rows told relative to their own mean and deviation."""

    def __init__(self, n_own=6):
        self.n_own = n_own

    def scales(self, X):
        own = X[:, : self.n_own]
        return own.mean(axis=1, keepdims=True), own.std(axis=1, keepdims=True)

    def fit(self, X, y):
        mean, std = self.scales(X)
        self.ridge_ = Ridge().fit((X - mean) / std, (y.reshape(len(y), -1) - mean) / std)
        return self

    def predict(self, X):
        mean, std = self.scales(X)
        return mean + std * self.ridge_.predict((X - mean) / std).reshape(len(X), -1)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_window_is_scaled_by_itself_even_one_of_predictions(strategy):
    # changes from row to row stay below what windows spread, the least scale
    y = 0.5 * np.arange(120.0) + np.random.default_rng(0).normal(scale=0.1, size=120)
    scaled = WindowForecaster(Ridge(), 6, 24, strategy=strategy, scaling="window").fit(y)
    itself = WindowForecaster(ScalesItself(), 6, 24, strategy=strategy, scaling=None).fit(y)
    np.testing.assert_allclose(scaled.predict(), itself.predict(), rtol=1e-9)
    np.testing.assert_allclose(scaled.predict(), 0.5 * np.arange(120, 144), atol=1.0)


def test_a_history_of_another_size_is_forecast_in_its_size():
    y = walks(1, 80)[0][:, 0]
    model = WindowForecaster(Ridge(), 4, 3, scaling="window").fit(y)
    for got, wanted in zip(
        (model.predict(history=1000 * y), *model.predict_interval(history=1000 * y)),
        (model.predict(), *model.predict_interval()),
        strict=True,
    ):
        np.testing.assert_allclose(got, 1000 * wanted)


def test_a_window_of_nothing_is_not_forecast():
    series = [50 + walk for walk in walks(2, 60)]
    series[0][-4:] = np.nan
    for scaling in ("window", None):
        model = WindowForecaster(HistGradientBoostingRegressor(), 4, scaling=scaling)
        model.fit(as_frame(series))
        if scaling is None:
            model.predict()
            continue
        with pytest.raises(ValueError, match=r"value is missing.*series s0"):
            model.predict()


def test_constant_series_stay_where_they_are():
    series = [np.full((30, 1), 7.0), walks(1, 30)[0]]
    forecast = WindowForecaster(Ridge(), 4, 2).fit(as_frame(series)).predict()
    assert np.isfinite(forecast.to_numpy()).all()


def test_calendar_tells_the_time_of_what_is_forecast():
    hours = pd.date_range("2026-01-01", periods=24 * 30, freq="h")
    rng = np.random.default_rng(0)
    profile = rng.normal(size=24)
    y = pd.Series(profile[hours.hour] + 5 * (hours.day_of_week == 6), index=hours)
    model = WindowForecaster(
        RandomForestRegressor(20, random_state=0), 1, 24, calendar=["hour", "day_of_week"]
    )
    forecast = model.fit(y[:-24]).predict()
    np.testing.assert_allclose(forecast, y[-24:], atol=1.0)
    assert np.corrcoef(forecast, y[-24:])[0, 1] > 0.95


# ------------------------------------------------------------ any regressor


def test_sequences_for_those_that_take_them_and_tables_for_others():
    class Spy(RegressorMixin, BaseEstimator):
        def __init__(self, deep=False):
            self.deep = deep

        def fit(self, X, y):
            self.shape_ = X.shape
            return self

        def predict(self, X):
            return np.zeros((len(X), 2))

        def __sklearn_tags__(self):
            tags = super().__sklearn_tags__()
            tags.input_tags.three_d_array = self.deep
            return tags

    y = np.arange(20.0)
    for regressor, flatten, shape in [
        (Spy(), "auto", (14, 5)),
        (Spy(deep=True), "auto", (14, 5, 1)),
        (make_pipeline(Spy(deep=True)), "auto", (14, 5, 1)),
        (Spy(deep=True), True, (14, 5)),
        (Spy(), False, (14, 5, 1)),
    ]:
        model = WindowForecaster(regressor, 5, 2, flatten=flatten).fit(y)
        inner = model.regressors_[0]
        assert getattr(inner, "steps", [("", inner)])[0][1].shape_ == shape
        assert model.n_windows_ == 14


def test_a_pipeline_and_a_search_serve_as_regressors():
    y = load_airline_passengers()
    search = GridSearchCV(make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [0.1, 1.0]})
    model = WindowForecaster(search, 12, 3).fit(y)
    assert np.isfinite(model.predict()).all()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_lstm_forecasts_in_every_strategy(strategy):
    y = as_frame(walks(2, 60))
    lstm = LSTMRegressor(4, max_epochs=2, random_state=0)
    model = WindowForecaster(lstm, 5, 3, strategy=strategy).fit(y)
    forecast = model.predict()
    assert forecast.shape == (6, 1)
    assert np.isfinite(forecast.to_numpy()).all()


def test_several_targets_and_an_lstm():
    y = pd.DataFrame(walks(1, 60, 3)[0], columns=list("abc"))
    lstm = LSTMRegressor(4, max_epochs=2, random_state=0)
    forecast = WindowForecaster(lstm, 5, 4, strategy="recursive").fit(y).predict(9)
    assert forecast.shape == (9, 3)
    assert list(forecast.index) == list(range(60, 69))


def test_workers_change_nothing():
    y = as_frame(walks())
    alone = WindowForecaster(Ridge(), 5, 3, strategy="direct").fit(y).predict()
    pd.testing.assert_frame_equal(
        WindowForecaster(Ridge(), 5, 3, strategy="direct", n_jobs=2).fit(y).predict(), alone
    )


def test_errors_may_be_measured_of_fewer_steps_than_the_horizon():
    X = np.random.default_rng(0).normal(size=(103, 1))
    model = WindowForecaster(Ridge(), 4, 3).fit(walks(1, 100)[0][:, 0], X[:100])
    lower, upper = model.calibrate(1).predict_interval(1, X=X[100:])
    assert lower < upper


@pytest.mark.parametrize(
    "change", [{"regressor": LSTMRegressor()}, {"regressor__alpha": 2.0}, {"flatten": False}]
)
def test_another_regressor_needs_another_fit(change):
    y = load_airline_passengers()
    model = WindowForecaster(Ridge(), 12).fit(y[:100])
    before, parameters = model.predict(), model.get_params(deep=False)
    model.set_params(**change)
    for ask in (model.predict, lambda: model.update(y[100:], refit=True)):
        with pytest.raises(ValueError, match=r"in fit, and is .* now. Set it back, or fit again"):
            ask()
    model.set_params(**parameters | {"regressor": Ridge()})
    pd.testing.assert_series_equal(model.predict(), before)


def test_a_copy_forecasts_whatever_the_regressor_holds():
    forest = RandomForestRegressor(5, random_state=np.random.RandomState(0))
    model = WindowForecaster(forest, 12).fit(load_airline_passengers())
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        pd.testing.assert_series_equal(copied.predict(), model.predict())
    with sklearn.config_context(print_changed_only=False):
        model.predict()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_calibration_is_kept_as_far_as_it_serves(strategy):
    model = WindowForecaster(Ridge(), 4, 3, strategy=strategy).fit(walks(1, 100)[0][:, 0])
    before = model.calibrate(1, 0.6).predict_interval(1)
    model.simulate(2, 1)
    np.testing.assert_array_equal(model.predict_interval(1), before)
    model.predict_interval(3)  # of more steps, and the same share
    assert len(model._errors.values) == 58


def test_other_targets_are_told_in_a_note():
    from sklearn.svm import SVR

    with pytest.raises(ValueError, match="1d array") as caught:
        WindowForecaster(SVR(), 5, 2).fit(np.arange(30.0))
    assert "targets of shape (24, 2)" in caught.value.__notes__[0]


# ------------------------------------------------------------ many series


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_order_of_series_and_their_company_change_no_forecast(strategy):
    series = walks()
    model = WindowForecaster(Ridge(), 4, 3, strategy=strategy, differences=(1,))
    together = model.fit(as_frame(series)).predict()
    for name in ("s2", "s0", "s1"):
        alone = model.predict(history=as_frame(series).loc[[name]])
        np.testing.assert_allclose(alone, together.loc[[name]], rtol=1e-12)
    backwards = pd.concat([as_frame(series).loc[[name]] for name in ("s2", "s1", "s0")])
    again = clone(model).fit(backwards).predict()
    np.testing.assert_allclose(again.loc[together.index], together, rtol=1e-8)


def test_an_unseen_series_is_forecast_from_its_own_history():
    base = walks(1, 80)[0]
    model = WindowForecaster(Ridge(), 4, 3, scaling="window").fit(as_frame([base]))
    new = as_frame([50 * base + 7]).rename(index={"s0": "new"})
    wanted = 50 * model.predict().to_numpy() + 7
    np.testing.assert_allclose(model.predict(history=new).to_numpy(), wanted)
    assert model.predict(history=new).index.get_level_values(0).unique().tolist() == ["new"]


def test_windows_with_gaps_are_left_out_of_the_training():
    y = walks(1, 60)[0][:, 0]
    gap = y.copy()
    gap[30] = np.nan
    model = WindowForecaster(LinearRegression(), 4, 2, scaling=None).fit(gap)
    assert model.n_windows_ == 55 - 6
    origins = [o for o in range(3, 58) if not o - 3 <= 30 <= o + 2]
    X = np.array([y[o - 3 : o + 1] for o in origins])
    wanted = LinearRegression().fit(X, np.array([y[o + 1 : o + 3] for o in origins]))
    np.testing.assert_allclose(model.predict(), wanted.predict(y[None, -4:])[0])


def test_regressors_that_take_nan_get_windows_with_gaps():
    y = walks(1, 60)[0][:, 0]
    y[[30, -2]] = np.nan
    model = WindowForecaster(HistGradientBoostingRegressor(), 4).fit(y)
    assert model.n_windows_ == 56 - 2  # but no unknown targets
    assert np.isfinite(model.predict()).all()
    lstm = LSTMRegressor(4, max_epochs=1, missing_values="indicator", random_state=0)
    assert np.isfinite(WindowForecaster(lstm, 4).fit(y).predict()).all()


def test_short_series_add_nothing_and_are_not_forecast():
    series = [*walks(1, 40), np.ones((5, 1))]
    model = WindowForecaster(Ridge(), 4, 3).fit(as_frame(series))
    assert model.n_windows_ == 34
    model.predict()  # 5 rows are enough to look back on
    model = WindowForecaster(Ridge(), 6, 3).fit(as_frame(series))
    with pytest.raises(ValueError, match=r"looks back on 6 rows.*series s1 on has 5"):
        model.predict()


# ------------------------------------------------------------ update


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_update_moves_the_origin(strategy):
    y = as_frame(walks())
    days = y.index.get_level_values("day")
    early, late = y[days < "2026-02-01"], y[days >= "2026-02-01"]
    model = WindowForecaster(Ridge(), 4, 3, strategy=strategy).fit(early)
    regressors = model.regressors_
    wanted = model.predict(history=y)
    pd.testing.assert_frame_equal(model.update(late).predict(), wanted)
    assert model.regressors_ is regressors


def test_update_with_refit_is_a_fit_to_everything_but_for_the_scaling():
    y = load_airline_passengers()
    model = WindowForecaster(Ridge(), 12, 3, scaling=None)
    updated = clone(model).fit(y[:100]).update(y[100:], refit=True)
    pd.testing.assert_series_equal(updated.predict(), model.fit(y).predict())


def test_update_with_refit_scales_where_a_fit_would():
    y = as_frame(walks())
    updated = WindowForecaster(Ridge(), 4, 3).fit(y.loc[["s0"]])
    updated.update(y.loc[["s1", "s2"]], refit=True)
    assert updated.scales_windows_
    pd.testing.assert_frame_equal(updated.predict(), clone(updated).fit(y).predict())


def test_update_with_refit_goes_on_training_a_network():
    y = load_airline_passengers()
    lstm = LSTMRegressor(4, max_epochs=3, random_state=0)
    model = WindowForecaster(lstm, 12, 3).fit(y[:100])
    model.update(y[100:120], refit=True)
    assert model.regressors_[0].n_iter_ == 6
    assert model.regressors_[0].warm_start is False


def test_update_with_refit_fits_a_network_anew_that_counts_for_nothing():
    rng = np.random.default_rng(0)
    change = np.zeros(400)
    for t in range(1, 400):  # falls after every rise, and later rises after it
        change[t] = (-0.8 if t < 150 else 0.8) * change[t - 1] + rng.normal()
    lstm = LSTMRegressor(4, max_epochs=3, random_state=0)
    model = WindowForecaster(lstm, 3).fit(change[:150])
    model.regressors_[0].network_trust_ = 0.0
    before = model.predict(history=change[-10:])
    model.update(change[150:], refit=True)
    assert model.regressors_[0].n_iter_ == 3
    assert abs(model.predict(history=change[-10:]) - before) > 0.1


def test_update_takes_new_series():
    y = as_frame(walks())
    model = WindowForecaster(Ridge(), 4, 3).fit(y.loc[["s0", "s1"]])
    assert len(model.update(y.loc[["s2"]]).predict()) == 9


def test_update_with_features():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=104)}, index=pd.date_range("2026", periods=104))
    y = (2 * X["a"])[:100]
    model = WindowForecaster(LinearRegression(), 3, 4).fit(y[:80], X)
    model.update(y[80:], X)
    np.testing.assert_allclose(model.predict(X=X), 2 * X["a"].iloc[100:], atol=1e-8)


# ------------------------------------------------------------ distributions


@pytest.fixture(scope="module")
def noisy():
    rng = np.random.default_rng(0)
    time = np.arange(600)
    return np.sin(2 * np.pi * time / 12) + 0.3 * rng.normal(size=600)


def test_intervals_are_wide_where_the_network_is_unsure():
    rng = np.random.default_rng(0)
    unsure = np.arange(1200) % 20 < 10
    y = rng.normal(size=1200) * np.where(unsure, 3.0, 0.3)
    lstm = LSTMRegressor(8, loss="gaussian", max_epochs=15, random_state=0)
    X = unsure[:, None].astype(float)
    model = WindowForecaster(lstm, 5, 10).fit(y[:1190], X[:1190])
    lower, upper = model.predict_interval(X=X[1190:])
    width = upper - lower  # all ten steps are of the sure kind
    model.update(y[1190:], X[1190:])
    ahead = np.arange(1200, 1210) % 20 < 10
    lower, upper = model.predict_interval(X=ahead[:, None].astype(float))
    assert (upper - lower).mean() > 3 * width.mean()


@pytest.mark.parametrize("loss", ["gaussian", "quantile"])
def test_intervals_of_a_network_cover_what_is_held_out(noisy, loss):
    lstm = LSTMRegressor(8, loss=loss, quantile=(0.05, 0.5, 0.95), max_epochs=10, random_state=0)
    model = WindowForecaster(lstm, 12, 6).fit(noisy[:400])
    inside = []
    for origin in range(400, 594):
        lower, upper = model.predict_interval(history=noisy[:origin])
        inside.append((lower <= noisy[origin : origin + 6]) & (noisy[origin : origin + 6] <= upper))
    assert 0.82 < np.mean(inside) < 0.97


@pytest.mark.parametrize("quantile", [(0.1, 0.9), (0.5, 0.9), (0.9, 0.95)])
def test_intervals_need_no_levels_on_both_sides_of_the_median(noisy, quantile):
    lstm = LSTMRegressor(8, loss="quantile", quantile=quantile, max_epochs=30, random_state=0)
    model = WindowForecaster(lstm, 12, 6).fit(noisy[:400])
    lower, upper = model.predict_interval()
    assert ((upper - lower) < 12 * noisy.std()).all()
    assert (lower < upper).all()


@pytest.mark.parametrize("strategy", ["recursive", "dirrec"])
def test_fed_paths_spread_like_a_random_walk(strategy):
    steps = np.random.default_rng(0).normal(size=2000)
    y = steps.cumsum()
    model = WindowForecaster(LinearRegression(), 1, 9, strategy=strategy).fit(y)
    spread = model.simulate(3000, random_state=0).std(axis=0)
    np.testing.assert_allclose(spread, np.sqrt(np.arange(1, 10)), rtol=0.12)


@pytest.mark.parametrize(
    "loss", [{"loss": "gaussian"}, {"loss": "quantile", "quantile": (0.25, 0.5, 0.75)}]
)
def test_fed_paths_of_a_network_spread_as_its_held_out_errors_do(loss):
    y = load_airline_passengers()
    lstm = LSTMRegressor(16, **loss, max_epochs=60, random_state=0)
    model = WindowForecaster(lstm, 12, 1, strategy="recursive", scaling=None).fit(y[:90])
    spread = model.simulate(2000, random_state=0).std()
    errors = model._errors.values[:, 0, 0] * model._units.changes[0, 0]
    assert spread == pytest.approx(errors.std(), rel=0.1)


# ------------------------------------------------------------ as an estimator


def test_it_can_be_cloned_and_pickled():
    y = load_airline_passengers()
    model = WindowForecaster(Ridge(), 12, 3, calendar=["month"]).fit(y)
    again = pickle.loads(pickle.dumps(model))
    pd.testing.assert_series_equal(again.predict(), model.predict())
    assert not hasattr(clone(model), "series_")
    assert clone(model).get_params()["regressor__alpha"] == 1.0
    model.set_params(regressor__alpha=2.0)


def test_fits_of_the_same_seed_are_equal():
    y = load_airline_passengers()
    forecasts = [
        WindowForecaster(LSTMRegressor(4, max_epochs=2, random_state=0), 12).fit(y).predict()
        for _ in range(2)
    ]
    pd.testing.assert_series_equal(*forecasts)


# ------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"window_size": 0}, "'window_size' parameter must hold positive whole numbers, or one"),
        ({"window_size": []}, "'window_size' parameter"),
        ({"window_size": [1, 1]}, "holds a lag twice"),
        ({"window_size": [1, 0.5]}, r"Got 0.5 in \[1, 0.5\]"),
        ({"window_size": True}, "'window_size' parameter"),
        ({"horizon": 0}, "'horizon' parameter"),
        ({"strategy": "magic"}, "'strategy' parameter"),
        ({"differences": [0]}, "'differences' parameter"),
        ({"calendar": ["year"]}, "'calendar' parameter must hold names.*Got 'year'"),
        ({"calendar": ["hour"]}, "calendar needs dates"),
        ({"past_only": ["a"]}, "past_only names 'a'"),
        ({"scaling": "robust"}, "'scaling' parameter"),
        ({"regressor": None}, "'regressor' parameter"),
        ({"window_size": 25, "horizon": 4, "differences": (3,)}, "32 consecutive rows.*spans 30"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    model = WindowForecaster(Ridge(), 3).set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(np.arange(30.0))
    assert not hasattr(model, "series_")


@pytest.mark.parametrize("strategy", ["multioutput", "direct", "dirrec"])
def test_steps_beyond_the_horizon_are_refused(strategy):
    model = WindowForecaster(Ridge(), 3, 2, strategy=strategy).fit(np.arange(30.0))
    with pytest.raises(ValueError, match=r"steps=3 lies beyond horizon=2.*recursive"):
        model.predict(3)


@pytest.mark.parametrize("strategy", ["recursive", "dirrec"])
def test_fed_strategies_refuse_features_of_the_past(strategy):
    X = np.ones((30, 1))
    model = WindowForecaster(Ridge(), 3, 2, strategy=strategy, past_only=[0])
    with pytest.raises(ValueError, match="there are none of the features in past_only"):
        model.fit(np.arange(30.0), X)
    model.set_params(horizon=1).fit(np.arange(30.0), X).predict()


def test_a_gap_at_the_end_is_told():
    y = pd.Series(np.arange(30.0), index=pd.date_range("2026-01-01", periods=30))
    y.iloc[-2] = np.nan
    model = WindowForecaster(Ridge(), 3).fit(y)
    with pytest.raises(ValueError, match=r"value is missing.*time 2026-01-30.*interpolate"):
        model.predict()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y: y.iloc[::-1], "not in the order of time"),
        (lambda y: pd.concat([y, y.iloc[-1:]]), "twice"),
        (lambda y: y.drop(y.index[4]), "frequency of time cannot be told"),
        (lambda y: y[:4], "consecutive rows without a missing value"),
        (lambda y: y * np.nan, "consecutive rows without a missing value"),
    ],
)
def test_bad_series_change_no_fitted_forecaster(change, message):
    y = pd.Series(np.arange(30.0), index=pd.date_range("2026-01-01", periods=30))
    model = WindowForecaster(Ridge(), 4).fit(y)
    before = model.predict()
    with pytest.raises(ValueError, match=message):
        model.fit(change(y))
    pd.testing.assert_series_equal(model.predict(), before)


def test_an_average_of_networks_reads_windows():
    rng = np.random.default_rng(0)
    y, X = rng.normal(size=60), rng.normal(size=(60, 2))
    lstm = LSTMRegressor(2, max_epochs=1, linear_skip=False, random_state=0)
    model = WindowForecaster(VotingRegressor([("a", lstm), ("b", lstm)]), 5).fit(y, X)
    assert [one.n_features_in_ for one in model.regressors_[0].estimators_] == [3, 3]


def test_a_table_in_front_of_a_network_is_warned_of():
    rng = np.random.default_rng(0)
    y, X = rng.normal(size=60), rng.normal(size=(60, 2))
    lstm = LSTMRegressor(2, max_epochs=1, linear_skip=False, random_state=0)
    model = WindowForecaster(make_pipeline(StandardScaler(), lstm), 5)
    with pytest.warns(UserWarning, match="TimestepTransformer, or set flatten=False"):
        model.fit(y, X)
    model.fit(y)  # of one feature a table is what a sequence is


def test_what_predicts_only_once_it_is_fitted_is_a_regressor():
    y = np.sin(np.arange(60.0))
    model = WindowForecaster(StackingRegressor([("a", Ridge())]), 5, 2, strategy="direct")
    assert len(model.fit(y).predict()) == 2


def test_a_frequency_finer_than_the_stamps_is_named():
    y = load_airline_passengers()
    with pytest.raises(ValueError, match=r"144 are given\. Is freq finer"):
        WindowForecaster(Ridge(), 12, freq="ms").fit(y)
    with pytest.raises(ValueError, match="is freq finer than the time stamps"):
        WindowForecaster(Ridge(), 12, freq="D").fit(y)


def test_counts_of_many_series_are_not_scaled():
    days = pd.date_range("2024", periods=60)
    index = pd.MultiIndex.from_product([["a", "b"], days], names=["sku", "day"])
    y = pd.Series(np.random.default_rng(0).poisson(2, 120), index=index)
    lstm = LSTMRegressor(4, loss="poisson", max_epochs=2, random_state=0)
    model = WindowForecaster(lstm, 7, 2).fit(y)
    assert not model.scales_windows_
    assert (model.predict() > 0).all()
    for changed in ({"scaling": "window"}, {"differences": (7,)}):
        with pytest.raises(ValueError, match=r"loss='poisson' does, needs counts.* Set scaling"):
            WindowForecaster(lstm, 7, 2, **changed).fit(y)


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_intervals_and_paths_of_counts_are_not_below_zero(strategy):
    y = np.random.default_rng(0).poisson(0.5, 200).astype(float)
    model = WindowForecaster(PoissonRegressor(), 7, 3, strategy=strategy).fit(y)
    assert min(model.predict_interval()[0]) >= 0
    assert model.simulate(50, random_state=0).min() >= 0
    unbound = WindowForecaster(Ridge(), 7, 3, strategy=strategy).fit(y)
    assert unbound.simulate(50, random_state=0).min() < 0


def test_columns_that_are_no_numbers_are_named():
    frame = pd.DataFrame({"shop": "a", "sales": np.arange(60.0), "city": "X"})
    with pytest.raises(ValueError, match=r"column\(s\) 'city' do not hold numbers"):
        WindowForecaster(Ridge(), 7, 3, group_by="shop").fit(frame)
    sales = pd.Series(np.arange(60.0), name="sales")
    with pytest.raises(ValueError, match=r"one is missing\)\. .*unique column names"):
        WindowForecaster(Ridge(), 7, 3).fit(pd.concat([sales, sales], axis=1))


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize("make", [lambda: WindowForecaster(Ridge(), 6, 2), NaiveForecaster])
def test_forecasts_do_not_hang_on_the_unit_where_a_series_is_flat(make, unit):
    walks = np.cumsum(np.random.default_rng(0).normal(size=(4, 80)), axis=1)
    walks[1] = 3.0
    walks[2, :60] = walks[2, 60]  # flat in what calibration learns from
    days = pd.date_range("2026-01-01", periods=80)
    panel = pd.DataFrame(walks, index=list("abcd"), columns=days).T.unstack()
    expected, model = make().fit(panel), make().fit(unit * panel)
    np.testing.assert_allclose(model.predict(), unit * expected.predict(), rtol=1e-6, atol=1e-6)
    for found, wanted in zip(model.predict_interval(), expected.predict_interval(), strict=True):
        np.testing.assert_allclose(found, unit * wanted, rtol=1e-6)


def test_a_flat_series_stays_where_it_is():
    walks = 0.01 * np.cumsum(np.random.default_rng(0).normal(size=(3, 80)), axis=1)
    walks[1] = 3.0
    panel = pd.DataFrame(walks, index=list("abc")).T.unstack()
    forecast = WindowForecaster(Ridge(), 6, 2).fit(panel).predict()
    np.testing.assert_allclose(forecast.loc["b"], 3.0, atol=0.01)


def test_what_comes_after_an_origin_tells_nothing_of_it():
    """Nor do changes of a series that was flat in fit."""
    walks = np.cumsum(np.random.default_rng(0).normal(size=(3, 80)), axis=1)
    walks[1, :60] = 5.0
    frame = pd.DataFrame(walks, index=list("abc")).T
    model = WindowForecaster(Ridge(), 6, 2).fit(frame[:50].unstack())
    later = frame.copy()
    later[70:] *= 1000.0
    units = [model._units.at(read_series(panel.unstack())) for panel in (frame, later)]
    np.testing.assert_array_equal(*units)


def test_an_interval_is_no_narrower_once_a_flat_series_moves():
    walks = np.cumsum(np.random.default_rng(0).normal(size=(6, 100)), axis=1)
    walks[1] = 0.0
    panel = pd.DataFrame(walks, index=list("abcdef")).T.unstack()
    model = NaiveForecaster(3).fit(panel)
    before = np.subtract(*model.predict_interval()[::-1]).loc["b"]
    blip = pd.Series([1e-6], index=pd.MultiIndex.from_tuples([("b", 100)]))
    after = np.subtract(*model.update(blip).predict_interval()[::-1]).loc["b"]
    np.testing.assert_allclose(after, before)


@pytest.mark.parametrize("strategy", ["multioutput", "direct", "dirrec"])
def test_too_few_rows_with_features_are_named(strategy):
    y, X = np.arange(10.0), np.ones((10, 1))
    for n_rows, window_size, horizon in [(10, 3, 12), (6, 2, 30), (3, 2, 10)]:
        model = WindowForecaster(Ridge(), window_size, horizon, strategy=strategy)
        with pytest.raises(ValueError, match="No series holds a complete window"):
            model.fit(y[:n_rows], X[:n_rows])


# ------------------------------------------------------------ what is missing


class Careless(RegressorMixin, BaseEstimator):
    """The mean of a window, whatever is in it."""

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.asarray(X).mean(axis=1)


def test_rows_between_lags_must_be_known_where_later_steps_read_them():
    history = walks(1)[0][:20, 0].copy()
    model = WindowForecaster(Careless(), [1, 3], 4, strategy="recursive").fit(walks(1)[0][:, 0])
    history[-2] = np.nan  # lag 3 of the second step
    assert np.isfinite(model.predict(1, history=history)).all()
    with pytest.raises(ValueError, match="value is missing in what a forecast from row 19 reads"):
        model.predict(history=history)


def test_a_feature_that_no_step_reads_may_be_missing():
    y, X = walks(1)[0][:, 0], np.random.default_rng(0).normal(size=(40, 1))
    model = WindowForecaster(Ridge(), 3, 1).fit(y, X)  # rows are told the feature of the next
    wanted = model.predict(history=y[-9:], history_X=X[-9:], X=X[:1])
    missing = X[-9:].copy()
    missing[-3] = np.nan
    found = model.predict(history=y[-9:], history_X=missing, X=X[:1])
    np.testing.assert_array_equal(found, wanted)
    missing[-2] = np.nan
    with pytest.raises(ValueError, match="A value is missing"):
        model.predict(history=y[-9:], history_X=missing, X=X[:1])


def test_a_regressor_of_every_step_is_refused():
    each = make_pipeline(LSTMRegressor(4, return_sequences=True, max_epochs=1))
    with pytest.raises(
        ValueError, match=r"at every step of its windows.*return_sequences to False"
    ):
        WindowForecaster(each, 4, 4).fit(walks(1)[0][:, 0])  # as many steps as a window has


class OfSteps(Careless):
    def __init__(self, return_sequences=True):
        self.return_sequences = return_sequences


class Scaler(StandardScaler):
    return_sequences = True


@pytest.mark.parametrize("around", [VotingRegressor, StackingRegressor], ids=lambda c: c.__name__)
def test_what_predicts_is_asked_and_not_what_comes_before(around):
    y = walks(1)[0][:, 0]
    WindowForecaster(make_pipeline(Scaler(), Ridge()), 4).fit(y)
    with pytest.raises(ValueError, match="at every step"):
        WindowForecaster(around([("steps", OfSteps()), ("ridge", Ridge())]), 4).fit(y)
    inside = TransformedTargetRegressor(OfSteps(), func=np.sinh, inverse_func=np.arcsinh)
    with pytest.raises(ValueError, match="at every step"):
        WindowForecaster(inside, 4).fit(y)


class Configured(Careless):
    def fit(self, X, y):
        self.assumes_ = sklearn.get_config()["assume_finite"]
        return super().fit(X, y)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_regressors_are_fitted_under_the_settings_of_the_caller(n_jobs):
    model = WindowForecaster(Configured(), 3, 2, strategy="direct", n_jobs=n_jobs)
    with sklearn.config_context(assume_finite=True):
        model.fit(walks(1)[0][:, 0])
    assert [regressor.assumes_ for regressor in model.regressors_] == [True, True]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_of_how_many_steps_features_are_wanted(strategy):
    y, X = walks(1)[0][:, 0], np.ones((40, 1))
    model = WindowForecaster(Ridge(), 3, 5, strategy=strategy).fit(y, X)
    n_ahead = model.n_ahead(2)
    assert n_ahead == (5 if strategy == "multioutput" else 2)
    assert len(model.predict(2, X=np.ones((n_ahead, 1)))) == 2
