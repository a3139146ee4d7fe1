"""The closed lists of the vocabulary. Values are what is stored in the workspace; never rename one."""

from __future__ import annotations

from enum import StrEnum


class PersonRole(StrEnum):
    """What a person on the roster does."""

    REP = "rep"
    MANAGER = "manager"
    OVERLAY = "overlay"
    SDR = "sdr"
    OTHER = "other"


class OpportunityStatus(StrEnum):
    """Whether an opportunity is still open."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class ForecastCategory(StrEnum):
    """The forecast category a rep or manager puts an open opportunity in."""

    COMMIT = "commit"
    BEST_CASE = "best case"
    PIPELINE = "pipeline"
    OMITTED = "omitted"
    CLOSED = "closed"


class TransactionKind(StrEnum):
    """What happened to the money."""

    BOOKING = "booking"
    INVOICE = "invoice"
    PAYMENT = "payment"
    REFUND = "refund"


class CreditRole(StrEnum):
    """Why a person gets credit for a transaction."""

    DIRECT = "direct"
    SPLIT = "split"
    OVERLAY = "overlay"
    MANAGER = "manager"


class ActivityKind(StrEnum):
    """What time was spent on."""

    CALL = "call"
    EMAIL = "email"
    MEETING = "meeting"
    APPOINTMENT = "appointment"
    DEMO = "demo"
    TRAVEL = "travel"
    ADMIN = "admin"
    INTERNAL = "internal"
    TRAINING = "training"
    OTHER = "other"


SELLING_ACTIVITIES = frozenset(
    {ActivityKind.CALL, ActivityKind.EMAIL, ActivityKind.MEETING, ActivityKind.APPOINTMENT, ActivityKind.DEMO}
)
"""The kinds that count as time spent selling."""


class LeadStatus(StrEnum):
    """Where a lead stands."""

    NEW = "new"
    WORKING = "working"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    REJECTED = "rejected"


class Measure(StrEnum):
    """What a quota or a plan counts."""

    BOOKINGS = "bookings"
    REVENUE = "revenue"
    MARGIN = "margin"
    UNITS = "units"
    APPOINTMENTS = "appointments"


class RunStatus(StrEnum):
    """The life of a commission run."""

    DRAFT = "draft"
    CALCULATED = "calculated"
    IN_REVIEW = "in review"
    APPROVED = "approved"
    LOCKED = "locked"
    PAID = "paid"
