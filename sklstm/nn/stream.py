"""A trained model that is given its sequences step by step."""

from copy import deepcopy
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.differences import Differences
from sklstm.nn.features import Features
from sklstm.nn.fused import Continuation, can_run
from sklstm.nn.heads import DenseHead
from sklstm.nn.inputs import Standardize, limit
from sklstm.nn.normalization import LayerNormalization
from sklstm.nn.plain import PlainCell
from sklstm.nn.recurrent import RecurrentLayer
from sklstm.nn.sequence_model import SequenceModel


class Stateful(Protocol):
    """What goes from step to step, with something kept for each stream."""

    def step(self, x: Tensor) -> Tensor:
        """Return what comes out of a step, (streams, in) -> (streams, out)."""

    def reset(self, chosen: Tensor) -> None:
        """Begin anew with the chosen streams, a mask of shape (streams,)."""


class ModelStream:
    """Outputs of a `SequenceModel` for the steps so far, in a time and a memory that do not grow.

    Parameters
    ----------
    model : SequenceModel
        Of one direction and without patches, whose inputs are not relative to the last step;
        copied.
    n_streams : int
        How many sequences go on side by side.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklstm.nn import ModelStream, SequenceModel, Standardize
    >>> model = SequenceModel(
    ...     Standardize(np.zeros(3), np.ones(3)), 1, hidden_layer_sizes=(8,), cell="lstm",
    ...     bidirectional=False, pooling="concat", dense_layer_sizes=(), normalization="layer",
    ...     dropout=0.0,
    ... ).float().eval()
    >>> x, stream = torch.ones(2, 5, 3), ModelStream(model, n_streams=2)
    >>> outputs = [stream.step(x_t) for x_t in x.unbind(1)]
    >>> bool(torch.allclose(outputs[3], model(x[:, :4]), atol=1e-6))
    True
    """

    def __init__(self, model: SequenceModel, n_streams: int) -> None:
        model = deepcopy(model).eval().requires_grad_(False)
        like = model.head.output.weight.new_zeros(n_streams, 1)
        self._layers = [_input_steps(model.inputs, like)]
        if model.input_norm is not None:
            self._layers.append(_norm_steps(model.input_norm))
        for number, layer in enumerate(model.recurrent):
            self._layers.append(_layer_steps(layer, n_streams))
            if model.norms is not None:
                self._layers.append(_norm_steps(model.norms[number]))
        self._pools = [part.running(like) for part in model.pooling]
        self._head = _Head(model.head)

    def step(self, x: Tensor) -> Tensor:
        """Return the outputs for all steps so far, (streams, features) -> (streams, n_outputs)."""
        for layer in self._layers:
            x = layer.step(x)  # (streams, hidden)
        pooled = [pool.step(x) for pool in self._pools]
        return self._head.step(pooled[0] if len(pooled) == 1 else torch.cat(pooled, dim=1))

    def reset(self, chosen: Tensor) -> None:
        """Begin anew with the chosen streams, a mask of shape (streams,)."""
        for part in (*self._layers, *self._pools):
            part.reset(chosen)


class _Stateless:
    def reset(self, chosen: Tensor) -> None:
        pass


class _Standardized(_Stateless):
    """Numbers alone, without what a module's call costs."""

    def __init__(self, layer: Standardize) -> None:
        self.mean, self.scale = layer.mean, layer.scale

    def step(self, x: Tensor) -> Tensor:
        return limit((x - self.mean).div_(self.scale))


class _Differenced:
    """Numbers and their changes since the step before."""

    def __init__(self, layer: Differences, like: Tensor) -> None:
        self.standardized, self.scale = _Standardized(layer.standardize), layer.scale
        self.before = torch.full_like(like, torch.nan)  # (streams, features) from then on

    def step(self, x: Tensor) -> Tensor:
        x = self.standardized.step(x)
        differences = ((x - self.before) / self.scale).nan_to_num(0.0)  # of a first step
        self.before = x
        return torch.cat([x, differences], dim=1)

    def reset(self, chosen: Tensor) -> None:
        self.before[chosen] = torch.nan


class _Carried:
    """Features of several kinds; where values may be missing, those known before serve."""

    def __init__(self, layer: Features, like: Tensor) -> None:
        self.layer = layer
        self.known = torch.full_like(like, torch.nan)  # (streams, features) from then on

    def step(self, x: Tensor) -> Tensor:
        before = self.known.expand_as(x)
        self.known = torch.where(x.isnan(), before, x)
        features: Tensor = self.layer(torch.stack([before, x], dim=1), None)[:, 1]
        return features

    def reset(self, chosen: Tensor) -> None:
        self.known[chosen] = torch.nan


def _input_steps(layer: nn.Module, like: Tensor) -> Stateful:
    if isinstance(layer, Standardize):
        return _Standardized(layer)
    if isinstance(layer, Differences):
        return _Differenced(layer, like)
    assert isinstance(layer, Features)
    return _Carried(layer, like)


class _Layered(_Stateless):
    """Layer normalisation, without what a module's call costs."""

    def __init__(self, norm: nn.LayerNorm) -> None:
        self.arguments = (norm.normalized_shape, norm.weight, norm.bias, norm.eps)

    def step(self, x: Tensor) -> Tensor:
        return torch.layer_norm(x, *self.arguments)


class _Batched(_Stateless):
    """Batch normalisation by the statistics of training."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer

    def step(self, x: Tensor) -> Tensor:
        normalized: Tensor = self.layer(x[:, None], None)[:, 0]
        return normalized


def _norm_steps(layer: nn.Module) -> Stateful:
    return _Layered(layer.norm) if isinstance(layer, LayerNormalization) else _Batched(layer)


class _Head:
    """A `DenseHead`, of which the weights are in double precision once and for all."""

    def __init__(self, head: DenseHead) -> None:
        weight = head.output.weight
        self.dtype = torch.float64 if weight.device.type == "cpu" else weight.dtype
        layers = [*head.dense, head.output]
        *self.dense, self.output = [
            (layer.weight.to(self.dtype), layer.bias.to(self.dtype)) for layer in layers
        ]

    def step(self, x: Tensor) -> Tensor:
        x = x.to(self.dtype)
        for weight, bias in self.dense:
            x = functional.relu(functional.linear(x, weight, bias))
        return functional.linear(x, *self.output)


class _PlainSteps:
    """A layer for which there is no kernel, or none for its activation or for float64."""

    def __init__(self, cell: PlainCell, n_streams: int) -> None:
        self.cell, self.state = cell, cell.start(n_streams)

    def step(self, x: Tensor) -> Tensor:
        self.state = self.cell.step(x, self.state)
        return self.state[0]

    def reset(self, chosen: Tensor) -> None:
        self.state = tuple(part.masked_fill(chosen[:, None], 0.0) for part in self.state)


def _layer_steps(layer: nn.Module, n_streams: int) -> Stateful:
    assert isinstance(layer, RecurrentLayer)
    weights = layer.forward_layer.all_weights[0]
    x = weights[0].new_zeros(n_streams, 1, weights[0].shape[1])
    if layer.activation == "tanh" and can_run(layer.cell, x, weights):
        return Continuation(layer.cell, weights, n_streams)
    return _PlainSteps(PlainCell(layer.cell, weights, layer.activation), n_streams)
