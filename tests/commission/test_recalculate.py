"""One person's lines again: the same as in the run of everybody."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from salesops_desktop.commission import (
    Component,
    ExchangeRates,
    Lines,
    RateTable,
    Reporting,
    Source,
    Window,
    affected,
    calculate,
    contributing,
    recalculate,
)
from salesops_desktop.commission.notices import State
from salesops_desktop.model.periods import FiscalCalendar
from tests.commission.plan_cases import RATES, START, plan_of, runs

Q1 = FiscalCalendar().parse("2026-Q1")


@settings(deadline=None, max_examples=30)
@given(case=runs())
def test_the_same_lines_as_in_the_run_of_everybody(case):
    plans, assignments, credits_in, quotas, more = case
    rates = ExchangeRates(RATES)
    full = calculate(plans, assignments, credits_in, quotas, Q1, rates=rates, **more)
    for people in ({1}, {2}, {1, 3}):
        part = recalculate(people, plans, assignments, credits_in, quotas, Q1, rates=rates, **more)
        rows = np.flatnonzero(np.isin(full.lines.person, sorted(people)))
        for name in Lines.COLUMNS:
            if name != "row":
                assert getattr(part.lines, name).tolist() == getattr(full.lines, name)[rows].tolist(), name
        assert part.credits.key[part.lines.row].tolist() == part.lines.credit.tolist()
        assert part.extras == tuple(extra for extra in full.extras if extra.person in people)
        _check_unpaid(part, full, people)


def _check_unpaid(part, full, people):
    """What pays nobody: whom they report to may get further with a credit of theirs, or be paid for it."""
    owner = dict(zip(full.credits.key.tolist(), full.credits.person.tolist(), strict=True))
    found, everybody = dict(part.unpaid), {key: why for key, why in full.unpaid if owner[key] in people}
    if all(component.source is Source.OWN for plan in full.plans for component in plan.components):
        assert found == everybody
    assert everybody.keys() <= found.keys()
    assert all(State.of(found[key]) <= State.of(why) for key, why in everybody.items())
    others = set(full.lines.credit[~np.isin(full.lines.person, sorted(people))].tolist())
    assert found.keys() - everybody.keys() <= others


def test_who_is_concerned():
    lines = [Reporting(1, 2, START), Reporting(2, 3, START), Reporting(4, 3, START), Reporting(5, 6, START)]
    assert affected([1], lines) == {1, 2, 3}
    own = plan_of(Component("Own", RateTable.flat(1)))
    team = plan_of(Component("Team", RateTable.flat(1), source=Source.TEAM_PAY, window=Window.LINE))
    assert contributing([3], [own], lines) == {3}
    assert contributing([3], [own, team], lines) == {1, 2, 3, 4}
