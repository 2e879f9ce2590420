"""Panels, as other libraries for time series hold them, to sequences and back."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklstm._validation import check_no_dates, check_no_masks, values_of
from sklstm.data.layout import check_widths, holds_members, ragged_members, step_names
from sklstm.data.time_grid import find_fall

if TYPE_CHECKING:
    import pandas as pd

SequenceData = NDArray[Any] | list[NDArray[Any]]


def sequences_from_panel(X: Any) -> SequenceData:
    """Turn a panel of sktime or aeon into sequences.

    Panels have channels before time steps, or rows with an index; sklstm's sequences have time
    steps before features. What the panel is, is told from its type:

    ==========================================  ==========================================
    panel                                       what it looks like
    ==========================================  ==========================================
    numpy3D (sktime, aeon)                      array (n_samples, n_channels, n_timesteps)
    np-list (aeon)                              list of arrays (n_channels, n_timesteps_i)
    pd-multiindex (sktime)                      DataFrame with the index levels instance and time
    df-list (sktime)                            list of DataFrames, a row a time step
    nested_univ (sktime)                        DataFrame of cells that hold a Series or an array
    ==========================================  ==========================================

    Rows of a frame with two index levels may be in any order of the instances, as in a long table
    that is sorted by time; instances come out in the order of their first row.

    Parameters
    ----------
    X : ndarray, list or DataFrame
        A panel in one of these forms. aeon's lists of DataFrames, which have a row a channel,
        cannot be told from sktime's: transpose their members first.

    Returns
    -------
    ndarray of shape (n_samples, n_timesteps, n_features) or list of ndarray
        One array where all instances have the same length, else a list of arrays
        (n_timesteps_i, n_features). Of numpy3D, np-list of unequal lengths, and frames of one dtype
        whose instances stand one behind the other, it is a view.

    Raises
    ------
    ValueError
        If X is no panel, has no instance, times do not increase within an instance, or instances
        do not agree on their channels.

    See Also
    --------
    panel_from_sequences : The way back.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import sequences_from_panel
    >>> panel = np.zeros((10, 3, 50))  # 10 samples of 3 channels and 50 time steps
    >>> sequences_from_panel(panel).shape
    (10, 50, 3)
    >>> import pandas as pd
    >>> rows = pd.MultiIndex.from_tuples([("a", 0), ("a", 1), ("b", 0)])
    >>> frame = pd.DataFrame({"load": [1.0, 2.0, 3.0]}, index=rows)
    >>> [sequence.tolist() for sequence in sequences_from_panel(frame)]
    [[[1.0], [2.0]], [[3.0]]]
    """
    check_no_masks(X, "X")
    if hasattr(X, "columns"):
        return _from_frame(X)
    if holds_members(X):
        return _from_list(X)
    array = np.asarray(X)
    if array.ndim != 3:
        raise ValueError(
            "A panel is a 3-D array (n_samples, n_channels, n_timesteps), a list of arrays "
            "(n_channels, n_timesteps_i) or of DataFrames, or a DataFrame with two index levels. "
            f"Got an array with {array.ndim} dimension(s). A 2-D array (n_samples, n_timesteps) is "
            "univariate sequences already."
        )
    return np.swapaxes(array, 1, 2)


def panel_from_sequences(X: Any, kind: str = "numpy3D") -> "SequenceData | pd.DataFrame":
    """Turn sequences into a panel of sktime or aeon.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_timesteps), or \
            list of array-like of shape (n_timesteps_i, n_features) or (n_timesteps_i,)
        Sequences, in any form that the estimators take.
    kind : {"numpy3D", "np-list", "pd-multiindex"}, default="numpy3D"
        Form of the panel. Only "numpy3D" needs equal lengths.

    Returns
    -------
    ndarray of shape (n_samples, n_channels, n_timesteps), list of ndarray or DataFrame
        "numpy3D" of an array and "np-list" are views. The rows of "pd-multiindex" are numbered by
        the index levels "instances" and "timepoints", its columns are "var_0", "var_1" and so on.

    Raises
    ------
    ValueError
        If `kind` is another, X holds no sequences, or their lengths differ and `kind` is "numpy3D".

    See Also
    --------
    sequences_from_panel : The way back.

    Examples
    --------
    >>> from sklstm import panel_from_sequences
    >>> sequences = [[[1.0], [2.0]], [[3.0]]]
    >>> [instance.shape for instance in panel_from_sequences(sequences, "np-list")]
    [(1, 2), (1, 1)]
    >>> frame = panel_from_sequences(sequences, "pd-multiindex")
    >>> frame.loc[(0, 1), "var_0"]
    np.float64(2.0)
    """
    if kind not in _WRITERS:
        raise ValueError(f"The 'kind' parameter must be one of {list(_WRITERS)}. Got {kind!r}.")
    return _WRITERS[kind](_read_sequences(X))


# ---------------------------------------------------------------- panels in


def _from_list(X: Any) -> SequenceData:
    step_names([member for member in X if hasattr(member, "columns")])  # which are alike
    return _together([_read_member(number, member) for number, member in enumerate(X)])


def _together(members: list[NDArray[Any]]) -> SequenceData:
    """Return sequences as one array if they have one length."""
    if not members:
        raise ValueError("The panel has no instance.")
    check_widths(members, "channels")
    equal = len({len(member) for member in members}) == 1
    return np.stack(members) if equal else members


def _read_member(number: int, member: Any) -> NDArray[Any]:
    if hasattr(member, "columns"):
        check_no_dates(member, f"X[{number}]")
        if hasattr(member, "index"):  # polars has none
            _check_times(member.index, f"X[{number}]")
        return values_of(member)
    array = np.asarray(member)
    if array.ndim != 2:
        raise ValueError(
            "A member of a panel must be an array (n_channels, n_timesteps_i) or a DataFrame. "
            f"X[{number}] has shape {array.shape}."
        )
    return array.T


def _from_frame(X: "pd.DataFrame") -> SequenceData:
    if not hasattr(X, "index"):
        raise ValueError(
            f"A DataFrame is a panel by its index, which one of {type(X).__module__} has not. Give "
            "a list of DataFrames, one an instance, for example by partition_by."
        )
    check_no_dates(X, "X")
    if X.index.nlevels == 2:
        return _from_rows(X)
    if X.index.nlevels == 1 and all(dtype.kind == "O" for dtype in X.dtypes):
        rows = zip(X.index, X.to_numpy(), strict=True)
        return _together([_join_cells(name, cells) for name, cells in rows])
    raise ValueError(
        "A DataFrame is a panel if its index has the two levels instance and time, or if its cells "
        f"hold Series or arrays. Got {X.index.nlevels} index level(s); set them, for example with "
        "X.set_index(['instance', 'time'])."
    )


def _from_rows(X: "pd.DataFrame") -> SequenceData:
    import pandas as pd

    if len(X) == 0:
        raise ValueError("The panel has no instance.")
    codes, instances = pd.factorize(X.index.get_level_values(0))
    if (codes < 0).any():
        raise ValueError(f"Row {int(np.argmin(codes))} of X belongs to no instance: it is missing.")
    rows, times = values_of(X), X.index.get_level_values(1)
    if (np.diff(codes) < 0).any():  # else they stay as they are, and may be viewed
        order = np.argsort(codes, kind="stable")
        codes, rows, times = codes[order], rows[order], times[order]
    lengths = np.bincount(codes)
    end = np.cumsum(lengths)
    fall = find_fall(times, codes)
    if fall is not None:
        _raise_at_fall(times[fall : fall + 2], f"instance {list(instances)[codes[fall]]!r}")
    if (lengths == lengths[0]).all():
        return rows.reshape(len(lengths), lengths[0], rows.shape[1])
    return np.split(rows, end[:-1])


def _join_cells(name: Any, cells: NDArray[Any]) -> NDArray[Any]:
    for cell in cells:
        if np.ndim(cell) != 1:
            raise ValueError(
                f"Cells of a nested panel must hold 1-D Series or arrays. One of instance {name!r} "
                f"has {np.ndim(cell)} dimension(s)."
            )
        if hasattr(cell, "index"):
            _check_times(cell.index, f"instance {name!r}")
    lengths = [len(cell) for cell in cells]
    if len(set(lengths)) > 1:
        raise ValueError(
            "All channels of an instance must have the same time steps. Those of instance "
            f"{name!r} have {lengths}."
        )
    return np.column_stack([np.asarray(cell) for cell in cells])


def _check_times(times: "pd.Index[Any]", place: str) -> None:
    fall = find_fall(times)
    if fall is not None:
        _raise_at_fall(times[fall : fall + 2], place)


def _raise_at_fall(times: "pd.Index[Any]", place: str) -> None:
    before, after = times
    raise ValueError(
        f"Times must increase within an instance. In {place}, {before!r} is followed by {after!r}. "
        "Sort the rows, for example with sort_index(), and drop repeated times."
    )


# ---------------------------------------------------------------- panels out


def _read_sequences(X: Any) -> SequenceData:
    members = ragged_members(X)
    if members is not None:
        return members
    array = np.asarray(X)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3:
        raise ValueError(
            "X must be 2-D (n_samples, n_timesteps), 3-D (n_samples, n_timesteps, n_features) or "
            f"a list of arrays. Got an array with shape {array.shape}."
        )
    return array


def _to_numpy3d(sequences: SequenceData) -> NDArray[Any]:
    lengths = {len(sequence) for sequence in sequences}
    if len(lengths) > 1:
        raise ValueError(
            f"kind='numpy3D' needs sequences of equal length. They have {min(lengths)} to "
            f"{max(lengths)} time steps: choose kind='np-list' or 'pd-multiindex'."
        )
    array = np.stack(sequences) if isinstance(sequences, list) else sequences
    return np.swapaxes(array, 1, 2)


def _to_np_list(sequences: SequenceData) -> list[NDArray[Any]]:
    return [sequence.T for sequence in sequences]


def _to_multiindex(sequences: SequenceData) -> "pd.DataFrame":
    import pandas as pd

    lengths = [len(sequence) for sequence in sequences]
    rows = np.concatenate(list(sequences))
    times = np.concatenate([np.arange(length) for length in lengths])
    index = pd.MultiIndex.from_arrays(
        [np.repeat(np.arange(len(lengths)), lengths), times], names=["instances", "timepoints"]
    )
    return pd.DataFrame(rows, index, columns=[f"var_{i}" for i in range(rows.shape[1])])


_WRITERS: dict[str, Callable[[SequenceData], "SequenceData | pd.DataFrame"]] = {
    "numpy3D": _to_numpy3d,
    "np-list": _to_np_list,
    "pd-multiindex": _to_multiindex,
}
