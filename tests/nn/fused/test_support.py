import pytest
import torch

from sklstm.nn.fused import support


@pytest.mark.usefixtures("_any_kernel")
def test_single_precision_on_the_cpu_alone():
    x = torch.zeros(2, 3)
    assert support.can_take(x)
    assert not support.can_take(x.double())
    assert not support.can_take(x.to("meta"))


def test_nothing_without_a_kernel(monkeypatch):
    monkeypatch.setattr(support, "kernels", tuple)
    assert not support.can_take(torch.zeros(2, 3))


def test_not_while_torch_looks_on():
    seen = []
    torch.func.vmap(lambda x: seen.append(support.can_take(x)) or x)(torch.zeros(2, 3))
    assert seen == [False]


def test_lengths_become_integers_side_by_side():
    lengths = torch.tensor([[2, 1], [3, 1]], dtype=torch.int16)[:, 0]
    found = support.as_lengths(lengths, batch=2, time=3)
    assert found.tolist() == [2, 3]
    assert found.dtype == torch.int64
    assert found.is_contiguous()


@pytest.mark.parametrize("lengths", [[0, 3], [1, 4], [3], [[1, 2]], [1.0, 2.0]])
def test_lengths_must_be_those_of_steps(lengths):
    with pytest.raises(ValueError, match="lengths must be 2 integers from 1 to 3"):
        support.as_lengths(torch.tensor(lengths), batch=2, time=3)


def test_gradients_can_be_found_but_not_differentiated():
    with torch.no_grad():
        support.refuse_second_derivative()
    with pytest.raises(RuntimeError, match="take double precision"):
        support.refuse_second_derivative()
