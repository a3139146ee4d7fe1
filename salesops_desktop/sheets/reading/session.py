"""What the child does: inspect a file, remember it, stage it. Runs in the child only."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.progress import Progress
from salesops_desktop.sheets.reading.columns import ORDER_LABELS, ColumnFacts
from salesops_desktop.sheets.reading.container import Container, open_container
from salesops_desktop.sheets.reading.inspection import (
    INFO,
    ColumnInspection,
    FileInspection,
    Notice,
    Option,
    Question,
    ReadOptions,
    SheetInspection,
    StageRequest,
    StageResult,
    TextSettings,
)
from salesops_desktop.sheets.reading.limits import SAMPLE_CELLS, SAMPLE_CHARS, SAMPLE_ROWS
from salesops_desktop.sheets.reading.mapping import suggest
from salesops_desktop.sheets.reading.preflight import column_letters
from salesops_desktop.sheets.reading.returned import read_returned
from salesops_desktop.sheets.reading.returned_lists import read_returned_lists
from salesops_desktop.sheets.reading.shapes import shown
from salesops_desktop.sheets.reading.staging import StagingFile, stage_plan
from salesops_desktop.sheets.reading.survey import Sheet, Survey, survey_sheet
from salesops_desktop.sheets.reading.text import open_text
from salesops_desktop.sheets.reading.workbook import GridSheet, open_workbook
from salesops_desktop.sheets.returned import ReturnedBook
from salesops_desktop.sheets.returned_lists import ListShape, ReturnedLists

Phase = Callable[[str, int], None]
"""Told that a step begins and how many bytes it has to work through (the time allowed follows from it)."""


@dataclass(slots=True)
class Book:
    """A file that has been read: its sheets stay open for staging."""

    key: tuple[str, int, int]
    container: Container
    sha256: str
    format: str
    sheets: Sequence[Sheet]
    notices: list[Notice]
    questions: tuple[Question, ...] = ()
    settings: TextSettings | None = None
    surveys: dict[str, tuple[ReadOptions, Survey]] = field(default_factory=dict)
    options: ReadOptions = field(default_factory=ReadOptions)
    password: str | None = None


class Session:
    """Inspects and stages; keeps the last file between the two."""

    def __init__(self, phase: Phase) -> None:
        self.phase = phase
        self.book: Book | None = None

    def inspect(self, path: Path, password: str | None, options: ReadOptions, progress: Progress) -> FileInspection:
        """Read a file and say what is in it.

        Raises:
            InputRefusedError: it cannot be read.
            PasswordNeededError: it is encrypted.
        """
        book = self._open(path, password, options, progress)
        found = []
        for sheet in book.sheets:
            survey = self._survey(book, sheet, options, progress)
            found.append(_sheet_inspection(book, sheet, survey, path.stem))
        notices = [*book.notices]
        hidden = [sheet.name for sheet in book.sheets if sheet.hidden]
        if hidden:
            notices.append(Notice(f"{len(hidden)} sheets are hidden: {', '.join(hidden[:10])}."))
        return FileInspection(
            path,
            path.name,
            path.stat().st_size,
            book.sha256,
            book.format,
            tuple(found),
            _main_sheet(found),
            tuple(notices),
            book.settings,
            book.questions,
        )

    def stage(self, request: StageRequest, target: Path, progress: Progress) -> StageResult:
        """Check a file's rows and write them into a staging file.

        Raises:
            InputRefusedError: the file or the plan cannot be used.
            DiskFullError: no room for the staging file.
        """
        started = time.perf_counter()
        book = self._open(request.path, request.password, request.options, progress)
        sheets = {sheet.name: sheet for sheet in book.sheets}
        file = StagingFile(target)
        results = []
        try:
            for number, plan in enumerate(request.sheets):
                if plan.sheet not in sheets:
                    raise InputRefusedError(
                        f"There is no sheet called {plan.sheet}.", where=request.path.name, way_out="Inspect it again."
                    )
                sheet = sheets[plan.sheet]
                survey = self._survey(book, sheet, request.options, progress)
                self.phase("Checking rows", request.path.stat().st_size * 40)

                def tick(done: int, total: int) -> None:
                    progress(done, total, "Checking rows")

                results.append(stage_plan(file, number, plan, sheet, survey, tick))
        finally:
            file.close()
        return StageResult(tuple(results), time.perf_counter() - started, book.sha256)

    def returned(self, path: Path, password: str | None, progress: Progress) -> ReturnedBook:
        """Read a territory workbook that came back.

        Raises:
            InputRefusedError: it cannot be read.
            PasswordNeededError: it is encrypted.
        """
        book = self._open(path, password, ReadOptions(), progress)
        sheets = [sheet for sheet in book.sheets if isinstance(sheet, GridSheet)]
        self.phase("Reading proposals", path.stat().st_size * 40)
        return read_returned(
            path.name, book.sha256, book.container, sheets, lambda name: progress(0, 0, f"Reading {name}")
        )

    def returned_lists(
        self, path: Path, password: str | None, shapes: Sequence[ListShape], progress: Progress
    ) -> ReturnedLists:
        """Read a workbook that came back with filled-in lists.

        Raises:
            InputRefusedError: it cannot be read.
            PasswordNeededError: it is encrypted.
        """
        book = self._open(path, password, ReadOptions(), progress)
        sheets = [sheet for sheet in book.sheets if isinstance(sheet, GridSheet)]
        self.phase("Reading entries", path.stat().st_size * 40)
        return read_returned_lists(
            path.name, book.sha256, book.container, sheets, shapes, lambda name: progress(0, 0, f"Reading {name}")
        )

    def _open(self, path: Path, password: str | None, options: ReadOptions, progress: Progress) -> Book:
        try:
            facts = path.stat()
        except OSError as error:
            raise InputRefusedError(
                f"The file cannot be opened: {error.strerror}.",
                where=path.name,
                way_out="Check that it is still there.",
            ) from None
        key = (str(path), facts.st_mtime_ns, facts.st_size)
        held = self.book
        if held is not None and held.key == key and held.password == password and _same_text(held.options, options):
            return held
        self.book = None
        self.phase("Opening the file", facts.st_size)
        container = open_container(path, password)
        book = (
            self._open_text(key, container, options, progress)
            if container.format == "text"
            else self._open_workbook(key, container, progress)
        )
        book.options, book.password = options, password
        if not container.expected_ending:
            book.notices.insert(0, _wrong_ending(container, book.format))
        if container.decrypted and password:
            book.notices.append(Notice("The workbook was opened with the password.", severity=INFO))
        self.book = book
        return book

    def _open_text(
        self, key: tuple[str, int, int], container: Container, options: ReadOptions, progress: Progress
    ) -> Book:
        size = key[2]
        text = open_text(container.open, container.path, options, lambda n: progress(n, size, "Reading the file"))
        kind = "tsv" if text.settings.delimiter == "\t" else "csv"
        return Book(key, container, text.sha256, kind, [text.sheet], list(text.notices), text.questions, text.settings)

    def _open_workbook(self, key: tuple[str, int, int], container: Container, progress: Progress) -> Book:
        with container.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        sheets = open_workbook(
            container, lambda done, total: progress(done, total, "Looking over the workbook"), self.phase
        )
        return Book(key, container, digest, container.format, sheets, [])

    def _survey(self, book: Book, sheet: Sheet, options: ReadOptions, progress: Progress) -> Survey:
        known = book.surveys.get(sheet.name)
        if known is not None and known[0] == options:
            return known[1]
        size = book.key[2]
        text = book.settings is not None
        self.phase(f"Reading {sheet.name}", size * (4 if text else 40))

        def tick(row: int) -> None:
            position = getattr(sheet, "position", 0)
            progress(position, size if position else 0, f"Reading {sheet.name}: row {row:,}")

        hint = "," if book.settings is not None and book.settings.delimiter == ";" else ""
        survey = survey_sheet(sheet, options, text=text, hint=hint, tick=tick)
        book.surveys[sheet.name] = options, survey
        return survey


def _same_text(a: ReadOptions, b: ReadOptions) -> bool:
    return (a.encoding, a.delimiter, a.quote) == (b.encoding, b.delimiter, b.quote)


def _wrong_ending(container: Container, kind: str) -> Notice:
    ending = container.path.suffix or "no ending"
    return Notice(f"The name ends in {ending}, but the file is {kind}; it was read as what it is.", severity=INFO)


def _main_sheet(sheets: Sequence[SheetInspection]) -> int:
    """The visible sheet that most likely holds the data."""
    best, place = -1.0, -1
    for i, sheet in enumerate(sheets):
        score = (sheet.suggestions[0].score if sheet.suggestions else 0.0) + (0.05 if sheet.data_rows else 0.0)
        score += 0.02 if len(sheet.columns) > 1 else 0.0
        score -= 0.5 if sheet.hidden else 0.0
        if score > best + 1e-9 or place < 0:
            best, place = score, i
    return place


def _sheet_inspection(book: Book, sheet: Sheet, survey: Survey, stem: str) -> SheetInspection:
    hidden_columns: frozenset[int] = getattr(sheet, "hidden_columns", frozenset())
    columns = tuple(_column(i, survey.headers[i], survey.facts[i], hidden=i in hidden_columns) for i in survey.kept)
    notices = [
        *sheet.notices,
        *(Notice(n.what, sheet.name, n.severity) for n in survey.notices),
        *(Notice(what, f"{sheet.name}, {column.header}") for column in columns for what in column.notices),
    ]
    if not survey.kept:
        notices.append(Notice("The sheet is empty.", sheet.name, INFO))
    limit = min(SAMPLE_ROWS, max(1, SAMPLE_CELLS // max(len(columns), 1)))
    sample = tuple(
        tuple(shown(row[i])[:SAMPLE_CHARS] if i < len(row) else "" for i in survey.kept)
        for row in survey.sample[:limit]
    )
    guesses = suggest(columns, file_name=stem, sheet_name=sheet.name if book.settings is None else "")
    header = survey.layout.header
    return SheetInspection(
        sheet.name,
        sheet.hidden,
        survey.extent,
        header[-1] + 1 if header else 0,
        len(header),
        survey.layout.first_data + 1,
        survey.data_rows,
        survey.skipped,
        columns,
        sample,
        tuple(_questions(sheet.name, survey, columns)),
        guesses,
        tuple(notices),
    )


def _column(index: int, header: str, facts: ColumnFacts, *, hidden: bool) -> ColumnInspection:
    return ColumnInspection(
        index,
        column_letters(index),
        header,
        facts.kind,
        facts.filled,
        facts.blanks,
        facts.distinct,
        facts.samples,
        facts.date_order,
        facts.evidence,
        facts.decimal_mark,
        facts.thousands_mark,
        facts.currency,
        facts.percent,
        facts.low,
        facts.high,
        hidden,
        facts.notices,
    )


def _questions(sheet: str, survey: Survey, columns: Sequence[ColumnInspection]) -> list[Question]:
    asked = []
    if not survey.layout.header and survey.data_rows:
        first = " | ".join(
            (survey.sample[0][i] and shown(survey.sample[0][i])) or "" for i in range(len(survey.sample[0]))
        )
        asked.append(
            Question(
                "header",
                "The sheet seems to have no header row. Does the first row hold names or data?",
                (
                    Option("0", "Data: there is no header", first[:120]),
                    Option(str(survey.layout.first_data + 1), "Names"),
                ),
                sheet,
                default="0",
            )
        )
    for column in columns:
        if column.date_order == "undecidable":
            example = next(iter(column.samples), "")
            asked.append(
                Question(
                    "date_order",
                    f"Which order have the dates in {column.header}? {column.evidence}".rstrip(),
                    tuple(Option(order, ORDER_LABELS[order], example) for order in ("dmy", "mdy")),
                    sheet,
                    column.index,
                )
            )
        elif survey.facts[column.index].mark_open:
            asked.append(
                Question(
                    "decimal_mark",
                    f"Is the mark in {column.header} a decimal mark or between thousands? {column.evidence}",
                    (Option(".", "Decimal point"), Option(",", "Decimal comma")),
                    sheet,
                    column.index,
                    default=column.decimal_mark,
                )
            )
    return asked
