import re

import numpy as np
import pandas as pd
import pytest
import torch

from sklstm._validation import (
    check_layer_sizes,
    check_lengths_agree,
    check_no_masks,
    check_quantiles,
    check_sample_weight,
    check_squares,
    columns_of_no_numbers,
    kind_of,
    names_of,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (64, (64,)),
        (np.int64(3), (3,)),
        ((32, 16), (32, 16)),
        ([5], (5,)),
        (np.array([4, 2]), (4, 2)),
    ],
)
def test_layer_sizes(value, expected):
    found = check_layer_sizes(value, "hidden_layer_sizes")
    assert found == expected
    assert all(type(size) is int for size in found)


@pytest.mark.parametrize("empty", [(), [], np.array([], dtype=int)])
def test_no_layers_only_where_allowed(empty):
    assert check_layer_sizes(empty, "dense_layer_sizes", may_be_empty=True) == ()
    with pytest.raises(ValueError, match=r"'dense_layer_sizes' .* not empty"):
        check_layer_sizes(empty, "dense_layer_sizes")


@pytest.mark.parametrize(
    "value", [0, -1, 2.0, "64", None, True, (3, 0), (3, 2.5), (True,), ("a",), {3: 1}, [[3]]]
)
def test_layer_sizes_error_names_parameter_and_value(value):
    with pytest.raises(ValueError, match="'sizes' parameter must be a positive int") as caught:
        check_layer_sizes(value, "sizes")
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.5, (0.5,)), ([0.1, 0.9], (0.1, 0.9)), (np.array([0.2, 0.3]), (0.2, 0.3))],
)
def test_quantiles(value, expected):
    found = check_quantiles(value)
    assert found == expected
    assert all(type(level) is float for level in found)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0.0, "outside (0, 1)"),
        (1.0, "outside (0, 1)"),
        (1, "outside (0, 1)"),
        ((0.5, 1.5), "1.5 lies outside (0, 1)"),
        ((0.5, float("nan")), "nan lies outside (0, 1)"),
        ((0.5, "0.9"), "'0.9' lies outside (0, 1)"),
        ((), "Got ()"),
        ("0.5", "Got '0.5'"),
        (None, "Got None"),
        ((0.9, 0.1), "sort it and drop repeats"),
        ((0.5, 0.5), "sort it and drop repeats"),
    ],
)
def test_quantiles_error(value, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        check_quantiles(value)
    assert "'quantile' parameter must be a float in (0, 1)" in str(caught.value)


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        ([1, 0, 2], [1.0, 0.0, 2.0]),
        (np.float32([1, 2, 3]), [1.0, 2.0, 3.0]),
        (2, [2.0, 2.0, 2.0]),
        (0.5, [0.5, 0.5, 0.5]),
    ],
)
def test_sample_weight(weight, expected):
    found = check_sample_weight(weight, 3)
    assert found.dtype == np.float64
    assert found.tolist() == expected


def test_no_sample_weight():
    assert check_sample_weight(None, 3) is None


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1.0, 2.0], r"shape \(3,\). Got shape \(2,\)"),
        ([[1.0], [2.0], [3.0]], r"Got shape \(3, 1\)"),
        ([1.0, -2.0, -0.5], "Negative values in sample_weight.* at index 1"),
        ([0.0, 0.0, 0.0], "at least one non-zero number"),
        ([1.0, np.nan, 1.0], "Input sample_weight contains NaN: the first is sample_weight\\[1\\]"),
        ([1.0, np.inf, 1.0], "Input sample_weight contains infinity"),
        (-1, "Negative values in sample_weight"),
        (0, "at least one non-zero number"),
    ],
)
def test_sample_weight_error(weight, message):
    with pytest.raises(ValueError, match=message):
        check_sample_weight(weight, 3)


class PolarsDtype:
    """As polars tells its dtypes."""

    def __init__(self, name):
        self.name = name

    def __str__(self):
        return self.name

    def is_temporal(self):
        return self.name in ("Date", "Datetime", "Duration")

    def is_integer(self):
        return self.name.startswith(("Int", "UInt"))

    def is_numeric(self):
        return self.is_integer() or self.name.startswith("Float")


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (np.dtype("int8"), "i"),
        (np.dtype("datetime64[s]"), "M"),
        (np.dtype("U3"), "U"),
        (pd.Int64Dtype(), "i"),
        (pd.BooleanDtype(), "b"),
        (pd.CategoricalDtype(), "O"),
        (PolarsDtype("UInt8"), "i"),
        (PolarsDtype("Float32"), "f"),
        (PolarsDtype("Boolean"), "b"),
        (PolarsDtype("Duration"), "M"),
        (PolarsDtype("String"), "O"),
        (torch.float32, "O"),
        (None, "O"),
    ],
    ids=str,
)
def test_kinds_of_dtypes(dtype, kind):
    assert kind_of(dtype) == kind


def test_columns_are_told_apart_by_place():
    frame = pd.DataFrame([[1.0, "x", 2]], columns=["a", "a", "b"])
    assert columns_of_no_numbers(frame) == ["a"]


def test_lengths_agree():
    check_lengths_agree([1, 2], np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"X_val and y_val must hold one entry a sample.*\[2, 3\]"):
        check_lengths_agree([1, 2], np.zeros(3), "X_val and y_val")


class Arrow:
    """What tables of Arrow have: names of their own, and data where others have names."""

    column_names = ("a", "b")
    columns = (np.zeros(2), np.ones(2))


@pytest.mark.parametrize(
    ("table", "names"),
    [
        (pd.DataFrame({"b": [1], "a": [2]}), ["b", "a"]),
        (Arrow(), ["a", "b"]),
        (pd.Series([1.0], name="a"), []),
        (np.ones((2, 2)), []),
    ],
    ids=lambda given: type(given).__name__,
)
def test_names_of_columns(table, names):
    assert names_of(table) == names


@pytest.mark.parametrize("wrap", [lambda values: values, lambda values: [[1.0], values]])
def test_masks_are_found_where_they_hide_something(wrap):
    values = np.ma.masked_array([1.0, 2.0])
    check_no_masks(wrap(values), "X")
    values[1] = np.ma.masked
    with pytest.raises(ValueError, match=r"X holds masked values.*\.filled\(np\.nan\)"):
        check_no_masks(wrap(values), "X")


def test_arrays_without_axes_are_numbers():
    assert check_layer_sizes(np.array(3), "sizes") == (3,)
    assert check_quantiles(np.array(0.3)) == (0.3,)
    with pytest.raises(ValueError, match="'sizes' parameter must be a positive int"):
        check_layer_sizes(np.array(0.5), "sizes")


def test_numbers_whose_squares_vanish_are_refused():
    check_squares(np.array([0.0, 1e-140, np.nan]), "y")
    check_squares(np.zeros(3), "y")
    with pytest.raises(ValueError, match="y holds no number beyond 2e-200, whose squares are zero"):
        check_squares(np.array([1e-200, -2e-200]), "y")
