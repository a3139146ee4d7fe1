"""The workbooks of runs with any plan, recomputed by another spreadsheet program from their formulas alone."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from openpyxl import load_workbook

from salesops_desktop.commission import (
    Basis,
    Component,
    ExchangeRates,
    Pays,
    Quota,
    RateTable,
    Rounding,
    RoundingStage,
    RunResult,
    TargetIncentive,
    TierMode,
    Window,
    calculate,
)
from salesops_desktop.jobs.commission_exports import run_records
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.errors import SalesOpsError
from salesops_desktop.model.periods import FiscalCalendar
from salesops_desktop.sheets.writing.commission_statements import write_commission_run
from tests.commission import plan_cases
from tests.sheets.writing import examples
from tests.sheets.writing.linter import lint
from tests.sheets.writing.reading_back import differences, recalculated_all, stored_values

pytestmark = pytest.mark.libreoffice

PEOPLE = {1: ("Ana Abara", "P1", "Cy Cole"), 2: ("=Bo/Brandt", "P2", "Cy Cole"), 3: ("Cy Cole", "P3", "")}
QUARTER = FiscalCalendar().parse("2026-Q1")
RUNS = 24


def write(path: Path, result: RunResult) -> list[int]:
    """Write the workbook of a run; returns the commissions in the order of its lines."""
    accounts = {int(key): f"Account {key}" for key in result.credits.key}
    run = run_records(result, PEOPLE, examples.provenance("Run"), "approved", accounts)
    write_commission_run(path, run)
    listed = [pay for statement in run.statements for block in statement.blocks for pay in block.pay.tolist()]
    assert sorted(listed) == sorted(result.lines.pay.tolist())
    return listed


def pays(path: Path) -> list[int]:
    """The commissions on the sheet of lines, in smallest units."""
    rows = stored_values(path)["Lines"]
    top = next(i for i, row in enumerate(rows) if row[0] == "Line")
    column = rows[top].index("Commission, in smallest units")
    return [round(float(str(row[column]))) for row in rows[top + 1 :] if row[0] != ""]


def random_runs(count: int) -> list[RunResult]:
    found: list[RunResult] = []

    @seed(20)
    @settings(max_examples=count * 8, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(plan_cases.runs())
    def collect(made):
        plans, assignments, credits_, quotas, more = made
        if len(found) >= count:
            return
        rates = ExchangeRates(plan_cases.RATES)
        try:
            result = calculate(plans, assignments, credits_, quotas, QUARTER, rates=rates, **more)
        except SalesOpsError:
            return
        if len(result):
            found.append(result)

    collect()
    return found


@pytest.mark.slow  # forty seconds of another program
def test_any_plan_recomputes_to_the_cent(tmp_path: Path) -> None:
    runs = random_runs(RUNS)
    paths = [tmp_path / f"run{i}.xlsx" for i in range(len(runs))]
    wanted = [write(path, result) for path, result in zip(paths, runs, strict=True)]
    assert [lint(path) for path in paths] == [[]] * len(paths)
    modes = {c.rates.mode for result in runs for plan in result.plans for c in plan.components}
    assert modes == set(TierMode)
    for path, again, expected in zip(paths, recalculated_all(paths, tmp_path), wanted, strict=True):
        assert pays(again) == expected, path.name
        assert differences(path, again) == []


def edited_cases() -> list[tuple[str, Component]]:
    tiers = [(0, 50_000), (400_000, 80_000), (900_000, 120_000)]
    shares = [(0, 900_000), (500_000, 1_000_000), (1_000_000, 1_500_000)]
    money = RateTable.of
    return [
        ("flat", Component("A", RateTable.flat(70_000), rounding=Rounding.HALF_EVEN)),
        ("marginal", Component("A", money(tiers), cap=90_000)),
        ("retroactive", Component("A", money(tiers, TierMode.RETROACTIVE), rounding=Rounding.DOWN)),
        ("whole", Component("A", money(tiers, TierMode.WHOLE_OVERAGE), deal_cap=40_000)),
        ("step", Component("A", money([(100_000, 500), (600_000, 900)], TierMode.STEP, pays=Pays.AMOUNT))),
        ("curve", Component("A", money(tiers, TierMode.CURVE, pays=Pays.TARGET), rounding=Rounding.UP)),
        ("own", Component("A", money([(0, 300_000), (500_000, 500_000)], TierMode.OWN_OUTPUT))),
        ("target", Component("A", money(shares, TierMode.MARGINAL, Basis.ATTAINMENT, pays=Pays.TARGET))),
        ("units", Component("A", RateTable(RateTable.flat(1_250).tiers, TierMode.FLAT, pays=Pays.AMOUNT), "1")),
        ("line", Component("A", money(tiers), stage=RoundingStage.LINE, window=Window.MONTH)),
    ]  # fmt: skip


def test_a_changed_rate_pays_what_the_engine_pays_for_the_changed_plan(tmp_path: Path) -> None:
    """One rate cell of each kind of table is edited; every other program recalculates the whole workbook."""
    generator = random.Random(4)
    paths, wanted = [], []
    for name, component in edited_cases():
        amounts = [generator.randint(-40_000, 190_001) for _ in range(12)]
        plan = plan_cases.plan_of(component)
        quotas = [Quota(1, Measure.BOOKINGS, QUARTER.start, QUARTER.end, 1_000_001, "USD")]
        targets = [TargetIncentive(1, QUARTER.start, QUARTER.end, 77_777, "USD")]

        def run(one, amounts=amounts, quotas=quotas, targets=targets):
            credits_ = plan_cases.sales(*amounts)
            return calculate([one], plan_cases.assigned(one, 1), credits_, quotas, QUARTER, targets=targets)

        path = tmp_path / f"{name}.xlsx"
        write(path, run(plan))
        last = component.rates.tiers[-1]
        money = component.rates.pays is Pays.AMOUNT
        rate = last.rate * 2 if money else last.rate + 12_345
        tiers = (*component.rates.tiers[:-1], replace(last, rate=rate))
        changed = replace(plan, components=(replace(component, rates=replace(component.rates, tiers=tiers)),))
        book = load_workbook(path)
        sheet = book["Plan tables"]
        row = max(c.row for c in sheet["A"] if c.value == f"Tier {len(tiers)}")
        sheet[f"D{row}"] = rate / (100 if money else 1_000_000)
        book.save(path)
        book.close()
        paths.append(path)
        wanted.append(run(changed).lines.pay.tolist())
    for path, again, expected in zip(paths, recalculated_all(paths, tmp_path), wanted, strict=True):
        assert pays(again) == expected, path.name
        state = next(row[1] for row in stored_values(again)["Statement"] if row and row[0] == "State")
        assert str(state).startswith("CHANGED")
