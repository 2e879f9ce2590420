import numpy as np
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    PredefinedSplit,
    ShuffleSplit,
    TimeSeriesSplit,
)

from sklstm.data import (
    SPLITS,
    Windows,
    as_sequences,
    check_split,
    held_out_blocks,
    hold_out_of_classes,
    split_validation,
    view_windows,
)

ROWS = np.random.default_rng(0).normal(size=(60, 2))
LENGTHS = np.random.default_rng(1).integers(1, 9, size=30)
# series of 20 rows each, whose windows stand behind one another, or in order of time
BEHIND = np.concatenate([20 * series + np.arange(17) for series in range(3)])
IN_TIME = np.concatenate([time + 20 * np.arange(3) for time in range(17)])
SEQUENCES = {
    "dense": as_sequences(ROWS.reshape(30, 2, 2)),
    "ragged": as_sequences([np.ones((length, 1)) for length in LENGTHS]),
    "windows": as_sequences(view_windows(ROWS, 4)),
    "windows, strided": as_sequences(view_windows(ROWS, 4)[::2]),
    "windows apart": as_sequences(view_windows(ROWS, 4)[::4]),
    "windows with absent steps": as_sequences(
        view_windows(np.concatenate([np.full((3, 2), np.nan), ROWS]), 4)
    ),
    "series behind one another": as_sequences(Windows(ROWS, BEHIND, 4)),
    "series in order of time": as_sequences(Windows(ROWS, IN_TIME, 4)),
}
any_sequences = pytest.mark.parametrize("name", SEQUENCES)
fractions = pytest.mark.parametrize("fraction", [0.01, 0.1, 0.3])


def split(kind, sequences, y=None, fraction=0.2, *, stratify=False, seed=0):
    y = np.zeros(len(sequences)) if y is None else y
    return split_validation(kind, sequences, y, fraction=fraction, stratify=stratify, seed=seed)


def rows_of(sequences, indices):
    places = zip(sequences.first[indices], sequences.lengths[indices], strict=True)
    return {row for first, length in places for row in range(first, first + length)}


@any_sequences
@fractions
def test_last_validates_on_the_last_samples(name, fraction):
    sequences = SEQUENCES[name]
    _, valid = split("last", sequences, fraction=fraction)
    n_valid = max(1, round(fraction * len(sequences)))
    assert valid.tolist() == list(range(len(sequences) - n_valid, len(sequences)))


@any_sequences
@fractions
def test_last_trains_on_all_that_share_no_step_with_validation(name, fraction):
    sequences = SEQUENCES[name]
    train, valid = split("last", sequences, fraction=fraction)
    seen = rows_of(sequences, valid)
    expected = [
        sample for sample in range(valid[0]) if not seen & rows_of(sequences, np.array([sample]))
    ]
    assert train.tolist() == expected


@pytest.mark.parametrize("kind", ["random", "stratified"])
@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_random_parts_cover_all_samples_once(kind, fraction):
    sequences = SEQUENCES["dense"]
    y = np.arange(30) % 2
    train, valid = split(kind, sequences, y, fraction)
    assert len(valid) == round(fraction * 30)
    assert sorted([*train, *valid]) == list(range(30))
    assert train.tolist() == sorted(train)
    assert valid.tolist() == sorted(valid)
    again = split(kind, sequences, y, fraction)
    assert again[1].tolist() == valid.tolist()
    other = split(kind, sequences, y, fraction, seed=1)
    assert other[1].tolist() != valid.tolist()


def test_stratified_keeps_the_shares_of_the_classes():
    y = np.array([0] * 10 + [1] * 20)
    train, valid = split("stratified", SEQUENCES["dense"], y, 0.3)
    assert np.bincount(y[valid]).tolist() == [3, 6]
    assert np.bincount(y[train]).tolist() == [7, 14]


def test_stratified_validates_on_every_class():
    y = np.arange(30) % 6
    train, valid = split("stratified", SEQUENCES["dense"], y, 0.05)
    assert sorted(y[valid]) == list(range(6))
    assert set(y[train]) == set(range(6))


@pytest.mark.parametrize(
    ("name", "stratify", "kind"),
    [
        ("dense", False, "random"),
        ("dense", True, "stratified"),
        ("ragged", True, "stratified"),
        ("windows", False, "last"),
        ("windows", True, "last"),
        ("windows, strided", False, "last"),
        ("windows apart", False, "random"),
        ("series behind one another", False, "last"),
        ("series in order of time", False, "last"),
    ],
)
def test_auto(name, stratify, kind):
    sequences = SEQUENCES[name]
    y = np.arange(len(sequences)) % 2
    found = split("auto", sequences, y, stratify=stratify)
    for mine, expected in zip(found, split(kind, sequences, y), strict=True):
        assert mine.tolist() == expected.tolist()


@pytest.mark.parametrize(
    "splitter",
    [TimeSeriesSplit(4), TimeSeriesSplit(3, gap=2), KFold(5), ShuffleSplit(2, random_state=0)],
    ids=repr,
)
def test_of_a_splitter_the_last_split_counts(splitter):
    train, valid = split(splitter, SEQUENCES["dense"])
    expected = list(splitter.split(np.zeros((30, 1))))[-1]
    assert train.tolist() == expected[0].tolist()
    assert valid.tolist() == expected[1].tolist()


class ByTarget:
    """Validates on the samples whose target is positive; answers with lists."""

    def split(self, X, y=None, groups=None):
        yield np.flatnonzero(y <= 0).tolist(), np.flatnonzero(y > 0).tolist()


def test_a_splitter_is_given_the_targets():
    y = np.where(np.arange(30) > 22, 1.0, 0.0)
    train, valid = split(ByTarget(), SEQUENCES["dense"], y)
    assert isinstance(valid, np.ndarray)
    assert valid.tolist() == list(range(23, 30))
    assert train.tolist() == list(range(23))


@pytest.mark.parametrize(
    ("kind", "sequences", "fraction", "counts"),
    [
        (
            "last",
            as_sequences(view_windows(ROWS, 30)),
            0.5,
            "leaves 0 to train on and 16 to validate on",
        ),
        ("last", SEQUENCES["dense"].subset(np.array([0])), 0.2, "leaves 0 to train on and 1 "),
        ("random", SEQUENCES["dense"].subset(np.array([0])), 0.2, "leaves 0 to train on and 1 "),
        ("random", SEQUENCES["dense"], 0.99, "leaves 0 to train on and 30 to validate on"),
        (ByTarget(), SEQUENCES["dense"], 0.2, "leaves 30 to train on and 0 to validate on"),
    ],
)
def test_a_part_without_samples_is_refused(kind, sequences, fraction, counts):
    with pytest.raises(ValueError, match=counts):
        split(kind, sequences, fraction=fraction)


@pytest.mark.parametrize(
    ("y", "fraction", "reason"),
    [
        (np.r_[0, np.ones(29, dtype=int)], 0.2, "class"),
        (np.arange(30), 0.2, r"30 samples have 30 different targets"),
        (np.arange(30) % 6, 0.9, "train_size"),
    ],
)
def test_classes_that_cannot_be_split_are_refused(y, fraction, reason):
    message = f"cannot be split by class for early stopping: .*{reason}.*validation_split='random'"
    with pytest.raises(ValueError, match=message):
        split("stratified", SEQUENCES["dense"], y, fraction)


@pytest.mark.parametrize("known", ["auto", *SPLITS, TimeSeriesSplit(3), ByTarget()])
def test_known_splits(known):
    check_split(known)


@pytest.mark.parametrize("unknown", ["first", "", 5, None, 0.2, [([0], [1])]])
def test_unknown_splits_are_refused(unknown):
    with pytest.raises(ValueError, match="'validation_split' parameter must be 'auto'") as caught:
        check_split(unknown)
    assert f"Got {unknown!r}" in str(caught.value)
    assert "TimeSeriesSplit" in str(caught.value)


@pytest.mark.parametrize("window_size", [2, 5, 12, 30])
@pytest.mark.parametrize("shuffled", [False, True])
def test_blocks_of_windows_share_no_step_with_the_rest(window_size, shuffled):
    first = np.arange(101 - window_size)
    if shuffled:
        first = np.random.default_rng(0).permutation(first)
    windows = as_sequences(Windows(np.arange(100.0)[:, None], first, window_size))
    blocks = held_out_blocks(windows, 4, 0)
    assert 2 <= len(blocks) <= 4
    for train, block in blocks:
        assert 3 * len(train) >= len(windows)
        assert shuffled or np.ptp(first[block]) == len(block) - 1
        assert (np.abs(first[train][:, None] - first[block]) >= window_size).all()


def test_blocks_of_long_windows_are_left_out_alone():
    windows = as_sequences(view_windows(np.arange(100.0)[:, None], 60))
    blocks = held_out_blocks(windows, 4, 0)
    np.testing.assert_array_equal(np.concatenate([block for _, block in blocks]), np.arange(41))
    for train, block in blocks:
        np.testing.assert_array_equal(np.union1d(train, block), np.arange(41))
        assert len(train) + len(block) == 41


def test_blocks_of_samples_are_drawn():
    samples = as_sequences(np.arange(300.0).reshape(100, 3))
    blocks = held_out_blocks(samples, 4, 0)
    for train, block in blocks:
        np.testing.assert_array_equal(np.union1d(train, block), np.arange(100))
        assert len(train) + len(block) == 100
        assert (np.diff(block) > 0).all()
        assert np.ptp(block) > 50
    assert len(np.unique(np.concatenate([block for _, block in blocks]))) == 100
    others = held_out_blocks(samples, 4, 1)
    assert any((one[1] != other[1]).any() for one, other in zip(blocks, others, strict=True))


def test_what_a_splitter_leaves_out_is_its_own_choice():
    train, valid = split(TimeSeriesSplit(3, max_train_size=3), SEQUENCES["dense"])
    assert (len(train), len(valid)) == (3, 7)


def test_a_splitter_with_a_random_state_splits_alike_again():
    splitter = ShuffleSplit(1, random_state=np.random.RandomState(0))
    first, second = (split(splitter, SEQUENCES["dense"]) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("splitter", "message"),
    [
        (
            GroupKFold(3),
            "validation_split=GroupKFold.*random_state=None.* does not split .*'groups'.*X_val",
        ),
        (KFold(31), "validation_split=KFold.* does not split .*n_splits=31"),
        (PredefinedSplit(np.full(30, -1)), "(?s)validation_split=PredefinedSplit.* makes no split"),
    ],
)
def test_a_splitter_that_cannot_split_is_named(splitter, message):
    with pytest.raises(ValueError, match=message):
        split(splitter, SEQUENCES["dense"])


def copies_of_two_series():
    """Return windows of two series, copied, which share their time, and when each begins."""
    begin = np.tile(np.arange(40), 2)
    rows = np.random.default_rng(0).normal(size=(80 * 4, 1))
    span = np.stack([begin, begin + 4], axis=1)
    return as_sequences(Windows(rows, 4 * np.arange(80), 4, span)), begin


def assert_apart(begin, train, held_out):
    assert (np.abs(begin[train, None] - begin[held_out]) >= 4).all()


@pytest.mark.parametrize("split", ["auto", "last"])
def test_series_that_share_their_time_are_split_in_time(split):
    sequences, begin = copies_of_two_series()
    train, valid = split_validation(
        split, sequences, np.zeros(80), fraction=0.25, stratify=False, seed=0
    )
    assert sorted(begin[valid].tolist()) == np.repeat(np.arange(30, 40), 2).tolist()
    assert_apart(begin, train, valid)
    assert len(train) == 2 * 27


def test_blocks_of_series_that_share_their_time_are_cut_in_time():
    sequences, begin = copies_of_two_series()
    blocks = held_out_blocks(sequences, 2, 0)
    assert sorted(np.concatenate([block for _, block in blocks]).tolist()) == list(range(80))
    for train, block in blocks:
        assert_apart(begin, train, block)
        assert np.ptp(begin[block]) < 20


def test_of_many_short_series_the_last_windows_validate_all_the_same():
    begin = np.tile(np.arange(5), 20)  # all windows share the steps 4 to 7
    rows = np.random.default_rng(0).normal(size=(100 * 8, 1))
    span = np.stack([begin, begin + 8], axis=1)
    sequences = as_sequences(Windows(rows, 8 * np.arange(100), 8, span))
    train, valid = split_validation(
        "auto", sequences, np.zeros(100), fraction=0.2, stratify=False, seed=0
    )
    assert (begin[valid] == 4).all()
    assert sorted([*train, *valid]) == list(range(100))


def test_what_lies_far_apart_in_time_takes_no_more_memory():
    span = np.array([[0, 4], [2, 6], [10**15, 10**15 + 4], [10**15 + 4, 10**15 + 8]])
    windows = Windows(np.zeros((16, 1)), 4 * np.arange(4), 4, span)
    blocks = held_out_blocks(as_sequences(windows), 2, 0)
    assert [(kept.tolist(), block.tolist()) for kept, block in blocks] == [
        ([2, 3], [0, 1]),
        ([0, 1], [2, 3]),
    ]


@pytest.mark.parametrize("n_blocks", [2, 4])
def test_classes_are_held_out_alike_in_runs(n_blocks):
    numbers = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [80, 240, 4]))
    kept, held_out = hold_out_of_classes(numbers, n_blocks, 0)
    assert sorted([*kept, *held_out]) == list(range(len(numbers)))
    assert np.bincount(numbers[held_out]).tolist() == [n // n_blocks for n in (80, 240, 4)]
    members = np.flatnonzero(numbers == 1)
    runs = np.isin(members, held_out).reshape(40, 6)  # of a fortieth of the class
    assert (runs.all(axis=1) | ~runs.any(axis=1)).all()
    assert hold_out_of_classes(numbers, n_blocks, 1)[1].tolist() != held_out.tolist()
