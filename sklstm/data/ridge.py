"""Ridge regression on standardised tables, of which left-out samples choose the penalty."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm.data.rows import pieces
from sklstm.data.splits import leave_blocks_out

STRENGTHS = np.logspace(-4, 3, 29)  # of the penalty, a sample
_N_BLOCKS = 4  # of samples in the order of time, each left out in turn


def standardized(
    table: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return a table brought to mean 0 and deviation 1, and the columns' means and deviations.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_columns)
        NaN counts as the column's mean.
    weight : ndarray of shape (n_rows,)

    Returns
    -------
    table : ndarray of the same shape
        Zero in constant columns.
    center, scale : ndarray of shape (n_columns,)
        The deviation of constant columns is one.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data.ridge import standardized
    >>> table, center, scale = standardized(np.array([[1.0, 4.0], [5.0, 4.0]]), np.ones(2))
    >>> table.tolist(), center.tolist(), scale.tolist()
    ([[-1.0, 0.0], [1.0, 0.0]], [3.0, 4.0], [2.0, 1.0])
    """
    known = np.isfinite(table)
    total = np.maximum(weight @ known, np.finfo(np.float64).tiny)
    center = weight @ np.where(known, table, 0.0) / total
    table = np.where(known, table - center, 0.0)
    scale = np.sqrt(np.average(table**2, axis=0, weights=weight))
    is_constant = scale <= 1e-7 * np.abs(center)  # but for the rounding of float32
    scale[is_constant] = 1.0
    table[:, is_constant] = 0.0  # for weights of zero
    return table / scale, center, scale


def within(
    table: NDArray[np.float64], center: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return further rows of a table that was standardised by `center` and `scale`."""
    return np.where(np.isfinite(table), (table - center) / scale, 0.0)


def fit_ridge(
    table: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    in_time: NDArray[np.int64] | None,
) -> tuple[Any, float]:
    """Return a ridge regression and its mean squared error on what is left out.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_columns)
    y : ndarray of shape (n_rows, n_outputs)
    weight : ndarray of shape (n_rows,)
    in_time : ndarray of shape (n_rows,) or None
        Rows in the order of time, of which blocks are left out; None leaves out single rows.

    Returns
    -------
    ridge : RidgeCV
        With the best of `STRENGTHS` as its penalty a row.
    squared_error : float
        Mean over rows and outputs.
    """
    from sklearn.linear_model import RidgeCV  # slow to import

    strengths, squared_error = STRENGTHS, None
    if in_time is not None:
        strengths, squared_error = find_strength(table, y, weight, in_time)
    ridge = RidgeCV(alphas=strengths * len(table)).fit(table, y, weight)
    return ridge, -ridge.best_score_ if squared_error is None else squared_error


def find_strength(
    table: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    in_time: NDArray[np.int64],
) -> tuple[NDArray[np.float64], float]:
    """Return the best strength, and its mean squared error on blocks that are left out in turn.

    One decomposition of what is left serves all strengths; fits of scikit-learn's, one for each
    strength and block, took up to 300 times as long.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_columns)
    y : ndarray of shape (n_rows, n_outputs)
    weight : ndarray of shape (n_rows,)
    in_time : ndarray of shape (n_rows,)
        Rows in the order of time.

    Returns
    -------
    strength : ndarray of shape (1,)
        Of the penalty, a row.
    squared_error : float
    """
    errors = np.zeros(len(STRENGTHS))
    for kept, block in leave_blocks_out(in_time, _N_BLOCKS):
        root = np.sqrt(weight[kept])[:, None]
        center, y_center = (np.average(a[kept], axis=0, weights=weight[kept]) for a in (table, y))
        left, singular, right = np.linalg.svd(root * (table[kept] - center), full_matrices=False)
        told = left.T @ (root * (y[kept] - y_center))  # (components, outputs)
        components = (table[block] - center) @ right.T
        for number, strength in enumerate(STRENGTHS * len(kept)):
            shrunk = (singular / (singular**2 + strength))[:, None] * told
            rest = y[block] - y_center - components @ shrunk
            errors[number] += weight[block] @ (rest**2).mean(axis=1)
    best = errors.argmin()
    return STRENGTHS[best : best + 1], errors[best] / weight.sum()


def fit_to_more(
    rows: Callable[[slice], NDArray[np.float64]],
    y: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    penalty: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slopes and intercepts of a ridge regression with a known penalty.

    From sums of products, piece by piece, so that no table of all rows is needed.

    Parameters
    ----------
    rows : callable
        From a slice to these rows of the table, (n_rows, n_columns).
    y : ndarray of shape (n_rows, n_outputs)
    weight : ndarray of shape (n_rows,) or None
    penalty : float

    Returns
    -------
    slopes : ndarray of shape (n_outputs, n_columns)
    intercepts : ndarray of shape (n_outputs,)
    """
    n_columns = rows(slice(0, 1)).shape[1]
    squares = np.zeros((n_columns + 1, n_columns + 1))
    products = np.zeros((n_columns + 1, y.shape[1]))
    for piece in pieces(len(y), n_columns):
        table = np.column_stack([np.ones(len(y[piece])), rows(piece)])
        weighted = table if weight is None else weight[piece, None] * table
        squares += weighted.T @ table
        products += weighted.T @ y[piece]
    total, means, y_means = squares[0, 0], squares[0, 1:], products[0]
    covariance = squares[1:, 1:] - np.outer(means, means) / total
    covariance[np.diag_indices(n_columns)] += penalty
    slopes = np.linalg.solve(covariance, products[1:] - np.outer(means, y_means) / total).T
    return slopes, (y_means - slopes @ means) / total
