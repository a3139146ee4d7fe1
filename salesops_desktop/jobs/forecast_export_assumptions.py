"""What a forecast workbook rests on: method, source, calendar, corrections, overrides, omissions; and its scores."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from salesops_desktop.forecast.reconciliation_race import LABELS
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.forecast_checks import checked_forecast
from salesops_desktop.jobs.forecast_corrections import corrections
from salesops_desktop.jobs.forecast_lines import SOURCE_PHRASES, THOUSANDTHS
from salesops_desktop.jobs.forecast_node_report import NodesReport
from salesops_desktop.jobs.forecast_overview import Overview
from salesops_desktop.jobs.forecast_scores import forecast_scores
from salesops_desktop.jobs.forecasts import ForecastReport
from salesops_desktop.jobs.judgement_records import JudgementReport, ShowJudgements, load_judgements
from salesops_desktop.jobs.pipeline_forecasts import PipelineReport
from salesops_desktop.model.periods import CalendarPattern, FiscalCalendar
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.writing.forecast_records import Assumptions, Shown

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_JUDGED = ("who", "label", "period", "field", "now", "value", "change", "reason", "status", "at", "source")


@dataclass(frozen=True, slots=True)
class Basis:
    """The parts of the forecast whose assumptions are told."""

    series: ForecastReport
    nodes: NodesReport | None
    overview: Overview | None
    pipeline: PipelineReport | None
    missing: tuple[str, ...]


def assumptions_of(context: JobContext, basis: Basis, seed: int) -> Assumptions:
    """What the workbook's figures rest on."""
    day = basis.series.as_of
    with context.workspace.read() as connection:
        calendar = company(connection).calendar
        checked = checked_forecast(connection, day)
        said = [j for j in load_judgements(connection, ShowJudgements.ALL) if j.status in ("open", "accepted")]
    found = checked.summary()
    parts = [
        Shown(_overrides(basis.nodes, {j.id: j.at for j in said}), "Numbers fixed by people: honoured exactly, kept "
              "apart from the model."),
        Shown(_taken(JudgementReport(tuple(said)).table()), "What people said of deals and numbers, open or accepted. "
              "Own numbers are scored and stay apart from the model."),
        Shown(corrections(context, as_of=day).applied, "Corrections of lasting leanings, applied by the analyst."),
        Shown(checked.findings, "What was found in the records, and what the forecasts do about it."),
    ]  # fmt: skip
    nodes = () if basis.nodes is None else basis.nodes.notes
    left = () if basis.pipeline is None else map(str, basis.pipeline.left_out)
    sentences = dict.fromkeys([*found[-1:], *left, *basis.missing, *nodes])
    return Assumptions(tuple(_facts(basis, calendar, seed)), tuple(parts), tuple(sentences))


def _taken(table: Table) -> Table:
    columns = tuple(column for column in table.columns if column.name in _JUDGED)
    return Table("Judgements", columns, table.entity, table.keys)


def _facts(basis: Basis, calendar: FiscalCalendar, seed: int) -> list[tuple[str, str]]:
    report, nodes, overview = basis.series, basis.nodes, basis.overview
    s = report.series
    facts = [
        ("Day of knowledge", str(report.as_of)),
        ("Measure", f"Bookings: {SOURCE_PHRASES[report.source]}, in {report.currency}"),
        ("History", f"{len(s.periods)} periods, {s.periods[0].label} to {s.periods[-1].label}, by {report.period}"),
        ("Fiscal calendar", _calendar(calendar)),
        ("Method of the company's series", s.label),
        ("Intervals", "50, 80 and 95 %, calibrated on back-test errors"),
        ("Seed", f"{seed}: the same data give the same figures"),
    ]
    if nodes is not None:
        facts += [
            ("Hierarchy", f"Company, {', '.join(nodes.levels)}: {len(nodes.nodes):,} nodes"),
            ("Made to add up by", LABELS.get(nodes.reconciliation, nodes.reconciliation.replace("_", " "))),
        ]
    if overview is not None:
        both = overview.combination
        weights = ", ".join(f"{n} {w:.0%}" for n, w in zip(both.names, both.weights.tolist(), strict=True))
        facts += [("Running period", overview.period.label), ("Weights of the combination", weights)]
        facts += [("Why these weights", both.reason)]
        facts += [("Target", overview.target.basis)]
    if basis.pipeline is not None:
        chosen = next((row.label for row in basis.pipeline.forecast.race if row.chosen), basis.pipeline.forecast.method)
        facts += [
            ("Chances of winning", chosen),
            ("Simulations", f"{len(basis.pipeline.simulation.totals):,}, deals not yet created included"),
        ]
    return facts


def _calendar(calendar: FiscalCalendar) -> str:
    start = f"the fiscal year starts in {_MONTHS[calendar.start_month - 1]}"
    if calendar.pattern is CalendarPattern.GREGORIAN:
        return f"Calendar months; {start}"
    return f"Weeks grouped {calendar.pattern.value}; {start}"


def _overrides(nodes: NodesReport | None, said_at: dict[int, str]) -> Table:
    """The fixed numbers beside the model's."""
    currency = None if nodes is None else nodes.currency
    kind = ValueKind.NUMBER if currency is None else ValueKind.MONEY

    def amount(name: str, label: str) -> ColumnSpec:
        return ColumnSpec(name, label, kind, currency)

    specs = [
        ColumnSpec("node", "Of", ValueKind.TEXT), ColumnSpec("period", "Period", ValueKind.TEXT),
        amount("model", "Model"), amount("fixed", "Fixed at"), amount("moved", "Moved by"),
        ColumnSpec("who", "Who", ValueKind.TEXT), ColumnSpec("at", "Said at", ValueKind.DATETIME),
        ColumnSpec("reason", "Why", ValueKind.TEXT),
    ]  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for one in () if nodes is None else nodes.fixed:
        assert nodes is not None
        unit = 1 if currency is not None else THOUSANDTHS
        model = int(nodes.mean[one.node, one.step])
        shown = [value if unit == 1 else value / unit for value in (model, one.amount, one.amount - model)]
        label, period = nodes.nodes[one.node].label, nodes.future[one.step].label
        rows.append((label, period, *shown, one.who, said_at.get(one.judgement_id), one.reason or None))
    return build_table("Overrides", specs, rows)


def scores_of(context: JobContext, day: dt.date, nodes: NodesReport | None) -> tuple[Shown, ...]:
    """How good the levels' forecasts were in the back-test, and how everything that was kept did."""
    parts: list[Shown] = []
    if nodes is not None:
        parts += [
            Shown(nodes.coverage_table(), "How many of the actuals the intervals held in the back-test."),
            Shown(nodes.race_table(), "Ways to make the levels add up, raced from past origins. Below zero, adding up "
                  "made the forecasts better than each by itself."),
        ]  # fmt: skip
    report = forecast_scores(context, as_of=day)
    parts += [
        Shown(report.stair(), " ".join(report.summary())),
        Shown(report.league(), "Methods and people by their error, best first."),
        Shown(report.levels(), "Error of what was forecast, by level and periods ahead."),
        Shown(report.leanings(), "Who lies too high or too low time and again."),
    ]
    return tuple(parts)
