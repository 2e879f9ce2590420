import numpy as np
import pytest

from sklstm.data import find_edges, find_encoding, resolve_categorical

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (RNG.normal(size=2000), "standard"),
        (RNG.uniform(size=2000), "standard"),
        (RNG.exponential(size=2000), "standard"),
        (np.sin(np.arange(2000.0)), "standard"),
        (RNG.integers(2, size=2000), "standard"),  # a flag is told well by one number
        (RNG.integers(3, size=2000), "piecewise_linear"),
        (RNG.choice([40, 576, 1500], size=2000), "piecewise_linear"),
        (RNG.integers(33, size=2000), "piecewise_linear"),
        (RNG.integers(300, size=2000), "standard"),
        (RNG.integers(33, size=2000) / 7, "standard"),
        (
            np.where(RNG.uniform(size=2000) < 0.6, 52, RNG.integers(1500, size=2000)),
            "piecewise_linear",
        ),
        (np.arange(20.0), "standard"),  # few, but seen once
        (RNG.lognormal(0, 2, size=2000), "piecewise_linear"),
        (RNG.standard_cauchy(size=2000), "piecewise_linear"),
        (np.where(np.arange(2000) % 5, 7.0, RNG.normal(size=2000)), "piecewise_linear"),
        (np.full(100, 3.0), "standard"),
        (np.zeros(0), "standard"),
    ],
)
def test_auto(values, expected):
    values = values.astype(float)
    assert find_encoding(values, "auto") == expected
    is_number = expected == "standard" and len(np.unique(values)) > 2
    assert find_encoding(values, "concat") == ("concat" if is_number else expected)


@pytest.mark.parametrize("encoding", ["standard", "quantile", "piecewise_linear"])
def test_what_is_asked_for_is_taken(encoding):
    assert find_encoding(RNG.normal(size=50), encoding) == encoding
    assert find_encoding(np.ones(50), encoding) == "standard"


def test_edges_are_the_values_where_they_are_few_else_quantiles():
    assert find_edges(np.array([3.0, 1.0, 3.0, 9.0])).tolist() == [1, 3, 9]
    values = RNG.lognormal(0, 2, size=1000)
    edges = find_edges(values)
    assert len(edges) == 17
    assert (np.diff(edges) > 0).all()
    assert edges[[0, -1]].tolist() == [values.min(), values.max()]
    spike = np.concatenate([np.zeros(10_000), np.arange(100)])
    assert find_edges(spike).tolist() == [0, 99]
    packets = np.concatenate([np.full(30, 52.0), np.full(20, 60.0), np.linspace(0, 1500, 950)])
    assert {52, 60} <= set(find_edges(packets).tolist())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, []),
        ([], []),
        ("from_dtype", []),
        ([True, False, True], [0, 2]),
        (np.array([2, 0]), [0, 2]),
        (np.array([2, 0], dtype=object), [0, 2]),
        (np.array(["c"], dtype=object), [2]),
        ([-1], [2]),
        (["c", "a"], [0, 2]),
        (["a", "a", "c"], [0, 2]),
    ],
)
def test_categorical(given, expected):
    names = ["a", "b", "c"]
    assert resolve_categorical(given, 3, names, all_integers=False) == expected


def test_integers_are_symbols_if_asked():
    assert resolve_categorical("from_dtype", 2, None, all_integers=True) == [0, 1]
    assert resolve_categorical(None, 2, None, all_integers=True) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("all", "must be None, 'from_dtype', or an array-like"),
        ([0.5], "must be None, 'from_dtype', or a 1-D array-like"),
        ([[0]], "must be None, 'from_dtype', or a 1-D array-like"),
        ([True], "must have one entry a feature. It has 1, and X has 3"),
        ([3], "holds the index 3, but X has 3"),
        (["d"], "holds the name 'd', which is none of X's features, \\['a', 'b', 'c'\\]"),
    ],
)
def test_categorical_errors(given, message):
    with pytest.raises(ValueError, match=message):
        resolve_categorical(given, 3, ["a", "b", "c"], all_integers=False)


def test_names_that_are_not_there():
    with pytest.raises(ValueError, match="the features of X have no names"):
        resolve_categorical(["a"], 3, None, all_integers=False)
