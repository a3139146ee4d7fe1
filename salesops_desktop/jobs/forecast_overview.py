"""The running period in one picture: target, what came, pipeline, forecast with its fan, and what was said before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.forecast import PipelineForecast, forecast_pipeline
from salesops_desktop.forecast.combination import Combination
from salesops_desktop.forecast.running_period import LEVELS, Fan, RunningForecast, forecast_running
from salesops_desktop.jobs import frames as reading
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.currencies import Unconverted
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.forecast_assumptions import Scenario, scenario_named, told
from salesops_desktop.jobs.forecast_keeping import TABLES, Head, Points, keep_pipeline
from salesops_desktop.jobs.forecast_keeping import keep as keep_forecast
from salesops_desktop.jobs.forecast_lines import SOURCE_PHRASES, Lines, Source, load_lines
from salesops_desktop.jobs.forecast_outlooks import Outlook, Past, judged, led_fan, outlooks, past_forecasts
from salesops_desktop.jobs.forecast_records import (
    UNUSED,
    Target,
    factors_in_force,
    kept_points,
    known_day,
    own_numbers,
    target_of,
)
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.money import Money
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = ["OpenPipeline", "Outlook", "Overview", "Past", "Step", "forecast_overview"]


class Step(StrEnum):
    """How far apart the fan's points are shown."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class OpenPipeline:
    """The open deals: how many, their amounts, and these times their chances."""

    count: int
    raw: int
    weighted: int
    """Σ amount × chance of ever being won."""
    in_period: int
    """Σ amount × chance of a win within the period."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the first picture shows; money in minor units of ``currency``."""

    as_of: dt.date
    period: Period
    currency: str
    source: Source
    target: Target
    actual: int
    """What came in the period up to ``as_of``."""
    days: tuple[dt.date, ...]
    """The period's days up to ``as_of``."""
    actual_path: npt.NDArray[np.int64]
    """(d,) what had come by the end of each of them."""
    open: OpenPipeline | None
    series: Outlook | None
    pipeline: Outlook | None
    combined: Outlook
    judgement: Outlook | None
    fan: Fan | None
    """Day by day from ``as_of`` to the period's end, around the combined forecast."""
    last_period: Period
    last_actual: int
    last_path: npt.NDArray[np.int64]
    """(days of the last period,) what had come by the end of each."""
    last_target: Target
    past: tuple[Past, ...]
    forecast: PipelineForecast | None
    """The pipeline engine's whole result."""
    combination: Combination
    running: RunningForecast | None
    """The model's whole result, with what it would have said at the same point of earlier periods."""
    notes: tuple[str, ...]
    step: Step = Step.WEEK
    kept: tuple[int, ...] = ()
    """Ids under which the forecasts were kept."""

    @property
    def chance(self) -> float | None:
        """Of reaching the target, by the combined forecast; None without quotas."""
        return self.combined.chance

    def summary(self) -> Sequence[str]:
        """Where the period stands and where it will end."""
        both = self.combined
        where = "is not begun" if self.as_of < self.period.start else f"stands at {self._money(self.actual)}"
        said = [self.target.basis, both.reason, *self.notes]
        if self.target.amount is not None and both.chance is not None:
            goal = self._money(self.target.amount)
            said.insert(0, f"The target is {goal}; the chance of reaching it is {both.chance:.0%}.")
        ends = f"{self._money(both.lower[80])} to {self._money(both.upper[80])} with a chance of 80 %."
        start = f"{self.period.label} {where} on {self.as_of}; {self._money(both.mean)} are forecast in all, {ends}"
        return [start, *said]

    def _money(self, minor: int) -> str:
        return str(Money(minor, self.currency))

    def tables(self) -> Sequence[Table]:
        """The forecasts side by side, the fan, what was said before."""
        return [self.outlooks(), self.fan_table(), self.past_table()]

    def outlooks(self) -> Table:
        """One row per forecast of the period's total."""
        money, share = ValueKind.MONEY, ValueKind.FRACTION
        specs = [
            ColumnSpec("forecast", "Forecast", ValueKind.TEXT),
            ColumnSpec("mean", "Expected", money, self.currency),
            ColumnSpec("low80", "Low 80 %", money, self.currency),
            ColumnSpec("high80", "High 80 %", money, self.currency),
            ColumnSpec("chance", "Chance of target", share, digits=0),
            ColumnSpec("weight", "Weight", share, digits=0, description="Its share of the combined forecast."),
            ColumnSpec("error", "Error", share, digits=1,
                       description="Σ|forecast − actual| ÷ Σ actual at the same point of earlier periods."),
            ColumnSpec("bias", "Bias", share, digits=1, description="Σ(forecast − actual) ÷ Σ actual there."),
            ColumnSpec("n", "Periods judged", ValueKind.INTEGER),
            ColumnSpec("reason", "How", ValueKind.TEXT),
        ]  # fmt: skip
        rows = [
            (o.label, o.mean, o.lower.get(80), o.upper.get(80), o.chance, o.weight, o.error, o.bias, o.n, o.reason)
            for o in (self.combined, self.series, self.pipeline, self.judgement)
            if o is not None
        ]
        return build_table(f"Forecasts of {self.period.label}", specs, rows)

    def fan_table(self) -> Table:
        """The way to the period's end, a row per step."""
        specs = [ColumnSpec("day", "By the end of", ValueKind.DATE)]
        names = [("mean", "Expected", None), *((f"{side}{level}", f"{side.title()} {level} %", (side, level))
                 for level in LEVELS for side in ("low", "high"))]  # fmt: skip
        specs += [ColumnSpec(name, label, ValueKind.MONEY, self.currency) for name, label, _ in names]
        if self.fan is None:
            return build_table("To the end of the period", specs, [])
        sides = {"low": self.fan.lower, "high": self.fan.upper}
        columns = [self.fan.mean if key is None else sides[key[0]][key[1]] for _, _, key in names]
        rows = [
            (day, *(round(float(column[i])) for column in columns))
            for i, day in enumerate(self.fan.days)
            if self._shown(i, day)
        ]
        return build_table("To the end of the period", specs, rows)

    def _shown(self, place: int, day: dt.date) -> bool:
        assert self.fan is not None
        ends = {0, len(self.fan.days) - 1}
        if self.step is Step.DAY or place in ends:
            return True
        if self.step is Step.WEEK:
            return day.weekday() == 6
        return (day + dt.timedelta(days=1)).day == 1

    def past_table(self) -> Table:
        """The kept forecasts of this and the last period, as they were shown."""
        money = ValueKind.MONEY
        specs = [
            ColumnSpec("period", "Period", ValueKind.TEXT),
            ColumnSpec("as_of", "Known on", ValueKind.DATE),
            ColumnSpec("kind", "Forecast", ValueKind.TEXT),
            ColumnSpec("who", "Who", ValueKind.TEXT),
            ColumnSpec("origin", "Shown or rebuilt", ValueKind.TEXT),
            ColumnSpec("mean", "Forecast amount", money, self.currency),
            ColumnSpec("low80", "Low 80 %", money, self.currency),
            ColumnSpec("high80", "High 80 %", money, self.currency),
            ColumnSpec("actual", "Actual", money, self.currency),
        ]
        rows = [(p.period, p.as_of, p.kind, p.who, p.origin, p.mean, p.low80, p.high80, p.actual) for p in self.past]
        return build_table("Forecasts as they were", specs, rows)


@job(
    "forecast overview",
    title="Show the running period's forecast",
    group="forecast",
    examples=("forecast overview company.salesops", "forecast overview company.salesops --period 2026-Q4 --step month"),
)
def forecast_overview(
    context: JobContext,
    *,
    period: str = "",
    source: Source = Source.AUTO,
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
    return overview_of(context, period, source, as_of, step, seed, keep="shown" if keep else "", assume=assume)


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
) -> Overview:
    """The overview of :func:`forecast_overview`, kept as ``shown`` or ``rebuilt``, or not at all."""
    context.progress(0, 0, "Reading")
    with context.workspace.read() as connection:
        facts = company(connection)
        day = known_day(connection, as_of)
        wanted = period_asked(facts.calendar, period, day)
        lines = load_lines(connection, source, "amount", (), day)
        left: list[Unconverted] = []
        loaded = reading.load(connection, without=UNUSED, left=left)
        won_rate = _per_won(lines, loaded.opportunities, day)
        target, said = target_of(connection, facts, wanted), tuple(map(str, left))
        scenario = scenario_named(connection, assume) if assume else None
        made = _Reading(lines, loaded, wanted, day, target, won_rate, said, scenario)
        found = _made(context, connection, made, step, seed)
    return _kept(context, found, loaded.opportunities, won_rate, keep) if keep else found


@dataclass(frozen=True, slots=True)
class _Reading:
    lines: Lines
    loaded: reading.Frames
    period: Period
    day: dt.date
    target: Target
    per_won: float
    left: tuple[str, ...] = ()  # sentences on what the pipeline had to leave out
    scenario: Scenario | None = None


def period_asked(calendar: FiscalCalendar, text: str, day: dt.date) -> Period:
    """The period named, else the running quarter, or the next one on its last day."""
    if not text:
        current = calendar.containing(day, PeriodKind.QUARTER)
        return calendar.following(current) if current.end == day else current
    wanted = calendar.parse(text)
    if wanted.kind is PeriodKind.WEEK:
        raise InputRefusedError("A week is too short for an overview.", way_out="Choose a month, quarter or year.")
    if wanted.end <= day:
        raise InputRefusedError(
            f"{wanted.label} is over on {day}.", way_out="Choose a later period, or an earlier day of knowledge."
        )
    if wanted.start > day + dt.timedelta(days=1):
        raise InputRefusedError(
            f"{wanted.label} has not begun on {day}.", way_out="Forecast later periods with forecast nodes."
        )
    return wanted


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
    frame, period, day = given.lines.frame, given.period, given.day
    calendar = given.lines.facts.calendar
    values = frame["value"].to_numpy(np.int64)
    stamps = frame["day"].to_numpy(dtype="datetime64[D]")
    notes = [
        f"The actuals are {SOURCE_PHRASES[given.lines.source]}.",
        *dict.fromkeys((*given.lines.notes, *given.left)),
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
    kept = kept_points(connection, day)
    target = given.target.amount
    series, deals, both, combination = outlooks(
        running, pipeline, period=period, as_of=day, per_won=given.per_won, kept=kept, target=target, without=without
    )
    if both is None or combination is None:
        raise NothingToDoError(f"{without} {why}".strip(), way_out="Import more history, or the open pipeline.")
    last = calendar.following(period, -1)
    managers = [str(name) for (name,) in connection.exec_driver_sql(
        "SELECT DISTINCT m.name FROM person p JOIN person m ON m.id = p.manager_id ORDER BY 1")]  # fmt: skip
    said = judged(own_numbers(connection, day), period, managers, factors_in_force(connection, day))
    days, path = _path(stamps, values, period, day)
    _, last_path = _path(stamps, values, last, last.end)
    return Overview(
        as_of=day, period=period, currency=given.lines.facts.currency, source=given.lines.source, target=given.target,
        actual=int(path[-1]) if len(path) else 0, days=days, actual_path=path, open=_open(pipeline), series=series,
        pipeline=deals, combined=both, judgement=said,
        fan=led_fan(running, both), last_period=last, last_actual=int(last_path[-1]), last_path=last_path,
        last_target=target_of(connection, given.lines.facts, last),
        past=past_forecasts(kept, (last, period), {last.label: int(last_path[-1])}), forecast=pipeline,
        combination=combination, running=running, notes=tuple(notes), step=step,
    )  # fmt: skip


def _pipeline(context: JobContext, given: _Reading, seed: int) -> tuple[PipelineForecast | None, str]:
    snapshots = None if given.loaded.snapshots.empty else given.loaded.snapshots
    target = given.target.amount
    try:
        found = forecast_pipeline(
            given.loaded.opportunities, given.period, as_of=given.day, snapshots=snapshots, seed=seed,
            target=None if target is None else round(target / given.per_won), progress=context.progress,
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


def _kept(
    context: JobContext, found: Overview, opportunities: pd.DataFrame, per_won: float, origin: str = "shown"
) -> Overview:
    ids = []
    verb = "Forecast" if origin == "shown" else "Rebuild the forecast of"
    said = (found.series, found.combined, found.judgement if origin == "shown" else None)
    with context.workspace.action(f"{verb} {found.period.label} as of {found.as_of}", kind="job") as unit:
        for outlook in said:
            if outlook is None:
                continue
            document = {"source": found.source.value, "sentences": [outlook.reason], "weight": outlook.weight}
            kind = found.period.kind.value
            method = {"series": "running period", "combined": "combination", "judgement": "own numbers"}[outlook.kind]
            head = Head(outlook.kind, "bookings", kind, found.as_of, method, found.currency, document, origin=origin)
            ends = [{level: np.array([side[level]]) for level in side} for side in (outlook.lower, outlook.upper)]
            ids.append(keep_forecast(unit.connection, head, Points([found.period], np.array([outlook.mean]), *ends)))
        if found.forecast is not None:
            ids.append(
                keep_pipeline(
                    unit.connection, found.forecast, opportunities, found.currency, per_won=per_won,
                    source=found.source.value, origin=origin,
                )
            )  # fmt: skip
    context.changed(*TABLES)
    return replace(found, kept=tuple(ids))
