"""What a regressor is given: windows of rows, in training and at an origin."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm.data import Windows
from sklstm.forecasting.scaling import Scales, window_scales
from sklstm.forecasting.strategies import Plan, Stage

# (number of a stage, its windows) -> the steps it predicts, (n_origins, n_ahead, n_targets)
Emit = Callable[[int, NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Signals:
    """Rows of all series as regressors see them.

    Attributes
    ----------
    targets : ndarray of shape (n_rows, n_targets)
        Differenced.
    past : ndarray of shape (n_rows, n_past)
        Features that are not known ahead.
    known : ndarray of shape (n_rows, n_known)
        Features that are, and behind them the calendar.
    n_calendar : int
        How many of these are the calendar's.
    n_before, n_after : ndarray of shape (n_rows,)
        How many rows of the same series lie before and behind each.
    places : ndarray of shape (n_rows,)
        In time, which all series share.
    n_skipped : int
        Rows at the beginning of each series without a difference.
    least : ndarray of shape (n_rows, n_targets) or None
        Least scale of a window up to each row; None leaves windows as they are.
    """

    targets: NDArray[np.float64]
    past: NDArray[np.float64]
    known: NDArray[np.float64]
    n_calendar: int
    n_before: NDArray[np.int64]
    n_after: NDArray[np.int64]
    places: NDArray[np.int64]
    n_skipped: int
    least: NDArray[np.float64] | None


def training_pairs(
    signals: Signals, stage: Stage, *, allow_nan: bool
) -> tuple[Any, NDArray[np.float64]]:
    """Return all windows of a stage and what they are to predict.

    Parameters
    ----------
    signals : Signals
    stage : Stage
    allow_nan : bool
        Whether windows may hold NaN. Those with an unknown target are never among them.

    Returns
    -------
    X : Windows of shape (n_windows, n_lags, n_features)
        Which copy nothing unless lags are left out or windows are scaled, and know which of
        several series' windows share time.
    y : ndarray of shape (n_windows, n_steps * n_targets)
    """
    rows = _rows(signals, stage)
    back = max(stage.lags)
    has_window = signals.n_before >= back - 1 + signals.n_skipped
    origins = np.flatnonzero(has_window & (signals.n_after >= max(stage.ahead)))
    targets: Any = signals.targets[origins[:, None] + np.array(stage.ahead)]
    complete: Any = np.isfinite(targets).all(axis=(1, 2))
    if not allow_nan:
        missing: Any = np.isnan(rows).any(axis=1)
        for lag in stage.lags:
            complete &= ~missing[origins + 1 - lag]
    elif signals.least is not None:
        complete &= _can_be_scaled(signals, stage, origins)
    origins, targets = origins[complete], targets[complete]
    n_outputs = len(stage.ahead) * targets.shape[2]
    end = signals.places[origins] + 1
    span = np.stack([end - back, end], axis=1)  # (n_windows, 2)
    if signals.least is None and len(stage.lags) == back:
        return Windows(rows, origins + 1 - back, back, span), targets.reshape(-1, n_outputs)
    X = rows[origins[:, None] + 1 - np.array(stage.lags)]
    if signals.least is not None:
        X, scales = scale_windows(X, stage, signals.least[origins])
        targets = scales.apply(targets)
    n_windows, n_lags, n_features = X.shape
    first = np.arange(n_windows) * n_lags
    return Windows(X.reshape(-1, n_features), first, n_lags, span), targets.reshape(-1, n_outputs)


def _can_be_scaled(signals: Signals, stage: Stage, origins: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell in which windows some value of each target is known."""
    known = np.isfinite(signals.targets)
    some = np.zeros((len(origins), known.shape[1]), dtype=bool)
    for lag in stage.lags[: stage.n_own]:
        some |= known[origins + 1 - lag]
    return np.asarray(some.all(axis=1))


def scale_windows(
    X: NDArray[np.float64], stage: Stage, least: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Scales]:
    """Tell the targets in windows relative to the rows that are not predictions.

    Parameters
    ----------
    X : ndarray of shape (n_windows, n_lags, n_features)
        Whose first features are the targets.
    stage : Stage
    least : ndarray of shape (n_windows, n_targets)
        As in `window_scales`.

    Returns
    -------
    X : ndarray of the same shape
    scales : Scales
    """
    n_targets = least.shape[1]
    scales = window_scales(X[:, : stage.n_own, :n_targets], least)
    scaled = scales.apply(X[..., :n_targets])
    return np.concatenate([scaled, X[..., n_targets:]], axis=2), scales


def _rows(signals: Signals, stage: Stage) -> NDArray[np.float64]:
    shifted = []
    for shift in stage.shifts if signals.known.shape[1] else []:
        moved = np.full_like(signals.known, np.nan)
        # rows that would show the next series are in no window: their targets lie there too
        moved[:-shift] = signals.known[shift:]
        shifted.append(moved)
    if not stage.shows_own:
        shifted.append(_without_calendar(signals))
    return np.concatenate([signals.targets, signals.past, *shifted], axis=1)


def _without_calendar(given: "Signals | Context") -> NDArray[np.float64]:
    """Return the features known ahead; of the calendar past steps tell what those to come do."""
    return given.known[..., : given.known.shape[-1] - given.n_calendar]


@dataclass(frozen=True)
class Context:
    """What is known at each of several origins, oldest row first.

    Attributes
    ----------
    targets : ndarray of shape (n_origins, n_back, n_targets)
    past : ndarray of shape (n_origins, n_back, n_past)
    known : ndarray of shape (n_origins, n_back + n_future, n_known)
        Behind the features the calendar.
    n_calendar : int
    """

    targets: NDArray[np.float64]
    past: NDArray[np.float64]
    known: NDArray[np.float64]
    n_calendar: int

    def marked(self) -> "Context":
        """Return what is known and what is not, a column each, which is all that may be asked."""
        known = _mark(_without_calendar(self))  # of the calendar all is
        return Context(_mark(self.targets), _mark(self.past), known, 0)

    def repeat(self, n_times: int) -> "Context":
        """Return every origin several times, one after another."""
        return Context(
            np.repeat(self.targets, n_times, axis=0),
            np.repeat(self.past, n_times, axis=0),
            np.repeat(self.known, n_times, axis=0),
            self.n_calendar,
        )


def _mark(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one column in the place of several: 0, or NaN where one of them is not finite."""
    if values.shape[2] < 2:
        return values
    finite: Any = np.isfinite(values).all(axis=2, keepdims=True)
    return np.where(finite, 0.0, np.nan)


def run_stages(plan: Plan, context: Context, n_steps: int, emit: Emit) -> NDArray[np.float64]:
    """Go through the steps after the origins.

    Parameters
    ----------
    plan : Plan
    context : Context
    n_steps : int
    emit : callable
        (number of a stage, its windows) -> the steps it predicts, (n_origins, n_ahead, n_targets).

    Returns
    -------
    ndarray of shape (n_origins, n_steps, n_targets)
    """
    n_origins, n_back, n_targets = context.targets.shape
    unknown = np.full((n_origins, n_steps, n_targets), np.nan)
    targets = np.concatenate([context.targets, unknown], axis=1)
    seen = replace(context, targets=targets)
    steps = targets[:, n_back:]  # a view: what is said is seen by the steps after
    if plan.strategy.fed:
        for step in range(n_steps):
            number = min(step, len(plan.stages) - 1)
            X = _inputs(seen, plan.stages[number], n_back + step)
            steps[:, step] = emit(number, X)[:, 0]
        return steps
    for number, stage in enumerate(plan.stages):
        wanted = [step for step in stage.ahead if step <= n_steps]
        if wanted:
            said = emit(number, _inputs(seen, stage, n_back))
            steps[:, np.array(wanted) - 1] = said[:, : len(wanted)]
    return steps


def _inputs(context: Context, stage: Stage, origin: int) -> NDArray[np.float64]:
    """Return windows of shape (n_origins, n_lags, n_features); `origin` is the place of lag 0."""
    places = origin - np.array(stage.lags)
    parts = [context.targets[:, places]]
    if context.past.shape[2]:
        parts.append(context.past[:, places])
    if context.known.shape[2]:
        parts += [context.known[:, places + shift] for shift in stage.shifts]
        if not stage.shows_own:
            parts.append(_without_calendar(context)[:, places])
    return np.concatenate(parts, axis=2)
