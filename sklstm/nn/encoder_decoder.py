"""Sequences to sequences: an encoder, and a decoder that is fed with its own outputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.attention import Attention
from sklstm.nn.cells import CELLS, State
from sklstm.nn.dropout import dropout
from sklstm.nn.features import Inputs
from sklstm.nn.feeds import NumberFeed, SymbolFeed
from sklstm.nn.heads import DenseHead
from sklstm.nn.masks import present_steps
from sklstm.nn.plain import PlainCell
from sklstm.nn.pooling import pool_last, pool_steps
from sklstm.nn.recurrent import RecurrentLayer, Start, make_layer


@dataclass(frozen=True)
class EncoderStates:
    """What the decoder knows of the input.

    Attributes
    ----------
    memory : Tensor of shape (batch, time, n_memory)
        States of all steps; for attention zero behind the end of a sequence.
    lengths : Tensor of shape (batch,) or None
        How many of them are present; None means all.
    """

    memory: Tensor
    lengths: Tensor | None

    def __getitem__(self, rows: Any) -> "EncoderStates":
        return EncoderStates(
            self.memory[rows], None if self.lengths is None else self.lengths[rows]
        )


@dataclass(frozen=True)
class Decoding:
    """Decoders on their way, one a row; indexed by an array of rows.

    Attributes
    ----------
    encoded : EncoderStates
    states : tuple of State
        Of each layer.
    """

    encoded: EncoderStates
    states: tuple[State, ...]

    def __getitem__(self, rows: Any) -> "Decoding":
        states = tuple(tuple(part[rows] for part in state) for state in self.states)
        return Decoding(self.encoded[rows], states)


class EncoderDecoder(nn.Module):
    """Two recurrent networks, of which the second tells what the first has read [1]_ [2]_.

    The encoder's last state, through a dense layer, is the state that the decoder begins with. The
    decoder gets its output before as its input.

    Parameters
    ----------
    inputs : Standardize, Differences or Features
        Scales the features.
    feed : SymbolFeed or NumberFeed
        How an output is told to the next step.
    n_outputs, n_steps : int
        Width of an output, and how many are made where they are not given.
    encoder_layer_sizes, decoder_layer_sizes : sequence of int
        Width of each recurrent layer; of the encoder in one direction.
    cell : {"lstm", "gru", "rnn"}
    bidirectional : bool
        Whether the encoder reads backwards too.
    attention : bool
        Whether the decoder looks at all states of the encoder.
    dropout : float
        Share of units dropped behind every recurrent layer in training.
    mixed_precision : bool, default=False
        Whether the encoder computes in bfloat16.

    Attributes
    ----------
    truth_share : float
        In training, with which probability a step is fed with the true output before it, and not
        with the model's own [3]_.

    References
    ----------
    .. [1] Sutskever, Vinyals and Le (2014), Sequence to sequence learning with neural networks,
       NeurIPS 27.
    .. [2] Cho et al. (2014), Learning phrase representations using RNN encoder-decoder, EMNLP.
    .. [3] Bengio, Vinyals, Jaitly and Shazeer (2015), Scheduled sampling for sequence prediction
       with recurrent neural networks, NeurIPS 28.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklstm.nn import EncoderDecoder, Standardize, SymbolFeed
    >>> model = EncoderDecoder(
    ...     Standardize(np.zeros(3), np.ones(3)), SymbolFeed(5, 4), 6, 7,
    ...     encoder_layer_sizes=(8,), decoder_layer_sizes=(10,), cell="lstm", bidirectional=True,
    ...     attention=True, dropout=0.0,
    ... ).float()
    >>> previous, n_previous = torch.full((2, 4), 5), torch.tensor([4, 1])
    >>> model(torch.zeros(2, 9, 3), None, previous, n_previous).shape
    torch.Size([5, 6])
    >>> model(torch.zeros(2, 9, 3)).shape
    torch.Size([14, 6])
    """

    def __init__(
        self,
        inputs: Inputs,
        feed: SymbolFeed | NumberFeed,
        n_outputs: int,
        n_steps: int,
        *,
        encoder_layer_sizes: Sequence[int],
        decoder_layer_sizes: Sequence[int],
        cell: str,
        bidirectional: bool,
        attention: bool,
        dropout: float,
        mixed_precision: bool = False,
    ) -> None:
        super().__init__()
        self.inputs, self.feed = inputs, feed
        self.cell, self.n_steps, self.dropout = cell, n_steps, dropout
        self.n_directions = 2 if bidirectional else 1
        self.truth_share = 1.0
        widths = [inputs.n_outputs, *(self.n_directions * size for size in encoder_layer_sizes)]
        self.encoder = nn.ModuleList(
            RecurrentLayer(
                cell, n_in, size, bidirectional=bidirectional, mixed_precision=mixed_precision
            )
            for n_in, size in zip(widths, encoder_layer_sizes, strict=False)
        )
        first: Any = self.encoder[0]
        first.ignore(inputs.is_constant)
        n_memory = widths[-1]
        self.bridges = nn.ModuleList(
            nn.Linear(n_memory, CELLS[cell].n_states * size) for size in decoder_layer_sizes
        )
        self.decoder = nn.ModuleList(
            make_layer(CELLS[cell], n_in, size, Start())
            for n_in, size in pairwise([feed.n_inputs, *decoder_layer_sizes])
        )
        self.attention = Attention(decoder_layer_sizes[-1], n_memory) if attention else None
        self.head = DenseHead(decoder_layer_sizes[-1], (), n_outputs)

    def forward(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        previous: Tensor | None = None,
        n_previous: Tensor | None = None,
    ) -> Tensor:
        """Return outputs, those of one sequence after those of another.

        Parameters
        ----------
        x : Tensor of shape (batch, time, features)
            Padded at the tail.
        lengths : Tensor of shape (batch,) or None, default=None
            Number of steps of each sequence; None means that all fill the batch.
        previous : Tensor of shape (batch, steps) or (batch, steps, n_outputs), default=None
            What stands before each true output; None feeds the model with its own outputs.
        n_previous : Tensor of shape (batch,), default=None
            How many true outputs each sequence has.

        Returns
        -------
        Tensor of shape (n_rows, n_outputs)
            As many rows a sequence as it has true outputs, else `n_steps`, which are zero behind
            a chosen end.
        """
        decoding = self.encode(x, lengths)
        if previous is None:
            return self._run_free(decoding).flatten(0, 1)
        assert n_previous is not None
        previous = previous[:, : int(n_previous.max())]
        if self.training and self.truth_share < 1:
            outputs = self._run_sampled(previous, decoding)
        else:
            outputs = self._run_forced(previous, decoding)
        return pool_steps(outputs, n_previous, 1)

    def encode(self, x: Tensor, lengths: Tensor | None = None) -> Decoding:
        """Read sequences, and return the decoder before its first step."""
        x = self.inputs(x, lengths)
        for layer in self.encoder:
            x = dropout(layer(x, lengths), self.dropout, self.training)
        last = pool_last(x, lengths, self.n_directions)  # (batch, n_memory)
        states = tuple(self._begin(bridge(last)) for bridge in self.bridges)
        if self.attention is not None and lengths is not None:
            x = x.masked_fill(~present_steps(lengths, x.shape[1])[:, :, None], 0.0)
        return Decoding(EncoderStates(x, lengths), states)

    def _begin(self, values: Tensor) -> State:
        """Return a layer's first state; hidden states lie within -1 and 1, an LSTM's memory not."""
        hidden, *memory = values.chunk(CELLS[self.cell].n_states, dim=1)
        return (torch.tanh(hidden), *memory)

    def step(self, previous: Tensor, decoding: Decoding) -> tuple[Tensor, Decoding]:
        """Make one step.

        Parameters
        ----------
        previous : Tensor of shape (batch,) or (batch, n_outputs)
            The output before.
        decoding : Decoding

        Returns
        -------
        outputs : Tensor of shape (batch, n_outputs)
        decoding : Decoding
        """
        x, states = self.feed(previous), []
        for layer, state in zip(self.decoder, decoding.states, strict=True):
            states.append(PlainCell(self.cell, _weights(layer)).step(x, state))
            x = dropout(states[-1][0], self.dropout, self.training)
        outputs = self._output(x[:, None], decoding.encoded)[:, 0]
        return outputs, Decoding(decoding.encoded, tuple(states))

    def _output(self, states: Tensor, encoded: EncoderStates) -> Tensor:
        """Map the top layer's states, (batch, steps, hidden), to (batch, steps, n_outputs)."""
        if self.attention is not None:
            states = self.attention(states, encoded.memory, encoded.lengths)
        outputs: Tensor = self.head(states)
        return outputs

    def _run_forced(self, previous: Tensor, decoding: Decoding) -> Tensor:
        """Make all steps at once, each fed with the truth."""
        x = self.feed(previous)
        for layer, state in zip(self.decoder, decoding.states, strict=True):
            x = CELLS[self.cell].over_time(x, state, _weights(layer), training=self.training)
            x = dropout(x, self.dropout, self.training)
        return self._output(x, decoding.encoded)

    def _run_sampled(self, previous: Tensor, decoding: Decoding) -> Tensor:
        """Make steps one by one, each fed with the truth or with the model's own choice."""
        outputs: list[Tensor] = []
        fed = previous[:, 0]
        for number in range(previous.shape[1]):
            if number > 0:
                is_true = torch.rand(len(fed), device=fed.device) < self.truth_share
                is_true = is_true.view(-1, *[1] * (fed.ndim - 1))
                fed = torch.where(is_true, previous[:, number], self.feed.choose(outputs[-1]))
            output, decoding = self.step(fed, decoding)
            outputs.append(output)
        return torch.stack(outputs, dim=1)

    def _run_free(self, decoding: Decoding) -> Tensor:
        """Make `n_steps` steps, each fed with the model's own choice."""
        memory = decoding.encoded.memory
        fed, outputs = self.feed.start(memory), []
        ended = torch.zeros(len(memory), dtype=torch.bool, device=memory.device)
        for _ in range(self.n_steps):
            output, decoding = self.step(fed, decoding)
            outputs.append(output.masked_fill(ended[:, None], 0.0))
            fed = self.feed.choose(output).to(fed.dtype)
            if self.feed.end is not None:
                ended |= fed == self.feed.end
                if ended.all():
                    break
        made = torch.stack(outputs, dim=1)
        return functional.pad(made, (0, 0, 0, self.n_steps - made.shape[1]))


def _weights(layer: nn.Module) -> list[Tensor]:
    assert isinstance(layer, nn.RNNBase)
    return [*layer.all_weights[0]]
