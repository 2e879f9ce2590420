"""torch, with the training loop written by hand over a `DataLoader`."""

from collections.abc import Iterable

from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from peers import torch_loop
from peers.cases import Case

PACKAGES = ("torch",)


class Peer(torch_loop.Peer):
    def __init__(self, case: Case) -> None:
        super().__init__(case)
        dataset = TensorDataset(self.X, self.target)
        self.loader = DataLoader(dataset, batch_size=case.batch, shuffle=True)

    def batches(self) -> Iterable[tuple[Tensor, Tensor]]:
        return self.loader
