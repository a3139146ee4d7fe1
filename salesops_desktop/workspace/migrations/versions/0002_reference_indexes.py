"""Indexes for the references that a deletion must look up.

Without them, deleting 500 accounts beside 100,000 activities read all activities 500 times.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_FILLED = (
    ("activity", "account_id"),
    ("activity", "lead_id"),
    ("activity", "opportunity_id"),
    ("lead", "opportunity_id"),
    ("opportunity", "product_id"),
    ("quota", "territory_id"),
    ("run_line", "credit_id"),
    ("run_line", "transaction_id"),
    ("snapshot_line", "owner_id"),
    ("territory", "person_id"),
    ("transaction", "original_id"),
    ("transaction", "product_id"),
)
_ALWAYS = (("pipeline_line", "opportunity_id"), ("run_line", "person_id"))


def upgrade() -> None:
    """Index references; only filled ones where they may be empty."""
    for table, column in _FILLED:
        op.create_index(f"ix_{table}_{column}", table, [column], sqlite_where=sa.text(f"{column} IS NOT NULL"))
    for table, column in _ALWAYS:
        op.create_index(f"ix_{table}_{column}", table, [column])
