"""One output a time step, in both estimators."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict
from torch import nn

from sklstm import LSTMClassifier, LSTMRegressor

SMALL = {"hidden_layer_sizes": 8, "max_epochs": 3, "random_state": 0, "return_sequences": True}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def ragged(rng, n_samples=40):
    """Whether an odd number of ones came so far, and how many came."""
    X = [(rng.random((n, 1)) > 0.5).astype(float) for n in rng.integers(2, 9, size=n_samples)]
    counts = [x[:, 0].cumsum() for x in X]
    return X, [np.where(c % 2, "odd", "even") for c in counts], counts


def kinds():
    return [LSTMClassifier(**SMALL, bidirectional=False), LSTMRegressor(**SMALL)]


def data_for(model, rng, n_samples=40):
    X, labels, counts = ragged(rng, n_samples)
    return X, labels if isinstance(model, LSTMClassifier) else counts


def test_parity_of_every_prefix_is_learnt(rng):
    X, labels, _ = ragged(rng, 300)
    model = LSTMClassifier(16, bidirectional=False, return_sequences=True, random_state=0)
    assert model.fit(X[:200], labels[:200]).score(X[200:], labels[200:]) > 0.99


def test_a_running_mean_is_learnt(rng):
    X = rng.normal(5.0, 2.0, size=(300, 10, 1))
    y = 100 * X.cumsum(axis=1) / np.arange(1, 11)[:, None]
    model = LSTMRegressor(16, return_sequences=True, random_state=0).fit(X[:200], y[:200])
    assert model.predict(X[200:]).shape == (100, 10, 1)
    assert model.score(X[200:], y[200:]) > 0.97


@pytest.mark.parametrize("model", kinds())
def test_outputs_depend_on_neither_padding_nor_neighbours(model, rng):
    X, y = data_for(model, rng)
    method = "predict_proba" if isinstance(model, LSTMClassifier) else "predict"
    together = getattr(model.fit(X, y), method)(X)
    assert together.shape == (40,)
    for x, part in zip(X, together, strict=True):
        alone = getattr(model, method)([x])[0]
        assert len(part) == len(x)
        assert_allclose(part, alone, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("model", kinds())
def test_outputs_of_a_prefix_are_the_prefix_of_the_outputs(model, rng):
    X, y = data_for(model, rng)
    method = "predict_proba" if isinstance(model, LSTMClassifier) else "predict"
    predict = getattr(model.fit(X, y), method)
    longest = max(X, key=len)
    whole = predict([longest])[0]
    for n_steps in range(1, len(longest)):
        assert_allclose(predict([longest[:n_steps]])[0], whole[:n_steps], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("model", kinds())
def test_steps_not_known_are_as_good_as_absent_from_the_loss(model, rng):
    """What stands for an unknown target changes nothing, and the known ones are learnt from."""
    X, y = data_for(model, rng)
    missing = "?" if isinstance(model, LSTMClassifier) else np.nan
    if isinstance(model, LSTMClassifier):
        model.set_params(ignore_label=missing)
    masked = [np.where(rng.random(len(part)) < 0.5, missing, part) for part in y]
    first = clone(model).fit(X, masked)
    known = np.concatenate(masked) != missing
    if isinstance(model, LSTMRegressor):
        known = np.isfinite(np.concatenate(masked))
    predicted = np.concatenate(first.predict(X))[known]
    score = accuracy_score if isinstance(model, LSTMClassifier) else r2_score
    assert first.score(X, masked) == pytest.approx(score(np.concatenate(y)[known], predicted))
    assert not hasattr(first, "classes_") or first.classes_.tolist() == ["even", "odd"]


def test_a_loss_is_the_mean_over_known_steps(rng):
    """One full batch, no step known but two: the loss of the epoch is that of these alone."""
    X = rng.normal(size=(2, 3, 1))
    y = np.full((2, 3), np.nan)
    y[0, 0], y[1, 2] = 1.0, 5.0
    model = LSTMRegressor(
        **{**SMALL, "max_epochs": 1}, learning_rate=1e-12, standardize=False, batch_size=2
    ).fit(X, y)
    error = model.predict(X) - y
    assert model.loss_curve_[0] == pytest.approx(np.nanmean(error**2), rel=1e-5)
    assert_array_equal(model.targets_.mean, 0.0)


def test_targets_are_standardised_by_known_steps(rng):
    y = np.array([[1.0, 3.0, np.nan], [np.nan, np.nan, 8.0]])
    model = LSTMRegressor(**SMALL).fit(rng.normal(size=(2, 3, 1)), y)
    assert_allclose(model.targets_.mean, 4.0)
    assert_allclose(model.targets_.scale, np.std([1, 3, 8]))


def test_one_known_target_has_no_score(rng):
    y = np.full((2, 3), np.nan)
    y[1, 1] = 4.0
    X = rng.normal(size=(2, 3, 1))
    assert np.isnan(LSTMRegressor(**SMALL).fit(X, y).score(X, y))


@pytest.mark.parametrize("model", kinds())
def test_weight_two_is_the_sequence_twice(model, rng):
    X, y = data_for(model, rng, 10)
    model.set_params(precision="float64", batch_size=100, max_epochs=5)
    if isinstance(model, LSTMClassifier):
        model.set_params(dropout=0.0)
    weighted = clone(model).fit(X, y, sample_weight=[2] * 5 + [1] * 5)
    repeated = clone(model).fit(X + X[:5], y + y[:5])
    method = "predict_proba" if isinstance(model, LSTMClassifier) else "predict"
    for a, b in zip(getattr(weighted, method)(X), getattr(repeated, method)(X), strict=True):
        assert_allclose(a, b, rtol=1e-6)


def test_absent_steps_have_no_prediction_and_their_targets_no_effect(rng):
    X = rng.normal(size=(20, 5, 1))
    y = X[:, :, 0].cumsum(axis=1)
    X[0, :2] = np.nan
    model = LSTMRegressor(**SMALL).fit(X, y)
    changed = y.copy()
    changed[0, :2] = 1e6
    again = LSTMRegressor(**SMALL).fit(X, changed)
    first, second = model.predict(X), again.predict(X)
    assert [len(part) for part in first] == [3] + [5] * 19
    for a, b in zip(first, second, strict=True):
        assert_array_equal(a, b)


def test_shapes_of_all_methods(rng):
    X, labels, counts = ragged(rng)
    lengths = [len(x) for x in X]
    classifier = LSTMClassifier(**SMALL).fit(X, labels)
    for method, behind in [("predict_proba", (2,)), ("predict_log_proba", (2,))]:
        assert [p.shape for p in getattr(classifier, method)(X)] == [(n, *behind) for n in lengths]
    assert [p.shape for p in classifier.decision_function(X)] == [(n,) for n in lengths]
    gaussian = LSTMRegressor(**SMALL, loss="gaussian", quantile=(0.1, 0.9)).fit(X, counts)
    mean, std = gaussian.predict(X, return_std=True)
    assert [p.shape for p in mean] == [p.shape for p in std] == [(n,) for n in lengths]
    assert [p.shape for p in gaussian.predict_quantiles(X)] == [(n, 2) for n in lengths]
    dense = rng.normal(size=(30, 6, 2))
    two = LSTMRegressor(**SMALL).fit(dense, dense)
    assert two.predict(dense).shape == (30, 6, 2)
    assert two.n_outputs_ == 2


def test_early_stopping_scores_the_steps(rng):
    X, labels, _ = ragged(rng, 60)
    model = LSTMClassifier(**SMALL, early_stopping=True).fit(X, labels)
    assert 0.0 <= model.best_validation_score_ <= 1.0
    given = LSTMClassifier(**SMALL, early_stopping=True)
    given.fit(X[:40], labels[:40], X_val=X[40:], y_val=labels[40:])
    assert given.best_validation_score_ == pytest.approx(given.score(X[40:], labels[40:]))


def test_class_weights_count_steps(rng):
    X = rng.normal(size=(10, 4, 1))
    y = np.zeros((10, 4), dtype=int)
    y[:, 3] = 1
    model = LSTMClassifier(**SMALL, class_weight="balanced").fit(X, y)
    assert_allclose(model.class_weight_, [40 / 2 / 30, 40 / 2 / 10])


def test_training_goes_on(rng):
    X, labels, counts = ragged(rng)
    model = LSTMClassifier(**SMALL, warm_start=True).fit(X, labels).fit(X, labels)
    assert model.n_iter_ == 6
    model = LSTMClassifier(**SMALL)
    model.partial_fit(X, labels, classes=["even", "odd"]).partial_fit(X, labels)
    assert model.n_iter_ == 2
    with pytest.raises(ValueError, match="return_sequences changed"):
        LSTMRegressor(**SMALL, warm_start=True).fit(X, counts).set_params(
            return_sequences=False
        ).fit(X, [c[-1] for c in counts])


@pytest.mark.parametrize("model", kinds())
def test_search_and_cross_validation(model, rng):
    X, y = data_for(model, rng)
    search = GridSearchCV(model, {"hidden_layer_sizes": [4, 8]}, cv=KFold(2)).fit(X, y)
    assert np.isfinite(search.best_score_)
    predicted = cross_val_predict(model, X, y, cv=KFold(2))
    assert [len(part) for part in predicted] == [len(x) for x in X]


class Doubles(nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.layer = nn.Linear(n_features, n_outputs)

    def forward(self, x, lengths):
        return self.layer(x)


class Whole(Doubles):
    def forward(self, x, lengths):
        return self.layer(x).sum(1)


def test_own_module_has_outputs_of_every_step(rng):
    X, _, counts = ragged(rng)
    model = LSTMRegressor(**SMALL, module=Doubles).fit(X, counts)
    assert [len(part) for part in model.predict(X)] == [len(x) for x in X]
    with pytest.raises(ValueError, match="one row of 1 output\\(s\\) a time step"):
        LSTMRegressor(**SMALL, module=Whole).fit(X, counts)


@pytest.mark.parametrize(
    ("kind", "changed", "message"),
    [
        (LSTMRegressor, {"subtract_last": True}, "subtract_last=True cannot go with return_seq"),
        (LSTMRegressor, {"linear_skip": True}, "linear_skip=True cannot go with return_sequences"),
        (LSTMRegressor, {"linear_skip": np.True_}, "linear_skip=True cannot go with"),
        (LSTMRegressor, {"subtract_last": np.True_}, "subtract_last=True cannot go with"),
        (LSTMRegressor, {"patch_size": 2}, "patch_size=2 makes one of several"),
        (LSTMClassifier, {"validation_split": "stratified"}, "one label a sample"),
    ],
)
def test_parameters_that_do_not_go_together(kind, changed, message, rng):
    X = rng.normal(size=(10, 4, 1))
    y = (X[:, :, 0] > 0).astype(int)
    with pytest.raises(ValueError, match=message):
        kind(**SMALL, **changed).fit(X, y)


def test_one_target_a_sequence_is_refused_and_changes_nothing(rng):
    X = rng.normal(size=(10, 4, 1))
    model = LSTMRegressor(**SMALL).fit(X, X[:, :, 0])
    before = model.predict(X)
    with pytest.raises(ValueError, match="one target a time step"):
        model.fit(X, X[:, 0, 0])
    assert_array_equal(model.predict(X), before)


class Constant(nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.level = nn.Parameter(torch.zeros(n_outputs))

    def forward(self, x, lengths):
        return self.level.expand(*x.shape[:2], -1)


@pytest.mark.parametrize("batch_size", [8, 128])
def test_steps_of_long_sequences_count_as_much_as_others(batch_size):
    """What suits all steps best is their mean, however they meet in batches."""
    X = [np.ones((n, 1)) for n in [1] * 64 + [63] * 64]
    y = [np.full(len(x), float(len(x) == 1)) for x in X]
    model = LSTMRegressor(
        module=Constant,
        return_sequences=True,
        standardize=False,
        gradient_clip=None,
        optimizer="sgd",
        learning_rate=0.05,
        batch_size=batch_size,
        max_epochs=400,
        random_state=0,
    ).fit(X, y)
    assert model.predict([np.ones((1, 1))])[0][0] == pytest.approx(1 / 64, abs=0.01)
    assert model.loss_curve_[-1] == pytest.approx(1 / 64 - 1 / 64**2, rel=0.2)


def test_what_stands_for_an_unknown_label_is_no_class(rng):
    X, y = rng.normal(size=(6, 4, 1)), np.array([[0, 1, 0, 1]] * 6)
    y[0, :2], y[0, 2:] = 2, -1  # the first known label, which is nowhere else
    settings = {**SMALL, "ignore_label": -1}
    dropped = LSTMClassifier(**settings).fit(X, y, sample_weight=[0, 1, 1, 1, 1, 1])
    assert dropped.classes_.tolist() == [0, 1]
    balanced = LSTMClassifier(**settings, class_weight="balanced", early_stopping=True)
    y[1:, 0] = -1
    balanced.fit(X[1:], y[1:])
    assert np.isfinite(balanced.class_weight_).all()


def test_a_part_without_targets_is_named(rng):
    X, y = rng.normal(size=(10, 4, 1)), np.full((10, 4), np.nan)
    y[0] = 1.0
    model = LSTMRegressor(**SMALL, early_stopping=True, validation_split="last")
    with pytest.raises(ValueError, match="no time step has a known target"):
        model.fit(X, y)


@pytest.mark.parametrize("kind", [LSTMRegressor, LSTMClassifier])
def test_a_target_that_only_absent_samples_have_is_none(kind, rng):
    X, y = rng.normal(size=(10, 4, 1)), np.full((10, 4), np.nan)
    y[0] = 1.0
    with pytest.raises(ValueError, match="no target at any time step of the samples of positive"):
        kind(**SMALL).fit(X, y, sample_weight=[0] + [1] * 9)


def test_labels_of_two_kinds_are_refused(rng):
    X = [rng.normal(size=(2, 1)) for _ in range(3)]
    for first in (np.array([1, 2]), np.array([1, "a"], dtype=object)):
        with pytest.raises(ValueError, match="of one kind"):
            LSTMClassifier(**SMALL).fit(X, [first, np.array(["1", "2"]), np.array(["1", "1"])])
