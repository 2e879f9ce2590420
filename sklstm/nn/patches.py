"""Several consecutive steps as one."""

from torch import Tensor, nn
from torch.nn import functional


class Patches(nn.Module):
    """Put groups of consecutive steps side by side, so that a layer makes fewer steps.

    As in PatchTST (Nie et al., 2023), without overlap. Groups are counted from the first step; what
    is missing of the last is zero, which is the mean of standardised features.

    Parameters
    ----------
    size : int
        Steps of a group.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import Patches
    >>> x, lengths = Patches(2)(torch.ones(1, 3, 1), torch.tensor([3]))
    >>> x.tolist(), lengths.tolist()
    ([[[1.0, 1.0], [1.0, 0.0]]], [2])
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Group the steps.

        Parameters
        ----------
        x : Tensor of shape (batch, time, features)
            Zero behind the end of shorter sequences.
        lengths : Tensor of shape (batch,) or None

        Returns
        -------
        x : Tensor of shape (batch, ceil(time / size), size * features)
        lengths : Tensor of shape (batch,) or None
            In groups.
        """
        if self.size == 1:
            return x, lengths
        batch, time, n_features = x.shape
        padded = functional.pad(x, (0, 0, 0, -time % self.size))
        grouped = padded.reshape(batch, -1, self.size * n_features)
        return grouped, None if lengths is None else -(-lengths // self.size)
