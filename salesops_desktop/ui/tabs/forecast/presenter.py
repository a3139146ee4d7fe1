"""What the Forecast tab shows and asks for. Plain Python: no Qt in here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from salesops_desktop.model.errors import FaultsError, NothingToDoError
from salesops_desktop.model.periods import PeriodKind

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.exports import Exported
    from salesops_desktop.jobs.forecasts import ForecastReport
    from salesops_desktop.jobs.kept_forecasts import KeptForecasts
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tasks import RunsJobs

HORIZONS = {PeriodKind.MONTH: 6, PeriodKind.QUARTER: 4, PeriodKind.YEAR: 2}
"""Periods ahead unless a person asks for others."""
LONGEST = {PeriodKind.MONTH: 24, PeriodKind.QUARTER: 8, PeriodKind.YEAR: 5}
SOURCES = ("auto", "transactions", "won")
_BEHIND = frozenset(
    {"transaction", "opportunity", "snapshot", "snapshot_line", "exchange_rate", "product", "fiscal_calendar", "*"}
)
NODES_TABLES = _BEHIND | {"judgement", "person", "reporting"}
"""Tables the forecast of every node is made of."""
_KEPT = frozenset({"forecast", "forecast_point"})


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be forecast."""

    period: PeriodKind = PeriodKind.MONTH
    horizon: int = HORIZONS[PeriodKind.MONTH]
    source: str = "auto"

    def by(self, period: PeriodKind) -> Question:
        """The same by another kind of period, as far ahead as is usual there."""
        return replace(self, period=period, horizon=HORIZONS[period])


@dataclass(frozen=True, slots=True)
class ForecastState:
    """Everything the tab shows."""

    question: Question = Question()
    report: ForecastReport | None = None
    kept: KeptForecasts | None = None
    loading: bool = False
    lacking: SalesOpsError | None = field(default=None, compare=False)
    """Why there is no forecast."""
    fault: SalesOpsError | None = field(default=None, compare=False)


class ForecastJobs(Protocol):
    """The jobs the tab asks for."""

    def forecast(self, context: JobContext, question: Question) -> ForecastReport:
        """Forecast, and keep what is shown where the workspace may be written to."""

    def kept(self, context: JobContext) -> KeptForecasts:
        """The forecasts that were kept, with their scores."""

    def export(self, context: JobContext, out: Path, *, period: PeriodKind, as_of: dt.date | None) -> Exported:
        """Write the workbook."""


class _Jobs:
    """The jobs themselves, imported when the first one is asked for: the tab must not wait for them to draw."""

    def forecast(self, context: JobContext, question: Question) -> ForecastReport:
        from salesops_desktop.jobs.forecasts import Source, forecast, run_forecast  # noqa: PLC0415  # heavy

        period, ahead, source = question.period, question.horizon, Source(question.source)
        if context.workspace.read_only:
            return forecast(context, period=period, horizon=ahead, source=source, with_pipeline=False)
        return run_forecast(context, period=period, horizon=ahead, source=source, pipeline=False)

    def kept(self, context: JobContext) -> KeptForecasts:
        from salesops_desktop.jobs.kept_forecasts import kept_forecasts  # noqa: PLC0415  # heavy

        return kept_forecasts(context)

    def export(self, context: JobContext, out: Path, *, period: PeriodKind, as_of: dt.date | None) -> Exported:
        from salesops_desktop.jobs.exports import What, export  # noqa: PLC0415  # heavy

        return export(context, What.FORECAST, out, period=period, as_of=as_of)


class ForecastPresenter:
    """Turns what a person does into jobs, and what jobs return into the next state.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        jobs: the jobs; tests hand in their own.
    """

    def __init__(
        self,
        runner: RunsJobs,
        render: Callable[[ForecastState], None],
        jobs: ForecastJobs | None = None,
    ) -> None:
        self._runner = runner
        self._render = render
        self._jobs: ForecastJobs = jobs or _Jobs()
        self.state = ForecastState()

    def _become(self, state: ForecastState) -> None:
        self.state = state
        self._render(state)

    def opened(self) -> None:
        """A workspace is open: forecast with what was asked last."""
        self.state = ForecastState(question=self.state.question)
        self._read()

    def closed(self) -> None:
        """No workspace is open."""
        self._become(ForecastState(question=self.state.question))

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed: forecast again, or only read the kept ones again."""
        if tables & _BEHIND:
            self._read()
        elif tables & _KEPT:
            self._read_kept()

    def ask(self, question: Question) -> None:
        """Forecast something else."""
        if question != self.state.question:
            self.state = replace(self.state, question=question)
            self._read()

    def refresh(self) -> None:
        """Forecast again."""
        self._read()

    def export(self, out: Path, on_done: Callable[[], None]) -> None:
        """Write the workbook of the forecast shown."""
        report = self.state.report
        params: dict[str, Any] = {
            "out": out, "period": self.state.question.period, "as_of": None if report is None else report.as_of,
        }  # fmt: skip
        self._runner.run(
            self._jobs.export, params, title=f"Exporting {out.name}", on_done=lambda _written: on_done(),
            on_error=self._said,
        )  # fmt: skip

    def _read(self) -> None:
        self._become(replace(self.state, loading=True, fault=None))
        question = self.state.question

        def work(context: JobContext) -> ForecastReport:
            return self._jobs.forecast(context, question)

        def done(report: ForecastReport) -> None:
            self._become(replace(self.state, report=report, loading=False, lacking=None))
            self._read_kept()

        self._runner.run(
            work,
            title="Forecast",
            topic="forecast.run",
            on_done=done,
            on_error=self._failed,
            on_cancelled=self._stopped,
        )

    def _read_kept(self) -> None:
        def done(kept: KeptForecasts) -> None:
            self._become(replace(self.state, kept=kept))

        self._runner.run(self._jobs.kept, topic="forecast.kept", on_done=done, on_error=self._said)

    def _stopped(self) -> None:
        self._become(replace(self.state, loading=False))

    def _failed(self, fault: SalesOpsError) -> None:
        state = replace(self.state, loading=False)
        if isinstance(fault, NothingToDoError | FaultsError) or state.report is None:
            self._become(replace(state, report=None, lacking=fault))
        else:
            self._said(fault, state)

    def _said(self, fault: SalesOpsError, state: ForecastState | None = None) -> None:
        self._become(replace(state or self.state, fault=fault))
        self.state = replace(self.state, fault=None)  # said once
