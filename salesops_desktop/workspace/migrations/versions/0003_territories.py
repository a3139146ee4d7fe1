"""Territories with locks, rules, areas and proposals; absences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Territories with locks, rules, areas and proposals; absences."""
    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("share", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("source_row", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_absence_person_id_person", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["source_id"], ["import_source.id"], name="fk_absence_source_id_import_source", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_absence"),
        sa.UniqueConstraint("person_id", "start_date", name="uq_absence_person_id_start_date"),
    )
    op.create_table(
        "account_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_account_rule_account_id_account", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_account_rule_person_id_person", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_account_rule"),
        sa.UniqueConstraint("account_id", "person_id", name="uq_account_rule_account_id_person_id"),
    )
    op.create_index("ix_account_rule_person_id", "account_rule", ["person_id"])
    op.create_table(
        "area_assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scenario_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("locked", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["scenario_id"], ["scenario.id"], name="fk_area_assignment_scenario_id_scenario", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name="fk_area_assignment_territory_id_territory", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_area_assignment"),
        sa.UniqueConstraint("scenario_id", "kind", "code", name="uq_area_assignment_scenario_id_kind_code"),
    )
    op.create_index("ix_area_assignment_territory_id", "area_assignment", ["territory_id"])
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scenario_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("from_territory_id", sa.Integer(), nullable=True),
        sa.Column("to_territory_id", sa.Integer(), nullable=True),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("proposed_by", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_proposal_account_id_account", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["from_territory_id"], ["territory.id"], name="fk_proposal_from_territory_id_territory", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["scenario_id"], ["scenario.id"], name="fk_proposal_scenario_id_scenario", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["to_territory_id"], ["territory.id"], name="fk_proposal_to_territory_id_territory", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_proposal"),
    )
    op.create_index("ix_proposal_account_id", "proposal", ["account_id"])
    op.create_index(
        "ix_proposal_from_territory_id",
        "proposal",
        ["from_territory_id"],
        sqlite_where=sa.text("from_territory_id IS NOT NULL"),
    )
    op.create_index("ix_proposal_scenario_id", "proposal", ["scenario_id"])
    op.create_index(
        "ix_proposal_to_territory_id",
        "proposal",
        ["to_territory_id"],
        sqlite_where=sa.text("to_territory_id IS NOT NULL"),
    )
    op.create_table(
        "routing_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scenario_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["scenario_id"], ["scenario.id"], name="fk_routing_rule_scenario_id_scenario", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name="fk_routing_rule_territory_id_territory", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_routing_rule"),
        sa.UniqueConstraint("scenario_id", "position", name="uq_routing_rule_scenario_id_position"),
    )
    op.create_index(
        "ix_routing_rule_territory_id",
        "routing_rule",
        ["territory_id"],
        sqlite_where=sa.text("territory_id IS NOT NULL"),
    )
    op.add_column("person", sa.Column("ramp_months", sa.Double(), nullable=True))
    op.add_column("scenario", sa.Column("note", sa.String(), nullable=True))
    op.add_column("scenario", sa.Column("copied_from", sa.String(), nullable=True))
    op.add_column("scenario", sa.Column("effective_to", sa.Date(), nullable=True))
    op.add_column("territory", sa.Column("locked", sa.Boolean(), server_default=sa.text("0"), nullable=False))
    op.add_column("territory", sa.Column("capacity", sa.Integer(), nullable=True))
