"""The composition root: a window for people, commands for scripts."""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path

from salesops_desktop.ui.launcher import Launcher


def main(argv: list[str] | None = None) -> int:
    """Start: no arguments or a workspace opens the window, anything else is a command."""
    multiprocessing.freeze_support()
    arguments = sys.argv[1:] if argv is None else argv
    launcher = Launcher()
    if not arguments:
        return launcher.open(None)
    if len(arguments) == 1 and arguments[0].lower().endswith(".salesops"):
        return launcher.open(Path(arguments[0]))
    from salesops_desktop import cli  # noqa: PLC0415  # the window's first paint must not wait for the commands

    return cli.main(arguments, launcher)


if __name__ == "__main__":
    sys.exit(main())
