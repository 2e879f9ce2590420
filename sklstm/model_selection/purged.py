"""Splits in the order of time whose parts share no time step."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import indexable

from sklstm._validation import check_int

Indices = NDArray[np.int64]


class PurgedTimeSeriesSplit(BaseCrossValidator):  # type: ignore[misc]
    """Train on the past, test on what follows, and leave out what both would share.

    Sample i is a window of `window_size` rows that ends in row i, its targets are the `horizon`
    rows after that. Neighbouring samples thus hold mostly the same numbers, and the targets of
    the last training samples are inputs or targets of the first test samples. This splitter
    leaves `gap` samples between the two parts, so that no time step is in both.

    Test parts follow one another without a gap up to the last sample. The training part begins
    with the first sample and grows from split to split, or is at most the `max_train_size`
    samples before the gap.

    Parameters
    ----------
    n_splits : int, default=5
        Number of splits.
    window_size : int, default=1
        Number of rows of a sample's window.
    horizon : int, default=1
        How many rows after the window the targets reach.
    gap : int or None, default=None
        How many samples to leave out between the last training sample and the first test sample.
        None takes ``window_size + horizon - 1``, the least number that keeps both parts apart.
        Of windows cut with a stride, ``ceil((window_size + horizon) / stride) - 1`` do.
    test_size : int or None, default=None
        Number of samples of a test part. None takes ``(n_samples - gap) // (n_splits + 1)``, which
        leaves at least as many to the first training part.
    max_train_size : int or None, default=None
        Most samples of a training part; None sets no limit.

    See Also
    --------
    sklearn.model_selection.TimeSeriesSplit : The same without groups and with ``gap=0`` by default.
    backtest : Rolling-origin evaluation of forecasters.

    Notes
    -----
    With `groups`, for example the time stamp or the day of each sample, all samples of a group
    stay together, and `gap`, `test_size` and `max_train_size` count groups in sorted order. This is
    how to split windows of many series at the same points in time, wherever the samples lie.

    Shared inputs are no leak to a forecaster, who knows the recent past when asked:
    ``gap=horizon - 1`` is the least with which no training target lies behind the first test
    window, and wastes less of a short series.

    Rows that know their past by other ways than the window, such as rolling means of 30 rows,
    reach farther back: count that into `window_size`.

    References
    ----------
    .. [1] Racine, J. (2000), Consistent cross-validatory model-selection for dependent data:
       hv-block cross-validation, Journal of Econometrics 99(1).
    .. [2] Lopez de Prado, M. (2018), Advances in Financial Machine Learning, chapter 7, Wiley.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.model_selection import PurgedTimeSeriesSplit
    >>> cv = PurgedTimeSeriesSplit(2, window_size=2, test_size=2)
    >>> for train, test in cv.split(np.zeros((9, 2))):
    ...     print(train.tolist(), test.tolist())
    [0, 1, 2] [5, 6]
    [0, 1, 2, 3, 4] [7, 8]

    Two samples an hour, which stay together:

    >>> hour = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    >>> for train, test in PurgedTimeSeriesSplit(2, gap=1).split(hour, groups=hour):
    ...     print(train.tolist(), test.tolist())
    [0, 1, 2, 3] [6, 7]
    [0, 1, 2, 3, 4, 5] [8, 9]
    """

    # With scikit-learn's metadata routing, groups are passed on without being asked for.
    __metadata_request__split: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        n_splits: int = 5,
        *,
        window_size: int = 1,
        horizon: int = 1,
        gap: int | None = None,
        test_size: int | None = None,
        max_train_size: int | None = None,
    ) -> None:
        self.n_splits = check_int(n_splits, "n_splits")
        self.window_size = check_int(window_size, "window_size")
        self.horizon = check_int(horizon, "horizon")
        self.gap = gap if gap is None else check_int(gap, "gap", 0)
        self.test_size = test_size if test_size is None else check_int(test_size, "test_size")
        self.max_train_size = (
            max_train_size
            if max_train_size is None
            else check_int(max_train_size, "max_train_size")
        )

    def get_n_splits(self, X: object = None, y: object = None, groups: object = None) -> int:
        """Return the number of splits.

        Parameters
        ----------
        X, y, groups : object
            Ignored.

        Returns
        -------
        int
        """
        return self.n_splits

    def split(
        self, X: Any, y: Any = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[Indices, Indices]]:
        """Generate the indices of training and test samples.

        Parameters
        ----------
        X : sized of n_samples
            The samples, in the order of time unless `groups` says otherwise.
        y : sized of n_samples or None, default=None
            Only its length is looked at.
        groups : array-like of shape (n_samples,) or None, default=None
            Numbers, dates or strings, whose sorted order is that of time.

        Yields
        ------
        train, test : ndarray of int
            Increasing indices of the samples.

        Raises
        ------
        ValueError
            If there are too few samples or groups, or a group is missing.
        """
        X, y, groups = indexable(X, y, groups)
        n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
        places = np.arange(n_samples) if groups is None else _number_groups(groups)
        n_units = n_samples if groups is None else int(places.max(initial=-1)) + 1
        for train, test in self._bounds(n_units, "samples" if groups is None else "groups"):
            yield _between(places, *train), _between(places, *test)

    def _bounds(
        self, n_units: int, units: str
    ) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Generate the first unit of each part, and the one behind its last."""
        gap = self.window_size + self.horizon - 1 if self.gap is None else self.gap
        test_size = self.test_size or (n_units - gap) // (self.n_splits + 1)
        first_test = n_units - self.n_splits * test_size
        if test_size < 1 or first_test - gap < 1:
            wanted = 1 + gap + self.n_splits * (self.test_size or 1)
            raise ValueError(
                f"{self.n_splits} split(s) with test_size={self.test_size} and a gap of {gap} need "
                f"at least {wanted} {units}, one of them to train on. Got {n_units}. Bring more "
                f"{units}, or lower n_splits, test_size, window_size, horizon or gap."
            )
        for begin in range(first_test, n_units, test_size):
            end = begin - gap
            yield (max(0, end - (self.max_train_size or end)), end), (begin, begin + test_size)


def _number_groups(groups: Any) -> Indices:
    """Return the place of each sample's group in sorted order."""
    import pandas as pd

    codes, _ = pd.factorize(np.asarray(groups), sort=True)
    if (codes < 0).any():
        raise ValueError(
            f"groups holds a missing value at sample {int(np.argmin(codes))}: every sample must "
            "name its group."
        )
    return codes.astype(np.int64)


def _between(places: Indices, begin: int, end: int) -> Indices:
    return np.flatnonzero((places >= begin) & (places < end))
