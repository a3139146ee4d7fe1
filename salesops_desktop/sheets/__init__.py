"""Spreadsheets in (read, map, check) and out (write, style)."""
