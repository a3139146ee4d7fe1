"""What the room of runs asks before it acts: a period, a rate, a file, a yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog

from salesops_desktop.model.enums import RunStatus
from salesops_desktop.model.tables import Table
from salesops_desktop.ui.exporting import open_file
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.commissions.presenter import CommissionPresenter
from salesops_desktop.ui.tabs.confirming import Confirm
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.widgets.forms import ChoiceField, IntegerField, PercentField, PeriodField, TextField


@dataclass(frozen=True, slots=True)
class History:
    """The life of a run as a report."""

    run: str
    events: Table

    def summary(self) -> Sequence[str]:
        """How many steps it took."""
        return [trn("1 step of {run} so far.", "{n} steps of {run} so far.", len(self.events), run=self.run)]

    def tables(self) -> Sequence[Table]:
        """The steps."""
        return [self.events]


class RunAsking:
    """Asks for what calculating, moving and exporting runs needs.

    Args:
        shell: the window.
        presenter: knows the run in view, and does what was asked for.
    """

    def __init__(self, shell: Shell, presenter: CommissionPresenter) -> None:
        self._shell, self._presenter = shell, presenter

    def calculate(self) -> None:
        """Ask which period, then calculate it."""
        desk = self._presenter.state.desk
        if desk is None or not desk.periods:
            return
        period = PeriodField(tr("Period"), list(reversed(desk.periods)))
        newest = desk.newest_month
        period.set_value(newest if newest is not None else desk.periods[0])
        pay_on = ChoiceField(
            tr("Pay on"),
            {tr("booking"): "booking", tr("invoice"): "invoice", tr("payment"): "payment"},
            hint=tr("Which transactions earn."),
        )

        cliffs = IntegerField(
            tr("Warn of leaps of pay from"), placeholder=tr("no warning"),
            hint=tr("In the plan's currency."),
            check=lambda n: "" if n is None or n > 0 else tr("More than nothing, or empty."),
        )  # fmt: skip
        waive = TextField(
            tr("Go on without, because"), placeholder=tr("stop where something is missing"),
            hint=tr("What rests on it pays nothing then."),
        )  # fmt: skip

        def go(values: dict[str, Any]) -> None:
            self._presenter.calculate(
                values["period"].label,
                values["pay_on"],
                cliffs_above=values["cliffs"] or 0,
                waive=values["waive"] or "",
            )

        self._confirm(
            tr("Calculate commissions"),
            tr(
                "Plans, people, quotas, rates and shares are checked first. A run of the same period is calculated "
                "anew as long as it is not approved."
            ),
            tr("Calculate"),
            go,
            {"period": period, "pay_on": pay_on, "cliffs": cliffs, "waive": waive},
        )

    def history(self) -> None:
        """Show who did what with the run, and when."""
        report = self._presenter.state.report
        if report is not None:
            self._shell.show_report(tr("Life of {run}", run=report.head.name), History(report.head.name, report.events))

    def plans(self) -> None:
        """Ask for the rate, then set up starter plans."""
        rate = PercentField(
            tr("Rate"), required=True, check=lambda r: "" if 0 < r <= 1 else tr("More than 0, at most 100 per cent.")
        )
        rate.set_value(Decimal("0.05"))
        self._confirm(
            tr("Set up starter plans"),
            tr(
                "Everybody who sells gets a plan: this rate on bookings up to quota, half as much again up to 120 % of "
                "quota and twice as much beyond. It can be undone."
            ),
            tr("Set up plans"),
            lambda values: self._presenter.starter_plans(float(values["rate"] * 100)),
            {"rate": rate},
        )

    def move_to(self, status: RunStatus) -> None:
        """Move the run on or back; locking asks first, because it is for good."""
        report = self._presenter.state.report
        if report is None:
            return
        if status is not RunStatus.LOCKED:
            self._presenter.move_to(status)
            return
        self._confirm(
            tr("Lock {name}", name=report.head.name),
            tr("A locked run never changes again. A backup of the workspace is made first."),
            tr("Lock the run"),
            lambda _values: self._presenter.move_to(RunStatus.LOCKED),
        )

    def _confirm(self, title: str, sentence: str, action: str, on_yes: Any, fields: Any = None) -> None:
        Confirm(title, sentence, action, on_yes, self._shell.dialog_parent, fields).open()

    def export_run(self) -> None:
        """Ask for a file and write the run's workbook to it."""
        report = self._presenter.state.report
        if report is None:
            return
        start = self._shell.preferences.last_folder / f"{report.head.name}.xlsx"
        name, _ = QFileDialog.getSaveFileName(
            self._shell.dialog_parent, tr("Export the run"), str(start), tr("Workbook (*.xlsx)")
        )
        if name:
            self.export(Path(name if name.lower().endswith(".xlsx") else f"{name}.xlsx"), statements=False)

    def export_statements(self) -> None:
        """Ask for a folder and write a statement for each person into it."""
        start = str(self._shell.preferences.last_folder)
        name = QFileDialog.getExistingDirectory(self._shell.dialog_parent, tr("Folder for the statements"), start)
        if name:
            self.export(Path(name), statements=True)

    def export(self, path: Path, *, statements: bool) -> None:
        """Write the run's workbook, or a statement for each person into a folder."""
        self._shell.preferences.last_folder = path if statements else path.parent

        def done(files: Sequence[Path]) -> None:
            said = tr("Exported to {path}.", path=str(path))
            if statements:
                single = [file for file in files if file.parent == path]  # beside them lie the managers' packs
                said = trn(
                    "Wrote 1 statement to {path}.", "Wrote {n} statements to {path}.", len(single), path=str(path)
                )
            self._shell.say(said, kind="success", actions=open_file(path))

        self._presenter.export(path, done, statements=statements)
