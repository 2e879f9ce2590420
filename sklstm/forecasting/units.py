"""How much series change, as a unit of what lies around them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm.data import Panel

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Units:
    """Mean absolute changes from row to row of the series that were learnt from.

    They stay what they were in the fit, so that observations which are appended change no forecast
    but by what they are. The unit of a series that does not change is what others usually change
    by.

    Attributes
    ----------
    keys : Index of length n_series or None
    changes : ndarray of shape (n_series, n_targets)
    usual : ndarray of shape (n_targets,)
        The median of the series that change, 1 where none does.
    """

    keys: Any
    changes: Array
    usual: Array

    @classmethod
    def of(cls, panel: Panel) -> "Units":
        """Measure series."""
        changes = _mean_change(panel)
        changing = [of_target[of_target > 0] for of_target in changes.T]
        usual = np.array([np.median(some) if len(some) else 1.0 for some in changing])
        return cls(panel.keys, np.where(changes > 0, changes, usual), usual)

    def at(self, panel: Panel, *, same: bool = True) -> Array:
        """Return the unit of each series of a panel, (n_series, n_targets).

        That of the fit for series of the same id, and else what they themselves change by. `same`
        says whether a series without an id is the one of the fit.
        """
        if self.keys is None and same:
            return self.changes
        changes = _mean_change(panel)
        changes = np.where(changes > 0, changes, self.usual)
        if self.keys is None:
            return changes
        own = self.keys.get_indexer(panel.keys)
        return np.where((own >= 0)[:, None], self.changes[own], changes)


def _mean_change(panel: Panel) -> Array:
    changes = np.abs(np.diff(panel.values, axis=0, append=np.nan))
    changes[panel.first + panel.lengths - 1] = np.nan  # from one series to the next
    known = np.isfinite(changes)
    total = np.add.reduceat(np.where(known, changes, 0.0), panel.first)
    counts = np.add.reduceat(known.astype(np.int64), panel.first)
    mean: Array = total / np.maximum(counts, 1)
    return mean
