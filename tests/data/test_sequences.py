"""Every accepted form of X against loops over single sequences."""

import pickle
import re
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import sklstm.data.sequences as sequences_module
from sklstm import SlidingWindowTransformer
from sklstm.data import Windows, as_sequences, view_windows
from sklstm.data.sequences import ragged_members

N_SAMPLES, N_TIMESTEPS, N_FEATURES = 5, 6, 3
SERIES = np.random.default_rng(7).normal(size=(20, 3))


def dense():
    size = (N_SAMPLES, N_TIMESTEPS, N_FEATURES)
    return np.random.default_rng(0).normal(size=size)


def ragged(*shape):
    rng = np.random.default_rng(1)
    return [rng.normal(size=(length, *shape)) for length in (4, 1, 6, 2)]


def object_array(members):
    array = np.empty(len(members), dtype=object)
    array[:] = members
    return array


def with_absent_steps():
    X = dense()
    X[0, :2] = np.nan
    X[1, 4:] = np.nan
    X[2, :1] = np.nan
    X[2, 5:] = np.nan
    X[4, 1:] = np.nan
    return X


def padded_windows():
    return view_windows(np.concatenate([np.full((3, 3), np.nan), SERIES]), 4)


def memory_map(path, array):
    np.save(path / "X.npy", array)
    return np.load(path / "X.npy", mmap_mode="r")


# name: how to make X. Every array of two or three dimensions is read with numpy's own indexing.
FORMS = {
    "dense, C order": lambda _: dense(),
    "dense, F order": lambda _: np.asfortranarray(dense()),
    "dense, float32": lambda _: dense().astype(np.float32),
    "dense, float16": lambda _: dense().astype(np.float16),
    "dense, integers": lambda _: (10 * dense()).astype(np.int64),
    "dense, big endian": lambda _: dense().astype(">f8"),
    "dense, read-only": lambda _: np.frombuffer(dense().tobytes()).reshape(dense().shape),
    "time first, transposed": lambda _: np.swapaxes(np.ascontiguousarray(dense()), 0, 1),
    "every second sample": lambda _: dense()[::2],
    "every second step": lambda _: dense()[:, ::2],
    "every fourth step": lambda _: dense()[:, ::4],
    "middle steps": lambda _: dense()[:, 2:5],
    "last step": lambda _: dense()[:, -1:],
    "first step by index": lambda _: dense()[:, [0]],
    "some features": lambda _: dense()[:, :, 1:],
    "one feature": lambda _: dense()[:, :, [1]],
    "time reversed": lambda _: dense()[:, ::-1],
    "samples reversed": lambda _: dense()[::-1],
    "features reversed": lambda _: dense()[:, :, ::-1],
    "all reversed": lambda _: dense()[::-1, ::-1, ::-1],
    "broadcast over samples": lambda _: np.broadcast_to(dense()[0], (4, 6, 3)),
    "broadcast over time": lambda _: np.broadcast_to(dense()[:, :1], (5, 6, 3)),
    "broadcast over features": lambda _: np.broadcast_to(dense()[:, :, :1], (5, 6, 3)),
    "one sample": lambda _: dense()[:1],
    "one sample, F order": lambda _: np.asfortranarray(dense()[:1]),
    "one step": lambda _: np.ascontiguousarray(dense()[:, :1]),
    "one step, inserted axis": lambda _: SERIES[:, None, :],
    "one step, from a table's transpose": lambda _: np.swapaxes(SERIES[None], 0, 1),
    "one step, one feature": lambda _: np.asfortranarray(SERIES[:, :1])[:, :, None],
    "one feature, inserted axis": lambda _: SERIES[:, :, None],
    "table, C order": lambda _: SERIES,
    "table, F order": lambda _: np.asfortranarray(SERIES),
    "table, integers": lambda _: (10 * SERIES).astype(int),
    "table, strided": lambda _: dense()[:, :, 0],
    "table, columns reversed": lambda _: SERIES[:, ::-1],
    "table, one row": lambda _: SERIES[:1],
    "table, one column": lambda _: SERIES[:, :1],
    "table, one column by index": lambda _: SERIES[:, [1]],
    "table, one column, contiguous": lambda _: np.ascontiguousarray(SERIES[:, :1]),
    "table, one column, F order": lambda _: np.asfortranarray(SERIES[:, :1]),
    "table, list of lists": lambda _: SERIES.tolist(),
    "table, DataFrame": lambda _: pd.DataFrame(SERIES),
    "table, DataFrame of one column": lambda _: pd.DataFrame({"a": SERIES[:, 0]}),
    "table, windows of a univariate series": lambda _: view_windows(SERIES[:, :1], 4)[:, :, 0],
    "table, object array": lambda _: SERIES.astype(object),
    "windows": lambda _: view_windows(SERIES, 4),
    "windows, float32": lambda _: view_windows(SERIES.astype(np.float32), 4),
    "windows, every third": lambda _: view_windows(SERIES, 4)[::3],
    "windows, every sixth": lambda _: view_windows(SERIES, 4)[::6],
    "windows, every second step": lambda _: view_windows(SERIES, 4)[:, ::2],
    "windows, last steps": lambda _: view_windows(SERIES, 4)[:, 2:],
    "windows, some features": lambda _: view_windows(SERIES, 4)[:, :, :2],
    "windows, of every second row": lambda _: view_windows(SERIES[::2], 4),
    "windows, of reversed rows": lambda _: view_windows(SERIES[::-1], 4),
    "windows, reversed": lambda _: view_windows(SERIES, 4)[::-1],
    "windows, F order": lambda _: view_windows(np.asfortranarray(SERIES), 4),
    "windows, chosen": lambda _: view_windows(SERIES, 4)[[3, 0, 3]],
    "windows, of one row": lambda _: view_windows(SERIES, 1),
    "windows, the only one": lambda _: view_windows(SERIES, 20),
    "Windows": lambda _: Windows(SERIES, np.array([0, 1, 2, 10, 11, 12]), 4),
    "Windows, interleaved": lambda _: Windows(SERIES, np.array([0, 10, 1, 11, 2, 12]), 4),
    "Windows, backwards": lambda _: Windows(SERIES, np.array([12, 0, 12]), 4),
    "memory map": lambda path: memory_map(path, dense()),
    "memory map, float32": lambda path: memory_map(path, dense().astype(np.float32)),
    "memory map, F order": lambda path: memory_map(path, np.asfortranarray(dense())),
    "memory map, some samples": lambda path: memory_map(path, dense())[1:4],
    "memory map, table": lambda path: memory_map(path, SERIES),
    "memory map, windows": lambda path: view_windows(memory_map(path, SERIES), 4),
    "nested lists": lambda _: dense().tolist(),
    "object array of three dimensions": lambda _: dense().astype(object),
    "absent steps": lambda _: with_absent_steps(),
    "absent steps, F order": lambda _: np.asfortranarray(with_absent_steps()),
    "absent steps, nested lists": lambda _: with_absent_steps().tolist(),
    "absent steps, memory map": lambda path: memory_map(path, with_absent_steps()),
    "absent steps, windows": lambda _: padded_windows(),
    "absent steps, windows, every second": lambda _: padded_windows()[::2],
    "absent steps, Windows": lambda _: Windows(
        np.concatenate([np.full((3, 3), np.nan), SERIES]), np.array([0, 1, 9, 3]), 4
    ),
    "ragged": lambda _: ragged(3),
    "ragged, tuple": lambda _: tuple(ragged(3)),
    "ragged, object array": lambda _: object_array(ragged(3)),
    "ragged, univariate": lambda _: ragged(),
    "ragged, object array, univariate": lambda _: object_array(ragged()),
    "ragged, lists": lambda _: [member.tolist() for member in ragged(3)],
    "ragged, univariate lists": lambda _: [member.tolist() for member in ragged()],
    "ragged, mixed dtypes": lambda _: [np.arange(3), np.float32([[1.5]]), [0.25, 2.0]],
    "ragged, DataFrames": lambda _: [pd.DataFrame(member) for member in ragged(3)],
    "ragged, F order": lambda _: [np.asfortranarray(member) for member in ragged(3)],
    "list of arrays of one length": lambda _: list(dense()),
    "list of 1-D arrays of one length": lambda _: list(SERIES),
    "list of one array": lambda _: ragged(3)[:1],
}
forms = pytest.mark.parametrize("name", FORMS)


def members_of(X):
    """Return X as a list of float64 arrays (time, features) of present steps."""
    if not isinstance(X, Windows | np.ndarray | pd.DataFrame):
        try:
            X = np.array(X, dtype=np.float64)
        except ValueError:
            X = object_array([np.array(member) for member in X])
    X = np.asarray(X)
    if X.dtype == object and X.ndim > 1:
        X = X.astype(np.float64)
    members = []
    for i in range(len(X)):
        member = np.array(X[i], dtype=np.float64)
        member = member[:, None] if member.ndim == 1 else member
        present = np.flatnonzero(~np.isnan(member).all(axis=1))
        members.append(member[present[0] : present[-1] + 1])
    return members


def assert_takes_agree(sequences, members, dtype):
    n = len(members)
    rng = np.random.default_rng(0)
    chosen = [np.arange(n), np.array([n - 1]), np.array([0, 0]), rng.integers(n, size=7)]
    for indices in chosen:
        batch, lengths = sequences.take(indices)
        wanted = [members[i] for i in indices]
        longest = max(len(member) for member in wanted)
        expected = np.zeros((len(indices), longest, wanted[0].shape[1]), dtype=dtype)
        for row, member in zip(expected, wanted, strict=True):
            row[: len(member)] = member
        assert batch.dtype == dtype
        np.testing.assert_array_equal(batch, expected)
        if all(len(member) == longest for member in wanted):
            assert lengths is None
        else:
            assert lengths.tolist() == [len(member) for member in wanted]


@forms
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_take_agrees_with_a_loop(tmp_path, name, dtype):
    X = FORMS[name](tmp_path)
    members = members_of(X)
    sequences = as_sequences(X, dtype)
    assert len(sequences) == len(members)
    assert sequences.lengths.tolist() == [len(member) for member in members]
    assert sequences.n_features == members[0].shape[1]
    assert_takes_agree(sequences, members, dtype)


@forms
def test_last_values(tmp_path, name):
    X = FORMS[name](tmp_path)
    members = members_of(X)
    sequences = as_sequences(X, np.float64)
    for feature in range(members[0].shape[1]):
        for back in (0, 1, 3):
            expected = [member[max(len(member) - 1 - back, 0), feature] for member in members]
            found = sequences.last_values(feature, back)
            assert found.dtype == np.float64
            np.testing.assert_array_equal(found, expected)


@forms
def test_a_taken_batch_is_a_copy(tmp_path, name):
    X = FORMS[name](tmp_path)
    sequences = as_sequences(X, np.float64)
    batch, _ = sequences.take(np.arange(len(sequences)))
    assert batch.flags.writeable
    assert not np.shares_memory(batch, sequences.rows)


def moments_naively(members, weight, relative):
    steps, weights = [], []
    for member, one in zip(members, weight, strict=True):
        base = np.zeros(member.shape[1])
        base[list(relative)] = member[-1, list(relative)]
        steps.append(member - base)
        weights.append(np.full(len(member), one))
    steps, weights = np.concatenate(steps), np.concatenate(weights)
    mean = np.average(steps, axis=0, weights=weights)
    std = np.sqrt(np.average((steps - mean) ** 2, axis=0, weights=weights))
    return mean, np.where(std > 1e-9, std, 1.0)


@forms
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("relative", ["none", "first", "all"])
def test_moments_agree_with_a_loop(tmp_path, name, weighted, relative):
    X = FORMS[name](tmp_path)
    members = members_of(X)
    n_features = members[0].shape[1]
    weight = np.random.default_rng(3).uniform(0.1, 5.0, size=len(members))
    relative = {"none": (), "first": (0,), "all": tuple(range(n_features))}[relative]
    found = as_sequences(X, np.float64).moments(weight if weighted else None, relative)
    weight = weight if weighted else np.ones(len(members))
    for mine, expected in zip(found, moments_naively(members, weight, relative), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-8, atol=1e-10)


def clipped_members(members, limits):
    return [np.clip(member, *limits) for member in members]


@forms
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_within_limits_all_is_read_as_if_clipped_before(tmp_path, name, dtype):
    X = FORMS[name](tmp_path)
    members = members_of(X)
    n_features = members[0].shape[1]
    limits = np.array([np.linspace(-0.5, -0.3, n_features), np.linspace(0.2, 0.6, n_features)])
    limits[:, 0] = -np.inf, 0.4
    limits = limits.astype(dtype).astype(float)
    raw = as_sequences(X, dtype)
    limited = raw.limited(limits)
    before = as_sequences(clipped_members(members, limits), dtype)
    assert limited.rows is raw.rows
    assert_takes_agree(limited, clipped_members(members, limits), dtype)
    assert_takes_agree(limited.subset(np.array([0])), clipped_members(members[:1], limits), dtype)
    features = range(n_features)
    for feature in features:
        expected = np.clip(raw.last_values(feature), *limits[:, feature])
        np.testing.assert_array_equal(limited.last_values(feature), expected)
    for one, other in (
        (limited.moments(), before.moments()),
        (limited.moments(None, [0]), before.moments(None, [0])),
        (limited.difference_scale(), before.difference_scale()),
        (limited.extremes(), before.extremes()),
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)
    if not limited.overlap:
        for one, other in zip(
            limited.present_values(features), before.present_values(features), strict=True
        ):
            np.testing.assert_array_equal(np.sort(one), np.sort(other))
    assert raw.limited(None) is raw


@forms
def test_extremes_agree_with_a_loop(tmp_path, name):
    X = FORMS[name](tmp_path)
    members = members_of(X)
    found = as_sequences(X, np.float64).extremes()
    low = np.min([member.min(axis=0) for member in members], axis=0)
    high = np.max([member.max(axis=0) for member in members], axis=0)
    np.testing.assert_array_equal(found, [low, high])


@pytest.mark.parametrize(
    ("X", "values", "lasting"),
    [
        # one sequence: a failure that ends, a level, a failure of two steps
        ([[0, 9, 0, 8, 7, 0, 9, 9, 0]], [9, 8, 7, 9, 9], [0, 1, 1, 0, 0]),
        ([[9, 0, 0, 9, 9]], [9, 9, 9], [0, 1, 1]),  # nobody knows how long
        ([[0, 0, -9], [8, 0, 0]], [-9, 8], [0, 0]),  # side by side in the table alone
        ([[9, 9]], [9, 9], [1, 1]),
        ([[0, 1, 2]], [], []),
    ],
)
def test_values_outside_a_range(X, values, lasting):
    found, last = as_sequences(np.array(X, float)[:, :, None]).values_outside(0, -5, 5)
    assert found.tolist() == values
    assert last.tolist() == [bool(one) for one in lasting]


def test_neighbours_in_windows_are_neighbours():
    series = np.array([0.0, 0, 9, 8, 0, 0, 9, 0])
    for X in (view_windows(series[:, None], 3), [series[:4], series[4:]]):
        found, last = as_sequences(X).values_outside(0, -5, 5)
        assert found.tolist() == [9, 8, 9]
        assert last.tolist() == [True, True, False]
    gap = [np.array([[0.0], [9.0], [np.nan], [8.0], [0.0]])]
    _, last = as_sequences(gap, allow_nan=True).values_outside(0, -5, 5)
    assert last.tolist() == [False, False]


def test_missing_values_stay_missing_within_limits():
    X = [np.array([[1.0], [np.nan], [9.0]]), np.array([[np.nan]])]
    sequences = as_sequences(X, allow_nan=True).limited(np.array([[0.0], [5.0]]))
    batch, _ = sequences.take(np.array([0, 1]))
    np.testing.assert_array_equal(batch[:, :, 0], [[1, np.nan, 5], [np.nan, 0, 0]])
    np.testing.assert_array_equal(sequences.extremes(), [[1.0], [5.0]])
    assert sequences.last_values(0).tolist()[0] == 5
    late = as_sequences([np.array([[9.0], [np.nan]])], allow_nan=True)
    assert late.limited(np.array([[0.0], [5.0]])).last_values(0).tolist() == [5]


def test_weights_in_moments_are_repetitions():
    X = padded_windows()
    weight = np.arange(len(X)) % 3
    found = as_sequences(X, np.float64).moments(weight.astype(float), [1])
    repeated = as_sequences(np.repeat(X, weight, axis=0), np.float64).moments(None, [1])
    np.testing.assert_allclose(found, repeated, rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0.0, 0.1, -1 / 3, 1e8, 1e-20])
def test_scale_of_a_constant_feature_is_one(dtype, value):
    X = dense()
    X[:, :, 1] = value
    mean, scale = as_sequences(X, dtype).moments()
    assert scale[1] == 1.0
    assert mean[1] == pytest.approx(value, rel=1e-6)
    assert (scale[[0, 2]] != 1.0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", [0.0, 3.0])
def test_scale_of_a_relative_feature_that_never_moves_within_a_sequence_is_one(dtype, level):
    levels = np.random.default_rng(0).normal(size=101)
    X = np.repeat((levels - levels.mean() + level)[:, None, None], 7, axis=1)
    mean, scale = as_sequences(X, dtype).moments(relative=[0])
    assert mean[0] == pytest.approx(0.0, abs=1e-12)
    assert scale[0] == 1.0


def test_scale_of_a_tiny_feature_is_not_one():
    mean, scale = as_sequences(1e-12 * dense(), np.float64).moments()
    np.testing.assert_allclose(scale, 1e-12 * dense().std(axis=(0, 1)), rtol=1e-8)
    np.testing.assert_allclose(mean, 1e-12 * dense().mean(axis=(0, 1)), rtol=1e-8)


def test_moments_survive_a_high_level():
    X = view_windows(1e6 + SERIES, 4)
    mean, scale = as_sequences(X, np.float64).moments()
    np.testing.assert_allclose(mean, X.mean(axis=(0, 1)), rtol=1e-12)
    np.testing.assert_allclose(scale, X.std(axis=(0, 1)), rtol=1e-6)


@forms
@pytest.mark.parametrize("weighted", [False, True])
def test_scale_of_differences_agrees_with_a_loop(tmp_path, name, weighted, monkeypatch):
    monkeypatch.setattr("sklstm.data.sequences._CHUNK", 7)
    X = FORMS[name](tmp_path)
    members = members_of(X)
    weight = np.random.default_rng(3).uniform(0.1, 5.0, size=len(members))
    found = as_sequences(X, np.float64).difference_scale(weight if weighted else None)
    weight = weight if weighted else np.ones(len(members))
    squares = total = 0.0
    for member, one in zip(members, weight, strict=True):
        squares += one * (np.diff(member, axis=0) ** 2).sum(axis=0)
        total += one * (len(member) - 1)
    expected = np.sqrt(squares / total) if total else np.zeros(members[0].shape[1])
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_weights_in_the_scale_of_differences_are_repetitions():
    X = padded_windows()
    weight = np.arange(len(X)) % 3
    found = as_sequences(X, np.float64).difference_scale(weight.astype(float))
    repeated = as_sequences(np.repeat(X, weight, axis=0), np.float64).difference_scale()
    np.testing.assert_allclose(found, repeated, rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", [0.0, 0.1, -1 / 3, 1e8])
def test_differences_of_what_does_not_change_have_no_scale(dtype, level):
    X = dense()
    X[:, :, 1] = level * (1 + np.arange(len(X)))[:, None]  # alike within a sequence alone
    scale = as_sequences(X, dtype).difference_scale()
    assert scale[1] == 0.0
    assert (scale[[0, 2]] > 0).all()


def carried(member):
    return pd.DataFrame(member).ffill().to_numpy()


@pytest.mark.parametrize("chunk", [1, 5, 65_536])
def test_differences_of_missing_values_are_those_of_what_is_carried_forward(chunk, monkeypatch):
    monkeypatch.setattr("sklstm.data.sequences._CHUNK", chunk)
    rng = np.random.default_rng(0)
    members = [rng.normal(size=(n, 3)) for n in (6, 1, 9, 4, 12)]
    for member in members:
        member[rng.uniform(size=member.shape) < 0.5] = np.nan
        member[1::2, 1] = np.nan  # never known twice in a row
        member[:, 2] = np.where(np.arange(len(member)) == 0, 1.0, member[:, 2])
    sequences = as_sequences(members, np.float64, allow_nan=True)
    told = [np.nan_to_num(np.diff(carried(member), axis=0)) for member in members]
    expected = np.sqrt((np.concatenate(told) ** 2).mean(axis=0))
    np.testing.assert_allclose(sequences.difference_scale(), expected)


# ---------------------------------------------------------------- memory

VIEWS = {
    "dense": lambda rows: rows.reshape(2, 10, 3),
    "windows": lambda rows: view_windows(rows, 4),
    "windows, every third": lambda rows: view_windows(rows, 4)[::3],
    "windows, some features": lambda rows: view_windows(rows, 4)[:, :, 1:],
    "windows, as a table": lambda rows: view_windows(rows[:, :1], 4)[:, :, 0],
    "Windows": lambda rows: Windows(rows, np.arange(17), 4),
    "stepped": lambda rows: rows.reshape(2, 10, 3)[:, ::2],
    "broadcast": lambda rows: np.broadcast_to(rows, (1000, 20, 3)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_are_not_copied(name):
    rows = SERIES.astype(np.float32)
    assert np.shares_memory(as_sequences(VIEWS[name](rows), np.float32).rows, rows)


@pytest.mark.parametrize("name", VIEWS)
def test_views_of_another_dtype_are_cast_once_a_row(name):
    found = as_sequences(VIEWS[name](SERIES), np.float32)
    assert found.rows.dtype == np.float32
    assert found.rows.size <= SERIES.size


@pytest.mark.parametrize("shape", ["dense", "windows"])
def test_memory_maps_stay_on_disk(tmp_path, shape):
    mapped = memory_map(tmp_path, dense() if shape == "dense" else SERIES)
    X = mapped if shape == "dense" else view_windows(mapped, 4)
    sequences = as_sequences(X, np.float32)
    assert np.shares_memory(sequences.rows, mapped)
    assert sequences.take(np.array([1]))[0].dtype == np.float32


@forms
def test_X_is_left_as_it_was(tmp_path, name):
    X = FORMS[name](tmp_path)
    before = deepcopy(X)
    sequences = as_sequences(X)
    sequences.take(np.arange(len(sequences)))
    sequences.moments()
    pairs = [(X, before)] if hasattr(X, "shape") and X.ndim > 1 else zip(X, before, strict=True)
    for part, kept in pairs:
        found, expected = (np.asarray(one).astype(np.float64) for one in (part, kept))
        np.testing.assert_array_equal(found, expected)


# ---------------------------------------------------------------- attributes


@pytest.mark.parametrize(
    ("X", "form", "n_timesteps", "n_features", "n_columns"),
    [
        (SERIES, "table", 3, 1, 3),
        (dense(), "dense", 6, 3, 3),
        (padded_windows(), "dense", 4, 3, 3),
        (Windows(SERIES, np.arange(4), 5), "windows", 5, 3, 3),
        (ragged(3), "ragged", 6, 3, 3),
        (ragged(), "ragged", 6, 1, 1),
    ],
)
def test_attributes(X, form, n_timesteps, n_features, n_columns):
    found = as_sequences(X)
    assert found.form == form
    assert found.n_timesteps == n_timesteps
    assert found.n_features == n_features
    assert found.n_columns == n_columns


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (dense(), False),
        (dense()[::2], False),
        (SERIES, False),
        (ragged(3), False),
        (view_windows(SERIES, 4), True),
        (view_windows(SERIES, 4)[::3], True),
        (view_windows(SERIES, 4)[::4], False),
        (view_windows(SERIES, 4)[::5], False),
        (padded_windows(), True),
        (view_windows(SERIES, 1), False),
        (Windows(SERIES, np.array([0, 1, 10, 11]), 4), True),
        (Windows(SERIES, np.array([0, 10, 1, 11]), 4), True),
        (Windows(SERIES, np.array([0, 4, 8]), 4), False),
        (Windows(SERIES, np.array([8, 4, 0]), 4), False),
        (np.broadcast_to(dense()[0], (3, 6, 3)), True),
    ],
)
def test_overlap_is_whether_sequences_share_steps(X, expected):
    assert as_sequences(X).overlap is expected


@forms
def test_rows_that_are_present(tmp_path, name):
    sequences = as_sequences(FORMS[name](tmp_path))
    expected = np.zeros(len(sequences.rows), dtype=bool)
    for first, length in zip(sequences.first, sequences.lengths, strict=True):
        expected[first : first + length] = True
    np.testing.assert_array_equal(sequences.is_present(), expected)


@pytest.mark.parametrize("name", ["dense, C order", "windows", "Windows", "ragged", "absent steps"])
def test_subset(tmp_path, name):
    X = FORMS[name](tmp_path)
    indices = np.array([3, 0, 3, 1])
    sequences = as_sequences(X, np.float64)
    subset = sequences.subset(indices)
    assert subset.rows is sequences.rows
    assert_takes_agree(subset, [members_of(X)[i] for i in indices], np.float64)


def test_long_data_are_checked_in_chunks(monkeypatch):
    X = with_absent_steps()
    whole = as_sequences(X)
    monkeypatch.setattr(sequences_module, "_CHUNK", 4)
    pieces = as_sequences(X)
    assert pieces.lengths.tolist() == whole.lengths.tolist()
    assert pieces.first.tolist() == whole.first.tolist()
    X[3, 2, 1] = np.inf
    with pytest.raises(ValueError, match="sequence 3, time step 2, feature 1"):
        as_sequences(X)


def test_any_dtype_is_kept_where_none_is_asked_for():
    X = np.array([[["a", "b"], ["c", "d"]], [["e", "f"], ["g", "h"]]])
    found = as_sequences(X, None)
    assert found.rows.tolist() == [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]]
    assert as_sequences([["a", "b"], ["c"]], None).rows.tolist() == [["a"], ["b"], ["c"]]
    assert as_sequences(np.ones((2, 3), dtype=np.int16), None).rows.dtype == np.int16


# ---------------------------------------------------------------- missing values


def test_missing_values_may_be_allowed():
    X = with_absent_steps()
    X[3, 2, 1] = np.nan
    found = as_sequences(X, allow_nan=True)
    assert found.lengths.tolist() == [4, 4, 4, 6, 1]
    assert np.isnan(found.take(np.array([3]))[0][0, 2, 1])
    table = SERIES.copy()
    table[1, 1] = np.nan
    assert np.isnan(as_sequences(table, allow_nan=True).rows).sum() == 1
    assert np.isnan(as_sequences([table, table], allow_nan=True).rows).sum() == 2


def test_infinity_is_never_allowed_and_found_behind_missing_values():
    X = dense()
    X[1, 0, 0] = np.nan
    X[1, 2, 1] = np.inf
    with pytest.raises(ValueError, match=r"infinity.* sequence 1, time step 2, feature 1"):
        as_sequences(X, allow_nan=True)


def set_in(X, *places):
    X = [np.array(member) for member in X] if isinstance(X, list) else np.array(X)
    for place, value in places:
        X[place[0]][place[1:]] = value
    return X


def broken_series(value):
    series = SERIES.copy()
    series[7, 2] = value
    return series


NAN_PLACES = {
    "dense": (set_in(dense(), ((1, 2, 0), np.nan)), 1, 2, 0),
    "first of several": (set_in(dense(), ((3, 0, 0), np.nan), ((2, 5, 1), np.nan)), 2, 5, 1),
    "behind absent steps": (set_in(with_absent_steps(), ((0, 4, 2), np.nan)), 0, 4, 2),
    "absent step inside": (set_in(dense(), ((2, 3), np.nan)), 2, 3, 0),
    "windows": (view_windows(broken_series(np.nan), 4), 4, 3, 2),
    "Windows": (Windows(broken_series(np.nan), np.array([0, 9, 6]), 4), 2, 1, 2),
    "table": (set_in(SERIES, ((4, 1), np.nan)), 4, 1, 0),
    "ragged": (set_in(ragged(3), ((2, 5, 1), np.nan)), 2, 5, 1),
}
INF_PLACES = {
    "dense": (set_in(dense(), ((1, 2, 0), np.inf)), 1, 2, 0),
    "minus infinity": (set_in(dense(), ((1, 5, 2), -np.inf)), 1, 5, 2),
    "too large": (set_in(dense(), ((0, 2, 0), 1e300)), 0, 2, 0),
    "windows": (view_windows(broken_series(np.inf), 4), 4, 3, 2),
    "windows, too large": (view_windows(broken_series(1e39), 4), 4, 3, 2),
    "table": (set_in(SERIES, ((4, 1), np.inf)), 4, 1, 0),
    "ragged": (set_in(ragged(3), ((2, 5, 1), np.inf)), 2, 5, 1),
}


@pytest.mark.parametrize("name", NAN_PLACES)
def test_error_says_where_the_first_missing_value_is(name):
    X, sample, step, feature = NAN_PLACES[name]
    place = f"sequence {sample}, time step {step}, feature {feature}"
    with pytest.raises(ValueError, match=f"contains NaN.*{place}"):
        as_sequences(X)


@pytest.mark.parametrize("name", INF_PLACES)
def test_error_says_where_the_first_infinite_value_is(name):
    X, sample, step, feature = INF_PLACES[name]
    place = f"sequence {sample}, time step {step}, feature {feature}"
    with pytest.raises(ValueError, match=rf"contains infinity .*float32.*{place}"):
        as_sequences(X)


@pytest.mark.parametrize("allow_nan", [False, True])
def test_a_sequence_without_present_steps_is_named(allow_nan):
    X = set_in(dense(), ((3,), np.nan))
    with pytest.raises(ValueError, match="NaN in every time step of sequence 3"):
        as_sequences(X, allow_nan=allow_nan)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (3, ValueError, "Expected 2D array, got scalar array instead"),
        ([], ValueError, "Expected 2D array, got 1D array instead"),
        ([1.0, 2.0], ValueError, "Expected 2D array, got 1D array instead"),
        (np.ones(3), ValueError, "Expected 2D array, got 1D array instead"),
        (np.ones((1, 2, 3, 4)), ValueError, "4 dimensions and shape (1, 2, 3, 4)"),
        (np.ones((0, 3)), ValueError, "0 sample(s)"),
        (np.ones((3, 0)), ValueError, "0 feature(s)"),
        (np.ones((0, 2, 1)), ValueError, "0 sample(s)"),
        (np.ones((3, 0, 2)), ValueError, "0 time step(s) or feature(s) (shape=(3, 0, 2))"),
        (np.ones((3, 2, 0)), ValueError, "0 time step(s) or feature(s) (shape=(3, 2, 0))"),
        ([np.ones((2, 1)), np.ones((0, 1))], ValueError, "X[1] is a sequence without time steps"),
        ([np.ones((2, 1)), np.ones((3, 2))], ValueError, "X[0] has 1 and X[1] has 2"),
        ([[1, 2, 3], [[4, 5]]], ValueError, "X[0] has 1 and X[1] has 2"),
        ([np.ones((2, 0)), np.ones((3, 0))], ValueError, "0 feature(s)"),
        ([[[[1.0]]], [[[1.0]], [[2.0]]]], ValueError, "X[0] has shape (1, 1, 1)"),
        (np.ones((2, 3), dtype=complex), ValueError, "Complex data not supported"),
        (sparse.eye_array(3).tocsr(), TypeError, "Sparse data was passed"),
        ([["a", "b"], ["c", "d"]], ValueError, "numeric"),
        ([["a", "b"], ["c"]], ValueError, "could not convert string to float"),
        (np.array([[1.0, "a"]], dtype=object), ValueError, "could not convert string to float"),
    ],
)
def test_what_is_no_sequences_is_refused(X, error, message):
    with pytest.raises(error, match=re.escape(message)):
        as_sequences(X)


@pytest.mark.parametrize(
    ("X", "shapes"),
    [
        ([[1, 2, 3], [4]], [(3, 1), (1, 1)]),
        ([[[1, 2]], [[3, 4], [5, 6]]], [(1, 2), (2, 2)]),
        ([np.ones((2, 3))], [(2, 3)]),
        ([np.ones(2), np.ones(2)], [(2, 1), (2, 1)]),
        (object_array(ragged(3)), [(4, 3), (1, 3), (6, 3), (2, 3)]),
        ([[1, 2], [3, 4]], None),
        (np.ones((2, 3)), None),
        (np.ones((2, 3), dtype=object), None),
        ([], None),
        (["ab", "c"], None),
        (3, None),
        (None, None),
    ],
)
def test_ragged_members(X, shapes):
    found = ragged_members(X)
    assert (found and [member.shape for member in found]) == shapes


def test_what_lies_between_samples_is_not_looked_at():
    big = np.full((20, 100, 2), np.nan)
    big[:, -5:] = 1.0
    sequences = as_sequences(big[:, -5:])
    assert sequences.rows.shape == (100, 2)
    assert np.isfinite(sequences.rows).all()


@pytest.mark.parametrize("padding", ["edge", "nan"])
def test_copies_of_windows_are_kept_once_a_row(padding):
    series = np.random.default_rng(0).normal(size=(50, 2))
    view = SlidingWindowTransformer(7, padding=padding).fit_transform(series)
    copied, viewed = as_sequences(view.copy()), as_sequences(view)
    assert copied.rows.shape == viewed.rows.shape == (56, 2)
    np.testing.assert_array_equal(copied.rows, viewed.rows)
    np.testing.assert_array_equal(copied.first, viewed.first)
    assert copied.overlap


@pytest.mark.parametrize("change", [(0, 1), (0, -1), (25, 3), (-1, 0)])
def test_what_is_almost_windows_is_not(change):
    X = view_windows(np.random.default_rng(0).normal(size=(50, 1)), 7).copy()
    X[change] += 1
    sequences = as_sequences(X, np.float64)
    assert not sequences.overlap
    np.testing.assert_array_equal(sequences.take(np.arange(len(X)))[0], X)


def test_samples_that_never_change_are_independent():
    assert not as_sequences(np.zeros((10, 4, 1))).overlap


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_runs_that_reach_the_end_of_the_table_are_gathered_like_others(dtype):
    members = [np.arange(length, dtype=dtype)[:, None] + 10 * length for length in (5, 2, 1)]
    sequences = as_sequences(members, dtype)
    batch, lengths = sequences.take(np.array([2, 0, 1]))
    assert batch.dtype == dtype
    assert lengths.tolist() == [1, 5, 2]
    expected = [[10, 0, 0, 0, 0], [50, 51, 52, 53, 54], [20, 21, 0, 0, 0]]
    assert batch[:, :, 0].tolist() == expected


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_batch_is_a_copy(n):
    X = np.arange(20.0, dtype=np.float32).reshape(5, 2, 2)
    batch, _ = as_sequences(X).take(np.arange(n))
    batch[:] = -1
    assert (X >= 0).all()


def test_a_pickle_holds_the_rows_once():
    sequences = as_sequences(view_windows(np.random.default_rng(0).normal(size=(300, 2)), 100))
    batch, _ = sequences.take(np.array([3, 0]))
    pickled = pickle.dumps(sequences)
    assert len(pickled) < 3 * sequences.rows.nbytes  # 200 windows would be 70 times the rows
    np.testing.assert_array_equal(pickle.loads(pickled).take(np.array([3, 0]))[0], batch)


def test_one_sequence_is_taken_as_among_others():
    members = [np.random.default_rng(0).normal(size=(length, 2)) for length in (3, 5)]
    sequences = as_sequences(members, np.float64)
    for number, member in enumerate(members):
        batch, lengths = sequences.take(np.array([number]))
        assert lengths is None
        np.testing.assert_array_equal(batch[0], member)
