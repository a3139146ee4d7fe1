"""Incentive plans: exact calculation, an independent reference, the trace of every line, and a linter."""

from salesops_desktop.commission.calculate import calculate
from salesops_desktop.commission.exchange import ExchangeRate, ExchangeRates
from salesops_desktop.commission.findings import Finding, Severity
from salesops_desktop.commission.lines import Lines
from salesops_desktop.commission.lint import lint
from salesops_desktop.commission.lint_cliffs import cliff_findings
from salesops_desktop.commission.lint_people import lint_assignments, lint_run, lint_splits
from salesops_desktop.commission.plan import (
    Axis,
    AxisKind,
    Basis,
    BoundarySide,
    Component,
    Factor,
    Gate,
    Lookup,
    Pays,
    PayTerms,
    Plan,
    PlanAssignment,
    Quota,
    RateTable,
    Reporting,
    RoundingStage,
    Score,
    Source,
    TargetIncentive,
    Tier,
    TierMode,
    Window,
)
from salesops_desktop.commission.proration import DayCount, Proration
from salesops_desktop.commission.recalculate import affected, contributing, recalculate
from salesops_desktop.commission.records import NO_PERSON, Credits, Extra, Line, Notice, RunResult, Unpaid
from salesops_desktop.commission.reference import Reference, reference
from salesops_desktop.commission.splits import split_credits
from salesops_desktop.commission.stored import definition, plan_from, plan_hash, plan_json, read_plan
from salesops_desktop.commission.trace import Step, Unit, recompute, trace
from salesops_desktop.expressions import Rounding

__all__ = [
    "NO_PERSON",
    "Axis",
    "AxisKind",
    "Basis",
    "BoundarySide",
    "Component",
    "Credits",
    "DayCount",
    "ExchangeRate",
    "ExchangeRates",
    "Extra",
    "Factor",
    "Finding",
    "Gate",
    "Line",
    "Lines",
    "Lookup",
    "Notice",
    "PayTerms",
    "Pays",
    "Plan",
    "PlanAssignment",
    "Proration",
    "Quota",
    "RateTable",
    "Reference",
    "Reporting",
    "Rounding",
    "RoundingStage",
    "RunResult",
    "Score",
    "Severity",
    "Source",
    "Step",
    "TargetIncentive",
    "Tier",
    "TierMode",
    "Unit",
    "Unpaid",
    "Window",
    "affected",
    "calculate",
    "cliff_findings",
    "contributing",
    "definition",
    "lint",
    "lint_assignments",
    "lint_run",
    "lint_splits",
    "plan_from",
    "plan_hash",
    "plan_json",
    "read_plan",
    "recalculate",
    "recompute",
    "reference",
    "split_credits",
    "trace",
]
