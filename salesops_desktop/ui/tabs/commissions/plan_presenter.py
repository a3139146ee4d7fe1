"""What the plan editor shows and asks for. Plain Python: no Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt

    from salesops_desktop.jobs.commission_plan_editing import Component, Finding, PlanBook, PlanEntry
    from salesops_desktop.jobs.commission_plan_editing import Plan as IncentivePlan
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.workspaces import Sentences
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.tasks import RunsJobs

WHOLE = -1
"""The place of what concerns the whole plan, beside the places of its components."""
_BEHIND = frozenset({"plan", "plan_assignment", "quota", "target_incentive", "*"})


@dataclass(frozen=True, slots=True)
class PlanState:
    """Everything the plan editor shows."""

    book: PlanBook | None = None
    number: int = 0
    """Row id of the plan in hand; 0 for none."""
    place: int = WHOLE
    """The component in hand; :data:`WHOLE` for the plan's own terms."""
    drafts: Mapping[int, IncentivePlan] = field(default_factory=dict)
    """Plans that were edited and not saved yet, by row id."""
    findings: tuple[Finding, ...] = ()
    """What the linter finds in the plan in hand."""
    saving: bool = False
    fault: SalesOpsError | None = field(default=None, compare=False)

    @property
    def entry(self) -> PlanEntry | None:
        """The plan in hand as it is stored."""
        entries = () if self.book is None else self.book.entries
        return next((entry for entry in entries if entry.id == self.number), None)

    @property
    def plan(self) -> IncentivePlan | None:
        """The plan in hand as it is edited."""
        entry = self.entry
        return None if entry is None else self.drafts.get(entry.id, entry.plan)

    @property
    def component(self) -> Component | None:
        """The component in hand."""
        plan = self.plan
        return plan.components[self.place] if plan is not None and 0 <= self.place < len(plan.components) else None

    @property
    def dirty(self) -> bool:
        """Whether the plan in hand differs from what is stored."""
        return self.number in self.drafts

    @property
    def errors(self) -> int:
        """Faults that keep the plan in hand from being saved."""
        return sum(finding.severity.value == "error" for finding in self.findings)

    def here(self) -> tuple[Finding, ...]:
        """The findings of the component in hand, or those of the plan itself."""
        plan, component = self.plan, self.component
        names = () if plan is None else tuple(c.name for c in plan.components)
        if component is not None:
            return tuple(f for f in self.findings if _belongs(f.where, component.name))
        return tuple(f for f in self.findings if not any(_belongs(f.where, name) for name in names))


def _belongs(where: str, component: str) -> bool:
    return where == component or where.startswith(f"{component} › ")


def field_of(where: str, component: str) -> str:
    """The field a finding is about: ``Bookings › rates, tier 2`` is about ``rates``."""
    rest = where.removeprefix(f"{component} › ")
    return "name" if rest == component else rest.split(",")[0].split(" › ")[0].strip()


class PlanPresenter:
    """Turns edits into drafts, and drafts into stored plans.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        tell: says what a job has done.
    """

    def __init__(self, runner: RunsJobs, render: Callable[[PlanState], None], tell: Callable[[str], None]) -> None:
        self._runner = runner
        self._render = render
        self._tell = tell
        self._wanted = ""
        self.state = PlanState()

    def _become(self, state: PlanState) -> None:
        self.state = state
        self._render(state)

    # ------------------------------------------------------------------ reading

    def opened(self) -> None:
        """A workspace is open: read its plans."""
        self.state = PlanState()
        self._read()

    def closed(self) -> None:
        """No workspace is open."""
        self._become(PlanState())

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Read the plans again where they may have changed."""
        if tables & _BEHIND:
            self._read()

    def _read(self) -> None:
        def read(context: JobContext) -> PlanBook:
            from salesops_desktop.jobs import commission_templates  # noqa: F401, PLC0415  # wanted next
            from salesops_desktop.jobs.commission_plan_editing import list_plans  # noqa: PLC0415  # heavy

            return list_plans(context)

        self._runner.run(read, topic="commissions.plans", on_done=self._seen, on_error=self._failed)

    def _seen(self, book: PlanBook) -> None:
        stored = {entry.id: entry.plan for entry in book.entries}
        drafts = {n: plan for n, plan in self.state.drafts.items() if n in stored and stored[n] != plan}
        number = self.state.number if self.state.number in stored else 0
        wanted = next((e.id for e in book.entries if e.plan.name == self._wanted), 0)
        place = self.state.place
        if wanted or not number:
            number = wanted or (book.entries[0].id if book.entries else 0)
            place = 0
        self._wanted = ""
        self._with(replace(self.state, book=book, drafts=drafts, number=number, place=place))

    def _with(self, state: PlanState) -> None:
        """Show a state with the findings of its plan, at a place that exists."""
        plan, entry = state.plan, state.entry
        if plan is None or entry is None or state.book is None:
            self._become(replace(state, findings=(), place=WHOLE))
            return
        place = state.place if state.place < len(plan.components) else len(plan.components) - 1
        if not state.dirty:
            findings = entry.findings
        else:
            from salesops_desktop.jobs.commission_plan_editing import plan_findings  # noqa: PLC0415  # loaded by now

            findings = plan_findings(plan, state.book.schema)
        self._become(replace(state, place=place, findings=findings))

    def _failed(self, fault: SalesOpsError) -> None:
        self._become(replace(self.state, saving=False, fault=fault))
        self.state = replace(self.state, fault=None)  # said once

    # ------------------------------------------------------------------ editing

    def choose(self, number: int, place: int) -> None:
        """Take a plan, or one of its components, in hand."""
        if (number, place) != (self.state.number, self.state.place):
            self._with(replace(self.state, number=number, place=place))

    def edit(self, plan: IncentivePlan) -> None:
        """The plan in hand is to say this."""
        entry = self.state.entry
        if entry is None or plan == self.state.plan:
            return
        drafts = {**self.state.drafts, entry.id: plan}
        if plan == entry.plan:
            del drafts[entry.id]
        self._with(replace(self.state, drafts=drafts))

    def take(self, plans: Sequence[IncentivePlan]) -> None:
        """Take plans edited elsewhere as drafts, known by their names; the first is taken in hand."""
        entries = () if self.state.book is None else self.state.book.entries
        by_name = {entry.plan.name: entry for entry in entries}
        known = [(by_name[plan.name], plan) for plan in plans if plan.name in by_name]
        drafts = {**self.state.drafts, **{entry.id: plan for entry, plan in known if plan != entry.plan}}
        if known:
            self._with(replace(self.state, drafts=drafts, number=known[0][0].id, place=0))

    def edit_component(self, component: Component) -> None:
        """The component in hand is to say this."""
        plan, place = self.state.plan, self.state.place
        if plan is not None and self.state.component is not None:
            parts = (*plan.components[:place], component, *plan.components[place + 1 :])
            self.edit(replace(plan, components=parts))

    def add_component(self, component: Component) -> None:
        """Put a component at the end of the plan in hand, under a name that is free, and take it in hand."""
        plan = self.state.plan
        if plan is None:
            return
        taken = {c.name for c in plan.components}
        name, count = component.name, 2
        while name in taken:
            name, count = f"{component.name} {count}", count + 1
        self.state = replace(self.state, place=len(plan.components))
        self.edit(replace(plan, components=(*plan.components, replace(component, name=name))))

    def remove_component(self) -> None:
        """Take the component in hand out of its plan."""
        plan, place = self.state.plan, self.state.place
        if plan is not None and self.state.component is not None:
            self.edit(replace(plan, components=plan.components[:place] + plan.components[place + 1 :]))

    def discard(self) -> None:
        """Forget what was edited and not saved in the plan in hand."""
        entry = self.state.entry
        if entry is not None:
            self.edit(entry.plan)

    # ------------------------------------------------------------------ storing

    def save(self, since: dt.date | None = None) -> None:
        """Store the plan in hand; from ``since`` on as a new version of it."""
        plan, number = self.state.plan, self.state.number
        if plan is None or self.state.saving:
            return

        def store(context: JobContext) -> Sentences:
            from salesops_desktop.jobs.commission_plan_editing import save_plan  # noqa: PLC0415  # loaded by now

            said = save_plan(context, plan, number=number, since=since)
            context.finish()  # no declared job: nobody else tells what has changed
            return said

        def stored(said: Sentences) -> None:
            drafts = {n: draft for n, draft in self.state.drafts.items() if n != number}
            self._with(replace(self.state, saving=False, drafts=drafts))
            self._read()
            self._tell(" ".join(said.summary()))

        self._change(store, stored, f"Save {plan.name}")

    def new(self, template: Any, name: str, currency: str, start: dt.date) -> None:
        """Make a plan of a template and take it in hand."""

        def make(context: JobContext) -> Sentences:
            from salesops_desktop.jobs.commission_templates import new_plan  # noqa: PLC0415  # loaded by now

            return new_plan(context, template, name=name, currency=currency, effective_from=start)

        def made(said: Sentences) -> None:
            self._wanted = name
            self._become(replace(self.state, saving=False))
            self._read()
            self._tell(" ".join(said.summary()))

        self._change(make, made, f"New plan {name}")

    def remove(self) -> None:
        """Remove the plan in hand."""
        entry = self.state.entry
        if entry is None:
            return

        def remove(context: JobContext) -> Sentences:
            from salesops_desktop.jobs.commission_plan_editing import remove_plan  # noqa: PLC0415  # loaded by now

            return remove_plan(context, entry.plan.name)

        def removed(said: Sentences) -> None:
            self._become(replace(self.state, saving=False))
            self._read()
            self._tell(" ".join(said.summary()))

        self._change(remove, removed, f"Remove {entry.plan.name}")

    def _change(self, work: Callable[[JobContext], Sentences], done: Callable[[Sentences], None], title: str) -> None:
        self._become(replace(self.state, saving=True))
        self._runner.run(work, title=title, on_done=done, on_error=self._failed)
