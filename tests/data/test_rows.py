import numpy as np
import pytest

from sklstm.data import rows
from sklstm.data.rows import (
    cast,
    first_rows,
    is_memory_map,
    is_missing,
    latest_known,
    pieces,
    rows_of,
    spaced,
)


@pytest.mark.parametrize("n_rows", [0, 1, 9, 10, 11, 35])
@pytest.mark.parametrize(("width", "longest"), [(1, 10), (3, 3), (100, 1)])
def test_pieces_are_all_rows_in_order(n_rows, width, longest, monkeypatch):
    monkeypatch.setattr(rows, "_TOGETHER", 10)
    found = [np.arange(n_rows)[piece] for piece in pieces(n_rows, width)]
    assert np.concatenate([np.empty(0, int), *found]).tolist() == list(range(n_rows))
    assert all(1 <= len(piece) <= longest for piece in found)
    assert len(found) == -(-n_rows // longest)


def test_cast_copies_only_what_has_another_dtype():
    values = np.array([1.0, 1e300])
    assert cast(values, None) is values
    assert cast(values, np.dtype(np.float64)) is values
    assert cast(values, np.dtype(np.float32)).tolist() == [1.0, np.inf]


def test_a_view_of_a_file_is_one(tmp_path):
    np.save(tmp_path / "X.npy", np.zeros((4, 2)))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert is_memory_map(mapped)
    assert is_memory_map(mapped[1:, :1].reshape(-1))
    assert not is_memory_map(np.array(mapped))
    assert not is_memory_map(mapped + 1)


@pytest.mark.parametrize(
    "values",
    [[1.0, np.nan, np.inf], [1, 2, 3], ["a", "nan", ""], np.array([None, np.nan, "a"], object)],
)
def test_missing_is_what_is_nan(values):
    values = np.asarray(values)
    expected = [isinstance(value, float) and np.isnan(value) for value in values.tolist()]
    assert is_missing(values).tolist() == expected


def test_latest_known_agrees_with_a_loop():
    known = np.random.default_rng(0).uniform(size=50) < 0.3
    expected, latest = [], -1
    for row, is_known in enumerate(known):
        latest = row if is_known else latest
        expected.append(latest)
    assert latest_known(known).tolist() == expected


@pytest.mark.parametrize(("n_rows", "most"), [(0, 3), (3, 3), (4, 3), (255, 128), (1000, 7)])
def test_spaced_rows_are_one_of_each_stretch(n_rows, most):
    chosen = spaced(n_rows, most)
    expected = min(n_rows, most)
    begins = np.arange(expected + 1) * n_rows // max(expected, 1)
    assert len(chosen) == expected
    assert (begins[:-1] <= chosen).all()
    assert (chosen < begins[1:]).all()


@pytest.mark.parametrize("period", [2, 3, 7, 24])
@pytest.mark.parametrize("multiple", [1, 2, 5])
def test_spaced_rows_see_all_of_what_comes_in_turn(period, multiple):
    n_rows = 500 * period * multiple
    for change in (-1, 0, 1):
        seen = np.bincount(spaced(n_rows + change, 500) % period, minlength=period)
        assert seen.min() > 0.4 * 500 / period


@pytest.mark.parametrize("chosen", [[0], [3, 1, 3], [], list(range(20))])
def test_rows_are_those_of_a_loop(chosen):
    lengths = np.random.default_rng(0).integers(1, 6, size=20)
    ends = np.cumsum(lengths)
    expected = [row for i in chosen for row in range(ends[i] - lengths[i], ends[i])]
    places = np.array(chosen, dtype=np.int64)
    assert rows_of(first_rows(lengths)[places], lengths[places]).tolist() == expected
