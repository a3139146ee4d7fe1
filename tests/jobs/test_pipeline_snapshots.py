"""Every import of a pipeline makes a snapshot, and what happened between two of them is explained to the cent."""

from __future__ import annotations

import datetime as dt

import pytest

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.imports import import_files
from salesops_desktop.jobs.pipeline_categories import forecast_categories
from salesops_desktop.jobs.pipeline_flow import pipeline_flow
from salesops_desktop.jobs.pipeline_frames import Selection, load_pipeline, period_of
from salesops_desktop.jobs.pipeline_snapshots import pipeline_waterfall, snapshots, waterfall_of
from salesops_desktop.jobs.workspaces import new, opened
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError

HEAD = "Opportunity ID,Owner,Stage,Amount,Currency,Created Date,Close Date,Forecast Category"
JULY, AUGUST = dt.date(2026, 7, 31), dt.date(2026, 8, 31)
FIRST = (
    "A1,Ann Lee,Proposal,1000,USD,2026-05-01,2026-09-10,Commit",
    "A2,Ann Lee,Proposal,2000,USD,2026-05-01,2026-08-10,Best Case",
    "A3,Bob Ray,Proposal,3000,USD,2026-05-01,2026-09-10,Pipeline",
    "A4,Bob Ray,Proposal,4000,EUR,2026-05-01,2026-09-10,Commit",
    "A5,Bob Ray,Proposal,5000,USD,2026-05-01,2026-12-10,Pipeline",
)
SECOND = (
    "A1,Ann Lee,Proposal,1500,USD,2026-05-01,2026-09-10,Commit",
    "A2,Ann Lee,Closed Won,1900,USD,2026-05-01,2026-08-12,",
    "A3,Ann Lee,Proposal,3000,USD,2026-05-01,2026-10-10,Pipeline",
    "A4,Bob Ray,Proposal,4000,EUR,2026-05-01,2026-09-10,Commit",
    "A5,Bob Ray,Proposal,5000,USD,2026-05-01,2026-09-20,Pipeline",
    "A6,Bob Ray,Proposal,600,JPY,2026-08-05,2026-09-20,Pipeline",
)
RATES = ("From,To,Valid From,Rate", "EUR,USD,2026-01-01,1.10", "EUR,USD,2026-08-15,1.20")


def write(folder, name, *lines):
    path = folder / name
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """Two imports of a pipeline of six deals in three currencies; there is no rate for one of them."""
    tmp_path = tmp_path_factory.mktemp("pipeline")
    path = tmp_path / "Company.salesops"
    new(JobContext(), path, currency="USD")
    with opened(path) as made:
        people = ("Full Name,Region,Manager", "Ann Lee,East,Mia Boss", "Bob Ray,West,Mia Boss", "Mia Boss,,")
        import_files(made, [write(tmp_path, "people.csv", *people)], as_="person")
        import_files(made, [write(tmp_path, "rates.csv", *RATES)], as_="exchange_rate")
        import_files(made, [write(tmp_path, "july.csv", HEAD, *FIRST)], as_="opportunity", as_of=JULY)
        import_files(made, [write(tmp_path, "august.csv", HEAD, *SECOND)], as_="opportunity", as_of=AUGUST)
        yield made


def bars(report):
    table = report.bars
    return {row[0]: (row[1], row[2]) for row in table.rows()}


def test_every_import_makes_one_snapshot_and_the_same_again_makes_none(context, tmp_path):
    table = snapshots(context).snapshots
    assert [str(row[0]) for row in table.rows()] == ["2026-07-31", "2026-08-31"]
    row = dict(zip(table.names, table.row(1), strict=True))
    assert (row["gap"], row["open"], row["won"], row["lost"], row["file"]) == (31, 5, 1, 0, "august.csv")
    again = import_files(context, [write(tmp_path, "again.csv", HEAD, *SECOND)], as_="opportunity", as_of=AUGUST)
    assert again.outcomes[0].snapshot_lines == 0
    other = import_files(context, [write(tmp_path, "more.csv", HEAD, *SECOND[:1])], as_="opportunity", as_of=AUGUST)
    assert not other.changes_anything
    assert len(snapshots(context).snapshots) == 2


def test_the_waterfall_of_two_imports_by_hand(context):
    report = pipeline_waterfall(context, start=JULY, end=AUGUST, period="2026-Q3")
    assert bars(report) == {
        "Pipeline on 2026-07-31": (4, 1000 + 2000 + 3000 + 4400),
        "Moved in": (1, 5000),
        "Grown": (1, 500),
        "Exchange rates": (1, 400),
        "Pushed out": (1, -3000),
        "Won": (1, -2000),
        "Pipeline on 2026-08-31": (3, 1500 + 4800 + 5000),
    }
    (left,) = report.left_out
    assert (left.deals, str(left.amount)) == (1, "600 JPY")
    told = " ".join(report.summary())
    assert "Start and bars make the end exactly." in told
    assert "1,900.00 USD from this pipeline (2,000.00 USD before)" in told
    assert "Left out: 1 deal of 600 JPY together, for there is no exchange rate from JPY to USD." in told
    (won,) = report.behind("won").rows()
    assert dict(zip(report.deals.names, won, strict=True))["worth_minor"] == 1900
    assert len(report.behind("currency")) == 1
    assert pipeline_waterfall(context).bars.rows  # today is the day of the newest snapshot


def test_the_waterfall_of_one_person_tells_what_changed_hands(context):
    report = pipeline_waterfall(context, start=JULY, end=AUGUST, period="all", owner="ann lee")
    assert bars(report)["Taken over"] == (1, 3000)
    report = pipeline_waterfall(context, start=JULY, end=AUGUST, period="all", region="West")
    assert bars(report)["Handed over"] == (1, -3000)
    whole = pipeline_waterfall(context, start=JULY, end=AUGUST, period="all", manager="Mia Boss")
    assert whole.waterfall.end_minor == 1500_00 + 3000_00 + 4800_00 + 5000_00


def test_categories_of_two_imports(context):
    report = forecast_categories(context, period="2026-Q3")
    rows = {row[0]: row[1:4] for row in report.rollup.rows()}
    assert report.won_minor == 1900_00
    assert rows == {
        "commit": (2, 6300, 8200),
        "best case": (0, 0, 8200),
        "pipeline": (1, 5000, 13200),
        "omitted": (0, 0, 13200),
    }
    assert "Thin history" in " ".join(report.summary())


def test_flow_needs_no_target_and_takes_one(context):
    report = pipeline_flow(context, period="2026-Q3")
    assert report.coverage.coverage is None
    assert report.coverage.open_minor == 1500_00 + 4800_00 + 5000_00
    report = pipeline_flow(context, period="2026-Q3", target=7550.0)
    assert report.coverage.gap_minor == 7550_00 - 1900_00
    assert report.coverage.coverage == pytest.approx(2.0)
    pushed = {row[0]: row[8] for row in report.shown.deals.rows()}
    assert pushed == {"A1": 0, "A3": 1, "A4": 0, "A5": 0}


def test_flow_of_a_past_day_knows_nothing_of_later_ones(context):
    report = pipeline_flow(context, period="2026-Q3", as_of=JULY)
    rows = {row[0]: (row[4], row[5], str(row[7])) for row in report.shown.deals.rows()}
    assert rows == {
        "A1": ("Proposal", 1000, "2026-09-10"),
        "A2": ("Proposal", 2000, "2026-08-10"),  # won in August
        "A3": ("Proposal", 3000, "2026-09-10"),
        "A4": ("Proposal", 4400, "2026-09-10"),
        "A5": ("Proposal", 5000, "2026-12-10"),
    }
    assert report.coverage.won_minor == 0


def test_what_cannot_be_asked_is_a_sentence(context, tmp_path):
    with pytest.raises(InputRefusedError, match="no snapshot of 2026-08-01"):
        pipeline_waterfall(context, start=dt.date(2026, 8, 1))
    with pytest.raises(InputRefusedError, match="Nobody fits owner Nobody"):
        pipeline_waterfall(context, owner="Nobody")
    with pytest.raises(InputRefusedError, match="lies before"):
        pipeline_waterfall(context, start=AUGUST, end=JULY)
    with pytest.raises(InputRefusedError, match="No deal is about a product"):
        pipeline_flow(context, product="Rocket")
    path = tmp_path / "empty.salesops"
    new(JobContext(), path)
    with opened(path) as empty:
        assert snapshots(empty).summary() == ["There is no snapshot yet. Every import of a pipeline export makes one."]
        with pytest.raises(NothingToDoError, match="no opportunities"):
            pipeline_waterfall(empty)


def test_any_two_snapshots_of_the_sample_company_sum(company):
    days = [row[0] for row in snapshots(company).snapshots.rows()]
    assert len(days) > 12
    with company.workspace.read() as connection:
        loaded = load_pipeline(connection)
    for start, end in ((days[0], days[-1]), (days[3], days[5]), (days[-4], days[-1])):
        for label, selection in (("2026-Q3", Selection(region="EMEA")), ("2024-Q1", Selection()), (None, Selection())):
            period = None if label is None else period_of(loaded, label)
            found = waterfall_of(loaded, start, end, period, selection).waterfall
            assert found.start_minor + found.bars["amount_minor"].sum() == found.end_minor
            assert found.deals["id"].is_unique


def test_categories_and_flow_of_the_sample_company(company):
    found = forecast_categories(company)
    measured = [row for row in found.weeks.rows() if row[0] == "commit"]
    assert measured
    assert found.expected_minor > 0
    rates = {row[0]: row[4] for row in found.rollup.rows()}
    assert rates["commit"] > rates["pipeline"]  # who commits knows something
    flow = pipeline_flow(company)
    assert [row[0] for row in flow.shown.stages.rows()] == [
        "Prospecting", "Qualification", "Needs Analysis", "Proposal", "Negotiation"
    ]  # fmt: skip
    for row in flow.shown.stages.rows():
        _, reached, went_on, lost, still, *_ = row
        assert reached == went_on + lost + still
    assert flow.coverage.needed > 1
    parts = sum(row[4] for row in flow.shown.velocity[1].rows())
    speeds = [row[-1] for row in flow.shown.velocity[0].rows()]
    assert parts == speeds[-1] - speeds[-2]
