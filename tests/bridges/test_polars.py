import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    LSTMSeq2SeqRegressor,
    SlidingWindowTransformer,
    TimestepTransformer,
    make_windows,
    sequences_from_panel,
)
from sklstm._validation import columns_of_no_numbers, kind_of
from sklstm.forecasting import WindowForecaster
from sklstm.model_selection import backtest, compare

SHORT = {"hidden_layer_sizes": 4, "max_epochs": 2, "random_state": 0}
VALUES = np.random.default_rng(0).normal(size=(40, 3))
COLUMNS = {"a": VALUES[:, 0], "b": VALUES[:, 1], "shop": np.arange(40) // 20}
POLARS, PANDAS = pl.DataFrame(COLUMNS), pd.DataFrame(COLUMNS)
WITH_TEXT = POLARS.with_columns(pl.lit("x").alias("text"))


def lstm(**parameters):
    return LSTMRegressor(**{**SHORT, **parameters})


@pytest.mark.parametrize("frame", [POLARS, PANDAS], ids=["polars", "pandas"])
@pytest.mark.parametrize(
    "ask",
    [
        lambda frame: lstm().fit(frame, frame["a"]).predict(frame),
        lambda frame: lstm().fit(frame, frame[["a", "b"]]).predict(frame),
        lambda frame: lstm().fit([frame] * 4, [1, 2, 3, 4]).predict([frame]),
        lambda frame: LSTMSeq2SeqRegressor(**SHORT).fit([frame] * 3, frame[:3]).predict([frame]),
        lambda frame: SlidingWindowTransformer(3).fit_transform(frame),
        lambda frame: SlidingWindowTransformer(3, group_by="shop").fit_transform(frame),
        lambda frame: TimestepTransformer(StandardScaler()).fit_transform([frame, frame]),
        lambda frame: make_windows(frame, 3, target="b")[1],
        lambda frame: WindowForecaster(Ridge(), 3, 2).fit(frame["a"]).predict(),
    ],
)
def test_what_comes_is_that_of_pandas(frame, ask):
    assert_array_equal(np.asarray(ask(frame)), np.asarray(ask(PANDAS)))


def test_names_and_missing_values():
    gaps = POLARS.with_columns(pl.lit(None).cast(pl.Int64).alias("gap"))
    model = lstm(missing_values="indicator").fit(gaps, VALUES[:, 0])
    assert model.feature_names_in_.tolist() == ["a", "b", "shop", "gap"]
    assert np.isfinite(model.predict(gaps)).all()


def test_output_of_a_pipeline():
    model = make_pipeline(StandardScaler(), lstm()).set_output(transform="polars")
    assert_array_equal(
        model.fit(POLARS, VALUES[:, 0]).predict(POLARS),
        make_pipeline(StandardScaler(), lstm()).fit(PANDAS, VALUES[:, 0]).predict(PANDAS),
    )


def test_integers_are_told_from_other_numbers():
    tokens = pl.DataFrame(np.random.default_rng(0).integers(0, 5, size=(40, 3)))
    model = LSTMClassifier(**SHORT, categorical_features="from_dtype")
    labels = [0, 1] * 20
    assert model.fit(tokens, labels).categorical_ == [0]  # sequences of one feature
    assert model.fit([tokens] * 40, labels).categorical_ == [0, 1, 2]
    assert model.fit([POLARS] * 40, labels).categorical_ == []


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: lstm().fit([WITH_TEXT] * 2, [1, 2]), r"X\[0\]: column\(s\) 'text'"),
        (lambda: SlidingWindowTransformer(3).fit(WITH_TEXT), r"X: column\(s\) 'text'"),
        (
            lambda: lstm().fit(POLARS.with_columns(pl.date(2026, 1, 1).alias("day")), VALUES[:, 0]),
            r"X holds dates or durations in column\(s\) 'day'",
        ),
    ],
)
def test_columns_that_are_no_numbers_are_named(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()


@pytest.mark.parametrize("place", ["y", "X"])
def test_dates_are_no_series(place):
    frame = POLARS.with_columns(pl.date(2026, 1, 1).alias("day"))
    given = {"y": (frame, None), "X": (VALUES[:, 0], frame)}[place]
    with pytest.raises(ValueError, match=rf"{place} holds dates or durations in column\(s\) 'day'"):
        WindowForecaster(Ridge(), 3, 2).fit(*given)
    with pytest.raises(ValueError, match="DataFrame of pandas"):
        WindowForecaster(Ridge(), 3, 2, time_column="day").fit(frame)


def test_kinds():
    row = {"a": 1, "b": 1.0, "c": True, "d": "x", "e": datetime.date(2026, 1, 1)}
    frame = pl.DataFrame([row])
    assert [kind_of(dtype) for dtype in frame.dtypes] == ["i", "f", "b", "O", "M"]
    assert columns_of_no_numbers(frame) == ["d", "e"]


# ------------------------------------------------------------ names and shapes


def test_columns_of_y_are_those_of_fit():
    y = POLARS[["a", "b"]]
    model = WindowForecaster(Ridge(), 4, 1).fit(y)
    assert_array_equal(model.predict(history=y.tail(9)), model.predict(history=VALUES[-9:, :2]))
    for use in (lambda y: model.predict(history=y), model.update):
        with pytest.raises(ValueError, match=r"must have the columns of fit, \['a', 'b'\]"):
            use(y[["b", "a"]])


def test_backtests_know_features_by_their_names():
    model = WindowForecaster(Ridge(), 4, 2, past_only=["b"])
    options = {"horizon": 2, "n_folds": 2, "metrics": "mae"}
    scores = backtest({"ridge": model}, POLARS["a"], POLARS[["b", "shop"]], **options)
    wanted = backtest({"ridge": model}, VALUES[:, 0], PANDAS[["b", "shop"]], **options)
    assert_array_equal(scores["mae"], wanted["mae"])


@pytest.mark.parametrize("targets", ["a", ["a", "b"]])
def test_comparisons_are_those_of_pandas(targets):
    rows = [
        compare({"ridge": Ridge()}, frame[["b", "shop"]], frame[targets], cv=2)["mae"]
        for frame in (POLARS, PANDAS)
    ]
    assert_array_equal(*rows)


def test_a_series_of_lists_holds_sequences():
    members = [VALUES[: 3 + n % 3, 0].tolist() for n in range(20)]
    wanted = lstm().fit(members, VALUES[:20, 0]).predict(members)
    given = pl.Series(members)
    assert_array_equal(lstm().fit(given, VALUES[:20, 0]).predict(given), wanted)
    steps = lstm(return_sequences=True).fit(given, given)
    assert [len(said) for said in steps.predict(given)] == [len(member) for member in members]


def test_panels_are_lists_of_frames():
    assert sequences_from_panel([POLARS[["a", "b"]]]).shape == (1, 40, 2)
    with pytest.raises(ValueError, match=r"index, which one of polars.* has not.*list"):
        sequences_from_panel(POLARS)
