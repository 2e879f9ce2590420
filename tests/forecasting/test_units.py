import numpy as np
import pandas as pd

from sklstm.data import read_series
from sklstm.forecasting.origins import Origins
from sklstm.forecasting.units import Units


def panel(**series):
    parts = {
        key: pd.Series(values, index=pd.date_range("2026-01-01", periods=len(values)))
        for key, values in series.items()
    }
    return read_series(pd.concat(parts), freq="D")


def test_the_unit_is_the_mean_change_within_a_series():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=8), 100 + rng.normal(size=5)
    b[2] = np.nan
    known = np.abs(np.diff(b))
    np.testing.assert_allclose(
        Units.of(panel(a=a, b=b)).changes[:, 0],
        [np.abs(np.diff(a)).mean(), known[np.isfinite(known)].mean()],
    )


def test_where_no_series_changes_the_unit_is_one():
    flat = panel(a=np.full(5, 3.0), b=[1.0], c=np.full(4, np.nan))
    assert Units.of(flat).at(flat).ravel().tolist() == [1.0, 1.0, 1.0]


def test_series_that_do_not_change_have_the_usual_unit():
    several = panel(a=[0.0, 2.0], flat=[5.0, 5.0], b=[0.0, 4.0], c=[0.0, 9.0])
    units = Units.of(several)
    assert units.at(several).ravel().tolist() == [2.0, 4.0, 4.0, 9.0]
    assert units.at(panel(new=[7.0, 7.0], flat=[5.0])).ravel().tolist() == [4.0, 4.0]


def test_series_that_begin_to_change_keep_the_usual_unit():
    """Else errors that were counted in one unit would be told in another."""
    units = Units.of(panel(a=[0.0, 2.0], flat=[5.0, 5.0]))
    assert units.at(panel(flat=[5.0, 5.0, 5.001])).item() == 2.0
    alone = Units.of(read_series([5.0, 5.0]))
    assert alone.at(read_series([5.0, 5.0, 11.0])).item() == 1.0
    assert alone.at(read_series([5.0, 5.0, 11.0]), same=False).item() == 3.0


def test_series_that_were_learnt_from_keep_their_unit():
    units = Units.of(panel(a=[0.0, 1.0, 2.0], b=[0.0, 5.0]))
    later = panel(b=[0.0, 7.0, 0.0], c=[0.0, 3.0], a=[0.0, 9.0])
    assert units.at(later).ravel().tolist() == [5.0, 3.0, 1.0]


def test_a_series_without_an_id_is_the_same_or_another():
    units = Units.of(read_series([0.0, 2.0, 4.0]))
    other = read_series([0.0, 300.0])
    assert units.at(other).item() == 2.0
    assert units.at(other, same=False).item() == 300.0


def test_origins_know_their_series():
    several = panel(a=np.zeros(4), b=np.zeros(3), c=np.zeros(5))
    at = Origins(several, np.empty((12, 0)), np.array([0, 3, 4, 6, 7, 11]), 1)
    assert at.series.tolist() == [0, 0, 1, 1, 2, 2]
