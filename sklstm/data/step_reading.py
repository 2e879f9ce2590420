"""The last steps of sequences, as a linear map is told them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm.data.sequences import Sequences
from sklstm.data.step_encoding import StepEncoding


@dataclass(frozen=True)
class StepReading:
    """How the last steps of sequences are read.

    Attributes
    ----------
    n_timesteps : int
        How many steps; of a shorter sequence the first ones are absent.
    relative, levels : list of int
        Features that are told relative to their last value, and those of them whose last value
        itself stands in the place of its own difference, which is zero.
    encoding : StepEncoding or None, default=None
        What then becomes of the features of a step.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import StepReading, as_sequences
    >>> sequences = as_sequences([[1.0, 2.0], [3.0, 7.0]])
    >>> steps, absent = StepReading(2, relative=[0], levels=[0])(sequences, np.arange(2))
    >>> steps[:, :, 0].tolist(), absent
    ([[-1.0, 2.0], [-4.0, 7.0]], None)
    """

    n_timesteps: int
    relative: list[int]
    levels: list[int]
    encoding: StepEncoding | None = None

    def n_columns(self, n_features: int) -> int:
        """Return how many numbers are read of a sequence of so many features."""
        of_step = n_features if self.encoding is None else self.encoding.n_columns
        return self.n_timesteps * of_step

    def __call__(
        self, sequences: Sequences, indices: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None]:
        """Return steps of some sequences, and which of them are absent, None if none is.

        Parameters
        ----------
        sequences : Sequences
        indices : ndarray of shape (n_indices,)

        Returns
        -------
        steps : ndarray of shape (n_indices, n_timesteps, n_columns of a step)
            NaN where nothing was known up to then.
        absent : ndarray of shape (n_indices, n_timesteps) or None
        """
        batch, lengths = sequences.take(indices)  # (batch, time, features)
        if np.isnan(batch).any():
            batch = _carry_forward(batch)
        steps, absent = batch[:, -self.n_timesteps :].astype(np.float64), None
        if lengths is not None or batch.shape[1] < self.n_timesteps:
            n_steps = np.full(len(indices), batch.shape[1]) if lengths is None else lengths
            # (batch, n_timesteps)
            place = n_steps[:, None] - self.n_timesteps + np.arange(self.n_timesteps)
            absent = place < 0
            samples = np.arange(len(indices))[:, None]
            steps = batch[samples, np.maximum(place, 0)].astype(np.float64)
        last = steps[:, -1].copy()  # (batch, features)
        steps[:, :, self.relative] -= last[:, None, self.relative]
        steps[:, -1, self.levels] = last[:, self.levels]
        return steps if self.encoding is None else self.encoding(steps), absent


def _carry_forward(steps: NDArray[Any]) -> NDArray[Any]:
    """Put the last known value in the place of NaN; NaN is left where there is none."""
    time = np.arange(steps.shape[1])[:, None]
    known = np.maximum.accumulate(np.where(np.isnan(steps), 0, time), axis=1)
    return np.take_along_axis(steps, known, axis=1)
