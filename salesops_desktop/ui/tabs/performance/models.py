"""What the Performance tab draws: cards, plots and tables made from a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from salesops_desktop.model.tables import Column, ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.performance.presenter import newest_place
from salesops_desktop.ui.widgets.chart_marks import Bars, ChartContent, Line
from salesops_desktop.ui.widgets.figure_card import Tone
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.kpis import Figure, KpiReport, KpiResult, Unit

MOST_BARS = 9
_LEAST_FOR_A_LINE = 3
_LONGEST_NAME = 10


def kind_of(unit: Unit) -> ValueKind:
    """How values of a unit are held in tables."""
    from salesops_desktop.jobs.kpis import KINDS  # noqa: PLC0415  # loaded with the report

    kind = KINDS[unit]
    return ValueKind.NUMBER if kind is ValueKind.INTEGER else kind  # per-person counts have fractions


def written(value: float | None, unit: Unit, currency: str, formats: Formats) -> str:  # noqa: PLR0911  # one per unit
    """A value in few letters, as cards and details show it."""
    if value is None:
        return "–"
    match unit.value:
        case "ratio":
            return formats.percent(value, 1)
        case "days":
            return tr("{n} days", n=formats.number(value, 1))
        case "hours" if abs(value) < 1:
            return tr("{n} min", n=formats.number(value * 60, 0))
        case "hours":
            return tr("{n} h", n=formats.number(value, 1))
        case "money":
            return formats.short_money(value, currency)
        case "money per day":
            return tr("{money} a day", money=formats.short_money(value, currency))
        case _:
            return formats.number(value, 0 if float(value).is_integer() else 1)


@dataclass(frozen=True, slots=True)
class CardFace:
    """What a KPI's card shows."""

    value: str
    delta: str
    tone: Tone
    note: str
    history: tuple[float, ...]
    description: str


def card_face(result: KpiResult, report: KpiReport, formats: Formats) -> CardFace:
    """The newest value, its change against the period before, and the line of all periods."""
    meaning = result.definition
    values = tuple(float("nan") if f.value is None else float(f.value) for f in result.by_period)
    place = newest_place(result)
    figure = result.by_period[place]
    if figure.value is None:
        return CardFace(
            "–", "", "text_muted", tr("no value: select to see why"), (), f"{figure.reason} {meaning.formula}"
        )
    label = report.periods[place].label
    running = report.as_of < report.periods[place].end
    note = tr("{period} so far", period=label) if running else label
    value = written(figure.value, meaning.unit, report.currency, formats)
    if meaning.unit.value == "money per day":  # the words would make the card as wide as two
        value, note = formats.short_money(figure.value, report.currency), tr("a day, {period}", period=note)
    delta, better = _change(result, place, formats)
    tone: Tone = "text_muted"
    if delta and not running:  # a part of a period and a whole one are no fair comparison
        tone = "success" if better else "error"
    return CardFace(value, delta, tone, note, values, meaning.formula)


def _change(result: KpiResult, place: int, formats: Formats) -> tuple[str, bool]:
    """The change against the period before in words, and whether it is for the better."""
    now = result.by_period[place].value
    before = result.by_period[place - 1].value if place else None
    if now is None or before is None:
        return "", False
    step = now - before
    if result.definition.unit.value == "ratio":
        size = tr("{n} pts", n=formats.number(abs(step) * 100, 1))
    elif before:
        size = formats.percent(abs(step / before), 0 if abs(step / before) >= 0.1 else 1)
    else:
        return "", False
    sign = "▲" if step > 0 else "▼" if step < 0 else "="
    return f"{sign} {size}", (step >= 0) == result.definition.higher_is_better


def unit_words(unit: Unit, currency: str) -> str:
    """The unit as the end of a title."""
    return {
        "ratio": "",
        "days": tr("days"),
        "hours": tr("hours"),
        "count": "",
        "money": currency,
        "money per day": tr("{currency} a day", currency=currency),
    }[unit.value]


def trend_chart(result: KpiResult, report: KpiReport) -> ChartContent:
    """The values by period: a line, or bars where there are only a few."""
    meaning = result.definition
    labels = tuple(p.label for p in report.periods)
    x = np.arange(len(labels), dtype=np.float64)
    y = np.array([np.nan if f.value is None else f.value for f in result.by_period], dtype=np.float64)
    drawn = Line if int(np.isfinite(y).sum()) >= _LEAST_FOR_A_LINE else Bars
    unit = unit_words(meaning.unit, report.currency)
    title = f"{tr(meaning.label)}, {unit}" if unit else tr(meaning.label)
    return ChartContent(
        title, (drawn(tr("Whole company"), x, y, color=0),), x_kind="category", categories=labels,
        y_kind=kind_of(meaning.unit), currency=report.currency,
    )  # fmt: skip


def _value_specs(result: KpiResult, currency: str) -> list[ColumnSpec]:
    from salesops_desktop.jobs.kpis import part_kinds  # noqa: PLC0415  # loaded with the report

    meaning = result.definition
    over, under = part_kinds(meaning.id)
    specs = [ColumnSpec("value", tr("Value"), kind_of(meaning.unit), currency, digits=_digits(meaning.unit))]
    specs.append(ColumnSpec("numerator", tr(meaning.numerator), over, currency, digits=0))
    if meaning.denominator:
        specs.append(ColumnSpec("denominator", tr(meaning.denominator), under, currency, digits=0))
    specs.append(ColumnSpec("rows", tr("Rows behind it"), ValueKind.INTEGER))
    return specs


def _digits(unit: Unit) -> int:
    return 0 if unit.value == "count" else 1


def _value_row(figure: Figure, kind: ValueKind) -> dict[str, object]:
    value = figure.value
    if value is not None and kind is ValueKind.MONEY:
        value = round(value)
    return {"value": value, "numerator": figure.numerator, "denominator": figure.denominator, "rows": len(figure.ids)}


def period_table(result: KpiResult, report: KpiReport) -> Table:
    """One row per period, newest first; keys are the periods' places in the report."""
    kind = kind_of(result.definition.unit)
    specs = [ColumnSpec("period", tr("Period"), ValueKind.TEXT), *_value_specs(result, report.currency)]
    if any(figure.reason for figure in result.by_period):
        specs.append(ColumnSpec("reason", tr("Why there is no value"), ValueKind.TEXT))
    rows: list[dict[str, object]] = []
    for place in reversed(range(len(report.periods))):
        figure = result.by_period[place]
        row = _value_row(figure, kind)
        row |= {"place": place, "period": report.periods[place].label, "reason": figure.reason or None}
        rows.append(row)
    return build_table(tr("{kpi} by period", kpi=tr(result.definition.label)), specs, rows, key="place")


def group_table(result: KpiResult, report: KpiReport, place: int | None, by: str) -> Table:
    """One row per group for one period (None: all together); keys are the groups' places in the result."""
    kind = kind_of(result.definition.unit)
    specs = [
        ColumnSpec("group", tr(by.capitalize()), ValueKind.TEXT),
        *_value_specs(result, report.currency),
        ColumnSpec("overall", tr("All periods"), kind, report.currency, digits=_digits(result.definition.unit)),
    ]
    rows: list[dict[str, object]] = []
    for number, group in enumerate(result.groups):
        figure = group.overall if place is None else group.by_period[place]
        row = _value_row(figure, kind)
        total = _value_row(group.overall, kind)["value"]
        row |= {"place": number, "group": group.label, "overall": total}
        rows.append(row)
    rows.sort(key=_by_value, reverse=True)
    return build_table(tr("{kpi} by {group}", kpi=tr(result.definition.label), group=tr(by)), specs, rows, key="place")


def _by_value(row: dict[str, object]) -> tuple[bool, float]:
    value = row["value"]
    return isinstance(value, int | float), float(value) if isinstance(value, int | float) else 0.0


def group_chart(table: Table, result: KpiResult, report: KpiReport, period: str) -> ChartContent:
    """The first groups of a table of groups as bars."""
    column: Column = table["value"]
    known = [i for i in range(len(table)) if not column.is_missing(i)][:MOST_BARS]
    names = tuple(_short(str(table["group"].values[i])) for i in known)
    title = tr("{what}, {period}", what=table.title, period=period)
    if len(known) == MOST_BARS < len(table):
        title = tr("{title}: the first {n}", title=title, n=len(known))
    heights = np.array([float(column.values[i]) for i in known], dtype=np.float64)
    bars = Bars(period, np.arange(len(known), dtype=np.float64), heights, color=0)
    return ChartContent(
        title, (bars,), x_kind="category", categories=names, y_kind=kind_of(result.definition.unit),
        currency=report.currency,
    )  # fmt: skip


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…"


def details_table(result: KpiResult, report: KpiReport, figure: Figure, period: str, formats: Formats) -> Table:
    """The variants of a KPI: their value for one period and for all, and how they are counted."""
    specs = [
        ColumnSpec("label", tr("Detail"), ValueKind.TEXT),
        ColumnSpec("value", period, ValueKind.TEXT),
        ColumnSpec("overall", tr("All periods"), ValueKind.TEXT),
        ColumnSpec("formula", tr("How it is counted"), ValueKind.TEXT),
    ]
    rows = [
        (
            tr(variant.label),
            written(figure.details.get(variant.id), variant.unit, report.currency, formats),
            written(result.overall.details.get(variant.id), variant.unit, report.currency, formats),
            tr(variant.formula),
        )
        for variant in result.definition.variants
    ]
    return build_table(tr("Details of {kpi}", kpi=tr(result.definition.label)), specs, rows)
