import numpy as np
import pandas as pd
import torch

from sklstm.nn.missing import carry_forward


def test_it_is_what_pandas_does():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 9, 3))
    x[rng.uniform(size=x.shape) < 0.5] = np.nan
    expected = np.stack([pd.DataFrame(sequence).ffill() for sequence in x])
    np.testing.assert_array_equal(carry_forward(torch.as_tensor(x)), expected)


def test_without_missing_values_nothing_changes():
    x = torch.randn(2, 5, 3)
    assert torch.equal(carry_forward(x), x)
