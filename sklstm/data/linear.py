"""A linear map from a window to what is left of the targets."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sklstm.data.anchor import Anchor
from sklstm.data.ridge import find_strength, fit_ridge, fit_to_more, standardized, within
from sklstm.data.rows import pieces, spaced
from sklstm.data.sequences import Sequences
from sklstm.data.step_encoding import find_step_encoding
from sklstm.data.step_reading import StepReading

# The least share of variance that the map explains in samples it was not fitted on, to be kept.
_MIN_EXPLAINED = 0.05
_MIN_SAMPLES = 10
# Numbers in the table by which the penalty is chosen, and of columns.
_MAX_NUMBERS, _MAX_COLUMNS = 2**21, 1024
# Of a fit to more samples with that penalty: multiplications, for a second or two, and columns.
_MAX_PRODUCTS, _MAX_COLUMNS_OF_MORE = 2**36, 4096
# The share of the squared error on left-out blocks that a map may leave, to be told the level of
# series that drift: levels to come are none of training's. And how many numbers are asked.
_WORTH_THE_LEVEL, _NUMBERS_TELLING = 0.8, 2**19
# The same, to be told symbols and numbers of few values in several columns.
_WORTH_COLUMNS = 1 / 1.2


@dataclass(frozen=True)
class LinearMap:
    """A linear map of the last steps of a sequence.

    Attributes
    ----------
    reading : StepReading
        What of a sequence is mapped.
    center : ndarray of shape (n_timesteps, n_columns)
        What stands for a step that a shorter sequence lacks.
    coef : ndarray of shape (n_timesteps, n_columns, n_outputs)
    intercept : ndarray of shape (n_outputs,)

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import LinearMap, StepReading, as_sequences
    >>> weights = np.array([[[1.0]], [[10.0]]])
    >>> linear = LinearMap(StepReading(2, [], []), np.zeros((2, 1)), weights, np.zeros(1))
    >>> linear(as_sequences([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[21.0], [43.0]]
    """

    reading: StepReading
    center: NDArray[np.float64]
    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]

    def __call__(self, sequences: Sequences) -> NDArray[np.float64]:
        """Return the map's values, of shape (n_samples, n_outputs)."""
        n_timesteps, n_columns, n_outputs = self.coef.shape
        values = np.empty((len(sequences), n_outputs))
        coef = self.coef.reshape(-1, n_outputs)
        for piece in pieces(len(sequences), n_timesteps * n_columns):
            indices = np.arange(len(sequences))[piece]
            steps, absent = self.reading(sequences, indices)
            steps -= self.center
            if absent is not None:
                steps[absent] = 0.0
            unknown = np.isnan(steps)
            if unknown.any():  # not known yet: counts as its mean
                steps[unknown] = 0.0
            rows = steps.reshape(len(indices), -1)
            for output in range(n_outputs):
                # summed row by row: of a matrix product the bits depend on the number of rows
                values[indices, output] = (rows * coef[:, output]).sum(axis=1)
        return values + self.intercept

    def multiplied(self, factor: float) -> "LinearMap":
        """Return the map whose values are so many times as large."""
        return replace(self, coef=factor * self.coef, intercept=factor * self.intercept)


def fit_linear_map(
    sequences: Sequences,
    target: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    anchor: Anchor,
    *,
    force: bool,
    categorical: Collection[int] = (),
    shows_level: bool | None = None,
    encodes_steps: bool | None = None,
) -> LinearMap | None:
    """Fit a linear map from windows to targets by ridge regression.

    Symbols, and numbers of few values, are told as `find_step_encoding` says, where that is better;
    else symbols are not told, and numbers as they are.

    The strength of the penalty is the one with the least squared error on left-out samples: on
    single ones, which has a closed form [1]_, or on quarters of all windows where they overlap and
    hold more than half as many numbers as there are windows to fit to: a fit to the
    neighbours of a single one would then have memorised it. Of many samples it is chosen on
    one of each stretch, two million numbers in all, and serves for a fit to the others too: all of
    them, up to 600,000 of 300 columns and 70,000 of 1,000, and one of each stretch beyond. As the
    ratio of two variances it does not depend on the number of samples.

    Parameters
    ----------
    sequences : Sequences
        The training part.
    target : ndarray of shape (n_samples, n_outputs)
        What the anchor leaves of the targets.
    weight : ndarray of shape (n_samples,) or None
        Above zero.
    anchor : Anchor
        Says which features are told relative to their last value.
    force : bool
        Whether to return the map whatever it explains. Else None where sequences differ in
        length, there are fewer than ten samples, a window holds more than 1,024 numbers, or the
        map explains less than a twentieth of the variance of left-out samples.
    categorical : collection of int, default=()
        Features that are symbols.
    shows_level : bool or None, default=None
        Whether the map is told the last value where the anchor hides it from the network: seasons
        that grow with the level need it. None tells it to maps of windows that overlap, where that
        leaves less than four fifths of the squared error on quarters of these, left out in turn.
    encodes_steps : bool or None, default=None
        Whether symbols and numbers of few values have several columns. None decides: a window must
        have 1,024 at most, and the squared error on left-out samples be less by a sixth, since a
        map of plain numbers goes on beyond those that it has seen.

    Returns
    -------
    LinearMap or None
        None of targets that are constant where they are looked at, too.

    Raises
    ------
    ValueError
        If the map is forced and sequences differ in length.

    References
    ----------
    .. [1] Golub, Heath and Wahba (1979), Generalized cross-validation as a method for choosing a
       good ridge parameter, Technometrics 21(2).

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences, fit_linear_map, no_anchor
    >>> X = np.random.default_rng(0).normal(size=(50, 3, 1))
    >>> y = X[:, :, 0] @ [[1.0], [0.0], [-2.0]]
    >>> linear = fit_linear_map(as_sequences(X), y, None, no_anchor(1), force=False)
    >>> linear.coef.ravel().round(1).tolist()
    [1.0, 0.0, -2.0]
    """
    n_timesteps = int(sequences.lengths.max())
    n_columns = n_timesteps * sequences.n_features
    if sequences.lengths.min() < n_timesteps:
        if force:
            raise ValueError(
                "linear_skip=True needs sequences of one length, but these have "
                f"{sequences.lengths.min()} to {n_timesteps} time steps. Set linear_skip to 'auto' "
                "or False."
            )
        return None
    if not force and (len(sequences) < _MIN_SAMPLES or n_columns > _MAX_COLUMNS):
        return None
    reading = StepReading(n_timesteps, anchor.relative, anchor.levels)
    plain = _Design(sequences, reading, categorical)
    design = _encoded(plain, target, weight, wanted=encodes_steps)
    if shows_level is None and sequences.overlap and anchor.drifting and anchor.relative:
        shows_level = _is_worth_the_level(design, target, weight)
    if shows_level:
        design = design.showing(anchor.relative)
    n_columns = design.n_columns
    chosen = spaced(len(sequences), max(_MAX_NUMBERS // n_columns, _MIN_SAMPLES))
    share = _shares(weight, chosen)
    table, center, scale = standardized(design(chosen), share)
    y, y_center, y_scale = standardized(target[chosen], share)
    varies = y.any(axis=0)
    if not varies.any():
        return None
    in_time = None
    if sequences.overlap and 2 * n_columns > len(chosen):
        in_time = np.argsort(sequences.times[0][chosen], kind="stable")
    ridge, squared_error = fit_ridge(table, y[:, varies], share, in_time)
    if not force and 1 - squared_error < _MIN_EXPLAINED:
        return None
    slopes, level = np.atleast_2d(ridge.coef_), ridge.intercept_
    more = spaced(len(sequences), _MAX_PRODUCTS // n_columns**2)
    if len(more) > len(chosen) and n_columns <= _MAX_COLUMNS_OF_MORE:
        slopes, level = fit_to_more(
            lambda piece: within(design(more[piece]), center, scale),
            ((target[more] - y_center) / y_scale)[:, varies],
            None if weight is None else _shares(weight, more),
            float(ridge.alpha_),
        )
    slopes[:, ~table.any(axis=0)] = 0.0  # and no rounding
    shape = (n_timesteps, n_columns // n_timesteps)
    coef, intercept = np.zeros((y.shape[1], n_columns)), np.zeros(y.shape[1])
    coef[varies], intercept[varies] = slopes / scale, level
    return LinearMap(
        design.reading,
        center.reshape(shape),
        (y_scale[:, None] * coef).T.reshape(*shape, -1),
        y_center + y_scale * intercept,
    )


def explained_share(
    sequences: Sequences,
    target: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    n_timesteps: int,
) -> float:
    """Return how much of the targets the last steps of sequences explain linearly.

    By ridge regression on left-out samples, as `fit_linear_map`.

    Parameters
    ----------
    sequences : Sequences
        At least two, of which one of each stretch is laid out as a table, half a million numbers
        in all.
    target : ndarray of shape (n_samples, n_outputs)
        Not all constant.
    weight : ndarray of shape (n_samples,) or None
        Above zero.
    n_timesteps : int
        How many steps are asked.

    Returns
    -------
    float
        Share of the variance, on average over the targets; below zero where they are told worse
        than by their means.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences, explained_share
    >>> X = np.random.default_rng(0).normal(size=(50, 3, 1))
    >>> sequences, y = as_sequences(X), X[:, 0]
    >>> [round(explained_share(sequences, y, None, n_timesteps), 1) for n_timesteps in (3, 2)]
    [1.0, -0.0]
    """
    design = _Design(sequences, StepReading(n_timesteps, [], []))
    (error,) = _left_out_errors([design], target, weight)
    varies = np.ptp(target, axis=0) > 0  # of the others there is no error
    return float(1 - error / varies.mean())


@dataclass(frozen=True)
class _Design:
    """The table that targets are regressed on, a row a sequence; some features are not told."""

    sequences: Sequences
    reading: StepReading
    ignored: Collection[int] = ()

    @property
    def n_columns(self) -> int:
        """Width of the table."""
        return self.reading.n_columns(self.sequences.n_features)

    def showing(self, levels: list[int]) -> "_Design":
        """Return the table that is told the last values of these relative features."""
        return replace(self, reading=replace(self.reading, levels=levels))

    def __call__(self, indices: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return rows of the table, (n_indices, n_columns)."""
        steps, _ = self.reading(self.sequences, indices)
        steps[:, :, list(self.ignored)] = 0.0  # constant, and thus without effect
        return steps.reshape(len(indices), -1)


def _shares(weight: NDArray[np.float64] | None, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the weights of chosen samples, of mean one."""
    return np.ones(len(chosen)) if weight is None else weight[chosen] / weight[chosen].mean()


def _encoded(
    design: _Design,
    target: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    *,
    wanted: bool | None,
) -> _Design:
    """Return the table with several columns a feature, where that is wanted, or better."""
    if wanted is False:
        return design
    encoding = find_step_encoding(design.sequences, design.ignored, design.reading.relative)
    if encoding is None:
        return design
    encoded = _Design(design.sequences, replace(design.reading, encoding=encoding))
    if wanted:
        return encoded
    if encoded.n_columns > _MAX_COLUMNS:
        return design
    plain_error, error = _left_out_errors([design, encoded], target, weight)
    return encoded if error < _WORTH_COLUMNS * plain_error else design


def _is_worth_the_level(
    design: _Design, target: NDArray[np.float64], weight: NDArray[np.float64] | None
) -> bool:
    """Tell whether a map that is told the level leaves much less of the targets."""
    shown, hidden = design.showing(design.reading.relative), design.showing([])
    errors = _left_out_errors([shown, hidden], target, weight)
    return bool(errors[0] < _WORTH_THE_LEVEL * errors[1])


def _left_out_errors(
    designs: Sequence[_Design], target: NDArray[np.float64], weight: NDArray[np.float64] | None
) -> list[float]:
    """Return the squared error of a ridge regression on each table, on samples left out."""
    sequences, widest = designs[0].sequences, max(design.n_columns for design in designs)
    chosen = spaced(len(sequences), max(_NUMBERS_TELLING // widest, _MIN_SAMPLES))
    in_time = chosen[np.argsort(sequences.times[0][chosen], kind="stable")]
    share = _shares(weight, in_time)
    y = standardized(target[in_time], share)[0]
    tables = (standardized(design(in_time), share)[0] for design in designs)
    if sequences.overlap:
        places = np.arange(len(in_time))
        return [find_strength(table, y, share, places)[1] for table in tables]
    return [fit_ridge(table, y, share, None)[1] for table in tables]
