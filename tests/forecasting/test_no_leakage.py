"""The future is poisoned, and no forecast changes: every strategy, splitter and backtest."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklstm import LSTMRegressor, make_windows
from sklstm.forecasting import (
    DriftForecaster,
    NaiveForecaster,
    SeasonalNaiveForecaster,
    WindowForecaster,
)
from sklstm.model_selection import PurgedTimeSeriesSplit, backtest

HORIZON, N_FOLDS, N_TIMES = 3, 4, 60
FORECASTERS = {
    strategy: WindowForecaster(Ridge(), 4, HORIZON, strategy=strategy, calendar=["day_of_week"])
    for strategy in ("multioutput", "direct", "recursive", "dirrec")
} | {
    "network": WindowForecaster(
        LSTMRegressor(2, max_epochs=1, linear_skip=False, random_state=0), 4, HORIZON
    ),
    "naive": NaiveForecaster(HORIZON),
    "seasonal": SeasonalNaiveForecaster(4, HORIZON),
    "drift": DriftForecaster(HORIZON),
}
DAYS = pd.date_range("2026-01-01", periods=N_TIMES, freq="D", name="day")


def make_panel():
    walks = np.random.default_rng(0).normal(size=(2, N_TIMES)).cumsum(axis=1)
    index = pd.MultiIndex.from_product([["a", "b"], DAYS], names=["id", "day"])
    return pd.Series(walks.ravel(), index=index, name="y")


def forecasts_of(y, X, fold, refit):
    _, forecasts = backtest(
        FORECASTERS,
        y,
        X,
        horizon=HORIZON,
        n_folds=N_FOLDS,
        refit=refit,
        metrics="mae",
        coverage=0.7,
        return_forecasts=True,
    )
    told = ["y_pred", "lower", "upper"]
    return forecasts[forecasts["fold"] == fold].set_index(["model", "id", "time"])[told]


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize(
    ("fold", "poison"), [(0, 1e20), (N_FOLDS - 1, 1e20), (N_FOLDS - 1, np.nan)]
)
def test_backtests(refit, fold, poison):
    y = make_panel()
    origin = N_TIMES - HORIZON * (N_FOLDS - fold)
    poisoned = y.mask(y.index.get_level_values("day") >= DAYS[origin], poison)
    pd.testing.assert_frame_equal(
        forecasts_of(poisoned, None, fold, refit), forecasts_of(y, None, fold, refit)
    )


def test_features_of_the_past():
    y = make_panel()
    X = pd.DataFrame({"seen": make_panel()[::-1].to_numpy()}, index=y.index)
    late = (y.index.get_level_values("day") >= DAYS[-HORIZON])[:, None]
    model = WindowForecaster(Ridge(), 4, HORIZON, past_only=["seen"])
    said = []
    for features in (X, X.mask(late, 1e20), X.mask(late, np.nan)):
        _, forecasts = backtest(
            {"model": model},
            y,
            features,
            horizon=HORIZON,
            n_folds=1,
            metrics="mae",
            return_forecasts=True,
        )
        said.append(forecasts["y_pred"])
    for other in said[1:]:
        pd.testing.assert_series_equal(other, said[0])


@pytest.mark.parametrize("max_train_size", [None, 20])
@pytest.mark.parametrize("poison", [1e20, -1e20])
def test_splitters(max_train_size, poison):
    y = make_panel().loc["a"].to_numpy()
    X, targets = make_windows(y, 4, HORIZON)
    cv = PurgedTimeSeriesSplit(
        N_FOLDS, window_size=4, horizon=HORIZON, max_train_size=max_train_size
    )
    for train, test in cv.split(X):
        poisoned = y.copy()
        poisoned[test[0] :] = poison  # from the first row of the first test window on
        X_poisoned, targets_poisoned = make_windows(poisoned, 4, HORIZON)
        np.testing.assert_array_equal(X_poisoned[train], X[train])
        np.testing.assert_array_equal(targets_poisoned[train], targets[train])
