"""The declarative base, the column types and the columns that all imported records share."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from sqlalchemy import Date, ForeignKey, Index, Integer, MetaData, Text, text
from sqlalchemy.dialects.sqlite import DATETIME
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables of the workspace."""

    metadata = MetaData(naming_convention=NAMING)


Key = Annotated[int, mapped_column(Integer, primary_key=True)]
Minor = Annotated[int, mapped_column(Integer)]
"""An amount in minor units of the row's currency."""
Ppm = Annotated[int, mapped_column(Integer)]
"""A share or rate in parts per million."""
Day = Annotated[dt.date, mapped_column(Date)]
Moment = Annotated[dt.datetime, mapped_column(DATETIME(truncate_microseconds=True))]
"""A point in time in UTC, to the second."""
Json = Annotated[str, mapped_column(Text)]
"""A JSON document as text; its shape is named where the column is."""


def filled_index(table: str, column: str) -> Index:
    """An index of the rows where a reference is filled: what a deletion of the row it names must look up."""
    return Index(f"ix_{table}_{column}", column, sqlite_where=text(f"{column} IS NOT NULL"))


class Imported:
    """What every imported record carries: columns of the file we have no field for, and where the row came from."""

    attributes: Mapped[Json | None]
    """JSON object: header in the file → value."""
    source_id: Mapped[int | None] = mapped_column(ForeignKey("import_source.id", ondelete="SET NULL"))
    source_row: Mapped[int | None]
    """The 1-based row in the sheet it was last imported from."""
