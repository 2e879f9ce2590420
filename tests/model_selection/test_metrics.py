import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error

from sklstm.model_selection import (
    METRICS,
    interval_coverage,
    mean_absolute_scaled_error,
    root_mean_squared_scaled_error,
    symmetric_mean_absolute_percentage_error,
)

RNG = np.random.default_rng(0)
TRUE, PRED = RNG.normal(size=(2, 7))
TRAIN = RNG.normal(size=30)

MASE = mean_absolute_scaled_error
RMSSE = root_mean_squared_scaled_error
SMAPE = symmetric_mean_absolute_percentage_error
scaled = pytest.mark.parametrize("metric", [MASE, RMSSE])


# ---------------------------------------------------------------- scaled errors


@pytest.mark.parametrize("period", [1, 4])
@pytest.mark.parametrize(("metric", "power"), [(MASE, 1), (RMSSE, 2)])
def test_scaled_errors_follow_the_equations(metric, power, period):
    error = sum(abs(t - p) ** power for t, p in zip(TRUE, PRED, strict=True)) / len(TRUE)
    naive = [abs(TRAIN[t] - TRAIN[t - period]) ** power for t in range(period, len(TRAIN))]
    expected = (error / (sum(naive) / len(naive))) ** (1 / power)
    assert metric(TRUE, PRED, y_train=TRAIN, period=period) == pytest.approx(expected)


@scaled
def test_the_naive_forecast_of_the_training_series_is_one(metric):
    assert metric(TRAIN[3:], TRAIN[:-3], y_train=TRAIN, period=3) == pytest.approx(1.0)


@scaled
@pytest.mark.parametrize("factor", [-2.0, 1e-6, 1e6])
def test_units_do_not_matter(metric, factor):
    found = metric(factor * TRUE + 5, factor * PRED + 5, y_train=factor * TRAIN + 5)
    assert found == pytest.approx(metric(TRUE, PRED, y_train=TRAIN))


@scaled
def test_outputs_are_scaled_one_by_one(metric):
    true, pred = np.c_[TRUE, 9 * PRED], np.c_[PRED, 9 * TRUE]
    series = np.c_[TRAIN, 3 * TRAIN]
    single = metric(TRUE, PRED, y_train=TRAIN)
    assert metric(true, pred, y_train=series) == pytest.approx((1 + 3) / 2 * single)
    assert metric(true, pred, y_train=TRAIN) == pytest.approx((1 + 9) / 2 * single)


@scaled
@pytest.mark.parametrize(
    ("series", "period"),
    [([3, 3, 3], 1), ([0, 0, 0], 1), ([1, 2, 1, 2], 2), (np.sin(np.arange(36) * np.pi / 6), 12)],
)
def test_a_series_that_does_not_change_cannot_scale(metric, series, period):
    with pytest.raises(ValueError, match=f"does not change over period={period} in column 0"):
        metric(TRUE, PRED, y_train=series, period=period)


@scaled
def test_the_column_that_does_not_change_is_named(metric):
    with pytest.raises(ValueError, match="in column 1"):
        metric(np.c_[TRUE, TRUE], np.c_[PRED, PRED], y_train=np.c_[TRAIN, np.ones(30)])


@scaled
def test_a_series_must_be_longer_than_the_period(metric):
    with pytest.raises(ValueError, match=r"y_train, of 30 row.* does not change over period=30"):
        metric(TRUE, PRED, y_train=TRAIN, period=30)


@scaled
def test_missing_values_of_the_series_count_for_nothing(metric):
    gap = TRAIN.copy()
    gap[10] = np.nan
    power = 1 if metric is MASE else 2
    changes = np.delete(np.abs(np.diff(TRAIN)), [9, 10]) ** power
    expected = (np.abs(TRUE - PRED) ** power).mean() ** (1 / power) / changes.mean() ** (1 / power)
    assert metric(TRUE, PRED, y_train=gap) == pytest.approx(expected)
    with pytest.raises(ValueError, match="does not change"):
        metric(TRUE, PRED, y_train=[1.0, np.nan, 3.0])


@scaled
def test_columns_must_agree(metric):
    with pytest.raises(ValueError, match=r"one column or as many as y_true, 1\. Got 2"):
        metric(TRUE, PRED, y_train=np.c_[TRAIN, TRAIN])


@scaled
@pytest.mark.parametrize("period", [0, 1.0])
def test_period_is_checked(metric, period):
    with pytest.raises(ValueError, match="'period' parameter"):
        metric(TRUE, PRED, y_train=TRAIN, period=period)


# ---------------------------------------------------------------- symmetric percentage


def test_smape_follows_the_equation():
    expected = [2 * abs(t - p) / (abs(t) + abs(p)) for t, p in zip(TRUE, PRED, strict=True)]
    assert SMAPE(TRUE, PRED) == pytest.approx(sum(expected) / len(expected))


@pytest.mark.parametrize(
    ("true", "pred", "expected"),
    [([0, 0], [0, 0], 0), ([0], [1], 2), ([1], [-1], 2), ([5], [5], 0)],
)
def test_smape_at_its_ends(true, pred, expected):
    assert SMAPE(true, pred) == expected


# ---------------------------------------------------------------- coverage


def test_coverage_counts_values_within():
    true = RNG.normal(size=(50, 2))
    lower, upper = np.sort(RNG.normal(size=(2, 50, 2)), axis=0)
    inside = [lo <= t <= up for t, lo, up in zip(true.flat, lower.flat, upper.flat, strict=True)]
    assert interval_coverage(true, lower, upper) == np.mean(inside)


def test_ends_belong_to_the_interval():
    assert interval_coverage([1.0, 2.0], [1.0, 1.0], [2.0, 2.0]) == 1.0


# ---------------------------------------------------------------- all


@pytest.mark.parametrize("name", METRICS)
def test_short_names_give_floats(name):
    options = {"y_train": TRAIN} if name in ("mase", "rmsse") else {}
    assert isinstance(METRICS[name](TRUE, PRED, **options), float)
    perfect = METRICS[name](TRUE, TRUE, **options)
    assert perfect == (1.0 if name == "r2" else 0.0)


def test_short_names_take_scikit_learns_own():
    assert METRICS["mae"] is mean_absolute_error


@pytest.mark.parametrize(
    "metric",
    [lambda t, p: MASE(t, p, y_train=TRAIN), SMAPE, lambda t, p: interval_coverage(t, t, p)],
)
def test_forecasts_are_checked(metric):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        metric(TRUE, PRED[1:])
    with pytest.raises(ValueError, match=r"same shape. Got \(7, 1\) and \(7, 2\)"):
        metric(TRUE, np.c_[PRED, PRED])
    with pytest.raises(ValueError, match="contains NaN"):
        metric(TRUE, np.where(PRED > 0, PRED, np.nan))
    with pytest.raises(ValueError, match="dim <= 2 is required"):
        metric(np.ones((2, 2, 2)), np.ones((2, 2, 2)))
