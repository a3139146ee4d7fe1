"""The jobs the Commissions tab asks for, imported when the first one is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_desk import CommissionDesk
    from salesops_desktop.jobs.commissions import CommissionReport, LineTrace
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.exports import Exported
    from salesops_desktop.jobs.workspaces import Sentences
    from salesops_desktop.model.enums import RunStatus
    from salesops_desktop.model.tables import Table


class CommissionJobs(Protocol):
    """What the tab's presenter needs of the jobs; tests hand in their own."""

    def desk(self, context: JobContext) -> CommissionDesk:
        """See what there is to calculate from."""

    def show(self, context: JobContext, run: int) -> CommissionReport:
        """Read a run."""

    def calculate(
        self, context: JobContext, period: str, pay_on: str, cliffs_above: int, waive: str
    ) -> CommissionReport:
        """Calculate a period."""

    def inquiries(self, context: JobContext) -> Table:
        """Read the questions about lines and their answers."""

    def trace(self, context: JobContext, run: int, line: int) -> LineTrace:
        """Work out the steps of a line."""

    def next_statuses(self, status: RunStatus) -> tuple[RunStatus, ...]:
        """Where a run may go: on first, then back."""

    def set_status(self, context: JobContext, run: int, status: RunStatus, *, note: str = "") -> Sentences:
        """Move a run."""

    def book_won(self, context: JobContext) -> Sentences:
        """Book the won opportunities."""

    def starter_plans(self, context: JobContext, *, rate: float) -> Sentences:
        """Set up plans to start from."""

    def export(self, context: JobContext, run: int, out: Path, *, statements: bool) -> Exported:
        """Write a run's workbook or its statements."""


class TheJobs:
    """The jobs themselves. Each is imported when it is asked for: the tab must not wait for them to draw."""

    def desk(self, context: JobContext) -> CommissionDesk:
        """See what there is to calculate from."""
        from salesops_desktop.jobs.commission_desk import commission_desk  # noqa: PLC0415  # heavy

        return commission_desk(context)

    def show(self, context: JobContext, run: int) -> CommissionReport:
        """Read a run."""
        from salesops_desktop.jobs.commissions import show_run  # noqa: PLC0415  # heavy

        return show_run(context, run)

    def calculate(
        self, context: JobContext, period: str, pay_on: str, cliffs_above: int, waive: str
    ) -> CommissionReport:
        """Calculate a period."""
        from salesops_desktop.jobs.commissions import PayOn, run_commissions  # noqa: PLC0415  # heavy

        return run_commissions(context, period, pay_on=PayOn(pay_on), cliffs_above=cliffs_above, waive=waive)

    def inquiries(self, context: JobContext) -> Table:
        """Read the questions about lines and their answers."""
        from salesops_desktop.jobs.commission_inquiries import inquiries  # noqa: PLC0415  # heavy

        return inquiries(context).table

    def trace(self, context: JobContext, run: int, line: int) -> LineTrace:
        """Work out the steps of a line."""
        from salesops_desktop.jobs.commissions import trace_line  # noqa: PLC0415  # heavy

        return trace_line(context, run, line)

    def next_statuses(self, status: RunStatus) -> tuple[RunStatus, ...]:
        """Where a run may go: on first, then back."""
        from salesops_desktop.jobs.commissions import next_statuses  # noqa: PLC0415  # heavy

        return next_statuses(status)

    def set_status(self, context: JobContext, run: int, status: RunStatus, *, note: str = "") -> Sentences:
        """Move a run."""
        from salesops_desktop.jobs.commissions import set_status  # noqa: PLC0415  # heavy

        return set_status(context, run, status, note=note)

    def book_won(self, context: JobContext) -> Sentences:
        """Book the won opportunities."""
        from salesops_desktop.jobs.commission_plans import book_won  # noqa: PLC0415  # heavy

        return book_won(context)

    def starter_plans(self, context: JobContext, *, rate: float) -> Sentences:
        """Set up plans to start from."""
        from salesops_desktop.jobs.commission_plans import starter_plans  # noqa: PLC0415  # heavy

        return starter_plans(context, rate=rate)

    def export(self, context: JobContext, run: int, out: Path, *, statements: bool) -> Exported:
        """Write a run's workbook or its statements."""
        from salesops_desktop.jobs.exports import What, export  # noqa: PLC0415  # heavy

        return export(context, What.STATEMENTS if statements else What.COMMISSIONS, out, number=run)
