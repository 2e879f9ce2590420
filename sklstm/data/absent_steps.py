"""Steps that are absent at the head or the tail of sequences, and values that may not stay."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm.data.rows import cast, is_missing, latest_known, pieces
from sklstm.data.sequences import Sequences

_LAYOUTS_WITH_ABSENT_STEPS = ("dense", "windows")


def drop_absent_steps(sequences: Sequences, *, allow_nan: bool) -> Sequences:
    """Shorten sequences by their absent head and tail; raise on what else is not finite."""
    absent, broken = _faults(sequences, allow_nan=allow_nan)
    if not absent.any() and not broken.any():
        return sequences
    first, last = sequences.first, sequences.first + sequences.lengths - 1
    row = np.arange(len(absent))
    # nearest present row at or after, and at or before, each row
    after = np.minimum.accumulate(np.where(absent, len(row), row)[::-1])[::-1]
    before = latest_known(~absent)
    head, tail = after[first], before[last]
    empty = np.flatnonzero(head > tail)
    if len(empty):
        raise ValueError(
            f"Input X contains NaN in every time step of sequence {empty[0]}: no step is present. "
            "Drop this sequence, and its entry in y."
        )
    faults = np.concatenate([[0], np.cumsum(broken)])
    if (faults[tail + 1] - faults[head]).any():
        _raise_at_fault(sequences, head, tail, faults, allow_nan=allow_nan)
    return replace(sequences, first=head, lengths=tail - head + 1, skipped=head - first)


def _faults(
    sequences: Sequences, *, allow_nan: bool
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell of each row whether it is all NaN, and whether something in it may not stay."""
    rows = sequences.rows
    may_be_absent = sequences.layout in _LAYOUTS_WITH_ABSENT_STEPS
    absent = np.zeros(len(rows), dtype=bool)
    broken = np.zeros(len(rows), dtype=bool)
    for piece in pieces(len(rows), sequences.n_features):
        values = cast(rows[piece], sequences.dtype)
        if not _is_faulty(values, allow_nan=False).any():
            continue
        if may_be_absent:
            absent[piece] = is_missing(values).all(axis=1)
        broken[piece] = _is_faulty(values, allow_nan=allow_nan).any(axis=1)
    return absent, broken


def _is_faulty(values: NDArray[Any], *, allow_nan: bool) -> NDArray[np.bool_]:
    missing = is_missing(values)
    faulty = ~np.isfinite(values) if values.dtype.kind == "f" else missing
    return faulty & ~missing if allow_nan else faulty


def _raise_at_fault(
    sequences: Sequences,
    head: NDArray[np.int64],
    tail: NDArray[np.int64],
    faults: NDArray[np.int64],
    *,
    allow_nan: bool,
) -> None:
    sample = int(np.flatnonzero(faults[tail + 1] - faults[head])[0])
    steps = cast(sequences.rows[head[sample] : tail[sample] + 1], sequences.dtype)
    step, feature = (int(place[0]) for place in np.nonzero(_is_faulty(steps, allow_nan=allow_nan)))
    place = f"sequence {sample}, time step {step + head[sample] - sequences.first[sample]}, "
    place += f"feature {feature}"
    if is_missing(steps)[step, feature]:
        hint = (
            "Only steps whose features are all NaN, at the head or the tail of a sequence, are "
            "read as absent"
            if sequences.layout in _LAYOUTS_WITH_ABSENT_STEPS
            else "Shorter sequences are given as a list of arrays"
        )
        raise ValueError(
            f"Input X contains NaN: the first is in {place}. {hint}; fill in missing values first, "
            "for example with sklstm.TimestepTransformer(sklearn.impute.SimpleImputer()), or fit "
            "an estimator with missing_values='indicator'."
        )
    raise ValueError(
        f"Input X contains infinity or a value too large for {sequences.dtype!r}: the first is in "
        f"{place}."
    )
