"""Encodings of features that are no well-spread numbers: symbols, and heavy-tailed numbers."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

_MAX_WIDTH = 32


def embedding_width(n_symbols: int) -> int:
    """Return how wide the vectors of symbols are where nobody says: half their number, up to 32.

    Parameters
    ----------
    n_symbols : int

    Returns
    -------
    int

    Examples
    --------
    >>> from sklstm.nn.encodings import embedding_width
    >>> [embedding_width(n) for n in (1, 5, 1_000)]
    [1, 3, 32]
    """
    return min(-(-n_symbols // 2), _MAX_WIDTH)


class Embedding(nn.Module):
    """A learnt vector for every category of one feature; zero for categories not seen in training.

    Parameters
    ----------
    categories : ndarray of shape (n_categories,)
        Sorted.
    width : int or None, default=None
        Of a vector. None takes `embedding_width`.

    Attributes
    ----------
    n_outputs : int
        The width.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklstm.nn import Embedding
    >>> layer = Embedding(np.array([3.0, 7.0, 9.0]))
    >>> layer(torch.tensor([[3.0, 8.0]])).ne(0).tolist()
    [[[True, True], [False, False]]]
    """

    categories: Tensor

    def __init__(self, categories: NDArray[np.float64], width: int | None = None) -> None:
        super().__init__()
        self.register_buffer("categories", torch.as_tensor(categories))
        self.n_outputs = width or embedding_width(len(categories))
        self.vectors = nn.Embedding(len(categories) + 1, self.n_outputs, padding_idx=0)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, time) to (batch, time, n_outputs)."""
        place = torch.searchsorted(self.categories, x.contiguous())
        place = place.clamp(max=len(self.categories) - 1)
        known = self.categories[place] == x
        vectors: Tensor = self.vectors(torch.where(known, place + 1, 0))
        return vectors


class PiecewiseLinear(nn.Module):
    """How far a number has come through each of several bins, from 0 to 1 [1]_.

    With the distinct values of a feature as edges it tells all of them apart; with quantiles, far
    values count no more than near ones.

    Parameters
    ----------
    edges : ndarray of shape (n_edges,)
        Increasing.

    References
    ----------
    .. [1] Gorishniy, Rubachev and Babenko (2022), On embeddings for numerical features in tabular
       deep learning, NeurIPS.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklstm.nn import PiecewiseLinear
    >>> PiecewiseLinear(np.array([0.0, 1.0, 3.0]))(torch.tensor([[2.0]])).tolist()
    [[[1.0, 0.5]]]
    """

    edges: Tensor

    def __init__(self, edges: NDArray[np.float64]) -> None:
        super().__init__()
        self.register_buffer("edges", torch.as_tensor(edges))
        self.n_outputs = len(edges) - 1

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, time) to (batch, time, n_outputs)."""
        left, width = self.edges[:-1], self.edges.diff()
        return ((x[:, :, None] - left) / width).clamp(0.0, 1.0)


class Quantile(nn.Module):
    """The share of training values below a number, interpolated, brought to spread 1.

    Parameters
    ----------
    edges : ndarray of shape (n_edges,)
        Increasing.
    shares : ndarray of shape (n_edges,)
        The share of values below each.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklstm.nn import Quantile
    >>> layer = Quantile(np.array([0.0, 2.0]), np.array([0.0, 1.0]))
    >>> layer(torch.tensor([[1.0, 9.0]])).round(decimals=2).tolist()
    [[[0.0], [1.73]]]
    """

    edges: Tensor
    shares: Tensor
    n_outputs = 1

    def __init__(self, edges: NDArray[np.float64], shares: NDArray[np.float64]) -> None:
        super().__init__()
        self.register_buffer("edges", torch.as_tensor(edges))
        self.register_buffer("shares", torch.as_tensor(shares))

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, time) to (batch, time, 1)."""
        bins = torch.searchsorted(self.edges, x.contiguous()).clamp(1, len(self.edges) - 1)
        left, right = self.edges[bins - 1], self.edges[bins]
        within = ((x - left) / (right - left)).clamp(0.0, 1.0)
        share = self.shares[bins - 1] + within * (self.shares[bins] - self.shares[bins - 1])
        return ((share - 0.5) * 12**0.5)[:, :, None]


class Encoded(nn.Module):
    """Several features, each through an encoding of its own, side by side.

    Parameters
    ----------
    features : sequence of int
        Which features of the input.
    layers : sequence of torch modules
        `Embedding`, `PiecewiseLinear` or `Quantile`, one a feature.
    """

    def __init__(
        self, features: Sequence[int], layers: Sequence[Embedding | PiecewiseLinear | Quantile]
    ) -> None:
        super().__init__()
        self.features = list(features)
        self.layers = nn.ModuleList(layers)
        self.n_outputs = sum(layer.n_outputs for layer in layers)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, time, features) to (batch, time, n_outputs); NaN becomes zero."""
        pairs = zip(self.features, self.layers, strict=True)
        return torch.cat([layer(x[:, :, f]) for f, layer in pairs], dim=2).nan_to_num(0.0)
