"""Kept forecasts of every node of a hierarchy; judgements, corrections and assumptions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Kept forecasts of every node of a hierarchy; judgements, corrections and assumptions."""
    op.create_table(
        "forecast_assumption",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_forecast_assumption"),
        sa.UniqueConstraint("name", name="uq_forecast_assumption_name"),
    )
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("factor", sa.Integer(), nullable=False),
        sa.Column("bias", sa.Integer(), nullable=False),
        sa.Column("periods", sa.Integer(), nullable=False),
        sa.Column("error_before", sa.Integer(), nullable=False),
        sa.Column("error_after", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("applied_at", sa.DateTime(), nullable=False),
        sa.Column("applied_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("report", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_correction_person_id_person", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_correction"),
    )
    _index("correction", "person_id")
    op.create_table(
        "forecast_node",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("forecast_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("naive_wins", sa.Boolean(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["forecast_id"], ["forecast.id"], name="fk_forecast_node_forecast_id_forecast", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["forecast_node.id"], name="fk_forecast_node_parent_id_forecast_node", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_forecast_node_person_id_person", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_forecast_node"),
        sa.UniqueConstraint("forecast_id", "number", name="uq_forecast_node_forecast_id_number"),
    )
    _index("forecast_node", "parent_id")
    _index("forecast_node", "person_id")
    op.create_table(
        "judgement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("forecast_id", sa.Integer(), nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("source_hash", sa.String(), nullable=True),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("node_key", sa.Text(), nullable=True),
        sa.Column("node_label", sa.String(), nullable=True),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("period_label", sa.String(), nullable=True),
        sa.Column("opportunity_id", sa.Integer(), nullable=True),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("at_export", sa.String(), nullable=True),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["forecast_id"], ["forecast.id"], name="fk_judgement_forecast_id_forecast", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["opportunity.id"], name="fk_judgement_opportunity_id_opportunity", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_judgement_person_id_person", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_judgement"),
    )
    for column in ("forecast_id", "opportunity_id", "person_id"):
        _index("judgement", column)
    _widen_kept_forecasts()


def _widen_kept_forecasts() -> None:
    """Old forecasts have the company alone: no node, no line of more than it was."""
    op.add_column("forecast", sa.Column("origin", sa.String(), server_default="shown", nullable=False))
    op.add_column("forecast", sa.Column("who", sa.String(), nullable=True))
    op.add_column("forecast", sa.Column("levels", sa.Text(), nullable=True))
    op.add_column("forecast", sa.Column("reconciliation", sa.String(), nullable=True))
    with op.batch_alter_table("forecast_point") as point:
        point.add_column(sa.Column("node_id", sa.Integer(), nullable=True))
        for name in ("low50", "high50", "low80", "high80", "low95", "high95"):
            point.alter_column(name, existing_type=sa.Integer(), nullable=True)
        point.drop_constraint("uq_forecast_point_forecast_id_period_start", type_="unique")
        point.create_unique_constraint(
            "uq_forecast_point_forecast_id_node_id_period_start", ["forecast_id", "node_id", "period_start"]
        )
        point.create_foreign_key(
            "fk_forecast_point_node_id_forecast_node", "forecast_node", ["node_id"], ["id"], ondelete="CASCADE"
        )
    _index("forecast_point", "node_id")
    with op.batch_alter_table("pipeline_line") as line:
        line.add_column(sa.Column("period_probability", sa.Integer(), nullable=True))
        line.add_column(sa.Column("stage", sa.String(), nullable=True))
        line.add_column(sa.Column("category", sa.String(), nullable=True))
        line.add_column(sa.Column("close_on", sa.Date(), nullable=True))
        line.add_column(sa.Column("owner_id", sa.Integer(), nullable=True))
        line.create_foreign_key("fk_pipeline_line_owner_id_person", "person", ["owner_id"], ["id"], ondelete="SET NULL")
    _index("pipeline_line", "owner_id")


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column], sqlite_where=sa.text(f"{column} IS NOT NULL"))
