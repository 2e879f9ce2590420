"""Means and deviations against loops over single sequences."""

import numpy as np
import pandas as pd
import pytest

from sklstm.data import (
    Sequences,
    as_sequences,
    difference_scale,
    moments,
    sequence_means,
    view_windows,
)
from tests.data.forms import FORMS, SERIES, dense, forms, members_of, padded_windows


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
    return mean, np.where(std > 1e-9, std, 0.0)


@forms
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("relative", ["none", "first", "all"])
def test_moments_agree_with_a_loop(tmp_path, name, weighted, relative):
    X = FORMS[name](tmp_path)
    members = members_of(X)
    n_features = members[0].shape[1]
    weight = np.random.default_rng(3).uniform(0.1, 5.0, size=len(members))
    relative = {"none": (), "first": (0,), "all": tuple(range(n_features))}[relative]
    found = moments(as_sequences(X, np.float64), weight if weighted else None, relative)
    weight = weight if weighted else np.ones(len(members))
    for mine, expected in zip(found, moments_naively(members, weight, relative), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-8, atol=1e-10)


def test_weights_in_moments_are_repetitions():
    X = padded_windows()
    weight = np.arange(len(X)) % 3
    found = moments(as_sequences(X, np.float64), weight.astype(float), [1])
    repeated = moments(as_sequences(np.repeat(X, weight, axis=0), np.float64), None, [1])
    np.testing.assert_allclose(found, repeated, rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0.0, 0.1, -1 / 3, 1e8, 1e-20])
def test_scale_of_a_constant_feature_is_zero(dtype, value):
    X = dense()
    X[:, :, 1] = value
    mean, scale = moments(as_sequences(X, dtype))
    assert scale[1] == 0.0
    assert mean[1] == pytest.approx(value, rel=1e-6)
    assert (scale[[0, 2]] > 0.0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", [0.0, 3.0])
def test_scale_of_a_relative_feature_that_never_moves_within_a_sequence_is_zero(dtype, level):
    levels = np.random.default_rng(0).normal(size=101)
    X = np.repeat((levels - levels.mean() + level)[:, None, None], 7, axis=1)
    mean, scale = moments(as_sequences(X, dtype), relative=[0])
    assert mean[0] == pytest.approx(0.0, abs=1e-12)
    assert scale[0] == 0.0


def test_rows_without_weight_may_be_of_any_size():
    X = dense()
    weight = np.array([1.0, 0.0, 2.0, 1.0, 1.0])
    expected = moments(as_sequences(X, np.float64), weight)
    changes = difference_scale(as_sequences(X, np.float64), weight)
    X[1] = np.array([1e200, -1e200] * 3)[:, None]
    found = moments(as_sequences(X, np.float64), weight)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(difference_scale(as_sequences(X, np.float64), weight), changes)


def test_passes_take_no_more_of_many_features_at_once(monkeypatch):
    monkeypatch.setattr("sklstm.data.rows._TOGETHER", 60)
    X = np.random.default_rng(0).normal(size=(4, 50, 30))
    sequences, asked = as_sequences(X), []
    values = Sequences.values

    def told(self, rows, features):
        found = values(self, rows, features)
        asked.append(found.size)
        return found

    monkeypatch.setattr(Sequences, "values", told)
    moments(sequences)
    difference_scale(sequences)
    assert max(asked) <= 60


def test_scale_of_a_tiny_feature_is_not_zero():
    mean, scale = moments(as_sequences(1e-12 * dense(), np.float64))
    np.testing.assert_allclose(scale, 1e-12 * dense().std(axis=(0, 1)), rtol=1e-8)
    np.testing.assert_allclose(mean, 1e-12 * dense().mean(axis=(0, 1)), rtol=1e-8)


def test_moments_survive_a_high_level():
    X = view_windows(1e6 + SERIES, 4)
    mean, scale = moments(as_sequences(X, np.float64))
    np.testing.assert_allclose(mean, X.mean(axis=(0, 1)), rtol=1e-12)
    np.testing.assert_allclose(scale, X.std(axis=(0, 1)), rtol=1e-6)


@forms
@pytest.mark.parametrize("weighted", [False, True])
def test_scale_of_differences_agrees_with_a_loop(tmp_path, name, weighted, monkeypatch):
    monkeypatch.setattr("sklstm.data.rows._TOGETHER", 7 * 3)
    X = FORMS[name](tmp_path)
    members = members_of(X)
    weight = np.random.default_rng(3).uniform(0.1, 5.0, size=len(members))
    found = difference_scale(as_sequences(X, np.float64), weight if weighted else None)
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
    found = difference_scale(as_sequences(X, np.float64), weight.astype(float))
    repeated = difference_scale(as_sequences(np.repeat(X, weight, axis=0), np.float64))
    np.testing.assert_allclose(found, repeated, rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", [0.0, 0.1, -1 / 3, 1e8])
def test_differences_of_what_does_not_change_have_no_scale(dtype, level):
    X = dense()
    X[:, :, 1] = level * (1 + np.arange(len(X)))[:, None]  # alike within a sequence alone
    scale = difference_scale(as_sequences(X, dtype))
    assert scale[1] == 0.0
    assert (scale[[0, 2]] > 0).all()


def carried(member):
    return pd.DataFrame(member).ffill().to_numpy()


@pytest.mark.parametrize("chunk", [1, 5, 65_536])
def test_differences_of_missing_values_are_those_of_what_is_carried_forward(chunk, monkeypatch):
    monkeypatch.setattr("sklstm.data.rows._TOGETHER", chunk * 3)
    rng = np.random.default_rng(0)
    members = [rng.normal(size=(n, 3)) for n in (6, 1, 9, 4, 12)]
    for member in members:
        member[rng.uniform(size=member.shape) < 0.5] = np.nan
        member[1::2, 1] = np.nan  # never known twice in a row
        member[:, 2] = np.where(np.arange(len(member)) == 0, 1.0, member[:, 2])
    sequences = as_sequences(members, np.float64, allow_nan=True)
    told = [np.nan_to_num(np.diff(carried(member), axis=0)) for member in members]
    expected = np.sqrt((np.concatenate(told) ** 2).mean(axis=0))
    np.testing.assert_allclose(difference_scale(sequences), expected)


@forms
def test_means_of_sequences_agree_with_a_loop(tmp_path, name):
    X = FORMS[name](tmp_path)
    members = members_of(X)
    sequences = as_sequences(X, np.float64)
    for feature in range(members[0].shape[1]):
        expected = [member[:, feature].mean() for member in members]
        np.testing.assert_allclose(sequence_means(sequences, feature), expected, atol=1e-12)


def test_means_of_sequences_are_those_of_what_is_known():
    X = [np.array([1e8, np.nan, 1e8 + 1.0]), np.array([np.nan]), np.array([4.0])]
    sequences = as_sequences(X, np.float64, allow_nan=True)
    np.testing.assert_allclose(sequence_means(sequences, 0), [1e8 + 0.5, np.nan, 4.0], atol=1e-6)
    nothing = as_sequences(X[1:2], np.float64, allow_nan=True)
    np.testing.assert_array_equal(sequence_means(nothing, 0), [np.nan])


def test_what_is_smaller_than_a_number_can_be_is_constant():
    X = np.random.default_rng(0).uniform(size=(20, 4, 2)) * [1.0, 1e-39]
    _, scale = moments(as_sequences(X))
    assert scale[1] == 0.0
