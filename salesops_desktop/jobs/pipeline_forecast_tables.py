"""The tables of a pipeline forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from salesops_desktop.forecast.explaining import Reason
from salesops_desktop.forecast.pipeline import PipelineForecast
from salesops_desktop.forecast.simulation import Simulation
from salesops_desktop.jobs.pipeline_snapshots import plain_rows
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

_T, _I, _M, _F, _N = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.MONEY, ValueKind.FRACTION, ValueKind.NUMBER
_B = ValueKind.BOOLEAN

SHARES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class PipelineTables:
    """All tables of a pipeline forecast but the reasons of one deal."""

    outcome: Table
    drivers: Table
    deals: Table
    race: Table
    calibration: Table


def outcome_table(simulation: Simulation, target: int | None, currency: str) -> Table:
    """One row per quantile of the result, with its parts' own quantiles."""
    specs = [
        ColumnSpec("quantile", "Quantile", _T, description="P10: nine of ten simulations bring more."),
        ColumnSpec("result", "Result", _M, currency, description="Won so far + open deals + deals not yet created."),
        ColumnSpec("open", "From open deals", _M, currency, description="This part's own quantile: parts do not add."),
        ColumnSpec("new", "From new deals", _M, currency, description="This part's own quantile: parts do not add."),
        ColumnSpec("chance", "Chance of at least this", _F, digits=0),
    ]
    whole, open_part, new_part = (simulation.quantiles(SHARES, part) for part in ("total", "open", "new"))
    rows: list[tuple[object, ...]] = [
        (f"P{share * 100:.0f}", whole[i], open_part[i], new_part[i], simulation.chance_of(whole[i]))
        for i, share in enumerate(SHARES)
    ]
    if target is not None:
        rows.append(("Target", target, None, None, simulation.chance_of(target)))
    return build_table("Result of the period", specs, rows)


def driver_table(simulation: Simulation, deals: pd.DataFrame, currency: str) -> Table:
    """The open deals on which the result hangs most."""
    specs = [
        ColumnSpec("external_id", "Opportunity id", _T),
        ColumnSpec("name", "Opportunity", _T),
        ColumnSpec("owner", "Owner", _T),
        ColumnSpec("amount", "Amount", _M, currency),
        ColumnSpec("chance", "Won this period", _F, digits=1),
        ColumnSpec("share", "Part of the variance", _F, digits=1, description="Of what the deals' own luck gives."),
        ColumnSpec("reach_won", "Target if won", _F, digits=1, description="Chance of the target when it is won."),
        ColumnSpec("reach_lost", "Target if not", _F, digits=1),
    ]
    known = deals.set_index("id")[["external_id", "name", "owner"]]
    rows: list[dict[str, object]] = []
    for driver in simulation.drivers:
        (named,) = plain_rows(known.loc[[driver.deal]])
        rows.append(
            named
            | {
                "id": driver.deal, "amount": driver.amount_minor, "chance": driver.chance,
                "share": driver.variance_share, "reach_won": driver.reach_won, "reach_lost": driver.reach_lost,
            }
        )  # fmt: skip
    return build_table("Deals that matter most", specs, rows, entity="opportunity", key="id")


def deal_table(frame: pd.DataFrame, currency: str) -> Table:
    """One row per open deal."""
    specs = [
        ColumnSpec("external_id", "Opportunity id", _T),
        ColumnSpec("name", "Opportunity", _T),
        ColumnSpec("account", "Account", _T),
        ColumnSpec("owner", "Owner", _T),
        ColumnSpec("product", "Product", _T),
        ColumnSpec("stage", "Stage", _T),
        ColumnSpec("category", "Category", _T, description="As stated, else by its probability."),
        ColumnSpec("age_days", "Age (days)", _I),
        ColumnSpec("amount_minor", "Amount", _M, currency),
        ColumnSpec("period_probability", "Won this period", _F, digits=1,
                   description="Chance of a win by the period's end."),
        ColumnSpec("period_weighted_minor", "Weighted this period", _M, currency,
                   description="Amount × won this period."),
        ColumnSpec("win_probability", "Win probability", _F, digits=1, description="Chance of a win ever."),
        ColumnSpec("weighted_minor", "Weighted value", _M, currency, description="Amount × win probability."),
        ColumnSpec("close_on", "Close date", ValueKind.DATE, description="As the owner states it."),
        ColumnSpec("expected_close", "Expected close", ValueKind.DATE, description="As deals of its age went."),
        ColumnSpec("pushes", "Pushes", _I, description="Times its close date moved to a later month."),
        ColumnSpec("stale", "Stale", _B),
        ColumnSpec("why_stale", "Why stale", _T),
    ]  # fmt: skip
    kept = [spec.name for spec in specs]
    rows = plain_rows(frame[[*kept, "id"]])
    for row in rows:
        if isinstance(row["age_days"], float):
            row["age_days"] = int(row["age_days"])
    return build_table("Open pipeline", specs, rows, entity="opportunity", key="id")


def race_table(found: PipelineForecast) -> Table:
    """One row per method and distance: how it did at past month-ends, the naive ones too."""
    specs = [
        ColumnSpec("months", "Months ahead", _I),
        ColumnSpec("label", "Method", _T),
        ColumnSpec("chosen", "Chosen", _B),
        ColumnSpec("naive", "Naive", _B, description="A yardstick that the others must beat."),
        ColumnSpec("origins", "Month-ends", _I),
        ColumnSpec("deals", "Deals judged", _I, description="A deal counts at every month-end it was open."),
        ColumnSpec("wape", "Error of the sum", _F, digits=0, description="Σ|expected − won| ÷ Σ won."),
        ColumnSpec("bias", "Bias", _F, digits=0, description="Σ(expected − won) ÷ Σ won."),
        ColumnSpec("brier", "Brier score", _N, digits=3, description="Mean squared difference of chance and outcome."),
        ColumnSpec("calibration_error", "Calibration error", _F, digits=1,
                   description="Mean distance of predicted and observed chances."),
    ]  # fmt: skip
    rows = [{spec.name: getattr(row, spec.name) for spec in specs} for row in found.race]
    return build_table("Back-test of the pipeline", specs, rows)


def calibration_table(found: PipelineForecast) -> Table:
    """One row per bin of predicted chances."""
    specs = [
        ColumnSpec("low", "From", _F, digits=0),
        ColumnSpec("high", "To", _F, digits=0),
        ColumnSpec("n", "Deals", _I),
        ColumnSpec("predicted", "Predicted", _F, digits=1, description="Mean chance predicted."),
        ColumnSpec("observed", "Observed", _F, digits=1, description="Share that was won."),
    ]
    rows = [(b.low, b.high, b.n, b.predicted, b.observed) for b in found.calibration]
    return build_table("Calibration", specs, rows)


def reason_table(reasons: Sequence[Reason]) -> Table:
    """The steps to one deal's chance."""
    specs = [
        ColumnSpec("term", "Step", _T),
        ColumnSpec("factor", "Factor", _N, digits=3, description="The first is a chance; all multiply to the last."),
        ColumnSpec("chance", "Chance after it", _F, digits=1),
        ColumnSpec("sentence", "In words", _T),
    ]
    return build_table("Why", specs, [(r.term, r.factor, r.chance, r.sentence) for r in reasons])
