"""The sequences that a beam search has seen, and which of them it keeps."""

import numpy as np
from numpy.typing import NDArray


class Prefixes:
    """Sequences of symbols as a tree, in which a number stands for a sequence.

    Each sequence is kept as its last symbol and the number of the sequence before it, and has one
    number only, however often it is reached.

    Attributes
    ----------
    EMPTY : int
        The number of the empty sequence.

    Examples
    --------
    >>> from sklstm.decoding.prefixes import Prefixes
    >>> prefixes = Prefixes()
    >>> first = prefixes.extend(Prefixes.EMPTY, 7)
    >>> prefixes.spell(prefixes.extend(first, 8))
    [7, 8]
    >>> prefixes.extend(Prefixes.EMPTY, 7) == first
    True
    """

    EMPTY = 0

    def __init__(self) -> None:
        self._before = [self.EMPTY]
        self._last = [-1]  # the empty sequence has none
        self._numbers: dict[tuple[int, int], int] = {}

    def extend(self, number: int, symbol: int) -> int:
        """Return the number of a sequence with one symbol more."""
        found = self._numbers.setdefault((number, symbol), len(self._last))
        if found == len(self._last):
            self._before.append(number)
            self._last.append(symbol)
        return found

    def spell(self, number: int) -> list[int]:
        """Return the symbols of a sequence."""
        symbols = []
        while number != self.EMPTY:
            symbols.append(self._last[number])
            number = self._before[number]
        return symbols[::-1]


def find_best(scores: NDArray[np.float64], beam_width: int) -> NDArray[np.int64]:
    """Return where the highest scores are, the best first and the earlier of two equal ones first.

    Parameters
    ----------
    scores : ndarray of shape (n_candidates,)
        Scores; candidates of minus infinity are impossible and never kept.
    beam_width : int
        How many to keep at most.

    Returns
    -------
    ndarray of shape (n_kept,), dtype int64

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.decoding.prefixes import find_best
    >>> find_best(np.array([-1.0, 0.0, -np.inf, -1.0, -2.0]), 2)
    array([1, 0])
    """
    kept = np.flatnonzero(scores > -np.inf)
    if len(kept) > beam_width:
        # sorting only what is not below the last one to be kept
        least = np.partition(scores[kept], -beam_width)[-beam_width]
        kept = np.flatnonzero(scores >= least)
    return kept[np.argsort(-scores[kept], kind="stable")[:beam_width]]


def check_beam_width(beam_width: int) -> None:
    """Raise ValueError if a beam's width is not positive."""
    if beam_width < 1:
        raise ValueError(f"The 'beam_width' parameter must be at least 1. Got {beam_width!r}.")
