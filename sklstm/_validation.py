"""Checks that more than one room needs, and their messages."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_consistent_length, check_scalar

# The squares of a million numbers up to this one can be summed in float64.
_LARGEST = 1e150


def check_layer_sizes(value: Any, name: str, *, may_be_empty: bool = False) -> tuple[int, ...]:
    """Return layer widths as a tuple of ints.

    Parameters
    ----------
    value : int or sequence of int
        One width, or one width a layer.
    name : str
        The parameter's name, for the message.
    may_be_empty : bool, default=False
        Whether "no layer at all" is allowed.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        If `value` is anything but positive integers.

    Examples
    --------
    >>> from sklstm._validation import check_layer_sizes
    >>> check_layer_sizes(64, "hidden_layer_sizes")
    (64,)
    """
    value = _without_axes(value)
    sizes = [value] if isinstance(value, Integral) else value
    wanted = "a positive int or a sequence of positive ints, one width a layer, such as (64, 32)"
    if not isinstance(sizes, list | tuple | np.ndarray):
        raise ValueError(f"The {name!r} parameter must be {wanted}. Got {value!r} instead.")
    if len(sizes) == 0 and not may_be_empty:
        raise ValueError(f"The {name!r} parameter must be {wanted}, not empty. Got {value!r}.")
    for size in sizes:
        if not _is_number(size, Integral) or size < 1:
            raise ValueError(
                f"The {name!r} parameter must be {wanted}. Got {value!r}, in which {size!r} is no "
                "positive int."
            )
    return tuple(int(size) for size in sizes)


def check_int(value: Any, name: str, minimum: int = 1) -> int:
    """Return a parameter as an int that is large enough.

    Parameters
    ----------
    value : object
        What the user gave.
    name : str
        The parameter's name, for the message.
    minimum : int, default=1
        The least value that is allowed.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If `value` is no int, or below `minimum`.

    Examples
    --------
    >>> from sklstm._validation import check_int
    >>> check_int(3, "horizon")
    3
    """
    if not _is_number(value, Integral) or value < minimum:
        wanted = "a positive int" if minimum == 1 else f"an int of at least {minimum}"
        raise ValueError(f"The {name!r} parameter must be {wanted}. Got {value!r}.")
    return int(value)


def check_not_negative(value: Any, name: str) -> None:
    """Raise unless a parameter is a finite number that is zero or positive.

    Parameters
    ----------
    value : object
    name : str
        Name of the parameter, for the message.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is negative, infinite or NaN.

    Examples
    --------
    >>> from sklstm._validation import check_not_negative
    >>> check_not_negative(0.5, "temperature")
    """
    check_scalar(value, name, Real, min_val=0)
    if not np.isfinite(value):
        raise ValueError(f"{name} must be finite. Got {value}.")


def check_quantiles(value: Any) -> tuple[float, ...]:
    """Return quantile levels as an increasing tuple of floats in (0, 1).

    Parameters
    ----------
    value : float or sequence of float
        One level or several.

    Returns
    -------
    tuple of float

    Raises
    ------
    ValueError
        If a level lies outside (0, 1), or the levels do not increase.

    Examples
    --------
    >>> from sklstm._validation import check_quantiles
    >>> check_quantiles([0.1, 0.9])
    (0.1, 0.9)
    """
    value = _without_axes(value)
    levels = [value] if isinstance(value, Real) else value
    wanted = "a float in (0, 1) or an increasing sequence of such floats"
    if not isinstance(levels, list | tuple | np.ndarray) or len(levels) == 0:
        raise ValueError(f"The 'quantile' parameter must be {wanted}. Got {value!r} instead.")
    for level in levels:
        if not _is_number(level, Real) or not 0.0 < level < 1.0:
            raise ValueError(
                f"The 'quantile' parameter must be {wanted}. Got {value!r}, in which {level!r} "
                "lies outside (0, 1)."
            )
    if any(second <= first for first, second in pairwise(levels)):
        raise ValueError(
            f"The 'quantile' parameter must be {wanted}. Got {value!r}; sort it and drop repeats."
        )
    return tuple(float(level) for level in levels)


def _without_axes(value: Any) -> Any:
    """Return the number in an array that has no axis."""
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _is_number(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool | np.bool_)


def check_sample_weight(
    sample_weight: ArrayLike | None, n_samples: int
) -> NDArray[np.float64] | None:
    """Return sample weights as a float64 vector, or None where all count alike.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or None
        Weights; none may be negative, and one at least must be positive.
    n_samples : int
        How many samples there are.

    Returns
    -------
    ndarray of shape (n_samples,) or None

    Raises
    ------
    ValueError
        If the shape is wrong, a weight is negative or not finite, or all are zero.

    Examples
    --------
    >>> from sklstm._validation import check_sample_weight
    >>> check_sample_weight([1, 2], 2)
    array([1., 2.])
    """
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_samples, sample_weight)
    weight = check_finite_array(sample_weight, "sample_weight")
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must be one-dimensional with one weight a sample, of shape "
            f"({n_samples},). Got shape {weight.shape}."
        )
    if (weight < 0).any():
        worst = int(np.argmin(weight))
        raise ValueError(
            f"Negative values in sample_weight: weight {weight[worst]!r} at index {worst}. "
            "Weights must be zero or positive."
        )
    if not weight.any():
        raise ValueError(
            "Sample weights must contain at least one non-zero number; all of sample_weight is "
            "zero, so no sample is left to learn from."
        )
    return np.asarray(weight)


def check_finite_array(values: Any, name: str, dtype: Any = np.float64, **options: Any) -> Any:
    """Return numbers as scikit-learn's `check_array` does, and say where one is missing.

    Parameters
    ----------
    values : array-like
    name : str
        How to call them in the message.
    dtype : dtype or "numeric", default=float64
    **options
        Further ones of `check_array`.

    Returns
    -------
    ndarray
        Of any number of axes that `check_array` takes.

    Raises
    ------
    TypeError, ValueError
        As by `check_array`, or if a number is missing or infinite.

    Examples
    --------
    >>> from sklstm._validation import check_finite_array
    >>> check_finite_array([1, 2], "y")
    array([1., 2.])
    """
    checked = check_array(
        without_tensor(values),
        ensure_2d=False,
        dtype=dtype,
        ensure_all_finite=False,
        input_name=name,
        **options,
    )
    odd = ~np.isfinite(checked)
    if odd.any():
        place = tuple(int(i) for i in np.argwhere(odd)[0])
        what = "NaN" if np.isnan(checked[place]) else "infinity"
        index = ", ".join(map(str, place))
        raise ValueError(f"Input {name} contains {what}: the first is {name}[{index}].")
    return checked


def check_lengths_agree(sequences: Any, y: Any, names: str = "X and y") -> None:
    """Raise if two inputs do not hold the same number of samples.

    Parameters
    ----------
    sequences, y : sized
        The inputs.
    names : str, default="X and y"
        How to call them in the message.

    Raises
    ------
    ValueError
        If the numbers of samples differ.

    Examples
    --------
    >>> from sklstm._validation import check_lengths_agree
    >>> check_lengths_agree([1, 2], [3, 4])
    """
    try:
        check_consistent_length(sequences, y)
    except ValueError as error:
        raise ValueError(
            f"{names} must hold one entry a sample, but they differ in length. {error}"
        ) from error


def check_no_dates(X: Any, name: str) -> None:
    """Raise if dates or durations stand where numbers are expected.

    numpy would cast them to numbers of its own, and a missing one to a huge one.

    Parameters
    ----------
    X : object
        Anything; a DataFrame's columns are looked at one by one.
    name : str
        How to call it in the message.

    Raises
    ------
    ValueError
        If a dtype is of dates or durations.

    Examples
    --------
    >>> from sklstm._validation import check_no_dates
    >>> check_no_dates([1.0], "X")
    """
    if hasattr(X, "columns") and hasattr(X, "dtypes"):
        pairs = zip(X.columns, X.dtypes, strict=True)
        found = [column for column, dtype in pairs if kind_of(dtype) in "mM"]
        place = f" in column(s) {', '.join(map(repr, found))}"
    else:
        found, place = [X] if kind_of(getattr(X, "dtype", None)) in "mM" else [], ""
    if found:
        raise ValueError(
            f"{name} holds dates or durations{place}, but numbers are expected. Drop them, or "
            "convert them, for example to days since a beginning."
        )


def check_no_masks(values: Any, name: str) -> None:
    """Raise if values are masked: as other arrays they would be what stands behind the mask.

    Parameters
    ----------
    values : object
        Anything; of a list or tuple the members are looked at.
    name : str
        How to call it in the message.

    Raises
    ------
    ValueError
        If a value of a masked array is masked.

    Examples
    --------
    >>> from sklstm._validation import check_no_masks
    >>> check_no_masks([1.0], "X")
    """
    for part in values if isinstance(values, list | tuple) else (values,):
        if isinstance(part, np.ma.MaskedArray) and np.ma.is_masked(part):
            raise ValueError(
                f"{name} holds masked values, which scikit-learn and torch know nothing of. Fill "
                "them, for example with .filled(np.nan), where missing values are allowed."
            )


def without_tensor(values: Any) -> Any:
    """Return a torch tensor as an array, and anything else as it is.

    Parameters
    ----------
    values : object

    Returns
    -------
    object
        Of a tensor the numbers alone, apart from its gradient and its device; bfloat16, which numpy
        does not know, as float32.

    Examples
    --------
    >>> import torch
    >>> from sklstm._validation import without_tensor
    >>> without_tensor(torch.ones(2, requires_grad=True)).tolist(), without_tensor([1.0])
    ([1.0, 1.0], [1.0])
    """
    if not hasattr(values, "detach"):
        return values
    values = values.detach().cpu()
    return (values.float() if str(values.dtype) == "torch.bfloat16" else values).numpy()


def names_of(X: Any) -> list[Any]:
    """Return the names of columns, none of what has no names.

    Parameters
    ----------
    X : object
        Of a DataFrame of pandas or polars, or a table of Arrow, they are known.

    Returns
    -------
    list

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm._validation import names_of
    >>> names_of(pd.DataFrame({"a": [1]})), names_of([1])
    (['a'], [])
    """
    names = getattr(X, "column_names", None)  # whose `columns` are the data, in Arrow
    return list(getattr(X, "columns", []) if names is None else names)


def n_axes(values: Any) -> int:
    """Return how many axes values have by their shape, which alone polars tells; 0 without one.

    Parameters
    ----------
    values : object

    Returns
    -------
    int

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm._validation import n_axes
    >>> n_axes(np.ones((2, 3))), n_axes([[1], [2]])
    (2, 0)
    """
    return len(getattr(values, "shape", ()))


def kind_of(dtype: Any) -> str:
    """Return the kind of a dtype as numpy tells it, also of pandas', Arrow's and polars' dtypes.

    Parameters
    ----------
    dtype : object

    Returns
    -------
    str
        "b", "i", "u", "f", "M", "m" and so on; "O" for what numpy does not know.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm._validation import kind_of
    >>> kind_of(np.dtype("float32")), kind_of(None)
    ('f', 'O')
    """
    kind = getattr(dtype, "kind", None)
    if isinstance(kind, str):
        return kind
    if not hasattr(dtype, "is_temporal"):
        return "O"
    # of polars
    tests = {"M": dtype.is_temporal, "i": dtype.is_integer, "f": dtype.is_numeric}
    kind = "b" if str(dtype) == "Boolean" else "O"
    return next((found for found, test in tests.items() if test()), kind)


def columns_of_no_numbers(frame: Any) -> list[Any]:
    """Return the columns of a DataFrame whose dtype is not of numbers, whichever library's.

    Parameters
    ----------
    frame : DataFrame

    Returns
    -------
    list

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm._validation import columns_of_no_numbers
    >>> columns_of_no_numbers(pd.DataFrame({"a": [1], "b": ["x"]}))
    ['b']
    """
    pairs = zip(frame.columns, frame.dtypes, strict=True)
    return [column for column, dtype in pairs if kind_of(dtype) not in "biuf"]


def values_of(frame: Any) -> NDArray[Any]:
    """Return the values of a DataFrame, NaN in the place of pandas' NA.

    Parameters
    ----------
    frame : DataFrame

    Returns
    -------
    ndarray
        Of dtype object only where a column is not of numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm._validation import values_of
    >>> values_of(pd.DataFrame({"a": pd.array([1, None], dtype="Int64")})).tolist()
    [[1.0], [nan]]
    """
    values = np.asarray(frame)
    if values.dtype != object or not hasattr(frame, "iloc"):  # polars has NaN for what is missing
        return values
    kind = object if columns_of_no_numbers(frame) else np.float64
    return np.asarray(frame.to_numpy(kind, na_value=np.nan))


def nth_column(frame: Any, number: int) -> Any:
    """Return a column of pandas', of which several may have one name, or of polars'.

    Parameters
    ----------
    frame : DataFrame
    number : int
        Its position.

    Returns
    -------
    Series

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm._validation import nth_column
    >>> nth_column(pd.DataFrame({"a": [1], "b": [2]}), 1).tolist()
    [2]
    """
    return frame.iloc[:, number] if hasattr(frame, "iloc") else frame.to_series(number)


def _are_numbers(values: NDArray[Any]) -> bool:
    try:
        values.astype(np.float64)
    except (TypeError, ValueError):
        return False
    return True


@contextmanager
def named_columns(X: Any, name: str) -> Iterator[None]:
    """Name the columns that hold no numbers, where reading fails.

    Parameters
    ----------
    X : object
        What is read within. Of anything but a DataFrame nothing is added.
    name : str
        How to call it.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm._validation import named_columns
    >>> frame = pd.DataFrame({"load": [1.0], "holiday": ["yes"]})
    >>> try:
    ...     with named_columns(frame, "X"):
    ...         frame.to_numpy(float)
    ... except ValueError as error:
    ...     print(str(error)[:43])
    X: column(s) 'holiday' do not hold numbers:
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        is_frame = hasattr(X, "columns") and hasattr(X, "dtypes")
        others = [
            column
            for number, column in enumerate(X.columns if is_frame else ())
            if not _are_numbers(nth_column(X, number).to_numpy())
        ]
        if not others:
            raise
        raise type(error)(
            f"{name}: column(s) {', '.join(map(repr, others))} do not hold numbers: "
            f"{error} Drop them, or encode them before, for example with a ColumnTransformer and "
            "an OrdinalEncoder (of sequences within a TimestepTransformer)."
        ) from error


def check_squares(values: NDArray[np.float64], name: str) -> None:
    """Raise if numbers are so large that their squares overflow, or so small that these vanish.

    Parameters
    ----------
    values : ndarray
        NaN may be among them.
    name : str
        How to call them.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm._validation import check_squares
    >>> check_squares(np.array([1e100, np.nan]), "y")
    """
    largest = np.nanmax(np.abs(values), initial=0.0)
    if largest > _LARGEST:
        raise ValueError(
            f"{name} holds numbers up to {largest:.3g}, whose squares overflow when summed: "
            f"{_LARGEST:g} is the most. Bring it to another unit, or drop what stands for missing "
            "values."
        )
    if 0 < largest < 1 / _LARGEST:
        raise ValueError(
            f"{name} holds no number beyond {largest:.3g}, whose squares are zero: "
            f"{1 / _LARGEST:g} is the least. Bring it to another unit."
        )
