"""Losses, labels and class weights of the classifier."""

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import KFold

from sklstm import LSTMClassifier, make_windows
from sklstm.datasets import make_wave_sequences

TINY = {"hidden_layer_sizes": 4, "max_epochs": 2, "random_state": 0, "device": "cpu"}
QUICK = {
    "hidden_layer_sizes": 8,
    "max_epochs": 15,
    "batch_size": 32,
    "learning_rate": 0.03,
    "random_state": 0,
}


def tiny(**parameters):
    return LSTMClassifier(**{**TINY, **parameters})


def quick(**parameters):
    return LSTMClassifier(**{**QUICK, **parameters})


def samples(n_samples=200, n_classes=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 4, 2))
    edges = np.quantile(X[:, -1, 0], np.linspace(0, 1, n_classes + 1)[1:-1])
    return X, np.searchsorted(edges, X[:, -1, 0])


# ---------------------------------------------------------------- losses


@pytest.mark.parametrize("loss", ["log_loss", "hinge", "focal"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_every_loss_learns(loss, n_classes):
    X, y = samples(300, n_classes)
    model = quick(loss=loss).fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > 0.85
    assert model.loss_curve_[-1] < 0.6 * model.loss_curve_[0]


def test_waves_of_unequal_length():
    X, y = make_wave_sequences(120, n_classes=3, random_state=0)
    model = quick(bidirectional=True, max_epochs=15).fit(X[:80], y[:80])
    assert model.score(X[80:], y[80:]) > 0.7


def test_hinge_has_no_probabilities():
    X, y = samples(30)
    model = tiny(loss="hinge")
    for name in ("predict_proba", "predict_log_proba"):
        assert not hasattr(model, name)
        assert not hasattr(model.fit(X, y), name)
        with pytest.raises(AttributeError, match=name):
            getattr(model, name)
    assert model.decision_function(X).shape == (30,)


@pytest.mark.parametrize("loss", ["log_loss", "focal"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities(loss, n_classes):
    X, y = samples(60, n_classes)
    model = tiny(loss=loss).fit(X, y)
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (60, n_classes)
    assert probabilities.dtype == np.float64
    assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    assert (probabilities > 0).all()
    assert_array_equal(model.classes_[probabilities.argmax(axis=1)], model.predict(X))
    assert_allclose(model.predict_log_proba(X), np.log(probabilities), rtol=1e-9, atol=1e-12)


def test_log_probabilities_do_not_overflow():
    X, y = samples(60)
    model = tiny(standardize=False).fit(X, y)
    with_bias = model.module_.head.output.bias.data
    with_bias[:] = 0
    with_bias[1] = 5_000
    assert np.isfinite(model.predict_log_proba(X)).all()
    assert model.predict_log_proba(X).min() < -1_000


@pytest.mark.parametrize("loss", ["log_loss", "hinge", "focal"])
def test_shape_of_decision_function(loss):
    X, y = samples(60)
    model = tiny(loss=loss).fit(X, y)
    scores = model.decision_function(X)
    assert scores.shape == (60,)
    assert_array_equal(model.predict(X), model.classes_[(scores > 0).astype(int)])
    if loss == "log_loss":
        assert_allclose(model.predict_proba(X)[:, 1], 1 / (1 + np.exp(-scores)), rtol=1e-9)
    X, y = samples(60, 3)
    model = tiny(loss=loss).fit(X, y)
    scores = model.decision_function(X)
    assert scores.shape == (60, 3)
    assert_array_equal(model.predict(X), model.classes_[scores.argmax(axis=1)])


def test_probabilities_are_calibrated():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(800, 3, 1))
    p = 1 / (1 + np.exp(-2 * X[:, -1, 0]))
    y = rng.uniform(size=800) < p
    predicted = quick(hidden_layer_sizes=4, max_epochs=10).fit(X, y).predict_proba(X)[:, 1]
    assert np.abs(predicted - p).mean() < 0.08


# ---------------------------------------------------------------- labels

LABELS = {
    "int": np.array([0, 1, 2]),
    "int8": np.array([0, 1, 2], dtype=np.int8),
    "uint8": np.array([3, 250, 255], dtype=np.uint8),
    "negative": np.array([-5, 0, 7]),
    "far apart": np.array([-(10**12), 3, 10**12]),
    "float integers": np.array([1.0, 2.0, 30.0]),
    "str": np.array(["ham", "more ham", "spam"]),
    "str of digits": np.array(["1", "10", "2"]),
    "object": np.array(["a", "b", "c"], dtype=object),
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS.keys())
def test_labels(labels):
    X, numbers = samples(150, 3)
    y = labels[numbers]
    model = quick(max_epochs=5, learning_rate=0.05).fit(X, y)
    assert_array_equal(model.classes_, labels)
    predicted = model.predict(X)
    assert predicted.dtype == labels.dtype
    assert (predicted == y).mean() > 0.8
    assert model.score(X, y) == (predicted == y).mean()


def test_bool_labels():
    X, y = samples(100)
    model = tiny().fit(X, y == 1)
    assert model.classes_.tolist() == [False, True]
    assert model.predict(X).dtype == bool


@pytest.mark.parametrize(
    "container",
    [
        list,
        tuple,
        pd.Series,
        pd.Categorical,
        lambda y: pd.Series(pd.Categorical(y)),
        lambda y: pd.Series(y, dtype="category", index=range(100, 100 + len(y))),
        lambda y: pd.Series(y, dtype="string"),
        lambda y: pd.Series(y).to_frame("label"),
        lambda y: np.array(y, dtype=object),
    ],
    ids=[
        "list",
        "tuple",
        "Series",
        "Categorical",
        "Series of Categorical",
        "index",
        "string",
        "frame",
        "object",
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
def test_containers_of_labels(container):
    X, numbers = samples(60, 3)
    y = np.array(["b", "a", "c"])[numbers]
    model = tiny().fit(X, container(y))
    assert model.classes_.tolist() == ["a", "b", "c"]
    assert_array_equal(model.decision_function(X), tiny().fit(X, y).decision_function(X))


def test_nullable_integers():
    X, numbers = samples(60, 3)
    model = tiny().fit(X, pd.Series(numbers, dtype="Int64"))
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.score(X, numbers) == (model.predict(X) == numbers).mean()


def test_a_column_of_labels_warns():
    X, y = samples(60)
    with pytest.warns(DataConversionWarning):
        model = tiny().fit(X, y[:, None])
    assert model.predict(X).shape == (60,)


def test_order_of_labels_is_irrelevant():
    X, y = samples(60, 3)
    first = tiny().fit(X, y)
    second = tiny().fit(X, np.array(["a", "b", "c"])[y])
    assert_array_equal(first.decision_function(X), second.decision_function(X))
    assert_array_equal(np.array(["a", "b", "c"])[first.predict(X)], second.predict(X))


# ---------------------------------------------------------------- class weights


def test_dict_equals_sample_weight():
    X, y = samples(60, 3)
    options = {"precision": "float64", "batch_size": 100}
    by_class = tiny(class_weight={0: 1, 1: 2, 2: 5}, **options).fit(X, y)
    by_sample = tiny(**options).fit(X, y, sample_weight=np.array([1.0, 2, 5])[y])
    # only the loss is weighted by class, the scaling of the features by sample
    assert_allclose(by_class.loss_curve_[0], by_sample.loss_curve_[0], rtol=0.1)
    plain = tiny(**options, standardize=False, class_weight={0: 1, 1: 2, 2: 5}).fit(X, y)
    same = tiny(**options, standardize=False).fit(X, y, sample_weight=np.array([1.0, 2, 5])[y])
    assert_allclose(plain.decision_function(X), same.decision_function(X), rtol=1e-9, atol=1e-12)


def test_class_weight_of_one_is_none():
    X, y = samples(60)
    options = {"precision": "float64"}
    expected = tiny(**options).fit(X, y).decision_function(X)
    for weight in ({0: 1, 1: 1}, {0: 3.0, 1: 3.0}):
        model = tiny(class_weight=weight, **options).fit(X, y)
        assert_allclose(model.decision_function(X), expected, rtol=1e-9)


def test_labels_that_a_dict_leaves_out_weigh_one():
    X, y = samples(60, 3)
    options = {"precision": "float64"}
    model = tiny(class_weight={1: 4}, **options).fit(X, y)
    full = tiny(class_weight={0: 1, 1: 4, 2: 1}, **options).fit(X, y)
    assert_allclose(model.decision_function(X), full.decision_function(X), rtol=1e-9)


def test_balanced_helps_the_rare_class():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3, 1))
    y = (X[:, -1, 0] + rng.normal(size=600) > 1.9).astype(int)  # about one in ten
    recall = {}
    for weight in (None, "balanced", {0: 1, 1: 10}):
        model = quick(class_weight=weight, hidden_layer_sizes=4, max_epochs=8).fit(X, y)
        recall[str(weight)] = (model.predict(X)[y == 1] == 1).mean()
    assert recall["None"] < 0.5
    assert recall["balanced"] > recall["None"] + 0.2
    assert recall["{0: 1, 1: 10}"] > recall["None"] + 0.2


def test_balanced_equals_its_dict():
    X, y = samples(60)
    y[:20] = 0
    counts = np.bincount(y)
    options = {"precision": "float64"}
    balanced = tiny(class_weight="balanced", **options).fit(X, y)
    as_dict = tiny(class_weight=dict(enumerate(60 / (2 * counts))), **options).fit(X, y)
    assert_allclose(balanced.decision_function(X), as_dict.decision_function(X), rtol=1e-9)


def test_class_weight_by_label():
    X, y = samples(60)
    names = np.array(["no", "yes"])
    options = {"precision": "float64"}
    model = tiny(class_weight={"no": 1, "yes": 3}, **options).fit(X, names[y])
    expected = tiny(class_weight={0: 1, 1: 3}, **options).fit(X, y)
    assert_allclose(model.decision_function(X), expected.decision_function(X), rtol=1e-9)


def test_class_weight_when_the_validation_part_lacks_a_class():
    X, y = samples(60, 3)
    order = np.argsort(y, kind="stable")[::-1]  # class 0 comes last
    model = tiny(
        class_weight={1: 4.0}, early_stopping=True, validation_split="last", validation_fraction=0.1
    ).fit(X[order], y[order])
    assert len(model.validation_loss_curve_) == 2


def test_class_weight_of_classes_that_a_batch_lacks():
    X, y = samples(60, 3)
    model = tiny(class_weight={1: 4.0}).partial_fit(X, y, classes=[0, 1, 2])
    model.partial_fit(X[y == 0], y[y == 0])
    assert model.n_iter_ == 2


def test_class_weight_keeps_its_meaning_in_partial_fit():
    X, y = samples(60)
    first = tiny(class_weight={0: 1.0, 1: 4.0}, standardize=False).partial_fit(X, y, classes=[0, 1])
    again = tiny(class_weight={0: 0.5, 1: 2.0}, standardize=False).partial_fit(X, y, classes=[0, 1])
    assert_allclose(first.decision_function(X), again.decision_function(X), rtol=1e-4)


def test_class_weight_counts_where_a_call_holds_one_class():
    X, y = samples(60)
    outputs = []
    for class_weight in (None, {0: 1.0, 1: 100.0}):
        model = tiny(class_weight=class_weight)
        for label in [0, 1] * 5:
            model.partial_fit(X[y == label], y[y == label], classes=[0, 1])
        outputs.append(model.decision_function(X).mean())
    assert outputs[1] > outputs[0] + 0.01


# ---------------------------------------------------------------- classes over several calls


def test_partial_fit_knows_classes_that_have_not_come_yet():
    X, y = samples(60, 3)
    model = tiny().partial_fit(X[y < 2], y[y < 2], classes=[2, 0, 1])
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.predict_proba(X).shape == (60, 3)
    model.partial_fit(X, y)
    model.partial_fit(X, y, classes=[0, 1, 2])
    assert model.n_iter_ == 3


def test_partial_fit_with_string_classes():
    X, y = samples(60)
    names = np.array(["no", "yes"])
    model = tiny().partial_fit(X, names[y], classes=["yes", "no"])
    assert model.classes_.tolist() == ["no", "yes"]
    assert set(model.predict(X)) <= {"no", "yes"}


def test_partial_fit_on_one_class_alone():
    X, y = samples(60)
    model = tiny().partial_fit(X[y == 0], y[y == 0], classes=[0, 1])
    for _ in range(30):
        model.partial_fit(X[y == 0], y[y == 0])
    assert (model.predict(X) == 0).all()


def test_warm_start_keeps_the_classes():
    X, y = samples(60, 3)
    model = tiny(warm_start=True).fit(X, y)
    model.fit(X[y < 2], y[y < 2])
    assert model.classes_.tolist() == [0, 1, 2]


def test_fit_learns_new_classes():
    X, y = samples(60)
    model = tiny().fit(X, y).fit(X, y + 5)
    assert model.classes_.tolist() == [5, 6]


# ---------------------------------------------------------------- validation


def test_stratified_validation_holds_every_class():
    X, _ = samples(40)
    y = np.zeros(40, dtype=int)
    y[[3, 17, 30]] = 1
    model = tiny(early_stopping=True, validation_fraction=0.05).fit(X, y)
    assert model.classes_.tolist() == [0, 1]
    assert len(model.validation_loss_curve_) == 2


def test_validation_score_is_accuracy():
    X, y = samples(100, 3)
    model = quick(early_stopping=True).fit(X, y, X_val=X[:30], y_val=y[:30])
    assert model.best_validation_score_ == model.score(X[:30], y[:30])


@pytest.mark.parametrize(
    "parameters",
    [
        {"cell": "gru"},
        {"cell": "rnn"},
        {"bidirectional": True},
        {"pooling": "last"},
        {"hidden_layer_sizes": (8, 4)},
        {"dense_layer_sizes": (8,)},
        {"normalization": "layer"},
        {"normalization": "batch"},
        {"dropout": 0.1},
        {"precision": "float64"},
        {"standardize": False},
        {"early_stopping": True},
    ],
    ids=str,
)
def test_every_option_learns(parameters):
    X, y = samples(200)
    model = quick(**parameters).fit(X[:150], y[:150])
    assert model.score(X[150:], y[150:]) > 0.75


def test_class_weight_may_change_while_training_continues():
    X = np.random.default_rng(0).normal(size=(60, 5, 2))
    y = np.where(X[:, -1, 0] > 0, "a", "b")
    fits = []
    for weight in (None, {"a": 100.0, "b": 1.0}):
        model = LSTMClassifier(4, max_epochs=3, warm_start=True, random_state=0).fit(X, y)
        fits.append(model.set_params(class_weight=weight).fit(X, y).predict_proba(X)[:, 0].mean())
    assert fits[1] > fits[0] + 0.05


@pytest.mark.parametrize("odd", [1, None])
def test_labels_that_cannot_be_sorted_are_refused(odd):
    y = np.array(["a", "b", "c", odd] * 5, dtype=object)
    with pytest.raises(ValueError, match=r"y must hold labels that can be sorted|NaN"):
        LSTMClassifier().fit(np.zeros((20, 4)), y)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
@pytest.mark.parametrize("kind", ["object", "string", "category", "array"])
def test_a_missing_label_is_named(missing, kind):
    X = np.random.default_rng(0).normal(size=(6, 4, 1))
    labels = ["a", "b", "a", missing, "b", "a"]
    y = np.array(labels, dtype=object) if kind == "array" else pd.Series(labels, dtype=kind)
    with pytest.raises(ValueError, match=r"y\[3\] is missing"):
        LSTMClassifier(4, max_epochs=1).fit(X, y)


@pytest.mark.parametrize("split", ["auto", KFold(2)])
def test_a_validation_part_that_leaves_one_class_is_refused(split):
    windows, _ = make_windows(np.sin(np.arange(100.0)), 10)
    model = LSTMClassifier(4, max_epochs=2, early_stopping=True, validation_split=split)
    with pytest.raises(ValueError, match=r"leaves samples of one class to learn from, \['calm'\]"):
        model.fit(windows, np.repeat(["calm", "storm"], [81, 9] if split == "auto" else [45, 45]))


def test_classes_in_the_validation_part_alone_are_named():
    windows, _ = make_windows(np.sin(np.arange(100.0)), 10)
    model = LSTMClassifier(4, max_epochs=2, early_stopping=True, random_state=0)
    with pytest.warns(UserWarning, match=r"classes \[2\] are in the validation part alone"):
        model.fit(windows, np.repeat([0, 1, 2], [40, 41, 9]))
    assert model.classes_.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (pd.Series([7, 8, 0] * 10, dtype="Int64"), np.int64),
        (pd.Series([True, False, True] * 10, dtype="boolean"), np.bool_),
        (torch.tensor([7, 8, 0] * 10), np.int64),
    ],
    ids=["Int64", "boolean", "tensor"],
)
def test_labels_keep_their_kind(given, dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 4, 1))
    model = LSTMClassifier(4, max_epochs=1, random_state=0).fit(X, given)
    assert model.classes_.dtype == dtype
    assert set(model.classes_.tolist()) == set(given.tolist())
    assert model.predict(X).dtype == dtype
    assert model.score(X, given) == np.mean(model.predict(X) == np.asarray(given))


def test_large_labels_of_pandas_stay_apart():
    given = pd.Series([2**53, 2**53 + 1, 0] * 10, dtype="Int64")  # as floats two are equal
    model = LSTMClassifier(4, max_epochs=1, random_state=0).fit(np.ones((30, 4, 1)), given)
    assert model.classes_.tolist() == [0, 2**53, 2**53 + 1]


@pytest.mark.parametrize("labels", [[1, 2, 3], [True, False, True], [True, 2, 3]])
def test_numbers_kept_as_objects_are_refused(labels):
    given = np.array(labels * 10, dtype=object)
    with pytest.raises(ValueError, match=r"Unknown label type.*y\.astype\(int\)"):
        LSTMClassifier(4, max_epochs=1).fit(np.ones((30, 4, 1)), given)


def test_going_on_with_samples_of_one_class_is_allowed():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 4, 1)), np.arange(30) % 2
    model = LSTMClassifier(
        4, max_epochs=1, early_stopping=True, warm_start=True, random_state=0
    ).fit(X, y)
    assert model.fit(X, np.zeros(30, dtype=int)).classes_.tolist() == [0, 1]


def test_what_is_advised_for_labels_of_steps_works():
    windows, _ = make_windows(np.sin(np.arange(100.0)), 10)
    labels = np.zeros((90, 10), dtype=int)
    labels[-9:] = 1
    options = {"return_sequences": True, "max_epochs": 1, "early_stopping": True}
    with pytest.raises(ValueError, match="validation_split='random', say"):
        LSTMClassifier(4, **options).fit(windows[:, :, None], labels)
    LSTMClassifier(4, validation_split="random", random_state=0, **options).fit(
        windows[:, :, None], labels
    )


def test_a_label_to_ignore_is_of_time_steps():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="'ignore_label' parameter is for labels of time steps"):
        LSTMClassifier(ignore_label=-1).fit(rng.normal(size=(30, 4, 1)), np.arange(30) % 2)


def test_why_there_are_no_probabilities_is_told():
    model = LSTMClassifier(loss="hinge")
    assert not hasattr(model, "predict_proba")
    with pytest.raises(AttributeError) as raised:
        model.predict_log_proba  # noqa: B018
    assert "loss='hinge' has no probabilities" in str(raised.value.__cause__)
