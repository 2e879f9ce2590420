"""Missing values inside sequences."""

import torch
from torch import Tensor


def carry_forward(x: Tensor) -> Tensor:
    """Put the last known value of a feature in the place of NaN.

    Parameters
    ----------
    x : Tensor of shape (batch, time, features)

    Returns
    -------
    Tensor of the same shape
        NaN is left where no value is known yet.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.missing import carry_forward
    >>> carry_forward(torch.tensor([[[torch.nan], [1.0], [torch.nan]]])).ravel().tolist()
    [nan, 1.0, 1.0]
    """
    time = torch.arange(x.shape[1], device=x.device)[:, None]
    known = torch.where(x.isnan(), 0, time)  # (batch, time, features)
    return x.gather(1, known.cummax(dim=1).values)
