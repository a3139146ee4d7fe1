"""What proposals do to a scenario: each alone, and all together; and the report that shows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from salesops_desktop.jobs.territory_problems import ScenarioProblem, assemble, build_problem
from salesops_desktop.jobs.territory_reports import BeforeAfter
from salesops_desktop.jobs.territory_units import single_accounts
from salesops_desktop.jobs.territory_wishes import UnitKind
from salesops_desktop.model.errors import Fault
from salesops_desktop.model.progress import Progress
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.territory.live import Effect, LiveDesign, LiveFigures

_T, _I, _N, _M, _F, _B = (
    ValueKind.TEXT,
    ValueKind.INTEGER,
    ValueKind.NUMBER,
    ValueKind.MONEY,
    ValueKind.FRACTION,
    ValueKind.BOOLEAN,
)


_RULES = {
    "tolerance": "tolerance",
    "torn": "one piece",
    "lock": "lock",
    "forbidden": "forbidden pair",
    "family": "family together",
    "boundary": "boundary",
    "budget": "budget",
}
"""What a broken rule is called in one or two words."""


@dataclass(frozen=True, slots=True)
class StoredProposal:
    """A proposal as it is kept, or (``id`` 0) as it would be.

    Attributes:
        id: row id.
        account: row id.
        name: the account's.
        from_id: the territory it was in when the workbook was made; None if that is no more.
        from_name: its name, "" if it is no more.
        to_id: the territory wanted; None for a comment alone.
        to_name: its name, "" for none.
        now_id: the territory the account is in; None if it has left the scenario.
        now_name: its name, "" for none.
        comment: what was said.
        by: whose it is.
        source: the file.
        status: open, accepted or declined.
    """

    id: int
    account: int
    name: str
    from_id: int | None
    from_name: str
    to_id: int | None
    to_name: str
    now_id: int | None
    now_name: str
    comment: str
    by: str
    source: str
    status: str

    @property
    def stale(self) -> bool:
        """Whether the account has moved since the workbook was made."""
        return self.status == "open" and self.now_id != self.from_id


@dataclass(frozen=True, slots=True)
class ProposalReport:
    """Proposals for a scenario and what they would do to it.

    Attributes:
        scenario: its row id.
        name: its name.
        table: one row a proposal, with the effect of it alone; keys are the proposals' row ids (0: not stored).
        accounts: account row id of each row.
        breaks: of each row, what the proposal alone would break, in sentences.
        effect: figures of the scenario before and after all open proposals shown.
        faults: rows of a file that could not be taken, with their places.
        notices: what a reader should know.
        told: what was done.
    """

    scenario: int
    name: str
    table: Table
    accounts: npt.NDArray[np.int64]
    breaks: tuple[tuple[str, ...], ...] = ()
    effect: tuple[BeforeAfter, ...] = ()
    faults: tuple[Fault, ...] = ()
    notices: tuple[str, ...] = ()
    told: tuple[str, ...] = field(default=())

    def summary(self) -> Sequence[str]:
        """What was done, what all of it would do, what could not be taken."""
        said = [*self.told]
        for figure in self.effect:
            before, after = _shown(figure.before, figure.kind), _shown(figure.after, figure.kind)
            said.append(f"{figure.label}: {before} now, {after} with all that is open.")
        if self.faults:
            said.append(f"{len(self.faults):,} rows could not be taken:")
            said += [f"{fault.where}: {fault.what} {fault.way_out}".rstrip() for fault in self.faults]
        return [*said, *self.notices]

    def tables(self) -> Sequence[Table]:
        """The proposals; columns that say the same in every row are left to the sentences."""
        table = self.table
        quiet = set() if any(table["stale"].values) else {"stale", "now"}
        quiet |= {name for name in ("status", "source") if len(set(table[name].values.tolist())) == 1}
        columns = tuple(column for column in table.columns if column.name not in quiet)
        return [dataclasses.replace(table, columns=columns)]


def _shown(value: float | None, kind: ValueKind) -> str:
    if value is None:
        return "not known"
    return f"{value:.1%}" if kind is ValueKind.FRACTION else f"{value:,.1f} km"


def proposal_report(
    connection: Connection,
    scenario: int,
    name: str,
    proposals: Sequence[StoredProposal],
    *,
    progress: Progress,
    faults: Sequence[Fault] = (),
    notices: Sequence[str] = (),
    told: Sequence[str] = (),
) -> ProposalReport:
    """Measure what each proposal does alone, and all open ones together.

    Args:
        connection: a read connection.
        scenario: its row id.
        name: its name.
        proposals: to show; only open ones with a territory are measured.
        progress: told how many have been measured; may cancel.
        faults: for the report.
        notices: for the report.
        told: for the report.
    """
    asked = [p for p in proposals if p.status == "open" and p.to_id is not None and p.now_id is not None]
    if asked:
        made = _by_accounts(connection, build_problem(connection, scenario, progress=progress))
        currency = made.inputs.facts.currency
        effects, effect = _measured(made, asked, progress)
    else:
        currency, effects, effect = "", {}, ()
    table = _table(proposals, effects, currency)
    accounts = np.array([p.account for p in proposals], dtype=np.int64)
    breaks = tuple(
        tuple(issue.sentence for issue in effects[id(p)].breaks) if id(p) in effects else () for p in proposals
    )
    return ProposalReport(scenario, name, table, accounts, breaks, effect, tuple(faults), tuple(notices), tuple(told))


def _by_accounts(connection: Connection, made: ScenarioProblem) -> ScenarioProblem:
    """The same scenario with every account a unit of its own: proposals are about accounts, not about areas."""
    if made.wishes.units is UnitKind.ACCOUNTS:
        return made
    seat = made.seat_of_account
    units = single_accounts(made.inputs.accounts, np.flatnonzero(seat >= 0))
    return assemble(connection, made.inputs, made.wishes, made.seats, units, seat)


def _measured(
    made: ScenarioProblem, asked: Sequence[StoredProposal], progress: Progress
) -> tuple[dict[int, Effect], tuple[BeforeAfter, ...]]:
    """The effect of each proposal by its place among ``asked``'s identities, and of all together."""
    design = LiveDesign(made.problem, made.assignment, made.edges)
    row = {int(account): i for i, account in enumerate(made.inputs.accounts["id"])}
    seat = {each.territory_id: i for i, each in enumerate(made.seats)}
    effects: dict[int, Effect] = {}
    units, targets = [], []
    for number, proposal in enumerate(asked):
        progress(number, len(asked), "Measuring what the proposals do")
        unit = int(made.unit_of_account[row[proposal.account]]) if proposal.account in row else -1
        if unit < 0 or proposal.to_id not in seat:
            continue
        units.append(unit)
        targets.append(seat[proposal.to_id])
        effects[id(proposal)] = design.preview(np.array([unit], dtype=np.intp), targets[-1])
    if not units:
        return effects, ()
    together = design.preview_each(np.array(units, dtype=np.intp), np.array(targets, dtype=np.intp))
    return effects, tuple(_before_after(together))


def _before_after(effect: Effect) -> list[BeforeAfter]:
    before, after = effect.before, effect.after
    figures = [
        BeforeAfter(f"Largest deviation in {name}", before.balance[name], after.balance[name], _F)
        for name in before.balance
    ]
    figures.append(BeforeAfter("Mean distance to the person's home or centre", before.mean_km, after.mean_km, _N))
    figures.append(BeforeAfter("Territories in one piece", _whole(before), _whole(after), _F))
    return figures


def _whole(figures: LiveFigures) -> float:
    return float((figures.pieces <= 1).mean())


def _table(proposals: Sequence[StoredProposal], effects: dict[int, Effect], currency: str) -> Table:
    names = list(next(iter(effects.values())).before.balance) if effects else []
    specs = [
        ColumnSpec("id", "Proposal", _I, digits=0),
        ColumnSpec("account", "Account", _T),
        ColumnSpec("from", "From", _T),
        ColumnSpec("to", "To", _T),
        ColumnSpec("comment", "Comment", _T),
        ColumnSpec("by", "By", _T),
        ColumnSpec("source", "File", _T),
        ColumnSpec("status", "Status", _T),
        ColumnSpec("stale", "Moved since", _B, description="The scenario has changed since the workbook was made."),
        ColumnSpec("now", "Now in", _T),
    ]
    for name in names:
        said = name.capitalize()
        specs += [
            ColumnSpec(
                f"{name}_from", f"{said} off target there", _F, digits=1, description="Of the giver, afterwards."
            ),
            ColumnSpec(f"{name}_to", f"{said} off target here", _F, digits=1, description="Of the taker, afterwards."),
            ColumnSpec(
                f"{name}_worst",
                f"Worst {name}",
                _F,
                digits=2,
                description="Change of the scenario's largest deviation.",
            ),
        ]
    specs += [
        ColumnSpec("km", "Mean km", _N, digits=2, description="Change of the scenario's mean distance."),
        ColumnSpec("breaks", "Breaks", _T, description="Rules that are kept now and would not be any more."),
    ]
    rows = []
    for proposal in proposals:
        line: dict[str, object] = {
            "id": proposal.id, "account": proposal.name, "from": proposal.from_name or None,
            "to": proposal.to_name or None, "comment": proposal.comment or None, "by": proposal.by or None,
            "source": proposal.source or None, "status": proposal.status, "stale": proposal.stale,
            "now": proposal.now_name or None,
        }  # fmt: skip
        effect = effects.get(id(proposal))
        if effect is not None and len(effect.units):
            giver, taker = int(effect.sources[0]), int(effect.targets[0])
            for name in names:
                line[f"{name}_from"] = float(effect.after.deviation[name][giver]) if giver >= 0 else None
                line[f"{name}_to"] = float(effect.after.deviation[name][taker])
                line[f"{name}_worst"] = effect.after.balance[name] - effect.before.balance[name]
            line["km"] = effect.after.mean_km - effect.before.mean_km
            line["breaks"] = ", ".join(dict.fromkeys(_RULES[issue.kind] for issue in effect.breaks)) or None
        rows.append(line)
    return build_table("Proposals", specs, rows, entity="proposal", key="id")
