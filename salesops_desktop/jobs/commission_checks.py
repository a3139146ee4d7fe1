"""What is looked for before anything is calculated: faults in plans, people, shares and rates, and leaps of pay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from salesops_desktop.commission import Finding, Severity, cliff_findings, lint, lint_run, lint_splits
from salesops_desktop.commission.counting import window_of
from salesops_desktop.commission.levels import TargetBook
from salesops_desktop.commission.lint_carving import keepers
from salesops_desktop.commission.quotas import QuotaBook
from salesops_desktop.jobs.commission_facts import Facts
from salesops_desktop.jobs.commission_inputs import Inputs
from salesops_desktop.jobs.commission_moves import move_findings
from salesops_desktop.model.enums import CreditRole
from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError
from salesops_desktop.model.money import PPM, exponent
from salesops_desktop.model.periods import FiscalCalendar, Period

_BESIDE = (CreditRole.OVERLAY.value, CreditRole.MANAGER.value)
"""Credits with these roles stand beside the split of a transaction."""


def run_findings(
    facts: Facts, inputs: Inputs, period: Period, calendar: FiscalCalendar, *, cliffs_above: int = 0
) -> tuple[Finding, ...]:
    """Everything found before a run of ``period``.

    Args:
        facts: what the run rests on.
        inputs: the same as the engine takes it.
        period: what is to be paid.
        calendar: for the windows.
        cliffs_above: leaps of pay from this many major units of a plan's currency on are told; 0 tells none.
    """
    schema = inputs.credits.schema
    found = [_of(plan.name, f) for plan in inputs.plans for f in lint(plan, schema)]
    if any(f.severity is Severity.ERROR for f in found):
        return tuple(found)  # people are looked at when the plans are sound
    found += lint_run(
        inputs.plans, inputs.assignments, inputs.credits, inputs.quotas, period, calendar=calendar, rates=inputs.rates,
        targets=inputs.targets, scores=inputs.scores, reports=inputs.reports, names=inputs.names,
    )  # fmt: skip
    found += split_findings(facts, period)
    found += move_findings(facts, period)
    found += keepers(inputs.plans, inputs.assignments, inputs.reports, period, inputs.names)
    if cliffs_above > 0:
        found = [f for f in found if f.code != "cliff"] + _cliffs(inputs, period, calendar, cliffs_above)
    return tuple(found)


def split_findings(facts: Facts, period: Period) -> tuple[Finding, ...]:
    """The period's transactions whose shares are not 100 % together, what stands beside the split left out."""
    frame = facts.credits
    days = frame["day"].to_numpy(object)
    inside = np.flatnonzero((days >= period.start.isoformat()) & (days <= period.end.isoformat()))
    number = frame["transaction_id"].to_numpy(np.int64)[inside]
    share = frame["share"].fillna(PPM).to_numpy(np.int64)[inside]
    beside = np.isin(frame["role"].to_numpy(object)[inside].astype(str), _BESIDE)
    known, place = np.unique(number, return_inverse=True)
    sums = np.zeros(len(known), dtype=np.int64)
    np.add.at(sums, place, np.where(beside, 0, share))
    counted = np.bincount(place, weights=~beside, minlength=len(known)) > 0
    odd = ((sums != PPM) & counted)[place] | (share < 0)
    names = frame["external_id"].to_numpy(object)[inside][odd].tolist()
    # A transaction with nothing but overlays has no split to check.
    return tuple(f for f in lint_splits(names, share[odd].tolist(), beside[odd].tolist()))


def _cliffs(inputs: Inputs, period: Period, calendar: FiscalCalendar, least: int) -> list[Finding]:
    quotas, targets = QuotaBook(inputs.quotas, inputs.rates), TargetBook(inputs.targets, inputs.rates)
    found: list[Finding] = []
    for plan in inputs.plans:
        people = sorted({
            a.person for a in inputs.assignments
            if a.plan == plan.name and a.start <= period.end and (a.end is None or a.end >= period.start)
        })  # fmt: skip
        stakes = {}
        for component in plan.components:
            window = window_of(component, period.end, calendar, period)
            known = [
                (
                    quotas.target(p, component.quota, window, plan.currency),
                    targets.target(p, window, plan.currency) or 0,
                    inputs.names.get(p, f"person {p}"),
                )
                for p in people
            ]
            stakes[component.name] = [one for one in known if one[0] > 0 or one[1] > 0]
        found += [_of(plan.name, f) for f in cliff_findings(plan, least * 10 ** exponent(plan.currency), stakes)]
    return found


def _of(plan: str, finding: Finding) -> Finding:
    return Finding(finding.severity, finding.code, f"{plan} › {finding.where}", finding.what, finding.way_out)


def refuse_faults(findings: Sequence[Finding], period: Period, waive: str = "") -> None:
    """Stop a run before anything is written, with every fault named.

    Args:
        findings: of :func:`run_findings`.
        period: what was to be paid.
        waive: why what is missing for single people may be missing; faults in plans are never waived.

    Raises:
        FaultsError: there are errors.
        InputRefusedError: ``waive`` holds no reason.
    """
    if waive and not waive.strip():
        raise InputRefusedError("A reason is missing.", way_out="Say why the run may go on (--waive).")
    errors = [f for f in findings if f.severity is Severity.ERROR]
    if waive:
        errors = [f for f in errors if f.code not in WAIVED]
    if not errors:
        return
    faults = [Fault(f.where, f.what, f.way_out) for f in errors]
    more = f" (and {len(faults) - 1:,} more)" if len(faults) > 1 else ""
    way_out = "Mend what is listed"
    if all(f.code in WAIVED for f in errors):
        way_out += ", or calculate without it and say why (--waive); such a run cannot be approved before it is mended"
    raise FaultsError(
        f"{period.label} cannot be calculated yet: {faults[0].where}: {faults[0].what}{more}", faults,
        way_out=f"{way_out}.",
    )  # fmt: skip


WAIVED = frozenset({"quota", "target", "score", "exchange"})
"""What may be missing for a run that is only looked at; the credits concerned pay nothing."""


def said(findings: Sequence[Finding]) -> list[str]:
    """One sentence for each finding that is more than a note; alike ones of several places together."""
    places: dict[tuple[Severity, str, str], list[str]] = {}
    for finding in findings:
        if finding.severity is not Severity.NOTE:
            places.setdefault((finding.severity, finding.what, finding.way_out), []).append(finding.where)
    lines = []
    for (severity, what, way_out), where in places.items():
        kind = "Fault" if severity is Severity.ERROR else "Warning"
        shown = "; ".join(where[:_SHOWN]) + (f" and {len(where) - _SHOWN:,} more" if len(where) > _SHOWN else "")
        lines.append(f"{kind} in {shown}: {what} {way_out}".rstrip())
    return lines


_SHOWN = 10
