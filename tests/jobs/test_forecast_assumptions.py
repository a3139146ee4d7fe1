"""Named assumptions are stored, listed, drawn under and forgotten."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from salesops_desktop.forecast.simulation import Scenario
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.forecast_assumptions import assume, assumptions, forget_assumption, scenario_named
from salesops_desktop.jobs.forecast_overview import forecast_overview
from salesops_desktop.jobs.pipeline_forecasts import forecast_pipeline_job
from salesops_desktop.jobs.workspaces import new, opened
from salesops_desktop.model.errors import InputRefusedError


@pytest.fixture
def empty(tmp_path):
    path = tmp_path / "Company.salesops"
    new(JobContext(), path, currency="USD")
    with opened(path) as context:
        yield context


def test_a_set_is_stored_replaced_listed_and_forgotten(empty):
    assert assumptions(empty).summary() == ["No assumptions are stored yet."]
    assume(empty, "Freeze", heads=0.9, ramp=0.333333)
    said = assume(empty, " Freeze ", heads=0.8, win_rate=1.1, note="Until May")
    assert list(said.summary()) == ["“Freeze”: win rate × 1.1, heads × 0.8."]
    assume(empty, "Boom", deal_size=1.25)
    found = assumptions(empty)
    assert [row[0] for row in found.table.rows()] == ["Boom", "Freeze"]
    assert dict(found.factors())["Freeze"] == asdict(Scenario(win_rate=1.1, heads=0.8))
    with empty.workspace.read() as connection:
        assert scenario_named(connection, "Boom") == Scenario(deal_size=1.25)
    forget_assumption(empty, "Boom")
    assert len(assumptions(empty).table) == 1
    empty.workspace.undo()
    assert len(assumptions(empty).table) == 2


def test_what_cannot_be_assumed_is_refused(empty):
    with pytest.raises(InputRefusedError, match="win_rate is 9"):
        assume(empty, "Wild", win_rate=9.0)
    with pytest.raises(InputRefusedError, match="no name"):
        assume(empty, " ")
    with pytest.raises(InputRefusedError, match=r"called Boom.*none yet"):
        forget_assumption(empty, "Boom")
    with pytest.raises(InputRefusedError, match="to be scored"):
        forecast_overview(empty, assume="Boom", keep=True)
    with pytest.raises(InputRefusedError, match="one or the other"):
        forecast_pipeline_job(empty, assume="Boom", heads=1.5)
