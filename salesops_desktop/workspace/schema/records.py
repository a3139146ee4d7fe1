"""What companies bring: people, accounts, products, pipeline, money, activities, leads, quotas.

Each table and column of an imported entity is named as in :mod:`salesops_desktop.model.entities`.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salesops_desktop.workspace.schema.columns import Base, Day, Imported, Key, Minor, Moment, Ppm, filled_index


class Person(Imported, Base):
    """Anyone on the roster."""

    __tablename__ = "person"

    id: Mapped[Key]
    external_id: Mapped[str | None] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(index=True)
    email: Mapped[str | None]
    role: Mapped[str | None]
    title: Mapped[str | None]
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    team: Mapped[str | None]
    region: Mapped[str | None]
    country: Mapped[str | None]
    state: Mapped[str | None]
    city: Mapped[str | None]
    postal_code: Mapped[str | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    currency: Mapped[str | None]
    start_date: Mapped[Day | None]
    end_date: Mapped[Day | None]
    fte: Mapped[Ppm | None]
    active: Mapped[bool | None]
    ramp_months: Mapped[float | None]
    """Months from the start date until a newcomer carries a full load."""


class Absence(Imported, Base):
    """Days on which a person is away, in whole or in part: leave, training, illness."""

    __tablename__ = "absence"
    __table_args__ = (UniqueConstraint("person_id", "start_date"),)

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    start_date: Mapped[Day]
    end_date: Mapped[Day | None]
    """The last day away; until further notice where empty."""
    share: Mapped[Ppm | None]
    """How much of the person's time; all of it where empty."""
    reason: Mapped[str | None]


class Account(Imported, Base):
    """A customer or prospect, possibly part of another account."""

    __tablename__ = "account"

    id: Mapped[Key]
    external_id: Mapped[str | None] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    industry: Mapped[str | None]
    segment: Mapped[str | None]
    region: Mapped[str | None]
    country: Mapped[str | None]
    state: Mapped[str | None]
    city: Mapped[str | None]
    postal_code: Mapped[str | None]
    street: Mapped[str | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    currency: Mapped[str | None]
    annual_revenue: Mapped[Minor | None]
    employees: Mapped[int | None]
    potential: Mapped[Minor | None]
    workload: Mapped[float | None]
    """Hours a year the account needs."""
    website: Mapped[str | None]
    founded: Mapped[int | None]
    created_on: Mapped[Day | None]


class Product(Imported, Base):
    """What is sold."""

    __tablename__ = "product"

    id: Mapped[Key]
    code: Mapped[str | None] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(index=True)
    family: Mapped[str | None]
    list_price: Mapped[Minor | None]
    unit_cost: Mapped[Minor | None]
    currency: Mapped[str | None]
    active: Mapped[bool | None]


class Opportunity(Imported, Base):
    """A deal, open or closed, as it stands now."""

    __tablename__ = "opportunity"
    __table_args__ = (filled_index("opportunity", "product_id"),)

    id: Mapped[Key]
    external_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id", ondelete="SET NULL"))
    stage: Mapped[str]
    status: Mapped[str]
    amount: Mapped[Minor | None]
    currency: Mapped[str | None]
    quantity: Mapped[float | None]
    created_on: Mapped[Day | None]
    close_on: Mapped[Day | None] = mapped_column(index=True)
    probability: Mapped[Ppm | None]
    forecast_category: Mapped[str | None]
    lead_source: Mapped[str | None]
    next_step: Mapped[str | None]
    next_activity_on: Mapped[Day | None]
    lost_reason: Mapped[str | None]


class Snapshot(Base):
    """The pipeline as it stood on a date; its lines carry the same date."""

    __tablename__ = "snapshot"

    id: Mapped[Key]
    taken_on: Mapped[Day] = mapped_column(unique=True)
    label: Mapped[str | None]
    source_id: Mapped[int | None] = mapped_column(ForeignKey("import_source.id", ondelete="SET NULL"))


class SnapshotLine(Imported, Base):
    """One opportunity as it stood on a snapshot's date."""

    __tablename__ = "snapshot_line"
    __table_args__ = (UniqueConstraint("taken_on", "opportunity_id"), filled_index("snapshot_line", "owner_id"))

    id: Mapped[Key]
    taken_on: Mapped[Day]
    opportunity_id: Mapped[int] = mapped_column(ForeignKey("opportunity.id", ondelete="CASCADE"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    stage: Mapped[str]
    status: Mapped[str]
    amount: Mapped[Minor | None]
    currency: Mapped[str | None]
    close_on: Mapped[Day | None]
    probability: Mapped[Ppm | None]
    forecast_category: Mapped[str | None]


class Transaction(Imported, Base):
    """A booked, invoiced, paid or refunded line of money."""

    __tablename__ = "transaction"
    __table_args__ = (
        filled_index("transaction", "original_id"),
        filled_index("transaction", "product_id"),
    )

    id: Mapped[Key]
    external_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    booked_on: Mapped[Day] = mapped_column(index=True)
    opportunity_id: Mapped[int | None] = mapped_column(ForeignKey("opportunity.id", ondelete="SET NULL"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id", ondelete="SET NULL"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    amount: Mapped[Minor]
    currency: Mapped[str]
    margin: Mapped[Minor | None]
    quantity: Mapped[float | None]
    original_id: Mapped[int | None] = mapped_column(ForeignKey("transaction.id", ondelete="SET NULL"))


class Credit(Imported, Base):
    """A person's share of a transaction."""

    __tablename__ = "credit"
    __table_args__ = (UniqueConstraint("transaction_id", "person_id", "role"),)

    id: Mapped[Key]
    transaction_id: Mapped[int] = mapped_column(ForeignKey("transaction.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    role: Mapped[str]
    share: Mapped[Ppm]
    credited_on: Mapped[Day | None]
    """The transaction's date where empty."""


class Lead(Imported, Base):
    """Somebody who showed interest."""

    __tablename__ = "lead"
    __table_args__ = (filled_index("lead", "opportunity_id"),)

    id: Mapped[Key]
    external_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    company: Mapped[str | None]
    email: Mapped[str | None]
    source: Mapped[str | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    status: Mapped[str | None]
    created_at: Mapped[Moment]
    responded_at: Mapped[Moment | None]
    opportunity_id: Mapped[int | None] = mapped_column(ForeignKey("opportunity.id", ondelete="SET NULL"))
    country: Mapped[str | None]
    state: Mapped[str | None]
    postal_code: Mapped[str | None]
    score: Mapped[float | None]


class Activity(Imported, Base):
    """A call, a meeting, a day of paperwork: what time was spent on."""

    __tablename__ = "activity"
    __table_args__ = (
        Index("ix_activity_person_id_starts_at", "person_id", "starts_at"),
        filled_index("activity", "account_id"),
        filled_index("activity", "opportunity_id"),
        filled_index("activity", "lead_id"),
    )

    id: Mapped[Key]
    external_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    opportunity_id: Mapped[int | None] = mapped_column(ForeignKey("opportunity.id", ondelete="SET NULL"))
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id", ondelete="SET NULL"))
    starts_at: Mapped[Moment]
    minutes: Mapped[float | None]
    subject: Mapped[str | None]
    outcome: Mapped[str | None]


class Quota(Imported, Base):
    """A target amount for a person or a territory, in a period, on a measure."""

    __tablename__ = "quota"
    __table_args__ = (
        UniqueConstraint("person_id", "measure", "period_start", "period_end"),
        filled_index("quota", "territory_id"),
    )

    id: Mapped[Key]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    measure: Mapped[str]
    period_start: Mapped[Day]
    period_end: Mapped[Day]
    amount: Mapped[Minor]
    currency: Mapped[str]


class TargetIncentive(Imported, Base):
    """What a person is to earn at 100 % of target, in a period."""

    __tablename__ = "target_incentive"
    __table_args__ = (UniqueConstraint("person_id", "period_start", "period_end"),)

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    period_start: Mapped[Day]
    period_end: Mapped[Day]
    amount: Mapped[Minor]
    currency: Mapped[str]


class Score(Imported, Base):
    """How far a person met an objective, in a period."""

    __tablename__ = "score"
    __table_args__ = (UniqueConstraint("person_id", "name", "period_start", "period_end"),)

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    name: Mapped[str]
    period_start: Mapped[Day]
    period_end: Mapped[Day]
    value: Mapped[Ppm]


class Reporting(Imported, Base):
    """Who a person reports to, and from when to when; the roster's manager holds where nothing is written here."""

    __tablename__ = "reporting"
    __table_args__ = (UniqueConstraint("person_id", "start_date"),)

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    manager_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    start_date: Mapped[Day]
    end_date: Mapped[Day | None]


class ExchangeRate(Imported, Base):
    """Units of ``target`` for one unit of ``source`` from a day on, times 1e9."""

    __tablename__ = "exchange_rate"
    __table_args__ = (UniqueConstraint("source", "target", "valid_from"),)

    id: Mapped[Key]
    source: Mapped[str]
    target: Mapped[str]
    valid_from: Mapped[Day]
    rate: Mapped[int]


class FiscalCalendarRow(Base):
    """The company's fiscal calendar: one row."""

    __tablename__ = "fiscal_calendar"

    id: Mapped[Key]
    start_month: Mapped[int]
    pattern: Mapped[str]
    week_end: Mapped[int]
    named_by_end: Mapped[bool]
