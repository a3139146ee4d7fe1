"""The plan editor: plans and components at the left, readable blocks in the middle, sentence and curve at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.ui import theme
from salesops_desktop.ui.exporting import export_picture
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.commissions.plan_asking import PlanAsking
from salesops_desktop.ui.tabs.commissions.plan_presenter import WHOLE, PlanPresenter, PlanState
from salesops_desktop.ui.tabs.commissions.plan_sheets import Sheets
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.chart import load_plotting
from salesops_desktop.ui.widgets.elided_label import ElidedLabel
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.ui.tabs.commissions.component_blocks import ComponentBlocks
    from salesops_desktop.ui.tabs.commissions.curve_pane import CurvePane
    from salesops_desktop.ui.tabs.commissions.plan_blocks import PlanBlocks

_ROLE = Qt.ItemDataRole.UserRole


class PlansPane(QWidget):
    """Edits incentive plans.

    Args:
        shell: the window.
        formats: how figures are written and read.
    """

    def __init__(self, shell: Shell, formats: Formats) -> None:
        super().__init__()
        self.shell = shell
        self._formats = formats
        self._following = False
        self.component_blocks: ComponentBlocks | None = None
        self.plan_blocks: PlanBlocks | None = None
        self.curve: CurvePane | None = None
        self.presenter = PlanPresenter(
            shell.runner, self.render_state, lambda sentence: shell.say(sentence, kind="success")
        )
        self.asks = PlanAsking(shell, self.presenter)
        self._make_buttons()
        self._lay_out()
        self._connect()
        shell.runner.run(lambda _context: load_plotting(), lane="free", on_error=shell.fail)

    def _make_buttons(self) -> None:
        def button(icon: str, text: str, *, primary: bool = False) -> QPushButton:
            made = QPushButton(theme.icon(icon, "accent_text" if primary else "text"), text)
            made.setAccessibleName(text.rstrip("…"))
            if primary:
                theme.dress(made, role="primary")
            return made

        self.new_button = button("new", tr("New plan from…"))
        self.add_button = button("add", tr("Add component"))
        self.remove_button = button("delete", tr("Remove…"))
        self.files_button = button("folder", tr("File"))
        self.files_button.setAccessibleName(tr("Plans and files"))
        menu = QMenu(self.files_button)
        menu.addAction(tr("Write this plan to a file…")).triggered.connect(self.asks.write)
        menu.addAction(tr("Read a plan from a file…")).triggered.connect(self.asks.read)
        self.files_button.setMenu(menu)
        self.save_button = button("save", tr("Save"), primary=True)
        self.version_button = button("history", tr("Save as version…"))
        self.discard_button = button("undo", tr("Discard"))

    def _lay_out(self) -> None:
        space = theme.tokens().spacing
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName(tr("Plans and their components"))
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setUniformRowHeights(True)
        self.tree.setMinimumWidth(190)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.title = ElidedLabel()
        theme.dress(self.title, role="strong")
        self.status = ElidedLabel()
        theme.dress(self.status, tone="text_muted")
        header = WrapRow()
        header.add(self.new_button, self.files_button, self.add_button, self.remove_button)
        actions = WrapRow()
        actions.add(self.save_button, self.version_button, self.discard_button)
        self.stack = Sheets()
        self.sheet = QScrollArea()
        self.sheet.setWidgetResizable(True)
        self.sheet.setFrameShape(QFrame.Shape.NoFrame)
        self.sheet.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.sheet.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.sheet.viewport().setAutoFillBackground(False)
        self.sheet.setWidget(self.stack)
        left = _column(header, self.tree)
        middle = _column(self.title, self.status, actions, self.sheet)
        self.right = QWidget()
        QHBoxLayout(self.right).setContentsMargins(0, 0, 0, 0)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        for part in (left, middle, self.right):
            self.split.addWidget(part)
        self.split.setSizes([260, 560, 480])
        for place, stretch in enumerate((1, 3, 3)):
            self.split.setStretchFactor(place, stretch)
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(space["m"] + 2)
        self.waiting = EmptyState("document", tr("Incentive plans"), tr("Reading…"))
        self.nothing = EmptyState("document", "", "")
        self.pages = QStackedWidget()
        for page in (self.waiting, self.nothing, self.split):
            self.pages.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 10, 12, 8)
        outer.addWidget(self.pages)

    def _connect(self) -> None:
        self.tree.currentItemChanged.connect(self._chosen)
        self.new_button.clicked.connect(self.asks.new)
        self.add_button.clicked.connect(self._add)
        self.remove_button.clicked.connect(self.asks.remove)
        self.save_button.clicked.connect(self._save)
        self.version_button.clicked.connect(self.asks.version)
        self.discard_button.clicked.connect(self.presenter.discard)

    # ------------------------------------------------------------------ state to screen

    def render_state(self, state: PlanState) -> None:
        """Show a state; what nobody looks at waits until somebody does."""
        if state.fault is not None:
            self.shell.fail(state.fault)
        if self.isVisible():
            self._render(state)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Show what has changed meanwhile."""
        super().showEvent(event)
        QTimer.singleShot(0, self, lambda: self._render(self.presenter.state))

    def _render(self, state: PlanState) -> None:
        page: QWidget = self.waiting
        if state.book is not None:
            page = self.split if state.book.entries else self.nothing
        if page is self.nothing:
            ways = [Way(tr("New plan from…"), self.asks.new, "new")] if self._writable else []
            self.nothing.set_content(
                "document",
                tr("No incentive plans yet"),
                tr("A plan says what a person earns on what is credited to them. Begin with one of ten templates."),
                ways,
            )
        if page is self.split and not self._built(state):
            return
        self.pages.setCurrentWidget(page)
        if page is self.split:
            self._following = True
            try:
                self._show_tree(state)
            finally:
                self._following = False
            self._show_plan(state)

    @property
    def _writable(self) -> bool:
        return self.shell.session.writable

    def _show_tree(self, state: PlanState) -> None:
        assert state.book is not None
        wanted = []
        for entry in state.book.entries:
            plan = state.drafts.get(entry.id, entry.plan)
            mark = " •" if entry.id in state.drafts else ""
            wanted.append((entry.id, f"{plan.name}{mark}", tuple(c.name for c in plan.components)))
        shown = []
        for i in range(self.tree.topLevelItemCount()):
            top = self.tree.topLevelItem(i)
            if top is not None:
                names = tuple(_child(top, j).text(0) for j in range(top.childCount()))
                shown.append((top.data(0, _ROLE)[0], top.text(0), names))
        if [(n, len(parts)) for n, _, parts in wanted] != [(n, len(parts)) for n, _, parts in shown]:
            self._fill_tree(wanted)
        elif wanted != shown:
            for i, (_, text, parts) in enumerate(wanted):
                top = self.tree.topLevelItem(i)
                if top is not None:
                    top.setText(0, text)
                    for j, name in enumerate(parts):
                        _child(top, j).setText(0, name)
        self._mark_current(state)

    def _fill_tree(self, wanted: list[tuple[int, str, tuple[str, ...]]]) -> None:
        self.tree.clear()
        for number, text, parts in wanted:
            top = QTreeWidgetItem([text])
            top.setData(0, _ROLE, (number, WHOLE))
            top.setToolTip(0, text)
            top.setIcon(0, theme.icon("document"))
            for place, name in enumerate(parts):
                child = QTreeWidgetItem([name])
                child.setToolTip(0, name)
                child.setData(0, _ROLE, (number, place))
                top.addChild(child)
            self.tree.addTopLevelItem(top)
        self.tree.expandAll()

    def _mark_current(self, state: PlanState) -> None:
        for i in range(self.tree.topLevelItemCount()):
            top = self.tree.topLevelItem(i)
            if top is not None and top.data(0, _ROLE)[0] == state.number:
                item = top if state.place == WHOLE else top.child(state.place)
                if item is not None and item is not self.tree.currentItem():
                    self.tree.setCurrentItem(item)

    def _show_plan(self, state: PlanState) -> None:
        plan, entry, component = state.plan, state.entry, state.component
        if plan is None or entry is None or state.book is None:
            return
        assert self.curve is not None
        self.title.setText(plan.name if component is None else f"{plan.name} › {component.name}")
        people = trn("1 person is paid by it", "{n} people are paid by it", entry.people)
        since = tr("from {day}", day=self._formats.date(plan.effective_from))
        said = [since, people] + ([tr("not saved")] if state.dirty else [])
        if state.errors:
            said.append(trn("1 fault", "{n} faults", state.errors))
        self.status.setText(" · ".join(said))
        editable = self._writable and not state.saving
        if component is not None:
            assert self.component_blocks is not None
            self.component_blocks.show_component(
                component, plan.currency, state.here(), state.book.schema, editable=editable
            )
            self._bring(self.component_blocks)
        else:
            assert self.plan_blocks is not None
            self.plan_blocks.show_plan(plan, state.here(), editable=editable)
            self._bring(self.plan_blocks)
        self.curve.render_state(state)
        self.save_button.setEnabled(editable and state.dirty and not state.errors)
        self.version_button.setEnabled(editable and not state.errors)
        self.discard_button.setEnabled(editable and state.dirty)
        for button in (self.new_button, self.add_button, self.remove_button):
            button.setEnabled(editable)

    def _bring(self, page: QWidget) -> None:
        if self.stack.bring(page):
            self.sheet.verticalScrollBar().setValue(0)

    def _built(self, state: PlanState) -> bool:
        """Whether all that shows a state is built; else one part is, and the rest in its own turn of the loop.

        What these parts import was loaded while the plans were read.
        """
        if self.curve is None:
            from salesops_desktop.ui.tabs.commissions.curve_pane import CurvePane  # noqa: PLC0415

            self.curve = CurvePane(self._formats)
            self.curve.chart.table_requested.connect(self.shell.export_table)
            self.curve.chart.picture_requested.connect(lambda each: export_picture(self.shell, each))
            layout = self.right.layout()
            assert layout is not None
            layout.addWidget(self.curve)
        elif self.component_blocks is None and state.component is not None:
            from salesops_desktop.ui.tabs.commissions.component_blocks import ComponentBlocks  # noqa: PLC0415

            self.component_blocks = ComponentBlocks(self._formats)
            self.component_blocks.edited.connect(self.presenter.edit_component)
            self.stack.add(self.component_blocks)
        elif self.plan_blocks is None and state.component is None:
            from salesops_desktop.ui.tabs.commissions.plan_blocks import PlanBlocks  # noqa: PLC0415

            self.plan_blocks = PlanBlocks(self._formats)
            self.plan_blocks.edited.connect(self.presenter.edit)
            self.stack.add(self.plan_blocks)
        else:
            blocks = self.plan_blocks if state.component is None else self.component_blocks
            assert blocks is not None
            if not blocks.build_next():
                return True
        QTimer.singleShot(0, self, lambda: self._render(self.presenter.state))
        return False

    # ------------------------------------------------------------------ what a person does

    def _chosen(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and not self._following:
            self.presenter.choose(*item.data(0, _ROLE))

    def _add(self) -> None:
        from salesops_desktop.jobs.commission_plan_editing import Component, RateTable  # noqa: PLC0415  # loaded

        self.presenter.add_component(Component(tr("New component"), RateTable.flat(50_000)))

    def _save(self) -> None:
        self.presenter.save()


def _column(*widgets: QWidget) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(theme.tokens().spacing["s"])
    for widget in widgets:
        column.addWidget(widget)
    column.setStretch(len(widgets) - 1, 1)
    return made


def _child(top: QTreeWidgetItem, place: int) -> QTreeWidgetItem:
    found = top.child(place)
    assert found is not None
    return found
