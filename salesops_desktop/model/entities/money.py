"""Money: transactions, credits, quotas, target incentives, scores, reporting lines, exchange rates."""

from __future__ import annotations

from salesops_desktop.model.entities.spec import CURRENCY, EntitySpec, FieldSpec, OnMissing, names, spellings
from salesops_desktop.model.enums import CreditRole, Measure, TransactionKind
from salesops_desktop.model.tables import ValueKind

TRANSACTION = EntitySpec(
    "transaction",
    "Transaction",
    "Transactions",
    (
        FieldSpec(
            "external_id",
            "Transaction id",
            synonyms=names(
                "transaction id, invoice, invoice no, invoice number, id, document number, order id, order number, "
                "line id, booking id, invoiceno"
            ),
            required=True,
        ),
        FieldSpec(
            "kind",
            "Kind",
            synonyms=names("type, transaction type, document type, record type"),
            choices=TransactionKind,
            choice_synonyms=spellings(
                {
                    "booking": names("order, sale, booked"),
                    "invoice": names("invoiced, inv"),
                    "payment": names("paid, cash, receipt"),
                    "refund": names("credit note, credit memo, return, reversal, refunded"),
                }
            ),
        ),
        FieldSpec(
            "booked_on",
            "Date",
            ValueKind.DATE,
            synonyms=names(
                "transaction date, invoice date, order date, posting date, booking date, invoicedate, document date"
            ),
            required=True,
        ),
        FieldSpec(
            "opportunity",
            "Opportunity id",
            synonyms=names("opportunity, deal id, opp id"),
            reference="opportunity",
        ),
        FieldSpec(
            "account",
            "Account",
            synonyms=names("customer, account name, company, customer name, bill to, account id, customer id"),
            reference="account",
        ),
        FieldSpec(
            "product",
            "Product",
            synonyms=names("item, sku, product name, product code, stockcode"),
            reference="product",
        ),
        FieldSpec(
            "owner",
            "Person",
            synonyms=names("sales rep, rep, owner, salesperson, sales agent, employee, account executive"),
            reference="person",
        ),
        FieldSpec(
            "amount",
            "Amount",
            ValueKind.MONEY,
            synonyms=names("net amount, total, value, line amount, net, revenue, price"),
            required=True,
        ),
        CURRENCY,
        FieldSpec(
            "margin",
            "Margin",
            ValueKind.MONEY,
            synonyms=names("gross margin, profit, gross profit, contribution"),
        ),
        FieldSpec("quantity", "Quantity", ValueKind.NUMBER, synonyms=names("qty, units, seats")),
        FieldSpec(
            "original",
            "Original transaction",
            synonyms=names(
                "original transaction id, refund of, reverses, original invoice, credit for, related transaction"
            ),
            reference="transaction",
        ),
    ),
    keys=(("external_id",),),
    name_field="external_id",
    currency_field="currency",
    default_sheets=names("transaction, invoice, booking, order, refund, payment, sales, retail"),
)

CREDIT = EntitySpec(
    "credit",
    "Credit",
    "Credits",
    (
        FieldSpec(
            "transaction",
            "Transaction id",
            synonyms=names("invoice, invoice number, order id, booking id, transaction"),
            required=True,
            reference="transaction",
            on_missing=OnMissing.REJECT,
        ),
        FieldSpec(
            "person",
            "Person",
            synonyms=names("rep, sales rep, employee, name, credited to, sales agent, split owner, payee"),
            required=True,
            reference="person",
            on_missing=OnMissing.REJECT,
        ),
        FieldSpec(
            "role",
            "Credit role",
            synonyms=names("split type, credit type, type, role"),
            choices=CreditRole,
            choice_synonyms=spellings(
                {
                    "direct": names("primary, owner"),
                    "split": names("revenue, revenue split, secondary"),
                    "overlay": names("overlay split"),
                }
            ),
        ),
        FieldSpec(
            "share",
            "Share",
            ValueKind.RATE,
            synonyms=names("split, split %, percentage, split percentage, percent, share %, credit %"),
            required=True,
            minimum=0,
            maximum=10,
        ),
        FieldSpec("credited_on", "Credit date", ValueKind.DATE, synonyms=names("date, effective date")),
    ),
    keys=(("transaction", "person", "role"),),
    name_field="transaction",
    default_sheets=names("credit, split"),
)

PERIOD = (
    FieldSpec(
        "period_start",
        "Period start",
        ValueKind.DATE,
        synonyms=names("start date, from, start, period start date, month, quarter start"),
        required=True,
    ),
    FieldSpec(
        "period_end",
        "Period end",
        ValueKind.DATE,
        synonyms=names("end date, to, end, period end date"),
        required=True,
    ),
)
"""The days for which a figure holds, both included."""

QUOTA = EntitySpec(
    "quota",
    "Quota",
    "Quotas",
    (
        FieldSpec(
            "person",
            "Person",
            synonyms=names("rep, sales rep, employee, name, sales agent, owner, user, quota owner"),
            required=True,
            reference="person",
            on_missing=OnMissing.REJECT,
        ),
        FieldSpec(
            "measure",
            "Measure",
            synonyms=names("quota type, kpi, type, metric"),
            choices=Measure,
            choice_synonyms=spellings(
                {
                    "bookings": names("sales, acv"),
                    "margin": names("gross margin"),
                    "units": names("quantity"),
                    "appointments": names("meetings"),
                }
            ),
        ),
        *PERIOD,
        FieldSpec(
            "amount",
            "Quota",
            ValueKind.MONEY,
            synonyms=names("quota amount, target, target amount, goal, value"),
            required=True,
        ),
        CURRENCY,
    ),
    keys=(("person", "measure", "period_start", "period_end"),),
    name_field="person",
    currency_field="currency",
    default_sheets=names("quota, target, goal"),
)

TARGET_INCENTIVE = EntitySpec(
    "target_incentive",
    "Target incentive",
    "Target incentives",
    (
        FieldSpec(
            "person",
            "Person",
            synonyms=names("rep, sales rep, employee, name, sales agent, user, payee"),
            required=True,
            reference="person",
            on_missing=OnMissing.REJECT,
        ),
        *PERIOD,
        FieldSpec(
            "amount",
            "Target incentive",
            ValueKind.MONEY,
            synonyms=names(
                "target commission, variable at target, target variable, target bonus, target pay, variable pay, ti"
            ),
            required=True,
            description="What the person is to earn at 100 % of target in the period.",
        ),
        CURRENCY,
    ),
    keys=(("person", "period_start", "period_end"),),
    name_field="person",
    currency_field="currency",
    default_sheets=names("incentive, target commission, variable pay"),
)

SCORE = EntitySpec(
    "score",
    "Score",
    "Scores",
    (
        FieldSpec(
            "person",
            "Person",
            synonyms=names("rep, sales rep, employee, sales agent, user, payee"),
            required=True,
            reference="person",
            on_missing=OnMissing.REJECT,
        ),
        FieldSpec(
            "name",
            "Objective",
            synonyms=names("score name, mbo, goal name, scorecard, criterion"),
            required=True,
            description="The name by which plans call the score.",
        ),
        *PERIOD,
        FieldSpec(
            "value",
            "Score",
            ValueKind.RATE,
            synonyms=names("score %, achievement, achieved, met, result, score value"),
            required=True,
            minimum=0,
            maximum=10,
        ),
    ),
    keys=(("person", "name", "period_start", "period_end"),),
    name_field="person",
    default_sheets=names("score, mbo, objective, scorecard"),
)

REPORTING = EntitySpec(
    "reporting",
    "Reporting line",
    "Reporting lines",
    (
        FieldSpec(
            "person",
            "Person",
            synonyms=names("rep, sales rep, employee, name, sales agent, user, report"),
            required=True,
            reference="person",
            on_missing=OnMissing.REJECT,
        ),
        FieldSpec(
            "manager",
            "Manager",
            synonyms=names("manager name, reports to, supervisor, sales manager, team lead, boss, line manager"),
            required=True,
            reference="person",
            on_missing=OnMissing.REJECT,
        ),
        FieldSpec(
            "start_date",
            "From",
            ValueKind.DATE,
            synonyms=names("start date, start, valid from, effective from, since"),
            required=True,
        ),
        FieldSpec(
            "end_date",
            "To",
            ValueKind.DATE,
            synonyms=names("end date, end, valid to, effective to, until"),
            description="The last day; until further notice where empty.",
        ),
    ),
    keys=(("person", "start_date"),),
    name_field="person",
    default_sheets=names("reporting, hierarchy, reporting line, org history"),
)

EXCHANGE_RATE = EntitySpec(
    "exchange_rate",
    "Exchange rate",
    "Exchange rates",
    (
        FieldSpec(
            "source",
            "From",
            synonyms=names("from currency, base, base currency, source currency, currency"),
            required=True,
        ),
        FieldSpec(
            "target",
            "To",
            synonyms=names("to currency, quote, quote currency, target currency"),
            required=True,
        ),
        FieldSpec(
            "valid_from",
            "Date",
            ValueKind.DATE,
            synonyms=names("valid from, effective date, start date, rate date, as of"),
            required=True,
        ),
        FieldSpec(
            "rate",
            "Rate",
            ValueKind.NUMBER,
            synonyms=names("exchange rate, conversion rate, fx, value"),
            required=True,
            minimum=0,
            description="Units of To for one unit of From; stored times 1e9 as an integer.",
        ),
    ),
    keys=(("source", "target", "valid_from"),),
    name_field="source",
    default_sheets=names("exchange, fx, currency, currencies, rates"),
)
