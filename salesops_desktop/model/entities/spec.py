"""What a field and an entity are: the form of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from salesops_desktop.model.tables import ValueKind


class OnMissing(StrEnum):
    """What an import does with a reference nothing in the workspace matches."""

    CREATE = "create"
    """Make a record with that name (a manager who has no row of his own)."""
    BLANK = "blank"
    """Keep the row, leave the reference empty, keep the text as an attribute, report it with the likely match."""
    REJECT = "reject"
    """The row means nothing without it."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of an entity."""

    name: str
    label: str
    kind: ValueKind = ValueKind.TEXT
    synonyms: tuple[str, ...] = ()
    required: bool = False
    reference: str | None = None
    """The entity this field names; cells hold one of its keys or its name."""
    on_missing: OnMissing = OnMissing.BLANK
    choices: type[StrEnum] | None = None
    choice_synonyms: tuple[tuple[str, str], ...] = ()
    """(spelling in files, stored value) beyond the stored values themselves; compared case-insensitively."""
    grouped: bool = True
    """Whether digits are grouped on screen; False for numbers that name rather than count, as years do."""
    minimum: float | None = None
    maximum: float | None = None
    scale: float | None = None
    """For stated units, e.g. a column of hours read into minutes is not guessed; kept for documentation."""
    description: str = ""

    @property
    def column(self) -> str:
        """The column that stores the field."""
        return f"{self.name}_id" if self.reference else self.name


@dataclass(frozen=True, slots=True)
class EntitySpec:
    """One kind of record that can be imported."""

    name: str
    """Singular, as in code; also the table's name."""
    label: str
    plural: str
    fields: tuple[FieldSpec, ...]
    keys: tuple[tuple[str, ...], ...]
    """Natural keys, best first; the first whose fields are all mapped decides new or changed."""
    name_field: str = "name"
    """What references and people call a record by."""
    currency_field: str | None = None
    """The field with the currency of all of the entity's money fields."""
    default_sheets: tuple[str, ...] = ()
    """Words in a file's or sheet's name that suggest this entity."""

    def field(self, name: str) -> FieldSpec:
        """The field called ``name``.

        Raises:
            KeyError: there is none.
        """
        for spec in self.fields:
            if spec.name == name:
                return spec
        raise KeyError(name)

    @property
    def required(self) -> tuple[FieldSpec, ...]:
        """Fields without which a row is rejected."""
        return tuple(spec for spec in self.fields if spec.required)


def names(text: str) -> tuple[str, ...]:
    """The words of a comma-separated list."""
    return tuple(part.strip() for part in text.split(","))


def spellings(stored: Mapping[str, Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """(spelling in files, stored value) from the spellings of each stored value."""
    return tuple((spelling, value) for value, found in stored.items() for spelling in found)


LATITUDE = FieldSpec(
    "latitude",
    "Latitude",
    ValueKind.NUMBER,
    synonyms=names("lat, geo lat, billing latitude, y"),
    minimum=-90,
    maximum=90,
)
LONGITUDE = FieldSpec(
    "longitude",
    "Longitude",
    ValueKind.NUMBER,
    synonyms=names("lon, lng, long, geo lon, billing longitude, x"),
    minimum=-180,
    maximum=180,
)
CURRENCY = FieldSpec(
    "currency",
    "Currency",
    synonyms=names("currency code, iso currency, currency iso code, ccy"),
    description="ISO 4217 code; the workspace's currency where empty.",
)
