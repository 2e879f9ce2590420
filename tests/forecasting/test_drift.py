import numpy as np
import pytest

from sklstm.forecasting import DriftForecaster


def test_a_line_goes_on():
    y = np.stack([3 + 2 * np.arange(10.0), 5 - np.arange(10.0)], axis=1)
    ahead = np.arange(10.0, 14.0)
    wanted = np.stack([3 + 2 * ahead, 5 - ahead], axis=1)
    np.testing.assert_allclose(DriftForecaster().fit(y).predict(4), wanted)


def test_only_the_ends_matter():
    y = np.array([0.0, 50.0, -20.0, 6.0])
    np.testing.assert_allclose(DriftForecaster().fit(y).predict(2), [8.0, 10.0])


def test_both_ends_are_needed():
    with pytest.raises(ValueError, match="looks back on 2 rows"):
        DriftForecaster().fit([1.0]).predict()
    with pytest.raises(ValueError, match="value is missing"):
        DriftForecaster().fit([np.nan, 1.0, 2.0]).predict()
