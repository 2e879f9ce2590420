import numpy as np
import pytest

from sklstm.data import as_sequences, find_limits
from sklstm.data import limits as limits_module

RNG = np.random.default_rng(0)


def sensor(n=4000, width=5):
    return RNG.normal(20.0, 2.0, size=(n // width, width))


def spiked(value, share=0.001):
    X = sensor()
    X[RNG.uniform(size=X.shape) < share] = value
    X[3, 2] = value  # once at least
    return X


def limits_of(X, dtype=np.float64):
    return find_limits(as_sequences(X, dtype))


@pytest.mark.parametrize("value", [-9999.0, 1e6, -60.0, 100.0])
def test_what_lies_far_beyond_all_others_is_limited(value):
    low, high = limits_of(spiked(value))[:, 0]
    # the range of 98 % of normal values is 4.65 deviations wide
    assert low == pytest.approx(20 - 3 * 2 * 2.326, abs=2)
    assert high == pytest.approx(20 + 3 * 2 * 2.326, abs=2)


@pytest.mark.parametrize(
    "X",
    [
        sensor(),
        RNG.uniform(size=(300, 5)),
        RNG.exponential(size=(300, 5)),
        RNG.laplace(size=(300, 5)),
        np.arange(2000.0).reshape(-1, 5) ** 2,
        np.repeat([0.0, 1.0], 1000).reshape(-1, 5),
        (RNG.uniform(size=(400, 5)) < 0.002).astype(float),  # a rare flag tells by being rare
        np.full((20, 3), 7.0),
        spiked(45.0),
        np.ones((1, 1)),
    ],
    ids=lambda X: f"{X.shape} from {X.min():.0f} to {X.max():.0f}",
)
def test_what_is_not_far_is_not(X):
    assert limits_of(X) is None


@pytest.mark.parametrize("n", [12, 60, 300])
def test_one_value_among_few_is_found(n):
    series = np.sin(np.arange(n))
    assert limits_of(series.reshape(-1, 6)) is None
    for place in (0, n // 2, n - 1):
        for value in (-40.0, 40.0):
            X = series.copy()
            X[place] = value
            assert np.abs(limits_of(X.reshape(-1, 6))).max() < 4


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
    nothing = as_sequences(np.full((2, 3, 1), [[1.0], [np.nan], [1.0]]), allow_nan=True)
    assert find_limits(nothing) is None


def test_a_feature_without_a_value_has_no_limits():
    X = np.stack([spiked(-9999.0), np.full((800, 5), np.nan)], axis=2)
    limits = find_limits(as_sequences(X, np.float64, allow_nan=True))
    np.testing.assert_array_equal(np.isfinite(limits), [[True, False], [True, False]])


def test_a_far_value_is_found_among_any_number(monkeypatch):
    monkeypatch.setattr(limits_module, "_N_VALUES", 100)
    X = sensor()
    X[17, 3] = 1e9
    assert limits_of(X) is not None


def test_within_limits_there_are_none():
    sequences = as_sequences(spiked(-9999.0))
    limits = find_limits(sequences)
    assert find_limits(sequences.limited(limits)) is None
