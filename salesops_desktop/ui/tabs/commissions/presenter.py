"""What the Commissions tab shows and asks for. Plain Python: no Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from salesops_desktop.ui.tabs.commissions.asking import CommissionJobs, TheJobs

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_desk import CommissionDesk
    from salesops_desktop.jobs.commissions import CommissionReport, LineTrace
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.workspaces import Sentences
    from salesops_desktop.model.enums import RunStatus
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.model.tables import Table
    from salesops_desktop.ui.tasks import RunsJobs, Task

_BEHIND = frozenset(
    {
        "transaction", "credit", "person", "account", "opportunity", "quota", "exchange_rate", "plan",
        "plan_assignment", "commission_run", "run_line", "run_event", "inquiry", "company", "*",
    }
)  # fmt: skip
_Seen = tuple["CommissionDesk", "CommissionReport | None", "Table | None"]
"""What one reading brings: what there is, the run, the questions about it."""
_TRACED = frozenset({"transaction", "credit", "quota", "exchange_rate", "commission_run", "run_line", "company", "*"})

Missing = Literal["", "transactions", "plans", "run"]


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """What a run pays in one currency."""

    currency: str
    payout: int
    """Minor units."""
    people: int
    lines: int


@dataclass(frozen=True, slots=True)
class CommissionState:
    """Everything the tab shows."""

    desk: CommissionDesk | None = None
    report: CommissionReport | None = None
    forward: RunStatus | None = None
    """The status the run may go on to."""
    back: RunStatus | None = None
    """The status it may be taken back to."""
    totals: tuple[CurrencyTotal, ...] = ()
    currency: str = ""
    """Only people paid in this currency are shown; all of them when empty."""
    people: Table | None = None
    """The people shown."""
    person: int = -1
    """The row of ``people`` whose lines are shown; -1 for none."""
    lines: Table | None = None
    """The lines of that person."""
    inquiries: Table | None = None
    """Questions about lines of the run, with their answers."""
    trace: LineTrace | None = None
    tracing: int = 0
    """Number of the line whose trace is being worked out; 0 for none."""
    trace_fault: str = ""
    loading: bool = False
    calculating: bool = False
    fault: SalesOpsError | None = field(default=None, compare=False)

    @property
    def missing(self) -> Missing:
        """The first thing that is missing before there is a run to show."""
        desk = self.desk
        if desk is None or desk.runs:
            return ""
        if not desk.transactions:
            return "transactions"
        return "run" if desk.plans else "plans"


def totals_of(people: Table) -> tuple[CurrencyTotal, ...]:
    """What a run pays per currency, by the currency's code."""
    payout, lines = people["payout"], people["lines"].values
    currencies = np.array([payout.currency_at(i) or "" for i in range(len(payout))], dtype=object)
    made = []
    for currency in sorted(set(currencies)):
        here = currencies == currency
        made.append(
            CurrencyTotal(str(currency), int(payout.values[here].sum()), int(here.sum()), int(lines[here].sum()))
        )
    return tuple(made)


class CommissionPresenter:
    """Turns what a person does into jobs, and what jobs return into the next state.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        tell: says in a sentence what a job has done.
        jobs: the jobs; tests hand in their own.
    """

    def __init__(
        self,
        runner: RunsJobs,
        render: Callable[[CommissionState], None],
        tell: Callable[[str], None],
        jobs: CommissionJobs | None = None,
    ) -> None:
        self._runner = runner
        self._render = render
        self._tell = tell
        self._jobs: CommissionJobs = jobs or TheJobs()
        self._traces: dict[tuple[int, int], LineTrace] = {}
        self.state = CommissionState()

    def _become(self, state: CommissionState) -> None:
        self.state = state
        self._render(state)

    # ------------------------------------------------------------------ reading

    def opened(self) -> None:
        """A workspace is open: show its newest run."""
        self._traces.clear()
        self.state = CommissionState()
        self._read(None)

    def closed(self) -> None:
        """No workspace is open."""
        self._traces.clear()
        self._become(CommissionState())

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed: read again what rests on them. A calculation under way shows itself when it is done."""
        if tables & _TRACED:
            self._traces.clear()
        if tables & _BEHIND and not self.state.calculating:
            self._read(None if self.state.report is None else self.state.report.head.id)

    def choose(self, run: int) -> None:
        """Show another run."""
        if self.state.report is None or run != self.state.report.head.id:
            self.state = replace(self.state, currency="", person=-1)
            self._read(run)

    def _read(self, wanted: int | None) -> None:
        self._become(replace(self.state, loading=True, fault=None))

        def look(context: JobContext) -> _Seen:
            desk = self._jobs.desk(context)
            known = [run.id for run in desk.runs]
            if not known:
                return desk, None, None
            report = self._jobs.show(context, wanted if wanted in known and wanted else known[0])
            return desk, report, self._questions(context, report)

        def seen(result: _Seen) -> None:
            self._show(*result)

        self._runner.run(look, topic="commissions.show", on_done=seen, on_error=self._failed)

    def _questions(self, context: JobContext, report: CommissionReport) -> Table:
        table = self._jobs.inquiries(context)
        return table.take(np.flatnonzero(table["run"].values == report.head.name))

    def _show(self, desk: CommissionDesk, report: CommissionReport | None, questions: Table | None) -> None:
        before = self.state
        if report is None:
            self._become(CommissionState(desk=desk))
            return
        same = before.report is not None and before.report.head.id == report.head.id
        ways = self._jobs.next_statuses(report.head.status)
        state = CommissionState(
            desk, report, ways[0] if ways else None, ways[1] if len(ways) > 1 else None, totals_of(report.people),
            before.currency if same else "", inquiries=questions,
        )  # fmt: skip
        kept = self._person_key(before) if same else None
        self._become(self._with_person(self._with_people(state), kept))

    @staticmethod
    def _person_key(state: CommissionState) -> int | None:
        if state.people is None or state.people.keys is None or state.person < 0:
            return None
        return int(state.people.keys[state.person])

    @staticmethod
    def _with_people(state: CommissionState) -> CommissionState:
        assert state.report is not None
        people = state.report.people
        if state.currency:
            payout = people["payout"]
            rows = [i for i in range(len(people)) if payout.currency_at(i) == state.currency]
            people = people.take(np.array(rows, dtype=np.intp))
        return replace(state, people=people)

    def _with_person(self, state: CommissionState, key: int | None) -> CommissionState:
        """The state with the lines of a person: the one with this key, else the first."""
        people = state.people
        if people is None or not len(people) or people.keys is None:
            return replace(state, person=-1, lines=None, trace=None, tracing=0, trace_fault="")
        rows = np.flatnonzero(people.keys == key) if key is not None else np.zeros(0, dtype=np.intp)
        return self._with_lines(state, int(rows[0]) if len(rows) else 0)

    @staticmethod
    def _with_lines(state: CommissionState, person: int) -> CommissionState:
        assert state.report is not None
        assert state.people is not None
        assert state.people.keys is not None
        report = state.report
        currency = state.people["payout"].currency_at(person)
        payout = report.lines["payout"]
        rows = [
            int(i)
            for i in np.flatnonzero(report.line_people == state.people.keys[person])
            if payout.currency_at(int(i)) == currency
        ]
        lines = report.lines.take(np.array(rows, dtype=np.intp))
        return replace(state, person=person, lines=lines, trace=None, tracing=0, trace_fault="")

    def _failed(self, fault: SalesOpsError) -> None:
        self._become(replace(self.state, loading=False, calculating=False, fault=fault))
        self.state = replace(self.state, fault=None)  # said once

    # ------------------------------------------------------------------ looking closer

    def pick_currency(self, currency: str) -> None:
        """Show only the people paid in a currency; the same again shows all."""
        if self.state.report is not None:
            wanted = "" if currency == self.state.currency else currency
            kept = self._person_key(self.state)
            self._become(self._with_person(self._with_people(replace(self.state, currency=wanted)), kept))

    def pick_person(self, row: int) -> None:
        """Show the lines of the person in a row of the people."""
        if self.state.people is not None and row != self.state.person and 0 <= row < len(self.state.people):
            self._become(self._with_lines(self.state, row))

    def trace(self, line: int) -> None:
        """Work out the steps of a line, by its number in the run."""
        state = self.state
        if state.report is None or line in (state.tracing, state.trace.line if state.trace else 0):
            return
        run = state.report.head.id
        known = self._traces.get((run, line))
        if known is not None:
            self._become(replace(state, trace=known, tracing=0, trace_fault=""))
            return
        self._become(replace(state, tracing=line, trace_fault=""))

        def traced(found: LineTrace) -> None:
            self._traces[run, line] = found
            if self.state.tracing == line:
                self._become(replace(self.state, trace=found, tracing=0))

        def failed(fault: SalesOpsError) -> None:
            if self.state.tracing == line:
                self._become(replace(self.state, trace=None, tracing=0, trace_fault=fault.sentence))

        self._runner.run(
            self._jobs.trace, {"run": run, "line": line}, topic="commissions.trace", on_done=traced, on_error=failed
        )

    # ------------------------------------------------------------------ changing

    def calculate(self, period: str, pay_on: str = "booking", *, cliffs_above: int = 0, waive: str = "") -> Task:
        """Calculate a period and show its run.

        Args:
            period: its label.
            pay_on: booking, invoice or payment: which transactions earn.
            cliffs_above: leaps of pay of so many units of a plan's currency or more are warned of; 0 for none.
            waive: why what is missing for single people may be missing; empty where nothing may.
        """
        self._become(replace(self.state, calculating=True, fault=None))

        def work(context: JobContext) -> _Seen:
            report = self._jobs.calculate(context, period, pay_on, cliffs_above, waive)
            return self._jobs.desk(context), report, self._questions(context, report)

        def done(result: _Seen) -> None:
            self._traces.clear()
            self.state = replace(self.state, calculating=False, currency="", person=-1)
            self._show(*result)
            assert result[1] is not None
            self._tell(result[1].summary()[0])

        return self._runner.run(
            work, title="Calculate commissions", topic="commissions.calculate", on_done=done, on_error=self._failed,
            on_cancelled=self._stopped,
        )  # fmt: skip

    def _stopped(self) -> None:
        self._become(replace(self.state, calculating=False))
        self._tell("The calculation was cancelled; nothing was changed.")

    def move_to(self, status: RunStatus, note: str = "") -> None:
        """Move the run shown to another status."""
        if self.state.report is not None:
            params = {"run": self.state.report.head.id, "status": status, "note": note}
            self._change(self._jobs.set_status, params, "Move the run on")

    def book_won(self) -> None:
        """Book the won opportunities as transactions."""
        self._change(self._jobs.book_won, {}, "Book the won opportunities")

    def starter_plans(self, rate: float) -> None:
        """Give everybody who sells a plan to start from.

        Args:
            rate: per cent of bookings up to quota.
        """
        self._change(self._jobs.starter_plans, {"rate": rate}, "Set up starter plans")

    def _change(self, job: Callable[..., Sentences], params: dict[str, Any], title: str) -> None:
        self._runner.run(
            job, params, title=title, on_done=lambda said: self._tell(" ".join(said.summary())), on_error=self._failed
        )

    def export(self, out: Path, on_done: Callable[[Sequence[Path]], None], *, statements: bool) -> None:
        """Write the run shown.

        Args:
            out: the workbook, or the folder for statements.
            on_done: given the files when they are written.
            statements: one file a person instead of one workbook of the run.
        """
        if self.state.report is None:
            return
        params = {"run": self.state.report.head.id, "out": out, "statements": statements}
        self._runner.run(
            self._jobs.export, params, title=f"Exporting {out.name}", on_error=self._failed,
            on_done=lambda exported: on_done([saved.path for saved in exported.files]),
        )  # fmt: skip
