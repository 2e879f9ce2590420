"""What all losses have in common."""

import pytest
import torch

from sklstm.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES


@pytest.mark.parametrize("name", REGRESSION_LOSSES)
@pytest.mark.parametrize("n_targets", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_regression_loss_is_one_value_a_sample(rng, name, n_targets, dtype):
    loss = REGRESSION_LOSSES[name](n_targets, (0.2, 0.7))
    assert loss.n_outputs == n_targets * loss.width
    output = torch.as_tensor(rng.normal(size=(4, loss.n_outputs)), dtype=dtype)
    target = torch.as_tensor(rng.poisson(2.0, size=(4, n_targets)), dtype=dtype)
    values = loss(output, target)
    assert values.shape == (4,)
    assert values.dtype == dtype
    alone = torch.cat([loss(output[i : i + 1], target[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(values, alone)
    assert loss.predict(output).shape == (4, n_targets)
    if loss.has_quantiles:
        assert loss.predict_quantiles(output).shape == (4, n_targets, 2)
    if loss.has_std:
        assert (loss.predict_std(output) > 0).all()


@pytest.mark.parametrize("name", REGRESSION_LOSSES)
def test_columns_of_targets_count_alike(rng, name):
    """The loss of several columns is the mean of their losses."""
    kind = REGRESSION_LOSSES[name]
    pair = torch.as_tensor(rng.normal(size=(2, 5, kind(1).width)))
    target = torch.as_tensor(rng.poisson(2.0, size=(5, 2)), dtype=torch.float64)
    both = torch.stack([pair[0], pair[1]], dim=2 if name == "gaussian" else 1).flatten(1)
    expected = (kind(1)(pair[0], target[:, :1]) + kind(1)(pair[1], target[:, 1:])) / 2
    torch.testing.assert_close(kind(2)(both, target), expected)


@pytest.mark.parametrize("name", CLASSIFICATION_LOSSES)
@pytest.mark.parametrize("n_classes", [2, 5])
def test_classification_loss_is_one_value_a_sample(rng, name, n_classes):
    loss = CLASSIFICATION_LOSSES[name](n_classes)
    assert loss.n_outputs == n_classes
    output = torch.as_tensor(rng.normal(size=(4, n_classes)))
    target = torch.as_tensor(rng.integers(n_classes, size=4))
    values = loss(output, target)
    assert values.shape == (4,)
    assert (values >= 0).all()
    raised = output + torch.as_tensor(rng.normal(size=(4, 1)))  # scores count relative only
    torch.testing.assert_close(loss(raised, target), values)
    better = output + torch.eye(n_classes, dtype=torch.float64)[target]
    assert (loss(better, target) <= values).all()
    assert loss(better, target).sum() < values.sum()


@pytest.mark.parametrize("name", CLASSIFICATION_LOSSES)
def test_probabilities_need_scores_that_are_log_probabilities(name):
    assert CLASSIFICATION_LOSSES[name](3).has_probabilities is (name != "hinge")
