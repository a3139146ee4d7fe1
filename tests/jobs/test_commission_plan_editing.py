"""Plans made of templates, edited, versioned, written and read; each step can be undone."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import replace

import pytest

from salesops_desktop.commission import Severity, lint
from salesops_desktop.jobs.commission_plan_editing import (
    Component,
    RateTable,
    component_sentence,
    credit_schema,
    list_plans,
    pay_curve,
    plan_sentences,
    remove_plan,
    save_plan,
    save_plan_file,
    write_plan_file,
)
from salesops_desktop.jobs.commission_templates import TemplateName, list_templates, new_plan, template_plan, templates
from salesops_desktop.jobs.commissions import run_commissions
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.sample_company import sample
from salesops_desktop.jobs.workspaces import opened, undo
from salesops_desktop.model.errors import FaultsError, InputRefusedError

JULY = dt.date(2026, 7, 1)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("plans") / "small.salesops"
    sample(JobContext(), path, scale=0.05)
    return path


@pytest.fixture
def context(made, tmp_path):
    with opened(shutil.copy(made, tmp_path / "small.salesops")) as context:
        yield context


def entry(context, name):
    return next(e for e in list_plans(context).entries if e.plan.name == name)


@pytest.mark.parametrize("name", list(TemplateName))
def test_every_template_is_sound_and_tells_itself(name):
    plan = template_plan(name, title="", currency="JPY", effective_from=JULY)
    schema = credit_schema()
    assert [f for f in lint(plan, schema) if f.severity is not Severity.NOTE] == []
    for component in plan.components:
        said = component_sentence(component, plan.currency, schema)
        assert said.endswith(".")
        assert "[" not in said
        curve = pay_curve(component, plan.currency, 10_000_000, 1_000_000)
        assert curve.paid[-1] > 0
    assert plan_sentences(plan)


def test_ten_templates_are_listed():
    report = list_templates(JobContext())
    assert len(report.summary()) == len(templates()) == len(report.tables()[0]) == 10


def test_a_template_becomes_a_plan_and_can_be_undone(context):
    before = len(list_plans(context).entries)
    said = new_plan(context, TemplateName.NEW_HIRE, name="Beginners", currency="eur").summary()
    assert said[0] == "Made Beginners. Nobody is paid by it yet."
    assert entry(context, "Beginners").plan.terms.draw.amount == 300_000
    with pytest.raises(InputRefusedError, match="already"):
        new_plan(context, TemplateName.NEW_HIRE, name="Beginners")
    undo(context)
    assert len(list_plans(context).entries) == before


def test_what_is_saved_is_what_is_paid(context):
    run = run_commissions(context, "2026-06")
    book = list_plans(context)
    one = max(book.entries, key=lambda e: e.people)
    doubled = replace(one.plan, components=(replace(one.plan.components[0], rates=RateTable.flat(200_000)),))
    save_plan(context, doubled, number=one.id)
    again = run_commissions(context, "2026-06")
    plan = again.lines["plan"].values == one.plan.name
    assert plan.any()
    amount, paid = (again.lines[name].values[plan].astype(int) for name in ("amount", "payout"))
    assert abs(int(paid.sum()) * 5 - int(amount.sum())) <= 5 * len(paid)
    assert int(run.lines["payout"].values[run.lines["plan"].values == one.plan.name].sum()) != int(paid.sum())


def test_a_new_version_takes_its_people_along(context):
    one = max(list_plans(context).entries, key=lambda e: e.people)
    said = save_plan(context, one.plan, number=one.id, since=JULY).summary()
    old, new = entry(context, one.plan.name), entry(context, f"{one.plan.name} from 2026-07-01")
    assert old.plan.effective_to == dt.date(2026, 6, 30)
    assert new.plan.effective_from == JULY
    assert f"{new.people:,} people go on" in said[0]
    lines = run_commissions(context, "2026-07").lines["plan"].values
    assert new.plan.name in lines
    assert old.plan.name not in lines
    with pytest.raises(InputRefusedError, match="begins after"):
        save_plan(context, new.plan, number=new.id, since=JULY)
    undo(context)
    undo(context)
    assert entry(context, one.plan.name) == one


def test_a_faulty_plan_is_refused_with_every_fault(context):
    one = list_plans(context).entries[0]
    bad = Component("Bad", RateTable(()), measure="[Amuont]", filter="1 +")
    with pytest.raises(FaultsError) as refused:
        save_plan(context, replace(one.plan, name="Worse", components=(bad,)))
    places = {fault.where.split(",")[0] for fault in refused.value.faults}
    assert {"Bad › rates", "Bad › measure", "Bad › filter"} <= places
    assert "Worse" not in [e.plan.name for e in list_plans(context).entries]


def test_a_plan_goes_to_a_file_and_back(context, tmp_path):
    one = list_plans(context).entries[0]
    out = tmp_path / "plan.json"
    write_plan_file(context, one.plan.name, out)
    stored = json.loads(out.read_text(encoding="utf-8"))
    stored["name"] = "Copy"
    out.write_text(json.dumps(stored), encoding="utf-8")
    assert list(save_plan_file(context, out).summary()) == ["Made Copy."]
    assert entry(context, "Copy").plan == replace(one.plan, name="Copy")
    out.write_text("[", encoding="utf-8")
    with pytest.raises(InputRefusedError, match="no plan"):
        save_plan_file(context, out)


def test_a_removed_plan_is_gone_with_its_assignments_and_comes_back(context):
    one = max(list_plans(context).entries, key=lambda e: e.people)
    remove_plan(context, one.plan.name)
    assert one.id not in [e.id for e in list_plans(context).entries]
    undo(context)
    assert entry(context, one.plan.name) == one
    with pytest.raises(InputRefusedError, match="no plan called"):
        remove_plan(context, "Nothing")
