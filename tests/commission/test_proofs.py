"""Long proofs (marker ``proof``), and a small run of each in the normal suite; each prints how far it came.

``pytest -m proof -s tests/commission/test_proofs.py``; PROOF_LINES, PROOF_RUNS and PROOF_FORMULAS set how much,
PROOF_FIRST with which plan the lines begin (so that a long proof can be done in parts).
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import random
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

import numpy as np
import pytest

from salesops_desktop.commission import (
    Basis,
    BoundarySide,
    Component,
    Quota,
    RateTable,
    Rounding,
    RoundingStage,
    TierMode,
    Window,
    calculate,
    reference,
)
from salesops_desktop.expressions import compile_formula
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.errors import SalesOpsError
from salesops_desktop.model.periods import FiscalCalendar
from salesops_desktop.model.tables import ValueKind
from tests.commission.plan_cases import MONTHS, START, assigned, credits_of, plan_of

CALENDAR = FiscalCalendar()
Q1 = CALENDAR.parse("2026-Q1")
MONEY_MODES = [TierMode.FLAT, TierMode.MARGINAL, TierMode.RETROACTIVE, TierMode.WHOLE_OVERAGE]


def any_component(draw, name="C"):
    """A component that pays shares of money by any tiers."""
    mode = draw.choice(MONEY_MODES)
    if mode is TierMode.FLAT:
        rates = RateTable.flat(draw.randint(0, 400_000))
    else:
        basis = draw.choice(list(Basis))
        top = 3_000_000 if basis is Basis.ATTAINMENT else 90_000_000
        lowers = sorted({0, *(draw.randint(1, top) for _ in range(draw.randint(1, 5)))})
        rates = RateTable.of([(low, draw.randint(0, 400_000)) for low in lowers], mode, basis,
                             draw.choice(list(BoundarySide)))  # fmt: skip
    window = draw.choice([Window.MONTH, Window.QUARTER, Window.YEAR])
    if rates.basis is Basis.AMOUNT and draw.random() < 0.2:
        window = Window.LINE
    return Component(
        name, rates, measure=draw.choice(["Amount", "Amount / 3", "MAX(Amount, 0)"]), window=window,
        filter=draw.choice(["", "Amount > 100 OR Amount < 0"]), cap=draw.choice([None, None, 5_000_000]),
        rounding=draw.choice(list(Rounding)), stage=draw.choice(list(RoundingStage)),
        deal_cap=draw.choice([None, None, 400_000]),
    )  # fmt: skip


def any_run(seed, lines, components=1):
    """A plan, its people, credits and quotas."""
    draw = random.Random(seed)
    plan = plan_of(*(any_component(draw, f"C{i}") for i in range(components)))
    people = range(1, draw.randint(2, 6))
    rows = [
        (draw.choice(people), START + dt.timedelta(days=draw.randint(0, 89)), f"T{draw.randint(0, lines)}",
         draw.choice([draw.randint(-900_000, 9_000_000), draw.randint(-50, 50), 10_000_000]), "USD")
        for _ in range(lines)
    ]  # fmt: skip
    spans = [(START, dt.date(2026, 12, 31)), (START, dt.date(2026, 3, 31)), *MONTHS]
    quotas = [Quota(p, Measure.BOOKINGS, a, b, draw.randint(1, 90_000_000), "USD") for p in people for a, b in spans]
    return plan, assigned(plan, *people), credits_of(rows), quotas


def equal_lines(seed, credits_per_plan):
    """How many lines of one random plan the engine and the reference pay alike."""
    plan, people, credits_in, quotas = any_run(seed, credits_per_plan, 3)
    result = calculate([plan], people, credits_in, quotas, Q1)
    expected = reference([plan], people, credits_in, quotas, Q1)
    columns = [getattr(result.lines, name).tolist() for name in ("person", "component", "credit", "pay")]
    found = {(who, plan.name, f"C{c}", credit): pay for who, c, credit, pay in zip(*columns, strict=True)}
    assert found == expected.lines, f"plan {seed}: {plan}"
    extras = {(e.person, plan.name, f"C{e.component}", e.window_start): e.pay for e in result.extras}
    assert extras == expected.extras, f"plan {seed}: {plan}"
    return len(found)


def compare(wanted, credits_per_plan, equal=map, first=0):
    """Compare lines of random plans from ``first`` on, until so many are equal; ``equal`` may use several processes."""
    compared, plans = 0, first
    started = time.monotonic()
    while compared < wanted:
        batch = range(plans, plans + 20)
        compared, plans = compared + sum(equal(equal_lines, batch, repeat(credits_per_plan))), batch.stop
        if plans % 100 == 0:
            print(
                f"{compared:,} lines of {plans - first:,} plans equal, {time.monotonic() - started:.0f} s", flush=True
            )
    print(f"{compared:,} lines of {plans - first:,} plans (from plan {first:,} on): engine = reference")


def test_engine_equals_reference_on_some_plans():
    compare(3_000, 60)


@pytest.mark.proof
@pytest.mark.timeout(0)
def test_engine_equals_reference_on_ten_million_lines():
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        compare(
            int(os.environ.get("PROOF_LINES", "10000000")),
            4_000,
            processes.map,
            first=int(os.environ.get("PROOF_FIRST", "0")),
        )


def permute(runs):
    """Shuffled input, and the quarter in months: one hash, one sum."""
    for seed in range(runs):
        plan, people, credits_in, quotas = any_run(seed, 40)
        shuffle = np.random.default_rng(seed).permutation
        whole = calculate([plan], people, credits_in, quotas, Q1)
        again = calculate([plan], [people[i] for i in shuffle(len(people))], credits_in.take(shuffle(len(credits_in))),
                          [quotas[i] for i in shuffle(len(quotas))], Q1)  # fmt: skip
        assert whole.digest() == again.digest()
        sums: dict[tuple[int, str], int] = {}
        for month in ("2026-01", "2026-02", "2026-03"):
            part = calculate([plan], people, credits_in, quotas, CALENDAR.parse(month))
            for key, pay in part.totals().items():
                sums[key] = sums.get(key, 0) + pay
        assert sums == whole.totals(), f"run {seed}"
    print(f"{runs:,} permutations and partitions: one hash, one sum")


def test_some_permutations_and_partitions():
    permute(40)


@pytest.mark.proof
@pytest.mark.timeout(0)
def test_a_thousand_permutations_and_partitions():
    permute(int(os.environ.get("PROOF_RUNS", "1000")))


WORDS = ["Amount", "[Region]", "Discount", "IF", "ROUND", "MIN(", "(", ")", ",", ";", "+", "-", "*", "/", "=", "<>",
         ">", '"west"', '"', "[", "]", "1", "0", "9999999", "1e9", "0.1", "NOT", "AND", "OR", "IN", "__import__('os')",
         "lambda:0", "exec", ".", "{}", "\\", "é", "\x00", "\n", "%", "9**9**9", "ISBLANK(", " "]  # fmt: skip
SCHEMA = {"Amount": ValueKind.MONEY, "Region": ValueKind.TEXT, "Discount": ValueKind.RATE}


def fuzz(count):
    """Nonsense is refused with a sentence; none crashes or takes long (CPU of this thread)."""
    draw = random.Random(2026)
    slowest, usable, refused = 0.0, 0, 0
    for _ in range(count):
        text = "".join(draw.choice(WORDS) for _ in range(draw.randint(1, 24)))
        spent = 1.0
        done = usable + refused
        for _ in range(3):  # a pause of the collector is not the formula's
            started = time.thread_time()
            try:
                compile_formula(text, SCHEMA)
                usable += 1
            except SalesOpsError as error:
                said = str(error)
                refused += bool(said)
            assert usable + refused > done, text
            spent = min(spent, time.thread_time() - started)
            if spent < 0.1:
                break
        slowest = max(slowest, spent)
    print(f"{count:,} expressions: {usable:,} usable, the slowest took {slowest * 1000:.0f} ms")
    return slowest


def test_some_fuzzed_expressions():
    fuzz(20_000)


@pytest.mark.proof
@pytest.mark.timeout(0)
def test_a_million_fuzzed_expressions():
    assert fuzz(int(os.environ.get("PROOF_FORMULAS", "1000000"))) < 0.1
