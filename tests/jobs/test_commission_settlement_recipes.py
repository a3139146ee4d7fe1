"""The steps from earned to paid as live formulas: the same cents in another program, also after an edit."""

from __future__ import annotations

import dataclasses
import random
from itertools import product
from pathlib import Path

import openpyxl
import pytest

from salesops_desktop.commission import Component, PayTerms, RateTable, Window, calculate
from salesops_desktop.commission.draws import Draw, DrawKind
from salesops_desktop.commission.settlement import Balances, settle
from salesops_desktop.jobs.commission_exports import Payments, run_records
from salesops_desktop.model.periods import FiscalCalendar
from salesops_desktop.sheets.writing.commission_statements import write_commission_run
from tests.commission import plan_cases
from tests.sheets.writing import examples
from tests.sheets.writing.reading_back import differences, recalculated_all

pytestmark = pytest.mark.libreoffice
QUARTER = FiscalCalendar().parse("2026-Q1")

TERMS = [
    PayTerms(cap=900_00, holdback=150_000),
    PayTerms(cap=700_00, refundable=True, cap_window=Window.QUARTER),
    PayTerms(floor=800_00, cap_window=Window.MONTH, cap=5_000_00),
    PayTerms(draw=Draw(1_000_00, recovery_share=333_333)),
    PayTerms(draw=Draw(600_00, DrawKind.ADDITIVE, limit=700_00)),
    PayTerms(draw=Draw(600_00, DrawKind.ADVANCE, last=2), holdback=100_000, release_after=1),
    PayTerms(draw=Draw(2_000_00, recoverable=False)),
    PayTerms(carry=False, holdback=333_333),
]
OPENINGS = [Balances(), Balances(800_00, 650_00, ((2, 77_77),), 450_01, 33_33)]
"""Before the period; what is held was held in the period before."""
EARNED = (50_000, 150_000, -40_000)


def cases():
    return list(product(TERMS, OPENINGS, EARNED))


def written(path: Path, terms, opening, rate, earned):
    """A workbook of one person's single line, and the run's own settlement."""
    plan = dataclasses.replace(plan_cases.plan_of(Component("A", RateTable.flat(rate))), terms=terms)
    result = calculate([plan], plan_cases.assigned(plan, 1), plan_cases.sales(earned * 10), [], QUARTER)
    assert result.totals() == {(1, "USD"): earned * 10 * rate // 1_000_000}
    made = settle(terms, earned * 10 * rate // 1_000_000, opening, 3)
    told = [(s.name, s.amount, s.why) for s in made.steps]
    payments = Payments({}, {(1, plan.name): ("USD", made.paid, told, [])}, {(1, plan.name): (opening, 3)})
    people = {1: ("Ana", "P-1", "")}
    write_commission_run(path, run_records(result, people, examples.provenance("Run"), "locked", {}, payments))
    return made.paid


def paid_of(path: Path) -> int:
    found = list(openpyxl.load_workbook(path, data_only=True)["Balances"].iter_rows(values_only=True))
    return next(round(float(str(row[6]))) for row in found if row[2] == "Paid")


@pytest.mark.slow  # forty-eight workbooks in another program
def test_every_step_follows_in_another_program(tmp_path: Path) -> None:
    paths, wanted, other = [], [], []
    for number, (terms, opening, earned) in enumerate(cases()):
        paths.append(tmp_path / f"run{number}.xlsx")
        wanted.append(written(paths[-1], terms, opening, 100_000, earned))
        assert paid_of(paths[-1]) == wanted[-1]
    for path, again, paid in zip(paths, recalculated_all(paths, tmp_path), wanted, strict=True):
        assert paid_of(again) == paid, path.name
        assert differences(path, again) == [], path.name
    # another rate: what is paid is what the engine pays for it
    edited = []
    generator = random.Random(7)
    for path, (terms, opening, earned) in zip(paths, cases(), strict=True):
        rate = generator.choice([20_000, 70_000, 310_000])
        book = openpyxl.load_workbook(path)
        page = book["Plan tables"]
        row = max(c.row for c in page["A"] if c.value == "Tier 1")
        page[f"D{row}"] = rate / 1_000_000
        edited.append(tmp_path / f"edited-{path.name}")
        book.save(edited[-1])
        other.append(settle(terms, earned * 10 * rate // 1_000_000, opening, 3).paid)
    for path, again, paid in zip(edited, recalculated_all(edited, tmp_path), other, strict=True):
        assert paid_of(again) == paid, path.name
    assert other != wanted
