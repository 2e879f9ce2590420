import numpy as np
import pandas as pd
import pytest

from sklstm.data import TranscriptTargets, as_transcripts


@pytest.mark.parametrize(
    "wrap", [list, tuple, np.array, lambda y: np.array(y, dtype=object), pd.Series]
)
def test_strings_in_any_container(wrap):
    assert as_transcripts(wrap(["ab", "", "c"])).tolist() == ["ab", "", "c"]


def test_symbols_in_lists_tuples_and_arrays():
    y = as_transcripts([[1, 2], (3,), np.array([4, 5]), []])
    assert y.tolist() == [(1, 2), (3,), (4, 5), ()]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, 2], r"Got y\[0\] = 1"),
        ("abc", "one a sample. Got str: 'abc'"),
        (None, "Got NoneType"),
        ([["a"], "a"], "strings and other sequences"),
        ([{"a"}], r"Got y\[0\]"),
        (pd.DataFrame({"p": ["ab"]}), "DataFrame"),
        ({"a": 1}, "dict"),
        ([["a"], ["a", np.nan]], r"y\[1\] has no symbol at place 1: nan"),
        ([["a", pd.NA]], r"y\[0\] has no symbol at place 1: <NA>"),
        ([[None]], r"y\[0\] has no symbol at place 0: None"),
    ],
)
def test_what_is_no_transcript(y, message):
    with pytest.raises(ValueError, match=message):
        as_transcripts(y)


@pytest.mark.parametrize(
    "y", [["ab", "", "cba"], [[3, 1], [], [1, 1, 2]], [["the", "cat"], [], ["cat"]]]
)
def test_decoding_undoes_encoding(y):
    targets = TranscriptTargets(as_transcripts(y))
    coded = targets.encode(as_transcripts(y))
    numbers = [row[:n].tolist() for row, n in zip(*coded.values(), strict=True)]
    assert targets.decode_all(numbers).tolist() == y
    assert targets.symbols.tolist() == sorted({symbol for member in y for symbol in member})


def test_members_may_be_series_and_symbols_come_back_as_python_s_own():
    y = as_transcripts([pd.Series([1, 2]), pd.Series([2], index=[5])])
    assert y.tolist() == [(1, 2), (2,)]
    assert all(type(symbol) is int for symbol in TranscriptTargets(y).decode([0, 1]))


def test_symbols_that_are_no_scalars():
    y = as_transcripts([[(1, 2), (0, 1)], [(1, 2)]])
    targets = TranscriptTargets(y)
    assert targets.decode([0, 1]) == [(0, 1), (1, 2)]


def test_a_new_symbol_is_named():
    targets = TranscriptTargets(as_transcripts(["ab"]))
    with pytest.raises(ValueError, match="symbol 'x', which is none of those"):
        targets.encode(as_transcripts(["ax"]))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["", ""], "at least one symbol"),
        ([["a", 1]], "can be sorted"),
        ([[[1]]], "such as characters"),
    ],
)
def test_symbols_that_cannot_be_learnt(y, message):
    with pytest.raises(ValueError, match=message):
        TranscriptTargets(as_transcripts(y))
