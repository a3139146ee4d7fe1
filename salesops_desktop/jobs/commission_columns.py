"""The columns of the tables that tell a commission run."""

from __future__ import annotations

from salesops_desktop.model.tables import ColumnSpec, ValueKind

LINE = (
    ColumnSpec("number", "Line", ValueKind.INTEGER),
    ColumnSpec("person", "Person", ValueKind.TEXT),
    ColumnSpec("plan", "Plan", ValueKind.TEXT),
    ColumnSpec("component", "Component", ValueKind.TEXT),
    ColumnSpec("transaction", "Transaction", ValueKind.TEXT),
    ColumnSpec("account", "Account", ValueKind.TEXT),
    ColumnSpec("credited_on", "Credited on", ValueKind.DATE),
    ColumnSpec("credit_amount", "Credit", ValueKind.MONEY, currency_from="credit_currency"),
    ColumnSpec("amount", "Counts as", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("total_before", "Total before", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("total_after", "Total after", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("quota", "Quota", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("payout", "Commission", ValueKind.MONEY, currency_from="currency"),
)

PEOPLE = (
    ColumnSpec("person", "Person", ValueKind.TEXT),
    ColumnSpec("manager", "Manager", ValueKind.TEXT),
    ColumnSpec("plan", "Plan", ValueKind.TEXT),
    ColumnSpec("lines", "Lines", ValueKind.INTEGER),
    ColumnSpec("credited", "Credited", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("quota", "Quota", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("attainment", "Attainment", ValueKind.FRACTION, digits=1, description="Total of the window ÷ quota."),
    ColumnSpec("payout", "Commission", ValueKind.MONEY, currency_from="currency"),
)


PAYMENT = (
    ColumnSpec("person", "Person", ValueKind.TEXT),
    ColumnSpec("plan", "Plan", ValueKind.TEXT),
    ColumnSpec("earned", "Earned", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("paid", "Paid", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("ahead", "Of it ahead", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec(
        "held", "To come", ValueKind.MONEY, currency_from="currency", description="Held back, or due in instalments."
    ),
    ColumnSpec("draw", "Draw owed", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("debt", "Carried", ValueKind.MONEY, currency_from="currency"),
)
STEP = (
    ColumnSpec("person", "Person", ValueKind.TEXT),
    ColumnSpec("plan", "Plan", ValueKind.TEXT),
    ColumnSpec("step", "Step", ValueKind.TEXT),
    ColumnSpec("amount", "Amount", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("why", "Why", ValueKind.TEXT),
)
EXTRA = (
    ColumnSpec("person", "Person", ValueKind.TEXT),
    ColumnSpec("plan", "Plan", ValueKind.TEXT),
    ColumnSpec("component", "Component", ValueKind.TEXT),
    ColumnSpec("window_start", "Since", ValueKind.DATE),
    ColumnSpec("paid_before", "Earned before", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("now", "Earned now", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("payout", "Commission", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("why", "Why", ValueKind.TEXT),
)
ITEM = (
    ColumnSpec("id", "Item", ValueKind.INTEGER),
    ColumnSpec("kind", "Kind", ValueKind.TEXT),
    ColumnSpec("person", "Person", ValueKind.TEXT),
    ColumnSpec("plan", "Plan", ValueKind.TEXT),
    ColumnSpec("component", "Component", ValueKind.TEXT),
    ColumnSpec("transaction", "Transaction", ValueKind.TEXT),
    ColumnSpec("origin", "Of", ValueKind.TEXT),
    ColumnSpec("cause", "Cause", ValueKind.TEXT),
    ColumnSpec("amount", "Amount", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("why", "Why", ValueKind.TEXT),
    ColumnSpec("who", "Who", ValueKind.TEXT),
    ColumnSpec("at", "When (UTC)", ValueKind.DATETIME),
)
EVENT = (
    ColumnSpec("status", "Status", ValueKind.TEXT),
    ColumnSpec("who", "Who", ValueKind.TEXT),
    ColumnSpec("at", "When (UTC)", ValueKind.DATETIME),
    ColumnSpec("note", "Note", ValueKind.TEXT),
)
