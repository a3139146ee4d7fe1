"""The Territories tab: the map at the left, territories and accounts at the right, figures above."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.ui import theme
from salesops_desktop.ui.exporting import open_file
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.confirming import Confirm
from salesops_desktop.ui.tabs.figure_strip import FigureStrip
from salesops_desktop.ui.tabs.tab import Shell, TabView
from salesops_desktop.ui.tabs.territories.map_pane import MapPane
from salesops_desktop.ui.tabs.territories.models import CHANGES, SORTS, figures_of, scenario_label
from salesops_desktop.ui.tabs.territories.presenter import TODAY, Shown, TerritoryPresenter, TerritoryState
from salesops_desktop.ui.tabs.territories.selection_bar import SelectionBar
from salesops_desktop.ui.tabs.territories.tables_pane import TablesPane
from salesops_desktop.ui.tabs.territories.wishes_panel import WishesPanel
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.forms import DateField
from salesops_desktop.ui.widgets.message_strip import MessageStrip


class TerritoriesView(TabView):
    """Designs territories, shows them, lets them be changed by hand.

    Args:
        shell: the window.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.formats = Formats()
        self.presenter = TerritoryPresenter(shell.runner, self.render_state, self._tell)
        self._said: Shown | None = None
        self.pages = QStackedWidget()
        self.waiting = EmptyState("map", tr("Territories"), tr("Reading…"))
        self.nothing = EmptyState("map", "", "")
        self.strip = FigureStrip(tr("Balance of the territories"))
        self.strip.clicked.connect(self._show_behind)
        self.messages = MessageStrip()
        self.wishes = WishesPanel()
        self.wishes.hide()
        self.map = MapPane(self.formats)
        self.selection = SelectionBar(self.formats)
        self.tables = TablesPane(shell)
        self._make_header()
        self._lay_out()
        self._connect()

    def _make_header(self) -> None:
        self.picker = QComboBox()
        self.picker.setAccessibleName(tr("Scenario"))
        self.picker.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.design_button = QPushButton(theme.icon("play", "accent_text"), tr("Design territories"))
        self.design_button.setAccessibleName(tr("Design territories"))
        theme.dress(self.design_button, role="primary")
        self.wishes_button = QPushButton(theme.icon("settings"), tr("Settings"))
        self.wishes_button.setAccessibleName(tr("Settings of the design"))
        self.wishes_button.setCheckable(True)
        self.current_button = QPushButton(theme.icon("check"), tr("Make current…"))
        self.current_button.setAccessibleName(tr("Make this scenario current"))
        self.export_button = QPushButton(theme.icon("export"), tr("Export hand-over…"))
        self.export_button.setAccessibleName(tr("Export the hand-over workbook"))

    def _lay_out(self) -> None:
        space = theme.tokens().spacing
        header = WrapRow()
        label = QLabel(tr("Scenario"))
        label.setBuddy(self.picker)
        label.setMinimumHeight(self.picker.sizeHint().height())
        header.add(label, self.picker, self.design_button, self.wishes_button, self.current_button, self.export_button)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(space["m"])
        column.addWidget(self.map, 1)
        column.addWidget(self.selection)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(left)
        self.split.addWidget(self.tables)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([640, 640])
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(space["m"] + 2)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(12, 10, 12, 8)
        layout.setSpacing(space["m"])
        layout.addWidget(header)
        for part in (self.wishes, self.messages, self.strip):
            layout.addWidget(part)
        layout.addWidget(self.split, 1)
        self.body = body
        for page in (self.waiting, self.nothing, body):
            self.pages.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.pages)

    def _connect(self) -> None:
        self.picker.activated.connect(lambda index: self.presenter.choose(int(self.picker.itemData(index))))
        self.design_button.clicked.connect(self.design)
        self.wishes_button.toggled.connect(self.wishes.setVisible)
        self.current_button.clicked.connect(self.ask_make_current)
        self.export_button.clicked.connect(self.ask_export)
        self.map.selection_changed.connect(self.presenter.pick_accounts)
        self.map.point_activated.connect(lambda key: self.tables.show_account(int(key)))
        self.selection.move_asked.connect(self.presenter.move)
        self.selection.clear_asked.connect(lambda: self.presenter.pick_accounts(()))
        self.tables.territories_picked.connect(self.presenter.pick_territories)
        self.tables.accounts_picked.connect(self.presenter.pick_accounts)
        self.tables.closer_asked.connect(self.map.look_closer)

    # ------------------------------------------------------------------ the window's calls

    def workspace_opened(self) -> None:
        """Show the newest scenario."""
        self.presenter.opened()

    def workspace_closed(self) -> None:
        """Show nothing."""
        self.presenter.closed()
        self.map.stop()

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Read again where it matters."""
        self.presenter.tables_changed(tables)

    def theme_changed(self) -> None:
        """Colours of the legend and icons of the buttons follow."""
        self.map.retheme()

    # ------------------------------------------------------------------ state to screen

    def render_state(self, state: TerritoryState) -> None:
        """Show a state."""
        if state.fault is not None:
            self.shell.fail(state.fault)
        if state.unready is not None:
            self._show_nothing(state)
        self.pages.setCurrentWidget(
            self.body if state.shown is not None else self.nothing if state.unready is not None else self.waiting
        )
        self._show_scenarios(state)
        self._show_report(state)
        self.map.render_state(state)
        self.tables.render_state(state)
        self.selection.render_state(state, writable=self.shell.session.writable)

    def _show_nothing(self, state: TerritoryState) -> None:
        assert state.unready is not None
        needs = " ".join(f"{fault.where}: {fault.what} {fault.way_out}" for fault in state.unready.faults)
        ways = (
            [Way(tr("Import…"), lambda: self.shell.import_files(()), "import")] if self.shell.session.writable else []
        )
        self.nothing.set_content("map", tr("Territories cannot be designed yet"), needs, ways)

    def _show_scenarios(self, state: TerritoryState) -> None:
        wanted = [(tr("Today's owners"), TODAY), *((scenario_label(head), head.id) for head in state.heads)]
        offered = [(self.picker.itemText(i), self.picker.itemData(i)) for i in range(self.picker.count())]
        if wanted != offered:
            self.picker.clear()
            for text, number in wanted:
                self.picker.addItem(text, number)
        self.picker.setCurrentIndex(max(0, self.picker.findData(state.chosen or TODAY)))
        writable = self.shell.session.writable
        self.design_button.setEnabled(writable and not state.designing)
        self.design_button.setText(tr("Designing…") if state.designing else tr("Design territories"))
        head = state.head
        self.current_button.setEnabled(writable and head is not None and head.status != "current")
        self.export_button.setEnabled(head is not None)
        self.picker.setEnabled(not state.designing)

    def _show_report(self, state: TerritoryState) -> None:
        shown = state.shown
        if shown is self._said:
            return
        self._said = shown
        if shown is None:
            self.strip.set_figures([])
            self.messages.clear()
            return
        report = shown.report
        self.strip.set_figures(figures_of(report, self.formats, today=report.scenario == TODAY))
        sentences = list(report.sentences)
        lost = len(report.accounts) - shown.picture.located
        if lost and not any("no position" in sentence for sentence in sentences):
            sentences.append(tr("{n} accounts have no position and are not on the map.", n=self.formats.integer(lost)))
        if not sentences:
            self.messages.clear()
            return
        rest = "\n".join(sentences) if len(sentences) > 1 else ""
        self.messages.show_message("info", sentences[0], details=rest)

    def _show_behind(self, name: str) -> None:
        if name in CHANGES:
            self.tables.show_changes()
        elif name in SORTS:
            self.tables.show_territories(SORTS[name])
        else:
            self.tables.show_territories("")

    def _tell(self, sentence: str) -> None:
        self.shell.say(sentence, kind="success")

    # ------------------------------------------------------------------ what a person does

    def design(self) -> None:
        """Design territories as the settings say."""
        wishes = self.wishes.wishes()
        if wishes is None:
            self.wishes_button.setChecked(True)
            return
        self.presenter.design(wishes)
        self.wishes.name.set_value("")

    def show_settings(self) -> None:
        """Unfold the settings of the design."""
        self.wishes_button.setChecked(True)
        self.wishes.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def ask_make_current(self) -> None:
        """Ask from which day, then make the scenario current."""
        head, shown = self.presenter.state.head, self.presenter.state.shown
        if head is None or shown is None:
            return
        day = DateField(tr("From"))
        day.set_value(dt.datetime.now(dt.UTC).date())
        sentence = tr(
            "{n} accounts get a new owner, as {name} says. This can be undone.",
            n=self.formats.integer(len(shown.report.handover)),
            name=head.name,
        )

        def go(values: dict[str, Any]) -> None:
            self.presenter.make_current(values["day"])

        Confirm(
            tr("Make {name} current", name=head.name), sentence, tr("Make current"), go, self.shell.dialog_parent,
            {"day": day},
        ).open()  # fmt: skip

    def ask_export(self) -> None:
        """Ask for a file and write the hand-over workbook to it."""
        head = self.presenter.state.head
        if head is None:
            return
        stem = "".join(c for c in head.name if c.isalnum() or c in " -_").strip()
        start = self.shell.preferences.last_folder / f"{tr('Hand-over')} {stem}.xlsx"
        name, _ = QFileDialog.getSaveFileName(
            self.shell.dialog_parent, tr("Export the hand-over"), str(start), tr("Workbook (*.xlsx)")
        )
        if name:
            self.export(Path(name if name.lower().endswith(".xlsx") else f"{name}.xlsx"))

    def export(self, path: Path) -> None:
        """Write the hand-over workbook with a picture of the map."""
        self.shell.preferences.last_folder = path.parent
        self.presenter.pick_accounts(())
        picture = self.map.save_picture()

        def done() -> None:
            self.shell.say(tr("Exported to {path}.", path=str(path)), kind="success", actions=open_file(path))

        self.presenter.hand_over(path, picture, done)
