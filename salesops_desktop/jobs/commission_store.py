"""How a run is stored: its lines, extras and inputs; a run that is not approved yet is replaced in its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from salesops_desktop.commission import RunResult, plan_json
from salesops_desktop.jobs.commission_clawbacks import clawback_items
from salesops_desktop.jobs.commission_facts import Facts, columns_of, packed
from salesops_desktop.jobs.commission_inputs import Inputs
from salesops_desktop.jobs.commission_settlements import resettle
from salesops_desktop.model.enums import RunStatus
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.periods import Period
from salesops_desktop.workspace.changelog import bulk_insert
from salesops_desktop.workspace.connect import raw
from salesops_desktop.workspace.text import stored_now

OPEN = (RunStatus.DRAFT, RunStatus.CALCULATED, RunStatus.IN_REVIEW)
"""In these a run may still be calculated, adjusted and held."""
FINAL = (RunStatus.LOCKED, RunStatus.PAID)
"""In these nothing of a run changes any more."""
_AT_ONCE: Final = 20_000
"""So many lines are handed to the database in one go."""


def store_run(
    connection: Connection, facts: Facts, inputs: Inputs, result: RunResult, who: str, findings: Sequence[str] = ()
) -> int:
    """Store a calculated run; returns its row id. Adjustments, holds, corrections and inquiries stay with the run.

    Args:
        connection: inside an action.
        facts: what it was calculated from, cut to the days that matter.
        inputs: the same as the engine takes it.
        result: the outcome.
        who: the name under which it is written down.
        findings: what was found before it was calculated.

    Raises:
        InputRefusedError: the period's run is approved or later.
    """
    period = result.period
    run = _open_run(connection, period)
    document = {
        "pay_on": facts.pay_on, "plans": [plan_json(plan) for plan in result.plans], "findings": list(findings),
    }  # fmt: skip
    notes = [notice.sentence for notice in result.notices]
    if inputs.prorated:
        inside = [said for (_, a, b), said in inputs.prorated.items() if a <= period.end and b >= period.start]
        notes += [f"{len(inside)} quotas are prorated. {'; '.join(inside[:10])}."] if inside else []
    columns = columns_of(facts.credits)
    hashes = facts.hashes(columns)
    connection.exec_driver_sql(
        "UPDATE commission_run SET status = ?, inputs_hash = ?, result_hash = ?, plans = ?, notes = ? WHERE id = ?",
        (
            RunStatus.CALCULATED.value, json.dumps(hashes, sort_keys=True), result.digest(), json.dumps(document),
            json.dumps(notes, ensure_ascii=False), run,
        ),
    )  # fmt: skip
    connection.exec_driver_sql(
        "INSERT INTO run_input (run_id, hashes, content) VALUES (?, ?, ?)",
        (run, json.dumps(hashes, sort_keys=True), packed(facts, columns)),
    )
    connection.exec_driver_sql(
        "INSERT INTO run_event (run_id, status, who, at, note) VALUES (?, ?, ?, ?, NULL)",
        (run, RunStatus.CALCULATED.value, who, stored_now()),
    )
    _lines(connection, run, inputs, result)
    _extras(connection, run, result)
    clawback_items(connection, run, inputs, result, who)
    resettle(connection, run, facts)
    return run


def _open_run(connection: Connection, period: Period) -> int:
    """The period's run, emptied; a new one where there is none."""
    row = connection.exec_driver_sql(
        "SELECT id, status FROM commission_run WHERE period_start = ? AND period_end = ?",
        (period.start.isoformat(), period.end.isoformat()),
    ).first()
    if row is None:
        made = connection.exec_driver_sql(
            "INSERT INTO commission_run (name, period_start, period_end, period_label, status, created_at, "
            "inputs_hash, result_hash, plans, notes) VALUES (?, ?, ?, ?, ?, ?, '', '', '{}', NULL)",
            (
                f"Commissions {period.label}", period.start.isoformat(), period.end.isoformat(), period.label,
                RunStatus.DRAFT.value, stored_now(),
            ),
        )  # fmt: skip
        return int(made.lastrowid)
    if RunStatus(row[1]) not in OPEN:
        raise InputRefusedError(
            f"The run for {period.label} is {row[1]}: it cannot be calculated again.",
            way_out="Take it back to review first, where it is not locked.",
        )
    run = int(row[0])
    for table in ("run_line", "run_extra", "run_settlement", "run_input"):
        connection.exec_driver_sql(f"DELETE FROM {table} WHERE run_id = ?", (run,))
    connection.exec_driver_sql("DELETE FROM run_item WHERE run_id = ? AND kind = 'clawback'", (run,))
    return run


def _lines(connection: Connection, run: int, inputs: Inputs, result: RunResult) -> None:
    with bulk_insert(connection, "run_line", len(result)):
        for first in range(0, len(result), _AT_ONCE):
            # Row by row past SQLAlchemy, which would want them all in a list.
            raw(connection).executemany(
                "INSERT INTO run_line (run_id, number, person_id, plan, component, credit_id, transaction_id, "
                "credited_on, credit_amount, credit_currency, exchange_rate, amount, total_before, total_after, quota, "
                "payout, currency, transaction_number) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                _rows(run, inputs, result, np.arange(first, min(first + _AT_ONCE, len(result)))),
            )


def _rows(run: int, inputs: Inputs, result: RunResult, at: npt.NDArray[np.intp]) -> Iterator[tuple[object, ...]]:
    """The lines ``at`` these places as they are stored, made column by column."""
    lines, plans = result.lines.take(at), result.plans
    plan, keys = lines.plan.tolist(), lines.credit.tolist()
    named = zip(plan, lines.component.tolist(), strict=True)
    return zip(
        repeat(run, len(at)),
        (at + 1).tolist(),
        lines.person.tolist(),
        [plans[p].name for p in plan],
        [plans[p].components[c].name for p, c in named],
        [key if key > 0 else None for key in keys],
        [inputs.transactions[key] for key in keys],
        _days(lines.date),
        lines.credit_amount.tolist(),
        map(str, lines.credit_currency.tolist()),
        lines.exchange_rate.tolist(),
        lines.amount.tolist(),
        lines.before.tolist(),
        lines.after.tolist(),
        [quota or None for quota in lines.quota.tolist()],
        lines.pay.tolist(),
        [plans[p].currency for p in plan],
        map(str, result.credits.transaction[lines.row].tolist()),
        strict=True,
    )


def _days(dates: npt.NDArray[np.datetime64]) -> list[str]:
    """Days as ISO text: few different ones, told once each."""
    known, at = np.unique(dates.astype("datetime64[D]"), return_inverse=True)
    said = np.datetime_as_string(known, unit="D").tolist()
    return [said[i] for i in at.tolist()]


def _extras(connection: Connection, run: int, result: RunResult) -> None:
    rows = [
        (
            run, number, extra.person, result.plans[extra.plan].name,
            result.plans[extra.plan].components[extra.component].name, extra.window_start.isoformat(), extra.total,
            extra.paid_before, extra.now, extra.pay, result.plans[extra.plan].currency, extra.why,
        )
        for number, extra in enumerate(result.extras, 1)
    ]  # fmt: skip
    if rows:
        connection.exec_driver_sql(
            "INSERT INTO run_extra (run_id, number, person_id, plan, component, window_start, total, paid_before, "
            "now, payout, currency, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
