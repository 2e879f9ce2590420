import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp, ttest_rel

from sklstm.model_selection import corrected_resampled_ttest, diebold_mariano, rank_models

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 40)) ** 2


# ---------------------------------------------------------------- Diebold and Mariano


def statistic_by_the_equations(a, b, horizon):
    d = [x - y for x, y in zip(a, b, strict=True)]
    n, mean = len(d), sum(d) / len(d)

    def covariance(lag):
        return sum((d[t] - mean) * (d[t - lag] - mean) for t in range(lag, n)) / n

    variance = (covariance(0) + 2 * sum(covariance(lag) for lag in range(1, horizon))) / n
    correction = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    return math.sqrt(correction) * mean / math.sqrt(variance)


@pytest.mark.parametrize("horizon", [1, 2, 5])
def test_diebold_mariano_follows_the_equations(horizon):
    found = diebold_mariano(A, B, horizon=horizon)
    assert found.mean_difference == pytest.approx(A.mean() - B.mean())
    assert found.statistic == pytest.approx(statistic_by_the_equations(A, B, horizon))


def test_one_step_ahead_it_is_the_paired_t_test():
    found, expected = diebold_mariano(A, B), ttest_rel(A, B)
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("horizon", [1, 4])
def test_diebold_mariano_has_no_favourite(horizon):
    one, other = diebold_mariano(A, B, horizon=horizon), diebold_mariano(B, A, horizon=horizon)
    assert one.statistic == pytest.approx(-other.statistic)
    assert one.p_value == pytest.approx(other.p_value)


def test_equal_models_are_rarely_told_apart_where_forecasts_overlap():
    rng = np.random.default_rng(1)
    found, naive = [], []
    for _ in range(400):
        noise = np.convolve(rng.normal(size=152), np.ones(3), "valid")  # correlated up to lag 2
        found.append(diebold_mariano(noise, np.zeros(150), horizon=3).p_value < 0.05)
        naive.append(diebold_mariano(noise, np.zeros(150)).p_value < 0.05)
    assert np.mean(found) < 0.1
    assert np.mean(naive) > 0.15


def test_where_the_variance_is_negative_bartletts_weights_are_taken():
    d = np.tile([1.0, -1.0], 10) + 0.1  # the covariance at lag 1 is nearly minus the variance
    n, rest = 20, d - d.mean()
    variance = (rest @ rest / n + 2 * 0.5 * (rest[1:] @ rest[:-1]) / n) / n
    correction = (n + 1 - 4 + 2 / n) / n
    found = diebold_mariano(d, np.zeros(n), horizon=2)
    assert found.statistic == pytest.approx(math.sqrt(correction / variance) * 0.1)


@pytest.mark.parametrize(("shift", "statistic", "p_value"), [(0, 0, 1), (1, math.inf, 0)])
def test_differences_that_are_all_the_same(shift, statistic, p_value):
    losses = np.arange(8.0)
    for found in (
        diebold_mariano(losses + shift, losses, horizon=3),
        corrected_resampled_ttest(losses + shift, losses, n_train=9, n_test=1),
    ):
        assert found == (shift, statistic, p_value)


@pytest.mark.parametrize(("n", "horizon"), [(1, 1), (4, 4), (3, 5)])
def test_too_few_forecasts(n, horizon):
    with pytest.raises(ValueError, match=rf"more forecasts than horizon={horizon}.* Got {n}\."):
        diebold_mariano(A[:n], B[:n], horizon=horizon)
    assert 0 <= diebold_mariano(A[:6], B[:6], horizon=5).p_value <= 1


@pytest.mark.parametrize("horizon", [0, 1.5])
def test_horizon_is_checked(horizon):
    with pytest.raises(ValueError, match="'horizon' parameter"):
        diebold_mariano(A, B, horizon=horizon)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (A, B[1:], r"losses_a and losses_b must be 1-D .* \(40,\) and \(39,\)"),
        (A[:, None], B[:, None], "must be 1-D"),
        (A, np.where(B > 1, np.nan, B), "losses_b contains NaN"),
    ],
)
def test_losses_are_checked(a, b, message):
    with pytest.raises(ValueError, match=message):
        diebold_mariano(a, b)


# ---------------------------------------------------------------- resampled t-test


@pytest.mark.parametrize(
    "sizes", [(80, 20), (np.full(40, 80), 20), ([40, 160] * 20, [10, 40] * 20)]
)
def test_corrected_test_is_the_paired_one_with_a_larger_variance(sizes):
    n_train, n_test = sizes
    found = corrected_resampled_ttest(A, B, n_train=n_train, n_test=n_test)
    paired = ttest_1samp(A - B, 0)
    assert found.mean_difference == pytest.approx((A - B).mean())
    assert found.statistic == pytest.approx(paired.statistic / math.sqrt(1 + 40 * 0.25))
    assert found.p_value > paired.pvalue


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"n_train": 0, "n_test": 1}, "'n_train' parameter must be a positive number"),
        ({"n_train": 5, "n_test": [1, 2]}, "'n_test' parameter .* one for each of 40 folds"),
    ],
)
def test_sizes_are_checked(sizes, message):
    with pytest.raises(ValueError, match=message):
        corrected_resampled_ttest(A, B, **sizes)


def test_too_few_folds():
    with pytest.raises(ValueError, match=r"at least 2 folds. Got 1\."):
        corrected_resampled_ttest([1.0], [2.0], n_train=2, n_test=1)


# ---------------------------------------------------------------- ranking


@pytest.fixture
def scores():
    """Return the scores of three models, of which "bad" is bad, on folds of two steps."""
    rng = np.random.default_rng(2)
    level = {"fair": 2.0, "bad": 3.0, "good": 1.0}
    rows = [
        {"model": model, "fold": fold, "step": step, "n_train": 10 + 10 * fold, "n_test": 10}
        | {"fit_seconds": 0.1, "predict_seconds": 0.1}
        | {"mae": level[model] + step + 0.1 * rng.normal(), "r2": -level[model]}
        for model in level
        for fold in range(5)
        for step in (1, 2)
    ]
    return pd.DataFrame(rows)


def test_models_are_ranked(scores):
    ranked = rank_models(scores, "fair")
    assert ranked.index.tolist() == ["good", "fair", "bad"]
    assert ranked.columns.tolist() == ["mean", "difference", "statistic", "p_value"]
    assert ranked["mean"].to_dict() == pytest.approx(
        scores.groupby("model")["mae"].mean().to_dict()
    )
    assert ranked.loc["fair", "difference"] == 0
    assert ranked.loc["fair", ["statistic", "p_value"]].isna().all()


def test_p_values_are_those_of_the_test_over_folds(scores):
    folds = scores.groupby(["model", "fold"])["mae"].mean()
    expected = corrected_resampled_ttest(
        folds["good"], folds["bad"], n_train=[10, 20, 30, 40, 50], n_test=10
    )
    found = rank_models(scores, "bad").loc["good"]
    assert tuple(found)[1:] == pytest.approx(expected)


def test_the_order_of_rows_does_not_matter(scores):
    shuffled = scores.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(rank_models(shuffled, "fair"), rank_models(scores, "fair"))


@pytest.mark.parametrize(
    ("metric", "greater_is_better", "first"),
    [("r2", None, "good"), ("mae", None, "good"), ("mae", True, "bad"), ("loss", False, "good")],
)
def test_best_comes_first(scores, metric, greater_is_better, first):
    scores = scores.assign(loss=scores["mae"])
    ranked = rank_models(scores, "fair", metric, greater_is_better=greater_is_better)
    assert ranked.index[0] == first


def test_names_must_be_known(scores):
    with pytest.raises(ValueError, match="baseline='naive' is no model of scores, which are"):
        rank_models(scores, "naive")
    with pytest.raises(ValueError, match=r"metric='mse' is no metric .*\['mae', 'r2'\]"):
        rank_models(scores, "fair", "mse")
    with pytest.raises(ValueError, match="metric=None is no metric"):
        rank_models(scores.drop(columns=["mae", "r2"]), "fair")
    with pytest.raises(ValueError, match="metric='loss' is better is not known"):
        rank_models(scores.rename(columns={"mae": "loss"}), "fair", "loss")


def test_all_models_need_the_same_folds(scores):
    with pytest.raises(ValueError, match="of model 'bad' in some fold"):
        rank_models(scores[(scores["model"] != "bad") | (scores["fold"] != 3)], "fair")


def test_folds_that_nobody_could_be_scored_on_are_left_out(scores):
    unknown = scores.assign(mae=scores["mae"].where(scores["fold"] != 3))
    expected = rank_models(scores[scores["fold"] != 3], "fair", metric="mae")
    pd.testing.assert_frame_equal(rank_models(unknown, "fair", metric="mae"), expected)
    with pytest.raises(ValueError, match="'mae' is NaN in all folds"):
        rank_models(scores.assign(mae=np.nan), "fair", metric="mae")


def test_other_tables_are_told():
    with pytest.raises(ValueError, match=r"what compare or backtest returned. It has no column"):
        rank_models(pd.DataFrame({"a": [1.0]}), baseline="a")


def test_losses_of_other_rows_are_not_compared():
    a = pd.Series([1.0, 2.0, 3.0, 5.0], index=list("abcd"))
    with pytest.raises(ValueError, match="losses_a and losses_b are compared row by row"):
        diebold_mariano(a, (a + 1).sort_values(ascending=False))
    assert diebold_mariano(a, a + 1).p_value == diebold_mariano(a, (a + 1).to_numpy()).p_value
