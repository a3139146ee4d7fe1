"""Checking a forecast workbook that came back: what it says against the model, and every fault of it at once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from sqlalchemy import Connection

from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.forecast_packs import ShownNode, ShownPoint, number_ref, shown_nodes
from salesops_desktop.model.enums import ForecastCategory
from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.model.money import to_minor
from salesops_desktop.sheets.returned_lists import Entry, ListShape, ReturnedLine, ReturnedLists
from salesops_desktop.sheets.writing.forecast_inputs import AMOUNT, CATEGORY, CLOSE, COMMENT, DEALS, KIND, NUMBERS, OWN

__all__ = ["SHAPES", "Answers", "Said", "check_answers", "closing_day", "minor_units", "open_category"]

SHAPES = (
    ListShape(NUMBERS, (OWN, COMMENT), ("For", "Period")),
    ListShape(DEALS, (CATEGORY, AMOUNT, CLOSE, COMMENT), ("Opportunity",)),
)
_LONGEST = 1_000
_EARLIEST, _LATEST = dt.date(1990, 1, 1), dt.date(2200, 1, 1)
_FIELD = {CATEGORY: "category", AMOUNT: "amount", CLOSE: "close date", OWN: "own number"}


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of a workbook, or one made by hand.

    Attributes:
        scope: ``node`` or ``opportunity``.
        field: category, amount, close date, own number, override or comment.
        value: as it is stored: whole minor units (or thousandths) as text, ISO dates, words.
        at_export: what stood there when the workbook left, likewise; None for nothing.
        before: what the workspace has now.
        label: whom or what it is about.
        node: the node's key as stored; None for a deal.
        start: first day of the period; None for a deal.
        end: last day.
        period: its label.
        opportunity: row id; None for a node.
        currency: of the value; None where it is no money.
        reason: the comment beside it; None where there is none.
    """

    scope: str
    field: str
    value: str
    at_export: str | None
    before: str | None
    label: str
    node: str | None = None
    start: str | None = None
    end: str | None = None
    period: str | None = None
    opportunity: int | None = None
    currency: str | None = None
    reason: str | None = None


@dataclass(slots=True)
class Answers:
    """What one workbook says.

    Attributes:
        file: its name.
        sha256: of its bytes.
        who: whose it is.
        person: the person's row id; None where unknown.
        forecast: the kept forecast it answers to; None where it answers to none.
        as_of: the day of knowledge of what it answers to.
        said: the entries.
        faults: rows that cannot be taken, each with its place and the way out.
        notices: what a reader should know.
    """

    file: str
    sha256: str
    who: str
    person: int | None
    forecast: int | None
    as_of: str
    said: list[Said] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def check_answers(connection: Connection, book: ReturnedLists) -> Answers:
    """Tell what a workbook says.

    Raises:
        FaultsError: it is no workbook of this workspace.
    """
    facts = book.facts
    if facts.get("kind") != KIND:
        raise FaultsError(
            "Nothing was imported.",
            [
                Fault(
                    book.file,
                    "this is no forecast workbook of this program, or its hidden sheet has been taken out.",
                    "Take the file that was made by: forecast packs.",
                )
            ],
        )
    ident = facts.get("forecast", "")
    forecast = int(ident) if ident.isdecimal() else None
    known = None
    if forecast is not None:
        known = connection.exec_driver_sql("SELECT currency FROM forecast WHERE id = ?", (forecast,)).one_or_none()
    person = int(facts["person"]) if facts.get("person", "").isdecimal() else None
    name = connection.exec_driver_sql("SELECT name FROM person WHERE id = ?", (person or 0,)).scalar()
    found = Answers(
        book.file, book.sha256, str(name or book.saved_by or facts.get("scope", "somebody")),
        person if name else None, forecast if known else None, facts.get("as_of", "")[:10],
    )  # fmt: skip
    _check_whole(connection, book, found, missing=forecast is not None and known is None)
    nodes = shown_nodes(connection, found.forecast) if found.forecast is not None else []
    numbers = _Numbers(nodes, None if known is None else known[0], book, found)
    deals = _Deals(connection, book, found)
    seen: dict[tuple[str, str], ReturnedLine] = {}
    for line in book.lines:
        if not _filled(line):
            continue
        first = seen.setdefault((line.listed, line.ref), line)
        if first is not line:
            _twice(first, line, book, found)
        elif line.listed == NUMBERS:
            numbers.take(line)
        else:
            deals.take(line)
    return found


def _filled(line: ReturnedLine) -> bool:
    answered = (OWN, COMMENT) if line.listed == NUMBERS else (CATEGORY, AMOUNT, CLOSE, COMMENT)
    return any(line.entries.get(heading) is not None for heading in answered)


def _twice(first: ReturnedLine, line: ReturnedLine, book: ReturnedLists, found: Answers) -> None:
    if first.entries != line.entries:
        where = f"{book.file}, {line.where(COMMENT)}"
        found.faults.append(
            Fault(
                where,
                f"this row is there a second time with something else than in row {first.row}.",
                "The first one counts. Leave one of the two.",
            )
        )


def _check_whole(connection: Connection, book: ReturnedLists, found: Answers, *, missing: bool) -> None:
    if missing:
        found.notices.append(f"{book.file}: the forecast it answers to is not kept any more; its numbers stay out.")
    gone = [name for name in {listed for listed, _ in book.left} if name not in book.found]
    for name in sorted(gone):
        found.notices.append(f"{book.file}: the list {name} is not there any more, or its headings have been changed.")
    there = {(line.listed, line.ref) for line in book.lines}
    lost = [key for key in book.left if key not in there and key[0] in book.found]
    if lost:
        found.notices.append(f"{book.file}: {len(lost):,} rows have been deleted; nothing follows from that.")


def _text(entry: Entry) -> str | None:
    return None if entry is None else str(entry).strip()[:_LONGEST] or None


def minor_units(entry: Entry, currency: str | None) -> int:
    """Minor units (thousandths without a currency).

    Raises:
        ValueError: no number, or further than a millionth from a whole unit.
    """
    if entry is None or isinstance(entry, (bool, dt.date)):
        raise ValueError("it is no number.")
    text = repr(entry) if isinstance(entry, float) else str(entry).replace("\u202f", "").replace("\u00a0", "")
    try:
        value = Decimal(text)
    except InvalidOperation:
        message = f"{text!r} is no number."
        raise ValueError(message) from None
    if currency is not None:
        return to_minor(value, currency)
    return int((value * 1000).to_integral_value())


class _Numbers:
    """The rows of people and periods."""

    def __init__(self, nodes: Sequence[ShownNode], currency: str | None, book: ReturnedLists, found: Answers) -> None:
        self._points: dict[str, tuple[ShownNode, ShownPoint]] = {
            number_ref(node, point): (node, point) for node in nodes for point in node.points
        }
        self._currency, self._book, self._found = currency, book, found

    def take(self, line: ReturnedLine) -> None:
        book, found = self._book, self._found
        held = self._points.get(line.ref)
        where = f"{book.file}, {line.where(OWN)}"
        if found.forecast is None:
            return
        if held is None or (NUMBERS, line.ref) not in book.left:
            what = "the reference of this row has been changed, or it was not in the file."
            found.faults.append(Fault(where, what, "Carry the number over into the row that was exported."))
            return
        node, point = held
        left = _left(book, line)
        reason, entry = _text(line.entries.get(COMMENT)), line.entries.get(OWN)
        field, value = "comment", reason or ""
        if entry is not None:
            try:
                field, value = "own number", str(minor_units(entry, self._currency))
            except (ValueError, OverflowError) as error:
                what = f"the number for {node.label} in {point.label} cannot be taken: {error}"
                found.faults.append(Fault(where, what, "Enter a plain number."))
                return
        found.said.append(
            Said(
                "node", field, value, None if left.get("model") is None else str(left["model"]), str(point.mean),
                node.label, node.key, point.start.isoformat(), point.end.isoformat(), point.label, None,
                self._currency if field != "comment" else None, reason if field != "comment" else None,
            )
        )  # fmt: skip


class _Deals:
    """The rows of deals."""

    def __init__(self, connection: Connection, book: ReturnedLists, found: Answers) -> None:
        home = company(connection).currency
        rows = connection.exec_driver_sql(
            "SELECT id, coalesce(name, external_id), status, forecast_category, amount, currency, close_on "
            "FROM opportunity"
        )
        self._deals = {str(row[0]): (row[1], row[2], row[3], row[4], row[5] or home, row[6]) for row in rows}
        self._book, self._found = book, found

    def take(self, line: ReturnedLine) -> None:
        book, found = self._book, self._found
        where = f"{book.file}, {line.where(COMMENT)}"
        held = self._deals.get(line.ref)
        if (DEALS, line.ref) not in book.left:
            what = "the reference of this deal has been changed, or it was not in the file."
            found.faults.append(Fault(where, what, "Carry the entries over into the row that was exported."))
            return
        if held is None:
            found.faults.append(
                Fault(where, "the deal is not in the workspace any more.", "Nothing can be said of it.")
            )
            return
        name, status, category, amount, currency, close = held
        if status != "open":
            found.notices.append(
                f"{where}: {name} is {status} by now; what is said of it is kept, and changes nothing."
            )
        left = _left(book, line)
        reason = _text(line.entries.get(COMMENT))
        now = {CATEGORY: category, AMOUNT: None if amount is None else str(amount), CLOSE: close}
        then = {CATEGORY: left.get("category") or None, AMOUNT: left.get("amount"), CLOSE: left.get("close_on")}
        said = 0
        for heading in (CATEGORY, AMOUNT, CLOSE):
            entry = line.entries.get(heading)
            if entry is None:
                continue
            try:
                value = self._value(heading, entry, currency)
            except (ValueError, OverflowError) as error:
                place = f"{book.file}, {line.where(heading)}"
                found.faults.append(Fault(place, f"{name}: {error}", "See the note at the cell."))
                continue
            if value == now[heading]:
                found.notices.append(f"{book.file}, {line.where(heading)}: {name} has this already.")
                continue
            said += 1
            before = then[heading]
            found.said.append(
                Said(
                    "opportunity", _FIELD[heading], value, None if before is None else str(before), now[heading],
                    str(name), opportunity=int(line.ref), currency=currency if heading == AMOUNT else None,
                    reason=reason,
                )
            )  # fmt: skip
        if reason and not said:
            found.said.append(Said("opportunity", "comment", reason, None, None, str(name), opportunity=int(line.ref)))

    @staticmethod
    def _value(heading: str, entry: Entry, currency: str) -> str:
        if heading == AMOUNT:
            minor = minor_units(entry, currency)
            if minor < 0:
                raise ValueError("an amount below zero is no deal.")
            return str(minor)
        if heading == CLOSE:
            return closing_day(entry).isoformat()
        return open_category(str(entry))


def open_category(text: str) -> str:
    """A forecast category of open deals.

    Raises:
        ValueError: it is none.
    """
    word = " ".join(text.split()).casefold()
    allowed = [str(c) for c in ForecastCategory if c is not ForecastCategory.CLOSED]
    if word not in allowed:
        message = f"{text!r} is no forecast category: {', '.join(allowed)}."
        raise ValueError(message)
    return word


def closing_day(entry: Entry) -> dt.date:
    """A day on which a deal can close.

    Raises:
        ValueError: it is no such day.
    """
    if isinstance(entry, dt.datetime):
        entry = entry.date()
    if not isinstance(entry, dt.date):
        try:
            entry = dt.date.fromisoformat(str(entry).strip())
        except ValueError:
            message = f"{entry!r} is no date."
            raise ValueError(message) from None
    if not _EARLIEST <= entry <= _LATEST:
        message = f"{entry} is no day a deal can close on."
        raise ValueError(message)
    return entry


def _left(book: ReturnedLists, line: ReturnedLine) -> Mapping[str, str | int | None]:
    held: Mapping[str, str | int | None] = json.loads(book.left[line.listed, line.ref])
    return held
