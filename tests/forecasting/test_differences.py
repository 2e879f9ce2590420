import numpy as np
import pytest

from sklstm.forecasting.differences import difference, undo_difference


@pytest.mark.parametrize("lags", [(), (1,), (4,), (1, 4), (4, 1, 2)])
def test_undoing_gives_back_what_was_differenced(lags):
    values = np.random.default_rng(0).normal(size=(30, 2))
    changes = difference(values, np.array([0]), lags)
    skipped = sum(lags)
    assert np.isnan(changes[:skipped]).all()
    back = undo_difference(changes[None, 20:], values[None, 20 - skipped : 20], lags)
    np.testing.assert_allclose(back[0], values[20:], atol=1e-12)


def test_series_do_not_reach_into_one_another():
    rng = np.random.default_rng(0)
    lengths = [7, 2, 12]
    parts = [rng.normal(size=(n, 1)) for n in lengths]
    first = np.array([0, 7, 9])
    together = difference(np.concatenate(parts), first, (1, 3))
    alone = [difference(part, np.array([0]), (1, 3)) for part in parts]
    np.testing.assert_array_equal(together, np.concatenate(alone))
