"""What the cards, the picker and the tables of the Territories tab show."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import Table, ValueKind
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.figure_strip import Figure
from salesops_desktop.ui.widgets.figure_card import Tone
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.territory_reports import BeforeAfter, ScenarioHead, TerritoryReport
    from salesops_desktop.ui.tabs.territories.editing import Effect

_LABELS: Final = {
    "Mean distance to the person's home or centre": "Mean distance to travel",
    "Accounts that change hands": "Accounts that change hands",
}
"""Short labels; the job's own words are the tooltip."""
_DEVIATION: Final = "Largest deviation in "
_WHOLE: Final = "Territories in one piece"
_DISTANCE: Final = "Mean distance to the person's home or centre"
_HIDDEN: Final = frozenset({"latitude", "longitude", "external_id"})
_FIRST: Final = ("territory", "potential_off", "workload_off", "km", "pieces", "accounts", "moved_in", "person")
"""The columns of the territories one looks at first."""
_MOST_SAID: Final = 3
"""So many broken or mended rules fit a card."""
_INNER: Final = frozenset({"territory_id"})


def behind(figure: str, measures: Sequence[str]) -> str:
    """What lies behind a figure: ``changes``, a column of the territories' table, or nothing."""
    if "change" in figure and "hands" in figure:
        return "changes"
    if figure == _DISTANCE:
        return "km"
    if figure == _WHOLE:
        return "pieces"
    measure = figure.removeprefix(_DEVIATION)
    if measure in ("potential", "workload"):
        return f"{measure}_off"
    further = [name for name in measures if name not in ("potential", "workload")]
    return f"m{further.index(measure) + 1}_off" if measure in further else ""


def figures_of(
    report: TerritoryReport, formats: Formats, *, today: bool, balance: Sequence[BeforeAfter] | None = None
) -> list[Figure]:
    """The figures: after, and how it was before.

    Args:
        report: the scenario.
        formats: how numbers are written.
        today: whether today's owners are shown, who change nothing.
        balance: the figures where they are newer than the report's.
    """
    shown = report.balance if balance is None else balance
    return [_figure(each, report, formats) for each in shown if not (today and "hands" in each.label)]


def _figure(each: BeforeAfter, report: TerritoryReport, formats: Formats) -> Figure:
    def shown(value: float) -> str:
        if each.kind is ValueKind.FRACTION:
            return formats.percent(value, 1)
        return tr("{n} km", n=formats.number(value, 0))

    delta, note = "", _note(each, report, formats)
    tone: Tone = "text_muted"
    if each.before is not None:
        better = each.after > each.before if each.label == _WHOLE else each.after < each.before
        if shown(each.after) != shown(each.before):
            delta = "▲" if each.after > each.before else "▼"
            tone = "success" if better else "warning"
        note = tr("today {value}", value=shown(each.before))
    return Figure(each.label, _label(each.label), shown(each.after), delta, tone, note, tr(each.label))


def _label(label: str) -> str:
    if label.startswith(_DEVIATION):
        measure = tr(label.removeprefix(_DEVIATION).capitalize())
        return tr("{measure} off target, at most", measure=measure)
    return tr(_LABELS.get(label, label))


def _note(each: BeforeAfter, report: TerritoryReport, formats: Formats) -> str:
    """What a figure without a before is measured on."""
    count = len(report.territories)
    if each.label == _WHOLE:
        return tr("{n} of {total}", n=formats.integer(round(each.after * count)), total=formats.integer(count))
    if each.label == "Accounts that change hands":
        total = len(report.accounts)
        return tr("{n} of {total}", n=formats.integer(round(each.after * total)), total=formats.integer(total))
    if each.label == "Potential that changes hands":
        return formats.short_money(each.after * float(report.accounts["potential"].values.sum()), report.currency)
    if "hands" in each.label:
        return ""
    if each.kind is ValueKind.FRACTION:
        return tr("worst of {n} territories", n=formats.integer(count))
    return tr("from home to account")


def effect_lines(effect: Effect, territory: int, formats: Formats) -> tuple[tuple[str, str], ...]:
    """What a move does, for the card beside the pointer: (text, colour role).

    Args:
        effect: what it does.
        territory: the number of the territory it goes to, at the desk.
        formats: how figures are written.
    """
    before, after = effect.before, effect.after
    lines = []
    for name, worst in after.balance.items():
        old = before.balance[name]
        tone = "text" if abs(worst - old) < 5e-5 else "success" if worst < old else "warning"
        here = formats.percent(float(after.deviation[name][territory]), 1)
        lines.append(
            (
                tr(
                    "{measure}: here {here}, worst {old} → {new}", measure=tr(name.capitalize()), here=here,
                    old=formats.percent(old, 1), new=formats.percent(worst, 1),
                ),
                tone,
            )
        )  # fmt: skip
    km, was = after.mean_km, before.mean_km
    tone = "text" if abs(km - was) < 0.05 else "success" if km < was else "warning"
    lines.append((tr("Distance {old} → {new} km", old=formats.number(was, 1), new=formats.number(km, 1)), tone))
    moved, were = after.moved_count, before.moved_count
    tone = "text" if moved == were else "success" if moved < were else "warning"
    lines.append(
        (tr("Change hands {old} → {new}", old=formats.integer(int(were)), new=formats.integer(int(moved))), tone)
    )
    lines += [(str(issue.sentence), "error") for issue in (*effect.breaks, *effect.worsens)][:_MOST_SAID]
    lines += [(tr("Mends: {what}", what=str(issue.sentence)), "success") for issue in effect.mends][:_MOST_SAID]
    return tuple(lines)


def without_cents(table: Table) -> Table:
    """A table in which money is written without minor units where a column has none."""
    columns = []
    for column in table.columns:
        if column.kind is ValueKind.MONEY and column.currency and column.currencies is None:
            unit = 10 ** exponent(column.currency)
            if not (np.asarray(column.values, dtype=np.int64) % unit).any():
                column = dataclasses.replace(column, digits=0)  # noqa: PLW2901  # the same column, written shorter
        columns.append(column)
    return dataclasses.replace(table, columns=tuple(columns))


def scenario_label(head: ScenarioHead) -> str:
    """A scenario in the picker: its name and where it stands."""
    return f"{head.name} ({tr(head.status)})"


def territory_table(table: Table, *, today: bool) -> Table:
    """The territories as the grid shows them: rows are known by their place, the person only where it says more.

    Args:
        table: the territories.
        today: whether they are today's owners, into whose hands nothing moves.
    """
    gone = {"moved_in", *_INNER} if today else set(_INNER)
    if list(table["person"].values) == list(table["territory"].values):
        gone.add("person")
    kept = [column for column in table.columns if column.name not in gone]
    kept.sort(key=lambda column: _FIRST.index(column.name) if column.name in _FIRST else len(_FIRST))
    return without_cents(dataclasses.replace(table, columns=tuple(kept), keys=None))


def account_table(table: Table, *, moves: bool = True) -> Table:
    """The accounts as the grid shows them: without what the map shows better.

    Args:
        table: the accounts.
        moves: whether the column that tells which change hands says something here.
    """
    gone = _HIDDEN if moves else _HIDDEN | {"moves"}
    return without_cents(dataclasses.replace(table, columns=tuple(c for c in table.columns if c.name not in gone)))
