"""Corrections of people's lasting sandbagging or optimism: measured, offered, applied by the analyst alone."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.forecast.scoring import Remedy, remedy
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.forecast_records import known_day
from salesops_desktop.jobs.forecast_scores import Bias, ScoresReport, scores_of
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import PPM
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.workspace.text import stored_now

__all__ = ["CorrectionsReport", "Offer", "apply_correction", "corrections", "withdraw_correction"]

_APPLIED = """
SELECT id, subject, factor, bias, periods, error_before, error_after, valid_from, valid_to, applied_at, applied_by,
       reason
FROM correction ORDER BY applied_at DESC, id DESC
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """A person's leaning and what a factor on the numbers would have brought."""

    bias: Bias
    remedy: Remedy

    @property
    def offered(self) -> bool:
        """Whether the leaning is beyond luck and its correction would have helped."""
        return self.bias.leaning.consistent and self.remedy.helps

    @property
    def sentence(self) -> str:
        """The offer with its measured effect, or why there is none."""
        r, name = self.remedy, self.bias.label
        effect = f"each period corrected by the others, the error goes from {r.before:.1%} to {r.after:.1%}"
        if self.offered:
            return f"{name}: × {r.factor:.3f} is offered; {effect}, better in {r.better} of {r.periods} periods."
        if not self.bias.leaning.consistent:
            return f"{name}: nothing is offered, for no leaning is beyond luck."
        return f"{name}: leans, but nothing is offered: {effect}."


@dataclass(frozen=True, slots=True)
class CorrectionsReport:
    """What could be corrected, and what is."""

    offers: tuple[Offer, ...]
    applied: Table
    """Newest first; keys are the corrections' row ids."""
    today: dt.date

    def summary(self) -> Sequence[str]:
        """The offers, or that there are none."""
        if not self.offers:
            return ["No person's numbers have been judged in two periods yet: there is nothing to correct."]
        return [offer.sentence for offer in self.offers]

    def tables(self) -> Sequence[Table]:
        """The offers, and the corrections that were applied."""
        share = ValueKind.FRACTION
        specs = [
            ColumnSpec("subject", "Who", ValueKind.TEXT), ColumnSpec("offered", "Offered", ValueKind.BOOLEAN),
            ColumnSpec("factor", "Factor", ValueKind.NUMBER, digits=3),
            ColumnSpec("bias", "Bias", share, digits=1), ColumnSpec("periods", "Periods", ValueKind.INTEGER),
            ColumnSpec("before", "Error", share, digits=1),
            ColumnSpec("after", "Error corrected", share, digits=1, description="One period left out at a time."),
            ColumnSpec("low", "Gain from", share, digits=1), ColumnSpec("high", "Gain to", share, digits=1),
        ]  # fmt: skip
        rows = [
            (o.bias.label, o.offered, o.remedy.factor, o.bias.leaning.bias, o.remedy.periods, o.remedy.before,
             o.remedy.after, o.remedy.low, o.remedy.high)
            for o in self.offers
        ]  # fmt: skip
        return [build_table("Offers", specs, rows), self.applied]


@job(
    "forecast corrections",
    title="Show corrections of leanings",
    group="forecast",
    examples=("forecast corrections company.salesops",),
)
def corrections(context: JobContext, *, as_of: dt.date | None = None) -> CorrectionsReport:
    """Show who leans, what correcting it would have brought, and which corrections are applied.

    Args:
        as_of: periods that end by this day are judged; by default the newest day the workspace speaks of.
    """
    context.progress(0, 0, "Reading")
    with context.workspace.read() as connection:
        today = known_day(connection, as_of)
        return CorrectionsReport(offers_of(scores_of(connection, today)), _applied(connection), today)


def offers_of(report: ScoresReport) -> tuple[Offer, ...]:
    """A remedy for each person whose numbers were judged in two periods at least."""
    found = []
    records = report.records
    for bias in report.biases:
        if bias.subject_kind != "person":
            continue
        own = records[(records["step"] == "judgement") & (records["subject"] == bias.subject)]
        numbers = [own[name].to_numpy(np.float64) for name in ("forecast", "actual")]
        found.append(Offer(bias, remedy(numbers[0], numbers[1], own["period_start"].to_numpy())))
    return tuple(found)


def _applied(connection: Connection) -> Table:
    rate = ValueKind.RATE
    specs = [
        ColumnSpec("subject", "Who", ValueKind.TEXT), ColumnSpec("factor", "Factor", rate, digits=1),
        ColumnSpec("bias", "Bias", rate, digits=1), ColumnSpec("periods", "Periods", ValueKind.INTEGER),
        ColumnSpec("error_before", "Error", rate, digits=1),
        ColumnSpec("error_after", "Error corrected", rate, digits=1),
        ColumnSpec("valid_from", "From", ValueKind.DATE), ColumnSpec("valid_to", "To", ValueKind.DATE),
        ColumnSpec("applied_by", "By", ValueKind.TEXT), ColumnSpec("applied_at", "At", ValueKind.DATETIME),
        ColumnSpec("reason", "Reason", ValueKind.TEXT),
    ]  # fmt: skip
    result = connection.exec_driver_sql(_APPLIED)
    rows = [dict(row) for row in result.mappings()]
    return build_table("Corrections applied", specs, rows, entity="correction", key="id")


@job(
    "forecast correct",
    title="Apply a correction",
    group="forecast",
    needs=Needs.WRITE,
    examples=("forecast correct company.salesops 'Ann Lee' --reason 'Agreed with her'",),
)
def apply_correction(
    context: JobContext,
    subject: str,
    *,
    reason: str = "",
    valid_from: dt.date | None = None,
    as_of: dt.date | None = None,
) -> Sentences:
    """Apply the correction offered for a person: from then on the managers' forecast counts the corrected number.

    The person's own number stays as it was said, and goes on being scored as it was said.

    Args:
        subject: the person's name.
        reason: kept with the correction.
        valid_from: the first day of knowledge it holds for; the day after the newest day the workspace speaks of.
        as_of: periods that end by this day are judged.
    """
    with context.workspace.read() as connection:
        today = known_day(connection, as_of)
        found = offers_of(scores_of(connection, today))
    offer = next((o for o in found if o.bias.subject.casefold() == subject.strip().casefold()), None)
    if offer is None:
        names = ", ".join(o.bias.subject for o in found) or "nobody yet"
        raise InputRefusedError(f"{subject}'s numbers have not been judged.", way_out=f"Judged are: {names}.")
    if not offer.offered:
        raise InputRefusedError(offer.sentence, way_out="Only corrections that would have helped are applied.")
    first = valid_from or today + dt.timedelta(days=1)
    report = json.dumps({"sentences": [offer.bias.sentence, offer.sentence]})
    with context.workspace.action(f"Correct the numbers of {offer.bias.subject}", kind="edit") as unit:
        _end(unit.connection, offer.bias.subject, first - dt.timedelta(days=1))
        unit.connection.exec_driver_sql(
            "INSERT INTO correction (subject_kind, subject, person_id, factor, bias, periods, error_before, "
            "error_after, valid_from, applied_at, applied_by, reason, report) "
            "VALUES ('person', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                offer.bias.subject, offer.bias.person_id, round(offer.remedy.factor * PPM),
                round(offer.bias.leaning.bias * PPM), offer.remedy.periods, round(offer.remedy.before * PPM),
                round(offer.remedy.after * PPM), first.isoformat(), stored_now(), context.workspace.who,
                reason or None, report,
            ),
        )  # fmt: skip
    context.changed("correction")
    return Sentences((f"From {first} on. {offer.sentence}",))


@job(
    "forecast withdraw-correction",
    title="Withdraw a correction",
    group="forecast",
    needs=Needs.WRITE,
    examples=("forecast withdraw-correction company.salesops 'Ann Lee'",),
)
def withdraw_correction(context: JobContext, subject: str, *, as_of: dt.date | None = None) -> Sentences:
    """End the correction of a person's numbers: it no longer holds for days of knowledge after the newest.

    Args:
        subject: the person's name.
        as_of: the last day it holds; by default the newest day the workspace speaks of.
    """
    with context.workspace.read() as connection:
        today = known_day(connection, as_of)
    with context.workspace.action(f"Withdraw the correction of {subject}", kind="edit") as unit:
        if not _end(unit.connection, subject, today):
            raise InputRefusedError(f"No correction of {subject} is in force.", way_out="See forecast corrections.")
    context.changed("correction")
    return Sentences((f"The numbers of {subject} count as they are said from {today + dt.timedelta(days=1)} on.",))


def _end(connection: Connection, subject: str, last: dt.date) -> int:
    """Let what holds for a person beyond ``last`` end on it; how many there were."""
    result = connection.exec_driver_sql(
        "UPDATE correction SET valid_to = :last WHERE subject_kind = 'person' AND lower(subject) = lower(:subject) "
        "AND (valid_to IS NULL OR valid_to > :last)",
        {"last": last.isoformat(), "subject": subject.strip()},
    )
    return int(result.rowcount)
