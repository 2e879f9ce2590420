"""Comparing models honestly: splits, metrics, tests, backtests and pictures."""

from sklstm.model_selection.purged import PurgedTimeSeriesSplit

__all__ = ["PurgedTimeSeriesSplit"]
