"""A picture of how several models did on the same folds."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklstm.model_selection.scores import read_scores

if TYPE_CHECKING:
    import pandas as pd

_GREY = "0.45"


class ComparisonDisplay:
    """Picture of the scores of several models.

    Make it by `from_scores`, which draws it as well; `plot` draws it again, or another way.

    Parameters
    ----------
    models : list of str
        Names of the models, best first.
    metric : str
        Name of the metric.
    values : ndarray of shape (n_models, n_folds, n_steps)
        The scores, NaN where what came is missing.
    steps : ndarray of shape (n_steps,)
        Numbers of the steps.
    fit_seconds : ndarray of shape (n_models,)
        Mean time of a fit.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn into.
    figure_ : matplotlib Figure
        Where that is.

    See Also
    --------
    compare : Makes the table.
    rank_models : Says which differences count.

    Examples
    --------
    >>> from sklearn.dummy import DummyRegressor
    >>> from sklearn.linear_model import Ridge
    >>> from sklstm import make_windows
    >>> from sklstm.datasets import load_airline_passengers
    >>> from sklstm.model_selection import ComparisonDisplay, compare
    >>> X, y = make_windows(load_airline_passengers(), 12, 3)
    >>> scores = compare({"mean": DummyRegressor(), "ridge": Ridge()}, X, y)
    >>> display = ComparisonDisplay.from_scores(scores, "mae")  # doctest: +SKIP
    >>> display.plot(kind="step")  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        models: list[str],
        metric: str,
        values: NDArray[np.float64],
        steps: NDArray[np.int64],
        fit_seconds: NDArray[np.float64],
    ) -> None:
        self.models = models
        self.metric = metric
        self.values = values
        self.steps = steps
        self.fit_seconds = fit_seconds

    @classmethod
    def from_scores(
        cls,
        scores: "pd.DataFrame",
        metric: str | None = None,
        *,
        greater_is_better: bool | None = None,
        kind: str = "fold",
        ax: Any = None,
    ) -> "ComparisonDisplay":
        """Draw the scores that `compare` or `backtest` returned.

        Parameters
        ----------
        scores : DataFrame
            A row a model, fold and step.
        metric : str or None, default=None
            Which column; None takes the first metric.
        greater_is_better : bool or None, default=None
            Whether more is better. None knows it of the names in `METRICS` and of scikit-learn's
            scorers.
        kind : {"fold", "step"}, default="fold"
            See `plot`.
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ComparisonDisplay

        Raises
        ------
        ValueError
            If `metric` is no metric of `scores`, a model lacks a fold, or it is not known whether
            more is better.
        """
        read = read_scores(scores, metric, greater_is_better)
        means = read.per_fold.mean().sort_values(ascending=read.ascending, kind="stable")
        table = scores.pivot(index="fold", columns=["model", "step"], values=read.metric)
        steps = np.unique(scores["step"].to_numpy())
        models = list(means.index)
        display = cls(
            models=models,
            metric=read.metric,
            values=np.stack([table[model][steps].to_numpy() for model in models]),
            steps=steps,
            fit_seconds=scores.groupby("model")["fit_seconds"].mean()[models].to_numpy(),
        )
        return display.plot(ax, kind=kind)

    def plot(self, ax: Any = None, *, kind: str = "fold") -> "ComparisonDisplay":
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a figure.
        kind : {"fold", "step"}, default="fold"
            "fold" has a line a model, best on top, with a dot a fold (its mean over steps), a bar
            at their mean, and the mean time of a fit at the side; "step" has a curve a model, the
            mean over folds against the step.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If `kind` is neither.
        ImportError
            If matplotlib is not installed.
        """
        check_matplotlib_support("ComparisonDisplay.plot")
        import matplotlib.pyplot as plt

        draw = {"fold": self._draw_folds, "step": self._draw_steps}.get(kind)
        if draw is None:
            raise ValueError(f"The 'kind' parameter must be 'fold' or 'step'. Got {kind!r}.")
        if ax is None:
            height = 1.1 + 0.42 * len(self.models) if kind == "fold" else 3.6
            _, ax = plt.subplots(figsize=(6.4, height), layout="constrained")
        draw(ax)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_folds(self, ax: Any) -> None:
        per_fold = _mean(self.values, axis=2)  # (models, folds)
        places = np.arange(len(self.models))
        ax.plot(per_fold, places, "o", color="C0", alpha=0.45, markersize=6, markeredgewidth=0)
        ax.plot(
            _mean(per_fold, axis=1), places, "|", color="C3", markersize=18, markeredgewidth=2.5
        )
        for place, seconds in zip(places, self.fit_seconds, strict=True):
            ax.annotate(
                _duration(seconds),
                (1.01, place),
                xycoords=("axes fraction", "data"),
                va="center",
                color=_GREY,
                fontsize="small",
            )
        ax.annotate(
            "fit", (1.01, 1.0), xycoords="axes fraction", va="bottom", color=_GREY, fontsize="small"
        )
        ax.set_yticks(places, self.models)
        ax.set_ylim(len(self.models) - 0.5, -0.5)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="y", color="0.92")
        ax.set_axisbelow(True)
        ax.set_xlabel(f"{self.metric} of each fold, and the mean (bar)")

    def _draw_steps(self, ax: Any) -> None:
        for model, curve in zip(self.models, _mean(self.values, axis=1), strict=True):
            ax.plot(self.steps, curve, "o-", markersize=4, label=model)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel("step")
        ax.set_ylabel(self.metric)
        ax.grid(axis="y", color="0.92")
        ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _mean(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Return the mean of what is known."""
    mean: NDArray[np.float64] = np.ma.masked_invalid(values).mean(axis=axis).filled(np.nan)
    return mean


def _duration(seconds: float) -> str:
    return f"{1000 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
