import numpy as np
import pytest

from sklstm.data import as_sequences, find_limits, view_windows
from sklstm.data import limits as limits_module
from sklstm.data.limits import extremes, values_outside
from tests.data.forms import FORMS, forms, members_of

RNG = np.random.default_rng(0)


def sensor(n=4000, width=5):
    return np.random.default_rng(1).normal(20.0, 2.0, size=(n // width, width))


def spiked(value, every=500):
    """A sensor of which one value in 500 is a sentinel, or all of them in turn."""
    X = sensor()
    flat = X.reshape(-1)
    flat[7::every] = np.resize(value, len(flat[7::every]))
    return X


def limits_of(X, dtype=np.float64):
    return find_limits(as_sequences(X, dtype))


@pytest.mark.parametrize("value", [-9999.0, 1e6, -60.0, 100.0, [-9999, -9998, 9999, 1e4, 1e5]])
def test_what_lies_far_beyond_all_others_is_limited(value):
    low, high = limits_of(spiked(value))[:, 0]
    # the range of 98 % of normal values is 4.65 deviations wide
    assert low == pytest.approx(20 - 3 * 2 * 2.326, abs=2)
    assert high == pytest.approx(20 + 3 * 2 * 2.326, abs=2)


def rare(heights, n=300, n_timesteps=100):
    """One event a sequence, in noise."""
    X = 0.1 * RNG.normal(size=(n, n_timesteps))
    X[np.arange(n), RNG.integers(n_timesteps, size=n)] += heights(n)
    return X


def jump(height, noise=1.0):
    series = noise * RNG.normal(size=1000)
    series[992:] += height
    return view_windows(series[:, None], 10)


LEGITIMATE = {
    "normal": sensor(),
    "uniform": RNG.uniform(size=(300, 5)),
    "exponential": RNG.exponential(size=(300, 5)),
    "Laplace": RNG.laplace(size=(300, 5)),
    "t with three degrees of freedom": RNG.standard_t(3, size=(10_000, 5)),
    "log-normal": RNG.lognormal(0, 1.5, size=(10_000, 5)),
    "a parabola": np.arange(2000.0).reshape(-1, 5) ** 2,
    "a flag": np.repeat([0.0, 1.0], 1000).reshape(-1, 5),
    "a rare flag": (RNG.uniform(size=(400, 5)) < 0.002).astype(float),
    "a constant": np.full((20, 3), 7.0),
    "nothing much": np.ones((1, 1)),
    "few values": np.append(np.sin(np.arange(47)), -9999.0).reshape(-1, 6),
    "not far": spiked(45.0),
    "events that tell by their heights": rare(lambda n: RNG.uniform(2, 10, n)),
    "amounts": (RNG.uniform(size=(500, 50)) < 0.015) * RNG.lognormal(2, 1, size=(500, 50)),
    "rare counts": (RNG.uniform(size=(500, 50)) < 0.006) * RNG.integers(1, 30, size=(500, 50)),
    "a new level at the end": jump(80.0),
    "a level that is far away": jump(1e6),
    "a new level of a set point": jump(1e6, noise=0.0) + np.arange(10.0)[:, None],
    "one series much larger than others": np.exp(RNG.normal(size=(200, 20)) / 5)
    * np.where(np.arange(200) == 50, 1e6, 1.0)[:, None],
}


@pytest.mark.parametrize("name", LEGITIMATE)
def test_what_is_legitimate_is_left_alone(name):
    assert limits_of(LEGITIMATE[name]) is None


def test_failures_that_last_are_limited_too():
    X = sensor().reshape(-1)
    X[300:309] = X[2000:2009] = -9999.0
    assert limits_of(X.reshape(-1, 5)) is not None
    assert limits_of(view_windows(X[:, None], 20)) is not None


@pytest.mark.parametrize("n", [60, 300])
def test_one_value_among_few_is_found(n):
    series = np.sin(np.arange(n))
    assert limits_of(series.reshape(-1, 6)) is None
    for place in (0, n // 2, n - 2):
        for value in (-999.0, 999.0):
            X = series.copy()
            X[place] = value
            assert np.abs(limits_of(X.reshape(-1, 6))).max() < 4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_far_but_for_rounding_is_not(dtype):
    values = np.array([-178, -139] * 200 + [-295]) * 0.7  # three widths below, and a digit
    assert find_limits(as_sequences(values[:, None], dtype)) is None


def test_limits_move_with_the_units():
    X = spiked(-9999.0)
    np.testing.assert_allclose(limits_of(1.8 * X + 32), 1.8 * limits_of(X) + 32)
    np.testing.assert_allclose(limits_of(-X), -limits_of(X)[::-1])


def test_features_are_limited_one_by_one():
    X = np.stack([sensor(), spiked(-9999.0), sensor()], axis=2)
    limits = limits_of(X)
    assert np.isfinite(limits).tolist() == 2 * [[False, True, False]]
    assert limits[:, [0, 2]].tolist() == [[-np.inf, -np.inf], [np.inf, np.inf]]
    np.testing.assert_array_equal(limits[:, [1]], limits_of(X[:, :, [1]]))
    assert find_limits(as_sequences(X), ignored=[1]) is None


def test_absent_and_missing_values_do_not_count():
    X = spiked(-9999.0)[:, :, None]
    with_gaps = np.concatenate([X, np.full((len(X), 2, 1), np.nan)], axis=1)
    np.testing.assert_array_equal(limits_of(with_gaps), limits_of(X))
    sequences = as_sequences([*X, np.full((4, 1), np.nan)], np.float64, allow_nan=True)
    np.testing.assert_array_equal(find_limits(sequences), limits_of(X))
    nothing = as_sequences(np.full((20, 3, 1), [[1.0], [np.nan], [1.0]]), allow_nan=True)
    assert find_limits(nothing) is None


def test_a_feature_without_a_value_has_no_limits():
    X = np.stack([spiked(-9999.0), np.full((800, 5), np.nan)], axis=2)
    limits = find_limits(as_sequences(X, np.float64, allow_nan=True))
    np.testing.assert_array_equal(np.isfinite(limits), [[True, False], [True, False]])


def test_a_far_value_is_found_among_any_number(monkeypatch):
    monkeypatch.setattr(limits_module, "_MAX_VALUES", 100)
    X = sensor()
    X[17, 3] = 1e9
    assert limits_of(X) is not None


def test_within_limits_there_are_none():
    sequences = as_sequences(spiked(-9999.0))
    limits = find_limits(sequences)
    assert find_limits(sequences.limited(limits)) is None


@forms
def test_extremes_agree_with_a_loop(tmp_path, name):
    X = FORMS[name](tmp_path)
    members = members_of(X)
    found = extremes(as_sequences(X, np.float64))
    low = np.min([member.min(axis=0) for member in members], axis=0)
    high = np.max([member.max(axis=0) for member in members], axis=0)
    np.testing.assert_array_equal(found, [low, high])


@pytest.mark.parametrize(
    ("X", "values", "lasting"),
    [
        # one sequence: a failure that ends, a level, a failure of two steps
        ([[0, 9, 0, 8, 7, 0, 9, 9, 0]], [9, 8, 7, 9, 9], [0, 1, 1, 0, 0]),
        ([[9, 0, 0, 9, 9]], [9, 9, 9], [0, 1, 1]),  # nobody knows how long
        ([[0, 0, -9], [8, 0, 0]], [-9, 8], [0, 0]),  # side by side in the table alone
        ([[9, 9]], [9, 9], [1, 1]),
        ([[0, 1, 2]], [], []),
    ],
)
def test_values_outside_a_range(X, values, lasting):
    found, last = values_outside(as_sequences(np.array(X, float)[:, :, None]), 0, -5, 5)
    assert found.tolist() == values
    assert last.tolist() == [bool(one) for one in lasting]


def test_neighbours_in_windows_are_neighbours():
    series = np.array([0.0, 0, 9, 8, 0, 0, 9, 0])
    for X in (view_windows(series[:, None], 3), [series[:4], series[4:]]):
        found, last = values_outside(as_sequences(X), 0, -5, 5)
        assert found.tolist() == [9, 8, 9]
        assert last.tolist() == [True, True, False]
    gap = [np.array([[0.0], [9.0], [np.nan], [8.0], [0.0]])]
    _, last = values_outside(as_sequences(gap, allow_nan=True), 0, -5, 5)
    assert last.tolist() == [False, False]


def test_the_order_of_samples_does_not_tell_what_is_far():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 10, 1))
    X[99, 8:] = -9999.0
    limits = find_limits(as_sequences(X))
    np.testing.assert_allclose(find_limits(as_sequences(X[::-1])), limits)
    np.testing.assert_allclose(find_limits(as_sequences(X[rng.permutation(100)])), limits)
