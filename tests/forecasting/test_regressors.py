import pytest
from sklearn.ensemble import (
    BaggingRegressor,
    HistGradientBoostingRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMRegressor, TimestepTransformer
from sklstm.forecasting.regressors import (
    allows_nan,
    needs_counts,
    tables_hide_sequences,
    takes_sequences,
)


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


def test_members_that_are_averaged_take_sequences_if_all_do():
    lstm = LSTMRegressor()
    assert takes_sequences(VotingRegressor([("a", lstm), ("b", "drop"), ("c", lstm)]))
    assert takes_sequences(make_pipeline(VotingRegressor([("a", lstm)])))
    assert not takes_sequences(VotingRegressor([("a", lstm), ("b", Ridge())]))
    assert not takes_sequences(StackingRegressor([("a", Ridge())]))


def test_sequences_behind_a_table_are_hidden():
    assert tables_hide_sequences(make_pipeline(StandardScaler(), LSTMRegressor()))
    assert not tables_hide_sequences(
        make_pipeline(TimestepTransformer(StandardScaler()), LSTMRegressor())
    )
    assert not tables_hide_sequences(make_pipeline(StandardScaler(), Ridge()))
    assert not tables_hide_sequences(LSTMRegressor())


def test_who_needs_counts():
    poisson = LSTMRegressor(loss="poisson")
    assert needs_counts(poisson)
    boosting = HistGradientBoostingRegressor(loss="poisson")
    assert needs_counts(make_pipeline(StandardScaler(), boosting))
    assert not needs_counts(LSTMRegressor())
    assert not needs_counts(make_pipeline("passthrough"))
