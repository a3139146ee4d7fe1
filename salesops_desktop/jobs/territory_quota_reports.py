"""Quotas of territories as a report: lines, periods, managers, fairness, and what is stored."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.territory_seats import Seats
from salesops_desktop.model.money import PPM, Money
from salesops_desktop.model.periods import Period
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.territory.fairness import Spread
from salesops_desktop.territory.quotas import QuotaPlan

_T, _I, _M, _R, _F, _N, _D = (
    ValueKind.TEXT, ValueKind.INTEGER, ValueKind.MONEY, ValueKind.RATE, ValueKind.FRACTION, ValueKind.NUMBER,
    ValueKind.DATE,
)  # fmt: skip

_SHOWN = ("territory", "quota", "last", "change", "potential", "to_potential", "history", "growth_demanded", "bound")


@dataclass(frozen=True, slots=True)
class QuotaReport:
    """A company target shared among the territories of a scenario, or of today's owners (``scenario`` 0).

    Attributes:
        scenario: the scenario's number.
        name: what it is called.
        year: the fiscal year.
        currency: of all amounts.
        target: the company's target, minor units.
        total: what the territories' quotas come to: the target and the over-assignment.
        stored: how many quota rows were stored; 0 for a preview.
        lines: one row per territory; keys are territory ids (people's ids for today's owners).
        periods: the same by period, columns ``p1`` and so on.
        managers: what each manager's people have, and what the manager carries.
        fairness: one row per ratio: its spread over the territories.
        outliers: the territories that stand out, and why.
        sentences: what a reader should know.
    """

    scenario: int
    name: str
    year: Period
    currency: str
    target: int
    total: int
    stored: int
    lines: Table
    periods: Table
    managers: Table
    fairness: Table
    outliers: Table
    sentences: tuple[str, ...]

    def summary(self) -> Sequence[str]:
        """The target, how it was shared, how fair it is."""
        did = f"{self.stored:,} quotas stored" if self.stored else "nothing is stored yet"
        whole = Money(self.target, self.currency)
        return [
            f"{self.year.label}, {self.name}: {whole} shared among {len(self.lines):,} territories; {did}.",
            *self.sentences,
        ]

    def tables(self) -> Sequence[Table]:
        """Lines (the columns that fit a screen), periods, managers, fairness, outliers; those that have rows."""
        columns = tuple(self.lines[name] for name in _SHOWN)
        lines = dataclasses.replace(self.lines, columns=columns)
        all_of_them = (lines, self.periods, self.managers, self.fairness, self.outliers)
        return [table for table in all_of_them if len(table)]


def quota_report(
    seats: Seats, plan: QuotaPlan, year: Period, periods: Sequence[Period], notes: Sequence[str], *, stored: int = 0
) -> QuotaReport:
    """Tell a plan in tables and sentences."""
    currency = plan.request.currency
    keys = np.array(seats.keys, dtype=np.int64)
    entity = "territory" if seats.scenario else "person"
    lines = dataclasses.replace(_lines(seats, plan), keys=keys, entity=entity)
    spread = dataclasses.replace(_periods(seats, plan, periods), keys=keys, entity=entity)
    return QuotaReport(
        seats.scenario,
        seats.name,
        year,
        currency,
        plan.request.target,
        plan.request.total,
        stored,
        lines,
        spread,
        _managers(seats, plan),
        _fairness(plan),
        _outliers(seats, plan),
        (*notes, *plan.sentences, *_fair_sentences(plan)),
    )


def _spread(plan: QuotaPlan, name: str) -> Spread | None:
    return next((spread for spread in plan.fairness.spreads if spread.name == name), None)


def _values(plan: QuotaPlan, name: str) -> list[float]:
    spread = _spread(plan, name)
    return [math.nan] * len(plan.lines) if spread is None else [float(v) for v in spread.values]


def _lines(seats: Seats, plan: QuotaPlan) -> Table:
    money = plan.request.currency
    specs = [
        ColumnSpec("territory", "Territory", _T),
        ColumnSpec("person", "Person", _T),
        ColumnSpec("manager", "Manager", _T),
        ColumnSpec("quota", "Quota", _M, money),
        ColumnSpec("share", "Share", _R, digits=2),
        ColumnSpec("from_potential", "From potential", _M, money),
        ColumnSpec("from_history", "From history", _M, money),
        ColumnSpec("from_trend", "From growth", _M, money),
        ColumnSpec("last", "Last year's quota", _M, money),
        ColumnSpec("change", "Change", _F, digits=1),
        ColumnSpec("potential", "Potential", _M, money),
        ColumnSpec("history", "Last 12 months", _M, money),
        ColumnSpec("to_potential", "Quota to potential", _F, digits=1),
        ColumnSpec("growth_demanded", "Growth demanded", _F, digits=1),
        ColumnSpec("per_fte", "Per full-time person", _M, money),
        ColumnSpec("bound", "Held by", _T),
        ColumnSpec("reason", "Why", _T),
    ]
    ratios = zip(_values(plan, "last"), _values(plan, "potential"), _values(plan, "history"), strict=True)
    rows = [
        (
            line.seat.name, person, manager, line.quota, line.share, line.from_potential, line.from_history,
            line.from_trend, line.seat.last, change, line.seat.potential, line.seat.history, potential, growth,
            line.quota * PPM // (line.seat.capacity or PPM), line.bound, line.reason,
        )
        for line, person, manager, (change, potential, growth) in zip(
            plan.lines, seats.text("person"), seats.text("manager"), ratios, strict=True
        )
    ]  # fmt: skip
    return build_table("Quotas", specs, rows)


def _periods(seats: Seats, plan: QuotaPlan, periods: Sequence[Period]) -> Table:
    money = plan.request.currency
    specs = [
        ColumnSpec("territory", "Territory", _T),
        ColumnSpec("person", "Person", _T),
        *(ColumnSpec(f"p{i}", period.label, _M, money) for i, period in enumerate(periods, 1)),
        ColumnSpec("total", "Year", _M, money),
    ]
    rows = [
        (line.seat.name, person, *line.periods, line.quota)
        for line, person in zip(plan.lines, seats.text("person"), strict=True)
    ]
    return build_table("Quotas by period", specs, rows)


def _managers(seats: Seats, plan: QuotaPlan) -> Table:
    money = plan.request.currency
    managers = [name or "Nobody" for name in seats.text("manager")]
    specs = [
        ColumnSpec("manager", "Manager", _T),
        ColumnSpec("people", "Territories", _I),
        ColumnSpec("quota", "Quotas of the people", _M, money),
        ColumnSpec("carried", "Carried by the manager", _M, money),
    ]
    rows = [
        (
            name,
            managers.count(name),
            sum(line.quota for line, manager in zip(plan.lines, managers, strict=True) if manager == name),
            carried,
        )
        for name, carried in plan.carried(managers).items()
    ]
    return build_table("Managers", specs, rows)


def _fairness(plan: QuotaPlan) -> Table:
    specs = [
        ColumnSpec("measure", "Ratio", _T),
        ColumnSpec("company", "Company", _N, digits=3),
        ColumnSpec("lowest", "Lowest", _N, digits=3),
        ColumnSpec("median", "Median", _N, digits=3),
        ColumnSpec("highest", "Highest", _N, digits=3),
        ColumnSpec("spread", "Highest to lowest", _N, digits=2),
        ColumnSpec("gini", "Gini", _N, digits=3, description="0: all alike; towards 1: one bears everything."),
        ColumnSpec("before", "Gini of last year's quotas", _N, digits=3),
        ColumnSpec("above", "Above the company's", _F, digits=0, description="More than a tenth above it."),
        ColumnSpec("below", "Below the company's", _F, digits=0, description="More than a tenth below it."),
    ]
    scale = 10.0 ** -len(str(Money(1, plan.request.currency).decimal()).partition(".")[2])
    rows = []
    for spread in plan.fairness.spreads:
        factor = scale if spread.name == "capacity" else 1.0  # an amount of money, shown in major units
        low, high = (v + (1 if spread.name in ("history", "last") else 0) for v in (spread.lowest, spread.highest))
        figures = (spread.company, spread.lowest, spread.median, spread.highest)
        shown = [value * factor for value in figures]
        ratio = high / low if low > 0 else math.nan
        rows.append((spread.label, *shown, ratio, spread.gini, spread.before, spread.above, spread.below))
    return build_table("Fairness", specs, rows)


def _outliers(seats: Seats, plan: QuotaPlan) -> Table:
    specs = [
        ColumnSpec("territory", "Territory", _T),
        ColumnSpec("person", "Person", _T),
        ColumnSpec("measure", "Ratio", _T),
        ColumnSpec("factor", "To the median", _F, digits=0, description="Growths are compared as factors."),
        ColumnSpec("reason", "Why", _T),
    ]
    people = seats.text("person")
    factors = {spread.label: (1.0 if spread.name in ("history", "last") else 0.0) for spread in plan.fairness.spreads}
    rows = [
        (
            seats.names[outlier.seat], people[outlier.seat], outlier.measure,
            (outlier.value + factors[outlier.measure]) / (outlier.median + factors[outlier.measure]), outlier.reason,
        )
        for outlier in plan.fairness.outliers
    ]  # fmt: skip
    return build_table("Who stands out", specs, rows)


def _fair_sentences(plan: QuotaPlan) -> list[str]:
    said = []
    potential, history = _spread(plan, "potential"), _spread(plan, "history")
    if potential is not None:
        text = (
            f"Quota to potential lies between {potential.lowest:.1%} and {potential.highest:.1%} (median "
            f"{potential.median:.1%}, Gini {potential.gini:.3f}"
        )
        was = (
            "" if math.isnan(potential.before) else f"; last year's quotas on these territories {potential.before:.3f}"
        )
        said.append(f"{text}{was}). {potential.above:.0%} lie more than a tenth above the company's ratio, "
                    f"{potential.below:.0%} below.")  # fmt: skip
    if history is not None:
        said.append(
            f"Growth demanded over the last twelve months: {history.company:.1%} of the company, "
            f"{history.lowest:.1%} to {history.highest:.1%} of the territories."
        )
    if plan.fairness.outliers:
        count = len({outlier.seat for outlier in plan.fairness.outliers})
        said.append(f"{count} {'territories stand' if count > 1 else 'territory stands'} out; the reasons are listed.")
    return said


def stored_quotas(context: JobContext, scenario: int, *, year: str = "") -> Table:
    """The quotas stored for the territories of a scenario; keys are territory ids.

    Args:
        context: with the open workspace.
        scenario: its number.
        year: a period that they must lie in, as 2027 or 2027-Q1; all of them where empty.
    """
    with context.workspace.read() as connection:
        period = company(connection).calendar.parse(year) if year else None
        rows = connection.exec_driver_sql(
            "SELECT t.id, t.name, p.name, q.measure, q.period_start, q.period_end, q.amount, q.currency FROM quota q "
            "JOIN territory t ON t.id = q.territory_id LEFT JOIN person p ON p.id = q.person_id "
            "WHERE t.scenario_id = ? AND (? IS NULL OR q.period_start >= ?) AND (? IS NULL OR q.period_end <= ?) "
            "ORDER BY t.name, q.period_start",
            (scenario, *[None if period is None else period.start.isoformat()] * 2,
             *[None if period is None else period.end.isoformat()] * 2),
        ).fetchall()  # fmt: skip
    names = ("key", "territory", "person", "measure", "start", "end", "amount", "currency")
    specs = [
        ColumnSpec("territory", "Territory", _T),
        ColumnSpec("person", "Person", _T),
        ColumnSpec("measure", "Measure", _T),
        ColumnSpec("start", "From", _D),
        ColumnSpec("end", "To", _D),
        ColumnSpec("amount", "Quota", _M, currency_from="currency"),
    ]
    records = [dict(zip(names, row, strict=True)) for row in rows]
    return build_table("Stored quotas", specs, records, entity="territory", key="key")
