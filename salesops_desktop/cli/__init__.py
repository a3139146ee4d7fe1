"""The command line: every job without a window."""

from salesops_desktop.cli.main import main
from salesops_desktop.cli.window_commands import Launcher

__all__ = ["Launcher", "main"]
