"""Late changes: locked periods calculated again, and what they should have paid posted into an open run, explained.

A locked run never changes. For each one, what it would pay by today's data is compared with what it paid and what was
corrected since; only the difference is posted, so that doing it twice posts nothing the second time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from salesops_desktop.jobs.commission_clawbacks import clawbacks
from salesops_desktop.jobs.commission_columns import ITEM
from salesops_desktop.jobs.commission_facts import Facts, Part, credit_rows, differences, load_facts, stored_facts
from salesops_desktop.jobs.commission_inputs import inputs_of, load_plans, relevant
from salesops_desktop.jobs.commission_items import ITEM_TABLES, open_run
from salesops_desktop.jobs.commission_replay import changed_terms
from salesops_desktop.jobs.commission_reports import run_heads
from salesops_desktop.jobs.commission_settlements import resettle, run_period
from salesops_desktop.jobs.commission_store import FINAL
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import Money
from salesops_desktop.model.periods import FiscalCalendar
from salesops_desktop.model.tables import Table, build_table
from salesops_desktop.workspace.text import stored_now

Key = tuple[int, str, str, str, str]
"""(person, plan, component, transaction number or nothing, currency)."""
Pays = dict[Key, int]

_CAUSE = {
    Part.RATES: "exchange rate",
    Part.PEOPLE: "roster",
    Part.ASSIGNMENTS: "roster",
    Part.REPORTS: "roster",
    Part.QUOTAS: "quota",
    Part.TARGETS: "target incentive",
    Part.SCORES: "score",
    Part.PLANS: "plan",
    Part.MOVES: "payment",
}


@dataclass(frozen=True, slots=True)
class Delta:
    """One correction of a locked period."""

    origin: str
    key: Key
    cause: str
    amount: int
    why: str


@dataclass(frozen=True, slots=True)
class RetroReport:
    """What was posted."""

    run: str
    origins: int
    deltas: tuple[Delta, ...]
    items: Table
    """One row per correction; keys are the items' row ids."""
    warnings: tuple[str, ...] = ()
    """What was not calculated again, in sentences."""

    def summary(self) -> Sequence[str]:
        """How much was posted, per currency, and why."""
        if not self.deltas:
            said = f"{self.origins:,} locked runs were calculated again: nothing is to be corrected."
            return [said, *self.warnings]
        sums: dict[str, int] = defaultdict(int)
        causes: dict[str, int] = defaultdict(int)
        for delta in self.deltas:
            sums[delta.key[4]] += delta.amount
            causes[delta.cause] += 1
        total = ", ".join(str(Money(amount, currency)) for currency, amount in sorted(sums.items()))
        why = ", ".join(f"{cause} {count:,}" for cause, count in sorted(causes.items()))
        periods = ", ".join(dict.fromkeys(delta.origin for delta in self.deltas))
        posted = f"{len(self.deltas):,} corrections of {periods} are in {self.run}, {total} together."
        return [f"{self.origins:,} locked runs were calculated again: {posted}", f"Causes: {why}.", *self.warnings]

    def tables(self) -> Sequence[Table]:
        """The corrections."""
        return [self.items]


@job(
    "commissions retro",
    title="Correct locked periods",
    group="commissions",
    needs=Needs.WRITE,
    examples=("commissions retro company.salesops 2026-09",),
)
def retro(context: JobContext, period: str) -> RetroReport:
    """Calculate every locked period before ``period`` again and post what changed into the run of ``period``.

    Plans, roster, quotas, scores, exchange rates and transactions count as they stand now, each within its own dates.
    Locked runs stay as they are; doing it again posts nothing. Terms of payment that were changed after a run was
    locked are not replayed: its period is settled by the terms it was paid by, and the report says which ones.

    Args:
        period: the period whose run takes the corrections, such as 2026-09; it must be calculated, not yet approved.
    """
    with context.workspace.read() as connection:
        calendar = company(connection).calendar
        wanted = calendar.parse(period)
        heads = run_heads(connection)
        target = next((h for h in heads if (h.start, h.end) == (wanted.start, wanted.end)), None)
        if target is None:
            raise InputRefusedError(
                f"{wanted.label} has no run to take the corrections.", way_out="Calculate it first: commissions run."
            )
        open_run(connection, target.id)
        origins = [h for h in reversed(heads) if h.status in FINAL and h.end < wanted.start]
        deltas: list[Delta] = []
        for done, head in enumerate(origins):
            context.progress(done, len(origins), f"Calculating {head.period} again")
            deltas += _corrections(connection, head.id, head.period, calendar)
        warnings = tuple(changed_terms(connection, load_plans(connection), wanted))
    if deltas:
        with context.workspace.action(f"Correct locked periods in {target.name}", kind="job") as unit:
            _post(unit.connection, target.id, deltas, context.workspace.who)
            resettle(unit.connection, target.id)
        context.changed(*ITEM_TABLES)
    with context.workspace.read() as connection:
        rows = connection.exec_driver_sql(
            'SELECT i.*, p.name AS person, i.transaction_number AS "transaction" FROM run_item i '
            "JOIN person p ON p.id = i.person_id WHERE i.run_id = ? AND i.kind = 'retro' ORDER BY i.id DESC LIMIT ?",
            (target.id, len(deltas)),
        ).mappings()
        items = build_table("Corrections", ITEM, [dict(row) for row in rows][::-1], key="id")
    return RetroReport(target.name, len(origins), tuple(deltas), items, warnings)


def _post(connection: Connection, run: int, deltas: Sequence[Delta], who: str) -> None:
    connection.exec_driver_sql(
        "INSERT INTO run_item (run_id, kind, person_id, plan, component, transaction_number, origin, cause, amount, "
        "currency, why, who, at) VALUES (?, 'retro', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                run, d.key[0], d.key[1], d.key[2] or None, d.key[3] or None, d.origin, d.cause, d.amount, d.key[4],
                d.why, who, stored_now(),
            )
            for d in deltas
        ],
    )  # fmt: skip


def _corrections(connection: Connection, run: int, origin: str, calendar: FiscalCalendar) -> list[Delta]:
    """What a locked run's period should pay now, less what it paid and what was corrected since."""
    old = stored_facts(connection, run)
    if old is None:
        return []
    now = relevant(load_facts(connection, old.pay_on), run_period(connection, run), calendar)
    open_by: dict[tuple[Key, str], int] = defaultdict(int)
    sentences: dict[tuple[Key, str], str] = {}
    paid = _pays(connection, run, old, calendar)
    before, state = paid, old
    for part, said in differences(old, now):
        state = _with(state, now, part)
        after = _pays(connection, run, state, calendar)
        changed = _changed_deals(old, now) if part is Part.CREDITS else {}
        for key in before.keys() | after.keys():
            moved = after.get(key, 0) - before.get(key, 0)
            if moved:
                cause, why = _cause(part, said, key, changed)
                open_by[key, cause] += moved
                sentences[key, cause] = why
        before = after
    wanted: dict[Key, int] = defaultdict(int)
    for (key, _), amount in open_by.items():
        wanted[key] += amount
    for key, cause, amount in _posted(connection, origin):
        open_by[key, cause] -= amount
        wanted[key] -= amount
        sentences.setdefault((key, cause), "What was corrected before no longer holds.")
    names = {**old.names, **now.names}
    made = []
    for (key, cause), amount in sorted(open_by.items()):
        if amount and wanted[key]:
            was, target = paid.get(key, 0), before.get(key, 0)
            about = f" for {key[3]}" if key[3] else ""
            why = (
                f"{sentences[key, cause]} {origin} paid {names.get(key[0], key[0])}{about} {Money(was, key[4])}; by "
                f"what is known now it is {Money(target, key[4])}."
            )
            made.append(Delta(origin, key, cause, amount, why))
    return made


def _with(old: Facts, new: Facts, part: Part) -> Facts:
    """``old`` with one part of ``new``."""
    if part is Part.CREDITS:
        return replace(old, credits=new.credits, names={**old.names, **new.names})
    return replace(old, rows={**old.rows, part: new.rows[part]}, names={**old.names, **new.names})


def _pays(connection: Connection, run: int, facts: Facts, calendar: FiscalCalendar) -> Pays:
    """What a run's period pays by ``facts``: lines, extras and clawbacks."""
    inputs = inputs_of(facts)
    result = inputs.calculate(run_period(connection, run), calendar)
    found: Pays = defaultdict(int)
    for line in result:
        found[line.person, line.plan, line.component, line.transaction, line.pay.currency] += line.pay.minor
    for extra in result.extras:
        plan = result.plans[extra.plan]
        found[extra.person, plan.name, plan.components[extra.component].name, "", plan.currency] += extra.pay
    currencies = {plan.name: plan.currency for plan in result.plans}
    for refund, component, taken, _ in clawbacks(connection, run, inputs, result):
        if taken:
            found[refund.person, refund.plan, component, refund.number, currencies[refund.plan]] -= taken
    return dict(found)


def _posted(connection: Connection, origin: str) -> list[tuple[Key, str, int]]:
    """What earlier corrections of a period posted, wherever they went."""
    rows = connection.exec_driver_sql(
        "SELECT person_id, plan, coalesce(component, ''), coalesce(transaction_number, ''), currency, cause, "
        "sum(amount) FROM run_item WHERE kind = 'retro' AND origin = ? GROUP BY 1, 2, 3, 4, 5, 6",
        (origin,),
    )
    return [((int(r[0]), r[1], r[2], r[3], r[4]), str(r[5]), int(r[6])) for r in rows]


def _changed_deals(old: Facts, new: Facts) -> dict[str, str]:
    """Transaction number → what happened to it."""
    was, now = credit_rows(old.credits), credit_rows(new.credits)
    known = {str(row[4]) for row in was.values()}
    found = {}
    for key in was.keys() | now.keys():
        row = now.get(key) or was[key]
        if was.get(key) == now.get(key):
            continue
        number = str(row[4])
        refund = row[7] == "refund" or int(row[5]) < 0
        if number not in known:
            found[number] = "refund" if refund else "late deal"
        elif number not in found:
            found[number] = "changed deal"
    return found


def _cause(part: Part, said: str, key: Key, deals: dict[str, str]) -> tuple[str, str]:
    if part is not Part.CREDITS:
        return _CAUSE[part], said
    if key[3] in deals:
        cause = deals[key[3]]
        words = {"refund": "A refund that came late.", "late deal": "A deal that came late."}
        return cause, words.get(cause, "A transaction or credit that was changed.")
    kinds = sorted(set(deals.values()))
    return (kinds[0] if len(kinds) == 1 else "late deal"), f"Other deals move the total. {said}"
