"""What-if: a period prepared once, and the newest position of the sliders next. Plain Python: no Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from salesops_desktop.ui.tabs.room_presenter import RoomPresenter

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_scenarios import Look, PreparedPeriod
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.model.periods import Period
    from salesops_desktop.model.tables import Table
    from salesops_desktop.ui.tasks import RunsJobs


@dataclass(frozen=True, slots=True)
class WhatIfState:
    """Everything the room shows."""

    periods: tuple[Period, ...] = ()
    """The newest first."""
    period: str = ""
    prepared: PreparedPeriod | None = None
    plan: str = ""
    levers: Mapping[str, int] = field(default_factory=dict)
    """Ppm of each lever that is not where it stands."""
    cap: int | None = None
    look: Look | None = None
    people: Table | None = None
    """Whose pay changes; follows when the sliders rest."""
    currency: str = ""
    """The one looked at closely."""
    preparing: bool = False
    said: str = ""
    """What a check by a run came to, or why the plans as edited cannot be calculated."""
    good: bool = True
    """Whether that is good news."""
    fault: SalesOpsError | None = field(default=None, compare=False)

    @property
    def otherwise(self) -> bool:
        """Whether anything is other than it stands."""
        return bool(self.levers) or self.cap is not None

    @property
    def edits_plans(self) -> bool:
        """Whether the plans themselves would be others."""
        return self.cap is not None or bool({"rates", "accelerators"} & set(self.levers))


class WhatIfPresenter(RoomPresenter[WhatIfState]):
    """Asks a prepared period, one answer at a time.

    Args:
        runner: runs work off the UI thread.
        render: shows a state.
    """

    behind = frozenset(
        {
            "transaction", "credit", "person", "quota", "target_incentive", "score", "exchange_rate", "plan",
            "plan_assignment", "reporting", "absence", "company", "*",
        }
    )  # fmt: skip

    def __init__(self, runner: RunsJobs, render: Callable[[WhatIfState], None]) -> None:
        super().__init__(runner, render, WhatIfState())
        self._asking = False
        self._again = False

    # ------------------------------------------------------------------ preparing

    def _fresh(self) -> WhatIfState:
        return WhatIfState()

    def _unread(self) -> bool:
        return self._stale and not self.state.preparing

    def _read(self) -> None:
        self._prepare(self.state.period)

    def choose_period(self, label: str) -> None:
        """Ask about another period."""
        if label != self.state.period and not self.state.preparing:
            self._prepare(label)

    def _prepare(self, label: str) -> None:
        self._stale = False
        self._become(replace(self.state, preparing=True, said="", fault=None))

        def work(context: JobContext) -> tuple[tuple[Period, ...], str, PreparedPeriod | None]:
            from salesops_desktop.jobs.commission_desk import commission_desk  # noqa: PLC0415  # heavy
            from salesops_desktop.jobs.commission_scenarios import prepare_period  # noqa: PLC0415  # heavy

            desk = commission_desk(context)
            known = [period.label for period in desk.periods]
            newest = desk.newest_month
            wanted = label if label in known else newest.label if newest is not None else ""
            if not wanted or not desk.plans:
                return desk.periods, "", None
            return desk.periods, wanted, prepare_period(context, wanted)

        def done(found: tuple[tuple[Period, ...], str, PreparedPeriod | None]) -> None:
            periods, wanted, prepared = found
            plan = self.state.plan
            if prepared is None or plan not in {p.name for p in prepared.plans}:
                plan = ""
            self._become(
                replace(
                    self.state, periods=periods, period=wanted, prepared=prepared, plan=plan, preparing=False,
                    look=None, people=None,
                )
            )  # fmt: skip
            self._ask()
            if self._stale:  # rows have changed meanwhile
                self._read_if_seen()

        self._runner.run(
            work, title="Prepare what-if", topic="commissions.prepare", on_done=done, on_error=self._failed,
            on_cancelled=self._stopped,
        )  # fmt: skip

    def _stopped(self) -> None:
        self._stale = True
        self._become(replace(self.state, preparing=False))

    def _failed(self, fault: SalesOpsError) -> None:
        self._become(replace(self.state, preparing=False, fault=fault))
        self.state = replace(self.state, fault=None)  # said once

    # ------------------------------------------------------------------ asking

    def pull(self, levers: Mapping[str, int], cap: int | None) -> None:
        """The sliders are here now.

        Args:
            levers: ppm by name; those at 1,000,000 may be left out.
            cap: minor units, or None for the plans' own.
        """
        moved = {name: share for name, share in levers.items() if share != 1_000_000}
        if (moved, cap) != (dict(self.state.levers), self.state.cap):
            self.state = replace(self.state, levers=moved, cap=cap, said="")
            self._ask()

    def choose_plan(self, plan: str) -> None:
        """Change one plan and its people only; all with an empty name."""
        if plan != self.state.plan:
            self.state = replace(self.state, plan=plan, cap=None, said="")
            self._ask()

    def pick_currency(self, currency: str) -> None:
        """Look at those who are paid in a currency."""
        self._become(replace(self.state, currency=currency))

    def _scenario(self) -> Any:
        from salesops_desktop.jobs.commission_scenarios import Scenario  # noqa: PLC0415  # loaded by now

        return Scenario(**self.state.levers, cap=self.state.cap, plan=self.state.plan)

    def _ask(self) -> None:
        """Ask for the sliders' position; while an answer is awaited the newest position waits."""
        prepared = self.state.prepared
        if prepared is None:
            return
        if self._asking:
            self._again = True
            return
        self._asking, self._again = True, False
        scenario = self._scenario()

        def done(look: Look) -> None:
            self._asking = False
            if self.state.prepared is prepared:
                shown = {one.currency for one in look.currencies}
                currency = self.state.currency
                if currency not in shown:
                    currency = max(look.currencies, key=lambda one: one.now).currency if look.currencies else ""
                self._become(replace(self.state, look=look, currency=currency))
            if self._again:
                self._ask()

        def failed(fault: SalesOpsError) -> None:
            self._asking = False
            self._become(replace(self.state, said=fault.sentence, good=False))
            if self._again:
                self._ask()

        self._runner.run(lambda _context: prepared.look(scenario), lane="free", on_done=done, on_error=failed)

    def rest(self) -> None:
        """The sliders rest: list the people, and hear what the linter says of the plans as edited."""
        prepared, look = self.state.prepared, self.state.look
        if prepared is None or look is None:
            return

        def work(_context: JobContext) -> tuple[Table, tuple[str, ...]]:
            return prepared.people(look), prepared.faults(look.scenario)

        def done(found: tuple[Table, tuple[str, ...]]) -> None:
            if self.state.look is look:
                people, faults = found
                said = faults[0] if faults else self.state.said if self.state.good else ""
                self._become(replace(self.state, people=people, said=said, good=not faults))

        self._runner.run(work, lane="free", topic="commissions.what-if.people", on_done=done, on_error=self._failed)

    def check(self) -> None:
        """Calculate the edited plans by the engine and compare."""
        prepared = self.state.prepared
        if prepared is None:
            return
        scenario = self._scenario()

        def done(sentence: str) -> None:
            self._become(replace(self.state, said=sentence, good=True))

        def failed(fault: SalesOpsError) -> None:
            self._become(replace(self.state, said=fault.sentence, good=False))

        self._runner.run(
            lambda context: prepared.check(scenario, context), title="Check by a run", lane="free", on_done=done,
            on_error=failed,
        )  # fmt: skip

    def edited(self) -> tuple[Any, ...]:
        """The plans as the sliders have them, those that change only."""
        prepared = self.state.prepared
        if prepared is None:
            return ()
        from salesops_desktop.jobs.commission_scenarios import edited_plans  # noqa: PLC0415  # loaded by now

        made = edited_plans(prepared.plans, self._scenario())
        return tuple(plan for plan, was in zip(made, prepared.plans, strict=True) if plan != was)
