"""A million transactions calculated, sealed with a hash and stored: what storing costs beside calculating.

Run: ``python -m benchmarks.commission_storing [--transactions 1000000] [--people 2000]``.

The company of :mod:`benchmarks.commissions` stands in a workspace file. Measured is what the job does: the calculation,
then one action that stores the lines, what they were calculated from, the hash and the settlement of everybody.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection

from benchmarks.commissions import FIRST, LAST, QUARTER, Company, company, plan_of
from salesops_desktop.commission import plan_json
from salesops_desktop.jobs.commission_facts import load_facts
from salesops_desktop.jobs.commission_inputs import inputs_of
from salesops_desktop.jobs.commission_store import store_run
from salesops_desktop.model.periods import FiscalCalendar
from salesops_desktop.workspace import Workspace
from salesops_desktop.workspace.changelog import drop_triggers, regenerate


def fill(connection: Connection, given: Company) -> None:
    """The company's records in the file, with no log."""
    people, day = range(1, len(given.quota) + 1), FIRST.isoformat()
    many = connection.exec_driver_sql
    many("INSERT INTO person (id, name) VALUES (?, ?)", [(p, f"Person {p:04}") for p in people])
    plan = plan_of(1)
    many(
        "INSERT INTO plan (id, name, currency, effective_from, definition) VALUES (1, ?, ?, ?, ?)",
        (plan.name, plan.currency, day, json.dumps(plan_json(plan))),
    )
    many("INSERT INTO plan_assignment (plan_id, person_id, start_date) VALUES (1, ?, ?)", [(p, day) for p in people])
    many(
        "INSERT INTO quota (person_id, measure, period_start, period_end, amount, currency) "
        "VALUES (?, 'bookings', ?, ?, ?, 'USD')",
        [(p, day, LAST.isoformat(), amount) for p, amount in zip(people, given.quota.tolist(), strict=True)],
    )
    sold = zip(given.number.tolist(), given.date.astype(str).tolist(), given.amount.tolist(), strict=True)
    many(
        'INSERT INTO "transaction" (id, external_id, kind, booked_on, amount, currency) '
        "VALUES (?, ?, 'booking', ?, ?, 'USD')",
        [(i, *row) for i, row in enumerate(sold, 1)],
    )
    shares = zip((given.transaction + 1).tolist(), (given.person + 1).tolist(), given.share.tolist(), strict=True)
    many("INSERT INTO credit (transaction_id, person_id, role, share) VALUES (?, ?, 'split', ?)", list(shares))


def measure(path: Path, given: Company) -> dict[str, tuple[float, float]]:
    """Seconds of CPU and of the clock, by what is done."""
    spent: dict[str, tuple[float, float]] = {}

    def tell(what: str, cpu: float, clock: float) -> None:
        spent[what] = time.process_time() - cpu, time.perf_counter() - clock

    with Workspace.create(path) as workspace:
        with workspace.action("Fill", log=False) as unit:
            drop_triggers(unit.connection)
            fill(unit.connection, given)
            regenerate(unit.connection)
        with workspace.read() as connection:
            now = time.process_time(), time.perf_counter()
            facts = load_facts(connection, "booking")
            tell("reading the records", *now)
        now = time.process_time(), time.perf_counter()
        inputs = inputs_of(facts)
        tell("preparing them", *now)
        now = time.process_time(), time.perf_counter()
        result = inputs.calculate(QUARTER, FiscalCalendar())
        tell("calculation", *now)
        now = time.process_time(), time.perf_counter()
        with workspace.action("Calculate commissions", kind="job") as unit:
            store_run(unit.connection, facts, inputs, result, "benchmark")
        tell("storing and hash", *now)
        size = path.stat().st_size + sum(f.stat().st_size for f in path.parent.glob(f"{path.name}-*"))
        print(f"{len(result):,} lines stored; the file has {size / 1e6:,.0f} MB")
    return spent


def main() -> None:
    """Print what each step takes, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transactions", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=2_000)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        spent = measure(Path(folder) / "company.salesops", company(options.transactions, options.people))
    for what, (cpu, clock) in spent.items():
        print(f"  {what:22}{cpu:8.2f} s CPU {clock:8.2f} s wall")
    one, store = spent["calculation"], spent["storing and hash"]
    ratios = ((one[i] + store[i]) / one[i] for i in range(2))
    print("  calculation, storing and hash to the calculation: {:.1f} (CPU), {:.1f} (wall)".format(*ratios))


if __name__ == "__main__":
    main()
