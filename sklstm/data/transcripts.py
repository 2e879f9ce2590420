"""Sequences of symbols as targets: transcripts, of lengths of their own."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm.data.steps import as_objects, is_nothing


def as_transcripts(y: Any) -> NDArray[Any]:
    """Hold strings or sequences of symbols.

    Parameters
    ----------
    y : array-like of str, or of sequences
        One transcript a sample; it may be empty.

    Returns
    -------
    ndarray of shape (n_samples,), dtype object
        Strings, or tuples of symbols.

    Raises
    ------
    ValueError
        If a member is neither, or y holds both.

    Examples
    --------
    >>> from sklstm.data import as_transcripts
    >>> as_transcripts([["a", "bc"], []]).tolist()
    [('a', 'bc'), ()]
    """
    wanted = "strings, or sequences of symbols such as lists, one a sample"
    if isinstance(y, str | Mapping) or hasattr(y, "columns") or not hasattr(y, "__len__"):
        raise ValueError(f"y must hold {wanted}. Got {type(y).__name__}: {y!r}.")
    members = [_as_transcript(member, f"y[{number}]", wanted) for number, member in enumerate(y)]
    if len({type(member) for member in members}) > 1:
        raise ValueError(f"y must hold {wanted}, but it holds strings and other sequences.")
    return as_objects(members)


def _as_transcript(member: Any, name: str, wanted: str) -> str | tuple[Any, ...]:
    if isinstance(member, str):
        return str(member)
    if isinstance(member, list | tuple) or np.ndim(getattr(member, "values", member)) == 1:
        symbols = tuple(member.tolist() if hasattr(member, "tolist") else member)
        missing = next((i for i, s in enumerate(symbols) if is_nothing(s)), None)
        if missing is not None:
            raise ValueError(f"{name} has no symbol at place {missing}: {symbols[missing]!r}.")
        return symbols
    raise ValueError(f"y must hold {wanted}. Got {name} = {member!r}.")


class TranscriptTargets:
    """Between transcripts and numbers of their symbols.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), dtype object
        From `as_transcripts`.

    Attributes
    ----------
    symbols : ndarray of shape (n_symbols,)
        All that occur, sorted.
    are_strings : bool
        Whether transcripts are strings, of which the characters are the symbols.

    Raises
    ------
    ValueError
        If no symbol occurs, or they cannot be sorted.

    Examples
    --------
    >>> from sklstm.data import TranscriptTargets, as_transcripts
    >>> targets = TranscriptTargets(as_transcripts(["hello", "hole"]))
    >>> targets.symbols.tolist()
    ['e', 'h', 'l', 'o']
    >>> targets.encode(as_transcripts(["hel"]))["symbols"].tolist(), targets.decode([0, 2, 3])
    ([[1, 0, 2]], 'elo')
    """

    def __init__(self, y: NDArray[Any]) -> None:
        self.are_strings = isinstance(y[0], str)
        try:
            occurring = {symbol for transcript in y for symbol in transcript}
        except TypeError as error:
            raise ValueError(
                f"y must hold symbols such as characters, words or numbers. {error}"
            ) from error
        if not occurring:
            raise ValueError("y must hold at least one symbol, but all transcripts are empty.")
        try:
            ordered = sorted(occurring)
        except TypeError as error:
            raise ValueError(
                f"y must hold symbols that can be sorted, all of one kind. {error}"
            ) from error
        self.symbols = _as_array(ordered)
        self._ordered = ordered
        self._numbers = {symbol: number for number, symbol in enumerate(ordered)}

    def encode(self, y: NDArray[Any]) -> dict[str, NDArray[np.int64]]:
        """Return transcripts as numbers.

        Returns
        -------
        dict of ndarray
            ``"symbols"``, of shape (n_samples, longest), zero behind the end of shorter ones, and
            ``"n_symbols"``, of shape (n_samples,).

        Raises
        ------
        ValueError
            If a symbol did not occur before.
        """
        try:
            coded = [[self._numbers[symbol] for symbol in transcript] for transcript in y]
        except KeyError as error:
            raise ValueError(
                f"y holds the symbol {error.args[0]!r}, which is none of those it had when "
                f"training began: {self.symbols.tolist()}."
            ) from None
        lengths = np.array([len(transcript) for transcript in coded], dtype=np.int64)
        numbers = np.zeros((len(coded), lengths.max(initial=0)), dtype=np.int64)
        for row, transcript in zip(numbers, coded, strict=True):
            row[: len(transcript)] = transcript
        return {"symbols": numbers, "n_symbols": lengths}

    def decode(self, numbers: Sequence[int]) -> Any:
        """Return a transcript, a string or a list of symbols."""
        symbols = [self._ordered[number] for number in numbers]
        return "".join(symbols) if self.are_strings else symbols

    def decode_all(self, transcripts: Sequence[Sequence[int]]) -> NDArray[Any]:
        """Return transcripts as an array of shape (n_samples,), of str or of lists."""
        decoded = [self.decode(numbers) for numbers in transcripts]
        return np.array(decoded, dtype=str) if self.are_strings else as_objects(decoded)


def _as_array(symbols: list[Any]) -> NDArray[Any]:
    """Return symbols as an array of shape (n_symbols,), of objects where they are no scalars."""
    return np.asarray(symbols) if np.isscalar(symbols[0]) else as_objects(symbols)
