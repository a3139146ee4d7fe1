"""What the workspace remembers about itself: imports, mappings, matches and settings."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salesops_desktop.workspace.schema.columns import Base, Day, Json, Key, Moment


class ImportSource(Base):
    """One sheet of one file that was imported as one kind of record."""

    __tablename__ = "import_source"

    id: Mapped[Key]
    file_name: Mapped[str]
    sha256: Mapped[str]
    sheet: Mapped[str]
    entity: Mapped[str]
    as_of: Mapped[Day | None]
    imported_at: Mapped[Moment]
    rows: Mapped[int]
    new: Mapped[int]
    changed: Mapped[int]
    unchanged: Mapped[int]
    rejected: Mapped[int]
    mapping: Mapped[Json]
    """JSON object: header → field."""
    issues: Mapped[Json | None]
    """JSON array of the cells and rows that were not taken as they stood (the first 1,000)."""


class SavedMapping(Base):
    """A mapping of columns to fields, remembered for files with the same headers."""

    __tablename__ = "saved_mapping"

    id: Mapped[Key]
    signature: Mapped[str] = mapped_column(unique=True)
    entity: Mapped[str]
    mapping: Mapped[Json]
    """JSON object: header → field."""
    options: Mapped[Json | None]
    """JSON object: date orders and other answers that were given."""
    used_at: Mapped[Moment]


class SavedMatch(Base):
    """A spelling that was once accepted as meaning a record."""

    __tablename__ = "saved_match"
    __table_args__ = (UniqueConstraint("entity", "text"),)

    id: Mapped[Key]
    entity: Mapped[str]
    text: Mapped[str]
    target_id: Mapped[int]
    accepted_at: Mapped[Moment]


class Setting(Base):
    """One setting of the workspace."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Json]
