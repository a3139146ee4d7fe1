"""Why not: every credit of a run's period that pays nothing, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission import NO_PERSON, RunResult, Unpaid
from salesops_desktop.jobs.commissions import recalculated
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = ["UnpaidCredits", "why_not"]

_COUNTED = "it counts towards the total, but the total reached pays no more"
_WAY_OUT = {
    Unpaid.NO_PERSON: "Give the transaction an owner, or a credit.",
    Unpaid.NO_PLAN: "Assign the person to a plan for that day.",
    Unpaid.NO_RATE: "Import the exchange rate.",
    Unpaid.NO_QUOTA: "Import the person's quota.",
    Unpaid.NO_TARGET: "Import the person's target incentive.",
    Unpaid.NO_SCORE: "Import the person's score.",
    Unpaid.UNDEFINED: "Mend the formula, or the field it divides by.",
    Unpaid.FILTERED: "Look at the filters of the plan's components.",
}
COLUMNS = (
    ColumnSpec("person", "Person", ValueKind.TEXT),
    ColumnSpec("transaction", "Transaction", ValueKind.TEXT),
    ColumnSpec("credited_on", "Credited on", ValueKind.DATE),
    ColumnSpec("credit_amount", "Credit", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("why", "Why not", ValueKind.TEXT),
    ColumnSpec("way_out", "Way out", ValueKind.TEXT),
)


@dataclass(frozen=True, slots=True)
class UnpaidCredits:
    """The credits of a period that pay nothing.

    Attributes:
        run: the run's number.
        credits: one row per credit.
        people: the person's row id of each; -1 for nobody.
    """

    run: int
    credits: Table
    people: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def summary(self) -> Sequence[str]:
        """How many there are, by reason."""
        reasons = self.credits["why"].values
        if not len(reasons):
            return ["Every credit of the period pays something."]
        counts = {str(reason): int(np.sum(reasons == reason)) for reason in sorted(set(reasons))}
        said = [f"{len(reasons):,} credits of the period pay nothing."]
        return said + [f"{count:,}: {reason}." for reason, count in counts.items()]

    def tables(self) -> Sequence[Table]:
        """One row per credit."""
        return [self.credits]


@job(
    "commissions why-not",
    title="Show what pays nothing",
    group="commissions",
    examples=("commissions why-not company.salesops 1",),
)
def why_not(context: JobContext, run: int) -> UnpaidCredits:
    """Show every credit of a run's period that pays nothing, and why not.

    Args:
        run: the run's number.
    """
    with context.workspace.read() as connection:
        result = recalculated(connection, run)
        names = {int(i): str(n) for i, n in connection.exec_driver_sql("SELECT id, name FROM person")}
    return _of(run, result, names)


def _of(run: int, result: RunResult, names: dict[int, str]) -> UnpaidCredits:
    given = result.credits
    place = {int(key): row for row, key in enumerate(given.key.tolist())}
    reasons = {place[key]: (reason.value, _WAY_OUT[reason]) for key, reason in result.unpaid}
    paid = np.zeros(len(given), dtype=np.bool_)
    paid[result.lines.row[result.lines.pay != 0]] = True
    for row in np.unique(result.lines.row).tolist():
        if not paid[row]:
            reasons.setdefault(int(row), (_COUNTED, "Trace its line to see each step."))
    rows = sorted(reasons, key=lambda r: (names.get(int(given.person[r]), ""), str(given.date[r]), r))
    table = build_table(
        "Unpaid credits",
        COLUMNS,
        [
            {
                "person": names.get(int(given.person[r])),
                "transaction": str(given.transaction[r]),
                "credited_on": given.date[r].astype("datetime64[D]").astype(object),
                "credit_amount": int(given.amount[r]),
                "currency": str(given.currency[r]),
                "why": reasons[r][0],
                "way_out": reasons[r][1],
            }
            for r in rows
        ],
    )
    people = np.array([int(given.person[r]) for r in rows], dtype=np.int64)
    return UnpaidCredits(run, table, np.where(people == NO_PERSON, -1, people))
