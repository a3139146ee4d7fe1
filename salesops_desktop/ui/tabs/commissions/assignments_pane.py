"""Who is paid by which plan: everybody on a day, those without a plan and with two, and their assignment in bulk."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from salesops_desktop.model.enums import PersonRole
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.commissions.assignments_presenter import AssignmentsPresenter, AssignmentsState
from salesops_desktop.ui.tabs.commissions.plan_blocks import DayField
from salesops_desktop.ui.tabs.confirming import Confirm
from salesops_desktop.ui.tabs.figure_strip import Figure, FigureStrip
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.forms import CheckField, ChoiceField, DateField, Field
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_assignments import Assignments
    from salesops_desktop.jobs.workspaces import Sentences


class AssignmentsPane(QWidget):
    """Assigns people to plans.

    Args:
        shell: the window.
        formats: how figures are written.
    """

    def __init__(self, shell: Shell, formats: Formats) -> None:
        super().__init__()
        self.shell = shell
        self._formats = formats
        self.found: Assignments | None = None
        """What is on screen."""
        self.presenter = AssignmentsPresenter(shell.runner, self.render_state, shell.fail)
        self.day = DateField(tr("On"))
        self.day.setAccessibleName(tr("On"))
        self.assign_button = self._button("add", tr("Assign…"), primary=True)
        self.bulk_button = self._button("team", tr("Assign a role or team…"))
        self.end_button = self._button("remove", tr("End…"))
        self.strip = FigureStrip(tr("People and plans"))
        self.people = Grid(name=tr("People and their plans"))
        self.people.pick_rows()
        self.hint = QLabel(tr("Select people (Ctrl or Shift for several), then assign them to a plan."))
        self.hint.setWordWrap(True)
        theme.dress(self.hint, tone="text_muted")
        self._lay_out()
        self.assign_button.clicked.connect(self.ask_assign)
        self.bulk_button.clicked.connect(self.ask_bulk)
        self.end_button.clicked.connect(self.ask_end)
        self.people.selection_changed.connect(self._selected)
        self.people.export_requested.connect(shell.export_table)
        self.strip.clicked.connect(self.presenter.narrow)
        self.day.changed.connect(self._day_changed)

    @staticmethod
    def _button(icon: str, text: str, *, primary: bool = False) -> QPushButton:
        made = QPushButton(theme.icon(icon, "accent_text" if primary else "text"), text)
        made.setAccessibleName(text.rstrip("…"))
        if primary:
            theme.dress(made, role="primary")
        return made

    def _lay_out(self) -> None:
        header = WrapRow()
        label = QLabel(tr("On"))
        label.setBuddy(self.day.input)
        label.setMinimumHeight(self.day.input.sizeHint().height())
        header.add(label, self.day, self.assign_button, self.bulk_button, self.end_button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 10, 12, 8)
        outer.setSpacing(theme.tokens().spacing["m"])
        for widget in (header, self.strip, self.hint):
            outer.addWidget(widget)
        outer.addWidget(self.people, 1)

    # ------------------------------------------------------------------ reading

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Read who is paid by what."""
        super().showEvent(event)
        QTimer.singleShot(0, self, self.presenter.seen)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """What changes from now on waits."""
        super().hideEvent(event)
        self.presenter.left()

    def _day_changed(self) -> None:
        self.presenter.choose_day(self.day.value())

    # ------------------------------------------------------------------ on screen

    def render_state(self, state: AssignmentsState) -> None:
        """Show a state."""
        first, fresh = self.found is None, state.found is not self.found
        self.found = state.found
        if state.found is None:
            return
        if fresh:
            self._show(state.found)
        self.strip.set_selected(state.only)
        self.people.set_filter("finding", state.only)
        if first:
            self.people.fit_columns()
            self.people.view.freeze(1)

    def _show(self, found: Assignments) -> None:
        self.day.set_value(found.day)
        keys = found.people.keys
        assert keys is not None
        formats = self._formats
        self.strip.set_figures(
            [
                Figure(
                    "", tr("On the roster"), formats.integer(len(set(keys.tolist()))),
                    note=tr("on {day}", day=formats.date(found.day)),
                ),
                Figure(
                    "no plan", tr("Sell without a plan"), formats.integer(found.without),
                    note=tr("Click to see only them.") if found.without else tr("Everybody who sells has one."),
                ),
                Figure(
                    "plans", tr("More than one plan"), formats.integer(found.several),
                    note=tr("Click to see only them.") if found.several else tr("Nobody is paid twice."),
                ),
            ]
        )  # fmt: skip
        self.people.set_table(dataclasses.replace(found.people, keys=None))
        self._selected()

    def _selected(self) -> None:
        writable = self.shell.session.writable and self.found is not None
        plans = bool(self.found is not None and self.found.plans)
        chosen = self.selected_names()
        self.assign_button.setEnabled(writable and plans and bool(chosen))
        self.end_button.setEnabled(writable and bool(chosen) and bool(self._selected_plans()))
        self.bulk_button.setEnabled(writable and plans)
        count = len(chosen)
        self.assign_button.setText(trn("Assign 1 person…", "Assign {n} people…", count) if count else tr("Assign…"))

    def selected_names(self) -> list[str]:
        """The people selected, each once."""
        return self._selected_values("person")

    def _selected_plans(self) -> list[str]:
        return self._selected_values("plan")

    def _selected_values(self, column: str) -> list[str]:
        if self.found is None:
            return []
        values = self.found.people[column].values
        return [str(v) for v in dict.fromkeys(values[row] for row in self.people.selected_records()) if v is not None]

    # ------------------------------------------------------------------ what a person does

    def ask_assign(self) -> None:
        """Assign the people selected."""
        names = self.selected_names()
        if names:
            self._ask(trn("Assign 1 person", "Assign {n} people", len(names)), {}, {"people": "; ".join(names)})

    def ask_bulk(self) -> None:
        """Assign everybody of a role, of a team, or both."""
        found = self.found
        if found is None:
            return
        fields = {
            "role": self._choice(tr("Role"), "role"),
            "team": self._choice(tr("Team or manager"), "team", "manager"),
        }
        self._ask(tr("Assign a role or team"), fields, {})

    def _choice(self, label: str, *columns: str) -> ChoiceField:
        assert self.found is not None
        values = {str(v) for name in columns for v in self.found.people[name].values if v is not None}
        return ChoiceField(label, {tr("any"): "", **{value: value for value in sorted(values)}})

    def _ask(self, title: str, more: Mapping[str, Field], given: dict[str, Any]) -> None:
        found = self.found
        assert found is not None
        start, until = DateField(tr("From")), DayField(tr("To"), placeholder=tr("until further notice"))
        start.set_value(found.day)
        beside = CheckField(tr("Beside the plans they have, not instead"))

        def go(values: dict[str, Any]) -> None:
            params = {name: values[name] for name in ("plan", "since", "until", "beside")} | given
            if "role" in values:
                params |= {"role": PersonRole(values["role"]) if values["role"] else None, "team": values["team"]}
            self._change("commissions assign", params)

        Confirm(
            title,
            tr("Plans they have end the day before, unless the new one stands beside them. It can be undone."),
            tr("Assign"),
            go,
            self.shell.dialog_parent,
            {**more, "plan": ChoiceField(tr("Plan"), found.plans), "since": start, "until": until, "beside": beside},
        ).open()

    def ask_end(self) -> None:
        """End a plan for the people selected."""
        names, plans = self.selected_names(), self._selected_plans()
        if not names or not plans:
            return
        since = DateField(tr("First day without"))
        assert self.found is not None
        since.set_value(self.found.day)
        Confirm(
            trn("End a plan for 1 person", "End a plan for {n} people", len(names)),
            tr("Runs stay as they are. It can be undone."),
            tr("End"),
            lambda values: self._change("commissions unassign", {**values, "people": "; ".join(names)}),
            self.shell.dialog_parent,
            {"plan": ChoiceField(tr("Plan"), plans), "since": since},
        ).open()

    def _change(self, command: str, params: dict[str, Any]) -> None:
        def done(said: Sentences) -> None:
            self.shell.say(" ".join(said.summary()), kind="success")

        self.shell.run_job(command, params, on_done=done)
