"""Plans survive their JSON; what does not fit is refused entry by entry."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from salesops_desktop.commission import definition, plan_from, plan_hash, plan_json, read_plan
from salesops_desktop.model.errors import FaultsError
from tests.commission.plan_cases import runs


@settings(deadline=None, max_examples=40)
@given(case=runs())
def test_round_trip(case):
    for plan in case[0]:
        stored = json.loads(json.dumps(plan_json(plan)))
        assert read_plan(stored) == plan
        assert plan_hash(read_plan(stored)) == plan_hash(plan)
        kept = json.loads(json.dumps(definition(plan)))
        assert plan_from(plan.name, plan.currency, plan.effective_from, plan.effective_to, kept) == plan
        assert plan_hash(replace(plan, name=plan.name + "x")) != plan_hash(plan)


def test_every_fault_of_a_stored_plan_is_named():
    stored = {
        "name": "P",
        "currency": "USD",
        "effective_from": "2026-13-01",
        "effective_to": None,
        "components": [
            {
                "name": "C",
                "measure": 5,
                "filter": "",
                "window": "decade",
                "quota": "bookings",
                "cap": 1.5,
                "rounding": "half up",
                "stage": "telescoping",
                "rates": {"mode": "marginal", "basis": "amount", "boundary": "upper", "tiers": [[0, None]]},
            }
        ],
    }
    with pytest.raises(FaultsError) as caught:
        read_plan(stored)
    assert [fault.where for fault in caught.value.faults] == [
        "effective_from",
        "C › measure",
        "C › window",
        "C › cap",
        "C › rates › tiers",
    ]
    with pytest.raises(FaultsError, match="components"):
        read_plan({**stored, "effective_from": "2026-01-01", "components": None})
