"""The tree of nodes: which hierarchy, which node, and what a node means to the other rooms. No Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from salesops_desktop.model.errors import SalesOpsError

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.forecast_node_report import NodesReport
    from salesops_desktop.ui.tabs.forecast.presenter import Question
    from salesops_desktop.ui.tasks import RunsJobs

COMPANY = 0
SELECTS = {"region": "region", "team": "team", "manager": "manager", "person": "owner", "family": "product",
           "product": "product"}  # fmt: skip
"""Levels of a hierarchy by what they are called where deals are selected."""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A hierarchy to choose from: its levels from the top; people and products are crossed."""

    by: str

    @property
    def crossed(self) -> bool:
        """Whether its levels stand beside each other."""
        return self.by == "region,family"


HIERARCHIES = (
    Hierarchy("region,manager,person"),
    Hierarchy("region,team"),
    Hierarchy("family,product"),
    Hierarchy("region,family"),
    Hierarchy("segment"),
    Hierarchy("country"),
)


@dataclass(frozen=True, slots=True)
class NodesState:
    """The tree, and where in it a person is."""

    hierarchy: Hierarchy = HIERARCHIES[0]
    report: NodesReport | None = None
    chosen: int = COMPANY
    loading: bool = False
    lacking: SalesOpsError | None = field(default=None, compare=False)

    @property
    def key(self) -> Mapping[str, str]:
        """The chosen node's place: level → name; empty for the company."""
        if self.report is None or self.chosen == COMPANY:
            return {}
        found: Mapping[str, str] = self.report.nodes[self.chosen].key
        return found

    @property
    def label(self) -> str:
        """What the chosen node is called."""
        return "" if self.report is None or self.chosen == COMPANY else self.report.nodes[self.chosen].label

    @property
    def selection(self) -> Mapping[str, str]:
        """The chosen node as a selection of deals. Levels that deals are not selected by are left out."""
        return {SELECTS[level]: name for level, name in self.key.items() if level in SELECTS}

    @property
    def selectable(self) -> bool:
        """Whether deals are selected by every level of the chosen node."""
        return all(level in SELECTS for level in self.key)


class NodesJobs(Protocol):
    """The job behind the tree."""

    def nodes(self, context: JobContext, hierarchy: Hierarchy, question: Question) -> NodesReport:
        """Forecast every node of a hierarchy, and keep what is shown where the workspace may be written to."""


class TheNodesJobs:
    """The job itself, imported when it is asked for."""

    def nodes(self, context: JobContext, hierarchy: Hierarchy, question: Question) -> NodesReport:
        """Forecast every node of a hierarchy, and keep what is shown where the workspace may be written to."""
        from salesops_desktop.jobs.forecast_lines import Source  # noqa: PLC0415  # heavy
        from salesops_desktop.jobs.forecast_nodes import forecast_nodes  # noqa: PLC0415  # heavy

        source = Source(question.source)
        return forecast_nodes(
            context, by=hierarchy.by, source=source, period=question.period, horizon=question.horizon,
            keep=not context.workspace.read_only,
        )  # fmt: skip


class NodesPresenter:
    """Forecasts the nodes when the tree is wanted, and remembers the chosen one by its place, not its number.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        chosen: told when another node is chosen.
        jobs: the job; tests hand in their own.
    """

    def __init__(
        self,
        runner: RunsJobs,
        render: Callable[[NodesState], None],
        chosen: Callable[[NodesState], None],
        jobs: NodesJobs | None = None,
    ) -> None:
        self._runner = runner
        self._render = render
        self._chosen = chosen
        self._jobs: NodesJobs = jobs or TheNodesJobs()
        self._question: Question | None = None
        self.state = NodesState()

    def _become(self, state: NodesState) -> None:
        self.state = state
        self._render(state)

    def forget(self) -> None:
        """No workspace, or another one."""
        self._question = None
        self._become(NodesState(self.state.hierarchy))

    def ask(self, question: Question) -> None:
        """Forecast the nodes for a question; once, however often it is asked."""
        if question != self._question:
            self._question = question
            self._read()

    def refresh(self) -> None:
        """Rows have changed: forecast again."""
        if self._question is not None:
            self._read()

    def choose_hierarchy(self, hierarchy: Hierarchy) -> None:
        """Look at the company by other levels; the company is chosen then."""
        if hierarchy != self.state.hierarchy:
            self.state = replace(self.state, hierarchy=hierarchy, report=None, chosen=COMPANY)
            self._chosen(self.state)
            self._read()

    def choose(self, number: int) -> None:
        """Another node is looked at."""
        if number != self.state.chosen and self.state.report is not None:
            self._become(replace(self.state, chosen=number))
            self._chosen(self.state)

    def _read(self) -> None:
        question, hierarchy = self._question, self.state.hierarchy
        if question is None:
            self._render(self.state)
            return
        key = dict(self.state.key)
        self._become(replace(self.state, loading=True, lacking=None))

        def work(context: JobContext) -> NodesReport:
            return self._jobs.nodes(context, hierarchy, question)

        def done(report: NodesReport) -> None:
            place = next((node.number for node in report.nodes if key and dict(node.key) == key), COMPANY)
            self._become(replace(self.state, report=report, chosen=place, loading=False))
            self._chosen(self.state)

        def failed(fault: SalesOpsError) -> None:
            self._become(replace(self.state, report=None, chosen=COMPANY, loading=False, lacking=fault))
            self._chosen(self.state)

        def stopped() -> None:
            self._become(replace(self.state, loading=False))

        self._runner.run(
            work, title="Forecasting every node", topic="forecast.nodes", on_done=done, on_error=failed,
            on_cancelled=stopped,
        )  # fmt: skip
