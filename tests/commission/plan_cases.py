"""Ways to make plans and credits for the tests of the engine."""

from __future__ import annotations

import datetime as dt

import numpy as np
from hypothesis import strategies as st

from salesops_desktop.commission import (
    Basis,
    BoundarySide,
    Component,
    Credits,
    ExchangeRate,
    Plan,
    PlanAssignment,
    Quota,
    RateTable,
    Rounding,
    RoundingStage,
    TierMode,
    Window,
)
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.tables import ColumnSpec, ValueKind, build_table

START = dt.date(2026, 1, 1)


def plan_of(*components, name="Plan", currency="USD"):
    return Plan(name, currency, dt.date(2020, 1, 1), tuple(components))


def assigned(plan, *people):
    return [PlanAssignment(person, plan.name, dt.date(2020, 1, 1)) for person in people]


def credits_of(rows, extra=()):
    """Rows of (person, date, transaction, minor units, currency, *values of ``extra``)."""
    specs = [ColumnSpec(name, name, kind, currency=currency) for name, kind, currency in extra]
    count = len(rows)
    return Credits(
        key=np.arange(1, count + 1, dtype=np.int64),
        person=np.array([row[0] for row in rows], dtype=np.int64),
        date=np.array([row[1] for row in rows], dtype="datetime64[D]"),
        transaction=np.array([row[2] for row in rows], dtype=object),
        amount=np.array([row[3] for row in rows], dtype=np.int64),
        currency=np.array([row[4] for row in rows], dtype=object),
        fields=build_table("Fields", specs, [row[5:] for row in rows]) if extra else None,
    )


def sales(*amounts, person=1, start=START, currency="USD"):
    """One credit a day, in minor units, in this order."""
    rows = [(person, start + dt.timedelta(days=i), f"T{i:04d}", amount, currency) for i, amount in enumerate(amounts)]
    return credits_of(rows)


EXTRA = (("Margin", ValueKind.MONEY, "EUR"), ("Region", ValueKind.TEXT, None), ("Discount", ValueKind.RATE, None))
RATES = [
    ExchangeRate("EUR", "USD", dt.date(2025, 10, 1), 1_093_700_001),
    ExchangeRate("EUR", "USD", dt.date(2026, 2, 10), 1_120_333_333),
    ExchangeRate("USD", "JPY", dt.date(2025, 1, 1), 151_234_567_890),
]
MONTHS = [(dt.date(2026, m, 1), dt.date(2026, m + 1, 1) - dt.timedelta(days=1)) for m in range(1, 4)]


@st.composite
def tables(draw):
    basis = draw(st.sampled_from(Basis))
    mode = draw(st.sampled_from(TierMode))
    rates = st.integers(0, 400_000)
    if mode is TierMode.FLAT:
        return RateTable.flat(draw(rates))
    top = 3_000_000 if basis is Basis.ATTAINMENT else 10_000_000
    lowers = sorted(draw(st.sets(st.integers(1, top), min_size=1, max_size=4)))
    if draw(st.integers(0, 3)):
        lowers = [0, *lowers]
    table = RateTable.of([(low, draw(rates)) for low in lowers], mode, basis, draw(st.sampled_from(BoundarySide)))
    if draw(st.integers(0, 3)) == 0:
        last = table.tiers[-1]
        closed = type(last)(last.lower, last.lower + draw(st.integers(1, top)), last.rate)
        table = RateTable((*table.tiers[:-1], closed), table.mode, table.basis, table.boundary)
    return table


@st.composite
def components(draw, name):
    table = draw(tables())
    windows = [w for w in Window if not (table.basis is Basis.ATTAINMENT and w is Window.LINE)]
    return Component(
        name,
        table,
        measure=draw(st.sampled_from(["Amount", "Amount * (1 - Discount)", "MIN(Amount, Margin) / 3", "Margin"])),
        filter=draw(st.sampled_from(["", 'Region = "west"', "Amount > 100 OR Amount < 0", "NOT ISBLANK(Margin)"])),
        window=draw(st.sampled_from(windows)),
        cap=draw(st.none() | st.integers(0, 500_000)),
        rounding=draw(st.sampled_from(Rounding)),
        stage=draw(st.sampled_from(RoundingStage)),
        quota=draw(st.sampled_from([Measure.BOOKINGS, Measure.MARGIN])),
    )


@st.composite
def runs(draw):
    """Plans, assignments, credits, quotas: all consistent, none tidy."""
    plans = []
    for i in range(draw(st.integers(1, 2))):
        parts = tuple(draw(components(f"C{j}")) for j in range(draw(st.integers(1, 2))))
        first = dt.date(2026, 1, draw(st.integers(1, 31)))
        plans.append(Plan(f"P{i}", draw(st.sampled_from(["USD", "EUR", "JPY"])), first, parts))
    assignments = [
        PlanAssignment(
            person, f"P{draw(st.integers(0, len(plans) - 1))}", START, dt.date(2026, 3, draw(st.integers(1, 31)))
        )
        for person in (1, 2)
    ]
    day = st.dates(dt.date(2025, 12, 15), dt.date(2026, 4, 10))
    amount = st.integers(-2_000_000, 9_000_000) | st.sampled_from([0, 1, -1, 50, 10_000_000])
    row = st.tuples(
        st.sampled_from([1, 2, 3]),
        day,
        st.sampled_from(["A", "B", "C", "a", "D"]),
        amount,
        st.sampled_from(["USD", "EUR", "USD"]),
        amount | st.none(),
        st.sampled_from(["West", "EAST", None]),
        st.integers(0, 1_000_000),
    )
    quotas = [
        Quota(person, measure, first, last, draw(st.integers(1, 9_000_000)), draw(st.sampled_from(["USD", "EUR"])))
        for person in (1, 2)
        for measure in (Measure.BOOKINGS, Measure.MARGIN)
        for first, last in MONTHS[: draw(st.integers(0, 3))]
    ]
    if draw(st.booleans()):
        quotas.append(Quota(1, Measure.BOOKINGS, START, dt.date(2026, 3, 31), 7_000_001, "USD"))
    return plans, assignments, credits_of(draw(st.lists(row, min_size=1, max_size=12)), EXTRA), quotas
