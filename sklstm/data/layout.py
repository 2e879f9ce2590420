"""Any accepted form of X, laid out as `Sequences`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import DTypeLike, NDArray
from sklearn.utils import check_array

from sklstm._validation import (
    check_no_dates,
    check_no_masks,
    kind_of,
    n_axes,
    named_columns,
    nth_column,
    values_of,
    without_tensor,
)
from sklstm.data.absent_steps import drop_absent_steps
from sklstm.data.rows import cast, first_rows, is_memory_map, is_missing, pieces
from sklstm.data.sequences import Layout, Sequences
from sklstm.data.windows import Windows, view_windows


def as_sequences(
    X: Any, dtype: DTypeLike | None = np.float32, *, allow_nan: bool = False
) -> Sequences:
    """Hold any accepted form of X as `Sequences`.

    Parameters
    ----------
    X : array-like
        One of

        - 2-D, (n_samples, n_timesteps): one univariate sequence a row;
        - 3-D, (n_samples, n_timesteps, n_features), steps that are all NaN at the head or the
          tail of a sequence being absent;
        - `Windows`;
        - ragged: a list, another sequence, an array of objects or a series of lists, of
          (n_timesteps_i, n_features) arrays, or of 1-D arrays, which are univariate;
        - `Sequences`, which come back as they are.
    dtype : dtype or None, default=float32
        Floating type of the batches; None keeps what X has, be it numbers or not.
    allow_nan : bool, default=False
        Whether NaN in a present step may stay.

    Returns
    -------
    Sequences
        Over X's own memory wherever X already has `dtype` or is a memory map, so that windows
        are never copied.

    Raises
    ------
    ValueError
        If X has another shape, is empty, or holds NaN or infinite values that are not absent
        steps; the message says where.
    TypeError
        If X is sparse or holds what is no number.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences
    >>> X = np.full((2, 3, 1), np.nan)
    >>> X[0, 1:] = 1.0
    >>> X[1, :] = 2.0
    >>> as_sequences(X).lengths.tolist()
    [2, 3]
    """
    if isinstance(X, Sequences):
        return X
    wanted = None if dtype is None else np.dtype(dtype)
    if _is_plain(X):
        return drop_absent_steps(_lay_out_dense(X, wanted, "dense"), allow_nan=allow_nan)
    X = without_tensor(X)
    _check_container(X)
    if type(X) is not np.ndarray:
        check_no_masks(X, "X")
    if isinstance(X, Windows):
        if len(X) == 0:
            raise ValueError("Found Windows with 0 sample(s) while a minimum of 1 is required.")
        rows = cast(X.rows, wanted)
        lengths = _all_of(X.window_size, len(X))
        sequences = Sequences(
            rows, X.first, lengths, X.window_size, wanted or rows.dtype, "windows", span=X.span
        )
        return drop_absent_steps(sequences, allow_nan=allow_nan)
    _refuse_texts(X, symbols_too=wanted is not None)
    members = ragged_members(X)
    if members is not None:
        return drop_absent_steps(_lay_out_ragged(X, members, wanted), allow_nan=allow_nan)
    return drop_absent_steps(_lay_out_array(X, wanted), allow_nan=allow_nan)


def step_names(X: Any, expected: list[str] | None = None) -> list[str] | None:
    """Return the names of a time step's features, which several DataFrames have.

    Parameters
    ----------
    X : array-like
        Sequences, as `as_sequences` takes them.
    expected : list of str or None, default=None
        What they are to be, if there are any.

    Returns
    -------
    list of str or None

    Raises
    ------
    ValueError
        If DataFrames differ in their columns or the order of these, or have not those expected.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm.data import step_names
    >>> step_names([pd.DataFrame({"a": [1.0], "b": [2.0]})])
    ['a', 'b']
    >>> step_names([[1.0, 2.0]]) is None
    True
    """
    if not holds_members(X) or not any(hasattr(member, "columns") for member in X):
        return None
    names = [list(getattr(member, "columns", ())) for member in X]
    odd = next((i for i, columns in enumerate(names) if columns != names[0]), None)
    if odd is not None:
        raise ValueError(
            f"All DataFrames of X must have the same columns, in one order. X[0] has {names[0]} "
            f"and X[{odd}] has {names[odd]}."
        )
    if expected is not None and names[0] != expected:
        raise ValueError(
            "The columns of X's DataFrames must be those of fit, in their order: "
            f"{expected}. They are {names[0]}."
        )
    return names[0]


def _check_container(X: Any) -> None:
    """Raise if X is a container of sequences that is neither an array nor a list."""
    is_array = any(hasattr(X, name) for name in ("__array__", "__array_interface__", "shape"))
    if is_array or isinstance(X, Sequence) or not hasattr(X, "__iter__"):
        return
    how = "list(X)"
    if isinstance(X, Mapping):
        how = "list(X.values())"
    elif hasattr(X, "groups"):  # of pandas
        how = "[group for _, group in X]"
    raise TypeError(
        f"X must be an array or a list of sequences. Got {type(X).__name__}: make a list of it, "
        f"such as {how}, and give y in the same order."
    )


def _refuse_texts(X: Any, *, symbols_too: bool) -> None:
    """Raise if X is a text, texts or, where numbers are wanted, lists of their symbols."""
    members = [X] if isinstance(X, str) else X if holds_members(X) or _is_string_array(X) else []
    if len(members) and all(_is_text(member, symbols_too=symbols_too) for member in members):
        raise ValueError(
            "X holds strings, but sequences of numbers are needed. Give each text as an array of "
            "its symbols, np.array(list(text))[:, None], and make numbers of these with "
            "sklstm.TimestepTransformer(sklearn.preprocessing.OrdinalEncoder())."
        )


def _is_string_array(values: Any) -> bool:
    return n_axes(values) == 1 and kind_of(getattr(values, "dtype", None)) in "UT"


def _is_text(member: Any, *, symbols_too: bool) -> bool:
    if symbols_too and isinstance(member, list | tuple):
        return len(member) > 0 and all(isinstance(symbol, str) for symbol in member)
    return isinstance(member, str) or (symbols_too and _is_string_array(member))


def _is_plain(X: Any) -> bool:
    """Tell whether X is an array of numbers with which `_check_array` would find no fault."""
    return type(X) is np.ndarray and X.dtype.kind == "f" and X.ndim == 3 and X.size > 0


def _check_array(X: Any, wanted: np.dtype[Any] | None) -> NDArray[Any]:
    if wanted is None:
        return np.asarray(check_array(X, dtype=None, allow_nd=True, ensure_all_finite=False))
    check_no_dates(X, "X")
    array = check_array(X, dtype="numeric", allow_nd=True, ensure_all_finite=False)
    check_no_dates(array, "X")
    return np.asarray(array)


def holds_members(values: Any) -> bool:
    """Tell whether values are a list, a tuple or the like, or a 1-D array or series of objects.

    Parameters
    ----------
    values : object
        Anything.

    Returns
    -------
    bool

    Examples
    --------
    >>> from sklstm.data.layout import holds_members
    >>> holds_members([[1, 2], [3]])
    True
    """
    if isinstance(values, Sequence):
        return not isinstance(values, str | bytes | range)
    return n_axes(values) == 1 and np.asarray(values).dtype == object


def holds_integers(X: Any) -> bool:
    """Tell whether all of X came in integer dtypes.

    Parameters
    ----------
    X : array-like
        Sequences, as `as_sequences` takes them.

    Returns
    -------
    bool

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import holds_integers
    >>> holds_integers([np.array([[1], [2]]), np.array([[3]])]), holds_integers([[1.0, 2.0]])
    (True, False)
    """
    if isinstance(X, Windows):  # as an array it would be copied
        X = X.rows
    return all(map(_are_integers, X)) if holds_members(X) else _are_integers(X)


def _are_integers(values: Any) -> bool:
    if hasattr(values, "columns") and hasattr(values, "dtypes"):
        return all(_are_integers(nth_column(values, n)) for n in range(len(values.columns)))
    values = without_tensor(values)
    kind = kind_of(getattr(values, "dtype", None))
    return (np.asarray(values).dtype.kind if kind == "O" else kind) in "iu"


def ragged_members(X: Any) -> list[NDArray[Any]] | None:
    """Return X's members as (n_timesteps_i, n_features) arrays if X is ragged, else None.

    Parameters
    ----------
    X : object
        Anything.

    Returns
    -------
    list of ndarray or None
        None where X is to be read as one array.

    Raises
    ------
    ValueError
        If X is ragged and its members do not agree on the number of features.

    Examples
    --------
    >>> from sklstm.data.layout import ragged_members
    >>> [member.shape for member in ragged_members([[1, 2, 3], [4]])]
    [(3, 1), (1, 1)]
    >>> ragged_members([[1, 2], [3, 4]]) is None
    True
    """
    if holds_members(X):
        X = list(X)
    if not isinstance(X, list) or len(X) == 0 or not _holds_sequences(X):
        return None
    members = [_member(number, member) for number, member in enumerate(X)]
    check_widths(members, "features")
    return members


def check_widths(members: list[NDArray[Any]], name: str) -> None:
    """Raise unless all sequences are equally wide.

    Parameters
    ----------
    members : list of ndarray of shape (n_timesteps_i, n_features)
    name : str
        What the columns are called in the message.

    Raises
    ------
    ValueError
        Which names the first that is not.
    """
    widths = [member.shape[1] for member in members]
    odd = next((i for i, width in enumerate(widths) if width != widths[0]), None)
    if odd is not None:
        raise ValueError(
            f"All sequences of X must have the same number of {name}. X[0] has {widths[0]} and "
            f"X[{odd}] has {widths[odd]}."
        )


def _holds_sequences(X: list[Any]) -> bool:
    # Arrays in a list are sequences, whether or not they happen to have one length: the same
    # call must not change its meaning with the data. Plain nested lists of one shape are an array.
    if all(hasattr(member, "shape") and len(member.shape) in (1, 2) for member in X):
        return True
    odd = next((number for number, member in enumerate(X) if not _has_length(member)), None)
    if odd is None:
        return len({len(member) for member in X}) > 1
    if any(map(_has_length, X)):
        raise ValueError(
            f"X[{odd}] is no sequence, as other members of X are: it is {X[odd]!r}. Drop it, and "
            "its entry in y."
        )
    return False


def _has_length(member: Any) -> bool:
    is_sized = hasattr(member, "__len__") and getattr(member, "shape", None) != ()
    return is_sized and not isinstance(member, str | dict)


def _member(number: int, member: Any) -> NDArray[Any]:
    if hasattr(member, "toarray"):
        raise TypeError(f"X[{number}] is sparse, but dense sequences are needed. Use .toarray().")
    member = without_tensor(member)
    try:
        array = values_of(member) if hasattr(member, "columns") else np.asarray(member)
    except ValueError as error:
        raise ValueError(f"X[{number}] is no sequence of numbers. {error}") from error
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise ValueError(
            f"A sequence of X must be (n_timesteps, n_features) or 1-D. X[{number}] has shape "
            f"{array.shape}."
        )
    if len(array) == 0:
        raise ValueError(
            f"X[{number}] is a sequence without time steps. Drop it, and its entry in y."
        )
    return array


def _lay_out_ragged(X: Any, members: list[NDArray[Any]], dtype: np.dtype[Any] | None) -> Sequences:
    checked = []
    for number, (given, member) in enumerate(zip(X, members, strict=True)):
        with named_columns(given, f"X[{number}]"):
            checked.append(_check_member(f"X[{number}]", given, member, dtype))
    rows = np.concatenate(checked)
    lengths = np.array([len(member) for member in members], dtype=np.int64)
    return Sequences(rows, first_rows(lengths), lengths, int(lengths.max()), rows.dtype, "ragged")


def _check_member(
    name: str, given: Any, member: NDArray[Any], dtype: np.dtype[Any] | None
) -> NDArray[Any]:
    is_plain = type(member) is np.ndarray and member.dtype.kind in "fiu" and member.size
    if is_plain and dtype is not None:  # in which scikit-learn would find no fault
        return cast(member, dtype)
    if dtype is not None:
        check_no_dates(given, name)
    try:
        with np.errstate(over="ignore"):
            checked: NDArray[Any] = check_array(member, dtype=dtype, ensure_all_finite=False)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} is no sequence of numbers. {error}") from error
    return checked


def _lay_out_array(X: Any, dtype: np.dtype[Any] | None) -> Sequences:
    with named_columns(X, "X"):
        array = _check_array(X, dtype)
        if array.ndim == 2:
            return _lay_out_dense(array[:, :, None], dtype, "table")
    if array.ndim != 3:
        raise ValueError(
            "X must be 2-D (n_samples, n_timesteps), 3-D (n_samples, n_timesteps, n_features) or "
            f"a list of arrays. Got an array with {array.ndim} dimensions and shape {array.shape}."
        )
    if 0 in array.shape:
        raise ValueError(
            f"Found array with 0 time step(s) or feature(s) (shape={array.shape}) while a minimum "
            "of 1 is required."
        )
    return _lay_out_dense(array, dtype, "dense")


def _lay_out_dense(array: NDArray[Any], dtype: np.dtype[Any] | None, layout: Layout) -> Sequences:
    n_samples, n_timesteps, n_features = array.shape
    if array.strides[0] < 0:  # a view from the last sample to the first, of windows too
        return _lay_out_dense(array[::-1], dtype, layout).subset(np.arange(n_samples)[::-1])
    stride = _stride_of_copied_windows(array)
    if stride is not None:
        # kept once a row again, so that a copy of windows is treated just as their view
        further = array[1:, -stride:].reshape(-1, n_features)
        array = view_windows(np.concatenate([array[0], further]), n_timesteps)[::stride]
    hop = _rows_between_samples(array)
    # what lies between the samples of a larger array is not looked at, unless it stays on disk
    if hop is None or (hop > n_timesteps and not is_memory_map(array)):
        hop, rows = n_timesteps, array.reshape(-1, n_features)
    else:
        rows = as_strided(
            array,
            shape=((n_samples - 1) * hop + n_timesteps, n_features),
            strides=array.strides[1:],
            writeable=False,
        )
    if not is_memory_map(array):
        rows = cast(rows, dtype)
    first = np.arange(n_samples, dtype=np.int64) * hop
    lengths = _all_of(n_timesteps, n_samples)
    return Sequences(rows, first, lengths, n_timesteps, dtype or rows.dtype, layout)


def _all_of(length: int, n_sequences: int) -> NDArray[np.int64]:
    """Return one length for all sequences, held once."""
    return np.ndarray(n_sequences, np.int64, buffer=np.int64(length).tobytes(), strides=(0,))


def _rows_between_samples(array: NDArray[Any]) -> int | None:
    """Return how many rows lie between the beginnings of two samples, None if it is no number.

    Steps a constant number of rows apart need no copy: this holds for contiguous arrays, for
    overlapping windows and for any choice of features of either. The stride of an axis of length
    one means nothing.
    """
    sample, step, _ = array.strides
    if 1 in array.shape[:2] or step <= 0 or sample % step:
        return None
    return sample // step


def _stride_of_copied_windows(array: NDArray[Any]) -> int | None:
    """Return by how many steps every sample is the one before, moved on; None if it is not.

    So look copies of windows: pickled, mapped into a worker's memory, or laid out as a lag table.
    They share half of their steps at least: less may be chance, such as a zero at every end.
    Samples that never change are no sign of it.
    """
    n_samples, n_timesteps, _ = array.shape
    hop = _rows_between_samples(array)
    if n_samples < 2 or n_timesteps < 2 or (hop is not None and hop < n_timesteps):
        return None
    later = array[0, 1 : max(n_timesteps // 2, 1) + 1]
    # the first step of the second sample, and then the first two samples, tell most others apart
    begins = np.flatnonzero(_are_same(later, array[1, 0]).all(axis=1))
    for stride in (begins + 1).tolist():
        if _are_moved_on(array[:2], stride):
            changes = not _alike(array[-1, stride:], array[-1, :-stride])
            return stride if changes and _are_moved_on(array, stride) else None
    return None


def _are_moved_on(array: NDArray[Any], stride: int) -> bool:
    after, before = array[1:, :-stride], array[:-1, stride:]
    width = array.shape[1] * array.shape[2]
    return all(_alike(after[piece], before[piece]) for piece in pieces(len(after), width))


def _alike(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return bool(_are_same(a, b).all())


def _are_same(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = (a == b) | (is_missing(a) & is_missing(b))
    return same
