import pickle
import sys
from copy import deepcopy

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EpochScoring, GradientNormClipping
from torch import nn

from sklstm.data import as_sequences
from sklstm.training import BestWeights, Samples, Split, make_net
from sklstm.training.schedules import cosine

N_SAMPLES, BATCH_SIZE = 10, 4
N_BATCHES = 3  # of 4, 4 and 2


class Mean(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(1, 1)

    def forward(self, x, lengths=None):
        lengths = torch.full((len(x),), x.shape[1]) if lengths is None else lengths
        return self.linear(x.sum(1) / lengths[:, None])


class Squared(nn.Module):
    def forward(self, output, target):
        return ((output - target) ** 2).mean(1)


def samples(n_samples=N_SAMPLES, weight=None, seed=0):
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(n, 1)) for n in rng.integers(1, 4, size=n_samples)]
    targets = np.array([sequence.mean() for sequence in X], dtype=np.float32)[:, None]
    return Samples(as_sequences(X), targets, weight)


def net_of(**options):
    torch.manual_seed(0)
    net = make_net(
        Mean(),
        Squared(),
        **{
            "optimizer": "sgd",
            "learning_rate": 0.1,
            "weight_decay": 0.0,
            "gradient_clip": None,
            "callbacks": None,
            "device": "cpu",
            **options,
        },
    )
    net.batch_size = BATCH_SIZE
    return net


def train(net, part, n_epochs, valid=None, seed=0, **options):
    net.train(Split(part, valid), n_epochs, np.random.default_rng(seed), **options)
    return net


@pytest.mark.skipif(not torch.set_flush_denormal(False), reason="not on this processor")
def test_steps_of_training_flush_subnormals_and_callbacks_do_not_see_it():
    flushed = []

    class Watch(Callback):
        def on_batch_end(self, net, training=False, **kwargs):
            flushed.append(sys.float_info.min / 2 == 0.0)

    class Watched(Mean):
        def forward(self, x, lengths=None):
            if self.training:
                assert float((torch.full((1,), 1e-30) * 1e-10).sum()) == 0.0
            return super().forward(x, lengths)

    net = net_of(callbacks=[Watch()])
    net.module_ = Watched()
    train(net, samples(), 1)
    assert flushed == [False] * N_BATCHES


def loss_of(net, part):
    with torch.no_grad():
        (x, target) = part.batch(np.arange(len(part)))
        weight = 1.0
        if isinstance(target, tuple):
            target, weight = target
        output = net.module_(**{k: torch.as_tensor(v) for k, v in x.items()})
        losses = ((output.numpy() - target) ** 2).mean(1)
        return float((weight * losses).mean())


def test_training_lowers_the_loss():
    net, part = net_of(), samples()
    before = loss_of(net, part)
    train(net, part, 20)
    assert loss_of(net, part) < 0.5 * before
    assert len(net.history) == 20


@pytest.mark.parametrize("weight", [None, np.linspace(0.1, 1.9, N_SAMPLES).astype("f4")])
def test_loss_of_an_epoch_is_the_mean_over_samples(weight):
    net, part, valid = net_of(learning_rate=1e-20), samples(weight=weight), samples(7, seed=1)
    train(net, part, 2, valid)
    for epoch in net.history:
        assert epoch["train_loss"] == pytest.approx(loss_of(net, part), rel=1e-5)
        assert epoch["valid_loss"] == pytest.approx(loss_of(net, valid), rel=1e-5)
        assert epoch["train_batch_count"] == N_BATCHES
        assert epoch["valid_batch_count"] == 2


def test_weighted_loss_of_a_batch():
    net = net_of()
    output = torch.tensor([[1.0], [3.0]])
    target, weight = np.array([[0.0], [0.0]], dtype="f4"), np.array([1.0, 0.5], dtype="f4")
    assert net.get_loss(output, target).item() == 5.0
    assert net.get_loss(output, (target, weight)).item() == (1 + 0.5 * 9) / 2


def test_training_goes_on_from_where_it_was():
    net = net_of(optimizer="adam")
    train(net, samples(), 2)
    train(net, samples(), 3)
    assert [epoch["epoch"] for epoch in net.history] == [1, 2, 3, 4, 5]
    assert {float(s["step"]) for s in net.optimizer_.state.values()} == {5 * N_BATCHES}


def test_optimizer_and_its_options():
    net = net_of(optimizer=torch.optim.Adam, learning_rate=0.3, weight_decay=0.2)
    assert type(net.optimizer_) is torch.optim.Adam
    assert net.optimizer_.param_groups[0]["lr"] == 0.3
    assert net.optimizer_.param_groups[0]["weight_decay"] == 0.2


def test_learning_rate_of_a_later_fit():
    net = net_of()
    train(net, samples(), 1)
    net.lr = 1e-20
    before = net.module_.linear.weight.clone()
    train(net, samples(), 1)
    assert torch.equal(net.module_.linear.weight, before)


def test_schedule():
    rates = []

    class Rates(Callback):
        def on_batch_end(self, net, **_):
            rates.append(net.optimizer_.param_groups[0]["lr"])

    train(net_of(callbacks=[Rates()]), samples(), 10, schedule="cosine")
    assert len(rates) == 30
    assert rates[0] == pytest.approx(0.1 * (0.5 / 30) / 0.05)
    assert rates[-1] == pytest.approx(0.1 * cosine(29.5 / 30))


def test_gradient_clip():
    largest = []

    class Norm(Callback):
        def on_batch_end(self, net, **_):
            grads = [p.grad.ravel() for p in net.module_.parameters()]
            largest.append(float(torch.cat(grads).norm()))

    train(net_of(gradient_clip=1e-3, callbacks=[Norm()]), samples(), 2)
    assert max(largest) <= 1.001e-3


def test_early_stopping_is_no_lasting_callback():
    net = net_of()
    names = [name for name, _ in net.callbacks_]
    train(net, samples(), 2, samples(5, seed=1), early_stopping=BestWeights(10, 0.0))
    assert [name for name, _ in net.callbacks_] == names
    train(net, samples(), 1)  # and needs no validation part any more


def test_own_callbacks_are_removed_after_an_error_too():
    class Fail(Callback):
        def on_batch_end(self, net, **_):
            raise RuntimeError

    net = net_of(callbacks=[Fail()])
    names = [name for name, _ in net.callbacks_]
    with pytest.raises(RuntimeError):
        train(net, samples(), 2)
    assert [name for name, _ in net.callbacks_] == names


@pytest.mark.parametrize("callbacks", [None, [GradientNormClipping(1.0)]])
def test_batches_are_recorded_for_callbacks_alone(callbacks):
    net = net_of(callbacks=callbacks)
    train(net, samples(), 2)
    n_recorded = [len(epoch["batches"]) for epoch in net.history]
    assert n_recorded == ([0, 0] if callbacks is None else [N_BATCHES] * 2)


def test_a_scoring_callback_of_skorch():
    def weight(net, *_):
        return net.module_.linear.weight.item()

    scoring = EpochScoring(weight, name="weight", use_caching=False)
    net = net_of(callbacks=[scoring])
    train(net, samples(), 2, samples(5, seed=1))
    assert len(net.history[:, "weight"]) == 2


def test_divergence_is_told_and_ends_the_fit():
    net = net_of(learning_rate=1e30)
    with pytest.raises(ValueError, match=r"diverged: the train loss is .* Lower learning_rate"):
        train(net, samples(), 10)
    assert len(net.history) < 10


def test_a_pickle_holds_the_module_once():
    net = net_of()
    train(net, samples(), 1)
    copy = pickle.loads(pickle.dumps(net))
    assert copy.module_.linear.weight.data_ptr() != net.module_.linear.weight.data_ptr()
    assert torch.equal(copy.module_.linear.weight, net.module_.linear.weight)
    assert copy.module is Mean
    train(copy, samples(), 1)
    train(net, samples(), 1)
    assert torch.equal(copy.module_.linear.weight, net.module_.linear.weight)


def test_nothing_is_printed(capfd):
    train(net_of(), samples(), 2, samples(5))
    assert capfd.readouterr() == ("", "")


class FailAt(Callback):
    """Raises at the k-th step."""

    def __init__(self, k, error):
        self.k, self.error = k, error

    def on_batch_end(self, _net, **_):
        self.k -= 1
        if self.k == 0:
            raise self.error


@pytest.mark.parametrize("error", [RuntimeError, SystemExit])
def test_whatever_is_raised_leaves_the_net_as_it_was(error):
    net = train(
        net_of(optimizer="adam", callbacks=[FailAt(2 * N_BATCHES + 5, error)]), samples(), 2
    )
    before = deepcopy([net.module_.state_dict(), net.optimizer_.state_dict(), list(net.history)])
    settings = dict(vars(net))

    def fail():
        with net.all_or_nothing():
            net.lr, net.batch_size, net.verbose = 0.5, 1, 0
            net.use_callbacks([FailAt(5, error)])
            train(net, samples(), 4)

    with pytest.raises(error):
        fail()
    after = [net.module_.state_dict(), net.optimizer_.state_dict(), list(net.history)]
    assert repr(after) == repr(before)
    assert vars(net) == settings
    assert not net.module_.training
    assert len(train(net, samples(), 1).history) == 3


@pytest.mark.parametrize("k", [N_BATCHES + 1, 2 * N_BATCHES])
def test_a_callback_ends_the_fit_with_whole_epochs(k):
    net = train(net_of(callbacks=[FailAt(k, KeyboardInterrupt)]), samples(), 5)
    assert len(net.history) == 1
    assert "train_loss" in net.history[-1]


def test_the_best_weights_are_restored_before_the_users_callbacks_hear_of_the_end():
    seen = []

    class Last(Callback):
        def on_epoch_begin(self, net, **_):
            net.module_.linear.weight.data += 10  # ever worse

        def on_train_end(self, net, **_):
            seen.append(net.module_.linear.weight.item())

    net = net_of(callbacks=[Last()], learning_rate=1e-20)
    best = BestWeights(100, 0.0)
    train(net, samples(), 4, samples(5, seed=1), early_stopping=best)
    assert best.best_epoch_ == 1
    assert seen == [net.module_.linear.weight.item()]


def test_the_device_keeps_its_name():
    # skorch hands it on to libraries that know no torch device
    assert net_of().device == "cpu"
