import pytest
from sklearn.ensemble import BaggingRegressor, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMRegressor
from sklstm.forecasting.regressors import allows_nan, takes_sequences


@pytest.mark.parametrize(
    ("regressor", "flat", "nan"),
    [
        (Ridge(), True, False),
        (LSTMRegressor(), False, False),
        (make_pipeline("passthrough", Ridge()), True, False),
        (make_pipeline(StandardScaler(), Ridge()), True, False),
        (make_pipeline(SimpleImputer(), Ridge()), True, True),
        (make_pipeline(StandardScaler(), HistGradientBoostingRegressor()), True, True),
        (GridSearchCV(LSTMRegressor(missing_values="indicator"), {}), False, True),
        (BaggingRegressor(), True, True),  # of trees, which take NaN
        (BaggingRegressor(Ridge()), True, False),
    ],
)
def test_what_a_regressor_takes(regressor, flat, nan):
    assert takes_sequences(regressor) != flat
    assert allows_nan(regressor) == nan
