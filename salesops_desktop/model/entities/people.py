"""People, accounts and products."""

from __future__ import annotations

from salesops_desktop.model.entities.spec import (
    CURRENCY,
    LATITUDE,
    LONGITUDE,
    EntitySpec,
    FieldSpec,
    OnMissing,
    names,
    spellings,
)
from salesops_desktop.model.enums import PersonRole
from salesops_desktop.model.tables import ValueKind

PERSON = EntitySpec(
    "person",
    "Person",
    "People",
    (
        FieldSpec(
            "external_id",
            "Person id",
            synonyms=names(
                "person id, user id, employee id, rep id, owner id, id, employee number, payroll id, sales agent id"
            ),
        ),
        FieldSpec(
            "name",
            "Name",
            synonyms=names(
                "full name, sales agent, sales rep, rep, rep name, sales person, salesperson, employee, employee "
                "name, person, user, owner name, agent, account executive, seller"
            ),
            required=True,
        ),
        FieldSpec("email", "Email", synonyms=names("e-mail, email address, work email, user email")),
        FieldSpec(
            "role",
            "Role",
            synonyms=names("job role, position, function, user role, profile"),
            choices=PersonRole,
            choice_synonyms=spellings(
                {
                    "rep": names(
                        "account executive, ae, sales rep, sales representative, sales agent, seller, account manager"
                    ),
                    "manager": names("sales manager, regional manager, director, vp sales, vp, head of sales"),
                    "overlay": names("sales engineer, specialist, solution engineer"),
                    "sdr": names("bdr, sales development representative, business development representative"),
                }
            ),
        ),
        FieldSpec("title", "Job title", synonyms=names("job title")),
        FieldSpec(
            "manager",
            "Manager",
            synonyms=names(
                "manager name, reports to, supervisor, sales manager, team lead, manager id, boss, line manager"
            ),
            reference="person",
            on_missing=OnMissing.CREATE,
        ),
        FieldSpec("team", "Team", synonyms=names("sales team, group, squad")),
        FieldSpec("region", "Region", synonyms=names("regional office, sales region, office, area, geo")),
        FieldSpec("country", "Country", synonyms=names("country code, home country")),
        FieldSpec("state", "State", synonyms=names("state/province, province, home state")),
        FieldSpec("city", "City", synonyms=names("home city, town, location, based in")),
        FieldSpec("postal_code", "Postal code", synonyms=names("zip, zip code, postcode, home zip")),
        LATITUDE,
        LONGITUDE,
        CURRENCY,
        FieldSpec(
            "start_date",
            "Start date",
            ValueKind.DATE,
            synonyms=names("hire date, hired, date of hire, joined, start, from"),
        ),
        FieldSpec(
            "end_date",
            "End date",
            ValueKind.DATE,
            synonyms=names("termination date, leave date, left, end, last day, to"),
        ),
        FieldSpec(
            "fte",
            "FTE",
            ValueKind.RATE,
            synonyms=names("full time equivalent, capacity, fte %"),
            minimum=0,
            maximum=2,
        ),
        FieldSpec("active", "Active", ValueKind.BOOLEAN, synonyms=names("is active, active user")),
        FieldSpec(
            "ramp_months",
            "Ramp (months)",
            ValueKind.NUMBER,
            synonyms=names("ramp, ramp time, ramp-up, ramp months, ramp-up months, months to full quota"),
            minimum=0,
            maximum=60,
            description="Months from the start date until a newcomer carries a full load.",
        ),
    ),
    keys=(("external_id",), ("email",), ("name",)),
    default_sheets=names("people, person, team, roster, user, rep, agent, employee, staff, owner"),
)

ACCOUNT = EntitySpec(
    "account",
    "Account",
    "Accounts",
    (
        FieldSpec(
            "external_id",
            "Account id",
            synonyms=names(
                "account id, id, customer id, company id, account number, customer number, crm id, account id (18), "
                "record id"
            ),
        ),
        FieldSpec(
            "name",
            "Account",
            synonyms=names(
                "account, account name, company, company name, customer, customer name, organization, organisation, "
                "client"
            ),
            required=True,
        ),
        FieldSpec(
            "parent",
            "Parent account",
            synonyms=names(
                "subsidiary of, parent, parent company, parent account name, ultimate parent, parent account id"
            ),
            reference="account",
            on_missing=OnMissing.CREATE,
        ),
        FieldSpec(
            "owner",
            "Owner",
            synonyms=names(
                "account owner, owner name, sales rep, account manager, assigned to, sales agent, rep, account owner "
                "name, owner id"
            ),
            reference="person",
        ),
        FieldSpec("industry", "Industry", synonyms=names("sector, vertical, branch, industry name")),
        FieldSpec(
            "segment",
            "Segment",
            synonyms=names("customer segment, tier, account tier, market segment, size class"),
        ),
        FieldSpec("region", "Region", synonyms=names("sales region, area, geo")),
        FieldSpec(
            "country",
            "Country",
            synonyms=names(
                "billing country, office location, country code, country/region, billing country code, hq country"
            ),
        ),
        FieldSpec(
            "state",
            "State",
            synonyms=names(
                "billing state, billing state/province, state/province, province, billing state code, county"
            ),
        ),
        FieldSpec("city", "City", synonyms=names("billing city, town, hq city")),
        FieldSpec(
            "postal_code",
            "Postal code",
            synonyms=names("zip, zip code, postcode, billing zip, billing postal code, billing zip/postal code, plz"),
        ),
        FieldSpec("street", "Street", synonyms=names("address, billing street, street address, address line 1")),
        LATITUDE,
        LONGITUDE,
        CURRENCY,
        FieldSpec(
            "annual_revenue",
            "Annual revenue",
            ValueKind.MONEY,
            synonyms=names("revenue, annual revenues, turnover, sales revenue"),
        ),
        FieldSpec(
            "employees",
            "Employees",
            ValueKind.INTEGER,
            synonyms=names("number of employees, headcount, employee count, no of employees, company size"),
            minimum=0,
        ),
        FieldSpec(
            "potential",
            "Potential",
            ValueKind.MONEY,
            synonyms=names(
                "sales potential, account potential, opportunity size, wallet, share of wallet, tam, estimated "
                "spend, annual potential"
            ),
        ),
        FieldSpec(
            "workload",
            "Workload (hours a year)",
            ValueKind.NUMBER,
            synonyms=names("workload, effort, hours, hours per year, service hours, visits hours"),
            minimum=0,
        ),
        FieldSpec("website", "Website", synonyms=names("url, domain, web site, homepage")),
        FieldSpec(
            "founded",
            "Founded",
            ValueKind.INTEGER,
            grouped=False,
            synonyms=names("year established, year founded, established, founded year"),
            minimum=1000,
            maximum=2200,
        ),
        FieldSpec(
            "created_on",
            "Created",
            ValueKind.DATE,
            synonyms=names("created date, create date, date created, created"),
        ),
    ),
    keys=(("external_id",), ("name",)),
    currency_field="currency",
    default_sheets=names("account, customer, company, companies, client, organization, organisation"),
)

PRODUCT = EntitySpec(
    "product",
    "Product",
    "Products",
    (
        FieldSpec(
            "code",
            "Product code",
            synonyms=names(
                "sku, product id, product code, item, item number, part number, article, id, stockcode, stock code"
            ),
        ),
        FieldSpec(
            "name",
            "Product",
            synonyms=names("product, product name, item name, description, article name"),
            required=True,
        ),
        FieldSpec(
            "family",
            "Family",
            synonyms=names("series, product family, product line, category, line, product series, product category"),
        ),
        FieldSpec(
            "list_price",
            "List price",
            ValueKind.MONEY,
            synonyms=names(
                "sales price, price, unit price, suggested retail price, standard price, catalogue price, list"
            ),
        ),
        FieldSpec("unit_cost", "Unit cost", ValueKind.MONEY, synonyms=names("cost, cogs, standard cost")),
        CURRENCY,
        FieldSpec("active", "Active", ValueKind.BOOLEAN, synonyms=names("is active, sellable")),
    ),
    keys=(("code",), ("name",)),
    currency_field="currency",
    default_sheets=names("product, catalog, catalogue, price list, pricelist, item, sku"),
)
