"""The catalogue of what can be imported: entities, their fields and the names CRMs give them.

One declaration serves the mapping of spreadsheet columns, the check of cells, the import, the grid's columns and the
reference page. Every field's ``name`` is the column of the same name in the workspace (a reference field ``owner`` is
stored as ``owner_id``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from salesops_desktop.model.enums import (
    ActivityKind,
    CreditRole,
    ForecastCategory,
    LeadStatus,
    Measure,
    OpportunityStatus,
    PersonRole,
    TransactionKind,
)
from salesops_desktop.model.tables import ValueKind


class OnMissing(StrEnum):
    """What an import does with a reference nothing in the workspace matches."""

    CREATE = "create"
    """Make a record with that name (a manager who has no row of his own)."""
    BLANK = "blank"
    """Keep the row, leave the reference empty, keep the text as an attribute, report it with the likely match."""
    REJECT = "reject"
    """The row means nothing without it."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of an entity."""

    name: str
    label: str
    kind: ValueKind = ValueKind.TEXT
    synonyms: tuple[str, ...] = ()
    required: bool = False
    reference: str | None = None
    """The entity this field names; cells hold one of its keys or its name."""
    on_missing: OnMissing = OnMissing.BLANK
    choices: type[StrEnum] | None = None
    choice_synonyms: tuple[tuple[str, str], ...] = ()
    """(spelling in files, stored value) beyond the stored values themselves; compared case-insensitively."""
    minimum: float | None = None
    maximum: float | None = None
    scale: float | None = None
    """For stated units, e.g. a column of hours read into minutes is not guessed; kept for documentation."""
    description: str = ""

    @property
    def column(self) -> str:
        """The column that stores the field."""
        return f"{self.name}_id" if self.reference else self.name


@dataclass(frozen=True, slots=True)
class EntitySpec:
    """One kind of record that can be imported."""

    name: str
    """Singular, as in code; also the table's name."""
    label: str
    plural: str
    fields: tuple[FieldSpec, ...]
    keys: tuple[tuple[str, ...], ...]
    """Natural keys, best first; the first whose fields are all mapped decides new or changed."""
    name_field: str = "name"
    """What references and people call a record by."""
    currency_field: str | None = None
    """The field with the currency of all of the entity's money fields."""
    default_sheets: tuple[str, ...] = ()
    """Words in a file's or sheet's name that suggest this entity."""

    def field(self, name: str) -> FieldSpec:
        """The field called ``name``.

        Raises:
            KeyError: there is none.
        """
        for spec in self.fields:
            if spec.name == name:
                return spec
        raise KeyError(name)

    @property
    def required(self) -> tuple[FieldSpec, ...]:
        """Fields without which a row is rejected."""
        return tuple(spec for spec in self.fields if spec.required)


_T, _I, _N, _M, _R = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.NUMBER, ValueKind.MONEY, ValueKind.RATE
_D, _DT, _B = ValueKind.DATE, ValueKind.DATETIME, ValueKind.BOOLEAN

_LATITUDE = FieldSpec("latitude", "Latitude", _N, ("lat", "geo lat", "billing latitude", "y"), minimum=-90, maximum=90)
_LONGITUDE = FieldSpec(
    "longitude", "Longitude", _N, ("lon", "lng", "long", "geo lon", "billing longitude", "x"), minimum=-180, maximum=180
)
_CURRENCY = FieldSpec(
    "currency",
    "Currency",
    _T,
    ("currency code", "iso currency", "currency iso code", "ccy"),
    description="ISO 4217 code; the workspace's currency where empty.",
)

PERSON = EntitySpec(
    "person",
    "Person",
    "People",
    (
        FieldSpec(
            "external_id",
            "Person id",
            _T,
            (
                "person id",
                "user id",
                "employee id",
                "rep id",
                "owner id",
                "id",
                "employee number",
                "payroll id",
                "sales agent id",
            ),
        ),
        FieldSpec(
            "name",
            "Name",
            _T,
            (
                "full name",
                "sales agent",
                "sales rep",
                "rep",
                "rep name",
                "sales person",
                "salesperson",
                "employee",
                "employee name",
                "person",
                "user",
                "owner name",
                "agent",
                "account executive",
                "seller",
            ),
            required=True,
        ),
        FieldSpec("email", "Email", _T, ("e-mail", "email address", "work email", "user email")),
        FieldSpec(
            "role",
            "Role",
            _T,
            ("job role", "position", "function", "user role", "profile"),
            choices=PersonRole,
            choice_synonyms=(
                ("account executive", "rep"),
                ("ae", "rep"),
                ("sales rep", "rep"),
                ("sales representative", "rep"),
                ("sales agent", "rep"),
                ("seller", "rep"),
                ("account manager", "rep"),
                ("sales manager", "manager"),
                ("regional manager", "manager"),
                ("director", "manager"),
                ("vp sales", "manager"),
                ("vp", "manager"),
                ("head of sales", "manager"),
                ("sales engineer", "overlay"),
                ("specialist", "overlay"),
                ("solution engineer", "overlay"),
                ("bdr", "sdr"),
                ("sales development representative", "sdr"),
                ("business development representative", "sdr"),
            ),
        ),
        FieldSpec("title", "Job title", _T, ("job title",)),
        FieldSpec(
            "manager",
            "Manager",
            _T,
            (
                "manager name",
                "reports to",
                "supervisor",
                "sales manager",
                "team lead",
                "manager id",
                "boss",
                "line manager",
            ),
            reference="person",
            on_missing=OnMissing.CREATE,
        ),
        FieldSpec("team", "Team", _T, ("sales team", "group", "squad")),
        FieldSpec("region", "Region", _T, ("regional office", "sales region", "office", "area", "geo")),
        FieldSpec("country", "Country", _T, ("country code", "home country")),
        FieldSpec("state", "State", _T, ("state/province", "province", "home state")),
        FieldSpec("city", "City", _T, ("home city", "town", "location", "based in")),
        FieldSpec("postal_code", "Postal code", _T, ("zip", "zip code", "postcode", "home zip")),
        _LATITUDE,
        _LONGITUDE,
        _CURRENCY,
        FieldSpec("start_date", "Start date", _D, ("hire date", "hired", "date of hire", "joined", "start", "from")),
        FieldSpec("end_date", "End date", _D, ("termination date", "leave date", "left", "end", "last day", "to")),
        FieldSpec("fte", "FTE", _R, ("full time equivalent", "capacity", "fte %"), minimum=0, maximum=2),
        FieldSpec("active", "Active", _B, ("is active", "active user")),
    ),
    (("external_id",), ("email",), ("name",)),
    default_sheets=("people", "person", "team", "roster", "user", "rep", "agent", "employee", "staff", "owner"),
)

ACCOUNT = EntitySpec(
    "account",
    "Account",
    "Accounts",
    (
        FieldSpec(
            "external_id",
            "Account id",
            _T,
            (
                "account id",
                "id",
                "customer id",
                "company id",
                "account number",
                "customer number",
                "crm id",
                "account id (18)",
                "record id",
            ),
        ),
        FieldSpec(
            "name",
            "Account",
            _T,
            (
                "account",
                "account name",
                "company",
                "company name",
                "customer",
                "customer name",
                "organization",
                "organisation",
                "client",
            ),
            required=True,
        ),
        FieldSpec(
            "parent",
            "Parent account",
            _T,
            (
                "subsidiary of",
                "parent",
                "parent company",
                "parent account name",
                "ultimate parent",
                "parent account id",
            ),
            reference="account",
            on_missing=OnMissing.CREATE,
        ),
        FieldSpec(
            "owner",
            "Owner",
            _T,
            (
                "account owner",
                "owner name",
                "sales rep",
                "account manager",
                "assigned to",
                "sales agent",
                "rep",
                "account owner name",
                "owner id",
            ),
            reference="person",
        ),
        FieldSpec("industry", "Industry", _T, ("sector", "vertical", "branch", "industry name")),
        FieldSpec(
            "segment", "Segment", _T, ("customer segment", "tier", "account tier", "market segment", "size class")
        ),
        FieldSpec("region", "Region", _T, ("sales region", "area", "geo")),
        FieldSpec(
            "country",
            "Country",
            _T,
            (
                "billing country",
                "office location",
                "country code",
                "country/region",
                "billing country code",
                "hq country",
            ),
        ),
        FieldSpec(
            "state",
            "State",
            _T,
            ("billing state", "billing state/province", "state/province", "province", "billing state code", "county"),
        ),
        FieldSpec("city", "City", _T, ("billing city", "town", "hq city")),
        FieldSpec(
            "postal_code",
            "Postal code",
            _T,
            ("zip", "zip code", "postcode", "billing zip", "billing postal code", "billing zip/postal code", "plz"),
        ),
        FieldSpec("street", "Street", _T, ("address", "billing street", "street address", "address line 1")),
        _LATITUDE,
        _LONGITUDE,
        _CURRENCY,
        FieldSpec("annual_revenue", "Annual revenue", _M, ("revenue", "annual revenues", "turnover", "sales revenue")),
        FieldSpec(
            "employees",
            "Employees",
            _I,
            ("number of employees", "headcount", "employee count", "no of employees", "company size"),
            minimum=0,
        ),
        FieldSpec(
            "potential",
            "Potential",
            _M,
            (
                "sales potential",
                "account potential",
                "opportunity size",
                "wallet",
                "share of wallet",
                "tam",
                "estimated spend",
                "annual potential",
            ),
        ),
        FieldSpec(
            "workload",
            "Workload (hours a year)",
            _N,
            ("workload", "effort", "hours", "hours per year", "service hours", "visits hours"),
            minimum=0,
        ),
        FieldSpec("website", "Website", _T, ("url", "domain", "web site", "homepage")),
        FieldSpec(
            "founded",
            "Founded",
            _I,
            ("year established", "year founded", "established", "founded year"),
            minimum=1000,
            maximum=2200,
        ),
        FieldSpec("created_on", "Created", _D, ("created date", "create date", "date created", "created")),
    ),
    (("external_id",), ("name",)),
    currency_field="currency",
    default_sheets=("account", "customer", "company", "companies", "client", "organization", "organisation"),
)

PRODUCT = EntitySpec(
    "product",
    "Product",
    "Products",
    (
        FieldSpec(
            "code",
            "Product code",
            _T,
            (
                "sku",
                "product id",
                "product code",
                "item",
                "item number",
                "part number",
                "article",
                "id",
                "stockcode",
                "stock code",
            ),
        ),
        FieldSpec(
            "name",
            "Product",
            _T,
            ("product", "product name", "item name", "description", "article name"),
            required=True,
        ),
        FieldSpec(
            "family",
            "Family",
            _T,
            ("series", "product family", "product line", "category", "line", "product series", "product category"),
        ),
        FieldSpec(
            "list_price",
            "List price",
            _M,
            (
                "sales price",
                "price",
                "unit price",
                "suggested retail price",
                "standard price",
                "catalogue price",
                "list",
            ),
        ),
        FieldSpec("unit_cost", "Unit cost", _M, ("cost", "cogs", "standard cost")),
        _CURRENCY,
        FieldSpec("active", "Active", _B, ("is active", "sellable")),
    ),
    (("code",), ("name",)),
    currency_field="currency",
    default_sheets=("product", "catalog", "catalogue", "price list", "pricelist", "item", "sku"),
)

_STAGE_STATUS = (
    ("closed won", "won"),
    ("won", "won"),
    ("closed-won", "won"),
    ("closedwon", "won"),
    ("gewonnen", "won"),
    ("closed lost", "lost"),
    ("lost", "lost"),
    ("closed-lost", "lost"),
    ("closedlost", "lost"),
    ("verloren", "lost"),
    ("disqualified", "lost"),
    ("abandoned", "lost"),
    ("no decision", "lost"),
)

OPPORTUNITY = EntitySpec(
    "opportunity",
    "Opportunity",
    "Opportunities",
    (
        FieldSpec(
            "external_id",
            "Opportunity id",
            _T,
            ("opportunity id", "deal id", "id", "opp id", "record id", "opportunity number", "opportunity id (18)"),
            required=True,
        ),
        FieldSpec(
            "name", "Opportunity", _T, ("opportunity name", "deal name", "deal", "opportunity", "title", "subject")
        ),
        FieldSpec(
            "account",
            "Account",
            _T,
            (
                "account name",
                "company",
                "customer",
                "company name",
                "account id",
                "associated company",
                "client",
                "customer name",
            ),
            reference="account",
        ),
        FieldSpec(
            "owner",
            "Owner",
            _T,
            (
                "sales agent",
                "opportunity owner",
                "deal owner",
                "owner name",
                "sales rep",
                "rep",
                "assigned to",
                "agent",
                "owner id",
                "account executive",
                "salesperson",
            ),
            reference="person",
        ),
        FieldSpec(
            "product", "Product", _T, ("product name", "sku", "product code", "item", "product id"), reference="product"
        ),
        FieldSpec(
            "stage",
            "Stage",
            _T,
            ("deal stage", "sales stage", "opportunity stage", "pipeline stage", "stage name", "status"),
            required=True,
            description="The CRM's own stage; whether it means open, won or lost follows from its words or from "
            "the column Status.",
        ),
        FieldSpec(
            "status",
            "Open, won or lost",
            _T,
            ("opportunity status", "outcome", "closed status"),
            choices=OpportunityStatus,
            choice_synonyms=_STAGE_STATUS,
        ),
        FieldSpec(
            "amount",
            "Amount",
            _M,
            (
                "close value",
                "deal value",
                "value",
                "deal amount",
                "opportunity amount",
                "total amount",
                "acv",
                "expected revenue",
                "revenue",
                "tcv",
                "amount (converted)",
                "price",
            ),
        ),
        _CURRENCY,
        FieldSpec("quantity", "Quantity", _N, ("qty", "units", "seats")),
        FieldSpec(
            "created_on",
            "Created",
            _D,
            (
                "engage date",
                "created date",
                "create date",
                "open date",
                "opened",
                "start date",
                "date created",
                "created",
            ),
        ),
        FieldSpec(
            "close_on",
            "Close date",
            _D,
            (
                "close date",
                "closed date",
                "expected close date",
                "closing date",
                "estimated close date",
                "expected close",
                "closed on",
                "won date",
            ),
        ),
        FieldSpec(
            "probability",
            "Probability",
            _R,
            ("probability (%)", "win probability", "probability %", "chance", "prob"),
            minimum=0,
            maximum=1,
        ),
        FieldSpec(
            "forecast_category",
            "Forecast category",
            _T,
            ("forecast", "category", "forecast category name"),
            choices=ForecastCategory,
            choice_synonyms=(
                ("committed", "commit"),
                ("best", "best case"),
                ("bestcase", "best case"),
                ("upside", "best case"),
                ("omit", "omitted"),
                ("not forecasted", "omitted"),
                ("most likely", "commit"),
            ),
        ),
        FieldSpec("lead_source", "Lead source", _T, ("source", "original source", "campaign source", "lead origin")),
        FieldSpec("next_step", "Next step", _T, ("next action", "next activity")),
        FieldSpec("next_activity_on", "Next activity", _D, ("next activity date", "next step date", "follow up date")),
        FieldSpec("lost_reason", "Reason lost", _T, ("loss reason", "closed lost reason", "lost reason", "reason")),
    ),
    (("external_id",),),
    name_field="external_id",
    currency_field="currency",
    default_sheets=("pipeline", "opportunit", "deal", "sales_pipeline"),
)

SNAPSHOT_LINE = EntitySpec(
    "snapshot_line",
    "Snapshot line",
    "Pipeline snapshots",
    (
        FieldSpec(
            "taken_on",
            "Snapshot date",
            _D,
            ("as of date", "as of", "snapshot", "historical date", "report date"),
            required=True,
        ),
        FieldSpec(
            "opportunity",
            "Opportunity id",
            _T,
            ("opportunity id", "deal id", "opp id"),
            reference="opportunity",
            required=True,
            on_missing=OnMissing.REJECT,
        ),
        FieldSpec("owner", "Owner", _T, ("opportunity owner", "deal owner", "sales agent"), reference="person"),
        FieldSpec("stage", "Stage", _T, ("deal stage", "stage name", "historical stage"), required=True),
        FieldSpec("status", "Open, won or lost", _T, (), choices=OpportunityStatus, choice_synonyms=_STAGE_STATUS),
        FieldSpec("amount", "Amount", _M, ("value", "historical amount", "deal value", "close value")),
        _CURRENCY,
        FieldSpec("close_on", "Close date", _D, ("close date", "historical close date", "expected close date")),
        FieldSpec("probability", "Probability", _R, ("probability (%)", "probability %"), minimum=0, maximum=1),
        FieldSpec(
            "forecast_category",
            "Forecast category",
            _T,
            ("forecast", "historical forecast category"),
            choices=ForecastCategory,
        ),
    ),
    (("taken_on", "opportunity"),),
    name_field="opportunity",
    currency_field="currency",
    default_sheets=("snapshot", "historical", "trending"),
)

TRANSACTION = EntitySpec(
    "transaction",
    "Transaction",
    "Transactions",
    (
        FieldSpec(
            "external_id",
            "Transaction id",
            _T,
            (
                "transaction id",
                "invoice",
                "invoice no",
                "invoice number",
                "id",
                "document number",
                "order id",
                "order number",
                "line id",
                "booking id",
                "invoiceno",
            ),
            required=True,
        ),
        FieldSpec(
            "kind",
            "Kind",
            _T,
            ("type", "transaction type", "document type", "record type"),
            choices=TransactionKind,
            choice_synonyms=(
                ("order", "booking"),
                ("sale", "booking"),
                ("booked", "booking"),
                ("invoiced", "invoice"),
                ("inv", "invoice"),
                ("paid", "payment"),
                ("cash", "payment"),
                ("receipt", "payment"),
                ("credit note", "refund"),
                ("credit memo", "refund"),
                ("return", "refund"),
                ("reversal", "refund"),
                ("refunded", "refund"),
            ),
        ),
        FieldSpec(
            "booked_on",
            "Date",
            _D,
            (
                "transaction date",
                "invoice date",
                "order date",
                "posting date",
                "booking date",
                "invoicedate",
                "document date",
            ),
            required=True,
        ),
        FieldSpec("opportunity", "Opportunity id", _T, ("opportunity", "deal id", "opp id"), reference="opportunity"),
        FieldSpec(
            "account",
            "Account",
            _T,
            ("customer", "account name", "company", "customer name", "bill to", "account id", "customer id"),
            reference="account",
        ),
        FieldSpec(
            "product", "Product", _T, ("item", "sku", "product name", "product code", "stockcode"), reference="product"
        ),
        FieldSpec(
            "owner",
            "Person",
            _T,
            ("sales rep", "rep", "owner", "salesperson", "sales agent", "employee", "account executive"),
            reference="person",
        ),
        FieldSpec(
            "amount",
            "Amount",
            _M,
            ("net amount", "total", "value", "line amount", "net", "revenue", "price"),
            required=True,
        ),
        _CURRENCY,
        FieldSpec("margin", "Margin", _M, ("gross margin", "profit", "gross profit", "contribution")),
        FieldSpec("quantity", "Quantity", _N, ("qty", "units", "seats")),
        FieldSpec(
            "original",
            "Original transaction",
            _T,
            (
                "original transaction id",
                "refund of",
                "reverses",
                "original invoice",
                "credit for",
                "related transaction",
            ),
            reference="transaction",
        ),
    ),
    (("external_id",),),
    name_field="external_id",
    currency_field="currency",
    default_sheets=("transaction", "invoice", "booking", "order", "refund", "payment", "sales", "retail"),
)

CREDIT = EntitySpec(
    "credit",
    "Credit",
    "Credits",
    (
        FieldSpec(
            "transaction",
            "Transaction id",
            _T,
            ("invoice", "invoice number", "order id", "booking id", "transaction"),
            reference="transaction",
            required=True,
            on_missing=OnMissing.REJECT,
        ),
        FieldSpec(
            "person",
            "Person",
            _T,
            ("rep", "sales rep", "employee", "name", "credited to", "sales agent", "split owner", "payee"),
            reference="person",
            required=True,
            on_missing=OnMissing.REJECT,
        ),
        FieldSpec(
            "role",
            "Credit role",
            _T,
            ("split type", "credit type", "type", "role"),
            choices=CreditRole,
            choice_synonyms=(
                ("primary", "direct"),
                ("owner", "direct"),
                ("revenue", "split"),
                ("revenue split", "split"),
                ("overlay split", "overlay"),
                ("secondary", "split"),
            ),
        ),
        FieldSpec(
            "share",
            "Share",
            _R,
            ("split", "split %", "percentage", "split percentage", "percent", "share %", "credit %"),
            minimum=0,
            maximum=10,
            required=True,
        ),
        FieldSpec("credited_on", "Credit date", _D, ("date", "effective date")),
    ),
    (("transaction", "person", "role"),),
    name_field="transaction",
    default_sheets=("credit", "split"),
)

ACTIVITY = EntitySpec(
    "activity",
    "Activity",
    "Activities",
    (
        FieldSpec("external_id", "Activity id", _T, ("activity id", "task id", "event id", "id"), required=True),
        FieldSpec(
            "kind",
            "Kind",
            _T,
            ("type", "activity type", "task type", "event type"),
            choices=ActivityKind,
            choice_synonyms=(
                ("phone call", "call"),
                ("e-mail", "email"),
                ("visit", "appointment"),
                ("customer visit", "appointment"),
                ("event", "meeting"),
                ("demonstration", "demo"),
                ("administration", "admin"),
                ("paperwork", "admin"),
                ("crm update", "admin"),
                ("internal meeting", "internal"),
                ("driving", "travel"),
            ),
        ),
        FieldSpec(
            "person",
            "Person",
            _T,
            ("assigned to", "owner", "rep", "sales rep", "user", "assigned", "activity owner", "sales agent"),
            reference="person",
        ),
        FieldSpec("account", "Account", _T, ("company", "account name", "related to", "customer"), reference="account"),
        FieldSpec("opportunity", "Opportunity id", _T, ("opportunity", "deal id", "opp id"), reference="opportunity"),
        FieldSpec("lead", "Lead id", _T, ("lead",), reference="lead"),
        FieldSpec(
            "starts_at",
            "Start",
            _DT,
            ("date", "activity date", "start time", "started", "start date", "due date", "when", "created"),
            required=True,
        ),
        FieldSpec(
            "minutes",
            "Minutes",
            _N,
            (
                "duration",
                "duration (minutes)",
                "duration in minutes",
                "length",
                "time",
                "minutes spent",
                "duration (min)",
            ),
            minimum=0,
        ),
        FieldSpec("subject", "Subject", _T, ("title", "description", "topic")),
        FieldSpec("outcome", "Outcome", _T, ("result", "call result", "disposition", "status")),
    ),
    (("external_id",),),
    name_field="external_id",
    default_sheets=("activit", "task", "event", "call", "calendar"),
)

LEAD = EntitySpec(
    "lead",
    "Lead",
    "Leads",
    (
        FieldSpec("external_id", "Lead id", _T, ("lead id", "id", "record id"), required=True),
        FieldSpec("name", "Name", _T, ("contact", "contact name", "full name", "lead name", "person")),
        FieldSpec("company", "Company", _T, ("account", "company name", "organization", "organisation")),
        FieldSpec("email", "Email", _T, ("e-mail", "email address")),
        FieldSpec("source", "Source", _T, ("lead source", "original source", "channel", "campaign")),
        FieldSpec("owner", "Owner", _T, ("lead owner", "assigned to", "sdr", "rep", "owner name"), reference="person"),
        FieldSpec(
            "status",
            "Status",
            _T,
            ("lead status", "stage"),
            choices=LeadStatus,
            choice_synonyms=(
                ("open", "new"),
                ("open - not contacted", "new"),
                ("contacted", "working"),
                ("working - contacted", "working"),
                ("in progress", "working"),
                ("nurture", "working"),
                ("mql", "new"),
                ("sql", "qualified"),
                ("closed - converted", "converted"),
                ("closed - not converted", "rejected"),
                ("unqualified", "rejected"),
                ("disqualified", "rejected"),
                ("junk", "rejected"),
            ),
        ),
        FieldSpec(
            "created_at", "Created", _DT, ("created date", "create date", "date created", "submitted"), required=True
        ),
        FieldSpec(
            "responded_at",
            "First response",
            _DT,
            (
                "first response time",
                "first response date",
                "responded",
                "first contacted",
                "first activity",
                "first touch",
                "responded at",
            ),
        ),
        FieldSpec(
            "opportunity",
            "Opportunity id",
            _T,
            ("converted opportunity id", "converted opportunity", "deal id"),
            reference="opportunity",
        ),
        FieldSpec("country", "Country", _T, ("country code",)),
        FieldSpec("state", "State", _T, ("state/province", "province")),
        FieldSpec("postal_code", "Postal code", _T, ("zip", "zip code", "postcode")),
        FieldSpec("score", "Score", _N, ("lead score", "rating")),
    ),
    (("external_id",),),
    name_field="external_id",
    default_sheets=("lead", "inquir", "enquir", "mql"),
)

QUOTA = EntitySpec(
    "quota",
    "Quota",
    "Quotas",
    (
        FieldSpec(
            "person",
            "Person",
            _T,
            ("rep", "sales rep", "employee", "name", "sales agent", "owner", "user", "quota owner"),
            reference="person",
            required=True,
            on_missing=OnMissing.REJECT,
        ),
        FieldSpec(
            "measure",
            "Measure",
            _T,
            ("quota type", "kpi", "type", "metric"),
            choices=Measure,
            choice_synonyms=(
                ("sales", "bookings"),
                ("acv", "bookings"),
                ("gross margin", "margin"),
                ("quantity", "units"),
                ("meetings", "appointments"),
            ),
        ),
        FieldSpec(
            "period_start",
            "Period start",
            _D,
            ("start date", "from", "start", "period start date", "month", "quarter start"),
            required=True,
        ),
        FieldSpec("period_end", "Period end", _D, ("end date", "to", "end", "period end date"), required=True),
        FieldSpec("amount", "Quota", _M, ("quota amount", "target", "target amount", "goal", "value"), required=True),
        _CURRENCY,
    ),
    (("person", "measure", "period_start", "period_end"),),
    name_field="person",
    currency_field="currency",
    default_sheets=("quota", "target", "goal"),
)

EXCHANGE_RATE = EntitySpec(
    "exchange_rate",
    "Exchange rate",
    "Exchange rates",
    (
        FieldSpec(
            "source",
            "From",
            _T,
            ("from currency", "base", "base currency", "source currency", "currency"),
            required=True,
        ),
        FieldSpec("target", "To", _T, ("to currency", "quote", "quote currency", "target currency"), required=True),
        FieldSpec(
            "valid_from",
            "Date",
            _D,
            ("valid from", "effective date", "start date", "rate date", "as of"),
            required=True,
        ),
        FieldSpec(
            "rate",
            "Rate",
            _N,
            ("exchange rate", "conversion rate", "fx", "value"),
            required=True,
            minimum=0,
            description="Units of To for one unit of From; stored times 1e9 as an integer.",
        ),
    ),
    (("source", "target", "valid_from"),),
    name_field="source",
    default_sheets=("exchange", "fx", "currency", "currencies", "rates"),
)

ENTITIES: tuple[EntitySpec, ...] = (
    PRODUCT,
    PERSON,
    ACCOUNT,
    OPPORTUNITY,
    SNAPSHOT_LINE,
    TRANSACTION,
    CREDIT,
    LEAD,
    ACTIVITY,
    QUOTA,
    EXCHANGE_RATE,
)
"""In the order in which files must be imported so that references find their records."""

_BY_NAME = {spec.name: spec for spec in ENTITIES}


def entity(name: str) -> EntitySpec:
    """The entity called ``name``.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]
