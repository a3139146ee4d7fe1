"""The pipeline: opportunities, snapshots, leads, activities."""

from __future__ import annotations

from salesops_desktop.model.entities.spec import CURRENCY, EntitySpec, FieldSpec, OnMissing, names, spellings
from salesops_desktop.model.enums import ActivityKind, ForecastCategory, LeadStatus, OpportunityStatus
from salesops_desktop.model.tables import ValueKind

STAGE_STATUS = spellings(
    {
        "won": names("closed won, won, closed-won, closedwon, gewonnen"),
        "lost": names("closed lost, lost, closed-lost, closedlost, verloren, disqualified, abandoned, no decision"),
    }
)

OPPORTUNITY = EntitySpec(
    "opportunity",
    "Opportunity",
    "Opportunities",
    (
        FieldSpec(
            "external_id",
            "Opportunity id",
            synonyms=names("opportunity id, deal id, id, opp id, record id, opportunity number, opportunity id (18)"),
            required=True,
        ),
        FieldSpec(
            "name",
            "Opportunity",
            synonyms=names("opportunity name, deal name, deal, opportunity, title, subject"),
        ),
        FieldSpec(
            "account",
            "Account",
            synonyms=names(
                "account name, company, customer, company name, account id, associated company, client, customer name"
            ),
            reference="account",
        ),
        FieldSpec(
            "owner",
            "Owner",
            synonyms=names(
                "sales agent, opportunity owner, deal owner, owner name, sales rep, rep, assigned to, agent, owner "
                "id, account executive, salesperson"
            ),
            reference="person",
        ),
        FieldSpec(
            "product",
            "Product",
            synonyms=names("product name, sku, product code, item, product id"),
            reference="product",
        ),
        FieldSpec(
            "stage",
            "Stage",
            synonyms=names("deal stage, sales stage, opportunity stage, pipeline stage, stage name, status"),
            required=True,
            description=(
                "The CRM's own stage; whether it means open, won or lost follows from its words or from the column "
                "Status."
            ),
        ),
        FieldSpec(
            "status",
            "Open, won or lost",
            synonyms=names("opportunity status, outcome, closed status"),
            choices=OpportunityStatus,
            choice_synonyms=STAGE_STATUS,
        ),
        FieldSpec(
            "amount",
            "Amount",
            ValueKind.MONEY,
            synonyms=names(
                "close value, deal value, value, deal amount, opportunity amount, total amount, acv, expected "
                "revenue, revenue, tcv, amount (converted), price"
            ),
        ),
        CURRENCY,
        FieldSpec("quantity", "Quantity", ValueKind.NUMBER, synonyms=names("qty, units, seats")),
        FieldSpec(
            "created_on",
            "Created",
            ValueKind.DATE,
            synonyms=names(
                "engage date, created date, create date, open date, opened, start date, date created, created"
            ),
        ),
        FieldSpec(
            "close_on",
            "Close date",
            ValueKind.DATE,
            synonyms=names(
                "close date, closed date, expected close date, closing date, estimated close date, expected close, "
                "closed on, won date"
            ),
        ),
        FieldSpec(
            "probability",
            "Probability",
            ValueKind.RATE,
            synonyms=names("probability (%), win probability, probability %, chance, prob"),
            minimum=0,
            maximum=1,
        ),
        FieldSpec(
            "forecast_category",
            "Forecast category",
            synonyms=names("forecast, category, forecast category name"),
            choices=ForecastCategory,
            choice_synonyms=spellings(
                {
                    "commit": names("committed, most likely"),
                    "best case": names("best, bestcase, upside"),
                    "omitted": names("omit, not forecasted"),
                }
            ),
        ),
        FieldSpec(
            "lead_source",
            "Lead source",
            synonyms=names("source, original source, campaign source, lead origin"),
        ),
        FieldSpec("next_step", "Next step", synonyms=names("next action, next activity")),
        FieldSpec(
            "next_activity_on",
            "Next activity",
            ValueKind.DATE,
            synonyms=names("next activity date, next step date, follow up date"),
        ),
        FieldSpec(
            "lost_reason",
            "Reason lost",
            synonyms=names("loss reason, closed lost reason, lost reason, reason"),
        ),
    ),
    keys=(("external_id",),),
    name_field="external_id",
    currency_field="currency",
    default_sheets=names("pipeline, opportunit, deal, sales_pipeline"),
)

SNAPSHOT_LINE = EntitySpec(
    "snapshot_line",
    "Snapshot line",
    "Pipeline snapshots",
    (
        FieldSpec(
            "taken_on",
            "Snapshot date",
            ValueKind.DATE,
            synonyms=names("as of date, as of, snapshot, historical date, report date"),
            required=True,
        ),
        FieldSpec(
            "opportunity",
            "Opportunity id",
            synonyms=names("opportunity id, deal id, opp id"),
            required=True,
            reference="opportunity",
            on_missing=OnMissing.REJECT,
        ),
        FieldSpec("owner", "Owner", synonyms=names("opportunity owner, deal owner, sales agent"), reference="person"),
        FieldSpec("stage", "Stage", synonyms=names("deal stage, stage name, historical stage"), required=True),
        FieldSpec("status", "Open, won or lost", choices=OpportunityStatus, choice_synonyms=STAGE_STATUS),
        FieldSpec(
            "amount",
            "Amount",
            ValueKind.MONEY,
            synonyms=names("value, historical amount, deal value, close value"),
        ),
        CURRENCY,
        FieldSpec(
            "close_on",
            "Close date",
            ValueKind.DATE,
            synonyms=names("close date, historical close date, expected close date"),
        ),
        FieldSpec(
            "probability",
            "Probability",
            ValueKind.RATE,
            synonyms=names("probability (%), probability %"),
            minimum=0,
            maximum=1,
        ),
        FieldSpec(
            "forecast_category",
            "Forecast category",
            synonyms=names("forecast, historical forecast category"),
            choices=ForecastCategory,
        ),
    ),
    keys=(("taken_on", "opportunity"),),
    name_field="opportunity",
    currency_field="currency",
    default_sheets=names("snapshot, historical, trending"),
)

LEAD = EntitySpec(
    "lead",
    "Lead",
    "Leads",
    (
        FieldSpec("external_id", "Lead id", synonyms=names("lead id, id, record id"), required=True),
        FieldSpec("name", "Name", synonyms=names("contact, contact name, full name, lead name, person")),
        FieldSpec("company", "Company", synonyms=names("account, company name, organization, organisation")),
        FieldSpec("email", "Email", synonyms=names("e-mail, email address")),
        FieldSpec("source", "Source", synonyms=names("lead source, original source, channel, campaign")),
        FieldSpec(
            "owner",
            "Owner",
            synonyms=names("lead owner, assigned to, sdr, rep, owner name"),
            reference="person",
        ),
        FieldSpec(
            "status",
            "Status",
            synonyms=names("lead status, stage"),
            choices=LeadStatus,
            choice_synonyms=spellings(
                {
                    "new": names("open, open - not contacted, mql"),
                    "working": names("contacted, working - contacted, in progress, nurture"),
                    "qualified": names("sql"),
                    "converted": names("closed - converted"),
                    "rejected": names("closed - not converted, unqualified, disqualified, junk"),
                }
            ),
        ),
        FieldSpec(
            "created_at",
            "Created",
            ValueKind.DATETIME,
            synonyms=names("created date, create date, date created, submitted"),
            required=True,
        ),
        FieldSpec(
            "responded_at",
            "First response",
            ValueKind.DATETIME,
            synonyms=names(
                "first response time, first response date, responded, first contacted, first activity, first touch, "
                "responded at"
            ),
        ),
        FieldSpec(
            "opportunity",
            "Opportunity id",
            synonyms=names("converted opportunity id, converted opportunity, deal id"),
            reference="opportunity",
        ),
        FieldSpec("country", "Country", synonyms=names("country code")),
        FieldSpec("state", "State", synonyms=names("state/province, province")),
        FieldSpec("postal_code", "Postal code", synonyms=names("zip, zip code, postcode")),
        FieldSpec("score", "Score", ValueKind.NUMBER, synonyms=names("lead score, rating")),
    ),
    keys=(("external_id",),),
    name_field="external_id",
    default_sheets=names("lead, inquir, enquir, mql"),
)

ACTIVITY = EntitySpec(
    "activity",
    "Activity",
    "Activities",
    (
        FieldSpec("external_id", "Activity id", synonyms=names("activity id, task id, event id, id"), required=True),
        FieldSpec(
            "kind",
            "Kind",
            synonyms=names("type, activity type, task type, event type"),
            choices=ActivityKind,
            choice_synonyms=spellings(
                {
                    "call": names("phone call"),
                    "email": names("e-mail"),
                    "appointment": names("visit, customer visit"),
                    "meeting": names("event"),
                    "demo": names("demonstration"),
                    "admin": names("administration, paperwork, crm update"),
                    "internal": names("internal meeting"),
                    "travel": names("driving"),
                }
            ),
        ),
        FieldSpec(
            "person",
            "Person",
            synonyms=names("assigned to, owner, rep, sales rep, user, assigned, activity owner, sales agent"),
            reference="person",
        ),
        FieldSpec(
            "account",
            "Account",
            synonyms=names("company, account name, related to, customer"),
            reference="account",
        ),
        FieldSpec(
            "opportunity",
            "Opportunity id",
            synonyms=names("opportunity, deal id, opp id"),
            reference="opportunity",
        ),
        FieldSpec("lead", "Lead id", synonyms=names("lead"), reference="lead"),
        FieldSpec(
            "starts_at",
            "Start",
            ValueKind.DATETIME,
            synonyms=names("date, activity date, start time, started, start date, due date, when, created"),
            required=True,
        ),
        FieldSpec(
            "minutes",
            "Minutes",
            ValueKind.NUMBER,
            synonyms=names(
                "duration, duration (minutes), duration in minutes, length, time, minutes spent, duration (min)"
            ),
            minimum=0,
        ),
        FieldSpec("subject", "Subject", synonyms=names("title, description, topic")),
        FieldSpec("outcome", "Outcome", synonyms=names("result, call result, disposition, status")),
    ),
    keys=(("external_id",),),
    name_field="external_id",
    default_sheets=names("activit, task, event, call, calendar"),
)
