"""How far a stored plan is from what is provably possible, where the design itself did not wait for the proof."""

from __future__ import annotations

import json
from collections.abc import Sequence

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.territory_problems import build_problem
from salesops_desktop.jobs.territory_reports import TerritoryReport, evaluated, report_of
from salesops_desktop.jobs.territory_solving import LATER, said_once
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.territory.bounds import certify


@job(
    "territories prove",
    title="Prove how good territories are",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories prove company.salesops 1", "territories prove company.salesops 1 --seconds 60"),
)
def prove_territories(context: JobContext, scenario: int, *, seconds: float = 10.0) -> TerritoryReport:
    """Prove how much better than a scenario any division of the accounts could be, and keep the proof with it.

    A design of many accounts does not wait for its proof; and what was moved by hand is measured anew.

    Args:
        scenario: its number in the list.
        seconds: how much work goes into the distance; the more, the nearer the proof comes to the truth.
    """
    if not seconds > 0:
        raise InputRefusedError("A proof needs some time.", way_out="Give it a second or more.")
    context.progress(0, 0, "Reading")
    with context.workspace.read() as connection:
        whole = build_problem(connection, scenario, progress=context.progress)
        head = connection.exec_driver_sql("SELECT name, figures FROM scenario WHERE id = ?", (scenario,)).first()
    if head is None:
        raise InputRefusedError("Today's owners are no design.", way_out="Copy them as a scenario: territories copy.")
    made = evaluated(whole)
    if made is None:
        raise NothingToDoError(f"{head[0]} has no accounts in territories.")
    proof = certify(whole.problem, made, seconds=seconds, progress=context.progress)
    figures = json.loads(head[1] or "{}")
    told: Sequence[str] = figures.get("sentences", ())
    figures["sentences"] = list(said_once([each for each in told if each != LATER], proof))
    figures["certificate"] = proof.to_json()
    with context.workspace.action(f"Prove {head[0]}", kind="job") as unit:
        unit.connection.exec_driver_sql(
            "UPDATE scenario SET figures = ? WHERE id = ?", (json.dumps(figures, ensure_ascii=False), scenario)
        )
    context.changed("scenario")
    with context.workspace.read() as connection:
        return report_of(connection, scenario, inputs=whole.inputs)
