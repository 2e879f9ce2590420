import numpy as np
import pytest

from sklstm.forecasting import NaiveForecaster


def test_the_last_value_is_repeated():
    y = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(NaiveForecaster().fit(y).predict(3), [[3.0, 4.0]] * 3)


def test_a_missing_last_value_is_told():
    with pytest.raises(ValueError, match="value is missing in what a forecast from row 1 reads"):
        NaiveForecaster().fit([1.0, np.nan]).predict()
