"""Forecasts by any regressor that reads windows of the past."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.parallel import Parallel, delayed

from sklstm.data import Windows
from sklstm.forecasting.base import BaseForecaster
from sklstm.forecasting.calendar_features import CALENDAR, calendar_features
from sklstm.forecasting.differences import difference, difference_windows, undo_difference
from sklstm.forecasting.distribution import predicts_distribution, sides_known, tail_at
from sklstm.forecasting.framing import (
    Context,
    Signals,
    run_stages,
    scale_windows,
    training_pairs,
)
from sklstm.forecasting.origins import Origins
from sklstm.forecasting.regressors import (
    allows_nan,
    fit_regressor,
    goes_on,
    needs_counts,
    tables_hide_sequences,
    takes_sequences,
    tells_every_step,
    transforms_targets,
)
from sklstm.forecasting.strategies import STRATEGIES, Plan
from sklstm.forecasting.units import Units

Array = NDArray[np.float64]
# (number of a stage, windows as its regressor takes them) -> what is made of them
Answer = Callable[[int, Any], Array]

# Least width that a regressor may predict, as a share of how much the series changes.
_LEAST_WIDTH = 1e-3


class WindowForecaster(BaseForecaster):
    """Forecast series with a regressor that reads a window of the past.

    One model for one series or for thousands: windows of all series are put together, and never
    cross from one to another.

    Parameters
    ----------
    regressor : estimator
        Any regressor of scikit-learn's kind. Those that take sequences, such as `LSTMRegressor`,
        get windows of shape (n_windows, n_lags, n_features), all others the same laid out flat.
    window_size : int or sequence of int, default=12
        How many rows before a forecast are read; or which, 1 being the last, as in
        ``[1, 2, 3, 24, 168]``.
    horizon : int, default=1
        How many steps are forecast. "recursive" can go on beyond.
    strategy : {"multioutput", "direct", "recursive", "dirrec"}, default="multioutput"
        "multioutput": one regressor predicts all steps. "direct": one regressor a step.
        "recursive": one regressor predicts the next step, and is fed with its own predictions.
        "dirrec": one regressor a step, fed with the predictions of those before.
    calendar : sequence of str, default=()
        Features told from time stamps: "minute", "hour", "day_of_week", "day", "day_of_year",
        "month" and "quarter", each as sine and cosine. They are known ahead.
    past_only : sequence of str or int, default=()
        Columns of X that are not known ahead, by name, or by position if X has no names. All
        others must be given to `predict` for the steps to come. With "recursive" and "dirrec" they
        serve a single step.
    differences : sequence of int, default=()
        Lags to subtract, one after another: ``(1,)`` forecasts the change from row to row,
        ``(12,)`` that from a season of 12 rows before, ``(1, 12)`` both.
    scaling : {"auto", "window"} or None, default="auto"
        "window" tells each window, and what follows it, relative to its mean and in units of its
        standard deviation (or of the series' mean change from row to row, if that is more; the
        usual one of others where it does not change), so that neither a level never seen nor
        series of other sizes are an obstacle; windows are copied for it, and features are left as
        they are. None gives windows as they are.
        "auto" scales where there are many series, unless the regressor takes no target below zero
        (as with loss="poisson") or a `TransformedTargetRegressor` transforms them. On a
        single one that drifts, a forest gains much from "window"; an LSTM knows by itself what to
        do.
    flatten : bool or "auto", default="auto"
        Whether windows are laid out flat. "auto" does so unless the regressor (the first step
        of a pipeline, what a search searches) says that it takes three dimensions.
    group_by : str, sequence of str or None, default=None
        Columns of a long frame that tell series apart.
    time_column : str or None, default=None
        Column of a long frame with the time; None takes its index.
    freq : str, offset or int, default=None
        What lies between two time steps; None infers it, which needs a series without gaps.
    n_jobs : int or None, default=None
        How many regressors of "direct" and "dirrec" are fitted side by side.

    Attributes
    ----------
    regressors_ : list of estimators
        The fitted regressors: one, or one a step.
    scales_windows_ : bool
        Whether windows are scaled, see `scaling`.
    n_windows_ : int
        Windows that the regressors were fitted to, the most of them.
    series_ : Panel
        All observations so far.
    features_ : Panel
        Their features, row by row.
    n_targets_ : int
        Columns of y.

    See Also
    --------
    SeasonalNaiveForecaster : What a forecast must be better than.
    sklstm.model_selection.backtest : How good it would have been.

    Notes
    -----
    A window with a missing value, in the past or ahead, is not learnt from, and no forecast is made
    from it, unless the regressor takes NaN. A series too short for one window adds nothing.

    ``update(..., refit=True)`` goes on training a regressor that can (one with `partial_fit` and
    `warm_start`, such as `LSTMRegressor`), with the windows of all observations, scaled or not as
    in `fit`; for other regressors, and a network whose linear map alone forecasts
    (`network_trust_`), all is learnt anew.

    `predict_interval` counts errors in units of the width that the regressor predicts where it was
    trained for one, ``LSTMRegressor(loss="gaussian")`` or ``loss="quantile"`` with several levels,
    with "multioutput" and "direct" and without `differences`; intervals are then wider where the
    series is less certain. That width alone is not taken: on short series networks are far too
    sure.

    `simulate` adds a held-out forecast's errors as a whole with "multioutput" and "direct".
    "recursive" and "dirrec" are fed with predictions and held-out errors of one step, drawn one by
    one and in units of the series' mean change, whatever width the regressor predicts.

    References
    ----------
    .. [1] Ben Taieb et al. (2012), A review and comparison of strategies for multi-step ahead time
       series forecasting, Expert Systems with Applications 39(8).

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklstm.datasets import load_airline_passengers
    >>> from sklstm.forecasting import WindowForecaster
    >>> model = WindowForecaster(Ridge(), 24, 3).fit(load_airline_passengers())
    >>> model.predict().round().astype(int)
    month
    1961-01-01    457
    1961-02-01    413
    1961-03-01    460
    Freq: MS, Name: passengers, dtype: int64
    """

    regressors_: list[Any]
    scales_windows_: bool
    n_windows_: int

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseForecaster._parameter_constraints,
        "regressor": [HasMethods(["fit"])],
        "window_size": "no_validation",
        "strategy": [StrOptions(set(STRATEGIES))],
        "calendar": [list, tuple],
        "past_only": [list, tuple],
        "differences": [list, tuple],
        "scaling": [StrOptions({"auto", "window"}), None],
        "flatten": [StrOptions({"auto"}), "boolean"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        regressor: Any,
        window_size: int | Sequence[int] = 12,
        horizon: int = 1,
        *,
        strategy: str = "multioutput",
        calendar: Sequence[str] = (),
        past_only: Sequence[Any] = (),
        differences: Sequence[int] = (),
        scaling: str | None = "auto",
        flatten: bool | str = "auto",
        group_by: str | Sequence[str] | None = None,
        time_column: Any = None,
        freq: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.regressor = regressor
        self.window_size = window_size
        self.horizon = horizon
        self.strategy = strategy
        self.calendar = calendar
        self.past_only = past_only
        self.differences = differences
        self.scaling = scaling
        self.flatten = flatten
        self.group_by = group_by
        self.time_column = time_column
        self.freq = freq
        self.n_jobs = n_jobs

    # ---------------------------------------------------------------- learning

    def _learn(self, *, resume: bool) -> None:
        continues = resume and all(map(goes_on, self.regressors_))
        if not continues:
            self._check_parameters()
            self._plan = Plan.of(self.strategy, self._lags(), int(self.horizon))
            flat = not takes_sequences(self.regressor)
            self._is_flat = flat if self.flatten == "auto" else bool(self.flatten)
            self._allows_nan = allows_nan(self.regressor)
            self._is_of_counts = needs_counts(self.regressor)
            self.scales_windows_ = self._is_scaled()
        regressors = self.regressors_ if continues else [self.regressor] * len(self._plan.stages)
        self.n_windows_ = 0
        self.regressors_ = Parallel(n_jobs=self.n_jobs)(
            delayed(fit_regressor)(
                regressor if continues else clone(regressor), X, y, resume=continues
            )
            for regressor, (X, y) in zip(regressors, self._training_sets(), strict=True)
        )

    def _is_scaled(self) -> bool:
        if self._is_of_counts and (self.scaling == "window" or len(self.differences)):
            raise ValueError(
                "The regressor, as loss='poisson' does, needs counts, but scaling='window' and "
                "differences make other numbers of them. Set scaling to 'auto' or None, and "
                "differences to ()."
            )
        may_be = len(self.series_) > 1 and not (
            self._is_of_counts or transforms_targets(self.regressor)
        )
        return self.scaling == "window" or (self.scaling == "auto" and may_be)

    def _training_sets(self) -> Iterator[tuple[Any, Array]]:
        """Yield windows and targets of each stage."""
        signals = self._signals()
        for stage in self._plan.stages:
            X, y = training_pairs(signals, stage, allow_nan=self._allows_nan)
            if len(y) == 0:
                needed = max(stage.lags) + max(stage.ahead) + sum(self.differences)
                raise ValueError(
                    f"No series holds a complete window: window_size, horizon and differences need "
                    f"{needed} consecutive rows without a missing value. The longest series spans "
                    f"{self.series_.lengths.max()} rows, missing ones included. Bring more rows, "
                    "or shorten them; is freq finer than the time stamps?"
                )
            self.n_windows_ = max(self.n_windows_, len(y))
            if self._is_flat and X.shape[2] > 1 and tables_hide_sequences(self.regressor):
                warnings.warn(
                    "An estimator of sequences stands behind one that wants a table, or beside it, "
                    f"and will read its {X.shape[2]} features as one after another. Put a "
                    "transformer into a TimestepTransformer, or set flatten=False; what stands "
                    "beside and wants a table then needs a step in front that flattens windows.",
                    stacklevel=2,
                )
            yield self._laid_out(X), y[:, 0] if y.shape[1] == 1 else y

    def _check_parameters(self) -> None:
        if tells_every_step(self.regressor):
            raise ValueError(
                "The regressor predicts at every step of its windows, but a forecast begins behind "
                "the last of them. Set its return_sequences to False."
            )
        _check_lags(self.window_size, "window_size", may_be_int=True)
        _check_lags(self.differences, "differences")
        unknown = [name for name in self.calendar if name not in CALENDAR]
        if unknown:
            raise ValueError(
                f"The 'calendar' parameter must hold names of {list(CALENDAR)}. Got {unknown[0]!r}."
            )
        if self.calendar and not hasattr(self._stamps(self.series_.start[:1]), "day_of_week"):
            raise ValueError(
                "calendar needs dates or periods as the index of time. Give y one, or set calendar "
                "to ()."
            )
        columns = self.features_.columns
        for name in self.past_only:
            if name not in columns:
                raise ValueError(f"past_only names {name!r}, but the columns of X are {columns}.")
        self._check_steps(self.horizon)

    def _check_steps(self, n_steps: int) -> None:
        strategy = STRATEGIES[self.strategy]
        if n_steps > self.horizon and not strategy.endless:
            raise ValueError(
                f"steps={n_steps} lies beyond horizon={self.horizon}, for which strategy="
                f"{self.strategy!r} was fitted. Fit with a longer horizon, or with "
                "strategy='recursive'."
            )
        if strategy.fed and n_steps > 1 and len(self.past_only):
            raise ValueError(
                f"strategy={self.strategy!r} reads its own predictions, and there are none of the "
                "features in past_only. Use 'multioutput' or 'direct', or a single step."
            )

    def _signals(self) -> Signals:
        panel, features = self._panels()
        n_before, places = panel.n_before(), panel.places()
        values = difference(panel.values, n_before, self.differences)
        known = self._known_ahead()
        calendar = self._calendar(places)
        least = self._units.at(panel) if self.scales_windows_ else None
        return Signals(
            values,
            features.values[:, ~known],
            np.concatenate([features.values[:, known], calendar], axis=1),
            calendar.shape[1],
            n_before,
            np.repeat(panel.lengths, panel.lengths) - 1 - n_before,
            places,
            sum(self.differences),
            None if least is None else np.repeat(least, panel.lengths, axis=0),
        )

    # ---------------------------------------------------------------- forecasting

    @property
    def _n_needed(self) -> int:
        return self._plan.n_back + sum(self.differences)

    @property
    def _reads_times(self) -> bool:
        return len(self.calendar) > 0

    def _n_future(self, n_steps: int) -> int:
        return self._plan.n_ahead(n_steps)

    def _unit(self, at: Origins, units: Units) -> Array:
        # windows as they are can only be those of the same series
        return super()._unit(at if self.scales_windows_ else replace(at, foreign=False), units)

    def _can_forecast(self, at: Origins) -> NDArray[np.bool_]:
        able: Any = np.isfinite(self._before(at)).all(axis=(1, 2))
        context = self._context(at)
        context = context if self._allows_nan else context.marked()

        def look(number: int, X: Array) -> Array:
            stage, n_targets = self._plan.stages[number], context.targets.shape[2]
            if not self._allows_nan:
                able[:] &= np.isfinite(X).all(axis=(1, 2))
            elif self.scales_windows_:  # by a value at least of each target
                own: Any = np.isfinite(X[:, : stage.n_own, :n_targets])
                able[:] &= own.any(axis=1).all(axis=1)
            return np.zeros((len(X), len(stage.ahead), n_targets))  # as if it were told

        run_stages(self._plan, context, at.n_steps, look)
        return np.asarray(able)

    def _forecast(self, at: Origins) -> Array:
        return self._run(at, self._predict)

    def _predict(self, number: int, X: Any) -> Array:
        said: Array = self.regressors_[number].predict(X)
        return said

    def _widths(self, at: Origins, forecast: Array, units: Units) -> tuple[Array, Array]:
        below, above = super()._widths(at, forecast, units)
        regressor = self.regressors_[0]
        # sums of quantiles are no quantiles
        summed = self._plan.strategy.fed or len(self.differences)
        if summed or not predicts_distribution(regressor):
            return below, above
        below_known, above_known = sides_known(regressor)
        lower, upper = (self._run(at, self._tail(side)) for side in (0, 1))
        # levels on one side of the median alone say nothing of the other
        width = upper - lower
        return (
            np.maximum(forecast - lower if below_known else width, _LEAST_WIDTH * below),
            np.maximum(upper - forecast if above_known else width, _LEAST_WIDTH * above),
        )

    def _tail(self, side: int) -> Answer:
        return lambda number, X: tail_at(self.regressors_[number], X, side)

    def _possible(self, values: Array) -> Array:
        return np.maximum(values, 0.0) if self._is_of_counts else values

    def _paths(self, at: Origins, n_paths: int, rng: np.random.RandomState) -> Array:
        if not self._plan.strategy.fed:
            return super()._paths(at, n_paths, rng)
        errors = self._known_errors(1)
        unit = np.repeat(self._unit(at, self._units), n_paths, axis=0)
        paths = self._run(
            at,
            self._predict,
            n_times=n_paths,
            add=lambda: errors.draw((len(unit),), rng)[:, 0] * unit,
        )
        by_series: Array = paths.reshape(len(at.rows), n_paths, *paths.shape[1:])
        return by_series.swapaxes(0, 1)

    def _run(
        self,
        at: Origins,
        answer: Answer,
        n_times: int = 1,
        add: Callable[[], Array] | None = None,
    ) -> Array:
        """Forecast in the units of y, each origin `n_times`.

        `answer` says what a regressor makes of its windows; `add` gives what is added to a step
        before it is fed to the next.
        """
        least = np.repeat(self._unit(at, self._units), n_times, axis=0)

        def emit(number: int, X: Array) -> Array:
            stage = self._plan.stages[number]
            scales = None
            if self.scales_windows_:
                X, scales = scale_windows(X, stage, least)
            said = answer(number, self._laid_out(X))
            said = said.reshape(len(X), len(stage.ahead), self.n_targets_)
            said = said if scales is None else scales.undo(said)
            return said if add is None else self._possible(said + add()[:, None])

        context = self._context(at).repeat(n_times)
        steps = run_stages(self._plan, context, at.n_steps, emit)
        before = np.repeat(self._before(at), n_times, axis=0)
        return undo_difference(steps, before, self.differences)

    def _context(self, at: Origins) -> Context:
        n_back = self._plan.n_back
        rows = at.rows[:, None] + np.arange(1 - n_back, 1)
        values = at.panel.values[at.rows[:, None] + np.arange(1 - self._n_needed, 1)]
        n_future = self._n_future(at.n_steps)
        future = at.future
        if future is None:
            future = at.features[at.rows[:, None] + np.arange(1, n_future + 1)]
        features = at.features[rows]
        known = self._known_ahead()
        ahead = np.concatenate([features[..., known], future[..., known]], axis=1)
        places = at.panel.place_of(at.rows)[:, None] + np.arange(1 - n_back, n_future + 1)
        calendar = self._calendar(places.ravel()).reshape(*places.shape, -1)
        return Context(
            difference_windows(values, self.differences),
            features[..., ~known],
            np.concatenate([ahead, calendar], axis=2),
            calendar.shape[2],
        )

    def _before(self, at: Origins) -> Array:
        """Return the values that differences are added to, (n_origins, n_rows, n_targets)."""
        rows = at.rows[:, None] + np.arange(1 - sum(self.differences), 1)
        before: Array = at.panel.values[rows]
        return before

    # ---------------------------------------------------------------- what parameters say

    def _lags(self) -> tuple[int, ...]:
        size: Any = self.window_size
        lags = range(1, int(size) + 1) if isinstance(size, Integral) else size
        return tuple(sorted((int(lag) for lag in lags), reverse=True))

    def _known_ahead(self) -> NDArray[np.bool_]:
        return np.array([name not in self.past_only for name in self.features_.columns], dtype=bool)

    def _laid_out(self, X: Any) -> Any:
        if not self._is_flat:
            return X
        if isinstance(X, Windows) and X.stand_apart:
            return X.rows.reshape(len(X), -1)
        return np.asarray(X).reshape(len(X), -1)

    def _stamps(self, places: NDArray[np.int64]) -> Any:
        return None if self.series_.grid is None else self.series_.grid.stamps(places)

    def _calendar(self, places: NDArray[np.int64]) -> Array:
        if not self.calendar:
            return np.empty((len(places), 0))
        return calendar_features(self._stamps(places), tuple(self.calendar))


def _check_lags(value: Any, name: str, *, may_be_int: bool = False) -> None:
    lags = [value] if may_be_int and isinstance(value, Integral) else value
    wanted = "positive whole numbers" + (", or one" if may_be_int else "")
    is_list = isinstance(lags, list | tuple | np.ndarray | range)
    if not is_list or (may_be_int and len(lags) == 0):
        raise ValueError(f"The {name!r} parameter must hold {wanted}. Got {value!r}.")
    for lag in lags:
        if isinstance(lag, bool) or not isinstance(lag, Integral) or lag < 1:
            raise ValueError(
                f"The {name!r} parameter must hold {wanted}. Got {lag!r} in {value!r}."
            )
    if may_be_int and len(set(lags)) < len(lags):
        raise ValueError(f"The {name!r} parameter holds a lag twice: {value!r}.")
