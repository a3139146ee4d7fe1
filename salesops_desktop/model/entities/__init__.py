"""The catalogue of what can be imported: entities, their fields and the names CRMs give them.

One declaration serves the mapping of spreadsheet columns, the check of cells, the import, the grid's columns and the
reference page. Every field's ``name`` is the column of the same name in the workspace (a reference field ``owner`` is
stored as ``owner_id``).
"""

from __future__ import annotations

from salesops_desktop.model.entities.money import (
    CREDIT,
    EXCHANGE_RATE,
    QUOTA,
    REPORTING,
    SCORE,
    TARGET_INCENTIVE,
    TRANSACTION,
)
from salesops_desktop.model.entities.people import ACCOUNT, PERSON, PRODUCT
from salesops_desktop.model.entities.pipeline import ACTIVITY, LEAD, OPPORTUNITY, SNAPSHOT_LINE
from salesops_desktop.model.entities.spec import EntitySpec, FieldSpec, OnMissing

__all__ = [
    "ACCOUNT",
    "ACTIVITY",
    "CREDIT",
    "ENTITIES",
    "EXCHANGE_RATE",
    "LEAD",
    "OPPORTUNITY",
    "PERSON",
    "PRODUCT",
    "QUOTA",
    "REPORTING",
    "SCORE",
    "SNAPSHOT_LINE",
    "TARGET_INCENTIVE",
    "TRANSACTION",
    "EntitySpec",
    "FieldSpec",
    "OnMissing",
    "entity",
]

ENTITIES: tuple[EntitySpec, ...] = (
    PRODUCT,
    PERSON,
    ACCOUNT,
    OPPORTUNITY,
    SNAPSHOT_LINE,
    TRANSACTION,
    CREDIT,
    LEAD,
    ACTIVITY,
    QUOTA,
    TARGET_INCENTIVE,
    SCORE,
    REPORTING,
    EXCHANGE_RATE,
)
"""In the order in which files must be imported so that references find their records."""

_BY_NAME = {spec.name: spec for spec in ENTITIES}


def entity(name: str) -> EntitySpec:
    """The entity called ``name``.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]
