import warnings
from copy import deepcopy

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler
from torch import nn

from sklstm import LSTMClassifier, make_windows
from sklstm.data import ClassTargets, as_sequences
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


def symbols(n, seed=0):
    """Return sequences of four symbols, whose label is that of the tenth step's kind."""
    rng = np.random.default_rng(seed)
    X = rng.integers(4, size=(n, 30, 1))
    return X, np.array(["even", "odd"])[X[:, 9, 0] % 2]


def verdict(losses, temperature=1.0):
    losses = np.atleast_1d(losses)
    weight = np.full(len(losses), 1 / len(losses))
    return course._Verdict(losses, weight, temperature)


def trial(losses, temperature=1.0):
    """Return what a course says that no map joins."""
    alone = verdict(losses, temperature)
    return course._Trial(alone, alone)


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
    monkeypatch.setattr(course, "_try", lambda *args: trial(1.0, temperature=4.0))
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 30 * 10)
    model = LSTMClassifier(**OPTIONS).fit(X, y)
    assert model.n_iter_ == 30
    assert_allclose(model.decision_function(X), 0.25 * sure.decision_function(X), rtol=1e-6)
    assert_array_equal(model.predict(X), sure.predict(X))
    stream = model.stream(method="predict_proba")
    *_, last = (stream.step(step) for step in X[0])
    with torch.no_grad():
        exported = model.module_(torch.as_tensor(X[:1], dtype=torch.float32)).softmax(dim=1)
    for each in (last, exported[0]):
        assert_allclose(each, model.predict_proba(X[:1])[0], atol=1e-5)


def test_the_temperature_is_that_of_a_logistic_regression():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(300, 2)) * 3
    margin = scores[:, 1:] - scores[:, :1]
    numbers = (rng.random(300) < 1 / (1 + np.exp(-0.4 * margin[:, 0]))).astype(int)
    weight = rng.uniform(0.5, 2, size=300)
    losses, (inverse,) = course._log_losses([scores], numbers, weight)
    line = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-8)
    line.fit(margin, numbers, sample_weight=weight)
    assert inverse == pytest.approx(line.coef_[0, 0], rel=1e-3)
    loss = log_loss(numbers, line.predict_proba(margin), sample_weight=weight)
    assert np.average(losses, weights=weight) == pytest.approx(loss, rel=1e-6)


def test_what_is_never_wrong_keeps_its_scores():
    numbers = np.array([0, 1, 2, 0])
    assert course._log_losses([np.eye(3)[numbers] * 5], numbers, np.ones(4))[1] == 1


def test_what_says_nothing_is_not_put_out():
    numbers = np.array([0, 1, 2, 0])
    inverse = course._log_losses([-np.eye(3)[numbers]], numbers, np.ones(4))[1]
    assert inverse == 0.01


def test_the_weights_of_network_and_map_are_those_of_a_logistic_regression():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(2, 300, 3)) * 3
    p = softmax(0.3 * scores[0] + 0.8 * scores[1], axis=1)
    numbers = (rng.random(300)[:, None] > p.cumsum(axis=1)).sum(axis=1)
    weight = rng.uniform(0.5, 2, size=300)
    losses, factors = course._log_losses(scores, numbers, weight)

    def mean(factors):
        p = softmax(factors[0] * scores[0] + factors[1] * scores[1], axis=1)
        return log_loss(numbers, p, sample_weight=weight)

    best = minimize(mean, [0.5, 0.5], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    assert_allclose(factors, best.x, rtol=1e-3)
    assert np.average(losses, weights=weight) == pytest.approx(best.fun, rel=1e-6)


def test_a_map_that_says_nothing_has_no_weight():
    numbers = np.array([0, 1, 2, 0])
    scores = np.eye(3)[numbers]
    assert_array_equal(course._log_losses([scores, -scores], numbers, np.ones(4))[1], [1, 0])


def tried(*losses):
    """Return what came out of the courses of given log losses."""
    return dict(zip((1 / 8, 1 / 3, 1.0), map(trial, losses), strict=False))


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


def test_a_class_of_which_nothing_is_kept_does_not_count(monkeypatch):
    """Nothing could be learnt of it, and being wrong about it says nothing."""
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 400)
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
    assert len(told[1.0].alone.losses) == -(-held_out // 10)
    apart = np.random.default_rng(0).normal(size=(160, 10, 1))
    LSTMClassifier(**OPTIONS).fit(apart, np.arange(160) % 2)
    assert len(told[1.0].alone.losses) == 40


def test_many_classes_are_no_numbers(monkeypatch):
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 20)
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
    monkeypatch.setattr(course, "_try", lambda *args: trial(1.0, temperature=2.0))
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
    assert_allclose(2 * model.decision_function(X), same.decision_function(X), rtol=1e-5)


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
        return trial(1.0, temperature=3.0)

    monkeypatch.setattr(course, "_try", listen)
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 480)
    model = LSTMClassifier(**OPTIONS, batch_size=n_samples // 5).fit(*levels(n_samples, 0.2))
    assert len(tried) == n_tried
    assert (model.epochs_share_, model.temperature_) == (1, 3)


@pytest.mark.parametrize(
    ("n", "alone", "joined", "wants"),
    [(200, 0.5, 0.49, False), (200, 0.5, 0.48, True), (20, 0.5, 0.46, False), (20, 0.5, 0.4, True)],
)
def test_a_map_must_be_worth_having(n, alone, joined, wants):
    """By 0.014 of two classes that are as frequent, and by one over the number of samples."""
    tried = course._Trial(verdict(np.full(n, alone)), verdict(np.full(n, joined)))
    assert tried.wants_map(float(np.log(2))) is wants


@pytest.fixture(scope="module")
def joined():
    """Return a model that a linear map has joined, and new data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 200)
        model = LSTMClassifier(**OPTIONS).fit(*symbols(160))
    return model, *symbols(500, seed=1)


def test_a_linear_map_joins_where_classes_hang_on_one_step(joined):
    model, X, y = joined
    alone = LSTMClassifier(**OPTIONS, linear_skip=False, max_epochs=10).fit(*symbols(160))
    assert (alone.linear_share_, alone.targets_.linear) == (0, None)
    assert model.linear_share_ > 0.5
    assert model.score(X, y) > 0.99 > alone.score(X, y) + 0.1
    assert log_loss(y, model.predict_proba(X)) < 0.1


def test_scores_are_those_of_the_network_and_of_the_map(joined):
    model, X, _ = joined
    assert isinstance(model.targets_, ClassTargets)
    with torch.no_grad():
        scores = model.module_(torch.as_tensor(X, dtype=torch.float32)).numpy()
    scores = scores + model.targets_.linear(as_sequences(X))
    assert_allclose(model.predict_proba(X), softmax(scores, axis=1), rtol=1e-5)
    assert_allclose(model.predict_log_proba(X), log_softmax(scores, axis=1), rtol=1e-5, atol=1e-9)
    assert_allclose(model.decision_function(X), scores[:, 1] - scores[:, 0], rtol=1e-5)
    assert_array_equal(model.predict(X), model.classes_[scores.argmax(axis=1)])


def test_the_map_is_fitted_to_all_samples(joined):
    model, *_ = joined
    X, y = symbols(160)
    table = np.hstack([X[:, :, 0] >= value for value in (1, 2, 3)]).astype(float)
    table = StandardScaler().fit_transform(table)
    classes = np.eye(2)[np.searchsorted(model.classes_, y)]
    scaled = StandardScaler().fit(classes)
    chosen = RidgeCV(alphas=np.logspace(-4, 3, 29) * 160).fit(table, scaled.transform(classes))
    expected = scaled.inverse_transform(chosen.predict(table))
    found = model.targets_.linear(as_sequences(X))
    weight = np.ptp(found[:, 0]) / np.ptp(expected[:, 0])
    assert weight > 0
    assert_allclose(found, weight * expected, rtol=1e-6, atol=1e-9)


@pytest.mark.filterwarnings("ignore:The linear map makes up")
def test_a_map_stays_where_training_goes_on(joined):
    model, X, y = deepcopy(joined)
    linear = model.targets_.linear
    model.partial_fit(X, y)
    assert model.targets_.linear is linear
    model.set_params(warm_start=True, max_epochs=2, early_stopping=True).fit(X, y)
    assert model.targets_.linear is linear
    assert model.best_validation_score_ > 0.99


def test_what_a_map_has_joined_is_no_stream(joined):
    with pytest.raises(ValueError, match=r"linear map.*linear_skip=False"):
        joined[0].stream()


def test_the_whole_course_is_tried_with_a_map(monkeypatch):
    """Else its network, surer than that of the middle one, would have too much weight."""
    tried = []

    def listen(*args):
        tried.append(args)
        return course._Trial(verdict(np.full(40, 0.5)), verdict(np.zeros(40)))

    monkeypatch.setattr(course, "_try", listen)
    monkeypatch.setattr(course, "_is_clear", lambda tried, entropy: True)
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 20)
    LSTMClassifier(**OPTIONS).fit(*symbols(120))
    assert len(tried) == 3


@pytest.mark.parametrize("class_weight", [{"even": 0, "odd": 1}, "balanced"])
def test_classes_of_a_map_may_have_weights(class_weight, monkeypatch):
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 200)
    X, y = symbols(160)
    rare = np.flatnonzero((y == "odd") | (np.arange(160) % 4 == 0))
    model = LSTMClassifier(**OPTIONS, class_weight=class_weight).fit(X[rare], y[rare])
    assert np.isfinite(model.predict_proba(X)).all()
    assert (model.linear_share_ > 0) is (class_weight == "balanced")


def test_there_is_no_map_to_force():
    with pytest.raises(ValueError, match="'linear_skip' parameter of an LSTMClassifier"):
        LSTMClassifier(linear_skip=True).fit(*symbols(20))


def test_a_map_reads_the_last_steps(joined):
    model, X, _ = joined
    longer = np.concatenate([np.zeros((len(X), 5, 1), int), X], axis=1)
    linear = model.targets_.linear
    assert_array_equal(linear(as_sequences(longer)), linear(as_sequences(X)))
    assert len(model.predict([sequence[20:] for sequence in X])) == len(X)


def test_of_sequences_of_several_lengths_there_is_no_map(monkeypatch):
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 20)
    X, y = symbols(160)
    uneven = [sequence[i % 2 :] for i, sequence in enumerate(X)]
    assert LSTMClassifier(**OPTIONS).fit(uneven, y).linear_share_ == 0


def test_one_sequence_of_another_length_leaves_no_map(monkeypatch):
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 20)
    X, y = symbols(120)
    part = Part(as_sequences(X), y, None)
    numbers = np.unique(y, return_inverse=True)[1]
    model = LSTMClassifier(**OPTIONS)
    model.classes_, model.categorical_, model.class_weight_ = np.unique(y), [], np.ones(2)
    kept, held_out = course._hold_out(part, numbers, 0)
    model.targets_ = ClassTargets(model.classes_)
    assert course._fit_trial_map(model, part, kept) is not None
    uneven = [x[int(i == held_out[0]) :] for i, x in enumerate(X)]
    assert course._fit_trial_map(model, Part(as_sequences(uneven), y, None), kept) is None


def test_a_map_is_fitted_without_classes_of_weight_zero(monkeypatch):
    monkeypatch.setattr(LSTMClassifier, "_n_steps", lambda self, n_samples: 20)
    series = np.random.default_rng(0).normal(size=167)
    X, _ = make_windows(series, 8)
    y = np.zeros(159, dtype=int)
    y[100:] = 1 + (X[100:, -1] > 0)
    y[:100][::25] = 1
    y[:100][1::25] = 2
    model = LSTMClassifier(**OPTIONS, class_weight={0: 0, 1: 1, 2: 1}).fit(X[:159], y)
    assert np.isfinite(model.predict_proba(X)).all()
    linear = course.fit_class_map(model, Part(as_sequences(X[:159]), y, None), force=True)
    counts = np.flatnonzero(y)
    without = Part(as_sequences(X[counts]), y[counts], None)
    expected = course.fit_class_map(model, without, force=True)
    assert_allclose(linear(as_sequences(X)), expected(as_sequences(X)), rtol=1e-6)


def test_the_map_reads_what_it_was_judged_with(monkeypatch):
    """Also where all samples have more columns than it may choose to have."""
    X, y = symbols(160)
    model = LSTMClassifier(**OPTIONS)
    model.classes_, model.categorical_, model.class_weight_ = np.unique(y), [], np.ones(2)
    model.targets_ = ClassTargets(model.classes_)
    part = Part(as_sequences(X), y, None)
    monkeypatch.setattr("sklstm.data.linear._MAX_COLUMNS", 89)
    assert course.fit_class_map(model, part, force=True).reading.encoding is None
    linear = course.fit_class_map(model, part, force=True, encodes_steps=True)
    assert linear.reading.encoding is not None


def test_a_model_that_is_mostly_a_map_says_that_it_learns_little(joined):
    model, X, y = deepcopy(joined)
    model.linear_share_ = 0.95
    with pytest.warns(UserWarning, match=r"linear map makes up 0\.95.*linear_skip=False"):
        model.partial_fit(X, y)
