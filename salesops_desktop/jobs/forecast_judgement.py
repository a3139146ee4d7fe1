"""What people say against the forecast: brought in from their workbooks or by hand, looked at, accepted or declined.

Judgements never change the model or the pipeline itself. An own number is kept beside the model's and scored; an
accepted override fixes the node it is said of in every forecast of that period; what is said of a deal counts where
the pipeline is shown as judged.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from salesops_desktop.jobs.company import newest_day
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.forecast_returns import SHAPES, Answers, Said, check_answers
from salesops_desktop.jobs.judgement_records import (
    Judgement,
    JudgementReport,
    ShowJudgements,
    load_judgements,
    open_judgements,
    store_judgements,
)
from salesops_desktop.model.errors import Fault, FaultsError, NothingToDoError
from salesops_desktop.model.progress import part_of
from salesops_desktop.sheets.reading import SheetReader
from salesops_desktop.workspace.text import stored_now

__all__ = [
    "Judgement",
    "JudgementReport",
    "ShowJudgements",
    "accept_judgements",
    "decline_judgements",
    "import_judgements",
    "judgements",
    "withdraw_judgements",
]

# --- workbooks that come back


@job(
    "forecast import-judgements",
    title="Import managers' judgements",
    group="forecast",
    needs=Needs.WRITE,
    examples=(
        "forecast import-judgements company.salesops 'Forecast Olga Petrov.xlsx'",
        "forecast import-judgements company.salesops returned/*.xlsx --dry-run",
    ),
)
def import_judgements(context: JobContext, files: list[Path], *, dry_run: bool = False) -> JudgementReport:
    """Read what managers say in the workbooks they send back, and keep it as open until you accept or decline it.

    What is kept already is not taken twice, so the same file may be imported again.

    Args:
        files: the workbooks, as they came.
        dry_run: only show what would be kept.
    """
    with SheetReader() as reader:
        books = []
        for i, file in enumerate(files):
            share = part_of(context.progress, 60 * i / len(files), 60 * (i + 1) / len(files))
            books.append(reader.returned_lists(file, SHAPES, progress=share))
    with context.workspace.read() as connection:
        answers = [check_answers(connection, book) for book in books]
        known = {
            _known(j, str(j.who)) for j in load_judgements(connection, ShowJudgements.ALL) if j.status != "withdrawn"
        }
        day = newest_day(connection) or dt.datetime.now(dt.UTC).date()
    faults = [fault for answer in answers for fault in answer.faults]
    notices = [notice for answer in answers for notice in answer.notices]
    fresh = [(answer, said) for answer in answers for said in answer.said if _key(said, answer.who) not in known]
    every = sum(len(answer.said) for answer in answers)
    if not every and faults:
        raise FaultsError("None of the entries could be taken.", faults, where=", ".join(f.name for f in files))
    if not every:
        raise NothingToDoError(
            "Nothing was said: no tinted cell holds anything new.", where=", ".join(file.name for file in files)
        )
    if len(fresh) < every:
        notices.append(f"{every - len(fresh):,} entries are kept already and were not taken twice.")
    count = f"{len(fresh):,} judgement{'' if len(fresh) == 1 else 's'}"
    if dry_run:
        shown = tuple(_as_kept(answer, said) for answer, said in fresh)
        return JudgementReport(shown, (f"{count} found.",), tuple(faults), tuple(notices))
    if fresh:
        name = files[0].name if len(files) == 1 else f"{len(files)} files"
        with context.workspace.action(f"Import {count} from {name}", kind="import") as unit:
            store_judgements(unit.connection, fresh, day)
        context.changed("judgement")
    return open_judgements(context, (f"{count} imported.",), faults, notices)


def _key(said: Said, who: str) -> tuple[object, ...]:
    return who, said.node, said.start, said.opportunity, said.field, said.value, said.reason or ""


def _known(kept: Judgement, who: str) -> tuple[object, ...]:
    field = "own number" if kept.field == "override" else kept.field
    return who, kept.node, kept.start, kept.opportunity, field, kept.value, kept.reason


def _as_kept(answer: Answers, said: Said) -> Judgement:
    return Judgement(
        0, answer.who, stored_now(), answer.file, said.scope, said.label, said.period or "", said.field,
        said.at_export, said.before, said.value, said.currency, said.reason or "", "open", said.node, said.start,
        said.opportunity, said.before,
    )  # fmt: skip


# --- looking at them, deciding


@job(
    "forecast judgements",
    title="Show judgements of the forecast",
    group="forecast",
    examples=("forecast judgements company.salesops", "forecast judgements company.salesops --status all"),
)
def judgements(context: JobContext, *, status: ShowJudgements = ShowJudgements.OPEN) -> JudgementReport:
    """Show what people say against the forecast: what was there when they said it, what is there now, and why.

    Args:
        status: open, accepted, declined, withdrawn or all.
    """
    with context.workspace.read() as connection:
        shown = load_judgements(connection, status)
    kind = "" if status is ShowJudgements.ALL else f"{status.value} "
    told = f"{len(shown):,} {kind}judgement{'' if len(shown) == 1 else 's'}."
    return JudgementReport(tuple(shown), (told,))


@job(
    "forecast accept-judgements",
    title="Accept judgements of the forecast",
    group="forecast",
    needs=Needs.WRITE,
    examples=(
        "forecast accept-judgements company.salesops",
        "forecast accept-judgements company.salesops --ids 3 4 --override",
    ),
)
def accept_judgements(context: JobContext, *, ids: list[int] | None = None, override: bool = False) -> JudgementReport:
    """Accept judgements; one action, to be undone as one.

    Args:
        ids: their numbers; without, all open ones but those said against something that has changed since, and those
            that contradict each other.
        override: own numbers among them fix the forecast of their node and period from now on.
    """
    with context.workspace.read() as connection:
        shown = load_judgements(connection, ShowJudgements.OPEN)
    left = 0
    if ids is None:
        contested = JudgementReport(tuple(shown)).contested()
        chosen = [one for one in shown if not one.stale and one.id not in contested]
        left = len(shown) - len(chosen)
        if not chosen:
            raise NothingToDoError(
                "There is no open judgement that can be accepted without a look at it.",
                way_out="Name those to accept: --ids.",
            )
    else:
        chosen = _named(shown, ids)
        _refuse_contradictions(chosen)
    count = f"{len(chosen):,} judgement{'' if len(chosen) == 1 else 's'}"
    fixed = [one.id for one in chosen if override and one.field == "own number"]
    with context.workspace.action(f"Accept {count}") as unit:
        _replace_older(unit.connection, chosen, set(fixed), context.workspace.who)
        _decide(unit.connection, [one.id for one in chosen], "accepted", context.workspace.who)
        unit.connection.exec_driver_sql(
            "UPDATE judgement SET field = 'override' WHERE id = ?", [(ident,) for ident in fixed] or [(0,)]
        )
    context.changed("judgement")
    told = [f"{count} accepted" + (f", {len(fixed):,} of them fix the forecast." if fixed else ".")]
    if left:
        told.append(f"{left:,} were left open: said against what has changed since, or against each other.")
    return open_judgements(context, tuple(told))


def _refuse_contradictions(chosen: Sequence[Judgement]) -> None:
    contested = JudgementReport(tuple(chosen)).contested()
    if contested:
        faults = [
            Fault(
                f"Judgement {one.id}", f"{one.who} says {one.shown(one.value)} of {one.label}, another says otherwise."
            )
            for one in chosen
            if one.id in contested
        ]
        raise FaultsError("Nothing was changed.", faults, way_out="Accept one of them.")


def _replace_older(connection: Connection, chosen: Sequence[Judgement], fixed: set[int], who: str) -> None:
    """Of accepted judgements of a deal, and of overrides of a node and period, the newest holds: the others end."""
    for one in chosen:
        if one.field == "comment" or (one.scope == "node" and one.field != "override" and one.id not in fixed):
            continue
        field = "override" if one.scope == "node" else one.field
        connection.exec_driver_sql(
            "UPDATE judgement SET status = 'withdrawn', decided_at = ?, decided_by = ? WHERE status = 'accepted' "
            "AND field = ? AND node_key IS ? AND period_start IS ? AND opportunity_id IS ? AND id <> ?",
            (stored_now(), who, field, one.node, one.start, one.opportunity, one.id),
        )


@job(
    "forecast decline-judgements",
    title="Decline judgements of the forecast",
    group="forecast",
    needs=Needs.WRITE,
    examples=("forecast decline-judgements company.salesops --ids 5",),
)
def decline_judgements(context: JobContext, *, ids: list[int] | None = None) -> JudgementReport:
    """Decline judgements; they are kept as declined.

    Args:
        ids: their numbers; all open ones by default.
    """
    return _end(context, ShowJudgements.OPEN, ids, "declined")


@job(
    "forecast withdraw-judgements",
    title="Withdraw accepted judgements",
    group="forecast",
    needs=Needs.WRITE,
    examples=("forecast withdraw-judgements company.salesops --ids 5",),
)
def withdraw_judgements(context: JobContext, *, ids: list[int] | None = None) -> JudgementReport:
    """Let accepted judgements hold no longer; they are kept as withdrawn.

    Args:
        ids: their numbers; all accepted ones by default.
    """
    return _end(context, ShowJudgements.ACCEPTED, ids, "withdrawn")


def _end(context: JobContext, show: ShowJudgements, ids: list[int] | None, status: str) -> JudgementReport:
    with context.workspace.read() as connection:
        shown = load_judgements(connection, show)
    chosen = shown if ids is None else _named(shown, ids, show.value)
    if not chosen:
        raise NothingToDoError(f"There are no {show.value} judgements.")
    count = f"{len(chosen):,} judgement{'' if len(chosen) == 1 else 's'}"
    with context.workspace.action(f"{'Decline' if status == 'declined' else 'Withdraw'} {count}") as unit:
        _decide(unit.connection, [one.id for one in chosen], status, context.workspace.who)
    context.changed("judgement")
    return open_judgements(context, (f"{count} {status}.",))


def _named(shown: Sequence[Judgement], ids: Sequence[int], kind: str = "open") -> list[Judgement]:
    by_id = {one.id: one for one in shown}
    strange = [number for number in dict.fromkeys(ids) if number not in by_id]
    if strange:
        faults = [Fault(f"Judgement {number}", f"it is not {kind}.") for number in strange]
        raise FaultsError("Nothing was changed.", faults, way_out="See them: forecast judgements.")
    return [by_id[number] for number in dict.fromkeys(ids)]


def _decide(connection: Connection, ids: Sequence[int], status: str, who: str) -> None:
    connection.exec_driver_sql(
        "UPDATE judgement SET status = ?, decided_at = ?, decided_by = ? WHERE id = ?",
        [(status, stored_now(), who, ident) for ident in ids],
    )
