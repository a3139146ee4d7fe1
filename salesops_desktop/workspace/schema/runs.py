"""What a commission run keeps beside its lines: inputs, extras, settlements, items, inquiries and its seal."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salesops_desktop.workspace.schema.columns import Base, Day, Json, Key, Minor, Moment, filled_index


class RunInput(Base):
    """What a run was calculated from, as it stood then."""

    __tablename__ = "run_input"

    run_id: Mapped[int] = mapped_column(ForeignKey("commission_run.id", ondelete="CASCADE"), primary_key=True)
    hashes: Mapped[Json]
    """JSON object: part of the inputs → SHA-256."""
    content: Mapped[bytes]
    """The parts themselves, compressed; :mod:`salesops_desktop.jobs.commission_snapshot` reads them."""


class RunExtra(Base):
    """Pay of a window that no single credit brings."""

    __tablename__ = "run_extra"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("commission_run.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    plan: Mapped[str]
    component: Mapped[str]
    window_start: Mapped[Day]
    total: Mapped[Minor]
    paid_before: Mapped[Minor]
    now: Mapped[Minor]
    payout: Mapped[Minor]
    currency: Mapped[str]
    why: Mapped[str]


class RunItem(Base):
    """An amount in a run that no line brings: adjustment, retro, clawback, hold, release."""

    __tablename__ = "run_item"
    __table_args__ = (filled_index("run_item", "item_id"),)

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("commission_run.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    plan: Mapped[str]
    component: Mapped[str | None]
    credit_key: Mapped[int | None]
    """The credit of the line it is about: its id, or the transaction's as a negative number."""
    transaction_number: Mapped[str | None]
    origin: Mapped[str | None]
    """For a retro item, the period it corrects."""
    cause: Mapped[str | None]
    amount: Mapped[Minor]
    currency: Mapped[str]
    why: Mapped[str]
    who: Mapped[str]
    at: Mapped[Moment]
    item_id: Mapped[int | None] = mapped_column(ForeignKey("run_item.id", ondelete="SET NULL"))
    """For a release, the hold it releases."""


class RunSettlement(Base):
    """From what a person earned under a plan to what is paid, with the balances before and after."""

    __tablename__ = "run_settlement"
    __table_args__ = (UniqueConstraint("run_id", "person_id", "plan"),)

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("commission_run.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    plan: Mapped[str]
    currency: Mapped[str]
    period_number: Mapped[int]
    earned: Mapped[Minor]
    paid: Mapped[Minor]
    ahead: Mapped[Minor]
    """The part of ``paid`` that is due at the start of the period."""
    opening: Mapped[Json]
    closing: Mapped[Json]
    """JSON objects: the balances before and after."""
    steps: Mapped[Json]
    """JSON array of [name, amount, why]."""


class RunSeal(Base):
    """The seal of a locked run, over all it holds and the seal before it."""

    __tablename__ = "run_seal"

    run_id: Mapped[int] = mapped_column(ForeignKey("commission_run.id", ondelete="RESTRICT"), primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    previous: Mapped[str | None]
    seal: Mapped[str]
    rows: Mapped[bytes]
    """Eight bytes per row, in order: they tell which row has changed."""


class Inquiry(Base):
    """A question about a payout line, and its answer."""

    __tablename__ = "inquiry"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("commission_run.id", ondelete="CASCADE"), index=True)
    line: Mapped[int]
    """The line's number when the question was asked."""
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    plan: Mapped[str]
    component: Mapped[str]
    transaction_number: Mapped[str | None]
    question: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[Moment]
    status: Mapped[str]
    """``open``, ``answered`` or ``closed``."""
    answer: Mapped[str | None]
    answered_by: Mapped[str | None]
    answered_at: Mapped[Moment | None]
