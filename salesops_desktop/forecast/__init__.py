"""Series and pipeline forecasts and their back-tests."""
