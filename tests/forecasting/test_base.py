"""What every forecaster must do, whatever it forecasts with."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge

from sklstm.forecasting import (
    DriftForecaster,
    NaiveForecaster,
    SeasonalNaiveForecaster,
    WindowForecaster,
)

FORECASTERS = {
    "naive": NaiveForecaster(3),
    "seasonal": SeasonalNaiveForecaster(4, 3),
    "drift": DriftForecaster(3),
    "multioutput": WindowForecaster(Ridge(), 4, 3),
    "direct": WindowForecaster(Ridge(), [1, 4], 3, strategy="direct"),
    "recursive": WindowForecaster(Ridge(), 4, 3, strategy="recursive", differences=(1,)),
    "dirrec": WindowForecaster(Ridge(), 4, 3, strategy="dirrec", scaling="window"),
}
DAYS = pd.date_range("2026-01-01", periods=60, freq="D", name="day")


@pytest.fixture(params=list(FORECASTERS))
def forecaster(request):
    return clone(FORECASTERS[request.param])


def walk(n_targets=1, seed=0, n_times=60):
    return np.random.default_rng(seed).normal(size=(n_times, n_targets)).cumsum(axis=0)


def panel(n_series=3):
    """Return series of unequal ends, with a MultiIndex."""
    parts = {
        f"s{i}": pd.Series(walk(seed=i)[: 60 - 2 * i, 0], index=DAYS[: 60 - 2 * i], name="sales")
        for i in range(n_series)
    }
    return pd.concat(parts, names=["shop"])


# ------------------------------------------------------------ forms


def test_every_form_of_one_series_has_the_same_forecast(forecaster):
    values = walk()
    wanted = forecaster.fit(values[:, 0]).predict()
    assert wanted.shape == (3,)
    series = pd.Series(values[:, 0], index=DAYS, name="sales")
    got = forecaster.fit(series).predict()
    np.testing.assert_array_equal(got, wanted)
    assert got.name == "sales"
    ahead = pd.date_range("2026-03-02", periods=3, freq="D", name="day")
    pd.testing.assert_index_equal(got.index, ahead)
    got = forecaster.fit(series.to_frame()).predict()
    assert list(got.columns) == ["sales"]
    np.testing.assert_array_equal(got["sales"], wanted)
    got = forecaster.fit(series.to_period()).predict()
    assert list(got.index) == list(ahead.to_period())
    got = clone(forecaster).set_params(time_column="day").fit(series.reset_index()).predict()
    np.testing.assert_array_equal(got["sales"], wanted)
    assert list(got["day"]) == list(ahead)
    np.testing.assert_array_equal(forecaster.fit(values).predict()[:, 0], wanted)
    np.testing.assert_array_equal(forecaster.fit(list(values[:, 0])).predict(), wanted)


def test_every_form_of_many_series_has_the_same_forecast(forecaster):
    y = panel()
    wanted = forecaster.fit(y).predict()
    assert wanted.index.names == ["shop", "day"]
    assert wanted.name == "sales"
    assert wanted.loc["s1"].index[0] == DAYS[58]
    long = clone(forecaster).set_params(group_by="shop", time_column="day")
    got = long.fit(y.reset_index()).predict()
    assert list(got.columns) == ["shop", "day", "sales"]
    np.testing.assert_array_equal(got["sales"], wanted)
    by_index = clone(forecaster).set_params(group_by="shop")
    got = by_index.fit(y.reset_index("shop")).predict()
    assert got.index.name == "day"
    np.testing.assert_array_equal(got["sales"], wanted)


def test_several_columns_are_forecast_together(forecaster):
    y = pd.DataFrame(walk(3), index=DAYS, columns=list("abc"))
    forecast = forecaster.fit(y).predict()
    assert list(forecast.columns) == list("abc")
    assert forecast.shape == (3, 3)


def test_months_follow_months(forecaster):
    y = pd.Series(walk()[:, 0], index=pd.date_range("2020-01-31", periods=60, freq="ME"))
    assert list(forecaster.fit(y).predict().index) == list(
        pd.date_range("2025-01-31", periods=3, freq="ME")
    )


def test_a_gap_needs_a_frequency_and_is_then_a_missing_value(forecaster):
    y = pd.Series(walk()[:, 0], index=DAYS).drop(DAYS[20])
    with pytest.raises(ValueError, match=r"y: The frequency.*freq='D'"):
        forecaster.fit(y)
    forecast = forecaster.set_params(freq="D").fit(y).predict()
    assert forecast.index[0] == DAYS[-1] + pd.Timedelta("1D")


# ------------------------------------------------------------ nothing of the future


@pytest.mark.parametrize("poison", [np.nan, 1e30])
def test_what_comes_later_changes_no_forecast_from_an_origin(forecaster, poison):
    from sklstm.data import read_series
    from sklstm.forecasting.origins import Origins

    y = walk()[:, 0]
    model = forecaster.fit(y[:40])
    poisoned = y.copy()
    poisoned[50:] = poison
    said = []
    for values in (y, poisoned):
        rows = np.arange(40, 50)  # the origins' own rows are known, what follows is not
        at = Origins(read_series(values), np.empty((60, 0)), rows, 3)
        said.append(model._forecast(at))
    np.testing.assert_array_equal(*said)


def test_features_of_the_past_are_not_looked_for_in_the_future():
    y, X = walk()[:, 0], np.random.default_rng(1).normal(size=(60, 2))
    model = WindowForecaster(Ridge(), 4, 3, past_only=[1]).fit(y[:50], X[:50])
    poisoned = X.copy()
    poisoned[50:, 1] = 1e30
    np.testing.assert_array_equal(model.predict(X=X[50:53]), model.predict(X=poisoned[50:53]))


# ------------------------------------------------------------ origins


def test_update_is_the_same_as_a_longer_history(forecaster):
    y = panel()
    days = y.index.get_level_values("day")
    model = forecaster.fit(y[days < DAYS[50]])
    wanted = model.predict(history=y)
    pd.testing.assert_series_equal(model.update(y[days >= DAYS[50]]).predict(), wanted)


def test_update_of_an_array(forecaster):
    y = walk()[:, 0]
    model = forecaster.fit(y[:50])
    wanted = model.predict(history=y)
    # the least scale of windows is that of the fit, or of the history
    got = model.update(y[50:55]).update(y[55:]).predict()
    np.testing.assert_allclose(got, wanted, rtol=0.01)
    if not getattr(model, "scales_windows_", False):
        np.testing.assert_array_equal(got, wanted)


def test_update_must_go_on_where_it_ended(forecaster):
    y = pd.Series(walk()[:, 0], index=DAYS)
    model = forecaster.fit(y[:50])
    before = model.predict()
    for late in (y[51:], y[49:]):
        with pytest.raises(ValueError, match="must follow those before"):
            model.update(late)
    with pytest.raises(ValueError, match="must go on as it began"):
        model.update(y[50:].reset_index(drop=True))
    with pytest.raises(ValueError, match="must have the columns of fit"):
        model.update(pd.DataFrame({"a": y[50:], "b": y[50:]}))
    pd.testing.assert_series_equal(model.predict(), before)


def test_columns_are_found_by_name(forecaster):
    y = pd.DataFrame(walk(2), index=DAYS, columns=["a", "b"])
    model = forecaster.fit(y[:50])
    wanted = clone(model).fit(y[:50]).update(y[50:]).predict()
    pd.testing.assert_frame_equal(model.update(y[50:][["b", "a"]]).predict(), wanted)
    single = clone(forecaster).fit(y["a"][:50])
    assert single.update(y["a"][50:].rename(None)).predict().name == "a"


def test_history_is_of_the_same_kind(forecaster):
    model = forecaster.fit(panel())
    with pytest.raises(ValueError, match="history must be one series or many"):
        model.predict(history=panel().loc["s0"])


# ------------------------------------------------------------ intervals and paths


def test_intervals_are_quantiles_of_held_out_errors(forecaster):
    y = walk(n_times=400)[:, 0]
    model = forecaster.fit(y).calibrate(fraction=0.5)
    past = clone(forecaster).fit(y[:200])
    errors = []
    for origin in range(199, 397):
        said = past.predict(history=y[: origin + 1])
        errors.append(np.abs(y[origin + 1 : origin + 4] - said))
    errors = np.sort(errors, axis=0)
    n_errors = len(errors)
    half = errors[int(np.ceil(0.8 * (n_errors + 1))) - 1]
    lower, upper = model.predict_interval(coverage=0.8)
    # windows that hardly change are scaled by the whole series, which `past` does not know
    np.testing.assert_allclose(upper - model.predict(), half, rtol=1e-3)
    np.testing.assert_allclose(model.predict() - lower, half, rtol=1e-3)


def test_intervals_are_in_the_form_of_forecasts(forecaster):
    y = panel()
    model = forecaster.fit(y)
    lower, upper = model.predict_interval(2)
    middle = model.predict(2)
    for bound in (lower, upper):
        pd.testing.assert_index_equal(bound.index, middle.index)
    assert (lower < middle).all()
    assert (middle < upper).all()


def test_intervals_of_series_are_as_wide_as_these_change():
    y = panel(1)
    large = 1000 * y.rename(index={"s0": "large"})
    model = NaiveForecaster(3).fit(pd.concat([y, large]))
    lower, upper = model.predict_interval()
    width = upper - lower
    np.testing.assert_allclose(width.loc["large"], 1000 * width.loc["s0"])


def test_too_few_errors_are_told(forecaster):
    model = forecaster.fit(walk(n_times=40)[:, 0])
    with pytest.raises(ValueError, match=r"coverage=0.99 needs the errors of at least 99"):
        model.predict_interval(coverage=0.99)
    with pytest.raises(ValueError, match="fraction"):
        model.calibrate(fraction=0.05)
    with pytest.raises(ValueError, match="coverage"):
        model.predict_interval(coverage=1.0)


def test_errors_of_a_missing_truth_do_not_count():
    y = walk(n_times=100)[:, 0]
    y[90] = np.nan
    model = NaiveForecaster(3).fit(y).calibrate(fraction=0.2)
    assert len(model._errors.values) == 18 - 4


def test_paths_are_forecasts_and_whole_errors(forecaster):
    y = panel()
    model = forecaster.fit(y)
    paths = model.simulate(5, random_state=0)
    assert paths.index.names == ["path", "shop", "day"]
    assert len(paths) == 5 * 9
    pd.testing.assert_series_equal(paths, model.simulate(5, random_state=0))
    array = clone(forecaster).fit(walk(2)).simulate(4, 2, random_state=0)
    assert array.shape == (4, 2, 2)
    long = clone(forecaster).set_params(group_by="shop", time_column="day").fit(y.reset_index())
    table = long.simulate(2, random_state=0)
    assert list(table.columns) == ["path", "shop", "day", "sales"]
    by_index = clone(forecaster).set_params(group_by="shop").fit(y.reset_index("shop"))
    assert by_index.simulate(2, random_state=0).index.names == ["path", "day"]
    wide = pd.DataFrame(walk(2), index=DAYS, columns=["a", "b"])
    paths = clone(forecaster).fit(wide).simulate(2, random_state=0)
    assert paths.index.names == ["path", "day"]
    assert list(paths.columns) == ["a", "b"]


def test_paths_spread_as_the_errors_do():
    y = walk(n_times=2000)[:, 0]
    paths = NaiveForecaster(9).fit(y).simulate(3000, random_state=0)
    np.testing.assert_allclose(paths.std(axis=0), np.sqrt(np.arange(1, 10)), rtol=0.15)


# ------------------------------------------------------------ bad input


def test_nothing_is_forecast_before_a_fit(forecaster):
    from sklearn.exceptions import NotFittedError

    for ask in (forecaster.predict, forecaster.predict_interval, forecaster.calibrate):
        with pytest.raises(NotFittedError):
            ask()
    with pytest.raises(NotFittedError):
        forecaster.update([1.0])


@pytest.mark.parametrize("steps", [0, -1, 1.5, True])
def test_steps_are_positive_numbers(forecaster, steps):
    model = forecaster.fit(walk()[:, 0])
    with pytest.raises((ValueError, TypeError), match="steps"):
        model.predict(steps)


def test_a_fit_that_fails_changes_nothing(forecaster):
    y = pd.Series(walk()[:, 0], index=DAYS)
    model = forecaster.fit(y)
    before = model.predict()
    for bad in (y[::-1], y.astype(str) + "x", y[:0]):
        with pytest.raises(ValueError, match="y "):
            model.fit(bad)
    pd.testing.assert_series_equal(model.predict(), before)


def test_parameters_that_changed_since_the_fit_are_told(forecaster):
    y = walk()[:, 0]
    model = forecaster.fit(y).set_params(horizon=5)
    for ask in (model.predict, model.predict_interval, model.calibrate):
        with pytest.raises(ValueError, match="horizon was 3 in fit, and is 5 now"):
            ask()
    with pytest.raises(ValueError, match="horizon was 3"):
        model.update(y)
    assert len(model.fit(y).predict()) == 5


def test_history_x_needs_history(forecaster):
    with pytest.raises(ValueError, match="history_X needs history"):
        forecaster.fit(walk()[:, 0]).predict(history_X=np.ones((3, 1)))


def test_what_follows_is_given_under_the_columns_of_y(forecaster):
    columns = pd.MultiIndex.from_tuples(
        [("north", "load"), ("south", "load")], names=["site", "of"]
    )
    y = pd.DataFrame(walk(2), index=DAYS, columns=columns)
    pd.testing.assert_index_equal(forecaster.fit(y).predict().columns, columns)


@pytest.mark.parametrize("given", [np.asarray, list])
@pytest.mark.parametrize("index", [DAYS, pd.RangeIndex(60)], ids=type)
def test_rows_without_time_may_be_a_history_but_follow_none_that_have_one(forecaster, given, index):
    y = pd.Series(walk()[:, 0], index=index)
    forecaster.fit(y[:40])
    wanted = clone(forecaster).fit(y[:40].to_numpy()).predict(history=y[:50].to_numpy())
    np.testing.assert_array_equal(forecaster.predict(history=given(y[:50])), wanted)
    with pytest.raises(ValueError, match=r"y must have an index \(or column\) of time"):
        forecaster.update(given(y[40:]))


def test_a_calendar_must_know_when_a_history_was():
    y = pd.Series(walk()[:, 0], index=DAYS)
    model = WindowForecaster(Ridge(), 4, 3, calendar=["day_of_week"]).fit(y)
    with pytest.raises(ValueError, match=r"history must have an index \(or column\) of time"):
        model.predict(history=y.to_numpy())


def test_masked_values_are_refused(forecaster):
    y = np.ma.masked_values(walk()[:, 0], walk()[10, 0])
    with pytest.raises(ValueError, match=r"y holds masked values.*filled"):
        forecaster.fit(y)


def test_errors_of_a_few_steps_are_known_where_those_of_the_horizon_are_not():
    model = NaiveForecaster(30).fit(walk()[:, 0])
    lower, upper = model.predict_interval(2, coverage=0.5)
    assert (lower < upper).all()
    assert model.simulate(5, 1, random_state=0).shape == (5, 1)
    again, _ = model.predict_interval(1, coverage=0.5)
    assert again == lower[0]
    with pytest.raises(ValueError, match="errors of 30 steps cannot be measured"):
        model.predict_interval()


def test_of_series_that_are_held_out_as_a_whole_no_errors_are_measured():
    with pytest.raises(ValueError, match="errors of 1 steps cannot be measured"):
        NaiveForecaster().fit(walk(n_times=3)).calibrate(fraction=0.9)
