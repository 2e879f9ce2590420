import numpy as np
import pytest

from sklstm import LSTMClassifier
from sklstm.data import as_sequences
from sklstm.estimators.crop import hangs_on_beginnings

OPTIONS = {"hidden_layer_sizes": 4, "max_epochs": 1, "random_state": 0, "device": "cpu"}


def marked(*places, n_samples=200, n_timesteps=50, n_classes=2):
    """Return noise, and classes that show at some steps."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, n_timesteps, 1))
    y = rng.integers(n_classes, size=n_samples)
    for place in places:
        X[:, place : place + 4, 0] += (2.0 * y - n_classes + 1)[:, None]
    return X, y


@pytest.mark.parametrize(
    ("places", "expected"),
    [((0,), True), ((6,), True), ((40,), False), ((0, 40), False), ((), False)],
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_that_only_show_at_the_beginning(places, expected, n_classes):
    X, y = marked(*places, n_classes=n_classes)
    assert hangs_on_beginnings(as_sequences(X), y, None) is expected
    model = LSTMClassifier(**OPTIONS).fit(X, y)
    assert model.random_crop_ == model.module_.crop.share == (0.0 if expected else 0.2)


def test_classes_that_come_in_turn_tell_as_others(monkeypatch):
    monkeypatch.setattr("sklstm.estimators.crop._MAX_NUMBERS", 80 * 50)
    X, y = marked(0)
    members = [np.flatnonzero(y == number)[:80] for number in (0, 1)]
    order = np.stack(members, axis=1).ravel()[:-1]  # 0, 1, 0, 1, ..., 0
    assert hangs_on_beginnings(as_sequences(X[order]), y[order], None)


def test_weights_count():
    (X, y), (X_other, y_other) = marked(0), marked(40)
    both, labels = np.concatenate([X, X_other]), np.concatenate([y, y_other])
    for heavy, expected in ((slice(200), True), (slice(200, None), False)):
        weight = np.full(400, 0.01)
        weight[heavy] = 1.0
        assert hangs_on_beginnings(as_sequences(both), labels, weight) is expected


@pytest.mark.parametrize("n_timesteps", [39, 1025])
def test_what_is_not_asked(n_timesteps):
    X, y = marked(0, n_timesteps=n_timesteps)
    assert not hangs_on_beginnings(as_sequences(X), y, None)
    uneven = [*X[:-1], X[-1][1:]]
    assert not hangs_on_beginnings(as_sequences(uneven), y, None)


def test_one_class_tells_nothing():
    X, y = marked(0)
    assert not hangs_on_beginnings(as_sequences(X), np.zeros_like(y), None)


@pytest.mark.parametrize(
    ("changed", "share"),
    [({"random_crop": 0.1}, 0.1), ({"feature_encoding": "piecewise_linear"}, 0.0)],
)
def test_what_was_asked_for_is_kept(changed, share):
    X, y = marked(0)
    assert LSTMClassifier(**OPTIONS, **changed).fit(X, y).random_crop_ == share


def test_steps_keep_their_beginnings():
    X, y = marked(40)
    labels = np.repeat(y[:, None], 50, axis=1)
    assert LSTMClassifier(**OPTIONS, return_sequences=True).fit(X, labels).random_crop_ == 0


def test_missing_values_count_as_means():
    X, y = marked(0)
    X[::7, 20] = np.nan
    assert LSTMClassifier(**OPTIONS, missing_values="indicator").fit(X, y).random_crop_ == 0


def test_heads_of_windows_are_asked_on_blocks():
    """A map of few windows knows its neighbours by heart."""
    series = np.random.default_rng(0).normal(size=161).cumsum()
    X = np.lib.stride_tricks.sliding_window_view(series, 60)[:, :, None]
    assert not hangs_on_beginnings(as_sequences(X), np.arange(len(X)) // 9 % 2, None)
