"""The nine KPIs: what they mean and what they are."""

from salesops_desktop.performance.calculate import KpiGroup, KpiResult, all_kpis, kpi
from salesops_desktop.performance.definitions import KPIS, KpiDefinition, Unit, Variant, definition
from salesops_desktop.performance.figures import Figure
from salesops_desktop.performance.frames import GROUPS, Frames

__all__ = [
    "GROUPS",
    "KPIS",
    "Figure",
    "Frames",
    "KpiDefinition",
    "KpiGroup",
    "KpiResult",
    "Unit",
    "Variant",
    "all_kpis",
    "definition",
    "kpi",
]
