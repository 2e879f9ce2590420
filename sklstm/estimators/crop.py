"""How much of sequences a classifier may leave out in training."""

import numpy as np
from numpy.typing import NDArray

from sklstm.data import Sequences, explained_share, spaced
from sklstm.nn import Features, Inputs

# Share of a sequence that "auto" leaves out at its beginning, at most, and from how many steps on:
# of fewer, each is a large part.
_RANDOM_CROP, _CROPPED_STEPS = 0.2, 40
_MIN_SAMPLES = 10
# How many values of a feature tell whether it is a flag.
_N_VALUES = 10_000
# Where classes show is asked of a linear map: of how many numbers a sequence, and of how many in
# all, how much it must explain to be heard, and which share of that without the beginnings.
_MAX_COLUMNS, _MAX_NUMBERS, _EXPLAINED, _BY_THE_REST = 1024, 2**17, 0.05, 0.5


def resolve_random_crop(
    crop: float | str,
    sequences: Sequences,
    inputs: Inputs,
    numbers: NDArray[np.int64] | None,
    weight: NDArray[np.float64] | None,
) -> float:
    """Return the share of a sequence that is left out at most.

    Parameters
    ----------
    crop : float or "auto"
        "auto" is a fifth of long sequences of signals whose beginnings say no more of the classes
        than the rest, else nothing.
    sequences : Sequences
        The training part.
    inputs : Standardize, Differences or Features
        What becomes of its features.
    numbers : ndarray of shape (n_samples,) or None
        The numbers of the classes; of what has none, nothing is left out.
    weight : ndarray of shape (n_samples,) or None
        Above zero.

    Returns
    -------
    float
    """
    if numbers is None:
        return 0.0
    if not isinstance(crop, str):
        return float(crop)
    if sequences.lengths.max() < _CROPPED_STEPS or not _are_signals(sequences, inputs):
        return 0.0
    return 0.0 if hangs_on_beginnings(sequences, numbers, weight) else _RANDOM_CROP


def _are_signals(sequences: Sequences, inputs: Inputs) -> bool:
    """Tell samples of signals from events, of which each may tell: symbols, sizes, flags."""
    if isinstance(inputs, Features) and inputs.encoded is not None:
        return False
    features = range(sequences.n_features)
    columns = sequences.present_values(features, _N_VALUES)
    return all(len(np.unique(values)) != 2 for _, values in columns)


def hangs_on_beginnings(
    sequences: Sequences, numbers: NDArray[np.int64], weight: NDArray[np.float64] | None
) -> bool:
    """Tell whether the steps that "auto" may leave out say most of what classes can be told by.

    Ridge regressions on the classes are asked, with these steps and without, of one sample of each
    stretch, 130,000 numbers in all.

    Parameters
    ----------
    sequences : Sequences
        The training part.
    numbers : ndarray of shape (n_samples,)
        The numbers of the classes.
    weight : ndarray of shape (n_samples,) or None
        Above zero.

    Returns
    -------
    bool
        False of short sequences, of unequal lengths, of more than 1,024 numbers a sequence, and of
        fewer than ten samples.
    """
    n_timesteps = int(sequences.lengths.max())
    is_uneven = sequences.lengths.min() < n_timesteps
    n_columns = n_timesteps * sequences.n_features
    is_asked = n_timesteps >= _CROPPED_STEPS and n_columns <= _MAX_COLUMNS
    if is_uneven or not is_asked or len(sequences) < _MIN_SAMPLES:
        return False
    chosen = spaced(len(sequences), _MAX_NUMBERS // n_columns)
    sequences, numbers = sequences.subset(chosen), numbers[chosen]
    weight = None if weight is None else weight[chosen]
    classes = (numbers[:, None] == np.unique(numbers)).astype(np.float64)  # (samples, classes)
    if classes.shape[1] < 2:
        return False
    whole = explained_share(sequences, classes, weight, n_timesteps)
    if whole < _EXPLAINED:
        return False
    n_left = n_timesteps - int(_RANDOM_CROP * n_timesteps)
    return explained_share(sequences, classes, weight, n_left) < _BY_THE_REST * whole
