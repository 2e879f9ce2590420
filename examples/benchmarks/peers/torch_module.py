"""The network that is trained where it is written by hand."""

from torch import Tensor, nn

from peers.cases import N_FEATURES


class LastStepLSTM(nn.Module):
    """One LSTM layer, and one linear layer on its last state."""

    def __init__(self, n_hidden: int, n_features: int = N_FEATURES) -> None:
        super().__init__()
        self.lstm = nn.LSTM(n_features, n_hidden, batch_first=True)
        self.output = nn.Linear(n_hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.lstm(x)  # (batch, time, n_hidden)
        return self.output(states[:, -1])
