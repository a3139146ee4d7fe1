"""Workbooks and csv files out, in one house style."""
