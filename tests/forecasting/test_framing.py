from dataclasses import replace

import numpy as np
import pytest

from sklstm.data import Windows
from sklstm.forecasting.framing import (
    Context,
    Signals,
    run_stages,
    training_pairs,
)
from sklstm.forecasting.strategies import Plan, Stage


def make_signals(least=None, **parts):
    lengths = np.array([9, 4, 12])
    n_rows = lengths.sum()
    n_before = np.concatenate([np.arange(length) for length in lengths])
    empty = np.empty((n_rows, 0))
    return Signals(
        **{"targets": np.arange(float(n_rows))[:, None], "past": empty, "known": empty} | parts,
        n_calendar=0,
        n_before=n_before,
        n_after=np.repeat(lengths, lengths) - 1 - n_before,
        places=np.repeat([3, 9, 3], lengths) + n_before,
        n_skipped=0,
        least=None if least is None else np.repeat(least, lengths, axis=0),
    )


def test_windows_stay_within_their_series_and_share_their_rows():
    X, y = training_pairs(make_signals(), Stage((3, 2, 1), (1, 2)), allow_nan=False)
    assert isinstance(X, Windows)
    assert X.rows.nbytes < np.asarray(X).nbytes
    series = np.repeat([0, 1, 2], [9, 4, 12])
    for window, targets in zip(np.asarray(X)[:, :, 0].astype(int), y.astype(int), strict=True):
        places = [*window, *targets]
        assert np.diff(places).tolist() == [1] * 4
        assert len(set(series[places])) == 1
    assert len(y) == 5 + 0 + 8


def test_scaled_windows_are_those_told_relative_to_themselves():
    stage = Stage((3, 2, 1), (1, 2))
    plain, ahead = training_pairs(make_signals(), stage, allow_nan=False)
    X, y = training_pairs(make_signals(np.full((3, 1), 1e-9)), stage, allow_nan=False)
    plain = np.asarray(plain)
    mean, std = plain.mean(axis=1, keepdims=True), plain.std(axis=1, keepdims=True)
    np.testing.assert_allclose(X, (plain - mean) / std)
    np.testing.assert_allclose(y, (ahead - mean[:, 0]) / std[:, 0])


@pytest.mark.parametrize("lags", [(3, 2, 1), (5, 2)])
def test_a_missing_value_spares_the_windows_that_do_not_read_it(lags):
    targets = np.arange(25.0)[:, None]
    targets[17] = np.nan
    stage = Stage(lags, (1,))
    X, y = training_pairs(make_signals(targets=targets), stage, allow_nan=False)
    everything, _ = training_pairs(make_signals(), stage, allow_nan=False)
    read = np.concatenate([np.asarray(everything)[:, :, 0].astype(int)], axis=1)
    # a target lies behind the youngest row by the least lag
    n_spared = sum(17 not in [*row, row[-1] + min(lags)] for row in read.tolist())
    assert len(X) == len(y) == n_spared
    assert np.isfinite(np.asarray(X)).all()
    X, y = training_pairs(make_signals(targets=targets), stage, allow_nan=True)
    assert np.isfinite(y).all()
    assert len(y) == sum(row[-1] + min(lags) != 17 for row in read.tolist())


@pytest.mark.parametrize(
    ("strategy", "steps", "wanted"),
    [("multioutput", 2, 6), ("direct", 2, 2), ("recursive", 9, 9), ("dirrec", 3, 3)],
)
def test_features_are_needed_as_far_as_they_are_read(strategy, steps, wanted):
    assert Plan.of(strategy, (2, 1), 6).n_ahead(steps) == wanted


def test_steps_that_were_predicted_are_read_by_those_after():
    plan = Plan.of("recursive", (2, 1), 1)
    context = Context(np.array([[[1.0], [1.0]]]), np.empty((1, 2, 0)), np.empty((1, 7, 0)), 0)
    steps = run_stages(plan, context, 5, lambda _, X: X.sum(axis=1, keepdims=True))
    assert steps.ravel().tolist() == [2.0, 3.0, 5.0, 8.0, 13.0]


@pytest.mark.parametrize("least", [None, np.full((3, 1), 1e-9)])
@pytest.mark.parametrize("lags", [(3, 2, 1), (4, 1)])
def test_windows_know_when_they_are(lags, least):
    signals = make_signals(least)
    X, y = training_pairs(signals, Stage(lags, (1, 2)), allow_nan=False)
    told = training_pairs(make_signals(), Stage(lags, (1, 2)), allow_nan=False)[1]
    row = told[:, 0].astype(int)  # of the first target, whose value is its row
    time = np.concatenate([np.arange(3, 12), np.arange(9, 13), np.arange(3, 15)])[row]
    np.testing.assert_array_equal(X.span, np.stack([time - max(lags), time], axis=1))
    assert len(X) == len(y)


def test_rows_that_would_not_be_told_their_own_features_are_but_not_of_the_calendar():
    known = np.column_stack([np.arange(25.0), np.arange(25) % 7])
    signals = replace(make_signals(known=known), n_calendar=1)
    X, _ = training_pairs(signals, Stage((2, 1), (1, 2)), allow_nan=False)
    for window in np.asarray(X):
        place = window[:, 0]  # as targets, features are the rows' numbers
        np.testing.assert_array_equal(window[:, 1], place + 2)
        np.testing.assert_array_equal(window[:, 2], (place + 2) % 7)
        np.testing.assert_array_equal(window[:, 3], place)
    X, _ = training_pairs(signals, Stage((3, 2, 1), (1, 2)), allow_nan=False)
    assert X.shape[2] == 3
