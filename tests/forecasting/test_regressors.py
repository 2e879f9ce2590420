import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.feature_selection import RFE, SequentialFeatureSelector
from sklearn.impute import SimpleImputer
from sklearn.linear_model import GammaRegressor, PoissonRegressor, RANSACRegressor, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import LSTMRegressor, TimestepTransformer
from sklstm.forecasting import WindowForecaster
from sklstm.forecasting.regressors import (
    allows_nan,
    needs_counts,
    tables_hide_sequences,
    takes_sequences,
    transforms_targets,
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
    assert not tables_hide_sequences(make_pipeline("passthrough"))
    assert not tables_hide_sequences(LSTMRegressor())


@pytest.mark.parametrize("kind", [VotingRegressor, StackingRegressor])
def test_beside_one_of_tables_sequences_are_hidden(kind):
    lstm, ridge = ("lstm", LSTMRegressor(max_epochs=1)), ("ridge", Ridge())
    assert tables_hide_sequences(kind([lstm, ridge]))
    assert tables_hide_sequences(make_pipeline(StandardScaler(), kind([lstm, ridge])))
    assert tables_hide_sequences(VotingRegressor([("both", kind([lstm, ridge])), ridge]))
    assert not tables_hide_sequences(kind([lstm]))
    assert not tables_hide_sequences(kind([ridge]))


@pytest.mark.parametrize("kind", [VotingRegressor, StackingRegressor])
def test_sequences_and_tables_side_by_side(kind):
    """As the warning says."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 3)), columns=["y", "a", "b"])
    lstm = LSTMRegressor(4, max_epochs=1, random_state=0)
    options = {"window_size": 5, "strategy": "recursive"}
    both = kind([("lstm", lstm), ("ridge", Ridge())])
    with pytest.warns(UserWarning, match="or beside it"):
        WindowForecaster(both, **options).fit(frame["y"], frame[["a", "b"]])
    table = make_pipeline(FunctionTransformer(lambda X: np.asarray(X).reshape(len(X), -1)), Ridge())
    both = kind([("lstm", lstm), ("ridge", table)])
    model = WindowForecaster(both, **options, flatten=False).fit(frame["y"], frame[["a", "b"]])
    members = model.regressors_[0].estimators_
    assert members[0].n_features_in_ == 3
    assert members[1][-1].n_features_in_ == 15


@pytest.mark.parametrize(
    "regressor",
    [
        LSTMRegressor(loss="poisson"),
        PoissonRegressor(),
        GammaRegressor(),
        RandomForestRegressor(criterion="poisson"),
        GridSearchCV(PoissonRegressor(), {}),
        VotingRegressor([("a", Ridge()), ("b", PoissonRegressor())]),
        make_pipeline(StandardScaler(), HistGradientBoostingRegressor(loss="gamma")),
        StackingRegressor([("a", Ridge())], final_estimator=PoissonRegressor()),
    ],
    ids=str,
)
def test_who_needs_counts(regressor):
    assert needs_counts(regressor)


def test_who_needs_none():
    assert not needs_counts(LSTMRegressor())
    assert not needs_counts(VotingRegressor([("a", Ridge()), ("b", "drop")]))
    assert not needs_counts(make_pipeline("passthrough"))
    shifted = {"func": lambda y: y + 100, "inverse_func": lambda y: y - 100}
    assert not needs_counts(TransformedTargetRegressor(PoissonRegressor(), **shifted))
    assert needs_counts(TransformedTargetRegressor(PoissonRegressor()))


def test_functions_of_targets():
    logarithm = TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1)
    assert transforms_targets(logarithm)
    assert transforms_targets(make_pipeline(StandardScaler(), logarithm))
    assert transforms_targets(TransformedTargetRegressor(Ridge(), transformer=StandardScaler()))
    assert not transforms_targets(TransformedTargetRegressor(Ridge()))


@pytest.mark.parametrize(
    "regressor",
    [
        PoissonRegressor(),
        TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1),
    ],
    ids=str,
)
def test_what_needs_its_units_is_not_scaled(regressor):
    sales = np.random.default_rng(0).poisson(5, size=(40, 2)).astype(float)
    panel = pd.DataFrame(sales, columns=["a", "b"]).T.stack()
    model = WindowForecaster(regressor, 5, 3, strategy="direct").fit(panel)
    assert not model.scales_windows_
    assert (model.predict() > 0).all()


@pytest.mark.parametrize(
    "regressor",
    [
        BaggingRegressor(LSTMRegressor()),
        RegressorChain(LSTMRegressor()),
        RANSACRegressor(LSTMRegressor()),
        RFE(LSTMRegressor()),
        SequentialFeatureSelector(LSTMRegressor()),
    ],
    ids=str,
)
def test_wrappers_that_take_tables_alone(regressor):
    with pytest.raises(ValueError, match="dim 3"):
        regressor.fit(np.zeros((20, 3, 1)), np.arange(20.0))
    assert not takes_sequences(regressor)
    assert tables_hide_sequences(regressor)
