import warnings

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from torch import nn

from sklstm import LSTMClassifier, make_windows
from sklstm.data import as_sequences
from sklstm.estimators import course
from sklstm.estimators.part import Part
from sklstm.training import DivergedError

OPTIONS = {"hidden_layer_sizes": 8, "bidirectional": False, "random_state": 0, "device": "cpu"}


def levels(n, flipped, seed=0):
    """Return sequences whose label is their level's sign, or in a share of cases the other."""
    rng = np.random.default_rng(seed)
    level = rng.normal(size=n)
    X = level[:, None, None] + rng.normal(size=(n, 8, 1))
    return X, np.where((level > 0) ^ (rng.random(n) < flipped), "high", "low")


def alternations(n, seed=0):
    """Return sequences whose label is whether their signs alternate."""
    rng = np.random.default_rng(seed)
    X = np.abs(rng.normal(size=(n, 12, 1))) + 0.5
    y = np.arange(n) % 2
    X[y == 1, ::2] *= -1
    return X, y


def whole_course(model, X, y):
    """Fit for as many passes as "auto" stands for at most."""
    n_epochs = round(model.n_iter_ / model.epochs_share_)
    return LSTMClassifier(**OPTIONS, max_epochs=n_epochs).fit(X, y)


def verdict(losses, temperature=1.0):
    losses = np.atleast_1d(losses)
    weight = np.full(len(losses), 1 / len(losses))
    return course._Verdict(losses, weight, temperature)


def test_noisy_labels_are_not_learnt_by_heart():
    X, y = levels(400, 0.1)
    X_new, y_new = levels(1_000, 0.1, seed=1)
    model = LSTMClassifier(32, random_state=0).fit(X, y)
    n_epochs = round(model.n_iter_ / model.epochs_share_)
    whole = LSTMClassifier(32, random_state=0, max_epochs=n_epochs).fit(X, y)
    assert model.epochs_share_ < 1
    assert model.score(X_new, y_new) > whole.score(X_new, y_new) + 0.01
    losses = [log_loss(y_new, each.predict_proba(X_new)) for each in (model, whole)]
    assert losses[0] < losses[1] - 0.1


def test_what_leaves_no_doubt_is_trained_as_before():
    X, y = alternations(100)
    model = LSTMClassifier(**OPTIONS).fit(X, y)
    assert (model.epochs_share_, model.temperature_) == (1, 1)
    assert_array_equal(model.decision_function(X), whole_course(model, X, y).decision_function(X))


def test_a_network_that_is_too_sure_says_the_same_less_loudly(monkeypatch):
    X, y = levels(80, 0.2)
    sure = LSTMClassifier(**OPTIONS, max_epochs=30).fit(X, y)
    monkeypatch.setattr(course, "_try", lambda *args: verdict(1.0, temperature=4.0))
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 30 * 10)
    model = LSTMClassifier(**OPTIONS).fit(X, y)
    assert model.n_iter_ == 30
    np.testing.assert_allclose(
        model.decision_function(X), 0.25 * sure.decision_function(X), rtol=1e-6
    )
    assert_array_equal(model.predict(X), sure.predict(X))
    stream = model.stream(method="predict_proba")
    *_, last = (stream.step(step) for step in X[0])
    with torch.no_grad():
        exported = model.module_(torch.as_tensor(X[:1], dtype=torch.float32)).softmax(dim=1)
    for each in (last, exported[0]):
        np.testing.assert_allclose(each, model.predict_proba(X[:1])[0], atol=1e-5)


def test_the_temperature_is_that_of_a_logistic_regression():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(300, 2)) * 3
    margin = scores[:, 1:] - scores[:, :1]
    numbers = (rng.random(300) < 1 / (1 + np.exp(-0.4 * margin[:, 0]))).astype(int)
    weight = rng.uniform(0.5, 2, size=300)
    losses, temperature = course._log_losses(scores, numbers, weight)
    line = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-8)
    line.fit(margin, numbers, sample_weight=weight)
    assert 1 / temperature == pytest.approx(line.coef_[0, 0], rel=1e-3)
    loss = log_loss(numbers, line.predict_proba(margin), sample_weight=weight)
    assert np.average(losses, weights=weight) == pytest.approx(loss, rel=1e-6)


def test_what_is_never_wrong_keeps_its_scores():
    numbers = np.array([0, 1, 2, 0])
    assert course._log_losses(np.eye(3)[numbers] * 5, numbers, np.ones(4))[1] == 1


def test_what_says_nothing_is_not_put_out():
    numbers = np.array([0, 1, 2, 0])
    temperature = course._log_losses(-np.eye(3)[numbers], numbers, np.ones(4))[1]
    assert temperature == pytest.approx(100, rel=1e-2)


def tried(*losses):
    """Return what came out of the courses of given log losses."""
    return dict(zip((1 / 8, 1 / 3, 1.0), map(verdict, losses), strict=False))


ONE_BY_ONE = np.array([0.1, 0.2, 0.3, 0.4])
UNEVEN = np.array([-0.3, 0.1, 0.3, 0.3])  # 0.1 on average, with a standard error of 0.13 (0.12)


@pytest.mark.parametrize(
    ("short", "middle", "share"),
    [
        (-0.10, -0.05, 1 / 8),
        (-0.05, -0.10, 1 / 3),
        (0.05, 0.10, 1.0),
        (-UNEVEN, 0.10, 1.0),
        (-UNEVEN - 0.05, 0.10, 1 / 8),
    ],
)
def test_a_shorter_course_must_be_clearly_better(short, middle, share):
    trials = tried(ONE_BY_ONE + short, ONE_BY_ONE + middle, ONE_BY_ONE)
    assert course._best(trials) == share


@pytest.mark.parametrize(
    ("short", "middle", "is_clear"),
    [(0.5, 0.3, True), (0.5, 0.45, False), (0.5, 0.6, False), (0.03, 0.04, True)],
)
def test_more_passes_are_sure_to_help(short, middle, is_clear):
    assert course._is_clear(tried(short, middle), float(np.log(2))) == is_clear


@pytest.fixture
def no_trials(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a fit on trial")

    monkeypatch.setattr(course, "fit_without", refuse)
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 20)


class Own(nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.output = nn.Linear(n_features, n_outputs)

    def forward(self, x, lengths):
        return self.output(x.sum(1))


@pytest.mark.parametrize(
    ("n_samples", "changed"),
    [
        (59, {}),
        (80, {"max_epochs": 2}),
        (80, {"early_stopping": True}),
        (80, {"loss": "hinge"}),
        (80, {"module": Own}),
        (80, {"class_weight": {"high": 0}}),
    ],
)
@pytest.mark.usefixtures("no_trials")
def test_nothing_is_tried(n_samples, changed):
    model = LSTMClassifier(**{**OPTIONS, **changed})
    X, y = levels(n_samples, 0.0)
    if "class_weight" in changed:  # only a few have a weight, and all lie in one block
        y = np.where(np.arange(n_samples) == 3, "low", "high")
    model.fit(X, y)
    assert (model.epochs_share_, model.temperature_) == (1, 1)


@pytest.mark.usefixtures("no_trials")
def test_batches_and_labels_of_steps_are_not_tried():
    X, y = levels(80, 0.0)
    model = LSTMClassifier(**OPTIONS).partial_fit(X, y, classes=["high", "low"])
    assert (model.epochs_share_, model.temperature_) == (1, 1)
    steps = LSTMClassifier(**OPTIONS, return_sequences=True).fit(X, np.repeat(y[:, None], 8, 1))
    assert (steps.epochs_share_, steps.temperature_) == (1, 1)


def test_too_many_samples_are_not_tried(monkeypatch, no_trials):
    monkeypatch.setattr(course, "_MOST_SAMPLES", 79)
    assert LSTMClassifier(**OPTIONS).fit(*levels(80, 0.0)).epochs_share_ == 1


def hold_out(X, y, seed=0):
    numbers = np.unique(y, return_inverse=True)[1]
    return course._hold_out(Part(as_sequences(X), y, None), numbers, seed), numbers


@pytest.mark.parametrize("is_sorted", [False, True])
def test_classes_are_held_out_alike(is_sorted):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(20), 8)
    y = y if is_sorted else rng.permutation(y)
    (kept, held_out), _ = hold_out(rng.normal(size=(160, 4, 1)), y)
    assert_array_equal(np.bincount(y[held_out]), np.full(20, 2))
    assert_array_equal(np.sort(np.r_[kept, held_out]), np.arange(160))


def test_of_windows_the_last_are_held_out():
    X, _ = make_windows(np.arange(203.0), 4)
    (kept, held_out), _ = hold_out(X, np.arange(200) % 2)
    assert held_out[0] > kept[-1] + 3
    assert held_out[-1] == 198


def test_a_class_of_which_nothing_is_kept_does_not_count():
    """Nothing could be learnt of it, and being wrong about it says nothing."""
    series = np.sin(np.arange(243) / 2)
    X, _ = make_windows(series, 4)
    y = np.where(X[:, -1] > 0, "up", "down").astype(object)
    y[-30:] = "new"
    model = LSTMClassifier(**OPTIONS).fit(X, y)
    assert model.temperature_ < 2
    assert model.score(X[:200], y[:200]) > 0.9
    (_, held_out), _ = hold_out(X, y)
    y[held_out] = "new"
    assert LSTMClassifier(**OPTIONS).fit(X, y).temperature_ == 1


def test_neighbouring_windows_count_as_one(monkeypatch):
    told = {}

    def listen(share):
        def ask(tried):
            told.update(tried)
            return share

        return ask

    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 20)
    monkeypatch.setattr(course, "_best", listen(1.0))
    monkeypatch.setattr(course, "_is_clear", lambda tried, entropy: False)
    X, _ = make_windows(np.random.default_rng(0).normal(size=400), 10)
    y = np.arange(len(X)) % 2
    LSTMClassifier(**OPTIONS).fit(X, y)
    held_out = -(-len(X) // 4) - 1
    assert len(told[1.0].losses) == -(-held_out // 10)
    apart = np.random.default_rng(0).normal(size=(160, 10, 1))
    LSTMClassifier(**OPTIONS).fit(apart, np.arange(160) % 2)
    assert len(told[1.0].losses) == 40


def test_many_classes_are_no_numbers():
    X = np.random.default_rng(0).normal(size=(120, 3, 1))
    y = np.arange(120) % 30
    options = {**OPTIONS, "hidden_layer_sizes": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LSTMClassifier(**options).fit(X, y)
        LSTMClassifier(**options).partial_fit(X, y, classes=np.arange(30))


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_trial_that_diverges_decides_nothing(monkeypatch):
    def diverge(*args):
        raise DivergedError("too fast")

    monkeypatch.setattr(course, "_try", diverge)
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 20)
    model = LSTMClassifier(**OPTIONS).fit(*levels(80, 0.2))
    assert (model.epochs_share_, model.temperature_) == (1, 1)


def test_trials_leave_the_users_callbacks_alone(monkeypatch):
    from skorch.callbacks import Callback

    class Counter(Callback):
        n_fits = 0

        def on_train_begin(self, net, X=None, y=None, **kwargs):
            self.n_fits += 1

    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 20)
    counter = Counter()
    LSTMClassifier(**OPTIONS, callbacks=[counter]).fit(*levels(80, 0.2))
    assert counter.n_fits == 1


def test_an_interrupted_trial_ends_the_fit(monkeypatch):
    X, y = levels(80, 0.2)
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 20)
    model = LSTMClassifier(**OPTIONS).fit(X, y)
    before = model.predict_proba(X)

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(course, "fit_without", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert_array_equal(model.predict_proba(X), before)


@pytest.fixture
def continued(monkeypatch):
    """Return a model of an eighth of the passes and a temperature of two, to go on with."""
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 160)
    monkeypatch.setattr(course, "_try", lambda *args: verdict(1.0, temperature=2.0))
    monkeypatch.setattr(course, "_best", lambda tried: 1 / 8)
    X, y = levels(120, 0.2)
    return LSTMClassifier(**OPTIONS, warm_start=True).fit(X, y), X, y


def test_training_goes_on_for_the_share_that_was_chosen(continued):
    model, X, y = continued
    assert model.n_iter_ == 2  # of 20
    assert model.fit(X, y).n_iter_ == 4
    assert model.set_params(max_epochs=10).fit(X, y).n_iter_ == 14
    model.set_params(max_epochs="auto", early_stopping=True, n_iter_no_change=1_000)
    assert model.fit(X, y).n_iter_ == 14 + 20


@pytest.mark.parametrize("go_on", ["fit", "partial_fit"])
def test_training_goes_on_from_the_scores_before_they_were_divided(continued, go_on):
    model, X, y = continued
    same = LSTMClassifier(**OPTIONS, warm_start=True, max_epochs=2).fit(X, y)
    for each in (model, same):
        getattr(each, go_on)(X, y)
    assert model.temperature_ == 2
    np.testing.assert_allclose(2 * model.decision_function(X), same.decision_function(X), rtol=1e-5)


def test_who_fails_to_go_on_leaves_the_scores_divided(continued):
    model, X, y = continued
    before = model.decision_function(X)
    model.set_params(learning_rate=1e30)
    with pytest.raises(DivergedError), np.errstate(all="ignore"):
        model.fit(X, y)
    assert_array_equal(model.decision_function(X), before)


@pytest.mark.parametrize(("n_samples", "n_tried"), [(119, 2), (120, 3)])
def test_few_samples_do_not_tell_courses_apart(monkeypatch, n_samples, n_tried):
    tried = []

    def listen(*args):
        tried.append(args)
        return verdict(1.0, temperature=3.0)

    monkeypatch.setattr(course, "_try", listen)
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 480)
    model = LSTMClassifier(**OPTIONS, batch_size=n_samples // 5).fit(*levels(n_samples, 0.2))
    assert len(tried) == n_tried
    assert (model.epochs_share_, model.temperature_) == (1, 3)
