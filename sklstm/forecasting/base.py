"""What all forecasters share: reading series, giving forecasts back, intervals and paths."""

from abc import ABC, abstractmethod
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from sklstm._transaction import transaction
from sklstm._validation import check_int
from sklstm.data import Panel, read_series
from sklstm.forecasting.conformal import Errors, held_out_origins
from sklstm.forecasting.features import check_columns, choose_columns, read_features, read_future
from sklstm.forecasting.origins import Origins
from sklstm.forecasting.settings import same_setting
from sklstm.forecasting.units import Units

Array = NDArray[np.float64]

# Parameters that may change between a fit and a forecast.
_FREE = ("n_jobs",)

# Share of each series that is held out to measure errors, unless told.
_HELD_OUT = 0.3


class BaseForecaster(BaseEstimator, ABC):  # type: ignore[misc]
    """Template of forecasters: a subclass says how it learns and what it forecasts from an origin.

    Attributes
    ----------
    series_ : Panel
        All observations so far.
    features_ : Panel
        Their features, row by row.
    n_targets_ : int
        Columns of y.
    """

    series_: Panel
    features_: Panel
    n_targets_: int
    _as_fitted: Any
    _errors: Errors | None
    _held_out: float
    _units: Units

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "horizon": [Interval(Integral, 1, None, closed="left")],
        "group_by": [str, list, tuple, None],
        "time_column": "no_validation",
        "freq": "no_validation",
    }

    def __init__(
        self,
        horizon: int = 1,
        *,
        group_by: Any = None,
        time_column: Any = None,
        freq: Any = None,
    ) -> None:
        self.horizon = horizon
        self.group_by = group_by
        self.time_column = time_column
        self.freq = freq

    def fit(self, y: Any, X: Any = None) -> "BaseForecaster":
        """Learn from one series or many.

        Parameters
        ----------
        y : array-like, Series or DataFrame
            An array of shape (n_times,) or (n_times, n_targets), a Series or a DataFrame with an
            index of time (its columns are forecast together), the same with a MultiIndex of ids
            and time for many series, or a long frame with `group_by`. Time must be regular;
            time stamps that are not there are missing values, like NaN.
        X : array-like or DataFrame, default=None
            Features of the same times. In a DataFrame rows are found by their time stamps (and
            ids), and other times may be among them, which are not kept; an array, or anything
            beside an array y, has a row for each row of y, and for each time stamp that y leaves
            out. A frame with an index of time alone holds for every series.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a parameter is out of range, time stamps are unsorted, repeated or irregular, values
            are no numbers, or there is too little to learn from.
        """
        with transaction(self):
            self._validate_params()
            panel = read_series(y, **self._reading())
            self._fit(panel, read_features(X, panel, self._reading()))
        return self

    def predict(
        self, steps: int | None = None, X: Any = None, *, history: Any = None, history_X: Any = None
    ) -> Any:
        """Forecast what follows the series.

        Parameters
        ----------
        steps : int, default=None
            How many steps; None takes `horizon`.
        X : array-like or DataFrame, default=None
            Features of the steps to come; of all `horizon` steps if one regressor predicts these.
        history : as y in `fit`, default=None
            Series to go on instead of those seen last; they need not be among those of `fit`, but
            ids that were are taken for the same series. One without an id is another series, whose
            own changes tell the unit of windows that are scaled and hardly change, and of errors.
        history_X : as X in `fit`, default=None
            Features of `history`.

        Returns
        -------
        ndarray, Series or DataFrame
            In the form of y, with the time stamps that follow; `steps` rows a series.

        Raises
        ------
        ValueError
            If there are more steps than the model knows, features are missing, or a series is too
            short or has a gap where it is read.
        """
        at = self._at_end(steps, X, history, history_X)
        return at.panel.give(self._forecast(at), at.panel.stop)

    def predict_interval(
        self,
        steps: int | None = None,
        coverage: float = 0.9,
        X: Any = None,
        *,
        history: Any = None,
        history_X: Any = None,
    ) -> tuple[Any, Any]:
        """Forecast between which two values each step will lie.

        Parameters
        ----------
        steps : int, default=None
            How many steps; None takes `horizon`.
        coverage : float in (0, 1), default=0.9
            Share of the values that are to lie between the two, step by step.
        X, history, history_X
            As in `predict`.

        Returns
        -------
        lower, upper : ndarray, Series or DataFrame
            Each in the form of `predict`.

        Raises
        ------
        ValueError
            If too few errors are known for that coverage, and as in `predict`.

        Notes
        -----
        The forecast and an error on both sides: a quantile of that step's errors on held-out times,
        see `calibrate`, which is called where it has not been. Errors are counted in units of
        what the series changes by from step to step (in `fit`; of one that did not, the median of
        the others), or of the width that the model predicts.
        """
        check_scalar(coverage, "coverage", Real, min_val=0, max_val=1, include_boundaries="neither")
        at = self._at_end(steps, X, history, history_X)
        lower, upper = self._interval(at, float(coverage))
        return at.panel.give(lower, at.panel.stop), at.panel.give(upper, at.panel.stop)

    def simulate(
        self,
        n_paths: int,
        steps: int | None = None,
        X: Any = None,
        *,
        history: Any = None,
        history_X: Any = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> Any:
        """Draw paths that the series may take.

        Parameters
        ----------
        n_paths : int
        steps : int, default=None
            How many steps; None takes `horizon`.
        X, history, history_X
            As in `predict`.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray, Series or DataFrame
            Of arrays, (n_paths, steps) or (n_paths, steps, n_targets). Else as `predict`, one path
            behind the other, numbered in the first level of the index, "path", or, of a long frame
            with a column of time, in its first column.

        Notes
        -----
        The forecast and the errors of a held-out forecast, drawn as a whole, so that errors of
        neighbouring steps belong together; where a step is fed to the next, as in "recursive", the
        errors of one step are drawn again for each. See `calibrate`.
        """
        check_int(n_paths, "n_paths")
        at = self._at_end(steps, X, history, history_X)
        paths = self._paths(at, int(n_paths), check_random_state(random_state))
        given = [at.panel.give(path, at.panel.stop) for path in paths]
        return _stack(given, in_column=at.panel.form.in_columns)

    def update(self, y: Any, X: Any = None, *, refit: bool = False) -> "BaseForecaster":
        """Append observations, so that forecasts begin after them.

        Parameters
        ----------
        y : as in `fit`
            What came after the observations before, of all series or some; new series may be among
            them.
        X : as in `fit`, default=None
            Features of the same times.
        refit : bool, default=False
            Whether to learn from them too.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a series does not go on where it ended, or the columns are others.
        """
        self._check_fitted()
        with transaction(self):
            start = 0 if self.series_.grid is not None else int(self.series_.stop[0])
            more = self._read_like(y, "y", start, needs_time=True)
            features = read_features(X, more, self._reading(), self.features_)
            self.series_ = self.series_.append(more)
            self.features_ = self.features_.append(features)
            if refit:
                self._learn_from_all(resume=True)
        return self

    def n_ahead(self, steps: int | None = None) -> int:
        """Return of how many steps `predict` wants the features that are known ahead.

        Parameters
        ----------
        steps : int, default=None
            How many steps are to be forecast; None takes `horizon`.

        Returns
        -------
        int
            `steps`, or `horizon` where one regressor predicts all of its steps at once.

        Raises
        ------
        ValueError
            If there are more steps than the model knows.
        """
        self._check_fitted()
        return self._n_future(self._n_steps(steps))

    def calibrate(self, steps: int | None = None, fraction: float = _HELD_OUT) -> "BaseForecaster":
        """Measure the errors of forecasts on the end of the series.

        A copy is fitted to what comes before, and forecasts from every origin in the held-out end.
        `predict_interval` and `simulate` do so for the steps that they are asked for, where errors
        of so many are not known; call it yourself for another fraction, or to spend the time
        beforehand.

        Parameters
        ----------
        steps : int, default=None
            How many steps; None takes `horizon`.
        fraction : float in (0, 1), default=0.3
            Share of each series that is held out.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If no series is long enough.
        """
        self._check_fitted()
        check_scalar(fraction, "fraction", Real, min_val=0, max_val=1, include_boundaries="neither")
        n_steps = self._n_steps(steps)
        n_held_out = np.rint(fraction * self.series_.lengths).astype(np.int64)
        n_ahead = max(n_steps, self._n_future(n_steps))
        rows = held_out_origins(self.series_, n_held_out, n_ahead, self._n_needed)
        past = clone(self._as_fitted)
        try:
            past._fit(*(panel.head(panel.lengths - n_held_out) for panel in self._panels()))
        except ValueError as error:
            raise ValueError(
                "Errors of forecasts cannot be measured, since what comes before the last "
                f"{fraction:.0%} of the series cannot be learnt from: {error}"
            ) from error
        at = Origins(self.series_, self.features_.values, rows, n_steps)
        errors = past._errors_at(at, self._units)
        if len(errors) == 0:
            raise ValueError(
                f"The errors of {n_steps} steps cannot be measured: no series has that many "
                f"complete rows in its last {fraction:.0%}, after {self._n_needed} others. Bring "
                "longer series, ask for fewer steps, or hold out a larger fraction."
            )
        self._errors, self._held_out = Errors(errors), float(fraction)
        return self

    def _errors_at(self, at: Origins, units: Units) -> Array:
        """Return errors of forecasts in units of `_widths`, of origins where all is known."""
        ahead = np.arange(1, at.n_steps + 1)
        complete: Any = np.isfinite(at.panel.values[at.rows[:, None] + ahead]).all(axis=(1, 2))
        at = replace(at, rows=at.rows[complete])
        if len(at.rows):
            at = replace(at, rows=at.rows[self._can_forecast(at)])
        if len(at.rows) == 0:
            return np.empty((0, at.n_steps, self.n_targets_))
        forecast = self._forecast(at)
        errors: Array = at.panel.values[at.rows[:, None] + ahead] - forecast
        return errors / _one_of(self._widths(at, forecast, units), errors)

    # ---------------------------------------------------------------- hooks

    def _learn(self, *, resume: bool) -> None:
        """Learn from ``series_`` and ``features_``, if there is anything to learn."""

    @abstractmethod
    def _forecast(self, at: Origins) -> Array:
        """Return forecasts of shape (n_origins, n_steps, n_targets)."""

    @property
    def _n_needed(self) -> int:
        """Rows that a forecast looks back on."""
        return 1

    @property
    def _reads_times(self) -> bool:
        """Whether a forecast hangs on when the rows were that it looks back on."""
        return False

    def _can_forecast(self, at: Origins) -> NDArray[np.bool_]:
        """Tell at which origins everything that is looked at is known."""
        return np.asarray(np.isfinite(self._forecast(at)).all(axis=(1, 2)))

    def _n_future(self, n_steps: int) -> int:
        """Return of how many steps features known ahead are needed."""
        return n_steps

    def _check_steps(self, n_steps: int) -> None:
        """Raise if so many steps cannot be forecast."""

    def _known_ahead(self) -> NDArray[np.bool_]:
        """Tell which features are known ahead and looked at."""
        return np.zeros(self.features_.values.shape[1], dtype=bool)

    def _widths(self, at: Origins, forecast: Array, units: Units) -> tuple[Array, Array]:
        """Return in which units errors below and above a forecast are counted, shaped like it."""
        width = np.broadcast_to(self._unit(at, units)[:, None], forecast.shape)
        return width, width

    def _possible(self, values: Array) -> Array:
        """Return values as they can come; nothing is known of that here."""
        return values

    def _unit(self, at: Origins, units: Units) -> Array:
        """Return how much the series of each origin changes, (n_origins, n_targets)."""
        return units.at(at.panel, same=not at.foreign)[at.series]

    def _interval(self, at: Origins, coverage: float) -> tuple[Array, Array]:
        forecast = self._forecast(at)
        below, above = self._widths(at, forecast, self._units)
        reach = self._known_errors(at.n_steps).reach(coverage)  # (steps, targets)
        lower, upper = forecast - reach * below, forecast + reach * above
        return self._possible(lower), self._possible(upper)

    def _paths(self, at: Origins, n_paths: int, rng: np.random.RandomState) -> Array:
        """Return paths of shape (n_paths, n_series, n_steps, n_targets)."""
        drawn = self._known_errors(at.n_steps).draw((n_paths, len(at.rows)), rng)
        forecast = self._forecast(at)
        widths = _one_of(self._widths(at, forecast, self._units), drawn)
        return self._possible(forecast + drawn * widths)

    # ---------------------------------------------------------------- the same for all

    def _check_fitted(self) -> None:
        check_is_fitted(self)
        for name, before in self._as_fitted.get_params(deep=False).items():
            now = getattr(self, name)
            if name not in _FREE and not same_setting(before, now):
                raise ValueError(
                    f"{name} was {before} in fit, and is {now} now. Set it back, or fit again."
                )

    def _reading(self) -> dict[str, Any]:
        return {"group_by": self.group_by, "time_column": self.time_column, "freq": self.freq}

    def _panels(self) -> tuple[Panel, Panel]:
        return self.series_, self.features_

    def _fit(self, panel: Panel, features: Panel) -> None:
        self.series_, self.features_ = panel, features
        self.n_targets_ = panel.values.shape[1]
        self._as_fitted = clone(self)
        self._learn_from_all(resume=False)

    def _learn_from_all(self, *, resume: bool) -> None:
        self._errors, self._held_out = None, _HELD_OUT
        self._units = Units.of(self.series_)
        self._learn(resume=resume)

    def _n_steps(self, steps: int | None) -> int:
        if steps is None:
            return int(self.horizon)
        n_steps = check_int(steps, "steps")
        self._check_steps(n_steps)
        return n_steps

    def _at_end(self, steps: int | None, X: Any, history: Any, history_X: Any) -> Origins:
        self._check_fitted()
        n_steps = self._n_steps(steps)
        panel, features = self._panels()
        if history is not None:
            panel = self._read_like(history, "history", needs_time=self._reads_times)
            features = read_features(history_X, panel, self._reading(), self.features_)
        elif history_X is not None:
            raise ValueError("history_X needs history.")
        short = np.flatnonzero(panel.lengths < self._n_needed)
        if len(short):
            raise ValueError(
                f"A forecast looks back on {self._n_needed} rows, but {len(short)} series have "
                f"fewer; the one from {panel.where(int(panel.first[short[0]]))} on has "
                f"{panel.lengths[short[0]]}. Bring more rows, leave the series out, or let the "
                "forecast look back on fewer."
            )
        rows = panel.first + panel.lengths - 1
        known, n_future = self._known_ahead(), self._n_future(n_steps)
        future = read_future(X, panel, features, self._reading(), known, n_future)
        at = Origins(panel, features.values, rows, n_steps, future, history is not None)
        lacking = np.flatnonzero(~self._can_forecast(at))
        if len(lacking):
            raise ValueError(
                "A value is missing in what a forecast from "
                f"{panel.where(int(rows[lacking[0]]))} reads of the series, or of features of the "
                f"steps to come ({len(lacking)} series in all). Fill it, for example with "
                "interpolate(), or leave the series out."
            )
        return at

    def _read_like(self, y: Any, name: str, start: int = 0, *, needs_time: bool) -> Panel:
        columns = self.series_.form.columns
        if isinstance(y, pd.DataFrame) and set(columns) <= set(y.columns):
            y = choose_columns(y, columns, self.series_, self._reading())
        panel = read_series(y, **self._reading(), like=self.series_, start=start, name=name)
        if needs_time and panel.grid is None and self.series_.grid is not None:
            raise ValueError(
                f"{name} must have an index (or column) of time, as y had in fit. Got "
                f"{type(y).__name__}, of which nothing tells when its rows were."
            )
        check_columns(panel, self.series_, name)
        if (panel.keys is None) != (self.series_.keys is None):
            raise ValueError(f"{name} must be one series or many, as y was in fit.")
        return panel

    def _known_errors(self, n_steps: int) -> Errors:
        if self._errors is None or self._errors.values.shape[1] < n_steps:
            self.calibrate(n_steps, self._held_out)
        assert self._errors is not None
        return Errors(self._errors.values[:, :n_steps])


def _one_of(widths: tuple[Array, Array], errors: Array) -> Array:
    """Return the unit of each error, which depends on its sign."""
    below, above = widths
    return np.where(errors < 0, below, above)


def _stack(paths: list[Any], *, in_column: bool) -> Any:
    if not isinstance(paths[0], pd.Series | pd.DataFrame):
        return np.stack(paths)
    stacked = pd.concat(dict(enumerate(paths)), names=["path"])
    return stacked.reset_index(level=0).reset_index(drop=True) if in_column else stacked
