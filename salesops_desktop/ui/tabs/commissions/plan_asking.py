"""What the room of plans asks before it acts: a template, a day, a file, a yes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog

from salesops_desktop.ui.exporting import open_file
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.commissions.plan_presenter import PlanPresenter
from salesops_desktop.ui.tabs.confirming import Confirm
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.widgets.forms import ChoiceField, DateField, TextField

if TYPE_CHECKING:
    from salesops_desktop.jobs.workspaces import Sentences


class PlanAsking:
    """Asks for what making, versioning, removing and exchanging plans needs.

    Args:
        shell: the window.
        presenter: knows the plan in view, and does what was asked for.
    """

    def __init__(self, shell: Shell, presenter: PlanPresenter) -> None:
        self._shell, self._presenter = shell, presenter

    def new(self) -> None:
        """Ask for a template, then make a plan of it."""
        from salesops_desktop.jobs.commission_templates import templates  # noqa: PLC0415  # loaded with the plans

        known = {one.title: one for one in templates()}
        entries = () if self._presenter.state.book is None else self._presenter.state.book.entries
        code = entries[0].plan.currency if entries else "USD"
        choice = ChoiceField(tr("Template"), known)
        name = TextField(tr("Name"), required=True)
        currency = TextField(tr("Currency"), required=True)
        start = DateField(tr("First day"))
        currency.set_value(code)
        start.set_value(dt.datetime.now(dt.UTC).date().replace(month=1, day=1))

        def follow() -> None:
            one = choice.read()
            choice.set_hint(f"{one.use} {one.needs}")
            name.set_value(one.title)

        choice.changed.connect(follow)
        follow()

        def go(values: dict[str, Any]) -> None:
            self._presenter.new(values["template"].name, values["name"], values["currency"], values["start"])

        Confirm(
            tr("New plan from a template"),
            tr("The plan is complete and can be edited at once. Nobody is paid by it until people are assigned."),
            tr("Make the plan"),
            go,
            self._shell.dialog_parent,
            {"template": choice, "name": name, "currency": currency, "start": start},
        ).open()

    def version(self) -> None:
        """Ask from which day on the plan is to hold as edited."""
        plan = self._presenter.state.plan
        if plan is None:
            return
        start = DateField(tr("From"))
        Confirm(
            tr("New version of {name}", name=plan.name),
            tr(
                "The plan as it is stored ends the day before; its people go on by the new version. What accumulates "
                "begins anew, so let it begin with a quarter or a year. It can be undone."
            ),
            tr("Save as version"),
            lambda values: self._presenter.save(values["start"]),
            self._shell.dialog_parent,
            {"start": start},
        ).open()

    def remove(self) -> None:
        """Remove the component in hand from the draft; ask before the whole plan goes."""
        state = self._presenter.state
        if state.component is not None:
            self._presenter.remove_component()
            return
        if state.entry is None:
            return
        Confirm(
            tr("Remove {name}", name=state.entry.plan.name),
            trn(
                "1 person is paid by it. Runs stay as they are. It can be undone.",
                "{n} people are paid by it. Runs stay as they are. It can be undone.",
                state.entry.people,
            ),
            tr("Remove the plan"),
            lambda _values: self._presenter.remove(),
            self._shell.dialog_parent,
        ).open()

    # ------------------------------------------------------------------ files

    def write(self) -> None:
        """Ask for a file and write the plan in hand to it, as it is stored."""
        entry = self._presenter.state.entry
        if entry is None:
            return
        start = self._shell.preferences.last_folder / f"{entry.plan.name}.json"
        name, _ = QFileDialog.getSaveFileName(
            self._shell.dialog_parent, tr("Write the plan to a file"), str(start), tr("Plan (*.json)")
        )
        if name:
            self.write_to(Path(name if name.lower().endswith(".json") else f"{name}.json"))

    def write_to(self, path: Path) -> None:
        """Write the plan in hand to a file."""
        entry = self._presenter.state.entry
        assert entry is not None
        self._do("commissions write-plan", {"plan": entry.plan.name, "out": path}, path)

    def read(self) -> None:
        """Ask for a file and save the plan in it: in place of the plan of that name, or as a new one."""
        start = str(self._shell.preferences.last_folder)
        name, _ = QFileDialog.getOpenFileName(
            self._shell.dialog_parent, tr("Read a plan from a file"), start, tr("Plan (*.json)")
        )
        if name:
            self.read_from(Path(name))

    def read_from(self, path: Path) -> None:
        """Save the plan of a file."""
        self._do("commissions save-plan", {"file": path}, None)

    def _do(self, command: str, params: dict[str, Any], written: Path | None) -> None:
        path: Path = params.get("out") or params["file"]
        self._shell.preferences.last_folder = path.parent

        def done(said: Sentences) -> None:
            ways = () if written is None else open_file(written)
            self._shell.say(" ".join(said.summary()), kind="success", actions=ways)

        self._shell.run_job(command, params, on_done=done)
