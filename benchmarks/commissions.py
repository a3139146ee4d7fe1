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
    Basis,
    Component,
    Credits,
    Plan,
    PlanAssignment,
    Quota,
    RateTable,
    RunResult,
    calculate,
    recalculate,
    split_credits,
)
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.periods import FiscalCalendar

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
    rates = RateTable.of(TIERS, basis=Basis.ATTAINMENT)
    one = Component("Bookings", rates)
    return Plan("AE", "USD", FIRST, tuple(replace(one, name=f"Bookings {i + 1}") for i in range(components)))


def credits_of(given: Company) -> Credits:
    """The credits, split to the cent."""
    parts = split_credits(given.amount, given.transaction, given.person, given.share)
    count = len(parts)
    return Credits(
        key=np.arange(count, dtype=np.int64),
        person=given.person,
        date=given.date[given.transaction],
        transaction=given.number[given.transaction],
        amount=parts,
        currency=np.broadcast_to(np.array(["USD"], dtype=object), count),
    )


def people_of(given: Company) -> tuple[list[PlanAssignment], list[Quota]]:
    """Who is paid by the plan, and their quotas."""
    count = range(len(given.quota))
    quotas = [Quota(p, Measure.BOOKINGS, FIRST, LAST, int(given.quota[p]), "USD") for p in count]
    return [PlanAssignment(p, "AE", FIRST) for p in count], quotas


def ours(given: Company, components: int = 1) -> tuple[RunResult, Ints]:
    """The engine."""
    assignments, quotas = people_of(given)
    result = calculate([plan_of(components)], assignments, credits_of(given), quotas, QUARTER)
    totals = np.zeros(len(given.quota), dtype=np.int64)
    for (person, _), pay in result.totals().items():
        totals[person] = pay
    return result, totals


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


def edited(given: Company) -> float:
    """Seconds of CPU from a changed deal to its person's new lines, over fifty people."""
    assignments, quotas = people_of(given)
    everything = credits_of(given)
    plans = [plan_of(1)]
    full = calculate(plans, assignments, everything, quotas, QUARTER)
    worst = 0.0
    for place in np.random.default_rng(7).integers(0, len(everything), 50).tolist():
        amount = everything.amount.copy()
        amount[place] += 123_45
        changed = replace(everything, amount=amount)
        person = int(changed.person[place])
        started = time.process_time()
        again = recalculate([person], plans, assignments, changed, quotas, QUARTER)
        worst = max(worst, time.process_time() - started)
        assert len(again.lines) == int((full.lines.person == person).sum())
        changed_pay = again.totals() != {key: pay for key, pay in full.totals().items() if key[0] == person}
        assert changed_pay
    return worst


def child(way: str, folder: Path, given: Company) -> None:
    """Go one way, print seconds of CPU and wall and the peak, keep the totals."""
    ways: dict[str, Callable[[], Ints]] = {
        "ours": lambda: ours(given)[1],
        "ours10": lambda: ours(given, 10)[1],
        "decimal": lambda: decimal_loop(given),
        "pandas": lambda: pandas_float(given),
    }
    best, wall, digest = float("inf"), 0.0, 0.0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for _ in range(1 if way in ("decimal", "ours10") else 3):  # the quicker ones vary more
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
    wanted = {None: ("decimal", "pandas", "ours", "ours10"), "tiers": ("decimal", "pandas", "ours"), "edit": ()}
    figures: dict[str, list[float]] = {}
    totals: dict[str, Ints] = {}
    with TemporaryDirectory() as folder:
        for way in wanted.get(options.only, ("ours", "ours10")):
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
    }
    for way, (cpu, wall, peak, before, digest) in figures.items():
        wrong = ""
        if "decimal" in totals and way != "ours10":
            wrong = f"{int((totals[way] != totals['decimal']).sum()):6,} people wrong"
        print(f"  {labels[way]:28}{cpu:8.2f} s CPU {wall:8.2f} s wall {peak:7.0f} MB peak ({before:.0f} given) {wrong}")
        if digest:
            print(f"  {'  and its hash':28}{digest:8.2f} s CPU")
    if "decimal" in figures and "ours" in figures:
        print(f"  times as fast as the Decimal loop: {figures['decimal'][0] / figures['ours'][0]:.1f}")
        print(f"  CPU of ours to pandas: {figures['ours'][0] / figures['pandas'][0]:.2f}")
    if "ours10" in figures:
        print(f"  CPU of ten components to one: {figures['ours10'][0] / figures['ours'][0]:.2f}")
        assert (totals["ours10"] == 10 * totals["ours"]).all()
    if options.only in (None, "edit"):
        print(f"  a deal edited, its person's new lines at worst: {edited(given) * 1000:.1f} ms CPU")


if __name__ == "__main__":
    main()
