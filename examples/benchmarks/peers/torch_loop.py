"""torch, with the training loop written by hand: whole batches by their indices."""

from collections.abc import Iterable
from time import perf_counter

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from peers.cases import LEARNING_RATE, PREDICTION_BATCH, Case, Floats, make_windows
from peers.torch_module import LastStepLSTM

PACKAGES = ("torch",)


class Peer:
    def __init__(self, case: Case) -> None:
        self.case = case
        X, self.y = make_windows(case)
        self.X, self.target = torch.from_numpy(X), torch.from_numpy(self.y)[:, None]

    def batches(self) -> Iterable[tuple[Tensor, Tensor]]:
        """Return the batches of one epoch."""
        for indices in torch.randperm(len(self.X)).split(self.case.batch):
            yield self.X[indices], self.target[indices]

    def fit(self, n_epochs: int) -> list[float]:
        torch.manual_seed(0)
        self.model = LastStepLSTM(self.case.hidden)
        options = {"lr": LEARNING_RATE, "weight_decay": 0.0, "fused": True}
        optimizer = torch.optim.AdamW(self.model.parameters(), **options)
        ends = []
        for _ in range(n_epochs):
            for x, y in self.batches():
                optimizer.zero_grad()
                mse_loss(self.model(x), y).backward()
                optimizer.step()
            ends.append(perf_counter())
        return ends

    def predict(self) -> Floats:
        with torch.no_grad():
            outputs = torch.cat([self.model(x) for x in self.X.split(PREDICTION_BATCH)])
        return outputs[:, 0].numpy()


def gemm_rate(size: int = 1024, n_trials: int = 10) -> float:
    """Return the machine's float32 operations a second in a large matrix product, at its best."""
    left, right = torch.rand(size, size), torch.rand(size, size)
    seconds = []
    for _ in range(n_trials):
        begin = perf_counter()
        torch.mm(left, right)
        seconds.append(perf_counter() - begin)
    return 2 * size**3 / min(seconds)
