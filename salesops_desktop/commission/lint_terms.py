"""What does not make sense in how a plan's earnings become payments."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from salesops_desktop.commission.draws import DrawKind
from salesops_desktop.commission.findings import Finding, Severity
from salesops_desktop.commission.plan import Plan, Window
from salesops_desktop.model.errors import FaultsError
from salesops_desktop.model.money import PPM


def term_findings(plan: Plan) -> Iterator[Finding]:
    """Caps, floors, holdbacks, draws, clawbacks and ramps."""
    yield from _cap_findings(plan)
    terms = plan.terms
    if not 0 <= terms.holdback <= PPM:
        yield fault("holdback", "terms › holdback", "A holdback lies between 0 and 100 %.")
    elif terms.holdback == PPM:
        what = "Everything is held back."
        yield fault("holdback", "terms › holdback", what, "Hold back a part.", Severity.WARNING)
    if terms.holdback and terms.release_after < 1:
        yield fault("release", "terms › release after", "What is held back is released at least one period later.")
    if any(part < 0 for part in terms.instalments):
        yield fault("instalments", "terms › instalments", "An instalment cannot be negative.")
    elif terms.instalments and sum(terms.instalments) != PPM:
        what = f"The instalments are {sum(terms.instalments) / 10_000:g} % together, not 100 %."
        yield fault("instalments", "terms › instalments", what, "Let them add up to 100 %.")
    if terms.draw is not None:
        yield from _draw_findings(plan)
    yield from _clawback_findings(plan)
    yield from _timing_findings(plan)


def _timing_findings(plan: Plan) -> Iterator[Finding]:
    """Shares that are not the whole, and parts that never come due."""
    for component in plan.components:
        timing, where = component.timing, f"{component.name} › timing"
        if timing is None:
            continue
        if any(share < 0 for share in timing.shares):
            yield fault("timing", where, "A share cannot be negative.")
        elif sum(timing.shares) != PPM:
            what = f"The parts are {sum(timing.shares) / 10_000:g} % together, not 100 %."
            yield fault("timing", where, what, "Let them add up to 100 %.")
        if timing.months < 0:
            yield fault("timing", f"{where} › months", "A contract cannot last less than nothing.")
        if bool(timing.months) != bool(timing.kept or timing.advance):
            what = "Months, and a part earned by keeping the contract, belong together."
            yield fault("timing", f"{where} › months", what, "Give both, or neither.")
        if timing.advance and (timing.invoice or timing.payment or timing.window_end):
            what = "An advance is set against what months earn, not against invoices, payments or windows."
            yield fault("timing", f"{where} › advance", what, "Keep booking and months only.")
        if timing.window_end and component.window in (Window.LINE, Window.CONTRACT):
            what = "A single credit or a contract has no window that ends."
            yield fault("timing", f"{where} › window end", what, "Choose month, quarter or year.")


def _cap_findings(plan: Plan) -> Iterator[Finding]:
    terms = plan.terms
    for field, value in (("cap", terms.cap), ("floor", terms.floor)):
        if value is not None and value < 0:
            yield fault(field, f"terms › {field}", f"A {field} cannot be negative.")
    if terms.cap is not None and terms.floor is not None and terms.floor > terms.cap >= 0:
        yield fault("floor", "terms › floor", "The least that is paid is more than the most.", "Lower the floor.")
    if terms.cap is None and terms.refundable:
        what = "Without a cap nothing waits to be refunded."
        yield fault("cap", "terms › refundable", what, "Give a cap.", Severity.WARNING)
    if terms.cap_window in (Window.LINE, Window.CONTRACT) and (terms.cap is not None or terms.floor is not None):
        what = "A person's cap or floor holds for months, quarters or years."
        yield fault("window", "terms › cap window", what, "Choose month, quarter or year.")


def _clawback_findings(plan: Plan) -> Iterator[Finding]:
    if plan.clawback is not None:
        if not 0 <= plan.clawback.share <= PPM:
            yield fault("clawback", "clawback › share", "A clawback takes back between 0 and 100 %.")
        if plan.clawback.window_days is not None and plan.clawback.window_days < 0:
            yield fault("clawback", "clawback › window", "A window of days cannot be negative.")
        if plan.clawback.months < 0:
            yield fault("clawback", "clawback › months", "Months cannot be negative.")
        if plan.clawback.months and plan.clawback.pro_rata:
            what = "What is not served is taken off twice, by days and by months."
            yield fault("clawback", "clawback › months", what, "Keep one of them.", Severity.WARNING)
        if plan.clawback.pro_rata and not plan.clawback.window_days:
            what = "Taking back by the part of the window not served needs a window."
            yield fault("clawback", "clawback › window", what, "Say how many days it lasts.")
    if plan.proration is not None:
        ramp = plan.proration.ramp
        if any(step < 0 for step in ramp):
            yield fault("ramp", "proration › ramp", "A share of the quota cannot be negative.")
        if any(later < earlier for earlier, later in pairwise(ramp)):
            what = "The quota falls while somebody is new."
            yield fault("ramp", "proration › ramp", what, "Let the shares rise.", Severity.WARNING)


def fault(code: str, field: str, what: str, way_out: str = "", severity: Severity = Severity.ERROR) -> Finding:
    """A finding in the terms; a number out of its range when no way out is given."""
    return Finding(severity, code, field, what, way_out or "Mend the number.")


def _draw_findings(plan: Plan) -> Iterator[Finding]:
    draw = plan.terms.draw
    assert draw is not None

    def warn(field: str, what: str, way_out: str) -> Finding:
        return Finding(Severity.WARNING, "draw", f"terms › draw › {field}", what, way_out)

    if draw.recoverable and draw.recovery_share == 0:
        yield warn("recovery share", "The draw is to be paid back, but by no part of the earnings.", "Give a share.")
    if draw.recoverable and draw.last is None and draw.kind is DrawKind.ADDITIVE and draw.limit is None:
        yield warn("last", "A recoverable draw on top of the earnings never ends.", "Give its last period, or a limit.")
    if not draw.recoverable and (draw.limit is not None or draw.forgiven_after is not None):
        yield warn("limit", "A guarantee is never owed, so nothing limits or forgives it.", "Leave it empty.")
    try:
        draw.check()
    except FaultsError as error:
        for found in error.faults:
            yield fault("draw", f"terms › draw › {found.where}", found.what, found.way_out)
    cap = plan.terms.cap
    if cap is not None and plan.terms.cap_window is Window.MONTH and draw.amount > cap >= 0:
        yield warn("amount", "The draw is more than the cap.", "Lower the draw, or raise the cap.")
