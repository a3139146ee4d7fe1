"""The tables of the pipeline's flow; each column says its numerator, denominator and population."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_desktop.forecast.deal_history import STALE_SHARE, Slippage, StaleDeals
from salesops_desktop.forecast.flow import Coverage, Velocity
from salesops_desktop.jobs.pipeline_snapshots import plain_rows
from salesops_desktop.model.money import exponent
from salesops_desktop.model.periods import Period
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

_T, _I, _M, _F, _N = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.MONEY, ValueKind.FRACTION, ValueKind.NUMBER

FACTOR_LABELS = {
    "deals": "Deals closed",
    "win_rate": "Win rate",
    "won_value": "Average won value",
    "cycle": "Cycle (days)",
}


@dataclass(frozen=True, slots=True)
class FlowTables:
    """All tables of a flow report."""

    coverage: Table
    velocity: tuple[Table, Table]
    """By period, and what each factor did between the last two."""
    slippage: Table
    stages: Table
    creation: Table
    ageing: Table
    deals: Table

    def all(self) -> list[Table]:
        """In the order in which they are shown."""
        return [
            self.coverage, *self.velocity, self.slippage, self.stages, self.creation, self.ageing, self.deals,
        ]  # fmt: skip


def coverage_table(found: Coverage, period: Period, currency: str) -> Table:
    """One row."""
    specs = [
        ColumnSpec("period", "Period", _T),
        ColumnSpec("open", "Open pipeline", _M, currency,
                   description="Numerator: Σ open deals due in the period, list price where there is no amount; "
                               "omitted ones do not count."),
        ColumnSpec("deals", "Deals", _I),
        ColumnSpec("target", "Target", _M, currency),
        ColumnSpec("won", "Won so far", _M, currency),
        ColumnSpec("gap", "Still to win", _M, currency, description="Denominator: target − won so far."),
        ColumnSpec("coverage", "Coverage", _N, digits=2, description="Open pipeline ÷ still to win."),
        ColumnSpec("win_rate", "Value win rate", _F, digits=1,
                   description="Value won ÷ value won and lost, of the same people's and products' deals closed in the "
                               "last four periods and since; lost deals at list price where their amount was wiped."),
        ColumnSpec("needed", "Coverage needed", _N, digits=2, description="1 ÷ value win rate."),
    ]  # fmt: skip
    row = {
        "period": period.label, "open": found.open_minor, "deals": found.open_deals, "target": found.target_minor,
        "won": found.won_minor, "gap": found.gap_minor, "coverage": found.coverage,
        "win_rate": found.value_win_rate, "needed": found.needed,
    }  # fmt: skip
    return build_table("Coverage", specs, [row])


def velocity_table(
    periods: Sequence[Period], speeds: Sequence[Velocity], parts: pd.DataFrame, currency: str
) -> tuple[Table, Table]:
    """One row per period; and one per factor of the change between the last two."""
    population = "Deals closed in the period with both dates and, if won, an amount: the same in all four factors."
    specs = [
        ColumnSpec("period", "Period", _T),
        ColumnSpec("deals", "Deals closed", _I, description=population),
        ColumnSpec("won", "Won", _I),
        ColumnSpec("win_rate", "Win rate", _F, digits=1, description="Won ÷ deals closed."),
        ColumnSpec("average", "Average won value", _M, currency, description="Σ won amounts ÷ won."),
        ColumnSpec("cycle", "Cycle (days)", _N, digits=1, description="Mean days from creation to winning."),
        ColumnSpec("velocity", "Velocity a day", _M, currency,
                   description="Deals closed × win rate × average won value ÷ cycle."),
    ]  # fmt: skip
    rows = [
        (
            p.label, v.deals, v.won, v.won / v.deals if v.deals else None,
            round(v.won_minor / v.won) if v.won else None, v.cycle_days if v.won else None,
            None if v.per_day is None else round(v.per_day),
        )
        for p, v in zip(periods, speeds, strict=True)
    ]  # fmt: skip
    changes = [
        ColumnSpec("factor", "Factor", _T),
        ColumnSpec("before", "Before", _N, digits=2),
        ColumnSpec("after", "After", _N, digits=2),
        ColumnSpec("log_change", "Change of the logarithm", _N, digits=4,
                   description="ln after − ln before, the cycle's with the sign turned: they sum to that of velocity."),
        ColumnSpec("change_minor", "Part of the change", _M, currency,
                   description="Its share of the change of velocity a day; the parts sum to it exactly."),
    ]  # fmt: skip
    if len(parts):
        unit = parts["factor"].map({"won_value": 10 ** exponent(currency)}).fillna(1)
        parts = parts.assign(
            factor=parts["factor"].map(FACTOR_LABELS), before=parts["before"] / unit, after=parts["after"] / unit
        )
    title = f"What changed velocity from {periods[-2].label} to {periods[-1].label}" if len(periods) > 1 else "Velocity"
    return build_table("Velocity", specs, rows), build_table(title, changes, plain_rows(parts))


def slippage_table(found: Sequence[Slippage], currency: str) -> Table:
    """One row per past period."""
    specs = [
        ColumnSpec("period", "Period", _T),
        ColumnSpec("taken_on", "Snapshot", ValueKind.DATE),
        ColumnSpec("deals", "Expected", _I,
                   description="Denominator: deals open in the snapshot with a close date in the period."),
        ColumnSpec("slipped", "Slipped", _I, description="Numerator: of these, neither won nor lost in the period."),
        ColumnSpec("share", "Share of deals", _F, digits=0),
        ColumnSpec("expected", "Expected value", _M, currency),
        ColumnSpec("slipped_value", "Slipped value", _M, currency, description="Amounts of the snapshot."),
        ColumnSpec("value_share", "Share of value", _F, digits=0),
        ColumnSpec("won", "Won value", _M, currency, description="Amounts of the snapshot of those won in the period."),
        ColumnSpec("days", "Median slip (days)", _N, digits=0,
                   description="Of slipped deals: from the date then expected to the close, or to the date expected "
                               "now."),
    ]  # fmt: skip
    rows = [
        (
            s.period.label, s.taken_on, s.deals, s.slipped, s.slipped / s.deals if s.deals else None,
            s.expected_minor, s.slipped_minor, s.slipped_minor / s.expected_minor if s.expected_minor else None,
            s.won_minor, s.median_days,
        )
        for s in found
    ]  # fmt: skip
    return build_table("Slippage", specs, rows)


def stages_table(found: pd.DataFrame) -> Table:
    """One row per open stage, first to last."""
    specs = [
        ColumnSpec("stage", "Stage", _T),
        ColumnSpec("reached", "Reached it", _I,
                   description="Deals seen open in a snapshot in this stage or a later one, or won; going back takes "
                               "nothing away."),
        ColumnSpec("went_on", "Went on", _I, description="Of these, seen in a later stage, or won."),
        ColumnSpec("lost", "Lost there", _I),
        ColumnSpec("open", "Still there", _I, description="Censored: neither gone on nor lost yet."),
        ColumnSpec("skipped", "Skipped it", _I, description="Reached it without having been seen in it."),
        ColumnSpec("rate", "Conversion", _F, digits=1, description="Went on ÷ (went on + lost there)."),
        ColumnSpec("rate_of_all", "Of all so far", _F, digits=1, description="Went on ÷ reached it."),
        ColumnSpec("won", "Won in the end", _I),
        ColumnSpec("median_days", "Median days", _N, digits=0,
                   description="From first seen there to first seen further on or won, of those that went on; as fine "
                               "as the snapshots lie."),
    ]  # fmt: skip
    return build_table("Stage conversion", specs, plain_rows(found))


def creation_table(found: pd.DataFrame, currency: str) -> Table:
    """One row per period."""
    specs = [
        ColumnSpec("period", "Created in", _T),
        ColumnSpec("deals", "Deals", _I),
        ColumnSpec("amount_minor", "Value", _M, currency, description="As known by now."),
        ColumnSpec("won", "Won by now", _I),
        ColumnSpec("lost", "Lost by now", _I),
        ColumnSpec("open", "Open", _I),
        ColumnSpec(
            "win_rate",
            "Won of created",
            _F,
            digits=1,
            description="Won ÷ created in the period; it still grows while deals are open.",
        ),
    ]
    return build_table("Creation", specs, plain_rows(found))


def ageing_table(found: pd.DataFrame, currency: str) -> Table:
    """One row per age class of the open deals."""
    specs = [
        ColumnSpec("age", "Age since creation", _T),
        ColumnSpec("deals", "Open deals", _I),
        ColumnSpec("amount_minor", "Value", _M, currency),
    ]
    return build_table("Ageing", specs, plain_rows(found))


def deals_table(waiting: pd.DataFrame, pushed: pd.DataFrame, stale: StaleDeals, day: dt.date, currency: str) -> Table:
    """One row per open deal, stale and large first."""
    specs = [
        ColumnSpec("external_id", "Opportunity id", _T),
        ColumnSpec("name", "Opportunity", _T),
        ColumnSpec("account", "Account", _T),
        ColumnSpec("owner", "Owner", _T),
        ColumnSpec("stage", "Stage", _T),
        ColumnSpec("worth_minor", "Amount", _M, currency),
        ColumnSpec("age_days", "Age (days)", _I),
        ColumnSpec("close_on", "Close date", ValueKind.DATE),
        ColumnSpec("pushes", "Pushes", _I,
                   description="Times its close date moved to a later calendar month from one snapshot to the next."),
        ColumnSpec("days_pushed", "Days pushed", _I),
        ColumnSpec("stale", "Stale", ValueKind.BOOLEAN),
        ColumnSpec("why", "Why stale", _T,
                   description=f"Older than {STALE_SHARE:.0%} of the won deals were, overdue, untouched, or pushed "
                               "again and again."),
    ]  # fmt: skip
    frame = waiting.assign(why=stale.reasons, stale=stale.reasons != "")
    frame["age_days"] = (pd.Timestamp(day) - frame["created_on"]).dt.days.astype("Int64")
    seen = pushed.reindex(frame["id"])
    for name in ("pushes", "days_pushed"):
        frame[name] = seen[name].astype("Int64").to_numpy()
    frame = frame.iloc[np.lexsort((-frame["worth_minor"].to_numpy(np.int64), ~frame["stale"].to_numpy(np.bool_)))]
    frame["why"] = frame["why"].where(frame["stale"], None)
    kept = [spec.name for spec in specs]
    return build_table("Open deals", specs, plain_rows(frame[[*kept, "id"]]), entity="opportunity", key="id")
