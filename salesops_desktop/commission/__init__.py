"""Incentive plans: exact calculation, an independent reference, the trace of every line, and a linter."""

from salesops_desktop.commission.calculate import calculate
from salesops_desktop.commission.exchange import ExchangeRate, ExchangeRates
from salesops_desktop.commission.lint import Finding, Severity, lint, lint_assignments
from salesops_desktop.commission.plan import (
    Basis,
    BoundarySide,
    Component,
    Plan,
    PlanAssignment,
    Quota,
    RateTable,
    RoundingStage,
    Tier,
    TierMode,
    Window,
)
from salesops_desktop.commission.records import NO_PERSON, Credits, Line, Lines, Notice, RunResult, Unpaid
from salesops_desktop.commission.reference import reference
from salesops_desktop.commission.splits import split_credits
from salesops_desktop.commission.stored import definition, plan_from, plan_hash, plan_json, read_plan
from salesops_desktop.commission.trace import Step, Unit, recompute, trace
from salesops_desktop.expressions import Rounding

__all__ = [
    "NO_PERSON",
    "Basis",
    "BoundarySide",
    "Component",
    "Credits",
    "ExchangeRate",
    "ExchangeRates",
    "Finding",
    "Line",
    "Lines",
    "Notice",
    "Plan",
    "PlanAssignment",
    "Quota",
    "RateTable",
    "Rounding",
    "RoundingStage",
    "RunResult",
    "Severity",
    "Step",
    "Tier",
    "TierMode",
    "Unit",
    "Unpaid",
    "Window",
    "calculate",
    "definition",
    "lint",
    "lint_assignments",
    "plan_from",
    "plan_hash",
    "plan_json",
    "read_plan",
    "recompute",
    "reference",
    "split_credits",
    "trace",
]
