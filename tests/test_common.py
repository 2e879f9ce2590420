"""scikit-learn's own checks over every public estimator."""

import inspect

import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

import sklstm
from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    LSTMSeq2SeqClassifier,
    LSTMSeq2SeqRegressor,
    LSTMTranscriber,
    SlidingWindowTransformer,
    TimestepTransformer,
)
from sklstm.estimators.base import BaseLSTM

ESTIMATORS = [
    LSTMRegressor(),
    LSTMClassifier(),
    SlidingWindowTransformer(),
    SlidingWindowTransformer(flatten=True),
    TimestepTransformer(StandardScaler()),
]

# scikit-learn's checks know one target a sample; these have sequences of them.
OF_SEQUENCES = [LSTMSeq2SeqClassifier(), LSTMSeq2SeqRegressor(), LSTMTranscriber()]
CHECKS_WITHOUT_TARGETS = {
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
}

CAUSAL = (
    "row t of the result is the window of rows before t: the order of the rows and which of them "
    "are there decide what it holds; that rows before t alone do is tested with the transformer"
)


def expected_failed_checks(estimator):
    if not isinstance(estimator, SlidingWindowTransformer):
        return {}
    return {
        "check_methods_sample_order_invariance": CAUSAL,
        "check_methods_subset_invariance": CAUSAL,
    }


# These ask for predictions that are right: they get fits of the whole length.
OF_LEARNING = {
    "check_class_weight_classifiers",
    "check_classifiers_train",
    "check_regressors_train",
}


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failed_checks)
def test_scikit_learn_check(estimator, check, monkeypatch):
    name = getattr(check, "func", check).__name__
    if name == "check_array_api_input":
        monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    if name.startswith("check_sample_weight_equivalence") and hasattr(estimator, "precision"):
        # two trainings are compared to seven digits: without what depends on the number of samples,
        # and not on until gradients are rounding alone, by which Adam's steps then go
        estimator = clone(estimator)  # which the other checks share
        estimator.set_params(precision="float64", batch_size=1000, max_epochs=50)
        estimator.set_params(
            **{"linear_skip": False} if isinstance(estimator, LSTMRegressor) else {"dropout": 0.0}
        )
    elif name not in OF_LEARNING:
        # trials and all, but short, as scikit-learn checks its own estimators
        monkeypatch.setattr(BaseLSTM, "_n_epochs", lambda *_: 5)
    check(estimator)


def test_checks_of_learning_are_among_those_of_scikit_learn():
    known = {
        getattr(check, "func", check).__name__
        for estimator in (LSTMRegressor(), LSTMClassifier())
        for _, check in estimator_checks_generator(estimator)
    }
    assert known >= OF_LEARNING


@pytest.mark.parametrize("estimator", OF_SEQUENCES, ids=repr)
def test_scikit_learn_checks_without_targets(estimator):
    done = set()
    for checked, check in estimator_checks_generator(estimator):
        name = getattr(check, "func", check).__name__
        if name in CHECKS_WITHOUT_TARGETS:
            check(checked)
            done.add(name)
    assert done == CHECKS_WITHOUT_TARGETS


def test_every_public_estimator_is_checked():
    public = {
        getattr(sklstm, name)
        for name in sklstm.__all__
        if inspect.isclass(getattr(sklstm, name))
        and issubclass(getattr(sklstm, name), BaseEstimator)
    }
    assert public == {type(estimator) for estimator in [*ESTIMATORS, *OF_SEQUENCES]}


@pytest.mark.parametrize("estimator", [*ESTIMATORS, *OF_SEQUENCES], ids=repr)
def test_repr_shows_what_differs_from_the_defaults(estimator):
    assert repr(estimator).startswith(type(estimator).__name__)
