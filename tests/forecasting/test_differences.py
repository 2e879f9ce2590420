import numpy as np
import pytest

from sklstm.forecasting.differences import difference, undo_difference


@pytest.mark.parametrize("lags", [(), (1,), (4,), (1, 4), (4, 1, 2)])
def test_undoing_gives_back_what_was_differenced(lags):
    values = np.random.default_rng(0).normal(size=(30, 2))
    changes = difference(values, np.arange(30), lags)
    skipped = sum(lags)
    assert np.isnan(changes[:skipped]).all()
    back = undo_difference(changes[None, 20:], values[None, 20 - skipped : 20], lags)
    np.testing.assert_allclose(back[0], values[20:], atol=1e-12)


def test_series_do_not_reach_into_one_another():
    rng = np.random.default_rng(0)
    lengths = [7, 2, 12]
    parts = [rng.normal(size=(n, 1)) for n in lengths]
    places = [np.arange(n) for n in lengths]
    together = difference(np.concatenate(parts), np.concatenate(places), (1, 3))
    alone = [difference(part, place, (1, 3)) for part, place in zip(parts, places, strict=True)]
    np.testing.assert_array_equal(together, np.concatenate(alone))
