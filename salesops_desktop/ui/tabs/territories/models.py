"""What the cards, the picker and the tables of the Territories tab show."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from salesops_desktop.model.tables import Table, ValueKind
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.figure_strip import Figure
from salesops_desktop.ui.widgets.figure_card import Tone
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.territory_reports import BeforeAfter, ScenarioHead, TerritoryReport

_LABELS: Final = {
    "Largest deviation in potential": "Potential off the mean, at most",
    "Largest deviation in workload": "Workload off the mean, at most",
    "Mean distance to the person's home or centre": "Mean distance to travel",
    "Territories in one piece": "Territories in one piece",
    "Accounts that change hands": "Accounts that change hands",
    "Potential that changes hands": "Potential that changes hands",
}
"""Short labels for cards; the job's own words are the tooltip."""
_MORE_IS_BETTER: Final = frozenset({"Territories in one piece"})
SORTS: Final = {
    "Largest deviation in potential": "potential_off",
    "Largest deviation in workload": "workload_off",
    "Mean distance to the person's home or centre": "km",
}
"""The column of the territories' table behind a figure."""
CHANGES: Final = frozenset({"Accounts that change hands", "Potential that changes hands"})
"""The figures behind which lies the list of accounts that change hands."""
_HIDDEN: Final = frozenset({"latitude", "longitude", "external_id"})


def figures_of(report: TerritoryReport, formats: Formats, *, today: bool) -> list[Figure]:
    """The cards: after, and how it was before.

    Args:
        report: the scenario.
        formats: how numbers are written.
        today: whether today's owners are shown, who change nothing.
    """
    return [_figure(each, report, formats) for each in report.balance if not (today and each.label in CHANGES)]


def _figure(each: BeforeAfter, report: TerritoryReport, formats: Formats) -> Figure:
    def shown(value: float) -> str:
        if each.kind is ValueKind.FRACTION:
            return formats.percent(value, 1)
        return tr("{n} km", n=formats.number(value, 0))

    delta, note = "", _note(each, report, formats)
    tone: Tone = "text_muted"
    if each.before is not None:
        better = each.after > each.before if each.label in _MORE_IS_BETTER else each.after < each.before
        if shown(each.after) != shown(each.before):
            delta = "▲" if each.after > each.before else "▼"
            tone = "success" if better else "warning"
        note = tr("today {value}", value=shown(each.before))
    label = tr(_LABELS.get(each.label, each.label))
    return Figure(each.label, label, shown(each.after), delta, tone, note, tr(each.label))


def _note(each: BeforeAfter, report: TerritoryReport, formats: Formats) -> str:
    """What a figure without a before is measured on."""
    count = len(report.territories)
    if each.label in _MORE_IS_BETTER:
        return tr("{n} of {total}", n=formats.integer(round(each.after * count)), total=formats.integer(count))
    if each.label == "Accounts that change hands":
        moved, total = formats.integer(len(report.handover)), formats.integer(len(report.accounts))
        return tr("{n} of {total}", n=moved, total=total)
    if each.label == "Potential that changes hands":
        return formats.money(int(report.handover["potential"].values.sum()), report.currency)
    if each.kind is ValueKind.FRACTION:
        return tr("worst of {n} territories", n=formats.integer(count))
    return tr("from home to account")


def scenario_label(head: ScenarioHead) -> str:
    """A scenario in the picker: its name and where it stands."""
    return f"{head.name} ({tr(head.status)})"


def territory_table(table: Table, *, today: bool) -> Table:
    """The territories as the grid shows them: rows are known by their place, the person only where it says more.

    Args:
        table: the territories.
        today: whether they are today's owners, into whose hands nothing moves.
    """
    gone = {"moved_in"} if today else set()
    if list(table["person"].values) == list(table["territory"].values):
        gone.add("person")
    return dataclasses.replace(table, columns=tuple(c for c in table.columns if c.name not in gone), keys=None)


def account_table(table: Table, *, moves: bool = True) -> Table:
    """The accounts as the grid shows them: without what the map shows better.

    Args:
        table: the accounts.
        moves: whether the column that tells which change hands says something here.
    """
    gone = _HIDDEN if moves else _HIDDEN | {"moves"}
    return dataclasses.replace(table, columns=tuple(c for c in table.columns if c.name not in gone))
