"""KPIs by period and group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.periods import Period
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.performance.activity_kpis import appointments, lead_response, selling_time
from salesops_desktop.performance.definitions import KPIS, KpiDefinition, definition
from salesops_desktop.performance.figures import Company, Figure, Slice
from salesops_desktop.performance.frames import GROUPS, NOT_GIVEN, Columns, Frames, Rows, read_frames
from salesops_desktop.performance.pipeline_kpis import forecast_accuracy, pipeline_efficiency, weighted_pipeline
from salesops_desktop.performance.sales_kpis import cycle_time, target_achievement, win_rate

_MEASURES: Mapping[str, Callable[[Slice], Figure]] = {
    "target_achievement": target_achievement,
    "win_rate": win_rate,
    "cycle_time": cycle_time,
    "selling_time": selling_time,
    "lead_response": lead_response,
    "weighted_pipeline": weighted_pipeline,
    "pipeline_efficiency": pipeline_efficiency,
    "appointments": appointments,
}

_BY_OPPORTUNITY = "snapshots"
"""Snapshot lines follow their opportunity's group and are looked up through it."""


@dataclass(frozen=True, slots=True)
class KpiGroup:
    """A KPI of one group: over all periods together, and by period."""

    label: str
    overall: Figure
    by_period: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class KpiResult:
    """A KPI.

    Attributes:
        definition: what it means.
        periods: the periods asked for, in order.
        as_of: the day of knowledge.
        overall: over all periods together, everybody.
        by_period: one figure a period, everybody.
        group_by: what ``groups`` are, or None.
        groups: sorted by label; rows without the group's name are under "(not given)".
    """

    definition: KpiDefinition
    periods: tuple[Period, ...]
    as_of: dt.date
    overall: Figure
    by_period: tuple[Figure, ...]
    group_by: str | None = None
    groups: tuple[KpiGroup, ...] = ()


def kpi(
    kpi_id: str,
    frames: Frames,
    periods: Sequence[Period],
    as_of: dt.date,
    group_by: str | None = None,
    *,
    progress: Progress = silent,
) -> KpiResult:
    """Calculate one KPI.

    Args:
        kpi_id: its id, see :data:`~salesops_desktop.performance.definitions.KPIS`.
        frames: the data; see :class:`~salesops_desktop.performance.frames.Frames` for the columns.
        periods: at least one, in order, without overlap.
        as_of: the day of knowledge: nothing dated later counts.
        group_by: one of ``owner``, ``manager``, ``region``, ``product``, ``family``, ``industry``; None for no groups.
        progress: told of each group.

    Returns:
        The figures; each with numerator, denominator, the ids of the rows behind it and, where there is no value,
        the reason.

    Raises:
        InputRefusedError: a frame cannot be used, or there is no period.
        KeyError: no KPI of that id.
        ValueError: ``group_by`` is none of the above.
    """
    return _kpi(definition(kpi_id), Company(read_frames(frames)), tuple(periods), as_of, group_by, progress=progress)


def all_kpis(
    frames: Frames,
    periods: Sequence[Period],
    as_of: dt.date,
    group_by: str | None = None,
    *,
    progress: Progress = silent,
) -> tuple[KpiResult, ...]:
    """Calculate all nine, in the order of the tab; see :func:`kpi`."""
    company = Company(read_frames(frames))
    results = []
    for done, meaning in enumerate(KPIS):
        told = partial(_still, progress, done, meaning.label)
        told(0, 0)
        results.append(_kpi(meaning, company, tuple(periods), as_of, group_by, progress=told))
    progress(len(KPIS), len(KPIS), "")
    return tuple(results)


def _still(progress: Progress, number: int, label: str, _done: float, _total: float, /, _what: str = "") -> None:
    """Each group of a KPI may be the last: ask, and say which KPI it is."""
    progress(number, len(KPIS), label)


def _kpi(
    meaning: KpiDefinition,
    company: Company,
    periods: tuple[Period, ...],
    as_of: dt.date,
    group_by: str | None,
    *,
    progress: Progress,
) -> KpiResult:
    if not periods:
        raise InputRefusedError("There is no period to calculate.", way_out="Choose at least one period.")
    if group_by is not None and group_by not in GROUPS:
        message = f"{group_by!r} is not one of {', '.join(GROUPS)}."
        raise ValueError(message)
    data = company.data
    everything = {name: columns.all_rows() for name, columns in data.items()}
    overall, by_period = _figures(meaning, company, everything, periods, as_of=as_of, group_by=None)
    if group_by is None:
        return KpiResult(meaning, periods, as_of, overall, by_period)
    groups = []
    members = _members(data, group_by, meaning.entity)
    for done, (label, rows) in enumerate(members):
        progress(done, len(members), label)
        figures = _figures(meaning, company, rows, periods, as_of=as_of, group_by=group_by)
        groups.append(KpiGroup(label, *figures))
    return KpiResult(meaning, periods, as_of, overall, by_period, group_by, tuple(groups))


def _figures(
    meaning: KpiDefinition,
    company: Company,
    rows: Mapping[str, Rows],
    periods: tuple[Period, ...],
    *,
    as_of: dt.date,
    group_by: str | None,
) -> tuple[Figure, tuple[Figure, ...]]:
    """The figure over all periods together, and the figure of each."""

    def figure(period: Period, parts: tuple[Period, ...]) -> Figure:
        piece = Slice(company, rows, period, as_of, group_by)
        if meaning.id == "forecast_accuracy":
            return forecast_accuracy(piece, parts)
        return _MEASURES[meaning.id](piece)

    whole = _span(periods)
    return figure(whole, periods), tuple(figure(period, (period,)) for period in periods)


def _span(periods: tuple[Period, ...]) -> Period:
    first, last = periods[0], periods[-1]
    if len(periods) == 1:
        return first
    return Period(first.start, last.end, f"{first.label} to {last.label}", first.kind)


def _members(data: Mapping[str, Columns], group_by: str, entity: str) -> list[tuple[str, dict[str, Rows]]]:
    """Each group's label and its rows in every frame; groups that appear in the KPI's own frames."""
    own = {"activity": ("activities",), "lead": ("leads",), "forecast": ("opportunities", "forecasts")}
    labels: set[str] = set()
    for name in own.get(entity, ("opportunities", "quotas")):
        if data[name].length and group_by in data[name].groups:
            labels.update(data[name].groups[group_by])
    if entity == "forecast":
        labels.discard(NOT_GIVEN)  # a forecast of the whole company is not one of nobody's
    nothing = np.zeros(0, dtype=np.intp)
    split: dict[str, dict[str, Rows]] = {name: _split(columns, group_by) for name, columns in data.items()}
    return [
        (
            label,
            {
                name: columns.all_rows() if name == _BY_OPPORTUNITY else split[name].get(label, nothing)
                for name, columns in data.items()
            },
        )
        for label in sorted(labels)
    ]


def _split(columns: Columns, group_by: str) -> dict[str, Rows]:
    """The rows of each label."""
    labels = columns.groups.get(group_by)
    if labels is None or not columns.length:
        return {}
    names, places = np.unique(labels.astype(str), return_inverse=True)
    order = np.argsort(places, kind="stable")
    bounds = np.searchsorted(places[order], np.arange(len(names) + 1))
    return {str(name): order[bounds[i] : bounds[i + 1]] for i, name in enumerate(names)}
