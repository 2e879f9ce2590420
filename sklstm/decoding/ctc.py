"""Symbols out of the outputs of connectionist temporal classification."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklstm.decoding.prefixes import Prefixes, check_beam_width, find_best

BLANK = 0


def needed_steps(symbols: ArrayLike) -> int:
    """Return how many steps an alignment with some symbols has at least.

    One step a symbol, and a blank between equal neighbours, which would be merged without it.

    Parameters
    ----------
    symbols : array-like of shape (n_symbols,)

    Returns
    -------
    int

    Examples
    --------
    >>> from sklstm.decoding import needed_steps
    >>> needed_steps([3, 1, 1])
    4
    """
    values = np.asarray(symbols)
    return len(values) + int(np.count_nonzero(values[1:] == values[:-1]))


def decode_greedy(log_probabilities: ArrayLike) -> list[int]:
    """Return the symbols of the most probable alignment.

    Takes the most probable output of each step, the first of equals, merges repeats and drops
    blanks: best path decoding [1]_. Other symbols may be more probable, by several alignments
    together; `decode_beam` looks for those.

    Parameters
    ----------
    log_probabilities : array-like of shape (n_steps, n_symbols + 1)
        Natural logarithms of the outputs' probabilities at each step; output 0 is the blank,
        output ``k + 1`` is symbol ``k``.

    Returns
    -------
    list of int
        Symbols from 0 to ``n_symbols - 1``.

    Raises
    ------
    ValueError
        If `log_probabilities` is not such an array, a number is NaN, or a step has no possible
        output.

    References
    ----------
    .. [1] Graves, Fernández, Gomez and Schmidhuber (2006), Connectionist temporal classification:
       labelling unsegmented sequence data with recurrent neural networks, ICML.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.decoding import decode_greedy
    >>> outputs = [1, 1, 0, 1, 2, 0]
    >>> decode_greedy(np.log(np.eye(3)[outputs] + 0.01))
    [0, 0, 1]
    """
    path = _check(log_probabilities).argmax(1)  # (n_steps,)
    before = np.concatenate([[BLANK], path[:-1]])
    kept = path[(path != before) & (path != BLANK)]
    return [int(output) - 1 for output in kept]


def decode_beam(log_probabilities: ArrayLike, beam_width: int) -> list[int]:
    """Return the most probable symbols that a prefix beam search finds.

    A prefix of the symbols is judged by all of its alignments up to a step together. At each
    step, the `beam_width` most probable prefixes are kept: an alignment either goes on within its
    prefix, by a blank or by a repeat, or adds a symbol to it [1]_ [2]_. Where no prefix had to be
    left out, the result is the most probable of all.

    Parameters
    ----------
    log_probabilities : array-like of shape (n_steps, n_symbols + 1)
        Natural logarithms of the outputs' probabilities at each step; output 0 is the blank,
        output ``k + 1`` is symbol ``k``.
    beam_width : int
        How many prefixes to keep. Of equally probable ones those are kept that extend, or are, the
        better prefix of the step before, the shorter first, then by symbol.

    Returns
    -------
    list of int
        Symbols from 0 to ``n_symbols - 1``.

    Raises
    ------
    ValueError
        If `log_probabilities` is not such an array, a number is NaN, a step has no possible
        output, or `beam_width` is not positive.

    References
    ----------
    .. [1] Graves, Fernández, Gomez and Schmidhuber (2006), Connectionist temporal classification:
       labelling unsegmented sequence data with recurrent neural networks, ICML.
    .. [2] Hannun, Maas, Jurafsky and Ng (2014), First-pass large vocabulary continuous speech
       recognition using bi-directional recurrent DNNs, arXiv:1408.2873.

    Examples
    --------
    Two blanks are the most probable alignment, but three others have one symbol:

    >>> import numpy as np
    >>> from sklstm.decoding import decode_beam, decode_greedy
    >>> log_probabilities = np.log([[0.6, 0.4], [0.6, 0.4]])
    >>> decode_greedy(log_probabilities), decode_beam(log_probabilities, beam_width=2)
    ([], [0])
    """
    check_beam_width(beam_width)
    prefixes = Prefixes()
    beam = _Beam.start()
    for step in _check(log_probabilities):
        beam = beam.advance(step, beam_width, prefixes)
    return [output - 1 for output in prefixes.spell(int(beam.numbers[0]))]


@dataclass(frozen=True)
class _Beam:
    """The prefixes kept after a step, the best first; all arrays are of shape (n_prefixes,).

    Attributes
    ----------
    numbers, before : ndarray of int
        Each prefix in the tree of `Prefixes`, and the one without its last symbol.
    last : ndarray of int
        The output of each prefix's last symbol; the blank's for the empty prefix.
    in_blank, in_symbol : ndarray
        Log-probability of all alignments that end in a blank, and of all that end in the last
        symbol.
    """

    numbers: NDArray[np.int64]
    before: NDArray[np.int64]
    last: NDArray[np.int64]
    in_blank: NDArray[np.float64]
    in_symbol: NDArray[np.float64]

    @classmethod
    def start(cls) -> "_Beam":
        """Return the beam before the first step: the empty prefix, as if behind a blank."""
        empty = np.array([Prefixes.EMPTY])
        # nothing comes before the empty prefix, so that no prefix of the beam may be found there
        return cls(empty, empty - 1, np.array([BLANK]), np.zeros(1), np.array([-np.inf]))

    def advance(self, step: NDArray[np.float64], beam_width: int, prefixes: Prefixes) -> "_Beam":
        """Return the beam after one more step, whose log-probabilities are (n_outputs,)."""
        total = np.logaddexp(self.in_blank, self.in_symbol)
        everyone = np.arange(len(total))
        in_blank = total + step[BLANK]
        in_symbol = self.in_symbol + step[self.last]  # a repeat

        # Prefixes with one more symbol; column 0 is then for those without.
        scores = total[:, None] + step  # (n_prefixes, n_outputs)
        # the same symbol once more is only new behind a blank
        scores[everyone, self.last] = self.in_blank + step[self.last]
        # some of them are in the beam already
        longer, shorter = np.nonzero(self.before[:, None] == self.numbers)
        same = shorter, self.last[longer]
        in_symbol[longer] = np.logaddexp(in_symbol[longer], scores[same])
        scores[same] = -np.inf
        scores[:, BLANK] = np.logaddexp(in_blank, in_symbol)

        kept = find_best(scores.ravel(), beam_width)
        origin, output = np.divmod(kept, len(step))
        numbers, stays = self.numbers[origin], output == BLANK
        extended = [
            number if output == BLANK else prefixes.extend(number, output)
            for number, output in zip(numbers.tolist(), output.tolist(), strict=True)
        ]
        return _Beam(
            np.array(extended),
            np.where(stays, self.before[origin], numbers),
            np.where(stays, self.last[origin], output),
            np.where(stays, in_blank[origin], -np.inf),
            np.where(stays, in_symbol[origin], scores.ravel()[kept]),
        )


def _check(log_probabilities: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(log_probabilities, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] == 0:
        raise ValueError(
            "log_probabilities must be of shape (n_steps, n_symbols + 1), with the blank in "
            f"column 0. Got shape {values.shape}."
        )
    highest = values.max(1)
    bad = np.flatnonzero(~np.isfinite(highest))
    if len(bad):
        raise ValueError(
            "log_probabilities must hold natural logarithms of probabilities, none of them NaN, "
            f"and some output of each step must be possible. The highest of step {bad[0]} is "
            f"{highest[bad[0]]}."
        )
    return values
