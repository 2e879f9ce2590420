import numpy as np
import pytest

from sklstm.data import (
    Anchor,
    Windows,
    anchor,
    as_sequences,
    find_anchor,
    make_windows,
    no_anchor,
    view_windows,
)
from sklstm.datasets import make_seasonal_series

N, TIME = 300, 8


def make_sequences(seed=0):
    """Return sequences of a random walk, noise, and a second random walk."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, TIME, 3))
    X[:, :, [0, 2]] = 5.0 * rng.normal(size=(N, 1, 2)) + X[:, :, [0, 2]].cumsum(axis=1)
    return X


def make_targets(X, seed=1):
    """Return what follows each of the features, and something else."""
    noise = np.random.default_rng(seed).normal(size=(len(X), 4))
    follow = X[:, -1] + noise[:, :3]
    return np.column_stack([follow, noise[:, 3]])


def find(X, y, weight=None, *, force=False):
    return find_anchor(as_sequences(X, np.float64), y, weight, force=force)


def test_targets_that_go_on_from_a_level_are_found():
    X = make_sequences()
    anchor = find(X, make_targets(X))
    # feature 1 explains its successor, but is no level: its value says nothing of the next
    assert anchor.features.tolist() == [0, -1, 2, -1]
    assert anchor.relative == [0, 2]
    np.testing.assert_allclose(anchor.slope, [1.0, 0.0, 1.0, 0.0], atol=0.1)
    assert (anchor.slope[[1, 3]] == 0).all()
    assert (anchor.intercept[[1, 3]] == 0).all()


def test_of_many_samples_some_tell_as_much(monkeypatch):
    X = make_sequences()
    all_of_them = find(X, make_targets(X))
    monkeypatch.setattr(anchor, "_ENOUGH", N // 2)
    some = find(X, make_targets(X))
    np.testing.assert_array_equal(some.features, all_of_them.features)
    np.testing.assert_allclose(some.slope, all_of_them.slope, atol=0.05)
    assert some.drifting == all_of_them.drifting


def test_steps_that_are_not_looked_at_say_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(1, 1)) for _ in range(20)]
    X[3] = rng.normal(size=(3, 1))
    monkeypatch.setattr(anchor, "_ENOUGH", 2)
    assert find(X, rng.normal(size=(20, 1))).features.tolist() == [-1]


@pytest.mark.parametrize("share", [0.0, 0.2, 0.8, 1.0])
def test_a_sequence_of_its_own_is_told_by_its_mean_or_by_its_end(share):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, TIME, 1)).cumsum(axis=1)
    last, mean = X[:, -1], X.mean(axis=1)
    y = share * last + (1 - share) * mean + 1.5 * rng.normal(size=(N, 1))
    found = 0 if share > 0.5 else -1
    assert find(X, y).features.tolist() == [found]
    assert find(X, y, force=True).features.tolist() == [0]
    assert find(X, np.hstack([y, y])).features.tolist() == [0, 0]  # may be later values
    walk = rng.normal(size=(N, 1)).cumsum(axis=0)
    windows = view_windows(walk, TIME)
    y = windows.mean(axis=1) + walk.std() * rng.normal(size=(len(windows), 1))
    assert find(windows, y).features.tolist() == [0]


def test_of_a_level_that_goes_on_the_mean_does_not_matter():
    rng = np.random.default_rng(0)
    series = 0.05 * np.arange(24 * 150.0) + rng.normal(size=24 * 150)
    X, y = series.reshape(150, 24, 1)[:-1], series[24::24, None]
    assert (
        np.corrcoef(X.mean(axis=1)[:, 0], y[:, 0])[0, 1] > np.corrcoef(X[:, -1, 0], y[:, 0])[0, 1]
    )
    assert find(X, y).features.tolist() == [0]


def test_force_takes_the_feature_that_explains_most():
    X = make_sequences()
    y = make_targets(X)
    anchor = find(X, y, force=True)
    assert anchor.features.tolist()[:3] == [0, 1, 2]
    correlations = [np.corrcoef(X[:, -1, feature], y[:, 3])[0, 1] ** 2 for feature in range(3)]
    assert anchor.features[3] == np.argmax(correlations)


def test_line_is_the_least_squares_line():
    X = make_sequences()
    y = 3.0 - 2.0 * make_targets(X)
    anchor = find(X, y)
    for output, feature in [(0, 0), (2, 2)]:
        slope, intercept = np.polyfit(X[:, -1, feature], y[:, output], 1)
        assert anchor.slope[output] == pytest.approx(slope)
        assert anchor.intercept[output] == pytest.approx(intercept)
    expected = anchor.intercept + anchor.slope * X[:, -1][:, anchor.features]
    np.testing.assert_allclose(anchor(as_sequences(X, np.float64)), expected)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("scale_x", "shift_x", "scale_y", "shift_y"),
    [(1e3, -50.0, 1.0, 0.0), (1.0, 0.0, -0.01, 7.0), (-0.5, 1e4, 100.0, -1e3)],
)
def test_affine_maps_of_features_and_targets_make_no_difference(
    force, scale_x, shift_x, scale_y, shift_y
):
    X = make_sequences()
    y = make_targets(X)
    plain, moved = (
        find(X, y, force=force),
        find(scale_x * X + shift_x, scale_y * y + shift_y, force=force),
    )
    assert moved.features.tolist() == plain.features.tolist()
    before = plain(as_sequences(X, np.float64))
    after = moved(as_sequences(scale_x * X + shift_x, np.float64))
    anchored = plain.features >= 0
    np.testing.assert_allclose(
        after[:, anchored], (scale_y * before + shift_y)[:, anchored], rtol=1e-8, atol=1e-8
    )


@pytest.mark.parametrize("force", [False, True])
def test_weights_are_repetitions(force):
    X = make_sequences()
    y = make_targets(X)
    weight = np.arange(N) % 3
    found = find(X, y, weight.astype(float), force=force)
    repeated = find(np.repeat(X, weight, axis=0), np.repeat(y, weight, axis=0), force=force)
    assert found.features.tolist() == repeated.features.tolist()
    np.testing.assert_allclose(found.slope, repeated.slope)
    np.testing.assert_allclose(found.intercept, repeated.intercept, rtol=1e-6, atol=1e-9)


def test_the_last_present_step_counts():
    X = make_sequences()
    y = make_targets(X)
    padded = np.concatenate([X, np.full((N, 2, 3), np.nan)], axis=1)
    plain, found = find(X, y), find(padded, y)
    np.testing.assert_array_equal(found.features, plain.features)
    np.testing.assert_allclose(found.slope, plain.slope)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("constant", ["features", "targets"])
def test_what_is_constant_relates_to_nothing(force, constant):
    X = make_sequences()
    y = make_targets(X)
    if constant == "features":
        X = np.full_like(X, 0.1)
    else:
        y = np.full_like(y, 0.1)
    anchor = find(X, y, force=force)
    if not force:
        assert (anchor.features == -1).all()
    np.testing.assert_allclose(anchor.slope, 0.0, atol=1e-12)
    line = anchor(as_sequences(X, np.float64))
    np.testing.assert_allclose(line, np.broadcast_to(y.mean(0) if force else 0.0, line.shape))


def test_no_anchor_leaves_targets_alone():
    anchor = no_anchor(2)
    assert anchor.features.tolist() == [-1, -1]
    assert anchor.relative == []
    assert (anchor(as_sequences(make_sequences())) == 0).all()


def test_relative_features_are_named_once():
    anchor = Anchor(np.array([2, -1, 0, 2]), np.ones(4), np.zeros(4))
    assert anchor.relative == [0, 2]


@pytest.mark.parametrize("force", [True, False])
def test_a_single_step_has_nothing_to_be_relative_to(force):
    X = np.random.default_rng(0).normal(size=(50, 1, 2))
    anchor = find_anchor(as_sequences(X), X[:, :, 0], None, force=force)
    assert anchor.relative == []


def test_single_steps_say_nothing_of_persistence():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(1, 1)) for _ in range(40)] + [rng.normal(size=(5, 1)) for _ in range(40)]
    y = np.array([member[-1] for member in X])
    assert find_anchor(as_sequences(X), y, None, force=False).relative == []


@pytest.mark.parametrize("horizon", [1, 5, 12])
@pytest.mark.parametrize("scale", [1.0, -3.0])
def test_the_slope_is_that_of_the_scales_where_the_target_is_a_later_value(horizon, scale):
    rng = np.random.default_rng(0)
    series = np.zeros(300)
    for t in range(1, 300):
        series[t] = 0.9 * series[t - 1] + rng.normal()
    X, y = make_windows(series, 8, horizon)
    y = 7 + scale * y.reshape(len(y), -1)
    found = find_anchor(as_sequences(X), y, None, force=True)
    np.testing.assert_allclose(found.slope, scale, rtol=1e-5)
    # several series one after the other, and a gap, are few exceptions
    both, twice = np.concatenate([X, X[50:120]]), np.concatenate([y, y[50:120]])
    np.testing.assert_allclose(
        find_anchor(as_sequences(both), twice, None, force=True).slope, scale, rtol=1e-5
    )
    unrelated = y + rng.normal(size=y.shape)
    squares = find_anchor(as_sequences(X), unrelated, None, force=True).slope
    last = X.reshape(len(X), -1)[:, -1]
    expected = [np.polyfit(last, column, 1)[0] for column in unrelated.T]
    np.testing.assert_allclose(squares, expected, rtol=1e-4)


@pytest.mark.parametrize("trend", [0.002, 0.003])
def test_all_later_values_of_a_drifting_feature_are_told_relative_to_it(trend):
    # half a season ahead the last value explains little of the target, and is its level still
    series = make_seasonal_series(1_000, period=24, trend=trend, random_state=0)
    X, y = make_windows(series, 48, 24)
    anchor = find_anchor(as_sequences(X), y, None, force=False)
    explained = [np.corrcoef(X[:, -1], column)[0, 1] ** 2 for column in y.T]
    assert min(explained) < 0.25 < max(explained)
    assert anchor.drifting
    assert anchor.features.tolist() == [0] * 24
    np.testing.assert_allclose(anchor.slope, 1.0, rtol=1e-5)


def test_what_is_continued_is_the_anchor_and_not_what_explains_more():
    """A load follows yesterday's temperature, but does not go on from it."""
    rng = np.random.default_rng(0)
    heat = np.convolve(rng.normal(size=419), np.ones(20) / 20, "valid")
    load = np.zeros(400)
    load[1:] = 5 * heat[:-1]
    load += 0.01 * rng.normal(size=400).cumsum()
    X, y = make_windows(np.column_stack([load, heat]), 10, 6, target=0)
    assert find(X, y).features.tolist() == [0] * 6
    noisy = 3 * y + 0.1 * rng.normal(size=y.shape)  # a later value of nothing
    assert find(X, noisy).features.tolist() == [1] * 6


def test_other_targets_of_a_drifting_feature_are_left_as_they_are():
    rng = np.random.default_rng(0)
    X, later = make_windows(np.arange(300.0) + rng.normal(size=300), 5)
    y = np.stack([later, rng.normal(size=len(later))], axis=1)
    anchor = find_anchor(as_sequences(X), y, None, force=False)
    assert anchor.drifting
    assert anchor.features.tolist() == [0, -1]


def test_a_drift_of_series_that_share_their_time_is_one():
    rng = np.random.default_rng(0)
    series = [rng.normal(0, 50) + 5 * np.arange(60.0) + rng.normal(size=60) for _ in range(12)]
    rows = np.concatenate(series)[:, None]
    begin = np.tile(np.arange(50), 12)
    first = begin + 60 * np.repeat(np.arange(12), 50)
    y = rows[first + 9]
    span = np.stack([begin, begin + 9], axis=1)
    told = find_anchor(as_sequences(Windows(rows, first, 9, span)), y, None, force=False)
    assert told.drifting


def test_a_line_through_two_points_explains_nothing():
    for n_samples, expected in ((2, -1), (3, 0)):
        X = as_sequences(np.arange(12.0).reshape(-1, 4)[:n_samples])
        y = X.last_values(0)[:, None] + 1
        assert find_anchor(X, y, None, force=False).features == [expected]
        assert find_anchor(X, y, None, force=True).features == [0]
