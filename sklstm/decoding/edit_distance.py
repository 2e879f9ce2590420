"""How far predicted sequences are from the true ones."""

import math
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklstm._validation import check_lengths_agree, check_sample_weight


def edit_distance(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """Return the least number of changes that make one sequence of another.

    A change inserts, deletes or replaces one element [1]_. Computed row by row [2]_ in vectors
    along the longer sequence.

    Parameters
    ----------
    a, b : sequence of hashables
        Strings, lists of symbols or of words, arrays of ints.

    Returns
    -------
    int

    References
    ----------
    .. [1] Levenshtein (1966), Binary codes capable of correcting deletions, insertions and
       reversals, Soviet Physics Doklady 10(8).
    .. [2] Wagner and Fischer (1974), The string-to-string correction problem, Journal of the
       ACM 21(1).

    Examples
    --------
    >>> from sklstm.decoding import edit_distance
    >>> edit_distance("kitten", "sitting")
    3
    """
    numbers: dict[Hashable, int] = {}
    shorter, longer = sorted(
        (
            np.array([numbers.setdefault(e, len(numbers)) for e in x], dtype=np.int64)
            for x in (a, b)
        ),
        key=len,
    )
    places = np.arange(len(longer) + 1)
    row = places  # distances of the empty sequence to every beginning of the longer one
    for element in shorter:
        deleted = row + 1
        replaced = row[:-1] + (longer != element)
        deleted[1:] = np.minimum(deleted[1:], replaced)
        # Insertions cost one a place, whence the least over all earlier places of
        # (distance there + places between) is a running minimum.
        row = np.minimum.accumulate(deleted - places) + places
    return int(row[-1])


def error_rate(
    truths: Sequence[Sequence[Hashable]] | NDArray[Any],
    predictions: Sequence[Sequence[Hashable]] | NDArray[Any],
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the changes that predictions need, for each element of the truths.

    The sum of the edit distances over the sum of the lengths of the truths: the character or word
    error rate, by what the elements are. It is above one where predictions are much too long. If
    all truths are empty, it is zero where all predictions are empty too, else infinite.

    Parameters
    ----------
    truths, predictions : sequence of sequences of hashables
        Of equal number.
    sample_weight : array-like of shape (n_truths,), default=None
        Weights in both sums.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If there are not as many predictions as truths.

    Examples
    --------
    >>> from sklstm.decoding import error_rate
    >>> error_rate(["kitten", "mice"], ["sitting", "mice"])
    0.3
    """
    check_lengths_agree(truths, predictions, "truths and predictions")
    given = check_sample_weight(sample_weight, len(truths))
    weight = np.ones(len(truths)) if given is None else given
    distance = weight @ np.fromiter(map(edit_distance, truths, predictions), dtype=np.int64)
    length = weight @ np.fromiter(map(len, truths), dtype=np.int64)
    if length == 0:
        return math.inf if distance else 0.0
    return float(distance / length)
