import numpy as np
import pytest

from sklstm.data import ClassTargets, RegressionTargets, as_sequences, find_anchor, no_anchor
from sklstm.data.targets import columns

N = 40


@pytest.fixture
def sequences():
    steps = np.random.default_rng(0).normal(size=(N, 6, 2))
    return as_sequences(10.0 + steps.cumsum(axis=1), np.float64)


@pytest.fixture(params=["vector", "column", "table"])
def y(request, sequences):
    noise = np.random.default_rng(1).normal(size=(N, 3))
    table = 100.0 + 7.0 * noise + 3.0 * sequences.last_values(1)[:, None]
    return {"vector": table[:, 0], "column": table[:, :1], "table": table}[request.param]


@pytest.fixture(params=[False, True], ids=["no anchor", "anchor"])
def anchor(request, sequences, y):
    if not request.param:
        return no_anchor(columns(y).shape[1])
    return find_anchor(sequences, columns(y), None, force=True)


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("center", [False, True])
def test_decoding_undoes_encoding(sequences, y, anchor, center, scale):
    targets = RegressionTargets(anchor, sequences, y, None, center=center, scale=scale)
    encoded = targets.encode(y, sequences, np.float64)
    assert encoded.shape == (N, columns(y).shape[1])
    found = targets.decode(encoded, sequences)
    assert found.shape == y.shape
    np.testing.assert_allclose(found, y, rtol=1e-12)
    assert targets.encode(y, sequences, np.float32).dtype == np.float32


def test_training_targets_are_standardised(sequences, y, anchor):
    targets = RegressionTargets(anchor, sequences, y, None, center=True, scale=True)
    encoded = targets.encode(y, sequences, np.float64)
    np.testing.assert_allclose(encoded.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(encoded.std(axis=0), 1.0)
    rest = columns(y) - anchor(sequences)
    np.testing.assert_allclose(targets.scale, rest.std(axis=0))


def test_without_anchor_mean_and_scale_are_those_of_y(sequences, y):
    plain = no_anchor(columns(y).shape[1])
    targets = RegressionTargets(plain, sequences, y, None, center=True, scale=True)
    np.testing.assert_allclose(targets.mean, columns(y).mean(axis=0))
    np.testing.assert_allclose(targets.scale, columns(y).std(axis=0))
    targets = RegressionTargets(plain, sequences, y, None, center=True, scale=False)
    assert (targets.scale == 1).all()


def test_counts_are_divided_by_their_mean_and_not_shifted(sequences, y):
    plain = no_anchor(columns(y).shape[1])
    targets = RegressionTargets(plain, sequences, y, None, center=False, scale=True)
    assert (targets.mean == 0).all()
    np.testing.assert_allclose(targets.scale, columns(y).mean(axis=0))
    zero = RegressionTargets(plain, sequences, 0 * y, None, center=False, scale=True)
    assert (zero.scale == 1).all()


@pytest.mark.parametrize("robust", [False, True])
def test_weights_are_repetitions(sequences, y, anchor, robust):
    weight = np.arange(N) % 4
    repeated = np.repeat(np.arange(N), weight)
    options = {"center": True, "scale": True, "robust": robust}
    found = RegressionTargets(anchor, sequences, y, weight.astype(float), **options)
    expected = RegressionTargets(anchor, sequences.subset(repeated), y[repeated], None, **options)
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.scale, expected.scale)


def test_far_targets_do_not_set_a_robust_unit(sequences):
    rng = np.random.default_rng(2)
    y = rng.normal([3.0, -50.0], [2.0, 0.1], size=(4000, 2))
    y[::50] = -9999.0
    nowhere = as_sequences(np.zeros((4000, 1)))
    options = {"center": True, "scale": True, "robust": True}
    targets = RegressionTargets(no_anchor(2), nowhere, y, None, **options)
    np.testing.assert_allclose(targets.mean, [3.0, -50.0], atol=0.1)
    np.testing.assert_allclose(targets.scale, [2.0, 0.1], rtol=0.15)
    np.testing.assert_allclose(targets.decode(targets.encode(y, nowhere, float), nowhere), y)


def test_without_a_range_a_robust_unit_is_the_usual_one(sequences):
    y = np.zeros(N)
    y[3] = 5.0
    robust, usual = (
        RegressionTargets(
            no_anchor(1), sequences, y, None, center=True, scale=True, robust=is_robust
        )
        for is_robust in (True, False)
    )
    assert (robust.mean, robust.scale) == (usual.mean, usual.scale)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e9, 1e-30])
def test_scale_of_a_constant_target_is_one(sequences, value):
    y = np.full(N, value)
    targets = RegressionTargets(no_anchor(1), sequences, y, None, center=True, scale=True)
    assert targets.scale.tolist() == [1.0]
    encoded = targets.encode(y, sequences, np.float64)
    np.testing.assert_allclose(targets.decode(encoded, sequences), y)


@pytest.mark.parametrize("whole", [False, True])
def test_a_constant_target_is_told_as_it_is_if_there_are_no_others(sequences, whole):
    y = np.column_stack([np.arange(N), np.full(N, 2e-6)])
    options = {"center": True, "scale": True, "whole": whole}
    targets = RegressionTargets(no_anchor(2), sequences, y, None, **options)
    found = targets.decode(np.full((N, 2), 0.1), sequences)
    assert (found[:, 0] > y[:, 0].mean()).all()
    assert np.allclose(found[:, 1], 2e-6, rtol=1e-9, atol=0) == whole


def test_scale_of_a_target_that_its_anchor_explains_is_one(sequences):
    y = 1e3 + 5.0 * sequences.last_values(0)
    anchor = find_anchor(sequences, y[:, None], None, force=True)
    targets = RegressionTargets(anchor, sequences, y, None, center=True, scale=True)
    assert targets.scale.tolist() == [1.0]


def test_decoding_of_several_values_a_target(sequences, y, anchor):
    targets = RegressionTargets(anchor, sequences, y, None, center=True, scale=True)
    values = np.random.default_rng(2).normal(size=(N, columns(y).shape[1], 4))
    found = targets.decode(values, sequences)
    assert found.shape == (*y.shape, 4)
    for k in range(4):
        np.testing.assert_allclose(found[..., k], targets.decode(values[:, :, k], sequences))


def test_spreads_are_scaled_and_not_shifted(sequences, y, anchor):
    targets = RegressionTargets(anchor, sequences, y, None, center=True, scale=True)
    spread = np.random.default_rng(2).uniform(size=(N, columns(y).shape[1]))
    found = targets.decode_scale(spread)
    assert found.shape == y.shape
    np.testing.assert_allclose(columns(found), spread * targets.scale)


def test_the_anchor_is_taken_at_the_sequences_at_hand(sequences):
    y = 5.0 * sequences.last_values(0) + np.random.default_rng(3).normal(size=N)
    anchor = find_anchor(sequences, y[:, None], None, force=True)
    targets = RegressionTargets(anchor, sequences, y, None, center=True, scale=True)
    raised = as_sequences(sequences.take(np.arange(N))[0] + 10.0, np.float64)
    zero = np.zeros((N, 1))
    rise = targets.decode(zero, raised) - targets.decode(zero, sequences)
    np.testing.assert_allclose(rise, 10.0 * anchor.slope[0])


@pytest.mark.parametrize(("shape", "expected"), [((4,), (4, 1)), ((4, 2), (4, 2))])
def test_columns(shape, expected):
    assert columns(np.zeros(shape)).shape == expected


@pytest.mark.parametrize(
    "classes", [np.array(["a", "b", "c"]), np.array([-3, 0, 7]), np.array([False, True])]
)
def test_class_numbers(classes):
    targets = ClassTargets(classes)
    numbers = np.array([1, 0, 1, len(classes) - 1])
    found = targets.encode(classes[numbers])
    assert found.tolist() == numbers.tolist()
    labels = targets.decode(found)
    assert labels.dtype == classes.dtype
    assert labels.tolist() == classes[numbers].tolist()


@pytest.mark.parametrize("label", ["aa", "z", "A"])
def test_unknown_label_is_named(label):
    with pytest.raises(ValueError, match=f"the label .*'{label}'.* none of the classes"):
        ClassTargets(np.array(["a", "b"])).encode(np.array(["a", label, "b"]))


def test_what_is_constant_has_no_spread(sequences):
    y = np.full((N, 2), 5.0)
    y[:, 0] += np.arange(N)
    targets = RegressionTargets(
        no_anchor(2), sequences, y, None, center=True, scale=True, whole=True
    )
    spread = targets.decode_scale(np.ones((N, 2)))
    assert (spread[:, 0] > 0).all()
    assert (spread[:, 1] == 0).all()
