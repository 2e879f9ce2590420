"""Sequences that begin later, at random."""

import torch
from torch import Tensor, nn


class RandomCrop(nn.Module):
    """Leave out a random number of a batch's first steps, in training alone.

    The slices of [1]_, all with the sequence's own end. Places, and where groups of steps begin,
    can then not be learnt by heart.

    Parameters
    ----------
    share : float
        How much is left out at most, of the length of the batch's shortest sequence.

    References
    ----------
    .. [1] Le Guennec, Malinowski and Tavenard (2016), Data augmentation for time series
       classification using convolutional neural networks, ECML/PKDD workshop on advanced analytics
       and learning on temporal data.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import RandomCrop
    >>> _ = torch.manual_seed(0)
    >>> x, crop = torch.arange(6.0).reshape(1, 6, 1), RandomCrop(0.5)
    >>> [crop(x, None)[0].ravel().tolist() for _ in range(2)]
    [[1.0, 2.0, 3.0, 4.0, 5.0], [3.0, 4.0, 5.0]]
    >>> crop.eval()(x, None)[0].ravel().tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Cut the batch.

        Parameters
        ----------
        x : Tensor of shape (batch, time, features)
        lengths : Tensor of shape (batch,) or None
            None means that all sequences fill the batch.

        Returns
        -------
        x : Tensor of shape (batch, at most time, features)
            What stands behind the end of shorter sequences is without meaning.
        lengths : Tensor of shape (batch,) or None
        """
        if not self.training or self.share == 0:
            return x, lengths
        time = x.shape[1]
        if lengths is None:
            return x[:, int(torch.rand(()) * (int(self.share * time) + 1)) :], None
        # lengths that lie on a device are not read out, which would wait for it
        most = (self.share * lengths.min()).floor()
        n_left_out = (torch.rand(()) * (most + 1)).long()
        steps = torch.arange(time, device=x.device) + n_left_out
        return x[:, steps.clamp(max=time - 1)], lengths - n_left_out
