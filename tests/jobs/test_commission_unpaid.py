"""Every credit of a period either pays or says why not."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from salesops_desktop.jobs.commission_unpaid import why_not
from salesops_desktop.jobs.commissions import run_commissions
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.sample_company import sample
from salesops_desktop.jobs.workspaces import opened


@pytest.fixture
def context(tmp_path):
    path = tmp_path / "small.salesops"
    sample(JobContext(), path, scale=0.05)
    with opened(shutil.copy(path, tmp_path / "copy.salesops")) as context:
        yield context


def test_what_pays_nothing_says_why(context):
    with context.workspace.action("No plan for one") as unit:
        person = unit.connection.exec_driver_sql(
            'SELECT t.owner_id FROM "transaction" t JOIN plan_assignment a ON a.person_id = t.owner_id '
            "WHERE t.booked_on LIKE '2026-06-%' AND t.kind = 'booking' LIMIT 1"
        ).scalar_one()
        unit.connection.exec_driver_sql("DELETE FROM plan_assignment WHERE person_id = ?", (person,))
    run = run_commissions(context, "2026-06")
    found = why_not(context, run.head.id)
    mine = found.people == person
    assert mine.any()
    assert set(found.credits["why"].values[mine]) == {"the person had no plan on the credit date"}
    paying = set(run.lines["transaction"].values[run.lines["payout"].values != 0])
    own = set(run.line_people.tolist())
    both = [
        (who, what)
        for who, what in zip(found.people.tolist(), found.credits["transaction"].values, strict=True)
        if who in own and what in paying
    ]
    lines = list(zip(run.line_people.tolist(), run.lines["transaction"].values, strict=True))
    pay = run.lines["payout"].values
    assert all(not any(pay[i] for i in range(len(lines)) if lines[i] == pair) for pair in both)
    assert str(len(found.credits)) in found.summary()[0]
    assert np.all(found.credits["way_out"].values != "")
