import matplotlib as mpl
import matplotlib.dates
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from sklstm.datasets import load_airline_passengers
from sklstm.forecasting import ForecastDisplay, SeasonalNaiveForecaster

mpl.use("Agg")


@pytest.fixture
def plt():
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def test_it_holds_what_it_shows(plt):
    y = load_airline_passengers()
    model = SeasonalNaiveForecaster(12, 12).fit(y[:-12])
    display = ForecastDisplay.from_forecaster(model, truth=y[-12:], n_history=24)
    pd.testing.assert_series_equal(display.forecast, model.predict())
    pd.testing.assert_series_equal(display.history, y[-36:-12])
    lower, upper = model.predict_interval()
    pd.testing.assert_series_equal(display.lower, lower)
    pd.testing.assert_series_equal(display.upper, upper)
    drawn = [line.get_ydata() for line in display.ax_.get_lines()]
    for values in (display.history, display.truth, display.forecast):
        assert any(np.array_equal(line, values) for line in drawn)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["history", "truth", "90% interval", "forecast"]
    assert display.ax_.get_ylabel() == "passengers"


def test_a_single_step_is_to_be_seen(plt):
    y = load_airline_passengers()
    model = SeasonalNaiveForecaster(12, 1).fit(y[:-1])
    display = ForecastDisplay.from_forecaster(model, truth=y[-1:])
    assert len(display.history) == 12
    history, truth, forecast = display.ax_.get_lines()
    assert history.get_marker() == "None"
    assert truth.get_marker() == forecast.get_marker() == "o"
    (interval,) = display.ax_.collections
    np.testing.assert_allclose(
        interval.get_segments()[0][:, 1], [display.lower.iloc[0], display.upper.iloc[0]]
    )
    assert interval.get_linewidth()[0] > 0


def test_time_is_told_where_the_series_is(plt):
    hours = pd.date_range("2026-06-01", periods=48, freq="h", tz="America/New_York")
    y = pd.Series(np.arange(48.0), index=hours)
    model = SeasonalNaiveForecaster(24, 24).fit(y)
    ax = ForecastDisplay.from_forecaster(model, coverage=None).ax_
    ax.figure.draw_without_rendering()
    ticks = dict(zip(ax.get_xticks(), ax.get_xticklabels(), strict=True))
    midnight = mpl.dates.date2num(hours[24])
    assert ticks[midnight].get_text() in ("Jun-02", "02")


def test_one_of_many_series_and_targets(plt):
    days = pd.date_range("2026-01-01", periods=30)
    frame = pd.DataFrame({"x": np.arange(30.0), "z": -np.arange(30.0)}, index=days)
    y = pd.concat({"a": frame, "b": 10 * frame}, names=["id"])
    model = SeasonalNaiveForecaster(5, 4).fit(y)
    display = ForecastDisplay.from_forecaster(model, series="b", target=1, coverage=None)
    np.testing.assert_array_equal(display.forecast, model.predict().loc["b"]["z"])
    np.testing.assert_array_equal(display.history, 10 * frame["z"][-12:])
    assert display.lower is None
    assert display.ax_.get_ylabel() == "z"
    axes = plt.subplots()[1]
    assert display.plot(axes).ax_ is axes
    with pytest.raises(ValueError, match="target must be the position of a column of y"):
        ForecastDisplay.from_forecaster(model, target=2)
    with pytest.raises(ValueError, match="series='c' is none"):
        ForecastDisplay.from_forecaster(model, series="c")


def test_long_frames(plt):
    long = pd.DataFrame({"id": ["a"] * 9 + ["b"] * 9, "t": [*range(9)] * 2, "v": np.arange(18.0)})
    model = SeasonalNaiveForecaster(3, 3, group_by="id", time_column="t").fit(long)
    display = ForecastDisplay.from_forecaster(model, series="b", coverage=None)
    np.testing.assert_array_equal(display.forecast, [15.0, 16.0, 17.0])


def test_arrays_are_numbered_on(plt):
    display = ForecastDisplay.from_predictions(np.arange(5.0), [5.0], truth=[4.0])
    drawn = display.ax_.get_lines()[-1]
    assert drawn.get_xdata().tolist() == [5]
    assert drawn.get_marker() == "o"


def test_a_forecaster_must_be_fitted():
    with pytest.raises(NotFittedError, match="not fitted"):
        ForecastDisplay.from_forecaster(SeasonalNaiveForecaster(3))
