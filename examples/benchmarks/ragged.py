"""An epoch on sequences of unequal length, against hand-written loops that pack or pad them.

    python examples/benchmarks/ragged.py [--rounds 5] [--batches 16] [--threads 1] [--quick]

Lengths are uniform in [T/2, T]. Both loops pad batches put together in the same way. One packs
them with pack_padded_sequence and reads the last hidden state; the other runs over the padding and
reads the state at each end, as sklstm does. Network, loss, optimiser and number of threads are the
same. Prints the medians of an epoch's seconds, the three taking turns, and how many times as long
as sklstm's those of the loops are. Then trains sklstm and the packing loop for 20 epochs from the
same weights on the same batches, and prints the largest relative difference of the loss of an
epoch.
"""

import argparse
import time
from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np
import torch
from measure import PLAIN_NETWORK, alternate
from skorch.callbacks import Callback
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from sklstm import LSTMRegressor
from sklstm.data import Batches

CASES = [(32, 50, 32), (64, 50, 64), (128, 100, 64), (256, 100, 128)]  # batch, T, hidden
N_FEATURES = 8
LEARNING_RATE = 1e-3
STEADY_EPOCHS = 3  # of each turn, after one that is not counted


class LastStateLSTM(nn.Module):
    """One LSTM layer over packed or padded sequences, and a linear layer on its last state."""

    def __init__(self, hidden: int, *, packs: bool) -> None:
        super().__init__()
        self.packs = packs
        self.lstm = nn.LSTM(N_FEATURES, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)
        # sklstm trains one of torch's two biases, which add up
        nn.init.zeros_(self.lstm.bias_hh_l0).requires_grad_(False)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        if not self.packs:
            states = self.lstm(x)[0]  # (batch, time, hidden)
            return self.head(states[torch.arange(len(x)), lengths - 1])
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        h_n = self.lstm(packed)[1][0]  # (layers, batch, hidden)
        return self.head(h_n[-1])


class Recorder(Callback):
    """Keeps the module as it began, and the batches of every epoch."""

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        self.module_ = deepcopy(net.module_)
        self.epochs_: list[list[Any]] = []

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        self.epochs_.append([])

    def on_batch_begin(self, net: Any, batch: Any = None, **kwargs: Any) -> None:
        x, y = batch
        parts = (x["x"], x["lengths"], y)
        self.epochs_[-1].append(tuple(torch.as_tensor(part) for part in parts))


def make_data(n_samples: int, T: int) -> tuple[list[Any], Any]:
    """Return sequences of T/2 to T steps, and the sums of their last five steps."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(T // 2, T, size=n_samples, endpoint=True)
    X = [rng.standard_normal((length, N_FEATURES), dtype=np.float32) for length in lengths]
    return X, np.array([x[-5:, 0].sum() for x in X])


def make_regressor(batch: int, hidden: int, epochs: int, **parameters: Any) -> LSTMRegressor:
    """Return a regressor that does no more than the loop does."""
    return LSTMRegressor(
        hidden,
        **PLAIN_NETWORK,
        standardize=False,
        subtract_last=False,
        learning_rate=LEARNING_RATE,
        learning_rate_schedule="constant",
        gradient_clip=None,
        batch_size=batch,
        max_epochs=epochs,
        random_state=0,
        **parameters,
    )


def train_epoch(model: nn.Module, optimizer: torch.optim.Optimizer, batches: Any) -> float:
    """Take a step a batch; return the mean loss of all samples."""
    losses, sizes = [], []
    for x, lengths, target in batches:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x, lengths), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
        sizes.append(len(x))
    return float(np.average(torch.stack(losses).double().numpy(), weights=sizes))


def make_optimizer(model: nn.Module) -> torch.optim.Optimizer:
    """Return sklstm's default, AdamW without weight decay."""
    options = {"lr": LEARNING_RATE, "weight_decay": 0.0, "fused": True}
    return torch.optim.AdamW(model.parameters(), **options)


def time_sklstm(X: list[Any], y: Any, batch: int, hidden: int) -> list[float]:
    """Return the seconds of the steady epochs of a fit."""
    model = make_regressor(batch, hidden, 1 + STEADY_EPOCHS).fit(X, y)
    return list(model.history_[1:, "dur"])


def time_loop(X: list[Any], y: Any, batch: int, hidden: int, *, packs: bool) -> list[float]:
    """Return the seconds of the steady epochs of a hand-written loop."""
    sequences = [torch.as_tensor(x) for x in X]
    lengths = torch.tensor([len(x) for x in X])
    targets = torch.as_tensor(y, dtype=torch.float32)[:, None]

    def pad(indices: Any) -> tuple[torch.Tensor, ...]:
        x = pad_sequence([sequences[i] for i in indices], batch_first=True)
        return x, lengths[indices], targets[indices]

    order = Batches(lengths.numpy(), batch, np.random.default_rng(0))  # shuffled anew every pass
    model = LastStateLSTM(hidden, packs=packs)
    optimizer = make_optimizer(model)
    seconds = []
    for _ in range(1 + STEADY_EPOCHS):
        begin = time.perf_counter()
        train_epoch(model, optimizer, map(pad, order))
        seconds.append(time.perf_counter() - begin)
    return seconds[1:]


def compare_times(options: argparse.Namespace) -> None:
    """Print a line a case."""
    heads = "".join(f"{head:>12}" for head in ("sklstm", "packed", "padded"))
    print(f"{'batch':>6}{'T':>6}{'hidden':>8}{heads}{'packed, padded / sklstm':>26}")
    for batch, T, hidden in CASES[: 2 if options.quick else None]:
        X, y = make_data(options.batches * batch, T)
        rivals = {
            "sklstm": partial(time_sklstm, X, y, batch, hidden),
            "packed": partial(time_loop, X, y, batch, hidden, packs=True),
            "padded": partial(time_loop, X, y, batch, hidden, packs=False),
        }
        seconds = alternate(rivals, options.rounds)
        times = "".join(f"{seconds[name]:>10.3f} s" for name in rivals)
        ratios = [seconds[name] / seconds["sklstm"] for name in ("packed", "padded")]
        print(f"{batch:>6}{T:>6}{hidden:>8}{times}{ratios[0]:>17.2f}{ratios[1]:>9.2f}")


def compare_losses(precision: str, epochs: int = 20) -> None:
    """Train both on the same batches; print how far apart the losses of an epoch come."""
    batch, T, hidden = CASES[0]
    X, y = make_data(8 * batch, T)
    recorder = Recorder()
    fitted = make_regressor(batch, hidden, epochs, callbacks=[recorder], precision=precision)
    fitted.fit(X, y)

    model = LastStateLSTM(hidden, packs=True).to(getattr(torch, precision))
    model.lstm.load_state_dict(recorder.module_.recurrent[0].forward_layer.state_dict())
    model.head.load_state_dict(recorder.module_.head.output.state_dict())
    optimizer = make_optimizer(model)
    packed = np.array([train_epoch(model, optimizer, batches) for batches in recorder.epochs_])
    difference = np.max(np.abs(fitted.loss_curve_ - packed) / packed)
    print(f"{precision:<10}loss {packed[0]:.3f} to {packed[-1]:.3f}, differs by {difference:.0e}")


def main() -> None:
    """Compare times, then losses."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=16, help="batches of an epoch")
    parser.add_argument("--threads", type=int, default=1, help="most that either may use")
    parser.add_argument("--quick", action="store_true", help="two cases, 2 rounds of 4 batches")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.batches = 2, 4
    torch.set_num_threads(options.threads)
    compare_times(options)
    print("\nsame weights, same batches, 20 epochs: the largest relative difference of the losses")
    for precision in ("float32", "float64"):
        compare_losses(precision)


if __name__ == "__main__":
    main()
