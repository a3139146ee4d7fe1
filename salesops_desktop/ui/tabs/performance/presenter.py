"""What the Performance tab shows and asks for. Plain Python: no Qt in here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from salesops_desktop.model.entities import ENTITIES
from salesops_desktop.model.errors import FaultsError, NothingToDoError
from salesops_desktop.model.periods import PeriodKind

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.exports import Exported
    from salesops_desktop.jobs.kpis import Figure, KpiReport, KpiResult
    from salesops_desktop.jobs.tables import Browse
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.model.tables import Table
    from salesops_desktop.ui.tasks import RunsJobs

Page = Literal["trend", "breakdown", "details", "rows"]
PAGES: tuple[Page, ...] = ("trend", "breakdown", "details", "rows")
GROUPS = ("owner", "manager", "region", "product", "family", "industry")
_BEHIND = frozenset(
    {
        "opportunity", "quota", "activity", "lead", "snapshot", "snapshot_line", "person", "product", "account",
        "forecast", "forecast_point", "exchange_rate", "fiscal_calendar", "*",
    }
)  # fmt: skip
_BROWSED = frozenset(each.name for each in ENTITIES)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows behind one figure."""

    table: Table | None
    """None where the rows are of a kind that has no table of its own."""
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PerformanceState:
    """Everything the tab shows."""

    period: PeriodKind = PeriodKind.QUARTER
    as_of: dt.date | None = None
    """None: the newest day the data speak of."""
    page: Page = "trend"
    chosen: str = ""
    """The id of the KPI whose details are shown; empty until there is a report."""
    place: int | None = None
    """Which of the report's periods; None for all together."""
    group_by: str = "owner"
    group: str | None = None
    """The group whose rows are asked for; None for everybody."""
    report: KpiReport | None = None
    grouped: KpiReport | None = None
    """The same by group; None until somebody looks."""
    rows: Rows | None = None
    loading: bool = False
    grouping: bool = False
    lacking: SalesOpsError | None = field(default=None, compare=False)
    """Why there are no figures at all."""
    fault: SalesOpsError | None = field(default=None, compare=False)

    @property
    def result(self) -> KpiResult | None:
        """The KPI chosen."""
        return None if self.report is None or not self.chosen else self.report.result(self.chosen)

    @property
    def figure(self) -> Figure | None:
        """The figure chosen: of the KPI, the period, and the group where one is picked."""
        result = self.result
        if result is None:
            return None
        if self.group is not None and self.grouped is not None:
            for each in self.grouped.result(self.chosen).groups:
                if each.label == self.group:
                    return each.overall if self.place is None else each.by_period[self.place]
        return result.overall if self.place is None else result.by_period[self.place]

    @property
    def period_label(self) -> str:
        """The period chosen; empty for all together."""
        return "" if self.report is None or self.place is None else self.report.periods[self.place].label


def newest_place(result: KpiResult) -> int:
    """The newest period with a value, else the newest."""
    figures = result.by_period
    known = [place for place, figure in enumerate(figures) if figure.value is not None]
    return known[-1] if known else len(figures) - 1


def _first_with_value(report: KpiReport) -> str:
    """The first KPI that says something; the first of all where none does."""
    telling = (r for r in report.results if any(figure.value is not None for figure in r.by_period))
    return next(telling, report.results[0]).definition.id


class PerformanceJobs(Protocol):
    """The jobs the tab asks for."""

    def kpis(self, context: JobContext, *, period: PeriodKind, as_of: dt.date | None, by: str | None) -> KpiReport:
        """Calculate the nine KPIs."""

    def browse(self, context: JobContext, entity_name: str, *, ids: list[int]) -> Browse:
        """Read some records."""

    def export(self, context: JobContext, out: Path, *, period: PeriodKind, as_of: dt.date | None) -> Exported:
        """Write the workbook."""


class _Jobs:
    """The jobs themselves, imported when the first one is asked for: the tab must not wait for them to draw."""

    def kpis(self, context: JobContext, *, period: PeriodKind, as_of: dt.date | None, by: str | None) -> KpiReport:
        from salesops_desktop.jobs.kpis import kpis  # noqa: PLC0415  # heavy

        return kpis(context, period=period, as_of=as_of, by=by)

    def browse(self, context: JobContext, entity_name: str, *, ids: list[int]) -> Browse:
        from salesops_desktop.jobs.tables import browse  # noqa: PLC0415  # heavy

        return browse(context, entity_name, ids=ids)

    def export(self, context: JobContext, out: Path, *, period: PeriodKind, as_of: dt.date | None) -> Exported:
        from salesops_desktop.jobs.exports import What, export  # noqa: PLC0415  # heavy

        return export(context, What.KPIS, out, period=period, as_of=as_of)


class PerformancePresenter:
    """Turns what a person does into jobs, and what jobs return into the next state.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        jobs: the jobs; tests hand in their own.
    """

    def __init__(
        self,
        runner: RunsJobs,
        render: Callable[[PerformanceState], None],
        jobs: PerformanceJobs | None = None,
    ) -> None:
        self._runner = runner
        self._render = render
        self._jobs: PerformanceJobs = jobs or _Jobs()
        self.state = PerformanceState()

    def _become(self, state: PerformanceState) -> None:
        self.state = state
        self._render(state)

    # ------------------------------------------------------------------ what the window says

    def opened(self) -> None:
        """A workspace is open: calculate."""
        before = self.state
        self.state = PerformanceState(before.period, page=before.page, chosen=before.chosen, group_by=before.group_by)
        self._read()

    def closed(self) -> None:
        """No workspace is open."""
        before = self.state
        self._become(PerformanceState(before.period, page=before.page, chosen=before.chosen, group_by=before.group_by))

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed: calculate again where it matters."""
        if tables & _BEHIND:
            self._read()

    # ------------------------------------------------------------------ what a person does

    def ask(self, period: PeriodKind, as_of: dt.date | None) -> None:
        """Measure by other periods, or as of another day; None for the newest day of the data."""
        if (period, as_of) != (self.state.period, self.state.as_of):
            place = self.state.place if period is self.state.period else None
            self.state = replace(self.state, period=period, as_of=as_of, place=place)
            self._read()

    def choose(self, kpi_id: str) -> None:
        """Show a KPI, at the newest period for which it has a value."""
        report = self.state.report
        if report is None or kpi_id == self.state.chosen:
            return
        place = newest_place(report.result(kpi_id))
        self._become(replace(self.state, chosen=kpi_id, place=place, group=None, rows=None))
        self._complete()

    def at(self, place: int | None) -> None:
        """Show the figure of another period, or of all periods together."""
        if place != self.state.place:
            self._become(replace(self.state, place=place, rows=None))
            self._complete()

    def turn_to(self, page: Page) -> None:
        """Show another page of the KPI's details."""
        if page != self.state.page:
            self._become(replace(self.state, page=page))
            self._complete()

    def by(self, group_by: str) -> None:
        """Break the KPI down by something else."""
        if group_by != self.state.group_by:
            self._become(replace(self.state, group_by=group_by, group=None, grouped=None, rows=None))
            self._complete()

    def pick_group(self, label: str | None) -> None:
        """Show the rows of one group only, or of everybody."""
        if label != self.state.group:
            self._become(replace(self.state, group=label, rows=None))
            self._complete()

    def export(self, out: Path, on_done: Callable[[], None]) -> None:
        """Write the workbook of the figures shown."""
        params: dict[str, Any] = {"out": out, "period": self.state.period, "as_of": self.state.as_of}
        self._runner.run(
            self._jobs.export, params, title=f"Exporting {out.name}", on_done=lambda _written: on_done(),
            on_error=self._said,
        )  # fmt: skip

    # ------------------------------------------------------------------ asking the jobs

    def _read(self) -> None:
        self._become(replace(self.state, loading=True, fault=None))
        params: dict[str, Any] = {"period": self.state.period, "as_of": self.state.as_of, "by": None}

        def done(report: KpiReport) -> None:
            state = replace(self.state, report=report, grouped=None, rows=None, loading=False, lacking=None)
            chosen = state.chosen or _first_with_value(report)
            place = state.place
            if not state.chosen or place is None or place >= len(report.periods):
                place = newest_place(report.result(chosen))
            self._become(replace(state, chosen=chosen, place=place))
            self._complete()

        self._runner.run(
            self._jobs.kpis, params, title="KPIs", topic="performance.kpis", on_done=done, on_error=self._failed,
            on_cancelled=self._stopped,
        )  # fmt: skip

    def _complete(self) -> None:
        """Ask for what the page in front still lacks."""
        state = self.state
        if state.report is None:
            return
        if state.page == "breakdown" and state.grouped is None and not state.grouping:
            self._break_down()
        elif state.page == "rows" and state.rows is None:
            self._fetch_rows()

    def _break_down(self) -> None:
        wanted = self.state.group_by
        report = self.state.report
        params: dict[str, Any] = {"period": self.state.period, "as_of": self.state.as_of, "by": wanted}
        self._become(replace(self.state, grouping=True))

        def done(grouped: KpiReport) -> None:
            fits = wanted == self.state.group_by and self.state.report is report
            self._become(replace(self.state, grouped=grouped if fits else None, grouping=False))
            self._complete()

        self._runner.run(
            self._jobs.kpis, params, title="KPIs by group", topic="performance.groups", on_done=done,
            on_error=self._failed, on_cancelled=self._stopped,
        )  # fmt: skip

    def _fetch_rows(self) -> None:
        result, figure = self.state.result, self.state.figure
        if result is None or figure is None:
            return
        ids = tuple(int(number) for number in figure.ids)
        entity = result.definition.entity
        if entity not in _BROWSED or not ids:
            self._become(replace(self.state, rows=Rows(None, ids)))
            return
        params: dict[str, Any] = {"entity_name": entity, "ids": list(ids)}

        def done(browse: Browse) -> None:
            self._become(replace(self.state, rows=Rows(browse.table, ids)))

        self._runner.run(self._jobs.browse, params, topic="performance.rows", on_done=done, on_error=self._said)

    def _stopped(self) -> None:
        self._become(replace(self.state, loading=False, grouping=False))

    def _failed(self, fault: SalesOpsError) -> None:
        state = replace(self.state, loading=False, grouping=False)
        if isinstance(fault, NothingToDoError | FaultsError) or state.report is None:
            self._become(replace(state, report=None, grouped=None, rows=None, lacking=fault))
        else:
            self._said(fault, state)

    def _said(self, fault: SalesOpsError, state: PerformanceState | None = None) -> None:
        self._become(replace(state or self.state, fault=fault))
        self.state = replace(self.state, fault=None)  # said once
