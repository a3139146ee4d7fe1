"""Widgets without business words: grid, map, chart, forms, empty state."""
