"""Two runs, or two plans, side by side: who gains, who loses, why, and what selling costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.commission import Plan, PlanAssignment, RunResult
from salesops_desktop.jobs.commission_compare_deals import Deal, calculated_deals, deals_that_matter, stored_deals
from salesops_desktop.jobs.commission_facts import load_facts
from salesops_desktop.jobs.commission_inputs import Inputs, PayOn, inputs_of, relevant
from salesops_desktop.jobs.commission_reports import RunHead, run_heads
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.exports import Exported, provenance
from salesops_desktop.model.enums import CreditRole
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import Money, divide_half_up
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.writing.commission_comparison import write_comparison

__all__ = ["Comparison", "compare_plans", "compare_runs", "export_comparison"]


@dataclass(frozen=True, slots=True)
class Share:
    """What one side pays a person in one currency by one component. Minor units."""

    person: int
    name: str
    currency: str
    component: str
    credited: int
    """What the component counts."""
    pay: int
    extra: int
    """Of it, what no credit brings."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two."""

    name: str
    shares: tuple[Share, ...]
    sales: dict[str, int]
    """Minor units credited, each credit once and overlays left out, by currency."""
    deals: tuple[Deal, ...] = ()

    def total(self, currency: str) -> int:
        """What it pays in a currency."""
        return sum(share.pay for share in self.shares if share.currency == currency)


def _columns(first: str, second: str) -> tuple[ColumnSpec, ...]:
    return (
        ColumnSpec("before", first, ValueKind.MONEY, currency_from="currency"),
        ColumnSpec("after", second, ValueKind.MONEY, currency_from="currency"),
        ColumnSpec("change", "Change", ValueKind.MONEY, currency_from="currency"),
    )


_CAUSES = (
    ColumnSpec(
        "by_sales", "By sales", ValueKind.MONEY, currency_from="currency",
        description="What more or less credited pays at the first one's effective rate.",
    ),
    ColumnSpec(
        "by_rate", "By rate", ValueKind.MONEY, currency_from="currency",
        description="What another effective rate pays on what the second one credits.",
    ),
    ColumnSpec(
        "by_extras", "By extras", ValueKind.MONEY, currency_from="currency",
        description="Gates, factors and bonuses that no single credit brings.",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides, person by person and component by component."""

    first: str
    second: str
    totals: Table
    """One row per currency: what each pays, and what selling costs."""
    people: Table
    """One row per person and currency with causes; keys are the people's row ids."""
    components: Table
    """One row per component."""
    parts: Table
    """One row per person and component; keys are the people's row ids."""
    period: str = ""
    """What both are compared in, where it is one period."""
    written: Exported | None = None
    """The workbook, if one was asked for."""

    def summary(self) -> Sequence[str]:
        """What both pay, who gains and who loses."""
        change = self.people["change"].values.astype(np.int64)
        gain, lose, same = (int(which.sum()) for which in (change > 0, change < 0, change == 0))
        said = [f"{gain:,} people gain, {lose:,} lose, {same:,} are paid the same: {self.second} against {self.first}."]
        for i in range(len(self.totals)):
            code = str(self.totals["currency"].values[i])
            one, two = (Money(int(self.totals[name].values[i]), code) for name in ("before", "after"))
            said.append(f"{one} against {two}.")
            costs = [self.totals[name].cell(i) for name in ("cost_before", "cost_after")]
            if all(isinstance(cost, float) for cost in costs):
                said.append(f"Selling costs {costs[0]:.2%} against {costs[1]:.2%}.")
        return said if self.written is None else [*said, *self.written.summary()]

    def tables(self) -> Sequence[Table]:
        """Totals, people, components, and both together."""
        return [self.totals, self.people, self.components, self.parts]


def comparison(first: Side, second: Side) -> Comparison:
    """Two sides beside each other; changes of a person split exactly into their causes."""
    codes = sorted({share.currency for side in (first, second) for share in side.shares})
    totals = []
    for code in codes:
        one, two = first.total(code), second.total(code)
        sold = [side.sales.get(code, 0) for side in (first, second)]
        totals.append(
            {
                "currency": code, "before": one, "after": two, "change": two - one, "sales_before": sold[0],
                "sales_after": sold[1], "cost_before": one / sold[0] if sold[0] > 0 else None,
                "cost_after": two / sold[1] if sold[1] > 0 else None,
            }
        )  # fmt: skip
    amounts = _columns(first.name, second.name)
    people = _rows(first, second, lambda s: (s.person, s.currency))
    named = deals_that_matter(first.deals, second.deals)
    for row in people:
        row["deals"] = named.get((int(str(row["id"])), str(row["currency"])), "")
    return Comparison(
        first.name,
        second.name,
        build_table(
            "Totals",
            (
                ColumnSpec("currency", "Currency", ValueKind.TEXT),
                *amounts,
                ColumnSpec("sales_before", f"Credited, {first.name}", ValueKind.MONEY, currency_from="currency"),
                ColumnSpec("sales_after", f"Credited, {second.name}", ValueKind.MONEY, currency_from="currency"),
                ColumnSpec("cost_before", f"Cost of sales, {first.name}", ValueKind.FRACTION, digits=2),
                ColumnSpec("cost_after", f"Cost of sales, {second.name}", ValueKind.FRACTION, digits=2),
            ),
            totals,
        ),
        build_table(
            "People",
            (
                ColumnSpec("person", "Person", ValueKind.TEXT), *amounts,
                *_CAUSES, ColumnSpec("why", "Why", ValueKind.TEXT),
                ColumnSpec("deals", "Deals that matter most", ValueKind.TEXT,
                           description="What their pay differs by, the largest difference first."),
            ),
            people, entity="person", key="id",
        ),
        build_table(
            "Components",
            (ColumnSpec("component", "Component", ValueKind.TEXT), *amounts, *_CAUSES),
            _rows(first, second, lambda s: (s.component, s.currency)),
        ),
        build_table(
            "People and components",
            (
                ColumnSpec("person", "Person", ValueKind.TEXT),
                ColumnSpec("component", "Component", ValueKind.TEXT), *amounts, *_CAUSES,
            ),
            _rows(first, second, lambda s: (s.person, s.component, s.currency)), entity="person", key="id",
        ),
    )  # fmt: skip


def _rows(first: Side, second: Side, key_of: object) -> list[dict[str, object]]:
    """One row per key, the largest changes first."""
    assert callable(key_of)
    sums: dict[object, list[list[int]]] = {}
    about: dict[object, Share] = {}
    for at, side in enumerate((first, second)):
        for share in side.shares:
            key = key_of(share)
            about.setdefault(key, share)
            entry = sums.setdefault(key, [[0, 0, 0, 0], [0, 0, 0, 0]])[at]
            for i, amount in enumerate((share.credited, share.pay, share.extra, 1)):
                entry[i] += amount
    rows: list[dict[str, object]] = []
    for key, ((credited, pay, extra, there), (credited_then, pay_then, extra_then, there_then)) in sums.items():
        sales = divide_half_up((credited_then - credited) * (pay - extra), credited) if credited > 0 else 0
        if not there or not there_then:
            sales = pay_then - extra_then - (pay - extra)  # there on one side only: no rate to compare
        extras = extra_then - extra
        rate = pay_then - pay - extras - sales
        share = about[key]
        rows.append(
            {
                "id": share.person, "person": share.name, "component": share.component, "currency": share.currency,
                "before": pay, "after": pay_then, "change": pay_then - pay, "by_sales": sales, "by_rate": rate,
                "by_extras": extras,
                "why": _why(there, there_then, sales, rate, extras, credited_then - credited, share.currency),
            }
        )  # fmt: skip
    rows.sort(key=lambda row: (-abs(int(str(row["change"]))), str(row["person"]), str(row["component"])))
    return rows


def _why(there: int, there_then: int, sales: int, rate: int, extras: int, credited: int, currency: str) -> str:
    """The causes of a change in words, the weightiest first."""
    if not there:
        return "is paid by the second only"
    if not there_then:
        return "is paid by the first only"
    more = "more" if credited > 0 else "less"
    causes = [
        (abs(sales), f"{Money(abs(credited), currency)} {more} credited"),
        (abs(rate), "a higher effective rate" if rate > 0 else "a lower effective rate"),
        (abs(extras), "higher extras" if extras > 0 else "lower extras"),
    ]
    said = [words for weight, words in sorted(causes, key=lambda c: -c[0]) if weight]
    return ", ".join(said) if said else "the same"


# ---------------------------------------------------------------------- runs


@job(
    "commissions compare",
    title="Compare two commission runs",
    group="commissions",
    examples=(
        "commissions compare company.salesops 1 2",
        "commissions compare company.salesops 1 2 --out compared.xlsx",
    ),
)
def compare_runs(context: JobContext, first: int, second: int, *, out: Path | None = None) -> Comparison:
    """Compare two runs: who is paid more or less, by which component, and why.

    Args:
        first: number of the run to start from.
        second: number of the run to compare with it.
        out: a workbook to write the comparison to (.xlsx).
    """
    if first == second:
        raise InputRefusedError("That is one run, not two.", way_out="Give two numbers: see commissions list.")
    with context.workspace.read() as connection:
        heads = {head.id: head for head in run_heads(connection)}
        for number in (first, second):
            if number not in heads:
                raise InputRefusedError(f"There is no commission run {number}.", way_out="See: commissions list.")
        names = _told_apart(heads[first], heads[second])
        sides = [_stored(connection, n, name) for n, name in zip((first, second), names, strict=True)]
    return _kept(context, comparison(*sides), out)


def _kept(context: JobContext, found: Comparison, out: Path | None) -> Comparison:
    """The comparison, written to a workbook where one is wanted."""
    return found if out is None else replace(found, written=export_comparison(context, found, out))


def export_comparison(context: JobContext, found: Comparison, out: Path) -> Exported:
    """Write a whole comparison as a workbook: sums, people, components, and both together.

    Args:
        found: the comparison.
        out: the workbook (.xlsx).
    """
    with context.workspace.read() as connection:
        where = provenance(context, connection, f"{found.first} and {found.second}", found.period)
    details = (found.people, found.components, found.parts)
    return Exported((write_comparison(out, where, found.summary(), found.totals, details, context.progress),))


def _told_apart(first: RunHead, second: RunHead) -> tuple[str, str]:
    if first.period != second.period:
        return first.period, second.period
    return f"{first.period} (run {first.id})", f"{second.period} (run {second.id})"


def _stored(connection: Connection, run: int, name: str) -> Side:
    rows = connection.exec_driver_sql(
        "SELECT l.person_id, p.name, l.currency, l.component, sum(l.credited), sum(l.payout), sum(l.extra) FROM ("
        "SELECT person_id, currency, component, amount AS credited, payout, 0 AS extra FROM run_line "
        "WHERE run_id = ?1 UNION ALL "
        "SELECT person_id, currency, component, 0, payout, payout FROM run_extra WHERE run_id = ?1) l "
        "JOIN person p ON p.id = l.person_id GROUP BY 1, 3, 4 ORDER BY 1, 3, 4",
        (run,),
    ).fetchall()
    sold = connection.exec_driver_sql(
        "SELECT currency, sum(amount) FROM (SELECT l.currency, max(l.amount) AS amount FROM run_line l "
        "LEFT JOIN credit c ON c.id = l.credit_id WHERE l.run_id = ? AND coalesce(c.role, '') <> ? "
        "GROUP BY l.currency, coalesce(l.credit_id, -l.transaction_id)) GROUP BY currency",
        (run, CreditRole.OVERLAY.value),
    ).fetchall()
    shares = tuple(Share(int(r[0]), *r[1:]) for r in rows)
    return Side(name, shares, {str(code): int(amount) for code, amount in sold}, stored_deals(connection, run))


# ---------------------------------------------------------------------- plans


@job(
    "commissions compare-plans",
    title="Compare two incentive plans",
    group="commissions",
    examples=("commissions compare-plans company.salesops 'Rep plan USD' 'Rep plan 2027' 2026-Q3",),
)
def compare_plans(
    context: JobContext, first: str, second: str, period: str, *, pay_on: PayOn = PayOn.BOOKING, out: Path | None = None
) -> Comparison:
    """Compare what a period pays the people of one plan with what another plan would pay them. Nothing is changed.

    Args:
        first: name of the plan that pays them.
        second: name of the plan that would pay them instead, in the same days.
        period: such as 2026-Q3.
        pay_on: booking, invoice or payment: which transactions earn.
        out: a workbook to write the comparison to (.xlsx).
    """
    with context.workspace.read() as connection:
        calendar = company(connection).calendar
        wanted = calendar.parse(period)
        inputs = inputs_of(relevant(load_facts(connection, pay_on.value), wanted, calendar))
    one, two = (_called(inputs, name) for name in (first, second))
    if first == second:
        raise InputRefusedError("That is one plan, not two.", way_out="Name two: see commissions plans.")
    if one.currency != two.currency:
        raise InputRefusedError(
            f"{first} pays in {one.currency}, {second} in {two.currency}: their sums cannot be compared.",
            way_out="Compare plans of one currency.",
        )
    members = [a for a in inputs.assignments if a.plan == first]
    if not members:
        raise InputRefusedError(f"{first} pays nobody.", way_out="Begin with the plan that people have.")
    # The second plan pays the same people in the same days, whatever its own.
    instead = replace(two, effective_from=one.effective_from, effective_to=one.effective_to)
    sides = []
    for plan, name in ((one, first), (instead, second)):
        asked = replace(
            inputs,
            plans=(plan,),
            assignments=tuple(PlanAssignment(a.person, plan.name, a.start, a.end) for a in members),
        )
        sides.append(_calculated(asked.calculate(wanted, calendar, context.progress), inputs, name))
    return _kept(context, replace(comparison(*sides), period=wanted.label), out)


def _called(inputs: Inputs, name: str) -> Plan:
    found = next((plan for plan in inputs.plans if plan.name == name), None)
    if found is None:
        raise InputRefusedError(f"There is no plan called {name!r}.", way_out="See the list: commissions plans.")
    return found


def _calculated(result: RunResult, inputs: Inputs, name: str) -> Side:
    """The side of a calculation by one plan."""
    plan, lines = result.plans[0], result.lines
    sums: dict[tuple[int, int], list[int]] = {}
    order = np.lexsort((lines.component, lines.person))
    person, component = lines.person[order], lines.component[order]
    edges = np.flatnonzero(
        np.r_[True, (person[1:] != person[:-1]) | (component[1:] != component[:-1])][: len(person)]
    ).tolist()
    amount, pay = lines.amount[order], lines.pay[order]
    for start, end in pairwise([*edges, len(person)]):
        key = (int(person[start]), int(component[start]))
        sums[key] = [int(amount[start:end].sum()), int(pay[start:end].sum()), 0]
    for extra in result.extras:
        entry = sums.setdefault((extra.person, extra.component), [0, 0, 0])
        entry[1] += extra.pay
        entry[2] += extra.pay
    shares = tuple(
        Share(who, inputs.names.get(who, str(who)), plan.currency, plan.components[part].name, *entry)
        for (who, part), entry in sorted(sums.items())
    )
    return Side(name, shares, {plan.currency: _credited(result)}, calculated_deals(result))


def _credited(result: RunResult) -> int:
    """What was credited, each credit once, overlays left out."""
    lines = result.lines
    if not len(lines):
        return 0
    roles = result.credits.table()["Credit role"].values if result.credits.fields is not None else None
    _, first = np.unique(lines.row, return_index=True)
    if roles is not None:
        first = first[roles[lines.row[first]] != CreditRole.OVERLAY.value]
    return int(lines.amount[first].sum())
