"""A workbook for each manager with the model's figures for their people and deals, to be answered and sent back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.commission.exchange import convert_column
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.currencies import ExchangeRates, load_rates
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.exported import Exported, provenance
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.money import FX_SCALE
from salesops_desktop.sheets.writing.book import Book, Provenance
from salesops_desktop.sheets.writing.folder import file_name, write_folder
from salesops_desktop.sheets.writing.forecast_inputs import DealRow, InputBook, NumberRow, input_book

__all__ = ["ShownNode", "ShownPoint", "export_forecast_packs", "number_ref", "shown_nodes"]

_POINTS = """
SELECT node_id, period_start, period_end, period_label, mean, low80, high80 FROM forecast_point
WHERE forecast_id = ? ORDER BY period_start
"""
_DEALS = """
SELECT o.id, o.external_id, coalesce(o.name, ''), coalesce(a.name, ''), coalesce(w.name, ''), o.stage,
       coalesce(o.forecast_category, ''), o.amount, o.currency, o.close_on, o.owner_id,
       (SELECT l.probability FROM pipeline_line l WHERE l.opportunity_id = o.id ORDER BY l.id DESC LIMIT 1)
FROM opportunity o LEFT JOIN account a ON a.id = o.account_id LEFT JOIN person w ON w.id = o.owner_id
WHERE o.status = 'open' ORDER BY o.amount DESC, o.id
"""


@dataclass(frozen=True, slots=True)
class ShownPoint:
    """A period of a kept forecast; minor units, or thousandths where it is no money."""

    start: dt.date
    end: dt.date
    label: str
    mean: int
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class ShownNode:
    """A node of a kept forecast with its periods; the company has an empty key and no row id."""

    id: int | None
    label: str
    key: str
    dimension: str
    person: int | None
    points: tuple[ShownPoint, ...]


@dataclass(frozen=True, slots=True)
class _Head:
    id: int
    name: str
    as_of: str
    currency: str | None
    measure: str


def number_ref(node: ShownNode, point: ShownPoint) -> str:
    """By which a node's period is known in a workbook."""
    return f"{node.id or 0}:{point.start.isoformat()}"


@job(
    "forecast packs",
    title="Export a forecast workbook for each manager",
    group="forecast",
    examples=(
        "forecast packs company.salesops packs/",
        "forecast packs company.salesops packs/ --manager 'Olga Petrov'",
    ),
)
def export_forecast_packs(context: JobContext, out: Path, *, number: int = 0, manager: str = "") -> Exported:
    """Write each manager's people and open deals as a workbook to judge and send back; all of them or none.

    Args:
        out: the folder; made if it does not exist.
        number: the kept forecast whose figures are shown; by default the newest that has nodes of people.
        manager: only this manager's workbook.
    """
    with context.workspace.read() as connection:
        head = _head(connection, number)
        nodes = [] if head is None else shown_nodes(connection, head.id)
        where = provenance(context, connection, "Forecast to judge", "" if head is None else f"as of {head.as_of}")
        books = [
            book
            for book in _books(connection, head, nodes, where, context.path.name)
            if not manager or book.scope.casefold() == " ".join(manager.split()).casefold()
        ]
    if not books and manager:
        raise InputRefusedError(
            f"{manager} manages nobody with open deals or a forecast.",
            way_out="Give a manager's name as on the roster.",
        )
    if not books:
        raise NothingToDoError(
            "No manager has people with open deals or a forecast.",
            way_out="Import the roster with its managers, or run: forecast nodes.",
        )
    return Exported(write_folder(out, _named(books), context.progress))


def _named(books: Sequence[InputBook]) -> Iterator[tuple[str, Book]]:
    taken: set[str] = set()
    for book in books:
        yield file_name(f"Forecast {book.scope}", taken, "Forecast"), input_book(book)


def _head(connection: Connection, number: int) -> _Head | None:
    rows = connection.exec_driver_sql(
        "SELECT f.id, f.name, f.as_of, f.currency, f.measure FROM forecast f WHERE f.kind = 'series' AND "
        "(f.id = ?1 OR ?1 = 0 AND f.origin = 'shown' AND EXISTS (SELECT 1 FROM forecast_node n "
        "WHERE n.forecast_id = f.id AND n.person_id IS NOT NULL)) ORDER BY f.as_of DESC, f.id DESC LIMIT 1",
        (number,),
    ).fetchall()
    if not rows and number:
        raise InputRefusedError(f"There is no kept forecast {number}.", way_out="See the list: forecast list.")
    return _Head(*rows[0]) if rows else None


def shown_nodes(connection: Connection, forecast: int) -> list[ShownNode]:
    """The nodes of a kept forecast with their periods, the company first, in the order of the tree."""
    points: dict[int | None, list[ShownPoint]] = {}
    day = dt.date.fromisoformat
    for node, start, end, label, mean, low, high in connection.exec_driver_sql(_POINTS, (forecast,)):
        points.setdefault(node, []).append(ShownPoint(day(start), day(end), label, mean, low, high))
    found = [ShownNode(None, "Company", "{}", "company", None, tuple(points.get(None, ())))]
    rows = connection.exec_driver_sql(
        "SELECT id, label, key, dimension, person_id FROM forecast_node WHERE forecast_id = ? ORDER BY number",
        (forecast,),
    )
    for ident, label, key, dimension, person in rows:
        found.append(ShownNode(ident, label, key, dimension, person, tuple(points.get(ident, ()))))
    return found


def _books(
    connection: Connection, head: _Head | None, nodes: Sequence[ShownNode], where: Provenance, workspace: str
) -> Iterator[InputBook]:
    facts = company(connection)
    deals = connection.exec_driver_sql(_DEALS).fetchall()
    rates = load_rates(connection)
    today = dt.date.fromisoformat(head.as_of) if head else dt.datetime.now(dt.UTC).date()
    teams: dict[int, list[int]] = {}
    names: dict[int, str] = {}
    for ident, name, boss in connection.exec_driver_sql("SELECT id, name, manager_id FROM person ORDER BY name, id"):
        names[ident] = name
        if boss is not None:
            teams.setdefault(boss, []).append(ident)
    for boss in sorted(teams, key=lambda ident: (names[ident], ident)):
        people = {boss, *teams[boss]}
        numbers = list(_numbers(nodes, boss, people))
        own = [_deal(row, facts.currency, rates, today) for row in deals if row[10] in people]
        if not numbers and not own:
            continue
        facts_of = (
            ("workspace", workspace),
            ("forecast", str(head.id) if head else ""),
            ("as_of", today.isoformat()),
            ("scope", names[boss]),
            ("person", str(boss)),
        )
        currency = head.currency if head else facts.currency
        unit = head.measure if head and head.currency is None else ""
        yield InputBook(where, facts_of, names[boss], currency, unit, tuple(numbers), tuple(own))


def _numbers(nodes: Sequence[ShownNode], boss: int, people: set[int]) -> Iterator[NumberRow]:
    team = [n for n in nodes if n.person == boss and n.dimension != "person"]
    single = [n for n in nodes if n.person in people and n.dimension == "person"]
    chosen = [(n, True) for n in team] + [(n, False) for n in single]
    starts = sorted({point.start for node, _ in chosen for point in node.points})
    for start in starts:
        for node, whole in chosen:
            for point in node.points:
                if point.start == start:
                    ref = number_ref(node, point)
                    yield NumberRow(ref, node.label, whole, point.label, point.mean, point.low, point.high)


def _deal(row: Sequence[object], home: str, rates: ExchangeRates, today: dt.date) -> DealRow:
    ident, key, name, account, owner, stage, category, amount, currency, close, _, probability = row
    minor = None if amount is None else int(str(amount))
    own = str(currency or home)
    scaled = FX_SCALE if own == home else int(rates.lookup(own, home, np.array([today], dtype="datetime64[D]"))[0])
    worth = None
    if minor is not None and scaled:
        worth = minor if own == home else int(convert_column(np.array([minor]), own, home, np.array([scaled]))[0])
    return DealRow(
        str(ident), str(key or ""), str(name), str(account), str(owner), str(stage or ""), str(category), minor, own,
        worth, scaled / FX_SCALE if scaled else None, None if close is None else dt.date.fromisoformat(str(close)),
        None if probability is None else int(str(probability)),
    )  # fmt: skip
