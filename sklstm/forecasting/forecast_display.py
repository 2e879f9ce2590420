"""A forecast beside what came before, and what came."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

_LEAST_SHOWN = 12  # rows of the past, where nobody says


class ForecastDisplay:
    """Plot of a history, a forecast with its interval, and the truth.

    Make it with `from_forecaster` or `from_predictions`.

    Parameters
    ----------
    history : Series or array of shape (n_times,)
    forecast : Series or array of shape (n_steps,)
    lower, upper : Series or array of shape (n_steps,), default=None
        Bounds of the interval.
    truth : Series or array of shape (n_steps,), default=None
        What came.
    coverage : float, default=None
        What the interval is to cover, for the legend.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Of the last `plot`.

    Examples
    --------
    >>> from sklstm.datasets import load_airline_passengers
    >>> from sklstm.forecasting import ForecastDisplay, SeasonalNaiveForecaster
    >>> y = load_airline_passengers()
    >>> model = SeasonalNaiveForecaster(12, 12).fit(y[:-12])
    >>> display = ForecastDisplay.from_forecaster(model, truth=y[-12:])
    >>> len(display.forecast), len(display.history)
    (12, 36)
    """

    def __init__(
        self,
        history: Any,
        forecast: Any,
        *,
        lower: Any = None,
        upper: Any = None,
        truth: Any = None,
        coverage: float | None = None,
    ) -> None:
        self.history = history
        self.forecast = forecast
        self.lower = lower
        self.upper = upper
        self.truth = truth
        self.coverage = coverage

    @classmethod
    def from_forecaster(
        cls,
        forecaster: Any,
        steps: int | None = None,
        *,
        X: Any = None,
        coverage: float | None = 0.9,
        truth: Any = None,
        series: Any = None,
        target: int = 0,
        n_history: int | None = None,
        ax: Any = None,
    ) -> "ForecastDisplay":
        """Forecast, and draw it.

        Parameters
        ----------
        forecaster : fitted forecaster
        steps : int, default=None
            How many steps; None takes its `horizon`.
        X : array-like or DataFrame, default=None
            Features of the steps to come.
        coverage : float or None, default=0.9
            Of the interval; None shows none.
        truth : Series or array of shape (n_steps,), default=None
            What came.
        series : object, default=None
            Id of the series to show, where there are many; None takes the first.
        target : int, default=0
            Which column of y.
        n_history : int, default=None
            Rows of the past to show; None takes three times the steps, and twelve at least.
        ax : matplotlib Axes, default=None
            None makes a figure.

        Returns
        -------
        ForecastDisplay
        """
        check_is_fitted(forecaster)
        panel = forecaster.series_
        number = 0
        if series is not None:
            number = int(panel.find([series])[0]) if panel.keys is not None else -1
            if number < 0:
                raise ValueError(f"series={series!r} is none of those the forecaster has seen.")
        if target not in range(panel.values.shape[1]):
            raise ValueError(
                f"target must be the position of a column of y, which has {panel.values.shape[1]}. "
                f"Got {target!r}."
            )
        forecast = forecaster.predict(steps, X)
        bounds = (
            forecaster.predict_interval(steps, coverage, X)
            if coverage is not None
            else (None, None)
        )
        n_steps = len(forecast) // len(panel)
        past = panel.head(np.where(np.arange(len(panel)) == number, panel.lengths, 0))
        n_shown = max(3 * n_steps, _LEAST_SHOWN) if n_history is None else n_history
        n_shown = min(n_shown, len(past.values))
        shown = past.values[len(past.values) - n_shown :, target]

        def future(steps: Any) -> Any:
            if steps is None:
                return None
            values = np.asarray(steps if panel.form.kind != "long" else steps[panel.form.columns])
            values = values.reshape(len(panel), n_steps, -1)[number, :, target]
            return _series(panel, values, int(panel.stop[number]), target)

        return cls(
            _series(panel, shown, int(past.stop[0]) - n_shown, target),
            future(forecast),
            lower=future(bounds[0]),
            upper=future(bounds[1]),
            truth=truth,
            coverage=coverage,
        ).plot(ax)

    @classmethod
    def from_predictions(
        cls,
        history: Any,
        forecast: Any,
        *,
        lower: Any = None,
        upper: Any = None,
        truth: Any = None,
        coverage: float | None = None,
        ax: Any = None,
    ) -> "ForecastDisplay":
        """Draw a forecast that is already there.

        Parameters
        ----------
        history, forecast, lower, upper, truth, coverage
            As the class holds them.
        ax : matplotlib Axes, default=None
            None makes a figure.

        Returns
        -------
        ForecastDisplay
        """
        display = cls(history, forecast, lower=lower, upper=upper, truth=truth, coverage=coverage)
        return display.plot(ax)

    def plot(self, ax: Any = None) -> "ForecastDisplay":
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a figure.

        Returns
        -------
        self : object
        """
        import matplotlib.pyplot as plt
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        if ax is None:
            _, ax = plt.subplots(figsize=(8, 3.5), layout="constrained")
        past, ahead = _axis(self.history, 0), _axis(self.forecast, len(self.history))
        ax.plot(past, np.asarray(self.history), color="0.35", label="history")
        if self.truth is not None:
            ahead_of_truth = _axis(self.truth, len(self.history))
            truth = np.asarray(self.truth)
            ax.plot(ahead_of_truth, truth, color="0.35", ls=":", marker=_dot(truth), label="truth")
        if self.lower is not None:
            label = "interval" if self.coverage is None else f"{self.coverage:.0%} interval"
            bounds = np.asarray(self.lower), np.asarray(self.upper)
            if len(ahead) == 1:  # of no width, were it filled
                ax.vlines(ahead, *bounds, color="C0", alpha=0.25, lw=6, label=label)
            else:
                ax.fill_between(ahead, *bounds, color="C0", alpha=0.25, lw=0, label=label)
        forecast = np.asarray(self.forecast)
        ax.plot(ahead, forecast, color="C0", marker=_dot(forecast), label="forecast")
        name = getattr(self.history, "name", None)
        if name is not None:
            ax.set_ylabel(str(name))
        if isinstance(ahead, pd.DatetimeIndex):
            locator: Any = AutoDateLocator(tz=ahead.tz)  # type: ignore[no-untyped-call]
            concise: Any = ConciseDateFormatter(locator, tz=ahead.tz)  # type: ignore[no-untyped-call]
            ax.xaxis.set_major_locator(locator)
            ax.xaxis.set_major_formatter(concise)
        ax.legend(frameon=False, loc="upper left")
        ax.spines[["top", "right"]].set_visible(False)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _series(panel: Any, values: Any, start: int, target: int) -> Any:
    if panel.grid is None:
        return values
    places = start + np.arange(len(values))
    name = panel.form.columns[target] if panel.form.columns else None
    return pd.Series(values, index=panel.grid.stamps(places), name=name)


def _dot(values: Any) -> str | None:
    """Return the marker of a line, which of a single value is not to be seen."""
    return "o" if len(values) == 1 else None


def _axis(steps: Any, start: int) -> Any:
    """Return what stands on the axis of time; arrays are numbered from the history's first row."""
    index = getattr(steps, "index", None)
    if index is None or callable(index):
        return start + np.arange(len(steps))
    return index.to_timestamp() if hasattr(index, "to_timestamp") else index
