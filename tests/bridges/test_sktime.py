import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sktime.datasets import load_basic_motions
from sktime.datatypes import check_is_mtype, convert_to, get_examples
from sktime.forecasting.compose import make_reduction

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    make_windows,
    panel_from_sequences,
    sequences_from_panel,
)
from sklstm.datasets import load_airline_passengers

# of sktime, about its own settings
pytestmark = pytest.mark.filterwarnings("ignore:The default of config:FutureWarning")

PASSENGERS = load_airline_passengers().iloc[:60].to_period("M")
TINY = {
    "hidden_layer_sizes": 3, "max_epochs": 3, "linear_skip": True, "random_state": 0,
    "device": "cpu",
}  # fmt: skip
HORIZON = [1, 2, 3]
MODEL = LSTMRegressor(**TINY)
OF_PANELS = make_pipeline(FunctionTransformer(sequences_from_panel), MODEL)
REGRESSORS = {"tabular-regressor": MODEL, "time-series-regressor": OF_PANELS}


def recursive_by_hand(series):
    X, y = make_windows(series, 12)
    model, known = LSTMRegressor(**TINY).fit(X, y), list(series)
    for _ in HORIZON:
        known.append(model.predict([known[-12:]])[0])
    return known[-3:]


def direct_by_hand(series):
    X, y = make_windows(series, 12, horizon=3)
    last = [series[-12:]]
    return [LSTMRegressor(**TINY).fit(X, y[:, step]).predict(last)[0] for step in range(3)]


def multioutput_by_hand(series):
    X, y = make_windows(series, 12, horizon=3)
    return LSTMRegressor(**TINY).fit(X, y).predict([series[-12:]])[0]


BY_HAND = {
    "recursive": recursive_by_hand,
    "direct": direct_by_hand,
    "multioutput": multioutput_by_hand,
}


# ---------------------------------------------------------------- reduction


@pytest.mark.parametrize("scitype", REGRESSORS)
@pytest.mark.parametrize("strategy", BY_HAND)
def test_reduction_reads_the_windows_in_the_order_of_time(strategy, scitype):
    forecaster = make_reduction(
        REGRESSORS[scitype], strategy=strategy, window_length=12, scitype=scitype
    )
    found = forecaster.fit(PASSENGERS, fh=HORIZON).predict()
    assert_allclose(found, BY_HAND[strategy](PASSENGERS.to_numpy()), rtol=1e-5)


@pytest.mark.parametrize("strategy", ["recursive", "direct"])
def test_other_series_are_features_of_the_panel(strategy):
    month = pd.DataFrame({"month": PASSENGERS.index.month / 12}, PASSENGERS.index)
    forecaster = make_reduction(
        OF_PANELS, strategy=strategy, window_length=12, scitype="time-series-regressor"
    )
    forecaster.fit(PASSENGERS[:-3], X=month[:-3], fh=HORIZON)
    assert np.isfinite(forecaster.predict(X=month[-3:])).all()
    fitted = getattr(forecaster, "estimator_", None) or forecaster.estimators_[0]
    assert fitted[-1].n_features_in_ == 2


def test_a_bare_regressor_reads_a_panel_as_one_step_of_many_features():
    forecaster = make_reduction(MODEL, window_length=12, scitype="time-series-regressor")
    forecaster.fit(PASSENGERS, fh=HORIZON)
    assert forecaster.estimator_.n_features_in_ == 12


def test_global_pooling_puts_the_newest_lag_first():
    frames = {"a": PASSENGERS.to_frame(), "b": 2 * PASSENGERS.to_frame()}
    both = pd.concat(frames, names=["series", "month"])
    flipped = make_pipeline(FunctionTransformer(np.fliplr), MODEL)
    forecaster = make_reduction(flipped, window_length=12, pooling="global")
    found = forecaster.fit(both, fh=[1]).predict()
    names = [f"passengers_lag_{lag}" for lag in range(1, 13)]
    assert forecaster.estimator_.feature_names_in_.tolist() == names
    parts = [make_windows(series, 12) for series in (PASSENGERS, 2 * PASSENGERS)]
    X, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    last = np.stack([PASSENGERS[-12:], 2 * PASSENGERS[-12:]])
    assert_allclose(found.to_numpy()[:, 0], MODEL.fit(X, y).predict(last), rtol=1e-5)


# ---------------------------------------------------------------- panels

KINDS = ["numpy3D", "pd-multiindex", "df-list", "nested_univ"]


def examples(kind):
    return {
        number: example
        for number, example in get_examples(kind, as_scitype="Panel").items()
        if example is not None
    }


@pytest.mark.parametrize("kind", KINDS)
def test_panels_of_every_kind_hold_the_same_sequences(kind):
    panels, lists = examples(kind), examples("df-list")
    both = panels.keys() & lists.keys()
    assert both
    for number in both:
        frames, sequences = lists[number], sequences_from_panel(panels[number])
        assert len(sequences) == len(frames)
        for sequence, frame in zip(sequences, frames, strict=True):
            assert_array_equal(sequence, frame.to_numpy())


@pytest.mark.parametrize("kind", ["numpy3D", "pd-multiindex"])
def test_sktime_takes_our_panels(kind):
    for frames in examples("df-list").values():
        sequences = sequences_from_panel(frames)
        if kind == "numpy3D" and isinstance(sequences, list):
            continue
        panel = panel_from_sequences(sequences, kind)
        assert check_is_mtype(panel, kind, scitype="Panel")
        for back, frame in zip(convert_to(panel, "df-list"), frames, strict=True):
            assert_array_equal(back.to_numpy(), frame.to_numpy())


def test_classification_of_a_panel():
    X, y = load_basic_motions(return_X_y=True)
    model = LSTMClassifier(8, max_epochs=5, random_state=0, device="cpu")
    sequences = sequences_from_panel(X)
    assert sequences.shape == (80, 100, 6)
    assert model.fit(sequences, y).score(sequences, y) > 0.5
