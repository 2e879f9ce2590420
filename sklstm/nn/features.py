"""Features of several kinds, as they enter the first layer."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sklstm.nn.differences import Differences
from sklstm.nn.encodings import Encoded
from sklstm.nn.inputs import Standardize
from sklstm.nn.masks import present_steps
from sklstm.nn.missing import carry_forward


class Features(nn.Module):
    """Numbers standardised, features encoded, missing values carried forward.

    Parameters
    ----------
    numbers : sequence of int
        Features that are standardised.
    standardize : Standardize or Differences
        Of these alone.
    encoded : Encoded or None
        The others, and such of these as have bins beside them.
    missing : sequence of int or None, default=None
        Features that get an indicator, 1 where the value is missing. None where no value may be
        missing.

    Attributes
    ----------
    n_outputs : int
        Features of a step behind it.
    is_constant : Tensor of shape (n_outputs,), dtype bool
        Which numbers, and changes of them, are constant in training.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklstm.nn import Features, Standardize
    >>> layer = Features([0], Standardize(np.zeros(1), np.ones(1)), None, missing=[0])
    >>> layer(torch.tensor([[[2.0], [torch.nan]]]), None).tolist()
    [[[2.0, 0.0], [2.0, 1.0]]]
    """

    def __init__(
        self,
        numbers: Sequence[int],
        standardize: Standardize | Differences,
        encoded: Encoded | None,
        missing: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.numbers = list(numbers)
        self.standardize = standardize
        self.encoded = encoded
        self.missing = None if missing is None else list(missing)
        self.n_outputs = standardize.n_outputs if self.numbers else 0
        self.n_outputs += 0 if encoded is None else encoded.n_outputs
        self.n_outputs += len(self.missing or ())
        self.is_constant = torch.zeros(self.n_outputs, dtype=torch.bool)
        if self.numbers:
            self.is_constant[: standardize.n_outputs] = standardize.is_constant

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Map x (batch, time, features) to (batch, time, n_outputs), zero on padding."""
        known, parts = x if self.missing is None else carry_forward(x), []
        if self.numbers:
            # what is still unknown is NaN, and the mean serves
            parts.append(self.standardize(known[:, :, self.numbers], lengths).nan_to_num(0.0))
        if self.encoded is not None:
            parts.append(self.encoded(known))
        if self.missing is not None:
            parts.append(x[:, :, self.missing].isnan().to(x.dtype))
        features = torch.cat(parts, dim=2)
        if lengths is None:
            return features
        return features.masked_fill(~present_steps(lengths, x.shape[1])[:, :, None], 0.0)

    def categories_of(self, feature: int) -> NDArray[np.float64]:
        """Return the categories of a feature that is embedded."""
        assert self.encoded is not None
        layer = self.encoded.layers[self.encoded.features.index(feature)]
        categories: NDArray[np.float64] = layer.get_buffer("categories").cpu().numpy()
        return categories


# What may stand before the first layer.
Inputs = Standardize | Differences | Features
