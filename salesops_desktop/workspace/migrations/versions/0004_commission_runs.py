"""Commission runs keep inputs, extras, settlements and seals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Commission runs keep inputs, extras, settlements and seals."""
    op.create_table(
        "run_input",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("hashes", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["commission_run.id"], name="fk_run_input_run_id_commission_run", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name="pk_run_input"),
    )
    op.create_table(
        "run_seal",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("previous", sa.String(), nullable=True),
        sa.Column("seal", sa.String(), nullable=False),
        sa.Column("rows", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["commission_run.id"], name="fk_run_seal_run_id_commission_run", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("run_id", name="pk_run_seal"),
        sa.UniqueConstraint("number", name="uq_run_seal_number"),
    )
    op.create_table(
        "inquiry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("component", sa.String(), nullable=False),
        sa.Column("transaction_number", sa.String(), nullable=True),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_inquiry_person_id_person", ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["commission_run.id"], name="fk_inquiry_run_id_commission_run", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_inquiry"),
    )
    op.create_index("ix_inquiry_person_id", "inquiry", ["person_id"])
    op.create_index("ix_inquiry_run_id", "inquiry", ["run_id"])
    op.create_table(
        "reporting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("manager_id", sa.Integer(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("source_row", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["person.id"], name="fk_reporting_manager_id_person", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_reporting_person_id_person", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["source_id"], ["import_source.id"], name="fk_reporting_source_id_import_source", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reporting"),
        sa.UniqueConstraint("person_id", "start_date", name="uq_reporting_person_id_start_date"),
    )
    op.create_index("ix_reporting_manager_id", "reporting", ["manager_id"])
    op.create_table(
        "run_extra",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("component", sa.String(), nullable=False),
        sa.Column("window_start", sa.Date(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("paid_before", sa.Integer(), nullable=False),
        sa.Column("now", sa.Integer(), nullable=False),
        sa.Column("payout", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_run_extra_person_id_person", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["commission_run.id"], name="fk_run_extra_run_id_commission_run", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_run_extra"),
    )
    op.create_index("ix_run_extra_person_id", "run_extra", ["person_id"])
    op.create_index("ix_run_extra_run_id", "run_extra", ["run_id"])
    op.create_table(
        "run_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("component", sa.String(), nullable=True),
        sa.Column("credit_key", sa.Integer(), nullable=True),
        sa.Column("transaction_number", sa.String(), nullable=True),
        sa.Column("origin", sa.String(), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["run_item.id"], name="fk_run_item_item_id_run_item", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_run_item_person_id_person", ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["commission_run.id"], name="fk_run_item_run_id_commission_run", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_run_item"),
    )
    op.create_index("ix_run_item_item_id", "run_item", ["item_id"], sqlite_where=sa.text("item_id IS NOT NULL"))
    op.create_index("ix_run_item_person_id", "run_item", ["person_id"])
    op.create_index("ix_run_item_run_id", "run_item", ["run_id"])
    op.create_table(
        "run_settlement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("period_number", sa.Integer(), nullable=False),
        sa.Column("earned", sa.Integer(), nullable=False),
        sa.Column("paid", sa.Integer(), nullable=False),
        sa.Column("ahead", sa.Integer(), nullable=False),
        sa.Column("opening", sa.Text(), nullable=False),
        sa.Column("closing", sa.Text(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_run_settlement_person_id_person", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["commission_run.id"], name="fk_run_settlement_run_id_commission_run", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_run_settlement"),
        sa.UniqueConstraint("run_id", "person_id", "plan", name="uq_run_settlement_run_id_person_id_plan"),
    )
    op.create_index("ix_run_settlement_person_id", "run_settlement", ["person_id"])
    op.create_table(
        "score",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("source_row", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_score_person_id_person", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["source_id"], ["import_source.id"], name="fk_score_source_id_import_source", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_score"),
        sa.UniqueConstraint(
            "person_id", "name", "period_start", "period_end", name="uq_score_person_id_name_period_start_period_end"
        ),
    )
    op.create_table(
        "target_incentive",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("source_row", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_target_incentive_person_id_person", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["import_source.id"], name="fk_target_incentive_source_id_import_source", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_target_incentive"),
        sa.UniqueConstraint(
            "person_id", "period_start", "period_end", name="uq_target_incentive_person_id_period_start_period_end"
        ),
    )
    op.add_column("run_line", sa.Column("transaction_number", sa.String(), nullable=True))
