"""Which part of the training data is kept for validation."""

import warnings
from collections import deque
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm.data.sequences import Sequences

Indices = NDArray[np.int64]
Splitter = Callable[[Sequences, NDArray[Any], float, int], tuple[Indices, Indices]]

# Into how many runs samples in no known order are cut before they are dealt to blocks.
_N_RUNS = 40


def split_last(
    sequences: Sequences, y: NDArray[Any], fraction: float, seed: int
) -> tuple[Indices, Indices]:
    """Validate on the last samples; drop training samples that share time steps with them."""
    order, n_valid = _given_order(sequences), _n_valid(len(sequences), fraction)
    train, valid = np.sort(order[:-n_valid]), np.sort(order[-n_valid:])
    apart = _without_shared_steps(sequences, train, valid)
    # of many short series every window may overlap the validation part: that is then accepted
    too_few = sequences.span is not None and not _is_enough(apart, sequences)
    return train if too_few else apart, valid


def _given_order(sequences: Sequences) -> Indices:
    """Return the samples in the order of time where it is told, else in their own."""
    if sequences.span is None:
        return np.arange(len(sequences))
    return np.argsort(sequences.span[:, 1], kind="stable")


def _without_shared_steps(sequences: Sequences, train: Indices, held_out: Indices) -> Indices:
    """Return the training samples that share no time step with those held out."""
    begin, end = sequences.times
    n_begun = np.searchsorted(np.sort(begin[held_out]), end[train], side="left")
    n_ended = np.searchsorted(np.sort(end[held_out]), begin[train], side="right")
    kept: Indices = train[n_begun == n_ended]
    return kept


def split_random(
    sequences: Sequences, y: NDArray[Any], fraction: float, seed: int
) -> tuple[Indices, Indices]:
    """Validate on samples chosen at random."""
    order = np.random.default_rng(seed).permutation(len(sequences))
    n_valid = _n_valid(len(sequences), fraction)
    return np.sort(order[n_valid:]), np.sort(order[:n_valid])


def split_stratified(
    sequences: Sequences, y: NDArray[Any], fraction: float, seed: int
) -> tuple[Indices, Indices]:
    """Validate on random samples that hold the classes in equal shares."""
    from sklearn.model_selection import StratifiedShuffleSplit  # slow to import, and few need it

    n_classes = len(np.unique(y))
    if 2 * n_classes > len(y):
        raise ValueError(
            f"The training data cannot be split by class for early stopping: {len(y)} samples have "
            f"{n_classes} different targets, and both parts need one of each. Set "
            "validation_split='random', give X_val and y_val, or bring more samples."
        )
    n_valid = max(_n_valid(len(sequences), fraction), n_classes)
    splitter = StratifiedShuffleSplit(1, test_size=n_valid, random_state=seed)
    try:
        train, valid = next(splitter.split(np.zeros(len(y)), y))
    except ValueError as error:
        raise ValueError(
            "The training data cannot be split by class for early stopping: "
            f"{str(error).rstrip('.')}. Set validation_split='random', give X_val "
            "and y_val, or bring more samples."
        ) from error
    return np.sort(train), np.sort(valid)


SPLITS: dict[str, Splitter] = {
    "last": split_last,
    "random": split_random,
    "stratified": split_stratified,
}


def check_split(split: Any) -> None:
    """Raise if `split` is neither a name of `SPLITS`, nor "auto", nor a splitter.

    Parameters
    ----------
    split : object
        What the user gave as ``validation_split``.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> from sklstm.data import check_split
    >>> check_split("last")
    """
    known = split in {"auto", *SPLITS} if isinstance(split, str) else _is_splitter(split)
    if not known:
        raise ValueError(
            "The 'validation_split' parameter must be 'auto', "
            f"{', '.join(map(repr, SPLITS))}, or a splitter of scikit-learn such as "
            f"TimeSeriesSplit(), whose last split is taken. Got {split!r} instead."
        )


def _seeded(split: Any, seed: int) -> Any:
    """Return a splitter that leaves numpy's global random state alone, and its own."""
    split = deepcopy(split)
    if getattr(split, "random_state", 0) is None:
        split.random_state = seed
    return split


def _last_split(
    splitter: Any, n_samples: int, y: NDArray[Any], seed: int
) -> tuple[Indices, Indices]:
    """Return the last split of a splitter, which may make very many."""
    try:
        last = deque(_seeded(splitter, seed).split(np.zeros((n_samples, 1)), y), maxlen=1)
    except ValueError as error:
        raise ValueError(
            f"validation_split={splitter!r} does not split the training data: {error} Take another "
            "splitter, or give X_val and y_val."
        ) from error
    if not last:
        raise ValueError(f"validation_split={splitter!r} makes no split of {n_samples} samples.")
    train, valid = last[0]
    return np.asarray(train), np.asarray(valid)


def _is_splitter(split: Any) -> bool:
    return hasattr(split, "split") and not isinstance(split, type)


def split_validation(
    split: Any,
    sequences: Sequences,
    y: NDArray[Any],
    *,
    fraction: float,
    stratify: bool,
    seed: int,
) -> tuple[Indices, Indices]:
    """Split the samples into a training and a validation part.

    Parameters
    ----------
    split : {"auto", "last", "random", "stratified"} or splitter
        "auto" takes the last block where sequences overlap (windows of a series), else
        "stratified" for classes and "random" for numbers. Of a splitter, the last split counts,
        which of `TimeSeriesSplit` is the one with most training data.
    sequences : Sequences
        The samples.
    y : ndarray of shape (n_samples, ...)
        Their targets; class numbers or numbers.
    fraction : float
        Share of the samples for validation; a splitter has its own.
    stratify : bool
        Whether y holds classes.
    seed : int
        Seeds the random choices.

    Returns
    -------
    train, valid : ndarray of int
        Indices of the samples.

    Raises
    ------
    ValueError
        If one of the parts would be empty, or a class has too few samples.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences, split_validation, view_windows
    >>> windows = as_sequences(view_windows(np.arange(10.0)[:, None], 3))
    >>> train, valid = split_validation(
    ...     "auto", windows, np.zeros(8), fraction=0.25, stratify=False, seed=0
    ... )
    >>> train.tolist(), valid.tolist()
    ([0, 1, 2, 3], [6, 7])
    """
    if isinstance(split, str):
        if split == "auto":
            split = "last" if sequences.overlap else "stratified" if stratify else "random"
        train, valid = SPLITS[split](sequences, y, fraction, seed)
        _warn_if_few_are_left(len(sequences), train, valid)
    else:
        train, valid = _last_split(split, len(sequences), y, seed)
    if len(train) == 0 or len(valid) == 0:
        raise ValueError(
            f"Splitting {len(sequences)} samples for validation leaves {len(train)} to train on "
            f"and {len(valid)} to validate on. Bring more samples, change validation_fraction, or "
            "give X_val and y_val."
        )
    return train, valid


def _warn_if_few_are_left(n_samples: int, train: Indices, valid: Indices) -> None:
    n_dropped = n_samples - len(train) - len(valid)
    if n_dropped > len(train) > 0:
        warnings.warn(
            f"Of {n_samples} samples, {n_dropped} share time steps with the validation part "
            f"and are left out, so that only {len(train)} are trained on. Shorten the windows, or "
            "give X_val and y_val.",
            stacklevel=3,
        )


def held_out_blocks(
    sequences: Sequences, n_blocks: int, seed: int
) -> list[tuple[Indices, Indices]]:
    """Cut the samples into blocks, each to be held out from training once.

    Parameters
    ----------
    sequences : Sequences
        The samples. Those that overlap (windows of a series) are cut in their order, or in that of
        time if it must be, and samples that share time steps with a block are left out when it is
        held out, unless windows are so long that too few would remain; else blocks are drawn, in
        runs of a fortieth of the samples, since copies of windows may overlap without our knowing.
    n_blocks : int
        At least 2.
    seed : int
        Seeds the draw.

    Returns
    -------
    list of (train, held_out)
        Indices of the samples. Blocks that leave less than a third of the samples to train on are
        not among them, if there are others.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences, held_out_blocks, view_windows
    >>> windows = as_sequences(view_windows(np.arange(10.0)[:, None], 2))
    >>> [(train.tolist(), block.tolist()) for train, block in held_out_blocks(windows, 3, 0)]
    [([4, 5, 6, 7, 8], [0, 1, 2]), ([0, 1, 7, 8], [3, 4, 5]), ([0, 1, 2, 3, 4], [6, 7, 8])]
    """
    order = _given_order(sequences)
    if not sequences.overlap:
        order = np.concatenate(_drawn_runs(order, np.random.default_rng(seed)))
    splits = leave_blocks_out(order, n_blocks)
    purged = _purged(sequences, splits)
    if not purged and sequences.overlap:  # not in the order of time, or too long
        splits = leave_blocks_out(np.argsort(sequences.times[0], kind="stable"), n_blocks)
        purged = _purged(sequences, splits)
    return purged or splits


def hold_out_of_classes(
    numbers: NDArray[np.int64], n_blocks: int, seed: int
) -> tuple[Indices, Indices]:
    """Draw samples to be held out, of each class alike.

    Parameters
    ----------
    numbers : ndarray of shape (n_samples,)
        Of their classes.
    n_blocks : int
        One of so many samples is drawn, in runs of a fortieth of the class, since copies of windows
        may overlap without our knowing.
    seed : int
        Seeds the draw.

    Returns
    -------
    train, held_out : ndarray
        Indices of the samples, sorted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import hold_out_of_classes
    >>> [part.tolist() for part in hold_out_of_classes(np.array([0, 1, 1, 0, 1, 1]), 2, seed=0)]
    [[2, 3, 5], [0, 1, 4]]
    """
    rng, drawn = np.random.default_rng(seed), [np.empty(0, dtype=np.int64)]
    for number in np.unique(numbers):
        runs = _drawn_runs(np.flatnonzero(numbers == number), rng)
        drawn += runs[: round(len(runs) / n_blocks)]
    held_out = np.sort(np.concatenate(drawn))
    return np.setdiff1d(np.arange(len(numbers)), held_out), held_out


def _drawn_runs(order: Indices, rng: np.random.Generator) -> list[Indices]:
    """Cut samples into runs, and shuffle these."""
    runs = np.array_split(order, min(_N_RUNS, len(order)))
    return [runs[i] for i in rng.permutation(len(runs))]


def leave_blocks_out(order: Indices, n_blocks: int) -> list[tuple[Indices, Indices]]:
    """Cut samples into blocks, each to be left out once.

    Parameters
    ----------
    order : ndarray of shape (n_samples,)
        Indices of the samples, in the order in which they are cut.
    n_blocks : int

    Returns
    -------
    list of (kept, block)
        Indices of the samples, sorted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data.splits import leave_blocks_out
    >>> [(k.tolist(), b.tolist()) for k, b in leave_blocks_out(np.array([2, 0, 1, 3]), 2)]
    [([1, 3], [0, 2]), ([0, 2], [1, 3])]
    """
    blocks = [np.sort(block) for block in np.array_split(order, n_blocks)]
    return [(np.setdiff1d(order, block), block) for block in blocks]


def _purged(
    sequences: Sequences, splits: list[tuple[Indices, Indices]]
) -> list[tuple[Indices, Indices]]:
    """Return the splits without what shares steps with a block, if a third of all remains."""
    purged = [(_without_shared_steps(sequences, *split), split[1]) for split in splits]
    return [split for split in purged if _is_enough(split[0], sequences)]


def _is_enough(train: Indices, sequences: Sequences) -> bool:
    """Tell whether a third of all samples is left to train on."""
    return 3 * len(train) >= len(sequences)


def _n_valid(n_samples: int, fraction: float) -> int:
    return max(1, round(fraction * n_samples))
