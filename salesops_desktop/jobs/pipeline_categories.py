"""Forecast categories of the open pipeline, rolled up, with what became of each in past quarters."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_desktop.forecast.categories import (
    CATEGORIES,
    THIN_DEALS,
    THIN_PERIODS,
    Conversions,
    conversions,
    fill_categories,
    roll_up,
)
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.pipeline_frames import LeftOut, Pipeline, Selection, load_pipeline, period_of, worth_of
from salesops_desktop.jobs.pipeline_snapshots import plain_rows
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import PPM, Money
from salesops_desktop.model.periods import Period
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = ["CategoryReport", "categories_of", "forecast_categories"]

_T, _I, _M, _F = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.MONEY, ValueKind.FRACTION
PAST_PERIODS = 12
"""Past periods that conversions are measured over."""


@dataclass(frozen=True, slots=True)
class CategoryReport:
    """The open deals due in a period by category.

    Attributes:
        period: the period.
        day: the day the pipeline stands on.
        week: that day's week of the period, 1 the first, 0 before it.
        selection: whose deals.
        currency: the company's.
        won_minor: won in the period so far.
        expected_minor: won + Σ category value × its measured conversion at this week; None without any.
        rollup: one row per category: alone, cumulative, its measured conversion and what that makes.
        weeks: the conversions by category and week of past periods.
        people: the conversions by owner, all weeks together.
        deals: one row per deal with its category; keys are the opportunities' row ids.
        notes: what was derived, left out, and what to beware of.
        left_out: deals no figure holds.
    """

    period: Period
    day: dt.date
    week: int
    selection: Selection
    currency: str
    won_minor: int
    expected_minor: int | None
    rollup: Table
    weeks: Table
    people: Table
    deals: Table
    notes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    def summary(self) -> Sequence[str]:
        """What is in each category and what it came to in the past."""
        won = Money(self.won_minor, self.currency)
        said = [f"{self.period.label} as of {self.day} (week {self.week}), {self.selection}: {won} won so far."]
        for row in self.rollup.rows():
            own = dict(zip(self.rollup.names, row, strict=True))
            rate = own["rate"]
            past = "no past conversion" if rate is None else f"{rate:.0%} of its value was won in the past"
            said.append(
                f"{own['category']}: {own['amount']:,} {self.currency} in {own['deals']:,} deals, "
                f"{own['cumulative']:,} with the surer ones and won; {past}{', thin history' if own['thin'] else ''}."
            )
        if self.expected_minor is not None:
            said.append(f"At past conversion the period comes to {Money(self.expected_minor, self.currency)}.")
        return [*said, *self.notes, *map(str, self.left_out)]

    def tables(self) -> Sequence[Table]:
        """The rollup, the conversions by week and by person, the deals."""
        return [self.rollup, self.weeks, self.people, self.deals]


@job(
    "forecast categories",
    title="Show forecast categories",
    group="forecast",
    examples=(
        "forecast categories company.salesops",
        "forecast categories company.salesops --period 2026-Q4 --manager 'Ivo Thornner' --commit-from 90",
    ),
)
def forecast_categories(
    context: JobContext,
    *,
    period: str | None = None,
    manager: str | None = None,
    team: str | None = None,
    region: str | None = None,
    owner: str | None = None,
    product: str | None = None,
    commit_from: float = 80.0,
    best_case_from: float = 50.0,
    as_of: dt.date | None = None,
) -> CategoryReport:
    """Show the open deals of a period as commit, best case, pipeline and omitted, and how each did in the past.

    Args:
        period: as 2026-Q3 or 2026-09; by default the quarter of today, on its last day the next.
        manager: only deals of people under this manager, at any depth.
        team: only deals of this team.
        region: only deals of this region.
        owner: only deals of this person.
        product: only deals about this product or product family.
        commit_from: probability in per cent from which a deal without a category counts as commit.
        best_case_from: the same for best case.
        as_of: what today is; a snapshot of that day is used where there is one.
    """
    with context.workspace.read() as connection:
        loaded = load_pipeline(connection, as_of)
    chosen = Selection(manager, team, region, owner, product)
    limits = (round(commit_from * PPM / 100), round(best_case_from * PPM / 100))
    return categories_of(loaded, period_of(loaded, period, ahead=True), chosen, limits)


def categories_of(loaded: Pipeline, period: Period, selection: Selection, limits: tuple[int, int]) -> CategoryReport:
    """The report for one period of a loaded pipeline.

    Args:
        loaded: the pipeline.
        period: whose deals.
        selection: and of whom.
        limits: ppm from which deals without a category count as commit and as best case.

    Raises:
        InputRefusedError: the period was over before the pipeline begins to be known, or the limits are out of order.
    """
    if loaded.as_of > period.end:
        raise InputRefusedError(
            f"{period.label} was over on {loaded.as_of}.", way_out=f"Ask with as-of a day up to {period.end}."
        )
    notes: list[str] = []
    lines = _with_categories(loaded, loaded.standing(loaded.as_of), limits, selection)
    lines = lines[lines["member"] & (lines["status"] == "open")]
    due = lines["close_on"].between(pd.Timestamp(period.start), pd.Timestamp(period.end))
    late = lines["close_on"] < pd.Timestamp(period.start)
    for rows, why in ((late, f"with a close date before {period.label}"), (lines["close_on"].isna(), "without any")):
        if rows.any():
            value = Money(int(lines.loc[rows, "amount_minor"].sum()), loaded.facts.currency)
            notes.append(f"{int(rows.sum()):,} open deals {why} ({value}) are in no category of it.")
    mine = lines[due]
    derived = int(mine["derived"].sum())
    if derived:
        notes.append(
            f"{derived:,} of {len(mine):,} deals have no category: derived from their probability (commit from "
            f"{limits[0] / PPM:.0%}, best case from {limits[1] / PPM:.0%}); pipeline where there is none."
        )
    won = _won(loaded, period, selection)
    past = _past(loaded, period, selection, limits)
    if not past.periods:
        notes.append("Thin history: no past period has a snapshot, so no conversion could be measured.")
    else:
        notes.append(f"Conversions are from {past.periods[0].label} to {past.periods[-1].label}.")
    week = max((loaded.as_of - period.start).days // 7 + 1, 0)
    table = roll_up(mine["category"].to_numpy(object), mine["amount_minor"].to_numpy(np.int64), won)
    rollup, expected = _rollup(table, past, week, won, loaded.facts.currency)
    currency = loaded.facts.currency
    return CategoryReport(
        period, loaded.as_of, week, selection, currency, won, expected, rollup,
        _weeks(past, currency), _people(past, currency), _deals(loaded, mine, currency), tuple(notes), loaded.left_out,
    )  # fmt: skip


def _with_categories(
    loaded: Pipeline, lines: pd.DataFrame, limits: tuple[int, int], selection: Selection, ids: str = "id"
) -> pd.DataFrame:
    prices = loaded.opportunities.set_index("id")["list_price_minor"]
    worth, _, _ = worth_of(lines.rename(columns={ids: "id"}), prices)
    category, derived = fill_categories(
        lines["forecast_category"], lines["probability"], commit_from=limits[0], best_case_from=limits[1]
    )
    member = loaded.members(lines, selection, ids)
    return lines.assign(amount_minor=worth, category=category, derived=derived, member=member)


def _won(loaded: Pipeline, period: Period, selection: Selection) -> int:
    deals = loaded.opportunities
    inside = deals["close_on"].between(pd.Timestamp(period.start), pd.Timestamp(min(period.end, loaded.as_of)))
    rows = (deals["status"] == "won") & inside & loaded.members(deals, selection)
    return int(deals.loc[rows, "amount_minor"].sum())


def _past(loaded: Pipeline, period: Period, selection: Selection, limits: tuple[int, int]) -> Conversions:
    """Conversions of the periods of the same kind that were over by today, the latest twelve."""
    calendar = loaded.facts.calendar
    days = loaded.snapshot_days
    if not days:
        return conversions(loaded.snapshots.assign(category=None), loaded.opportunities, ())
    before = [p for p in calendar.between(days[0], loaded.as_of, period.kind) if p.end <= loaded.as_of and p != period]
    lines = _with_categories(loaded, loaded.snapshots, limits, selection, "opportunity")
    lines = lines[lines["member"]].assign(group=lambda rows: rows["owner"].fillna("(not given)"))
    return conversions(lines, loaded.opportunities, before[-PAST_PERIODS:])


def _rollup(table: pd.DataFrame, past: Conversions, week: int, won: int, currency: str) -> tuple[Table, int | None]:
    rows: list[dict[str, object]] = []
    expected: int | None = won if past.periods else None
    columns = (table["category"], table["deals"], table["amount_minor"], table["cumulative_minor"])
    for category, deals, amount, cumulative in zip(*(column.tolist() for column in columns), strict=True):
        found = past.at(category, week)
        usable = found is not None and not math.isnan(found["rate"])
        rate = float(found["rate"]) if found is not None and usable else None
        part = None if rate is None else round(amount * rate)
        if expected is not None and part is not None:
            expected += part
        rows.append(
            {
                "category": category, "deals": deals, "amount": amount, "cumulative": cumulative, "rate": rate,
                "converted": part,
                "week": None if found is None else int(found["week"]),
                "behind": 0 if found is None else int(found["deals"]),
                "thin": found is None or bool(found["thin"]),
            }
        )  # fmt: skip
    specs = [
        ColumnSpec("category", "Category", _T),
        ColumnSpec("deals", "Deals", _I),
        ColumnSpec("amount", "Alone", _M, currency, description="Σ amount of the open deals of this category alone."),
        ColumnSpec("cumulative", "Cumulative", _M, currency,
                   description="Won so far + this category + the surer ones; omitted deals count in no rollup."),
        ColumnSpec("rate", "Past conversion", _F, digits=0,
                   description="Value won within the period ÷ value at the snapshot, of the deals that were in this "
                               "category and due in the period in the nearest measured week of past periods."),
        ColumnSpec("converted", "At past conversion", _M, currency, description="Alone × past conversion."),
        ColumnSpec("week", "Measured in week", _I),
        ColumnSpec("behind", "Deals behind", _I, description="Past deals that the conversion was measured on."),
        ColumnSpec("thin", "Thin history", ValueKind.BOOLEAN,
                   description=f"Fewer than {THIN_DEALS} deals or {THIN_PERIODS} periods."),
    ]  # fmt: skip
    return build_table("Categories", specs, rows), expected


_MEASURED = (
    ("periods", "Periods", _I, "Past periods with a snapshot in it."),
    ("deals", "Deals", _I, "Denominator by count: open in the snapshot and due in the snapshot's own period."),
    ("won_deals", "Won", _I, "Numerator by count: of these, won by the period's end."),
    ("expected_minor", "Value then", _M, "Denominator: Σ amount at the snapshot."),
    ("won_minor", "Value won", _M, "Numerator: Σ amount at which these were won by the period's end."),
    ("rate", "Conversion", _F, "Value won ÷ value then."),
    ("count_rate", "By count", _F, "Won ÷ deals."),
    ("thin", "Thin history", ValueKind.BOOLEAN, f"Fewer than {THIN_DEALS} deals or {THIN_PERIODS} periods."),
)


def _measured_specs(currency: str) -> list[ColumnSpec]:
    return [
        ColumnSpec(name, label, kind, currency if kind is _M else None, digits=0 if kind is _F else None,
                   description=said)
        for name, label, kind, said in _MEASURED
    ]  # fmt: skip


def _weeks(past: Conversions, currency: str) -> Table:
    specs = [
        ColumnSpec("category", "Category", _T),
        ColumnSpec(
            "week",
            "Week",
            _I,
            digits=0,
            description="Week of the period the snapshot was taken in; 0 is the one before.",
        ),
    ]
    return build_table("Conversion by week", [*specs, *_measured_specs(currency)], plain_rows(past.weeks))


def _people(past: Conversions, currency: str) -> Table:
    specs = [ColumnSpec("group", "Owner", _T), ColumnSpec("category", "Category", _T)]
    return build_table("Conversion by owner", [*specs, *_measured_specs(currency)], plain_rows(past.by_group))


def _deals(loaded: Pipeline, mine: pd.DataFrame, currency: str) -> Table:
    known = loaded.opportunities.set_index("id")[["external_id", "name", "account"]]
    frame = mine.drop(columns=["external_id", "name", "account"], errors="ignore").join(known, on="id")
    frame["place"] = frame["category"].map({name: i for i, name in enumerate(CATEGORIES)})
    frame = frame.sort_values(["place", "amount_minor"], ascending=[True, False], kind="stable")
    specs = [
        ColumnSpec("external_id", "Opportunity id", _T),
        ColumnSpec("name", "Opportunity", _T),
        ColumnSpec("account", "Account", _T),
        ColumnSpec("owner", "Owner", _T),
        ColumnSpec("stage", "Stage", _T),
        ColumnSpec("category", "Category", _T),
        ColumnSpec("derived", "Derived", ValueKind.BOOLEAN, description="The export states none."),
        ColumnSpec("probability", "Stated probability", ValueKind.RATE, digits=0),
        ColumnSpec("amount_minor", "Amount", _M, currency),
        ColumnSpec("close_on", "Close date", ValueKind.DATE),
    ]
    kept = [spec.name for spec in specs]
    return build_table("Deals by category", specs, plain_rows(frame[[*kept, "id"]]), entity="opportunity", key="id")
