"""Proposals of managers: read from the workbooks they send back, shown with their effect, accepted or declined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.territory_effects import ProposalReport, StoredProposal, proposal_report
from salesops_desktop.jobs.territory_returns import Returned, Wish, check_returned
from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError, NothingToDoError
from salesops_desktop.model.progress import part_of
from salesops_desktop.sheets.reading import SheetReader
from salesops_desktop.workspace.text import stored_now

__all__ = [
    "ProposalReport",
    "Show",
    "accept_proposals",
    "decline_proposals",
    "import_proposals",
    "proposals",
]


class Show(StrEnum):
    """Which proposals to show."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ALL = "all"


_STORED = """
SELECT p.id, p.account_id, a.name, p.from_territory_id, coalesce(f.name, ''), p.to_territory_id, coalesce(t.name, ''),
       s.territory_id, coalesce(n.name, ''), coalesce(p.comment, ''), coalesce(p.proposed_by, ''),
       coalesce(p.source, ''), p.status
FROM proposal p JOIN account a ON a.id = p.account_id
LEFT JOIN territory f ON f.id = p.from_territory_id LEFT JOIN territory t ON t.id = p.to_territory_id
LEFT JOIN assignment s ON s.scenario_id = p.scenario_id AND s.account_id = p.account_id
LEFT JOIN territory n ON n.id = s.territory_id
WHERE p.scenario_id = ? AND (? = 'all' OR p.status = ?) ORDER BY p.id
"""


@job(
    "territories import-proposals",
    title="Import managers' proposals",
    group="territories",
    needs=Needs.WRITE,
    examples=(
        "territories import-proposals company.salesops 'FY27 Olga Petrov.xlsx'",
        "territories import-proposals company.salesops returned/*.xlsx --dry-run",
    ),
)
def import_proposals(context: JobContext, files: list[Path], *, dry_run: bool = False) -> ProposalReport:
    """Read the proposals of workbooks that managers sent back, and keep them as open until you accept or decline them.

    What was proposed before and is still open is not taken twice, so the same file may be imported again.

    Args:
        files: the workbooks, as they came.
        dry_run: only show what would be kept.
    """
    with SheetReader() as reader:
        books = []
        for i, file in enumerate(files):
            share = part_of(context.progress, 60 * i / len(files), 60 * (i + 1) / len(files))
            books.append(reader.returned(file, progress=share))
    with context.workspace.read() as connection:
        found = check_returned(connection, books)
        known = {(p.account, p.to_id, p.comment or None, p.source) for p in _load(connection, found.scenario)}
    fresh = [w for w in found.wishes if (w.account, w.to_id, w.comment, w.source) not in known]
    if len(fresh) < len(found.wishes):
        found.notices.append(f"{len(found.wishes) - len(fresh):,} proposals are open already and were not taken twice.")
    if not found.wishes and found.faults:
        raise FaultsError("None of the proposals could be taken.", found.faults, where=", ".join(f.name for f in files))
    if not found.wishes:
        raise NothingToDoError(
            "Nothing was proposed: no tinted cell is filled in.", where=", ".join(file.name for file in files)
        )
    count = f"{len(fresh):,} proposal{'' if len(fresh) == 1 else 's'}"
    if dry_run:
        with context.workspace.read() as connection:
            return _report(context, connection, found, _as_stored(connection, found.scenario, fresh), f"{count} found.")
    if fresh:
        name = files[0].name if len(files) == 1 else f"{len(files)} files"
        with context.workspace.action(f"Import {count} from {name}", kind="import") as unit:
            _store(unit.connection, found.scenario, fresh)
        context.changed("proposal")
    with context.workspace.read() as connection:
        return _report(context, connection, found, _load(connection, found.scenario), f"{count} imported.")


def _store(connection: Connection, scenario: int, wishes: Sequence[Wish]) -> None:
    now = stored_now()
    connection.exec_driver_sql(
        "INSERT INTO proposal (scenario_id, account_id, from_territory_id, to_territory_id, comment, proposed_by, "
        "source, status, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'open', ?)",
        [(scenario, w.account, w.from_id, w.to_id, w.comment, w.by, w.source, now) for w in wishes],
    )


def _load(connection: Connection, scenario: int, status: Show = Show.OPEN) -> list[StoredProposal]:
    rows = connection.exec_driver_sql(_STORED, (scenario, status.value, status.value))
    return [StoredProposal(*row) for row in rows]


def _as_stored(connection: Connection, scenario: int, wishes: Sequence[Wish]) -> list[StoredProposal]:
    """Wishes as they would be kept."""
    territories = {
        int(row[0]): str(row[1])
        for row in connection.exec_driver_sql("SELECT id, name FROM territory WHERE scenario_id = ?", (scenario,))
    }
    held = {
        int(row[0]): (int(row[1]), str(row[2]))
        for row in connection.exec_driver_sql(
            "SELECT s.account_id, s.territory_id, a.name FROM assignment s JOIN account a ON a.id = s.account_id "
            "WHERE s.scenario_id = ?",
            (scenario,),
        )
    }
    return [
        StoredProposal(
            0, w.account, held[w.account][1], w.from_id, territories.get(w.from_id, ""), w.to_id,
            territories.get(w.to_id or 0, ""), held[w.account][0], territories[held[w.account][0]], w.comment or "",
            w.by or "", w.source, "open",
        )
        for w in wishes
    ]  # fmt: skip


def _report(
    context: JobContext, connection: Connection, found: Returned, shown: Sequence[StoredProposal], told: str
) -> ProposalReport:
    return proposal_report(
        connection,
        found.scenario,
        _name(connection, found.scenario),
        shown,
        progress=context.progress,
        faults=found.faults,
        notices=(*found.notices, *_open_notices(shown)),
        told=(told,),
    )


def _open_notices(shown: Sequence[StoredProposal]) -> list[str]:
    """Proposals that need a look of their own: moved since, or against each other."""
    said = []
    for proposal in shown:
        if proposal.stale:
            now = f"is in {proposal.now_name} now" if proposal.now_name else "has left the scenario"
            was = proposal.from_name or "a territory that is no more"
            said.append(f"Proposal {proposal.id}: {proposal.name} was in {was} when the workbook was made and {now}.")
    for account, wanted in _contested(shown).items():
        name = next(p.name for p in shown if p.account == account)
        said.append(f"{name} is wanted for {' and for '.join(wanted)}: accept one of them by its number.")
    return said


def _contested(shown: Sequence[StoredProposal]) -> dict[int, list[str]]:
    """Accounts that open proposals want in several territories."""
    wanted: dict[int, list[str]] = {}
    for proposal in shown:
        if proposal.status == "open" and proposal.to_id is not None:
            names = wanted.setdefault(proposal.account, [])
            if proposal.to_name not in names:
                names.append(proposal.to_name)
    return {account: names for account, names in wanted.items() if len(names) > 1}


def _name(connection: Connection, scenario: int) -> str:
    name = connection.exec_driver_sql("SELECT name FROM scenario WHERE id = ?", (scenario,)).scalar()
    if name is None:
        raise InputRefusedError(f"There is no scenario {scenario}.", way_out="See the list: territories list.")
    return str(name)


@job(
    "territories proposals",
    title="Show managers' proposals",
    group="territories",
    examples=("territories proposals company.salesops 1", "territories proposals company.salesops 1 --status all"),
)
def proposals(context: JobContext, scenario: int = 0, *, status: Show = Show.OPEN) -> ProposalReport:
    """Show what managers propose for a scenario, each proposal with what it alone would do, and all of them together.

    Args:
        scenario: its number in the list; 0 for the one with the newest proposals.
        status: open, accepted, declined or all.
    """
    with context.workspace.read() as connection:
        number = scenario
        if not number:
            newest = connection.exec_driver_sql("SELECT scenario_id FROM proposal ORDER BY id DESC LIMIT 1").scalar()
            number = int(newest or 0)
        if not number:
            return proposal_report(
                connection, 0, "", (), progress=context.progress, told=("No manager has proposed anything yet.",)
            )
        name = _name(connection, number)
        shown = _load(connection, number, status)
        kind = "" if status is Show.ALL else f"{status.value} "
        told = f"{name}: {len(shown):,} {kind}proposal{'' if len(shown) == 1 else 's'}."
        return proposal_report(
            connection, number, name, shown, progress=context.progress, notices=_open_notices(shown), told=(told,)
        )


@job(
    "territories accept-proposals",
    title="Accept managers' proposals",
    group="territories",
    needs=Needs.WRITE,
    examples=(
        "territories accept-proposals company.salesops 1",
        "territories accept-proposals company.salesops 1 --ids 3 4 7",
    ),
)
def accept_proposals(context: JobContext, scenario: int, *, ids: list[int] | None = None) -> ProposalReport:
    """Move the accounts of a scenario as managers proposed; one action, to be undone as one.

    Args:
        scenario: its number in the list.
        ids: the proposals' numbers; without, all open ones but those of accounts that have moved since, that are
            locked by now, or that are wanted by several.
    """
    with context.workspace.read() as connection:
        name = _name(connection, scenario)
        shown = _load(connection, scenario)
        locked = _locked(connection, scenario)
    chosen, left = _chosen(scenario, shown, ids, locked)
    moving = [p for p in chosen if p.to_id is not None and p.to_id != p.now_id]
    count = f"{len(chosen):,} proposal{'' if len(chosen) == 1 else 's'}"
    with context.workspace.action(f"Accept {count} for {name}") as unit:
        if moving:
            unit.connection.exec_driver_sql(
                "UPDATE assignment SET territory_id = ?, reason = ? WHERE scenario_id = ? AND account_id = ?",
                [(p.to_id, f"proposed by {p.by or p.source}", scenario, p.account) for p in moving],
            )
        _decide(unit.connection, chosen, Show.ACCEPTED)
    context.changed("assignment", "proposal")
    moved = f"{len(moving):,} account{'' if len(moving) == 1 else 's'} moved"
    return _after(context, scenario, name, (f"{count} accepted: {moved}.", *left))


@job(
    "territories decline-proposals",
    title="Decline managers' proposals",
    group="territories",
    needs=Needs.WRITE,
    examples=(
        "territories decline-proposals company.salesops 1",
        "territories decline-proposals company.salesops 1 --ids 5",
    ),
)
def decline_proposals(context: JobContext, scenario: int, *, ids: list[int] | None = None) -> ProposalReport:
    """Decline what managers proposed for a scenario; the proposals are kept as declined.

    Args:
        scenario: its number in the list.
        ids: the proposals' numbers; all open ones by default.
    """
    with context.workspace.read() as connection:
        name = _name(connection, scenario)
        shown = _load(connection, scenario)
    chosen = _named(scenario, shown, ids) if ids is not None else shown
    if not chosen:
        raise NothingToDoError(f"{name} has no open proposals.")
    count = f"{len(chosen):,} proposal{'' if len(chosen) == 1 else 's'}"
    with context.workspace.action(f"Decline {count} for {name}") as unit:
        _decide(unit.connection, chosen, Show.DECLINED)
    context.changed("proposal")
    return _after(context, scenario, name, (f"{count} declined.",))


def _after(context: JobContext, scenario: int, name: str, told: Sequence[str]) -> ProposalReport:
    """What is open still."""
    with context.workspace.read() as connection:
        shown = _load(connection, scenario)
        return proposal_report(
            connection, scenario, name, shown, progress=context.progress, notices=_open_notices(shown), told=told
        )


def _decide(connection: Connection, chosen: Sequence[StoredProposal], status: Show) -> None:
    now = stored_now()
    connection.exec_driver_sql(
        "UPDATE proposal SET status = ?, decided_at = ? WHERE id = ?", [(status.value, now, p.id) for p in chosen]
    )


def _locked(connection: Connection, scenario: int) -> set[int]:
    rows = connection.exec_driver_sql(
        "SELECT a.account_id FROM assignment a JOIN territory t ON t.id = a.territory_id "
        "WHERE a.scenario_id = ? AND (a.locked OR t.locked)",
        (scenario,),
    )
    return {int(row[0]) for row in rows}


def _named(scenario: int, shown: Sequence[StoredProposal], ids: Sequence[int]) -> list[StoredProposal]:
    by_id = {p.id: p for p in shown}
    strange = [number for number in dict.fromkeys(ids) if number not in by_id]
    if strange:
        faults = [Fault(f"Proposal {number}", "it is not open in this scenario.") for number in strange]
        raise FaultsError(
            "Nothing was changed.", faults, way_out=f"See the open ones: territories proposals … {scenario}."
        )
    return [by_id[number] for number in dict.fromkeys(ids)]


def _chosen(
    scenario: int, shown: Sequence[StoredProposal], ids: Sequence[int] | None, locked: set[int]
) -> tuple[list[StoredProposal], list[str]]:
    """The proposals to accept, and what is said of those that are left."""
    if ids is not None:
        chosen = _named(scenario, shown, ids)
        faults = [
            Fault(f"Proposal {p.id}", f"{p.name} {why}.", way)
            for p in chosen
            for why, way in _against(p, chosen, locked)
        ]
        if faults:
            raise FaultsError("Nothing was changed.", faults)
        return chosen, []
    contested = _contested(shown)
    chosen = [
        p
        for p in shown
        if not p.stale and p.account not in contested and not (p.to_id is not None and p.account in locked)
    ]
    if not chosen:
        raise NothingToDoError(
            "There is no open proposal that can be accepted without a look at it.",
            way_out="Name the proposals to accept: --ids.",
        )
    left = len(shown) - len(chosen)
    said = f"{left:,} were left open: moved since, locked, or wanted by several. Accept those by their numbers."
    return chosen, [said] if left else []


def _against(proposal: StoredProposal, chosen: Sequence[StoredProposal], locked: set[int]) -> list[tuple[str, str]]:
    found = []
    if proposal.to_id is not None and proposal.account in locked:
        found.append(("is locked", "Unlock it first."))
    if proposal.now_id is None:
        found.append(("has left the scenario", "Decline the proposal."))
    twice = Counter(p.account for p in chosen if p.to_id is not None)
    if proposal.to_id is not None and twice[proposal.account] > 1:
        found.append(("is wanted by several of these", "Accept one of them."))
    return found
