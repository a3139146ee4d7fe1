"""What a commission run is calculated from: plans, who has them, credits, quotas, rates."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.commission import (
    NO_PERSON,
    Credits,
    ExchangeRate,
    ExchangeRates,
    Plan,
    PlanAssignment,
    Quota,
    Reference,
    Reporting,
    RunResult,
    Score,
    TargetIncentive,
    Window,
    calculate,
    plan_from,
    reference,
    split_credits,
)
from salesops_desktop.commission.clawbacks import ClawbackRate
from salesops_desktop.jobs.commission_facts import Facts, Part, load_facts
from salesops_desktop.jobs.commission_proration import Service, prorated
from salesops_desktop.model.enums import CreditRole, Measure
from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import Column, Table, ValueKind, column_array

Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]


class PayOn(StrEnum):
    """Which transactions earn: money is paid once, on one of these."""

    BOOKING = "booking"
    INVOICE = "invoice"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A refund that a plan's clawback takes back by itself, so that it does not accumulate.

    Attributes:
        person: whose credit.
        plan: the plan with the clawback.
        credit: the refund's credit key.
        number: the refund's own number.
        original: the row id of the transaction that it cancels.
        amount: minor units of ``currency``, as the refund has it: negative for a cancelled sale.
        currency: ISO code.
        day: of the refund.
    """

    person: int
    plan: str
    credit: int
    number: str
    original: int
    amount: int
    currency: str
    day: dt.date


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that one run needs, as it stands in the workspace."""

    plans: tuple[Plan, ...]
    assignments: tuple[PlanAssignment, ...]
    credits: Credits
    transactions: dict[int, int]
    """Credit key → the row id of its transaction."""
    accounts: dict[int, str]
    """Credit key → the account's name."""
    quotas: tuple[Quota, ...]
    """As they count: prorated where a plan says so."""
    rates: ExchangeRates
    names: dict[int, str]
    targets: tuple[TargetIncentive, ...] = ()
    scores: tuple[Score, ...] = ()
    reports: tuple[Reporting, ...] = ()
    rate_records: tuple[ExchangeRate, ...] = ()
    cancelled: tuple[Cancelled, ...] = ()
    """Refunds that a clawback deals with by itself; they are not among the credits."""
    prorated: Mapping[tuple[int, dt.date, dt.date], str] = field(default_factory=dict)
    """(person, first day, last day) of each quota that is not whole → a sentence."""

    def calculate(self, period: Period, calendar: FiscalCalendar, progress: Progress = silent) -> RunResult:
        """What ``period`` pays by these inputs."""
        return calculate(
            self.plans, self.assignments, self.credits, self.quotas, period, calendar=calendar, rates=self.rates,
            targets=self.targets, scores=self.scores, reports=self.reports, names=self.names, progress=progress,
        )  # fmt: skip

    def reference(self, period: Period, calendar: FiscalCalendar) -> Reference:
        """The same by the independent reference."""
        return reference(
            self.plans, self.assignments, self.credits, self.quotas, period, calendar=calendar,
            rates=self.rate_records, targets=self.targets, scores=self.scores, reports=self.reports,
        )  # fmt: skip


def load_inputs(connection: Connection, pay_on: PayOn = PayOn.BOOKING) -> Inputs:
    """Read everything a run is calculated from.

    A transaction without credits credits its own person in full. Each credit's amount is its exact part of the
    transaction, by largest remainder.
    """
    return inputs_of(load_facts(connection, pay_on.value))


def inputs_of(facts: Facts) -> Inputs:
    """What the engine is given for ``facts``."""
    rows, names = facts.rows, dict(facts.names)
    plans = _plans(facts)
    assignments = assignments_of(facts)
    quotas = [Quota(p, Measure(m), _day(a), _day(b), int(v), c) for p, m, a, b, v, c in rows[Part.QUOTAS]]
    targets = [TargetIncentive(p, _day(a), _day(b), int(v), c) for p, a, b, v, c in rows[Part.TARGETS]]
    services = {
        int(person): Service(
            _last(start), _last(end), ramp, tuple((_day(first), _last(last), int(share)) for first, last, share in away)
        )
        for person, start, end, ramp, away in rows[Part.PEOPLE]
    }
    counted, aimed, said = prorated(plans, assignments, services, quotas, targets, names)
    records = tuple(ExchangeRate(a, b, _day(day), int(rate)) for a, b, day, rate in rows[Part.RATES])
    frame = facts.credits
    credits_, keys = _credits(frame)
    cancelled, kept = _cancelled(frame, credits_, plans, assignments)
    return Inputs(
        plans,
        assignments,
        credits_ if kept is None else credits_.take(kept),
        dict(zip(keys, (int(v) for v in frame["transaction_id"]), strict=True)),
        {key: str(name) for key, name in zip(keys, frame["account"], strict=True) if isinstance(name, str)},
        counted,
        ExchangeRates(records),
        names,
        aimed,
        tuple(Score(p, name, _day(a), _day(b), int(v)) for p, name, a, b, v in rows[Part.SCORES]),
        tuple(Reporting(p, m, _day(a), _last(b)) for p, m, a, b in rows[Part.REPORTS]),
        records,
        cancelled,
        said,
    )


def assignments_of(facts: Facts) -> tuple[PlanAssignment, ...]:
    """Who is paid by which plan."""
    return tuple(PlanAssignment(p, plan, _day(a), _last(b)) for p, plan, a, b in facts.rows[Part.ASSIGNMENTS])


def _plans(facts: Facts) -> tuple[Plan, ...]:
    return tuple(
        plan_from(name, currency, _day(start), _last(end), stored)
        for name, currency, start, end, stored in facts.rows[Part.PLANS]
    )


def relevant(facts: Facts, period: Period, calendar: FiscalCalendar) -> Facts:
    """The facts with the credits that a run of ``period`` may count: from the start of the longest window on."""
    windows = {component.window for plan in _plans(facts) for component in plan.components}
    first = calendar.containing(period.start, PeriodKind.YEAR).start
    begin = "0001-01-01" if Window.CONTRACT in windows else first.isoformat()
    return facts.until(begin, period.end.isoformat())


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text[:10])


def _last(text: str | None) -> dt.date | None:
    return None if text is None else _day(text)


def load_plans(connection: Connection) -> tuple[Plan, ...]:
    """All incentive plans."""
    rows = connection.exec_driver_sql(
        "SELECT name, currency, effective_from, effective_to, definition FROM plan ORDER BY name"
    )
    return tuple(
        plan_from(name, currency, _day(start), _last(end), json.loads(text))
        for name, currency, start, end, text in rows
    )


def _apart(plan: Plan, day: dt.date, sold: object) -> bool:
    """Whether a cancellation on ``day`` of a sale of the day ``sold`` (ISO text) stays out of the accumulation."""
    rule = plan.clawback
    assert rule is not None
    if rule.rate is ClawbackRate.ORIGINAL:
        return True
    return rule.window_days is not None and isinstance(sold, str) and (day - _day(sold)).days > rule.window_days


def _cancelled(
    frame: pd.DataFrame, credits_: Credits, plans: Sequence[Plan], assignments: Sequence[PlanAssignment]
) -> tuple[tuple[Cancelled, ...], npt.NDArray[np.intp] | None]:
    """The refunds that do not accumulate, and the rows of the other credits (None: all).

    Those are the ones that a clawback takes back at the original rate, and, at the present rate, those that come after
    its window and cost nothing.
    """
    ruled = {p.name: p for p in plans if p.clawback is not None}
    if not ruled:
        return (), None
    held = [a for a in assignments if a.plan in ruled]
    found, taken = [], np.zeros(len(frame), dtype=np.bool_)
    for i in np.flatnonzero((frame["kind"] == "refund").to_numpy() & frame["original_id"].notna().to_numpy()).tolist():
        day: dt.date = credits_.date[i].astype("datetime64[D]").astype(object)
        for assignment in held:
            plan = ruled[assignment.plan]
            begins, ends = max(assignment.start, plan.effective_from), assignment.end or dt.date.max
            if (
                assignment.person == credits_.person[i]
                and begins <= day <= min(ends, plan.effective_to or ends)
                and _apart(plan, day, frame["original_day"].iloc[i])
            ):
                taken[i] = True
                found.append(
                    Cancelled(
                        int(credits_.person[i]), plan.name, int(credits_.key[i]), str(credits_.transaction[i]),
                        int(frame["original_id"].iloc[i]), int(credits_.amount[i]), str(credits_.currency[i]), day,
                    )
                )  # fmt: skip
    return tuple(found), np.flatnonzero(~taken)


def _credits(frame: pd.DataFrame) -> tuple[Credits, list[int]]:
    transaction, index = np.unique(frame["transaction_id"].to_numpy(np.int64), return_index=True)
    place = np.searchsorted(transaction, frame["transaction_id"].to_numpy(np.int64)).astype(np.intp)
    amounts = frame["amount"].to_numpy(np.int64)
    person = np.array([NO_PERSON if pd.isna(v) else int(v) for v in frame["person"]], dtype=np.int64)
    share = frame["share"].fillna(PPM).to_numpy(np.int64)
    role = frame["role"].to_numpy(object)
    parts = split_credits(amounts[index], place, person, share, role == CreditRole.OVERLAY.value)
    # Without a credit of its own, a transaction's owner is credited under the transaction's negative number.
    keys = [
        int(c) if not pd.isna(c) else -int(t) for c, t in zip(frame["credit_id"], frame["transaction_id"], strict=True)
    ]
    order = {r.value: i for i, r in enumerate(CreditRole)}
    split = np.array([order.get(str(r), len(order)) for r in role], dtype=np.int64)
    made = Credits(
        np.array(keys, dtype=np.int64),
        person,
        frame["day"].to_numpy(object).astype("datetime64[D]"),
        frame["external_id"].to_numpy(object),
        parts,
        frame["currency"].to_numpy(object),
        split=split,
        fields=_fields(frame, amounts, share),
    )
    return made, keys


def _fields(frame: pd.DataFrame, amounts: Ints, share: Ints) -> Table:
    currencies = frame["currency"].to_numpy(object)
    columns = [
        _column("Credit role", frame["role"], ValueKind.TEXT),
        _column("Kind", frame["kind"], ValueKind.TEXT),
        _column("Product", frame["product"], ValueKind.TEXT),
        _column("Family", frame["family"], ValueKind.TEXT),
        _column("Account", frame["account"], ValueKind.TEXT),
        _column("Industry", frame["industry"], ValueKind.TEXT),
        _column("Segment", frame["segment"], ValueKind.TEXT),
        _column("Quantity", frame["quantity"], ValueKind.NUMBER),
        Column("Share", "Share", ValueKind.RATE, share),
        Column("Transaction amount", "Transaction amount", ValueKind.MONEY, amounts, currencies=currencies),
        _column("Margin", frame["margin"], ValueKind.MONEY, currencies),
    ]
    return Table("Credits", tuple(columns))


def _column(name: str, values: pd.Series[Any], kind: ValueKind, currencies: Texts | None = None) -> Column:
    raw: list[object] = [None if missing else value for value, missing in zip(values, values.isna(), strict=True)]
    if kind is ValueKind.MONEY:
        whole = values.astype("Int64")
        raw = [None if missing else int(value) for value, missing in zip(whole, values.isna(), strict=True)]
    array, missing_mask = column_array(kind, raw)
    return Column(name, name, kind, array, missing_mask, currencies=currencies)
