"""What a sheet holds is found from its headers and content, with no hand editing."""

from __future__ import annotations

import pytest

from salesops_desktop.sheets.reading import SheetReader


@pytest.fixture(scope="module")
def reader():
    with SheetReader() as reader:
        yield reader


def top(reader, path):
    found = reader.inspect(path).main
    guess = found.suggestions[0]
    names = {c.index: c.header for c in found.columns}
    return guess.entity, {names[i]: field for i, field in guess.mapping.items()}


CRM = {
    "sales_pipeline": (
        "opportunity",
        {
            "opportunity_id": "external_id",
            "sales_agent": "owner",
            "product": "product",
            "account": "account",
            "deal_stage": "stage",
            "engage_date": "created_on",
            "close_date": "close_on",
            "close_value": "amount",
        },
    ),
    "accounts": (
        "account",
        {
            "account": "name",
            "sector": "industry",
            "year_established": "founded",
            "revenue": "annual_revenue",
            "employees": "employees",
            "office_location": "country",
            "subsidiary_of": "parent",
        },
    ),
    "products": ("product", {"product": "name", "series": "family", "sales_price": "list_price"}),
    "sales_teams": ("person", {"sales_agent": "name", "manager": "manager", "regional_office": "region"}),
}


@pytest.mark.parametrize("name", CRM)
def test_real_crm_export(shared, reader, name):
    path = shared("crm_maven", f"{name}.csv")
    assert top(reader, path) == CRM[name]
    assert not reader.inspect(path).open_questions


@pytest.mark.parametrize(
    ("name", "header", "row", "entity", "wanted"),
    [
        (
            "Salesforce report.csv",
            "Opportunity ID,Opportunity Name,Account Name,Opportunity Owner,Stage,Amount,Close Date,Probability (%)",
            "006A1,Big deal,Acme,Ann Lee,Proposal,1200.50,2025-03-04,50",
            "opportunity",
            {"Opportunity Owner": "owner", "Probability (%)": "probability", "Close Date": "close_on"},
        ),
        (
            "hubspot-crm-exports-all-deals.csv",
            "Record ID,Deal Name,Deal Stage,Close Date,Deal owner,Amount,Associated Company",
            "1,Big deal,Proposal,2025-03-04 10:00,Ann Lee,1200.50,Acme",
            "opportunity",
            {"Record ID": "external_id", "Deal owner": "owner", "Associated Company": "account"},
        ),
        (
            "invoices.csv",
            "Invoice No,Invoice Date,Customer,SKU,Sales Rep,Net Amount,Currency",
            "1001,2025-03-04,Acme,A-1,Ann Lee,99.00,EUR",
            "transaction",
            {"Invoice No": "external_id", "Invoice Date": "booked_on", "Net Amount": "amount"},
        ),
        (
            "users.csv",
            "EmployeeID,FullName,E-mail,Manager,Hire Date",
            "7,Ann Lee,ann@example.com,Bob Ray,2020-01-31",
            "person",
            {"EmployeeID": "external_id", "FullName": "name", "Hire Date": "start_date"},
        ),
        (
            "fx.csv",
            "From,To,Date,Rate",
            "EUR,USD,2025-01-31,1.0832",
            "exchange_rate",
            {"From": "source", "To": "target", "Date": "valid_from", "Rate": "rate"},
        ),
        (
            "misspelt accounts.csv",
            "Acount Name,Industy,Emploees,Billing Cuntry",
            "Acme,Software,200,Kenya",
            "account",
            {"Acount Name": "name", "Industy": "industry", "Emploees": "employees", "Billing Cuntry": "country"},
        ),
    ],
)
def test_exports_of_other_systems(tmp_path, reader, name, header, row, entity, wanted):
    path = tmp_path / name
    path.write_text(f"{header}\n{row}\n{row}\n", encoding="utf-8")
    found, mapping = top(reader, path)
    assert found == entity
    assert wanted.items() <= mapping.items()


def test_content_decides_between_like_names(tmp_path, reader):
    """A column called Revenue that holds words is no amount."""
    path = tmp_path / "accounts.csv"
    path.write_text("Account Name,Revenue,Turnover\nAcme,high,500.5\nBeta,low,600.5\n", encoding="utf-8")
    assert top(reader, path)[1]["Turnover"] == "annual_revenue"
