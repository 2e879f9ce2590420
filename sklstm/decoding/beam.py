"""Beam search for decoders that give one symbol after another."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklstm.decoding.prefixes import Prefixes, check_beam_width, find_best

# What logarithms of probabilities that were normalised are above zero at most.
_ROUNDING = 1e-5

Step = Callable[[Any, NDArray[np.int64]], tuple[ArrayLike, Any]]


def beam_search(
    start: Any,
    step: Step,
    n_symbols: int,
    *,
    beam_width: int,
    max_length: int,
    length_penalty: float = 0.0,
) -> list[int]:
    """Return the most probable symbols of a sequence-to-sequence decoder that a beam search finds.

    At each step, the `beam_width` most probable hypotheses are kept [1]_. Those that end are set
    aside, the others go on until none of them can become better than the best one set aside.
    A beam of one is greedy decoding.

    Parameters
    ----------
    start : object
        States of the decoder before its first symbol, for one hypothesis. States are anything that
        an array of ints indexes: ``states[hypotheses]`` are those of the hypotheses to go on with,
        of which some may occur several times.
    step : callable
        ``step(states, symbols)`` gives what follows on the last symbols of the hypotheses, an
        ndarray of shape (n_hypotheses,): natural logarithms of probabilities, of shape
        (n_hypotheses, n_symbols + 1), and the new states. Symbol `n_symbols` is the end of a
        sequence; as a last symbol, it stands for the beginning.
    n_symbols : int
        Number of different symbols, without the end.
    beam_width : int
        How many hypotheses to keep. Of equally probable ones those are kept that go on from the
        better hypothesis of the step before, then by symbol.
    max_length : int
        The greatest number of symbols. After as many, only the end may follow.
    length_penalty : float, default=0.0
        Exponent ``a`` of the penalty by which complete sequences are compared: log-probability over
        ``((5 + length) / 6) ** a``, the end counted in the length [2]_. At zero, the most
        probable sequence wins; the greater it is, the longer are the sequences.

    Returns
    -------
    list of int
        Symbols from 0 to ``n_symbols - 1``, without the end.

    Raises
    ------
    ValueError
        If `beam_width` is not positive, `max_length` or `length_penalty` is negative, `step` gives
        NaN, a number above zero or another shape, or no sequence that was found is possible.

    References
    ----------
    .. [1] Sutskever, Vinyals and Le (2014), Sequence to sequence learning with neural networks,
       Advances in Neural Information Processing Systems 27.
    .. [2] Wu et al. (2016), Google's neural machine translation system: bridging the gap between
       human and machine translation, arXiv:1609.08144.

    Examples
    --------
    A decoder without states: rows are the last symbol, 0, 1 or the beginning, columns what follows.
    Symbol 0 is the better beginning, but 1 is the better sequence.

    >>> import numpy as np
    >>> from sklstm.decoding import beam_search
    >>> follows = np.log([[0.3, 0.3, 0.4], [0.1, 0.1, 0.8], [0.5, 0.4, 0.1]])
    >>> def step(states, symbols):
    ...     return follows[symbols], states
    >>> beam_search(np.zeros((1, 0)), step, 2, beam_width=1, max_length=5)
    [0]
    >>> beam_search(np.zeros((1, 0)), step, 2, beam_width=2, max_length=5)
    [1]
    """
    check_beam_width(beam_width)
    if max_length < 0 or not 0 <= length_penalty < np.inf:
        raise ValueError(
            "The 'max_length' and 'length_penalty' parameters must be finite and not negative. Got "
            f"{max_length!r} and {length_penalty!r}."
        )
    prefixes = Prefixes()
    numbers, scores = np.array([Prefixes.EMPTY]), np.zeros(1)  # (n_hypotheses,) each
    states, symbols = start, np.array([n_symbols])
    best, least_cost = None, np.inf
    for length in range(1, max_length + 2):  # the end counted
        log_p, states = step(states, symbols)
        totals = scores[:, None] + _check(log_p, (len(scores), n_symbols + 1))
        if length > max_length:
            totals[:, :n_symbols] = -np.inf
        kept = find_best(totals.ravel(), beam_width)
        origin, symbols = np.divmod(kept, n_symbols + 1)
        numbers, scores = numbers[origin], totals.ravel()[kept]

        ended = symbols == n_symbols
        if ended.any():
            first = ended.argmax()  # the best, since all are of one length
            cost = _cost(scores[first], length, length_penalty)
            if cost < least_cost:
                best, least_cost = int(numbers[first]), cost

        going = np.flatnonzero(~ended)
        if len(going) == 0:
            break
        # log-probabilities only fall, and the longest are penalised least: no hypothesis will cost
        # less than it would now at that length
        if _cost(scores[going[0]], max_length + 1, length_penalty) >= least_cost:
            break
        states, symbols, scores = states[origin[going]], symbols[going], scores[going]
        numbers = np.array(
            [
                prefixes.extend(number, symbol)
                for number, symbol in zip(numbers[going].tolist(), symbols.tolist(), strict=True)
            ]
        )
    if best is None:
        raise ValueError(
            f"None of the sequences found, of at most {max_length} symbols, is possible: each ends "
            "with a log-probability of minus infinity."
        )
    return prefixes.spell(best)


def _cost(log_p: float, length: int, exponent: float) -> float:
    """Return the logarithm of minus a penalised log-probability, where large exponents are told."""
    with np.errstate(divide="ignore"):  # what is certain costs minus infinity
        return float(np.log(-log_p) - exponent * np.log((5 + length) / 6))


def _check(log_probabilities: ArrayLike, shape: tuple[int, int]) -> NDArray[np.float64]:
    values = np.asarray(log_probabilities, dtype=np.float64)
    if values.shape != shape or np.isnan(values).any():
        raise ValueError(
            f"step must give log-probabilities of shape {shape}, a row for each hypothesis and the "
            f"end in the last column, none of them NaN. Got shape {values.shape} with "
            f"{np.isnan(values).sum()} NaN."
        )
    if (values > _ROUNDING).any():
        raise ValueError(
            "step must give logarithms of probabilities, none of them above zero. Got "
            f"{values.max():.6g}."
        )
    return np.minimum(values, 0.0)
