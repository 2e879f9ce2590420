"""Comparing models honestly: splits, metrics, tests, backtests and pictures."""

from sklstm.model_selection.backtest import backtest
from sklstm.model_selection.compare import compare
from sklstm.model_selection.comparison_display import ComparisonDisplay
from sklstm.model_selection.metrics import (
    METRICS,
    interval_coverage,
    mean_absolute_scaled_error,
    root_mean_squared_scaled_error,
    symmetric_mean_absolute_percentage_error,
)
from sklstm.model_selection.paired import (
    PairedResult,
    corrected_resampled_ttest,
    diebold_mariano,
    rank_models,
)
from sklstm.model_selection.purged import PurgedTimeSeriesSplit

__all__ = [
    "METRICS",
    "ComparisonDisplay",
    "PairedResult",
    "PurgedTimeSeriesSplit",
    "backtest",
    "compare",
    "corrected_resampled_ttest",
    "diebold_mariano",
    "interval_coverage",
    "mean_absolute_scaled_error",
    "rank_models",
    "root_mean_squared_scaled_error",
    "symmetric_mean_absolute_percentage_error",
]
