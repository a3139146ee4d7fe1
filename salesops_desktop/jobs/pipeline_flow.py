"""How the pipeline flows: coverage, velocity, slippage, stages, pushes, creation, ageing, stale deals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_desktop.forecast.deal_history import (
    StaleDeals,
    pushes,
    slippage,
    stage_conversion,
    stage_order,
    stale_deals,
)
from salesops_desktop.forecast.flow import Coverage, Velocity, ageing, coverage, creation, decompose, velocity
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.forecast_targets import Target, target_of_selection
from salesops_desktop.jobs.pipeline_flow_tables import (
    FlowTables,
    ageing_table,
    coverage_table,
    creation_table,
    deals_table,
    slippage_table,
    stages_table,
    velocity_table,
)
from salesops_desktop.jobs.pipeline_frames import LeftOut, Pipeline, Selection, load_pipeline, period_of, worth_of
from salesops_desktop.model.money import Money
from salesops_desktop.model.periods import Period
from salesops_desktop.model.tables import Table

__all__ = ["FlowReport", "flow_of", "pipeline_flow"]

PAST_PERIODS = 8


@dataclass(frozen=True, slots=True)
class FlowReport:
    """The flow of the pipeline as of a day.

    Attributes:
        period: whose coverage.
        as_of: the day of knowledge.
        selection: whose deals.
        currency: the company's.
        coverage: the pipeline against the target.
        before: the velocity of the last period but one that is over.
        after: that of the last.
        stale: the stale deals; ``stale_minor`` is what they are worth together.
        stale_minor: minor units.
        shown: the tables.
        notes: what to beware of.
        left_out: deals no figure holds.
    """

    period: Period
    as_of: dt.date
    selection: Selection
    currency: str
    coverage: Coverage
    before: Velocity
    after: Velocity
    stale: StaleDeals
    stale_minor: int
    shown: FlowTables
    notes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    def summary(self) -> Sequence[str]:
        """The figures in sentences."""
        c = self.coverage
        said = [f"Flow of the pipeline as of {self.as_of}, {self.selection}."]
        line = f"{self.period.label}: {self._money(c.open_minor)} open in {c.open_deals:,} deals"
        if c.gap_minor is None:
            line += "; no target"
        elif c.coverage is None:
            line += "; the target is reached"
        else:
            line += f" against {self._money(c.gap_minor)} still to win: coverage {c.coverage:.2f}"
        needed = f", {c.needed:.2f} needed at a value win rate of {c.value_win_rate:.0%}" if c.needed else ""
        said.append(f"{line}{needed}.")
        if self.after.per_day is not None:
            line = f"Velocity: {self._money(round(self.after.per_day))} a day"
            if self.before.per_day:
                line += f", {self.after.per_day / self.before.per_day - 1:+.0%} against the period before"
            said.append(f"{line}.")
        rows = self.shown.slippage
        if len(rows):
            last = dict(zip(rows.names, rows.row(len(rows) - 1), strict=True))
            said.append(
                f"Slippage of {last['period']}: {last['share']:.0%} of {last['deals']:,} deals expected in it were not "
                f"closed in it ({last['value_share']:.0%} of the value)."
            )
        stale = int(np.count_nonzero(self.stale.reasons != ""))
        said.append(f"{stale:,} of {len(self.stale.reasons):,} open deals are stale ({self._money(self.stale_minor)}).")
        return [*said, *self.notes, *map(str, self.left_out)]

    def tables(self) -> Sequence[Table]:
        """Coverage, velocity, slippage, stages, creation, ageing, the open deals."""
        return self.shown.all()

    def _money(self, minor: int) -> str:
        return str(Money(minor, self.currency))


@job(
    "forecast flow",
    title="Show the flow of the pipeline",
    group="forecast",
    examples=(
        "forecast flow company.salesops",
        "forecast flow company.salesops --period 2026-Q4 --team West --target 2000000",
    ),
)
def pipeline_flow(
    context: JobContext,
    *,
    period: str | None = None,
    target: float | None = None,
    manager: str | None = None,
    team: str | None = None,
    region: str | None = None,
    owner: str | None = None,
    product: str | None = None,
    as_of: dt.date | None = None,
) -> FlowReport:
    """Show coverage and the coverage needed, velocity, slippage, stage conversion, creation, ageing and stale deals.

    Args:
        period: whose coverage, as 2026-Q4; by default the quarter of today, on its last day the next.
        target: its target in the company's currency; by default the bookings quotas of the people asked about.
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
        span = period_of(loaded, period, ahead=True)
        aim = target_of_selection(connection, loaded, span, chosen, target)
    return flow_of(loaded, span, chosen, aim)


def flow_of(loaded: Pipeline, period: Period, selection: Selection, target: Target) -> FlowReport:
    """The report of a loaded pipeline, with what was known on its day only."""
    deals, snapshots = selected(loaded, selection)
    today = pd.Timestamp(loaded.as_of)
    closed = deals[(deals["status"] != "open") & (deals["close_on"] <= today)]
    waiting = deals[(deals["status"] == "open") & ~(deals["created_on"] > today)].reset_index(drop=True)
    kind = period.kind
    calendar = loaded.facts.calendar
    first = closed["close_on"].min()
    over: list[Period] = []
    if pd.notna(first):
        over = [p for p in calendar.between(first.date(), loaded.as_of, kind) if p.end <= loaded.as_of]
    over = over[-PAST_PERIODS:]
    covered = _coverage(loaded, waiting, closed, period, target, over)
    speeds = [velocity(_within(closed, p)) for p in over]
    before = speeds[-2] if len(speeds) > 1 else velocity(closed[:0])
    after = speeds[-1] if speeds else velocity(closed[:0])
    lines = snapshots[snapshots["status"] == "open"]
    slips = slippage(snapshots, _known(deals, today), over)
    # One look at the pipeline tells no way through it.
    order = stage_order(lines) if lines["taken_on"].nunique() > 1 else []
    stages = stage_conversion(lines, deals, order, day=loaded.as_of)
    cohorts = creation(deals, [*over, *([period] if period.start <= loaded.as_of else [])])
    stale = stale_deals(waiting, closed, lines, day=loaded.as_of)
    dead = stale.reasons != ""
    ages = ageing(waiting["created_on"], waiting["worth_minor"].to_numpy(np.int64), loaded.as_of)
    currency = loaded.facts.currency
    shown = FlowTables(
        coverage_table(covered, period, currency),
        velocity_table(over, speeds, decompose(before, after), currency),
        slippage_table(slips, currency),
        stages_table(stages),
        creation_table(cohorts, currency),
        ageing_table(ages, currency),
        deals_table(waiting, pushes(lines), stale, loaded.as_of, currency),
    )
    notes = [*target.notes]
    undated = int(waiting["created_on"].isna().sum())
    if undated:
        notes.append(f"{undated:,} open deals have no creation date: their age is unknown.")
    if not order:
        notes.append("Thin history: slippage, stage conversion and pushes need at least two snapshots.")
    never = int((~closed["id"].isin(lines["opportunity"])).sum())
    if order and never:
        notes.append(f"{never:,} closed deals were never seen open in a snapshot: the stages do not count them.")
    worth = int(waiting.loc[dead, "worth_minor"].sum())
    return FlowReport(
        period, loaded.as_of, selection, currency, covered, before, after, stale, worth, shown, tuple(notes),
        loaded.left_out,
    )  # fmt: skip


def selected(loaded: Pipeline, selection: Selection) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The selection's deals with ``worth_minor``, and their snapshot lines.

    Deals closed after the day of knowledge are open, as they were on it; later ones are not there.
    """
    deals = loaded.opportunities
    prices = deals.set_index("id")["list_price_minor"]
    deals = deals.assign(worth_minor=worth_of(deals, prices)[0])[loaded.members(deals, selection)]
    today = pd.Timestamp(loaded.as_of)
    deals = deals[~(deals["created_on"] > today)].reset_index(drop=True)
    lines = loaded.snapshots[loaded.snapshots["opportunity"].isin(deals["id"])].reset_index(drop=True)
    later = (deals["status"] != "open") & (deals["close_on"] > today)
    if later.any():
        deals = _as_it_was(deals, later, lines)
    return deals, lines


def _as_it_was(deals: pd.DataFrame, later: pd.Series[bool], lines: pd.DataFrame) -> pd.DataFrame:
    """The open deals as the last snapshot up to a past day showed them: today's values know how they went on.

    Where no snapshot saw a deal its list price stands in for the amount; undated ones came nobody knows when.
    """
    dated = deals["created_on"].notna() | (deals["status"] != "open") | deals["id"].isin(lines["opportunity"])
    deals, later = deals[dated].reset_index(drop=True), later[dated].reset_index(drop=True)
    deals.loc[later, "status"] = "open"
    deals.loc[later, "close_on"] = pd.NaT
    priced = later & deals["list_price_minor"].notna()
    deals.loc[priced, "worth_minor"] = deals.loc[priced, "list_price_minor"].astype("int64")
    last = lines.drop_duplicates("opportunity", keep="last").set_index("opportunity")
    seen = (deals["status"] == "open") & deals["id"].isin(last.index)
    then = last.reindex(deals.loc[seen, "id"])
    for name in ("stage", "close_on", "forecast_category"):
        deals.loc[seen, name] = then[name].to_numpy()
    known = then["amount_minor"].notna().to_numpy(np.bool_)
    rows = deals.index[seen][known]
    deals.loc[rows, "worth_minor"] = then["amount_minor"].to_numpy()[known].astype(np.int64)
    return deals


def _known(deals: pd.DataFrame, today: pd.Timestamp) -> pd.DataFrame:
    return deals[~(deals["created_on"] > today)]


def _within(rows: pd.DataFrame, period: Period) -> pd.DataFrame:
    return rows[rows["close_on"].between(pd.Timestamp(period.start), pd.Timestamp(period.end))]


def _coverage(
    loaded: Pipeline,
    waiting: pd.DataFrame,
    closed: pd.DataFrame,
    period: Period,
    target: Target,
    over: Sequence[Period],
) -> Coverage:
    """Coverage at the value win rate of the deals closed in the last four periods that are over."""
    due = _within(waiting, period)
    due = due[due["forecast_category"].astype(object) != "omitted"]
    won = _within(closed[closed["status"] == "won"], period)
    won_minor = int(won["amount_minor"].sum())
    window = closed
    if over:
        window = closed[closed["close_on"] >= pd.Timestamp(over[-4:][0].start)]
    return coverage(
        int(due["worth_minor"].sum()), len(due), target_minor=target.amount, won_minor=won_minor, closed=window
    )
