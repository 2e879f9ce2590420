"""Values of every time step: targets and predictions where each step has its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm._validation import check_lengths_agree, check_no_dates
from sklstm.data.layout import holds_members
from sklstm.data.rows import first_rows, is_missing, rows_of
from sklstm.data.sequences import Sequences


@dataclass(frozen=True)
class Steps:
    """Values of the present time steps of several sequences, one sequence after another.

    Attributes
    ----------
    values : ndarray of shape (n_steps, ...)
        Of all sequences.
    lengths : ndarray of shape (n_sequences,), dtype int64
        How many of them belong to each sequence.
    known : ndarray of shape (n_steps,), dtype bool, or None, default=None
        Which steps have a value at all; None where all have.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import Steps
    >>> steps = Steps(np.array([1, 2, 3]), np.array([2, 1]))
    >>> steps[np.array([1, 0])].values.tolist()
    [3, 1, 2]
    """

    values: NDArray[Any]
    lengths: NDArray[np.int64]
    known: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """Place of each sequence's first value, (n_sequences,)."""
        return first_rows(self.lengths)

    def __getitem__(self, indices: NDArray[np.int64]) -> "Steps":
        rows = rows_of(self.first[indices], self.lengths[indices])
        known = None if self.known is None else self.known[rows]
        return Steps(self.values[rows], self.lengths[indices], known)


def as_steps(y: Any, sequences: Sequences) -> Steps:
    """Hold targets of which each time step has one.

    Parameters
    ----------
    y : array-like
        Of shape (n_samples, n_timesteps) or (n_samples, n_timesteps, n_outputs); or a list or
        object array of (n_timesteps_i,) or (n_timesteps_i, n_outputs) arrays.
    sequences : Sequences
        What they belong to. Targets of absent steps are dropped, if there are any.

    Returns
    -------
    Steps
        In the dtype of y.

    Raises
    ------
    ValueError
        If y is of another shape, or does not have the lengths of the sequences.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences, as_steps
    >>> X = np.array([[[np.nan], [1.0]], [[2.0], [3.0]]])
    >>> as_steps([[0, 5], [6, 7]], as_sequences(X)).values.tolist()
    [5, 6, 7]
    """
    members = _members(y)
    check_lengths_agree(sequences, members)
    skipped = np.zeros(len(members), np.int64) if sequences.skipped is None else sequences.skipped
    given_steps = None if sequences.layout == "ragged" else sequences.n_timesteps
    parts = []
    for number, (member, length) in enumerate(zip(members, sequences.lengths, strict=True)):
        if member.shape[1:] != members[0].shape[1:]:
            raise ValueError(
                f"All members of y must have as many columns. y[0] is of shape {members[0].shape} "
                f"and y[{number}] of {member.shape}."
            )
        if len(member) == length:
            parts.append(member)
        elif len(member) == given_steps:
            parts.append(member[skipped[number] : skipped[number] + length])
        else:
            raise ValueError(
                f"y must have one target a time step, as return_sequences=True asks. Sequence "
                f"{number} of X has {length} steps, but y[{number}] has {len(member)}."
            )
    if len({part.dtype.kind in "US" for part in parts}) > 1:
        # numpy would make strings of numbers, and of what is to be told apart the same
        parts = [part.astype(object) for part in parts]
    return Steps(np.concatenate(parts), sequences.lengths)


def _members(y: Any) -> list[NDArray[Any]]:
    wanted = (
        "one target a time step, as return_sequences=True asks: y of shape (n_samples, "
        "n_timesteps) or (n_samples, n_timesteps, n_outputs), or a list of (n_timesteps_i,) or "
        "(n_timesteps_i, n_outputs) arrays"
    )
    is_list = holds_members(y)
    if not is_list and np.ndim(y) not in (2, 3):
        raise ValueError(f"y must have {wanted}. Got y of shape {np.shape(y)}.")
    members = [_as_array(member) for member in (y if is_list else _as_array(y))]
    for number, member in enumerate(members):
        if member.ndim not in (1, 2) or len(member) == 0:
            raise ValueError(f"y must have {wanted}. Got y[{number}] of shape {member.shape}.")
    return members


def _as_array(values: Any) -> NDArray[Any]:
    """Return an array in which numpy has made no strings of what is none, such as NaN."""
    array = np.asarray(values)
    if array.dtype.kind not in "US" or isinstance(values, np.ndarray):
        return array
    objects = np.asarray(values, dtype=object)
    return array if all(isinstance(value, str) for value in objects.flat) else objects


def split_steps(values: NDArray[Any], sequences: Sequences) -> NDArray[Any]:
    """Return values of all steps sequence by sequence.

    Parameters
    ----------
    values : ndarray of shape (n_steps, ...)
        Of the present steps, one sequence after another.
    sequences : Sequences
        What they belong to.

    Returns
    -------
    ndarray of shape (n_samples, n_timesteps, ...), or (n_samples,) of dtype object
        The latter, of (n_timesteps_i, ...) arrays, of a list of sequences, or where steps are
        absent.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences, split_steps
    >>> sequences = as_sequences([np.zeros((2, 1)), np.zeros((1, 1))])
    >>> [part.tolist() for part in split_steps(np.array([1, 2, 3]), sequences)]
    [[1, 2], [3]]
    """
    n_timesteps = sequences.n_timesteps
    if sequences.layout != "ragged" and (sequences.lengths == n_timesteps).all():
        return values.reshape(len(sequences), n_timesteps, *values.shape[1:])
    return as_objects(np.split(values, np.cumsum(sequences.lengths)[:-1]))


def as_objects(members: Sequence[Any]) -> NDArray[Any]:
    """Return an object array of the members, which may be of unequal lengths.

    Parameters
    ----------
    members : sequence

    Returns
    -------
    ndarray of shape (n_members,), dtype object

    Examples
    --------
    >>> from sklstm.data import as_objects
    >>> as_objects([[1], [2]]).shape
    (2,)
    """
    array = np.empty(len(members), dtype=object)
    for number, member in enumerate(members):
        array[number] = member
    return array


def numbers_of_steps(steps: Steps) -> Steps:
    """Return targets as numbers; steps of which one is NaN are not known, and hold zeros.

    Parameters
    ----------
    steps : Steps

    Returns
    -------
    Steps
        In float64.

    Raises
    ------
    ValueError
        If a value is no number or infinite, or none is known.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import Steps
    >>> from sklstm.data.steps import numbers_of_steps
    >>> steps = numbers_of_steps(Steps(np.array([np.nan, 2.0]), np.array([2])))
    >>> steps.values.tolist(), steps.known.tolist()
    ([0.0, 2.0], [False, True])
    """
    check_no_dates(steps.values, "y")
    given = steps.values
    if given.dtype == object:
        given = np.where(_is_no_label(given.ravel()).reshape(given.shape), np.nan, given)
    if given.dtype.kind == "c":
        raise ValueError("y must hold real numbers at every step, but it holds complex ones.")
    try:
        values = given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y must hold numbers at every step. {error}") from error
    if np.isinf(values).any():
        raise ValueError("Input y contains infinity. Its steps must hold finite numbers or NaN.")
    missing = np.isnan(values)
    unknown = np.asarray(missing.reshape(len(values), -1).any(axis=1))
    return _mark(steps, values, unknown, 0.0)


def labels_of_steps(steps: Steps, ignore_label: Any) -> Steps:
    """Return labels; steps with NaN, None or the label to ignore are not known, and hold another.

    Parameters
    ----------
    steps : Steps
        With one label a step.
    ignore_label : object
        None where there is no such label.

    Returns
    -------
    Steps

    Raises
    ------
    ValueError
        If a step has more than one label, or none is known.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import Steps
    >>> from sklstm.data.steps import labels_of_steps
    >>> steps = labels_of_steps(Steps(np.array([-1, 2]), np.array([2])), ignore_label=-1)
    >>> steps.values.tolist(), steps.known.tolist()
    ([2, 2], [False, True])
    """
    labels = steps.values.reshape(len(steps.values), -1)
    if labels.shape[1] != 1:
        raise ValueError(
            f"y must have one label a time step, of shape (n_samples, n_timesteps). Each step has "
            f"{labels.shape[1]}."
        )
    labels = labels[:, 0]
    unknown = _is_no_label(labels)
    if ignore_label is not None:
        unknown[~unknown] = labels[~unknown] == ignore_label
    known = labels[~unknown]
    marked = _mark(steps, labels, unknown, known[0] if len(known) else None)
    if labels.dtype != object:
        return marked
    # objects beside None: without it, numbers and strings are of a dtype of their own
    kinds = {isinstance(label, str) for label in marked.values}
    if len(kinds) > 1:
        raise ValueError("y must hold labels of one kind, but it holds strings and others.")
    return replace(marked, values=np.asarray(marked.values.tolist()))


def _is_no_label(labels: NDArray[Any]) -> NDArray[np.bool_]:
    if labels.dtype != object:
        return is_missing(labels)
    return np.array([is_nothing(label) for label in labels], dtype=bool)


def is_nothing(value: Any) -> bool:
    """Tell whether a label is missing: None, NaN or pandas' NA.

    Parameters
    ----------
    value : object

    Returns
    -------
    bool

    Examples
    --------
    >>> from sklstm.data.steps import is_nothing
    >>> [is_nothing(value) for value in (None, float("nan"), 0, "")]
    [True, True, False, False]
    """
    if value is None:
        return True
    differs = value != value  # so does NaN, and pandas' NA says neither yes nor no
    return not isinstance(differs, bool | np.bool_) or bool(differs)


def _mark(steps: Steps, values: NDArray[Any], unknown: NDArray[np.bool_], filling: Any) -> Steps:
    if unknown.all():
        raise ValueError("y has no target at any time step: all are NaN, None or ignored.")
    if not unknown.any():
        return replace(steps, values=values)
    values = values.copy()
    values[unknown] = filling
    return replace(steps, values=values, known=~unknown)
