"""What is wrong with the records is named with its rows, and what is left out is counted once."""

from __future__ import annotations

import datetime as dt

import pytest

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.forecast_checks import check_forecast
from salesops_desktop.jobs.imports import import_files
from salesops_desktop.jobs.workspaces import new, opened

HEAD = "Opportunity ID,Stage,Amount,Currency,Created Date,Close Date"
DAY = dt.date(2026, 8, 31)


@pytest.fixture
def make(tmp_path):
    """A workspace of these opportunities and bookings."""

    def made(*deals, bookings=(), earlier=()):
        path = tmp_path / "Company.salesops"
        new(JobContext(), path, currency="USD")
        with opened(path) as context:
            for name, day, rows in (("old.csv", dt.date(2026, 7, 31), earlier), ("deals.csv", DAY, deals)):
                if rows:
                    (tmp_path / name).write_text("\n".join((HEAD, *rows)), encoding="utf-8")
                    import_files(context, [tmp_path / name], as_="opportunity", as_of=day)
            if bookings:
                head = "Invoice No,Type,Booking Date,Net Amount,Currency,Customer"
                (tmp_path / "bookings.csv").write_text("\n".join((head, *bookings)), encoding="utf-8")
                import_files(context, [tmp_path / "bookings.csv"], as_="transaction")
            return check_forecast(context, as_of=DAY)

    return made


def told(found):
    return {row[0]: (row[2], row[4]) for row in found.findings.rows()}


def test_every_fault_of_a_deal_is_named_with_its_row(make):
    found = make(
        "D1,Proposal,100,USD,2026-05-01,2026-09-30",
        "D2,Proposal,,USD,2026-05-01,2026-09-30",
        "D3,Proposal,300,USD,2026-05-01,",
        "D4,Closed Won,400,USD,2026-05-01,2026-04-01",
        "D5,Closed Won,500,USD,2026-05-01,2026-12-01",
        "D6,Closed Lost,600,USD,2026-05-01,",
        "D7,Proposal,700,CHF,2026-05-01,2026-09-30",
        "D8,Proposal,800,USD,2026-10-01,2026-12-30",
        "D9,Proposal,900,CHF,2026-11-01,2026-12-30",  # two faults: left out once
        "D10,Proposal,50,USD,2026-05-01,2026-08-30",
        "D11,Pilot,60,USD,2026-05-01,2026-09-30",
        earlier=("D1,Proposal,100,USD,2026-05-01,2026-09-30",),
    )
    assert told(found) == {
        "No exchange rate": (2, True),
        "Open without amount": (1, True),
        "Unknown stage": (1, False),
        "Closed without close date": (1, True),
        "Open without close date": (1, False),
        "Closed before created": (1, False),
        "Closed in the future": (1, False),
        "Created in the future": (2, True),
        "Close date gone by": (1, False),
        "Months without any booking": (4, False),  # of the series of won deals: May to August
    }
    rows = {(row[0], row[2]): row for row in found.rows.rows()}
    no_rate = rows["No exchange rate", "D7"]
    assert (no_rate[3], no_rate[4], no_rate[5], no_rate[6]) == ("deals.csv", 8, "CHF on 2026-08-31", None)
    assert rows["Closed before created", "D4"][5] == "created 2026-05-01, closed 2026-04-01"
    # D2, D6, D7, D8 and D9; only the amounts of D6 and D8 can be said in dollars
    assert (found.left_out, found.left_out_minor) == (5, 1400_00)
    assert found.summary()[-1].startswith("Left out in all: 5 records, 1,400.00 USD")


def test_nothing_wrong_says_so(make):
    months = [f"T{m},booking,2026-{m:02d}-10,{m}00,USD,Acme" for m in range(1, 9)]
    found = make("D1,Proposal,100,USD,2026-05-01,2026-09-30", bookings=months)
    assert found.summary() == ["Nothing stands in the way of a forecast."]
    assert found.tables() == []


@pytest.mark.parametrize(
    ("bookings", "expected"),
    [
        ([f"T{m},booking,2026-{m:02d}-10,0,USD,Acme" for m in range(1, 9)], {"All months are zero": 8}),
        (["T1,booking,2026-07-10,100,USD,Acme"], {"Only 2 months": 2, "Months without any booking": 1}),
        (
            [
                "T1,booking,2026-01-10,100,USD,Acme",
                "T2,refund,2026-04-10,-300,USD,Acme",
                "T3,booking,2026-08-10,100,USD,Acme",
                "T4,booking,2026-08-10,100,USD,Acme",  # the same again
                "T5,booking,2027-01-10,100,USD,Acme",
                "T6,booking,2026-08-10,100,CHF,Acme",
            ],
            {
                "No exchange rate": 1,
                "Booked in the future": 1,
                "Looks like another": 1,
                "Months without any booking": 5,
                "Negative months": 1,
            },
        ),
    ],
)
def test_faults_of_a_series(make, bookings, expected):
    found = make("D1,Proposal,100,USD,2026-05-01,2026-09-30", bookings=bookings)
    assert {name: count for name, (count, _) in told(found).items()} == expected


def test_the_sample_company_has_little_to_say(company):
    found = check_forecast(company)
    assert found.left_out == 0
    assert set(told(found)) <= {"Close date gone by", "Looks like another"}
