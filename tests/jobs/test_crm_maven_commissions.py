"""A year of commissions on a real CRM export: three plans, every quarter, statements recomputed by another program."""

from __future__ import annotations

import csv
import datetime as dt

import pytest

from salesops_desktop.commission import (
    Basis,
    BoundarySide,
    Component,
    Pays,
    PayTerms,
    Plan,
    RateTable,
    Source,
    Tier,
    TierMode,
    Window,
)
from salesops_desktop.jobs.commission_assignments import assign_people
from salesops_desktop.jobs.commission_plan_editing import save_plan
from salesops_desktop.jobs.commission_plans import book_won
from salesops_desktop.jobs.commissions import run_commissions, set_status
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.exports import What, export
from salesops_desktop.jobs.imports import import_files
from salesops_desktop.jobs.workspaces import new, opened
from salesops_desktop.model.enums import RunStatus
from tests.conftest import shared_data
from tests.sheets.writing.linter import lint
from tests.sheets.writing.reading_back import differences, formulas, recalculated_all, stored_values

pytestmark = [pytest.mark.slow, pytest.mark.libreoffice, pytest.mark.timeout(0)]

FILES = ("sales_pipeline.csv", "accounts.csv", "products.csv", "sales_teams.csv")
YEAR = dt.date(2017, 1, 1)
QUARTERS = ("2017-Q1", "2017-Q2", "2017-Q3", "2017-Q4")
EAST = ("Cara Losch", "Rocco Neubert")
"""Their teams are paid by tiers of bookings, everybody else by attainment."""

ATTAINMENT = Plan(
    "Sellers by quota", "USD", YEAR,
    (Component("Bookings", RateTable.of([(0, 60_000), (1_000_000, 90_000), (1_250_000, 120_000)],
                                        basis=Basis.ATTAINMENT)),),
)  # fmt: skip
AMOUNTS = Plan(
    "Sellers by bookings", "USD", YEAR,
    (
        Component("Bookings", RateTable.of([(0, 40_000), (3_000_000, 65_000), (8_000_000, 80_000)],
                                           TierMode.RETROACTIVE)),
        Component("Large systems", RateTable((Tier(0, None, 15_000),), TierMode.FLAT, Basis.AMOUNT,
                                             BoundarySide.UPPER, Pays.AMOUNT),
                  measure="1", filter='[Product] = "GTK 500"', window=Window.LINE),
    ),
    terms=PayTerms(holdback=100_000, release_after=1),
)  # fmt: skip
OVERRIDE = Plan(
    "Managers", "USD", YEAR,
    (Component("Team", RateTable.of([(0, 5_000), (50_000_000, 8_000)]), source=Source.TEAM_CREDITS),),
)  # fmt: skip


@pytest.fixture(scope="module")
def maven(tmp_path_factory):
    """The company with the quotas of its sellers, three plans, and the won deals as bookings."""
    folder = tmp_path_factory.mktemp("maven")
    path = folder / "maven.salesops"
    new(JobContext(), path)
    with opened(path) as context:
        import_files(context, [shared_data("crm_maven", name) for name in FILES], accept_matches=True)
        book_won(context)
        with context.workspace.read() as connection:
            sellers = connection.exec_driver_sql(
                "SELECT p.name, m.name FROM person p JOIN person m ON m.id = p.manager_id ORDER BY p.name"
            ).fetchall()
        quotas = folder / "quotas.csv"
        with quotas.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["Person", "Measure", "Start", "End", "Quota", "Currency"])
            for place, (seller, _) in enumerate(sellers):
                for month in (1, 4, 7, 10):
                    last = dt.date(2017 + (month == 10), (month + 3 - 1) % 12 + 1, 1) - dt.timedelta(days=1)
                    rows.writerow([seller, "bookings", dt.date(2017, month, 1), last, 60_000 + 5_000 * (place % 9),
                                   "USD"])  # fmt: skip
        import_files(context, [quotas], accept_matches=True)
        for plan in (ATTAINMENT, AMOUNTS, OVERRIDE):
            save_plan(context, plan)
        for plan, chosen in (
            (ATTAINMENT, [s for s, m in sellers if m not in EAST]),
            (AMOUNTS, [s for s, m in sellers if m in EAST]),
            (OVERRIDE, sorted({m for _, m in sellers})),
        ):
            assign_people(context, plan.name, YEAR, people="; ".join(chosen))
        yield context


def test_the_quarters_of_a_year_recompute_to_the_cent(maven, tmp_path, stored):
    won = {row[0]: row[1] for row in stored(maven, (
        "SELECT (CAST(substr(close_on, 6, 2) AS INTEGER) + 2) / 3, sum(amount) FROM opportunity "
        "WHERE status = 'won' GROUP BY 1"
    ))}  # fmt: skip
    packs = []
    for number, quarter in enumerate(QUARTERS, start=1):
        run = run_commissions(maven, quarter).head.id
        for status in (RunStatus.IN_REVIEW, RunStatus.APPROVED, RunStatus.LOCKED):
            set_status(maven, run, status)
        own = stored(maven, (
            "SELECT sum(credit_amount) FROM (SELECT DISTINCT transaction_id, credit_amount FROM run_line "
            "WHERE run_id = ? AND plan <> 'Managers')"
        ), run)  # fmt: skip
        assert own[0][0] == won.get(number, 0)  # every won deal of the quarter earns its seller something
        folder = tmp_path / quarter
        exported = export(maven, What.STATEMENTS, folder, number=run)
        for saved in exported.files:
            if saved.path.parent != folder:
                packs.append(saved.path.rename(tmp_path / f"{quarter} {saved.path.name}"))
    assert len(packs) >= 12
    assert [lint(path) for path in packs] == [[]] * len(packs)
    count = 0
    for path, again in zip(packs, recalculated_all(packs, tmp_path), strict=True):
        assert differences(path, again) == [], path.name
        assert stored_values(path)["Checks"]
        count += sum(len(cells) for cells in formulas(path).values())
    assert count > 10_000
