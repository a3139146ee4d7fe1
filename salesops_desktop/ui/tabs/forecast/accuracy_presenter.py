"""How good forecasts were: scores, leanings with their corrections, kept forecasts side by side. No Qt in here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from salesops_desktop.ui.tabs.room_presenter import RoomPresenter

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.forecast_comparison import ForecastComparison
    from salesops_desktop.jobs.forecast_corrections import CorrectionsReport
    from salesops_desktop.jobs.forecast_scores import ScoresReport
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tasks import RunsJobs

BEHIND = frozenset({"forecast", "forecast_point", "judgement", "correction", "transaction", "opportunity", "*"})
"""Tables whose rows the scores are made of."""


@dataclass(frozen=True, slots=True)
class AccuracyState:
    """Everything the room shows."""

    scores: ScoresReport | None = None
    corrections: CorrectionsReport | None = None
    comparison: ForecastComparison | None = None
    key: Mapping[str, str] = field(default_factory=dict)
    """The chosen node: level → name; empty for the company."""
    lacking: Mapping[str, SalesOpsError] = field(default_factory=dict)
    """Why a part is not there."""


def of_node(report: ScoresReport, key: Mapping[str, str]) -> ScoresReport:
    """The records of one part of the company alone; the stair and the leanings stay those of everybody."""
    if not key or report.records.empty:
        return report
    wanted = dict(key)
    mine = [json.loads(str(text)) == wanted for text in report.records["node_key"]]
    return replace(report, records=report.records[mine])


class AccuracyJobs(Protocol):
    """The jobs the room asks for."""

    def scores(self, context: JobContext) -> ScoresReport:
        """Hold every kept forecast against what came."""

    def corrections(self, context: JobContext) -> CorrectionsReport:
        """See who leans, and what correcting it would have brought."""

    def correct(self, context: JobContext, subject: str) -> object:
        """Apply the correction offered for a person."""

    def withdraw(self, context: JobContext, subject: str) -> object:
        """End the correction of a person's numbers."""

    def compare(self, context: JobContext, first: int, second: int) -> ForecastComparison:
        """Set two kept forecasts side by side."""


class TheAccuracyJobs:
    """The jobs themselves, imported when they are asked for."""

    def scores(self, context: JobContext) -> ScoresReport:
        """Hold every kept forecast against what came."""
        from salesops_desktop.jobs.forecast_scores import forecast_scores  # noqa: PLC0415  # heavy

        return forecast_scores(context)

    def corrections(self, context: JobContext) -> CorrectionsReport:
        """See who leans, and what correcting it would have brought."""
        from salesops_desktop.jobs.forecast_corrections import corrections  # noqa: PLC0415  # heavy

        return corrections(context)

    def correct(self, context: JobContext, subject: str) -> object:
        """Apply the correction offered for a person."""
        from salesops_desktop.jobs.forecast_corrections import apply_correction  # noqa: PLC0415  # heavy

        return apply_correction(context, subject)

    def withdraw(self, context: JobContext, subject: str) -> object:
        """End the correction of a person's numbers."""
        from salesops_desktop.jobs.forecast_corrections import withdraw_correction  # noqa: PLC0415  # heavy

        return withdraw_correction(context, subject)

    def compare(self, context: JobContext, first: int, second: int) -> ForecastComparison:
        """Set two kept forecasts side by side."""
        from salesops_desktop.jobs.forecast_comparison import compare_forecasts  # noqa: PLC0415  # heavy

        return compare_forecasts(context, first=first, second=second)


class AccuracyPresenter(RoomPresenter[AccuracyState]):
    """Reads the scores when the room is looked at.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        tell: says in a sentence what a job has done.
        fail: shows an error.
        jobs: the jobs; tests hand in their own.
    """

    def __init__(
        self,
        runner: RunsJobs,
        render: Callable[[AccuracyState], None],
        tell: Callable[[str], None],
        fail: Callable[[SalesOpsError], None],
        jobs: AccuracyJobs | None = None,
    ) -> None:
        super().__init__(runner, render, AccuracyState())
        self._tell = tell
        self._fail = fail
        self._jobs: AccuracyJobs = jobs or TheAccuracyJobs()

    def _fresh(self) -> AccuracyState:
        return AccuracyState()

    def _unread(self) -> bool:
        return self.state.scores is None

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed."""
        if tables & BEHIND:
            self.state = AccuracyState(key=self.state.key)
            self._read_if_seen()

    def choose_node(self, key: Mapping[str, str]) -> None:
        """Look at the scores of a part of the company."""
        if dict(key) != dict(self.state.key):
            self._become(replace(self.state, key=dict(key)))

    def compare(self, first: int, second: int) -> None:
        """Set two kept forecasts side by side; 0 leaves the choice to the job."""

        def work(context: JobContext) -> ForecastComparison:
            return self._jobs.compare(context, first, second)

        def done(found: ForecastComparison) -> None:
            lacking = {name: why for name, why in self.state.lacking.items() if name != "comparison"}
            self._become(replace(self.state, comparison=found, lacking=lacking))

        self._runner.run(work, topic="forecast.compare", on_done=done, on_error=lambda e: self._lack("comparison", e))

    def correct(self, subject: str) -> None:
        """Apply the correction offered for a person."""
        self._runner.run(
            lambda context: self._jobs.correct(context, subject), title="Correcting a leaning",
            on_done=lambda _said: self._tell("From now on the corrected number counts; the person's own is kept."),
            on_error=self._fail,
        )  # fmt: skip

    def withdraw(self, subject: str) -> None:
        """End a correction."""
        self._runner.run(
            lambda context: self._jobs.withdraw(context, subject), title="Withdrawing a correction",
            on_done=lambda _said: self._tell("The correction has ended."), on_error=self._fail,
        )  # fmt: skip

    def _read(self) -> None:
        def scored(report: ScoresReport) -> None:
            self._become(replace(self.state, scores=report))

        def offered(report: CorrectionsReport) -> None:
            self._become(replace(self.state, corrections=report))

        self._runner.run(
            self._jobs.scores, title="Scoring forecasts", topic="forecast.scores", on_done=scored,
            on_error=lambda fault: self._lack("scores", fault),
        )  # fmt: skip
        self._runner.run(
            self._jobs.corrections, topic="forecast.corrections", on_done=offered,
            on_error=lambda fault: self._lack("corrections", fault),
        )  # fmt: skip
        self.compare(0, 0)

    def _lack(self, part: str, fault: SalesOpsError) -> None:
        self._become(replace(self.state, lacking={**self.state.lacking, part: fault}))
