import numpy as np

from sklstm.forecasting.scaling import window_scales


def test_mean_and_deviation_are_numpys():
    windows = np.random.default_rng(0).normal(3, 2, size=(20, 7, 2))
    scales = window_scales(windows, np.full((20, 2), 1e-9))
    np.testing.assert_allclose(scales.location[:, 0], windows.mean(axis=1))
    np.testing.assert_allclose(scales.scale[:, 0], windows.std(axis=1))


def test_missing_values_are_left_out():
    windows = np.random.default_rng(0).normal(size=(20, 7, 1))
    windows[:, 2] = np.nan
    scales = window_scales(windows, np.full((20, 1), 1e-9))
    np.testing.assert_allclose(scales.location[:, 0], np.nanmean(windows, axis=1))
    np.testing.assert_allclose(scales.scale[:, 0], np.nanstd(windows, axis=1))


def test_windows_that_hardly_change_have_the_least_scale():
    windows = np.stack([np.full((5, 1), 4.0), np.arange(5.0)[:, None]])
    scales = window_scales(windows, np.array([[0.5], [0.5]]))
    np.testing.assert_allclose(scales.scale.ravel(), [0.5, np.sqrt(2)])
    unknown = window_scales(np.full((1, 3, 1), np.nan), np.array([[2.0]]))
    assert (unknown.location.item(), unknown.scale.item()) == (0.0, 2.0)


def test_undoing_gives_back_what_was_scaled():
    rng = np.random.default_rng(0)
    scales = window_scales(rng.normal(size=(4, 6, 2)), np.ones((4, 2)))
    ahead = rng.normal(size=(4, 3, 2))
    np.testing.assert_allclose(scales.undo(scales.apply(ahead)), ahead)
