"""From files to a draft of an import: what is in them, and what is to be made of it. Nothing is written."""

from __future__ import annotations

import atexit
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.model.entities import ENTITIES, entity
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.progress import part_of
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.reading.inspection import (
    EntityGuess,
    FileInspection,
    Question,
    ReadOptions,
    SavedMapping,
    SheetInspection,
    SheetPlan,
)
from salesops_desktop.sheets.reading.reader import SheetReader

__all__ = [
    "DraftFile",
    "DraftSheet",
    "EntityGuess",
    "FileInspection",
    "ImportDraft",
    "Question",
    "ReadOptions",
    "SheetInspection",
    "SheetPlan",
    "answered",
    "draft_of",
    "planned",
    "reader",
    "reread",
]

GOOD_GUESS = 0.5
"""A sheet is proposed for import where its best suggestion scores at least this."""


@cache
def reader() -> SheetReader:
    """The one warm child that parses files; it ends with the program."""
    made = SheetReader()
    atexit.register(made.close)
    return made


@dataclass(frozen=True, slots=True)
class DraftSheet:
    """One sheet and what is to be made of it."""

    inspection: SheetInspection
    plan: SheetPlan | None
    """None leaves the sheet out."""
    remembered: bool
    """Whether the plan comes from an earlier import of the same headers."""
    questions: tuple[Question, ...]
    """Those still to be answered before the import can go on."""


@dataclass(frozen=True, slots=True)
class DraftFile:
    """One file and what is to be made of its sheets."""

    path: Path
    password: str | None
    options: ReadOptions
    inspection: FileInspection
    sheets: tuple[DraftSheet, ...]


@dataclass(frozen=True, slots=True)
class ImportDraft:
    """All files of one import."""

    files: tuple[DraftFile, ...]
    as_of: dt.date | None = None
    """The day pipeline exports speak of; found per file where None."""

    @property
    def questions(self) -> tuple[tuple[int, str, Question], ...]:
        """(file number, sheet, question) of all that is still open."""
        return tuple(
            (number, sheet.inspection.name, question)
            for number, file in enumerate(self.files)
            for sheet in file.sheets
            if sheet.plan is not None
            for question in sheet.questions
        )

    @property
    def planned(self) -> int:
        """How many sheets will be imported."""
        return sum(sheet.plan is not None for file in self.files for sheet in file.sheets)

    def summary(self) -> Sequence[str]:
        """What was found, what is unclear."""
        said = []
        for file in self.files:
            kept = sum(sheet.plan is not None for sheet in file.sheets)
            text = file.inspection.text
            how = f", {text.encoding}, delimiter {text.delimiter!r}" if text else ""
            said.append(
                f"{file.path.name}: {file.inspection.format}{how}; {kept} of {len(file.sheets)} sheets to import."
            )
            said.extend(f"  {n.where + ': ' if n.where else ''}{n.what}" for n in file.inspection.all_notices)
        said.extend(f"To be answered: {question.text}" for _, _, question in self.questions)
        return said

    def tables(self) -> Sequence[Table]:
        """One row per column of each sheet."""
        specs = [
            ColumnSpec("file", "File", ValueKind.TEXT),
            ColumnSpec("sheet", "Sheet", ValueKind.TEXT),
            ColumnSpec("entity", "Records", ValueKind.TEXT),
            ColumnSpec("column", "Column", ValueKind.TEXT),
            ColumnSpec("header", "Header", ValueKind.TEXT),
            ColumnSpec("field", "Field", ValueKind.TEXT),
            ColumnSpec("kind", "Kind", ValueKind.TEXT),
            ColumnSpec("evidence", "Evidence", ValueKind.TEXT),
        ]
        rows = []
        for file in self.files:
            for sheet in file.sheets:
                plan = sheet.plan
                for column in sheet.inspection.columns:
                    field = plan.mapping.get(column.index) if plan else None
                    label = entity(plan.entity).field(field).label if plan and field else None
                    records = entity(plan.entity).plural if plan else "left out"
                    rows.append(
                        (
                            file.path.name,
                            sheet.inspection.name,
                            records,
                            column.letter,
                            column.header,
                            label,
                            column.kind.value,
                            column.evidence,
                        )
                    )
        return [build_table("Columns", specs, rows)]


def draft_of(  # the arguments are the command line's
    context: JobContext,
    paths: Sequence[Path],
    *,
    passwords: Sequence[str] = (),
    as_: str | None = None,
    mapping: Path | None = None,
    as_of: dt.date | None = None,
) -> ImportDraft:
    """Inspect files and plan their import: remembered mappings first, else the best suggestion.

    Raises:
        InputRefusedError: a file cannot be read.
        PasswordNeededError: a file is encrypted and no password fits.
    """
    forced = _read_mapping(mapping) if mapping else None
    files = []
    share = 100 / max(len(paths), 1)
    for number, path in enumerate(paths):
        part = replace(context, progress=part_of(context.progress, number * share, (number + 1) * share))
        files.append(_draft_file(part, path, _password(passwords, number), ReadOptions(), as_, forced))
    return ImportDraft(tuple(files), as_of)


def _password(passwords: Sequence[str], number: int) -> str | None:
    if not passwords:
        return None
    return passwords[min(number, len(passwords) - 1)]


def reread(
    context: JobContext, draft: ImportDraft, number: int, options: ReadOptions, password: str | None = None
) -> ImportDraft:
    """Read one file of the draft again with other options; the plans of its sheets are made anew."""
    old = draft.files[number]
    made = _draft_file(context, old.path, password or old.password, options, None, None)
    return replace(draft, files=(*draft.files[:number], made, *draft.files[number + 1 :]))


def planned(draft: ImportDraft, number: int, sheet_name: str, plan: SheetPlan | None) -> ImportDraft:
    """The draft with another plan for one sheet; None leaves the sheet out."""
    old = draft.files[number]
    sheets = tuple(
        replace(
            s, plan=plan, remembered=False, questions=_open_questions(old.inspection, s.inspection, plan, old.options)
        )
        if s.inspection.name == sheet_name
        else s
        for s in old.sheets
    )
    made = replace(old, sheets=sheets)
    return replace(draft, files=(*draft.files[:number], made, *draft.files[number + 1 :]))


def answered(context: JobContext, draft: ImportDraft, number: int, question: Question, value: str) -> ImportDraft:
    """The draft with one question answered: a date order goes into the plan, anything else reads the file again."""
    file = draft.files[number]
    if question.kind == "date_order" and question.column is not None:
        sheet = next(s for s in file.sheets if s.inspection.name == question.sheet)
        if sheet.plan is None:
            return draft
        orders = {**sheet.plan.date_orders, question.column: value}
        return planned(draft, number, question.sheet, replace(sheet.plan, date_orders=orders))
    options = file.options
    match question.kind:
        case "encoding":
            options = replace(options, encoding=value)
        case "header":
            options = replace(options, header_rows={**options.header_rows, question.sheet: int(value)})
        case "decimal_mark" if question.column is not None:
            key = (question.sheet, question.column)
            options = replace(options, decimal_marks={**options.decimal_marks, key: value})
    return reread(context, draft, number, options)


def _draft_file(
    context: JobContext,
    path: Path,
    password: str | None,
    options: ReadOptions,
    as_: str | None,
    forced: SavedMapping | None,
) -> DraftFile:
    inspection = reader().inspect(path, password=password, options=options, progress=context.progress)
    remembered = _remembered(context)
    currency = _currency(context)
    sheets = []
    for index, sheet in enumerate(inspection.sheets):
        saved = remembered.get(SavedMapping.signature(sheet.headers)) if forced is None and as_ is None else None
        if forced is not None:
            plan: SheetPlan | None = forced.plan(sheet, default_currency=currency)
        elif saved is not None:
            plan = saved.plan(sheet, default_currency=currency)
        else:
            plan = _suggested(inspection, index, as_, currency)
        if sheet.hidden and forced is None and as_ is None:
            plan = None
        if plan is not None and not plan.mapping:
            plan = None
        questions = _open_questions(inspection, sheet, plan, options)
        sheets.append(DraftSheet(sheet, plan, saved is not None and plan is not None, questions))
    return DraftFile(path, password, options, inspection, tuple(sheets))


def _suggested(inspection: FileInspection, index: int, as_: str | None, currency: str) -> SheetPlan | None:
    sheet = inspection.sheets[index]
    if as_ is not None:
        known = [spec.name for spec in ENTITIES]
        if as_ not in known:
            message = f"There are no records called {as_!r}."
            raise InputRefusedError(message, way_out=f"Choose one of {', '.join(known)}.")
        found = next((guess for guess in sheet.suggestions if guess.entity == as_), None)
    else:
        found = sheet.suggestions[0] if sheet.suggestions else None
        if found is not None and (found.score < GOOD_GUESS or found.missing):
            found = None
        # one column of a name among several sheets is a cover or a list of notes, not a table of records
        if found is not None and len(found.mapping) < 2 <= len(inspection.sheets):
            found = None
    return SheetPlan(sheet.name, found.entity, dict(found.mapping), currency) if found else None


def _open_questions(
    inspection: FileInspection, sheet: SheetInspection, plan: SheetPlan | None, options: ReadOptions
) -> tuple[Question, ...]:
    if plan is None:
        return ()
    still = []
    for question in (*inspection.questions, *sheet.questions):
        if question.default or (question.sheet and question.sheet != sheet.name):
            continue
        column = question.column
        if question.kind == "date_order" and column is not None:
            done = (
                column in plan.date_orders or column not in plan.mapping or (sheet.name, column) in options.date_orders
            )
        elif question.kind == "encoding":
            done = bool(options.encoding)
        elif question.kind == "header":
            done = sheet.name in options.header_rows
        elif question.kind == "decimal_mark" and column is not None:
            done = column not in plan.mapping or (sheet.name, column) in options.decimal_marks
        else:
            done = False
        if not done:
            still.append(question)
    return tuple(still)


def _currency(context: JobContext) -> str:
    from salesops_desktop.workspace.settings import read_setting  # noqa: PLC0415

    if context.current is None:
        return "USD"
    with context.workspace.read() as connection:
        return read_setting(connection, "currency")


def _remembered(context: JobContext) -> dict[str, SavedMapping]:
    if context.current is None:
        return {}
    with context.workspace.read() as connection:
        rows = connection.exec_driver_sql("SELECT signature, entity, mapping, options FROM saved_mapping").fetchall()
    return {row[0]: mapping_from(row[1], row[2], row[3]) for row in rows}


def mapping_from(entity_name: str, mapping: str, options: str | None) -> SavedMapping:
    """A remembered mapping from its stored parts."""
    extra = json.loads(options) if options else {}
    return SavedMapping(
        entity_name, json.loads(mapping), extra.get("default_currency", ""), extra.get("date_orders", {})
    )


def _read_mapping(path: Path) -> SavedMapping:
    """A mapping file: JSON with ``entity``, ``fields`` (header → field) and, if wanted, ``date_orders``."""
    try:
        document = json.loads(path.read_text("utf-8"))
        spec = entity(document["entity"])
        fields = {str(header): spec.field(name).name for header, name in document["fields"].items()}
        return SavedMapping(
            spec.name, fields, document.get("default_currency", ""), dict(document.get("date_orders", {}))
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputRefusedError(
            "This is no mapping.",
            where=str(path),
            way_out='It should be JSON such as {"entity": "account", "fields": {"Company": "name"}}.',
            details=repr(error),
        ) from error
