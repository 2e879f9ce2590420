"""What happens to features before the first layer, learnt from the training part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm.data import (
    Anchor,
    Sequences,
    difference_scale,
    find_edges,
    find_encoding,
    moments,
)
from sklstm.nn import (
    Differences,
    Embedding,
    Encoded,
    Features,
    Inputs,
    PiecewiseLinear,
    Quantile,
    Standardize,
)

_Layer = Embedding | PiecewiseLinear | Quantile

# From how many values an encoding is found.
_N_VALUES = 200_000
_MAX_FLOAT32 = 2**24
# Of a feature's spread, the least unit of its changes: else one that hardly changes in training
# would drown all others where it changes more at prediction.
_MIN_DIFFERENCE = 0.02


@dataclass(frozen=True)
class InputOptions:
    """How features are told to a network.

    Attributes
    ----------
    anchor : Anchor
        Says which features the network sees relative to their last value.
    categorical : sequence of int
        Features that are symbols.
    embedding_size : int or "auto"
        Width of their vectors.
    encoding : {"auto", "standard", "quantile", "piecewise_linear", "concat"}
        Of the others, which are numbers.
    standardize : bool
        Whether numbers are.
    differences : bool or "auto"
        Whether changes from step to step stand beside them; "auto" where these are standardised.
    indicates_missing : bool
        Whether values may be missing, and indicators tell which.
    """

    anchor: Anchor
    categorical: Sequence[int]
    embedding_size: int | str
    encoding: str
    standardize: bool
    differences: bool | str
    indicates_missing: bool


def build_inputs(
    options: InputOptions, sequences: Sequences, weight: NDArray[np.float64] | None
) -> Inputs:
    """Build what stands before the first layer.

    Parameters
    ----------
    options : InputOptions
    sequences : Sequences
        The training part.
    weight : ndarray of shape (n_samples,) or None
        Weights in mean and spread.

    Returns
    -------
    Standardize, Differences or Features
        The last where something is encoded or may be missing.
    """
    encodings, beside = _encodings(options, sequences)
    layers = _embeddings(options, sequences) | encodings
    numbers = [f for f in range(sequences.n_features) if f not in layers or f in beside]
    of_numbers = _numbers(options, sequences, weight, numbers)
    missing = sequences.missing_features() if options.indicates_missing else None
    if not layers and missing is None:
        return of_numbers
    features = sorted(layers)
    encoded = Encoded(features, [layers[feature] for feature in features]) if layers else None
    return Features(numbers, of_numbers, encoded, missing)


def _embeddings(options: InputOptions, sequences: Sequences) -> dict[int, _Layer]:
    width = None if options.embedding_size == "auto" else int(options.embedding_size)
    return {
        feature: Embedding(_categories(feature, values, sequences.dtype), width)
        for feature, values in sequences.present_values(options.categorical)
    }


def _categories(
    feature: int, values: NDArray[np.float64], dtype: np.dtype[Any]
) -> NDArray[np.float64]:
    categories = np.unique(values)
    if dtype == np.float32 and np.abs(categories).max(initial=0) >= _MAX_FLOAT32:
        raise ValueError(
            f"Feature {feature}, one of categorical_features, holds numbers of {_MAX_FLOAT32:,} or "
            "more, which single precision cannot tell apart. Number the categories anew, as by "
            "sklstm.TimestepTransformer(sklearn.preprocessing.OrdinalEncoder()), or set "
            "precision='float64'."
        )
    return categories if len(categories) else np.zeros(1)  # no value, no category to be known


def puts_bins_beside(sequences: Sequences, anchor: Anchor, categorical: Sequence[int] = ()) -> bool:
    """Tell whether the encoding "concat" is another one than "auto".

    Parameters
    ----------
    sequences : Sequences
        The training part.
    anchor : Anchor
        Says which features the network sees relative to their last value.
    categorical : sequence of int, default=()
        Features that are symbols.

    Returns
    -------
    bool
    """
    columns = _columns(sequences, anchor, categorical).values()
    return any(find_encoding(values, "concat") == "concat" for values in columns)


def _columns(
    sequences: Sequences, anchor: Anchor, categorical: Sequence[int]
) -> dict[int, NDArray[np.float64]]:
    """Return values of the features that may be encoded as numbers."""
    told_otherwise = {*categorical, *anchor.relative}
    features = [f for f in range(sequences.n_features) if f not in told_otherwise]
    return dict(sequences.present_values(features, _N_VALUES))


def _encodings(options: InputOptions, sequences: Sequences) -> tuple[dict[int, _Layer], set[int]]:
    """Return the layers of the features that have one, and which stand as numbers beside it."""
    wanted = options.encoding
    if wanted == "standard" or (wanted == "auto" and not options.standardize):
        return {}, set()
    columns = _columns(sequences, options.anchor, options.categorical)
    kinds = {feature: find_encoding(values, wanted) for feature, values in columns.items()}
    layers = {f: _layer(kind, columns[f]) for f, kind in kinds.items() if kind != "standard"}
    return layers, {feature for feature, kind in kinds.items() if kind == "concat"}


def _layer(kind: str, values: NDArray[np.float64]) -> _Layer:
    edges = find_edges(values)
    if kind == "quantile":
        return Quantile(edges, _shares_below(values, edges))
    return PiecewiseLinear(edges)


def _shares_below(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of values below each edge, half of those that equal it counted in."""
    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, edges, side=side) for side in ("left", "right"))
    return np.asarray((below + up_to) / (2 * len(values)))


def _numbers(
    options: InputOptions,
    sequences: Sequences,
    weight: NDArray[np.float64] | None,
    numbers: list[int],
) -> Standardize | Differences:
    """Return what becomes of numbers: standardised or not, with their differences or without."""
    standardize = _standardize(options, sequences, weight, numbers)
    wanted = options.differences
    if wanted == "auto":
        wanted = options.standardize and sequences.lengths.max() > 1
    if not (numbers and wanted):
        return standardize
    if not options.standardize:
        return Differences(standardize, np.ones(len(numbers)))
    scale = difference_scale(sequences, weight)[numbers] / standardize.scale.numpy()
    return Differences(standardize, np.where(scale == 0, 0.0, np.maximum(scale, _MIN_DIFFERENCE)))


def _standardize(
    options: InputOptions,
    sequences: Sequences,
    weight: NDArray[np.float64] | None,
    numbers: list[int],
) -> Standardize:
    """Return what scales the numbers among the features, which it counts anew."""
    anchor = options.anchor
    mean, scale = np.zeros(sequences.n_features), np.ones(sequences.n_features)
    level_mean, level_scale = np.zeros(len(anchor.levels)), np.ones(len(anchor.levels))
    if options.standardize:
        mean, scale = moments(sequences, weight, anchor.relative)
        for number, feature in enumerate(anchor.levels):
            last = sequences.last_values(feature)
            known = np.isfinite(last)
            share = None if weight is None else weight[known]
            level_mean[number] = np.average(last[known], weights=share)
            spread = np.average((last[known] - level_mean[number]) ** 2, weights=share)
            level_scale[number] = np.sqrt(spread)
    return Standardize(
        mean[numbers],
        scale[numbers],
        [numbers.index(feature) for feature in anchor.relative],
        [numbers.index(feature) for feature in anchor.levels],
        level_mean,
        level_scale,
    )
