"""A hierarchy of multi-dimensional LSTM layers that reads an image of a line as a sequence."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.dropout import dropout
from sklstm.nn.heads import DenseHead, make_linear
from sklstm.nn.masks import present_steps
from sklstm.nn.multidimensional import MultidimensionalLayer

_Lengths = TypeVar("_Lengths", NDArray[np.int64], Tensor)


class ImageModel(nn.Module):
    """Transcribe images of lines, column by column.

    The hierarchy of [1]_: in front of each multi-dimensional layer, blocks of neighbouring pixels
    are put side by side, which makes the image smaller and its pixels wider; from the second layer
    on a dense layer with tanh then makes them narrower. Behind the last layer the rows are summed
    up, and a linear layer maps each column that is left to the outputs.

    Parameters
    ----------
    inputs : torch module
        Called with x and lengths; scales the features of a column, and sets padding to zero.
    height, n_channels : int
        Pixels of a column, and numbers of a pixel.
    n_outputs : int
    hidden_layer_sizes : sequence of int, default=(8, 32)
        Units of each multi-dimensional layer in one direction.
    block_sizes : sequence of (int, int), default=((2, 1), (3, 2))
        Height and width of the blocks in front of each layer. What an image lacks of a whole
        number of blocks is filled up with zeros, at the bottom and at the right.
    subsample_sizes : sequence of int, default=(24,)
        Units of the dense layers, one less than there are multi-dimensional layers.
    dropout : float, default=0.2
        Share of units dropped behind every multi-dimensional layer in training.

    Notes
    -----
    The defaults are for lines of 8 to 40 pixels in height: they halve the width, so that a letter
    of five pixels still has two or three columns, and leave two to seven rows to be summed up. The
    time is that of the first layers, where images are still large: keep these narrow, and where
    letters are wide, make the first block wider. A transcription by CTC needs at least as many
    columns as letters, and one more between two of the same.

    References
    ----------
    .. [1] Graves and Schmidhuber (2009), Offline handwriting recognition with multidimensional
       recurrent neural networks, NeurIPS 21.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklstm.nn import ImageModel, Standardize
    >>> model = ImageModel(Standardize(np.zeros(12), np.ones(12)), 12, 1, 11).float()
    >>> lengths = torch.tensor([30, 17])
    >>> model.output_lengths(lengths)
    tensor([15,  9])
    >>> model(torch.zeros(2, 30, 12), lengths).shape
    torch.Size([24, 11])
    """

    def __init__(
        self,
        inputs: nn.Module,
        height: int,
        n_channels: int,
        n_outputs: int,
        *,
        hidden_layer_sizes: Sequence[int] = (8, 32),
        block_sizes: Sequence[tuple[int, int]] = ((2, 1), (3, 2)),
        subsample_sizes: Sequence[int] = (24,),
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.inputs = inputs
        self.shape = (height, n_channels)
        self.block_sizes = tuple(block_sizes)
        self.dropout = dropout
        areas = [rows * columns for rows, columns in self.block_sizes]
        n_pixel = [areas[0] * n_channels, *subsample_sizes]
        self.layers = nn.ModuleList(
            MultidimensionalLayer(n_in, size)
            for n_in, size in zip(n_pixel, hidden_layer_sizes, strict=True)
        )
        n_block = [
            area * 4 * size for area, size in zip(areas[1:], hidden_layer_sizes[:-1], strict=True)
        ]
        self.dense = nn.ModuleList([nn.Identity()])
        self.dense.extend(
            nn.Sequential(make_linear(n_in, n_out), nn.Tanh())
            for n_in, n_out in zip(n_block, subsample_sizes, strict=True)
        )
        self.head = DenseHead(4 * hidden_layer_sizes[-1], (), n_outputs)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the outputs of all columns that belong to their image.

        Parameters
        ----------
        x : Tensor of shape (batch, width, height * n_channels)
            Padded at the tail. Within a column, the channels of a pixel stand side by side.
        lengths : Tensor of shape (batch,) or None, default=None
            Widths of the images; None means that all fill the batch.

        Returns
        -------
        Tensor of shape (sum of output_lengths(lengths), n_outputs)
            One image after another.
        """
        x = self.inputs(x, lengths)
        x = x.reshape(*x.shape[:2], *self.shape).transpose(1, 2)  # (batch, height, width, channels)
        for size, dense, layer in zip(self.block_sizes, self.dense, self.layers, strict=True):
            if lengths is not None:
                lengths = -(-lengths // size[1])
            x = dense(_blocks(x, size))
            x = dropout(layer(x, lengths), self.dropout, self.training)
        columns = x.sum(1)  # (batch, width, 4 * hidden)
        if lengths is None:
            columns = columns.flatten(0, 1)
        else:
            columns = columns[present_steps(lengths, columns.shape[1])]
        outputs: Tensor = self.head(columns)
        return outputs

    def output_lengths(self, lengths: _Lengths) -> _Lengths:
        """Return how many outputs images have.

        Parameters
        ----------
        lengths : ndarray or Tensor of int
            Widths of the images.

        Returns
        -------
        ndarray or Tensor of int
            Of the same shape.
        """
        for _, columns in self.block_sizes:
            lengths = -(-lengths // columns)  # rounded up
        return lengths


def _blocks(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Put the pixels of each block side by side.

    Parameters
    ----------
    x : Tensor of shape (batch, height, width, features)
        Zero behind the end of shorter images.
    size : (int, int)
        Rows and columns of a block.

    Returns
    -------
    Tensor of shape (batch, ceil(height / rows), ceil(width / columns), rows * columns * features)
    """
    rows, columns = size
    x = functional.pad(x, (0, 0, 0, -x.shape[2] % columns, 0, -x.shape[1] % rows))
    batch, height, width, n_features = x.shape
    x = x.view(batch, height // rows, rows, width // columns, columns, n_features)
    return x.transpose(2, 3).flatten(3)
