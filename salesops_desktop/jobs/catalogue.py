"""All jobs. Importing this module declares every one of them; it is heavy, so the window does it after first paint."""

from __future__ import annotations

from collections.abc import Mapping

from salesops_desktop.jobs import (
    absences,  # imported for their declarations
    commission_desk,
    commission_inquiries,
    commission_items,
    commission_payroll,
    commission_plan_editing,
    commission_plans,
    commission_retro,
    commission_templates,
    commission_unpaid,
    commission_what_if,
    commissions,
    exports,
    forecasts,
    imports,
    kept_forecasts,
    kpis,
    sample_company,
    tables,
    territories,
    territory_checks,
    territory_comparison,
    territory_editing,
    territory_headcount,
    territory_packs,
    territory_proposals,
    territory_proving,
    territory_quotas,
    territory_routing,
    territory_rules,
    territory_scenarios,
    territory_suggest,
    workspaces,
)
from salesops_desktop.jobs.declare import REGISTRY, Job

__all__ = [
    "JOBS",
    "absences",
    "commission_desk",
    "commission_inquiries",
    "commission_items",
    "commission_payroll",
    "commission_plan_editing",
    "commission_plans",
    "commission_retro",
    "commission_templates",
    "commission_unpaid",
    "commission_what_if",
    "commissions",
    "exports",
    "forecasts",
    "imports",
    "kept_forecasts",
    "kpis",
    "sample_company",
    "tables",
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
    "workspaces",
]

JOBS: Mapping[str, Job] = REGISTRY
"""Every job by its command."""
