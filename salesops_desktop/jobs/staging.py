"""The staging files of one import: one per spreadsheet, read by the merge as one."""

from __future__ import annotations

import sqlite3
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path


class Staging:
    """A folder of staging files, removed when nobody needs it any more."""

    def __init__(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="salesops-", ignore_cleanup_errors=True)
        self.folder = Path(folder.name)
        self.close = weakref.finalize(self, folder.cleanup)
        self._combined: Path | None = None
        self._prefixed = False

    def file(self, number: int) -> Path:
        """The staging file of the draft's file ``number``."""
        return self.folder / f"{number}.db"

    def table(self, number: int, name: str) -> str:
        """What the table ``name`` of file ``number`` is called in :meth:`combined`."""
        return f"f{number}_{name}" if self._prefixed else name

    def combined(self, numbers: Sequence[int]) -> Path:
        """All staged tables in one file: SQLite attaches ten files at most, and an import may bring more."""
        if self._combined is None:
            if len(numbers) == 1:
                self._combined = self.file(numbers[0])
            else:
                self._combined = self.folder / "all.db"
                self._prefixed = True
                with closing(sqlite3.connect(self._combined, isolation_level=None)) as db:
                    db.execute("PRAGMA journal_mode = OFF")
                    db.execute("PRAGMA synchronous = OFF")
                    for number in numbers:
                        self._copy(db, number)
        return self._combined

    def _copy(self, db: sqlite3.Connection, number: int) -> None:
        db.execute("ATTACH DATABASE ? AS one", (str(self.file(number)),))
        names = [row[0] for row in db.execute("SELECT name FROM one.sqlite_master WHERE type = 'table'")]
        for name in names:
            db.execute(f"CREATE TABLE main.f{number}_{name} AS SELECT * FROM one.{name}")
        db.execute("DETACH DATABASE one")
        self.file(number).unlink()
