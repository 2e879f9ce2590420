import numpy as np
import pandas as pd
import pytest

from sklstm.forecasting.calendar_features import CALENDAR, calendar_features


@pytest.mark.parametrize("name", list(CALENDAR))
def test_equal_places_in_a_cycle_are_equal_and_neighbours_are_near(name):
    times = pd.date_range("2026-01-01", periods=3000, freq="97min")
    features = calendar_features(times, (name,))
    place = np.asarray(getattr(times, name))
    np.testing.assert_allclose((features**2).sum(axis=1), 1.0)
    for value in np.unique(place)[:20]:
        assert np.ptp(features[place == value], axis=0).max() == 0.0
    assert len(np.unique(features.round(9), axis=0)) == len(np.unique(place))


def test_periods_and_dates_agree():
    days = pd.date_range("2026-01-01", periods=50, freq="D")
    names = ("day_of_week", "month")
    np.testing.assert_array_equal(
        calendar_features(days, names), calendar_features(days.to_period(), names)
    )


def test_no_names_no_features():
    assert calendar_features(pd.RangeIndex(3), ()).shape == (3, 0)
