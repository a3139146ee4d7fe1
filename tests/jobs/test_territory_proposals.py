"""A manager's part goes out, comes back from whatever program, and what it proposes is shown, accepted, declined."""

from __future__ import annotations

import contextlib
import shutil
import subprocess

import pytest
from openpyxl import load_workbook

from salesops_desktop.jobs import exports, territories, territory_proposals, workspaces
from salesops_desktop.jobs.territory_packs import export_packs
from salesops_desktop.jobs.territory_proposals import (
    Show,
    accept_proposals,
    decline_proposals,
    import_proposals,
    proposals,
)
from salesops_desktop.model.errors import FaultsError, InputRefusedError, NothingToDoError
from salesops_desktop.sheets.reading import SheetReader

HEADINGS = {"Ref.", "Territory", "Proposed territory", "Comment"}


@pytest.fixture(scope="module")
def sent(small_company, tmp_path_factory):
    """A company with a scenario, and the part of the manager with the most accounts as it was sent out."""
    folder = tmp_path_factory.mktemp("sent")
    path = shutil.copy(small_company, folder / "sent.salesops")
    with workspaces.opened(path) as company:
        with company.workspace.action("Make a scenario") as unit:
            for statement in SCENARIO:
                unit.connection.exec_driver_sql(statement)
        files = export_packs(company, 7, folder / "packs").files
    largest = max((saved.path for saved in files), key=lambda path: len(Lists(path).rows))
    return path, largest


SCENARIO = (
    "INSERT INTO scenario (id, name, status, created_at) VALUES (7, 'FY27', 'draft', '2026-11-01 00:00:00')",
    (
        "INSERT INTO territory (scenario_id, name, person_id) SELECT 7, p.name, p.id FROM person p "
        "WHERE EXISTS (SELECT 1 FROM account a WHERE a.owner_id = p.id)"
    ),
    (
        "INSERT INTO assignment (scenario_id, account_id, territory_id, locked) SELECT 7, a.id, t.id, 0 "
        "FROM account a JOIN territory t ON t.scenario_id = 7 AND t.person_id = a.owner_id"
    ),
    (
        "UPDATE assignment SET territory_id = (SELECT min(id) FROM territory WHERE scenario_id = 7) "
        "WHERE scenario_id = 7 AND account_id % 9 = 0"
    ),
)
"""Today's owners with a few changes: what a design is like plays no part here."""


@pytest.fixture(scope="module", autouse=True)
def one_reader():
    """All tests read in one child process: a new one for each takes longer than all else they do."""
    with SheetReader() as reader, pytest.MonkeyPatch.context() as patch:
        patch.setattr(territory_proposals, "SheetReader", lambda: contextlib.nullcontext(reader))
        yield


@pytest.fixture
def company(sent, tmp_path):
    with workspaces.opened(shutil.copy(sent[0], tmp_path / "company.salesops")) as context:
        yield context


@pytest.fixture
def scenario():
    return 7


@pytest.fixture
def pack(sent):
    return sent[1]


class Lists:
    """The rows of a workbook's lists with proposals, to write into as a manager does."""

    def __init__(self, path):
        self.book = load_workbook(path)
        self.rows = []
        for sheet in self.book:
            head = next((r for r in sheet.iter_rows(max_row=60) if {c.value for c in r} >= HEADINGS), None)
            if head is None:
                continue
            place = {c.value: c.column - 1 for c in head}
            for row in sheet.iter_rows(min_row=head[0].row + 1):
                if isinstance(row[place["Ref."]].value, int):
                    self.rows.append({name: row[at] for name, at in place.items()})
        balance = self.book["Balance"]
        self.territories = [
            row[0].value for row in balance.iter_rows() if isinstance(row[2].value, int) and row[0].value != "Total"
        ]

    def propose(self, at, *, to=None, comment=None):
        row = self.rows[at]
        if to is not None:
            row["Proposed territory"].value = to
        if comment is not None:
            row["Comment"].value = comment
            row["Comment"].data_type = "s"
        return row["Ref."].value, row["Account"].value

    def another(self, at):
        return next(name for name in self.territories if name != self.rows[at]["Territory"].value)

    def save(self, path):
        self.book.save(path)
        return path


def places(stored, company, scenario):
    return dict(stored(company, "SELECT account_id, territory_id FROM assignment WHERE scenario_id = ?", scenario))


def names(stored, company, scenario):
    return dict(stored(company, "SELECT name, id FROM territory WHERE scenario_id = ?", scenario))


def by_libreoffice(path, folder):
    """The workbook as another program saves it."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("LibreOffice is not installed here")
    command = [program, "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--convert-to", "xlsx"]
    subprocess.run(
        [*command, "--outdir", str(folder / "again"), str(path)], check=True, capture_output=True, timeout=180
    )
    return folder / "again" / path.name


@pytest.mark.parametrize("program", ["openpyxl", pytest.param("LibreOffice", marks=pytest.mark.libreoffice)])
def test_what_a_manager_writes_arrives(company, stored, scenario, pack, tmp_path, program):
    lists = Lists(pack)
    last = len(lists.rows) - 1
    wanted = {}
    for at in (0, 3, last):
        ref, _ = lists.propose(at, to=lists.another(at))
        wanted[ref] = lists.another(at)
    talked, _ = lists.propose(1, comment="=they know Ana well")
    file = lists.save(tmp_path / "back.xlsx")
    if program == "LibreOffice":
        file = by_libreoffice(file, tmp_path)
    before = places(stored, company, scenario)
    report = import_proposals(company, [file])
    assert report.told == ("4 proposals imported.",)
    assert report.faults == ()
    assert [n for n in report.notices if "moved since" in n or "deleted" in n] == []
    assert dict(zip(report.accounts.tolist(), report.table["to"].values, strict=True)) == {**wanted, talked: None}
    assert (
        dict(zip(report.accounts.tolist(), report.table["comment"].values, strict=True))[talked]
        == "=they know Ana well"
    )
    assert set(report.table["source"].values) == {file.name}
    assert places(stored, company, scenario) == before

    accepted = accept_proposals(company, scenario)
    assert accepted.told[0] == "4 proposals accepted: 3 accounts moved."
    ids = names(stored, company, scenario)
    assert places(stored, company, scenario) == before | {ref: ids[name] for ref, name in wanted.items()}
    assert len(proposals(company, scenario).table) == 0
    assert len(proposals(company, scenario, status=Show.ACCEPTED).table) == 4
    workspaces.undo(company)
    assert places(stored, company, scenario) == before
    assert len(proposals(company, scenario).table) == 4


def test_the_effect_told_is_the_effect_had(company, scenario, pack, tmp_path):
    lists = Lists(pack)
    for at in (0, 2, 4):
        lists.propose(at, to=lists.another(at))
    report = import_proposals(company, [lists.save(tmp_path / "back.xlsx")])
    told = {figure.label: figure for figure in report.effect}
    first = report.table.keys[0]
    alone = report.table.row(0)[report.table.names.index("km")]
    now = told["Mean distance to the person's home or centre"]
    after_first = accept_proposals(company, scenario, ids=[int(first)])
    left = {figure.label: figure for figure in after_first.effect}
    assert left["Mean distance to the person's home or centre"].before == pytest.approx(now.before + alone, abs=1e-6)
    for label, figure in left.items():
        assert figure.after == pytest.approx(told[label].after, abs=1e-9)


def test_importing_twice_takes_nothing_twice(company, scenario, pack, tmp_path):
    lists = Lists(pack)
    lists.propose(0, to=lists.another(0))
    file = lists.save(tmp_path / "back.xlsx")
    import_proposals(company, [file])
    again = import_proposals(company, [file])
    assert len(again.table) == 1
    assert any("open already" in notice for notice in again.notices)


def test_a_rehearsal_keeps_nothing(company, stored, scenario, pack, tmp_path):
    lists = Lists(pack)
    lists.propose(0, to=lists.another(0))
    shown = import_proposals(company, [lists.save(tmp_path / "back.xlsx")], dry_run=True)
    assert len(shown.table) == 1
    assert shown.effect
    assert stored(company, "SELECT count(*) FROM proposal") == [(0,)]


def test_every_fault_is_told_with_its_cell(company, stored, scenario, pack, tmp_path):
    lists = Lists(pack)
    good, _ = lists.propose(0, to=lists.another(0))
    lists.propose(1, to=lists.another(1)[:-1] + "!")
    locked, _ = lists.propose(2, to=lists.another(2))
    gone, _ = lists.propose(3, to=lists.another(3))
    lists.propose(4, to=lists.another(4))
    lists.rows[4]["Ref."].value = 10**9
    lists.propose(5, comment="first")
    lists.rows[6]["Ref."].value = lists.rows[5]["Ref."].value
    lists.propose(6, comment="second")
    person = stored(
        company, "SELECT person_id FROM territory WHERE scenario_id = ? AND name = ?", scenario, lists.another(7)
    )
    forbidden, _ = lists.propose(7, to=lists.another(7))
    cells = {at: lists.rows[at]["Proposed territory"].coordinate for at in range(8)}
    file = lists.save(tmp_path / "back.xlsx")
    with company.workspace.action("Lock, forbid and delete") as unit:
        execute = unit.connection.exec_driver_sql
        execute("UPDATE assignment SET locked = 1 WHERE scenario_id = ? AND account_id = ?", (scenario, locked))
        execute("DELETE FROM assignment WHERE scenario_id = ? AND account_id = ?", (scenario, gone))
        execute(
            "INSERT INTO account_rule (account_id, person_id, kind) VALUES (?, ?, 'forbidden')",
            (forbidden, person[0][0]),
        )
    report = import_proposals(company, [file])
    assert report.accounts.tolist() == [good, lists.rows[5]["Ref."].value]
    faults = {fault.where.rpartition("!")[2]: f"{fault.what} {fault.way_out}" for fault in report.faults}
    assert f"Did they mean {lists.another(1)}?" in faults[cells[1]]
    assert "is locked to" in faults[cells[2]]
    assert "is not in FY27 any more" in faults[cells[3]]
    assert "has been changed" in faults[cells[4]]
    assert "a second time" in faults[cells[6]]
    assert "must not go" in faults[cells[7]]
    assert len(faults) == 6
    assert any("2 rows have been deleted" in notice for notice in report.notices)  # two references were written over


def test_a_file_with_nothing_but_faults_stores_nothing(company, stored, scenario, pack, tmp_path):
    lists = Lists(pack)
    lists.propose(0, to="Nowhere at all")
    with pytest.raises(FaultsError) as told:
        import_proposals(company, [lists.save(tmp_path / "back.xlsx")])
    assert len(told.value.faults) == 1
    assert stored(company, "SELECT count(*) FROM proposal") == [(0,)]


def test_nothing_filled_in_is_said(company, scenario, pack):
    with pytest.raises(NothingToDoError, match="Nothing was proposed"):
        import_proposals(company, [pack])


def test_what_moved_since_is_named_and_not_accepted_unseen(company, stored, scenario, pack, tmp_path):
    lists = Lists(pack)
    moved, name = lists.propose(0, to=lists.another(0))
    lists.propose(1, to=lists.another(1))
    file = lists.save(tmp_path / "back.xlsx")
    elsewhere = next(
        n for n in names(stored, company, scenario) if n not in (lists.rows[0]["Territory"].value, lists.another(0))
    )
    territories.move_accounts(company, scenario, elsewhere, [moved])
    report = import_proposals(company, [file])
    assert any("have moved since" in notice and name in notice for notice in report.notices)
    assert any(f"{name} was in" in notice and f"is in {elsewhere} now" in notice for notice in report.notices)
    stale = dict(zip(report.accounts.tolist(), report.table["stale"].values.tolist(), strict=True))
    assert stale[moved]
    assert sum(stale.values()) == 1
    told = accept_proposals(company, scenario).told
    assert told[0] == "1 proposal accepted: 1 account moved."
    assert "left open" in told[1]
    number = int(proposals(company, scenario).table.keys[0])
    assert accept_proposals(company, scenario, ids=[number]).told == ("1 proposal accepted: 1 account moved.",)
    assert places(stored, company, scenario)[moved] == names(stored, company, scenario)[lists.another(0)]


def test_managers_who_want_the_same_account_are_told_apart(company, stored, scenario, pack, tmp_path):
    files = []
    for i, name in enumerate(Lists(pack).territories[:2]):
        lists = Lists(pack)
        at = next(k for k, row in enumerate(lists.rows) if row["Territory"].value not in lists.territories[:2])
        ref, _ = lists.propose(at, to=name)
        files.append(lists.save(tmp_path / f"back {i}.xlsx"))
    report = import_proposals(company, files)
    assert any("accept one of them" in notice for notice in report.notices)
    with pytest.raises(NothingToDoError):
        accept_proposals(company, scenario)
    ids = [int(key) for key in report.table.keys]
    with pytest.raises(FaultsError):
        accept_proposals(company, scenario, ids=ids)
    accept_proposals(company, scenario, ids=ids[:1])
    assert places(stored, company, scenario)[ref] == names(stored, company, scenario)[report.table["to"].values[0]]


def test_declining_keeps_the_scenario_and_the_words(company, stored, scenario, pack, tmp_path):
    lists = Lists(pack)
    lists.propose(0, to=lists.another(0), comment="please")
    before = places(stored, company, scenario)
    import_proposals(company, [lists.save(tmp_path / "back.xlsx")])
    assert decline_proposals(company, scenario).told == ("1 proposal declined.",)
    assert places(stored, company, scenario) == before
    kept = proposals(company, scenario, status=Show.DECLINED).table
    assert (kept["comment"].values[0], kept["status"].values[0]) == ("please", "declined")
    with pytest.raises(NothingToDoError):
        decline_proposals(company, scenario)
    with pytest.raises(FaultsError, match="Nothing was changed"):
        decline_proposals(company, scenario, ids=[1])


def test_sorted_rows_inserted_columns_and_renamed_sheets_do_no_harm(company, stored, scenario, pack, tmp_path):
    lists = Lists(pack)
    ref, _ = lists.propose(0, to=lists.another(0))
    sheet = lists.rows[0]["Ref."].parent
    top = lists.rows[0]["Ref."].row
    for column in range(1, sheet.max_column + 1):  # the first two rows change places
        one, other = sheet.cell(top, column), sheet.cell(top + 1, column)
        one.value, other.value = other.value, one.value
    sheet.insert_cols(1, 2)
    sheet.title = "My people"
    report = import_proposals(company, [lists.save(tmp_path / "back.xlsx")])
    assert report.accounts.tolist() == [ref]
    assert report.faults == ()


def test_overwritten_formulas_are_named_and_change_nothing(company, scenario, pack, tmp_path):
    lists = Lists(pack)
    ref, _ = lists.propose(0, to=lists.another(0))
    cell = next(
        c for row in lists.book["Balance"].iter_rows() for c in row if c.data_type == "f" and "SUMIFS" in c.value
    )
    cell.value = 12
    report = import_proposals(company, [lists.save(tmp_path / "back.xlsx")])
    assert report.accounts.tolist() == [ref]
    assert any("overwritten" in notice and f"Balance!{cell.coordinate}" in notice for notice in report.notices)


def test_other_files_are_told_from_ours(company, scenario, pack, tmp_path):
    stranger = tmp_path / "stranger.xlsx"
    exports.export_records(company, "account", stranger)
    lists = Lists(pack)
    lists.propose(0, to=lists.another(0))
    del lists.book["Identity"]
    bare = lists.save(tmp_path / "bare.xlsx")
    with pytest.raises(FaultsError) as told:
        import_proposals(company, [stranger, bare])
    assert [fault.where for fault in told.value.faults] == ["stranger.xlsx", "bare.xlsx"]
    (tmp_path / "text.xlsx").write_text("no workbook at all")
    with pytest.raises(InputRefusedError):
        import_proposals(company, [tmp_path / "text.xlsx"])


def test_a_scenario_that_is_no_more_is_said(company, stored, scenario, pack, tmp_path):
    lists = Lists(pack)
    lists.propose(0, to=lists.another(0))
    file = lists.save(tmp_path / "back.xlsx")
    with company.workspace.action("Delete the scenario") as unit:
        unit.connection.exec_driver_sql("DELETE FROM scenario WHERE id = ?", (scenario,))
    with pytest.raises(FaultsError) as told:
        import_proposals(company, [file])
    assert "which there is not any more" in told.value.faults[0].what
