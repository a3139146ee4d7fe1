"""The tree of nodes beside the rooms: the company, its parts, and what each is expected to bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.forecast.nodes_presenter import COMPANY, HIERARCHIES, Hierarchy, NodesState
from salesops_desktop.ui.tabs.words_box import words
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.forecast_node_report import NodesReport

AnyIndex = QModelIndex | QPersistentModelIndex
_LEVELS = {
    "region": "region", "team": "team", "manager": "manager", "person": "person", "family": "product family",
    "product": "product", "segment": "segment", "country": "country", "industry": "industry",
}  # fmt: skip


def hierarchy_words(hierarchy: Hierarchy) -> str:
    """A hierarchy as people read it: Region › manager › person."""
    sign = " × " if hierarchy.crossed else " › "
    said = sign.join(tr(_LEVELS[level]) for level in hierarchy.by.split(","))
    return said[:1].upper() + said[1:]


def _way(report: NodesReport) -> str:
    """How the levels were made to add up, in words."""
    rows = report.race[report.race["method"] == report.reconciliation]
    return str(rows["label"].iloc[0]) if len(rows) else report.reconciliation.replace("_", " ")


class NodeModel(QAbstractItemModel):
    """Nodes over the arrays of a report; ids are the nodes' numbers.

    Args:
        formats: how figures are written.
    """

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self._report: NodesReport | None = None
        self._children: list[list[int]] = []
        self._place: list[int] = []

    def show_report(self, report: NodesReport | None) -> None:
        """Show another report's nodes."""
        self.beginResetModel()
        self._report = report
        nodes = () if report is None else report.nodes
        self._children = [[] for _ in nodes]
        self._place = [0] * len(nodes)
        for node in nodes:
            if node.parent >= 0:
                self._place[node.number] = len(self._children[node.parent])
                self._children[node.parent].append(node.number)
        self.endResetModel()

    def index_of(self, number: int) -> QModelIndex:
        """Where a node stands."""
        if self._report is None or number >= len(self._place):
            return QModelIndex()
        return self.createIndex(self._place[number], 0, number)

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008, N802  # Qt's
        """Children of a node; the company alone at the top."""
        if not parent.isValid():
            return 0 if self._report is None else 1
        return len(self._children[parent.internalId()]) if parent.column() == 0 else 0

    def columnCount(self, _parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008, N802  # Qt's
        """Name and forecast."""
        return 2

    def index(self, row: int, column: int, parent: AnyIndex = QModelIndex()) -> QModelIndex:  # noqa: B008
        """The place of a node."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        number = COMPANY if not parent.isValid() else self._children[parent.internalId()][row]
        return self.createIndex(row, column, number)

    def parent(self, child: AnyIndex = QModelIndex()) -> Any:  # noqa: B008  # two of Qt's methods have this name
        """The node above."""
        if not child.isValid() or self._report is None:
            return QModelIndex()
        number = self._report.nodes[child.internalId()].parent
        return QModelIndex() if number < 0 else self.createIndex(self._place[number], 0, number)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Name, sum of the periods ahead, and in the tooltip what the back-test says."""
        if self._report is None or not index.isValid():
            return None
        number = index.internalId()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._name(number) if index.column() == 0 else self._sum(number)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 1:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._about(number)
        return None

    def headerData(self, section: int, _orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """What the columns are."""
        if role != Qt.ItemDataRole.DisplayRole or self._report is None:
            return None
        report = self._report
        last = report.future[-1].label if report.future else ""
        return tr("Node") if section == 0 else tr("Until {period}", period=last)

    def _name(self, number: int) -> str:
        assert self._report is not None
        return self._report.nodes[number].label if number else tr("Company")

    def _sum(self, number: int) -> str:
        assert self._report is not None
        total = int(self._report.adjusted[number].sum())
        if self._report.currency is None:
            return self._formats.number(total / 1000, 0)
        return self._formats.short_money(total, self._report.currency)

    def _about(self, number: int) -> str:
        report = self._report
        assert report is not None
        said = [self._name(number), tr("Method: {method}", method=report.method_label(number))]
        if report.naive_wins(number):
            said.append(tr("No method beat the naive ones here."))
        off = report.wape(number)
        if off is not None:
            said.append(tr("Off by {error} in its own past.", error=self._formats.percent(off, 0)))
        return "\n".join(said)


class NodesPane(QWidget):
    """The tree with the choice of its levels.

    Args:
        formats: how figures are written.
    """

    chosen = Signal(int)
    """The number of the node a person chose."""
    hierarchy_chosen = Signal(object)
    """The Hierarchy a person chose."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._report: NodesReport | None = None
        self.levels = QComboBox()
        self.levels.setAccessibleName(tr("Levels of the tree"))
        for hierarchy in HIERARCHIES:
            self.levels.addItem(hierarchy_words(hierarchy), hierarchy)
        self.levels.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.model = NodeModel(formats)
        self.tree = QTreeView()
        self.tree.setModel(self.model)
        self.tree.setAccessibleName(tr("Nodes of the forecast"))
        self.tree.setUniformRowHeights(True)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setIndentation(theme.tokens().spacing["l"] - 2)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.state_words = words()
        label = QLabel(tr("Company by"))
        label.setBuddy(self.levels)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.tokens().spacing["s"])
        for widget in (label, self.levels):
            column.addWidget(widget)
        column.addWidget(self.tree, 1)
        column.addWidget(self.state_words)
        self.setMinimumWidth(170)
        self.levels.activated.connect(lambda place: self.hierarchy_chosen.emit(self.levels.itemData(place)))
        self.tree.selectionModel().currentChanged.connect(self._current_changed)

    def render_state(self, state: NodesState) -> None:
        """Show a state."""
        self.levels.setCurrentIndex(HIERARCHIES.index(state.hierarchy))
        if state.report is not self._report:
            self._report = state.report
            self.model.show_report(state.report)
            self.tree.expandToDepth(0)
        index = self.model.index_of(state.chosen)
        if index.isValid() and index != self.tree.currentIndex():
            self.tree.setCurrentIndex(index)
        if state.loading:
            said = tr("Forecasting every node…")
        elif state.lacking is not None:
            said = state.lacking.sentence
        elif state.report is not None:
            said = tr("All levels add up: {how}.", how=_way(state.report))
        else:
            said = ""
        self.state_words.setText(said)

    def _current_changed(self, current: QModelIndex, _before: QModelIndex) -> None:
        if current.isValid():
            self.chosen.emit(int(current.internalId()))
