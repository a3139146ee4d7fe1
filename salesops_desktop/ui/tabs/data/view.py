"""The Data tab: the kinds of records at the left, the rows of the chosen one in the grid."""

from __future__ import annotations

import json
from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.model.entities import entity
from salesops_desktop.model.tables import Table
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.data.models import COUNT, EntityList
from salesops_desktop.ui.tabs.data.presenter import Blank, DataPresenter, DataState
from salesops_desktop.ui.tabs.data.record_card import RecordCard
from salesops_desktop.ui.tabs.tab import Shell, TabView
from salesops_desktop.ui.theme import icon, scaled_font
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way
from salesops_desktop.ui.widgets.grid import Grid

_Index = QModelIndex | QPersistentModelIndex
_NO_ROWS = Table("", ())


class _CountDelegate(QStyledItemDelegate):
    """Draws the number of rows at the right of each line, dimmed."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: N802  # Qt's name
        """A line tall enough to hit."""
        metrics = QFontMetrics(option.font)
        count = metrics.horizontalAdvance(str(index.data(COUNT)))
        return QSize(metrics.horizontalAdvance(str(index.data())) + count + 40, metrics.height() + 12)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """The name at the left, the count at the right, the highlight over both."""
        palette: QPalette = option.palette
        rect: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(rect, palette.highlight())
        painter.setFont(option.font)
        name_role = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.Text
        painter.setPen(palette.color(name_role))
        inner = rect.adjusted(12, 0, -12, 0)
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, str(index.data()))
        count_role = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.PlaceholderText
        painter.setPen(palette.color(count_role))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, str(index.data(COUNT)))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(palette.color(QPalette.ColorRole.Accent))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        painter.restore()


class DataView(TabView):
    """Shows what the workspace holds.

    Args:
        shell: the window.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.presenter = DataPresenter(shell.runner, self.render_state)
        self._shown_entity = ""
        self._following = False
        self.entities = EntityList(self)
        self.list = QListView()
        self.list.setModel(self.entities)
        self.list.setItemDelegate(_CountDelegate(self.list))
        self.list.setAccessibleName(tr("Kinds of records"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.selectionModel().currentChanged.connect(self._chosen)
        self.title = QLabel()
        self.title.setFont(scaled_font(self.title.font(), "title", bold=True))
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.all_button = QPushButton(tr("Show all"))
        self.all_button.setAccessibleName(tr("Show all rows again"))
        self.all_button.clicked.connect(self.presenter.show_all)
        self.quality = QWidget()
        self._quality_row = QHBoxLayout(self.quality)
        self._quality_row.setContentsMargins(0, 0, 0, 0)
        self.grid = Grid(name=tr("Records"))
        self.grid.export_requested.connect(shell.export_table)
        self.grid.activated.connect(self._open_record)
        self.pages = QStackedWidget()
        self._lay_out()

    def _lay_out(self) -> None:
        export = QPushButton(icon("export"), tr("Export this view…"))
        export.setAccessibleName(tr("Export this view"))
        export.clicked.connect(self.export)
        bring = QPushButton(icon("import"), tr("Import…"))
        bring.setAccessibleName(tr("Import spreadsheets"))
        bring.clicked.connect(lambda: self.shell.import_files(()))
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addWidget(self.note, 1)
        for button in (self.all_button, bring, export):
            head.addWidget(button)
        rows = QWidget()
        layout = QVBoxLayout(rows)
        layout.setContentsMargins(12, 10, 12, 8)
        layout.addLayout(head)
        layout.addWidget(self.quality)
        layout.addWidget(self.grid, 1)
        self.nothing = EmptyState("import", tr("Nothing here yet"), "")
        self.pages.addWidget(rows)
        self.pages.addWidget(self.nothing)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.list)
        split.addWidget(self.pages)
        split.setStretchFactor(1, 1)
        split.setSizes([210, 900])
        split.setChildrenCollapsible(False)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(split)

    # ------------------------------------------------------------------ the window's calls

    def workspace_opened(self) -> None:
        """Count the records and show the chosen ones."""
        self.presenter.opened()

    def workspace_closed(self) -> None:
        """Show nothing."""
        self._keep_columns()
        self.presenter.closed()

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Count again, and read again where it matters."""
        self.presenter.tables_changed(tables)

    # ------------------------------------------------------------------ state to screen

    def render_state(self, state: DataState) -> None:
        """Show a state."""
        self.entities.set_lines(state.entities)
        self.list.setMinimumWidth(min(340, max(180, self.list.sizeHintForColumn(0) + 8)))
        row = self.entities.row_of(state.chosen)
        if row >= 0 and self.list.currentIndex().row() != row:
            choose = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self._following = True  # the list follows the state here: nobody has chosen anything
            self.list.selectionModel().setCurrentIndex(self.entities.index(row), choose)
            self._following = False
        spec = entity(state.chosen)
        self.title.setText(tr(spec.plural))
        self.all_button.setVisible(state.only is not None)
        self.note.setText(self._note(state))
        if state.fault is not None:
            self.shell.fail(state.fault)
        empty = not state.loading and bool(state.entities) and state.rows == 0 and state.only is None
        self.pages.setCurrentIndex(1 if empty else 0)
        if empty:
            self._name_nothing(state)
        self._show_rows(state)

    @staticmethod
    def _note(state: DataState) -> str:
        if state.loading and state.shown is None:
            return tr("Reading…")
        return state.why

    def _name_nothing(self, state: DataState) -> None:
        plural = tr(entity(state.chosen).plural)
        title = tr("This workspace is empty") if state.empty else tr("No {plural} yet", plural=plural.lower())
        if title == self.nothing.accessibleName():
            return
        words = tr("Bring in what your CRM and finance export: drop spreadsheets anywhere on this window.")
        ways = [Way(tr("Import spreadsheets…"), lambda: self.shell.import_files(()), "import")]
        self.nothing.set_content("import", title, words, ways)

    def _show_rows(self, state: DataState) -> None:
        if state.shown is None:
            self._show_quality(())
            return
        table = state.shown.table
        if self.grid.table is table:
            return
        if self._shown_entity and self._shown_entity != table.entity:
            self._keep_columns()
            self.grid.clear_filters()
        fresh = self._shown_entity != table.entity or not len(self.grid.table)
        self._shown_entity = table.entity
        self.grid.set_name(table.title)
        if fresh:
            self.grid.set_table(_NO_ROWS)  # so that widths and hidden columns of another kind are not carried over
        self.grid.set_table(table)
        if fresh:
            self._restore_columns(state)
        self._show_quality(state.shown.blanks)

    def _keep_columns(self) -> None:
        if self._shown_entity and len(self.grid.table):
            state = {**self.grid.state(), "filters": {}}
            self.shell.preferences.set_text(f"columns/{self._shown_entity}", json.dumps(state))

    def _restore_columns(self, state: DataState) -> None:
        kept = self.shell.preferences.text(f"columns/{self._shown_entity}")
        if kept:
            try:
                self.grid.restore_state(json.loads(kept))
            except (ValueError, TypeError, KeyError):  # a settings file edited by hand costs the widths, no more
                self.shell.preferences.set_text(f"columns/{self._shown_entity}", "")
            return
        if state.shown is None:
            return
        # Columns the source does not have stay out of sight until the person asks for them.
        shown = state.shown.table
        for place, name in enumerate(shown.names):
            if name in state.shown.void:
                self.grid.hide_column(place)

    def _show_quality(self, blanks: Sequence[Blank]) -> None:
        while (item := self._quality_row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.quality.setVisible(bool(blanks))
        if not blanks:
            return
        label = QLabel(tr("Missing:"))
        self._quality_row.addWidget(label)
        for blank in blanks:
            button = QToolButton()
            count = self.grid.locale().toString(blank.rows)
            button.setText(tr("{label} {count}", label=tr(blank.label), count=count))
            button.setAutoRaise(True)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            tip = trn(
                "Show the row without {label}", "Show the {n} rows without {label}", blank.rows, label=blank.label
            )
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.toggled.connect(lambda on, name=blank.column: self.grid.set_filter(name, "blank" if on else ""))
            self._quality_row.addWidget(button)
        self._quality_row.addStretch(1)

    # ------------------------------------------------------------------ what a person does

    def _chosen(self, index: QModelIndex) -> None:
        if index.isValid() and not self._following:
            self.presenter.choose(self.entities.lines[index.row()].name)

    def _open_record(self, key: int) -> None:
        table = self.grid.table
        if table.keys is None:
            return
        rows = (table.keys == key).nonzero()[0]
        if len(rows):
            card = RecordCard(table, int(rows[0]), self)
            card.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            card.open()

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self.grid.search_box.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def toggle_filters(self) -> None:
        """Show or hide the filter row."""
        self.grid.filter_button.toggle()

    def export(self) -> None:
        """Export what the grid shows."""
        self.grid.export()
