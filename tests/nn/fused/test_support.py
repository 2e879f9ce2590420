import pytest
import torch

from sklstm import _compiled
from sklstm.nn.fused import support


def test_single_precision_on_the_cpu_alone():
    if not _compiled.kernels():
        pytest.skip("no kernel here")
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


def test_gradients_can_be_found_but_not_differentiated():
    with torch.no_grad():
        support.refuse_second_derivative()
    with pytest.raises(RuntimeError, match="take double precision"):
        support.refuse_second_derivative()
