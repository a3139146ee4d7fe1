"""Workbooks of a stored scenario: the whole and the parts hold every account once, with quotas, map and certificate."""

from __future__ import annotations

import shutil
import zipfile

import pytest
from openpyxl import load_workbook

from salesops_desktop.jobs import workspaces
from salesops_desktop.jobs.exports import What, export
from salesops_desktop.jobs.territory_exports import NOBODY_MANAGES, state_of
from salesops_desktop.jobs.territory_packs import export_packs
from salesops_desktop.model.errors import InputRefusedError

SCENARIO = (
    (
        "INSERT INTO scenario (id, name, status, created_at, effective_from, figures) VALUES (7, 'FY27', 'draft', "
        "'2026-11-01 00:00:00', '2027-01-01', '{\"sentences\": [\"Well made.\"]}')"
    ),
    (
        "INSERT INTO territory (scenario_id, name, person_id) SELECT 7, p.name, p.id FROM person p WHERE EXISTS "
        "(SELECT 1 FROM account a WHERE a.owner_id = p.id)"
    ),
    (
        "INSERT INTO assignment (scenario_id, account_id, territory_id, locked) SELECT 7, a.id, t.id, a.id % 50 = 0 "
        "FROM account a JOIN territory t ON t.scenario_id = 7 AND t.person_id = a.owner_id"
    ),
    (
        "UPDATE assignment SET territory_id = (SELECT min(id) FROM territory WHERE scenario_id = 7) "
        "WHERE scenario_id = 7 AND account_id % 9 = 0"
    ),
    (
        "INSERT INTO quota (person_id, territory_id, measure, period_start, period_end, amount, currency) "
        "SELECT person_id, id, 'bookings', '2027-01-01', '2027-03-31', 12345600 + id, 'USD' FROM territory "
        "WHERE scenario_id = 7"
    ),
)


@pytest.fixture(scope="module")
def made(small_company, tmp_path_factory):
    """A company with a scenario of today's owners but for some accounts."""
    path = shutil.copy(small_company, tmp_path_factory.mktemp("made") / "made.salesops")
    with workspaces.opened(path) as context, context.workspace.action("Make a scenario") as unit:
        for statement in SCENARIO:
            unit.connection.exec_driver_sql(statement)
    return path


@pytest.fixture
def company(made, tmp_path):
    with workspaces.opened(shutil.copy(made, tmp_path / "made.salesops")) as context:
        yield context


def listed(path):
    """Account refs in all lists with proposals, and the workbook."""
    book = load_workbook(path, data_only=True)
    refs = []
    for sheet in book:
        rows = list(sheet.iter_rows(values_only=True))
        at = next((i for i, row in enumerate(rows) if {"Ref.", "Comment"} <= set(row)), None)
        if at is not None:
            place = rows[at].index("Ref.")
            refs += [row[place] for row in rows[at + 1 :] if isinstance(row[place], int)]
    return refs, book


def test_the_whole_lists_every_account_once(company, stored, tmp_path):
    export(company, What.TERRITORIES, tmp_path / "whole.xlsx", number=7)
    refs, book = listed(tmp_path / "whole.xlsx")
    assert sorted(refs) == [
        row[0] for row in stored(company, "SELECT account_id FROM assignment WHERE scenario_id = 7 ORDER BY 1")
    ]
    assert any("checks agree" in str(cell.value) for cell in book["Cover"]["B"])
    said = {cell.value for row in book["Summary"].iter_rows() for cell in row}
    assert "Well made." in said
    letters = list(book["Quota letters"].iter_rows(values_only=True))
    quotas = dict(stored(company, "SELECT id, amount FROM quota WHERE territory_id IS NOT NULL"))
    assert {round(row[1] * 100) for row in letters if row[0] == "2027-Q1"} == set(quotas.values())
    with zipfile.ZipFile(tmp_path / "whole.xlsx") as archive:
        assert archive.read("xl/media/image1.png").startswith(b"\x89PNG")
    assert any("from 2027-01-01" in str(row[0]) for row in letters)


def test_parts_hold_every_account_once_and_name_their_manager(company, stored, tmp_path):
    files = export_packs(company, 7, tmp_path / "packs").files
    refs = []
    for file in files:
        own, book = listed(file.path)
        facts = {row[0]: row[1] for row in book["Identity"].iter_rows(values_only=True)}
        assert file.path.stem == f"FY27 {facts['scope']}"
        territory = dict(stored(company, "SELECT account_id, territory_id FROM assignment WHERE scenario_id = 7"))
        assert facts["state"] == state_of((ref, territory[ref]) for ref in own)
        managers = stored(
            company,
            "SELECT DISTINCT coalesce(m.name, ?) FROM territory t JOIN person p ON p.id = t.person_id "
            "LEFT JOIN person m ON m.id = p.manager_id JOIN assignment a ON a.territory_id = t.id "
            f"WHERE a.account_id IN ({','.join(map(str, own))}) AND a.scenario_id = 7",
            NOBODY_MANAGES,
        )
        assert managers == [(facts["scope"],)]
        refs += own
    assert sorted(refs) == [
        row[0] for row in stored(company, "SELECT account_id FROM assignment WHERE scenario_id = 7 ORDER BY 1")
    ]


def test_one_manager_alone(company, tmp_path):
    every = export_packs(company, 7, tmp_path / "packs").files
    name = every[0].path.stem.removeprefix("FY27 ")
    one = export_packs(company, 7, tmp_path / "one", manager=name).files
    assert [file.path.name for file in one] == [every[0].path.name]
    with pytest.raises(InputRefusedError, match="manages no territory"):
        export_packs(company, 7, tmp_path / "none", manager="Nobody at all")
    assert not (tmp_path / "none").exists()


def test_today_is_no_scenario_to_answer_to(company, tmp_path):
    with pytest.raises(InputRefusedError):
        export_packs(company, 0, tmp_path / "packs")
    export(company, What.TERRITORIES, tmp_path / "today.xlsx", number=0)
    refs, book = listed(tmp_path / "today.xlsx")
    assert refs == []
    assert "Identity" not in book.sheetnames


def test_locked_accounts_are_named_on_their_sheet(company, stored, tmp_path):
    export(company, What.TERRITORIES, tmp_path / "whole.xlsx", number=7)
    notes = " ".join(
        str(cell.value)
        for sheet in load_workbook(tmp_path / "whole.xlsx")
        for row in sheet.iter_rows(max_row=30, max_col=1)
        for cell in row
        if str(cell.value).startswith("Locked")
    )
    names = stored(
        company,
        "SELECT c.name FROM assignment a JOIN account c ON c.id = a.account_id WHERE a.scenario_id = 7 AND a.locked",
    )
    assert names
    assert all(name in notes for (name,) in names[:3])
