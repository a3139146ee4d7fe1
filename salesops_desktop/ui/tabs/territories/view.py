"""The Territories tab: design, look, edit by hand, hand over."""

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
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.confirming import Confirm
from salesops_desktop.ui.tabs.tab import Shell, TabView
from salesops_desktop.ui.tabs.territories.balance_pane import BalancePane
from salesops_desktop.ui.tabs.territories.compare_dialog import CompareDialog
from salesops_desktop.ui.tabs.territories.design_pane import SETTINGS, DesignPane
from salesops_desktop.ui.tabs.territories.map_pane import MapPane
from salesops_desktop.ui.tabs.territories.models import behind, effect_lines, figures_of, scenario_label
from salesops_desktop.ui.tabs.territories.presenter import TODAY, Shown, TerritoryPresenter, TerritoryState, Wishes
from salesops_desktop.ui.tabs.territories.progress_strip import ProgressStrip
from salesops_desktop.ui.tabs.territories.proposals_pane import ProposalsPane
from salesops_desktop.ui.tabs.territories.quotas_pane import QuotasPane
from salesops_desktop.ui.tabs.territories.rail import PaneRail, PaneSpec
from salesops_desktop.ui.tabs.territories.rules_pane import RulesPane
from salesops_desktop.ui.tabs.territories.scenarios_pane import ScenariosPane
from salesops_desktop.ui.tabs.territories.selection_bar import SelectionBar
from salesops_desktop.ui.tabs.territories.tables_pane import TablesPane
from salesops_desktop.ui.tabs.territories.why_pane import WhyPane
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.forms import DateField
from salesops_desktop.ui.widgets.map_carry import NOWHERE, Card

_REPORTS = ("quotas", "rules", "proposals")
"""The panes that show what one job says of the scenario in view."""


class TerritoriesView(TabView):
    """Designs territories, shows them, lets them be changed by hand.

    Args:
        shell: the window.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.formats = Formats()
        self.presenter = TerritoryPresenter(shell.runner, self.render_state, self._tell)
        self._said: tuple[object, ...] = ()
        self._best: object = None
        self.pages = QStackedWidget()
        self.waiting = EmptyState("map", tr("Territories"), tr("Reading…"))
        self.nothing = EmptyState("map", "", "")
        self.progress = ProgressStrip()
        self.map = MapPane(self.formats)
        self.selection = SelectionBar(self.formats)
        self.balance = BalancePane(shell)
        self.tables = TablesPane(shell)
        self.wishes = DesignPane()
        self.rail = PaneRail(self._panes())
        for name in ("balance", "accounts", "design"):
            self.rail.pane(name)
        self._make_header()
        self._lay_out()
        self._connect()
        self.rail.show_pane("balance")

    def _panes(self) -> list[PaneSpec]:
        return [
            PaneSpec("balance", tr("Balance"), "gauge", lambda: self.balance),
            PaneSpec("accounts", tr("Accounts"), "account", lambda: self.tables),
            PaneSpec("why", tr("Why"), "help", lambda: WhyPane(self.shell, self.presenter)),
            PaneSpec("scenarios", tr("Scenarios"), "columns", self._build_scenarios),
            PaneSpec("quotas", tr("Quotas"), "quota", lambda: QuotasPane(self.shell, self._tell)),
            PaneSpec("rules", tr("Rules"), "link", lambda: RulesPane(self.shell, self._tell)),
            PaneSpec("proposals", tr("Workbooks"), "export", self._build_proposals),
            PaneSpec("design", tr("Settings"), "settings", lambda: self.wishes),
        ]

    def _build_scenarios(self) -> QWidget:
        pane = ScenariosPane(self.shell, self.presenter, self.formats)
        pane.compare_asked.connect(lambda numbers: self.presenter.compare(numbers, self._show_comparison))
        return pane

    def _build_proposals(self) -> QWidget:
        return ProposalsPane(self.shell, self.formats, self._tell, self.ask_export)

    def _show_comparison(self, comparison: Any, shown: list[Shown]) -> None:
        CompareDialog(self.shell, self.formats, comparison, shown).show()

    def _make_header(self) -> None:
        self.picker = QComboBox()
        self.picker.setAccessibleName(tr("Scenario"))
        self.picker.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.design_button = QPushButton(theme.icon("play", "accent_text"), tr("Design territories"))
        self.design_button.setAccessibleName(tr("Design territories"))
        theme.dress(self.design_button, role="primary")
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
        header.add(label, self.picker, self.design_button, self.current_button, self.export_button)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(space["m"])
        column.addWidget(self.progress)
        column.addWidget(self.map, 1)
        column.addWidget(self.selection)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(left)
        self.split.addWidget(self.rail)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 0)
        self.split.setSizes([820, 500])
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(space["m"] + 2)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(12, 10, 12, 8)
        layout.setSpacing(space["m"])
        layout.addWidget(header)
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
        self.progress.enough.connect(self.presenter.enough)
        self.wishes.suggest_asked.connect(self.suggest)
        self.current_button.clicked.connect(self.ask_make_current)
        self.export_button.clicked.connect(self.ask_export)
        self.map.selection_changed.connect(self.presenter.pick_accounts)
        self.map.point_activated.connect(lambda key: self._show_account(int(key)))
        self.map.target_changed.connect(self._held_over)
        self.map.dropped.connect(lambda group: self.presenter.move(self._name_of(group)))
        self.selection.move_asked.connect(self.presenter.move)
        self.selection.clear_asked.connect(lambda: self.presenter.pick_accounts(()))
        self.balance.territories_picked.connect(self.presenter.pick_territories)
        self.balance.closer_asked.connect(self.map.look_closer)
        self.balance.figure_clicked.connect(self._show_behind)
        self.balance.lock_asked.connect(self.lock)
        self.balance.redo_asked.connect(self.design_rest)
        self.tables.accounts_picked.connect(self.presenter.pick_accounts)
        self.rail.shown.connect(lambda _name: self._render_pane(self.presenter.state))

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
        for name in _REPORTS:
            if self.rail.built(name):
                pane = self.rail.pane(name)
                assert isinstance(pane, QuotasPane | RulesPane | ProposalsPane)
                pane.presenter.changed()
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
        self._show_figures(state)
        self.progress.show_progress(state.designing)
        self.map.render_state(state)
        self._show_best(state)
        self.map.set_carryable(bool(state.chosen) and self.shell.session.writable and state.designing is None)
        self._render_pane(state)
        self.selection.render_state(state, writable=self.shell.session.writable)

    def _render_pane(self, state: TerritoryState) -> None:
        """Show a state in the pane in front; the others follow when they are brought there."""
        pane = self.rail.current
        if pane == "balance":
            if state.live is None:
                self.balance.render_state(state, writable=self.shell.session.writable)
            else:
                self.balance.render_live(state.live.territories, today=False)
        elif pane == "accounts":
            self.tables.render_state(state)
        elif pane in ("why", "scenarios"):
            widget = self.rail.pane(pane)
            assert isinstance(widget, WhyPane | ScenariosPane)
            widget.render_state(state)
        elif pane in _REPORTS:
            widget = self.rail.pane(pane)
            assert isinstance(widget, QuotasPane | RulesPane | ProposalsPane)
            widget.presenter.look_at(state.chosen if state.shown is not None else None)

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
            self.wishes.offer_bases({head.name: head.id for head in state.heads})
        self.picker.setCurrentIndex(max(0, self.picker.findData(state.chosen or TODAY)))
        writable = self.shell.session.writable
        designing = state.designing is not None
        self.design_button.setEnabled(writable and not designing)
        self.design_button.setText(tr("Designing…") if designing else tr("Design territories"))
        head = state.head
        self.current_button.setEnabled(writable and head is not None and head.status != "current")
        self.export_button.setEnabled(head is not None)
        self.picker.setEnabled(not designing)

    def _show_figures(self, state: TerritoryState) -> None:
        shown = state.shown
        if (shown, state.live) == self._said:
            return
        self._said = (shown, state.live)
        if shown is None:
            self.balance.render_figures([])
            self.balance.render_sentences((), ())
            return
        report, live = shown.report, state.live
        balance = None if live is None else live.balance
        self.balance.render_figures(figures_of(report, self.formats, today=report.scenario == TODAY, balance=balance))
        if live is None:
            self.balance.render_sentences(report.proven, self._sentences(shown))
        else:
            self.balance.render_issues(live.issues)

    def _sentences(self, shown: Shown) -> list[str]:
        sentences = list(shown.report.sentences)
        lost = len(shown.report.accounts) - shown.picture.located
        if lost and not any("no position" in sentence for sentence in sentences):
            sentences.append(tr("{n} accounts have no position and are not on the map.", n=self.formats.integer(lost)))
        return sentences

    def _show_best(self, state: TerritoryState) -> None:
        """The best design so far, on the map while it is made."""
        best = None if state.designing is None else state.designing.best
        if best is not self._best:
            self._best = best
            if best is not None:
                self.map.show_places(best.place, best.names)
            else:
                self.map.show_scenario()

    def _show_behind(self, name: str) -> None:
        shown = self.presenter.state.shown
        place = "" if shown is None else behind(name, shown.report.measures)
        if place == "changes":
            self.rail.show_pane("accounts")
            self.tables.show_changes()
        else:
            self.balance.show_by(place)

    def _show_account(self, key: int) -> None:
        self.rail.show_pane("accounts")
        self.tables.show_account(key)

    def _tell(self, sentence: str) -> None:
        self.shell.say(sentence, kind="success")

    # ------------------------------------------------------------------ carrying

    def _name_of(self, group: int) -> str:
        shown = self.presenter.state.shown
        return shown.picture.names[group] if shown is not None and 0 <= group < len(shown.picture.names) else ""

    def _held_over(self, group: int) -> None:
        """Say what dropping the picked accounts here would do."""
        name = self._name_of(group)
        if group == NOWHERE or not name:
            return
        count = len(self.presenter.state.selection.accounts)
        title = trn("1 account to {name}", "{n} accounts to {name}", count, name=name)
        effect, desk = self.presenter.preview(name), self.presenter.editor.desk
        if effect is None or desk is None:
            self.map.set_card(Card(title))
        else:
            self.map.set_card(Card(title, effect_lines(effect, desk.territory(name), self.formats)))

    # ------------------------------------------------------------------ what a person does

    def design(self) -> None:
        """Design territories as the settings say."""
        wishes = self.wishes.wishes()
        if wishes is None:
            self.rail.show_pane("design")
            return
        self.presenter.design(wishes)
        self.wishes.name.set_value("")

    def design_rest(self) -> None:
        """Design anew what is not locked in the scenario shown."""
        wishes, chosen = self.wishes.wishes(), self.presenter.state.chosen
        if wishes is None:
            self.rail.show_pane("design")
        elif chosen:
            self.presenter.design(Wishes({**wishes.asked, "based_on": chosen}))

    def lock(self, verb: str) -> None:
        """``lock`` the picked territories of the scenario shown, or ``unlock`` them."""
        picked = self.presenter.state.selection
        held = picked.territories or tuple(name for name, _ in picked.held_by)
        given = {"scenario": self.presenter.state.chosen, "territories": list(held), "unlock": verb == "unlock"}
        self.shell.run_job(
            "territories lock-territory", given, on_done=lambda report: self._tell(" ".join(report.summary()))
        )

    def show_settings(self) -> None:
        """Bring the settings of the design to the front."""
        self.rail.show_pane("design")
        self.wishes.focus_first()

    def suggest(self) -> None:
        """Ask which settings suit the data, and show them with their reasons."""
        self.shell.run_job("territories suggest", on_done=self._show_suggestion)

    def _show_suggestion(self, suggestion: Any) -> None:
        reasons = {str(row[0]): f"{row[2]}" for row in suggestion.reasons.rows()}
        asked = suggestion.wishes.keywords()
        self.wishes.show_asked(
            asked, {name: reasons[setting] for setting, name in SETTINGS.items() if setting in reasons}
        )

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
        picture = self.map.take_picture()

        def done() -> None:
            self.shell.say(tr("Exported to {path}.", path=str(path)), kind="success", actions=open_file(path))

        self.presenter.hand_over(path, picture, done)
