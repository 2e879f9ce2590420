import os
import signal
import sys
import threading
import time

import numpy as np
import pytest
import torch

from sklstm.training import runtime
from sklstm.training.runtime import (
    Interrupts,
    check_precision,
    fresh_seed,
    private_runtime,
    resolve_device,
    subnormals_flushed,
    threads_for,
)


def draw(seed):
    with private_runtime(seed, "cpu"):
        return torch.rand(3).tolist()


def test_seed_decides_what_is_drawn():
    assert draw(0) == draw(0) != draw(1)


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_random_state_of_torch_is_put_back(error):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    try:
        with private_runtime(0, "cpu"):
            torch.rand(3)
            torch.manual_seed(1)
            if error:
                raise error
    except (ValueError, KeyboardInterrupt):
        pass
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_gradients_are_enabled_within_alone(mode):
    with mode():
        with private_runtime(0, "cpu"):
            weight = torch.ones(1, requires_grad=True)
            (2 * weight).backward()
            assert weight.grad.item() == 2
        assert not torch.is_grad_enabled()


def test_threads_take_turns():
    inside, most = [], []

    def run():
        with private_runtime(0, "cpu"):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


def test_a_fit_within_a_fit_does_not_lock():
    with private_runtime(0, "cpu"):
        expected = torch.rand(2).tolist()
    with private_runtime(0, "cpu"):
        draw(3)
        assert torch.rand(2).tolist() == expected


def test_fresh_seed():
    assert fresh_seed(3) == fresh_seed(3) != fresh_seed(4)
    assert fresh_seed(3) == fresh_seed(np.random.RandomState(3))
    assert len({fresh_seed(None) for _ in range(5)}) == 5


def test_no_seed_leaves_numpy_alone():
    np.random.seed(0)  # noqa: NPY002
    fresh_seed(None)
    drawn = np.random.rand()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    assert drawn == np.random.rand()  # noqa: NPY002


def test_random_state_instance_advances():
    state = np.random.RandomState(0)
    assert fresh_seed(state) != fresh_seed(state)


def test_auto_device():
    assert resolve_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
def test_device_by_name(device):
    assert resolve_device(device) == device


@pytest.mark.parametrize("device", ["gpu", "", "cuda:999", "cpu:a"])
def test_unknown_device(device):
    with pytest.raises(ValueError, match=rf"'device' parameter must be 'auto'.*Got {device!r}"):
        resolve_device(device)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("asked", "within"), [(1, 1), (2, 2), (3, 2), (None, 2)])
def test_thread_count_is_put_back(asked, within):
    with private_runtime(0, "cpu", asked):
        assert torch.get_num_threads() == within
    assert torch.get_num_threads() == 2


def is_flushed():
    return sys.float_info.min / 2 == 0.0


@pytest.mark.skipif(not torch.set_flush_denormal(False), reason="not on this processor")
def test_subnormals_are_flushed_within_alone():
    with subnormals_flushed():
        assert is_flushed()
        with subnormals_flushed():
            pass
        assert is_flushed()  # as the caller had it
    assert not is_flushed()
    with pytest.raises(ValueError, match="within"), subnormals_flushed():
        raise ValueError("within")
    assert not is_flushed()


@pytest.mark.usefixtures("two_threads")
def test_thread_count_is_put_back_after_an_error():
    with pytest.raises(ValueError, match="within"), private_runtime(0, "cpu", 1):
        raise ValueError("within")
    assert torch.get_num_threads() == 2


def test_ctrl_c_is_seen_and_the_handler_put_back():
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert interrupts.seen
    assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def interrupted(monkeypatch):
    """Return what lets Ctrl-C come at the end of a function's next call."""

    def interrupt(owner, name):
        real = getattr(owner, name)

        def call(*args):
            result = real(*args)
            monkeypatch.setattr(owner, name, real)
            signal.raise_signal(signal.SIGINT)
            return result

        monkeypatch.setattr(owner, name, call)

    return interrupt


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("name", ["set_num_threads", "set_default_dtype", "set_flush_denormal"])
def test_ctrl_c_on_the_way_in_changes_nothing(interrupted, name):
    interrupted(torch, name)
    with pytest.raises(KeyboardInterrupt), private_runtime(0, "cpu", 1), subnormals_flushed():
        pytest.fail("not interrupted")
    assert torch.get_num_threads() == 2
    assert torch.get_default_dtype() == torch.float32
    assert not is_flushed()


def test_ctrl_c_before_the_block_puts_the_handler_back(interrupted):
    interrupts = Interrupts()
    interrupted(signal, "signal")
    with pytest.raises(KeyboardInterrupt), interrupts:
        pytest.fail("not interrupted")
    assert interrupts.seen
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_users_own_is_left_alone():
    seen = []
    before = signal.signal(signal.SIGINT, lambda *args: seen.append(args))
    try:
        with Interrupts() as interrupts:
            signal.raise_signal(signal.SIGINT)
        assert len(seen) == 1
        assert not interrupts.seen
    finally:
        signal.signal(signal.SIGINT, before)


def test_threads_leave_signals_alone():
    found = []
    thread = threading.Thread(target=lambda: found.append(Interrupts().__enter__().active))
    thread.start()
    thread.join()
    assert found == [False]


def test_default_dtype_within_is_float32():
    torch.set_default_dtype(torch.float64)
    try:
        with private_runtime(0, "cpu"):
            assert torch.get_default_dtype() == torch.float32
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(
    ("batch_size", "widest", "expected"),
    [(8, 64, 1), (64, 64, 1), (256, 32, 1), (128, 64, None), (8, 256, None)],
)
def test_only_wide_products_are_shared_by_threads(batch_size, widest, expected):
    assert threads_for(batch_size, widest) == expected


def test_threads_are_lowered_within_alone_and_never_raised():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for wanted, expected in ((1, 1), (None, 2), (5, 2)):
            with private_runtime(0, "cpu", wanted):
                assert torch.get_num_threads() == expected
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("supported", [True, False])
def test_bfloat16_needs_a_device_that_has_it(supported, monkeypatch):
    monkeypatch.setattr(runtime, "_has_bfloat16", lambda kind: supported)
    check_precision("float32", "cpu")
    check_precision("float64", "cpu")
    if supported:
        check_precision("bfloat16", "cpu")
        return
    with pytest.raises(ValueError, match=r"AVX512-BF16.*device='cpu'.*use precision='float32'"):
        check_precision("bfloat16", "cpu")


def test_no_bfloat16_on_devices_that_nothing_is_known_of():
    assert not runtime._has_bfloat16("mps")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_process_that_was_forked_beside_a_fit_can_fit():
    inside, done = threading.Event(), threading.Event()

    def hold():
        with private_runtime(0, "cpu"):
            inside.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(60)
    child = os.fork()
    if child == 0:  # pragma: no cover
        signal.alarm(20)  # ends it if it hangs
        with private_runtime(0, "cpu"):
            os._exit(0)
    _, status = os.waitpid(child, 0)
    done.set()
    thread.join()
    assert status == 0
