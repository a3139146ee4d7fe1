"""What analysts make beside territories and forecasts: incentive plans and commission runs."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salesops_desktop.workspace.schema.columns import Base, Day, Json, Key, Minor, Moment, filled_index


class Plan(Base):
    """An incentive plan."""

    __tablename__ = "plan"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    currency: Mapped[str]
    effective_from: Mapped[Day]
    effective_to: Mapped[Day | None]
    definition: Mapped[Json]
    """JSON object: the plan's components, as :mod:`salesops_desktop.commission` writes them."""


class PlanAssignment(Base):
    """Who is paid by which plan, and from when to when."""

    __tablename__ = "plan_assignment"
    __table_args__ = (UniqueConstraint("person_id", "plan_id", "start_date"),)

    id: Mapped[Key]
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    start_date: Mapped[Day]
    end_date: Mapped[Day | None]


class CommissionRun(Base):
    """One calculation for one period."""

    __tablename__ = "commission_run"

    id: Mapped[Key]
    name: Mapped[str]
    period_start: Mapped[Day]
    period_end: Mapped[Day]
    period_label: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[Moment]
    inputs_hash: Mapped[str]
    result_hash: Mapped[str]
    plans: Mapped[Json]
    """JSON array: the plans as they stood when the run was calculated."""
    notes: Mapped[Json | None]
    """JSON array of sentences the calculation had to say."""


class RunEvent(Base):
    """A step in the life of a run: who, when, to which status."""

    __tablename__ = "run_event"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("commission_run.id", ondelete="CASCADE"), index=True)
    status: Mapped[str]
    who: Mapped[str]
    at: Mapped[Moment]
    note: Mapped[str | None]


class RunLine(Base):
    """One payout line of a run."""

    __tablename__ = "run_line"
    __table_args__ = (
        filled_index("run_line", "credit_id"),
        filled_index("run_line", "transaction_id"),
    )

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("commission_run.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    plan: Mapped[str]
    component: Mapped[str]
    credit_id: Mapped[int | None] = mapped_column(ForeignKey("credit.id", ondelete="SET NULL"))
    transaction_id: Mapped[int | None] = mapped_column(ForeignKey("transaction.id", ondelete="SET NULL"))
    credited_on: Mapped[Day]
    credit_amount: Mapped[Minor]
    credit_currency: Mapped[str]
    exchange_rate: Mapped[int]
    """Times 1e9; 1e9 where no conversion was needed."""
    amount: Mapped[Minor]
    """The credit in the plan's currency."""
    total_before: Mapped[Minor]
    total_after: Mapped[Minor]
    quota: Mapped[Minor | None]
    payout: Mapped[Minor]
    currency: Mapped[str]
    transaction_number: Mapped[str | None]
    """The transaction's own number, kept for the day on which the transaction is deleted."""
