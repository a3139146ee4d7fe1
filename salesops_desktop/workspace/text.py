"""How names and moments are written in SQL."""

from __future__ import annotations

import datetime as dt


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def stored_now() -> str:
    """This moment as the workspace stores it: UTC, to the second."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
