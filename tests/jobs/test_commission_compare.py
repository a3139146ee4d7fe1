"""Two runs or two plans side by side: sums, people, causes that add up exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from openpyxl import load_workbook

from salesops_desktop.jobs.commission_compare import compare_plans, compare_runs
from salesops_desktop.jobs.commission_plan_editing import list_plans, save_plan
from salesops_desktop.jobs.commissions import run_commissions
from salesops_desktop.model.errors import InputRefusedError
from tests.sheets.writing.reading_back import differences, recalculated, without_stored_values

REP = "Rep plan USD"


def amounts(table, name):
    return table[name].values.astype(np.int64)


def refuse_gaps(found):
    for table in (found.people, found.components, found.parts):
        change = amounts(table, "change")
        assert (change == amounts(table, "after") - amounts(table, "before")).all()
        assert (change == amounts(table, "by_sales") + amounts(table, "by_rate") + amounts(table, "by_extras")).all()
        assert change.sum() == amounts(found.totals, "change").sum()


def test_two_runs_are_told_apart_to_the_cent(company):
    one, two = run_commissions(company, "2026-08"), run_commissions(company, "2026-09")
    found = compare_runs(company, one.head.id, two.head.id)
    refuse_gaps(found)
    assert (found.first, found.second) == ("2026-08", "2026-09")
    for side, run in (("before", one), ("after", two)):
        assert amounts(found.totals, side).sum() == amounts(run.people, "payout").sum()
        by_person = dict(zip(run.people.keys.tolist(), amounts(run.people, "payout").tolist(), strict=True))
        for i, who in enumerate(found.people.keys.tolist()):
            assert int(found.people[side].values[i]) == by_person.get(who, 0)
    assert "people gain" in found.summary()[0]


def test_a_plan_against_itself_with_double_rates_pays_double(company):
    plan = next(e.plan for e in list_plans(company).entries if e.plan.name == REP)
    parts = tuple(
        replace(c, rates=replace(c.rates, tiers=tuple(replace(t, rate=2 * t.rate) for t in c.rates.tiers)))
        for c in plan.components
    )
    save_plan(company, replace(plan, name="Twice", components=parts))
    found = compare_plans(company, REP, "Twice", "2026-09")
    refuse_gaps(found)
    before, after = amounts(found.people, "before"), amounts(found.people, "after")
    assert len(before) > 5
    assert (np.abs(after - 2 * before) <= 2).all()
    assert (amounts(found.people, "by_sales") == 0).all()  # the same is sold
    assert set(found.people["why"].values) <= {"a higher effective rate", "the same"}
    cost = [found.totals[name].values[0] for name in ("cost_before", "cost_after")]
    assert cost[1] == pytest.approx(2 * cost[0], rel=1e-4)
    run = run_commissions(company, "2026-09")
    mine = {int(k): int(v) for k, v, p in zip(run.people.keys, run.people["payout"].values,
                                              run.people["plan"].values, strict=True) if p == REP}  # fmt: skip
    assert {int(k): int(v) for k, v in zip(found.people.keys, before, strict=True)} == mine


def test_a_comparison_is_a_workbook_that_checks_itself(company, tmp_path):
    one, two = (run_commissions(company, period).head.id for period in ("2026-08", "2026-09"))
    out = tmp_path / "compared.xlsx"
    found = compare_runs(company, one, two, out=out)
    assert str(out) in found.summary()[-1]
    book = load_workbook(out, data_only=True)
    assert book.sheetnames[1:5] == ["Totals", "People", "Components", "People and components"]
    assert book["Checks"]["B3"].value == 0
    live = load_workbook(out)["People"]
    changes = [cell.value for row in live.iter_rows() for cell in row if str(cell.value).startswith("=ROUND(")]
    assert len(changes) == len(found.people)


def with_other_program(path, folder):
    """The workbook as LibreOffice calculates it anew from its formulas alone."""
    bare = folder / "bare.xlsx"
    without_stored_values(path, bare)
    return recalculated(bare, folder)


@pytest.mark.libreoffice
def test_another_program_finds_the_same_differences(company, tmp_path):
    one, two = (run_commissions(company, period).head.id for period in ("2026-08", "2026-09"))
    out = tmp_path / "compared.xlsx"
    compare_runs(company, one, two, out=out)
    again = with_other_program(out, tmp_path)
    assert differences(out, again) == []
    assert load_workbook(again, data_only=True)["Checks"]["B3"].value == 0


def test_what_cannot_be_compared_is_refused(company):
    with pytest.raises(InputRefusedError, match="one run"):
        compare_runs(company, 1, 1)
    with pytest.raises(InputRefusedError, match="no commission run 98"):
        compare_runs(company, 98, 99)
    with pytest.raises(InputRefusedError, match="one plan"):
        compare_plans(company, REP, REP, "2026-09")
    with pytest.raises(InputRefusedError, match="no plan called"):
        compare_plans(company, REP, "Nowhere", "2026-09")
