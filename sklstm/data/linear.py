"""A linear map from a window to what is left of the targets."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm.data.anchor import Anchor, no_anchor
from sklstm.data.rows import pieces, spaced
from sklstm.data.sequences import Sequences
from sklstm.data.splits import leave_blocks_out
from sklstm.data.step_encoding import StepEncoding, find_step_encoding

# The least share of variance that the map explains in samples it was not fitted on, to be kept.
_MIN_EXPLAINED = 0.05
_MIN_SAMPLES = 10
# Numbers in the table by which the penalty is chosen, and of columns.
_MAX_NUMBERS, _MAX_COLUMNS = 2**21, 1024
# Of a fit to more samples with that penalty: multiplications, for a second or two, and columns.
_MAX_PRODUCTS, _MAX_COLUMNS_OF_MORE = 2**36, 4096
_STRENGTHS = np.logspace(-4, 3, 29)  # of the penalty, a sample
_N_BLOCKS = 4  # of windows that overlap, each left out in turn
# The share of the squared error on such blocks that a map may leave, to be told the level of series
# that drift: levels to come are none of training's. And how many numbers are asked.
_WORTH_THE_LEVEL, _NUMBERS_TELLING = 0.8, 2**19
# The same, to be told symbols and numbers of few values in several columns.
_WORTH_COLUMNS = 1 / 1.2


@dataclass(frozen=True)
class LinearMap:
    """A linear map of the last steps of a sequence.

    Attributes
    ----------
    center : ndarray of shape (n_timesteps, n_features)
        What stands for a step that a shorter sequence lacks.
    coef : ndarray of shape (n_timesteps, n_features, n_outputs)
    intercept : ndarray of shape (n_outputs,)
    relative, levels : list of int
        Features that are told relative to their last value, and those of them whose last value
        itself stands in the place of its own difference, which is zero.
    encoding : StepEncoding or None, default=None
        What becomes of the features of a step before they are mapped; `center` and `coef` are then
        of its columns.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import LinearMap, as_sequences
    >>> weights = np.array([[[1.0]], [[10.0]]])
    >>> linear = LinearMap(np.zeros((2, 1)), weights, np.zeros(1), [], [])
    >>> linear(as_sequences([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[21.0], [43.0]]
    """

    center: NDArray[np.float64]
    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    relative: list[int]
    levels: list[int]
    encoding: StepEncoding | None = None

    def __call__(self, sequences: Sequences) -> NDArray[np.float64]:
        """Return the map's values, of shape (n_samples, n_outputs)."""
        n_timesteps, n_columns, n_outputs = self.coef.shape
        values = np.empty((len(sequences), n_outputs))
        coef = self.coef.reshape(-1, n_outputs)
        for piece in pieces(len(sequences), n_timesteps * n_columns):
            indices = np.arange(len(sequences))[piece]
            steps, absent = _last_steps(
                sequences, indices, n_timesteps, self.relative, self.levels, self.encoding
            )
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
    some of each stretch, two million numbers in all, and serves for a fit to the others too: all of
    them, up to 600,000 of 300 columns and 70,000 of 1,000, and some of each stretch beyond. As the
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
    plain = _Design(sequences, n_timesteps, anchor, categorical)
    design = _encoded(plain, target, weight, wanted=encodes_steps)
    if shows_level is None and sequences.overlap and anchor.drifting and anchor.relative:
        shows_level = _is_worth_the_level(design, target, weight)
    if shows_level:
        design = design.showing_levels()
    n_columns = design.n_columns
    chosen = spaced(len(sequences), max(_MAX_NUMBERS // n_columns, _MIN_SAMPLES))
    share = _shares(weight, chosen)
    table, center, scale = _standardized(design(chosen), share)
    y, y_center, y_scale = _standardized(target[chosen], share)
    varies = y.any(axis=0)
    if not varies.any():
        return None
    in_time = None
    if sequences.overlap and 2 * n_columns > len(chosen):
        in_time = np.argsort(sequences.times[0][chosen], kind="stable")
    ridge, squared_error = _fit_ridge(table, y[:, varies], share, in_time)
    if not force and 1 - squared_error < _MIN_EXPLAINED:
        return None
    slopes, level = np.atleast_2d(ridge.coef_), ridge.intercept_
    more = spaced(len(sequences), _MAX_PRODUCTS // n_columns**2)
    if len(more) > len(chosen) and n_columns <= _MAX_COLUMNS_OF_MORE:
        slopes, level = _fit_to_more(
            lambda piece: _within(design(more[piece]), center, scale),
            ((target[more] - y_center) / y_scale)[:, varies],
            None if weight is None else _shares(weight, more),
            float(ridge.alpha_),
        )
    slopes[:, ~table.any(axis=0)] = 0.0  # and no rounding
    shape = (n_timesteps, n_columns // n_timesteps)
    coef, intercept = np.zeros((y.shape[1], n_columns)), np.zeros(y.shape[1])
    coef[varies], intercept[varies] = slopes / scale, level
    return LinearMap(
        center.reshape(shape),
        (y_scale[:, None] * coef).T.reshape(*shape, -1),
        y_center + y_scale * intercept,
        anchor.relative,
        design.anchor.levels,
        design.encoding,
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
        At least two, of which some of each stretch are laid out as a table, half a million
        numbers in all.
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
    design = _Design(sequences, n_timesteps, no_anchor(1), ())
    (error,) = _left_out_errors([design], target, weight)
    varies = np.ptp(target, axis=0) > 0  # of the others there is no error
    return float(1 - error / varies.mean())


@dataclass(frozen=True)
class _Design:
    """The table that targets are regressed on, a row a sequence."""

    sequences: Sequences
    n_timesteps: int
    anchor: Anchor
    ignored: Collection[int]
    encoding: StepEncoding | None = None

    @property
    def n_columns(self) -> int:
        """Width of the table."""
        encoding, n_features = self.encoding, self.sequences.n_features
        return self.n_timesteps * (n_features if encoding is None else encoding.n_columns)

    def showing_levels(self, *, shown: bool = True) -> "_Design":
        """Return the table with levels that the anchor hides from the network, or without."""
        return replace(self, anchor=replace(self.anchor, drifting=not shown))

    def __call__(self, indices: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return rows of the table, (n_indices, n_timesteps * n_columns)."""
        anchor = self.anchor
        given = self.sequences, indices, self.n_timesteps
        steps, _ = _last_steps(*given, anchor.relative, anchor.levels, self.encoding)
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
    encoding = find_step_encoding(design.sequences, design.ignored, design.anchor.relative)
    if encoding is None:
        return design
    encoded = replace(design, ignored=(), encoding=encoding)
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
    shown, hidden = (design.showing_levels(shown=shown) for shown in (True, False))
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
    y = _standardized(target[in_time], share)[0]
    tables = (_standardized(design(in_time), share)[0] for design in designs)
    if sequences.overlap:
        places = np.arange(len(in_time))
        return [_find_strength(table, y, share, places)[1] for table in tables]
    return [_fit_ridge(table, y, share, None)[1] for table in tables]


def _fit_ridge(
    table: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    in_time: NDArray[np.int64] | None,
) -> tuple[Any, float]:
    """Return a ridge regression and its mean squared error on what is left out.

    Single samples, or blocks of them if there is an order of time.
    """
    from sklearn.linear_model import RidgeCV  # slow to import

    strengths, squared_error = _STRENGTHS, None
    if in_time is not None:
        strengths, squared_error = _find_strength(table, y, weight, in_time)
    ridge = RidgeCV(alphas=strengths * len(table)).fit(table, y, weight)
    return ridge, -ridge.best_score_ if squared_error is None else squared_error


def _fit_to_more(
    rows: Callable[[slice], NDArray[np.float64]],
    y: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    penalty: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slopes, (n_outputs, n_columns), and intercepts of a ridge regression.

    From sums of products, piece by piece, so that no table of all samples is needed.
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


def _find_strength(
    table: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    in_time: NDArray[np.int64],
) -> tuple[NDArray[np.float64], float]:
    """Return the best strength, and its mean squared error on blocks that are left out in turn.

    One decomposition of what is left serves all strengths; fits of scikit-learn's, one for each
    strength and block, took up to 300 times as long.
    """
    errors = np.zeros(len(_STRENGTHS))
    for kept, block in leave_blocks_out(in_time, _N_BLOCKS):
        root = np.sqrt(weight[kept])[:, None]
        center, y_center = (np.average(a[kept], axis=0, weights=weight[kept]) for a in (table, y))
        left, singular, right = np.linalg.svd(root * (table[kept] - center), full_matrices=False)
        told = left.T @ (root * (y[kept] - y_center))  # (components, outputs)
        components = (table[block] - center) @ right.T
        for number, strength in enumerate(_STRENGTHS * len(kept)):
            shrunk = (singular / (singular**2 + strength))[:, None] * told
            rest = y[block] - y_center - components @ shrunk
            errors[number] += weight[block] @ (rest**2).mean(axis=1)
    best = errors.argmin()
    return _STRENGTHS[best : best + 1], errors[best] / weight.sum()


def _standardized(
    table: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return a table brought to mean 0 and deviation 1, and the columns' means and deviations."""
    known = np.isfinite(table)
    total = np.maximum(weight @ known, np.finfo(np.float64).tiny)
    center = weight @ np.where(known, table, 0.0) / total
    table = np.where(known, table - center, 0.0)
    scale = np.sqrt(np.average(table**2, axis=0, weights=weight))
    is_constant = scale <= 1e-7 * np.abs(center)  # but for the rounding of float32
    scale[is_constant] = 1.0
    table[:, is_constant] = 0.0  # for weights of zero
    return table / scale, center, scale


def _within(
    table: NDArray[np.float64], center: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return further rows of a table that was standardised."""
    return np.where(np.isfinite(table), (table - center) / scale, 0.0)


def _last_steps(
    sequences: Sequences,
    indices: NDArray[np.int64],
    n_timesteps: int,
    relative: list[int],
    levels: list[int],
    encoding: StepEncoding | None,
) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None]:
    """Return the last steps of some sequences, and which of them are absent, None if none is.

    Of the relative features the last step would be zero throughout; of those in `levels` it is
    the last value itself.
    """
    batch, lengths = sequences.take(indices)  # (batch, time, features)
    if np.isnan(batch).any():
        batch = _carry_forward(batch)
    steps, absent = batch[:, -n_timesteps:].astype(np.float64), None
    if lengths is not None or batch.shape[1] < n_timesteps:
        n_steps = np.full(len(indices), batch.shape[1]) if lengths is None else lengths
        place = n_steps[:, None] - n_timesteps + np.arange(n_timesteps)  # (batch, n_timesteps)
        absent = place < 0
        samples = np.arange(len(indices))[:, None]
        steps = batch[samples, np.maximum(place, 0)].astype(np.float64)
    last = steps[:, -1].copy()  # (batch, features)
    steps[:, :, relative] -= last[:, None, relative]
    steps[:, -1, levels] = last[:, levels]
    return steps if encoding is None else encoding(steps), absent


def _carry_forward(steps: NDArray[Any]) -> NDArray[Any]:
    """Put the last known value in the place of NaN; NaN is left where there is none."""
    time = np.arange(steps.shape[1])[:, None]
    known = np.maximum.accumulate(np.where(np.isnan(steps), 0, time), axis=1)
    return np.take_along_axis(steps, known, axis=1)
