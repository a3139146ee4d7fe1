"""The change log: who did what, when, and which rows it touched.

The rows as they were stand beside these tables in one ``before_<table>`` per watched table, generated with the
triggers by :mod:`salesops_desktop.workspace.changelog`: values keep their stored form, so that doubles, 64-bit
integers, NULs and blobs come back bit for bit.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from salesops_desktop.workspace.schema.columns import Base, Json, Key, Moment


class Action(Base):
    """One change with a human name."""

    __tablename__ = "action"

    id: Mapped[Key]
    name: Mapped[str]
    kind: Mapped[str]
    """``edit``, ``import``, ``job``, ``undo`` or ``redo``."""
    who: Mapped[str]
    at: Mapped[Moment]
    origin_id: Mapped[int | None] = mapped_column(ForeignKey("action.id"))
    """For an undo or redo: the action that people named, however often it was undone and redone since."""
    reverts_id: Mapped[int | None] = mapped_column(ForeignKey("action.id"))
    """For an undo or redo: the action it plays backwards."""
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("action.id"))
    """The undo that is in force, on the action that people named."""
    logged: Mapped[bool]
    """False where the action kept no log: it cannot be undone, and neither can what came before it."""
    first_change: Mapped[int | None]
    last_change: Mapped[int | None]
    """The changes of an action stand together: actions never overlap."""
    details: Mapped[Json | None]


class ActionRows(Base):
    """How many rows of one table an action inserted, updated and deleted, in the end."""

    __tablename__ = "action_rows"

    action_id: Mapped[int] = mapped_column(ForeignKey("action.id"), primary_key=True)
    table_number: Mapped[int] = mapped_column(ForeignKey("logged_table.number"), primary_key=True)
    inserted: Mapped[int]
    updated: Mapped[int]
    deleted: Mapped[int]


class Change(Base):
    """One row touched by an action."""

    __tablename__ = "change"

    id: Mapped[Key]
    action_id: Mapped[int]
    table_number: Mapped[int]
    row_id: Mapped[int]
    operation: Mapped[str]
    """``I``, ``U`` or ``D``."""


class LoggedTable(Base):
    """The number under which a table's rows stand in the change log."""

    __tablename__ = "logged_table"

    number: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)


class CurrentAction(Base):
    """The action under way, read by the triggers: one row, empty between actions."""

    __tablename__ = "current_action"

    id: Mapped[Key]
    action_id: Mapped[int | None]
    logged: Mapped[bool]
