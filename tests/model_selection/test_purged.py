import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_validate

from sklstm import Windows, make_windows
from sklstm.model_selection import PurgedTimeSeriesSplit


def parts(cv, n_samples, groups=None):
    return [
        (train.tolist(), test.tolist())
        for train, test in cv.split(np.zeros((n_samples, 1)), groups=groups)
    ]


def rows_of_sample(i, window_size, horizon):
    return set(range(i - window_size + 1, i + horizon + 1))


@pytest.mark.parametrize("window_size", [1, 2, 7])
@pytest.mark.parametrize("horizon", [1, 3])
@pytest.mark.parametrize("max_train_size", [None, 4])
def test_parts_share_no_time_step_and_lie_as_near_as_they_may(window_size, horizon, max_train_size):
    cv = PurgedTimeSeriesSplit(
        3, window_size=window_size, horizon=horizon, max_train_size=max_train_size
    )
    for train, test in parts(cv, 47):
        seen = set().union(*(rows_of_sample(i, window_size, horizon) for i in train))
        asked = set().union(*(rows_of_sample(i, window_size, horizon) for i in test))
        assert not seen & asked
        assert rows_of_sample(train[-1] + 1, window_size, horizon) & asked
        assert train == sorted(train)
        assert max_train_size is None or len(train) == max_train_size


def test_windows_of_a_series_share_no_number():
    X, y = make_windows(np.arange(60.0), 5, 2)
    for train, test in PurgedTimeSeriesSplit(4, window_size=5, horizon=2).split(X, y):
        known = {*X[train].ravel(), *y[train].ravel()}
        assert not known & {*X[test].ravel(), *y[test].ravel()}


def test_least_gap_of_a_forecaster():
    X, y = make_windows(np.arange(60.0), 5, 3)
    for train, test in PurgedTimeSeriesSplit(4, gap=2).split(X, y):
        assert y[train].max() == X[test[0]].max() < y[test].min()


@pytest.mark.parametrize("stride", [2, 3, 5])
def test_gap_of_windows_with_a_stride(stride):
    X, y = make_windows(np.arange(90.0), 5, 2, stride=stride)
    gap = -(-(5 + 2) // stride) - 1
    for train, test in PurgedTimeSeriesSplit(3, gap=gap).split(X, y):
        assert max(X[train].max(), y[train].max()) < X[test].min()


def test_test_parts_follow_one_another_up_to_the_end():
    for n_samples in range(12, 40):
        tests = [test for _, test in parts(PurgedTimeSeriesSplit(4, window_size=3), n_samples)]
        assert np.concatenate(tests).tolist() == list(range(tests[0][0], n_samples))
        assert len({len(test) for test in tests}) == 1


def test_first_training_part_is_as_large_as_a_test_part():
    for n_samples in range(30, 60):
        train, test = parts(PurgedTimeSeriesSplit(4, window_size=10, horizon=4), n_samples)[0]
        assert len(train) >= len(test)


@pytest.mark.parametrize("test_size", [None, 3])
@pytest.mark.parametrize("max_train_size", [None, 2])
def test_without_gap_it_is_scikit_learns(test_size, max_train_size):
    options = {"test_size": test_size, "max_train_size": max_train_size, "gap": 0}
    ours, theirs = (split(4, **options) for split in (PurgedTimeSeriesSplit, TimeSeriesSplit))
    assert parts(ours, 23) == [(a.tolist(), b.tolist()) for a, b in theirs.split(np.zeros(23))]


# ---------------------------------------------------------------- groups

DAYS = np.repeat(np.arange(10), 3)


def test_groups_are_units():
    cv = PurgedTimeSeriesSplit(3, gap=1, test_size=2, max_train_size=2)
    of_days = parts(cv, 10)
    for (train, test), (train_days, test_days) in zip(parts(cv, 30, DAYS), of_days, strict=True):
        assert [i for i in range(30) if DAYS[i] in train_days] == train
        assert [i for i in range(30) if DAYS[i] in test_days] == test


KINDS = {
    "numbers": lambda days: days * 2.5,
    "dates": lambda days: pd.Timestamp("2020-01-01") + pd.to_timedelta(days, unit="D"),
    "zoned": lambda days: pd.Timestamp("2020-01-01", tz="CET") + pd.to_timedelta(days, unit="D"),
    "series": lambda days: pd.Series(days, index=days[::-1]),
    "strings": lambda days: np.array([f"2020-01-{day + 1:02d}" for day in days]),
    "list": lambda days: days.tolist(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_groups_of_any_kind(kind):
    cv = PurgedTimeSeriesSplit(3)
    assert parts(cv, 30, KINDS[kind](DAYS)) == parts(cv, 30, DAYS)


def test_samples_of_a_group_may_lie_anywhere():
    order = np.random.default_rng(0).permutation(30)
    cv = PurgedTimeSeriesSplit(3, gap=2)
    for found, expected in zip(
        cv.split(DAYS, groups=DAYS[order]), parts(cv, 30, DAYS), strict=True
    ):
        for indices, wanted in zip(found, expected, strict=True):
            assert sorted(order[indices]) == wanted


# ---------------------------------------------------------------- in scikit-learn


def test_in_searches_and_cross_validation():
    X, y = make_windows(np.sin(np.arange(80.0)), 4)
    cv = PurgedTimeSeriesSplit(3, window_size=4)
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=cv).fit(X, y)
    assert search.n_splits_ == cv.get_n_splits() == 3
    scores = cross_validate(Ridge(), X, y, cv=cv, groups=np.arange(len(X)), return_indices=True)
    for side, indices in zip(("train", "test"), zip(*cv.split(X), strict=True), strict=True):
        for found, expected in zip(scores["indices"][side], indices, strict=True):
            np.testing.assert_array_equal(found, expected)


def test_groups_are_routed():
    days = DAYS[::-1]
    X, y = np.arange(30.0)[:, None], np.arange(30.0)
    cv = PurgedTimeSeriesSplit(2)
    with sklearn.config_context(enable_metadata_routing=True):
        scores = cross_validate(Ridge(), X, y, cv=cv, params={"groups": days}, return_indices=True)
        assert len(cross_validate(Ridge(), X, y, cv=cv)["test_score"]) == 2
    assert scores["indices"]["test"][-1].tolist() == parts(cv, 30, days)[-1][1]
    assert scores["indices"]["test"][-1][0] == 0


def test_windows_of_several_series_are_split():
    windows = Windows(np.zeros((20, 1)), np.arange(18), 3)
    assert len(list(PurgedTimeSeriesSplit(2, window_size=3).split(windows))) == 2


def test_representation():
    shown = "gap=2, horizon=1, max_train_size=None, n_splits=3, test_size=None, window_size=1"
    assert " ".join(repr(PurgedTimeSeriesSplit(3, gap=2)).split()) == (
        f"PurgedTimeSeriesSplit({shown})"
    )


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_splits", 0),
        ("n_splits", 2.0),
        ("window_size", 0),
        ("horizon", True),
        ("gap", -1),
        ("test_size", 0),
        ("max_train_size", "all"),
    ],
)
def test_parameters_are_checked(name, value):
    with pytest.raises(
        ValueError, match=f"'{name}' parameter must be (a positive int|an int of at least 0)"
    ):
        PurgedTimeSeriesSplit(**{name: value})


@pytest.mark.parametrize("options", [{}, {"test_size": 1}, {"test_size": 4}])
def test_too_few_samples(options):
    cv = PurgedTimeSeriesSplit(3, window_size=4, horizon=2, **options)
    least = 1 + 5 + 3 * options.get("test_size", 1)
    with pytest.raises(ValueError, match=rf"need at least {least} samples.* Got {least - 1}\."):
        parts(cv, least - 1)
    assert len(parts(cv, least)) == 3


def test_too_few_groups():
    with pytest.raises(ValueError, match=r"at least 7 groups.*Got 3\. Bring more groups"):
        parts(PurgedTimeSeriesSplit(), 30, np.repeat([1, 2, 3], 10))


@pytest.mark.parametrize("missing", [np.nan, None])
def test_missing_group(missing):
    with pytest.raises(ValueError, match="missing value at sample 2"):
        parts(PurgedTimeSeriesSplit(), 4, [1.0, 2.0, missing, 3.0])


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        parts(PurgedTimeSeriesSplit(), 4, [1, 2, 3])
