"""The model of the estimators: scaled input, recurrent layers, pooling, head."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from sklstm.nn.crop import RandomCrop
from sklstm.nn.dropout import dropout
from sklstm.nn.features import Inputs
from sklstm.nn.heads import DenseHead
from sklstm.nn.normalization import NORMALIZATIONS
from sklstm.nn.patches import Patches
from sklstm.nn.pooling import EVERY_STEP, POOLINGS
from sklstm.nn.recurrent import RecurrentLayer, Start
from sklstm.nn.summary import refine, summarize
from sklstm.nn.watched import has_hooks


class SequenceModel(nn.Module):
    """Stacked recurrent layers from padded sequences to one output vector each, or one a step.

    Parameters
    ----------
    inputs : Standardize, Differences or Features
        Scales the features.
    n_outputs : int
        Width of the output.
    hidden_layer_sizes : sequence of int
        Width of each recurrent layer, in one direction.
    cell : {"lstm", "gru", "rnn"}
    activation : {"tanh", "relu", "sigmoid", "identity"}, default="tanh"
        Of the cells.
    bidirectional : bool
    pooling : {"last", "mean", "max", "concat"} or None
        None gives outputs of every step.
    dense_layer_sizes : sequence of int
        Widths of the ReLU layers before the output.
    normalization : {"layer", "batch"} or None
        Applied to what leaves every recurrent layer; "batch" also to what enters the first.
    dropout : float
        Share of units dropped behind every recurrent and every dense layer in training.
    patch_size : int, default=1
        Consecutive steps that enter the first layer as one.
    random_crop : float, default=0.0
        Share of a batch's shortest sequence that is left out at all heads in training, at most.
    mixed_precision : bool, default=False
        Whether the recurrent layers compute in bfloat16.
    start : Start or None, default=None
        How the weights of the recurrent layers start; None is as `Start` does.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklstm.nn import SequenceModel, Standardize
    >>> model = SequenceModel(
    ...     Standardize(np.zeros(3), np.ones(3)), 2, hidden_layer_sizes=(50, 256), cell="lstm",
    ...     bidirectional=True, pooling="concat", dense_layer_sizes=(), normalization=None,
    ...     dropout=0.0,
    ... )
    >>> model.float()(torch.zeros(4, 9, 3)).shape
    torch.Size([4, 2])
    """

    def __init__(
        self,
        inputs: Inputs,
        n_outputs: int,
        *,
        hidden_layer_sizes: Sequence[int],
        cell: str,
        bidirectional: bool,
        pooling: str | None,
        dense_layer_sizes: Sequence[int],
        normalization: str | None,
        dropout: float,
        activation: str = "tanh",
        patch_size: int = 1,
        random_crop: float = 0.0,
        mixed_precision: bool = False,
        start: Start | None = None,
    ) -> None:
        super().__init__()
        self.crop = RandomCrop(random_crop)
        self.inputs = inputs
        self.pooling = EVERY_STEP if pooling is None else POOLINGS[pooling]
        self.n_directions = 2 if bidirectional else 1
        self.patches = Patches(patch_size)
        widths = [
            inputs.n_outputs * patch_size,
            *(self.n_directions * size for size in hidden_layer_sizes),
        ]
        self.recurrent = nn.ModuleList(
            RecurrentLayer(
                cell,
                n_inputs,
                size,
                bidirectional=bidirectional,
                activation=activation,
                mixed_precision=mixed_precision,
                start=start,
            )
            for n_inputs, size in zip(widths, hidden_layer_sizes, strict=False)
        )
        first: Any = self.recurrent[0]
        first.ignore(inputs.is_constant.repeat(patch_size))
        kind = None if normalization is None else NORMALIZATIONS[normalization]
        self.input_norm = kind(inputs.n_outputs) if kind and kind.on_input else None
        self.norms = nn.ModuleList(kind(width) for width in widths[1:]) if kind else None
        self.dropout = dropout
        n_pooled = len(self.pooling) * widths[-1]
        self.head = DenseHead(n_pooled, dense_layer_sizes, n_outputs, dropout)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map padded sequences to outputs.

        Parameters
        ----------
        x : Tensor of shape (batch, time, features)
            Padded at the tail.
        lengths : Tensor of shape (batch,) or None, default=None
            Number of steps of each sequence; None means that all fill the batch.

        Returns
        -------
        Tensor of shape (batch, n_outputs)
            Without pooling (n_steps, n_outputs): of the present steps, those of one sequence after
            those of another.
        """
        x, lengths = self.crop(x, lengths)
        x = self.inputs(x, lengths)
        if self.input_norm is not None:
            x = self.input_norm(x, lengths)
        x, lengths = self.patches(x, lengths)
        norms: Iterable[Any] = self.norms or [None] * len(self.recurrent)
        layers: Iterable[Any] = self.recurrent
        *below, (top, top_norm) = zip(layers, norms, strict=True)
        for layer, norm in below:
            x = refine(layer(x, lengths), lengths, norm, self.dropout, training=self.training)
        outputs: Tensor = self.head(self._summarize(top, top_norm, x, lengths))
        return outputs

    def _summarize(self, layer: Any, norm: Any, x: Tensor, lengths: Tensor | None) -> Tensor:
        if self.pooling == POOLINGS["last"] and norm is None and not has_hooks(layer):
            return dropout(layer.last(x, lengths), self.dropout, self.training)
        return summarize(
            layer(x, lengths),
            lengths,
            norm,
            self.dropout,
            training=self.training,
            pooling=self.pooling,
            n_directions=self.n_directions,
        )

    def output_lengths(self, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many outputs sequences of these lengths have, of a model without pooling."""
        return -(-lengths // self.patches.size)  # rounded up
