"""Sliders over 2,000 people: a prepared period asked again and again, beside calculating everybody anew.

Run: ``python -m benchmarks.commission_what_if [--transactions 200000] [--people 2000] [--components 2]``.

Both answer the same question (what the quarter pays everybody by other rates, quotas, volumes or a cap) from the same
columns in memory; the answers are compared to the cent. Updates a second are of processor time of one thread.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

from benchmarks.commissions import QUARTER, company, credits_of, people_of, plan_of
from salesops_desktop.commission import ExchangeRates, calculate
from salesops_desktop.commission.what_if import Given, WhatIf, prepare
from salesops_desktop.commission.what_if_edits import Scenario, edited_credits, edited_plans, edited_quotas
from salesops_desktop.model.periods import FiscalCalendar

MOVES = {
    "rates": Scenario(rates=1_080_000),
    "accelerators": Scenario(accelerators=1_250_000),
    "quotas": Scenario(quotas=930_000),
    "cap": Scenario(cap=500_000),
    "volume": Scenario(volume=1_100_000),
}
TIMES = 10
"""Positions of each slider that are measured."""


def wrong(model: WhatIf, given: Given, scenario: Scenario) -> tuple[int, float]:
    """How many people a run pays otherwise, and the processor seconds it takes."""
    plans, quotas = edited_plans(given.plans, scenario), edited_quotas(given.quotas, scenario.quotas)
    credits_in = edited_credits(given.credits, QUARTER, scenario.volume)
    start = time.process_time()
    totals = calculate(plans, given.assignments, credits_in, quotas, QUARTER).totals()
    seconds = time.process_time() - start
    found = dict(zip(model.people, model.under(scenario).pay.tolist(), strict=True))
    return sum(totals.get(key, 0) != found.get(key, 0) for key in totals.keys() | found.keys()), seconds


def moved(scenario: Scenario, step: int) -> Scenario:
    """The same slider a little further, so that nothing is answered from memory."""
    for name in ("rates", "accelerators", "quotas", "volume"):
        if getattr(scenario, name) != getattr(Scenario(), name):
            return replace(scenario, **{name: getattr(scenario, name) + step})
    return replace(scenario, cap=(scenario.cap or 0) + step)


def main() -> None:
    """Measure and print one line per slider."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transactions", type=int, default=200_000)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--components", type=int, default=2)
    asked = parser.parse_args()
    made = company(asked.transactions, asked.people)
    assignments, quotas = people_of(made)
    given = Given(
        [plan_of(asked.components)], assignments, credits_of(made), quotas, QUARTER, FiscalCalendar(), ExchangeRates()
    )
    start = time.process_time()
    model = prepare(given)
    prepared = time.process_time() - start
    print(f"{len(given.credits):,} credits, {asked.people:,} people, {asked.components} components of four tiers")
    print(f"prepared once in {prepared:.2f} s of processor time")
    for name, scenario in MOVES.items():
        off, anew = wrong(model, given, scenario)
        start = time.process_time()
        for step in range(1, TIMES + 1):
            model.under(moved(scenario, step))
        each = (time.process_time() - start) / TIMES
        print(
            f"  {name:<13} {each * 1000:6.1f} ms = {1 / each:5.0f} updates/s; everybody anew {anew * 1000:6.0f} ms, "
            f"{anew / each:5.1f}x; {off} people wrong"
        )


if __name__ == "__main__":
    main()
