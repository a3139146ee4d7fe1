"""What was forecast, judged, corrected and assumed: kept as it was shown, so that it can be scored."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salesops_desktop.workspace.schema.columns import Base, Day, Json, Key, Minor, Moment, Ppm, filled_index


class Forecast(Base):
    """A forecast as it was shown, kept so that it can be scored when the actuals arrive."""

    __tablename__ = "forecast"

    id: Mapped[Key]
    name: Mapped[str]
    kind: Mapped[str]
    """``series``, ``pipeline``, ``combined`` or ``judgement``."""
    measure: Mapped[str]
    period_kind: Mapped[str]
    as_of: Mapped[Day]
    created_at: Mapped[Moment]
    method: Mapped[str]
    currency: Mapped[str | None]
    """None where the measure is no money: its numbers are thousandths of a unit."""
    report: Mapped[Json]
    """JSON object: the back-test and the sentences shown with the forecast."""
    origin: Mapped[str] = mapped_column(server_default="shown")
    """``shown``, or ``rebuilt``: computed afterwards from what was known on its date, and never shown then."""
    who: Mapped[str | None]
    """For a judgement: whose."""
    levels: Mapped[Json | None]
    """JSON array: the dimensions of its hierarchy from the top; None where it has the company alone."""
    reconciliation: Mapped[str | None]
    """How its levels were made to add up."""


class ForecastNode(Base):
    """One element of a forecast's hierarchy below the company: a region, a team, a person, a product in a region."""

    __tablename__ = "forecast_node"
    __table_args__ = (
        UniqueConstraint("forecast_id", "number"),
        filled_index("forecast_node", "parent_id"),
        filled_index("forecast_node", "person_id"),
    )

    id: Mapped[Key]
    forecast_id: Mapped[int] = mapped_column(ForeignKey("forecast.id", ondelete="CASCADE"))
    number: Mapped[int]
    """Its place in the tree, from 1; the company is 0 and has no row."""
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("forecast_node.id", ondelete="CASCADE"))
    """None where the company is its parent."""
    level: Mapped[int]
    """1 below the company, and so on."""
    dimension: Mapped[str]
    """What the level is made of: ``region``, ``manager``, ``person``, ``product``, ``region × product``."""
    label: Mapped[str]
    key: Mapped[Json]
    """JSON object, sorted: dimension → value, from the top; the same node has the same key in every forecast."""
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    """For a person's or a manager's node."""
    method: Mapped[str]
    naive_wins: Mapped[bool]
    report: Mapped[Json]
    """JSON object: coverage, back-test and sentences of the node."""


class ForecastPoint(Base):
    """One period of a forecast at one node, in minor units of the forecast's currency (thousandths without one)."""

    __tablename__ = "forecast_point"
    __table_args__ = (
        UniqueConstraint("forecast_id", "node_id", "period_start"),
        filled_index("forecast_point", "node_id"),
    )

    id: Mapped[Key]
    forecast_id: Mapped[int] = mapped_column(ForeignKey("forecast.id", ondelete="CASCADE"))
    node_id: Mapped[int | None] = mapped_column(ForeignKey("forecast_node.id", ondelete="CASCADE"))
    """None for the company as a whole."""
    period_start: Mapped[Day]
    period_end: Mapped[Day]
    period_label: Mapped[str]
    mean: Mapped[Minor]
    low50: Mapped[Minor | None]
    high50: Mapped[Minor | None]
    low80: Mapped[Minor | None]
    high80: Mapped[Minor | None]
    low95: Mapped[Minor | None]
    high95: Mapped[Minor | None]
    """Intervals are empty where none was given, as with a judgement."""


class PipelineLine(Base):
    """One open opportunity in a pipeline forecast, as the forecast saw it."""

    __tablename__ = "pipeline_line"
    __table_args__ = (UniqueConstraint("forecast_id", "opportunity_id"), filled_index("pipeline_line", "owner_id"))

    id: Mapped[Key]
    forecast_id: Mapped[int] = mapped_column(ForeignKey("forecast.id", ondelete="CASCADE"))
    opportunity_id: Mapped[int] = mapped_column(ForeignKey("opportunity.id", ondelete="CASCADE"), index=True)
    probability: Mapped[Ppm]
    amount: Mapped[Minor]
    weighted: Mapped[Minor]
    expected_close: Mapped[Day | None]
    period_probability: Mapped[Ppm | None]
    """Chance of a win within the forecast's period."""
    stage: Mapped[str | None]
    category: Mapped[str | None]
    close_on: Mapped[Day | None]
    """What the pipeline itself said of its closing."""
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class Judgement(Base):
    """What a person says against a forecast or of a deal: never mixed into the model, always with who, when, why."""

    __tablename__ = "judgement"
    __table_args__ = (
        filled_index("judgement", "forecast_id"),
        filled_index("judgement", "person_id"),
        filled_index("judgement", "opportunity_id"),
    )

    id: Mapped[Key]
    forecast_id: Mapped[int | None] = mapped_column(ForeignKey("forecast.id", ondelete="SET NULL"))
    """The kept forecast it was said against."""
    who: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    """The person on the roster, where known."""
    at: Mapped[Moment]
    as_of: Mapped[Day]
    """The day of knowledge of what it answers to."""
    source: Mapped[str | None]
    """The file it came from, without its folder."""
    source_hash: Mapped[str | None]
    """SHA-256 of that file."""
    scope: Mapped[str]
    """``node`` or ``opportunity``."""
    node_key: Mapped[Json | None]
    """For a node: its key as in :class:`ForecastNode`; an empty object is the company."""
    node_label: Mapped[str | None]
    period_start: Mapped[Day | None]
    period_end: Mapped[Day | None]
    period_label: Mapped[str | None]
    opportunity_id: Mapped[int | None] = mapped_column(ForeignKey("opportunity.id", ondelete="CASCADE"))
    field: Mapped[str]
    """``category``, ``amount``, ``close date``, ``own number``, ``override`` or ``comment``.

    An own number is what somebody expects and is scored; an override fixes the forecast itself.
    """
    at_export: Mapped[str | None]
    """The value in the file when it left."""
    before: Mapped[str | None]
    """The value in the workspace when it came back."""
    value: Mapped[str | None]
    """The value given. Money and numbers are whole minor units (or thousandths), dates ISO text."""
    currency: Mapped[str | None]
    reason: Mapped[str | None]
    status: Mapped[str]
    """``open``, ``accepted``, ``declined`` or ``withdrawn``."""
    decided_at: Mapped[Moment | None]
    decided_by: Mapped[str | None]


class Correction(Base):
    """A correction of a person's or a method's lasting bias, applied by the analyst, with its measured effect."""

    __tablename__ = "correction"
    __table_args__ = (filled_index("correction", "person_id"),)

    id: Mapped[Key]
    subject_kind: Mapped[str]
    """``person`` or ``method``."""
    subject: Mapped[str]
    """The person's name, or the forecast's kind: ``series``, ``pipeline``, ``combined``."""
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    factor: Mapped[Ppm]
    """What the subject's forecasts are multiplied with."""
    bias: Mapped[Ppm]
    """Σ(forecast − actual) ÷ Σ actual over the periods judged."""
    periods: Mapped[int]
    """How many periods stand behind it."""
    error_before: Mapped[Ppm]
    error_after: Mapped[Ppm]
    """WAPE without and with correction, each period corrected by what the others teach."""
    valid_from: Mapped[Day]
    valid_to: Mapped[Day | None]
    applied_at: Mapped[Moment]
    applied_by: Mapped[str]
    reason: Mapped[str | None]
    report: Mapped[Json]
    """JSON object: the sentences and periods shown when it was offered."""


class ForecastAssumption(Base):
    """A named set of what a forecast or a scenario assumes."""

    __tablename__ = "forecast_assumption"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    effective_from: Mapped[Day | None]
    settings: Mapped[Json]
    """JSON object: setting → value; factors (win rate, deal size, cycle, heads, ramp) in parts per million."""
    note: Mapped[str | None]
    who: Mapped[str]
    at: Mapped[Moment]
