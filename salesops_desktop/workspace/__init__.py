"""The SQLite file: schema, migrations, backups, change log, undo."""

from salesops_desktop.workspace.backups import BackupRecord
from salesops_desktop.workspace.check import CheckReport
from salesops_desktop.workspace.content import content_hash
from salesops_desktop.workspace.history import ActionRecord, ChangeRecord, RowCounts
from salesops_desktop.workspace.unit import UnitOfWork
from salesops_desktop.workspace.workspace import Workspace

__all__ = [
    "ActionRecord",
    "BackupRecord",
    "ChangeRecord",
    "CheckReport",
    "RowCounts",
    "UnitOfWork",
    "Workspace",
    "content_hash",
]
