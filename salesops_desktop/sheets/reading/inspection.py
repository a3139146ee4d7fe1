"""What crosses the border between the program and the child that parses: questions asked and findings told.

Everything here is a frozen, picklable dataclass of plain values. Big data does not cross: staged rows go into a file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from salesops_desktop.model.tables import ValueKind

INFO = "info"
WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader noticed and the person should know."""

    what: str
    """A full sentence."""
    where: str = ""
    """Sheet, column, line or cell; empty for the whole file."""
    severity: str = WARNING
    """``info`` (said for completeness) or ``warning`` (data may differ from what was meant)."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to a question."""

    value: str
    label: str
    example: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Something the file does not decide; the person does.

    Attributes:
        kind: ``date_order``, ``encoding``, ``header`` or ``decimal_mark``.
        text: the question as a sentence.
        options: the answers to choose from.
        sheet: the sheet concerned, empty for the file.
        column: the 0-based column concerned, None for the sheet or file.
        default: the answer used when nobody answers; empty where nothing may be guessed.
    """

    kind: str
    text: str
    options: tuple[Option, ...]
    sheet: str = ""
    column: int | None = None
    default: str = ""


@dataclass(frozen=True, slots=True)
class TextSettings:
    """How a text file was read: detected, shown, and open to be overridden."""

    encoding: str
    encoding_evidence: str
    confidence: float
    """0 to 1."""
    alternatives: tuple[str, ...]
    delimiter: str
    """Empty where there is one column only."""
    quote: str
    """Empty where nothing is quoted."""


@dataclass(frozen=True, slots=True)
class ColumnInspection:
    """One column, judged from all of its rows."""

    index: int
    """0-based place in the sheet."""
    letter: str
    header: str
    """Never blank, never twice in one sheet."""
    kind: ValueKind
    filled: int
    blanks: int
    distinct: int
    """Different values, counted up to :data:`~salesops_desktop.sheets.reading.limits.DISTINCT_CAP`."""
    samples: tuple[str, ...] = ()
    date_order: str | None = None
    """``dmy``, ``mdy``, ``ymd``, ``undecidable``, or None where the column holds no dates."""
    evidence: str = ""
    """The sentence that says how date order or decimal mark were decided."""
    decimal_mark: str = ""
    thousands_mark: str = ""
    currency: str = ""
    """The ISO code seen on the values, if it was one and the same."""
    percent: bool = False
    low: float | None = None
    high: float | None = None
    hidden: bool = False
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EntityGuess:
    """What a sheet may be, and which column is which field."""

    entity: str
    score: float
    """0 to 1."""
    mapping: Mapping[int, str]
    """Column index to field name."""
    why: Mapping[int, str]
    """Column index to the reason, as a phrase."""
    missing: tuple[str, ...] = ()
    """Required fields no column was found for."""


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that is no data row."""

    row: int
    """1-based."""
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class SheetInspection:
    """One sheet (a text file has one)."""

    name: str
    hidden: bool
    extent: tuple[int, int]
    """Rows and columns of the used range, header and all."""
    header_row: int
    """1-based; 0 where there is none. The last one where a header has two rows."""
    header_rows: int
    first_data_row: int
    data_rows: int
    skipped: tuple[SkippedRow, ...]
    columns: tuple[ColumnInspection, ...]
    sample: tuple[tuple[str, ...], ...]
    """The first data rows as shown text, one string per entry of ``columns``."""
    questions: tuple[Question, ...] = ()
    suggestions: tuple[EntityGuess, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """The columns' headers."""
        return tuple(column.header for column in self.columns)


@dataclass(frozen=True, slots=True)
class FileInspection:
    """All that was found in a file."""

    path: Path
    name: str
    size: int
    sha256: str
    format: str
    """csv, tsv, xlsx, xlsm, xls, xlsb or ods: what it is, whatever it is called."""
    sheets: tuple[SheetInspection, ...]
    main_sheet: int
    """Index of the sheet that most likely holds the data; -1 where the file holds none."""
    notices: tuple[Notice, ...] = ()
    text: TextSettings | None = None
    questions: tuple[Question, ...] = ()
    """Those about the file as a whole; each sheet has its own too."""

    @property
    def main(self) -> SheetInspection | None:
        """The sheet that most likely holds the data."""
        return self.sheets[self.main_sheet] if self.main_sheet >= 0 else None

    @property
    def all_questions(self) -> tuple[Question, ...]:
        """Those of the file and of its visible sheets."""
        return self.questions + tuple(q for sheet in self.sheets if not sheet.hidden for q in sheet.questions)

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """Those that must be answered before an import: nothing may be guessed."""
        return tuple(question for question in self.all_questions if not question.default)

    @property
    def all_notices(self) -> tuple[Notice, ...]:
        """Those of the file and of its sheets."""
        return self.notices + tuple(n for sheet in self.sheets for n in sheet.notices)

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """The notices that are more than information."""
        return tuple(notice for notice in self.all_notices if notice.severity == WARNING)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person decided against the detection. Empty means: as detected."""

    encoding: str = ""
    delimiter: str = ""
    quote: str = ""
    header_rows: Mapping[str, int] = field(default_factory=dict)
    """Sheet name to the 1-based row of the header; 0 for none."""
    date_orders: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """(sheet name, column index) to ``dmy``, ``mdy`` or ``ymd``."""
    decimal_marks: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """(sheet name, column index) to ``.`` or ``,``."""


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """What to make of one sheet."""

    sheet: str
    entity: str
    mapping: Mapping[int, str]
    """Column index to field name."""
    default_currency: str = "USD"
    date_orders: Mapping[int, str] = field(default_factory=dict)
    """Column index to ``dmy``, ``mdy`` or ``ymd``; answers to the questions of the inspection."""
    keep_unmapped: bool = True
    """Keep the values of unmapped columns as attributes."""


@dataclass(frozen=True, slots=True)
class StageRequest:
    """A file and what to make of its sheets."""

    path: Path
    sheets: tuple[SheetPlan, ...]
    password: str | None = None
    options: ReadOptions = field(default_factory=ReadOptions)


@dataclass(frozen=True, slots=True)
class PlanResult:
    """What came of one plan. ``rows`` is always ``staged + rejected``."""

    sheet: str
    entity: str
    rows: int
    staged: int
    rejected: int
    issues: int
    skipped: int
    """Rows that are no data: preamble, blank, totals, footer."""


@dataclass(frozen=True, slots=True)
class StageResult:
    """What was staged."""

    plans: tuple[PlanResult, ...]
    seconds: float
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class SavedMapping:
    """A mapping to be remembered per source and used when the same headers come again.

    Headers, not places, are kept: a column that moved is still found.
    """

    entity: str
    fields: Mapping[str, str]
    """Header to field name."""
    default_currency: str = ""
    date_orders: Mapping[str, str] = field(default_factory=dict)
    """Header to the answered date order."""

    @staticmethod
    def signature(headers: Sequence[str]) -> str:
        """A short key for a set of headers, the same in whatever order and case they come."""
        folded = sorted(" ".join(header.split()).casefold() for header in headers)
        return hashlib.sha256("\x1f".join(folded).encode()).hexdigest()[:32]

    @classmethod
    def of(cls, sheet: SheetInspection, plan: SheetPlan) -> SavedMapping:
        """What is worth remembering of a plan for ``sheet``."""
        headers = {column.index: column.header for column in sheet.columns}
        return cls(
            plan.entity,
            {headers[i]: name for i, name in plan.mapping.items() if i in headers},
            plan.default_currency,
            {headers[i]: order for i, order in plan.date_orders.items() if i in headers},
        )

    def plan(self, sheet: SheetInspection, *, default_currency: str = "USD") -> SheetPlan:
        """The plan for ``sheet``; headers that are gone are left out."""
        return SheetPlan(
            sheet.name,
            self.entity,
            {c.index: self.fields[c.header] for c in sheet.columns if c.header in self.fields},
            self.default_currency or default_currency,
            {c.index: self.date_orders[c.header] for c in sheet.columns if c.header in self.date_orders},
        )

    def to_dict(self) -> dict[str, object]:
        """A plain dictionary for storing as JSON."""
        return {
            "entity": self.entity,
            "fields": dict(self.fields),
            "default_currency": self.default_currency,
            "date_orders": dict(self.date_orders),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> SavedMapping:
        """The inverse of :meth:`to_dict`.

        Raises:
            ValueError: ``data`` is not what :meth:`to_dict` makes.
        """
        entity, fields, currency, orders = (
            data.get(k) for k in ("entity", "fields", "default_currency", "date_orders")
        )
        if not isinstance(entity, str) or not isinstance(fields, Mapping):
            message = f"Not a saved mapping: {json.dumps(dict(data), default=str)[:200]}"
            raise ValueError(message)  # noqa: TRY004  # a file with a wrong value, not a wrong call
        return cls(
            entity,
            {str(k): str(v) for k, v in fields.items()},
            currency if isinstance(currency, str) else "",
            {str(k): str(v) for k, v in orders.items()} if isinstance(orders, Mapping) else {},
        )
