import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import lfilter
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import KFold, LeaveOneOut, cross_val_predict
from sklearn.preprocessing import StandardScaler

from sklstm.data import (
    Anchor,
    Windows,
    as_sequences,
    explained_share,
    fit_linear_map,
    no_anchor,
    view_windows,
)
from sklstm.data.ridge import STRENGTHS
from sklstm.data.rows import spaced


def samples(n=120, n_timesteps=4, n_features=2, n_outputs=2, noise=0.1):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, n_timesteps, n_features)) * [1.0, 100.0][:n_features] + 5
    coef = rng.normal(size=(n_timesteps * n_features, n_outputs))
    return X, X.reshape(n, -1) @ coef + noise * rng.normal(size=(n, n_outputs))


def relative(feature, *, drifting=True):
    return Anchor(np.array([feature]), np.ones(1), np.zeros(1), drifting)


def fit(X, y, weight=None, anchor=None, *, force=False):
    anchor = no_anchor(y.shape[1]) if anchor is None else anchor
    return fit_linear_map(as_sequences(X, np.float64), y, weight, anchor, force=force)


def standardized(columns, share):
    """Return columns of mean 0 and deviation 1, and what they had before."""
    center = np.average(columns, axis=0, weights=share)
    scale = np.sqrt(np.average((columns - center) ** 2, axis=0, weights=share))
    return (columns - center) / scale, center, scale


@pytest.mark.parametrize("weight", [None, np.random.default_rng(1).uniform(0.5, 2, size=120)])
def test_it_is_ridge_regression_on_standardised_columns(weight):
    X, y = samples(noise=3.0)
    linear = fit(X, y, weight)
    share = np.ones(len(X)) if weight is None else weight / weight.mean()
    table, *_ = standardized(X.reshape(len(X), -1), share)
    *_, scale = standardized(y, share)
    target = y / scale
    chosen = RidgeCV(alphas=STRENGTHS * len(X)).fit(table, target, share)
    expected = Ridge(chosen.alpha_).fit(table, target, share).predict(table) * scale
    assert_allclose(linear(as_sequences(X, np.float64)), expected, rtol=1e-9)


@pytest.mark.parametrize("weight", [None, np.random.default_rng(1).uniform(0.5, 2, size=120)])
@pytest.mark.parametrize("n_used", [120, 90])
def test_the_penalty_of_some_samples_serves_for_a_fit_to_more(weight, n_used, monkeypatch):
    monkeypatch.setattr("sklstm.data.linear._MAX_NUMBERS", 40 * 8)
    monkeypatch.setattr("sklstm.data.linear._MAX_PRODUCTS", n_used * 8**2)
    monkeypatch.setattr("sklstm.data.rows._TOGETHER", 16 * 8)  # several pieces
    X, y = samples(noise=30.0)
    share = np.ones(120) if weight is None else weight
    some, more = (spaced(120, n) for n in (40, n_used))
    of_some, of_more = share[some] / share[some].mean(), share[more] / share[more].mean()
    columns = X.reshape(120, -1)
    table, center, scale = standardized(columns[some], of_some)
    target, y_center, y_scale = standardized(y[some], of_some)
    chosen = RidgeCV(alphas=STRENGTHS * 40).fit(table, target, of_some)
    table, target = (columns - center) / scale, (y - y_center) / y_scale
    ridge = Ridge(chosen.alpha_).fit(table[more], target[more], of_more)
    expected = y_center + y_scale * ridge.predict(table)
    assert_allclose(fit(X, y, weight)(as_sequences(X, np.float64)), expected, rtol=1e-9)


def test_more_samples_help_a_wide_map():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(7000, 50, 16)).astype(np.float32)
    table = X.reshape(7000, -1)
    y = table @ rng.normal(size=(800, 1)) / np.sqrt(800) + rng.normal(size=(7000, 1))
    found = fit_linear_map(as_sequences(X[:6000]), y[:6000], None, no_anchor(1), force=False)
    rest = found(as_sequences(X[6000:])) - y[6000:]
    ridge = Ridge(800.0).fit(table[:6000], y[:6000])  # its ratio of variances
    assert rest.var() < 1.03 * (ridge.predict(table[6000:]).reshape(-1, 1) - y[6000:]).var()


def test_what_is_missing_counts_as_its_mean_in_a_fit_to_more(monkeypatch):
    monkeypatch.setattr("sklstm.data.linear._MAX_NUMBERS", 40 * 8)
    X, y = samples()
    X[::7, 0, 1] = np.nan
    sequences = as_sequences(X, np.float64, allow_nan=True)
    found = fit_linear_map(sequences, y, None, no_anchor(2), force=True)
    rest = (found(sequences) - y)[~np.isnan(X).any(axis=(1, 2))]
    assert (rest.std(axis=0) < 0.2 * y.std(axis=0)).all()


def long_windows(weighted):
    """Fewer windows of a slow series than each has steps, and the step that follows each."""
    series = np.random.default_rng(0).normal(size=(110, 1)).cumsum(axis=0)
    weight = np.random.default_rng(1).uniform(0.5, 2, size=50) if weighted else None
    return view_windows(series[:-1], 60), series[60:], weight


@pytest.mark.parametrize("weighted", [False, True])
def test_of_long_windows_blocks_are_left_out(weighted):
    X, y, weight = long_windows(weighted)
    share = np.ones(50) if weight is None else weight / weight.mean()
    table, *_ = standardized(X[:, :, 0], share)
    target, center, scale = standardized(y, share)
    errors = []
    for strength in STRENGTHS:
        error = 0.0
        for kept, block in KFold(4).split(table):
            ridge = Ridge(strength * len(kept)).fit(table[kept], target[kept], share[kept])
            told = ridge.predict(table[block]).reshape(-1, 1)
            error += share[block] @ (told - target[block])[:, 0] ** 2
        errors.append(error)
    chosen = Ridge(STRENGTHS[np.argmin(errors)] * 50).fit(table, target, share)
    expected = chosen.predict(table).reshape(-1, 1) * scale + center
    assert_allclose(fit(X, y, weight)(as_sequences(X, np.float64)), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shuffled", [False, True])
def test_long_windows_are_not_learnt_by_heart(seed, shuffled):
    noise = np.random.default_rng(seed).normal(size=300)
    series = lfilter([1.0], [1.0, -1.5, 0.9], noise)[:, None]  # what nobody knows has deviation 1
    X, y = view_windows(series[:-1], 110), series[110:]
    order = np.random.default_rng(1).permutation(90) if shuffled else np.arange(90)
    linear = fit(Windows(series, order, 110), y[order], force=True)
    told, ahead = (linear(as_sequences(part, np.float64)) for part in (X[:90], X[90:]))
    assert np.std(told - y[:90]) > 0.8
    assert np.std(ahead - y[90:]) < 1.05 * np.std(y[90:])


def test_a_linear_relation_is_found():
    X, y = samples(noise=0.0)
    assert_allclose(fit(X, y)(as_sequences(X, np.float64)), y, rtol=0.01, atol=0.2)


@pytest.mark.parametrize("drifting", [True, False])
def test_relative_features_are_seen_from_their_last_value(drifting):
    X, y = samples(n_outputs=1)
    linear = fit(X, y, anchor=relative(1, drifting=drifting))
    moved = X + np.array([0.0, 7.0])
    change = linear(as_sequences(moved, np.float64)) - linear(as_sequences(X, np.float64))
    assert bool(np.abs(change).max() < 1e-9) is drifting  # else it sees the level
    assert np.ptp(change) < 1e-9


def test_rows_do_not_depend_on_each_other():
    X, y = samples(n=1000, n_timesteps=24)
    linear = fit(X, y)
    together = linear(as_sequences(X))
    for rows in ([0], [999], [3, 4, 5], range(0, 1000, 7)):
        assert_array_equal(linear(as_sequences(X[list(rows)])), together[list(rows)])


def test_what_a_shorter_sequence_lacks_counts_as_its_mean():
    X, y = samples()
    linear = fit(X, y)
    filled = X.copy()
    filled[:, :2] = linear.center[:2]
    expected = linear(as_sequences(filled, np.float64))
    assert_allclose(linear(as_sequences(X[:, 2:], np.float64)), expected)
    ragged = as_sequences([X[0], X[1, 2:]], np.float64)
    both = np.concatenate([linear(as_sequences(X[:1], np.float64)), expected[1:2]])
    assert_allclose(linear(ragged), both)


def test_of_a_longer_sequence_the_last_steps_count():
    X, y = samples()
    linear = fit(X, y)
    longer = np.concatenate([X[::-1], X], axis=1)
    assert_allclose(linear(as_sequences(longer, np.float64)), linear(as_sequences(X, np.float64)))


def test_a_view_of_windows_equals_its_copy():
    series = np.random.default_rng(0).normal(size=(300, 2)).cumsum(axis=0)
    windows = view_windows(series, 12)[:-1]
    y = series[12:, :1]
    linear, copied = fit(windows, y), fit(windows.copy(), y)
    assert_array_equal(linear.coef, copied.coef)
    assert_array_equal(linear(as_sequences(windows)), linear(as_sequences(windows.copy())))


def test_noise_gives_no_map_unless_forced():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 5, 1)), rng.normal(size=(200, 1))
    assert fit(X, y) is None
    assert fit(X, y, force=True) is not None


def test_constant_columns_and_targets_do_no_harm():
    X, y = samples()
    X[:, 1] = 3.0
    y[:, 1] = 1e6
    values = fit(X, y)(as_sequences(X, np.float64))
    assert np.isfinite(values).all()
    assert_allclose(values[:, 1], 1e6)


def test_what_has_no_map():
    X, y = samples()
    assert fit(X[:9], y[:9]) is None
    assert fit(X[:9], y[:9], force=True) is not None
    assert fit(np.ones((20, 600, 2)), np.ones((20, 1))) is None  # more than 1,024 numbers
    ragged = [*X[:-1], X[-1, :2]]
    assert fit(ragged, y) is None
    with pytest.raises(ValueError, match="sequences of one length, but these have 2 to 4 time"):
        fit(ragged, y, force=True)


def test_a_constant_target_says_nothing_of_the_others():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 5, 1)), rng.normal(size=(200, 1))
    assert fit(X, np.column_stack([y, np.ones(200)])) is None
    assert fit(X, np.ones((200, 2)), force=True) is None


def test_values_known_before_the_last_steps_are_carried_on():
    X, y = samples()
    linear = fit(X, y)
    longer = np.full((1, 9, 2), np.nan)
    longer[0, 0] = [6.0, 80.0]
    known = np.broadcast_to(longer[:, :1], (1, 4, 2))
    found = linear(as_sequences(list(longer), np.float64, allow_nan=True))
    assert_allclose(found, linear(as_sequences(known, np.float64)))


def test_constant_columns_have_no_weight():
    X, y = samples()
    X[:, :, 1] = 0.1
    linear = fit(X, y, force=True)
    assert_array_equal(linear.coef[:, 1], 0.0)
    assert linear.coef[:, 0].all()


@pytest.mark.parametrize("n_samples", [79, 80, 81])
def test_what_comes_in_turn_is_seen(n_samples, monkeypatch):
    monkeypatch.setattr("sklstm.data.linear._MAX_NUMBERS", 40 * 8)
    X, _ = samples(n_samples)
    y = np.arange(n_samples)[:, None] % 2 * X[:, 0, :1]
    X[1::2] += 1.0
    assert fit(X, y, force=True) is not None
    assert fit(X, 1.0 - y, force=True) is not None


def growing(n_times=96, seed=0):
    """Return a season that is a share of a level that grows."""
    rng = np.random.default_rng(seed)
    time, season = np.arange(n_times), np.exp(0.25 * rng.normal(size=12))
    return np.exp(0.04 * time) * season[time % 12] * np.exp(0.02 * rng.normal(size=n_times))


def walking(n_times=200, seed=0):
    return np.cumsum(np.random.default_rng(seed).normal(size=n_times) + 0.1)


def fit_next(series, anchor):
    """Fit a map to what windows of twelve steps leave of the next one."""
    X, y = view_windows(series[:-1, None], 12), series[12:, None]
    sequences = as_sequences(X, np.float64)
    return fit_linear_map(sequences, y - anchor(sequences), None, anchor, force=True)


def test_seasons_that_grow_with_the_level_show_it_to_the_map():
    linear = fit_next(growing(), relative(0))
    assert linear.reading.levels == [0]
    later = growing(144)[85:]
    X, truth = as_sequences(view_windows(later[:-1, None], 12), np.float64), later[12:, None]
    predicted = relative(0)(X) + linear(X)
    assert np.abs(predicted / truth - 1).mean() < 0.1


def test_a_walk_shows_no_level():
    assert fit_next(walking(), relative(0)).reading.levels == []


def test_windows_that_do_not_overlap_show_no_level():
    X, y = view_windows(growing(400)[:-1, None], 12)[::12], growing(400)[12::12, None]
    anchor = relative(0)
    sequences = as_sequences(np.array(X), np.float64)
    assert not sequences.overlap
    found = fit_linear_map(sequences, y - anchor(sequences), None, anchor, force=True)
    assert found.reading.levels == []


def test_the_explained_share_is_that_of_left_out_samples():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 6, 2))
    y = np.stack([X[:, 0, 0] + rng.normal(size=40), 100 * X[:, 5, 1] + 7], axis=1)
    errors = []
    for target in y.T:
        # leave-one-out predictions of a reference, at its best penalty
        rows = StandardScaler().fit_transform(X.reshape(40, -1))
        z = (target - target.mean()) / target.std()
        errors.append(
            [
                np.mean(
                    (z - cross_val_predict(Ridge(alpha=40 * a), rows, z, cv=LeaveOneOut())) ** 2
                )
                for a in STRENGTHS
            ]
        )
    expected = 1 - np.mean(errors, axis=0).min()
    found = explained_share(as_sequences(X), y, None, 6)
    assert found == pytest.approx(expected, abs=1e-3)
    assert explained_share(as_sequences(X), y, None, 5) < found


def symbols(n=90, n_values=3):
    """Return sequences of a symbol and a number, and what a symbol and a number say."""
    rng = np.random.default_rng(0)
    X = np.dstack([rng.integers(n_values, size=(n, 4)), rng.normal(size=(n, 4))])
    return X, ((X[:, 2, 0] == 1) * 5.0 + 3 * X[:, 0, 1] + rng.normal(size=n))[:, None]


@pytest.mark.parametrize("categorical", [[], [0]])
def test_symbols_and_numbers_of_few_values_are_regressed_on_several_columns(categorical):
    X, y = symbols()
    sequences = as_sequences(X, np.float64)
    linear = fit_linear_map(sequences, y, None, no_anchor(1), force=False, categorical=categorical)
    first = X[:, :, 0]
    columns = [first == v for v in range(3)] if categorical else [first >= v for v in (1, 2)]
    table = np.dstack([*columns, X[:, :, 1]]).astype(float)
    expected = fit(table, y)
    assert linear.coef.shape == (4, 1 + len(columns), 1)
    assert_allclose(linear.coef, expected.coef, atol=1e-12)
    assert_allclose(linear(sequences), expected(as_sequences(table, np.float64)))
    assert_allclose(linear.multiplied(3.0)(sequences), 3 * linear(sequences))


@pytest.mark.parametrize("categorical", [[], [0]])
@pytest.mark.parametrize("is_told", [True, False])
def test_columns_must_not_be_too_many(categorical, is_told, monkeypatch):
    n_columns = 16 if categorical else 12
    monkeypatch.setattr("sklstm.data.linear._MAX_COLUMNS", n_columns - (not is_told))
    X, y = symbols()
    sequences = as_sequences(X, np.float64)
    linear = fit_linear_map(sequences, y, None, no_anchor(1), force=False, categorical=categorical)
    assert linear.coef.shape == (4, n_columns // 4 if is_told else 2, 1)
    assert linear.coef[:, 0].any() == (is_told or not categorical)
    forced = fit_linear_map(
        sequences,
        y,
        None,
        no_anchor(1),
        force=False,
        categorical=categorical,
        encodes_steps=not is_told,
    )
    assert (forced.reading.encoding is None) == is_told


def test_numbers_are_told_as_they_are_where_columns_bring_nothing():
    """A map of plain numbers goes on beyond those that it has seen."""
    rng = np.random.default_rng(0)
    X, far = rng.poisson(3, size=(200, 4, 1)), np.full((1, 4, 1), 40)
    y = X.sum(axis=1) + 0.5 * rng.normal(size=(200, 1))
    linear = fit(X, y)
    assert linear.reading.encoding is None
    assert_allclose(linear(as_sequences(far)), [[160]], atol=5)


def test_what_is_told_relative_to_its_last_value_is_one_column():
    rng = np.random.default_rng(0)
    X = np.dstack([rng.integers(3, size=(90, 4)), rng.integers(3, size=(90, 4))]).astype(float)
    y = (X[:, -1, 0] - X[:, 0, 0] + (X[:, 1, 1] == 1) + 0.1 * rng.normal(size=90))[:, None]
    linear = fit(X, y, anchor=relative(0))
    assert linear.coef.shape == (4, 3, 1)
    assert linear.reading.relative == [0]
    assert list(linear.reading.encoding.edges) == [1]
    longer = np.concatenate([np.ones((90, 2, 2)), X + np.array([7.0, 0.0])], axis=1)
    assert_allclose(linear(as_sequences(longer)), linear(as_sequences(X)), atol=1e-5)


@pytest.mark.parametrize("categorical", [[], [0]])
def test_symbols_that_are_missing_or_absent_count_as_what_is_usual(categorical):
    X, y = symbols()
    sequences = as_sequences(X[:, :, :1], np.float64)
    linear = fit_linear_map(sequences, y, None, no_anchor(1), force=False, categorical=categorical)
    missing = np.array([[[np.nan], [np.nan], [1.0], [0.0]]])
    short = [np.array([[1.0], [0.0]])]
    told = [
        linear(as_sequences(missing, np.float64, allow_nan=True)),
        linear(as_sequences(short, np.float64)),
    ]
    assert_allclose(*told)
    unknown = np.array([[[9.0], [9.0], [1.0], [0.0]]])
    assert np.isfinite(linear(as_sequences(unknown, np.float64))).all()
