"""What pays a sum, exactly."""

from __future__ import annotations

import pytest

from salesops_desktop.jobs.commission_goal_seek import goal_seek
from salesops_desktop.jobs.commissions import run_commissions
from salesops_desktop.model.errors import InputRefusedError


@pytest.fixture
def run(company):
    return run_commissions(company, "2026-09")


def person_of(run, place):
    return str(run.people["person"].values[place])


def test_the_least_booking_that_pays_a_sum_pays_it_when_booked(company, run, stored):
    who = person_of(run, len(run.people) // 2)
    now = goal_seek(company, "2026-09", who, "0").now
    goal = goal_seek(company, "2026-09", who, str(now.minor // 100 + 4_000))
    assert goal.almost.minor < goal.wanted.minor <= goal.then.minor
    assert goal.more.minor > 0
    with company.workspace.action("Book it") as unit:
        unit.connection.exec_driver_sql(
            'INSERT INTO "transaction" (external_id, kind, booked_on, owner_id, amount, currency) '
            "SELECT 'zzz', 'booking', '2026-09-30', id, ?, ? FROM person WHERE name = ?",
            (goal.more.minor, goal.more.currency, who),
        )
    again = run_commissions(company, "2026-09")
    (place,) = [i for i in range(len(again.people)) if person_of(again, i) == who]
    assert int(again.people["payout"].values[place]) == goal.then.minor


def test_nobody_sells_what_no_rate_pays(company, run):
    with pytest.raises(InputRefusedError, match="Nobody is called"):
        goal_seek(company, "2026-09", "Nobody at all", "100")
    with pytest.raises(InputRefusedError, match="plan"):
        goal_seek(company, "2026-09", person_of(run, 0), "100", plan="No such plan")
