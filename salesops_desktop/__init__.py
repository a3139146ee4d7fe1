"""SalesOps Desktop: territories, commissions and forecasts for sales operations, offline, in one file."""

__version__ = "0.1.0"
