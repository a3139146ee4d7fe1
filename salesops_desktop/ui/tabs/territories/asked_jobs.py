"""The jobs the Territories tab asks for, imported when the first one is: the tab must not wait for them to draw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.exports import Exported
    from salesops_desktop.jobs.territories import Scenarios, TerritoryReport
    from salesops_desktop.jobs.workspaces import Sentences


class TerritoryJobs(Protocol):
    """What the tab asks for; tests hand in their own."""

    def scenarios(self, context: JobContext) -> Scenarios:
        """List the scenarios."""

    def show(self, context: JobContext, scenario: int) -> TerritoryReport:
        """Read one of them."""

    def design(
        self, context: JobContext, *, better: Callable[[Any], None], enough: Callable[[], bool], **wishes: Any
    ) -> TerritoryReport:
        """Design a new one; tells of better ones on the way and stops when there is enough."""

    def move(self, context: JobContext, scenario: int, territory: str, accounts: list[int]) -> Sentences:
        """Move accounts by hand."""

    def make_current(self, context: JobContext, scenario: int, *, effective_from: dt.date) -> Sentences:
        """Make its people the owners."""

    def hand_over(self, context: JobContext, scenario: int, out: Path, picture: Path | None) -> Exported:
        """Write the hand-over workbook."""

    def desk(self, context: JobContext, scenario: int) -> Any:
        """Open a desk to edit a scenario at."""

    def compare(self, context: JobContext, scenarios: list[int]) -> Any:
        """Put scenarios side by side."""

    def keep_plan(self, context: JobContext, report: Any, number: int) -> Any:
        """Make a scenario of one plan of a strip."""


class Jobs:
    """The jobs themselves."""

    def scenarios(self, context: JobContext) -> Scenarios:
        """List the scenarios."""
        from salesops_desktop.jobs.territories import scenarios  # noqa: PLC0415  # heavy

        return scenarios(context)

    def show(self, context: JobContext, scenario: int) -> TerritoryReport:
        """Read one of them."""
        from salesops_desktop.jobs.territories import show_territories  # noqa: PLC0415  # heavy

        return show_territories(context, scenario)

    def design(
        self, context: JobContext, *, better: Callable[[Any], None], enough: Callable[[], bool], **wishes: Any
    ) -> TerritoryReport:
        """Design a new one; tells of better ones on the way and stops when there is enough."""
        from salesops_desktop.jobs.territories import design_territories  # noqa: PLC0415  # heavy
        from salesops_desktop.jobs.territory_watching import Watch, WatchedContext  # noqa: PLC0415  # heavy

        watched = WatchedContext(context.current, context.progress, context.publish, watch=Watch(better, enough))
        return design_territories(watched, **wishes)

    def move(self, context: JobContext, scenario: int, territory: str, accounts: list[int]) -> Sentences:
        """Move accounts by hand."""
        from salesops_desktop.jobs.territories import move_accounts  # noqa: PLC0415  # heavy

        return move_accounts(context, scenario, territory, accounts)

    def make_current(self, context: JobContext, scenario: int, *, effective_from: dt.date) -> Sentences:
        """Make its people the owners."""
        from salesops_desktop.jobs.territory_scenarios import make_current  # noqa: PLC0415  # heavy

        return make_current(context, scenario, effective_from=effective_from)

    def hand_over(self, context: JobContext, scenario: int, out: Path, picture: Path | None) -> Exported:
        """Write the hand-over workbook."""
        from salesops_desktop.jobs.exports import What, export  # noqa: PLC0415  # heavy

        return export(context, What.TERRITORIES, out, number=scenario, picture=picture)

    def desk(self, context: JobContext, scenario: int) -> Any:
        """Open a desk to edit a scenario at."""
        from salesops_desktop.jobs.territory_editing import open_desk  # noqa: PLC0415  # heavy

        return open_desk(context, scenario)

    def compare(self, context: JobContext, scenarios: list[int]) -> Any:
        """Put scenarios side by side."""
        from salesops_desktop.jobs.territory_scenarios import compare_scenarios  # noqa: PLC0415  # heavy

        return compare_scenarios(context, scenarios)

    def keep_plan(self, context: JobContext, report: Any, number: int) -> Any:
        """Make a scenario of one plan of a strip."""
        from salesops_desktop.jobs.territory_editing import keep_plan  # noqa: PLC0415  # heavy

        return keep_plan(context, report, number)
