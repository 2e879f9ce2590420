"""X in every accepted form, and its sequences as a loop would read them."""

import numpy as np
import pandas as pd
import pytest

from sklstm.data import Windows, view_windows

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


def with_huge_head():
    X = dense()
    X[:, :2] = 1e30
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
    "memory map, some steps": lambda path: memory_map(path, with_huge_head())[:, 2:],
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
