"""What leaves runs for the books: the payroll file, amortisation, corrections of locked periods."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtWidgets import QFileDialog

from salesops_desktop.ui.exporting import open_file
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.commissions.in_view import InView
from salesops_desktop.ui.tabs.commissions.payroll_dialog import PayrollDialog
from salesops_desktop.ui.tabs.confirming import Confirm
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.widgets.forms import CheckField, ChoiceField, IntegerField

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_payroll import Payroll

_MAPPED: Final = "commissions/payroll columns"


class BookAsking:
    """Asks for what payroll, amortisation and corrections need.

    Args:
        shell: the window.
        seen: what is in view.
    """

    def __init__(self, shell: Shell, seen: Callable[[], InView | None]) -> None:
        self._shell, self._seen = shell, seen

    def payroll(self) -> None:
        """Ask which columns payroll wants, then write the file."""
        seen = self._seen()
        if seen is None:
            return
        if seen.changeable:
            said = tr(
                "{run} is {status}: only what is approved is paid. Approve it first.",
                run=seen.name, status=tr(seen.status.value),
            )  # fmt: skip
            self._shell.say(said, kind="warning")
            return
        kept = self._shell.preferences.text(_MAPPED)
        dialog = PayrollDialog(seen.name, kept.split("\n") if kept else (), self._shell.dialog_parent)
        dialog.chosen.connect(lambda columns: self._ask_file(seen, list(columns)))
        dialog.open()

    def _ask_file(self, seen: InView, columns: list[str]) -> None:
        self._shell.preferences.set_text(_MAPPED, "\n".join(columns))
        start = self._shell.preferences.last_folder / f"Payroll {seen.period}.csv"
        name, _ = QFileDialog.getSaveFileName(
            self._shell.dialog_parent, tr("Export for payroll"), str(start), tr("Text (*.csv)")
        )
        if name:
            self.write_payroll(seen.run, Path(name if name.lower().endswith(".csv") else f"{name}.csv"), columns)

    def write_payroll(self, run: int, path: Path, columns: list[str]) -> None:
        """Write the payroll file of a run with these columns, each ``header=field``."""
        self._shell.preferences.last_folder = path.parent

        def done(written: Payroll) -> None:
            self._shell.say(" ".join(written.summary()), kind="success", actions=open_file(path))

        self._shell.run_job("commissions payroll", {"run": run, "out": path, "columns": columns}, on_done=done)

    def amortise(self) -> None:
        """Ask over how long commissions are spread, then show the schedule."""
        seen = self._seen()
        runs = {tr("all runs that are approved, locked or paid"): 0}
        if seen is not None and not seen.changeable:
            runs[seen.name] = seen.run
        months = IntegerField(
            tr("Months of benefit"), required=True, check=lambda n: "" if n and n > 0 else tr("At least one month.")
        )
        months.set_value(36)
        expedient = CheckField(tr("What lasts a year or less is an expense at once"))
        expedient.set_value(True)
        self._report(
            tr("Amortise commissions"),
            tr(
                "What contracts cost in commission is spread straight-line over the months they bring benefit "
                "(ASC 340-40); what is left of a refunded contract is written off."
            ),
            tr("Show the schedule"),
            "commissions amortise",
            {"run": ChoiceField(tr("Of"), runs), "months": months, "expedient": expedient},
            {},
        )

    def retro(self) -> None:
        """Ask, then correct locked periods in the run in view."""
        seen = self._seen()
        if seen is not None:
            self._report(
                tr("Correct locked periods"),
                tr(
                    "Every locked period before {period} is calculated again as deals, quotas, people, plans and "
                    "exchange rates stand now. What differs is posted into {run}, each with its cause; the locked "
                    "runs stay as they are.",
                    period=seen.period, run=seen.name,
                ),
                tr("Correct"),
                "commissions retro",
                {},
                {"period": seen.period},
            )  # fmt: skip

    def _report(
        self, title: str, sentence: str, action: str, command: str, fields: dict[str, Any], given: dict[str, Any]
    ) -> None:
        def go(values: dict[str, Any]) -> None:
            self._shell.run_job(
                command, {**given, **values}, on_done=lambda report: self._shell.show_report(title, report)
            )

        Confirm(title, sentence, action, go, self._shell.dialog_parent, fields).open()
