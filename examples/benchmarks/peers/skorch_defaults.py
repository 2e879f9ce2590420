"""skorch with its defaults, but for validation and printing, which are off."""

from typing import Any, ClassVar

import torch
from skorch import NeuralNetRegressor

from peers.cases import LEARNING_RATE, Case, Floats, make_windows
from peers.skorch_epochs import epoch_ends
from peers.torch_module import LastStepLSTM

PACKAGES = ("skorch", "torch")


class Peer:
    options: ClassVar[dict[str, Any]] = {}

    def __init__(self, case: Case) -> None:
        self.case = case
        self.X, self.y = make_windows(case)

    def fit(self, n_epochs: int) -> list[float]:
        torch.manual_seed(0)
        self.net = NeuralNetRegressor(
            LastStepLSTM,
            module__n_hidden=self.case.hidden,
            optimizer=torch.optim.AdamW,
            optimizer__weight_decay=0,
            lr=LEARNING_RATE,
            batch_size=self.case.batch,
            max_epochs=n_epochs,
            iterator_train__shuffle=True,
            train_split=None,
            verbose=0,
            device="cpu",
            **self.options,
        ).fit(self.X, self.y[:, None])
        return epoch_ends(self.net.history)

    def predict(self) -> Floats:
        return self.net.predict(self.X)[:, 0]
