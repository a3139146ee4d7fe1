"""Forecasts at every node of a hierarchy: regions, teams, people, products, crossed; all levels add up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.forecast.calendar_effects import working_days
from salesops_desktop.forecast.hierarchy import Hierarchy, build_hierarchy
from salesops_desktop.forecast.hierarchy_forecast import HierarchyForecast, forecast_hierarchy
from salesops_desktop.forecast.overrides import Override
from salesops_desktop.forecast.series import SEASONS
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.forecast_keeping import Head, KeptNode, Points, node_key, recorded, stored_measure
from salesops_desktop.jobs.forecast_keeping import keep as keep_forecast
from salesops_desktop.jobs.forecast_lines import GROUPS, SOURCE_PHRASES, Lines, Source, checked_levels, load_lines
from salesops_desktop.jobs.forecast_node_report import FixedNumber, Node, NodesReport
from salesops_desktop.jobs.forecast_records import known_day, own_numbers
from salesops_desktop.jobs.forecasts import HORIZONS
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind
from salesops_desktop.model.progress import part_of

__all__ = ["FixedNumber", "Node", "NodesReport", "forecast_nodes"]

MOST_NODES = 20_000
Matrix = npt.NDArray[np.int64]


@job(
    "forecast nodes",
    title="Forecast every region, team, person or product",
    group="forecast",
    examples=(
        "forecast nodes company.salesops --by region,manager,person",
        "forecast nodes company.salesops --by region,family --measure 'amount - margin' --period quarter",
    ),
)
def forecast_nodes(
    context: JobContext,
    *,
    by: str = "region,manager,person",
    source: Source = Source.AUTO,
    measure: str = "amount",
    period: PeriodKind = PeriodKind.MONTH,
    horizon: int | None = None,
    as_of: dt.date | None = None,
    seed: int = 1,
    keep: bool = False,
) -> NodesReport:
    """Forecast every node of a hierarchy, each by the method its own past chooses, so that all levels add up.

    Args:
        by: levels from the top: region, team, manager, person; family, product; country; segment; industry. Levels of
            people stand below each other, products too; people, products, country, segment and industry are crossed.
        source: transactions (booked), invoiced, paid, won (opportunities), or auto: booked where there are any.
        measure: amount, margin, units, count, or a formula over these such as amount - margin.
        period: week, month, quarter or year; months are 4-4-5 periods where the fiscal calendar says so.
        horizon: how many periods ahead; 13 weeks, 6 months, 4 quarters or 2 years by default.
        as_of: the day of knowledge; people stand under the manager they reported to on this day.
        seed: for the intervals.
        keep: keep the forecast in the workspace, so that every node can be scored when the actuals arrive.
    """
    levels = checked_levels(by)
    if not levels:
        raise InputRefusedError("No level was named.", way_out="Name one at least, such as --by region.")
    context.progress(0, 0, "Reading")
    with context.workspace.read() as connection:
        day = known_day(connection, as_of)
        lines = load_lines(connection, source, measure, levels, day)
        numbers = own_numbers(connection, day)
        left = _left(connection, day)
    report = nodes_of(context, lines, levels, period, horizon or HORIZONS[period], day, seed, numbers, left)
    return _kept(context, report) if keep else report


def nodes_of(
    context: JobContext,
    lines: Lines,
    levels: Sequence[str],
    kind: PeriodKind,
    horizon: int,
    day: dt.date,
    seed: int,
    numbers: pd.DataFrame,
    left: dict[str, str],
) -> NodesReport:
    """The forecast of lines that are read already."""
    calendar = lines.facts.calendar
    frame = lines.frame
    notes = list(lines.notes)
    late = int((frame["day"] > pd.Timestamp(day)).sum())
    notes += [f"{late:,} rows are dated after {day}: left out."] if late else []
    undated = int(frame["day"].isna().sum())
    notes += [f"{undated:,} rows have no date: left out."] if undated else []
    frame = frame[frame["day"] <= pd.Timestamp(day)].reset_index(drop=True)
    if frame.empty:
        raise NothingToDoError(f"There is nothing dated up to {day}.", way_out="Choose a later day of knowledge.")
    periods = calendar.between(frame["day"].min().date(), day, kind)
    rows, bottom = _bottom(frame, levels, periods)
    running = periods[-1] if periods[-1].end > day else None
    whole = periods[:-1] if running else periods
    if not whole:
        raise NothingToDoError(f"No {kind.value} is complete on {day}.", way_out="Choose shorter periods.")
    dimensions = [[level for level in group if level in levels] for group in GROUPS.values()]
    dimensions = [group for group in dimensions if group]
    _refuse_too_many(rows, dimensions)
    hierarchy = build_hierarchy(rows, dimensions, top="Company")
    nodes = _nodes(hierarchy, dimensions, lines)
    future = _ahead(calendar, whole[-1], horizon)
    fixed, unknown = _fixed(nodes, future, numbers)
    notes += [f"{unknown} accepted overrides name a node or period that is not here."] if unknown else []
    found = forecast_hierarchy(
        bottom[:, : len(whole)], hierarchy, periods=[p.label for p in (*whole, *future)], horizon=horizon,
        season=SEASONS[kind], seed=seed, overrides=[Override(f.node, f.step, f.amount) for f in fixed],
        days=working_days([*whole, *future]), progress=part_of(context.progress, 5, 95),
    )  # fmt: skip
    partial = None if running is None else (running, np.asarray(hierarchy.sums(bottom[:, -1]), dtype=np.int64))
    if running:
        notes.append(f"{running.label} is not over on {day}: left out of the history.")
    return NodesReport(
        as_of=day, period=kind, source=lines.source, measure=lines.measure, currency=lines.currency,
        levels=tuple(levels), level_names=hierarchy.level_names, periods=tuple(whole), future=future, nodes=nodes,
        history=np.asarray(found.values, dtype=np.int64), mean=found.model, adjusted=found.mean, base=found.base,
        lower=found.lower, upper=found.upper, total_lower=found.total_lower, total_upper=found.total_upper,
        method=tuple(str(m) for m in found.method), errors=found.errors, known=found.known, coverage=found.coverage,
        reconciliation=found.reconciliation, race=found.race, fixed=fixed,
        node_notes=_node_notes(found, nodes, left), partial=partial,
        notes=(_heading(lines, kind), *found.sentences, *notes), hierarchy=hierarchy,
    )  # fmt: skip


def _heading(lines: Lines, kind: PeriodKind) -> str:
    unit = lines.currency or "units"
    return f"{lines.measure.capitalize()} of {SOURCE_PHRASES[lines.source]} by {kind.value}, in {unit}."


def _bottom(frame: pd.DataFrame, levels: Sequence[str], periods: Sequence[Period]) -> tuple[pd.DataFrame, Matrix]:
    """One row of keys per bottom series, and its (b, t) sums."""
    grouped = frame.groupby(list(levels), sort=True)
    number = grouped.ngroup().to_numpy()
    starts = np.array([p.start for p in periods], dtype="datetime64[D]")
    place = np.searchsorted(starts, frame["day"].to_numpy(dtype="datetime64[D]"), side="right") - 1
    first = np.unique(number, return_index=True)[1]
    sums = np.zeros((len(first), len(periods)), dtype=np.int64)
    np.add.at(sums, (number, place), frame["value"].to_numpy(np.int64))
    return frame.loc[first, list(levels)].reset_index(drop=True), sums


def _refuse_too_many(rows: pd.DataFrame, dimensions: Sequence[Sequence[str]]) -> None:
    count = 1
    for group in dimensions:
        count *= 1 + sum(rows[list(group[: depth + 1])].drop_duplicates().shape[0] for depth in range(len(group)))
    count = min(count, len(rows) * int(np.prod([len(group) + 1 for group in dimensions])))
    if count > MOST_NODES:
        raise InputRefusedError(
            f"This hierarchy would have about {count:,} nodes; {MOST_NODES:,} are the most.",
            way_out="Name fewer levels, or leave out the lowest.",
        )


def _nodes(hierarchy: Hierarchy, dimensions: Sequence[Sequence[str]], lines: Lines) -> tuple[Node, ...]:
    made = []
    for number, key in enumerate(hierarchy.keys):
        named = {level: value for group, path in zip(dimensions, key, strict=True)
                 for level, value in zip(group, path, strict=False)}  # fmt: skip
        lowest = [group[len(path) - 1] for group, path in zip(dimensions, key, strict=True) if path]
        people = [level for level in lowest if level in ("person", "manager")]
        person = lines.people.get(named[people[0]]) if people and len(lowest) == 1 else None
        made.append(
            Node(
                number, int(hierarchy.parent[number]), int(hierarchy.level[number]),
                " × ".join(lowest) or "company", hierarchy.labels[number], named, person,
            )
        )  # fmt: skip
    return tuple(made)


def _ahead(calendar: FiscalCalendar, last: Period, horizon: int) -> tuple[Period, ...]:
    found = [last]
    for _ in range(horizon):
        found.append(calendar.following(found[-1]))
    return tuple(found[1:])


def _fixed(
    nodes: Sequence[Node], future: Sequence[Period], numbers: pd.DataFrame
) -> tuple[tuple[FixedNumber, ...], int]:
    """The accepted overrides, the newest for each node and period; and how many are not about this forecast."""
    places = {node_key(node.key): node.number for node in nodes}
    steps = {(p.start, p.end): i for i, p in enumerate(future)}
    wanted = numbers[(numbers["field"] == "override") & (numbers["status"] == "accepted")]
    found: dict[tuple[int, int], FixedNumber] = {}
    unknown = 0
    for row in wanted.to_dict("records"):
        node = places.get(str(row["node_key"]))
        step = steps.get((row["period_start"].date(), row["period_end"].date()))
        if node is None or step is None:
            unknown += 1
            continue
        reason = "" if row["reason"] is None else str(row["reason"])
        found[node, step] = FixedNumber(int(row["id"]), node, step, int(row["mean"]), str(row["who"]), reason)
    return tuple(found.values()), unknown


def _left(connection: Connection, day: dt.date) -> dict[str, str]:
    """Name → last day of the people who have left."""
    rows = connection.exec_driver_sql("SELECT name, end_date FROM person WHERE end_date <= ?", (day.isoformat(),))
    return {str(name): str(end) for name, end in rows}


def _node_notes(found: HierarchyForecast, nodes: Sequence[Node], left: dict[str, str]) -> tuple[tuple[str, ...], ...]:
    told = []
    for node, notes in zip(nodes, found.notes, strict=True):
        name = node.key.get("person", "")
        gone = (f"{name} left on {left[name]}.",) if node.dimension.endswith("person") and name in left else ()
        told.append((*gone, *notes))
    return tuple(told)


def _kept(context: JobContext, report: NodesReport) -> NodesReport:
    measure = stored_measure(report.measure, report.source.value)
    document = {"source": report.source.value, "sentences": list(report.notes)}
    head = Head(
        "series", measure, report.period.value, report.as_of, report.method[0], report.currency, document,
        levels=report.levels, reconciliation=report.reconciliation,
    )  # fmt: skip
    with recorded(context, f"Forecast nodes {report.as_of} by {', '.join(report.levels)}") as unit:
        kept = keep_forecast(unit.connection, head, _points(report, 0, report.mean), _kept_nodes(report, report.mean))
        if report.fixed:
            who = ", ".join(sorted({f.who for f in report.fixed}))
            second = replace(head, kind="judgement", method="override", who=who)
            keep_forecast(
                unit.connection, second, _points(report, 0, report.adjusted, intervals=False),
                _kept_nodes(report, report.adjusted, intervals=False),
            )  # fmt: skip
    return replace(report, forecast_id=kept)


def _points(report: NodesReport, node: int, mean: Matrix, *, intervals: bool = True) -> Points:
    sides = [{level: ends[node] for level, ends in side.items()} if intervals else {}
             for side in (report.lower, report.upper)]  # fmt: skip
    return Points(report.future, mean[node], *sides)


def _kept_nodes(report: NodesReport, mean: Matrix, *, intervals: bool = True) -> list[KeptNode]:
    return [
        KeptNode(
            node.number, node.parent, node.level, node.dimension, node.label, node.key, node.person_id,
            report.method[node.number], report.naive_wins(node.number),
            {"notes": list(report.node_notes[node.number]), "wape": report.wape(node.number)},
            _points(report, node.number, mean, intervals=intervals),
        )
        for node in report.nodes[1:]
    ]  # fmt: skip
