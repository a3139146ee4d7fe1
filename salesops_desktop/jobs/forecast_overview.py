"""The running period in one picture: target, what came, pipeline, forecast with its fan, and what was said before."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.forecast import PipelineForecast
from salesops_desktop.forecast.running_period import forecast_running
from salesops_desktop.jobs.company import CompanyFacts, company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.forecast_assumptions import Scenario, scenario_named, told
from salesops_desktop.jobs.forecast_comments import comment_of
from salesops_desktop.jobs.forecast_lines import SOURCE_PHRASES, Lines, Source, load_lines
from salesops_desktop.jobs.forecast_outlooks import Outlook, Past, judged, led_fan, outlooks, past_forecasts
from salesops_desktop.jobs.forecast_overview_keeping import keep_overview, key_of
from salesops_desktop.jobs.forecast_overview_report import OpenPipeline, Overview, Step
from salesops_desktop.jobs.forecast_periods import period_asked
from salesops_desktop.jobs.forecast_records import COMPANY, factors_in_force, kept_points, known_day, own_numbers
from salesops_desktop.jobs.forecast_targets import Target, target_of_selection
from salesops_desktop.jobs.pipeline_frames import EVERYTHING, Flags, Pipeline, Selection, load_pipeline
from salesops_desktop.jobs.pipeline_runs import part_of_run, run_of
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.periods import Period

__all__ = ["OpenPipeline", "Outlook", "Overview", "Past", "Step", "forecast_overview"]

_PERSON, _PRODUCT = ("person",), ("family", "product")


@job(
    "forecast overview",
    title="Show the running period's forecast",
    group="forecast",
    examples=(
        "forecast overview company.salesops",
        "forecast overview company.salesops --period 2026-Q4 --step month",
        "forecast overview company.salesops --region EMEA --manager 'Olga Petrov'",
    ),
)
def forecast_overview(
    context: JobContext,
    *,
    period: str = "",
    source: Source = Source.AUTO,
    manager: str | None = None,
    team: str | None = None,
    region: str | None = None,
    owner: str | None = None,
    product: str | None = None,
    as_of: dt.date | None = None,
    step: Step = Step.WEEK,
    seed: int = 1,
    assume: str = "",
    keep: bool = False,
) -> Overview:
    """Show the running period: target, actual, pipeline, forecast to its end, and what was forecast before.

    Args:
        period: such as 2026-Q4 or 2026-11; the running quarter where none is given, or the next one on its last day.
        source: transactions (booked), invoiced, paid, won (opportunities), or auto: booked where there are any.
        manager: only what people under this manager bring, at any depth.
        team: only what this team brings.
        region: only what this region brings.
        owner: only what this person brings.
        product: only what this product or product family brings.
        as_of: the day of knowledge; by default the newest day the pipeline or the bookings speak of.
        step: day, week or month: how far apart the points to the period's end are shown.
        seed: for the simulations.
        assume: the name of stored assumptions that the pipeline is drawn under.
        keep: keep the forecasts in the workspace, so that they can be scored when the period is over.
    """
    if assume and keep:
        raise InputRefusedError(
            "A forecast under assumptions is no forecast to be scored.", way_out="Keep the one without assumptions."
        )
    chosen = Selection(manager, team, region, owner, product)
    origin = "shown" if keep else ""
    return overview_of(context, period, source, as_of, step, seed, keep=origin, assume=assume, selection=chosen)


def overview_of(
    context: JobContext,
    period: str,
    source: Source,
    as_of: dt.date | None,
    step: Step,
    seed: int,
    *,
    keep: str,
    assume: str = "",
    selection: Selection = EVERYTHING,
) -> Overview:
    """The overview of :func:`forecast_overview`, kept as ``shown`` or ``rebuilt``, or not at all."""
    context.progress(0, 0, "Reading")
    with context.workspace.read() as connection:
        given = _read(connection, period, source, as_of, selection, assume)
        found = _made(context, connection, given, step, seed)
    if not keep:
        return found
    return keep_overview(context, found, given.loaded, given.per_won, key_of(given.selection, given.loaded), keep)


@dataclass(frozen=True, slots=True)
class _Reading:
    lines: Lines
    mine: Flags  # which lines are the selection's
    loaded: Pipeline
    selection: Selection
    period: Period
    day: dt.date
    target: Target
    last_target: Target
    per_won: float
    scenario: Scenario | None = None


def _read(
    connection: Connection, period: str, source: Source, as_of: dt.date | None, selection: Selection, assume: str
) -> _Reading:
    facts: CompanyFacts = company(connection)
    day = known_day(connection, as_of)
    wanted = period_asked(facts.calendar, period, day)
    levels = () if selection.whole else _PERSON + (() if selection.product is None else _PRODUCT)
    lines = load_lines(connection, source, "amount", levels, day)
    loaded = load_pipeline(connection, day, needed=False)
    target, last = (
        target_of_selection(connection, loaded, each, selection)
        for each in (wanted, facts.calendar.following(wanted, -1))
    )
    return _Reading(
        lines, _mine(lines, loaded, selection), loaded, selection, wanted, day, target, last,
        _per_won(lines, loaded.opportunities, day), scenario_named(connection, assume) if assume else None,
    )  # fmt: skip


def _mine(lines: Lines, loaded: Pipeline, selection: Selection) -> Flags:
    """Which lines are the selection's."""
    fits = np.ones(len(lines.frame), dtype=np.bool_)
    owners = loaded.owners(selection)
    if owners is not None:
        fits &= lines.frame["owner_id"].isin(list(owners)).to_numpy(np.bool_)
    if selection.product is not None:
        wanted = selection.product.strip().casefold()
        named = [(lines.frame[name].str.casefold() == wanted).to_numpy(np.bool_) for name in _PRODUCT]
        fits &= named[0] | named[1]
    if not fits.any():
        raise NothingToDoError(
            f"No {SOURCE_PHRASES[lines.source]} belong to {selection}.", way_out="Choose another part."
        )
    return fits


def _per_won(lines: Lines, opportunities: pd.DataFrame, day: dt.date) -> float:
    """What the actuals counted in the last year for each unit of won opportunities."""
    if lines.source is Source.WON:
        return 1.0
    since, until = pd.Timestamp(day) - pd.DateOffset(years=1), pd.Timestamp(day)
    won = opportunities[(opportunities["status"] == "won") & opportunities["close_on"].between(since, until)]
    inside = lines.frame["day"].between(since, until)
    total, came = float(won["amount_minor"].fillna(0).sum()), float(lines.frame.loc[inside, "value"].sum())
    return came / total if total > 0 and came > 0 else 1.0


def _made(context: JobContext, connection: Connection, given: _Reading, step: Step, seed: int) -> Overview:
    frame, period, day = given.lines.frame[given.mine], given.period, given.day
    calendar = given.lines.facts.calendar
    values = frame["value"].to_numpy(np.int64)
    stamps = frame["day"].to_numpy(dtype="datetime64[D]")
    notes = [
        f"The actuals are {SOURCE_PHRASES[given.lines.source]}.",
        *dict.fromkeys((*given.lines.notes, *map(str, given.loaded.left_out))),
    ]
    if given.scenario is not None:
        notes.insert(0, f"The pipeline is drawn under assumptions: {told(given.scenario)}.")
    running, without = None, ""
    try:
        running = forecast_running(stamps, values, period, as_of=day, calendar=calendar)
    except NothingToDoError as error:
        without = f"No model forecast: {error.sentence}"
        notes.append(without)
    pipeline, why = _pipeline(context, given, seed)
    notes += [why] if why else []
    key = key_of(given.selection, given.loaded)
    kept = kept_points(connection, day)
    kept = kept[kept["node_key"] == key].reset_index(drop=True)
    series, deals, both, combination = outlooks(
        running, pipeline, period=period, as_of=day, per_won=given.per_won, kept=kept, target=given.target.amount,
        without=without,
    )  # fmt: skip
    if both is None or combination is None:
        raise NothingToDoError(f"{without} {why}".strip(), way_out="Import more history, or the open pipeline.")
    last = calendar.following(period, -1)
    days, path = _path(stamps, values, period, day)
    _, last_path = _path(stamps, values, last, last.end)
    return Overview(
        as_of=day, period=period, currency=given.lines.facts.currency, source=given.lines.source, target=given.target,
        actual=int(path[-1]) if len(path) else 0, days=days, actual_path=path, open=_open(pipeline), series=series,
        pipeline=deals, combined=both, judgement=_said(connection, given),
        fan=led_fan(running, both), last_period=last, last_actual=int(last_path[-1]), last_path=last_path,
        last_target=given.last_target,
        past=past_forecasts(kept, (last, period), {last.label: int(last_path[-1])}), forecast=pipeline,
        combination=combination, running=running, notes=tuple(notes), step=step, selection=given.selection,
        comment=comment_of(connection, key, period),
    )  # fmt: skip


def _said(connection: Connection, given: _Reading) -> Outlook | None:
    """What people say of the period."""
    numbers = own_numbers(connection, given.day)
    factors = factors_in_force(connection, given.day)
    if given.selection.whole:
        managers = [str(name) for (name,) in connection.exec_driver_sql(
            "SELECT DISTINCT m.name FROM person p JOIN person m ON m.id = p.manager_id ORDER BY 1")]  # fmt: skip
        return judged(numbers, given.period, managers, factors)
    own = numbers[numbers["node_key"] == key_of(given.selection, given.loaded)]
    return judged(own.assign(node_key=COMPANY), given.period, (), factors)


def _pipeline(context: JobContext, given: _Reading, seed: int) -> tuple[PipelineForecast | None, str]:
    target = given.target.amount
    try:
        whole = run_of(given.loaded, given.period, seed=seed, progress=context.progress)
        found = part_of_run(
            whole, given.loaded, given.selection, seed=seed,
            target=None if target is None else round(target / given.per_won),
        )  # fmt: skip
    except NothingToDoError as error:
        return None, f"No pipeline forecast: {error.sentence}"
    if given.scenario is not None:
        found = replace(found, simulation=found.simulation.under(given.scenario))
    return found, ""


def _open(pipeline: PipelineForecast | None) -> OpenPipeline | None:
    if pipeline is None:
        return None
    raw = int(pipeline.deals["amount_minor"].sum())
    return OpenPipeline(len(pipeline.deals), raw, pipeline.weighted_minor, pipeline.period_weighted_minor)


def _path(
    stamps: npt.NDArray[np.datetime64], values: npt.NDArray[np.int64], period: Period, until: dt.date
) -> tuple[tuple[dt.date, ...], npt.NDArray[np.int64]]:
    """The period's days up to one, and what had come by the end of each."""
    count = max((until - period.start).days + 1, 0)
    place = (stamps - np.datetime64(period.start)).astype(np.int64)
    inside = (place >= 0) & (place < count)
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, place[inside], values[inside])
    return tuple(period.start + dt.timedelta(days=i) for i in range(count)), np.cumsum(sums)
