"""How a decoder is told of its output before."""

import torch
from torch import Tensor, nn

from sklstm.nn.encodings import embedding_width


class SymbolFeed(nn.Module):
    """Symbols as learnt vectors; the end of a sequence stands for its beginning too.

    Parameters
    ----------
    n_symbols : int
        Number of symbols, without the end, which is symbol `n_symbols`.
    width : int or None, default=None
        Of a vector. None takes `embedding_width`.

    Attributes
    ----------
    n_inputs : int
        Width of what the decoder gets.
    end : int
        The symbol that nothing follows.
    before_first : int
        The same: what stands before the first output.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import SymbolFeed
    >>> feed = SymbolFeed(3, 5)
    >>> feed(feed.start(torch.zeros(2, 4))).shape
    torch.Size([2, 5])
    >>> feed.choose(torch.tensor([[0.0, 2.0, 1.0, 0.0]])).tolist()
    [1]
    """

    def __init__(self, n_symbols: int, width: int | None = None) -> None:
        super().__init__()
        self.end = self.before_first = n_symbols
        self.n_inputs = width or embedding_width(n_symbols)
        self.vectors = nn.Embedding(n_symbols + 1, self.n_inputs)

    def forward(self, previous: Tensor) -> Tensor:
        """Map symbols (...) to vectors (..., n_inputs)."""
        vectors: Tensor = self.vectors(previous)
        return vectors

    def start(self, like: Tensor) -> Tensor:
        """Return what stands before the first output, (batch,)."""
        return torch.full((len(like),), self.before_first, device=like.device)

    def choose(self, outputs: Tensor) -> Tensor:
        """Return the output to go on with, (batch, n_outputs) -> (batch,)."""
        return outputs.argmax(1)


class NumberFeed(nn.Module):
    """Numbers as they are; before the first stand zeros, the mean of standardised numbers.

    Parameters
    ----------
    n_outputs : int

    Attributes
    ----------
    n_inputs : int
        The same.
    before_first : float
        What stands before the first output: the mean of standardised numbers.
    """

    end = None  # no number ends a sequence
    before_first = 0.0

    def __init__(self, n_outputs: int) -> None:
        super().__init__()
        self.n_inputs = n_outputs

    def forward(self, previous: Tensor) -> Tensor:
        """Return numbers (..., n_outputs)."""
        return previous

    def start(self, like: Tensor) -> Tensor:
        """Return what stands before the first output, (batch, n_outputs)."""
        return like.new_full((len(like), self.n_inputs), self.before_first)

    def choose(self, outputs: Tensor) -> Tensor:
        """Return the output to go on with, (batch, n_outputs); no gradient goes back through it."""
        return outputs.detach()
