"""The company's records as tables of cells, each file in the manner of the system it would come from.

Four systems: a CRM's reports (US dates, a footer), the CRM's data export (ISO times), the American ERP (csv) and the
European one (semicolons, decimal commas, day first, Windows encoding); and workbooks kept by hand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from salesops_desktop.jobs.sample import calendar
from salesops_desktop.jobs.sample.accounts import SEGMENTS, Account
from salesops_desktop.jobs.sample.bookings import Credit, Transaction
from salesops_desktop.jobs.sample.catalogue import Product
from salesops_desktop.jobs.sample.demand import Activity, Lead
from salesops_desktop.jobs.sample.names import email_of, website_of
from salesops_desktop.jobs.sample.pipeline import Opportunity, Standing, standing
from salesops_desktop.jobs.sample.roster import TEAMS, Roster
from salesops_desktop.jobs.sample.targets import MonthRate, Quota

COMPANY = "Quillbrook Instruments"
Value = str | int | float | dt.date | None
_COUNTRIES = {
    "US": "United States",
    "CA": "Canada",
    "GB": "United Kingdom",
    "DE": "Germany",
    "AT": "Austria",
    "CH": "Switzerland",
}


@dataclass(frozen=True, slots=True)
class Export:
    """One file to write: cells as they will stand in it (text in csv, typed values in workbooks)."""

    file: str
    entity: str
    headers: tuple[str, ...]
    rows: list[list[Value]]
    footer: tuple[str, ...] = ()
    delimiter: str = ","
    encoding: str = "utf-8"
    sheet: str = ""

    @property
    def is_workbook(self) -> bool:
        """Whether the file is an xlsx."""
        return self.file.endswith(".xlsx")


def _us(day: int | None) -> str:
    if day is None:
        return ""
    date = calendar.date_of(day)
    return f"{date.month}/{date.day}/{date.year}"


def _plain(minor: int) -> str:
    return str(Decimal(minor).scaleb(-2))


def _european(minor: int) -> str:
    text = f"{Decimal(minor).scaleb(-2):,.2f}"
    return text.translate(str.maketrans(",.", ".,"))


def _instant(moment: dt.datetime | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def products_export(products: Iterable[Product]) -> Export:
    """The price list, a workbook."""
    rows: list[list[Value]] = [
        [p.code, p.name, p.family, p.list_price / 100, p.unit_cost / 100, "USD", "Yes" if p.active else "No"]
        for p in products
    ]
    headers = ("Product Code", "Product Name", "Product Family", "List Price", "Unit Cost", "Currency", "Active")
    return Export("products.xlsx", "product", headers, rows, sheet="Price list")


def people_export(roster: Roster, last: int) -> Export:
    """The users of the CRM."""
    headers = (
        "User ID",
        "Full Name",
        "Email",
        "Role",
        "Job Title",
        "Manager",
        "Team",
        "Region",
        "Country",
        "State",
        "City",
        "Latitude",
        "Longitude",
        "Currency",
        "Hire Date",
        "Termination Date",
        "FTE",
        "Active",
    )
    rows: list[list[Value]] = [
        [
            p.external_id,
            p.name,
            email_of(p.name),
            p.role,
            p.title,
            "" if p.manager is None else roster.people[p.manager].name,
            p.team,
            p.region,
            _COUNTRIES[p.home.country],
            p.home.region if p.home.country in ("US", "CA") else "",
            p.home.name,
            f"{p.home.latitude:.4f}",
            f"{p.home.longitude:.4f}",
            p.currency,
            _us(p.start),
            _us(p.end),
            f"{p.fte:.0%}",
            "TRUE" if p.serves(last) else "FALSE",
        ]
        for p in roster.people
    ]
    return Export("people.csv", "person", headers, rows)


def accounts_export(accounts: Sequence[Account], roster: Roster, last: int) -> Export:
    """The customers with their addresses, a workbook."""
    headers = (
        "Account ID",
        "Account Name",
        "Parent Account",
        "Account Owner",
        "Industry",
        "Segment",
        "Billing Street",
        "Billing City",
        "Billing State/Province",
        "Billing Zip/Postal Code",
        "Billing Country",
        "Billing Latitude",
        "Billing Longitude",
        "Currency",
        "Annual Revenue",
        "Number of Employees",
        "Account Potential",
        "Workload",
        "Website",
        "Year Founded",
        "Created Date",
    )
    rows: list[list[Value]] = [
        [
            a.external_id,
            a.name,
            None if a.parent is None else accounts[a.parent].name,
            roster.people[roster.holder(a.seat, last)].name,
            a.industry,
            SEGMENTS[a.segment].name,
            a.street,
            a.town.name,
            a.town.region if a.town.country in ("US", "CA") else None,
            a.postal_code or None,
            _COUNTRIES[a.town.country],
            a.latitude,
            a.longitude,
            a.currency,
            a.annual_revenue / 100,
            a.employees,
            a.potential / 100,
            a.workload,
            website_of(a.name),
            a.founded,
            calendar.date_of(a.created),
        ]
        for a in accounts
    ]
    return Export("accounts.xlsx", "account", headers, rows, sheet="Accounts")


def opportunities_export(opportunities: Iterable[Opportunity], roster: Roster, last: int) -> Export:
    """The pipeline report of three years: what ended, and what is open as it stands today."""
    headers = (
        "Opportunity ID",
        "Opportunity Name",
        "Account Name",
        "Opportunity Owner",
        "Product Name",
        "Quantity",
        "Stage",
        "Amount",
        "Currency",
        "Created Date",
        "Close Date",
        "Probability (%)",
        "Forecast Category",
        "Lead Source",
        "Opportunity Type",
        "Loss Reason",
    )
    rows = [_opportunity_row(o, roster, last) for o in opportunities]
    footer = (
        f"Grand Totals ({len(rows):,} records)",
        "",
        "Confidential Information - Do Not Distribute",
        f"Generated By:  Sales Operations  {_us(last)} 6:02 PM",
        COMPANY,
    )
    return Export("opportunities.csv", "opportunity", headers, rows, footer)


def _opportunity_row(o: Opportunity, roster: Roster, last: int) -> list[Value]:
    if o.open_on(last):
        now = standing(o, last, roster)
        owner, stage, amount, close = now.owner, now.stage, now.amount, now.close_on
        probability, category = now.probability, now.category
    else:
        owner, stage = roster.holder(o.account.seat, o.closed), "Closed Won" if o.won else "Closed Lost"
        amount, close = o.amount, o.closed
        probability, category = (100, "Closed") if o.won else (0, "Omitted")
    return [
        o.external_id,
        o.name,
        o.account.name,
        roster.people[owner].name,
        o.product.name,
        str(o.quantity),
        stage,
        _plain(amount),
        o.account.currency,
        _us(o.created),
        _us(close),
        str(probability),
        category,
        o.source,
        o.kind,
        "" if o.open_on(last) else o.lost_reason,
    ]


def snapshots_export(standings: Iterable[Standing], roster: Roster) -> Export:
    """The CRM's historical trending report: the open pipeline at each month's end."""
    headers = (
        "Snapshot Date",
        "Opportunity ID",
        "Opportunity Owner",
        "Stage",
        "Amount",
        "Currency",
        "Close Date",
        "Probability (%)",
        "Forecast Category",
    )
    rows: list[list[Value]] = [
        [
            _us(s.day),
            s.opportunity.external_id,
            roster.people[s.owner].name,
            s.stage,
            _plain(s.amount),
            s.opportunity.account.currency,
            _us(s.close_on),
            str(s.probability),
            s.category,
        ]
        for s in standings
    ]
    return Export("historical_trending.csv", "snapshot_line", headers, rows)


_AMERICAN = (
    "Transaction ID",
    "Transaction Type",
    "Transaction Date",
    "Opportunity ID",
    "Account Name",
    "Product Code",
    "Sales Rep",
    "Net Amount",
    "Currency",
    "Gross Margin",
    "Quantity",
    "Original Transaction ID",
)
_EUROPEAN = (
    "Document Number",
    "Document Type",
    "Posting Date",
    "Opportunity ID",
    "Customer Name",
    "Item",
    "Salesperson",
    "Net Amount",
    "Currency",
    "Gross Profit",
    "Qty",
    "Refund Of",
)


def transactions_exports(transactions: Iterable[Transaction], roster: Roster) -> list[Export]:
    """The bookings and refunds, one file from each ERP."""
    american: list[list[Value]] = []
    european: list[list[Value]] = []
    for t in transactions:
        o, in_dollars = t.opportunity, t.opportunity.account.currency == "USD"
        number = _plain if in_dollars else _european
        row: list[Value] = [
            t.external_id,
            t.kind,
            _us(t.day) if in_dollars else calendar.date_of(t.day).strftime("%d.%m.%Y"),
            o.external_id,
            o.account.name,
            o.product.code,
            roster.people[t.owner].name,
            number(t.amount),
            o.account.currency,
            number(t.margin),
            str(t.quantity),
            t.original,
        ]
        (american if in_dollars else european).append(row)
    return [
        Export("transactions_usd.csv", "transaction", _AMERICAN, american),
        Export("transactions_eur.csv", "transaction", _EUROPEAN, european, delimiter=";", encoding="cp1252"),
    ]


def credits_export(credits_made: Iterable[Credit], roster: Roster) -> Export:
    """Who shares in which transaction."""
    headers = ("Transaction ID", "Sales Rep", "Credit Type", "Split %", "Credit Date")
    rows: list[list[Value]] = [
        [
            c.transaction.external_id,
            roster.people[c.person].name,
            c.role,
            f"{Decimal(c.share).scaleb(-4):f}".rstrip("0").rstrip(".") if c.share % 10_000 else str(c.share // 10_000),
            _us(c.transaction.day),
        ]
        for c in credits_made
    ]
    return Export("credits.csv", "credit", headers, rows)


def leads_export(leads: Iterable[Lead], roster: Roster) -> Export:
    """The leads, as the CRM's data export writes them."""
    headers = (
        "Lead ID",
        "Full Name",
        "Company",
        "Email",
        "Lead Source",
        "Lead Owner",
        "Lead Status",
        "Created Date",
        "First Response Date",
        "Converted Opportunity ID",
        "Country",
        "State/Province",
        "Lead Score",
    )
    rows: list[list[Value]] = [
        [
            lead.external_id,
            lead.name,
            lead.company,
            lead.email,
            lead.source,
            roster.people[lead.owner].name,
            lead.status,
            _instant(lead.created),
            _instant(lead.responded),
            lead.opportunity.external_id if lead.opportunity else "",
            _COUNTRIES[lead.country],
            lead.state,
            str(lead.score),
        ]
        for lead in leads
    ]
    return Export("leads.csv", "lead", headers, rows)


def activities_export(activities: Iterable[Activity], roster: Roster) -> Export:
    """The calendar and call log."""
    headers = (
        "Activity ID",
        "Activity Type",
        "Subject",
        "Assigned To",
        "Account Name",
        "Opportunity ID",
        "Start Time",
        "Duration (Minutes)",
        "Outcome",
    )
    rows: list[list[Value]] = [
        [
            a.external_id,
            a.kind,
            a.subject,
            roster.people[a.person].name,
            a.opportunity.account.name if a.opportunity else "",
            a.opportunity.external_id if a.opportunity else "",
            _instant(a.start),
            str(a.minutes),
            a.outcome,
        ]
        for a in activities
    ]
    return Export("activities.csv", "activity", headers, rows)


def quotas_export(quotas: Iterable[Quota], roster: Roster) -> Export:
    """The targets, a workbook kept by sales operations."""
    headers = ("Sales Rep", "Quota Type", "Period Start", "Period End", "Quota Amount", "Currency")
    rows: list[list[Value]] = [
        [
            roster.people[q.person].name,
            "Bookings",
            calendar.date_of(q.quarter[0]),
            calendar.date_of(q.quarter[1]),
            q.amount / 100,
            roster.people[q.person].currency,
        ]
        for q in quotas
    ]
    return Export("quotas.xlsx", "quota", headers, rows, sheet="Quotas")


def incentives_export(quotas: Iterable[Quota], roster: Roster) -> Export:
    """What reps and overlays earn at quota, as compensation keeps it: about a twentieth of the quota."""
    headers = ("Employee", "Period Start", "Period End", "Target Incentive", "Currency")
    rows: list[list[Value]] = [
        [
            roster.people[q.person].name,
            calendar.date_of(q.quarter[0]).isoformat(),
            calendar.date_of(q.quarter[1]).isoformat(),
            f"{max(round(q.amount / 2_000_000), 1) * 1000}.00",
            roster.people[q.person].currency,
        ]
        for q in quotas
    ]
    return Export("target_incentives.csv", "target_incentive", headers, rows)


def scores_export(quotas: Iterable[Quota], roster: Roster) -> Export:
    """How far each person met the quarter's objectives, in steps of five per cent."""
    headers = ("Employee", "Objective", "Period Start", "Period End", "Score")
    rows: list[list[Value]] = [
        [
            roster.people[q.person].name,
            "Objectives",
            calendar.date_of(q.quarter[0]).isoformat(),
            calendar.date_of(q.quarter[1]).isoformat(),
            f"{70 + 5 * ((q.person * 7 + q.quarter[0] // 90 * 3) % 9)}%",
        ]
        for q in quotas
    ]
    return Export("scores.csv", "score", headers, rows)


def reporting_export(roster: Roster) -> Export:
    """Who reports to whom since when."""
    rows: list[list[Value]] = [
        [
            person.name,
            roster.people[person.manager].name,
            calendar.date_of(person.start).isoformat(),
            "" if person.end is None else calendar.date_of(person.end).isoformat(),
        ]
        for person in roster.people
        if person.manager is not None
    ]
    return Export("reporting_lines.csv", "reporting", ("Employee", "Reports To", "Valid From", "Valid To"), rows)


def rates_export(rates: Iterable[MonthRate]) -> Export:
    """The monthly exchange rates of the finance department."""
    rows: list[list[Value]] = [["EUR", "USD", calendar.date_of(r.day).isoformat(), f"{r.rate:.4f}"] for r in rates]
    headers = ("From Currency", "To Currency", "Effective Date", "Exchange Rate")
    return Export("exchange_rates.csv", "exchange_rate", headers, rows)


assert {country for team in TEAMS for country, _ in team.country_regions} == set(_COUNTRIES)
