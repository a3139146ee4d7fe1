"""What was dropped on the window: workspaces to open, spreadsheets to import, and what neither fits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData

SPREADSHEETS = frozenset(".csv .tsv .tab .txt .xlsx .xlsm .xltx .xltm .xls .xlsb .ods .fods".split())


@dataclass(frozen=True, slots=True)
class Drop:
    """The dropped files, sorted by what can be done with them."""

    workspaces: tuple[Path, ...] = ()
    spreadsheets: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything was dropped."""
        return bool(self.workspaces or self.spreadsheets or self.others)


def sort_paths(paths: list[Path]) -> Drop:
    """Sort files by their endings; folders give the spreadsheets inside them."""
    flat: list[Path] = []
    for path in paths:
        flat += sorted(p for p in path.iterdir() if p.suffix.lower() in SPREADSHEETS) if path.is_dir() else [path]
    return Drop(
        tuple(p for p in flat if p.suffix.lower() == ".salesops"),
        tuple(p for p in flat if p.suffix.lower() in SPREADSHEETS),
        tuple(p for p in flat if p.suffix.lower() not in SPREADSHEETS | {".salesops"}),
    )


def split_drop(data: QMimeData) -> Drop:
    """The local files of a drag."""
    return sort_paths([Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()])


def file_filter(title: str) -> str:
    """A file dialog's filter for all spreadsheets."""
    patterns = " ".join(f"*{ending} *{ending.upper()}" for ending in sorted(SPREADSHEETS))
    return f"{title} ({patterns})"
