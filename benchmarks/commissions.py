"""A million transactions paid by four marginal tiers: ours, a Decimal loop, and pandas with floating-point numbers.

Run: ``python -m benchmarks.commissions [--transactions 1000000] [--people 2000] [--only tiers|components|edit]``.

All three start from the same columns in memory (transactions, and who has which share of them) and end with a payout
per credit and a total per person: split, put in order, accumulate to the own quota's tiers, round. Each runs in a
process of its own, so that peak memory can be told. The Decimal loop is what an analyst writes who wants exact cents,
the pandas one what one writes who wants speed; both sort as the plan says (person, date, transaction).
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission import (
    Axis,
    AxisKind,
    Basis,
    Component,
    Credits,
    Factor,
    Lookup,
    Pays,
    Plan,
    PlanAssignment,
    Quota,
    RateTable,
    Reporting,
    RunResult,
    Score,
    Source,
    TargetIncentive,
    TierMode,
    Window,
    calculate,
    recalculate,
    split_credits,
)
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.periods import FiscalCalendar
from salesops_desktop.model.tables import Column, Table, ValueKind

Ints = npt.NDArray[np.int64]
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 3, 31)
QUARTER = FiscalCalendar().parse("2026-Q1")
TIERS = ((0, 50_000), (600_000, 70_000), (1_000_000, 100_000), (1_300_000, 125_000))
"""Ppm of the quota from which each tier begins, and its rate in ppm."""


@dataclass(frozen=True, slots=True)
class Company:
    """What all ways of calculating are given."""

    number: npt.NDArray[np.object_]
    """Each transaction's own number as text."""
    date: npt.NDArray[np.datetime64]
    amount: Ints
    """Cents; 2 % are refunds."""
    transaction: npt.NDArray[np.intp]
    """Of each share: index of its transaction."""
    person: Ints
    share: Ints
    """Ppm."""
    quota: Ints
    """Cents, by person."""


def company(transactions: int, people: int) -> Company:
    """Transactions in the order in which they were booked, one to three shares of each."""
    draw = np.random.default_rng(20260101)
    amount = np.rint(draw.lognormal(7.5, 1.0, transactions) * 100).astype(np.int64)
    amount[draw.random(transactions) < 0.02] *= -1
    date = np.sort(draw.integers(0, 90, transactions)).astype("timedelta64[D]") + np.datetime64(FIRST)
    number = np.array([f"T{i:08d}" for i in range(transactions)], dtype=object)
    ways = draw.choice(3, transactions, p=[0.7, 0.22, 0.08])
    parts = np.array([[1_000_000, 0, 0], [600_000, 400_000, 0], [333_334, 333_333, 333_333]])[ways]
    at, place = np.nonzero(parts)
    first = draw.integers(0, people, transactions)
    person = (first[at] + place * 7) % people
    own = np.bincount(person, weights=amount[at] * (parts[at, place] / 1e6), minlength=people)
    quota = np.rint(np.abs(own) * draw.uniform(0.6, 1.6, people)).astype(np.int64) // 100 * 100 + 100
    return Company(number, date, amount, at, person.astype(np.int64), parts[at, place].astype(np.int64), quota)


def plan_of(components: int) -> Plan:
    """The plan: so many components, each with four marginal tiers on the own quota."""
    one = Component("Bookings", RateTable.of(TIERS, basis=Basis.ATTAINMENT))
    return Plan("AE", "USD", FIRST, tuple(replace(one, name=f"Bookings {i + 1}") for i in range(components)))


def varied_plan() -> Plan:
    """Ten components, no two of a kind, as a real plan for everybody would hold them."""
    attained = Basis.ATTAINMENT
    matrix = Lookup(
        (Axis(AxisKind.FORMULA, "Discount", (0, 100_000, 200_000)), Axis(AxisKind.FORMULA, "Term", (0, 24_000_000))),
        (30_000, 40_000, 20_000, 25_000, 5_000, 10_000),
    )
    parts = (
        Component("Bookings", RateTable.of(TIERS, basis=attained)),
        Component("New business", RateTable.flat(10_000), filter='Region = "new"'),
        Component("Accelerator", RateTable.of([(0, 0), (5_000_000, 20_000), (20_000_000, 35_000)]),
                  window=Window.MONTH),
        Component("Renewals", RateTable.of([(0, 5_000), (900_000, 8_000)], TierMode.RETROACTIVE, attained),
                  filter='Region = "renewal"', window=Window.YEAR),
        Component("Target bonus", RateTable.of([(0, 0), (500_000, 500_000), (1_000_000, 1_000_000)], TierMode.CURVE,
                                               attained, pays=Pays.TARGET), factors=(Factor("Care"),)),
        Component("Event", replace(RateTable.flat(2_500), pays=Pays.AMOUNT), measure="1",
                  filter="Amount > 9000", window=Window.LINE),
        Component("Terms", RateTable.flat(0), window=Window.LINE, lookup=matrix),
        Component("Margin over plan", RateTable.of([(0, 0), (1_000_000, 40_000)], TierMode.WHOLE_OVERAGE, attained),
                  measure="Amount * (1 - Discount) / 3"),
        Component("Team", RateTable.flat(3_000), source=Source.TEAM_CREDITS, depth=1),
        Component("Override", RateTable.flat(50_000), window=Window.LINE, source=Source.TEAM_PAY, depth=1),
    )  # fmt: skip
    return Plan("AE", "USD", FIRST, parts)


def credits_of(given: Company, *, fields: bool = False) -> Credits:
    """The credits, split to the cent; ``fields`` adds what filters and lookups of :func:`varied_plan` name."""
    parts = split_credits(given.amount, given.transaction, given.person, given.share)
    count = len(parts)
    return Credits(
        key=np.arange(count, dtype=np.int64),
        person=given.person,
        date=given.date[given.transaction],
        transaction=given.number[given.transaction],
        amount=parts,
        currency=np.broadcast_to(np.array(["USD"], dtype=object), count),
        fields=fields_of(given.transaction) if fields else None,
    )


def fields_of(transaction: npt.NDArray[np.intp]) -> Table:
    """Region, discount and months of each credit, made of its transaction's place."""
    region = np.array(["new", "renewal", "add-on"], dtype=object)[transaction % 3]
    columns = (
        Column("Region", "Region", ValueKind.TEXT, region),
        Column("Discount", "Discount", ValueKind.RATE, transaction % 30 * 10_000),
        Column("Term", "Term", ValueKind.INTEGER, transaction % 4 * 12),
    )
    return Table("Fields", columns)


def people_of(given: Company) -> tuple[list[PlanAssignment], list[Quota]]:
    """Who is paid by the plan, and their quotas."""
    count = range(len(given.quota))
    quotas = [Quota(p, Measure.BOOKINGS, FIRST, LAST, int(given.quota[p]), "USD") for p in count]
    return [PlanAssignment(p, "AE", FIRST) for p in count], quotas


def ours(given: Company, components: int = 1) -> tuple[RunResult, Ints]:
    """The engine."""
    assignments, quotas = people_of(given)
    result = calculate([plan_of(components)], assignments, credits_of(given), quotas, QUARTER)
    return result, totals_of(result, given)


def ours_varied(given: Company) -> tuple[RunResult, Ints]:
    """The engine with ten components of different kinds, a hierarchy, target incentives and scores."""
    assignments, quotas = people_of(given)
    people = range(len(given.quota))
    result = calculate(
        [varied_plan()], assignments, credits_of(given, fields=True),
        [*quotas, *(replace(one, end=dt.date(2026, 12, 31), amount=one.amount * 4) for one in quotas)],
        QUARTER, targets=[TargetIncentive(p, FIRST, LAST, 1_000_000 + p, "USD") for p in people],
        scores=[Score(p, "Care", FIRST, LAST, 900_000 + p * 100) for p in people],
        reports=[Reporting(p, p // 20, FIRST) for p in people if p],
    )  # fmt: skip
    return result, totals_of(result, given)


def totals_of(result: RunResult, given: Company) -> Ints:
    """Cents by person."""
    totals = np.zeros(len(given.quota), dtype=np.int64)
    for (person, _), pay in result.totals().items():
        totals[person] = pay
    return totals


def decimal_loop(given: Company) -> Ints:
    """One credit after the other, in Decimal: the reference as an analyst's script."""
    cent = Decimal("0.01")
    shares: dict[int, list[tuple[int, Decimal]]] = defaultdict(list)
    parts = zip(given.transaction.tolist(), given.person.tolist(), given.share.tolist(), strict=True)
    for at, person, share in parts:
        shares[at].append((person, Decimal(share) / 1_000_000))
    credited: dict[int, list[tuple[dt.date, str, Decimal]]] = defaultdict(list)
    rows = zip(given.date.tolist(), given.number.tolist(), given.amount.tolist(), strict=True)
    for at, (day, number, minor) in enumerate(rows):
        amount = Decimal(abs(minor)) / 100
        pieces = []
        for person, share in shares[at]:
            exact = amount * share
            base = exact.quantize(cent, ROUND_DOWN)
            pieces.append([exact - base, share, -person, base])
        left = int((amount - sum((piece[3] for piece in pieces), Decimal(0))) / cent)
        for piece in sorted(pieces, key=lambda p: p[:3], reverse=True)[:left]:
            piece[3] += cent
        for _, _, person, base in pieces:
            credited[-int(person)].append((day, number, -base if minor < 0 else base))
    totals = np.zeros(len(given.quota), dtype=np.int64)
    for person, entries in credited.items():
        quota = Decimal(int(given.quota[person])) / 100
        bounds = [(quota * low / 1_000_000).quantize(cent, ROUND_HALF_UP) for low, _ in TIERS]
        rates = [Decimal(rate) / 1_000_000 for _, rate in TIERS]
        ends = [*bounds[1:], None]
        entries.sort()
        before, paid, pays = Decimal(0), Decimal(0), []
        for _, _, amount in entries:
            after, exact = before + amount, Decimal(0)
            for i, (low, high, rate) in enumerate(zip(bounds, ends, rates, strict=True)):
                part = (after if high is None else min(after, high)) - low
                if i == 0 or part > 0:
                    exact += part * rate
            rounded = exact.quantize(cent, ROUND_HALF_UP)
            pays.append(rounded - paid)
            before, paid = after, rounded
        totals[person] = int(sum(pays) * 100)
    return totals


def pandas_float(given: Company) -> Ints:
    """Columns of floating-point numbers, as most write it."""
    import pandas as pd  # noqa: PLC0415  # only this way needs it

    deals = pd.DataFrame({"number": given.number, "date": given.date, "amount": given.amount / 100})
    shares = pd.DataFrame({"deal": given.transaction, "person": given.person, "share": given.share / 1_000_000})
    frame = shares.merge(deals, left_on="deal", right_index=True)
    frame["credit"] = frame["amount"] * frame["share"]
    frame = frame.sort_values(["person", "date", "deal"])
    frame["after"] = frame.groupby("person")["credit"].cumsum()
    frame["before"] = frame["after"] - frame["credit"]
    frame["quota"] = frame["person"].map(pd.Series(given.quota / 100))
    frame["pay"] = 0.0
    for i, (low, rate) in enumerate(TIERS):
        high = TIERS[i + 1][0] / 1_000_000 * frame["quota"] if i + 1 < len(TIERS) else np.inf
        bottom = low / 1_000_000 * frame["quota"] if i else -np.inf
        part = frame["after"].clip(bottom, high) - frame["before"].clip(bottom, high)
        frame["pay"] += part * rate / 1_000_000
    frame["pay"] = frame["pay"].round(2)
    totals = frame.groupby("person")["pay"].sum().reindex(range(len(given.quota)), fill_value=0.0)
    return np.rint(totals.to_numpy() * 100).astype(np.int64)


def edited(given: Company) -> tuple[float, float]:
    """Seconds of CPU and of the clock from a changed deal to its person's new lines: the worst of fifty people."""
    assignments, quotas = people_of(given)
    everything = credits_of(given)
    plans = [plan_of(1)]
    full = calculate(plans, assignments, everything, quotas, QUARTER)
    spent = []
    for place in np.random.default_rng(7).integers(0, len(everything), 50).tolist():
        amount = everything.amount.copy()
        amount[place] += 123_45
        changed = replace(everything, amount=amount)
        person = int(changed.person[place])
        cpu, clock = time.process_time(), time.perf_counter()
        again = recalculate([person], plans, assignments, changed, quotas, QUARTER)
        spent.append((time.process_time() - cpu, time.perf_counter() - clock))
        assert len(again.lines) == int((full.lines.person == person).sum())
        changed_pay = again.totals() != {key: pay for key, pay in full.totals().items() if key[0] == person}
        assert changed_pay
    return max(cpu for cpu, _ in spent), sorted(clock for _, clock in spent)[len(spent) // 2]


def child(way: str, folder: Path, given: Company) -> None:
    """Go one way, print seconds of CPU and wall and the peak, keep the totals."""
    ways: dict[str, Callable[[], Ints]] = {
        "ours": lambda: ours(given)[1],
        "ours10": lambda: ours(given, 10)[1],
        "varied": lambda: ours_varied(given)[1],
        "decimal": lambda: decimal_loop(given),
        "pandas": lambda: pandas_float(given),
    }
    best, wall, digest = float("inf"), 0.0, 0.0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for _ in range(1 if way in ("decimal", "ours10", "varied") else 3):  # the quicker ones vary more
        started, cpu = time.perf_counter(), time.process_time()
        totals = ways[way]()
        spent = time.process_time() - cpu
        if spent < best:
            best, wall = spent, time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if way == "ours":
        result, _ = ours(given)
        cpu = time.process_time()
        result.digest()
        digest = time.process_time() - cpu
    np.save(folder / f"{way}.npy", totals)
    print(best, wall, peak, before, digest)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transactions", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--only", choices=("tiers", "components", "edit"))
    parser.add_argument("--child", nargs=2, metavar=("WAY", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    given = company(options.transactions, options.people)
    if options.child:
        child(options.child[0], Path(options.child[1]), given)
        return
    count = len(given.person)
    print(f"{options.transactions:,} transactions, {count:,} credits, {options.people:,} people, four marginal tiers")
    wanted = {
        None: ("decimal", "pandas", "ours", "ours10", "varied"), "tiers": ("decimal", "pandas", "ours"), "edit": (),
    }  # fmt: skip
    figures: dict[str, list[float]] = {}
    totals: dict[str, Ints] = {}
    with TemporaryDirectory() as folder:
        for way in wanted.get(options.only, ("ours", "ours10", "varied")):
            command = [sys.executable, "-m", "benchmarks.commissions", "--child", way, folder]
            command += ["--transactions", str(options.transactions), "--people", str(options.people)]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            figures[way] = [float(word) for word in said.split()]
            totals[way] = np.load(Path(folder) / f"{way}.npy")
    labels = {
        "decimal": "Decimal loop",
        "pandas": "pandas, floating point",
        "ours": "ours",
        "ours10": "ours, ten such components",
        "varied": "ours, ten of different kinds",
    }
    for way, (cpu, wall, peak, before, digest) in figures.items():
        wrong = ""
        if "decimal" in totals and way not in ("ours10", "varied"):
            wrong = f"{int((totals[way] != totals['decimal']).sum()):6,} people wrong"
        print(f"  {labels[way]:28}{cpu:8.2f} s CPU {wall:8.2f} s wall {peak:7.0f} MB peak ({before:.0f} given) {wrong}")
        if digest:
            print(f"  {'  and its hash':28}{digest:8.2f} s CPU")
    for said, way, other in (
        ("times as fast as the Decimal loop", "decimal", "ours"),
        ("ours to pandas", "ours", "pandas"),
        ("ten components to one", "ours10", "ours"),
        ("ten components of different kinds to one", "varied", "ours"),
    ):
        if way in figures and other in figures:
            cpu, wall = (figures[way][i] / figures[other][i] for i in range(2))
            print(f"  {said}: {cpu:.2f} (CPU), {wall:.2f} (wall)")
    if "ours10" in figures:
        assert (totals["ours10"] == 10 * totals["ours"]).all()
    if options.only in (None, "edit"):
        cpu, wall = edited(given)
        print(f"  a deal edited, its person's new lines: {cpu * 1000:.1f} ms CPU at worst, {wall * 1000:.1f} wall")


if __name__ == "__main__":
    main()
