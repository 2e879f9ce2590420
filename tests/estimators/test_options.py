import numpy as np
import pytest
from torch import nn

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.estimators.options import resolve_option


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (LSTMRegressor, "subtract_last"),
        (LSTMRegressor, "linear_skip"),
        (LSTMClassifier, "differences"),
    ],
)
def test_auto_alone_is_off_for_own_modules_and_outputs_of_steps(kind, name):
    assert resolve_option(kind(), name) == "auto"
    for special in ({"module": nn.Identity}, {"return_sequences": True}):
        assert resolve_option(kind(**special), name) is False
        assert resolve_option(kind(**special, **{name: np.True_}), name) is True
    assert resolve_option(kind(**{name: np.False_}), name) is False
