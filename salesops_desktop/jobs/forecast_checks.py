"""What is wrong with the records before anything is forecast: each finding with its rows, and what is left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.commission.exchange import convert_column
from salesops_desktop.jobs.company import company, newest_day
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.currencies import ExchangeRates, load_rates
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.pipeline_snapshots import plain_rows
from salesops_desktop.model.money import Money
from salesops_desktop.model.periods import FiscalCalendar, PeriodKind
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = ["ForecastChecked", "check_forecast", "checked_forecast"]

Flags = npt.NDArray[np.bool_]
_T, _I, _M = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.MONEY

_OPPORTUNITIES = """
SELECT o.id, o.external_id AS name, o.stage, o.status, o.amount AS original_minor, o.currency, o.created_on,
       o.close_on, p.list_price, p.currency AS list_currency, s.file_name AS file, o.source_row AS row
FROM opportunity o LEFT JOIN product p ON p.id = o.product_id LEFT JOIN import_source s ON s.id = o.source_id
ORDER BY o.id
"""
_TRANSACTIONS = """
SELECT t.id, t.external_id AS name, t.kind, t.amount AS original_minor, t.currency, t.booked_on, t.account_id,
       t.product_id, t.opportunity_id, s.file_name AS file, t.source_row AS row
FROM "transaction" t LEFT JOIN import_source s ON s.id = t.source_id
WHERE t.kind IN ('booking', 'refund') ORDER BY t.id
"""
_STAGES = "SELECT DISTINCT stage FROM snapshot_line WHERE status = 'open' AND taken_on < ?"
LEAST_POINTS = 4
"""Months a series needs before anything but its mean can be said."""


@dataclass(frozen=True, slots=True)
class ForecastChecked:
    """What was found.

    Attributes:
        findings: one row per kind of finding: how many records, what they are worth, what the forecasts do about it.
        rows: the records behind them with file and row; at the deals and transactions themselves.
        currency: the company's.
        left_out: how many records no forecast holds.
        left_out_minor: what these are worth, as far as it can be said in the company's currency.
    """

    findings: Table
    rows: Table
    currency: str
    left_out: int
    left_out_minor: int

    def summary(self) -> Sequence[str]:
        """One sentence per finding, then what is left out in all."""
        said = []
        for row in self.findings.rows():
            own = dict(zip(self.findings.names, row, strict=True))
            value = "" if own["value"] is None else f" ({own['value']:,} {self.currency})"
            said.append(f"{own['what']}: {own['records']:,} {own['kind']}{value}. {own['effect']}")
        if not said:
            return ["Nothing stands in the way of a forecast."]
        amount = Money(self.left_out_minor, self.currency)
        said.append(f"Left out in all: {self.left_out:,} records, {amount}; everything else is forecast.")
        return said

    def tables(self) -> Sequence[Table]:
        """The findings and their rows."""
        return [table for table in (self.findings, self.rows) if len(table)]


@dataclass(frozen=True, slots=True)
class _Finding:
    """One kind of finding; ``amounts`` in the company's currency, None where it cannot be said."""

    what: str
    kind: str
    effect: str
    rows: pd.DataFrame
    detail: Sequence[str]
    left_out: bool = False
    counted: int | None = None


@job(
    "forecast check",
    title="Check records before forecasting",
    group="forecast",
    examples=("forecast check company.salesops", "forecast check company.salesops --as-of 2026-09-30 --json"),
)
def check_forecast(context: JobContext, *, as_of: dt.date | None = None) -> ForecastChecked:
    """Name what is wrong with opportunities and bookings, with its rows, before anything is forecast.

    What can be forecast still is; each finding says what the forecasts do about it, and how much is left out.

    Args:
        as_of: what today is; by default the newest day the pipeline or the bookings speak of.
    """
    with context.workspace.read() as connection:
        return checked_forecast(connection, as_of)


def checked_forecast(connection: Connection, as_of: dt.date | None = None) -> ForecastChecked:
    """See :func:`check_forecast`."""
    facts, rates = company(connection), load_rates(connection)
    day = as_of or newest_day(connection) or dt.datetime.now(dt.UTC).date()
    deals = _read(connection, _OPPORTUNITIES, ("created_on", "close_on"))
    booked = _read(connection, _TRANSACTIONS, ("booked_on",))
    now = pd.Timestamp(day)
    deals["rate_day"] = deals["close_on"].where(deals["status"] != "open", now).fillna(now)
    for frame, moment in ((deals, "rate_day"), (booked, "booked_on")):
        _convert(frame, moment, facts.currency, rates)
    past = {str(name).strip() for (name,) in connection.exec_driver_sql(_STAGES, (day.isoformat(),))}
    found = [*_of_deals(deals, past, now), *_of_bookings(booked, now), *_of_series(booked, deals, facts.calendar, day)]
    return _report(found, facts.currency)


def _of_deals(deals: pd.DataFrame, past: set[str], now: pd.Timestamp) -> Iterator[_Finding]:
    """Opportunities without amount, stage or date, closed before opened, in the future, of unknown stage or rate.

    Args:
        deals: the opportunities.
        past: the stages in which deals were seen before today; empty where no earlier snapshot tells.
        now: today.
    """
    is_open, closed = deals["status"] == "open", deals["status"].isin(["won", "lost"])
    blank = deals["original_minor"].isna()
    priced = deals["list_price"].notna()
    created, close = deals["created_on"], deals["close_on"]
    days = [f"created {_day(a)}, closed {_day(b)}" for a, b in zip(created, close, strict=True)]
    stage = deals["stage"].fillna("").astype(str).str.strip()
    stages: list[str] = [str(name) for name in stage]
    statuses: list[str] = [str(name) for name in deals["status"]]
    in_use = set(stage[is_open]) if is_open.any() else set()
    unheard = is_open & ~stage.isin(list(past)) & (stage != "") if past else is_open & False
    rules: list[tuple[pd.Series[bool], str, str, bool, list[str]]] = [
        (deals["lacking"], "No exchange rate", "Left out of every figure; import rates that start by then.", True,
         [f"{c} on {_day(d)}" for c, d in zip(deals["currency"], deals["rate_day"], strict=True)]),
        (is_open & blank & ~priced, "Open without amount", "Left out: there is no list price either.", True, stages),
        (is_open & blank & priced, "Open without amount, list price known", "The list price stands in.", False, stages),
        ((deals["status"] == "won") & blank, "Won without amount", "Counts as a win without money.", False, days),
        (stage == "", "No stage", "Counts with the overall win rate.", False, days),
        (~is_open & ~closed, "Unknown status", "Left out: neither open, won nor lost.", True,
         statuses),
        (unheard, "Unknown stage", "No past deal was seen in it: the rest tells its chance.", False, stages),
        (closed & stage.isin(list(in_use)) & (stage != ""), "Closed in a stage of open deals",
         "Its status counts, not its stage.", False, stages),
        (closed & close.isna(), "Closed without close date", "Left out: nobody can tell when.", True, stages),
        (is_open & close.isna(), "Open without close date", "In no category or period; its chance is forecast.", False,
         stages),
        (created.isna() & is_open, "Open without creation date", "Its age counts as unknown.", False, stages),
        (created.isna() & closed, "Closed without creation date", "Teaches win rates, but no timing.", False, days),
        (closed & (close < created), "Closed before created", "Its outcome counts, its timing does not.", False, days),
        (closed & (close > now), "Closed in the future", f"Counts as open on {_day(now)}.", False, days),
        (created > now, "Created in the future", f"Left out: it does not exist on {_day(now)}.", True, days),
        (is_open & (close < now), "Close date gone by", "Its chance is forecast; in no category of later periods.",
         False, [f"close date {_day(d)}" for d in close]),
        ((deals["original_minor"] < 0).fillna(value=False), "Negative amount", "Counts as it is.", False, days),
    ]  # fmt: skip
    for mask, what, effect, left_out, detail in rules:
        flags = mask.to_numpy(np.bool_)
        if flags.any():
            told = np.asarray(list(detail), dtype=object)[flags].tolist()
            yield _Finding(what, "opportunities", effect, deals[flags], told, left_out)


def _of_bookings(booked: pd.DataFrame, now: pd.Timestamp) -> Iterator[_Finding]:
    """Transactions without a rate, in the future, or looking like another one."""
    if booked.empty:
        return
    keys = ["kind", "booked_on", "original_minor", "currency", "account_id", "product_id"]
    # Deals are often booked in equal lines: only those that no deal explains look like a mistake.
    loose = booked["opportunity_id"].isna()
    twice = booked.duplicated(keys, keep="first") & loose
    said = [f"booked {_day(d)}" for d in booked["booked_on"]]
    rules = [
        (booked["lacking"], "No exchange rate", "Left out of every figure; import rates that start by then.", True),
        (booked["booked_on"] > now, "Booked in the future", f"Left out: after {_day(now)}.", True),
        (
            twice,
            "Looks like another",
            "Counts; same kind, day, amount, account and product, and no opportunity.",
            False,
        ),
    ]
    for mask, what, effect, left_out in rules:
        flags = mask.to_numpy(np.bool_)
        if flags.any():
            yield _Finding(
                what, "transactions", effect, booked[flags], np.array(said, dtype=object)[flags].tolist(), left_out
            )


def _of_series(booked: pd.DataFrame, deals: pd.DataFrame, calendar: FiscalCalendar, day: dt.date) -> Iterator[_Finding]:
    """The monthly series the forecasts would be made from: all zeros, too short, gaps, negative months."""
    rows, moment = booked, "booked_on"
    if booked.empty:
        rows, moment = deals[deals["status"] == "won"], "close_on"
    rows = rows[rows["amount_minor"].notna() & (rows[moment] <= pd.Timestamp(day))]
    if rows.empty:
        return
    months = calendar.between(rows[moment].min().date(), day, PeriodKind.MONTH)
    if months and months[-1].end > day:
        months = months[:-1]  # the running month is no point of the series
    starts = np.array([np.datetime64(m.start) for m in months])
    place = np.searchsorted(starts, rows[moment].to_numpy("datetime64[D]"), side="right") - 1
    inside = place >= 0
    if months:
        inside &= rows[moment].to_numpy("datetime64[D]") <= np.datetime64(months[-1].end)
    sums, counts = np.zeros(len(months), dtype=np.int64), np.zeros(len(months), dtype=np.int64)
    np.add.at(sums, place[inside], rows["amount_minor"].to_numpy(np.int64)[inside])
    np.add.at(counts, place[inside], 1)
    labels = np.array([m.label for m in months], dtype=object)
    if len(months) < LEAST_POINTS:
        effect = "Only the mean can be said." if months else "Nothing can be forecast from a month not over."
        yield _series(f"Only {len(months)} months", effect, labels, sums)
    if len(months) and not sums.any():
        yield _series("All months are zero", "The forecast is zero, and says so.", labels, sums)
        return
    for mask, what, effect in (
        (counts == 0, "Months without any booking", "Count as zero."),
        (sums < 0, "Negative months", "Count as they are; methods that multiply are not used."),
    ):
        if mask.any():
            yield _series(what, effect, labels[mask], sums[mask])


def _series(what: str, effect: str, labels: npt.NDArray[np.object_], sums: npt.NDArray[np.int64]) -> _Finding:
    rows = pd.DataFrame({"id": 0, "name": labels, "file": None, "row": None, "amount_minor": sums})
    return _Finding(what, "months", effect, rows, ["" for _ in labels])


def _report(found: Sequence[_Finding], currency: str) -> ForecastChecked:
    heads = [
        ColumnSpec("what", "Finding", _T),
        ColumnSpec("kind", "Records", _T),
        ColumnSpec("records", "How many", _I),
        ColumnSpec("value", "Value", _M, currency, description="As far as there are amounts and exchange rates."),
        ColumnSpec("left_out", "Left out", ValueKind.BOOLEAN),
        ColumnSpec("effect", "What forecasts do", _T),
    ]
    specs = [
        ColumnSpec("what", "Finding", _T),
        ColumnSpec("kind", "Record", _T),
        ColumnSpec("name", "Id", _T),
        ColumnSpec("file", "File", _T),
        ColumnSpec("row", "Row", _I),
        ColumnSpec("detail", "What is there", _T),
        ColumnSpec("amount_minor", "Amount", _M, currency),
    ]
    rows: list[dict[str, object]] = []
    heads_rows: list[tuple[object, ...]] = []
    gone: dict[tuple[str, int], int] = {}
    for each in found:
        amounts = each.rows["amount_minor"]
        value = int(amounts.sum()) if amounts.notna().any() else None
        heads_rows.append((each.what, each.kind, len(each.rows), value, each.left_out, each.effect))
        kept = each.rows[["id", "name", "file", "row", "amount_minor"]]
        for record, detail in zip(plain_rows(kept), each.detail, strict=True):
            rows.append(record | {"what": each.what, "kind": each.kind, "detail": detail or None})
            if each.left_out:
                # A record with two faults is left out once.
                gone[each.kind, int(str(record["id"]))] = int(str(record["amount_minor"] or 0))
    return ForecastChecked(
        build_table("Findings", heads, heads_rows),
        build_table("Rows to look at", specs, rows),
        currency,
        len(gone),
        sum(gone.values()),
    )


def _read(connection: Connection, statement: str, days: tuple[str, ...]) -> pd.DataFrame:
    result = connection.exec_driver_sql(statement)
    names = list(result.keys())
    rows = result.cursor.fetchall()
    result.close()
    frame = pd.DataFrame({name: [row[place] for row in rows] for place, name in enumerate(names)}, columns=names)
    for name in days:
        frame[name] = pd.to_datetime(frame[name], format="ISO8601").astype("datetime64[s]")
    for name in ("original_minor", "row"):
        frame[name] = frame[name].astype("Int64")
    return frame


def _convert(frame: pd.DataFrame, day: str, wanted: str, rates: ExchangeRates) -> None:
    """Add ``amount_minor`` in the company's currency, NA without a rate, and ``lacking``: whether one is."""
    frame["amount_minor"] = frame["original_minor"]
    frame["lacking"] = False
    currency = frame["currency"].fillna(wanted)
    for code, rows in frame[frame["original_minor"].notna() & (currency != wanted)].groupby("currency"):
        found = rates.lookup(str(code), wanted, rows[day].to_numpy().astype("datetime64[D]"))
        amounts = convert_column(rows["original_minor"].to_numpy(np.int64), str(code), wanted, found)
        known = pd.Series(amounts, index=rows.index, dtype="Int64").mask(found == 0)
        frame["amount_minor"] = frame["amount_minor"].where(~frame.index.isin(rows.index), known)
        frame["lacking"] |= frame.index.isin(rows.index[found == 0])


def _day(value: Any) -> str:  # a timestamp, or pandas' word for none
    return "never" if pd.isna(value) else f"{value:%Y-%m-%d}"
