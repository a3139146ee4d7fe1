"""Territory scenarios and what people wish, propose and decide about them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from salesops_desktop.workspace.schema.columns import Base, Day, Json, Key, Moment, Ppm, filled_index


class Scenario(Base):
    """One complete assignment of accounts to territories."""

    __tablename__ = "scenario"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str]
    """``draft``, ``planned`` (current from a day to come), ``current`` or ``past``."""
    effective_from: Mapped[Day | None]
    created_at: Mapped[Moment]
    seed: Mapped[int | None]
    design: Mapped[Json | None]
    """JSON object: what was asked of the design."""
    figures: Mapped[Json | None]
    """JSON object: balance, compactness and disruption as the design reported them, and its certificate."""
    note: Mapped[str | None]
    copied_from: Mapped[str | None]
    """The name of the scenario it was copied or designed from."""
    effective_to: Mapped[Day | None]
    """The last day on which it was current: who owned what on any day follows from these two."""


class Territory(Base):
    """A set of accounts worked by one person."""

    __tablename__ = "territory"
    __table_args__ = (UniqueConstraint("scenario_id", "name"), filled_index("territory", "person_id"))

    id: Mapped[Key]
    scenario_id: Mapped[int] = mapped_column(ForeignKey("scenario.id", ondelete="CASCADE"))
    name: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    locked: Mapped[bool] = mapped_column(server_default=text("0"))
    """A new design leaves it as it is."""
    capacity: Mapped[Ppm | None]
    """What its person can carry at the scenario's date, in parts of one full-time person; one where empty."""


class Assignment(Base):
    """An account's place in a scenario."""

    __tablename__ = "assignment"
    __table_args__ = (UniqueConstraint("scenario_id", "account_id"),)

    id: Mapped[Key]
    scenario_id: Mapped[int] = mapped_column(ForeignKey("scenario.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"), index=True)
    locked: Mapped[bool]
    reason: Mapped[str | None]


class AreaAssignment(Base):
    """An area's place in a scenario: areas without accounts have one too, so that the map has no hole."""

    __tablename__ = "area_assignment"
    __table_args__ = (UniqueConstraint("scenario_id", "kind", "code"),)

    id: Mapped[Key]
    scenario_id: Mapped[int] = mapped_column(ForeignKey("scenario.id", ondelete="CASCADE"))
    kind: Mapped[str]
    """``postal code``, ``county``, ``state`` or ``country``."""
    code: Mapped[str]
    """FIPS code (counties), two letters (US states, countries), country and code (``US-10001``: postal codes)."""
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"), index=True)
    locked: Mapped[bool] = mapped_column(server_default=text("0"))


class AccountRule(Base):
    """A person who must, or must not, work an account, whatever the scenario."""

    __tablename__ = "account_rule"
    __table_args__ = (UniqueConstraint("account_id", "person_id"),)

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    """``named`` or ``forbidden``."""
    reason: Mapped[str | None]


class Proposal(Base):
    """An account that a manager would rather see in another territory."""

    __tablename__ = "proposal"
    __table_args__ = (
        filled_index("proposal", "from_territory_id"),
        filled_index("proposal", "to_territory_id"),
    )

    id: Mapped[Key]
    scenario_id: Mapped[int] = mapped_column(ForeignKey("scenario.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    from_territory_id: Mapped[int | None] = mapped_column(ForeignKey("territory.id", ondelete="SET NULL"))
    to_territory_id: Mapped[int | None] = mapped_column(ForeignKey("territory.id", ondelete="SET NULL"))
    """Empty for a comment alone."""
    comment: Mapped[str | None]
    proposed_by: Mapped[str | None]
    source: Mapped[str | None]
    """The workbook it came in."""
    status: Mapped[str]
    """``open``, ``accepted`` or ``declined``."""
    created_at: Mapped[Moment]
    decided_at: Mapped[Moment | None]


class RoutingRule(Base):
    """Where tomorrow's accounts and leads go; the first rule that fits decides."""

    __tablename__ = "routing_rule"
    __table_args__ = (UniqueConstraint("scenario_id", "position"), filled_index("routing_rule", "territory_id"))

    id: Mapped[Key]
    scenario_id: Mapped[int] = mapped_column(ForeignKey("scenario.id", ondelete="CASCADE"))
    position: Mapped[int]
    kind: Mapped[str]
    definition: Mapped[Json]
    """JSON object: what the rule looks for, as :mod:`salesops_desktop.territory` writes it."""
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
