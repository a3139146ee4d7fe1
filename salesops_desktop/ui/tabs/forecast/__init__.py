"""The Forecast tab."""
