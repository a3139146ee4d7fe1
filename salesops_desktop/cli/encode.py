"""Results as JSON."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from pathlib import Path

import numpy as np

from salesops_desktop.model.tables import Table

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


def encode(value: object) -> Json:  # noqa: C901, PLR0911, PLR0912  # one case per kind reads best
    """Turn a job's result into plain JSON values. Money is a string in major units, so that no digit is lost."""
    match value:
        case None | bool() | int() | str() if not isinstance(value, Enum):
            return value
        case float():
            return value if np.isfinite(value) else None
        case Enum():
            return encode(value.value)
        case Decimal():
            return str(value)
        case dt.date() | dt.datetime():
            return value.isoformat()
        case Path():
            return str(value)
        case Table():
            return table(value)
        case np.generic():
            return encode(value.item())
        case np.ndarray():
            return [encode(item) for item in value.tolist()]
        case Mapping():
            return {key if isinstance(key, str) else str(encode(key)): encode(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [encode(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = [f.name for f in dataclasses.fields(value) if not f.name.startswith("_")]
            return {name: encode(getattr(value, name)) for name in fields}
        case _:
            return str(value)


def table(value: Table) -> Json:
    """A table as its title, columns and rows."""
    return {
        "title": value.title,
        "columns": [
            {"name": column.name, "label": column.label, "kind": column.kind.value, "currency": column.currency}
            for column in value.columns
        ],
        "rows": [[encode(cell) for cell in row] for row in value.rows()],
        "notes": list(value.notes),
    }
