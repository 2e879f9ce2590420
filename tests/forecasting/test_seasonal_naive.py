import numpy as np
import pytest

from sklstm.forecasting import NaiveForecaster, SeasonalNaiveForecaster


@pytest.mark.parametrize("steps", [1, 3, 4, 11])
def test_the_last_season_goes_on(steps):
    y = np.random.default_rng(0).normal(size=30)
    forecast = SeasonalNaiveForecaster(4).fit(y).predict(steps)
    extended = list(y)
    for _ in range(steps):
        extended.append(extended[-4])
    np.testing.assert_array_equal(forecast, extended[30:])


def test_a_season_of_one_is_the_last_value():
    y = np.random.default_rng(0).normal(size=(30, 2))
    np.testing.assert_array_equal(
        SeasonalNaiveForecaster(1).fit(y).predict(5), NaiveForecaster().fit(y).predict(5)
    )


def test_a_whole_season_is_needed():
    with pytest.raises(ValueError, match="looks back on 12 rows"):
        SeasonalNaiveForecaster(12).fit(np.arange(11.0)).predict()
    with pytest.raises(ValueError, match="value is missing"):
        SeasonalNaiveForecaster(3).fit([0.0, np.nan, 1.0, 2.0]).predict()
    with pytest.raises(ValueError, match="'period' parameter"):
        SeasonalNaiveForecaster(0).fit(np.arange(11.0))
