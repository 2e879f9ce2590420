import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from torch import nn

from sklstm import LSTMClassifier
from sklstm.estimators import course

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


def verdict(losses, trust=1.0):
    losses = np.atleast_1d(losses)
    return course._Verdict(losses, np.full(len(losses), 1 / len(losses)), trust)


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
    assert (model.epochs_share_, model.network_trust_) == (1, 1)
    assert_array_equal(model.decision_function(X), whole_course(model, X, y).decision_function(X))


def test_a_network_that_is_too_sure_says_the_same_less_loudly(monkeypatch):
    X, y = levels(80, 0.2)
    sure = LSTMClassifier(**OPTIONS, max_epochs=30).fit(X, y)
    monkeypatch.setattr(course, "_try", lambda *args, **changed: verdict(1.0, trust=0.25))
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 30 * 10)
    model = LSTMClassifier(**OPTIONS).fit(X, y)
    assert model.n_iter_ == 30
    np.testing.assert_allclose(
        model.decision_function(X), 0.25 * sure.decision_function(X), rtol=1e-6
    )
    assert_array_equal(model.predict(X), sure.predict(X))


def test_the_factor_is_that_of_a_logistic_regression():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(300, 2)) * 3
    margin = scores[:, 1:] - scores[:, :1]
    numbers = (rng.random(300) < 1 / (1 + np.exp(-0.4 * margin[:, 0]))).astype(int)
    weight = rng.uniform(0.5, 2, size=300)
    verdict = course._judge(scores, numbers, weight)
    line = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-8)
    line.fit(margin, numbers, sample_weight=weight)
    assert verdict.trust == pytest.approx(line.coef_[0, 0], rel=1e-3)
    loss = log_loss(numbers, line.predict_proba(margin), sample_weight=weight)
    assert verdict.loss == pytest.approx(loss, rel=1e-6)


def test_what_is_never_wrong_keeps_its_scores():
    numbers = np.array([0, 1, 2, 0])
    assert course._judge(np.eye(3)[numbers] * 5, numbers, np.ones(4)).trust == 1


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
    assert (model.epochs_share_, model.network_trust_) == (1, 1)


@pytest.mark.usefixtures("no_trials")
def test_batches_and_labels_of_steps_are_not_tried():
    X, y = levels(80, 0.0)
    model = LSTMClassifier(**OPTIONS).partial_fit(X, y, classes=["high", "low"])
    assert (model.epochs_share_, model.network_trust_) == (1, 1)
    steps = LSTMClassifier(**OPTIONS, return_sequences=True).fit(X, np.repeat(y[:, None], 8, 1))
    assert (steps.epochs_share_, steps.network_trust_) == (1, 1)


def test_too_many_samples_are_not_tried(monkeypatch, no_trials):
    monkeypatch.setattr(course, "_MOST_SAMPLES", 79)
    assert LSTMClassifier(**OPTIONS).fit(*levels(80, 0.0)).epochs_share_ == 1


def test_a_class_may_be_missing_among_those_kept(monkeypatch):
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 20)
    X, y = levels(80, 0.0)
    y[3] = "unseen"
    model = LSTMClassifier(**OPTIONS, class_weight="balanced").fit(X, y)
    assert model.predict_proba(X).shape == (80, 3)


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


def test_training_goes_on_for_the_share_that_was_chosen(monkeypatch):
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 20)
    monkeypatch.setattr(course, "_try", lambda *args, **changed: verdict(1.0, trust=0.5))
    monkeypatch.setattr(course, "_best", lambda tried: 1 / 8)
    X, y = levels(80, 0.2)
    model = LSTMClassifier(**OPTIONS, warm_start=True).fit(X, y)
    n_epochs, scores = model.n_iter_, model.decision_function(X)
    model.fit(X, y)
    assert (model.n_iter_, model.network_trust_) == (2 * n_epochs, 0.5)
    assert not np.array_equal(model.decision_function(X), scores)


@pytest.mark.parametrize(("place", "crop"), [(0, 0.0), (40, "auto")])
def test_heads_are_kept_where_classes_hang_on_them(monkeypatch, place, crop):
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 800)
    rng = np.random.default_rng(0)
    X = 0.5 * rng.normal(size=(200, 48, 1))
    y = rng.integers(2, size=200)
    X[:, place : place + 4, 0] += np.where(y, 1, -1)[:, None]
    model = LSTMClassifier(8, random_state=0).fit(X, y)
    assert model.random_crop_ == crop
    assert model.module_.crop.share == (0.2 if crop == "auto" else 0.0)


@pytest.mark.parametrize(("n_timesteps", "changed"), [(39, {}), (48, {"random_crop": 0.1})])
def test_whole_sequences_are_not_tried_where_they_are_told_of(monkeypatch, n_timesteps, changed):
    crops = []

    def listen(*args, random_crop, **others):
        crops.append(random_crop)
        return verdict(1.0)

    monkeypatch.setattr(course, "_try", listen)
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 20)
    X = np.random.default_rng(0).normal(size=(80, n_timesteps, 1))
    LSTMClassifier(**OPTIONS, **changed).fit(X, np.arange(80) % 2)
    assert crops == [changed.get("random_crop", "auto")] * 3
