import numpy as np
import pandas as pd
import pytest

from sklstm.data import read_series

DAYS = pd.date_range("2026-01-01", periods=6, freq="D", name="day")


def long_frame():
    a = pd.DataFrame({"shop": "a", "day": DAYS, "sales": np.arange(6.0), "price": 1.0})
    b = pd.DataFrame({"shop": "b", "day": DAYS[2:5], "sales": [7.0, 8.0, 9.0], "price": 2.0})
    return pd.concat([a, b], ignore_index=True)


def indexed():
    return long_frame().set_index(["shop", "day"])


def test_arrays():
    panel = read_series([1, 2, 3])
    assert panel.values.tolist() == [[1.0], [2.0], [3.0]]
    assert panel.keys is None
    assert panel.grid is None
    assert read_series(np.ones((3, 2))).values.shape == (3, 2)


FORMS = {
    "array": (np.arange(6.0), {}),
    "table": (np.arange(12.0).reshape(6, 2), {}),
    "series": (pd.Series(np.arange(6.0), index=DAYS, name="sales"), {}),
    "frame": (pd.DataFrame({"x": np.arange(6.0), "z": 1.0}, index=DAYS), {}),
    "rows": (pd.Series(np.arange(6.0)), {}),
    "indexed": (indexed(), {}),
    "indexed series": (indexed()["sales"], {}),
    "long": (long_frame(), {"group_by": "shop", "time_column": "day"}),
    "long with index": (long_frame().set_index("day"), {"group_by": "shop"}),
    "one long": (long_frame().query("shop == 'a'").drop(columns="shop"), {"time_column": "day"}),
    "two ids": (
        long_frame().assign(town=1),
        {"group_by": ["shop", "town"], "time_column": "day"},
    ),
    "three levels": (long_frame().assign(town=1).set_index(["shop", "town", "day"]), {}),
}


@pytest.mark.parametrize("form", list(FORMS))
def test_every_form_gives_back_what_it_got(form):
    y, reading = FORMS[form]
    panel = read_series(y, **reading)
    whole = panel if panel.keys is None else panel.head(np.minimum(panel.lengths, 3))
    values = whole.values.reshape(len(whole), -1, whole.values.shape[1])
    back = whole.give(values, whole.start)
    if isinstance(y, np.ndarray):
        np.testing.assert_array_equal(back, y)
        return
    if panel.keys is None:
        wanted = y
    elif reading:
        wanted = y.groupby(reading["group_by"], sort=False).head(3)
    else:
        wanted = y.groupby(level=list(range(y.index.nlevels - 1)), sort=False).head(3)
    if "time_column" in reading:
        wanted = wanted.reset_index(drop=True)[list(back.columns)]
    elif reading:
        wanted = wanted[list(back.columns)]
    compare = pd.testing.assert_frame_equal
    if isinstance(y, pd.Series):
        compare = pd.testing.assert_series_equal
    compare(back, wanted, check_freq=False, check_index_type=False)


def test_rows_of_several_series_may_be_mixed():
    mixed = long_frame().sample(frac=1, random_state=0).sort_values("day", kind="stable")
    panel = read_series(mixed, group_by="shop", time_column="day")
    for key, rows in long_frame().groupby("shop"):
        own = panel.head(np.where(panel.keys == key, panel.lengths, 0))
        np.testing.assert_array_equal(own.values, rows[["sales", "price"]].to_numpy())


def test_missing_stamps_become_missing_values():
    y = FORMS["series"][0].drop(DAYS[2])
    assert np.flatnonzero(np.isnan(read_series(y, freq="D").values)).tolist() == [2]
    several = indexed().drop([("a", DAYS[2])])
    panel = read_series(several, freq="D")
    assert panel.lengths.tolist() == [6, 3]
    assert np.flatnonzero(np.isnan(panel.values).any(axis=1)).tolist() == [2]


def test_places_in_time():
    panel = read_series(indexed())
    assert panel.start.tolist() == [0, 2]
    assert panel.stop.tolist() == [6, 5]
    assert panel.places().tolist() == [0, 1, 2, 3, 4, 5, 2, 3, 4]
    assert panel.where(7) == f"time {DAYS[3]} of series b"


def test_append_goes_on_and_takes_new_series():
    whole = indexed()
    days = whole.index.get_level_values("day")
    early = read_series(whole[days < DAYS[4]])
    late = read_series(whole[days >= DAYS[4]], like=early)
    new = read_series(whole.loc[["a"]].rename(index={"a": "c"}), like=early)
    joined = early.append(late).append(new)
    again = read_series(pd.concat([whole, whole.loc[["a"]].rename(index={"a": "c"})]))
    np.testing.assert_array_equal(joined.values, again.values)
    np.testing.assert_array_equal(joined.lengths, again.lengths)
    assert list(joined.keys) == list(again.keys)


@pytest.mark.parametrize("first", [3, 5])
def test_append_refuses_gaps_and_overlaps(first):
    y = FORMS["series"][0]
    early = read_series(y[:4])
    with pytest.raises(
        ValueError, match=f"{DAYS[4]} is expected next.*begin at time {DAYS[first]}"
    ):
        early.append(read_series(y[first:], like=early))


def test_rows_of_other_times_are_found_or_named():
    panel = read_series(indexed())
    found = panel.rows_at(pd.Index(["b"]), np.array([3]), np.array([2]), "X")
    np.testing.assert_array_equal(found[:, 0], [8.0, 9.0])
    with pytest.raises(ValueError, match=f"X has no row of time {DAYS[5]} of series b.*from"):
        panel.rows_at(pd.Index(["b"]), np.array([3]), np.array([3]), "X")
    with pytest.raises(ValueError, match="X has no rows of series z"):
        panel.rows_at(pd.Index(["z"]), np.array([3]), np.array([3]), "X")


@pytest.mark.parametrize(
    ("y", "reading", "message"),
    [
        (FORMS["series"][0].iloc[::-1], {}, "not in the order of time.*sort_index"),
        (indexed().iloc[::-1], {}, "not in the order of time in series b"),
        (pd.concat([FORMS["series"][0]] * 2).sort_index(), {}, "twice.*group_by"),
        (FORMS["series"][0].drop(DAYS[2]), {}, "frequency of time cannot be told"),
        (FORMS["series"][0].rename(dict(zip(DAYS, "abcdef", strict=True))), {}, "must be dates"),
        (np.array([1.0, np.inf]), {}, "y must hold numbers.*infinity"),
        (np.array(["a", "b"]), {}, "y must hold numbers"),
        (np.array([1e200, np.nan]), {}, "y holds numbers up to 1e.200, whose squares overflow"),
        (pd.Series(DAYS), {}, "holds dates"),
        (np.ones((2, 2, 2)), {}, "must have shape"),
        (np.array([]), {}, "a row at least"),
        (pd.Series(dtype=float, index=DAYS[:0]), {}, "a row at least"),
        (long_frame(), {"group_by": "store", "time_column": "day"}, "no column 'store'"),
        (long_frame()[["shop", "day"]], {"group_by": "shop", "time_column": "day"}, "of values"),
        (long_frame().assign(shop=[None] * 9), {"group_by": "shop", "time_column": "day"}, "no id"),
        (indexed(), {"group_by": "town"}, "has a MultiIndex"),
        (np.arange(3.0), {"group_by": "shop"}, "DataFrame of pandas. Got <class 'numpy"),
        (indexed().reset_index().assign(shop=1).set_index(["day", "shop"]), {}, "must be time"),
        (pd.Series([1.0, pd.NA], dtype=object), {}, "y must hold numbers"),
        (pd.Series([1.0, 2.0], index=["b", "a"]), {}, "y: Time must be dates"),
    ],
)
def test_bad_series_are_refused(y, reading, message):
    with pytest.raises(ValueError, match=message):
        read_series(y, **reading)


def test_the_input_is_not_changed():
    y = np.arange(6.0)
    read_series(y).values[:] = -1
    np.testing.assert_array_equal(y, np.arange(6.0))


def test_rows_know_their_place_in_series_and_time():
    index = pd.MultiIndex.from_tuples([("a", 5), ("b", 3), ("b", 4), ("b", 6)])
    panel = read_series(pd.Series(np.arange(4.0), index=index), freq=1)
    assert panel.n_before().tolist() == [0, 0, 1, 2, 3]
    assert panel.places().tolist() == [2, 0, 1, 2, 3]
    assert panel.place_of(np.array([4, 0])).tolist() == [3, 2]
