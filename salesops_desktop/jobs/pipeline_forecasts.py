"""The pipeline forecast of a period: deals with chance and reasons, the range of the result, the race behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from salesops_desktop.forecast.categories import fill_categories
from salesops_desktop.forecast.deal_history import StaleDeals, pushes, stale_deals
from salesops_desktop.forecast.explaining import Reason
from salesops_desktop.forecast.pipeline import PipelineForecast
from salesops_desktop.forecast.pipeline_race import RaceRow
from salesops_desktop.forecast.simulation import Scenario, Simulation
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.forecast_assumptions import scenario_named
from salesops_desktop.jobs.forecast_targets import Target, target_of_selection
from salesops_desktop.jobs.pipeline_forecast_tables import (
    PipelineTables,
    calibration_table,
    deal_table,
    driver_table,
    outcome_table,
    race_table,
    reason_table,
)
from salesops_desktop.jobs.pipeline_frames import LeftOut, Pipeline, Selection, load_pipeline, period_of
from salesops_desktop.jobs.pipeline_runs import part_of_run, run_of
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import PPM, Money
from salesops_desktop.model.periods import Period
from salesops_desktop.model.tables import Table

__all__ = ["PipelineReport", "RaceRow", "Reason", "Scenario", "Simulation", "forecast_pipeline_job", "pipeline_report"]


@dataclass(frozen=True, slots=True)
class PipelineReport:
    """The pipeline forecast of a selection.

    Attributes:
        forecast: the engine's result for the whole company, whose past it learned from.
        simulation: the distribution of the selection's result, under no scenario.
        shown: the same under the scenario asked for.
        selection: whose deals.
        period: the period.
        currency: the company's.
        target: its target.
        won_minor: won by the selection in the period so far.
        weighted_minor: Σ amount × chance of a win within the period, of the selection's open deals.
        tables_: the tables.
        asked: the deal whose reasons were asked for.
        notes: what was chosen, derived, left out.
        left_out: deals no figure holds.
    """

    forecast: PipelineForecast
    simulation: Simulation
    shown: Simulation
    selection: Selection
    period: Period
    currency: str
    target: Target
    won_minor: int
    weighted_minor: int
    tables_: PipelineTables
    asked: tuple[Reason, ...]
    notes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def deals(self) -> Table:
        """One row per open deal of the selection; keys are the opportunities' row ids."""
        return self.tables_.deals

    def why(self, deal: int) -> tuple[Reason, ...]:
        """Why the deal with this row id has its chance of a win within the period: factors that multiply to it."""
        return self.forecast.why(deal)

    def scenario(
        self,
        *,
        win_rate: float = 1.0,
        deal_size: float = 1.0,
        cycle: float = 1.0,
        heads: float = 1.0,
        ramp: float = 1.0,
    ) -> Simulation:
        """The selection's result if things were otherwise, from the same draws; see :class:`Scenario`."""
        return self.simulation.under(Scenario(win_rate, deal_size, cycle, heads, ramp))

    def summary(self) -> Sequence[str]:
        """The range, the chance of the target, the method and its proof."""
        p10, p50, p90 = (self._money(value) for value in self.shown.quantiles((0.1, 0.5, 0.9)))
        won, weighted = self._money(self.won_minor), self._money(self.weighted_minor)
        said = [
            f"{self.period.label} as of {self.forecast.as_of}, {self.selection}: {won} won so far.",
            f"{len(self.deals):,} open deals are worth {weighted} at their chances of a win by {self.period.end}.",
            f"Result P10 {p10}, P50 {p50}, P90 {p90}; {len(self.shown.totals):,} simulations, new deals included.",
        ]
        if self.shown.scenario != Scenario():
            moved = [(n, getattr(self.shown.scenario, n)) for n in ("win_rate", "deal_size", "cycle", "heads", "ramp")]
            said.append("Scenario: " + ", ".join(f"{name} × {value:g}" for name, value in moved if value != 1) + ".")
        if self.target.amount is not None:
            chance = self.shown.chance_of(self.target.amount)
            said.append(f"Target {self._money(self.target.amount)}: reached in {chance:.0%} of the simulations.")
        said += [reason.sentence for reason in self.asked]
        return [*said, *self.target.notes, *self.notes, *map(str, self.left_out)]

    def tables(self) -> Sequence[Table]:
        """The reasons asked for, the outcome, what it hangs on, the deals, the race, the calibration."""
        made = self.tables_
        first = [reason_table(self.asked)] if self.asked else []
        return [*first, made.outcome, made.drivers, made.deals, made.race, made.calibration]

    def _money(self, minor: int) -> str:
        return str(Money(minor, self.currency))


@job(
    "forecast pipeline",
    title="Forecast the open pipeline",
    group="forecast",
    examples=(
        "forecast pipeline company.salesops",
        "forecast pipeline company.salesops --period 2026-Q4 --region EMEA --win-rate 1.1 --heads 1.2 --ramp 0.5",
        "forecast pipeline company.salesops --why 006Q00000012399",
    ),
)
def forecast_pipeline_job(
    context: JobContext,
    *,
    period: str | None = None,
    target: float | None = None,
    manager: str | None = None,
    team: str | None = None,
    region: str | None = None,
    owner: str | None = None,
    product: str | None = None,
    win_rate: float = 1.0,
    deal_size: float = 1.0,
    cycle: float = 1.0,
    heads: float = 1.0,
    ramp: float = 1.0,
    assume: str = "",
    why: str | None = None,
    as_of: dt.date | None = None,
    seed: int = 1,
) -> PipelineReport:
    """Forecast what the open pipeline and deals not yet created bring in a period, with the chance of the target.

    Args:
        period: as 2026-Q4 or 2026-10; by default the quarter of today, on its last day the next.
        target: its target in the company's currency; by default the bookings quotas of the people asked about.
        manager: only deals of people under this manager, at any depth.
        team: only deals of this team.
        region: only deals of this region.
        owner: only deals of this person.
        product: only deals about this product or product family.
        win_rate: scenario: factor on the chances of winning.
        deal_size: scenario: factor on the amounts.
        cycle: scenario: factor on the time deals take.
        heads: scenario: sellers against today.
        ramp: scenario: what an added seller creates within the period, against a settled one.
        assume: the name of stored assumptions instead of these factors.
        why: the id of an opportunity whose chance is to be explained.
        as_of: the day of knowledge; by default the newest day the pipeline or the bookings speak of.
        seed: for the simulation; the same seed gives the same result.
    """
    asked = Scenario(win_rate, deal_size, cycle, heads, ramp).checked()
    context.progress(0, 0, "Reading")
    with context.workspace.read() as connection:
        if assume and asked != Scenario():
            raise InputRefusedError(
                "Stored assumptions and factors of a scenario were given.", way_out="Give one or the other."
            )
        asked = scenario_named(connection, assume) if assume else asked
        loaded = load_pipeline(connection, as_of)
        chosen = Selection(manager, team, region, owner, product)
        span = period_of(loaded, period, ahead=True)
        aim = target_of_selection(connection, loaded, span, chosen, target)
    return pipeline_report(context, loaded, span, chosen, aim, scenario=asked, why=why, seed=seed)


def pipeline_report(
    context: JobContext,
    loaded: Pipeline,
    period: Period,
    selection: Selection,
    target: Target,
    *,
    scenario: Scenario | None = None,
    why: str | None = None,
    seed: int = 1,
) -> PipelineReport:
    """The report of a loaded pipeline.

    Args:
        context: for progress.
        loaded: the pipeline.
        period: the period asked about.
        selection: whose deals.
        target: the selection's.
        scenario: what is assumed; as things are by default.
        why: the id of an opportunity whose chance is to be explained.
        seed: for the simulation.

    Raises:
        NothingToDoError: no open deal, none closed to learn from, or the period is over.
        InputRefusedError: the deal to explain is no open deal of the selection.
    """
    deals = loaded.opportunities
    asked = _asked(deals[loaded.members(deals, selection)], why)
    found = run_of(loaded, period, seed=seed, progress=context.progress)
    part = part_of_run(found, loaded, selection, target=target.amount, seed=seed)
    mine, simulation = part.deals, part.simulation
    shown = simulation if scenario in (None, Scenario()) else simulation.under(scenario, drivers=True)
    table, stale = _deals(loaded, mine)
    notes = [*found.sentences]
    if not selection.whole:
        notes.append(f"Chances and their proof are learned from the whole company; the range is that of {selection}.")
    if stale:
        notes.append(f"{stale:,} of these deals are stale.")
    currency = loaded.facts.currency
    tables = PipelineTables(
        outcome_table(shown, target.amount, currency),
        driver_table(shown, deals, currency),
        deal_table(table, currency),
        race_table(found),
        calibration_table(found),
    )
    # A deal that the engine left out (no amount, not yet created) has no chance to explain.
    reasons = found.why(asked) if asked is not None and asked in found.reasons else ()
    return PipelineReport(
        found, simulation, shown, selection, period, currency, target, part.won_minor,
        part.period_weighted_minor, tables, reasons, tuple(notes), loaded.left_out,
    )  # fmt: skip


def _deals(loaded: Pipeline, mine: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The engine's deals with what people know them by, their category, pushes and whether they are stale."""
    today = pd.Timestamp(loaded.as_of)
    deals = loaded.opportunities
    names = ["external_id", "name", "account", "owner", "product", "close_on", "forecast_category", "probability"]
    frame = mine.join(deals.set_index("id")[[*names, "created_on"]], on="id")
    stated = frame["probability"].fillna((frame["win_probability"] * PPM).round().astype("Int64"))
    frame["category"], frame["derived"] = fill_categories(frame["forecast_category"], stated)
    lines = loaded.snapshots[loaded.snapshots["status"] == "open"]
    pushed = pushes(lines).reindex(frame["id"])
    frame["pushes"] = pushed["pushes"].astype("Int64").to_numpy()
    closed = deals[(deals["status"] != "open") & (deals["close_on"] <= today)]
    stale: StaleDeals = stale_deals(frame, closed, lines, day=loaded.as_of)
    frame["stale"] = stale.reasons != ""
    frame["why_stale"] = pd.Series(stale.reasons).where(frame["stale"], None)
    frame = frame.sort_values(["period_weighted_minor", "amount_minor"], ascending=False, kind="stable")
    return frame, int(frame["stale"].sum())


def _asked(own: pd.DataFrame, why: str | None) -> int | None:
    """The row id of the deal to explain.

    Raises:
        InputRefusedError: it is no open deal of the selection.
    """
    if why is None:
        return None
    named = own.loc[(own["external_id"] == why.strip()) & (own["status"] == "open"), "id"]
    if named.empty:
        raise InputRefusedError(
            f"{why!r} is no open opportunity of this selection.", way_out="Give the opportunity's id as the CRM has it."
        )
    return int(named.iloc[0])
