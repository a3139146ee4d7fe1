"""The command line: every job without a window."""
