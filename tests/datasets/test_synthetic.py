import numpy as np
import pytest

from sklstm.datasets import make_seasonal_series, make_wave_sequences


@pytest.mark.parametrize("period", [4, 7, 24])
@pytest.mark.parametrize("trend", [0.0, -0.5])
def test_seasonal_series_without_noise(period, trend):
    series = make_seasonal_series(100, period=period, trend=trend, noise=0)
    time = np.arange(100)
    np.testing.assert_allclose(series, np.sin(2 * np.pi * time / period) + trend * time)


def test_seasonal_series_noise():
    options = {"period": 10, "trend": 0.1}
    clean = make_seasonal_series(5000, noise=0, **options)
    noise = make_seasonal_series(5000, noise=0.3, random_state=0, **options) - clean
    assert noise.std() == pytest.approx(0.3, rel=0.05)
    assert noise.mean() == pytest.approx(0.0, abs=0.02)
    assert make_seasonal_series(random_state=0).shape == (500,)


def test_random_state_of_series():
    first, again, other = (make_seasonal_series(random_state=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_random_state_of_sequences():
    first, again, other = (make_wave_sequences(random_state=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(np.concatenate(first[0]), np.concatenate(again[0]))
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[1] != other[1]).any()
    generator = np.random.RandomState(0)
    np.testing.assert_array_equal(make_wave_sequences(random_state=generator)[1], first[1])


@pytest.mark.parametrize("n_features", [1, 3])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_shapes_of_wave_sequences(n_features, n_classes):
    X, y = make_wave_sequences(
        300,
        n_classes=n_classes,
        n_features=n_features,
        min_timesteps=5,
        max_timesteps=9,
        random_state=0,
    )
    assert len(X) == len(y) == 300
    assert {len(sequence) for sequence in X} == {5, 6, 7, 8, 9}
    assert {sequence.shape[1] for sequence in X} == {n_features}
    assert {sequence.dtype for sequence in X} == {np.dtype(np.float64)}
    assert set(y.tolist()) == set(range(n_classes))


def test_the_class_is_the_number_of_turns():
    X, y = make_wave_sequences(60, n_classes=3, noise=0, random_state=0)
    for sequence, label in zip(X, y, strict=True):
        spectrum = np.abs(np.fft.rfft(sequence[:, 0]))
        assert spectrum.argmax() == label + 1
        assert spectrum.max() == pytest.approx(len(sequence) / 2)  # a pure wave of amplitude 1


def test_features_are_one_wave_with_noise_of_their_own():
    (clean,), _ = make_wave_sequences(1, n_features=2, noise=0, random_state=0)
    np.testing.assert_array_equal(clean[:, 0], clean[:, 1])
    X, _ = make_wave_sequences(200, n_features=2, noise=0.3, random_state=0)
    difference = np.concatenate(X) @ [1, -1]
    assert difference.std() == pytest.approx(0.3 * np.sqrt(2), rel=0.05)


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (make_seasonal_series, {"period": 0}, "period == 0, must be >= 1"),
        (make_wave_sequences, {"n_classes": 0}, "n_classes == 0, must be >= 1"),
        (make_wave_sequences, {"min_timesteps": 0}, "min_timesteps == 0, must be >= 1"),
        (make_wave_sequences, {"min_timesteps": 50}, "max_timesteps == 40, must be >= 50"),
    ],
)
def test_sizes_are_checked(make, options, message):
    with pytest.raises(ValueError, match=message):
        make(3, **options)
