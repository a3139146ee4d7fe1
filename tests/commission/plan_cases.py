"""Ways to make plans and credits for the tests of the engine."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from salesops_desktop.commission import (
    Axis,
    AxisKind,
    Basis,
    BoundarySide,
    Component,
    Credits,
    DayCount,
    ExchangeRate,
    Factor,
    Gate,
    Lookup,
    Pays,
    PayTerms,
    Plan,
    PlanAssignment,
    Proration,
    Quota,
    RateTable,
    Reporting,
    Rounding,
    RoundingStage,
    Score,
    Source,
    TargetIncentive,
    TierMode,
    Window,
)
from salesops_desktop.commission.clawbacks import Clawback
from salesops_desktop.commission.draws import Draw
from salesops_desktop.commission.exchange import RateDay
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
def tables(draw, units=False, alone=False):
    """Any sound rate table for a measure of money or units, in a window that ends or not."""
    modes = [m for m in TierMode if not (units and m is TierMode.OWN_OUTPUT)]
    mode = draw(st.sampled_from(modes))
    stepped = mode in (TierMode.STEP, TierMode.CURVE)
    kinds = [Basis.AMOUNT] if alone or units or mode is TierMode.OWN_OUTPUT else list(Basis)
    basis = draw(st.sampled_from(kinds))
    pays = [Pays.AMOUNT] if units or stepped else [Pays.MEASURE]
    if not alone and mode is not TierMode.OWN_OUTPUT and (stepped or not units):
        pays.append(Pays.TARGET)
    if units and Pays.TARGET in pays and not stepped:
        pays.remove(Pays.TARGET)
    paid = draw(st.sampled_from(pays))
    rates = st.integers(0, 400_000)
    if mode is TierMode.FLAT:
        return RateTable((*RateTable.flat(draw(rates)).tiers,), mode, pays=paid)
    top = 3_000_000 if basis is Basis.ATTAINMENT else 10_000_000
    lowers = sorted(draw(st.sets(st.integers(1, top), min_size=1, max_size=4)))
    if mode is TierMode.OWN_OUTPUT or draw(st.integers(0, 3)):
        lowers = [0, *lowers]
    if mode is TierMode.CURVE and len(lowers) < 2:
        lowers = [lowers[0], lowers[0] + draw(st.integers(1, top))]
    side = draw(st.sampled_from(BoundarySide))
    table = RateTable.of([(low, draw(rates)) for low in lowers], mode, basis, side, paid)
    if mode is not TierMode.OWN_OUTPUT and not stepped and draw(st.integers(0, 3)) == 0:
        last = table.tiers[-1]
        closed = type(last)(last.lower, last.lower + draw(st.integers(1, top)), last.rate)
        table = RateTable((*table.tiers[:-1], closed), table.mode, table.basis, table.boundary, table.pays)
    return table


MEASURES_OF_MONEY = ["Amount", "Amount * (1 - Discount)", "MIN(Amount, Margin) / 3", "Margin"]
MEASURES_OF_UNITS = ["1", "1 - Discount", "IF(Amount < 0, -1, 1)"]


@st.composite
def lookups(draw, kind=None, names=()):
    """A table of one or two dimensions."""
    axes, cells = [], 1
    for _ in range(draw(st.integers(1, 2))):
        bounds = tuple(sorted(draw(st.sets(st.integers(0, 2_000_000), min_size=1, max_size=3))))
        if kind is AxisKind.FORMULA:
            axes.append(Axis(kind, draw(st.sampled_from(["Discount", "1 - Discount"])), bounds, draw(exceeded(bounds))))
        else:
            chosen = draw(st.sampled_from([AxisKind.SCORE, *([AxisKind.ATTAINMENT] if names else [])]))
            by = draw(st.sampled_from(names)) if chosen is AxisKind.ATTAINMENT else "Care"
            axes.append(Axis(chosen, by, bounds, draw(exceeded(bounds))))
        cells *= len(bounds)
    return Lookup(tuple(axes), tuple(draw(st.integers(0, 1_500_000)) for _ in range(cells)))


def exceeded(bounds):
    return st.sets(st.integers(0, len(bounds) - 1)).map(lambda places: tuple(sorted(places)))


@st.composite
def components(draw, name, before=()):
    """A sound component; ``before`` are those of the same plan, which gates and factors may name."""
    source = draw(st.sampled_from([Source.OWN, Source.OWN, Source.OWN, Source.TEAM_CREDITS, Source.TEAM_PAY]))
    window = Window.LINE if source is Source.TEAM_PAY else draw(st.sampled_from(Window))
    alone = window in (Window.LINE, Window.CONTRACT)
    units = source is not Source.TEAM_PAY and draw(st.integers(0, 4)) == 0
    lookup = None
    if window is Window.LINE and not units and source is Source.OWN and draw(st.booleans()):
        lookup = draw(lookups(AxisKind.FORMULA))
    measure = draw(st.sampled_from(MEASURES_OF_UNITS if units else MEASURES_OF_MONEY))
    named = [c.name for c in before if c.window not in (Window.LINE, Window.CONTRACT)]
    factors = draw(
        st.lists(st.builds(Factor, st.just("Care"), st.none() | lookups(names=named), st.none() | st.just(900_000)),
                 max_size=2)
    )  # fmt: skip
    gate = None
    if named and not alone and draw(st.booleans()):
        otherwise = draw(st.none() | tables(units, alone))
        gate = Gate(
            tuple(draw(st.sets(st.sampled_from(named), min_size=1))), draw(st.integers(0, 1_500_000)), otherwise
        )
    settled = gate is not None or (bool(factors) and not alone)
    return Component(
        name,
        RateTable.flat(0) if lookup else draw(tables(units, alone)),
        measure="Amount" if source is Source.TEAM_PAY else measure,
        filter=draw(st.sampled_from(["", 'Region = "west"', "Amount > 100 OR Amount < 0", "NOT ISBLANK(Margin)"])),
        window=window,
        cap=draw(st.none() | st.integers(0, 500_000)),
        rounding=draw(st.sampled_from(Rounding)),
        stage=RoundingStage.TELESCOPING if settled else draw(st.sampled_from(RoundingStage)),
        quota=draw(st.sampled_from([Measure.BOOKINGS, Measure.MARGIN])),
        deal_cap=None if settled else draw(st.none() | st.integers(1000, 300_000)),
        deal_floor=None if settled else draw(st.none() | st.integers(0, 1000)),
        lookup=lookup,
        factors=tuple(factors),
        gate=gate,
        weight=draw(st.sampled_from([1_000_000, 333_333])),
        source=source,
        depth=draw(st.sampled_from([None, 1])),
        contract="Region" if window is Window.CONTRACT else "",
    )


@st.composite
def carved(draw, name):
    """Sometimes a part carved out of the pay of the team, and sometimes what is given up to those above."""
    whole = Component(name, RateTable.flat(1_000_000), window=Window.LINE, source=Source.GIVEN_UP)
    share = draw(st.sampled_from([1, 100_000, 333_333]) | st.integers(1, 330_000))
    part = replace(
        whole, name=f"{name} carved", source=Source.TEAM_PAY, carve=share, depth=draw(st.sampled_from([None, 1])),
        filter=draw(st.sampled_from(["", 'Region = "west"', "Amount > 100 OR Amount < 0"])),
    )  # fmt: skip
    return draw(st.sampled_from([(), (), (whole,), (whole, part)]))


COUNT = st.integers(1, 400)
SHARES = st.sampled_from([(), (1_000_000,), (500_000, 250_000, 250_000)])


def pay_terms():
    """Terms of payment."""
    draws = st.builds(Draw, COUNT, last=st.none() | st.integers(1, 9), limit=st.none() | COUNT)
    return st.builds(PayTerms, cap=st.none() | COUNT, holdback=COUNT, draw=st.none() | draws, instalments=SHARES)


@st.composite
def runs(draw):
    """Plans, assignments, credits, quotas: all consistent, none tidy."""
    plans = []
    for i in range(draw(st.integers(1, 2))):
        parts = ()
        for j in range(draw(st.integers(1, 3))):
            parts = (*parts, draw(components(f"C{j}", parts)))
        parts = (*parts, *draw(carved("Given up")))
        first = dt.date(2026, 1, draw(st.integers(1, 31)))
        terms, clawback = (
            draw(st.just(PayTerms()) | pay_terms()),
            draw(st.none() | st.builds(Clawback, st.none() | COUNT)),
        )
        prorated = draw(st.none() | st.builds(Proration, st.sampled_from(DayCount), ramp=SHARES))
        currency = draw(st.sampled_from(["USD", "EUR", "JPY"]))
        day = draw(st.sampled_from(RateDay))
        plan = Plan(f"P{i}", currency, first, parts, terms=terms, clawback=clawback, proration=prorated, rate_day=day)
        plans.append(plan)
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
    targets = [
        TargetIncentive(person, first, last, draw(st.integers(0, 2_000_000)), draw(st.sampled_from(["USD", "EUR"])))
        for person in (1, 2)
        for first, last in MONTHS[: draw(st.integers(1, 3))]
    ]
    if draw(st.booleans()):
        targets.append(TargetIncentive(2, START, dt.date(2026, 3, 31), 5_000_001, "USD"))
    scores = [
        Score(person, "Care", START, last, draw(st.integers(0, 1_400_000)))
        for person in (1, 2)
        for _, last in MONTHS[: draw(st.integers(0, 3))]
    ]
    reports = [Reporting(1, 2, START, draw(st.sampled_from([None, dt.date(2026, 2, 14)]))), Reporting(3, 1, START)]
    if draw(st.booleans()):
        reports.append(Reporting(2, 3, dt.date(2026, 2, 1)))
    more = {"targets": targets, "scores": scores, "reports": reports}
    return plans, assignments, credits_of(draw(st.lists(row, min_size=1, max_size=12)), EXTRA), quotas, more
