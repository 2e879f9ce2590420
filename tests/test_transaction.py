from types import SimpleNamespace

import pytest

from sklstm._transaction import transaction


def test_success_keeps_the_changes():
    estimator = SimpleNamespace(alpha=1, coef_=2, old_=3)
    with transaction(estimator):
        estimator.coef_ = 5
        estimator.new_ = 6
        del estimator.old_
    assert vars(estimator) == {"alpha": 1, "coef_": 5, "new_": 6}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_failure_puts_everything_back(error):
    state = [1, 2]
    estimator = SimpleNamespace(alpha=1, coef_=state, old_=3)

    def fit():
        with transaction(estimator):
            estimator.coef_ = 5
            estimator.new_ = 6
            del estimator.old_
            raise error("stop")

    with pytest.raises(error, match="stop"):
        fit()
    assert vars(estimator) == {"alpha": 1, "coef_": [1, 2], "old_": 3}
    assert estimator.coef_ is state


def test_an_inner_failure_that_is_caught_rolls_back_the_inner_part_only():
    estimator = SimpleNamespace(coef_=1)

    def fit():
        with transaction(estimator):
            estimator.coef_ = 3
            raise ValueError("inner")

    with transaction(estimator):
        estimator.coef_ = 2
        with pytest.raises(ValueError, match="inner"):
            fit()
        assert estimator.coef_ == 2
    assert estimator.coef_ == 2
