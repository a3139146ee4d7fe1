"""What must hold before a run is approved or locked."""

from __future__ import annotations

import json

from sqlalchemy import Connection

from salesops_desktop.commission import RunResult, recompute, trace
from salesops_desktop.jobs.commission_facts import differences, load_facts, stored_facts
from salesops_desktop.jobs.commission_inputs import Inputs, inputs_of, relevant
from salesops_desktop.jobs.commission_seals import content_of
from salesops_desktop.jobs.commission_settlements import dues, run_period
from salesops_desktop.jobs.company import company
from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError
from salesops_desktop.model.money import Money
from salesops_desktop.workspace.settings import SettingSpec, read_setting

FOUR_EYES = SettingSpec(
    "four_eyes", "Four eyes", default=False, description="Whoever calculated a run may not approve it."
)
_SHOWN = 10
_Place = tuple[int, str, str, int | str]
"""(person, plan, component, credit key or first day of the window)."""


def refuse_changed(connection: Connection, run: int, name: str) -> None:
    """A run is approved only on the data it was calculated from.

    Raises:
        FaultsError: something behind it has changed; every part is told.
    """
    old = stored_facts(connection, run)
    if old is None:
        return
    now = load_facts(connection, old.pay_on)
    new = relevant(now, run_period(connection, run), company(connection).calendar)
    changed = differences(old, new)
    if changed:
        raise FaultsError(
            f"The data behind {name} have changed since it was calculated: {' '.join(said for _, said in changed)}",
            [Fault(part.value, said) for part, said in changed],
            way_out="Calculate the period again to see what it pays now.",
        )


def refuse_unsound(result: RunResult) -> None:
    """A run is approved only when nothing in it must still be mended and every line's steps come to its cent.

    Raises:
        FaultsError: what must be mended.
    """
    blocking = [Fault(notice.reason.value, notice.sentence) for notice in result.notices if notice.blocking]
    if blocking:
        raise FaultsError(
            "The run cannot be approved: some credits could not be paid.",
            blocking,
            way_out="Mend what is listed, calculate again, then approve.",
        )
    for i in range(len(result)):
        recompute(trace(result, i))


def refuse_disagreement(connection: Connection, run: int) -> int:
    """Every stored line and extra must be what the independent reference comes to.

    Returns:
        How many lines and extras were compared.

    Raises:
        FaultsError: the engines disagree; each line is named.
    """
    facts = stored_facts(connection, run)
    if facts is None:
        return 0
    inputs: Inputs = inputs_of(facts)
    told = inputs.reference(run_period(connection, run), company(connection).calendar)
    lines: dict[_Place, int] = {
        (int(r[0]), str(r[1]), str(r[2]), int(r[3])): int(r[4])
        for r in connection.exec_driver_sql(
            "SELECT person_id, plan, component, coalesce(credit_id, -transaction_id), payout FROM run_line "
            "WHERE run_id = ?",
            (run,),
        )
    }
    extras: dict[_Place, int] = {
        (int(r[0]), str(r[1]), str(r[2]), str(r[3])): int(r[4])
        for r in connection.exec_driver_sql(
            "SELECT person_id, plan, component, window_start, payout FROM run_extra WHERE run_id = ?", (run,)
        )
    }
    found = {**lines, **extras}
    wanted: dict[_Place, int] = dict(told.lines.items())
    wanted |= {(a, b, c, d.isoformat()): pay for (a, b, c, d), pay in told.extras.items() if pay}
    currencies = {plan.name: plan.currency for plan in inputs.plans}
    faults = [
        Fault(
            f"{inputs.names.get(key[0], key[0])}, {key[1]}, {key[2]}",
            f"the run pays {Money(found.get(key, 0), currencies[key[1]])}, the reference "
            f"{Money(wanted.get(key, 0), currencies[key[1]])}.",
        )
        for key in sorted(found.keys() | wanted.keys(), key=str)
        if found.get(key, 0) != wanted.get(key, 0) or (key in lines) != (key in told.lines)
    ]
    if faults:
        raise FaultsError(
            f"The run cannot be approved: two independent calculations differ in {len(faults):,} places.",
            faults[:_SHOWN],
            way_out="Calculate it again; if they still differ, report it.",
        )
    timed = dues(connection, run, inputs.plans, facts, company(connection).calendar)
    compared, faults = timed.disagreements()
    if faults:
        raise FaultsError(
            f"The run cannot be approved: what waits differs from the independent reckoning in {len(faults):,} places.",
            faults[:_SHOWN],
            way_out="Calculate it again; if they still differ, report it.",
        )
    return len(found) + compared


def refuse_own_approval(connection: Connection, run: int, who: str) -> None:
    """With four eyes demanded, whoever calculated a run does not approve it.

    Raises:
        InputRefusedError: ``who`` calculated it.
    """
    preparer = connection.exec_driver_sql(
        "SELECT who FROM run_event WHERE run_id = ? AND status = 'calculated' ORDER BY id DESC LIMIT 1", (run,)
    ).scalar()
    if read_setting(connection, FOUR_EYES) and preparer == who:
        raise InputRefusedError(
            f"{who} calculated the run and cannot approve it: four eyes are demanded.",
            way_out="Let somebody else approve it, or change the setting (commissions four-eyes).",
        )


def bind_approval(connection: Connection, run: int) -> None:
    """Write down what exactly is approved. Inside an action."""
    text = connection.exec_driver_sql("SELECT plans FROM commission_run WHERE id = ?", (run,)).scalar()
    document = {**json.loads(str(text)), "approved": content_of(connection, run)}
    connection.exec_driver_sql("UPDATE commission_run SET plans = ? WHERE id = ?", (json.dumps(document), run))


def refuse_unapproved(connection: Connection, run: int, name: str) -> None:
    """What is locked is what was approved.

    Raises:
        InputRefusedError: the run is not as it was when it was approved.
    """
    text = connection.exec_driver_sql("SELECT plans FROM commission_run WHERE id = ?", (run,)).scalar()
    approved = json.loads(str(text)).get("approved")
    if approved is not None and approved != content_of(connection, run):
        raise InputRefusedError(
            f"{name} is not as it was when it was approved.", way_out="Take it back to review and approve it again."
        )
