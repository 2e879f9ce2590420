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
    but by what they are.

    Attributes
    ----------
    keys : Index of length n_series or None
    changes : ndarray of shape (n_series, n_targets)
        1 where a series does not change.
    """

    keys: Any
    changes: Array

    @classmethod
    def of(cls, panel: Panel) -> "Units":
        """Measure series."""
        return cls(panel.keys, _mean_change(panel))

    def at(self, panel: Panel, *, same: bool = True) -> Array:
        """Return the unit of each series of a panel, (n_series, n_targets).

        That of the fit for series of the same id, and else what they themselves change by. `same`
        says whether a series without an id is the one of the fit.
        """
        if self.keys is None:
            return self.changes if same else _mean_change(panel)
        own = self.keys.get_indexer(panel.keys)
        return np.where((own >= 0)[:, None], self.changes[own], _mean_change(panel))


def _mean_change(panel: Panel) -> Array:
    changes = np.abs(np.diff(panel.values, axis=0, append=np.nan))
    changes[panel.first + panel.lengths - 1] = np.nan  # from one series to the next
    known = np.isfinite(changes)
    total = np.add.reduceat(np.where(known, changes, 0.0), panel.first)
    counts = np.add.reduceat(known.astype(np.int64), panel.first)
    mean = total / np.maximum(counts, 1)
    return np.where(mean > 0, mean, 1.0)
