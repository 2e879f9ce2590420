import numpy as np
import pandas as pd
import pytest

from sklstm.datasets import make_series_panel


def test_without_noise_and_trend_seasons_repeat_but_for_the_trend():
    y = make_series_panel(6, 96, noise=0.0, random_state=0).unstack("series").to_numpy()
    growth = y[24:] / y[:-24]
    np.testing.assert_allclose(growth, np.broadcast_to(growth[:1], growth.shape))
    assert (y > 0).all()


def test_there_are_as_many_shapes_as_asked_for():
    series = make_series_panel(40, 48, n_shapes=3, noise=0.0, random_state=0).unstack("series")
    y = series.to_numpy()
    season = y[:24] / (y[24] / y[0]) ** (np.arange(24)[:, None] / 24)
    power = np.abs(np.fft.rfft(season, axis=0))[1:5]
    power /= power.sum(axis=0)  # a shape's, whatever its phase, amplitude and level
    assert len(np.unique(power.round(6), axis=1).T) == 3


def test_noise_has_the_size_and_memory_that_is_stated():
    y = make_series_panel(200, 400, noise=0.1, random_state=0).unstack("series")
    quiet = make_series_panel(200, 400, noise=0.0, random_state=0).unstack("series")
    noise = np.log(y.to_numpy() / quiet.to_numpy())[50:]
    assert noise.std() == pytest.approx(0.07 / np.sqrt(1 - 0.49), rel=0.02)
    assert np.corrcoef(noise[1:].ravel(), noise[:-1].ravel())[0, 1] == pytest.approx(0.7, abs=0.02)


def test_seeds_and_index():
    y = make_series_panel(3, 5, random_state=1)
    pd.testing.assert_series_equal(y, make_series_panel(3, 5, random_state=1))
    assert y.index.names == ["series", "time"]
    assert not y.equals(make_series_panel(3, 5, random_state=2))


@pytest.mark.parametrize(("name", "value"), [("period", 1), ("n_shapes", 0)])
def test_sizes_are_checked(name, value):
    with pytest.raises(ValueError, match=f"{name} == {value}, must be >= {value + 1}"):
        make_series_panel(2, 10, **{name: value})
