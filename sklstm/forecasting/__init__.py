"""Forecasts by any regressor that reads windows of the past, and what they must be better than."""

from sklstm.forecasting.base import BaseForecaster
from sklstm.forecasting.drift import DriftForecaster
from sklstm.forecasting.forecast_display import ForecastDisplay
from sklstm.forecasting.naive import NaiveForecaster
from sklstm.forecasting.seasonal_naive import SeasonalNaiveForecaster
from sklstm.forecasting.window_forecaster import WindowForecaster

__all__ = [
    "BaseForecaster",
    "DriftForecaster",
    "ForecastDisplay",
    "NaiveForecaster",
    "SeasonalNaiveForecaster",
    "WindowForecaster",
]
