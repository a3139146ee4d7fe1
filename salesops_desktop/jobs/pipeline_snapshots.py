"""The snapshots of the pipeline, and what happened between two of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_desktop.forecast.waterfall import COMES, LEAVES, MEANINGS, MOVEMENTS, Waterfall, explain
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.pipeline_frames import LeftOut, Pipeline, Selection, load_pipeline, period_of, worth_of
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.money import Money
from salesops_desktop.model.periods import Period
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = [
    "LeftOut",
    "Selection",
    "Snapshots",
    "WaterfallReport",
    "pipeline_waterfall",
    "snapshots",
    "waterfall_of",
]

_T, _I, _M, _D = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.MONEY, ValueKind.DATE

_HEADS = """
SELECT s.id, s.taken_on, i.file_name AS file, i.imported_at,
       count(l.id) AS lines, sum(l.status = 'open') AS open, sum(l.status = 'won') AS won,
       sum(l.status = 'lost') AS lost, sum(l.status = 'open' AND l.amount IS NULL) AS no_amount,
       sum(l.status = 'open' AND l.close_on IS NULL) AS no_date, count(l.forecast_category) AS categories
FROM snapshot s LEFT JOIN import_source i ON i.id = s.source_id
LEFT JOIN snapshot_line l ON l.taken_on = s.taken_on
GROUP BY s.id ORDER BY s.taken_on
"""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The snapshots of the workspace."""

    snapshots: Table
    """One row per snapshot, oldest first; keys are their row ids."""
    notes: tuple[str, ...]

    def summary(self) -> Sequence[str]:
        """How many, from when to when."""
        many = len(self.snapshots)
        if not many:
            return ["There is no snapshot yet. Every import of a pipeline export makes one."]
        first, last = (self.snapshots["taken_on"].cell(i) for i in (0, many - 1))
        days = f"of {first}" if many == 1 else f"from {first} to {last}"
        return [f"{many:,} snapshot{'' if many == 1 else 's'} of the pipeline, {days}.", *self.notes]

    def tables(self) -> Sequence[Table]:
        """The snapshots."""
        return [self.snapshots]


@job(
    "forecast snapshots",
    title="Show snapshots of the pipeline",
    group="forecast",
    examples=("forecast snapshots company.salesops",),
)
def snapshots(context: JobContext) -> Snapshots:
    """List the pipeline's snapshots: every import of a pipeline export makes one, the same content twice does not."""
    with context.workspace.read() as connection:
        rows = [dict(row) for row in connection.exec_driver_sql(_HEADS).mappings()]
        values: dict[str, int] = {}
        if rows:
            currency = company(connection).currency
            lines = load_pipeline(connection, dt.date.fromisoformat(str(rows[-1]["taken_on"]))).snapshots
            sums = lines[lines["status"] == "open"].groupby("taken_on")["amount_minor"].sum()
            values = {pd.Timestamp(str(day)).date().isoformat(): int(value) for day, value in sums.items()}
    previous: dt.date | None = None
    for row in rows:
        day = dt.date.fromisoformat(str(row["taken_on"]))
        row["open_value"] = values.get(day.isoformat(), 0)
        row["gap"] = None if previous is None else (day - previous).days
        row["categories"] = bool(row["categories"])
        previous = day
    specs = [
        ColumnSpec("taken_on", "Taken on", _D),
        ColumnSpec("gap", "Days since the last", _I),
        ColumnSpec("open", "Open deals", _I),
        ColumnSpec("open_value", "Open value", _M, currency if rows else None,
                   description="Σ amount of the open deals, at the exchange rates of the day."),
        ColumnSpec("won", "Won", _I, description="Closed deals that the export held; many hold open ones only."),
        ColumnSpec("lost", "Lost", _I),
        ColumnSpec("no_amount", "Open without amount", _I),
        ColumnSpec("no_date", "Open without close date", _I),
        ColumnSpec("categories", "Categories", ValueKind.BOOLEAN, description="Whether it names forecast categories."),
        ColumnSpec("file", "File", _T),
        ColumnSpec("imported_at", "Imported at", ValueKind.DATETIME),
    ]  # fmt: skip
    long = [row for row in rows if (row["gap"] or 0) > 45]
    notes = []
    if long:
        notes.append(
            f"{len(long):,} time{'' if len(long) == 1 else 's'} more than 45 days lie between two, the last before "
            f"{long[-1]['taken_on']}: what happened within is seen only from end to end."
        )
    return Snapshots(build_table("Snapshots", specs, rows, entity="snapshot", key="id"), tuple(notes))


@dataclass(frozen=True, slots=True)
class WaterfallReport:
    """From the pipeline of one day to that of another.

    Attributes:
        waterfall: the engine's result, in minor units of ``currency``.
        selection: whose deals.
        currency: the company's.
        bars: the start, one row per movement, the end.
        deals: one row per deal with its movement, largest change first; keys are the opportunities' row ids.
        passing: deals closed in between that were in neither pipeline.
        notes: what stood in for what.
        left_out: deals no figure holds.
    """

    waterfall: Waterfall
    selection: Selection
    currency: str
    bars: Table
    deals: Table
    passing: Table
    notes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    def behind(self, movement: str) -> Table:
        """The deals behind one bar.

        Args:
            movement: its id; ``currency`` gives every deal that exchange rates changed.
        """
        if movement == "currency":
            rows = np.flatnonzero(self.deals["currency_minor"].values != 0)
        else:
            rows = np.flatnonzero(self.deals["movement"].values == MOVEMENTS.get(movement, movement))
        return self.deals.take(rows)

    def summary(self) -> Sequence[str]:
        """From what to what, by which bars."""
        w = self.waterfall
        due = f"due in {w.period.label}" if w.period else "of any close date"
        start, end = self._money(w.start_minor), self._money(w.end_minor)
        said = [f"Open pipeline {due}, {self.selection}: {start} on {w.start_day}, {end} on {w.end_day}."]
        for movement, deals, amount in w.bars.itertuples(index=False):
            noun = "deal" if deals == 1 else "deals"
            said.append(f"{MOVEMENTS[movement]}: {self._money(amount, sign=True)} ({deals:,} {noun}).")
        rest = w.end_minor - w.start_minor - int(w.bars["amount_minor"].sum())
        said.append(f"Start and bars less the end: {rest}." if rest else "Start and bars make the end exactly.")
        won = w.deals[w.deals["movement"] == "won"]
        beside = w.passing[w.passing["movement"] == "won"]
        if len(won) or len(beside):
            said.append(
                f"Won in between: {self._money(int(won['worth_minor'].sum()))} from this pipeline ("
                f"{self._money(int(won['before_minor'].sum()))} before), and "
                f"{self._money(int(beside['amount_minor'].sum()))} from {len(beside):,} deals that were not in it."
            )
        return [*said, *self.notes, *map(str, self.left_out)]

    def tables(self) -> Sequence[Table]:
        """The bars and the deals behind them."""
        return [self.bars, self.deals, self.passing]

    def _money(self, minor: int, *, sign: bool = False) -> str:
        return f"{'+' if sign and minor > 0 else ''}{Money(minor, self.currency)}"


@job(
    "forecast waterfall",
    title="Explain the change of the pipeline",
    group="forecast",
    examples=(
        "forecast waterfall company.salesops",
        "forecast waterfall company.salesops --start 2026-06-30 --end 2026-08-31 --period 2026-Q3 --region EMEA",
    ),
)
def pipeline_waterfall(
    context: JobContext,
    *,
    start: dt.date | None = None,
    end: dt.date | None = None,
    period: str | None = None,
    manager: str | None = None,
    team: str | None = None,
    region: str | None = None,
    owner: str | None = None,
    product: str | None = None,
    as_of: dt.date | None = None,
) -> WaterfallReport:
    """Explain the change of the open pipeline between two snapshots, or a snapshot and today, deal by deal.

    Args:
        start: the first day, one of a snapshot; by default the last snapshot before the period.
        end: the second day; by default today.
        period: deals with a close date in it, as 2026-Q3 or 2026-09, or "all" for any close date; by default the
            quarter of today.
        manager: only deals of people under this manager, at any depth.
        team: only deals of this team.
        region: only deals of this region.
        owner: only deals of this person.
        product: only deals about this product or product family.
        as_of: what today is; by default the newest day the pipeline or the bookings speak of.
    """
    with context.workspace.read() as connection:
        loaded = load_pipeline(connection, as_of)
    chosen = Selection(manager, team, region, owner, product)
    span = None if period is not None and period.strip().lower() == "all" else period_of(loaded, period)
    first, last = _days(loaded, start, end, span)
    return waterfall_of(loaded, first, last, span, chosen)


def _days(
    loaded: Pipeline, start: dt.date | None, end: dt.date | None, period: Period | None
) -> tuple[dt.date, dt.date]:
    days = loaded.snapshot_days
    last = end or loaded.as_of
    before = [day for day in days if day < last]
    if start is None and not before:
        raise NothingToDoError(
            f"There is no snapshot before {last} to compare with.",
            way_out="Import an older pipeline export with its date, or wait for the next one.",
        )
    if start is not None:
        return start, last
    opening = [day for day in before if period is not None and day < period.start]
    return (opening[-1] if opening else before[0] if period else before[-1]), last


def waterfall_of(
    loaded: Pipeline, start: dt.date, end: dt.date, period: Period | None, selection: Selection
) -> WaterfallReport:
    """The report for two days of a loaded pipeline.

    Raises:
        InputRefusedError: a day is no snapshot's, or they are in the wrong order.
    """
    if end < start:
        raise InputRefusedError(f"{end} lies before {start}.", way_out="Give the earlier day first.")
    prices = loaded.opportunities.set_index("id")["list_price_minor"]
    notes: list[str] = []
    sides = []
    for day in (start, end):
        lines = loaded.standing(day)
        if day == end:
            lines["constant_minor"] = loaded.at_rates_of(lines, start)
        lines["member"] = loaded.members(lines, selection)
        worth, priced, blank = worth_of(lines, prices)
        if "constant_minor" in lines:
            same = lines["amount_minor"].fillna(0).to_numpy(np.int64) == worth
            lines["constant_minor"] = np.where(same, lines["constant_minor"].fillna(0).to_numpy(np.int64), worth)
        lines["amount_minor"] = worth
        sides.append(lines)
        if priced:
            notes.append(f"{day}: {priced:,} open deals have no amount: their product's list price stands in.")
        if blank:
            notes.append(f"{day}: {blank:,} open deals have neither amount nor list price: they count as 0.")
    deals = loaded.opportunities
    fates = deals[["id", "status", "created_on", "close_on"]].assign(
        amount_minor=worth_of(deals, prices)[0], member=loaded.members(deals, selection)
    )
    earlier = set(loaded.snapshots.loc[loaded.snapshots["taken_on"] < pd.Timestamp(start), "opportunity"].tolist())
    found = explain(sides[0], sides[1], start_day=start, end_day=end, period=period, fates=fates, seen_earlier=earlier)
    currency = loaded.facts.currency
    return WaterfallReport(
        found, selection, currency, _bars(found, currency), _deals(loaded, found, sides, currency),
        _passing(loaded, found, currency), tuple(notes), loaded.left_out,
    )  # fmt: skip


def _bars(found: Waterfall, currency: str) -> Table:
    specs = [
        ColumnSpec("bar", "Bar", _T),
        ColumnSpec("deals", "Deals", _I, description="A deal is behind one bar, besides that of exchange rates."),
        ColumnSpec("amount", "Amount", _M, currency),
        ColumnSpec("running", "Running total", _M, currency, description="The start and all bars so far."),
        ColumnSpec("meaning", "What is behind it", _T),
    ]
    deals = found.deals
    running = found.start_minor
    first = int((~deals["movement"].isin(COMES)).sum())
    rows: list[tuple[object, ...]] = [(f"Pipeline on {found.start_day}", first, running, running, "")]
    for movement, number, amount in found.bars.itertuples(index=False):
        running += int(amount)
        rows.append((MOVEMENTS[movement], int(number), int(amount), running, MEANINGS[movement]))
    last = int((~deals["movement"].isin(LEAVES)).sum())
    rows.append((f"Pipeline on {found.end_day}", last, found.end_minor, found.end_minor, ""))
    return build_table("Waterfall", specs, rows)


def _deals(loaded: Pipeline, found: Waterfall, sides: Sequence[pd.DataFrame], currency: str) -> Table:
    known = loaded.opportunities.set_index("id")[["external_id", "name", "account", "product"]]
    frame = found.deals.join(known, on="id")
    owners = [side.set_index("id")["owner"] for side in sides]
    frame["owner"] = frame["id"].map(owners[1]).fillna(frame["id"].map(owners[0]))
    frame = frame.iloc[frame["change_minor"].abs().to_numpy(np.int64).argsort(kind="stable")[::-1]]
    specs = [
        ColumnSpec("external_id", "Opportunity id", _T),
        ColumnSpec("name", "Opportunity", _T),
        ColumnSpec("account", "Account", _T),
        ColumnSpec("owner", "Owner", _T),
        ColumnSpec("product", "Product", _T),
        ColumnSpec("movement", "Bar", _T),
        ColumnSpec("before_minor", "Before", _M, currency, description="0 where it was not in the pipeline."),
        ColumnSpec("after_minor", "After", _M, currency, description="0 where it is no longer in it."),
        ColumnSpec("change_minor", "Change", _M, currency, description="After − before."),
        ColumnSpec("currency_minor", "By exchange rates", _M, currency,
                   description="The part of the change that rates explain; it stands in a bar of its own."),
        ColumnSpec("worth_minor", "Worth after", _M, currency,
                   description="Its amount on the second day, in the pipeline or not: what it was won at."),
        ColumnSpec("stage_before", "Stage before", _T),
        ColumnSpec("stage_after", "Stage after", _T),
        ColumnSpec("close_before", "Close date before", _D),
        ColumnSpec("close_after", "Close date after", _D),
    ]  # fmt: skip
    frame["movement"] = frame["movement"].map({**MOVEMENTS, "unchanged": "Unchanged"})
    return build_table("Deals behind the bars", specs, plain_rows(frame), entity="opportunity", key="id")


def _passing(loaded: Pipeline, found: Waterfall, currency: str) -> Table:
    known = loaded.opportunities.set_index("id")[["external_id", "name", "account", "owner", "created_on", "close_on"]]
    frame = found.passing.join(known, on="id")
    specs = [
        ColumnSpec("external_id", "Opportunity id", _T),
        ColumnSpec("name", "Opportunity", _T),
        ColumnSpec("account", "Account", _T),
        ColumnSpec("owner", "Owner", _T),
        ColumnSpec("movement", "Outcome", _T),
        ColumnSpec("amount_minor", "Amount", _M, currency),
        ColumnSpec("created_on", "Created", _D),
        ColumnSpec("close_on", "Closed", _D),
    ]
    title = "Closed in between without having been in the pipeline"
    return build_table(title, specs, plain_rows(frame), entity="opportunity", key="id")


def plain_rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    """The rows of a frame as mappings of plain values: None for gaps, dates for timestamps."""
    columns: dict[str, list[object]] = {}
    for name in frame.columns:
        column = frame[name]
        gaps = column.isna().to_numpy(np.bool_)
        values = column.dt.date if pd.api.types.is_datetime64_any_dtype(column) else column
        columns[str(name)] = [None if gap else value for gap, value in zip(gaps, values.tolist(), strict=True)]
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
