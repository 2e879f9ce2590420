import copy
import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from skorch.callbacks import Callback

from sklstm import LSTMRegressor
from sklstm.forecasting.settings import same_setting

SETTINGS = [
    None,
    3,
    float("nan"),
    "D",
    [1, 2],
    np.array([1.0, np.nan]),
    pd.offsets.MonthEnd(2),
    RandomForestRegressor(random_state=np.random.RandomState(0)),
    make_pipeline(SimpleImputer(), FunctionTransformer(np.log1p), Ridge(2.0)),
    LSTMRegressor(callbacks=[Callback()], optimizer=partial(dict, lr=1)),
    OneHotEncoder(),
    np.float32,
    FunctionTransformer(kw_args={"table": pd.DataFrame({"a": [1.0], "b": ["x"]})}),
    sparse.csr_array(np.eye(3)),
    pd.NA,
    pd.Timestamp("2026-01-01"),
]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda value: type(value).__name__)
def test_a_setting_is_the_same_in_its_copies(setting, copied):
    assert same_setting(setting, copied(setting))


def test_a_number_is_the_same_in_other_types():
    assert same_setting(Ridge(alpha=1), Ridge(alpha=np.float64(1.0)))
    assert same_setting(3, np.int64(3))
    assert not same_setting(float("nan"), "NaN")


@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_settings_that_differ_are_told_apart(number):
    others = SETTINGS[:number] + SETTINGS[number + 1 :]
    assert not any(same_setting(SETTINGS[number], other) for other in others)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (pd.offsets.MonthEnd(2), pd.offsets.MonthEnd(3)),
        (np.array([1.0, 2.0]), np.array([1.0, 3.0])),
        (FunctionTransformer(np.log), FunctionTransformer(np.exp)),
        (LSTMRegressor(callbacks=[Callback()]), LSTMRegressor()),
        (OneHotEncoder(), OneHotEncoder(dtype=np.float32)),
        (pd.Series([1.0]), pd.Series([2.0])),
    ],
    ids=["offset", "array", "function", "callbacks", "class", "series"],
)
def test_values_count(before, now):
    assert not same_setting(before, now)


def test_no_step_of_a_long_pipeline_is_overlooked():
    before = make_pipeline(*[StandardScaler() for _ in range(30)], Ridge())
    now = copy.deepcopy(before).set_params(**{"standardscaler-16__with_std": False})
    assert not same_setting(before, now)
