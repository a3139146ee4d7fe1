"""What the tables, the cards and the trace of the Commissions tab show."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from salesops_desktop.model.tables import Table
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.commissions.presenter import CurrencyTotal
from salesops_desktop.ui.tabs.figure_strip import Figure
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.commissions import LineTrace, RunHead, Step

_Index = QModelIndex | QPersistentModelIndex
_PEOPLE: Final = ("person", "payout", "attainment", "quota", "credited", "lines", "plan", "manager")
_LINES: Final = (
    "number", "transaction", "account", "credited_on", "credit_amount", "payout", "component", "amount",
    "total_before", "total_after", "quota", "plan",
)  # fmt: skip
RESULT: Final = 3
"""The column of the trace with the figures."""


def people_table(table: Table) -> Table:
    """The people as the grid shows them: what they are paid first; rows are known by their place."""
    return dataclasses.replace(table, columns=tuple(table[name] for name in _PEOPLE), keys=None)


def line_table(table: Table) -> Table:
    """A person's lines as the grid shows them: what was credited and what it paid first."""
    return dataclasses.replace(table, columns=tuple(table[name] for name in _LINES))


def run_label(head: RunHead) -> str:
    """A run in the picker: its period and where it stands."""
    return f"{head.period} ({tr(head.status.value)})"


def figures_of(totals: Sequence[CurrencyTotal], formats: Formats) -> list[Figure]:
    """One card per currency."""
    return [
        Figure(
            total.currency,
            tr("Commission in {currency}", currency=total.currency or tr("no currency")),
            formats.money(total.payout, total.currency or None),
            note=tr("{people} people, {lines} lines", people=formats.integer(total.people),
                    lines=formats.integer(total.lines)),
            description=tr("Click to see only those who are paid in this currency."),
        )
        for total in totals
    ]  # fmt: skip


class TraceModel(QAbstractTableModel):
    """The numbered steps of a line; the last one, the commission, stands out.

    Args:
        formats: how figures are written.
        parent: Qt's parent.
    """

    def __init__(self, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._formats = formats
        self._trace: LineTrace | None = None
        self._labels = (tr("Step"), tr("What"), tr("How"), tr("Result"), tr("From"))

    @property
    def steps(self) -> Sequence[Step]:
        """What is shown."""
        return () if self._trace is None else self._trace.steps

    def set_trace(self, trace: LineTrace | None) -> None:
        """Show another trace."""
        if trace is not self._trace:
            self.beginResetModel()
            self._trace = trace
            self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802  # Qt's signature
        """How many steps."""
        return 0 if parent.isValid() else len(self.steps)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802  # Qt's signature
        """Number, what, how, result, source."""
        return 0 if parent.isValid() else len(self._labels)

    def headerData(  # noqa: N802  # Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """The columns' labels."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._labels[section]
        return self._alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(  # noqa: PLR0911  # one return per role
        self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """A cell; the last step is bold on the colour of good news."""
        if not index.isValid():
            return None
        last = index.row() == len(self.steps) - 1
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return self._text(self.steps[index.row()], index.column())
            case Qt.ItemDataRole.TextAlignmentRole:
                return self._alignment(index.column())
            case Qt.ItemDataRole.FontRole if last or index.column() == RESULT:
                font = QFont()
                font.setWeight(QFont.Weight.Bold if last else QFont.Weight.Medium)
                return font
            case Qt.ItemDataRole.BackgroundRole if last:
                return theme.color("success_surface")
            case Qt.ItemDataRole.ForegroundRole if not last and index.column() in (0, 2, 4):
                return theme.color("text_muted")
        return None

    def text(self) -> str:
        """All steps, tab separated, with their labels: for the clipboard."""
        rows = [self._labels, *([self._text(s, c) for c in range(len(self._labels))] for s in self.steps)]
        return "\n".join("\t".join(row) for row in rows)

    @staticmethod
    def _alignment(column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if column in (0, RESULT) else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def _text(self, step: Step, column: int) -> str:
        match column:
            case 0:
                return str(step.number)
            case 1:
                return tr(step.label.split(", × ")[0])
            case 2:
                return tr(step.formula)
            case 3:
                return self.result(step)
            case _:
                return tr(step.source) if step.source else ""

    def result(self, step: Step) -> str:
        """The figure of a step as a person reads it, exact to the last digit."""
        assert self._trace is not None
        exact = self._trace.exact_amount(step)
        if exact is not None:
            amount = (Decimal(exact.numerator) / Decimal(exact.denominator)).normalize()
            places = amount.as_tuple().exponent
            digits = max(2, -places if isinstance(places, int) else 2)
            return self._formats.scaled(int(amount.scaleb(digits)), digits)
        if isinstance(step.value, int) and step.unit.value == "money":
            return self._formats.money(step.value, step.currency)
        if isinstance(step.value, int) and step.unit.value == "rate":
            return self._formats.rate(step.value)
        return step.text
