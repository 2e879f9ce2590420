import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

from sklstm.nn.watched import has_hooks, is_watched


def watched(x):
    seen.append(is_watched(x))
    return x * 1.0


seen: list[bool] = []


@pytest.fixture(autouse=True)
def forget():
    seen.clear()


def test_nobody_watches_a_plain_call():
    watched(torch.ones(2, requires_grad=True))
    with torch.no_grad():
        watched(torch.ones(2))
    assert seen == [False, False]


def forward_mode(x):
    with torch.autograd.forward_ad.dual_level():
        watched(torch.autograd.forward_ad.make_dual(x, x))


class Module(torch.nn.Module):
    def forward(self, x):
        return watched(x)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch calls its own
@pytest.mark.parametrize(
    "watch",
    [
        torch.vmap(watched),
        torch.func.grad(lambda x: watched(x).sum()),
        forward_mode,
        make_fx(watched),
        lambda x: torch.jit.trace(watched, x, check_trace=False),
        lambda x: torch.export.export(Module(), (x,), strict=False),
    ],
    ids=["vmap", "grad", "forward mode", "make_fx", "jit", "export"],
)
def test_torch_watches(watch):
    watch(torch.ones(2))
    assert seen
    assert all(seen)


def test_fake_tensors_hold_no_numbers():
    with FakeTensorMode():
        watched(torch.ones(2))
    assert seen == [True]


def test_compiled_code_sees_that_it_is():
    compiled = torch.compile(lambda x: x + is_watched(x), backend="eager", fullgraph=True)
    assert compiled(torch.zeros(2)).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    "register",
    [
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
    ],
)
def test_any_hook_of_any_module_counts(register):
    first, second = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    assert not has_hooks(first, second)
    handle = getattr(second, register)(lambda *_: None)
    assert has_hooks(first, second)
    handle.remove()
    assert not has_hooks(first, second)
