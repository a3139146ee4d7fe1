"""The tiers of a rate table, edited in place: from, up to, pays."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QPushButton, QTableView, QVBoxLayout, QWidget

from salesops_desktop.model.errors import SalesOpsError
from salesops_desktop.model.money import PPM, exponent
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_plan_editing import RateTable, Tier

_Index = QModelIndex | QPersistentModelIndex
FROM, UP_TO, PAYS = range(3)


class TierModel(QAbstractTableModel):
    """The tiers; an edit of a bound moves the bound of the neighbour that touches it.

    Args:
        formats: how figures are written and read.
        parent: Qt's parent.
    """

    edited = Signal(object)
    """The tiers as they are now."""
    refused = Signal(str)
    """Why what was typed was not taken."""

    def __init__(self, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._formats = formats
        self._table: RateTable | None = None
        self._currency = "USD"
        self.editable = True

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers shown."""
        return () if self._table is None else self._table.tiers

    def show_table(self, table: RateTable, currency: str) -> None:
        """Show another table."""
        if table == self._table and currency == self._currency:
            return
        same = len(table.tiers) == len(self.tiers)
        if not same:
            self.beginResetModel()
        self._table, self._currency = table, currency
        if same:
            self.dataChanged.emit(self.index(0, 0), self.index(len(table.tiers) - 1, PAYS))
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, FROM, PAYS)
        else:
            self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802  # Qt's signature
        """How many tiers."""
        return 0 if parent.isValid() else len(self.tiers)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802  # Qt's signature
        """From, up to, pays."""
        return 0 if parent.isValid() else 3

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Every cell can be edited while the workspace can be written to."""
        base = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return base | Qt.ItemFlag.ItemIsEditable if index.isValid() and self.editable else base

    def headerData(  # noqa: N802  # Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """What the columns hold, with their units."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role != Qt.ItemDataRole.DisplayRole or self._table is None:
            return None
        if section == PAYS:
            return {
                "measure": tr("Pays"),
                "target incentive": tr("Pays of target"),
                "amount": tr("Pays {currency}", currency=self._currency),
            }[self._table.pays.value]
        unit = tr("of quota") if self._by_quota else tr("units") if self._in_units else self._currency
        return tr("From ({unit})", unit=unit) if section == FROM else tr("Up to ({unit})", unit=unit)

    def data(  # noqa: PLR0911  # one return per role
        self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """A cell as text."""
        if not index.isValid() or index.row() >= len(self.tiers):
            return None
        tier, column = self.tiers[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                if column == PAYS:
                    return self._rate_text(tier.rate)
                bound = tier.lower if column == FROM else tier.upper
                if bound is None:
                    return "" if role == Qt.ItemDataRole.EditRole else tr("without end")
                return self._bound_text(bound)
            case Qt.ItemDataRole.TextAlignmentRole:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            case Qt.ItemDataRole.ForegroundRole if column == UP_TO and tier.upper is None:
                return theme.color("text_muted")
            case _:
                return None

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        """Take what was typed, or say why not."""
        if role != Qt.ItemDataRole.EditRole or self._table is None or not index.isValid():
            return False
        text, row, column = str(value).strip(), index.row(), index.column()
        tiers = list(self.tiers)
        try:
            if column == PAYS:
                tiers[row] = replace(tiers[row], rate=self._read_rate(text))
            elif column == FROM:
                bound = self._read_bound(text) if text else 0
                if row and tiers[row - 1].upper == tiers[row].lower:
                    tiers[row - 1] = replace(tiers[row - 1], upper=bound)
                tiers[row] = replace(tiers[row], lower=bound)
            else:
                end = self._read_bound(text) if text else None
                if end is not None and row + 1 < len(tiers) and tiers[row + 1].lower == tiers[row].upper:
                    tiers[row + 1] = replace(tiers[row + 1], lower=end)
                tiers[row] = replace(tiers[row], upper=end)
        except SalesOpsError as error:
            self.refused.emit(error.sentence)
            return False
        self.refused.emit("")
        self._take(tiers)
        return True

    def add(self) -> None:
        """Put a tier above the last one, half as far again, at the same rate."""
        if not self.tiers:
            return
        last = self.tiers[-1]
        step = PPM // 4 if self._by_quota else 10 * PPM if self._in_units else 50_000 * 10 ** exponent(self._currency)
        begin = (
            last.upper if last.upper is not None else (last.lower * 3 // 2 if last.lower else 0) or last.lower + step
        )
        if self._by_quota and last.upper is None:
            begin = max(last.lower + step, PPM)
        self._take([*self.tiers[:-1], replace(last, upper=begin), replace(last, lower=begin, upper=None)])

    def remove(self, row: int) -> None:
        """Take a tier out; the one below reaches up to where it ended."""
        tiers = list(self.tiers)
        if len(tiers) < 2 or not 0 <= row < len(tiers):
            return
        gone = tiers.pop(row)
        if row:
            tiers[row - 1] = replace(tiers[row - 1], upper=gone.upper)
        else:
            tiers[0] = replace(tiers[0], lower=gone.lower)
        self._take(tiers)

    def _take(self, tiers: list[Tier]) -> None:
        if self._table is not None:
            self.show_table(replace(self._table, tiers=tuple(tiers)), self._currency)
            self.edited.emit(tuple(tiers))

    @property
    def _by_quota(self) -> bool:
        return self._table is not None and self._table.basis.value == "attainment"

    @property
    def _in_units(self) -> bool:
        return self._table is not None and self._table.pays.value == "amount" and not self._table.stepped

    def _rate_text(self, rate: int) -> str:
        if self._table is not None and self._table.pays.value == "amount":
            return self._formats.money(rate, self._currency)
        return self._formats.rate(rate)

    def _bound_text(self, bound: int) -> str:
        if self._by_quota:
            return self._formats.rate(bound)
        if self._in_units:
            return self._formats.number(bound / PPM)
        return self._formats.money(bound, self._currency)

    def _read_rate(self, text: str) -> int:
        if self._table is not None and self._table.pays.value == "amount":
            return self._minor(text)
        return int(self._formats.parse_share(text) * PPM)

    def _read_bound(self, text: str) -> int:
        if self._by_quota:
            return int(self._formats.parse_share(text) * PPM)
        if self._in_units:
            return int(self._formats.parse_number(text) * PPM)
        return self._minor(text)

    def _minor(self, text: str) -> int:
        plain = text.replace(self._currency, "").strip()
        return int(self._formats.parse_money(plain, self._currency) * Decimal(10) ** exponent(self._currency))


class TierTable(QWidget):
    """The tiers with their buttons.

    Args:
        formats: how figures are written and read.
        name: for screen readers.
    """

    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, formats: Formats, name: str) -> None:
        super().__init__()
        self.model = TierModel(formats, self)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setAccessibleName(name)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        self.view.setTabKeyNavigation(False)
        self.view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 12)
        header = self.view.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.add_button = QPushButton(theme.icon("add"), tr("Add tier"))
        self.remove_button = QPushButton(theme.icon("remove"), tr("Remove tier"))
        for button in (self.add_button, self.remove_button):
            button.setAccessibleName(button.text())
        self.add_button.clicked.connect(self.model.add)
        self.remove_button.clicked.connect(self._remove)
        self.model.edited.connect(self.edited)
        self.model.refused.connect(self.refused)
        self.model.modelReset.connect(self._fit)
        row = WrapRow()
        row.add(self.add_button, self.remove_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.tokens().spacing["s"])
        column.addWidget(self.view)
        column.addWidget(row)

    def show_table(self, table: RateTable, currency: str, *, editable: bool) -> None:
        """Show another table."""
        self.model.editable = editable
        self.model.show_table(table, currency)
        flat = table.mode.value == "flat"
        self.add_button.setVisible(not flat)
        self.remove_button.setVisible(not flat)
        self.add_button.setEnabled(editable)
        self.remove_button.setEnabled(editable and len(table.tiers) > 1)
        self.view.setColumnHidden(FROM, flat)
        self.view.setColumnHidden(UP_TO, flat)
        self._fit()

    def _remove(self) -> None:
        row = self.view.currentIndex().row()
        self.model.remove(row if row >= 0 else self.model.rowCount() - 1)

    def _fit(self) -> None:
        rows = self.model.rowCount() * self.view.verticalHeader().defaultSectionSize()
        height = rows + self.view.horizontalHeader().sizeHint().height() + 2 * self.view.frameWidth()
        self.view.setFixedHeight(height)
