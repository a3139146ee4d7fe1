"""Which modules declare which command, so that a command loads its own job and not the whole program."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence

from salesops_desktop.jobs.declare import REGISTRY, Job

MODULES: Mapping[str, tuple[str, ...]] = {
    "absences": ("absences",),
    "backup": ("workspaces",),
    "check": ("workspaces",),
    "commissions": (
        "commission_plans",
        "commissions",
        "commission_desk",
        "commission_plan_editing",
        "commission_templates",
        "commission_unpaid",
        "commission_inquiries",
        "commission_items",
        "commission_payroll",
        "commission_retro",
        "commission_goal_seek",
        "commission_scenarios",
        "commission_compare",
        "commission_assignments",
    ),
    "contents": ("tables",),
    "export": ("exports",),
    "export-table": ("exports",),
    "forecast": (
        "forecasts",
        "forecast_assumptions",
        "forecast_checks",
        "forecast_comments",
        "forecast_comparison",
        "forecast_corrections",
        "forecast_judgement",
        "forecast_judging",
        "forecast_nodes",
        "forecast_overview",
        "forecast_packs",
        "forecast_rebuilding",
        "forecast_scores",
        "kept_forecasts",
        "pipeline_categories",
        "pipeline_flow",
        "pipeline_forecasts",
        "pipeline_snapshots",
    ),
    "history": ("workspaces",),
    "import": ("imports",),
    "inspect": ("imports",),
    "kpis": ("kpis",),
    "new": ("workspaces",),
    "redo": ("workspaces",),
    "restore": ("workspaces",),
    "sample": ("sample_company",),
    "show": ("tables",),
    "territories": (
        "territories",
        "territory_checks",
        "territory_comparison",
        "territory_editing",
        "territory_headcount",
        "territory_packs",
        "territory_proposals",
        "territory_proving",
        "territory_quotas",
        "territory_routing",
        "territory_rules",
        "territory_scenarios",
        "territory_suggest",
    ),
    "undo": ("workspaces",),
}
"""The first word of each command → modules of :mod:`salesops_desktop.jobs`. A test holds it against the catalogue."""


def jobs_for(argv: Sequence[str]) -> list[Job]:
    """The jobs the parser must know for ``argv``: those of its first word, or all of them."""
    word = argv[0] if argv else ""
    if word not in MODULES:
        importlib.import_module("salesops_desktop.jobs.catalogue")
        return list(REGISTRY.values())
    for module in MODULES[word]:
        importlib.import_module(f"salesops_desktop.jobs.{module}")
    return [job for job in REGISTRY.values() if job.command.split()[0] == word]
