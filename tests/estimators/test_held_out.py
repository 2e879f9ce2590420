import numpy as np
import pytest
from scipy.stats import ttest_1samp
from skorch.callbacks import Callback

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.data import as_sequences, find_limits
from sklstm.estimators.held_out import exceeds_its_error, fit_without
from sklstm.estimators.part import Part

OPTIONS = {"hidden_layer_sizes": 4, "random_state": 0, "device": "cpu", "max_epochs": 2}
BLOCK = np.arange(40), np.arange(40, 60)


def waves(n=60):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 5, 1))
    return X, X[:, -1, 0] + 0.1 * rng.normal(size=n)


def part(X, y):
    return Part(as_sequences(X, "float32"), y, None)


def test_it_is_a_fit_to_the_others():
    X, y = waves()
    model = LSTMRegressor(**OPTIONS, linear_skip=False)
    model.categorical_ = []
    trial, rest = fit_without(model, part(X, y), BLOCK, 7, pooling="last")
    alone = LSTMRegressor(**{**OPTIONS, "random_state": 7}, linear_skip=False, pooling="last")
    alone.fit(X[:40], y[:40])
    np.testing.assert_array_equal(trial.predict(rest.sequences), alone.predict(X[40:]))
    np.testing.assert_array_equal(rest.y, y[40:])
    assert vars(model).keys() == {*LSTMRegressor().get_params(), "categorical_"}


def test_neither_callbacks_nor_early_stopping_accompany_it():
    class Refusing(Callback):
        def on_train_begin(self, net, X=None, y=None, **kwargs):
            raise AssertionError("told of a trial")

    X, y = waves()
    model = LSTMRegressor(**OPTIONS, linear_skip=False, early_stopping=True, callbacks=[Refusing()])
    model.categorical_ = []
    trial, _ = fit_without(model, part(X, y), BLOCK, 0)
    assert trial.n_iter_ == 2
    assert trial.validation_loss_curve_ is None


def test_what_is_held_out_is_read_within_the_limits_of_the_others():
    X, y = waves()
    X[3, 0], X[50, 1] = -9999, 9999
    assert find_limits(as_sequences(X[:40], "float32")) is not None
    model = LSTMRegressor(**OPTIONS, linear_skip=False)
    model.categorical_ = []
    trial, rest = fit_without(model, part(X, y), BLOCK, 0)
    assert rest.sequences.take(np.arange(20))[0].max() == pytest.approx(trial.input_limits_[1, 0])


def test_classes_may_be_missing_among_the_others():
    X, _ = waves()
    y = np.repeat(["a", "b", "c"], 20)
    model = LSTMClassifier(**OPTIONS)
    model.categorical_ = []
    trial, rest = fit_without(model, part(X, y), BLOCK, 0, classes=["a", "b", "c"])
    assert set(rest.y) == {"c"}
    assert trial.predict_proba(X).shape == (60, 3)


def test_who_ends_a_trial_ends_the_fit(monkeypatch):
    X, y = waves()
    model = LSTMRegressor(**OPTIONS).fit(X, y)
    before = model.predict(X)
    fit = LSTMRegressor._fit

    def interrupted(self, given, **options):
        fit(self, given, **options)
        if self is not model:
            self.net_.interrupts_.seen = True
        return self

    monkeypatch.setattr(LSTMRegressor, "_fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, 2 * y)
    np.testing.assert_array_equal(model.predict(X), before)


@pytest.mark.parametrize("mean", [-0.5, 0.0, 0.05, 0.1, 0.15, 0.2, 0.5])
def test_a_standard_error_is_that_of_a_t_test(mean):
    gain = mean + np.random.default_rng(0).normal(size=80)
    assert exceeds_its_error(gain, np.full(80, 0.3)) == (ttest_1samp(gain, 0).statistic > 1)


def test_of_samples_that_weigh_nothing_nothing_is_told():
    gain, weight = np.array([1.0, 2.0, 3.0]), np.ones(3)
    assert exceeds_its_error(gain, weight)
    assert not exceeds_its_error(gain, np.array([1.0, 0.0, 0.0]))
    assert exceeds_its_error(np.r_[gain, -9.0], np.r_[weight, 0.0])


@pytest.mark.parametrize("far", [np.inf, -np.inf, np.nan])
def test_a_gain_that_is_no_number_is_none(far):
    assert not exceeds_its_error(np.array([1.0, 1.0, far]), np.ones(3))
