"""A judgement by hand: of a deal its category, amount or close date, of a node of the forecast its number."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection

from salesops_desktop.jobs.company import company, newest_day
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.forecast_packs import shown_nodes
from salesops_desktop.jobs.forecast_returns import Answers, Said, closing_day, minor_units, open_category
from salesops_desktop.jobs.judgement_records import JudgementReport, open_judgements, store_judgements
from salesops_desktop.model.errors import InputRefusedError

__all__ = ["judge"]


@job(
    "forecast judge",
    title="Judge a deal or a forecast",
    group="forecast",
    needs=Needs.WRITE,
    examples=(
        "forecast judge company.salesops commit --deal O-100123 --why 'Contract is with their legal'",
        "forecast judge company.salesops 120000 --of 'Ann Weller' --period 2026-10 --why 'Two renewals not in the CRM'",
        "forecast judge company.salesops 900000 --period 2026-Q4 --override --why 'Agreed with the board'",
    ),
)
def judge(
    context: JobContext,
    value: str,
    *,
    why: str,
    deal: str = "",
    of: str = "company",
    period: str = "",
    override: bool = False,
    number: int = 0,
    who: str = "",
) -> JudgementReport:
    """Say something against the forecast: of a deal its category, amount or close date, of a node its number.

    Args:
        value: a category, an amount, a date (2026-11-30), or a number in major units.
        why: the reason; it is kept with the judgement.
        deal: the opportunity's id; else it is said of a node.
        of: the node's name, or "company".
        period: the period's label as the forecast has it.
        override: fix the node to this number, rather than only keep it beside the model's.
        number: the kept forecast it is said against; the newest with this node and period by default.
        who: in whose name; yours by default.
    """
    reason = " ".join(why.split())
    if not reason:
        raise InputRefusedError("A judgement needs its reason.", way_out="Say why.")
    by = who or context.workspace.who
    with context.workspace.action(f"Judge {deal or of}") as unit:
        connection = unit.connection
        if deal:
            said, forecast = _of_deal(connection, deal, value, reason), None
        else:
            said, forecast = _of_node(connection, of, period, value, reason, number, override=override)
        person = connection.exec_driver_sql("SELECT id FROM person WHERE name = ?", (by,)).scalar()
        day = newest_day(connection) or dt.datetime.now(dt.UTC).date()
        answer = Answers("", "", by, None if person is None else int(person), forecast, day.isoformat())
        store_judgements(connection, [(answer, said)], day)
    context.changed("judgement")
    return open_judgements(context, (f"{by} judges {said.label}: {said.field} {value}.",))


def _of_deal(connection: Connection, deal: str, value: str, reason: str) -> Said:
    row = connection.exec_driver_sql(
        "SELECT id, coalesce(name, external_id), forecast_category, amount, currency, close_on FROM opportunity "
        "WHERE external_id = ? AND status = 'open'",
        (deal,),
    ).one_or_none()
    if row is None:
        raise InputRefusedError(f"There is no open opportunity {deal}.", way_out="Give its id as in the CRM.")
    currency = row[4] or company(connection).currency
    field, given, before = _read_value(value, currency, row[2], row[3], row[5])
    money = currency if field == "amount" else None
    return Said("opportunity", field, given, before, before, row[1], opportunity=row[0], currency=money, reason=reason)


def _read_value(
    value: str, currency: str, category: str | None, amount: int | None, close: str | None
) -> tuple[str, str, str | None]:
    text = value.strip()
    try:
        return "category", open_category(text), category
    except ValueError:
        pass
    try:
        return "close date", closing_day(text).isoformat(), close
    except ValueError:
        pass
    try:
        minor = minor_units(text.replace(",", ""), currency)
    except (ValueError, OverflowError):
        raise InputRefusedError(
            f"{value!r} is no category, no date and no amount.",
            way_out="Give commit, best case, pipeline or omitted; a date like 2026-11-30; or a number.",
        ) from None
    if minor < 0:
        raise InputRefusedError("An amount below zero is no deal.", way_out="Give an amount of zero or more.")
    return "amount", str(minor), None if amount is None else str(amount)


def _of_node(
    connection: Connection, of: str, period: str, value: str, reason: str, number: int, *, override: bool
) -> tuple[Said, int]:
    ids = connection.exec_driver_sql(
        "SELECT id, currency FROM forecast WHERE (id = ?1 OR ?1 = 0) AND origin = 'shown' AND kind = 'series' "
        "ORDER BY as_of DESC, id DESC",
        (number,),
    ).fetchall()
    wanted, label = " ".join(of.split()).casefold(), " ".join(period.split())
    for ident, currency in ids:
        for node in shown_nodes(connection, int(ident)):
            if wanted not in (node.label.casefold(), node.key.casefold()):
                continue
            point = next((p for p in node.points if p.label == label), None)
            if point is None:
                continue
            try:
                minor = minor_units(value.strip().replace(",", ""), currency)
            except (ValueError, OverflowError) as error:
                raise InputRefusedError(f"The number cannot be taken: {error}") from None
            field = "override" if override else "own number"
            now = str(point.mean)
            return Said(
                "node", field, str(minor), now, now, node.label, node.key, point.start.isoformat(),
                point.end.isoformat(), point.label, None, currency, reason,
            ), int(ident)  # fmt: skip
    raise InputRefusedError(
        f"No kept forecast has {of} in {label or 'a period without a name'}.",
        way_out="See the nodes and periods: forecast nodes.",
    )
