"""What other rates, quotas, volumes and caps would pay; every answer checked against a run."""

from __future__ import annotations

import numpy as np
import pytest

from salesops_desktop.jobs.commission_plan_editing import save_plan
from salesops_desktop.jobs.commission_scenarios import Scenario, edited_plans, prepare_period, what_if
from salesops_desktop.jobs.commissions import run_commissions
from salesops_desktop.model.errors import FaultsError, InputRefusedError


@pytest.fixture
def prepared(company):
    return prepare_period(company, "2026-09")


def test_things_as_they_stand_are_the_run(company, prepared):
    report = run_commissions(company, "2026-09")
    look = prepared.look(Scenario())
    for one in look.currencies:
        paid = [
            int(v) for i, v in enumerate(report.people["payout"].values)
            if report.people["payout"].currency_at(i) == one.currency
        ]  # fmt: skip
        assert one.now == one.then == sum(paid)
        assert one.bars_now.sum() == sum(1 for v in paid if v)
        assert one.gain == one.lose == 0
    assert len(prepared.people(look)) == 0


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(rates=1_100_000),
        Scenario(accelerators=700_000, quotas=900_000),
        Scenario(volume=1_250_000, cap=300_000),
        Scenario(quotas=1_333_333, volume=800_000, plan="Rep plan USD"),
    ],
)
def test_a_slider_says_what_a_run_of_the_edited_plans_pays(prepared, scenario):
    assert "the same" in prepared.check(scenario)
    look = prepared.look(scenario)
    people = prepared.people(look)
    assert len(people)
    change = people["change"].values.astype(np.int64)
    assert change.sum() == sum(one.then - one.now for one in look.currencies)
    assert (change > 0).sum() == sum(one.gain for one in look.currencies)


def test_edited_plans_saved_pay_what_was_promised(company, prepared, stored):
    scenario = Scenario(rates=1_200_000, accelerators=1_100_000)
    promised = {one.currency: one.then for one in prepared.look(scenario).currencies}
    numbers = dict(stored(company, "SELECT name, id FROM plan"))
    for plan in edited_plans(prepared.plans, scenario):
        save_plan(company, plan, number=numbers[plan.name])
    payout = run_commissions(company, "2026-09").people["payout"]
    paid: dict[str, int] = {}
    for i in range(len(payout)):
        paid[payout.currency_at(i)] = paid.get(payout.currency_at(i), 0) + int(payout.values[i])
    assert paid == {code: amount for code, amount in promised.items() if amount}


def test_twice_the_rates_pay_twice_but_for_rounding(company):
    doubled = what_if(company, "2026-09", rates=200)
    for i in range(len(doubled.people)):
        now, then = (int(doubled.people[name].values[i]) for name in ("now", "then"))
        assert abs(then - 2 * now) <= 1
    assert len(doubled.people) > 5
    assert len(what_if(company, "2026-09").people) == 0
    easier = what_if(company, "2026-09", quotas=50)
    assert all(int(change) > 0 for change in easier.people["change"].values)


def test_the_report_says_what_selling_costs_and_that_it_was_checked(company):
    said = " ".join(what_if(company, "2026-09", rates=110, check=True).summary())
    assert "Selling costs" in said
    assert "with a quota" in said
    assert "to the last minor unit" in said


def test_what_makes_no_sense_is_refused(company, prepared):
    with pytest.raises(InputRefusedError, match="per cent"):
        what_if(company, "2026-09", rates=-1)
    with pytest.raises(InputRefusedError, match="no plan"):
        what_if(company, "2026-09", plan="Nowhere")
    if not prepared.currency_of(""):
        with pytest.raises(InputRefusedError, match="several currencies"):
            what_if(company, "2026-09", cap="1000")
    assert prepared.faults(Scenario()) == ()
    with pytest.raises(FaultsError, match="cannot be calculated"):
        what_if(company, "2026-09", cap="-5", plan="Rep plan USD")
