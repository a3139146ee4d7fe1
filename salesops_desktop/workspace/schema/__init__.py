"""The tables of the workspace as typed SQLAlchemy models."""

from salesops_desktop.workspace.schema.bookkeeping import (
    ImportSource,
    SavedMapping,
    SavedMatch,
    Setting,
)
from salesops_desktop.workspace.schema.columns import Base
from salesops_desktop.workspace.schema.log import Action, ActionRows, Change, CurrentAction, LoggedTable
from salesops_desktop.workspace.schema.planning import (
    Assignment,
    CommissionRun,
    Forecast,
    ForecastPoint,
    PipelineLine,
    Plan,
    PlanAssignment,
    RunEvent,
    RunLine,
    Scenario,
    Territory,
)
from salesops_desktop.workspace.schema.records import (
    Account,
    Activity,
    Credit,
    ExchangeRate,
    FiscalCalendarRow,
    Lead,
    Opportunity,
    Person,
    Product,
    Quota,
    Snapshot,
    SnapshotLine,
    Transaction,
)

UNLOGGED = frozenset({"action", "action_rows", "change", "logged_table", "current_action", "alembic_version"})
"""Tables the change log does not watch: the log itself and what migrations keep."""

__all__ = [
    "UNLOGGED",
    "Account",
    "Action",
    "ActionRows",
    "Activity",
    "Assignment",
    "Base",
    "Change",
    "CommissionRun",
    "Credit",
    "CurrentAction",
    "ExchangeRate",
    "FiscalCalendarRow",
    "Forecast",
    "ForecastPoint",
    "ImportSource",
    "Lead",
    "LoggedTable",
    "Opportunity",
    "Person",
    "PipelineLine",
    "Plan",
    "PlanAssignment",
    "Product",
    "Quota",
    "RunEvent",
    "RunLine",
    "SavedMapping",
    "SavedMatch",
    "Scenario",
    "Setting",
    "Snapshot",
    "SnapshotLine",
    "Territory",
    "Transaction",
]
