"""Forecasts of series and of the open pipeline, never without their back-test."""

from salesops_desktop.forecast.backtest import Accuracy, Backtest, run_backtest
from salesops_desktop.forecast.pipeline import PipelineForecast, forecast_pipeline
from salesops_desktop.forecast.series import Series, build_series
from salesops_desktop.forecast.series_forecast import SeriesForecast, Total, forecast_series

__all__ = [
    "Accuracy",
    "Backtest",
    "PipelineForecast",
    "Series",
    "SeriesForecast",
    "Total",
    "build_series",
    "forecast_pipeline",
    "forecast_series",
    "run_backtest",
]
