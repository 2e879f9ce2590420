"""The template that all estimators share: what it leaves behind, and how training goes."""

import contextlib
import copy
import math
import pickle
import re
import signal
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, PredefinedSplit, ShuffleSplit, TimeSeriesSplit
from skorch.callbacks import (
    Callback,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    GradientNormClipping,
    LRScheduler,
)

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    LSTMSeq2SeqClassifier,
    LSTMSeq2SeqRegressor,
    LSTMTranscriber,
    SlidingWindowTransformer,
)
from sklstm.data import as_sequences, split_validation
from sklstm.estimators import base
from sklstm.nn import Standardize
from sklstm.training import runtime

ESTIMATORS = [LSTMRegressor, LSTMClassifier]
TINY = {"hidden_layer_sizes": 4, "max_epochs": 3, "random_state": 0, "device": "cpu"}
N_SAMPLES, BATCH_SIZE = 40, 10
N_BATCHES = N_SAMPLES // BATCH_SIZE

both = pytest.mark.parametrize("estimator", ESTIMATORS)


# What is found by trial, or drawn at random while a network trains, has tests of its own.
EXACT = {LSTMRegressor: {"linear_skip": False}, LSTMClassifier: {"dropout": 0.0}}


def make(estimator, **parameters):
    return estimator(**{**TINY, "batch_size": BATCH_SIZE, **EXACT[estimator], **parameters})


def data(estimator, n_samples=N_SAMPLES, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 5, 2))
    signal_ = X[:, -2:, 0].sum(axis=1)
    return X, signal_ if estimator is LSTMRegressor else (signal_ > 0).astype(int)


def weights(model):
    return {name: value.clone() for name, value in model.module_.state_dict().items()}


def assert_same_weights(first, second):
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def everything(model, X):
    """Return what a user can see of a fitted model."""
    return {
        "outputs": model.predict(X)
        if isinstance(model, LSTMRegressor)
        else model.decision_function(X),
        "weights": weights(model),
        "attributes": {
            name: value
            for name, value in vars(model).items()
            if isinstance(value, int | float | str | list | tuple | None)
        },
        "n_epochs": len(model.history_),
        "training": model.module_.training,
    }


def assert_unchanged(model, X, before):
    after = everything(model, X)
    assert_array_equal(after["outputs"], before["outputs"])
    assert_same_weights(after["weights"], before["weights"])
    for name in ("attributes", "n_epochs", "training"):
        assert after[name] == before[name], name


class Listener(Callback):
    """Hears of every event under its name."""

    def hear(self, event, net, **info):
        raise NotImplementedError


class Filling(Listener):
    """Fills a parameter of the output layer at an event, in all epochs or behind so many."""

    def __init__(self, at, name, value, n_epochs=None):
        self.at, self.name, self.value, self.n_epochs = at, name, value, n_epochs

    def hear(self, event, net, **_):
        if event == self.at and self.n_epochs in (None, len(net.history)):
            with torch.no_grad():
                getattr(net.module_.head.output, self.name).fill_(self.value)


def _hearing(event):
    def on_event(self, net, **info):
        self.hear(event, net, **info)

    return on_event


for _event in (
    "on_train_begin",
    "on_train_end",
    "on_epoch_begin",
    "on_epoch_end",
    "on_batch_begin",
    "on_batch_end",
    "on_grad_computed",
):
    setattr(Listener, _event, _hearing(_event))


class Recorder(Listener):
    """Counts every event; keeps the size and the learning rate of every step."""

    def __init__(self):
        self.counts, self.sizes, self.rates = Counter(), [], []

    def hear(self, event, net, training=None, y_pred=None, **_):
        self.counts[event, training] += 1
        if event == "on_batch_end" and training:
            self.sizes.append(len(y_pred))
            self.rates.append(net.optimizer_.param_groups[0]["lr"])


class At(Listener):
    """Does something at the k-th occurrence of an event."""

    def __init__(self, event, k, act):
        self.event, self.k, self.act, self.seen = event, k, act, 0

    def hear(self, event, _net, **_):
        self.seen += event == self.event
        if event == self.event and self.seen == self.k:
            self.act()


class OwnError(Exception):
    pass


def interrupt():
    raise KeyboardInterrupt


def ctrl_c():
    signal.raise_signal(signal.SIGINT)


def fail():
    raise OwnError


class Pooled(torch.nn.Module):
    """A network of one's own, which does something in the k-th training step."""

    def __init__(self, n_features, n_outputs, k=0, act=None):
        super().__init__()
        self.linear = torch.nn.Linear(n_features, n_outputs)
        self.k, self.act, self.calls = k, act, 0

    def forward(self, x, lengths):
        if self.training:
            self.calls += 1
            if self.calls == self.k:
                self.act()
        return self.linear(x.sum(1) / lengths[:, None])


class InterruptedValidation(Pooled):
    """Is interrupted in the second pass over a validation part of seven rows."""

    def forward(self, x, lengths):
        self.calls += not self.training and len(x) == 7
        if self.calls == 2:
            self.calls += 1
            ctrl_c()
        return self.linear(x.sum(1) / lengths[:, None])


def acting(k, act):
    return lambda n_features, n_outputs: Pooled(n_features, n_outputs, k, act)


# ---------------------------------------------------------------- the world stays as it was


@contextlib.contextmanager
def world_unchanged():
    def look():
        return {
            "numpy": pickle.dumps(np.random.get_state()),  # noqa: NPY002
            "torch": torch.get_rng_state().tolist(),
            "dtype": torch.get_default_dtype(),
            "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
            "grad": torch.is_grad_enabled(),
            "inference": torch.is_inference_mode_enabled(),
            "deterministic": torch.are_deterministic_algorithms_enabled(),
            "mkldnn": torch.backends.mkldnn.enabled,
            "precision": torch.get_float32_matmul_precision(),
            "anomaly": torch.is_anomaly_enabled(),
            "numpy errors": np.geterr(),
            "handler": signal.getsignal(signal.SIGINT),
            "files": sorted(path.name for path in Path().iterdir()),
        }

    before = look()
    yield
    after = look()
    for name, value in before.items():
        assert after[name] == value, name


@both
@pytest.mark.parametrize("seed", [0, None])
def test_fit_leaves_the_world_as_it_was(estimator, seed, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    X, y = data(estimator)
    model = make(estimator, random_state=seed, dropout=0.2, early_stopping=True)
    with world_unchanged():
        model.fit(X, y)
        model.predict(X)
        model.score(X, y)
    assert capfd.readouterr() == ("", "")


@both
@pytest.mark.parametrize("width", [4, 200])
def test_thread_count_is_put_back(estimator, width):
    X, y = data(estimator)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        make(estimator, hidden_layer_sizes=width, max_epochs=1).fit(X, y)
        assert torch.get_num_threads() == 2
        with pytest.raises(OwnError):
            make(estimator, hidden_layer_sizes=width, module=acting(2, fail)).fit(X, y)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


FAILURES = {
    "error in a module": lambda: {"module": acting(6, fail)},
    "error in a callback": lambda: {"callbacks": [At("on_batch_end", 6, fail)]},
    "error after training": lambda: {"callbacks": [At("on_train_end", 1, fail)]},
    "Ctrl-C in the first epoch": lambda: {"module": acting(2, ctrl_c)},
    "divergence": lambda: {"learning_rate": 1e30, "gradient_clip": None, "optimizer": "sgd"},
}


@both
@pytest.mark.parametrize("name", FAILURES)
def test_failing_leaves_the_world_as_it_was(estimator, name, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    X, y = data(estimator)
    model = make(estimator, **FAILURES[name]())
    with world_unchanged(), pytest.raises((OwnError, KeyboardInterrupt, ValueError)):
        model.fit(X, y)
    assert capfd.readouterr() == ("", "")
    assert set(vars(model)) == set(model.get_params())
    with pytest.raises(NotFittedError):
        model.predict(X)


@both
def test_divergence_is_told(estimator):
    X, y = data(estimator)
    with pytest.raises(ValueError, match=r"diverged: the train loss is .* Lower learning_rate"):
        make(estimator, **FAILURES["divergence"]()).fit(X, y)


@both
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_gradient_modes_of_the_caller(estimator, mode):
    X, y = data(estimator)
    expected = make(estimator).fit(X, y)
    with mode(), world_unchanged():
        model = make(estimator).fit(X, y)
        inside = model.predict(X)
    assert_array_equal(inside, expected.predict(X))
    assert_same_weights(weights(model), weights(expected))
    model.partial_fit(X, y)
    with mode():
        model.partial_fit(X, y)
    assert model.n_iter_ == 5


@both
def test_default_dtype_of_the_caller(estimator):
    X, y = data(estimator)
    torch.set_default_dtype(torch.float64)
    try:
        model = make(estimator).fit(X, y)
        assert {p.dtype for p in model.module_.parameters()} == {torch.float32}
        assert len(model.predict(X)) == len(X)
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


@both
def test_default_device_of_the_caller(estimator):
    X, y = data(estimator)
    expected = make(estimator).fit(X, y).predict(X)
    torch.set_default_device("meta")  # which holds no numbers
    try:
        found = make(estimator).fit(X, y).predict(X)
        assert torch.empty(0).device.type == "meta"
    finally:
        torch.set_default_device(None)
    assert_array_equal(found, expected)


@both
@pytest.mark.parametrize("options", [{"cell": "rnn"}, {"activation": "relu"}, {}], ids=str)
def test_autocast_of_the_caller(estimator, options):
    X, y = data(estimator)
    options = {**options, "early_stopping": True}
    if estimator is LSTMRegressor:
        options["linear_skip"] = "auto"  # found by trials
    expected = make(estimator, **options).fit(X, y)
    with torch.autocast("cpu", torch.bfloat16):
        model = make(estimator, **options).fit(X, y)
        inside = model.predict(X)
    assert_same_weights(weights(model), weights(expected))
    assert model.best_validation_score_ == expected.best_validation_score_
    assert_array_equal(inside, expected.predict(X))


def test_own_modules_may_make_states_under_another_default_dtype():
    X, y = data(LSTMRegressor)
    torch.set_default_dtype(torch.float64)
    try:
        model = make(LSTMRegressor, module=WithState, early_stopping=True).fit(X, y)
    finally:
        torch.set_default_dtype(torch.float32)
    assert np.isfinite(model.predict(X)).all()


class WithState(torch.nn.Module):
    """Makes its first state in the dtype that is the default."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.layer = torch.nn.LSTM(n_features, 4, batch_first=True)
        self.output = torch.nn.Linear(4, n_outputs)

    def forward(self, x, lengths):
        start = torch.zeros(1, len(x), 4)
        return self.output(self.layer(x, (start, start))[0][:, -1])


class Failing(Listener):
    def __init__(self, event, before=lambda net: None):
        self.event, self.before = event, before

    def hear(self, event, net, **_):
        if event == self.event:
            self.before(net)
            raise OSError


def freeze(net):
    net.module_.requires_grad_(False)


@both
def test_single_epochs_behind_a_fit_are_of_a_tenth_of_its_rate(estimator):
    X, y = data(estimator)
    rates = []

    class Rate(Listener):
        def hear(self, event, net, **_):
            if event == "on_grad_computed":
                rates.append(net.optimizer_.param_groups[0]["lr"])

    first = {"classes": [0, 1]} if estimator is LSTMClassifier else {}

    def rate_of(model):
        rates.clear()
        model.set_params(callbacks=[Rate()]).partial_fit(X, y, **first)
        assert len(set(rates)) == 1
        return rates[0]

    rate = estimator().learning_rate
    model = make(estimator).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    assert rate_of(model) == rate_of(model) == rate_of(again) == pytest.approx(rate / 10)
    assert rate_of(model.set_params(learning_rate=1e-4)) == 1e-4
    assert rate_of(make(estimator)) == rate  # begins with it
    assert rate_of(make(estimator, learning_rate_schedule="constant").fit(X, y)) == rate
    stopped = make(estimator, max_epochs=500, early_stopping=True, n_iter_no_change=1).fit(X, y)
    assert rate_of(stopped) == rate  # which has hardly fallen


@both
@pytest.mark.parametrize(
    ("failing", "mode"),
    [
        (Failing("on_epoch_end"), torch.inference_mode),
        (Failing("on_train_begin", freeze), contextlib.nullcontext),
    ],
    ids=["in inference mode", "with frozen weights"],
)
def test_training_goes_on_after_a_failure_as_if_there_was_none(estimator, failing, mode):
    X, y = data(estimator)
    model = make(estimator).fit(X, y)
    expected = copy.deepcopy(model).partial_fit(X, y)
    with mode(), pytest.raises(OSError):  # noqa: PT011 - the callback's own
        model.set_params(callbacks=[failing]).partial_fit(X, y)
    model.set_params(callbacks=None).partial_fit(X, y)
    assert_same_weights(weights(model), weights(expected))


@pytest.mark.parametrize(
    ("estimator", "options"),
    [(LSTMClassifier, {"class_weight": "balanced"}), (LSTMClassifier, {}), (LSTMRegressor, {})],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_callbacks_score_targets_without_their_weights(estimator, options, weighted):
    X, y = data(estimator)
    shapes = []

    def score(net, X, y):
        shapes.append(np.shape(y)[:1])
        return 1.0

    scoring = EpochScoring(score, name="own", on_train=True)
    weight = np.arange(1.0, N_SAMPLES + 1) if weighted else None
    make(estimator, callbacks=[scoring], **options).fit(X, y, sample_weight=weight)
    assert shapes == [(N_SAMPLES,)] * 3


def test_verbose_prints_a_line_an_epoch(capfd):
    X, y = data(LSTMRegressor)
    model = make(LSTMRegressor, verbose=1).fit(X, y)
    printed = capfd.readouterr().out
    assert "train_loss" in printed
    assert len([line for line in printed.splitlines() if re.match(r"\s+\d+ ", line)]) == 3
    model.set_params(verbose=0).fit(X, y)
    assert capfd.readouterr() == ("", "")


def test_verbosity_changes_when_training_continues(capfd):
    X, y = data(LSTMRegressor)
    model = make(LSTMRegressor, warm_start=True).fit(X, y)
    assert capfd.readouterr().out == ""
    model.set_params(verbose=1).fit(X, y)
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.split()[0].isdigit()] == ["4", "5", "6"]


# ---------------------------------------------------------------- all or nothing


@both
@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_fit_leaves_a_fitted_model_as_it_was(estimator, name):
    X, y = data(estimator)
    model = make(estimator, dropout=0.3).fit(X, y)
    before = everything(model, X)
    good = model.get_params()
    model.set_params(**FAILURES[name]())
    with pytest.raises((OwnError, KeyboardInterrupt, ValueError)):
        model.fit(X, y)
    model.set_params(**good)
    assert_unchanged(model, X, before)


class Armed(Listener):
    """Acts at the k-th batch after it was armed."""

    def __init__(self, act):
        self.act, self.left = act, math.inf

    def arm(self, k):
        self.left = k

    def hear(self, event, _net, training=False, **_):
        self.left -= event == "on_batch_end" and training
        if self.left == 0:
            self.left = math.inf
            self.act()


@both
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("k", [1, 3])
def test_a_failed_continuation_leaves_the_model_as_it_was(estimator, method, k):
    X, y = data(estimator)
    armed = Armed(fail)
    model = make(estimator, dropout=0.3, warm_start=True, callbacks=[armed]).fit(X, y)
    twin = make(estimator, dropout=0.3, warm_start=True, callbacks=[Armed(fail)]).fit(X, y)
    before = everything(model, X)
    armed.arm(k)
    with pytest.raises(OwnError):
        getattr(model, method)(X, y)
    assert_unchanged(model, X, before)
    # and what comes after is as if the failure had not been
    getattr(model, method)(X, y)
    getattr(twin, method)(X, y)
    assert_same_weights(weights(model), weights(twin))


@both
def test_a_last_step_that_diverges_is_told(estimator):
    X, y = data(estimator)
    blow = Filling("on_batch_end", "bias", math.inf, 2)
    model = make(estimator, max_epochs=2, callbacks=[blow], batch_size=len(X))
    with pytest.raises(ValueError, match="diverged: weights are no longer finite after epoch 2"):
        model.fit(X, y)


@both
def test_divergence_of_a_continuation_leaves_the_model_as_it_was(estimator):
    X, y = data(estimator)
    options = {"gradient_clip": None, "optimizer": "sgd", "learning_rate": 0.005}
    model = make(estimator, warm_start=True, **options).fit(X, y)
    before = everything(model, X)
    model.set_params(learning_rate=1e30)
    with pytest.raises(ValueError, match="diverged"):
        model.fit(X, y)
    assert_unchanged(model.set_params(learning_rate=0.005), X, before)


CHANGES = {
    "hidden_layer_sizes": (5,),
    "cell": "gru",
    "bidirectional": True,
    "pooling": "mean",
    "dense_layer_sizes": (3,),
    "normalization": "layer",
    "dropout": 0.1,
    "standardize": False,
    "optimizer": "sgd",
    "weight_decay": 0.1,
    "gradient_clip": 0.5,
    "precision": "float64",
    "module": Pooled,
}


@pytest.mark.parametrize(
    ("estimator", "name", "value"),
    [
        *((estimator, *change) for estimator in ESTIMATORS for change in CHANGES.items()),
        (LSTMRegressor, "loss", "huber"),
        (LSTMRegressor, "subtract_last", True),
        (LSTMRegressor, "quantile", 0.9),
        (LSTMClassifier, "loss", "focal"),
    ],
)
def test_a_changed_network_cannot_be_continued(estimator, name, value):
    X, y = data(estimator)
    model = make(estimator, warm_start=True, bidirectional=False, normalization=None).fit(X, y)
    before = everything(model, X)
    old = model.get_params()[name]
    model.set_params(**{name: value})
    for method in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=rf"{name} changed.*warm_start=False"):
            method(X, y)
    model.set_params(**{name: old})
    assert_unchanged(model, X, before)


@both
def test_the_same_network_spelled_differently_is_continued(estimator):
    X, y = data(estimator)
    model = make(estimator, hidden_layer_sizes=(4,), module=Pooled, warm_start=True).fit(X, y)
    again = pickle.loads(pickle.dumps(model)).set_params(hidden_layer_sizes=(4,), random_state=9)
    assert again.fit(X, y).n_iter_ == 6


def test_a_changed_network_is_a_new_one_without_warm_start():
    X, y = data(LSTMRegressor)
    model = make(LSTMRegressor).fit(X, y).set_params(hidden_layer_sizes=(5,)).fit(X, y)
    assert model.module_.recurrent[0].n_outputs == 5
    assert model.n_iter_ == 3


# ---------------------------------------------------------------- Ctrl-C


@both
def test_ctrl_c_keeps_what_was_learnt(estimator):
    X, y = data(estimator)
    model = make(estimator, module=acting(N_BATCHES + 3, ctrl_c), max_epochs=10)
    with (
        world_unchanged(),
        pytest.warns(UserWarning, match="interrupted after epoch 1; the latest"),
    ):
        model.fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == len(model.history_) == 1
    assert not model.module_.training
    assert len(model.predict(X)) == len(X)


@both
def test_ctrl_c_keeps_the_best_weights(estimator):
    X, y = data(estimator)
    model = make(
        estimator,
        **PLAIN[estimator],
        module=acting(8 * N_BATCHES + 2, ctrl_c),
        max_epochs=20,
        early_stopping=True,
        learning_rate=0.5,
        n_iter_no_change=100,
    )
    with pytest.warns(
        UserWarning, match=r"interrupted after epoch 8; the weights of epoch \d+ are"
    ):
        model.fit(X, y, X_val=X[:7], y_val=y[:7])
    assert len(model.validation_loss_curve_) == 8
    assert_allclose(loss_of(model, X[:7], y[:7]), min(model.validation_loss_curve_), rtol=1e-5)


@both
def test_ctrl_c_before_the_first_epoch_is_over(estimator):
    X, y = data(estimator)
    model = make(estimator, module=acting(2, ctrl_c))
    with world_unchanged(), pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert set(vars(model)) == set(model.get_params())


@both
@pytest.mark.parametrize(
    ("event", "k"),
    [
        ("on_batch_begin", N_BATCHES + 2),
        ("on_batch_end", N_BATCHES + 2),
        ("on_grad_computed", N_BATCHES + 2),
        ("on_epoch_begin", 2),
        ("on_epoch_end", 1),
    ],
)
def test_ctrl_c_may_come_while_a_callback_runs(estimator, event, k):
    X, y = data(estimator)
    model = make(estimator, callbacks=[At(event, k, ctrl_c)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == len(model.history_) == 1
    assert len(model.predict(X)) == len(X)


@both
@pytest.mark.parametrize("event", ["on_train_begin", "on_epoch_begin", "on_batch_end"])
def test_ctrl_c_in_a_callback_before_the_first_epoch_is_over(estimator, event):
    X, y = data(estimator)
    model = make(estimator, callbacks=[At(event, 1, ctrl_c)])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert set(vars(model)) == set(model.get_params())


@both
@pytest.mark.parametrize(("event", "k"), [("on_epoch_end", 2), ("on_batch_end", 2 * N_BATCHES + 1)])
def test_a_callback_may_stop_the_fit(estimator, event, k):
    X, y = data(estimator)
    model = make(estimator, callbacks=[At(event, k, interrupt)], max_epochs=10).fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == len(model.history_) == 2
    assert len(model.predict(X)) == len(X)


@both
def test_ctrl_c_when_training_continues(estimator):
    X, y = data(estimator)
    model = make(estimator, module=acting(3 * N_BATCHES + 2, ctrl_c), warm_start=True)
    model.fit(X, y)
    before = everything(model, X)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert_unchanged(model, X, before)
    model.fit(X, y)
    assert model.n_iter_ == 6


@both
def test_ctrl_c_in_validation_counts_the_epoch_before(estimator):
    X, y = data(estimator)
    model = make(estimator, module=lambda *sizes: InterruptedValidation(*sizes))
    with pytest.warns(UserWarning, match="interrupted after epoch 1"):
        model.fit(X, y, X_val=X[:7], y_val=y[:7])
    assert len(model.loss_curve_) == len(model.validation_loss_curve_) == model.n_iter_ == 1


# ---------------------------------------------------------------- randomness


@both
def test_same_seed_same_result(estimator):
    X, y = data(estimator)
    options = {"dropout": 0.3, "early_stopping": True}
    first = make(estimator, **options).fit(X, y)
    np.random.seed(7)  # noqa: NPY002
    torch.manual_seed(7)
    second = make(estimator, **options).fit(X, y)
    other = make(estimator, **options, random_state=1).fit(X, y)
    assert_same_weights(weights(first), weights(second))
    assert first.loss_curve_ == second.loss_curve_
    assert first.loss_curve_ != other.loss_curve_


@both
def test_random_state_instance(estimator):
    X, y = data(estimator)
    state = np.random.RandomState(3)
    model = make(estimator, random_state=state).fit(X, y)
    again = make(estimator, random_state=np.random.RandomState(3)).fit(X, y)
    assert model.loss_curve_ == again.loss_curve_
    assert make(estimator, random_state=state).fit(X, y).loss_curve_ != model.loss_curve_


@both
def test_no_seed_differs_from_fit_to_fit(estimator):
    X, y = data(estimator)
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    first = make(estimator, random_state=None).fit(X, y).loss_curve_
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    assert make(estimator, random_state=None).fit(X, y).loss_curve_ != first


def fit_and_predict(estimator, X, y, seed):
    model = make(estimator, random_state=seed, dropout=0.3).fit(X, y)
    return weights(model), model.loss_curve_


@both
def test_same_result_in_a_worker_process(estimator):
    X, y = data(estimator)
    here = fit_and_predict(estimator, X, y, 5)
    seeds = [5, 6, 5]
    there = joblib.Parallel(n_jobs=2, backend="loky")(
        joblib.delayed(fit_and_predict)(estimator, X, y, seed) for seed in seeds
    )
    assert_same_weights(there[0][0], here[0])
    assert there[0][1] == there[2][1] == here[1]
    assert there[1][1] != here[1]


@both
def test_same_result_in_threads(estimator):
    X, y = data(estimator)
    here = fit_and_predict(estimator, X, y, 5)
    with world_unchanged(), ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(fit_and_predict, estimator, X, y, seed) for seed in [5, 6, 5, 7]]
        there = [job.result() for job in jobs]
    assert_same_weights(there[0][0], here[0])
    assert_same_weights(there[2][0], here[0])


@both
def test_seed_reaches_weights_shuffling_dropout_and_split(estimator):
    X, y = data(estimator)

    starts, firsts = [], []

    class Beginning(Listener):
        def hear(self, event, net, batch=None, **_):
            if event == "on_batch_begin" and len(firsts) < len(starts):
                firsts.append(batch[0]["x"].copy())
            if event == "on_train_begin":
                parameters = net.module_.parameters()
                starts.append(torch.cat([p.detach().ravel().clone() for p in parameters]))

    for seed in (0, 1):
        make(estimator, random_state=seed, callbacks=[Beginning()]).fit(X, y)
    assert not torch.equal(*starts)
    assert not np.array_equal(*firsts)


# ---------------------------------------------------------------- validation and early stopping


# so that the network is trained on y itself, which a loss can be computed from afresh
PLAIN = {LSTMRegressor: {"standardize": False, "subtract_last": False}, LSTMClassifier: {}}


def loss_of(model, X, y):
    """Compute the mean loss of a model afresh."""
    if isinstance(model, LSTMRegressor):
        return np.mean((model.predict(X) - y) ** 2)
    return log_loss(y, model.predict_proba(X), labels=model.classes_)


@both
def test_early_stopping_restores_the_best_weights(estimator):
    X, y = data(estimator)
    X_val, y_val = data(estimator, 25, seed=1)
    model = make(
        estimator,
        **PLAIN[estimator],
        early_stopping=True,
        max_epochs=60,
        learning_rate=0.1,
        n_iter_no_change=5,
        hidden_layer_sizes=16,
    ).fit(X, y, X_val=X_val, y_val=y_val)
    curve = model.validation_loss_curve_
    assert model.n_iter_ == len(curve) == len(model.loss_curve_) < 60
    assert np.argmin(curve) < len(curve) - 1
    assert_allclose(loss_of(model, X_val, y_val), min(curve), rtol=1e-5)
    assert model.best_validation_score_ == pytest.approx(model.score(X_val, y_val))


@both
def test_patience_and_tolerance(estimator):
    X, y = data(estimator)
    patient = make(estimator, early_stopping=True, max_epochs=30, tol=0, n_iter_no_change=1000)
    assert patient.fit(X, y).n_iter_ == 30
    hasty = make(estimator, early_stopping=True, max_epochs=30, tol=1e9, n_iter_no_change=4)
    assert hasty.fit(X, y).n_iter_ == 5  # the first epoch always counts
    assert_allclose(
        hasty.best_validation_score_,
        make(estimator, early_stopping=True, max_epochs=30, tol=1e9, n_iter_no_change=4)
        .fit(X, y)
        .best_validation_score_,
    )


@both
def test_early_stopping_keeps_validation_rows_out_of_training(estimator):
    X, y = data(estimator)
    seen = Recorder()
    model = make(estimator, early_stopping=True, validation_fraction=0.25, callbacks=[seen])
    model.fit(X, y)
    assert sum(seen.sizes) == 3 * 30
    assert len(model.net_.history[0, "batches"]) == 3 + 1


@both
@pytest.mark.parametrize("early_stopping", [False, True])
def test_given_validation_replaces_the_split(estimator, early_stopping):
    X, y = data(estimator)
    X_val, y_val = data(estimator, 13, seed=1)
    seen = Recorder()
    model = make(estimator, early_stopping=early_stopping, callbacks=[seen])
    model.fit(X, y, X_val=X_val, y_val=y_val)
    assert sum(seen.sizes) == 3 * len(X)
    assert len(model.validation_loss_curve_) == 3
    assert (model.best_validation_score_ is not None) is early_stopping
    if not early_stopping:
        assert_allclose(
            model.predict(X), make(estimator).fit(X, y).predict(X), err_msg="only watched"
        )


@both
def test_given_validation_in_other_forms(estimator):
    X, y = data(estimator)
    ragged = [sequence[: 1 + i % 5] for i, sequence in enumerate(X[:12])]
    model = make(estimator, early_stopping=True).fit(X, y, X_val=ragged, y_val=list(y[:12]))
    assert model.best_validation_score_ == pytest.approx(model.score(ragged, y[:12]))


@both
def test_no_validation_no_validation_curve(estimator):
    X, y = data(estimator)
    model = make(estimator).fit(X, y)
    assert model.validation_loss_curve_ is None
    assert model.best_validation_score_ is None
    assert len(model.loss_curve_) == model.n_iter_ == 3


@both
def test_loss_curve_is_the_mean_loss_of_the_epoch(estimator):
    X, y = data(estimator, 41)
    model = make(estimator, **PLAIN[estimator], learning_rate=1e-12, batch_size=9)
    model.fit(X, y, X_val=X[:17], y_val=y[:17])
    assert_allclose(model.loss_curve_, 3 * [loss_of(model, X, y)], rtol=1e-5)
    assert_allclose(model.validation_loss_curve_, 3 * [loss_of(model, X[:17], y[:17])], rtol=1e-5)


@both
def test_score_of_the_validation_uses_the_weights(estimator):
    X, y = data(estimator)
    weight = np.linspace(0.1, 3, len(y))
    split = KFold(4)
    model = make(estimator, early_stopping=True, validation_split=split).fit(X, y, weight)
    *_, (_, valid) = split.split(X)
    assert model.best_validation_score_ == pytest.approx(
        model.score(X[valid], y[valid], weight[valid])
    )


class Watch(Listener):
    """Keeps the last step of the samples of both parts."""

    def hear(self, event, _net, X=None, **_):
        if event == "on_train_begin":
            self.parts = [last_steps(X.train), last_steps(X.valid)]


def last_steps(samples):
    return [tuple(samples.batch(np.array([i]))[0]["x"][0, -1]) for i in range(len(samples))]


def parts(model, X, y, X_last):
    watch = Watch()
    model.set_params(callbacks=[watch], early_stopping=True).fit(X, y)
    index = {tuple(np.float32(row)): i for i, row in enumerate(X_last)}
    return [[index[row] for row in part] for part in watch.parts]


SPLITS = {
    "last": ("last", list(range(30)), list(range(30, 40))),
    "TimeSeriesSplit": (TimeSeriesSplit(3), list(range(30)), list(range(30, 40))),
    "KFold": (KFold(8), list(range(35)), list(range(35, 40))),
}


@both
@pytest.mark.parametrize("name", SPLITS)
def test_validation_split(estimator, name):
    split, train, valid = SPLITS[name]
    X, y = data(estimator)
    model = make(estimator, validation_split=split, validation_fraction=0.25)
    assert parts(model, X, y, X[:, -1]) == [train, valid]


@pytest.mark.parametrize(
    ("estimator", "split"),
    [
        *((e, s) for e in ESTIMATORS for s in ("random", "auto", ShuffleSplit(2, random_state=0))),
        (LSTMClassifier, "stratified"),
    ],
)
def test_random_validation_split(estimator, split):
    X, y = data(estimator)
    model = make(estimator, validation_split=split, validation_fraction=0.25)
    train, valid = parts(model, X, y, X[:, -1])
    assert sorted(train + valid) == list(range(40))
    assert valid != list(range(30, 40))
    if split in ("auto", "stratified") and estimator is LSTMClassifier:
        assert abs(y[valid].mean() - y.mean()) < 0.1


@both
def test_windows_are_validated_on_a_purged_last_block(estimator):
    series = np.random.default_rng(0).normal(size=(60, 2))
    X = SlidingWindowTransformer(5).fit_transform(series)
    y = series[:, 0] if estimator is LSTMRegressor else (series[:, 0] > 0).astype(int)
    train, valid = parts(make(estimator, validation_fraction=0.2), X, y, series)
    assert valid == list(range(48, 60))
    assert train == list(range(44))  # 44 to 47 share a row with the window that ends at 48


def test_purging_agrees_with_the_data_room():
    X = SlidingWindowTransformer(7).fit_transform(np.arange(50.0)[:, None])
    sequences = as_sequences(X)
    train, valid = split_validation(
        "auto", sequences, np.zeros(50), fraction=0.1, stratify=False, seed=0
    )
    assert train[-1] + 7 == valid[0]


def scaling(model):
    return next(layer for layer in model.module_.modules() if isinstance(layer, Standardize))


@both
def test_scaling_is_learnt_from_the_training_rows_alone(estimator):
    X, y = data(estimator)
    X = X.copy()
    X[30:] += 100
    options = {"subtract_last": False} if estimator is LSTMRegressor else {}
    model = make(
        estimator, **options, early_stopping=True, validation_split="last", validation_fraction=0.25
    ).fit(X, y)
    assert_allclose(scaling(model).mean, X[:30].mean(axis=(0, 1)), atol=1e-5)
    assert_allclose(scaling(model).scale, X[:30].std(axis=(0, 1)), rtol=1e-5)
    if estimator is LSTMClassifier:
        changes = np.sqrt((np.diff(X[:30], axis=1) ** 2).mean(axis=(0, 1)))
        expected = changes / X[:30].std(axis=(0, 1))
        assert_allclose(model.module_.inputs.scale, expected, rtol=1e-5)


# ---------------------------------------------------------------- going on


@both
def test_warm_start_continues(estimator):
    X, y = data(estimator)
    model = make(estimator, warm_start=True, max_epochs=5).fit(X, y)
    first, before = list(model.loss_curve_), weights(model)
    steps = {float(state["step"]) for state in model.net_.optimizer_.state.values()}
    assert steps == {5 * N_BATCHES}
    model.fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == 10
    assert model.loss_curve_[:5] == first
    steps = {float(state["step"]) for state in model.net_.optimizer_.state.values()}
    assert steps == {10 * N_BATCHES}
    assert np.mean(model.loss_curve_[5:]) < np.mean(first)
    assert any(not torch.equal(value, before[name]) for name, value in weights(model).items())


@both
def test_without_warm_start_fit_begins_anew(estimator):
    X, y = data(estimator)
    model = make(estimator).fit(X, y)
    first = list(model.loss_curve_)
    assert model.fit(X, y).loss_curve_ == first


@both
def test_constant_rate_warm_start_equals_one_fit(estimator):
    X, y = data(estimator)
    options = {"learning_rate_schedule": "constant", "batch_size": 1000, "precision": "float64"}
    halves = make(estimator, **options, warm_start=True, max_epochs=3).fit(X, y).fit(X, y)
    whole = make(estimator, **options, max_epochs=6).fit(X, y)
    assert_allclose(halves.loss_curve_, whole.loss_curve_, rtol=1e-9)


@both
def test_warm_start_with_early_stopping(estimator):
    X, y = data(estimator)
    model = make(estimator, warm_start=True, early_stopping=True)
    for n_fits in (1, 2):
        model.fit(X, y, X_val=X[:9], y_val=y[:9])
        assert len(model.validation_loss_curve_) == model.n_iter_ == 3 * n_fits


@both
def test_early_stopping_keeps_weights_that_further_training_does_not_better(estimator):
    X, y = data(estimator)
    options = {"early_stopping": True, "warm_start": True, "dropout": 0.0}
    model = make(estimator, **options, max_epochs=30, validation_fraction=0.3).fit(X, y)
    before, best = raw_outputs(model, X), min(model.validation_loss_curve_)
    n_epochs = model.n_iter_
    spoil = Filling("on_batch_end", "weight", 50.0)
    model.set_params(callbacks=[spoil], max_epochs=3).fit(X, y)
    assert min(model.validation_loss_curve_[n_epochs:]) > best
    assert_array_equal(raw_outputs(model, X), before)


@pytest.mark.parametrize(("before", "now"), [(4, (4,)), ([4], 4)])
def test_warm_start_goes_on_with_the_same_width_told_otherwise(before, now):
    X, y = data(LSTMRegressor)
    model = make(LSTMRegressor, hidden_layer_sizes=before, warm_start=True).fit(X, y)
    n_iter = model.n_iter_
    assert model.set_params(hidden_layer_sizes=now).fit(X, y).n_iter_ == 2 * n_iter


@both
def test_warm_start_may_change_how_it_trains(estimator):
    X, y = data(estimator)
    model = make(estimator, warm_start=True).fit(X, y)
    model.set_params(learning_rate=1e-4, learning_rate_schedule="constant", batch_size=20)
    model.fit(X, y)
    assert model.net_.optimizer_.param_groups[0]["lr"] == 1e-4
    assert model.history_[-1]["train_batch_count"] == 2


@both
def test_partial_fit_is_one_epoch(estimator):
    X, y = data(estimator)
    model = make(estimator, max_epochs=50)
    first = {"classes": [0, 1]} if estimator is LSTMClassifier else {}
    assert model.partial_fit(X, y, **first) is model
    assert model.n_iter_ == 1
    assert model.partial_fit(X[:20], y[:20]).n_iter_ == 2
    assert {float(s["step"]) for s in model.net_.optimizer_.state.values()} == {
        N_BATCHES + model.history_[-1]["train_batch_count"]
    }


@both
def test_partial_fit_learns_and_keeps_the_scaling(estimator):
    X, y = data(estimator, 200)
    model = make(estimator, hidden_layer_sizes=16, learning_rate=0.02)
    for _ in range(15):
        for part in range(0, 200, 50):
            rows = slice(part, part + 50)
            model.partial_fit(
                X[rows], y[rows], **({"classes": [0, 1]} if estimator is LSTMClassifier else {})
            )
    assert model.score(X, y) > 0.7
    assert_allclose(scaling(model).mean, X[:50].mean(axis=(0, 1)), atol=1e-5)


@both
def test_partial_fit_goes_on_after_fit(estimator):
    X, y = data(estimator)
    model = make(estimator).fit(X, y).partial_fit(X, y)
    assert model.n_iter_ == 4
    assert model.fit(X, y).n_iter_ == 3


@both
def test_partial_fit_takes_weights(estimator):
    X, y = data(estimator)
    first = {"classes": [0, 1]} if estimator is LSTMClassifier else {}
    weight = (np.arange(len(y)) < 20).astype(float)
    options = {"precision": "float64", "batch_size": 100}
    model = make(estimator, **options).partial_fit(X, y, sample_weight=weight, **first)
    expected = make(estimator, **options).partial_fit(X[:20], y[:20], **first)
    assert_allclose(model.loss_curve_, expected.loss_curve_, rtol=1e-9)


# ---------------------------------------------------------------- sizes and schedules


@both
@pytest.mark.parametrize(
    ("n_samples", "n_batches", "n_steps"),
    [(300, 38, 2_000), (1_300, 41, 1_538)],  # of a classifier
)
def test_auto_sizes(estimator, n_samples, n_batches, n_steps):
    stop = At("on_epoch_end", 1, interrupt)
    X = np.random.default_rng(0).normal(size=(n_samples, 1, 1))
    y = np.arange(n_samples) % 2
    model = make(estimator, max_epochs="auto", batch_size="auto", callbacks=[stop])
    assert model.fit(X, y).history_[-1]["train_batch_count"] == n_batches
    quick = make(estimator, max_epochs="auto", batch_size="auto", module=Pooled).fit(X, y)
    n_epochs = -(-(n_steps if estimator is LSTMClassifier else 1_000) // n_batches)
    assert quick.n_iter_ == max(n_epochs, 20)


@both
def test_schedules(estimator):
    X, y = data(estimator)
    rates = {}
    for schedule in ("constant", "cosine"):
        seen = Recorder()
        make(
            estimator,
            learning_rate=0.01,
            learning_rate_schedule=schedule,
            callbacks=[seen],
            max_epochs=10,
        ).fit(X, y)
        rates[schedule] = np.array(seen.rates)
    assert_array_equal(rates["constant"], 0.01)
    assert rates["cosine"].argmax() == 2  # behind two steps of warm-up in forty
    assert rates["cosine"].max() == pytest.approx(0.01, rel=1e-3)
    assert (np.diff(rates["cosine"][2:]) < 0).all()
    assert 0 < rates["cosine"][-1] < 1e-5


@both
def test_a_batch_larger_than_the_data(estimator):
    X, y = data(estimator)
    seen = Recorder()
    make(estimator, batch_size=10_000, callbacks=[seen]).fit(X, y)
    assert seen.sizes == [40] * 3


@both
def test_no_batch_of_one(estimator):
    X, y = data(estimator, 41)
    seen = Recorder()
    make(estimator, normalization="batch", callbacks=[seen], max_epochs=1).fit(X, y)
    assert seen.sizes == [10, 10, 10, 11]


# ---------------------------------------------------------------- callbacks


@both
def test_callbacks_see_all_events(estimator):
    X, y = data(estimator)
    seen, named = Recorder(), Recorder()
    make(estimator, callbacks=[seen, ("named", named)]).fit(X, y, X_val=X[:15], y_val=y[:15])
    assert seen.counts == {
        ("on_train_begin", None): 1,
        ("on_train_end", None): 1,
        ("on_epoch_begin", None): 3,
        ("on_epoch_end", None): 3,
        ("on_batch_begin", True): 3 * N_BATCHES,
        ("on_batch_end", True): 3 * N_BATCHES,
        ("on_batch_begin", False): 3 * 2,
        ("on_batch_end", False): 3 * 2,
        ("on_grad_computed", True): 3 * N_BATCHES,
    }
    assert named.counts == seen.counts


@both
def test_callbacks_see_the_batches_in_the_history(estimator):
    X, y = data(estimator)
    model = make(estimator, callbacks=[Recorder()]).fit(X, y)
    epoch = model.history_[-1]
    losses = [batch["train_loss"] for batch in epoch["batches"]]
    assert len(losses) == N_BATCHES
    assert np.mean(losses) == pytest.approx(epoch["train_loss"])
    assert epoch["dur"] > 0


@both
def test_a_callback_is_told_again_when_training_continues(estimator):
    X, y = data(estimator)
    seen = Recorder()
    model = make(estimator, callbacks=[seen], warm_start=True).fit(X, y)
    before = seen.counts.copy()
    model.partial_fit(X, y)
    assert seen.counts - before == {
        event: n // (3 if "train_" not in event[0] else 1) for event, n in before.items()
    }


@both
def test_skorch_early_stopping(estimator):
    X, y = data(estimator)
    callbacks = [
        EarlyStopping(patience=2, threshold=1e9, threshold_mode="abs", sink=lambda _: None)
    ]
    model = make(estimator, callbacks=callbacks, max_epochs=20).fit(X, y, X_val=X, y_val=y)
    assert model.n_iter_ == len(model.loss_curve_) == 3  # one improvement, two misses


@both
def test_skorch_learning_rate_scheduler(estimator):
    X, y = data(estimator)
    seen = Recorder()
    scheduler = LRScheduler(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.1)
    make(
        estimator, learning_rate=0.1, learning_rate_schedule="constant", callbacks=[scheduler, seen]
    ).fit(X, y)
    per_epoch = np.reshape(seen.rates, (3, N_BATCHES))
    assert_allclose(per_epoch, np.repeat([[0.1], [0.01], [0.001]], N_BATCHES, axis=1))
    with pytest.raises(ValueError, match=r"LRScheduler would be without effect.*'constant'"):
        make(estimator, callbacks=[scheduler], learning_rate_schedule="cosine").fit(X, y)


@both
def test_skorch_timer_and_clipping(estimator):
    X, y = data(estimator)
    model = make(estimator, callbacks=[EpochTimer(), ("own", GradientNormClipping(1e-3))])
    assert model.fit(X, y).n_iter_ == 3


class Norms(Listener):
    """Keeps the norm of every gradient that a step was made with."""

    def __init__(self):
        self.norms = []

    def hear(self, event, net, training=False, **_):
        if event == "on_batch_end" and training:
            grads = [p.grad.ravel() for p in net.module_.parameters() if p.grad is not None]
            self.norms.append(float(torch.cat(grads).norm()))


@both
def test_a_callback_may_ask_for_predictions(estimator):
    X, y = data(estimator)
    said = []

    class Watch(Listener):
        def hear(self, event, net, **_):
            if event == "on_batch_end" and net.module_.training:
                said.append((raw_outputs(model, X), raw_outputs(model, X)))

    model = make(estimator, dropout=0.5, callbacks=[Watch()])
    model.fit(X, y)
    assert len(said) > 3
    for first, second in said:
        assert_array_equal(first, second)
    expected = raw_outputs(model, X)
    model.module_.train()
    assert_array_equal(raw_outputs(model, X), expected)
    assert model.module_.training


@both
def test_gradient_clip_bounds_the_norm(estimator):
    X, y = data(estimator)
    norms = {}
    for clip in (None, 0.05):
        watch = Norms()
        make(estimator, gradient_clip=clip, callbacks=[watch]).fit(X, y)
        norms[clip] = watch.norms
    assert min(norms[None]) > 0.05
    assert max(norms[0.05]) <= 0.05 * (1 + 1e-4)
    assert min(norms[0.05]) > 0.0499


# ---------------------------------------------------------------- optimisers, modules, precision

OPTIMIZERS = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
}


@both
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_by_name_and_by_class(estimator, name):
    X, y = data(estimator)
    options = {"weight_decay": 0.01, "learning_rate": 0.01}
    by_name = make(estimator, optimizer=name, **options).fit(X, y)
    by_class = make(estimator, optimizer=OPTIMIZERS[name], **options).fit(X, y)
    assert isinstance(by_name.net_.optimizer_, OPTIMIZERS[name])
    assert type(by_class.net_.optimizer_) is OPTIMIZERS[name]
    assert by_name.net_.optimizer_.param_groups[0]["weight_decay"] == 0.01
    # the name takes torch's fused form, which rounds otherwise
    assert by_name.loss_curve_ == pytest.approx(by_class.loss_curve_, rel=1e-5)


@both
@pytest.mark.parametrize("optimizer", [torch.optim.LBFGS, torch.optim.Adagrad, torch.optim.NAdam])
def test_other_optimizers_of_torch(estimator, optimizer):
    X, y = data(estimator)
    model = make(
        estimator,
        optimizer=optimizer,
        learning_rate=0.05,
        batch_size=1000,
        max_epochs=8,
        learning_rate_schedule="constant",
        gradient_clip=None,
    ).fit(X, y)
    assert type(model.net_.optimizer_) is optimizer
    assert model.loss_curve_[-1] < model.loss_curve_[0]


@both
def test_weight_decay_shrinks_weights(estimator):
    X, y = data(estimator)
    sizes = [
        sum(
            float((p.detach() ** 2).sum())
            for p in make(estimator, weight_decay=decay, learning_rate=0.01, max_epochs=20)
            .fit(X, y)
            .module_.head.parameters()
        )
        for decay in (0.0, 20.0)
    ]
    assert sizes[1] < 0.5 * sizes[0]


@both
def test_own_module(estimator):
    X, y = data(estimator, 200)
    made = []

    def factory(n_features, n_outputs):
        made.append((n_features, n_outputs))
        return Pooled(n_features, n_outputs)

    y = X[:, :, 0].mean(axis=1) if estimator is LSTMRegressor else (X[:, :, 0].mean(1) > 0) * 1
    options = {"subtract_last": False} if estimator is LSTMRegressor else {}
    model = make(estimator, **options, module=factory, max_epochs=30, learning_rate=0.05)
    model.fit(X, y)
    assert made == [(2, 1 if estimator is LSTMRegressor else 2)]
    assert isinstance(model.module_.module, Pooled)
    assert model.score(X, y) > 0.9


@both
def test_own_module_in_double_precision_and_ragged(estimator):
    X = [np.random.default_rng(i).normal(size=(1 + i % 4, 2)) for i in range(20)]
    y = np.arange(20) % 2
    model = make(estimator, module=Pooled, precision="float64").fit(X, y)
    assert model.module_.module.linear.weight.dtype == torch.float64
    alone = np.concatenate([model.predict([sequence]) for sequence in X])
    assert_allclose(alone, model.predict(X))


@both
def test_own_module_by_class_can_be_pickled(estimator):
    X, y = data(estimator)
    model = make(estimator, module=Pooled).fit(X, y)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


@both
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_precision(estimator, precision):
    X, y = data(estimator)
    model = make(estimator, **PLAIN[estimator], precision=precision, bidirectional=True).fit(X, y)
    dtype = getattr(torch, precision)
    assert {p.dtype for p in model.module_.parameters()} == {dtype}
    assert {b.dtype for b in model.module_.buffers() if b.is_floating_point()} == {dtype}
    with torch.no_grad():
        raw = model.module_(torch.as_tensor(X, dtype=dtype)).double().numpy()
    expected = raw[:, 0] if estimator is LSTMRegressor else raw[:, 1] - raw[:, 0]
    assert raw_outputs(model, X).dtype == np.float64
    assert_array_equal(raw_outputs(model, X), expected)


@both
def test_double_precision_is_nearer_to_the_truth_than_single(estimator):
    X, y = data(estimator)
    X = X + 1e5  # float32 keeps two digits of these
    model = make(estimator, precision="float64", pooling="last").fit(X, y)
    nudged = X.copy()
    nudged[:, :, 0] += 1e-6
    change = np.abs(raw_outputs(model, nudged) - raw_outputs(model, X)).max()
    assert 0 < change < 1e-4


def raw_outputs(model, X):
    return model.predict(X) if isinstance(model, LSTMRegressor) else model.decision_function(X)


@both
@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
def test_device(estimator, device):
    X, y = data(estimator)
    model = make(estimator, device=device).fit(X, y)
    assert {p.device.type for p in model.module_.parameters()} == {"cpu"}
    assert_array_equal(model.predict(X), make(estimator).fit(X, y).predict(X))


@both
def test_parameters_set_after_fit_wait_for_the_next_fit(estimator):
    X, y = data(estimator)
    model = make(estimator).fit(X, y)
    before = raw_outputs(model, X)
    model.set_params(hidden_layer_sizes=9, precision="float64", standardize=False, cell="gru")
    assert_array_equal(raw_outputs(model, X), before)


@both
def test_a_splitter_sees_the_samples_that_were_given(estimator):
    X, y = data(estimator)
    fold = np.where(np.arange(40) < 30, -1, 0)  # the last ten validate
    weight = (np.arange(40) != 35).astype(float)
    model = make(
        estimator,
        early_stopping=True,
        validation_split=PredefinedSplit(fold),
        max_epochs=1,
    ).fit(X, y, weight)
    kept = np.delete(np.arange(30, 40), 5)
    assert model.best_validation_score_ == pytest.approx(model.score(X[kept], y[kept]))


def test_diverging_late_keeps_the_best_weights():
    X, y = data(LSTMRegressor)
    blow = Filling("on_epoch_begin", "bias", math.nan, 4)
    model = make(LSTMRegressor, early_stopping=True, max_epochs=10, callbacks=[blow])
    with pytest.warns(ConvergenceWarning, match=r"diverged.*weights of epoch \d are kept"):
        model.fit(X, y)
    assert np.isfinite(model.predict(X)).all()


# ---------------------------------------------------------------- attributes


@both
def test_attributes_before_and_after_fit(estimator):
    X, y = data(estimator)
    model = make(estimator)
    for name in ("net_", "module_", "history_", "n_iter_", "n_features_in_", "loss_curve_"):
        assert not hasattr(model, name)
    model.fit(X, y)
    assert isinstance(model.module_, torch.nn.Module)
    assert model.module_ is model.net_.module_
    assert model.history_ is model.net_.history
    assert not model.module_.training
    assert model.n_features_in_ == 2


@both
def test_nothing_is_kept_a_batch_without_callbacks(estimator):
    X, y = data(estimator)
    model = make(estimator).fit(X, y)
    assert all(not epoch["batches"] for epoch in model.history_)
    assert len(pickle.dumps(model)) < 50_000


@both
@pytest.mark.parametrize("event", ["on_epoch_begin", "on_batch_begin", "on_batch_end"])
def test_ctrl_c_in_a_callback_is_told_from_the_callbacks_own_stop(estimator, event):
    X, y = data(estimator)

    class Late(Callback):
        def on_train_begin(self, net, **kwargs):
            self.seen = 0

    def act(self, net, **kwargs):
        self.seen += 1
        if len(net.history) == 3:
            signal.raise_signal(signal.SIGINT)

    setattr(Late, event, act)
    model = make(estimator, max_epochs=10, callbacks=[Late()])
    with pytest.warns(UserWarning, match="interrupted after epoch 2"):
        model.fit(X, y)
    assert model.n_iter_ == 2


def test_every_parameter_is_lasting_or_may_change():
    may_change = {
        "learning_rate",
        "learning_rate_schedule",
        "max_epochs",
        "batch_size",
        "early_stopping",
        "validation_fraction",
        "validation_split",
        "n_iter_no_change",
        "tol",
        "warm_start",
        "class_weight",
        "ignore_label",
        "beam_width",
        "length_penalty",
        "teacher_forcing",
        "callbacks",
        "random_state",
        "verbose",
    }
    kinds = (LSTMRegressor, LSTMClassifier, LSTMTranscriber, LSTMSeq2SeqRegressor)
    for kind in (*kinds, LSTMSeq2SeqClassifier):
        assert kind._changeable == may_change & kind().get_params().keys()


def test_a_subclass_with_fewer_parameters_works():
    class Small(LSTMRegressor):
        def __init__(self, hidden_layer_sizes=4, max_epochs=2):
            super().__init__(hidden_layer_sizes, max_epochs=max_epochs)

    X, y = data(LSTMRegressor)
    assert Small().fit(X, y).predict(X).shape == y.shape


def test_purging_that_takes_most_of_the_samples_is_told():
    series = np.random.default_rng(0).normal(size=(40, 1))
    windows = SlidingWindowTransformer(30).fit_transform(series)
    model = make(LSTMRegressor, early_stopping=True)
    with pytest.warns(UserWarning, match="Of 40 samples, 29 share time steps.*only 7"):
        model.fit(windows, series[:, 0])


@pytest.mark.parametrize(
    ("fitted", "asked", "hint"),
    [
        ((60, 5), (4, 7, 5), "a table of 5 time steps.* sequences of 5 feature"),
        ((60, 7, 5), (4, 5), "sequences of 5 feature.* a table of 5 time steps"),
        ((60, 5, 3), (5, 3), r"X\[None\]"),
    ],
)
def test_another_form_with_the_same_count_is_explained(fitted, asked, hint):
    rng = np.random.default_rng(0)
    model = make(LSTMRegressor).fit(rng.normal(size=fitted), rng.normal(size=60))
    with pytest.raises(ValueError, match=hint):
        model.predict(rng.normal(size=asked))


@both
def test_faults_of_the_validation_data_are_told_as_such(estimator):
    X, y = data(estimator)
    for X_val, y_val in ((X[:, :, :1], y), (X, y[:-1]), (X, np.full(len(y), np.nan))):
        with pytest.raises(ValueError, match="X_val and y_val"):
            make(estimator).fit(X, y, X_val=X_val, y_val=y_val)


@both
@pytest.mark.parametrize("scale", [1e300, 1e-320])
def test_only_ratios_of_weights_count(estimator, scale):
    X, y = data(estimator)
    weight = np.arange(1.0, len(y) + 1)
    plain = make(estimator).fit(X, y, weight).predict(X)
    scaled = make(estimator).fit(X, y, np.round(weight) * scale / len(y)).predict(X)
    if scale > 1:  # denormal numbers have no digits left
        assert_array_equal(plain, scaled)
    assert len(scaled) == len(y)


def raising(error):
    def fail(*args):
        raise error

    return fail


@both
def test_scoring_that_is_interrupted_keeps_the_model(estimator, monkeypatch):
    X, y = data(estimator)
    model = make(estimator, early_stopping=True, warm_start=True)
    with monkeypatch.context() as patch:
        patch.setattr(base, "predict_outputs", raising(KeyboardInterrupt))
        with pytest.warns(UserWarning, match="Scoring was interrupted"):
            model.fit(X, y)
    assert model.best_validation_score_ is None
    assert model.n_iter_ == len(model.loss_curve_) == len(model.history_)
    assert model.predict(X).shape == y.shape


@pytest.fixture
def continued():
    """Return a regressor that goes on learning, its data, its passes, and what it predicts."""
    X, y = data(LSTMRegressor)
    model = make(LSTMRegressor, linear_skip=True, warm_start=True).fit(X, y)
    return model, X, y, model.n_iter_, model.predict(X)


def test_describing_that_is_interrupted_keeps_what_was_learnt(continued, monkeypatch):
    model, X, y, n_iter, before = continued
    with monkeypatch.context() as patch:
        patch.setattr(LSTMRegressor, "_network_part", raising(KeyboardInterrupt))
        with pytest.warns(UserWarning, match="Scoring was interrupted"):
            model.fit(X, y)
    assert model.n_iter_ == len(model.history_) == 2 * n_iter
    assert model.network_trust_ == 1
    assert np.isnan(model.linear_share_)
    assert (model.predict(X) != before).any()


def test_an_error_behind_training_undoes_all(continued, monkeypatch):
    model, X, y, n_iter, before = continued
    with monkeypatch.context() as patch:
        patch.setattr(LSTMRegressor, "_network_part", raising(MemoryError))
        with pytest.raises(MemoryError):
            model.fit(X, y)
    assert model.n_iter_ == len(model.history_) == n_iter
    assert_array_equal(model.predict(X), before)


@both
def test_callbacks_that_failed_fail_again(estimator):
    X, y = data(estimator)
    model = make(estimator, warm_start=True).fit(X, y)
    twice = [("same", Counting()), ("same", Counting())]
    model.set_params(callbacks=twice, batch_size=1, learning_rate=0.5)
    lr, batch_size = model.net_.lr, model.net_.batch_size
    for _ in range(2):
        with pytest.raises(ValueError, match="duplicate"):
            model.fit(X, y)
    assert (model.net_.lr, model.net_.batch_size) == (lr, batch_size)


class Counting(Callback):
    def __init__(self):
        self.n_epochs = 0

    def on_epoch_end(self, net, **kwargs):
        self.n_epochs += 1


@both
def test_callbacks_may_change_while_training_continues(estimator):
    X, y = data(estimator)
    first, second = Counting(), Counting()
    model = make(estimator, warm_start=True, callbacks=[first]).fit(X, y)
    model.set_params(callbacks=[second]).fit(X, y)
    model.set_params(callbacks=None).fit(X, y)
    assert (first.n_epochs, second.n_epochs) == (3, 3)


@both
def test_a_new_learning_rate_reaches_training_that_continues(estimator):
    X, y = data(estimator)
    model = make(estimator, warm_start=True, learning_rate_schedule="constant").fit(X, y)
    model.set_params(learning_rate=1e-4).fit(X, y)
    assert {group["lr"] for group in model.net_.optimizer_.param_groups} == {1e-4}


class StopAfter(Callback):
    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.n_epochs:
            self.weights = copy.deepcopy(net.module_.state_dict())
            raise KeyboardInterrupt


@both
def test_an_epoch_that_a_callback_ends_the_fit_with_counts(estimator):
    X, y = data(estimator)
    stop = StopAfter(5)
    model = make(
        estimator,
        early_stopping=True,
        max_epochs=9,
        learning_rate=1e-3,
        learning_rate_schedule="constant",
        callbacks=[stop],
    ).fit(X, y)
    assert model.n_iter_ == 5
    assert np.argmin(model.validation_loss_curve_) == 4
    for name, weight in model.module_.state_dict().items():
        assert torch.equal(weight, stop.weights[name])
    with pytest.raises(ValueError, match="diverged"):
        make(
            estimator, optimizer="sgd", learning_rate=1e30, gradient_clip=None,
            callbacks=[StopAfter(1)],
        ).fit(X, 1e3 * y if estimator is LSTMRegressor else y)  # fmt: skip


@both
def test_the_same_samples_validate_while_training_continues(estimator):
    X, y = data(estimator)
    kept = []

    class Keep(Callback):
        def on_train_begin(self, net, X=None, **kwargs):
            kept.append(X.valid.sequences.first)

    model = make(estimator, early_stopping=True, warm_start=True, callbacks=[Keep()])
    model.fit(X, y).fit(X, y)
    assert_array_equal(*kept)


def test_widths_changed_in_place_are_noticed():
    X, y = data(LSTMRegressor)
    widths = [4]
    model = make(LSTMRegressor, hidden_layer_sizes=widths, warm_start=True).fit(X, y)
    widths[0] = 8
    with pytest.raises(ValueError, match="hidden_layer_sizes changed"):
        model.fit(X, y)


def test_a_splitter_without_a_seed_leaves_numpy_alone():
    X, y = data(LSTMRegressor)
    before = pickle.dumps(np.random.get_state())  # noqa: NPY002
    options = {"early_stopping": True, "validation_split": ShuffleSplit(1)}
    first, second = (make(LSTMRegressor, **options).fit(X, y).predict(X) for _ in range(2))
    assert_array_equal(first, second)
    assert pickle.dumps(np.random.get_state()) == before  # noqa: NPY002
    assert options["validation_split"].random_state is None


needs_bfloat16 = pytest.mark.skipif(
    not runtime._has_bfloat16("cpu"), reason="no instructions for bfloat16"
)


@both
@needs_bfloat16
def test_bfloat16_is_near_to_float32(estimator):
    X, y = data(estimator)
    single, half = (
        make(estimator, precision=precision, hidden_layer_sizes=16, max_epochs=20).fit(X, y)
        for precision in ("float32", "bfloat16")
    )
    assert half.loss_curve_ != single.loss_curve_
    np.testing.assert_allclose(half.loss_curve_, single.loss_curve_, rtol=0.1, atol=0.02)
    assert {weight.dtype for weight in half.module_.parameters()} == {torch.float32}
    again = pickle.loads(pickle.dumps(half))
    np.testing.assert_array_equal(again.predict(X), half.predict(X))


@both
def test_bfloat16_without_instructions_leaves_a_fitted_model_alone(estimator, monkeypatch):
    X, y = data(estimator)
    model = make(estimator).fit(X, y)
    before = model.predict(X)
    monkeypatch.setattr(runtime, "_has_bfloat16", lambda kind: False)
    with pytest.raises(ValueError, match="precision='bfloat16' needs a device"):
        model.set_params(precision="bfloat16").fit(X, y)
    np.testing.assert_array_equal(model.predict(X), before)
